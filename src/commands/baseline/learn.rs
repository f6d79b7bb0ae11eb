//! `baseline learn`: what these logs hold is normal.
//!
//! All of a run is one transaction: a run that is killed has taught nothing, and
//! can be run again. What is learned goes into it in parts, so that memory does
//! not grow with the input.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use s3sentry::baseline::{Baseline, DAY, HOUR, Mode, volume};
use s3sentry::pipeline::{self, Span, Tally};
use s3sentry::rule::RuleSet;
use s3sentry::session::COMMIT_EVERY;
use s3sentry::source::Sources;
use s3sentry::state::{Access, Commit, State};

use super::path;
use crate::cli::baseline::Learn;
use crate::commands::progress::Progress;
use crate::commands::summary::{self, next, words};
use crate::commands::watched::Watched;
use crate::commands::{self, End, Stop, owner, say, shown};

const EXAMPLES: &str = "
Learn from a directory of logs:
    s3sentry baseline learn --state s3sentry.db logs/
or of some days only:
    s3sentry baseline learn --state s3sentry.db --since 2026-01-01 --until 2026-02-01 logs/";

/// Runs the command.
pub fn run(arguments: &Learn) -> Result<End, Stop> {
    let common = &arguments.common;
    let file = path(&arguments.state)?;
    let span = commands::span(&arguments.input)?;
    let settings = commands::settings(common, Some(&arguments.lists))?;
    let rules = commands::rules(&arguments.rules, &settings)?;
    let set = commands::compiled_with_baseline(&rules, &settings)?;
    let inputs = commands::inputs(&arguments.input, None, EXAMPLES)?;
    let mut state = State::open(&file, Access::ReadWrite, &owner())?;
    let mut sources = commands::open_all(&inputs, &arguments.input)?;
    let progress = Progress::new(common.quiet, sources.progress().total);
    let taught = commands::on_threads(common, || {
        teach(&mut state, &mut sources, &set, span, &progress)
    })?;
    let elapsed = progress.finish();
    let (tally, learned) = taught.map_err(|stop| stop.or(summary::unread(&sources)))?;
    let end = summary::inputs(&sources, &tally);
    if !common.quiet {
        print(arguments, &file, &sources, &tally, &learned, elapsed);
    }
    Ok(end)
}

/// What came of it.
#[derive(Default)]
struct Learned {
    /// Entities and values that are known now.
    known: (usize, usize),
    /// How many of them were not before.
    new: (usize, usize),
    evicted: u64,
}

fn teach(
    state: &mut State,
    sources: &mut Sources,
    set: &RuleSet,
    span: Span,
    progress: &Progress,
) -> Result<(Tally, Learned), Stop> {
    let Some(lessons) = set.learn().map(|learn| Arc::clone(learn.lessons())) else {
        return Ok(Default::default());
    };
    let mut baseline = Baseline::new(Arc::clone(&lessons), Mode::Declare, sources.lateness());
    state.load_baseline(&mut baseline)?;
    let before = baseline.len();
    let owner = owner();
    let commit = state.begin()?;
    let run = commit.start_run(&owner.command, owner.since)?;
    commit.register(&lessons)?;
    commit.begin_learning()?;
    let read = Mutex::new(sources.progress());
    let mut kept = 0;
    let source = &mut Watched::new(sources, &read);
    let tally = pipeline::teach(source, set, span, &mut baseline, |baseline, tally| {
        let read = *read.lock().unwrap_or_else(PoisonError::into_inner);
        progress.update(read, tally.lines, 0);
        if tally.bytes - kept < COMMIT_EVERY {
            return Ok(());
        }
        kept = tally.bytes;
        keep(&commit, baseline)
    })?;
    keep(&commit, &mut baseline)?;
    commit.end_learning(tally.latest.map_or(i64::MIN, first_hour))?;
    let known = baseline.len();
    let learned = Learned {
        known,
        new: (
            known.0.saturating_sub(before.0),
            known.1.saturating_sub(before.1),
        ),
        evicted: baseline.evicted,
    };
    commit.put_run(run, Some(commands::now()), tally.lines, 0)?;
    commit.commit()?;
    Ok((tally, learned))
}

/// The first hour that anything is compared with after this time, with a week to
/// spare.
fn first_hour(latest: i64) -> i64 {
    (latest - (volume::DAYS + 7) * DAY).div_euclid(HOUR)
}

/// Puts away what was learned since the last part.
fn keep(commit: &Commit<'_>, baseline: &mut Baseline) -> Result<(), Stop> {
    commit.put_part(baseline.delta())?;
    baseline.committed();
    Ok(())
}

fn print(
    arguments: &Learn,
    file: &Path,
    sources: &Sources,
    tally: &Tally,
    learned: &Learned,
    elapsed: Duration,
) {
    summary::of_parse(sources, tally, &arguments.input, elapsed);
    let number = |number: usize, noun| words::count(number as u64, noun);
    let mut text = format!(
        "{} and {} that were not known; {} and {} in {}",
        number(learned.new.0, "entity"),
        number(learned.new.1, "value"),
        words::group(learned.known.0 as u64),
        words::group(learned.known.1 as u64),
        shown(file),
    );
    if learned.evicted > 0 {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "; {} forgotten for lack of room, those seen longest ago",
            words::group(learned.evicted)
        );
    }
    say(words::row("learned", &text, summary::width()));
    if let Some((_, last)) = tally.span.filter(|_| tally.records() > tally.outside) {
        say(next::after_learning(
            &arguments.input.sources,
            file,
            (last + 1).min(arguments.input.until.unwrap_or(i64::MAX)),
        ));
    }
}
