//! `scan`: access logs in, alerts out.

pub mod files;
pub mod writer;

use std::path::Path;
use std::sync::Mutex;

use s3sentry::sink::{self, Format};

use self::writer::{Versions, Writer};
use super::output::{self, Target};
use super::progress::Progress;
use super::search::{self, Asked, Reading};
use super::summary::{self, Entities, Kept, Summary};
use super::{End, Failed, Stop};
use crate::cli::Scan;

const EXAMPLES: &str = "
Scan a directory of logs:
    s3sentry scan --trusted-networks networks.txt logs/
or a pipe:
    zcat logs/*.gz | s3sentry scan";

/// Files that the run writes.
fn files<'a>(arguments: &'a Scan, kept: Option<&'a Path>) -> Vec<(&'static str, &'a Path)> {
    files::written(&arguments.output, arguments.entities.as_deref(), kept)
}

/// Runs the command.
pub fn run(arguments: &Scan) -> Result<End, Stop> {
    let search = &arguments.search;
    let common = &search.common;
    let asked = Asked::read(search)?;
    let (set, kept) = (&asked.set, asked.kept.as_deref());
    let format = output::format(arguments.format, &arguments.output);
    consistent(arguments, kept, format)?;
    let mut inputs = super::inputs(&search.input, search.lateness, EXAMPLES)?;
    inputs.options.own = files::own(&files(arguments, kept), kept);
    search::again_of_buckets(search, &inputs)?;
    let mut session = asked.session()?;
    let header = matches!(format, Format::Csv | Format::Table);
    let mut target = Target::open(&arguments.output, header)?;
    let whom = arguments.entities.as_deref();
    let whom = whom.map(Target::file).transpose()?;
    let mut reading = Reading::open(&asked, &inputs, session.as_mut())?;
    let look = output::look(common.color, &target);
    let settles = !matches!(target, Target::Replace(..));
    let file = target.growing()?;
    let progress = Progress::new(common.quiet, reading.sources.progress().total);
    let read = Mutex::new(reading.sources.progress());
    let mut entities = Entities::new(set);
    let mut versions = Versions::default();
    let ran = {
        let mut writer = Writer {
            sink: sink::alerts(format, Box::new(&mut target), look),
            entities: &mut entities,
            versions: &mut versions,
            progress: &progress,
            read: &read,
            min_level: search.min_level,
            file: file.as_ref(),
            settles,
            unseen: false,
        };
        let ran = reading.run(session.as_mut(), &read, &mut writer)?;
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
    let sources = &reading.sources;

    let fails = search.fail_on.is_some_and(|level| entities.reach(level));
    let found = if fails { End::Alerts } else { End::Done };
    let (outcome, memory) = match ran {
        Ok(ended) => ended,
        Err(stop) => return Err(stop.or(found).or(summary::unread(sources))),
    };
    let end = found.min(summary::inputs(sources, &outcome.tally));
    if !common.quiet {
        let summary = Summary {
            outcome: &outcome,
            entities: &entities,
            sources,
            asked: &asked,
            command: "s3sentry scan".to_owned(),
            whom: arguments.entities.as_deref(),
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

/// What was asked for goes together.
fn consistent(arguments: &Scan, kept: Option<&Path>, format: Format) -> Result<(), Stop> {
    if format == Format::Json && arguments.output.append.is_some() {
        return Err(Stop::usage(anyhow::anyhow!(
            "json is one array, which nothing can be appended to; use --format ndjson"
        )));
    }
    files::entities_apart(arguments)?;
    files::apart(&files(arguments, kept), &arguments.search.input.sources)
}
