//! A run that looks for alerts, beside a state file or without one: what `scan` and
//! `report` share. Where alerts go may not enter here.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use s3sentry::pipeline::{self, BlockSource, Early, Going, Memory, Options, Outcome, Span};
use s3sentry::rule::RuleSet;
use s3sentry::session::{self, Output, Session};
use s3sentry::settings::Settings;
use s3sentry::source::s3::LOOKBACK;
use s3sentry::source::{Options as ReadOptions, Progress as ReadProgress, Sources, Spec};

use super::bucket::{self, Further};
use super::watched::Watched;
use super::{Failed, Inputs, Stop};
use crate::cli::Search;

/// What was asked for, checked.
pub struct Asked<'a> {
    /// As it was written.
    pub arguments: &'a Search,
    /// Which records count.
    pub span: Span,
    /// Settings.
    pub settings: Arc<Settings>,
    /// Rules, as they are written.
    pub rules: super::Rules,
    /// The same, as they run.
    pub set: Arc<RuleSet>,
    /// The state file.
    pub kept: Option<PathBuf>,
}

impl<'a> Asked<'a> {
    /// Reads settings and rules, and sees whether options go together.
    pub fn read(arguments: &'a Search) -> Result<Self, Stop> {
        let span = super::span(&arguments.input)?;
        let settings = super::settings(&arguments.common, Some(&arguments.lists))?;
        let rules = super::rules(&arguments.rules, &settings)?;
        let kept = super::state_file(arguments.state.as_ref());
        if kept.is_none() {
            needs_no_state(arguments)?;
        }
        let set = match kept {
            None => super::compiled(&rules, &settings, arguments.min_level)?,
            Some(_) => super::compiled_with_baseline(&rules, &settings)?,
        };
        Ok(Self {
            arguments,
            span,
            settings,
            rules,
            set: Arc::new(set),
            kept,
        })
    }

    /// Opens the state file, if there is one.
    pub fn session(&self) -> Result<Option<Session>, Stop> {
        let session = self.kept.as_deref();
        let session = session.map(|file| Session::open(file, &super::owner()));
        Ok(session.transpose()?)
    }
}

/// What is about earlier runs is of no use without them.
fn needs_no_state(arguments: &Search) -> Result<(), Stop> {
    if arguments.no_learn {
        return Err(Stop::usage(anyhow::anyhow!(
            "--no-learn is about the baseline in a state file: name one with --state FILE"
        )));
    }
    if arguments.full || arguments.lookback.is_some() {
        return Err(Stop::usage(anyhow::anyhow!(
            "--full and --lookback are about what earlier runs read, which a state file tells: name \
             one with --state FILE. Without one all is read each time"
        )));
    }
    Ok(())
}

/// `--full` and `--lookback` are about buckets.
pub fn again_of_buckets(arguments: &Search, inputs: &Inputs) -> Result<(), Stop> {
    if inputs.addresses.is_empty() && (arguments.full || arguments.lookback.is_some()) {
        return Err(Stop::usage(anyhow::anyhow!(
            "--full and --lookback are about buckets: name one, s3://BUCKET/PREFIX"
        )));
    }
    Ok(())
}

/// Inputs that are open, with what earlier runs left.
pub struct Reading<'r> {
    asked: &'r Asked<'r>,
    options: Options,
    /// Windows and baseline; none without a state file.
    memory: Option<Memory>,
    /// The inputs.
    pub sources: Sources,
}

impl<'r> Reading<'r> {
    /// Opens what was named.
    pub fn open(
        asked: &'r Asked<'r>,
        inputs: &Inputs,
        session: Option<&mut Session>,
    ) -> Result<Self, Stop> {
        let mut sources = opened(asked, inputs, session.as_deref())?;
        let options = Options {
            span: asked.span,
            lateness: sources.lateness(),
            max_state: asked.arguments.max_state,
        };
        let memory = match session {
            None => None,
            Some(session) => Some(restored(session, asked, options, &mut sources)?),
        };
        Ok(Self {
            asked,
            options,
            memory,
            sources,
        })
    }

