//! Rules that need a list which is not set.

use s3sentry::rule::load;

use super::overrides::compiled;

/// A detection that anything matches, and one that needs a list.
const DETECTIONS: &str = "\
title: Open
name: open
logsource: {product: aws, service: s3_server_access}
detection: {sel: {ok: true}, condition: sel}
---
title: Listed
name: listed
logsource: {product: aws, service: s3_server_access}
detection: {sel: {bucket_name|expand: '%log_buckets%'}, condition: sel}
---
title: Also listed
name: also-listed
logsource: {product: aws, service: s3_server_access}
detection: {sel: {object_key|expand: '%watched_keys%'}, condition: sel}
---
title: Rule
name: rule
correlation:
  group-by: [bucket_name]
  timespan: 5m
";

/// Why a rule cannot work without any list; empty where it can.
fn why(correlation: &str) -> String {
    let text = format!("{DETECTIONS}{correlation}");
    let documents = load::read("r.yml", text.as_bytes()).unwrap_or_else(|errors| {
        panic!("{errors:?}\n{text}");
    });
    let set = compiled(&documents);
    let rule = set
        .rules
        .iter()
        .find(|rule| rule.info.name == "rule")
        .unwrap();
    rule.unworkable
        .as_ref()
        .map_or_else(String::new, ToString::to_string)
}

fn count(rules: &str, further: &str) -> String {
    why(&format!(
        "  type: event_count\n  rules: [{rules}]\n  condition: {{gte: 2}}\n{further}"
    ))
}

#[test]
fn all_that_a_rule_counts_must_lack_a_list() {
    assert_eq!(count("listed", ""), "log_buckets is not set");
    assert_eq!(
        count("listed, also-listed", ""),
        "log_buckets and watched_keys are not set"
    );
    assert_eq!(count("open, listed", ""), "");
}

#[test]
fn one_step_of_a_chain_is_enough() {
    let chain = |rules: &str| why(&format!("  type: temporal_ordered\n  rules: [{rules}]\n"));
    assert_eq!(chain("open, listed"), "log_buckets is not set");
    assert_eq!(chain("open, open"), "");
}

#[test]
fn of_rules_that_must_come_together_so_many_must_work() {
    let temporal = |rules: &str, condition: &str| {
        why(&format!(
            "  type: temporal\n  rules: [{rules}]\n{condition}"
        ))
    };
    assert_eq!(temporal("open, listed", ""), "log_buckets is not set");
    assert_eq!(temporal("open, listed", "  condition: {gte: 1}\n"), "");
    assert_eq!(
        temporal("open, listed, also-listed", "  condition: {gte: 2}\n"),
        "log_buckets and watched_keys are not set"
    );
}

#[test]
fn further_conditions_need_their_lists_too() {
    let further = |list: &str, conditions: &[&str]| {
        let mut text = format!("s3sentry:\n  {list}:\n");
        for condition in conditions {
            text +=
                "    - type: event_count\n      selection: {bucket_name|expand: '%log_buckets%'}\n";
            text = text + "      condition: " + condition + "\n";
        }
        text
    };
    let other = "    - {type: event_count, condition: {gte: 5}}\n";
    assert_eq!(
        count("open", &further("and", &["{gte: 1}"])),
        "log_buckets is not set"
    );
    assert_eq!(
        count("open", &(further("and", &["{gte: 1}"]) + other)),
        "log_buckets is not set"
    );
    assert_eq!(
        count("open", &further("any", &["{gte: 1}", "{gt: 3}"])),
        "log_buckets is not set"
    );
    assert_eq!(count("open", &(further("any", &["{gte: 1}"]) + other)), "");
    // None of them is what it wants.
    assert_eq!(count("open", &further("and", &["{lt: 1}"])), "");
}
