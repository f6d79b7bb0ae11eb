//! Signals, and two processes on one state file.

use std::fs;

use crate::place::{Place, RULES, line};

#[test]
fn rules_that_are_wrong_keep_the_old_ones() {
    let place = Place::new();
    let mut watch = place.watch("logs --state state.db");
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
    let mut watch = place.watch_pipe("--state state.db");
    watch.write(&line(0, "192.0.2.1"));
    fs::write(
        place.path("rules/own.yml"),
        RULES.replace("{gte: 3}", "{gte: 1}"),
    )
    .unwrap();
    watch.until("it has begun", |watch| {
        !watch.said().is_empty() || fs::exists(place.path("state.db")).unwrap()
    });
    std::thread::sleep(std::time::Duration::from_millis(300));
    watch.signal("HUP");
    watch.until("it is said", |watch| {
        watch.said().contains("1 changed (three-refused)")
    });
    watch.write(&line(1, "192.0.2.1"));
    watch.until_told("three-refused", "open", 1);
    // The same again changes nothing, and what is open stays so.
    watch.signal("HUP");
    watch.until("it is said", |watch| {
        watch.said().contains("none of them another")
    });
    watch.write(&line(2, "192.0.2.1"));
    watch.write(&line(4 * 3600, "192.0.2.2"));
    watch.until_told("three-refused", "closed", 2);
    watch.stop();
    assert!(
        watch.said().contains("windows begin anew"),
        "{}",
        watch.said()
    );
}

#[test]
fn a_second_process_stops_and_harms_nothing() {
    let place = Place::new();
    let mut watch = place.watch("logs --state state.db");
    watch.until("it has begun", |_| {
        fs::exists(place.path("state.db.lock")).unwrap()
    });
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
