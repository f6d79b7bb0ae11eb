//! Objects that are delivered late, in runs that end anywhere: every record once.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::record::time;
use crate::source::s3::{
    self, Address, Arrival, Arrivals, Body, Fault, Known, LOOKBACK, Object, PROMPT, Stored,
    Trouble, layout,
};
use crate::source::{Block, Listed, Mark, Options, Progressed, Sources};

/// 2026-01-01, in the past of every clock that runs these tests.
const START: i64 = 1_767_225_600 - 400 * DAY;
const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;
const ALL: (i64, i64) = (i64::MIN, i64::MAX);

/// Objects that come as they were made.
#[derive(Default)]
struct Queue {
    arrivals: VecDeque<Arrival>,
    troubles: Vec<Trouble>,
}

impl Arrivals for Queue {
    fn next_time(&mut self) -> Option<i64> {
        let next = self.arrivals.front()?;
        Some(next.object.named.time.unwrap_or(i64::MIN))
    }

    fn next(&mut self) -> Option<Arrival> {
        self.arrivals.pop_front()
    }

    fn counts(&self) -> s3::Counts {
        s3::Counts::default()
    }

    fn troubles(&self) -> Vec<Trouble> {
        self.troubles.clone()
    }

    fn again(&self, objects: &[Stored]) -> Vec<Option<Body>> {
        objects.iter().map(|_| None).collect()
    }
}

/// A log object: when it was named, how much later it was there, and what is in it.
#[derive(Debug, Clone)]
struct Delivered {
    log: usize,
    named: i64,
    delay: i64,
    lines: Vec<i64>,
}

const STEMS: [&str; 3] = ["simple/", "delivery/", "event/"];

impl Delivered {
    fn object(&self, number: usize) -> Object {
        let named = self.named();
        let at = chrono::DateTime::from_timestamp(named, 0).unwrap();
        let format = match self.log {
            0 => "%Y-%m-%d-%H-%M-%S",
            _ => "%Y/%m/%d/%Y-%m-%d-%H-%M-%S",
        };
        let key = format!("{}{}-{number:016X}", STEMS[self.log], at.format(format));
        Object {
            bucket: "logs".into(),
            size: self.text().len() as u64,
            etag: format!("e{number}").into(),
            modified: Some(self.there()),
            named: layout::named(&key),
            key: key.into(),
        }
    }

    /// The time in its name.
    fn named(&self) -> i64 {
        START
            + if self.log == 2 {
                self.named - self.named.rem_euclid(DAY)
            } else {
                self.named
            }
    }

    /// When it can be listed.
    fn there(&self) -> i64 {
        START + self.named + self.delay
    }

    fn text(&self) -> String {
        let line = |back: &i64| {
            let time = if self.log == 2 {
                // Of the same day.
                self.named() + back * 7
            } else {
                self.named() - back
            };
            let stamp = chrono::DateTime::from_timestamp(time, 0).unwrap();
            format!("o b [{}] x\n", stamp.format("%d/%b/%Y:%H:%M:%S +0000"))
        };
        self.lines.iter().map(line).collect()
    }
}

/// What a run does.
#[derive(Debug, Clone)]
struct Run {
    /// Seconds after the one before.
    after: i64,
    lookback: i64,
    full: bool,
    /// Only records from so long ago on.
    since: Option<i64>,
    /// Only records up to so long ago.
    until: Option<i64>,
    /// Blocks that are dealt with before it is killed.
    dealt: usize,
    /// Blocks between commits, and those that are read ahead.
    every: usize,
    ahead: usize,
    /// Which objects cannot be fetched: all whose numbers it divides.
    faulty: usize,
    /// At which object the credentials expire, or the listing of its log fails.
    expires: usize,
    fails: usize,
}

/// Runs that nothing disturbs.
const CALM: Run = Run {
    after: 0,
    lookback: LOOKBACK,
    full: false,
    since: None,
    until: None,
    dealt: usize::MAX,
    every: usize::MAX,
    ahead: 0,
    faulty: usize::MAX,
    expires: usize::MAX,
    fails: usize::MAX,
};

/// Records that were taken: number of the object, offset.
type Taken = BTreeMap<(usize, u64), usize>;

