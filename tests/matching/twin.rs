//! The compiled matcher and the naive one say the same of every record.

use std::sync::Arc;

use proptest::prelude::*;
use s3sentry::settings::Settings;

use super::chance::Chance;
use super::naive::condition;
use super::record::{Rec, record};
use super::{matches, random, read, written};

/// Settings under which every derived field has a value.
fn settings() -> Arc<Settings> {
    let text = "trusted_networks = ['10.0.0.0/8']\naccounts = ['111122223333']\n";
    Arc::new(Settings::parse(text, "s.toml".as_ref()).unwrap())
}

fn records(chance: &mut Chance, settings: &Settings, count: usize) -> Vec<Rec> {
    (0..count).map(|_| record(chance, settings)).collect()
}

/// How many of so many records matched.
fn compare(seed: u64) -> Result<(usize, usize), TestCaseError> {
    let settings = settings();
    let mut chance = Chance(seed);
    let records = records(&mut chance, &settings, 24);
    let rule = random::rule(&mut chance, &records[..4]);
    let yaml = written::yaml(&rule);
    let set = read(&yaml, &settings);
    let mut matched = 0;
    for rec in &records {
        let naive = rule.conditions.iter();
        let naive = naive.map(|cond| condition(cond, &rule.selections, rec));
        let expected = naive.fold(false, |any, holds| any | holds);
        matched += usize::from(expected);
        let line = String::from_utf8_lossy(&rec.line);
        prop_assert_eq!(matches(&set, &rec.line), expected, "{}\n{}", yaml, line);
    }
    Ok((matched, records.len()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn compiled_rules_match_what_the_specification_says(seed: u64) {
        compare(seed)?;
    }
}

/// Without this the test above could agree on nothing at all.
#[test]
fn random_rules_match_some_records_and_not_others() {
    let (mut some, mut none, mut all) = (0, 0, 0);
    for seed in 0..100 {
        match compare(seed).unwrap() {
            (0, _) => none += 1,
            (matched, count) if matched == count => all += 1,
            _ => some += 1,
        }
    }
    assert!(some > 30 && none > 5 && all > 5, "{some} {none} {all}");
}
