//! What is new, gone and growing against an earlier report.

use std::fs::File;

use crate::page::{DEMO, burst, demo, json};
use crate::place::Place;

#[test]
fn the_first_of_many_has_nothing_to_compare_with() {
    let place = demo();
    let report = format!("report --compare r.json -o r.json -o r.html {DEMO}");
    place
        .run(&report)
        .ends(0)
        .says("nothing to compare with yet: r.json is the first");
    assert_eq!(json(&place, "r.json").get("compared"), None);
    place.run(&report).ends(0).says_not("nothing to compare");
    let again = json(&place, "r.json");
    let compared = &again["compared"];
    for kind in ["new", "gone", "growing"] {
        assert_eq!(compared[kind].as_array().unwrap().len(), 0, "{kind}");
    }
    assert!(compared["same"].as_u64().unwrap() > 5);
    assert_eq!(compared["requests"], serde_json::json!([475, 475]));
}

#[test]
fn what_is_new_and_gone_is_told() {
    let place = Place::new();
    place.file("a.log", burst("203.0.113.7", 3));
    place.file("b.log", burst("203.0.113.8", 4));
    place.run("report -o a.json a.log").ends(0);
    place
        .run("report --compare a.json -o b.json -o b.md b.log")
        .ends(0);
    let compared = &json(&place, "b.json")["compared"];
    assert_eq!(compared["new"][0]["entity"]["name"], "203.0.113.8");
    assert_eq!(compared["gone"][0]["entity"]["name"], "203.0.113.7");
    let text = place.read("b.md");
    let (_, changes) = text.split_once("## What changed since ").unwrap();
    assert!(
        changes.contains("| new | address `203.0.113.8` |"),
        "{changes}"
    );
}

#[test]
fn what_is_no_report_is_told_with_what_to_do() {
    let place = demo();
    place.run(&format!("report -q -o r.json {DEMO}")).ends(0);
    let report = place.read("r.json");
    let newer = report.replacen("report/v1", "report/v2", 1);
    let damaged = report.replacen("\"attention\": \"now\"", "\"attention\": 7", 1);
    for (text, says) in [
        ("{\"schema\": \"s3sen", "it is not JSON"),
        ("", "it is not JSON"),
        ("{\"a\": 1}", "JSON, but not a report"),
        ("[1, 2]", "JSON, but not a report"),
        (
            "{\"schema\": \"s3sentry/alert/v1\"}",
            "JSON, but not a report",
        ),
        (&newer, "a later version (s3sentry/report/v2)"),
        (&damaged, "is none"),
    ] {
        place.file("old.json", text);
        let run = place
            .run(&format!("report --compare old.json -o new.json {DEMO}"))
            .ends(2);
        run.says("--compare old.json: ").says(says);
    }
    let gone = place
        .run(&format!("report --compare gone.json -o new.json {DEMO}"))
        .ends(2);
    gone.says("--compare gone.json: there is no such file");
    let long = File::create(place.path("old.json")).unwrap();
    long.set_len(65 << 20).unwrap();
    let run = place
        .run(&format!("report --compare old.json -o new.json {DEMO}"))
        .ends(2);
    run.says("longer than 64 MiB");
    assert!(!place.path("new.json").exists());
}
