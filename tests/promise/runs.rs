//! A log that is read in several runs, with what is kept of windows in between:
//! the alerts are those of one run. And periods as they stand.

#[path = "runs/reading.rs"]
mod reading;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use s3sentry::alert::Status;
use s3sentry::correlate::evidence::Seen;
use s3sentry::correlate::{Correlator, MIN_STATE, Raised};

use self::reading::{Kept, Promised, Reading, Step, chance, promised};
use crate::exact;
use crate::oracle::draw::{self, Shape};
use crate::oracle::{Count, Kind, Model, Pick, Rules};
use crate::run::{self, OPTIONS, Told};
use crate::world::{self, DAY, Dice, Rec};

static POOLS: LazyLock<Vec<ThreadPool>> = LazyLock::new(|| {
    let pool = |threads| ThreadPoolBuilder::new().num_threads(threads).build();
    [1, 3].map(|threads| pool(threads).unwrap()).into()
});

/// Rules, and records as they arrive.
#[derive(Clone)]
struct Case {
    rules: Rules,
    records: Vec<Rec>,
    seed: u64,
}

prop_compose! {
    fn case(shape: Shape)(
        records in prop_oneof![world::spread().boxed(), world::crowded().boxed()],
        seed: u64,
        rules in draw::rules(shape),
    ) -> Case {
        Case { rules, records, seed }
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (log, lateness) = self.arrival();
        writeln!(out, "\n# rules.yml\n{}\n# log", self.rules.yaml())?;
        writeln!(out, "{}", String::from_utf8(log).unwrap())?;
        write!(out, "# {lateness} s late at most; seed {}", self.seed)
    }
}

