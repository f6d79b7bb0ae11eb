//! Servers that fail now and then, and what the program makes of what they hold:
//! the same as of the same bytes in files.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::server::{Seen, Server, seeded};
use crate::site::{Alerts, Site, differ, out, said};

/// Schedules that are tried unless `S3SENTRY_TEST_SCHEDULES` says another number.
const SCHEDULES: u64 = 4;
/// Runs at once; most of their time is waiting.
const AT_ONCE: usize = 3;
/// Of a thousand requests, how many fail.
const PER_MILLE: u64 = 50;

/// What is expected of every run.
struct Expected {
    alerts: Alerts,
    /// The first words of its summary.
    lines: String,
    /// Alerts and baseline with a state file.
    alerts_kept: Alerts,
    baseline: std::collections::BTreeMap<&'static str, Vec<String>>,
}

/// "s3sentry: 4,001 lines".
fn lines(said: &str) -> String {
    let line = said.lines().find(|line| line.contains(" lines, "));
    let line = line.unwrap_or_else(|| panic!("{said}"));
    line.split(',').take(2).collect()
}

fn run(site: &Site, expected: &Expected, seed: u64) -> u64 {
    let server = Server::failing(&site.delivered(), seeded(seed, PER_MILLE));
    let state = format!("schedule-{seed}.db");
    let is_kept = seed % 2 == 1;
    let words = if is_kept {
        format!("scan --state {state}")
    } else {
        "scan".to_owned()
    };
    let run = site.over(&server, &words).output().unwrap();
    let told = said(&run);
    assert_eq!(run.status.code(), Some(0), "seed {seed}: {told}");
    assert_eq!(lines(&told), expected.lines, "seed {seed}: {told}");
    let alerts = site.alerts(&out(&run));
    let wanted = if is_kept {
        &expected.alerts_kept
    } else {
        &expected.alerts
    };
    assert_eq!(differ(&alerts, wanted), [""; 0], "seed {seed}");
    if is_kept {
        assert_eq!(site.read(&state), site.objects.len(), "seed {seed}");
        let mut kept = site.kept(&state);
        kept.retain(|table, _| expected.baseline.contains_key(table));
        assert_eq!(differ(&kept, &expected.baseline), [""; 0], "seed {seed}");
        // All is done: a second run finds nothing.
        let again = site.over(&server, &words).output().unwrap();
        assert_eq!(
            again.status.code(),
            Some(0),
            "seed {seed}: {}",
            said(&again)
        );
        assert_eq!(out(&again), "", "seed {seed}");
    }
    Seen::get(&server.seen().failures)
}

#[test]
fn alerts_are_those_of_files_whatever_fails_on_the_way() {
    let asked = std::env::var("S3SENTRY_TEST_SCHEDULES");
    let schedules = asked.map_or(SCHEDULES, |asked| asked.parse().unwrap());
    let site = Site::new();
    let files = site.of_files("");
    let kept = site.of_files("--state files.db");
    let mut baseline = site.kept("files.db");
    baseline.retain(|table, _| !["inputs", "logs"].contains(table));
    let expected = Expected {
        alerts: site.alerts(&out(&files)),
        lines: lines(&said(&files)),
        alerts_kept: site.alerts(&out(&kept)),
        baseline,
    };
    assert!(expected.alerts.len() > 40, "{}", expected.alerts.len());
    assert!(expected.baseline["volumes"].len() > 40);
    let (next, failures) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= schedules {
                        break;
                    }
                    failures.fetch_add(run(&site, &expected, seed), Ordering::SeqCst);
                }
            });
        }
    });
    let failures = failures.into_inner();
    println!(
        "{schedules} schedules, {} objects each, {failures} requests failed",
        site.objects.len()
    );
    assert!(failures > schedules * site.objects.len() as u64 / 40);
}
