//! A watch that is killed at any moment, and one that is begun after it.

use std::collections::BTreeSet;
use std::fs;
use std::thread::sleep;
use std::time::Duration;

use crate::place::{Place, line};

/// How often, unless `S3SENTRY_TEST_KILLS` says more.
const KILLS: u64 = 6;

#[test]
fn kills_change_no_alert() {
    let asked = std::env::var("S3SENTRY_TEST_KILLS").ok();
    let kills = asked.and_then(|asked| asked.parse().ok()).unwrap_or(KILLS);
    let place = Place::new();
    let mut number = 0;
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    for _ in 0..kills {
        let mut watch = place.watch("logs --state state.db --commit-every 1");
        for _ in 0..4 {
            let lines: String = (0..5)
                .map(|at| {
                    line(
                        number * 97 + at * 13,
                        &format!("192.0.2.{}", (number + at) % 9),
                    )
                })
                .collect();
            place.append("logs/access.log", &lines);
            number += 1;
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            sleep(Duration::from_millis(random % 120));
        }
        watch.kill();
    }
    place.append(
        "logs/access.log",
        &line(number * 97 + 5 * 3600, "198.51.100.1"),
    );
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
