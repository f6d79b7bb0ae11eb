//! The pipeline against the oracle, over random rules and records: each type on
//! its own, so that a failure names it, then all together.

use std::fmt;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::hand::{DENIED, GET, MISSING};
use crate::oracle::draw::{self, AHEAD, SELECTIONS, Shape};
use crate::oracle::{Count, Kind, Model, Pick, Ref, Rules};
use crate::run::{self, OPTIONS, Told};
use crate::world::{self, Dice, Rec};

/// Rules, and a log as it arrives.
#[derive(Clone)]
pub struct Case {
    pub rules: Rules,
    pub records: Vec<Rec>,
    pub disorder: Option<u64>,
}

prop_compose! {
    /// What stands first is made simple first where a case fails.
    pub fn case(shape: Shape, records: BoxedStrategy<Vec<Rec>>)(
        records in records,
        disorder in proptest::option::weighted(0.9, any::<u64>()),
        rules in draw::rules(shape),
    ) -> Case {
        Case { rules, records, disorder }
    }
}

impl Case {
    /// The log in some order, and behind which of its lines a block ends; without
    /// disorder as it was drawn, in one block.
    pub fn arrival(&self) -> (Vec<u8>, Vec<bool>) {
        let number = self.records.len();
        let Some(seed) = self.disorder else {
            let mut sorted = self.records.clone();
            sorted.sort_by_key(|record| record.time);
            return (world::log(&sorted), vec![false; number]);
        };
        let mut dice = Dice(seed);
        let late = |record: &Rec| {
            let most = [1, 3, 3600][dice.below(3) as usize];
            (record.clone(), dice.below(most) as i64)
        };
        let arriving: Vec<_> = self.records.iter().map(late).collect();
        let cuts = (0..number).map(|_| dice.below(5) == 0).collect();
        (world::log(&world::jittered(&arriving)), cuts)
    }

    /// Whether the engine says what the oracle says.
    fn check(&self) -> Result<(), TestCaseError> {
        let expected = self.rules.alerts(&self.records);
        let set = run::compile(&self.rules.yaml());
        let (log, cuts) = self.arrival();
        let run = run::cut(&set, &log, OPTIONS, |line| cuts[line]);
        prop_assert_eq!(run.outcome.tally.malformed, 0);
        prop_assert_eq!(run.outcome.tally.lines, self.records.len() as u64);
        prop_assert_eq!(run.outcome.correlation.late, 0);
        prop_assert_eq!(run.outcome.correlation.evicted, 0);
        let seen = run.seen();
        prop_assert!(seen == expected, "{}", run::differences(&seen, &expected));
        Ok(())
    }
}

/// What can be given to the command: the rules, and the log with its blocks.
impl fmt::Debug for Case {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (log, cuts) = self.arrival();
        let log = String::from_utf8(log).unwrap();
        writeln!(out, "\n# rules.yml\n{}\n# log", self.rules.yaml())?;
        for (line, is_cut) in log.lines().zip(cuts) {
            writeln!(out, "{line}{}", if is_cut { "\n" } else { "" })?;
        }
        writeln!(out, "# An empty line ends a block.")
    }
}

/// So many cases, or as many as `PROPTEST_CASES` asks for.
pub fn config(cases: u32) -> ProptestConfig {
    let mut config = ProptestConfig::default();
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    config.max_shrink_iters = 300;
    config
}

/// A property for each shape of rules, and the list of all shapes.
macro_rules! shapes {
    ($($name:ident: $shape:expr, $records:ident;)*) => {
        proptest! {
            #![proptest_config(config(150))]
            $(
                #[test]
                fn $name(case in case($shape, world::$records().boxed())) {
                    case.check()?;
                }
            )*
        }

        const SHAPES: &[(&str, Shape)] = &[$((stringify!($name), $shape)),*];
    };
}

use Kind::{
    EventCount, Temporal, TemporalOrdered, ValueAvg, ValueCount, ValuePercentile, ValueSum,
};

const COUNTS: &[Kind] = &[EventCount, ValueCount];
const LOW: &[Kind] = &[EventCount, ValueCount, ValueSum, Temporal];

const fn over(kinds: &'static [Kind], below: &'static [Kind]) -> Shape {
    Shape {
        below,
        ..Shape::plain(kinds)
    }
}

const fn chains(below: &'static [Kind]) -> Shape {
    over(&[TemporalOrdered], below)
}

