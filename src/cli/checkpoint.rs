//! `checkpoint`: how far inputs are read.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Common, ListFormat};

/// `checkpoint`.
#[derive(Debug, Subcommand)]
pub enum Checkpoint {
    /// Show how far logs in buckets and files are read
    Show(Show),
    /// Forget how far they are read, so that they are read again
    Reset(Reset),
}

/// `checkpoint show`.
#[derive(Debug, Args)]
pub struct Show {
    /// Format [default: table on a terminal, else json]
    #[arg(long, value_enum)]
    pub format: Option<ListFormat>,
    /// The state file [default: $S3SENTRY_STATE]
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Common.
    #[command(flatten)]
    pub common: Common,
}

/// `checkpoint reset`.
#[derive(Debug, Args)]
pub struct Reset {
    /// s3://bucket/prefix, or a file
    #[arg(value_name = "SOURCE", required_unless_present = "all")]
    pub sources: Vec<OsString>,
    /// All buckets and files
    #[arg(long, conflicts_with = "sources")]
    pub all: bool,
    /// The state file [default: $S3SENTRY_STATE]
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Common.
    #[command(flatten)]
    pub common: Common,
}
