//! What the settings say of rules, and what every mistake in it says.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use s3sentry::alert::Level;
use s3sentry::rule::overrides::{Override, apply};
use s3sentry::rule::{Document, RuleSet, compile, load};
use s3sentry::settings::Settings;

use super::{GOOD, spoilt};

pub fn settings(text: &str) -> Settings {
    Settings::parse(text, Path::new("s.toml")).unwrap()
}

/// The rules of a file under these settings, and what was changed in them.
pub fn applied(rules: &str, text: &str) -> (Vec<Document>, Vec<Override>) {
    let mut documents = load::read("r.yml", rules.as_bytes()).unwrap();
    let overrides = apply(&mut documents, &settings(text)).unwrap();
    (documents, overrides)
}

pub fn compiled(documents: &[Document]) -> RuleSet {
    let settings = Arc::new(Settings::default());
    compile(documents, &settings, Level::Informational).unwrap()
}

fn errors(rules: &str, text: &str) -> Vec<String> {
    let mut documents = load::read("r.yml", rules.as_bytes()).unwrap();
    match apply(&mut documents, &settings(text)) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn values_take_the_place_of_those_of_the_rule() {
    let (documents, overrides) = applied(
        GOOD,
        "[rules.burst]\nthreshold = 50\ntimespan = \"10m\"\nlevel = \"high\"\nsuppress = \"2h\"\nevidence = 3\n",
    );
    let burst = &documents[1];
    let window = burst.correlation().unwrap();
    assert_eq!(window.condition.predicates.len(), 1);
    assert_eq!(window.condition.predicates[0].1, 50);
    assert_eq!(window.timespan, 600);
    assert_eq!(burst.meta.level, Some(Level::High));
    assert_eq!(burst.extension.suppress, Some(7200));
    assert_eq!(burst.extension.evidence, Some(3));
    assert_eq!(burst.label(), "burst");
    // What stands below "any" is the rule's own business.
    assert_eq!(burst.extension.any[0].condition.predicates[0].1, 20);
    let keys = ["threshold", "timespan", "level", "suppress", "evidence"];
    assert_eq!(overrides.len(), 1);
    assert_eq!(
        (overrides[0].rule.as_str(), &overrides[0].keys[..]),
        ("burst", &keys[..])
    );
    let was = overrides[0].changes[0].was.as_ref().unwrap().whole();
    assert_eq!(was, Some(20));
}

#[test]
fn the_comparison_stays() {
    let rules = GOOD.replace("  condition: {gte: 20}\ns3", "  condition: {gt: 20}\ns3");
    let (documents, _) = applied(&rules, "[rules.burst]\nthreshold = 50\n");
    let condition = documents[1].correlation().unwrap().condition;
    assert_eq!(format!("{:?}", condition.predicates), "[(Gt, 50)]");
}

#[test]
fn a_rule_is_called_by_its_id_too() {
    let text = "[rules.11111111-2222-4333-8444-555555555555]\nexclude = [{ok = true}]\n";
    let (documents, overrides) = applied(GOOD, text);
    assert_eq!(documents[0].filters.len(), 1);
    assert_eq!(overrides[0].rule, "refused");
}

#[test]
fn a_rule_that_is_switched_off_raises_nothing() {
    let (documents, _) = applied(GOOD, "[rules.burst]\nenabled = false\n");
    assert!(compiled(&documents).rules.is_empty());
    let (documents, _) = applied(GOOD, "[rules.burst]\nenabled = true\n");
    assert_eq!(compiled(&documents).rules.len(), 1);
}

#[test]
fn what_decides_when_a_rule_fires_decides_the_ids_of_its_alerts() {
    let canonical = |text: &str| {
        let (documents, _) = applied(GOOD, text);
        compiled(&documents).rules[0].canonical.clone()
    };
    let plain = canonical("");
    for text in [
        "[rules.burst]\nlevel = \"low\"\n",
        "[rules.burst]\nevidence = 1\n",
        "[rules.burst]\nthreshold = 20\n",
    ] {
        assert_eq!(canonical(text), plain, "{text}");
    }
    let texts = [
        "[rules.burst]\nthreshold = 21\n",
        "[rules.burst]\ntimespan = \"6m\"\n",
        "[rules.burst]\nexclude = [{ok = true}]\n",
        "[rules.burst]\nexclude = [{ok = false}]\n",
        "[rules.refused]\nexclude = [{ok = true}]\n",
    ];
    let mut all: Vec<String> = texts.into_iter().map(canonical).collect();
    all.push(plain);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), texts.len() + 1);
}

