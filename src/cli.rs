//! The command line: what a user may write, as types.
//!
//! Values are checked here once; past this border nothing validates them
//! again. What a command does may not enter here.

// Help is shown as it is written here, where backticks are only noise.
#![allow(clippy::doc_markdown)]

pub mod baseline;
pub mod bucket;
pub mod checkpoint;
pub mod report;
pub mod watch;

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use s3sentry::alert::Level;
use s3sentry::sink::Format;

/// Find out who has been at your S3 data: anomaly detection for S3 server access logs.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read access logs and write alerts
    Scan(Scan),
    /// Read access logs and leave a report for people
    Report(report::Report),
    /// Read on as logs grow, and write alerts as they happen, until stopped
    Watch(watch::Watch),
    /// Learn, look at and correct what is normal
    #[command(subcommand)]
    Baseline(baseline::Baseline),
    /// Write the records of access logs as NDJSON or CSV
    Parse(Parse),
    /// Show how far inputs are read, or forget it
    #[command(subcommand)]
    Checkpoint(checkpoint::Checkpoint),
    /// List, show, check and test the rules
    #[command(subcommand)]
    Rules(Rules),
}

/// What every command takes.
#[derive(Debug, Args)]
pub struct Common {
    /// Write nothing but errors to stderr
    #[arg(short, long)]
    pub quiet: bool,
    /// Worker threads [default: one a processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Settings file [default: $S3SENTRY_CONFIG, ./s3sentry.toml, then the user's own]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Read no settings file
    #[arg(long, conflicts_with = "config")]
    pub no_config: bool,
    /// Colour in tables
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal unless NO_COLOR is set, elsewhere where CLICOLOR_FORCE is
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Where to read, and from when to when.
#[derive(Debug, Args)]
pub struct Input {
    /// Files, directories (recursive), s3://bucket/prefix, or - for stdin [default: stdin]; gzip and
    /// zstd are told by content
    #[arg(value_name = "SOURCE")]
    pub sources: Vec<PathBuf>,
    /// Only records from this time on: RFC 3339, a day in UTC, or a duration back from now (24h)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub since: Option<i64>,
    /// Only records before this time: RFC 3339, a day in UTC, or a duration back from now
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub until: Option<i64>,
    /// Buckets.
    #[command(flatten)]
    pub bucket: bucket::Bucket,
}

/// Where to write.
#[derive(Debug, Args)]
pub struct Output {
    /// Write to this file instead of stdout (-); it is replaced when all is done
    #[arg(short, long, value_name = "FILE", conflicts_with = "append")]
    pub output: Option<PathBuf>,
    /// Append to this file instead of writing to stdout
    #[arg(long, value_name = "FILE")]
    pub append: Option<PathBuf>,
}

impl Output {
    /// Whether data goes to stdout, which may be said as `-o -`.
    pub fn is_stdout(&self) -> bool {
        match (&self.output, &self.append) {
            (Some(path), _) | (None, Some(path)) => path.as_os_str() == "-",
            (None, None) => true,
        }
    }
}

/// Lists that take the place of those of the settings, or, of indicators, add to
/// them.
#[derive(Debug, Args)]
pub struct Lists {
    /// Your own networks, a CIDR or address a line: what is outside is unknown
    #[arg(long, value_name = "FILE")]
    pub trusted_networks: Option<PathBuf>,
    /// AWS's ip-ranges.json: which addresses are AWS's own, and of which region
    #[arg(long, value_name = "FILE")]
    pub aws_ranges: Option<PathBuf>,
    /// Countries or networks of addresses, .mmdb or Tor's geoip; again for each file, the first
    /// that knows an address counts
    #[arg(long, value_name = "FILE")]
    pub geoip: Vec<PathBuf>,
    /// A list of known bad addresses, user agents, keys or requesters; again for each list
    #[arg(long, value_name = "FILE")]
    pub ioc: Vec<PathBuf>,
}

/// What `scan` and `report` take: where to look, and what counts.
#[derive(Debug, Args)]
pub struct Search {
    /// Input.
    #[command(flatten)]
    pub input: Input,
    /// Only alerts of this level or above
    #[arg(long, value_name = "LEVEL", ignore_case = true, value_parser = level(), default_value = "informational")]
    pub min_level: Level,
    /// Exit with 1 when there is an alert of this level or above
    #[arg(long, value_name = "LEVEL", ignore_case = true, value_parser = level())]
    pub fail_on: Option<Level>,
    /// Sigma rules to add, or to replace built-in ones of the same id
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// Lists.
    #[command(flatten)]
    pub lists: Lists,
    /// How late a record may come [default: 1h; 6h for delivered log objects]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub lateness: Option<i64>,
    /// Memory for windows and keys; observations beyond it go to a temporary file
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "256MiB")]
    pub max_state: usize,
    /// Keep what is normal, windows and how far was read in this file [default: $S3SENTRY_STATE]
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Compare with the baseline, and leave it as it is
    #[arg(long)]
    pub no_learn: bool,
    /// With --state: how late a log object of a bucket may be delivered. So far back from the
    /// newest one is looked for others that came since [default: 48h]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub lookback: Option<i64>,
    /// With --state: read all objects of the buckets again. Windows begin anew, and what was read
    /// before teaches nothing
    #[arg(long)]
    pub full: bool,
    /// Commit to the state file after so many bytes of input. Not in the help: it is for tests, and
    /// for finding out what commits cost
    #[arg(long, value_name = "BYTES", hide = true, default_value_t = s3sentry::session::COMMIT_EVERY)]
    pub commit_every: u64,
    /// Common.
    #[command(flatten)]
    pub common: Common,
}

