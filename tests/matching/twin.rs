//! The compiled matcher and the naive one say the same of every record.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use s3sentry::geoip::GeoIp;
use s3sentry::record::Field;
use s3sentry::record::derived::operation::OperationClass;
use s3sentry::settings::{AwsRanges, Settings};

use super::chance::Chance;
use super::naive::{Cond, Item, Selection, Val, condition};
use super::random::Rule;
use super::record::{Rec, record, record_of};
use super::{matches, random, read, written};

/// Settings under which every derived field has a value.
pub fn settings() -> Arc<Settings> {
    let text = "trusted_networks = ['10.0.0.0/8']\naccounts = ['111122223333']\n";
    let settings = Settings::parse(text, "s.toml".as_ref()).unwrap();
    Arc::new(beside_ranges(settings))
}

/// The same with addresses that are AWS's: some of those of records are; and with
/// countries and networks of some.
pub fn beside_ranges(settings: Settings) -> Settings {
    let ranges = br#"{
        "createDate": "2026-01-02-03-04-05",
        "prefixes": [{"ip_prefix": "203.0.113.0/24", "region": "eu-west-1"}],
        "ipv6_prefixes": [{"ipv6_prefix": "2001:db8:1::/48", "region": "us-east-1"}]
    }"#;
    let ranges = AwsRanges::parse(ranges, "ip-ranges.json".as_ref()).unwrap();
    let file = |name| {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures/geoip")
            .join(name)
    };
    let geoip = GeoIp::read(&["country.mmdb", "asn.mmdb", "flat.mmdb"].map(file)).unwrap();
    Settings {
        aws_ranges: Some(ranges),
        geoip: Some(Arc::new(geoip)),
        ..settings
    }
}

pub fn records(chance: &mut Chance, settings: &Settings, count: usize) -> Vec<Rec> {
    (0..count).map(|_| record(chance, settings)).collect()
}

/// How many of so many records matched.
fn compare(seed: u64) -> Result<(usize, usize), TestCaseError> {
    let settings = settings();
    let mut chance = Chance(seed);
    let records = records(&mut chance, &settings, 24);
    let rule = random::rule(&mut chance, &records[..6]);
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

/// Items that class and outcome say something about.
fn dispatched() -> Vec<Item> {
    let item = |field, modifiers: &[&'static str], values: &[Val]| Item {
        field: Some(field),
        modifiers: modifiers.to_vec(),
        values: values.to_vec(),
    };
    let text = |text: &str| Val::Text(text.to_owned());
    let mut items = vec![
        item(Field::ErrorCode, &[], &[Val::Null]),
        item(Field::ErrorCode, &["exists"], &[Val::Flag(true)]),
        item(Field::ErrorCode, &["contains"], &[text("den")]),
        item(Field::ErrorCode, &["re"], &[text("^No")]),
        item(Field::ErrorCode, &["neq"], &[text("NoSuchKey")]),
        item(Field::ErrorCode, &["fieldref", "neq"], &[text("operation")]),
        item(Field::Ok, &[], &[Val::Flag(true)]),
        item(Field::Ok, &[], &[Val::Flag(false)]),
        item(Field::HttpStatus, &["gte"], &[Val::Number(304)]),
        item(Field::HttpStatus, &["lt"], &[Val::Number(404)]),
        item(Field::HttpStatus, &["neq"], &[Val::Number(403)]),
        item(
            Field::HttpStatus,
            &[],
            &[Val::Number(404), Val::Number(304)],
        ),
        item(Field::HttpStatus, &[], &[text("40?")]),
        item(Field::Operation, &[], &[text("rest.*"), text("X")]),
        item(Field::Operation, &["neq"], &[text("REST.GET.OBJECT")]),
    ];
    for operation in OPERATIONS {
        items.push(item(Field::Operation, &[], &[text(operation)]));
        items.push(item(
            Field::Operation,
            &["cased"],
            &[text(&operation.to_lowercase())],
        ));
    }
    for class in OperationClass::ALL {
        items.push(item(Field::OperationClass, &[], &[text(class.as_str())]));
    }
    items
}

const OPERATIONS: &[&str] = &[
    "REST.GET.OBJECT",
    "rest.get.bucket",
    "REST.GET.BUC\u{212A}ET",
    "REST.PUT.ACL",
    "REST.COPY.OBJECT_GET",
    "X",
];

/// Class and outcome alone decide whether a rule is asked at all.
#[test]
fn dispatch_skips_no_record_that_matches() {
    let settings = settings();
    let mut chance = Chance(1);
    let mut records = Vec::new();
    for (operation, status, error) in OPERATIONS.iter().flat_map(|operation| {
        let statuses = ["200", "304", "403", "404", "500", "-"].into_iter();
        let errors = ["-", "AccessDenied", "NoSuchKey"];
        statuses.flat_map(move |status| errors.map(|error| (operation, status, error)))
    }) {
        let value = |field: Field, _: &mut Chance| match field {
            Field::Operation => operation.as_bytes().to_vec(),
            Field::HttpStatus => status.as_bytes().to_vec(),
            Field::ErrorCode => error.as_bytes().to_vec(),
            _ => b"-".to_vec(),
        };
        records.push(record_of(&mut chance, &settings, &value));
    }
    for item in dispatched() {
        let selections = BTreeMap::from([("s".to_owned(), Selection(vec![vec![item]]))]);
        let name = Cond::Name("s".to_owned());
        for cond in [name.clone(), Cond::Not(Box::new(name))] {
            let rule = Rule {
                selections: selections.clone(),
                conditions: vec![cond],
            };
            let set = read(&written::yaml(&rule), &settings);
            for rec in &records {
                let expected = condition(&rule.conditions[0], &rule.selections, rec);
                let line = String::from_utf8_lossy(&rec.line);
                assert_eq!(matches(&set, &rec.line), expected, "{rule:?}\n{line}");
            }
        }
    }
}

/// Without this the test above could agree on nothing at all.
#[test]
fn random_rules_match_some_records_and_not_others() {
    let (mut some, mut none, mut all) = (0, 0, 0);
    for seed in 0..200 {
        match compare(seed).unwrap() {
            (0, _) => none += 1,
            (matched, count) if matched == count => all += 1,
            _ => some += 1,
        }
    }
    assert!(some > 40 && none > 10 && all > 10, "{some} {none} {all}");
}
