//! One file a subcommand: each picks sources and sinks and calls the pipeline.
//!
//! Here is what they share: how a run ends, what is said on stderr, where
//! settings and inputs come from. stdout carries only data.

pub mod baseline;
pub mod bucket;
pub mod checkpoint;
pub mod output;
pub mod parse;
pub mod progress;
pub mod report;
pub mod rules;
pub mod scan;
pub mod search;
pub mod summary;
pub mod table;
pub mod watch;
pub mod watched;

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use s3sentry::alert::Level;
use s3sentry::geoip::GeoIp;
use s3sentry::ioc::{List, Spec as ListSpec};
use s3sentry::pipeline::Span;
use s3sentry::rule::overrides::{self, Override};
use s3sentry::rule::{self, Document, RuleSet};
use s3sentry::session;
use s3sentry::settings::{self, AwsRanges, Networks, Settings};
use s3sentry::source::s3::Address;
use s3sentry::source::{Options, Sources, Spec};
use s3sentry::state::{self, Owner};
use s3sentry::text::terminal;

use self::summary::words;
use crate::cli::{Color, Common, Input, Lists};

/// The variable that names the state file.
const STATE: &str = "S3SENTRY_STATE";
/// Characters of the command line that are kept: enough to know a run by.
const COMMAND: usize = 500;

/// How a run ended. Of several, the first of this order counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// 2: usage, settings or rules are wrong; no input was read.
    Usage,
    /// 4: what is kept between records, or between runs, cannot be kept.
    State,
    /// 5: output could not be written.
    Output,
    /// 3: something named could not be read, or held no access-log line.
    Input,
    /// 1: an alert at or above `--fail-on`.
    Alerts,
    /// 0.
    Done,
}

/// Why a command stopped early.
#[derive(Debug)]
pub enum Stop {
    /// With a message.
    With(End, anyhow::Error),
    /// With many messages, a line each, about settings or rules: what they are in.
    Many(Vec<String>, String),
    /// Everything that had to be said has been said; `Done` where the reader
    /// of a pipe has left.
    Quietly(End),
}

impl Stop {
    /// Usage, settings or rules.
    pub fn usage(error: impl Into<anyhow::Error>) -> Self {
        Stop::With(End::Usage, error.into())
    }

    /// How the command ends for it.
    pub fn end(&self) -> End {
        match self {
            Stop::With(end, _) | Stop::Quietly(end) => *end,
            Stop::Many(..) => End::Usage,
        }
    }

    /// Says what there is to be said, on stderr.
    pub fn say(&self) {
        match self {
            Stop::With(_, error) => {
                // Messages quote paths and settings, which others may have named.
                let text = format!("{error:#}");
                let lines: Vec<_> = text.lines().map(|line| terminal(line.as_bytes())).collect();
                say(format_args!("s3sentry: error: {}", lines.join("\n")));
            }
            Stop::Many(errors, _) => {
                for error in errors {
                    say(format_args!(
                        "s3sentry: error: {}",
                        terminal(error.as_bytes())
                    ));
                }
            }
            Stop::Quietly(_) => {}
        }
    }

    /// The same, where something else is already known that the run ends with.
    #[must_use]
    pub fn or(self, known: End) -> Self {
        match self {
            Stop::With(end, error) => Stop::With(end.min(known), error),
            Stop::Quietly(end) => Stop::Quietly(end.min(known)),
            // Nothing counts for more than usage.
            many @ Stop::Many(..) => many,
        }
    }
}

/// An error while writing: a reader that has left is no error.
impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Stop::Quietly(End::Done);
        }
        Stop::With(
            End::Output,
            anyhow::Error::from(error).context("output not written"),
        )
    }
}

/// What ends a run over its inputs; bad input does not.
#[derive(Debug)]
pub enum Failed {
    /// Writing alerts.
    Output(io::Error),
    /// The temporary file that observations go to when memory is short.
    State(io::Error),
    /// The state file.
    Kept(state::Error),
}

/// What a run over a state file fails with.
impl From<session::Failed> for Failed {
    fn from(failed: session::Failed) -> Self {
        match failed {
            session::Failed::State(error) => Failed::Kept(error),
            session::Failed::Output(error) => Failed::Output(error),
            session::Failed::Room(error) => Failed::State(error),
            other => Failed::State(io::Error::other(other)),
        }
    }
}

