//! Filters: what they say must hold too for the rules that they name.

use std::fmt::Write as _;
use std::sync::Arc;

use s3sentry::rule::{Body, Document, load};
use s3sentry::settings::Settings;

use super::{matches, read};

const SOURCE: &str = "logsource: {product: aws, service: s3_server_access}";

/// A rule for any 404, a correlation over it, and a filter.
fn file(filter: &str) -> String {
    format!(
        "title: t\nname: miss\nid: 11111111-2222-4333-8444-55555555555A\n{SOURCE}\n\
         detection: {{s: {{http_status: 404}}, condition: s}}\n\
         ---\ntitle: t\nname: misses\ncorrelation: {{type: event_count, rules: [miss], \
         timespan: 5m, condition: {{gte: 2}}}}\n\
         ---\ntitle: Our scanner\n{SOURCE}\nfilter: {{{filter}}}\n"
    )
}

fn documents(filter: &str) -> Vec<Document> {
    load::read("r.yml", file(filter).as_bytes()).unwrap()
}

/// How many filters the detection and the correlation have.
fn taken(filter: &str) -> [usize; 2] {
    let documents = documents(filter);
    ["miss", "misses"].map(|name| {
        let document = documents.iter().find(|document| document.label() == name);
        document.unwrap().filters.len()
    })
}

#[test]
fn a_filter_goes_to_the_rules_that_it_names() {
    let rest = "s: {user_agent: scan}, condition: not s";
    for (rules, expected) in [
        ("[miss]", [1, 0]),
        ("miss", [1, 0]),
        ("[misses]", [0, 1]),
        ("[misses, miss]", [1, 1]),
        ("[11111111-2222-4333-8444-55555555555a]", [1, 0]),
        ("[11111111-2222-4333-8444-55555555555A]", [1, 0]),
        // Whatever is counted is matched by a detection first.
        ("any", [1, 0]),
    ] {
        assert_eq!(
            taken(&format!("rules: {rules}, {rest}")),
            expected,
            "{rules}"
        );
    }
}

#[test]
fn a_filter_must_hold_beside_the_rule_and_raises_nothing() {
    let line = |agent: &str| {
        format!(
            "owner acme [03/Feb/2026:23:05:02 +0000] 203.0.113.7 - R REST.GET.OBJECT k \
             \"GET /k HTTP/1.1\" 404 NoSuchKey 291 - 7 - \"-\" \"{agent}\" -"
        )
    };
    let settings = Arc::new(Settings::default());
    let text = format!(
        "title: t\nname: miss\n{SOURCE}\ndetection: {{s: {{http_status: 404}}, condition: s}}\n\
         ---\ntitle: Our scanner\n{SOURCE}\n\
         filter: {{rules: [miss], s: [{{user_agent: scan}}, monitor], condition: not s}}\n\
         ---\ntitle: Another\n{SOURCE}\n\
         filter: {{rules: any, s: {{user_agent|contains: probe}}, condition: not s}}\n"
    );
    let set = read(&text, &settings);
    let names: Vec<&str> = set
        .rules
        .iter()
        .map(|rule| rule.info.name.as_str())
        .collect();
    assert_eq!(names, ["miss"]);
    for (agent, expected) in [
        ("curl", true),
        ("SCAN", false),
        ("the monitor", false),
        ("a probe", false),
    ] {
        assert_eq!(matches(&set, line(agent).as_bytes()), expected, "{agent}");
    }
}

#[test]
fn a_filter_without_a_name_is_called_by_its_title() {
    let documents = documents("rules: any, s: {ok: true}, condition: not s");
    let filter = documents.iter().find(|d| matches!(d.body, Body::Filter(_)));
    assert_eq!(filter.unwrap().label(), "Our scanner");
}

#[test]
fn a_rule_has_so_many_filters_at_most() {
    let many = |count: usize| {
        let mut text = file("rules: any, s: {ok: true}, condition: not s");
        for _ in 1..count {
            let _ = write!(
                text,
                "---\ntitle: f\n{SOURCE}\nfilter: {{rules: [miss], s: {{ok: true}}, condition: not s}}\n"
            );
        }
        load::read("r.yml", text.as_bytes())
    };
    assert!(many(64).is_ok());
    assert_eq!(
        many(65).unwrap_err()[0].to_string(),
        "r.yml:1:1: 65 filters name the rule, and 64 are the most: join them in one"
    );
}
