//! `scan`: access logs in, alerts out.

use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex, PoisonError};

use s3sentry::alert::{Alert, Level, Status};
use s3sentry::pipeline::{self, BlockSource, Memory, Options, Outcome, Span, Tally};
use s3sentry::rule::RuleSet;
use s3sentry::session::{self, Output as _, Session};
use s3sentry::sink::{self, Format, Sink};
use s3sentry::source::{Options as ReadOptions, Progress as ReadProgress, Sources, Spec};

use super::output::Target;
use super::progress::Progress;
use super::summary::{self, Entities, Kept, Summary};
use super::watched::Watched;
use super::{End, Failed, Stop};
use crate::cli::{Color, Scan};

const EXAMPLES: &str = "
Scan a directory of logs:
    s3sentry scan --trusted-networks networks.txt logs/
or a pipe:
    zcat logs/*.gz | s3sentry scan";

/// Columns of a table that is not on a terminal.
const COLUMNS: usize = 100;

/// Runs the command.
pub fn run(arguments: &Scan) -> Result<End, Stop> {
    let common = &arguments.common;
    let span = super::span(&arguments.input)?;
    let settings = super::settings(common, Some(&arguments.lists))?;
    let rules = super::rules(&arguments.rules, &settings)?;
    let kept = super::state_file(arguments.state.as_ref());
    if arguments.no_learn && kept.is_none() {
        return Err(Stop::usage(anyhow::anyhow!(
            "--no-learn is about the baseline in a state file: name one with --state FILE"
        )));
    }
    let set = match kept {
        None => super::compiled(&rules, &settings, arguments.min_level)?,
        Some(_) => super::compiled_with_baseline(&rules, &settings)?,
    };
    let set = Arc::new(set);
    let format = format(arguments);
    if format == Format::Json && arguments.output.append.is_some() {
        return Err(Stop::usage(anyhow::anyhow!(
            "json is one array, which nothing can be appended to; use --format ndjson"
        )));
    }
    entities_apart(arguments)?;
    let (specs, reading) = super::specs(&arguments.input, arguments.lateness, EXAMPLES)?;
    let mut session = kept
        .map(|file| Session::open(&file, &super::owner()))
        .transpose()?;
    let header = matches!(format, Format::Csv | Format::Table);
    let mut target = Target::open(&arguments.output, header)?;
    let whom = arguments
        .entities
        .as_deref()
        .map(Target::file)
        .transpose()?;
    let mut sources = match &session {
        None => Sources::open(specs, reading),
        Some(session) => resumed(session, specs, reading, span)?,
    };
    let options = Options {
        span,
        lateness: sources.lateness(),
        max_state: arguments.max_state,
    };
    let memory = match &mut session {
        None => None,
        Some(session) => Some(restored(session, &set, options, arguments, &mut sources)?),
    };
    let look = sink::Options {
        color: color(arguments, &target),
        width: width(&target),
    };
    let settles = !matches!(target, Target::Replace(..));
    let progress = Progress::new(common.quiet, sources.progress().total);
    let read = Mutex::new(sources.progress());
    let mut entities = Entities::new(&set);
    let mut versions = Versions::default();
    let ran = {
        let mut writer = Writer {
            sink: sink::alerts(format, Box::new(&mut target), look),
            entities: &mut entities,
            versions: &mut versions,
            progress: &progress,
            read: &read,
            min_level: arguments.min_level,
            settles,
            unseen: false,
        };
        let watched = &mut Watched::new(&mut sources, &read);
        let ran = super::on_threads(common, || match (&mut session, memory) {
            (Some(session), Some(memory)) => {
                let end = going_on(
                    session,
                    watched,
                    &set,
                    (span, arguments),
                    memory,
                    &mut writer,
                )?;
                Ok((end.0, Some(end.1)))
            }
            _ => once(watched, &set, options, &mut writer).map(|outcome| (outcome, None)),
        })?;
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
            set: &set,
            settings: &settings,
            overrides: &rules.overrides,
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
    };
    let (memory, past) = session.restore(set, options)?;
    sources.remember(past);
    Ok(memory)
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
    let every = arguments.commit_every;
    let outcome = pipeline::go_on(source, set, span, &mut memory, every, &mut running)?;
    Ok((outcome, memory))
}

/// Versions of alerts, by what they say.
#[derive(Debug, Default)]
pub struct Versions {
    /// Of periods that go on.
    pub open: u64,
    /// Final ones that were told before as they stood.
    pub closed: u64,
    /// Those that were told before and hold no longer.
    pub withdrawn: u64,
}

/// Where alerts go, and who is told of them.
struct Writer<'w> {
    sink: Box<dyn Sink + 'w>,
    entities: &'w mut Entities,
    versions: &'w mut Versions,
    progress: &'w Progress,
    read: &'w Mutex<ReadProgress>,
    min_level: Level,
    /// Whether what is flushed stays.
    settles: bool,
    /// Whether alerts wait in a buffer.
    unseen: bool,
}

impl session::Output for Writer<'_> {
    fn alert(&mut self, alert: &Alert, fresh: bool, _: &Tally) -> io::Result<()> {
        if alert.rule.level < self.min_level {
            return Ok(());
        }
        match alert.status {
            Status::Open => self.versions.open += 1,
            Status::Withdrawn => self.versions.withdrawn += 1,
            Status::Closed => self.versions.closed += u64::from(!fresh),
        }
        self.unseen = true;
        if fresh {
            self.entities.count(alert);
        }
        let sink = &mut self.sink;
        self.progress.suspend(|| sink.alert(alert))
    }

    fn batch(&mut self, tally: &Tally) -> io::Result<()> {
        let read = *self.read.lock().unwrap_or_else(PoisonError::into_inner);
        self.progress
            .update(read, tally.lines, self.entities.alerts());
        if !std::mem::take(&mut self.unseen) {
            return Ok(());
        }
        let sink = &mut self.sink;
        self.progress.suspend(|| sink.flush())
    }

    fn settle(&mut self) -> io::Result<bool> {
        self.sink.flush()?;
        Ok(self.settles)
    }
}

/// stdout and the file of the alerts carry alerts and nothing else.
fn entities_apart(arguments: &Scan) -> Result<(), Stop> {
    let Some(file) = &arguments.entities else {
        return Ok(());
    };
    let output = &arguments.output;
    let alerts = [&output.output, &output.append].into_iter().flatten();
    let same = alerts.into_iter().any(|alerts| alerts == file);
    if same || file.as_os_str() == "-" {
        return Err(Stop::usage(anyhow::anyhow!(
            "--entities needs a file of its own: alerts go to {}",
            if same {
                super::shown(file)
            } else {
                "stdout".to_owned()
            }
        )));
    }
    Ok(())
}

fn format(arguments: &Scan) -> Format {
    let on_terminal = arguments.output.is_stdout() && io::stdout().is_terminal();
    let default = if on_terminal {
        Format::Table
    } else {
        Format::Ndjson
    };
    arguments.format.unwrap_or(default)
}

/// What goes elsewhere is the same wherever it was started.
fn width(target: &Target) -> usize {
    let size = match target {
        Target::Stdout(_) => terminal_size::terminal_size_of(io::stdout()),
        _ => None,
    };
    size.map_or(COLUMNS, |(width, _)| width.0.into())
}

/// A file is coloured only on demand.
fn color(arguments: &Scan, target: &Target) -> bool {
    match target {
        Target::Stdout(_) => super::color(arguments.common.color, &io::stdout()),
        _ => arguments.common.color == Color::Always,
    }
}