struct World {
    objects: Vec<(Object, Delivered)>,
    state: State,
    now: i64,
    taken: Taken,
}

impl World {
    /// The slow twin of listing.
    fn listing(&self, run: &Run, span: (i64, i64)) -> Queue {
        let mut known = self.state.known_objects().unwrap();
        let unfinished = known.unfinished("logs", "").unwrap();
        let mut queue = Queue::default();
        let mut all: Vec<_> = self.objects.iter().enumerate().collect();
        all.sort_by_key(|(_, (object, _))| (object.named.time, object.key.clone()));
        let mut broken = [false; STEMS.len()];
        for (place, (number, (object, delivered))) in all.into_iter().enumerate() {
            let seen = known.log("logs", object.stem()).unwrap();
            let named = delivered.named();
            let from = match (delivered.log, span.0.saturating_sub(300)) {
                (2, from) if from > i64::MIN => from - from.rem_euclid(DAY),
                (_, from) => from,
            };
            let begin = match seen {
                Some(seen) if !run.full && span.0.saturating_sub(300) >= seen.since => {
                    let horizon = seen.newest - run.lookback;
                    from.max(horizon - horizon.rem_euclid(DAY))
                }
                _ => from,
            };
            let retried = unfinished.iter().any(|other| other.key == object.key);
            let behind = match delivered.log {
                2 => named >= span.1,
                _ => named >= span.1.saturating_add(run.lookback),
            };
            let outside = named < begin && !retried || behind;
            if delivered.there() > self.now || outside || broken[delivered.log] {
                continue;
            }
            let mark = known.object("logs", &object.key).unwrap();
            let done = match &mark {
                Some(mark) => mark.is_done(span),
                None => seen.is_some_and(|seen| seen.holds(named, object.modified)),
            };
            if done {
                continue;
            }
            if place % run.fails == run.fails - 1 {
                broken[delivered.log] = true;
                queue.troubles.push(Trouble {
                    name: format!("s3://logs/{}", object.stem()).into(),
                    fault: Fault::Timeout,
                });
                continue;
            }
            let expires = place % run.expires == run.expires - 1;
            let body = if expires {
                Err(Fault::Credentials {
                    reason: "expired".to_owned(),
                })
            } else if number % run.faulty == run.faulty - 1 {
                Err(Fault::Timeout)
            } else {
                Ok(Body::Memory(delivered.text().into_bytes()))
            };
            queue.arrivals.push_back(Arrival {
                object: object.clone(),
                mark,
                again: false,
                belated: false,
                body,
            });
        }
        queue
    }

    fn run(&mut self, run: &Run) {
        self.now += run.after;
        let span = (
            run.since.map_or(ALL.0, |back| self.now - back),
            run.until.map_or(ALL.1, |back| self.now - back),
        );
        let queue = self.listing(run, span);
        let options = Options {
            block_size: 1,
            ..Options::default()
        };
        let mut sources = Sources::resume(Vec::new(), options, span, |_| None);
        let address = Address {
            bucket: "logs".into(),
            prefix: Arc::default(),
        };
        let listed = Listed {
            began: self.now,
            ..Listed::new(vec![address], run.lookback, run.full)
        };
        sources.attach(Box::new(queue), Some(listed));
        let mut waiting = VecDeque::<(Vec<Progressed>, Vec<_>)>::new();
        let (mut reached, mut fresh) = (Vec::new(), Vec::new());
        let mut block = Block::default();
        let mut floor = i64::MIN;
        let mut ended = false;
        for dealt in 0..run.dealt {
            while !ended && waiting.len() <= run.ahead {
                ended = !sources.next(&mut block);
                if ended {
                    break;
                }
                assert!(block.floor >= floor, "it never falls");
                floor = block.floor;
                let lines = self.lines(&sources, &block, span);
                waiting.push_back((std::mem::take(&mut block.reached), lines));
            }
            let Some((mut more, mut lines)) = waiting.pop_front() else {
                reached.extend_from_slice(sources.rest());
                self.commit(&mut sources, &mut reached, &mut fresh, true);
                return;
            };
            reached.append(&mut more);
            fresh.append(&mut lines);
            if dealt % run.every == run.every - 1 {
                self.commit(&mut sources, &mut reached, &mut fresh, false);
            }
        }
    }