shapes! {
    event_count: Shape::plain(&[EventCount]), spread;
    value_count: Shape::plain(&[ValueCount]), spread;
    value_sum: Shape::plain(&[ValueSum]), spread;
    value_avg: Shape::plain(&[ValueAvg]), spread;
    value_percentile: Shape::plain(&[ValuePercentile]), spread;
    temporal: Shape::plain(&[Temporal]), spread;
    temporal_ordered: chains(&[]), crowded;
    further_conditions: Shape { further: 100, ..Shape::plain(COUNTS) }, spread;
    further_conditions_of_all_types:
        Shape { further: 100, ..Shape::plain(&Kind::ALL) }, crowded;
    aliases_of_counts: Shape { aliases: 100, ..Shape::plain(COUNTS) }, crowded;
    aliases_of_temporal: Shape { aliases: 100, ..Shape::plain(&[Temporal]) }, crowded;
    aliases_of_chains: Shape { aliases: 100, ..chains(&[EventCount]) }, crowded;
    event_count_of_firings: over(&[EventCount], LOW), crowded;
    value_count_of_firings: over(&[ValueCount], LOW), crowded;
    temporal_of_firings: over(&[Temporal], LOW), crowded;
    chains_of_bursts: chains(&[EventCount]), crowded;
    chains_of_values: chains(&[ValueCount]), crowded;
    chains_of_numbers: chains(&[ValueSum, ValueAvg, ValuePercentile]), crowded;
    chains_of_temporal: chains(&[Temporal]), crowded;
    chains_of_chains: chains(&[TemporalOrdered]), crowded;
    chains_with_further_conditions: Shape { further: 50, ..chains(COUNTS) }, crowded;
    different: Shape { different: 100, ..chains(LOW) }, crowded;
    none_before: Shape { none_before: 100, ..chains(LOW) }, crowded;
    different_with_none_before:
        Shape { different: 50, none_before: 50, further: 30, ..chains(COUNTS) }, crowded;
    all_together: Shape::MIXED, crowded;
}

/// Alerts of the rules that a shape is about, over drawn cases.
fn alerts_of_shape(shape: Shape, cases: usize) -> Vec<Vec<Told>> {
    let mut runner = TestRunner::deterministic();
    let strategy = case(shape, world::crowded().boxed());
    let draw = |_| {
        let case = strategy.new_tree(&mut runner).unwrap().current();
        let mut alerts = case.rules.alerts(&case.records);
        alerts.retain(|alert| {
            let mut models = case.rules.models.iter();
            models.any(|model| model.name == alert.rule && shape.kinds.contains(&model.main.kind))
        });
        alerts
    };
    (0..cases).map(draw).collect()
}

#[test]
fn what_is_drawn_fires_often_and_not_always() {
    for (name, shape) in SHAPES {
        let alerts = alerts_of_shape(*shape, 60);
        let fired = alerts.iter().filter(|alerts| !alerts.is_empty()).count();
        println!("{name}: {fired} of {}", alerts.len());
        assert!((8..60).contains(&fired), "{name}: {fired} of 60");
    }
}

#[test]
fn what_is_drawn_looks_at_no_more_than_can_be_compiled() {
    let four = |name: &str, rule: Ref| Model::chain(name, &[rule; 4], &[], 5);
    let mut models = vec![four("m0", DENIED), four("m1", Ref::Rule(0))];
    let mut widest = four("m2", Ref::Rule(1));
    assert_eq!(draw::selections(&widest, &models), SELECTIONS);
    models.push(widest.clone());
    run::compile(&Rules::of(models.clone()).yaml());

    let puts = Count::of(Kind::EventCount).select(Pick::Put);
    widest.and.push(puts.when("gte", 1));
    models.pop();
    assert_eq!(draw::selections(&widest, &models), SELECTIONS + 1);
    models.push(widest);
    let refused = run::try_compile(&Rules::of(models).yaml()).unwrap_err();
    assert!(refused.contains("more than 64 selections"), "{refused}");
}

/// Few keys of a rule that may fire in 86,400 periods because of one record are
/// more than a run has memory for, and then an alert is rightly missing.
#[test]
fn what_is_drawn_is_remembered_in_few_periods() {
    let below = Model::chain("m0", &[DENIED, GET], &["key_name"], 86_400);
    let mut above = Model::chain("m1", &[MISSING, Ref::Rule(0)], &["key_name"], 1);
    above.suppress = Some(1);
    assert_eq!(draw::periods_ahead(&above, &[below]), 86_401);

    let mut runner = TestRunner::deterministic();
    let strategy = draw::rules(Shape::MIXED);
    for _ in 0..1000 {
        let models = strategy.new_tree(&mut runner).unwrap().current().models;
        for model in &models {
            let ahead = draw::periods_ahead(model, &models);
            assert!(ahead <= AHEAD, "{}: {ahead} of\n{models:?}", model.name);
        }
    }
}
