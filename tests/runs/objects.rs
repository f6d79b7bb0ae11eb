//! Objects of a bucket in several runs come to what one file comes to: whatever
//! their sizes, their names and the order in which they come within lateness.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use proptest::prelude::*;
use s3sentry::session::Session;
use s3sentry::source::s3::{
    Address, Arrival, Arrivals, Body, Counts, Known, LOOKBACK, Object, Stored, Trouble, layout,
};
use s3sentry::source::{Listed, Sources};

use crate::kept::{Fault, How, Place, undisturbed};
use crate::same::config;
use crate::world::{self, Dice, LATENESS, Rec, sentinel};

/// Seconds between the time in a name and the object's being there, at the most.
const DELIVERY: i64 = 600;
const DAY: i64 = 86_400;
const ALL: (i64, i64) = (i64::MIN, i64::MAX);

/// Objects that come as they were made.
struct Queue(VecDeque<Arrival>);

impl Arrivals for Queue {
    fn next_time(&mut self) -> Option<i64> {
        let next = self.0.front()?;
        Some(next.object.named.time.unwrap_or(i64::MIN))
    }

    fn next(&mut self) -> Option<Arrival> {
        self.0.pop_front()
    }

    fn counts(&self) -> Counts {
        Counts::default()
    }

    fn troubles(&self) -> Vec<Trouble> {
        Vec::new()
    }

    fn again(&self, objects: &[Stored]) -> Vec<Option<Body>> {
        objects.iter().map(|_| None).collect()
    }
}

/// A log object, and when it can be listed.
#[derive(Clone)]
struct Made {
    object: Object,
    there: i64,
    text: String,
}

/// Records as they are delivered, and when runs begin.
struct Case {
    records: Vec<Rec>,
    objects: Vec<Made>,
    runs: Vec<i64>,
    seed: u64,
}

impl fmt::Debug for Case {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "runs at {:?}, seed {}", self.runs, self.seed)?;
        for Made { object, text, .. } in &self.objects {
            writeln!(out, "{} {:?}\n{text}", object.key, object.modified)?;
        }
        Ok(())
    }
}

/// Cuts a log into objects. Each holds what came one after the other, and is named
/// no later than lateness lets its oldest record come.
fn deliver(records: &[Rec], dice: &mut Dice) -> Vec<Made> {
    let mut all = Vec::new();
    let mut rest = records;
    while !rest.is_empty() {
        let most = 1 + dice.below(12) as usize;
        let oldest = |len: usize| rest[..len].iter().map(|record| record.time).min();
        let fits = |len: &usize| {
            let last = rest[len - 1].arrival();
            oldest(*len).is_some_and(|oldest| last + DELIVERY <= oldest + LATENESS)
        };
        let len = (1..=most.min(rest.len())).rev().find(fits).unwrap_or(1);
        let (part, after) = rest.split_at(len);
        rest = after;
        let named = part[len - 1].arrival();
        let there = named + dice.below(DELIVERY as u64) as i64;
        let at = chrono::DateTime::from_timestamp(named, 0).unwrap();
        let (stem, format) = [
            ("a/", "%Y-%m-%d-%H-%M-%S"),
            ("b/", "%Y/%m/%d/%Y-%m-%d-%H-%M-%S"),
        ][dice.below(2) as usize];
        let key = format!("{stem}{}-{:016X}", at.format(format), all.len());
        let text: String = part.iter().map(Rec::line).collect();
        all.push(Made {
            object: Object {
                bucket: "logs".into(),
                size: text.len() as u64,
                etag: key.as_str().into(),
                modified: Some(there),
                named: layout::named(&key),
                key: key.into(),
            },
            there,
            text,
        });
    }
    all
}

prop_compose! {
    fn case()(
        mut records in world::log(),
        runs in prop::collection::vec(0i64..22 * DAY, 0..5),
        seed: u64,
    ) -> Case {
        // What takes all of the lateness cannot wait for its delivery, too.
        for record in &mut records {
            record.delay = record.delay.min(LATENESS - 2 * DELIVERY);
        }
        records.sort_by_key(Rec::arrival);
        let mut runs: Vec<i64> = runs.iter().map(|after| world::START + after).collect();
        runs.sort_unstable();
        let objects = deliver(&records, &mut Dice(seed));
        Case { records, objects, runs, seed }
    }
}

