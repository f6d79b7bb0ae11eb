//! What `rules explain` says of a rule is what a scan does with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use s3sentry::explain::{Explainer, Explanation, Limits, Role};
use s3sentry::record::{Record, time};
use s3sentry::rule::load;
use s3sentry::settings::Settings;

use crate::exact::{Case, case, config};
use crate::oracle::Kind;
use crate::oracle::draw::Shape;
use crate::run::{self, OPTIONS};
use crate::world;

/// Explains every rule of a file over a log; nothing is too much to show.
fn explain(yaml: &str, log: &[u8]) -> BTreeMap<String, Explanation> {
    let documents = load::read("promise.yml", yaml.as_bytes()).unwrap();
    let source: Arc<str> = "log".into();
    let limits = Limits {
        lines: 1000,
        keys: 1000,
        ..Limits::default()
    };
    let explained = (0..documents.len()).map(|place| {
        let settings = Arc::new(Settings::default());
        let mut explainer = Explainer::new(&documents, place, &settings, limits).unwrap();
        let mut offset = 0;
        for line in log.split_inclusive(|byte| *byte == b'\n') {
            let record = Record::parse(line).unwrap();
            explainer.record(&record, &source, offset, false);
            offset += line.len() as u64;
        }
        (documents[place].label().to_owned(), explainer.finish())
    });
    explained.collect()
}

/// Period, trigger, count and times, by key.
type Fired = Vec<(Vec<(String, Option<Vec<u8>>)>, (i64, i64), (i64, u64))>;

fn fired(explanation: &Explanation) -> Fired {
    let keys = explanation.keys.iter();
    let mut all: Fired = keys
        .flat_map(|key| {
            assert_eq!(key.periods, key.fired.len() as u64);
            let fired = key.fired.iter();
            fired.map(|fired| (key.key.0.clone(), fired.period, fired.trigger))
        })
        .collect();
    all.sort();
    all
}

fn check(case: &Case) -> Result<(), TestCaseError> {
    let yaml = case.rules.yaml();
    let set = run::compile(&yaml);
    let (log, cuts) = case.arrival();
    let run = run::cut(&set, &log, OPTIONS, |line| cuts[line]);
    prop_assert_eq!(run.outcome.correlation.evicted, 0);
    let explained = explain(&yaml, &log);
    for rule in &set.rules {
        let alerts = run.alerts.iter();
        let alerts = alerts.filter(|alert| alert.rule.name == rule.info.name);
        let mut expected: Fired = alerts
            .map(|alert| {
                let key = alert.key.iter();
                let key = key.map(|(name, value)| (name.to_string(), value.clone()));
                (key.collect(), alert.period, alert.trigger)
            })
            .collect();
        expected.sort();
        let explanation = &explained[&rule.info.name];
        prop_assert_eq!(fired(explanation), expected, "{}", rule.info.name);
        conditions(explanation)?;
    }
    parts(case, &explained, &log)
}

/// A key that fired met its conditions; what is met is nothing short of it.
fn conditions(explanation: &Explanation) -> Result<(), TestCaseError> {
    let rule = &*explanation.rule.info.name;
    for key in &explanation.keys {
        let own = |part: &str| {
            let mut nearest = key.nearest.iter();
            nearest.any(|near| &*near.rule == rule && near.part == part && near.met)
        };
        if key.periods > 0 {
            prop_assert!(own("own") || own("chain"), "{:?}", key);
            prop_assert!(!key.apart.iter().any(|name| &**name == rule), "{:?}", key);
        }
    }
    Ok(())
}

/// What the tree says of a line is what the detection's own rule does with it.
fn parts(
    case: &Case,
    explained: &BTreeMap<String, Explanation>,
    log: &[u8],
) -> Result<(), TestCaseError> {
    let dated = log.split(|byte| *byte == b'\n');
    let dated = dated.filter(|line| time::of_line(line).is_some()).count();
    prop_assert_eq!(dated, case.records.len());
    for explanation in explained.values() {
        prop_assert_eq!(explanation.lines.len(), case.records.len());
        let counted = |line: &&s3sentry::explain::Line| {
            let parts = line.parts.iter();
            let mut detections = parts.filter(|part| part.role == Role::Detection);
            detections.any(|part| part.holds)
        };
        let matched = explanation.lines.iter().filter(counted).count() as u64;
        prop_assert_eq!(matched, explanation.counts.matched);
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn a_key_is_said_to_fire_if_and_only_if_it_does(
        case in case(Shape::MIXED, world::crowded().boxed()),
    ) {
        check(&case)?;
    }

    #[test]
    fn chains_are_said_to_be_complete_if_and_only_if_they_are(
        case in case(
            Shape {
                below: &[Kind::EventCount, Kind::Temporal, Kind::TemporalOrdered],
                different: 30,
                none_before: 30,
                ..Shape::plain(&[Kind::TemporalOrdered])
            },
            world::crowded().boxed(),
        ),
    ) {
        check(&case)?;
    }
}
