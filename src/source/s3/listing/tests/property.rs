//! Against the slow twin: all keys, filtered and sorted.

use proptest::prelude::*;

use super::*;

/// Stems that are beginnings of each other, end in digits or look like dates.
const STEMS: [&str; 14] = [
    "",
    "12",
    "logs/",
    "logs/111122223333/eu-west-1/b/",
    "logs/2026-",
    "logs/202612345678/eu-west-1/b/",
    "logs/999922223333/eu-west-1/b/",
    "logs/a",
    "logs/ab-",
    "logs/b/",
    "logs1",
    "logs12",
    "logs2",
    "zürich/雪/",
];

/// Keys without a time, and such as are left out.
const OTHERS: [&str; 8] = [
    "logs/",
    "logs/b/",
    "logs/notes.txt",
    "logs/b/inventory/manifest.json",
    "AWSLogs/111122223333/CloudTrail/x.json.gz",
    "logs/雪",
    "b",
    "z",
];

const PREFIXES: [&str; 8] = [
    "",
    "logs",
    "logs/",
    "logs/a",
    "logs/2026-0",
    "logs1",
    "zürich/",
    "none",
];

#[derive(Debug, Clone)]
struct Case {
    objects: Vec<(Object, u8)>,
    prefixes: Vec<&'static str>,
    seen: Vec<Option<Seen>>,
    since: Option<i64>,
    until: Option<i64>,
    lookback: i64,
    full: Full,
    page: u16,
}

/// From November 2025 to March 2026, most of it in a few days.
fn time() -> impl Strategy<Value = i64> {
    prop_oneof![
        3 => DAY0..DAY0 + 3 * DAY,
        1 => DAY0 - 90 * DAY..DAY0 + 40 * DAY,
        1 => (0_i64..6).prop_map(|day| DAY0 + day * DAY + 1),
    ]
}

/// Of a stem: simple, and partitioned by the time of the events or of the
/// delivery, as all of a stem are.
fn timed() -> impl Strategy<Value = Object> {
    (
        0..STEMS.len(),
        any::<bool>(),
        time(),
        0_u64..4,
        -3600..3 * DAY,
    )
        .prop_map(|(stem, flat, time, unique, late)| {
            let time = time + i64::from(time % DAY == 0);
            let key = match (flat, stem % 2) {
                (true, _) => simple(STEMS[stem], time, unique),
                (false, 0) => partitioned(STEMS[stem], time - time % DAY, unique),
                (false, _) => partitioned(STEMS[stem], time, unique),
            };
            object(&key, 1 + unique, time + late)
        })
}

fn untimed() -> impl Strategy<Value = Object> {
    (0..OTHERS.len(), time()).prop_map(|(at, time)| {
        let size = u64::from(!OTHERS[at].ends_with('/'));
        object(OTHERS[at], size, time)
    })
}

fn seen() -> impl Strategy<Value = Option<Seen>> {
    let some = (time(), prop::option::of(time()), time(), time(), time());
    let some = some.prop_map(|(newest, since, forgotten, listed, listed_all)| Seen {
        newest,
        since: since.unwrap_or(i64::MIN),
        forgotten,
        listed,
        listed_all,
    });
    prop::option::of(some)
}

fn case() -> impl Strategy<Value = Case> {
    let any_object = prop_oneof![6 => timed(), 1 => untimed()];
    (
        prop::collection::vec((any_object, 0_u8..8), 0..60),
        prop::collection::vec(prop::sample::select(&PREFIXES[..]), 1..4),
        prop::collection::vec(seen(), STEMS.len()),
        prop::option::of(time()),
        prop::option::of(time()),
        0..4 * DAY,
        prop::sample::select(&[Full::No, Full::No, Full::Find, Full::Again][..]),
        prop_oneof![1_u16..9, Just(PAGE)],
    )
        .prop_map(
            |(mut objects, prefixes, seen, since, until, lookback, full, page)| {
                objects.sort_by(|a, b| a.0.key.cmp(&b.0.key));
                objects.dedup_by(|a, b| a.0.key == b.0.key);
                Case {
                    objects,
                    prefixes,
                    seen,
                    since,
                    until,
                    lookback,
                    full,
                    page,
                }
            },
        )
}