/// Text of the settings, all that is wrong with it.
const TABLE: &[(&str, &str)] = &[
    (
        "[rules.brust]\nthreshold = 5",
        r#"s.toml:1:8: no rule is called "brust" (did you mean "burst"?)"#,
    ),
    (
        "[rules]\nburst = 5",
        "s.toml:2:9: [rules.burst] must be a map, is 5",
    ),
    (
        "[rules.burst]\ntreshold = 5",
        r#"s.toml:2:1: unknown key "treshold" in [rules.burst] (did you mean "threshold"?)"#,
    ),
    (
        "[rules.burst]\nthreshold = \"5\"",
        r#"s.toml:2:13: "threshold" must be a whole number from 0 to 18446744073709551615, is the text "5""#,
    ),
    (
        "[rules.burst]\nthreshold = -5",
        r#"s.toml:2:13: "threshold" must be a whole number from 0 to 18446744073709551615, is -5"#,
    ),
    (
        "[rules.burst]\nthreshold = 2.5",
        r#"s.toml:2:13: "threshold" must be a whole number from 0 to 18446744073709551615, is the number 2.5"#,
    ),
    (
        "[rules.burst]\ntimespan = \"5 minutes\"",
        r#"s.toml:2:12: "timespan" must be a whole number of s, m, h or d, such as 5m, is "5 minutes""#,
    ),
    (
        "[rules.burst]\ntimespan = \"31d\"",
        r#"s.toml:2:12: "timespan" must be at most 30d, is "31d""#,
    ),
    (
        "[rules.burst]\ntimespan = 300",
        r#"s.toml:2:12: "timespan" must be a duration such as 5m, is 300"#,
    ),
    (
        "[rules.burst]\nsuppress = \"0s\"",
        r#"s.toml:2:12: "suppress" must be longer than nothing, is "0s""#,
    ),
    (
        "[rules.burst]\nevidence = 101",
        r#"s.toml:2:12: "evidence" must be a whole number from 0 to 100, is 101"#,
    ),
    (
        "[rules.burst]\nlevel = \"hgih\"",
        r#"s.toml:2:9: "level" must be one of informational, low, medium, high, critical (did you mean "high"?)"#,
    ),
    (
        "[rules.burst]\nenabled = \"no\"",
        r#"s.toml:2:11: "enabled" must be true or false, is the text "no""#,
    ),
    (
        "[rules.burst]\nexclude = []",
        "s.toml:2:11: a selection must not be empty",
    ),
    (
        "[rules.burst]\nexclude = [{}]",
        "s.toml:2:12: a selection must not be empty",
    ),
    (
        "[rules.burst]\nexclude = [\"\"]",
        r#"s.toml:2:12: the value "" is empty, and so is in every text"#,
    ),
    (
        "[rules.burst]\nexclude = [{remote_pi = \"192.0.2.7\"}]",
        r#"s.toml:2:13: unknown field "remote_pi" (did you mean "remote_ip"?)"#,
    ),
    (
        "[rules.burst]\nexclude = [\n  {\"user_agent|contians\" = \"x\"},\n]",
        r#"s.toml:3:4: unknown modifier "contians" (did you mean "contains"?)"#,
    ),
    (
        "[rules.burst]\nexclude = [{http_status = \"many\"}]",
        r#"s.toml:2:27: "http_status" must be a whole number from 0 to 9223372036854775807, is the text "many""#,
    ),
    (
        "[rules.burst]\nexclude = [{\"remote_ip|cidr\" = \"10.0.0.1/8\"}]",
        r#"s.toml:2:32: the value "10.0.0.1/8" has bits set behind its prefix: write 10.0.0.0/8 for the network or 10.0.0.1 for the address"#,
    ),
    (
        "[rules.burst]\nexclude = [{key_name = {a = 1}}]",
        r#"s.toml:2:24: "key_name" must be text, is a map"#,
    ),
    (
        "[rules.refused]\nthreshold = 5",
        r#"s.toml:2:1: "threshold" is a correlation's, and "refused" has none, it is counted by burst"#,
    ),
    (
        "[rules.refused]\ntimespan = \"5m\"",
        r#"s.toml:2:1: "timespan" is a correlation's, and "refused" has none, it is counted by burst"#,
    ),
    (
        "[rules.refused]\nenabled = false",
        r#"s.toml:2:1: "enabled" changes nothing: "refused" raises no alerts of its own, it is counted by burst"#,
    ),
    (
        "[rules.refused]\nlevel = \"high\"",
        r#"s.toml:2:1: "level" changes nothing: "refused" raises no alerts of its own, it is counted by burst"#,
    ),
    (
        "[rules.burst]\nlevel = \"hgih\"\n[rules.brust]\nthreshold = 5\n[rules.refused]\nevidence = 5",
        r#"s.toml:2:9: "level" must be one of informational, low, medium, high, critical (did you mean "high"?)
s.toml:3:8: no rule is called "brust" (did you mean "burst"?)
s.toml:6:1: "evidence" changes nothing: "refused" raises no alerts of its own, it is counted by burst"#,
    ),
];