    /// Records of a block that are taken.
    fn lines(&self, sources: &Sources, block: &Block, span: (i64, i64)) -> Vec<(usize, u64)> {
        let name = sources.name(block.source);
        let key = name.strip_prefix("s3://logs/").unwrap();
        let number = self
            .objects
            .iter()
            .position(|(object, _)| &*object.key == key);
        let mut offset = block.offset;
        let mut lines = Vec::new();
        for line in block.bytes().split_inclusive(|byte| *byte == b'\n') {
            let at = time::of_line(line).unwrap();
            if (span.0..span.1).contains(&at) && !block.is_taken(offset, Some(at)) {
                lines.push((number.unwrap(), offset));
            }
            offset += line.len() as u64;
        }
        lines
    }

    fn commit(
        &mut self,
        sources: &mut Sources,
        reached: &mut Vec<Progressed>,
        fresh: &mut Vec<(usize, u64)>,
        last: bool,
    ) {
        let marks: Vec<Mark> = reached.iter().filter_map(|at| sources.mark(at)).collect();
        let commit = self.state.begin().unwrap();
        let dealt = commit.put_inputs(&marks).unwrap();
        let listed = sources.listed().unwrap();
        let all = (last && listed.complete).then_some(i64::MAX);
        let dealt = all.or(dealt).unwrap_or(i64::MIN);
        commit.put_checkpoints(&listed, dealt).unwrap();
        commit.commit().unwrap();
        sources.committed(reached);
        reached.clear();
        for place in fresh.drain(..) {
            *self.taken.entry(place).or_default() += 1;
        }
    }

    /// How often each record was taken that fits.
    fn times(&self, fits: impl Fn(&Delivered) -> bool) -> Vec<(String, u64, usize)> {
        let mut all = Vec::new();
        for (number, (object, delivered)) in self.objects.iter().enumerate() {
            let text = delivered.text();
            let mut offset = 0;
            for line in text.split_inclusive('\n').filter(|_| fits(delivered)) {
                let times = self.taken.get(&(number, offset)).copied().unwrap_or(0);
                all.push((object.key.to_string(), offset, times));
                offset += line.len() as u64;
            }
        }
        all
    }
}

fn delivered() -> impl Strategy<Value = Delivered> {
    let delay = prop_oneof![
        6 => 0..20 * 60_i64,
        3 => 0..PROMPT,
        1 => 2 * DAY..8 * DAY,
    ];
    let lines = prop::collection::vec(0..6 * HOUR, 1..4);
    (0..STEMS.len(), 0..20 * DAY, delay, lines).prop_map(|(log, named, delay, lines)| Delivered {
        log,
        named,
        // What is named by its day is late by its nature.
        delay: if log == 2 && delay < PROMPT {
            delay.min(DAY)
        } else {
            delay
        },
        lines: lines.into_iter().map(|back| back / 2).collect(),
    })
}

fn run(lookback: impl Strategy<Value = i64>) -> impl Strategy<Value = Run> {
    let number = || prop_oneof![3 => Just(usize::MAX), 1 => 1..20_usize];
    let back = || prop_oneof![4 => Just(None), 1 => (HOUR..9 * DAY).prop_map(Some)];
    (
        (600..3 * DAY, lookback, prop::bool::weighted(0.1)),
        (back(), back()),
        (number(), 1..10_usize, 0..5_usize),
        (number(), number(), number()),
    )
        .prop_map(
            |((after, lookback, full), (since, until), cuts, faults)| Run {
                after,
                lookback,
                full,
                since,
                until,
                dealt: cuts.0,
                every: cuts.1,
                ahead: cuts.2,
                faulty: faults.0,
                expires: faults.1,
                fails: faults.2,
            },
        )
}

