//! What `rules explain` says of a record is what the compiled rule does with it.

use std::sync::Arc;

use proptest::prelude::*;
use s3sentry::explain::{Explainer, Limits, Role, Verdict, What};
use s3sentry::record::Record;
use s3sentry::rule::load;

use super::chance::Chance;
use super::twin::{records, settings};
use super::{matches, random, read, written};

/// What holds follows from what is in it; a selection that is named once more
/// stands without its tests.
fn is_sound(verdict: &Verdict) -> bool {
    let all = |parts: &[Verdict]| parts.iter().all(is_sound);
    let holding = |parts: &[Verdict]| parts.iter().filter(|part| part.holds).count();
    match &verdict.what {
        What::All(parts) => all(parts) && verdict.holds == (holding(parts) == parts.len()),
        What::Any(parts) => all(parts) && verdict.holds == (holding(parts) > 0),
        What::Least(least, parts) => {
            all(parts) && verdict.holds == (holding(parts) as u64 >= *least)
        }
        What::Not(part) => is_sound(part) && verdict.holds != part.holds,
        What::Selection(_, Some(inside)) => is_sound(inside) && verdict.holds == inside.holds,
        What::Selection(_, None) | What::Test(..) => true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_tree_of_a_detection_holds_where_the_rule_matches(seed: u64) {
        let settings = settings();
        let mut chance = Chance(seed);
        let records = records(&mut chance, &settings, 24);
        let yaml = written::yaml(&random::rule(&mut chance, &records[..6]));
        let set = read(&yaml, &settings);
        let documents = load::read("r.yml", yaml.as_bytes()).unwrap();
        let limits = Limits { lines: records.len(), ..Limits::default() };
        let mut explainer = Explainer::new(&documents, 0, &settings, limits).unwrap();
        let source: Arc<str> = "log".into();
        for rec in &records {
            let record = Record::parse(&rec.line).unwrap();
            explainer.record(&record, &source, 0, false);
        }
        let explanation = explainer.finish();
        prop_assert_eq!(explanation.lines.len(), records.len());
        for (line, rec) in explanation.lines.iter().zip(&records) {
            let [part] = &line.parts[..] else { panic!("one detection") };
            prop_assert_eq!(part.role, Role::Detection);
            prop_assert_eq!(part.holds, matches(&set, &rec.line), "{}", yaml);
            prop_assert!(part.verdicts.iter().all(|(_, verdict)| is_sound(verdict)));
        }
        let json = serde_json::to_string(&explanation);
        prop_assert!(json.is_ok());
    }
}
