use super::*;
use crate::rule::load;

/// Refused and served, by address; what is tested counts them.
const BASE: &str = "\
title: r
name: t-refused
logsource: {product: aws, service: s3_server_access}
detection: {sel: {error_code: AccessDenied}, condition: sel}
---
title: s
name: t-served
logsource: {product: aws, service: s3_server_access}
detection: {sel: {ok: true}, condition: sel}
---
title: t
name: t
";

/// Requests at these seconds of a minute, in this many milliseconds.
fn explain(rule: &str, limits: Limits, requests: &[(u8, &str, u32)]) -> Explanation {
    let yaml = format!("{BASE}{rule}\n");
    let documents = load::read("r.yml", yaml.as_bytes()).unwrap();
    let mut explainer = Explainer::new(&documents, 2, &Arc::default(), limits).unwrap();
    let source: Arc<str> = "log".into();
    for (number, (second, result, time)) in requests.iter().enumerate() {
        let line = format!(
            "o b [03/Feb/2026:00:00:{second:02} +0000] 192.0.2.{number} - R{number} REST.GET.OBJECT k{number} \
             \"GET /k HTTP/1.1\" {result} - - {time} - \"-\" \"-\" - h= SigV4 - AuthHeader e - - -"
        );
        let record = Record::parse(line.as_bytes()).unwrap();
        explainer.record(&record, &source, number as u64, number == 0);
    }
    explainer.finish()
}

fn correlation(text: &str) -> String {
    format!("correlation: {{timespan: 10s, {text}}}")
}

/// What came nearest to the first condition of the one key.
fn nearest(rule: &str, requests: &[(u8, &str, u32)]) -> (bool, Valued) {
    let explanation = explain(&correlation(rule), Limits::default(), requests);
    let near = &explanation.keys[0].nearest[0];
    let Some(Moment::Value(valued)) = &near.moment else {
        panic!("a value");
    };
    (near.met, valued.clone())
}

const DENIED: &str = "403 AccessDenied";
const OK: &str = "200 -";

#[test]
fn the_value_nearest_to_its_condition_is_kept() {
    let all = "rules: [t-refused, t-served]";
    let requests = [
        (1, OK, 30),
        (2, OK, 10),
        (3, OK, 50),
        (30, OK, 20),
        (31, OK, 25),
    ];
    for (rule, met, value, short) in [
        ("type: event_count, condition: {gte: 5}", false, 3.0, 2.0),
        // Also of what is enough the most.
        ("type: event_count, condition: {gte: 2}", true, 3.0, 0.0),
        ("type: event_count, condition: {gt: 3}", false, 3.0, 1.0),
        ("type: event_count, condition: {lt: 1}", false, 1.0, 1.0),
        ("type: event_count, condition: {eq: 4}", false, 3.0, 1.0),
        (
            "type: value_sum, condition: {field: total_time, gte: 100}",
            false,
            90.0,
            10.0,
        ),
        (
            "type: value_sum, condition: {field: total_time, lte: 15}",
            false,
            20.0,
            5.0,
        ),
        (
            "type: value_avg, condition: {field: total_time, gte: 31}",
            false,
            30.0,
            1.0,
        ),
        (
            "type: value_avg, condition: {field: total_time, lte: 22}",
            true,
            20.0,
            0.0,
        ),
        (
            "type: value_percentile, condition: {field: total_time, percentile: 100, gte: 60}",
            false,
            50.0,
            10.0,
        ),
    ] {
        let (found, valued) = nearest(&format!("{all}, {rule}"), &requests);
        let reading = valued.reading.sum as f64 / valued.reading.over as f64;
        assert_eq!(
            (found, reading, valued.short),
            (met, value, short),
            "{rule}"
        );
    }
}

#[test]
fn the_window_and_the_number_it_must_reach_are_told() {
    let rule = "type: event_count, rules: [t-refused], condition: {gt: 2}";
    let (_, valued) = nearest(rule, &[(1, DENIED, 1), (5, DENIED, 1)]);
    let day = 1_770_076_800;
    assert_eq!(valued.window, (day - 5, day + 5));
    assert_eq!(valued.of, Some(3));
}