fn every_record_once(
    delivered: Vec<Delivered>,
    runs: &[Run],
    prompt: i64,
) -> Result<(), TestCaseError> {
    let (_folder, path) = place();
    let objects = delivered.into_iter().enumerate();
    let mut world = World {
        objects: objects.map(|(n, made)| (made.object(n), made)).collect(),
        state: open(&path),
        now: START,
        taken: Taken::new(),
    };
    for run in runs {
        world.run(run);
        let twice = world.taken.iter().find(|(_, times)| **times > 1);
        prop_assert_eq!(twice, None);
    }
    world.run(&Run {
        after: 30 * DAY,
        ..CALM
    });
    // The log of days is listed by whole days.
    let in_time = |made: &Delivered| {
        let late = made.there() - made.named();
        late <= prompt
    };
    for (key, offset, times) in world.times(in_time) {
        prop_assert_eq!(times, 1, "{} {}", key, offset);
    }
    world.run(&Run { full: true, ..CALM });
    for (key, offset, times) in world.times(|_| true) {
        prop_assert_eq!(times, 1, "{} {}, after a full listing", key, offset);
    }
    // What is old is not remembered one by one, and yet nothing is read again.
    let logs = world.state.logs().unwrap();
    for log in &logs {
        let seen = log.seen.unwrap();
        let sql = format!(
            "SELECT count(*) FROM inputs JOIN logs ON logs.id = log \
             WHERE stem = '{}' AND time >= {} AND time < {}",
            log.stem, seen.since, seen.forgotten
        );
        prop_assert_eq!(asked(&world.state, &sql), ["0"]);
        prop_assert_eq!(log.failed, 0);
    }
    for full in [true, false] {
        prop_assert_eq!(world.listing(&Run { full, ..CALM }, ALL).arrivals.len(), 0);
    }
    Ok(())
}

#[test]
fn what_lies_behind_the_end_of_a_run_is_read_later() {
    let (_folder, path) = place();
    // The second is of no run but the last.
    let days = [2, 6, 10].map(|day| Delivered {
        log: 0,
        named: day * DAY + HOUR,
        delay: 600,
        lines: vec![0],
    });
    let objects = days.into_iter().enumerate();
    let mut world = World {
        objects: objects.map(|(n, made)| (made.object(n), made)).collect(),
        state: open(&path),
        now: START,
        taken: Taken::new(),
    };
    let read = |world: &mut World, run: Run| {
        world.run(&run);
        world
            .taken
            .keys()
            .map(|(number, _)| *number)
            .collect::<Vec<_>>()
    };
    // At day 11 from day 9 on, then from day 1 to day 3, then all.
    let since = Run {
        after: 11 * DAY,
        since: Some(2 * DAY),
        ..CALM
    };
    assert_eq!(read(&mut world, since), [2]);
    let between = Run {
        since: Some(10 * DAY),
        until: Some(8 * DAY),
        ..CALM
    };
    assert_eq!(read(&mut world, between), [0, 2]);
    assert_eq!(read(&mut world, CALM), [0, 1, 2]);
}

#[test]
fn what_failed_is_tried_again_though_a_run_took_a_part_of_it() {
    let (_folder, path) = place();
    let made = Delivered {
        log: 0,
        named: DAY,
        delay: 600,
        lines: vec![0],
    };
    let mut world = World {
        objects: vec![(made.object(0), made)],
        state: open(&path),
        now: START,
        taken: Taken::new(),
    };
    let failing = Run {
        after: 2 * DAY,
        faulty: 1,
        ..CALM
    };
    world.run(&failing);
    // Its record is earlier than what is asked for.
    let recent = Run {
        since: Some(HOUR),
        ..CALM
    };
    world.run(&recent);
    assert_eq!(world.taken, Taken::new());
    assert_eq!(world.state.logs().unwrap()[0].failed, 1);
    // Behind the lookback it is found for nothing else.
    world.run(&Run {
        after: 30 * DAY,
        ..CALM
    });
    assert_eq!(world.taken, Taken::from([((0, 0), 1)]));
    assert_eq!(world.state.logs().unwrap()[0].failed, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn objects_are_taken_once_whatever_happens(
        objects in prop::collection::vec(delivered(), 1..50),
        runs in prop::collection::vec(run(Just(LOOKBACK)), 0..12),
    ) {
        every_record_once(objects, &runs, PROMPT)?;
    }

    #[test]
    fn objects_are_taken_once_whatever_the_lookback(
        objects in prop::collection::vec(delivered(), 1..50),
        runs in prop::collection::vec(run(0..5 * DAY), 0..12),
    ) {
        every_record_once(objects, &runs, i64::MIN)?;
    }
}
