//! A watch that is killed at any moment, and one that is begun after it.

use std::collections::BTreeSet;
use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use crate::fell::Fell;
use crate::place::{Place, line};

/// How often, unless `S3SENTRY_TEST_KILLS` says more.
const KILLS: u64 = 6;
/// Files that grow, each with a commit of its own.
const FILES: i64 = 5;

/// Bytes that were read, as the state file says.
fn read(place: &Place) -> u64 {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let sum = Connection::open_with_flags(place.path("state.db"), flags).and_then(|database| {
        let sql = "SELECT coalesce(sum(position), 0) FROM inputs";
        database.query_row(sql, [], |row| row.get::<_, i64>(0))
    });
    // There may be no file yet, or no tables in it.
    sum.unwrap_or(0) as u64
}

/// Bytes of all files.
fn written(place: &Place) -> u64 {
    let files = fs::read_dir(place.path("logs")).unwrap();
    files
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum()
}

#[test]
fn kills_change_no_alert() {
    let asked = std::env::var("S3SENTRY_TEST_KILLS").ok();
    let kills = asked.and_then(|asked| asked.parse().ok()).unwrap_or(KILLS);
    let place = Place::new();
    let mut number = 0;
    let mut append = || {
        for at in 0..FILES {
            let ip = format!("192.0.2.{}", (number + at) % 9);
            place.append(&format!("logs/{at}.log"), &line(number * 97 + at * 13, &ip));
        }
        number += 1;
    };
    let watch = || place.watch("logs --state state.db --commit-every 1");
    append();
    let begun = Instant::now();
    let mut first = watch();
    first.until("all is read", |_| read(&place) == written(&place));
    let whole = begun.elapsed();
    first.kill();
    let mut random = fastrand::Rng::with_seed(kills);
    let mut fell = Fell::default();
    for _ in 0..kills {
        let found = read(&place);
        let mut watch = watch();
        // At any moment, or at any after a first commit.
        if random.bool() {
            append();
            watch.until("something is read", |_| read(&place) > found);
        }
        let begun = Instant::now();
        let ends = whole.mul_f64(random.f64());
        while let Some(left) = ends.checked_sub(begun.elapsed()) {
            append();
            sleep(left.min(Duration::from_millis(random.u64(0..200))));
        }
        watch.kill();
        fell.note(found, read(&place), written(&place));
    }
    println!("watch: {fell}");
    fell.check();
    let last = line(number * 97 + 5 * 3600, "198.51.100.1");
    place.append("logs/0.log", &last);
    let mut watch = place.watch("logs --state state.db");
    let scan = place
        .command("scan logs --quiet --format ndjson")
        .output()
        .unwrap();
    assert!(scan.status.success());
    let own = |rule: &str| rule.ends_with("-refused");
    let wanted: BTreeSet<(String, u64)> = String::from_utf8(scan.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|alert| own(alert["rule"]["name"].as_str().unwrap()))
        .map(|alert| {
            let id = alert["id"].as_str().unwrap().to_owned();
            (id, alert["rev"].as_u64().unwrap())
        })
        .collect();
    assert!(!wanted.is_empty());
    watch.until("all that a scan finds has been told", |watch| {
        let told = watch.by_id().into_iter();
        let told: BTreeSet<(String, u64)> = told
            .filter(|(_, (_, rule))| own(rule))
            .map(|(id, (rev, _))| (id, rev))
            .collect();
        told.is_superset(&wanted)
    });
    watch.stop();
    let told = watch.by_id();
    let ids: BTreeSet<&String> = wanted.iter().map(|(id, _)| id).collect();
    let more = told
        .iter()
        .filter(|(id, (_, rule))| own(rule) && !ids.contains(id));
    // The last line's own period is not over for the watch: it counts for a scan.
    assert_eq!(more.count(), 0);
    assert!(fs::metadata(place.path("state.db")).unwrap().len() > 0);
}
