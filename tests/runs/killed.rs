//! Runs of the program that are killed at any moment.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::fell::Fell;
use crate::kept::Version;
use crate::program::{Site, ended, written};
use crate::world::Dice;

/// How often, unless `S3SENTRY_TEST_KILLS` says more.
const KILLS: u32 = 12;
/// Files: some dozens of commits.
const FILES: usize = 400;

fn kills() -> u32 {
    let asked = std::env::var("S3SENTRY_TEST_KILLS").ok();
    asked.and_then(|asked| asked.parse().ok()).unwrap_or(KILLS)
}

/// Files that were read, as a state file says.
fn read(site: &Site, state: &str) -> u64 {
    if !site.path(state).exists() {
        return 0;
    }
    let count = "SELECT count(*) FROM inputs WHERE done = 1";
    let count = site
        .database(state)
        .query_row(count, [], |row| row.get::<_, i64>(0));
    // It may have no tables yet.
    count.unwrap_or(0) as u64
}

/// Kills run after run, some of them in a row over one state file, until one
/// comes through; then begins anew.
fn kill(site: &Site, word: &str, output: impl Fn(u32) -> [String; 2], once: bool) {
    let expected = site.undisturbed();
    let begun = Instant::now();
    let through = ended(&mut site.scan("timed.db", &["--append", "timed.ndjson"]));
    assert!(through.status.success());
    let whole = begun.elapsed();
    let mut dice = Dice(u64::from(kills()));
    let (mut fell, mut through, mut round) = (Fell::default(), 0, 0);
    while fell.all() < kills() {
        let state = format!("{word}-{round}.db");
        let mut alerts: Vec<Version> = Vec::new();
        let mut outputs = Vec::new();
        // At most so many in a row.
        let most = 1 + dice.below(6);
        let mut attempt = 0;
        loop {
            let [option, file] = output(if once { round } else { 1000 * round + attempt });
            let mut run = site.scan(&state, &[&option, &file]);
            run.stdout(std::process::Stdio::null());
            run.stderr(std::process::Stdio::null());
            outputs.push(file);
            attempt += 1;
            if u64::from(attempt) > most {
                let run = run.stderr(std::process::Stdio::piped());
                let run = ended(run);
                assert!(run.status.success(), "{run:?}");
                break;
            }
            let found = read(site, &state);
            let mut run = run.spawn().unwrap();
            let most = whole.as_micros() as u64 * 11 / 10;
            sleep(Duration::from_micros(dice.below(most)));
            if run.try_wait().unwrap().is_some() {
                through += 1;
                continue;
            }
            run.kill().unwrap();
            run.wait().unwrap();
            fell.note(found, read(site, &state), FILES as u64);
        }
        outputs.dedup();
        for file in outputs {
            alerts.extend(written(&site.path(&file)));
            let _ = fs::remove_file(site.path(&file));
        }
        let found = site.result(&state, &alerts);
        assert_eq!(found.differs(&expected), None, "{state}");
        for suffix in ["", "-wal", "-shm", ".lock"] {
            let _ = fs::remove_file(site.path(&format!("{state}{suffix}")));
        }
        round += 1;
    }
    println!(
        "{word}: {fell}; {through} came through before, {round} state files; {whole:?} a whole run"
    );
    fell.check();
}

#[test]
fn killed_while_it_appends() {
    let site = Site::new(FILES);
    let file = |round| ["--append".to_owned(), format!("alerts-{round}.ndjson")];
    kill(&site, "append", file, true);
}

#[test]
fn killed_while_it_replaces() {
    let site = Site::new(FILES);
    let file = |attempt| ["-o".to_owned(), format!("alerts-{attempt}.ndjson")];
    kill(&site, "replace", file, false);
}