/// `scan`.
#[derive(Debug, Args)]
pub struct Scan {
    /// Output.
    #[command(flatten)]
    pub output: Output,
    /// Write whom the alerts are about to this file, as JSON lines; it is replaced when all is done
    #[arg(long, value_name = "FILE")]
    pub entities: Option<PathBuf>,
    /// Format of the alerts [default: table on a terminal, else ndjson]
    #[arg(long, value_name = "FORMAT", value_parser = format())]
    pub format: Option<Format>,
    /// What to look for, and where.
    #[command(flatten)]
    pub search: Search,
}

/// `parse`.
#[derive(Debug, Args)]
pub struct Parse {
    /// Input.
    #[command(flatten)]
    pub input: Input,
    /// Output.
    #[command(flatten)]
    pub output: Output,
    /// Format of the records
    #[arg(long, value_enum, default_value_t)]
    pub format: RecordFormat,
    /// Common.
    #[command(flatten)]
    pub common: Common,
}

/// How `parse` writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum RecordFormat {
    /// One JSON object a line
    #[default]
    Ndjson,
    /// One row a record, with a header
    Csv,
}

/// `rules`.
#[derive(Debug, Subcommand)]
pub enum Rules {
    /// List the rules with their levels and what they count
    List(RulesList),
    /// Print a rule as it will run, settings applied
    Show(RulesShow),
    /// Look for mistakes in rules, and for what is worth a second look
    Check(RulesCheck),
    /// Run each rule over its fires.log and quiet.log
    Test(RulesTest),
    /// Say why a rule fires on some lines, or does not
    Explain(Box<RulesExplain>),
}

/// `rules list`.
#[derive(Debug, Args)]
pub struct RulesList {
    /// Format of the list [default: table on a terminal, else json]
    #[arg(long, value_enum)]
    pub format: Option<RulesFormat>,
    /// Only rules of this level or above
    #[arg(long, value_name = "LEVEL", ignore_case = true, value_parser = level(), default_value = "informational")]
    pub min_level: Level,
    /// Only rules with this tag, or of this ATT&CK technique and those below it (T1078)
    #[arg(long, value_name = "TAG")]
    pub tag: Option<String>,
    /// Sigma rules to add, or to replace built-in ones of the same id
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// Common.
    #[command(flatten)]
    pub common: Common,
}

/// `rules show`.
#[derive(Debug, Args)]
pub struct RulesShow {
    /// Name or id of the rule
    pub name: String,
    /// Sigma rules to add, or to replace built-in ones of the same id
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// Common.
    #[command(flatten)]
    pub common: Common,
}

/// `rules check`.
#[derive(Debug, Args)]
pub struct RulesCheck {
    /// Rule files, or directories of them, as they stand [default: all rules, settings applied]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Look at these rules alone, settings applied
    #[arg(long, value_name = "DIR", conflicts_with = "paths")]
    pub rules: Vec<PathBuf>,
    /// Want fires.log and quiet.log of each rule in DIR/RULE
    #[arg(long, value_name = "DIR")]
    pub fixtures: Option<PathBuf>,
    /// Exit with 1 when there is a warning
    #[arg(long)]
    pub deny_warnings: bool,
    /// Common.
    #[command(flatten)]
    pub common: Common,
}

