//! Runs beside a state file, as `scan --state` makes them, and what they leave.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use rayon::{ThreadPool, ThreadPoolBuilder};
use rusqlite::Connection;
use s3sentry::alert::{Alert, Status, Volume};
use s3sentry::pipeline::{self, BlockSource, Outcome, Span, Tally};
use s3sentry::rule::RuleSet;
use s3sentry::session::{self, Failed, Notice, Output, Session};
use s3sentry::sink;
use s3sentry::source::{self, Block, Counts, Listed, Mark, Past, Progressed, Sources, Spec};
use s3sentry::state::Owner;
use tempfile::TempDir;

use crate::news::read;
use crate::tables::baseline;
use crate::world::{LATENESS, Rec, SET};

pub static POOLS: LazyLock<Vec<ThreadPool>> = LazyLock::new(|| {
    let pool = |threads| ThreadPoolBuilder::new().num_threads(threads).build();
    [1, 3].map(|threads| pool(threads).unwrap()).into()
});

/// How to run.
#[derive(Clone)]
pub struct How {
    pub set: Arc<RuleSet>,
    pub span: Span,
    pub learn: bool,
    /// Bytes between commits.
    pub every: u64,
    /// Bytes of a block.
    pub block_size: usize,
    /// Blocks of a batch, at most.
    pub batch: usize,
    pub pool: usize,
    /// Whether what is written stays at once, or only after the run.
    pub settles: bool,
    /// Whether it is read for a report.
    pub reports: bool,
    pub fault: Option<Fault>,
}

impl Default for How {
    fn default() -> Self {
        Self {
            set: Arc::clone(&SET),
            span: Span::default(),
            learn: true,
            every: session::COMMIT_EVERY,
            block_size: source::BLOCK_SIZE,
            batch: usize::MAX,
            pool: 0,
            settles: true,
            reports: false,
            fault: None,
        }
    }
}

/// Where the output fails: at the nth of these, from 0.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    Alert(usize),
    Batch(usize),
    Settle(usize),
    /// After the run, before what was written is noted as such.
    Settled,
}

/// The inputs in batches that are as small as one likes: after so many blocks
/// there seem to be no more, once.
struct Batches<'s> {
    sources: &'s mut Sources,
    most: usize,
    given: usize,
}

impl BlockSource for Batches<'_> {
    fn next(&mut self, block: &mut Block) -> bool {
        self.given += 1;
        self.sources.next(block)
    }

    fn is_ready(&mut self) -> bool {
        let ready = self.given < self.most;
        self.given %= self.most;
        ready
    }

    fn name(&self, source: u32) -> Arc<str> {
        self.sources.name(source)
    }

    fn reopen(&self, source: u32) -> Option<fs::File> {
        self.sources.reopen(source)
    }

    fn mark(&self, reached: &Progressed) -> Option<Mark> {
        self.sources.mark(reached)
    }

    fn committed(&mut self, reached: &[Progressed]) {
        self.sources.committed(reached);
    }

    fn counts(&self) -> Counts {
        self.sources.counts()
    }

    fn listed(&self) -> Option<Listed> {
        self.sources.listed()
    }

    fn rest(&self) -> &[Progressed] {
        self.sources.rest()
    }

    fn past(&self, source: u32) -> Past {
        self.sources.past(source)
    }
}

/// An output that remembers, and may fail.
struct Memo<'t> {
    told: &'t mut Vec<Alert>,
    fresh: usize,
    settles: bool,
    fault: Option<Fault>,
    seen: [usize; 3],
}

impl Memo<'_> {
    fn count(&mut self, what: usize, fails: impl Fn(Fault) -> Option<usize>) -> io::Result<()> {
        let now = self.seen[what];
        self.seen[what] += 1;
        match self.fault.and_then(fails) {
            Some(at) if at == now => Err(io::Error::other("as told")),
            _ => Ok(()),
        }
    }
}

impl Output for Memo<'_> {
    fn alert(&mut self, alert: &Alert, fresh: bool, _: &Tally) -> io::Result<()> {
        self.count(0, |fault| match fault {
            Fault::Alert(at) => Some(at),
            _ => None,
        })?;
        self.fresh += usize::from(fresh);
        self.told.push(alert.clone());
        Ok(())
    }

    fn batch(&mut self, _: &Tally) -> io::Result<()> {
        self.count(1, |fault| match fault {
            Fault::Batch(at) => Some(at),
            _ => None,
        })
    }

    fn settle(&mut self) -> io::Result<bool> {
        self.count(2, |fault| match fault {
            Fault::Settle(at) => Some(at),
            _ => None,
        })?;
        Ok(self.settles)
    }
}