impl Case {
    /// The log, and how late its records may come.
    fn arrival(&self) -> (Vec<u8>, i64) {
        let mut dice = Dice(self.seed);
        let most = [1, 3, 60, 3600][dice.below(4) as usize];
        let late = |record: &Rec| (record.clone(), dice.below(most) as i64);
        let arriving: Vec<_> = self.records.iter().map(late).collect();
        (world::log(&world::jittered(&arriving)), most as i64)
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let yaml = self.rules.yaml();
        let (log, lateness) = self.arrival();
        let expected = run::whole(&run::compile(&yaml), &log).promised();
        for pool in &*POOLS {
            let mut dice = Dice(self.seed);
            let set = run::compile(&yaml);
            let (rate, often) = (1 + dice.below(8), 1 + dice.below(6));
            let mut reading = Reading::new(&set, &log, |_| dice.below(rate) == 0);
            reading.lateness = lateness;
            let (mut left, every) = (6, dice.below(3) == 0);
            let next = |dice: &mut Dice| match dice.below(6 * often) {
                _ if every => Step::End,
                step => chance(step, &mut left, dice),
            };
            let seen = pool.install(|| reading.read(&mut dice, next));
            prop_assert!(seen == expected, "{}", {
                let told = |all: &[Promised]| all.iter().map(|(_, told)| told.clone()).collect();
                let (seen, expected): (Vec<_>, Vec<_>) = (told(&seen), told(&expected));
                run::differences(&seen, &expected)
            });
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(exact::config(80))]

    #[test]
    fn runs_are_nothing(case in case(Shape::MIXED)) {
        case.check()?;
    }

    #[test]
    fn runs_are_nothing_to_counts(case in case(Shape::plain(&[
        Kind::EventCount, Kind::ValueCount, Kind::ValueSum, Kind::ValueAvg,
        Kind::ValuePercentile,
    ]))) {
        case.check()?;
    }

    /// Keys that are kept step by step are those that are at hand, with the lines
    /// that an alert would show. (Which keys beside those that fire are at hand
    /// hangs on hashes, and those are others in every correlator.)
    #[test]
    fn steps_are_nothing(case in case(Shape::MIXED)) {
        let (log, lateness) = case.arrival();
        let set = run::compile(&case.rules.yaml());
        let mut dice = Dice(case.seed);
        let reading = Reading::new(&set, &log, |_| dice.below(3) == 0);
        let mut kept = Kept::default();
        let mut correlator = Correlator::new(Arc::clone(&set), lateness, OPTIONS.max_state);
        let mut latest = i64::MIN;
        let shown = |correlator: &mut Correlator| {
            let mut open = Vec::new();
            correlator.peek(&mut open, None).unwrap();
            let lines = |raised: &Raised| {
                let line = |seen: &Seen| (seen.place.1, seen.line.clone());
                raised.records.iter().map(line).collect::<Vec<_>>()
            };
            (promised(&open), open.iter().map(lines).collect::<Vec<_>>())
        };
        for at in 0..reading.blocks.len() {
            reading.batch(&mut correlator, at..at + 1, 0, &mut latest);
            correlator.close(&mut Vec::new(), None).unwrap();
            kept.save(&mut correlator, 0, true);
            let mut restored = kept.restore(&set, lateness, OPTIONS.max_state);
            prop_assert_eq!(shown(&mut restored), shown(&mut correlator));
        }
    }

    /// What stands in open periods is what would be told if nothing more came.
    #[test]
    fn a_look_is_what_closing_says(case in case(Shape::MIXED), part in 0usize..=100) {
        let (log, lateness) = case.arrival();
        let set = run::compile(&case.rules.yaml());
        let mut reading = Reading::new(&set, &log, |_| true);
        reading.lateness = lateness;
        let read = reading.blocks.len() * part / 100;
        let mut correlator = Correlator::new(Arc::clone(&set), lateness, OPTIONS.max_state);
        let mut latest = i64::MIN;
        for at in 0..read {
            reading.batch(&mut correlator, at..at + 1, 0, &mut latest);
            if at % 3 == 0 {
                correlator.close(&mut Vec::new(), None).unwrap();
            }
        }
        let (mut first, mut second, mut closed) = (Vec::new(), Vec::new(), Vec::new());
        correlator.peek(&mut first, None).unwrap();
        correlator.peek(&mut second, None).unwrap();
        correlator.reach(i64::MAX);
        correlator.close(&mut closed, None).unwrap();
        for (all, status) in [(&first, Status::Open), (&second, Status::Open), (&closed, Status::Closed)] {
            prop_assert!(all.iter().all(|raised| raised.alert.status == status));
            prop_assert_eq!(promised(all), promised(&closed));
            for (raised, closed) in all.iter().zip(&closed) {
                prop_assert_eq!(&raised.alert.summary, &closed.alert.summary);
                prop_assert_eq!(&raised.records, &closed.records);
                prop_assert_eq!(raised.shows, closed.shows);
            }
        }
    }

    /// Where more records can only make a rule fire more, what stands comes true.
    #[test]
    fn what_stands_comes_true(case in case(Shape {
        below: &[Kind::EventCount, Kind::ValueCount, Kind::ValueSum, Kind::Temporal],
        ..Shape::plain(&[Kind::EventCount, Kind::ValueCount, Kind::ValueSum, Kind::Temporal])
    })) {
        let mut case = case;
        for model in &mut case.rules.models {
            model.main.condition.truncate(1);
            model.main.condition.iter_mut().for_each(|(word, _)| *word = "gte");
        }
        let (log, lateness) = case.arrival();
        let set = run::compile(&case.rules.yaml());
        let last: BTreeMap<u128, Told> = run::whole(&set, &log).promised().into_iter().collect();
        let mut dice = Dice(case.seed);
        let mut reading = Reading::new(&set, &log, |_| dice.below(4) == 0);
        reading.lateness = lateness;
        let mut correlator = Correlator::new(Arc::clone(&set), lateness, OPTIONS.max_state);
        let mut latest = i64::MIN;
        let mut before = BTreeMap::new();
        for at in 0..reading.blocks.len() {
            reading.batch(&mut correlator, at..at + 1, 0, &mut latest);
            let (mut closed, mut open) = (Vec::new(), Vec::new());
            correlator.close(&mut closed, None).unwrap();
            correlator.peek(&mut open, None).unwrap();
            let told: BTreeMap<u128, Told> =
                promised(&closed).into_iter().chain(promised(&open)).collect();
            for (id, told) in &told {
                prop_assert!(last.get(id).is_some_and(|last| last.count >= told.count), "{:?}", told);
            }
            for (id, count) in before {
                prop_assert!(told.get(&id).is_some_and(|told| told.count >= count));
            }
            before = promised(&open).into_iter().map(|(id, told)| (id, told.count)).collect();
        }
    }
}

#[test]
fn what_is_spilled_is_kept() {
    let mut values = Model::burst("values", Pick::Every, &["remote_ip"], 86_400, 0);
    values.main = Count::of(Kind::ValueCount).values("key_name").when("eq", 7);
    let rules = Rules::of(vec![
        values,
        Model::burst(
            "long",
            Pick::Denied,
            &["remote_ip", "key_name"],
            86_400,
            200,
        ),
        Model::burst("short", Pick::Denied, &["remote_ip"], 61, 2),
    ]);
    // Each fourth nearly an hour late, so that what has been spilled goes on
    // growing.
    let arriving: Vec<(Rec, i64)> = (0..6000u64)
        .map(|n| {
            let mut record = Rec::refused(DAY + n as i64 * 20, &format!("192.0.2.{}", n % 3), n);
            record.key = Some(format!("k{}", n % 7));
            (record, n as i64 % 4 / 3 * 3599)
        })
        .collect();
    let log = world::log(&world::jittered(&arriving));
    let set = run::compile(&rules.yaml());
    let expected = run::whole(&set, &log).promised();
    assert!(!expected.is_empty());
    for (seed, pool) in POOLS.iter().enumerate() {
        let mut dice = Dice(seed as u64);
        let mut reading = Reading::new(&set, &log, |line| line % 20 == 19);
        reading.max_state = MIN_STATE;
        let mut left = 6;
        let next = |dice: &mut Dice| chance(dice.below(24), &mut left, dice);
        let seen = pool.install(|| reading.read(&mut dice, next));
        assert!(seen == expected);
        assert!(reading.spilled > 100_000, "{}", reading.spilled);
    }
}

/// Many keys, each of which fires, within one second.
fn crowd() -> (Rules, Vec<u8>) {
    let rules = Rules::of(vec![Model::burst("once", Pick::Every, &["key_name"], 1, 1)]);
    let record = |n: u64| {
        let mut record = Rec::refused(DAY, "192.0.2.9", n);
        record.key = Some(format!("key-{n}"));
        record
    };
    let records: Vec<Rec> = (0..5000).map(record).collect();
    (rules, world::log(&records))
}

#[test]
fn what_comes_back_counts_under_the_cap() {
    let (rules, log) = crowd();
    let set = run::compile(&rules.yaml());
    let reading = Reading::new(&set, &log, |line| line % 100 == 99);
    let mut roomy = Correlator::new(Arc::clone(&set), 3600, OPTIONS.max_state);
    reading.batch(
        &mut roomy,
        0..reading.blocks.len(),
        0,
        &mut i64::MIN.clone(),
    );
    let mut kept = Kept::default();
    let (_, keys) = kept.save(&mut roomy, 0, true);
    assert_eq!((keys, roomy.counts().evicted), (5000, 0));

    let mut tight = kept.restore(&set, 3600, MIN_STATE);
    assert!(
        tight.state_bytes() <= MIN_STATE * 2,
        "{}",
        tight.state_bytes()
    );
    let evicted = tight.counts().evicted;
    assert!(evicted > 500, "{evicted}");
    // What was forgotten is deleted.
    kept.save(&mut tight, 0, true);
    assert_eq!(kept.keys.len() as u64 + evicted, 5000);

    // It is told, be it in a later run, and once.
    let mut again = kept.restore(&set, 3600, OPTIONS.max_state);
    let mut raised = Vec::new();
    again.finish_run(&mut raised);
    assert_eq!(promised(&raised)[0].1.count, evicted);
    assert_eq!((raised.len(), again.counts().evicted), (1, 0));
    kept.save(&mut again, 0, true);
    let mut last = kept.restore(&set, 3600, OPTIONS.max_state);
    raised.clear();
    last.finish_run(&mut raised);
    assert!(raised.is_empty());
    last.reach(i64::MAX);
    last.close(&mut raised, None).unwrap();
    assert_eq!(raised.len() as u64 + evicted, 5000);
}

#[test]
fn windows_of_other_rules_are_not_continued() {
    let head = |model: Model| {
        let rules = Rules::of(vec![model]);
        let set = run::compile(&rules.yaml());
        let mut correlator = Correlator::new(Arc::clone(&set), 0, MIN_STATE);
        correlator.reach(DAY);
        (set, correlator.save(|number| number).head())
    };
    let model = || Model::burst("burst", Pick::Denied, &["remote_ip"], 300, 20);
    let (set, kept) = head(model());
    let other = Model::burst("burst", Pick::Denied, &["remote_ip"], 300, 21);
    let mut longer = model();
    longer.suppress = Some(7200);
    for model in [other, longer] {
        let (_, other) = head(model);
        let mismatch = Correlator::restore(Arc::clone(&set), 0, MIN_STATE, other).unwrap_err();
        assert_eq!(mismatch.kept.watermark, DAY);
    }
    let restored = Correlator::restore(set, 0, MIN_STATE, kept).unwrap();
    assert_eq!(restored.finish().watermark(), DAY);
}

#[test]
fn late_records_are_told_in_their_run_and_once() {
    let rules = Rules::of(vec![
        Model::burst("burst", Pick::Denied, &["remote_ip"], 300, 2),
        Model::burst("alone", Pick::Denied, &["remote_ip"], 1, 1),
    ]);
    let at = |time: i64| Rec::refused(DAY + time, "192.0.2.1", time as u64);
    // The third is an hour and a second behind the second.
    let log = world::log(&[at(0), at(7201), at(3600), at(7202)]);
    let set = run::compile(&rules.yaml());
    let reading = Reading::new(&set, &log, |_| true);
    let mut correlator = Correlator::new(Arc::clone(&set), 3600, MIN_STATE);
    let (mut kept, mut latest) = (Kept::default(), i64::MIN);
    let told = |raised: &mut Vec<Raised>| -> Vec<(String, i64)> {
        let told = promised(raised).into_iter();
        raised.clear();
        told.map(|(_, told)| (told.rule, told.first_seen - DAY))
            .collect()
    };
    let one = |rule: &str, time: i64| (rule.to_owned(), time);
    let mut raised = Vec::new();
    reading.batch(&mut correlator, 0..2, 0, &mut latest);
    correlator.reach_latest();
    correlator.close(&mut raised, None).unwrap();
    assert_eq!(told(&mut raised), [one("alone", 0)]);
    kept.save(&mut correlator, 0, true);

    // The watermark lasts: it is late in the next run, too.
    let mut correlator = kept.restore(&set, 3600, MIN_STATE);
    let input = reading.start(2);
    reading.batch(&mut correlator, 2..3, input, &mut i64::MIN.clone());
    correlator.reach_latest();
    correlator.close(&mut raised, None).unwrap();
    assert_eq!(told(&mut raised), []);
    correlator.finish_run(&mut raised);
    assert_eq!(told(&mut raised), [one("alone", 3600)]);
    correlator.finish_run(&mut raised);
    assert_eq!(told(&mut raised), []);
    kept.save(&mut correlator, 1, true);

    let mut correlator = kept.restore(&set, 3600, MIN_STATE);
    let input = reading.start(3);
    reading.batch(&mut correlator, 3..4, input, &mut i64::MIN.clone());
    correlator.reach(i64::MAX);
    correlator.close(&mut raised, None).unwrap();
    assert_eq!(told(&mut raised), [one("alone", 7201), one("burst", 7201)]);
}