/// `rules test`.
#[derive(Debug, Args)]
pub struct RulesTest {
    /// Names of rules; all that have fixtures without any
    pub names: Vec<String>,
    /// Where the fixtures stand: DIR/RULE/fires.log, quiet.log, alerts.ndjson
    /// [default: fixtures/ in each DIR of --rules, else fixtures/rules]
    #[arg(long, value_name = "DIR")]
    pub fixtures: Option<PathBuf>,
    /// Sigma rules to add, or to replace built-in ones of the same id
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// Common.
    #[command(flatten)]
    pub common: Common,
}

/// `rules explain`.
#[derive(Debug, Args)]
pub struct RulesExplain {
    /// Name or id of the rule
    pub name: String,
    /// Input.
    #[command(flatten)]
    pub input: Input,
    /// Format [default: table on a terminal, else json]
    #[arg(long, value_enum)]
    pub format: Option<ListFormat>,
    /// How many lines are shown: those first of which something matches
    #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u16).range(0..=10_000))]
    pub lines: u16,
    /// How many keys are shown, the worst first
    #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u16).range(0..=10_000))]
    pub keys: u16,
    /// Sigma rules to add, or to replace built-in ones of the same id
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// Lists.
    #[command(flatten)]
    pub lists: Lists,
    /// Common.
    #[command(flatten)]
    pub common: Common,
}

/// How `rules list` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RulesFormat {
    /// For people
    Table,
    /// For programs
    Json,
    /// A layer for the MITRE ATT&CK Navigator: which techniques the rules that run look for
    Navigator,
}

/// How explanations are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people
    Table,
    /// For programs
    Json,
}

/// A parser that also tells `--help` which words there are.
fn level() -> impl TypedValueParser<Value = Level> {
    let words = Level::ALL.map(Level::as_str);
    PossibleValuesParser::new(words).try_map(|text| {
        let known = |level: &Level| level.as_str().eq_ignore_ascii_case(&text);
        Level::ALL.into_iter().find(known).ok_or("no such level")
    })
}

fn format() -> impl TypedValueParser<Value = Format> {
    let words = Format::ALL.map(Format::as_str);
    PossibleValuesParser::new(words)
        .try_map(|text| Format::from_name(&text).ok_or("no such format"))
}

fn duration(text: &str) -> Result<i64, String> {
    if text == "0" || text == "0s" {
        return Ok(0);
    }
    s3sentry::rule::pattern::span(text).map_err(str::to_owned)
}

fn time(text: &str) -> Result<i64, String> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.timestamp());
    }
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(day.and_time(NaiveTime::MIN).and_utc().timestamp());
    }
    let back = seconds(text).ok_or(
        "a time is RFC 3339 (2026-02-03T02:00:00Z), a day in UTC (2026-02-03) or a duration back \
         from now (90m, 24h, 7d)",
    )?;
    Ok(Utc::now().timestamp() - back)
}

/// A duration of any length, unlike those that windows may have.
fn seconds(text: &str) -> Option<i64> {
    const UNITS: [(char, u32); 4] = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)];
    let (unit, seconds) = UNITS.iter().find(|(unit, _)| text.ends_with(*unit))?;
    let number: u32 = text.strip_suffix(*unit)?.parse().ok()?;
    Some(i64::from(number) * i64::from(*seconds))
}

/// `64KiB`, `256MiB`, `8GiB`, or bytes.
fn size(text: &str) -> Result<usize, String> {
    const UNITS: [(&str, usize); 4] = [
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("B", 1),
    ];
    let expected = || "a size is a whole number of B, KiB, MiB or GiB, such as 256MiB".to_owned();
    let (digits, unit) = UNITS
        .iter()
        .find_map(|(name, bytes)| Some((text.strip_suffix(name)?, *bytes)))
        .unwrap_or((text, 1));
    let number: usize = digits.trim().parse().map_err(|_| expected())?;
    let bytes = number.checked_mul(unit).ok_or_else(expected)?;
    if bytes < s3sentry::correlate::MIN_STATE {
        return Err("at least 1MiB is needed".to_owned());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_documented() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
        assert_eq!(size("256MiB"), Ok(256 << 20));
        assert_eq!(size("1048576"), Ok(1 << 20));
        assert!(size("1KiB").is_err() && size("1MB").is_err() && size("-1MiB").is_err());
        assert_eq!(time("2026-02-03T02:00:00+01:00"), Ok(1_770_080_400));
        assert!(time("400d").is_ok() && time("0s").is_ok());
        assert!(time("yesterday").is_err() && time("-1h").is_err() && time("5").is_err());
        assert_eq!(time("2026-02-03"), Ok(1_770_076_800));
        assert_eq!(duration("0"), Ok(0));
    }
}
