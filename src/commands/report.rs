//! `report`: access logs in, a page for people out.
//!
//! Without a state file alerts go into the report as they come. With one the run
//! keeps them first, as that of a scan does, and the report is made of what was kept
//! since the last one: what could not be written is in the next.

mod before;
mod coverage;
mod files;
mod gather;

use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use s3sentry::correlate::Counts;
use s3sentry::pipeline::{Hours, Memory, Outcome, Tally};
use s3sentry::record::time::rfc3339;
use s3sentry::report::timeline::lay_out;
use s3sentry::report::{self, Collector, Coverage, Parts, Previous, compare};
use s3sentry::session::Session;
use s3sentry::sink::{self, Format};
use s3sentry::source::Sources;
use s3sentry::state::{self, Intake};

use self::files::Outputs;
use self::gather::{Gathered, Silent, Straight};
use super::progress::Progress;
use super::scan::files::own;
use super::scan::writer::{Versions, Writer};
use super::search::{self, Asked, Reading};
use super::summary::words::count;
use super::summary::{self, Entities, Kept, Summary, next};
use super::{End, Inputs, Stop, say, shown};
use crate::cli::report::Report;

const EXAMPLES: &str = "
Report on a directory of logs:
    s3sentry report --trusted-networks networks.txt -o report.html logs/
or on what is new since the last report:
    s3sentry report --state s3.state -o report.html logs/
or on what earlier runs found:
    s3sentry report --state s3.state -o report.html";

/// What there is to report.
struct Taken {
    /// What this run came to.
    outcome: Outcome,
    /// What it leaves for the next, where there is a state file and something was
    /// read.
    memory: Option<Memory>,
    /// Requests over time.
    hours: Hours,
    /// What was read, by whichever runs.
    intake: Intake,
    /// How many runs.
    runs: u64,
    /// The report before it, of the same state file.
    since_report: Option<Previous>,
}

/// Runs the command.
pub fn run(arguments: &Report) -> Result<End, Stop> {
    let search = &arguments.search;
    let asked = Asked::read(search)?;
    let kept = asked.kept.as_deref();
    let alerts = files::alerts(&arguments.output);
    let inputs = inputs(arguments, &alerts, kept)?;
    let before = match &arguments.compare {
        None => None,
        Some(path) => before::read(path, &arguments.output)?,
    };
    if let Some(path) = kept.filter(|path| !reads(arguments) && !path.exists()) {
        let path = path.to_owned();
        return Err(state::Error::Missing { path }.into());
    }
    let mut session = asked.session()?.map(Session::reporting);
    let mut outputs = Outputs::open(&alerts, &arguments.output)?;
    // Without an input nothing is touched that a run would go on from.
    let going_on = session.as_mut().filter(|_| reads(arguments));
    let mut reading = Reading::open(&asked, &inputs, going_on)?;
    let progress = Progress::new(search.common.quiet, reading.sources.progress().total);
    let mut gathered = Gathered::new(&asked.set, search.min_level);
    let taken = match &mut session {
        None => once(&mut reading, &progress, &mut gathered, &mut outputs),
        Some(session) => {
            let ran = if reads(arguments) {
                keep(&mut reading, session, &progress, &mut gathered)
            } else {
                nothing(session)
            };
            ran.and_then(|ran| unreported(session, ran, &mut gathered, &mut outputs))
        }
    };
    let told = Told {
        arguments,
        asked: &asked,
        sources: &reading.sources,
        elapsed: progress.finish(),
    };
    let Gathered {
        collector,
        entities,
        versions,
        ..
    } = gathered;
    let fails = search.fail_on.is_some_and(|level| entities.reach(level));
    let found = if fails { End::Alerts } else { End::Done };
    let ended = taken.and_then(|taken| {
        let coverage = {
            let summary = told.summary(&taken, &entities, &versions, session.as_ref());
            coverage::of(&summary, &taken)
        };
        let mut report = made(collector, &asked, &taken, coverage, files::name(&alerts));
        report.compared = before.as_ref().map(|before| compare(before, &report));
        outputs.write(&report)?;
        // Only what people can read has been reported.
        if let Some(session) = &mut session {
            session.reported(report.made)?;
        }
        Ok(taken)
    });
    let taken = match ended {
        Ok(taken) => taken,
        Err(stop) => return Err(stop.or(found).or(summary::unread(told.sources))),
    };
    let end = found.min(summary::inputs(told.sources, &taken.outcome.tally));
    if !search.common.quiet {
        let summary = told.summary(&taken, &entities, &versions, session.as_ref());
        summary.print();
        told.places(&taken, &alerts, before.is_some());
    }
    Ok(end)
}

/// Whether this run reads anything.
fn reads(arguments: &Report) -> bool {
    !arguments.search.input.sources.is_empty()
}

/// What the user named, if all of it goes together.
fn inputs(arguments: &Report, alerts: &Path, kept: Option<&Path>) -> Result<Inputs, Stop> {
    let search = &arguments.search;
    if !reads(arguments) && kept.is_none() {
        return Err(Stop::usage(anyhow::anyhow!("no source named\n{EXAMPLES}")));
    }
    let written = files::written(arguments, alerts, kept);
    files::apart(arguments, &written)?;
    let mut inputs = super::named_inputs(&search.input, search.lateness)?;
    inputs.options.own = own(&written, kept);
    search::again_of_buckets(search, &inputs)?;
    Ok(inputs)
}

