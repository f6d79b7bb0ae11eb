//! A run that goes on where another one ended.
//!
//! Between runs everything is in one state file ([`crate::state`]): what is
//! normal, windows that are not final, alerts and how far inputs are read. A
//! commit keeps all of it together or nothing, so a run that is killed leaves
//! what the last commit left, and the next run does the rest again: the same
//! alerts with the same ids.
//!
//! An alert is written when its period is final, and before that as it stands at
//! the end of each run (`versions`). The command line and what people read may
//! not enter here.

mod news;
mod numbers;
mod running;
mod versions;
mod windows;

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

pub use self::news::Unreported;
use self::numbers::Numbers;
pub use self::running::Running;
use self::versions::Versions;
use crate::alert::Alert;
use crate::baseline::known::Mode;
use crate::baseline::{Baseline, Lessons};
use crate::correlate::snapshot::LASTING;
use crate::pipeline::{Memory, Tally};
use crate::rule::RuleSet;
use crate::source::{Mark, Past};
use crate::state::{self, Access, Intake, KnownObjects, Meta, Owner, State, Written};

/// Bytes of input after which everything is kept: what a run that is killed has
/// to do again at the most.
pub const COMMIT_EVERY: u64 = 256 << 20;

/// Days for which alerts that are final are kept.
pub const ALERTS_KEPT: i64 = 400;

/// Name of the fact that is the bound on how late a record may come.
const LATENESS: &str = "lateness";

/// How to go on.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How late a record may come, seconds.
    pub lateness: i64,
    /// Cap of the windows, bytes.
    pub max_state: usize,
    /// Whether the baseline learns.
    pub learn: bool,
    /// Whether all is read again: windows begin anew, and nothing is final.
    pub anew: bool,
}

/// Why a run cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failed {
    /// Of the state file.
    #[error(transparent)]
    State(#[from] state::Error),
    /// Writing alerts.
    #[error(transparent)]
    Output(io::Error),
    /// The temporary file that observations go to when memory is short.
    #[error(transparent)]
    Room(io::Error),
}

/// What the pipeline itself fails with: the temporary file, or the state file
/// while the baseline was asked.
impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        match error.downcast::<state::Error>() {
            Ok(error) => Failed::State(error),
            Err(error) => Failed::Room(error),
        }
    }
}

/// Where alerts go.
pub trait Output: Send {
    /// Writes a version of an alert. `fresh` where it says more than what was
    /// written of it before.
    fn alert(&mut self, alert: &Alert, fresh: bool, tally: &Tally) -> io::Result<()>;

    /// A batch has been dealt with.
    fn batch(&mut self, tally: &Tally) -> io::Result<()>;

    /// Makes sure that what was written stays; `false` where that comes only
    /// after the run.
    fn settle(&mut self) -> io::Result<bool>;
}

/// What a person has to know about how a run began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Other rules than in the last run: windows that were not final by this
    /// time, seconds since the Unix epoch, begin anew.
    OtherRules(i64),
}

/// A state file while a run goes on.
#[derive(Debug)]
pub struct Session {
    state: State,
    numbers: Numbers,
    versions: Versions,
    /// Numbers of inputs that no window refers to any more.
    stale: Vec<u32>,
    run: i64,
    written: u64,
    /// The rules, and how late records come, seconds.
    rules: Option<(Arc<RuleSet>, i64)>,
    notice: Option<Notice>,
    /// Alerts that were written and wait for the output to be settled.
    unsettled: Vec<(u128, Written)>,
    /// Whether alerts of periods that are not final are told when they first fire,
    /// and what became of them when the periods are over.
    follows: bool,
    /// Whether alerts go into a report, and not to an output of their own.
    reports: bool,
    /// Inputs that windows have begun to refer to, by their numbers in this run.
    numbered: Vec<u32>,
    /// Lines that were read in this process before, and in all.
    before: u64,
    lines: u64,
    /// What had been read when everything was last kept.
    kept: Intake,
}

