//! What is new since the last report.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::page::{alerts, burst, json, names};
use crate::place::Place;

/// Ids of alerts, a line each.
fn ids(lines: &str) -> BTreeSet<String> {
    let id = |line| {
        let alert: Value = serde_json::from_str(line).unwrap();
        alert["id"].as_str().unwrap().to_owned()
    };
    lines.lines().map(id).collect()
}

fn addresses(report: &Value) -> BTreeSet<String> {
    let incidents = report["incidents"].as_array().unwrap().iter();
    let names = incidents.map(|incident| incident["entity"]["name"].as_str().unwrap().to_owned());
    names.collect()
}

#[test]
fn the_second_report_has_only_what_is_new() {
    let place = Place::new();
    place.file("logs/a.log", burst("203.0.113.7", 3));
    let report = "report --state s.state -o r.json logs";
    place.run(report).ends(0);
    let first = json(&place, "r.json");
    assert_eq!(
        addresses(&first),
        BTreeSet::from(["203.0.113.7".to_owned()])
    );
    assert_eq!(first.get("since_report"), None);
    assert_eq!(
        (&first["coverage"]["lines"], &first["coverage"]["runs"]),
        (&25.into(), &1.into())
    );

    place.run(report).ends(0);
    let second = json(&place, "r.json");
    assert_eq!(alerts(&second), 0);
    assert_eq!(second["coverage"]["lines"], 0);
    assert_eq!(second["since_report"]["made"], first["made"]);
    assert_eq!(place.read("r.json.alerts.ndjson"), "");

    place.file("logs/b.log", burst("203.0.113.8", 4));
    place.run(report).ends(0);
    let third = json(&place, "r.json");
    assert_eq!(
        addresses(&third),
        BTreeSet::from(["203.0.113.8".to_owned()])
    );
    let slots = third["timeline"]["slots"].as_array().unwrap().iter();
    let requests: u64 = slots.map(|slot| slot["requests"].as_u64().unwrap()).sum();
    assert_eq!((requests, &third["coverage"]["lines"]), (25, &25.into()));
}

#[test]
fn what_a_scan_found_is_reported_without_reading_anything() {
    let place = Place::new();
    place.file("a.log", burst("203.0.113.7", 3));
    let scan = place.run("scan --state s.state a.log").ends(0);
    place
        .run("report --state s.state -o r.json -o r.html")
        .ends(0);
    let report = json(&place, "r.json");
    assert_eq!(alerts(&report), scan.out.lines().count() as u64);
    assert_eq!(ids(&place.read("r.json.alerts.ndjson")), ids(&scan.out));
    assert_eq!(report["coverage"]["lines"], 25);
    // Nothing is read, so no window is touched: the next scan goes on.
    place.file("b.log", burst("203.0.113.7", 4));
    let next = place.run("scan --state s.state a.log b.log").ends(0);
    next.says_not("the rules are others");
}

#[test]
fn a_scan_writes_what_a_report_has_found() {
    let place = Place::new();
    place.file("a.log", burst("203.0.113.7", 3));
    place.run("report --state s.state -o r.json a.log").ends(0);
    let reported = ids(&place.read("r.json.alerts.ndjson"));
    let scan = place.run("scan --state s.state a.log").ends(0);
    assert!(!reported.is_empty());
    assert_eq!(ids(&scan.out), reported);
}

#[test]
fn what_could_not_be_written_is_in_the_next_report() {
    let place = Place::new();
    place.file("a.log", burst("203.0.113.7", 3));
    place
        .run("report --state s.state -o missing/r.json a.log")
        .ends(5);
    #[cfg(target_os = "linux")]
    {
        std::os::unix::fs::symlink("/dev/full", place.path("full.html")).unwrap();
        let run = place
            .run("report --state s.state -o r.json -o full.html a.log")
            .ends(5);
        run.says("/dev/full");
        assert!(!place.path("r.json").exists());
        fs::remove_file(place.path("full.html")).unwrap();
    }
    place.run("report --state s.state -o r.json a.log").ends(0);
    let report = json(&place, "r.json");
    assert!(alerts(&report) > 0);
    assert_eq!(report["coverage"]["lines"], 25);
    let all = [
        "a.log",
        "r.json",
        "r.json.alerts.ndjson",
        "s.state",
        "s.state.lock",
    ];
    let left = names(&place, "").into_iter();
    let left: Vec<_> = left
        .filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm"))
        .collect();
    assert!(
        left.iter().all(|name| all.contains(&name.as_str())),
        "{left:?}"
    );
}

#[test]
fn a_state_file_that_is_not_there_has_nothing_to_report() {
    let place = Place::new();
    place
        .run("report --state gone.state -o r.json")
        .ends(4)
        .says("gone.state");
    assert_eq!(names(&place, ""), Vec::<String>::new());
}

#[test]
fn fail_on_is_about_all_that_is_reported() {
    let place = Place::new();
    place.file("a.log", burst("203.0.113.7", 3));
    place.run("scan --state s.state a.log").ends(0);
    place
        .run("report --state s.state --fail-on low -o r.json")
        .ends(1);
    place
        .run("report --state s.state --fail-on low -o r.json")
        .ends(0);
}