/// A run that no other follows: alerts go into the report as they come.
fn once(
    reading: &mut Reading<'_>,
    progress: &Progress,
    gathered: &mut Gathered,
    outputs: &mut Outputs,
) -> Result<Taken, Stop> {
    let read = Mutex::new(reading.sources.progress());
    let look = sink::Options::default();
    let mut straight = Straight {
        writer: Writer {
            sink: sink::alerts(Format::Ndjson, Box::new(&mut outputs.alerts), look),
            entities: &mut gathered.entities,
            versions: &mut gathered.versions,
            progress,
            read: &read,
            min_level: gathered.min_level,
            file: None,
            settles: false,
            unseen: false,
        },
        collector: &mut gathered.collector,
    };
    let (mut outcome, _) = reading.run(None, &read, &mut straight)??;
    straight.writer.sink.finish()?;
    let hours = std::mem::take(&mut outcome.tally.hours);
    let intake = read_at_once(&outcome, &hours, &reading.sources);
    Ok(Taken {
        outcome,
        memory: None,
        hours,
        intake,
        runs: 1,
        since_report: None,
    })
}

fn read_at_once(outcome: &Outcome, hours: &Hours, sources: &Sources) -> Intake {
    let (tally, inputs) = (&outcome.tally, sources.counts());
    Intake {
        lines: tally.lines,
        bytes: tally.bytes,
        malformed: tally.malformed,
        ambiguous: tally.ambiguous,
        undated: tally.undated,
        late: outcome.correlation.late,
        evicted: outcome.correlation.evicted,
        read: inputs.read,
        skipped: inputs.skipped(),
        failed: inputs.failed,
        span: hours.span(),
    }
}

/// A run that goes on where another ended, and keeps what it finds.
fn keep(
    reading: &mut Reading<'_>,
    session: &mut Session,
    progress: &Progress,
    gathered: &mut Gathered,
) -> Result<(Outcome, Option<Memory>), Stop> {
    let read = Mutex::new(reading.sources.progress());
    let mut silent = Silent {
        versions: &mut gathered.versions,
        progress,
        read: &read,
        alerts: 0,
    };
    Ok(reading.run(Some(session), &read, &mut silent)??)
}

/// A run that reads nothing.
fn nothing(session: &mut Session) -> Result<(Outcome, Option<Memory>), Stop> {
    session.end()?;
    let outcome = Outcome {
        tally: Tally::default(),
        correlation: Counts::default(),
    };
    Ok((outcome, None))
}

/// What was kept since the last report, by whichever runs.
fn unreported(
    session: &Session,
    (outcome, memory): (Outcome, Option<Memory>),
    gathered: &mut Gathered,
    outputs: &mut Outputs,
) -> Result<Taken, Stop> {
    session.unreported_alerts(|alert, json| {
        if gathered.add(&alert) {
            outputs.alerts.write_all(json.as_bytes())?;
            outputs.alerts.write_all(b"\n")?;
        }
        Ok::<(), Stop>(())
    })?;
    let unreported = session.unreported()?;
    Ok(Taken {
        outcome,
        memory,
        hours: unreported.hours,
        intake: unreported.intake,
        runs: unreported.runs,
        since_report: unreported.made.map(|made| Previous { made }),
    })
}

fn made(
    collector: Collector,
    asked: &Asked<'_>,
    taken: &Taken,
    coverage: Coverage,
    alerts_file: String,
) -> report::Report {
    let place = lay_out(&taken.hours, &collector.alerted());
    collector.finish(Parts {
        made: super::now(),
        alerts_file,
        documents: &asked.rules.documents,
        set: &asked.set,
        timeline: place.timeline,
        buckets: place.buckets,
        buckets_left_out: place.buckets_left_out,
        coverage: Coverage {
            gaps: place.gaps,
            ..coverage
        },
        since_report: taken.since_report.clone(),
    })
}

/// What the summary speaks of beside what was found.
struct Told<'t> {
    arguments: &'t Report,
    asked: &'t Asked<'t>,
    sources: &'t Sources,
    elapsed: Duration,
}

impl Told<'_> {
    fn summary<'s>(
        &'s self,
        taken: &'s Taken,
        entities: &'s Entities,
        versions: &'s Versions,
        session: Option<&'s Session>,
    ) -> Summary<'s> {
        let outputs = self.arguments.output.iter();
        let outputs = outputs.map(|file| format!(" -o{}", next::word(&shown(&file.path))));
        Summary {
            asked: self.asked,
            command: format!("s3sentry report{}", outputs.collect::<String>()),
            outcome: &taken.outcome,
            entities,
            whom: self
                .arguments
                .output
                .first()
                .map(|file| file.path.as_path()),
            sources: self.sources,
            kept: session
                .zip(taken.memory.as_ref())
                .map(|(session, memory)| Kept {
                    session,
                    memory,
                    versions,
                }),
            elapsed: self.elapsed,
        }
    }

    /// What the report is about, where that is more than this run, and where
    /// everything is.
    fn places(&self, taken: &Taken, alerts: &Path, compared: bool) {
        if self.asked.kept.is_some() {
            let since = taken.since_report.as_ref();
            let since = since.map_or(String::new(), |previous| {
                format!(" since the report of {}", rfc3339(previous.made))
            });
            say(format_args!(
                "s3sentry: the report is about {} of {}{since}",
                count(taken.intake.lines, "line"),
                count(taken.runs, "run"),
            ));
        }
        if let Some(path) = self.arguments.compare.as_deref().filter(|_| !compared) {
            say(format_args!(
                "s3sentry: nothing to compare with yet: {} is the first",
                shown(path)
            ));
        }
        let reports = self.arguments.output.iter().map(|file| shown(&file.path));
        say(format_args!(
            "s3sentry: report in {}, alerts in {}",
            reports.collect::<Vec<_>>().join(", "),
            shown(alerts)
        ));
    }
}
