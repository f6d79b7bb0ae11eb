//! `scan`: access logs in, alerts out.

use std::io::{self, IsTerminal};
use std::sync::Arc;

use s3sentry::pipeline::Options;
use s3sentry::sink::{self, Format};

use super::output::Target;
use super::progress::Progress;
use super::summary::{self, Entities, Summary};
use super::{End, Failed, Stop, watched};
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
    let set = Arc::new(super::compiled(&rules, &settings, arguments.min_level)?);
    let format = format(arguments);
    if format == Format::Json && arguments.output.append.is_some() {
        return Err(Stop::usage(anyhow::anyhow!(
            "json is one array, which nothing can be appended to; use --format ndjson"
        )));
    }
    entities_apart(arguments)?;
    let header = matches!(format, Format::Csv | Format::Table);
    let mut target = Target::open(&arguments.output, header)?;
    let whom = arguments
        .entities
        .as_deref()
        .map(Target::file)
        .transpose()?;
    let mut sources = super::open(&arguments.input, arguments.lateness, EXAMPLES)?;
    let look = sink::Options {
        color: color(arguments, &target),
        width: width(&target),
    };
    let options = Options {
        span,
        lateness: sources.lateness(),
        max_state: arguments.max_state,
    };
    let progress = Progress::new(common.quiet, sources.progress().total);
    let mut entities = Entities::new(&set);
    // Whether alerts wait in a buffer.
    let mut unseen = false;
    let ran = {
        let mut sink = sink::alerts(format, Box::new(&mut target), look);
        let ran = super::on_threads(common, || {
            watched::run(&mut sources, &set, options, |alert, read, tally| {
                let Some(alert) = alert else {
                    progress.update(read, tally.lines, entities.alerts());
                    if !std::mem::take(&mut unseen) {
                        return Ok(());
                    }
                    return progress.suspend(|| sink.flush());
                };
                unseen = true;
                entities.count(&alert);
                progress.suspend(|| sink.alert(&alert))
            })
        })?;
        ran.and_then(|outcome| sink.finish().map(|()| outcome).map_err(Failed::Output))
    };
    let ran = ran.map_err(Stop::from).and_then(|outcome| {
        target.finish()?;
        if let Some(whom) = whom {
            entities.write(whom)?;
        }
        Ok(outcome)
    });
    let elapsed = progress.finish();

    let fails = arguments.fail_on.is_some_and(|level| entities.reach(level));
    let found = if fails { End::Alerts } else { End::Done };
    let outcome = match ran {
        Ok(outcome) => outcome,
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
            elapsed,
        };
        summary.print();
    }
    Ok(end)
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
