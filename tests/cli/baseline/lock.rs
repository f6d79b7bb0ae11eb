//! Two processes and one state file.

use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::days;
use crate::place::Place;

fn wait_for_lock(place: &Place) {
    let begun = Instant::now();
    let held = || std::fs::read(place.path("s.db.lock")).is_ok_and(|text| !text.is_empty());
    while !held() {
        assert!(begun.elapsed() < Duration::from_secs(20), "no lock");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn one_writes_and_others_may_read() {
    let place = Place::new();
    place.file("a.log", days(1, &["198.51.100"]));
    place.run("baseline learn --state s.db a.log").ends(0);
    let mut command = place.command("scan --state s.db -");
    let command = command.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut scan = command.stderr(Stdio::null()).spawn().unwrap();
    let mut stdin = scan.stdin.take().unwrap();
    stdin
        .write_all(days(1, &["198.51.100"]).as_bytes())
        .unwrap();
    wait_for_lock(&place);
    for writes in [
        "learn a.log",
        "forget bucket x",
        "import a.log",
        "merge a.log",
    ] {
        let run = place
            .run(&format!("baseline {writes} --state s.db"))
            .ends(4);
        let run = run.says(&format!("in use by process {}", scan.id()));
        run.says("scan --state s.db -");
    }
    for reads in ["show", "show bucket", "trust"] {
        place
            .run(&format!("baseline {reads} --state s.db"))
            .ends(0)
            .quiet();
    }
    place.run("baseline export --state s.db").ends(0);
    drop(stdin);
    scan.wait().unwrap();
    place.run("baseline learn --state s.db a.log").ends(0);
}

#[test]
fn a_learn_that_is_killed_has_taught_nothing() {
    let place = Place::new();
    place.file("a.log", days(1, &["198.51.100"]));
    place.run("baseline learn --state s.db a.log").ends(0);
    let shown = || place.run("baseline show bucket --state s.db").ends(0).out;
    let before = shown();
    let mut command = place.command("baseline learn --state s.db -");
    let command = command.stdin(Stdio::piped()).stderr(Stdio::null());
    let mut learn = command.spawn().unwrap();
    let mut stdin = learn.stdin.take().unwrap();
    let more = days(3, &["192.0.2"]).repeat(1_000);
    stdin.write_all(more.as_bytes()).unwrap();
    wait_for_lock(&place);
    learn.kill().unwrap();
    learn.wait().unwrap();
    assert_eq!(shown(), before);
    place
        .pipe("baseline learn --state s.db", more.as_bytes())
        .ends(0);
    assert!(shown().contains("\"days\":3"));
}