impl Case {
    /// Attaches what is there at a time and was not read.
    fn attach(&self, now: i64, session: &Session, sources: &mut Sources) -> u64 {
        let mut known = session.known_objects().unwrap();
        let mut queue: Vec<Arrival> = Vec::new();
        let mut lines = 0;
        for made in self.objects.iter().filter(|made| made.there <= now) {
            let object = made.object.clone();
            let seen = known.log("logs", object.stem()).unwrap();
            let mark = known.object("logs", &object.key).unwrap();
            let done = match (&mark, object.named.time) {
                (Some(mark), _) => mark.is_done(ALL),
                (None, Some(time)) => seen.is_some_and(|seen| seen.holds(time, object.modified)),
                (None, None) => false,
            };
            if !done {
                let offset = mark.as_ref().map_or(0, s3sentry::source::Mark::position);
                lines += made.text[offset as usize..].lines().count() as u64;
                queue.push(Arrival {
                    object,
                    mark,
                    again: false,
                    belated: false,
                    body: Ok(Body::Memory(made.text.clone().into_bytes())),
                });
            }
        }
        queue.sort_by(|a, b| {
            let place = |arrival: &Arrival| (arrival.object.named.time, arrival.object.key.clone());
            place(a).cmp(&place(b))
        });
        let address = Address {
            bucket: "logs".into(),
            prefix: Arc::default(),
        };
        let listed = Listed {
            began: now,
            ..Listed::new(vec![address], LOOKBACK, false)
        };
        sources.attach(Box::new(Queue(queue.into())), Some(listed));
        lines
    }

    fn check(&self, crashes: bool) -> Result<(), TestCaseError> {
        let mut everything = self.records.clone();
        everything.push(sentinel());
        let expected = undisturbed(&everything);
        let mut dice = Dice(self.seed);
        let mut place = Place::new();
        let how = How {
            every: [0, 700, 5000, u64::MAX][dice.below(4) as usize],
            block_size: [1, 300, 2000, 1 << 19][dice.below(4) as usize],
            batch: [1, 3, 10, usize::MAX][dice.below(4) as usize],
            pool: dice.below(2) as usize,
            ..How::default()
        };
        let last = world::START + 40 * DAY;
        for now in self.runs.iter().copied().chain([last]) {
            let killed = How {
                fault: match dice.below(3) {
                    0 => Some(Fault::Batch(dice.below(4) as usize)),
                    1 => Some(Fault::Settle(dice.below(3) as usize)),
                    _ => Some(Fault::Alert(dice.below(4) as usize)),
                },
                ..how.clone()
            };
            if crashes {
                // Whatever it came to, the next one goes on.
                let _ = place.run_with(&killed, |session, sources| {
                    self.attach(now, session, sources);
                });
            }
            let mut lines = 0;
            let ended = place.run_with(&how, |session, sources| {
                lines = self.attach(now, session, sources);
            });
            let ended = ended.unwrap();
            prop_assert_eq!(ended.outcome.correlation.late, 0);
            prop_assert_eq!(ended.outcome.tally.lines, lines);
        }
        place.add("last.log", &[sentinel()]);
        place.run(&how).unwrap();
        let found = place.result();
        if let Some(differences) = found.differs(&expected) {
            return Err(TestCaseError::fail(differences));
        }
        // Once more: nothing.
        let told = place.told.len();
        let ended = place.run_with(&how, |session, sources| {
            assert_eq!(self.attach(last, session, sources), 0);
        });
        prop_assert_eq!(
            (ended.unwrap().outcome.tally.lines, place.told.len()),
            (0, told)
        );
        Ok(())
    }
}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn objects_come_to_what_a_file_comes_to(case in case()) {
        case.check(false)?;
    }

    #[test]
    fn runs_over_objects_may_be_killed(case in case()) {
        case.check(true)?;
    }
}
