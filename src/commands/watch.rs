//! `watch`: access logs in, alerts out as they happen, until it is stopped.
//!
//! One process, one session, many cycles: each reads what is new, tells what has
//! begun to fire and what is over, and commits. An endless pipe is one cycle that
//! does not end.

mod bucket;
mod cycle;
pub mod endpoint;
mod feed;
mod files;
mod health;
pub mod metrics;
mod names;
mod output;
mod pipe;
mod queue;
mod rules;
mod service;
mod signals;
mod totals;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use s3sentry::session::Session;
use s3sentry::sink::{self, Format};
use s3sentry::source::s3::{Address, LOOKBACK};
use s3sentry::source::{Progress as ReadProgress, Spec};
use tempfile::TempDir;

use self::bucket::{Buckets, Pace};
use self::files::Files;
use self::metrics::Metrics;
use self::output::Reader;
use self::pipe::Pipe;
use self::queue::Told;
use self::rules::Looked;
use self::service::Service;
use self::signals::Signals;
use super::output::Target;
use super::progress::Progress;
use super::scan::files as written;
use super::scan::writer::{Versions, Writer};
use super::summary::Entities;
use super::{End, Inputs, Stop, say};
use crate::cli::watch::Watch;

const EXAMPLES: &str = "
Follow the files of a directory:
    s3sentry watch --state s3sentry.db logs/
or an endless pipe:
    tail -F access.log | s3sentry watch -";

/// How often files are looked at.
const FILES: Duration = Duration::from_secs(1);
/// How often buckets are listed.
const BUCKETS: Duration = Duration::from_mins(1);

/// A state file for as long as a watch lasts.
struct Kept {
    file: PathBuf,
    /// Where nobody named one.
    _temporary: Option<TempDir>,
}

impl Kept {
    fn new(named: Option<PathBuf>) -> Result<Self, Stop> {
        if let Some(file) = named {
            return Ok(Self {
                file,
                _temporary: None,
            });
        }
        let folder = TempDir::with_prefix("s3sentry-").map_err(|error| {
            let context = "no temporary state file can be made; name one with --state FILE";
            Stop::With(End::State, anyhow::Error::from(error).context(context))
        })?;
        say(
            "s3sentry: warning: without --state FILE a restart forgets what is normal, what is \
             open and how far was read",
        );
        Ok(Self {
            file: folder.path().join("state.db"),
            _temporary: Some(folder),
        })
    }
}

/// Runs the command.
pub fn run(arguments: &Watch) -> Result<End, Stop> {
    let common = &arguments.common;
    // First, so that what is begun is also ended.
    let signals = Signals::listen().map_err(Stop::usage)?;
    let span = super::span(&arguments.input)?;
    let looked = Looked::read(arguments)?;
    let named = super::state_file(arguments.state.as_ref());
    let format = super::output::format(arguments.format, &arguments.output);
    let mut inputs = sources(arguments, named.as_deref(), format)?;
    let metrics = Arc::new(Metrics::new());
    if let Some(address) = arguments.metrics {
        let address = endpoint::open(address, Arc::clone(&metrics))?;
        if !common.quiet {
            say(format_args!(
                "s3sentry: metrics at http://{address}/metrics, health at http://{address}/healthz"
            ));
        }
    }
    let kept = Kept::new(named)?;
    let own = written::written(&arguments.output, None, Some(&kept.file));
    inputs.options.own = written::own(&own, Some(&kept.file));
    let session = Session::open(&kept.file, &super::owner())?.following();
    let header = matches!(format, Format::Csv | Format::Table);
    let mut target = Target::open(&arguments.output, header)?;
    let look = super::output::look(common.color, &target);
    let file = target.growing()?;
    // What is shown meanwhile is the alerts.
    let progress = Progress::new(true, None);
    let read = Mutex::new(ReadProgress {
        read: 0,
        total: None,
    });
    let mut entities = Entities::new(&looked.set);
    let mut versions = Versions::default();
    let (ended, totals, failed) = {
        let writer = Writer {
            sink: sink::alerts(format, Box::new(&mut target), look),
            entities: &mut entities,
            versions: &mut versions,
            progress: &progress,
            read: &read,
            min_level: arguments.min_level,
            file: file.as_ref(),
            settles: true,
            unseen: false,
        };
        let reader = Reader::new(
            writer,
            signals.clone(),
            Arc::clone(&metrics),
            arguments.min_level,
        );
        let mut service = Service::new(
            arguments,
            looked,
            session,
            reader,
            signals.clone(),
            span,
            metrics,
        );
        let ended = super::on_threads(common, || {
            if is_pipe(&inputs.specs) {
                let spec = inputs.specs.into_iter().next().unwrap_or(Spec::Stdin);
                let lateness = arguments.lateness.unwrap_or(LATENESS);
                let patience = arguments.commit_after;
                let pipe = Pipe::open(spec, inputs.options, &signals, patience);
                service.pipe(pipe.map_err(Stop::usage)?, lateness)
            } else if inputs.addresses.is_empty() {
                let interval = arguments.interval.unwrap_or(FILES);
                let Inputs { specs, options, .. } = inputs;
                service.cycles(&mut Files::new(specs, options, span, interval))
            } else {
                let pace = Pace {
                    interval: arguments.interval.unwrap_or(BUCKETS),
                    full: arguments.full_every,
                };
                let config = super::bucket::config(&arguments.input.bucket);
                let which = (span, arguments.lookback.unwrap_or(LOOKBACK));
                let mut buckets = Buckets::new(inputs, config, which, pace, signals.clone());
                match &arguments.sqs_url {
                    None => service.cycles(&mut buckets),
                    Some(url) => service.cycles(&mut Told::new(buckets, url.clone())),
                }
            }
        })?;
        let (mut writer, totals, failed) = service.end();
        let ended = ended.and_then(|()| Ok(writer.sink.finish()?));
        (ended, totals, failed)
    };
    let ended = ended.and_then(|()| target.finish());
    let elapsed = progress.finish();
    if !common.quiet {
        totals.print(&entities, &versions, arguments.min_level, failed, elapsed);
    }
    ended.map(|()| End::Done)
}

