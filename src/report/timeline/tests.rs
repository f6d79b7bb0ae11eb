use super::*;

/// 2026-02-03T02:00:00Z, a whole hour.
const START: i64 = 1_770_084_000;

fn requests(requests: u64) -> Cell {
    Cell {
        requests,
        ..Cell::default()
    }
}

/// A bucket with one record in each of these hours after the start.
fn put(hours: &mut Hours, bucket: &str, of: impl IntoIterator<Item = i64>) {
    for hour in of {
        hours.add(bucket.as_bytes(), START + hour * HOUR, &requests(1));
    }
}

fn gap(from: i64, until: i64) -> Gap {
    Gap {
        start: START + from * HOUR,
        end: START + until * HOUR,
    }
}

fn plain(hours: &Hours) -> Where {
    lay_out(hours, &Alerted::default())
}

#[test]
fn no_record_is_no_slot() {
    let found = plain(&Hours::default());
    assert_eq!((found.timeline.step, found.timeline.slots.len()), (HOUR, 0));
    assert_eq!((found.buckets.len(), found.gaps.len()), (0, 0));
    assert_eq!(found.buckets_left_out, Count::default());
}

#[test]
fn one_record_is_one_slot() {
    let mut hours = Hours::default();
    let cell = Cell {
        requests: 6,
        refused: 1,
        missing: 2,
        wrong: 1,
        failed: 1,
        bytes: 700,
    };
    hours.add(b"b", START, &cell);
    let found = plain(&hours);
    let slot = Slot {
        time: START,
        requests: 6,
        refused: 1,
        missing: 2,
        wrong: 1,
        failed: 1,
        bytes: 700,
        alerts: Levels::default(),
    };
    assert_eq!(found.timeline.slots, [slot]);
    let bucket = &found.buckets[0];
    assert_eq!((&*bucket.name, &*bucket.slots), ("b", &[6][..]));
    assert_eq!(
        (
            bucket.refused,
            bucket.missing,
            bucket.wrong,
            bucket.failed,
            bucket.bytes
        ),
        (1, 2, 1, 1, 700)
    );
    assert_eq!((bucket.level, bucket.alerts), (None, 0));
    assert_eq!((bucket.gaps.len(), found.gaps.len()), (0, 0));
}

#[test]
fn a_gap_in_a_busy_bucket_and_none_in_a_quiet_one() {
    let mut hours = Hours::default();
    put(&mut hours, "busy", (0..20).chain(23..96));
    // By day only.
    put(&mut hours, "quiet", (0..96).filter(|hour| hour % 24 < 12));
    let found = plain(&hours);
    let gaps = |name: &str| {
        let mut buckets = found.buckets.iter();
        buckets
            .find(|bucket| bucket.name == name)
            .unwrap()
            .gaps
            .clone()
    };
    assert_eq!(gaps("busy"), [gap(20, 23)]);
    assert_eq!(gaps("quiet"), []);
    // The day of the quiet one had ended by then.
    assert_eq!(found.gaps, [gap(20, 23)]);
    assert_eq!(found.timeline.slots.len(), 96);
    assert_eq!(found.timeline.slots[21].requests, 0);
}

#[test]
fn a_gap_wants_a_day_and_a_half_of_other_hours() {
    for (others, expected) in [(35, vec![]), (36, vec![gap(10, 60)])] {
        let mut hours = Hours::default();
        put(&mut hours, "b", (0..10).chain(60..50 + others));
        assert_eq!(plain(&hours).gaps, expected, "{others}");
        assert_eq!(plain(&hours).buckets[0].gaps, expected);
    }
}

#[test]
fn nine_hours_in_ten_are_busy() {
    // One long gap, and beside it hours of which so many are empty, far apart.
    let gaps = |empty: i64| {
        let mut hours = Hours::default();
        let is_empty = |hour: i64| (50..60).contains(&hour) || (hour < 2 * empty && hour % 2 == 1);
        put(&mut hours, "b", (0..110).filter(|hour| !is_empty(*hour)));
        plain(&hours).gaps
    };
    assert_eq!(gaps(10), [gap(50, 60)]);
    assert_eq!(gaps(11), []);
}

#[test]
fn what_happens_often_is_no_gap() {
    let gaps = |empty: &[i64]| {
        let mut hours = Hours::default();
        put(
            &mut hours,
            "b",
            (0..100).filter(|hour| !empty.contains(hour)),
        );
        plain(&hours).gaps.len()
    };
    assert_eq!(gaps(&[10, 20, 30]), 3);
    assert_eq!(gaps(&[10, 20, 30, 40]), 0);
    // A longer one among them is.
    assert_eq!(gaps(&[10, 20, 30, 40, 41]), 1);
}

