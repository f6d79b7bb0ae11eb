//! Two processes and one state file.

use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::program::{Site, ended, stderr};
use crate::world;

#[test]
fn the_second_is_told_of_the_first() {
    let site = Site::new(3);
    let first = ended(&mut site.scan("state.db", &["--append", "alerts.ndjson"]));
    assert!(first.status.success(), "{first:?}");
    let before = site.result("state.db", &[]);
    // Waits for its input, which nobody gives it yet.
    let mut holder = site.scan("state.db", &["--append", "alerts.ndjson", "-"]);
    let mut holder = holder.stdin(Stdio::piped()).spawn().unwrap();
    let pid = holder.id().to_string();
    let mine = || {
        let lock = std::fs::read_to_string(site.path("state.db.lock")).unwrap_or_default();
        lock.contains(&format!("pid {pid}\n")) && lock.contains("\nsince ")
    };
    let begun = Instant::now();
    while !mine() {
        assert!(begun.elapsed() < Duration::from_mins(1));
        std::thread::sleep(Duration::from_millis(5));
    }
    let second = ended(&mut site.scan("state.db", &["--append", "second.ndjson"]));
    assert_eq!(second.status.code(), Some(4), "{second:?}");
    let said = stderr(&second);
    let host = rustix::system::uname();
    let host = host.nodename().to_string_lossy();
    for word in [&pid, host.as_ref(), "scan logs", "since 20", "state.db"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert_eq!(site.result("state.db", &[]), before);
    let line = world::ordinary(world::at(2, 0), "piped").line();
    let mut stdin = holder.stdin.take().unwrap();
    stdin.write_all(line.as_bytes()).unwrap();
    drop(stdin);
    assert!(holder.wait().unwrap().success());
    let third = ended(&mut site.scan("state.db", &["--append", "alerts.ndjson"]));
    assert!(third.status.success(), "{}", stderr(&third));
    assert_ne!(site.result("state.db", &[]).baseline, before.baseline);
}

#[test]
fn nothing_new_is_nothing_done() {
    let site = Site::new(200);
    let arguments = ["--append", "alerts.ndjson", "--fail-on", "informational"];
    let first = ended(&mut site.scan("state.db", &arguments));
    assert_eq!(first.status.code(), Some(1), "{}", stderr(&first));
    let (before, alerts) = (
        site.result("state.db", &[]),
        std::fs::read(site.path("alerts.ndjson")).unwrap(),
    );
    assert!(!alerts.is_empty());
    let second = ended(&mut site.scan("state.db", &arguments));
    assert_eq!(second.status.code(), Some(0), "{}", stderr(&second));
    assert_eq!(std::fs::read(site.path("alerts.ndjson")).unwrap(), alerts);
    assert_eq!(site.result("state.db", &[]), before);
    // The file that is replaced holds what is new: nothing.
    let third = ended(&mut site.scan("state.db", &["-o", "new.ndjson"]));
    assert_eq!(third.status.code(), Some(0));
    assert_eq!(std::fs::read(site.path("new.ndjson")).unwrap(), b"");
}
