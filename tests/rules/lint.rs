//! What is worth a second look in rules that load.

use std::fmt::Write as _;

use s3sentry::rule::lint::lint;
use s3sentry::rule::load;

/// A file without a warning, to be spoilt line by line.
const CLEAN: &str = "\
title: Refused
id: 11111111-2222-4333-8444-555555555555
name: refused
status: test
description: Somebody was refused.
author: us
date: 2026-02-03
logsource: {product: aws, service: s3_server_access}
detection:
  sel:
    operation_class: [read, list]
    http_status|gte: 400
  condition: sel
---
title: Burst
id: 11111111-2222-4333-8444-555555555556
name: burst
status: test
description: Many were refused.
author: us
date: 2026-02-03
falsepositives: [none]
level: medium
tags: [attack.t1619]
correlation:
  type: event_count
  rules: [refused]
  group-by: [remote_host]
  timespan: 5m
  condition: {gte: 20}
s3sentry:
  suppress: 1h
  summary: \"{remote_host}: {count}\"
  any:
    - type: value_count
      selection: {stranger: true}
      condition: {field: key_name, gte: 20}
";

/// The warnings of a file.
fn warnings(file: &str, text: &str) -> Vec<String> {
    let documents = load::read(file, text.as_bytes()).unwrap_or_else(|errors| {
        panic!("{errors:?}\n{text}");
    });
    lint(&documents, |_| true)
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// What, by what, the whole warning.
const TABLE: &[(&str, &str, &str)] = &[
    // What an alert does not have.
    (
        "{remote_host}: {count}",
        "{remote_host}: {count}, {sum}",
        "burst.yml:33:12: warning: \"{sum}\" is always \"-\": only value_sum and value_avg have it",
    ),
    (
        "{remote_host}: {count}",
        "{remote_host}: {distinct}",
        "burst.yml:33:12: warning: \"{distinct}\" is always \"-\": only value_count has it",
    ),
    // What is not said.
    (
        "status: test\ndescription: Somebody was refused.\n",
        "",
        "burst.yml:1:1: warning: refused lacks status, description",
    ),
    (
        "author: us\ndate: 2026-02-03\nlogsource",
        "logsource",
        "burst.yml:1:1: warning: refused lacks author, date",
    ),
    (
        "id: 11111111-2222-4333-8444-555555555556\n",
        "",
        "burst.yml:15:1: warning: burst lacks id",
    ),
    (
        "falsepositives: [none]\nlevel: medium\n",
        "",
        "burst.yml:15:1: warning: burst lacks falsepositives, level",
    ),
    (
        "tags: [attack.t1619]\n",
        "tags: [cve.2026.1]\n",
        "burst.yml:15:1: warning: burst lacks tags (attack.*)",
    ),
    (
        "  summary: \"{remote_host}: {count}\"\n",
        "",
        "burst.yml:15:1: warning: burst lacks s3sentry.summary",
    ),
    // Conditions.
    (
        "{gte: 20}\n",
        "{gte: 10, lt: 5}\n",
        "burst.yml:30:14: warning: no number meets this condition",
    ),
    (
        "{gte: 20}\n",
        "{lt: 1}\n",
        "burst.yml:30:14: warning: a rule fires at a record, so this condition is never met",
    ),
    (
        "key_name, gte: 20",
        "operation_class, gte: 11",
        "burst.yml:37:18: warning: operation_class has 10 values at most, so this condition is never met",
    ),
    (
        "key_name, gte: 20",
        "requester_type, gt: 90",
        "burst.yml:37:18: warning: requester_type has 10 values at most, so this condition is never met",
    ),
    (
        "key_name, gte: 20",
        "address_class, eq: 4",
        "burst.yml:37:18: warning: address_class has 3 values at most, so this condition is never met",
    ),
    (
        "key_name, gte: 20",
        "stranger, gte: 3",
        "burst.yml:37:18: warning: stranger has 2 values at most, so this condition is never met",
    ),
    (
        "key_name, gte: 20",
        "remote_host, gte: 2",
        "burst.yml:37:18: warning: remote_host is in \"group-by\", so there is never more than one value of it to count",
    ),
    (
        "suppress: 1h",
        "suppress: 4m",
        "burst.yml:32:13: warning: \"suppress\" is shorter than the timespan, and becomes as long: 300s",
    ),
    (
        "    - type: value_count\n",
        "    - type: value_count\n      timespan: 2h\n",
        "burst.yml:32:13: warning: \"suppress\" is shorter than the timespan, and becomes as long: 7200s",
    ),
    // Selections.
    (
        "[read, list]",
        "[raed, list]",
        "burst.yml:11:23: warning: operation_class is never \"raed\" (did you mean \"read\"?)",
    ),
    (
        "[read, list]",
        "reads",
        "burst.yml:11:22: warning: operation_class is never \"reads\" (did you mean \"read\"?)",
    ),
    (
        "{stranger: true}",
        "{requester_type: anonymus}",
        "burst.yml:36:35: warning: requester_type is never \"anonymus\" (did you mean \"anonymous\"?)",
    ),
    (
        "{stranger: true}",
        "[{ok: true}, {address_class: [public, local]}]",
        "burst.yml:36:56: warning: address_class is never \"local\"",
    ),
    (
        "http_status|gte: 400",
        "http_status|gte: 400\n    http_status|lt: 300",
        "burst.yml:10:3: warning: no record can match \"sel\"",
    ),
    (
        "http_status|gte: 400",
        "operation: REST.PUT.OBJECT",
        "burst.yml:10:3: warning: no record can match \"sel\"",
    ),
    (
        "operation_class: [read, list]",
        "operation_class|startswith: x",
        "burst.yml:10:3: warning: no record can match \"sel\"",
    ),
    (
        "  condition: sel\n",
        "  other: {http_status|lt: 400}\n  condition: sel and other\n",
        "burst.yml:14:14: warning: no record can meet this condition",
    ),
    (
        "  condition: sel\n",
        "  a: {ok: true}\n  b: {ok: false}\n  condition: sel and (a or b) and a and b\n",
        "burst.yml:15:14: warning: no record can meet this condition",
    ),
    (
        "  condition: sel\n",
        "  other: {operation_class: [read, list]}\n  condition: sel and not other\n",
        "burst.yml:14:14: warning: no record can meet this condition",
    ),
    (
        "{stranger: true}",
        "{operation_class: write}",
        "burst.yml:36:18: warning: no record that the rule counts can match this selection",
    ),
    (
        "{stranger: true}",
        "{http_status|gt: 5, http_status|lt: 4}",
        "burst.yml:36:18: warning: no record can match this selection",
    ),
];

#[test]
fn the_clean_file_is_clean() {
    assert_eq!(warnings("burst.yml", CLEAN), Vec::<String>::new());
    // More rules on one theme may stand in a file of its name.
    let more = CLEAN.replace("name: burst", "name: burst-high");
    assert_eq!(warnings("dir/burst.yaml", &more), Vec::<String>::new());
}

#[test]
fn what_is_worth_a_second_look_is_located_and_explained() {
    let mut wrong = String::new();
    for (from, to, expected) in TABLE {
        assert_eq!(
            CLEAN.matches(from).count(),
            1,
            "{from:?} must be there once"
        );
        let found = warnings("burst.yml", &CLEAN.replace(from, to));
        if found != [*expected] {
            writeln!(wrong, "{to:?}\n  {expected:?}\n  {found:?}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "spoilt, expected, found:\n{wrong}");
}

#[test]
fn more_rules_than_there_are_never_come_together() {
    let again = CLEAN.split("---\n").next().unwrap().replace("555", "666");
    let again = again.replace("name: refused", "name: again");
    let text = CLEAN.replace("type: event_count", "type: temporal");
    let text = text
        .replace("[refused]", "[refused, again]")
        .replace("{gte: 20}\n", "{gte: 3}\n");
    let text = format!("{text}---\n{again}");
    assert_eq!(
        warnings("burst.yml", &text),
        ["burst.yml:30:14: warning: the rule names 2 rules, so this condition is never met"]
    );
}

#[test]
fn a_rule_may_say_that_no_technique_fits() {
    let text = CLEAN.replace("tags: [attack.t1619]\n", "tags: []\n");
    assert_ne!(text, CLEAN);
    assert_eq!(warnings("burst.yml", &text), [] as [String; 0]);
}

#[test]
fn a_detection_that_nobody_counts_raises_for_whatever_it_matches() {
    let alone = CLEAN.split("---\n").next().unwrap();
    assert_eq!(
        warnings("refused.yml", alone),
        [
            "refused.yml:1:1: warning: no correlation counts refused, so it raises an alert for \
             whatever it matches: name it in \"rules\" of a correlation, or give it a level",
            "refused.yml:1:1: warning: refused lacks falsepositives, level, tags (attack.*), \
             s3sentry.summary",
        ]
    );
}

#[test]
fn a_file_is_called_like_a_rule_in_it() {
    assert_eq!(
        warnings("mine/bursts.yml", CLEAN),
        [
            "mine/bursts.yml:1:1: warning: the file is called bursts.yml, and no rule in it \
             bursts; its first is burst"
        ]
    );
}

/// What is possible is not warned of, whoever writes it how.
#[test]
fn what_may_match_is_left_alone() {
    for item in [
        "operation_class|contains: rea",
        "operation_class: re*",
        "operation_class|expand: '%accounts%'",
        "requester_type|neq: anonymous",
        "address_class: [none, public]",
        "bucket_name|expand: '%log_buckets%'",
        "error_code: AccessDenied",
    ] {
        let text = CLEAN.replace("operation_class: [read, list]", item);
        assert_eq!(warnings("burst.yml", &text), Vec::<String>::new(), "{item}");
    }
    for condition in ["{gte: 0}", "{neq: 5}", "{gte: 5, lte: 5}"] {
        let text = CLEAN.replace("{gte: 20}\n", &format!("{condition}\n"));
        assert_eq!(
            warnings("burst.yml", &text),
            Vec::<String>::new(),
            "{condition}"
        );
    }
}

#[test]
fn the_built_in_rules_are_free_of_warnings() {
    assert_eq!(lint(&load(&[]).unwrap(), |_| true), []);
}
