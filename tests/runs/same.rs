//! Any order, any cut, any commits, any number of threads.

use std::collections::BTreeMap;
use std::fmt;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, FileFailurePersistence};
use s3sentry::alert::Status;

use crate::kept::{How, Place, undisturbed, undisturbed_by};
use crate::world::{self, Dice, LATENESS, Rec, sentinel};

/// So many cases, more where `PROPTEST_CASES` says so.
pub fn config(cases: u32) -> Config {
    let asked = std::env::var("PROPTEST_CASES").ok();
    Config {
        cases: asked.and_then(|cases| cases.parse().ok()).unwrap_or(cases),
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        max_shrink_iters: 200,
        ..Config::default()
    }
}

/// Records as they arrive, and where runs begin.
#[derive(Clone)]
struct Case {
    records: Vec<Rec>,
    cuts: Vec<usize>,
    seed: u64,
}

impl fmt::Debug for Case {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "cut before {:?}, seed {}", self.cuts, self.seed)?;
        for (number, record) in self.records.iter().enumerate() {
            write!(out, "{number} +{} {}", record.delay, record.line())?;
        }
        Ok(())
    }
}

prop_compose! {
    fn case()(records in world::log(), cuts in prop::collection::vec(0usize..=100, 0..5), seed: u64) -> Case {
        let mut cuts: Vec<usize> = cuts.iter().map(|part| records.len() * part / 100).collect();
        cuts.sort_unstable();
        Case { records, cuts, seed }
    }
}

impl Case {
    fn runs(&self) -> impl Iterator<Item = &[Rec]> {
        let ends = self.cuts.iter().copied().chain([self.records.len()]);
        let starts = [0].into_iter().chain(self.cuts.iter().copied());
        starts
            .zip(ends)
            .map(|(start, end)| &self.records[start..end])
    }

    fn how(dice: &mut Dice) -> How {
        How {
            every: [0, 700, 5000, u64::MAX][dice.below(4) as usize],
            block_size: [1, 300, 2000, 1 << 19][dice.below(4) as usize],
            batch: [1, 3, 10, usize::MAX][dice.below(4) as usize],
            pool: dice.below(2) as usize,
            settles: dice.below(2) == 0,
            ..How::default()
        }
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let mut everything = self.records.clone();
        everything.push(sentinel());
        let expected = undisturbed(&everything);
        let mut dice = Dice(self.seed);
        let mut place = Place::new();
        let same = Self::how(&mut dice);
        let varies = dice.below(2) == 0;
        for (run, records) in self.runs().enumerate() {
            let mut files: BTreeMap<String, Vec<Rec>> = BTreeMap::new();
            for record in records {
                // Some files grow from run to run, some are new.
                let file = match dice.below(4) {
                    0 => format!("new-{run}.log"),
                    grows => format!("grows-{grows}.log"),
                };
                files.entry(file).or_default().push(record.clone());
            }
            for (file, records) in &files {
                place.add(file, records);
            }
            let how = if varies {
                Self::how(&mut dice)
            } else {
                same.clone()
            };
            let ended = place.run(&how).unwrap();
            prop_assert_eq!(ended.outcome.correlation.late, 0);
            prop_assert_eq!(ended.outcome.tally.lines, records.len() as u64);
        }
        place.add("last.log", &[sentinel()]);
        place.run(&same).unwrap();
        let found = place.result();
        if let Some(differences) = found.differs(&expected) {
            return Err(TestCaseError::fail(differences));
        }
        let mut last: BTreeMap<u128, u64> = BTreeMap::new();
        for alert in &place.told {
            let rev = last.insert(alert.id, alert.rev);
            prop_assert!(rev <= Some(alert.rev), "{:?}", alert);
            prop_assert!(alert.rev >= alert.count);
        }
        for (id, version) in &found.alerts {
            let versions = place.told.iter().filter(|alert| alert.id == *id).count();
            if versions == 1 {
                prop_assert_eq!(version.rev, expected.alerts[id].rev);
            }
            // What is kept is what was told last.
            prop_assert_eq!(Some(version), found.kept.get(id));
        }
        // Once more: nothing.
        let told = place.told.len();
        let ended = place.run(&same).unwrap();
        prop_assert_eq!((ended.outcome.tally.lines, place.told.len()), (0, told));
        prop_assert_eq!(place.result(), found);
        Ok(())
    }
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn runs_are_nothing(case in case()) {
        case.check()?;
    }
}

