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
use self::versions::Versions;
use crate::alert::{Alert, Status};
use crate::baseline::known::Mode;
use crate::baseline::{Baseline, DAY, Lessons};
use crate::correlate::snapshot::LASTING;
use crate::incident::Entity;
use crate::pipeline::{Listener, Memory, Standing, Tally};
use crate::rule::RuleSet;
use crate::source::{Mark, Past};
use crate::state::{self, Access, Intake, KnownObjects, Meta, Owner, State, Written};
use crate::text::lossless;

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
    /// fires ([`crate::pipeline::follow`]), and no more until its period is over.
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

/// A run over a state file that writes.
pub struct Running<'s> {
    session: &'s mut Session,
    output: &'s mut dyn Output,
}

impl Running<'_> {
    fn write(&mut self, alert: Alert, fresh: bool, tally: &Tally) -> Result<(), Failed> {
        self.output
            .alert(&alert, fresh, tally)
            .map_err(Failed::Output)?;
        self.session.written += 1;
        self.session.versions.add(alert);
        Ok(())
    }
}

impl Listener<Failed> for Running<'_> {
    fn alert(&mut self, alert: Alert, tally: &Tally) -> Result<(), Failed> {
        let Session {
            versions, state, ..
        } = &mut *self.session;
        let next = match alert.status {
            Status::Open if versions.follows() => versions.first(state, alert)?,
            _ => versions.next(state, alert)?,
        };
        match next {
            Some((alert, fresh)) => self.write(alert, fresh, tally),
            None => Ok(()),
        }
    }

    fn late(&mut self, alert: Alert, tally: &Tally) -> Result<(), Failed> {
        let Session {
            versions, state, ..
        } = &mut *self.session;
        match versions.next_late(state, alert)? {
            Some((alert, fresh)) => self.write(alert, fresh, tally),
            None => Ok(()),
        }
    }

    fn batch(&mut self, tally: &Tally) -> Result<(), Failed> {
        self.output.batch(tally).map_err(Failed::Output)
    }

    fn commit(&mut self, standing: Standing<'_>, tally: &Tally) -> Result<(), Failed> {
        let forgotten = standing.correlator.counts().evicted > 0;
        if self.session.versions.follows() {
            let Session {
                versions, state, ..
            } = &mut *self.session;
            let over = versions.over(state, standing.correlator.closed(), forgotten)?;
            for alert in over {
                self.write(alert, false, tally)?;
            }
        }
        let follows = self.session.follows;
        if standing.last && !follows {
            for alert in self.session.versions.gone(forgotten) {
                self.write(alert, false, tally)?;
            }
        }
        let settled = self.output.settle().map_err(Failed::Output)?;
        let Session {
            state,
            numbers,
            versions,
            stale,
            run,
            written,
            rules,
            unsettled,
            numbered,
            before,
            lines,
            kept,
            reports,
            ..
        } = &mut *self.session;
        let Standing {
            correlator,
            mut baseline,
            source,
            reached,
            last,
        } = standing;
        let marks = latest(reached.iter().filter_map(|reached| source.mark(reached)));
        let commit = state.begin()?;
        let watermark = correlator.watermark();
        if let Some(baseline) = baseline.as_mut().filter(|baseline| baseline.learns()) {
            commit.put_baseline(&baseline.delta())?;
            if watermark > i64::MIN
                && let Some((set, lateness)) = rules
                && let Some(learn) = set.learn()
            {
                commit.prune_volumes(learn.first_compared(watermark, *lateness))?;
            }
        }
        if watermark > i64::MIN {
            commit.prune_alerts(watermark - ALERTS_KEPT * DAY)?;
            commit.prune_hours(watermark - ALERTS_KEPT * DAY)?;
        }
        let intake = news::intake(tally, &correlator.counts(), source);
        let saving = correlator.save(|number| numbers.lasting(number));
        windows::save(&commit, &saving)?;
        for number in stale.drain(..) {
            commit.delete_source(number)?;
        }
        for (number, lasting) in numbers.fresh() {
            commit.put_source(lasting, &source.past(number))?;
            numbered.push(number);
        }
        for alert in versions.fresh() {
            let entity = Entity::of(&alert).map(|entity| lossless(&entity.name).into_owned());
            let incident = alert.context.incident.map(|id| format!("{id:032x}"));
            commit.put_alert(&alert, entity.as_deref().zip(incident.as_deref()))?;
            let version = Written {
                rev: alert.rev,
                status: alert.status,
            };
            if settled && !*reports {
                commit.put_written(alert.id, version)?;
            } else if !*reports {
                unsettled.push((alert.id, version));
            }
        }
        let dealt = commit.put_inputs(&marks)?;
        if let Some(listed) = source.listed() {
            let all = (last && listed.complete).then_some(i64::MAX);
            commit.put_checkpoints(&listed, all.or(dealt).unwrap_or(i64::MIN))?;
        }
        let ended = (last && !follows).then(now);
        *lines = *before + tally.lines;
        commit.put_run(*run, ended, *lines, *written)?;
        commit.put_hours(&tally.hours)?;
        let read = news::ended(reached, source, last);
        commit.add_intake(*run, &intake.since(kept).with(read))?;
        commit.commit()?;
        *kept = intake;
        saving.saved();
        if let Some(baseline) = baseline {
            baseline.committed();
        }
        Ok(())
    }
}

/// Of several marks for one input the last.
fn latest(marks: impl Iterator<Item = Mark>) -> Vec<Mark> {
    let mut all: Vec<Mark> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for mark in marks {
        let place = *places
            .entry((Arc::clone(&mark.bucket), mark.path.clone()))
            .or_insert(all.len());
        if place == all.len() {
            all.push(mark);
        } else {
            all[place] = mark;
        }
    }
    all
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