/// How late a record of a pipe may come, seconds.
const LATENESS: i64 = 3600;

/// What is to be watched, if all that was asked for goes together.
fn sources(arguments: &Watch, kept: Option<&Path>, format: Format) -> Result<Inputs, Stop> {
    let usage = |text: &str| Err(Stop::usage(anyhow::anyhow!("{text}")));
    let output = &arguments.output;
    if !output.is_stdout() && output.output.is_some() {
        return usage(
            "-o replaces a file when all is done, which a watch never is; use --append FILE",
        );
    }
    if format == Format::Json && output.append.is_some() {
        return usage("json is one array, which nothing can be appended to; use --format ndjson");
    }
    if arguments.input.sources.is_empty() {
        return Err(Stop::usage(anyhow::anyhow!(
            "watch needs a source; - is stdin\n{EXAMPLES}"
        )));
    }
    let files = written::written(output, None, kept);
    written::apart(&files, &arguments.input.sources)?;
    let inputs = super::inputs(&arguments.input, arguments.lateness, EXAMPLES)?;
    of_buckets(arguments, &inputs.addresses)?;
    if inputs.specs.len() + inputs.addresses.len() > 1 && inputs.specs.iter().any(is_endless) {
        return usage(
            "a pipe has no end, so nothing beside it would be read in time; watch it in a process \
             of its own, with a state file of its own",
        );
    }
    Ok(inputs)
}

/// `--sqs-url` and `--lookback` are about buckets.
fn of_buckets(arguments: &Watch, addresses: &[Address]) -> Result<(), Stop> {
    let usage = |text: String| Err(Stop::usage(anyhow::anyhow!(text)));
    let told = arguments.sqs_url.is_some();
    if addresses.is_empty() && (told || arguments.lookback.is_some()) {
        return usage(
            "--sqs-url and --lookback are about buckets: name one, s3://BUCKET/PREFIX".to_owned(),
        );
    }
    let is_arn = |address: &&Address| address.bucket.starts_with("arn:");
    match addresses.iter().find(is_arn) {
        Some(address) if told => usage(format!(
            "{address}: what the queue of --sqs-url tells names buckets, never an access point; \
             write s3://BUCKET/PREFIX"
        )),
        _ => Ok(()),
    }
}

fn is_pipe(specs: &[Spec]) -> bool {
    matches!(specs, [spec] if is_endless(spec))
}

/// Standard input and FIFOs.
fn is_endless(spec: &Spec) -> bool {
    match spec {
        Spec::Stdin => true,
        Spec::Path(path) => pipe::is_stream(path),
    }
}
