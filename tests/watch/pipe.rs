//! An endless pipe.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::place::{Place, line, send};

#[test]
fn a_pipe_is_told_of_at_once_and_ends_with_its_writer() {
    let place = Place::new();
    let mut watch = place.watch_pipe("--state state.db");
    watch.write(&line(0, "192.0.2.1"));
    watch.write(&line(1, "192.0.2.1"));
    // Half a line is no line.
    let third = line(2, "192.0.2.1");
    watch.write(&third[..100]);
    sleep(Duration::from_millis(50));
    assert_eq!(watch.told(), []);
    watch.write(&third[100..]);
    watch.until_told("three-refused", "open", 3);
    watch.write(&line(4 * 3600, "192.0.2.2"));
    watch.until_told("three-refused", "closed", 3);
    watch.close();
    assert_eq!(watch.ended(), Some(0), "{}", watch.said());
    assert_eq!(
        watch
            .told()
            .iter()
            .filter(|told| told.0 == "three-refused")
            .count(),
        2
    );
}

#[test]
fn a_fifo_outlives_its_writers() {
    let place = Place::new();
    let fifo = place.path("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let mut watch = place.watch("fifo --state state.db");
    for second in 0..3 {
        std::fs::write(&fifo, line(second, "192.0.2.1")).unwrap();
        sleep(Duration::from_millis(20));
    }
    watch.until_told("three-refused", "open", 3);
    watch.stop();
}

#[test]
fn without_a_state_file_it_warns_and_leaves_nothing() {
    let place = Place::new();
    std::fs::create_dir(place.path("tmp")).unwrap();
    let mut command = place.command("watch logs");
    command
        .env("TMPDIR", place.path("tmp"))
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut said = String::new();
    BufReader::new(child.stderr.as_mut().unwrap())
        .read_line(&mut said)
        .unwrap();
    assert!(said.contains("a restart forgets"), "{said}");
    send(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(std::fs::read_dir(place.path("tmp")).unwrap().count(), 0);
}

#[test]
fn a_reader_that_leaves_ends_it_quietly_and_loses_nothing() {
    let place = Place::new();
    let mut command = place.command("watch - --state state.db");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let mut pipe = child.stdin.take().unwrap();
    for second in 0..3 {
        pipe.write_all(line(second, "192.0.2.1").as_bytes())
            .unwrap();
    }
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    drop(pipe);
    // What nobody read is written by the next run.
    let mut next = place.watch_pipe("--state state.db");
    next.until_told("three-refused", "open", 3);
    next.stop();
}

#[test]
fn what_makes_no_sense_is_refused() {
    let place = Place::new();
    for (arguments, text) in [
        ("watch", "watch needs a source"),
        ("watch logs -o alerts.ndjson", "--append FILE"),
        ("watch logs -", "a pipe has no end"),
        (
            "watch logs --format json --append alerts.json",
            "--format ndjson",
        ),
    ] {
        let run = place.command(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{arguments}: {said}");
        assert!(said.contains(text), "{arguments}: {said}");
    }
}

/// Of the time from the line that decides to the alert, on a pipe that was silent.
#[test]
fn alerts_come_soon() {
    let place = Place::new();
    let mut command = place.command("watch - --state state.db --quiet");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let mut alerts = BufReader::new(child.stdout.take().unwrap());
    let mut times = Vec::new();
    for number in 0..200_i64 {
        let ip = format!("192.0.2.{number}");
        for second in 0..2 {
            pipe.write_all(line(number + second, &ip).as_bytes())
                .unwrap();
        }
        sleep(Duration::from_millis(10));
        let begun = Instant::now();
        pipe.write_all(line(number + 2, &ip).as_bytes()).unwrap();
        let mut text = String::new();
        while !text.contains(&format!("\"{ip}\"")) || !text.contains("three-refused") {
            text.clear();
            assert!(alerts.read_line(&mut text).unwrap() > 0);
        }
        times.push(begun.elapsed());
    }
    drop(pipe);
    assert!(child.wait().unwrap().success());
    times.sort_unstable();
    let at = |share: usize| times[times.len() * share / 100];
    println!(
        "first alert: p50 {:?}, p99 {:?}, worst {:?}",
        at(50),
        at(99),
        times[199]
    );
    // A bound for any machine and build that is far from waiting for a timer.
    assert!(at(50) < Duration::from_millis(100), "{:?}", at(50));
}
