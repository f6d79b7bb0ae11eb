//! Runs over a bucket that are killed at any moment: what all of them told
//! together is what one tells that nothing disturbs.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::fell::Fell;
use crate::server::{Buckets, Seen, Server};
use crate::site::{Alerts, Site, differ};

/// Kills, unless `S3SENTRY_TEST_KILLS` says another number.
const KILLS: u32 = 4;
/// Bytes after which a run commits: some objects, so that it does so often.
const COMMIT_EVERY: &str = "10000";
/// Deliveries; somebody looks at the bucket between two of them.
const STAGES: usize = 5;
/// How long one delivery may take to be read.
const PATIENCE: Duration = Duration::from_mins(2);

fn kills() -> u32 {
    let asked = std::env::var("S3SENTRY_TEST_KILLS");
    asked.map_or(KILLS, |asked| asked.parse().unwrap())
}

/// What everything came to.
struct Sum {
    alerts: Alerts,
    kept: BTreeMap<&'static str, Vec<String>>,
}

/// Runs beside one state file, over a bucket that is being filled.
struct Round<'s> {
    site: &'s Site,
    name: String,
    server: Server,
    buckets: Buckets,
    command: &'static str,
}

impl<'s> Round<'s> {
    fn new(site: &'s Site, command: &'static str, name: String) -> Self {
        let buckets = Buckets::default();
        Self {
            site,
            name,
            server: Server::start(&buckets),
            buckets,
            command,
        }
    }

    fn state(&self) -> String {
        format!("{}.db", self.name)
    }

    fn start(&self) -> Child {
        let open = |name: String| -> File {
            let file = OpenOptions::new()
                .append(true)
                .create(true)
                .open(self.site.path(&name));
            file.unwrap()
        };
        let words = format!(
            "{} --state {} --append {}.ndjson --commit-every {COMMIT_EVERY}",
            self.command,
            self.state(),
            self.name
        );
        let mut command = self.site.over(&self.server, &words);
        command
            .stdout(Stdio::null())
            .stderr(open(format!("{}.said", self.name)));
        command.spawn().unwrap()
    }

    fn said(&self) -> String {
        fs::read_to_string(self.site.path(&format!("{}.said", self.name))).unwrap()
    }

    /// So many objects have been delivered so far, in a stage.
    fn upto(&self, stage: usize) -> usize {
        self.site.objects.len() * stage / STAGES
    }

    fn deliver(&self, stage: usize) {
        let new = self.upto(stage)..self.upto(stage + 1);
        Site::deliver(&self.buckets, &self.site.objects[new]);
    }

    /// Lets one come to its end: a scan to its own, a watch until it has read all.
    fn finish(&self, objects: usize) {
        let pages = || Seen::get(&self.server.seen().pages);
        let before = pages();
        let mut child = self.start();
        if self.command.starts_with("watch") {
            let begun = Instant::now();
            // Once it has asked for a page it listens to signals.
            while pages() == before || self.site.read(&self.state()) < objects {
                assert_eq!(child.try_wait().unwrap(), None, "{}", self.said());
                assert!(
                    begun.elapsed() < PATIENCE,
                    "{} of {objects}: {}",
                    self.site.read(&self.state()),
                    self.said()
                );
                sleep(Duration::from_millis(20));
            }
            kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        }
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(0), "{}: {}", self.name, self.said());
    }

    fn sum(&self) -> Sum {
        let read = self.site.read(&self.state());
        assert_eq!(read, self.site.objects.len(), "{}", self.name);
        let text = fs::read_to_string(self.site.path(&format!("{}.ndjson", self.name)));
        Sum {
            alerts: self.site.alerts(&text.unwrap()),
            kept: self.site.kept(&self.state()),
        }
    }

    fn remove(&self) {
        for end in [".db", ".db-wal", ".db-shm", ".db.lock", ".ndjson", ".said"] {
            let _ = fs::remove_file(self.site.path(&format!("{}{end}", self.name)));
        }
    }
}

/// How long a run over one delivery takes.
fn one_delivery(site: &Site, command: &'static str, word: &str) -> Duration {
    let round = Round::new(site, command, format!("{word}-timed"));
    round.deliver(0);
    let begun = Instant::now();
    round.finish(round.upto(1));
    begun.elapsed()
}

/// Kills run after run, some of them in a row over one state file.
fn kill(command: &'static str, word: &str) {
    let site = Site::new();
    let undisturbed = Round::new(&site, "scan", format!("{word}-undisturbed"));
    Site::deliver(&undisturbed.buckets, &site.objects);
    undisturbed.finish(site.objects.len());
    let expected = undisturbed.sum();
    assert!(expected.alerts.len() > 40, "{}", expected.alerts.len());
    assert!(expected.kept["inputs"].len() > 40 && expected.kept["logs"].len() == 3);
    // Some more, so that ends are met too.
    let whole = one_delivery(&site, command, word).mul_f64(1.1);
    let mut random = fastrand::Rng::with_seed(u64::from(kills()));
    let (mut fell, mut through, mut rounds) = (Fell::default(), 0, 0);
    while fell.all() < kills() {
        let round = Round::new(&site, command, format!("{word}-{rounds}"));
        let read = || site.read(&round.state()) as u64;
        for stage in 0..STAGES {
            round.deliver(stage);
            for _ in 0..random.u32(0..4) {
                let found = read();
                let mut child = round.start();
                // At any moment, or at any soon after a first commit.
                let mut most = whole;
                if random.bool() && found < round.upto(stage + 1) as u64 {
                    most = whole / 8;
                    while read() == found && child.try_wait().unwrap().is_none() {
                        sleep(Duration::from_millis(1));
                    }
                }
                sleep(most.mul_f64(random.f64()));
                if child.try_wait().unwrap().is_some() {
                    through += 1;
                    continue;
                }
                child.kill().unwrap();
                child.wait().unwrap();
                fell.note(found, read(), round.upto(stage + 1) as u64);
            }
            // Some deliveries are only read with the next one.
            if stage + 1 == STAGES || random.bool() {
                round.finish(round.upto(stage + 1));
            }
        }
        let found = round.sum();
        let name = &round.name;
        assert_eq!(
            differ(&found.alerts, &expected.alerts),
            [""; 0],
            "{name}: {}",
            round.said()
        );
        for (table, rows) in &found.kept {
            assert_eq!(rows, &expected.kept[table], "{name}: {table}");
        }
        round.remove();
        rounds += 1;
    }
    println!(
        "{word}: {fell}; {through} came through before, {rounds} state files; {} objects, {whole:?} \
         for one delivery of {STAGES}",
        site.objects.len()
    );
    fell.check();
}

#[test]
fn a_scan_may_be_killed() {
    kill("scan", "scan");
}

#[test]
fn a_watch_may_be_killed() {
    kill("watch --interval 100ms", "watch");
}