#[test]
fn of_a_temporal_the_rules_that_are_missing_are_named() {
    let rule = "type: temporal, rules: [t-refused, t-served]";
    let (met, valued) = nearest(rule, &[(1, OK, 1), (30, DENIED, 1)]);
    let rules = valued.rules.unwrap();
    assert!(!met);
    assert_eq!(rules.there, ["t-served".into()]);
    assert_eq!(rules.missing, ["t-refused".into()]);
    let (met, valued) = nearest(rule, &[(1, OK, 1), (2, DENIED, 1)]);
    assert!(met && valued.rules.unwrap().missing.is_empty());
}

#[test]
fn conditions_that_hold_only_one_after_the_other_are_told() {
    let rule = correlation("type: event_count, rules: [t-refused, t-served], condition: {gte: 2}")
        + "\ns3sentry: {and: [{type: event_count, selection: {ok: true}, condition: {gte: 1}}]}";
    let apart = [(1, DENIED, 1), (2, DENIED, 1), (30, OK, 1)];
    let explanation = explain(&rule, Limits::default(), &apart);
    assert_eq!(explanation.keys[0].periods, 0);
    assert!(explanation.keys[0].nearest.iter().all(|near| near.met));
    assert_eq!(explanation.keys[0].apart, ["t".into()]);
    let together = [(1, DENIED, 1), (2, OK, 1)];
    let explanation = explain(&rule, Limits::default(), &together);
    assert_eq!(explanation.keys[0].periods, 1);
    assert!(explanation.keys[0].apart.is_empty());
}

#[test]
fn memory_has_a_bound_and_what_is_left_out_is_counted() {
    let rule = correlation(
        "type: event_count, rules: [t-refused], group-by: [remote_ip], condition: {gte: 9}",
    );
    let requests: Vec<(u8, &str, u32)> = (0..5).map(|second| (second, DENIED, 1)).collect();
    let few = Limits {
        records: 3,
        lines: 2,
        keys: 2,
        ..Limits::default()
    };
    let explanation = explain(&rule, few, &requests);
    let counts = explanation.counts;
    assert_eq!((counts.matched, counts.left_out, counts.keys), (5, 2, 3));
    assert_eq!((explanation.lines.len(), explanation.keys.len()), (2, 2));
    let short = Limits {
        text: 100,
        ..Limits::default()
    };
    let explanation = explain(&rule, short, &requests);
    assert!(explanation.counts.texts_full);
    let keys = explanation.keys.iter();
    let texts = keys.map(|key| key.key.0[0].1.as_deref().unwrap());
    let unknown = texts.filter(|text| *text == b"(not remembered)").count();
    assert_eq!(unknown, 4);
}

#[test]
fn a_late_record_counts_and_is_told() {
    let rule = correlation("type: event_count, rules: [t-refused], condition: {gte: 2}");
    let explanation = explain(&rule, Limits::default(), &[(9, DENIED, 1), (1, DENIED, 1)]);
    assert_eq!(explanation.counts.late, 1);
    assert_eq!(explanation.keys[0].periods, 1);
}

#[test]
fn the_worst_key_comes_first() {
    let rule = correlation(
        "type: value_sum, rules: [t-refused], group-by: [remote_ip], condition: {field: total_time, gte: 50}",
    );
    let requests = [
        (1, DENIED, 10),
        (2, DENIED, 60),
        (3, DENIED, 40),
        (4, OK, 90),
    ];
    let explanation = explain(&rule, Limits::default(), &requests);
    let keys = explanation.keys.iter();
    let keys: Vec<_> = keys.map(|key| key.key.0[0].1.as_deref().unwrap()).collect();
    assert_eq!(keys, [b"192.0.2.1", b"192.0.2.2", b"192.0.2.0"]);
}