/// What a run came to.
#[derive(Debug)]
pub struct Ended {
    pub outcome: Outcome,
    pub inputs: Counts,
    pub notice: Option<Notice>,
    /// Versions that said more than those before.
    pub fresh: usize,
}

/// A directory of logs, a state file, and all that was told.
pub struct Place {
    directory: TempDir,
    pub told: Vec<Alert>,
}

impl Place {
    pub fn new() -> Self {
        let directory = TempDir::new().unwrap();
        fs::create_dir(directory.path().join("logs")).unwrap();
        Self {
            directory,
            told: Vec::new(),
        }
    }

    /// A place with these records in one file.
    pub fn of(records: &[Rec]) -> Self {
        let place = Self::new();
        place.add("a.log", records);
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn state(&self) -> PathBuf {
        self.path("state.db")
    }

    /// Adds lines to a file; makes it where there is none.
    pub fn add(&self, file: &str, records: &[Rec]) {
        let path = self.path("logs").join(file);
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .unwrap();
        let lines: String = records.iter().map(Rec::line).collect();
        file.write_all(lines.as_bytes()).unwrap();
    }

    /// One run over all files.
    pub fn run(&mut self, how: &How) -> Result<Ended, Failed> {
        self.run_with(how, |_, _| {})
    }

    /// The same over what is attached beside them.
    pub fn run_with(
        &mut self,
        how: &How,
        attach: impl FnOnce(&Session, &mut Sources),
    ) -> Result<Ended, Failed> {
        let mut session = self.session()?;
        if how.reports {
            session = session.reporting();
        }
        let specs = vec![Spec::Path(self.path("logs"))];
        let reading = source::Options {
            block_size: how.block_size,
            lateness: Some(LATENESS),
            ..source::Options::default()
        };
        let span = (how.span.since, how.span.until);
        let mut sources = Sources::resume(specs, reading, span, |path| session.mark(path).unwrap());
        attach(&session, &mut sources);
        let options = session::Options {
            lateness: sources.lateness(),
            max_state: 64 << 20,
            learn: how.learn,
            anew: false,
        };
        let (mut memory, past) = session.restore(&how.set, options)?;
        sources.remember(past);
        let notice = session.notice();
        let mut memo = Memo {
            told: &mut self.told,
            fresh: 0,
            settles: how.settles,
            fault: how.fault,
            seen: [0; 3],
        };
        let mut batches = Batches {
            sources: &mut sources,
            most: how.batch,
            given: 0,
        };
        let outcome = {
            let mut running = session.begin(&mut memo)?;
            POOLS[how.pool].install(|| {
                let source = &mut batches;
                let memory = &mut memory;
                pipeline::go_on(source, &how.set, how.span, memory, how.every, &mut running)
            })?
        };
        let fresh = memo.fresh;
        if matches!(how.fault, Some(Fault::Settled)) {
            return Err(Failed::Output(io::Error::other("as told")));
        }
        session.settle()?;
        assert!(sources.problems().is_empty(), "{:?}", sources.problems());
        Ok(Ended {
            outcome,
            inputs: sources.counts(),
            notice,
            fresh,
        })
    }

    /// The state file, opened as a run does.
    pub fn session(&self) -> Result<Session, Failed> {
        Session::open(&self.state(), &Owner::now("a test"))
    }

    /// A connection to the state file.
    pub fn database(&self) -> Connection {
        Connection::open(self.state()).unwrap()
    }

    /// What it has come to.
    pub fn result(&self) -> Sum {
        let database = self.database();
        Sum {
            alerts: highest(self.told.iter().map(Version::of)),
            kept: kept_alerts(&database),
            baseline: baseline(&database),
            read: read(&database),
        }
    }
}

/// A version of an alert: what the promise is about, evidence apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    pub id: u128,
    pub rev: u64,
    pub status: Status,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq)]
pub struct What {
    pub rule: String,
    pub key: Vec<Option<String>>,
    pub period: (i64, i64),
    pub trigger: (i64, u64),
    pub seen: (i64, i64),
    pub count: u64,
    pub distinct: Option<u64>,
    pub sum: Option<u64>,
    pub summary: String,
    pub usual: Option<Volume>,
}