#[test]
fn what_was_known_is_no_gap_and_gives_none_that_was_told() {
    let mut hours = Hours::default();
    for hour in (-100..0).filter(|hour| !(-30..-27).contains(hour)) {
        hours.add(b"b", START + hour * HOUR, &Cell::default());
    }
    put(&mut hours, "b", [2, 3, 7]);
    let found = plain(&hours);
    // What is new is shown from its first hour on.
    assert_eq!(found.timeline.slots.len(), 6);
    assert_eq!(found.timeline.slots[0].time, START + 2 * HOUR);
    assert_eq!(found.buckets[0].requests, 3);
    // The stretch of three hours before ended in what was known.
    assert_eq!(found.gaps, [gap(0, 2), gap(4, 7)]);
    assert_eq!(found.buckets[0].gaps, found.gaps);
}

#[test]
fn long_spans_have_larger_steps() {
    for (hours_apart, step) in [
        (399, 1),
        (400, 2),
        (24 * 40, 3),
        (24 * 90, 6),
        (24 * 190, 12),
        (24 * 366, 24),
        (24 * 700, 48),
        (24 * 365 * 7, WEEK),
        (24 * 365 * 8, 2 * WEEK),
        (24 * 365 * 7000, 915 * WEEK),
    ] {
        let mut hours = Hours::default();
        put(&mut hours, "b", [0, hours_apart]);
        let found = plain(&hours);
        let slots = &found.timeline.slots;
        assert_eq!(found.timeline.step, step * HOUR, "{hours_apart}");
        assert!(
            (2..=SLOTS as usize).contains(&slots.len()),
            "{}",
            slots.len()
        );
        assert!(slots.is_sorted_by_key(|slot| slot.time));
        assert_eq!(slots[0].time.rem_euclid(found.timeline.step), 0);
        assert_eq!((slots[0].requests, slots[slots.len() - 1].requests), (1, 1));
        assert_eq!(found.buckets[0].slots.iter().sum::<u64>(), 2);
    }
}

#[test]
fn alerts_stand_where_they_triggered() {
    let mut hours = Hours::default();
    put(&mut hours, "a", [0, 1]);
    put(&mut hours, "b", [0]);
    let levels = |critical, low| Levels {
        critical,
        low,
        ..Levels::default()
    };
    let alerted = Alerted {
        // One of them before the first record that is new.
        hours: BTreeMap::from([
            (START - 2 * HOUR, levels(0, 1)),
            (START + HOUR, levels(2, 0)),
        ]),
        buckets: BTreeMap::from([
            ("b".to_owned(), (Level::Low, 1)),
            ("gone".to_owned(), (Level::Critical, 2)),
        ]),
    };
    let found = lay_out(&hours, &alerted);
    let slots = found.timeline.slots.iter();
    let slots: Vec<_> = slots.map(|slot| (slot.requests, slot.alerts)).collect();
    let none = Levels::default();
    assert_eq!(
        slots,
        [(0, levels(0, 1)), (0, none), (2, none), (1, levels(2, 0))]
    );
    let buckets = found.buckets.iter();
    let buckets: Vec<_> = buckets
        .map(|bucket| (&*bucket.name, bucket.level, bucket.alerts, bucket.requests))
        .collect();
    assert_eq!(
        buckets,
        [
            ("gone", Some(Level::Critical), 2, 0),
            ("b", Some(Level::Low), 1, 1),
            ("a", None, 0, 2),
        ]
    );
}

#[test]
fn there_is_room_for_some_buckets() {
    let mut hours = Hours::default();
    for number in 0..BUCKETS as u64 + 3 {
        hours.add(
            format!("b-{number}").as_bytes(),
            START,
            &requests(number + 1),
        );
    }
    let alerted = Alerted {
        buckets: BTreeMap::from([("b-0".to_owned(), (Level::Low, 1))]),
        ..Alerted::default()
    };
    let found = lay_out(&hours, &alerted);
    assert_eq!(found.buckets.len(), BUCKETS);
    assert_eq!(&*found.buckets[0].name, "b-0");
    assert_eq!(&*found.buckets[1].name, "b-102");
    // b-1, b-2 and b-3.
    let left_out = Count { number: 3, sum: 9 };
    assert_eq!(found.buckets_left_out, left_out);
    hours.add(REST, START, &requests(5));
    let found = lay_out(&hours, &alerted);
    assert_eq!(found.buckets_left_out, Count { number: 4, sum: 14 });
    assert!(
        found
            .buckets
            .iter()
            .all(|bucket| bucket.name.as_bytes() != REST)
    );
}

#[test]
fn names_are_shown_as_text() {
    let mut hours = Hours::default();
    put(&mut hours, "b", [0]);
    hours.add(b"x\xFF", START, &requests(1));
    let names = plain(&hours).buckets.into_iter().map(|bucket| bucket.name);
    assert_eq!(names.collect::<Vec<_>>(), ["b", "x\\xFF"]);
}
