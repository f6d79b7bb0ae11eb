//! Reports in which every text is one that a test chose.

use serde_json::{Value, json};

use super::Report;

const TIME: &str = "2026-02-03T02:10:22Z";
const HOUR: &str = "2026-02-03T02:00:00Z";

fn finding(text: &str) -> Value {
    json!({
        "id": "c6223ff3be554deeeb7165f3bc1ba0c1", "rule": text, "level": "critical",
        "status": "open", "key": [[text, text], ["bucket_name", null]], "time": TIME, "value": 20,
        "first": TIME, "last": TIME, "count": 200, "distinct": 190, "sum": 97_200, "summary": text,
        "baseline": {"hour": HOUR, "sum": 900, "median": 50, "deviation": 5, "samples": 14},
        "ioc": [{"list": text, "entry": text, "field": text}],
        "evidence": [
            {"source": text, "offset": 12_345, "record": [
                ["request_time", text], ["remote_ip", text], ["key_name", text]]},
            {"source": text, "offset": 0, "record": []},
        ],
    })
}

fn incident(text: &str) -> Value {
    let names = json!({"names": [text, text, text, text, text], "more": true});
    json!({
        "id": "b4e50d2d6c6ae9bb8a7a2aae9892da41", "continues": "b4e50d2d6c6ae9bb8a7a2aae9892da42",
        "entity": {"kind": text, "name": text}, "level": "critical", "weight": 380, "alerts": 3,
        "first": TIME, "last": "2026-02-03T04:10:22Z", "requests": 200, "bytes": 1_234_567,
        "story": [{"rule": text, "title": text, "level": "high", "alerts": 2, "first": TIME,
            "last": TIME, "requests": 20, "summary": text}],
        "buckets": names, "addresses": names, "networks": names, "principals": names,
        "objects": names, "places": [network(text)], "findings": [finding(text)],
        "findings_left_out": 1,
    })
}

fn network(text: &str) -> Value {
    json!({"address": text, "country": text, "asn": 64_500, "owner": text, "service": text})
}

fn count(text: &str) -> Value {
    json!({"rule": text, "level": "high", "alerts": 3, "requests": 200})
}

fn change(text: &str) -> Value {
    json!({"entity": {"kind": text, "name": text}, "rule": text, "before": count(text),
        "now": count(text)})
}

fn slot(text: &str) -> Value {
    let alerts = u64::from(!text.is_empty());
    json!({"time": HOUR, "requests": 475, "refused": 212, "missing": 12, "wrong": 3, "failed": 1,
        "bytes": 4096, "alerts": {"critical": alerts, "high": 2, "medium": 0, "low": 0,
        "informational": 0}})
}

fn guide(text: &str) -> Value {
    json!({"rule": text, "title": text, "level": "critical", "attack": [text], "alerts": 2,
        "wants": [text], "about": text, "why": text, "how_sure": text, "what_to_do": text,
        "false_positives": [text], "references": [text]})
}

fn coverage(text: &str, many: usize) -> Value {
    let gap = json!({"start": HOUR, "end": "2026-02-03T05:00:00Z"});
    json!({
        "sources": [text], "runs": 2, "first": TIME, "last": TIME, "since": HOUR, "until": null,
        "bytes": 224_593, "lines": 475, "malformed": 3, "ambiguous": 1, "undated": 1, "late": 1,
        "evicted": 1, "inputs": {"read": 1, "skipped": 1, "failed": 1}, "problems": [text],
        "samples": [{"source": text, "offset": 17, "reason": text, "line": text}], "gaps": [gap],
        "rules": 68, "unworkable": vec![json!([text, vec![text; many]]); many], "learning": [text], "settings": [text],
        "next": [text, format!("{text}\n{text}")],
    })
}

fn made(text: &str, many: usize) -> Value {
    let all = |one: Value| Value::from(vec![one; many]);
    let gap = json!({"start": HOUR, "end": "2026-02-03T05:00:00Z"});
    json!({
        "schema": "s3sentry/report/v1", "program": "0.1.0", "made": "2026-02-04T06:00:00Z",
        "alerts_file": text,
        "verdict": {"attention": "now", "worst": "critical",
            "levels": {"critical": 1, "high": 2, "medium": 0, "low": 0, "informational": 0},
            "incidents": many + 7, "doubts": all(text.into())},
        "since_report": {"made": "2026-02-03T06:00:00Z"},
        "incidents": all(incident(text)), "incidents_left_out": {"number": 7, "sum": 9},
        "others": all(finding(text)), "others_left_out": 2,
        "actors": all(json!({"entity": {"kind": text, "name": text}, "level": "high",
            "weight": 80, "alerts": 2, "requests": 20, "bytes": 4096, "first": TIME,
            "last": TIME, "rules": [count(text)],
            "incidents": ["b4e50d2d6c6ae9bb8a7a2aae9892da41"], "places": [network(text)]})),
        "actors_left_out": {"number": 1, "sum": 1},
        "timeline": {"step": 3600, "slots": all(slot(text))},
        "buckets": all(json!({"name": text, "requests": 475, "refused": 212, "missing": 12,
            "wrong": 3, "failed": 1, "bytes": 4096, "level": "high", "alerts": 3,
            "slots": all(475.into()), "gaps": [gap]})),
        "buckets_left_out": {"number": 1, "sum": 1},
        "keys": all(json!({"bucket": text, "key": text, "level": "high", "operation": text,
            "http_status": text, "rules": [text],
            "incident": "b4e50d2d6c6ae9bb8a7a2aae9892da41"})),
        "coverage": coverage(text, many), "guides": all(guide(text)),
        "compared": {"previous": {"made": "2026-02-03T06:00:00Z"}, "new": all(change(text)),
            "gone": all(change(text)), "growing": all(change(text)), "same": 4, "partial": true,
            "requests": [400, 475], "errors": [1, 228]},
    })
}

/// A report that has each of its parts so often.
pub(super) fn report(text: &str, many: usize) -> Report {
    serde_json::from_value(made(text, many)).unwrap()
}