    /// Reads all of it. `read` is told how far reading is; what the windows came to
    /// is given where there is a state file. Of the two errors the first is one of
    /// threads, with which nothing was read.
    pub fn run(
        &mut self,
        session: Option<&mut Session>,
        read: &Mutex<ReadProgress>,
        output: &mut dyn Output,
    ) -> Result<Result<(Outcome, Option<Memory>), Failed>, Stop> {
        let asked = self.asked;
        let kept = session.zip(self.memory.take());
        let options = self.options;
        let source = &mut Watched::new(&mut self.sources, read);
        super::on_threads(&asked.arguments.common, || match kept {
            None => once(source, &asked.set, options, output).map(|outcome| (outcome, None)),
            Some((session, memory)) => {
                let (outcome, memory) = going_on(session, source, asked, memory, output)?;
                Ok((outcome, Some(memory)))
            }
        })
    }
}

/// Opens what was named.
fn opened(asked: &Asked<'_>, inputs: &Inputs, session: Option<&Session>) -> Result<Sources, Stop> {
    let (specs, reading) = (inputs.specs.clone(), inputs.options.clone());
    let (arguments, span) = (asked.arguments, asked.span);
    let (mut sources, further) = match session {
        None => (Sources::open(specs, reading), Further::default()),
        Some(session) => {
            let further = Further {
                lookback: arguments.lookback.unwrap_or(LOOKBACK),
                full: arguments.full,
                known: Box::new(session.known_objects()?),
            };
            (resumed(session, specs, reading, span)?, further)
        }
    };
    bucket::attach(&mut sources, inputs, &arguments.input.bucket, span, further)?;
    Ok(sources)
}

/// Inputs without what earlier runs took.
fn resumed(
    session: &Session,
    specs: Vec<Spec>,
    reading: ReadOptions,
    span: Span,
) -> Result<Sources, Stop> {
    let mut failed = None;
    let sources = Sources::resume(specs, reading, (span.since, span.until), |path| {
        session.mark(path).unwrap_or_else(|error| {
            failed = Some(error);
            None
        })
    });
    // Without a mark what was read would be counted twice.
    failed.map_or(Ok(sources), |error| Err(error.into()))
}

/// What earlier runs left.
fn restored(
    session: &mut Session,
    asked: &Asked<'_>,
    options: Options,
    sources: &mut Sources,
) -> Result<Memory, Stop> {
    let options = session::Options {
        lateness: options.lateness,
        max_state: options.max_state,
        learn: !asked.arguments.no_learn,
        anew: asked.arguments.full,
    };
    let (memory, past) = session.restore(&asked.set, options)?;
    sources.remember(past);
    Ok(memory)
}

/// A run that no other follows.
fn once(
    source: &mut dyn BlockSource,
    set: &Arc<RuleSet>,
    options: Options,
    output: &mut dyn Output,
) -> Result<Outcome, Failed> {
    pipeline::run(source, set, options, |alert, tally| {
        let told = match alert {
            Some(alert) => output.alert(&alert, true, tally),
            None => output.batch(tally),
        };
        told.map_err(Failed::Output)
    })
}

/// A run that goes on where another ended.
fn going_on(
    session: &mut Session,
    source: &mut dyn BlockSource,
    asked: &Asked<'_>,
    mut memory: Memory,
    output: &mut dyn Output,
) -> Result<(Outcome, Memory), Failed> {
    let mut running = session.begin(output)?;
    let how = Going {
        span: asked.span,
        early: Early::AtEnd,
        // Windows that began anew are of no use before they have seen all.
        commit_every: if asked.arguments.full {
            u64::MAX
        } else {
            asked.arguments.commit_every
        },
    };
    let outcome = pipeline::go_on(source, &asked.set, &mut memory, how, &mut running)?;
    Ok((outcome, memory))
}
