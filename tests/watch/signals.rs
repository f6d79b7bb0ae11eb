//! Signals, and two processes on one state file.

use std::fs;

use crate::place::{Place, RULES, line};

#[test]
fn rules_that_are_wrong_keep_the_old_ones() {
    let place = Place::new();
    let mut watch = place.watch("logs --state state.db");
    watch.until_begun();
    fs::write(
        place.path("rules/own.yml"),
        RULES.replace("{gte: 3}", "{gte: many}"),
    )
    .unwrap();
    watch.signal("HUP");
    watch.until("it is said", |watch| {
        watch.said().contains("stay as they were")
    });
    assert!(watch.said().contains("own.yml"), "{}", watch.said());
    let lines: String = (0..3).map(|second| line(second, "192.0.2.1")).collect();
    place.append("logs/access.log", &lines);
    watch.until_told("three-refused", "open", 3);
    watch.stop();
}

#[test]
fn other_rules_count_from_the_signal_on() {
    let place = Place::new();
    let rules = |least: &str| RULES.replace("{gte: 3}", least);
    fs::write(place.path("rules/own.yml"), rules("{gte: 1}")).unwrap();
    let mut watch = place.watch_pipe("--state state.db");
    watch.write(&line(0, "192.0.2.1"));
    watch.until_told("three-refused", "open", 1);
    fs::write(place.path("rules/own.yml"), rules("{gte: 2}")).unwrap();
    watch.signal("HUP");
    watch.until("it is said", |watch| {
        watch.said().contains("1 changed (three-refused)")
    });
    // What was open is final as it stands.
    watch.until_told("three-refused", "closed", 1);
    watch.write(&line(1, "192.0.2.1"));
    watch.write(&line(2, "192.0.2.1"));
    watch.until_told("three-refused", "open", 2);
    // The same again changes nothing, and what is open stays so.
    watch.signal("HUP");
    watch.until("it is said", |watch| {
        watch.said().contains("none of them another")
    });
    watch.write(&line(3, "192.0.2.1"));
    watch.write(&line(4 * 3600, "192.0.2.2"));
    watch.until_told("three-refused", "closed", 3);
    watch.stop();
    assert_eq!(watch.said().matches("windows begin anew").count(), 1);
}

#[test]
fn a_second_process_stops_and_harms_nothing() {
    let place = Place::new();
    let mut watch = place.watch("logs --state state.db");
    watch.until_begun();
    place.append("logs/access.log", &line(0, "192.0.2.1"));
    std::thread::sleep(std::time::Duration::from_millis(300));
    let second = place
        .command("watch logs --state state.db")
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&second.stderr).contains("is in use by process"));
    let lines: String = (1..3).map(|second| line(second, "192.0.2.1")).collect();
    place.append("logs/access.log", &lines);
    watch.until_told("three-refused", "open", 3);
    watch.stop();
}
