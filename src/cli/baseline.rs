//! The command line of `baseline`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{Common, Input, ListFormat, Lists};

/// `baseline`.
#[derive(Debug, Subcommand)]
pub enum Baseline {
    /// Learn from logs of days on which nothing was wrong: what they hold is normal at once
    Learn(Box<Learn>),
    /// Show what is known: how far learning is, or who and what was seen
    Show(Show),
    /// Forget a bucket, address, network, principal or account, so that it is new again
    Forget(Forget),
    /// Write the baseline as JSON lines
    Export(Export),
    /// Take an export into a state file that has no baseline
    Import(Import),
    /// Add an export to the baseline
    Merge(Import),
    /// Print what is known as lists for the settings, to be read before use
    Trust(Trust),
}

/// Where the baseline is.
#[derive(Debug, Args)]
pub struct StateFile {
    /// The state file [default: $S3SENTRY_STATE]
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
}

/// `baseline learn`.
#[derive(Debug, Args)]
pub struct Learn {
    /// Input.
    #[command(flatten)]
    pub input: Input,
    /// State file.
    #[command(flatten)]
    pub state: StateFile,
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

/// What is known by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Buckets
    Bucket,
    /// Addresses, IPv6 by /64
    Address,
    /// Networks of accounts: /24, IPv6 /48
    Network,
    /// Callers
    Principal,
    /// Accounts of callers
    Account,
}

/// Which come first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Sort {
    /// Those seen last
    #[default]
    Last,
    /// Those that are newest
    First,
    /// Those with most requests
    Requests,
    /// By name
    Name,
}

/// `baseline show`.
#[derive(Debug, Args)]
pub struct Show {
    /// What to list [default: how much is known of each, and how far learning is]
    #[arg(value_enum)]
    pub kind: Option<Kind>,
    /// Only this one, with its networks, or those with this text in their name
    pub name: Option<OsString>,
    /// Which come first
    #[arg(long, value_enum, default_value_t)]
    pub sort: Sort,
    /// How many at the most [default: 50 in a table, all in json]
    #[arg(long, value_name = "N")]
    pub limit: Option<u32>,
    /// Format [default: table on a terminal, else json]
    #[arg(long, value_enum)]
    pub format: Option<ListFormat>,
    /// State file.
    #[command(flatten)]
    pub state: StateFile,
    /// Common.
    #[command(flatten)]
    pub common: Common,
}

/// `baseline forget`.
#[derive(Debug, Args)]
pub struct Forget {
    /// What it is
    #[arg(value_enum)]
    pub kind: Kind,
    /// Its whole name, as `baseline show --format json` writes it; - for none
    pub name: OsString,
    /// State file.
    #[command(flatten)]
    pub state: StateFile,
    /// Common.
    #[command(flatten)]
    pub common: Common,
}

/// `baseline export`.
#[derive(Debug, Args)]
pub struct Export {
    /// Write to this file instead of stdout (-); it is replaced when all is done
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// State file.
    #[command(flatten)]
    pub state: StateFile,
    /// Common.
    #[command(flatten)]
    pub common: Common,
}

/// `baseline import` and `baseline merge`.
#[derive(Debug, Args)]
pub struct Import {
    /// What `baseline export` wrote, or - for stdin
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// State file.
    #[command(flatten)]
    pub state: StateFile,
    /// Common.
    #[command(flatten)]
    pub common: Common,
}

/// What `baseline trust` lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Trusted {
    /// trusted_networks, one a line: from where accounts were used with success
    #[default]
    Networks,
    /// accounts, as TOML
    Accounts,
    /// buckets, as TOML
    Buckets,
}

/// `baseline trust`.
#[derive(Debug, Args)]
pub struct Trust {
    /// Which list
    #[arg(value_enum, default_value_t)]
    pub list: Trusted,
    /// As a comment only: what was seen on fewer days than this
    #[arg(long, value_name = "N", default_value = "3", value_parser = clap::value_parser!(u32).range(1..=128))]
    pub min_days: u32,
    /// As a comment only: what has fewer requests than this
    #[arg(long, value_name = "N", default_value = "10")]
    pub min_requests: u64,
    /// As a comment only: what came less than so many days before the last record
    #[arg(long, value_name = "N", default_value = "7")]
    pub min_age: u32,
    /// State file.
    #[command(flatten)]
    pub state: StateFile,
    /// Common.
    #[command(flatten)]
    pub common: Common,
}