impl Session {
    /// Opens a state file, or makes one.
    pub fn open(path: &Path, owner: &Owner) -> Result<Self, Failed> {
        let mut state = State::open(path, Access::ReadWrite, owner)?;
        let commit = state.begin()?;
        let run = commit.start_run(&owner.command, owner.since)?;
        commit.commit()?;
        Ok(Self {
            state,
            numbers: Numbers::default(),
            versions: Versions::default(),
            stale: Vec::new(),
            run,
            written: 0,
            rules: None,
            notice: None,
            unsettled: Vec::new(),
            follows: false,
            reports: false,
            numbered: Vec::new(),
            before: 0,
            lines: 0,
            kept: Intake::default(),
        })
    }

    /// This run has no end that is foreseen: what is open is told when it first
    /// fires ([`Early::AtOnce`](crate::pipeline::Early::AtOnce)), and no more until its period is over.
    #[must_use]
    pub fn following(self) -> Self {
        Self {
            follows: true,
            ..self
        }
    }

    /// This run is read for a report. What it finds counts as not written, so that a
    /// later run writes it; what earlier runs could not write stays for that as well.
    #[must_use]
    pub fn reporting(self) -> Self {
        Self {
            reports: true,
            ..self
        }
    }

    /// How far a file was read by earlier runs.
    pub fn mark(&self, path: &[u8]) -> Result<Option<Mark>, state::Error> {
        self.state.input("", path)
    }

    /// Of files of which earlier runs left marks under other paths that begin alike:
    /// the mark of the one that this is, as its own.
    pub fn moved(
        &self,
        path: &str,
        beginning: &str,
        file: &mut File,
    ) -> Result<Option<Mark>, state::Error> {
        for mark in self.state.marks_below(beginning)? {
            // What cannot be read will be said when it is read.
            if mark.is_of(file).unwrap_or(false) {
                return Ok(Some(Mark {
                    path: path.as_bytes().to_vec(),
                    ..mark
                }));
            }
        }
        Ok(None)
    }

    /// Keeps marks of files that were found under other paths than before.
    pub fn adopt(&mut self, marks: &[Mark]) -> Result<(), Failed> {
        let commit = self.state.begin()?;
        commit.put_inputs(marks)?;
        Ok(commit.commit()?)
    }

    /// What earlier runs left of objects, for who lists them.
    pub fn known_objects(&self) -> Result<KnownObjects, state::Error> {
        self.state.known_objects()
    }

    /// How far the logs in buckets are read.
    pub fn logs(&self) -> Result<Vec<state::Log>, state::Error> {
        self.state.logs()
    }

    /// What earlier runs left: windows and baseline, and their inputs by their
    /// lasting numbers.
    pub fn restore(
        &mut self,
        set: &Arc<RuleSet>,
        options: Options,
    ) -> Result<(Memory, Vec<Past>), Failed> {
        let options = Options {
            lateness: self.lateness(options.lateness)?,
            ..options
        };
        let baseline = match set.learn() {
            None => None,
            Some(learn) => Some(self.baseline(learn.lessons(), options)?),
        };
        let restored = windows::restore(&self.state, set, options)?;
        let past = self.state.sources()?;
        let known: BTreeSet<u32> = past.iter().map(|(number, _)| number | LASTING).collect();
        if let Some(number) = restored.used.difference(&known).next() {
            let reason = format!(
                "windows refer to input {}, which has no name",
                number & !LASTING
            );
            return Err(self.state.corrupt(reason).into());
        }
        (self.numbers, self.stale) = Numbers::new(&past, &restored.used);
        self.versions = Versions::open(&self.state, restored.other_rules.is_some(), options.anew)?;
        self.notice = restored.other_rules.map(Notice::OtherRules);
        self.rules = Some((Arc::clone(set), options.lateness));
        let most = past.iter().map(|(number, _)| *number + 1).max();
        let mut names = vec![unknown(); most.unwrap_or(0) as usize];
        for (number, past) in past {
            names[number as usize] = past;
        }
        self.kept = news::of_windows(&restored.correlator);
        let memory = Memory {
            correlator: restored.correlator,
            baseline,
        };
        Ok((memory, names))
    }