impl Version {
    pub fn of(alert: &Alert) -> Self {
        let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).unwrap();
        let key = alert.key.iter().map(|(_, value)| value.as_ref().map(text));
        Self {
            id: alert.id,
            rev: alert.rev,
            status: alert.status,
            what: What {
                rule: alert.rule.name.clone(),
                key: key.collect(),
                period: alert.period,
                trigger: alert.trigger,
                seen: (alert.first_seen, alert.last_seen),
                count: alert.count,
                distinct: alert.distinct.map(|distinct| distinct.value),
                sum: alert.sum,
                summary: text(&alert.summary),
                usual: alert.context.usual,
            },
        }
    }

    /// Which of two versions holds.
    fn rank(&self) -> (u64, u8) {
        let status = match self.status {
            Status::Open => 0,
            Status::Closed => 1,
            Status::Withdrawn => 2,
        };
        (self.rev, status)
    }
}

/// Of each alert the version that holds.
pub fn highest(versions: impl IntoIterator<Item = Version>) -> BTreeMap<u128, Version> {
    let mut all: BTreeMap<u128, Version> = BTreeMap::new();
    for version in versions {
        match all.get(&version.id) {
            Some(known) if known.rank() > version.rank() => {}
            _ => {
                all.insert(version.id, version);
            }
        }
    }
    all
}

/// What everything came to, to be compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Sum {
    /// As told.
    pub alerts: BTreeMap<u128, Version>,
    /// As kept.
    pub kept: BTreeMap<u128, Version>,
    pub baseline: BTreeMap<&'static str, Vec<String>>,
    /// What was read, by table.
    pub read: BTreeMap<&'static str, Vec<String>>,
}

impl Sum {
    /// Says what differs from what should be.
    pub fn differs(&self, expected: &Self) -> Option<String> {
        let mut all = Vec::new();
        let told = |result: &Self| contents(&result.alerts);
        let kept = |result: &Self| contents(&result.kept);
        diff(&mut all, "told", &told(self), &told(expected));
        diff(&mut all, "kept", &kept(self), &kept(expected));
        let tables = self.baseline.iter().chain(&self.read);
        let others = expected.baseline.values().chain(expected.read.values());
        for ((table, rows), others) in tables.zip(others) {
            let set = |rows: &[String]| rows.iter().cloned().collect();
            diff(&mut all, table, &set(rows), &set(others));
        }
        let more = all.len().saturating_sub(20);
        all.truncate(20);
        (!all.is_empty()).then(|| format!("{}\nand {more} more", all.join("\n")))
    }
}

/// Withdrawn ones dropped, without revs.
pub fn contents(alerts: &BTreeMap<u128, Version>) -> BTreeSet<String> {
    let holds = |version: &&Version| version.status != Status::Withdrawn;
    let standing = alerts.values().filter(holds);
    standing
        .map(|version| {
            format!(
                "{:032x} {:?} {:?}",
                version.id, version.status, version.what
            )
        })
        .collect()
}

fn diff(all: &mut Vec<String>, what: &str, found: &BTreeSet<String>, expected: &BTreeSet<String>) {
    for (word, alone) in [
        ("not expected", found.difference(expected)),
        ("missing", expected.difference(found)),
    ] {
        all.extend(alone.map(|row| format!("{what}, {word}: {row}")));
    }
}

/// The alerts of a state file.
pub fn kept_alerts(database: &Connection) -> BTreeMap<u128, Version> {
    let mut statement = database.prepare("SELECT json FROM alerts").unwrap();
    let texts = statement.query_map([], |row| row.get::<_, String>(0));
    let texts: Vec<String> = texts.unwrap().collect::<Result<_, _>>().unwrap();
    highest(
        texts
            .iter()
            .map(|text| Version::of(&sink::read::alert(text).unwrap())),
    )
}

/// Alerts as they are told in a file.
pub fn written(text: &str) -> Vec<Version> {
    let lines = text.lines().filter(|line| line.ends_with('}'));
    let read = lines.filter_map(|line| sink::read::alert(line).ok());
    read.map(|alert| Version::of(&alert)).collect()
}

/// One run that nothing disturbs, over records in the order of their times.
pub fn undisturbed(records: &[Rec]) -> Sum {
    undisturbed_by(records, &How::default())
}

/// The same with other rules.
pub fn undisturbed_by(records: &[Rec], how: &How) -> Sum {
    let mut sorted = records.to_vec();
    sorted.sort_by_key(|record| record.time);
    let mut place = Place::of(&sorted);
    let ended = place.run(how).unwrap();
    assert_eq!(ended.outcome.correlation.late, 0);
    place.result()
}
