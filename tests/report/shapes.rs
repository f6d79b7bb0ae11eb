//! Nothing, nearly nothing, and far too much to report.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use crate::generated::generator;
use crate::page::{DEMO, alerts, demo, json};
use crate::place::{EVERY, Line, Place};

/// No page is longer, bytes.
const MAX: usize = 5 << 20;

const ALL: &str = "-o r.html -o r.md -o r.json";

/// The headline of the text.
fn headline(place: &Place) -> String {
    let text = place.read("r.md");
    let line = text.lines().next().unwrap();
    line.strip_prefix("# S3 access logs: ").unwrap().to_owned()
}

#[test]
fn nothing_was_read() {
    let place = Place::new();
    place.file("empty.log", "");
    place.run(&format!("report {ALL} empty.log")).ends(0);
    let report = json(&place, "r.json");
    assert_eq!(report["verdict"]["attention"], "unknown");
    assert_eq!(
        headline(&place),
        "nothing is known, because no record was read"
    );
    assert!(place.read("r.html").contains("<h1"));
    assert_eq!(place.read("r.html.alerts.ndjson"), "");
}

#[test]
fn nothing_is_in_the_period() {
    let place = demo();
    place
        .run(&format!("report {ALL} --since 2026-03-01 {DEMO}"))
        .ends(0);
    let report = json(&place, "r.json");
    assert_eq!(alerts(&report), 0);
    assert_eq!(report["timeline"]["slots"].as_array().unwrap().len(), 0);
    assert_eq!(report["coverage"]["since"], "2026-03-01T00:00:00Z");
    let next = report["coverage"]["next"][0].as_str().unwrap();
    assert!(
        next.contains("\ns3sentry report -o r.html -o r.md -o r.json "),
        "{next}"
    );
}

#[test]
fn nothing_was_understood() {
    let place = Place::new();
    place.file("page.log", "<html>\n<b>no log</b>\n");
    place
        .run(&format!("report {ALL} page.log"))
        .ends(3)
        .says("no access-log line");
    let report = json(&place, "r.json");
    assert_eq!(report["verdict"]["attention"], "unknown");
    assert_eq!(report["coverage"]["malformed"], 2);
    assert_eq!(report["coverage"]["samples"][1]["line"], "<b>no log</b>");
    assert!(
        report["coverage"]["problems"][0]
            .as_str()
            .unwrap()
            .contains("looks like")
    );
    assert!(!report["verdict"]["doubts"].as_array().unwrap().is_empty());
    assert!(!place.read("r.html").contains("<b>no log"));
}

#[test]
fn there_is_one_alert() {
    let place = Place::new();
    place.file("rules/every.yml", EVERY);
    place.file("one.log", Line::default().text(1));
    place
        .run(&format!(
            "report {ALL} --rules rules --min-level medium one.log"
        ))
        .ends(0);
    let report = json(&place, "r.json");
    assert_eq!(alerts(&report), 1);
    assert_eq!(headline(&place), "look at this today");
    assert!(place.read("r.md").contains("1 alert (1 medium)"));
}

#[test]
fn the_log_of_the_generator_has_a_page() {
    let place = Place::new();
    let made = Command::new(generator())
        .args(["--lines", "130000", "--seed", "7"])
        .output();
    place.file("access.log", made.unwrap().stdout);
    place.run(&format!("report {ALL} access.log")).ends(0);
    let report = json(&place, "r.json");
    assert_eq!(report["coverage"]["lines"], 130_000);
    let worst = report["incidents"][0]["entity"]["name"].as_str().unwrap();
    assert!(place.read("r.html").contains(worst) && place.read("r.md").contains(worst));
    assert!(place.read("r.html").len() < MAX);
    assert!(place.read("r.md").chars().count() <= 60_000);
}

/// Addresses, keys and user agents of all alerts differ.
#[test]
#[ignore = "takes a minute of processor time without optimization"]
fn fifty_thousand_alerts_have_a_page() {
    let place = Place::new();
    place.file(
        "rules/every.yml",
        EVERY.replace("key_name, ", "remote_ip, key_name, "),
    );
    let mut log = String::new();
    for number in 0..50_000 {
        let line = Line {
            address: format!(
                "203.{}.{}.{}",
                number >> 16,
                number >> 8 & 255,
                number & 255
            ),
            key: format!("{}/{number}", "k".repeat(200)),
            ..Line::default()
        };
        let _ = write!(log, "{}", line.text(number));
    }
    place.file("many.log", log);
    place
        .run(&format!(
            "report {ALL} --rules rules --min-level medium many.log"
        ))
        .ends(0);
    let report = json(&place, "r.json");
    assert_eq!(alerts(&report), 50_000);
    assert_eq!(place.read("r.html.alerts.ndjson").lines().count(), 50_000);
    for name in ["r.html", "r.json"] {
        let length = fs::metadata(place.path(name)).unwrap().len();
        assert!(length < MAX as u64, "{name}: {length}");
    }
}