impl From<state::Error> for Stop {
    fn from(error: state::Error) -> Self {
        Stop::With(End::State, error.into())
    }
}

impl From<session::Failed> for Stop {
    fn from(failed: session::Failed) -> Self {
        Failed::from(failed).into()
    }
}

/// What the pipeline itself fails with.
impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Failed::State(error)
    }
}

impl From<Failed> for Stop {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Output(error) => error.into(),
            Failed::Kept(error) => error.into(),
            Failed::State(error) => {
                let context = format!(
                    "no room for what has been seen: --max-state is used up and the temporary file \
                     in {} failed; give more memory with --max-state, or another directory with TMPDIR",
                    shown(&std::env::temp_dir())
                );
                Stop::With(End::State, anyhow::Error::from(error).context(context))
            }
        }
    }
}

/// What a command gives to the shell.
pub fn exit_code(ended: Result<End, Stop>) -> ExitCode {
    let end = match ended {
        Ok(end) => end,
        Err(stop) => {
            stop.say();
            if let Stop::Many(lines, what) = &stop {
                let count = words::count(lines.len() as u64, "error");
                say(format_args!(
                    "s3sentry: {count} in the {what}; no input was read"
                ));
            }
            stop.end()
        }
    };
    ExitCode::from(match end {
        End::Done => 0,
        End::Alerts => 1,
        End::Usage => 2,
        End::Input => 3,
        End::State => 4,
        End::Output => 5,
    })
}

/// One line on stderr. Nothing can be done where that cannot be written.
pub fn say(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// A path for a message.
pub fn shown(path: &Path) -> String {
    terminal(path.as_os_str().as_encoded_bytes())
}

/// Whether a stream gets colour.
pub fn color(when: Color, stream: &impl IsTerminal) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
    match when {
        Color::Always => true,
        Color::Never => false,
        // https://no-color.org: any value that is not empty.
        Color::Auto if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) => false,
        Color::Auto => set("CLICOLOR_FORCE") || set("FORCE_COLOR") || stream.is_terminal(),
    }
}

