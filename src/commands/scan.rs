//! `scan`: access logs in, alerts out.

pub mod files;
pub mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use s3sentry::pipeline::{self, BlockSource, Early, Going, Memory, Options, Outcome, Span};
use s3sentry::rule::RuleSet;
use s3sentry::session::{self, Output as _, Session};
use s3sentry::settings::Settings;
use s3sentry::sink::{self, Format};
use s3sentry::source::s3::LOOKBACK;
use s3sentry::source::{Options as ReadOptions, Sources, Spec};

use self::writer::{Versions, Writer};
use super::bucket::{self, Further};
use super::output::{self, Target};
use super::progress::Progress;
use super::summary::{self, Entities, Kept, Summary};
use super::watched::Watched;
use super::{End, Failed, Inputs, Stop};
use crate::cli::Scan;

const EXAMPLES: &str = "
Scan a directory of logs:
    s3sentry scan --trusted-networks networks.txt logs/
or a pipe:
    zcat logs/*.gz | s3sentry scan";

/// What was asked for, checked.
struct Asked {
    span: Span,
    settings: Arc<Settings>,
    rules: super::Rules,
    set: Arc<RuleSet>,
    format: Format,
    /// The state file.
    kept: Option<PathBuf>,
}

impl Asked {
    fn read(arguments: &Scan) -> Result<Self, Stop> {
        let span = super::span(&arguments.input)?;
        let settings = super::settings(&arguments.common, Some(&arguments.lists))?;
        let rules = super::rules(&arguments.rules, &settings)?;
        let kept = super::state_file(arguments.state.as_ref());
        let format = output::format(arguments.format, &arguments.output);
        consistent(arguments, kept.as_deref(), format)?;
        files::apart(&files(arguments, kept.as_deref()), &arguments.input.sources)?;
        let set = compiled(arguments, kept.as_deref(), &rules, &settings)?;
        Ok(Self {
            span,
            settings,
            rules,
            set: Arc::new(set),
            format,
            kept,
        })
    }
}

/// Files that the run writes.
fn files<'a>(arguments: &'a Scan, kept: Option<&'a Path>) -> Vec<(&'static str, &'a Path)> {
    files::written(&arguments.output, arguments.entities.as_deref(), kept)
}

/// Runs the command.
pub fn run(arguments: &Scan) -> Result<End, Stop> {
    let common = &arguments.common;
    let asked = Asked::read(arguments)?;
    let (set, span) = (&asked.set, asked.span);
    let mut inputs = super::inputs(&arguments.input, arguments.lateness, EXAMPLES)?;
    let kept = asked.kept.as_deref();
    inputs.options.own = files::own(&files(arguments, kept), kept);
    again_of_buckets(arguments, &inputs)?;
    let session = kept.map(|file| Session::open(file, &super::owner()));
    let mut session = session.transpose()?;
    let header = matches!(asked.format, Format::Csv | Format::Table);
    let mut target = Target::open(&arguments.output, header)?;
    let whom = arguments.entities.as_deref();
    let whom = whom.map(Target::file).transpose()?;
    let mut sources = opened(arguments, &inputs, session.as_ref(), span)?;
    let options = Options {
        span,
        lateness: sources.lateness(),
        max_state: arguments.max_state,
    };
    let memory = match &mut session {
        None => None,
        Some(session) => Some(restored(session, set, options, arguments, &mut sources)?),
    };
    let look = output::look(common.color, &target);
    let settles = !matches!(target, Target::Replace(..));
    let file = target.growing()?;
    let progress = Progress::new(common.quiet, sources.progress().total);
    let read = Mutex::new(sources.progress());
    let mut entities = Entities::new(set);
    let mut versions = Versions::default();
    let ran = {
        let mut writer = Writer {
            sink: sink::alerts(asked.format, Box::new(&mut target), look),
            entities: &mut entities,
            versions: &mut versions,
            progress: &progress,
            read: &read,
            min_level: arguments.min_level,
            file: file.as_ref(),
            settles,
            unseen: false,
        };
        let watched = &mut Watched::new(&mut sources, &read);
        let kept = session.as_mut().zip(memory);
        let run = || execute(kept, watched, set, (options, arguments), &mut writer);
        let ran = super::on_threads(common, run)?;
        ran.and_then(|ended| {
            let finished = writer.sink.finish();
            finished.map(|()| ended).map_err(Failed::Output)
        })
    };
    let ran = ran.map_err(Stop::from).and_then(|ended| {
        target.finish()?;
        if let Some(whom) = whom {
            entities.write(whom)?;
        }
        if let Some(session) = &mut session {
            session.settle()?;
        }
        Ok(ended)
    });
    let elapsed = progress.finish();

    let fails = arguments.fail_on.is_some_and(|level| entities.reach(level));
    let found = if fails { End::Alerts } else { End::Done };
    let (outcome, memory) = match ran {
        Ok(ended) => ended,
        Err(stop) => return Err(stop.or(found).or(summary::unread(&sources))),
    };
    let end = found.min(summary::inputs(&sources, &outcome.tally));
    if !common.quiet {
        let summary = Summary {
            outcome: &outcome,
            entities: &entities,
            sources: &sources,
            set,
            settings: &asked.settings,
            overrides: &asked.rules.overrides,
            arguments,
            kept: session
                .as_ref()
                .zip(memory.as_ref())
                .map(|(session, memory)| Kept {
                    session,
                    memory,
                    versions: &versions,
                }),
            elapsed,
        };
        summary.print();
    }
    Ok(end)
}

/// Opens what was named.
fn opened(
    arguments: &Scan,
    inputs: &Inputs,
    session: Option<&Session>,
    span: Span,
) -> Result<Sources, Stop> {
    let (specs, reading) = (inputs.specs.clone(), inputs.options.clone());
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

/// `--full` and `--lookback` are about buckets.
fn again_of_buckets(arguments: &Scan, inputs: &Inputs) -> Result<(), Stop> {
    if inputs.addresses.is_empty() && (arguments.full || arguments.lookback.is_some()) {
        return Err(Stop::usage(anyhow::anyhow!(
            "--full and --lookback are about buckets: name one, s3://BUCKET/PREFIX"
        )));
    }
    Ok(())
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
    set: &Arc<RuleSet>,
    options: Options,
    arguments: &Scan,
    sources: &mut Sources,
) -> Result<Memory, Stop> {
    let options = session::Options {
        lateness: options.lateness,
        max_state: options.max_state,
        learn: !arguments.no_learn,
        anew: arguments.full,
    };
    let (memory, past) = session.restore(set, options)?;
    sources.remember(past);
    Ok(memory)
}

/// The run itself, and what goes on.
fn execute(
    kept: Option<(&mut Session, Memory)>,
    source: &mut dyn BlockSource,
    set: &Arc<RuleSet>,
    (options, arguments): (Options, &Scan),
    writer: &mut Writer<'_>,
) -> Result<(Outcome, Option<Memory>), Failed> {
    match kept {
        None => once(source, set, options, writer).map(|outcome| (outcome, None)),
        Some((session, memory)) => {
            let asked = (options.span, arguments);
            let ended = going_on(session, source, set, asked, memory, writer)?;
            Ok((ended.0, Some(ended.1)))
        }
    }
}

/// A run that no other follows.
fn once(
    source: &mut dyn BlockSource,
    set: &Arc<RuleSet>,
    options: Options,
    writer: &mut Writer<'_>,
) -> Result<Outcome, Failed> {
    pipeline::run(source, set, options, |alert, tally| {
        let told = match alert {
            Some(alert) => writer.alert(&alert, true, tally),
            None => writer.batch(tally),
        };
        told.map_err(Failed::Output)
    })
}

/// A run that goes on where another ended.
fn going_on(
    session: &mut Session,
    source: &mut dyn BlockSource,
    set: &Arc<RuleSet>,
    (span, arguments): (Span, &Scan),
    mut memory: Memory,
    writer: &mut Writer<'_>,
) -> Result<(Outcome, Memory), Failed> {
    let mut running = session.begin(writer)?;
    let how = Going {
        span,
        early: Early::AtEnd,
        // Windows that began anew are of no use before they have seen all.
        commit_every: if arguments.full {
            u64::MAX
        } else {
            arguments.commit_every
        },
    };
    let outcome = pipeline::go_on(source, set, &mut memory, how, &mut running)?;
    Ok((outcome, memory))
}

/// What was asked for goes together.
fn consistent(arguments: &Scan, kept: Option<&Path>, format: Format) -> Result<(), Stop> {
    if arguments.no_learn && kept.is_none() {
        return Err(Stop::usage(anyhow::anyhow!(
            "--no-learn is about the baseline in a state file: name one with --state FILE"
        )));
    }
    if kept.is_none() && (arguments.full || arguments.lookback.is_some()) {
        return Err(Stop::usage(anyhow::anyhow!(
            "--full and --lookback are about what earlier runs read, which a state file tells: name \
             one with --state FILE. Without one all is read each time"
        )));
    }
    if format == Format::Json && arguments.output.append.is_some() {
        return Err(Stop::usage(anyhow::anyhow!(
            "json is one array, which nothing can be appended to; use --format ndjson"
        )));
    }
    files::entities_apart(arguments)
}

/// The rules, beside a baseline where there is a file to keep it in.
fn compiled(
    arguments: &Scan,
    kept: Option<&Path>,
    rules: &super::Rules,
    settings: &Arc<Settings>,
) -> Result<RuleSet, Stop> {
    match kept {
        None => super::compiled(rules, settings, arguments.min_level),
        Some(_) => super::compiled_with_baseline(rules, settings),
    }
}
