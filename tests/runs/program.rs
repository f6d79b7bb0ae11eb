//! The program itself, over a directory of logs.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rusqlite::Connection;
use tempfile::TempDir;

use crate::kept::{self, Version, highest};
use crate::tables;
use crate::world::{self, Dice, Rec};

/// A directory with logs, and what runs leave beside them.
pub struct Site {
    directory: TempDir,
}

/// Options of all runs: rules of ours beside the built-in ones, and commits that
/// come often.
const OPTIONS: &[&str] = &[
    "--no-config",
    "--quiet",
    "--rules",
    "rules",
    "--lateness",
    "6h",
    "--threads",
    "2",
    "--commit-every",
    "1",
];

impl Site {
    /// With so many small files of an hour each: 512 make a batch.
    pub fn new(files: usize) -> Self {
        let directory = TempDir::new().unwrap();
        let at = directory.path();
        fs::create_dir(at.join("logs")).unwrap();
        fs::create_dir(at.join("rules")).unwrap();
        fs::write(at.join("rules/own.yml"), world::RULES).unwrap();
        let site = Self { directory };
        site.deliver(0..files);
        site
    }

    /// Files of these hours are delivered.
    pub fn deliver(&self, hours: Range<usize>) {
        for hour in hours {
            let mut dice = Dice(hour as u64);
            let at = hour as i64;
            let number = 1 + hour as u64 % 2;
            let lines: String = (0..number)
                .map(|number| line(&mut dice, at, number))
                .collect();
            let name = chrono::DateTime::from_timestamp(world::START + at * 3600, 0).unwrap();
            let name = name.format("%Y-%m-%d-%H-%M-%S");
            fs::write(self.path(&format!("logs/{name}-{hour:016X}")), lines).unwrap();
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A run with a state file and further arguments.
    pub fn scan(&self, state: &str, further: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_s3sentry"));
        self.prepare(&mut command);
        command.args(["scan", "logs", "--state", state]);
        command.args(OPTIONS).args(further);
        command
    }

    /// Where it runs, and in which environment.
    pub fn prepare(&self, command: &mut Command) {
        command
            .current_dir(self.directory.path())
            .env_remove("S3SENTRY_STATE")
            .env_remove("S3SENTRY_CONFIG")
            .stdin(Stdio::null());
    }

    pub fn database(&self, state: &str) -> Connection {
        Connection::open(self.path(state)).unwrap()
    }

    pub fn result(&self, state: &str, alerts: &[Version]) -> kept::Sum {
        let database = self.database(state);
        kept::Sum {
            alerts: highest(alerts.iter().cloned()),
            kept: kept::kept_alerts(&database),
            baseline: tables::baseline(&database),
            read: crate::news::read(&database),
        }
    }

    /// What one run comes to that nothing disturbs.
    pub fn undisturbed(&self) -> kept::Sum {
        let run = ended(&mut self.scan("undisturbed.db", &["--append", "undisturbed.ndjson"]));
        assert!(run.status.success(), "{run:?}");
        let alerts = written(&self.path("undisturbed.ndjson"));
        assert!(alerts.len() > 20, "{}", alerts.len());
        self.result("undisturbed.db", &alerts)
    }
}

fn line(dice: &mut Dice, hour: i64, number: u64) -> String {
    let pick = |dice: &mut Dice, of: &[&'static str]| of[dice.below(of.len() as u64) as usize];
    let odd = dice.below(12) == 0;
    let record = Rec {
        who: pick(dice, &["app", "ann", "bob"]),
        ip: if odd {
            pick(dice, &["203.0.113.9", "192.0.2.1"])
        } else {
            "198.51.100.7"
        },
        bucket: pick(dice, &["data", "logs", "secret"]),
        agent: if odd { "rclone/1.66" } else { "aws-cli/2.15" },
        status: if dice.below(6) == 0 { 403 } else { 200 },
        bytes: [500, 1000, 20_000][dice.below(3) as usize],
        ..world::ordinary(
            world::START + hour * 3600 + dice.below(3000) as i64,
            format!("{hour}x{number}"),
        )
    };
    record.line()
}

/// The alerts of a file; none where there is no such file.
pub fn written(path: &Path) -> Vec<Version> {
    kept::written(&fs::read_to_string(path).unwrap_or_default())
}

/// Runs it to its end.
pub fn ended(command: &mut Command) -> Output {
    command.output().unwrap()
}

pub fn stderr(run: &Output) -> String {
    String::from_utf8_lossy(&run.stderr).into_owned()
}