    /// The largest bound of all runs: hours have to be compared with the same ones
    /// in each.
    fn lateness(&mut self, lateness: i64) -> Result<i64, Failed> {
        let kept = self.state.meta_number(LATENESS)?;
        let lateness = kept.unwrap_or(0).max(lateness);
        if kept != Some(lateness) {
            let commit = self.state.begin()?;
            commit.set_meta(LATENESS, &Meta::Number(lateness))?;
            commit.commit()?;
        }
        Ok(lateness)
    }

    fn baseline(&mut self, lessons: &Arc<Lessons>, options: Options) -> Result<Baseline, Failed> {
        let mode = if options.learn {
            let commit = self.state.begin()?;
            commit.register(lessons)?;
            commit.commit()?;
            Mode::Learn
        } else {
            Mode::Frozen
        };
        let mut baseline = Baseline::new(Arc::clone(lessons), mode, options.lateness);
        self.state.load_baseline(&mut baseline)?;
        baseline.set_past(Box::new(self.state.past()?));
        Ok(baseline)
    }

    /// Begins to write: first what an earlier run has found and could not write,
    /// and what its other rules had found so far.
    pub fn begin<'s>(&'s mut self, output: &'s mut dyn Output) -> Result<Running<'s>, Failed> {
        let unwritten = if self.reports {
            Vec::new()
        } else {
            Versions::unwritten(&self.state)?
        };
        let left_over = self.versions.left_over();
        if self.follows {
            self.versions.follow();
        }
        let mut running = Running {
            session: self,
            output,
        };
        let tally = Tally::default();
        for (alert, fresh) in unwritten {
            running.write(alert, fresh, &tally)?;
        }
        for alert in left_over {
            running.write(alert, false, &tally)?;
        }
        Ok(running)
    }

    /// Goes on writing, in the same process.
    pub fn go_on<'s>(&'s mut self, output: &'s mut dyn Output) -> Running<'s> {
        self.before = self.lines;
        self.kept = news::again(self.kept);
        Running {
            session: self,
            output,
        }
    }

    /// Inputs that windows have begun to refer to since the last time, by their
    /// numbers in this run: who reads on has to know their names.
    pub fn take_numbered(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.numbered)
    }

    /// How many inputs have a lasting number: with time most of them are no longer
    /// referred to by windows, which [`Session::restore`] finds out.
    #[must_use]
    pub fn named(&self) -> usize {
        self.numbers.count()
    }

    /// Notes when a run ended that had no end that was foreseen.
    pub fn end(&mut self) -> Result<(), Failed> {
        let commit = self.state.begin()?;
        commit.put_run(self.run, Some(now()), self.lines, self.written)?;
        Ok(commit.commit()?)
    }

    /// The state file, without links.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.state.path()
    }

    /// What a person has to know about how the run began.
    #[must_use]
    pub fn notice(&self) -> Option<Notice> {
        self.notice
    }

    /// Notes that all that was written stays, once the output is whole.
    pub fn settle(&mut self) -> Result<(), Failed> {
        if self.unsettled.is_empty() {
            return Ok(());
        }
        let commit = self.state.begin()?;
        for (id, written) in self.unsettled.drain(..) {
            commit.put_written(id, written)?;
        }
        Ok(commit.commit()?)
    }
}

/// Stands for an input whose name is gone: no window refers to it.
fn unknown() -> Past {
    Past {
        name: "-".into(),
        path: None,
        head: crate::source::Print::default(),
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs() as i64)
}