/// Rules that never fire prove nothing.
#[test]
fn every_rule_fires_somewhere() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut fired = BTreeMap::new();
    for _ in 0..40 {
        let records = world::log().new_tree(&mut runner).unwrap().current();
        for version in undisturbed(&records).alerts.values() {
            *fired.entry(version.what.rule.clone()).or_insert(0) += 1;
        }
    }
    let names: Vec<&str> = fired.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "own-any-refused",
            "own-by-stranger",
            "own-got-in",
            "own-much",
            "own-new-bucket",
            "own-new-client",
            "own-often-refused",
            "own-slow",
            "own-strangers-read",
        ],
        "{fired:?}"
    );
}

/// The longest that a record may come late is as good as none.
#[test]
fn the_last_second_of_lateness_is_in_time() {
    let mut early = world::ordinary(world::at(1, 9), 1);
    early.delay = LATENESS;
    let later = world::ordinary(world::at(1, 9) + LATENESS, 2);
    let mut place = Place::of(&[later]);
    place.run(&How::default()).unwrap();
    place.add("b.log", &[early]);
    let ended = place.run(&How::default()).unwrap();
    assert_eq!(ended.outcome.correlation.late, 0);
    assert!(
        place
            .told
            .iter()
            .all(|alert| alert.status != Status::Withdrawn)
    );
}

/// Days are remembered for so long only; what is read at once may span more.
#[test]
fn years_at_once_are_as_years_day_by_day() {
    let odd = |day, agent, id: i64| Rec {
        agent,
        ..world::ordinary(world::at(day, 11), 1000 + id)
    };
    let mut records: Vec<Rec> = (0..250)
        .map(|day| world::ordinary(world::at(day, 9), day))
        .collect();
    records.extend([
        odd(20, "rclone/1.66", 0),
        odd(23, "rclone/1.66", 1),
        odd(60, "rclone/1.66", 2),
        odd(61, "Boto3/1.34", 3),
        odd(240, "Boto3/1.34", 4),
    ]);
    records.sort_by_key(|record| record.time);
    let at_once = undisturbed(&records);
    let mut place = Place::new();
    for some in records.chunks(60) {
        place.add("a.log", some);
        place.run(&How::default()).unwrap();
    }
    let new = |sum: &crate::kept::Sum| {
        let versions = sum.alerts.values();
        versions
            .filter(|version| version.what.rule == "own-new-client")
            .count()
    };
    assert_eq!((new(&at_once), new(&place.result())), (4, 4));
    assert_eq!(place.result().differs(&at_once), None);
    // One by one in batches of one run.
    let mut place = Place::of(&records);
    let how = How {
        block_size: 300,
        batch: 2,
        every: 0,
        ..How::default()
    };
    place.run(&how).unwrap();
    assert_eq!(place.result().differs(&at_once), None);
}

/// A line from far in the future takes part, and teaches nothing: it would push
/// out what is known of now.
#[test]
fn the_far_future_teaches_nothing() {
    let far = world::ordinary(4_070_908_800, "2099");
    let odd = Rec {
        agent: "rclone/1.66",
        ..world::ordinary(world::at(10, 9), "odd")
    };
    let mut place = Place::new();
    for day in 0..10 {
        place.add("a.log", &[world::ordinary(world::at(day, 9), day)]);
    }
    place.add("a.log", &[far, odd, sentinel()]);
    place.run(&How::default()).unwrap();
    let told = place.told.iter();
    let news: Vec<i64> = told
        .filter(|alert| alert.rule.name == "own-new-client")
        .map(|alert| alert.first_seen)
        .collect();
    assert_eq!(news[0], world::at(10, 9), "{news:?}");
    let later = place.result().baseline["entities"]
        .iter()
        .any(|row| row.contains("4070908800"));
    assert!(!later);
}

/// What an hour usually comes to is kept as long as a rule may ask for it.
#[test]
fn a_long_period_finds_all_that_it_compares_with() {
    let short = "suppress: 24h, baseline";
    assert!(world::RULES.contains(short));
    let how = How {
        set: world::compile(&world::RULES.replace(short, "suppress: 20d, baseline")),
        ..How::default()
    };
    let mut records: Vec<Rec> = Vec::new();
    for day in 0..70 {
        for hour in [9, 10] {
            // Ever more, so that it matters which days are compared.
            let bytes = 1000 + 20 * day as u64 + if day == 45 { 9000 } else { 0 };
            records.push(Rec {
                bytes,
                ..world::ordinary(world::at(day, hour), 100 * day + hour)
            });
        }
    }
    let expected = undisturbed_by(&records, &how);
    let slow = |version: &&crate::kept::Version| version.what.rule == "own-slow";
    assert!(expected.alerts.values().filter(slow).count() > 0);
    let mut place = Place::new();
    for day in records.chunks(2) {
        place.add("a.log", day);
        place.run(&how).unwrap();
    }
    assert_eq!(place.result().differs(&expected), None);
}