#[test]
fn every_mistake_is_located_in_the_settings_and_explained() {
    let mut wrong = String::new();
    for (text, expected) in TABLE {
        let found = errors(GOOD, text).join("\n");
        if found != *expected {
            writeln!(wrong, "{text:?}\n  {expected:?}\n  {found:?}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "settings, expected, found:\n{wrong}");
}

#[test]
fn one_number_cannot_take_the_place_of_two() {
    let rules = GOOD.replace(
        "  condition: {gte: 20}\ns3",
        "  condition: {gte: 20, lt: 90}\ns3",
    );
    assert_eq!(
        errors(&rules, "[rules.burst]\nthreshold = 5\n"),
        [
            r#"s.toml:2:1: "threshold" replaces one number, and the condition of "burst" has several: gte, lt"#
        ]
    );
}

#[test]
fn a_detection_without_a_correlation_has_no_threshold() {
    let rules = GOOD.split("---\n").next().unwrap();
    assert_eq!(
        errors(rules, "[rules.refused]\nthreshold = 5\n"),
        [r#"s.toml:2:1: "threshold" is a correlation's, and "refused" has none"#]
    );
}

#[test]
fn exclusions_narrow_what_a_detection_matches() {
    let rules = spoilt(
        "http_status|gte: 400",
        "http_status|gte: 400\n    ok: false",
    );
    let (documents, _) = applied(
        &rules,
        "[rules.refused]\nexclude = [{remote_ip = \"192.0.2.7\"}]\n",
    );
    assert_eq!(documents[0].filters.len(), 1);
    assert!(documents[1].filters.is_empty());
}

const USUAL: &str = r"
title: Usual
name: usual
correlation: {type: event_count, rules: [refused], group-by: [bucket_name], timespan: 5m, condition: {gte: 20}}
s3sentry: {baseline: {times: 10, otherwise: 200}}
---
title: Other
name: other
correlation: {type: event_count, rules: [refused], group-by: [bucket_name], timespan: 5m, condition: {gte: 20}}
s3sentry: {baseline: {times: 10}}
---
title: One of them
name: either
correlation: {type: temporal, rules: [usual, other], group-by: [bucket_name], timespan: 1h, condition: {gte: 1}}
";

/// What they count, with rules that compare with a baseline.
fn usual() -> String {
    format!("{}---{USUAL}", GOOD.split("---\n").next().unwrap())
}

#[test]
fn what_counts_without_a_baseline_is_set_apart() {
    let (documents, overrides) = applied(&usual(), "[rules.usual]\nthreshold = 5\n");
    let numbers = |documents: &[Document]| {
        let condition = documents[1].correlation().unwrap().condition;
        let baseline = documents[1].extension.baseline.unwrap();
        (
            condition.predicates[0].1,
            baseline.times,
            baseline.otherwise,
        )
    };
    assert_eq!(numbers(&documents), (5, 10, Some(200)));
    assert_eq!(overrides[0].keys, ["threshold"]);
    let (documents, overrides) = applied(&usual(), "[rules.usual]\notherwise = 50\n");
    assert_eq!(numbers(&documents), (20, 10, Some(50)));
    assert_eq!(overrides[0].keys, ["otherwise"]);
    assert_eq!(
        errors(&usual(), "[rules.other]\notherwise = 50\n"),
        [
            r#"s.toml:2:1: "otherwise" replaces the number that counts where a baseline says nothing, and "other" has none, it is counted by either"#
        ]
    );
}

#[test]
fn how_many_rules_must_hold_is_no_threshold() {
    assert_eq!(
        errors(&usual(), "[rules.either]\nthreshold = 50\n"),
        [
            r#"s.toml:2:1: "threshold" would be how many rules "either" needs: set it for those, "usual", "other""#
        ]
    );
}