/// Settings from the file that counts, and from the command line.
pub fn settings(common: &Common, lists: Option<&Lists>) -> Result<Arc<Settings>, Stop> {
    let env = |name: &str| std::env::var_os(name);
    let file =
        settings::find(common.config.clone(), common.no_config, &env).map_err(Stop::usage)?;
    let mut settings = match file {
        None => Settings::default(),
        Some(file) => Settings::read(&file).map_err(|errors| all(&errors, "settings"))?,
    };
    if let Some(file) = lists.and_then(|lists| lists.trusted_networks.as_ref()) {
        settings.trusted_networks = Some(Networks::from_file(file).map_err(Stop::usage)?);
    }
    if let Some(file) = lists.and_then(|lists| lists.aws_ranges.as_ref()) {
        settings.aws_ranges = Some(AwsRanges::from_file(file).map_err(Stop::usage)?);
    }
    if let Some(files) = lists.map(|lists| &lists.geoip)
        && !files.is_empty()
    {
        let geoip = GeoIp::read(files).map_err(|errors| all(&errors, "files of --geoip"))?;
        settings.geoip = Some(Arc::new(geoip));
    }
    let (mut indicators, mut errors) = (Vec::new(), Vec::new());
    for file in lists.iter().flat_map(|lists| &lists.ioc) {
        match List::read(ListSpec::of(file.clone())) {
            Ok(list) => indicators.push(list),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(all(&errors, "lists of indicators"));
    }
    let added = settings.add_indicators(indicators);
    added.map_err(|reason| Stop::usage(anyhow::anyhow!("--ioc: {reason}")))?;
    Ok(Arc::new(settings))
}

/// The rules that count, and what the settings changed in them.
pub struct Rules {
    /// All of them.
    pub documents: Vec<Document>,
    /// The changes.
    pub overrides: Vec<Override>,
}

/// Built-in rules and those of these directories, as the settings want them.
pub fn rules(directories: &[PathBuf], settings: &Settings) -> Result<Rules, Stop> {
    let mut documents = rule::load(directories).map_err(|errors| all(&errors, "rules"))?;
    let overrides =
        overrides::apply(&mut documents, settings).map_err(|errors| all(&errors, "settings"))?;
    Ok(Rules {
        documents,
        overrides,
    })
}

/// Makes them run.
pub fn compiled(
    rules: &Rules,
    settings: &Arc<Settings>,
    min_level: Level,
) -> Result<RuleSet, Stop> {
    rule::compile(&rules.documents, settings, min_level).map_err(|errors| all(&errors, "rules"))
}

/// All errors at once, one a line.
pub fn all(errors: &[impl Display], what: &str) -> Stop {
    let lines = errors.iter().map(ToString::to_string);
    Stop::Many(lines.collect(), what.to_owned())
}

/// The records that the user wants.
pub fn span(input: &Input) -> Result<Span, Stop> {
    let span = Span {
        since: input.since.unwrap_or(i64::MIN),
        until: input.until.unwrap_or(i64::MAX),
    };
    if span.since >= span.until {
        return Err(Stop::usage(anyhow::anyhow!(
            "--since is not before --until, so no record can be between them"
        )));
    }
    Ok(span)
}

/// Makes them run beside a baseline. What is written is chosen later: a level
/// that is not asked for today may be tomorrow, and windows go on.
pub fn compiled_with_baseline(rules: &Rules, settings: &Arc<Settings>) -> Result<RuleSet, Stop> {
    let level = Level::Informational;
    let options = settings.baseline;
    rule::compile_with_baseline(&rules.documents, settings, level, options)
        .map_err(|errors| all(&errors, "rules"))
}

/// The state file that is to be used, if any.
pub fn state_file(named: Option<&PathBuf>) -> Option<PathBuf> {
    let variable = || std::env::var_os(STATE).filter(|value| !value.is_empty());
    named.cloned().or_else(|| variable().map(PathBuf::from))
}

/// What this process was called with, for those who find the state file in use.
pub fn owner() -> Owner {
    let words: Vec<_> = std::env::args_os()
        .map(|word| terminal(word.as_encoded_bytes()))
        .collect();
    let mut command = words.join(" ");
    if let Some((end, _)) = command.char_indices().nth(COMMAND) {
        command.truncate(end);
    }
    Owner::now(command)
}

/// Seconds since the Unix epoch.
pub fn now() -> i64 {
    chrono::Utc::now().timestamp()
}

/// Opens what the user named; stdin without any name.
pub fn open(input: &Input, lateness: Option<i64>, examples: &str) -> Result<Sources, Stop> {
    open_all(&inputs(input, lateness, examples)?, input)
}

/// Opens all of it, as if no run had been before.
pub fn open_all(inputs: &Inputs, input: &Input) -> Result<Sources, Stop> {
    let mut sources = Sources::open(inputs.specs.clone(), inputs.options.clone());
    let further = bucket::Further::default();
    bucket::attach(&mut sources, inputs, &input.bucket, span(input)?, further)?;
    Ok(sources)
}

/// What the user named, and how to read it.
pub struct Inputs {
    /// Files, directories, pipes.
    pub specs: Vec<Spec>,
    /// Buckets.
    pub addresses: Vec<Address>,
    /// How to read.
    pub options: Options,
}

/// What the user named, and how to read it; stdin without any name.
pub fn inputs(input: &Input, lateness: Option<i64>, examples: &str) -> Result<Inputs, Stop> {
    let mut inputs = named_inputs(input, lateness)?;
    if input.sources.is_empty() {
        if io::stdin().is_terminal() {
            return Err(Stop::usage(anyhow::anyhow!(
                "no source named and nothing on stdin\n{examples}"
            )));
        }
        inputs.specs.push(Spec::Stdin);
    }
    Ok(inputs)
}

/// What the user named, and how to read it; nothing without any name.
pub fn named_inputs(input: &Input, lateness: Option<i64>) -> Result<Inputs, Stop> {
    let (mut specs, mut addresses) = (Vec::new(), Vec::new());
    for source in &input.sources {
        match Address::parse(source.as_os_str().as_encoded_bytes()) {
            None => specs.push(Spec::from(source.clone())),
            Some(Ok(address)) => addresses.push(address),
            Some(Err(wrong)) => return Err(checkpoint::bad_address(source.as_os_str(), wrong)),
        }
    }
    let options = Options {
        lateness,
        ..Options::default()
    };
    Ok(Inputs {
        specs,
        addresses,
        options,
    })
}

/// Runs on as many threads as asked for.
pub fn on_threads<T: Send>(common: &Common, run: impl FnOnce() -> T + Send) -> Result<T, Stop> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(common.threads.unwrap_or(0).into())
        .build()
        .map_err(Stop::usage)?;
    Ok(pool.install(run))
}
