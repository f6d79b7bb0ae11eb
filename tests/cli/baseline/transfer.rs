//! From one file to another.

use super::{EVE, days, json, show, stranger};
use crate::place::Place;

fn learned() -> Place {
    let place = Place::new();
    place.file("a.log", days(3, &["198.51.100"]) + &stranger(EVE, 2));
    place.run("baseline learn --state s.db a.log").ends(0);
    place
}

#[test]
fn an_export_makes_the_same_baseline() {
    let place = learned();
    let run = place.run("baseline export --state s.db").ends(0);
    assert!(run.out.starts_with("{\"schema\":\"s3sentry/baseline/v1\""));
    let text = run.says("s3sentry: exported ").out;
    place
        .pipe("baseline import - --state t.db", text.as_bytes())
        .ends(0);
    for what in ["", "bucket", "address", "principal", "account", "network"] {
        let shown = |state: &str| {
            let run = place
                .run(&format!("baseline show --state {state} {what}"))
                .ends(0);
            let mut value = json(&run);
            if what.is_empty() {
                value["state"].take();
                value["bytes"].take();
            }
            value
        };
        assert_eq!(shown("s.db"), shown("t.db"), "{what}");
    }
    let run = place.run("baseline export --state t.db -o out/x.jsonl");
    run.ends(5).says("out/x.jsonl");
    place
        .run("baseline export --state t.db -o x.jsonl -q")
        .ends(0)
        .quiet();
    let lines = |text: &str| -> Vec<String> { text.lines().skip(1).map(str::to_owned).collect() };
    assert_eq!(lines(&place.read("x.jsonl")), lines(&text));
}

#[test]
fn a_merge_adds() {
    let place = learned();
    place.run("baseline export --state s.db -o x.jsonl").ends(0);
    place
        .run("baseline import x.jsonl --state s.db")
        .ends(4)
        .says("baseline merge");
    place.run("baseline merge x.jsonl --state gone.db").ends(4);
    place
        .run("baseline merge x.jsonl --state s.db")
        .ends(0)
        .says("merged 11 entities");
    let bucket = &show(&place, "bucket")[0];
    assert_eq!(bucket["days"], 4);
    assert_eq!(bucket["requests"], 16);
}

#[test]
fn wrong_lines_are_named_and_nothing_is_taken() {
    let place = learned();
    place.run("baseline export --state s.db -o x.jsonl").ends(0);
    let text = place.read("x.jsonl");
    let wrong = text.replace("\"requests\":2,", "\"requests\":0,");
    let line = 1 + text
        .lines()
        .position(|line| line.contains("\"requests\":2,"))
        .unwrap();
    place.file("y.jsonl", wrong);
    let run = place.run("baseline import y.jsonl --state t.db").ends(3);
    run.says(&format!("y.jsonl: line {line}: "));
    place.run("baseline import x.jsonl --state t.db").ends(0);
    place
        .run("baseline import gone.jsonl --state u.db")
        .ends(3)
        .says("gone.jsonl");
    assert!(!place.path("u.db").exists());
}