impl Case {
    fn wanted(&self) -> Wanted {
        Wanted {
            since: self.since.unwrap_or(i64::MIN),
            until: self.until.unwrap_or(i64::MAX),
            lookback: self.lookback,
            full: self.full,
            ..wanted(&self.prefixes)
        }
    }

    /// What is left of every object, by its number.
    fn left(&self) -> Left {
        let mut left = Left::default();
        for (stem, seen) in STEMS.iter().zip(&self.seen) {
            left.logs
                .extend(seen.map(|seen| ((*stem).to_owned(), seen)));
        }
        for (object, state) in &self.objects {
            if object.size == 0 || object.key.starts_with("AWSLogs/") {
                continue;
            }
            let mut mark = match state {
                0 | 1 => mark(object, whole()),
                2 | 3 => mark(object, Vec::new()),
                _ => continue,
            };
            match state {
                1 => mark.etag = "another".into(),
                2 => left.unfinished.push(object.clone()),
                _ => {}
            }
            left.marks.insert(object.key.to_string(), mark);
        }
        left
    }

    /// Key, whether with a mark, again, belated: as the documentation says.
    fn twin(&self) -> Vec<(String, bool, bool, bool)> {
        let wanted = self.wanted();
        let mut given = Vec::new();
        for (object, state) in &self.objects {
            let key = &*object.key;
            let named = self.prefixes.iter().any(|prefix| key.starts_with(prefix));
            if !named || object.size == 0 || key.starts_with("AWSLogs/") {
                continue;
            }
            let (from, to) = (wanted.since, wanted.until);
            let inside = match object.named.time {
                None => object.modified.unwrap() >= from.saturating_sub(300),
                Some(day) if object.named.is_of_day() => day + DAY > from && day < to,
                Some(time) => {
                    time >= from.saturating_sub(300) && time < to.saturating_add(self.lookback)
                }
            };
            if !inside {
                continue;
            }
            let stem = STEMS.iter().position(|stem| *stem == object.stem());
            let seen = stem
                .filter(|_| object.named.time.is_some())
                .and_then(|stem| self.seen[stem]);
            let time = object.named.time.unwrap_or(i64::MIN);
            let horizon = seen.map(|seen| {
                let newest = seen.newest - self.lookback;
                newest - newest.rem_euclid(DAY)
            });
            let covered = seen.is_some_and(|seen| from.saturating_sub(300) >= seen.since);
            let before = horizon.is_some_and(|horizon| time < horizon);
            if self.full == Full::No && covered && before && *state != 2 {
                continue;
            }
            let forgotten = seen.is_some_and(|seen| {
                seen.since <= time
                    && time < seen.forgotten
                    && (object.modified.unwrap() <= seen.listed_all
                        || object.modified.unwrap() <= seen.listed.min(time + 2 * DAY - 600))
            });
            let done = *state == 0 || *state > 3 && forgotten;
            if done && self.full != Full::Again {
                continue;
            }
            let belated =
                *state > 3 && !done && before && seen.is_some_and(|seen| seen.since <= time);
            let partial = matches!(state, 2 | 3);
            given.push((time, key.to_owned(), partial, done, belated));
        }
        given.sort();
        let given = given.into_iter();
        given
            .map(|(_, key, mark, again, belated)| (key, mark, again, belated))
            .collect()
    }
}

proptest! {
    #[test]
    fn a_listing_is_all_keys_filtered_and_sorted(case in case()) {
        let objects: Vec<_> = case.objects.iter().map(|(object, _)| object.clone()).collect();
        let store = Arc::new(Memory::of(objects));
        let ended = list(&store, case.wanted(), case.left(), case.page);
        let items = ended.items.iter();
        let given: Vec<_> = items
            .map(|item| (item.object.key.to_string(), item.mark.is_some(), item.again, item.belated))
            .collect();
        prop_assert_eq!(&given, &case.twin());
        let counts = ended.counts;
        prop_assert_eq!(counts.listed, counts.pruned + counts.done + given.len() as u64);
        prop_assert_eq!(counts.pages, store.pages.load(Ordering::Relaxed));
        for trouble in ended.troubles {
            prop_assert_eq!(trouble.fault.kind(), "empty");
        }
    }
}
