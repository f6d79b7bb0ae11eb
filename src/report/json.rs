//! A report as JSON, and back again: for programs, and to compare a later one with.
//!
//! `docs/report.schema.json` says what is in it. Which file it stands in may not
//! enter here.

use std::io::{self, Read};

use serde::Deserialize;

use super::Report;
use super::model::SCHEMA;
use crate::text::json;

/// No report that is read is longer, bytes: one of fifty thousand alerts has a
/// tenth of it.
pub const MAX: u64 = 64 << 20;

/// What the names of all schemas begin with; a number follows.
const SCHEMAS: &str = "s3sentry/report/v";

/// Why there is no report to compare with. Each says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// Reading it.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Longer than [`MAX`].
    #[error("it is longer than 64 MiB, which no report is: name one that -o FILE.json wrote")]
    Long,
    /// No JSON at all.
    #[error("it is not JSON ({0}): name a report that -o FILE.json wrote")]
    NotJson(serde_json::Error),
    /// JSON of something else.
    #[error("it is JSON, but not a report: name one that -o FILE.json wrote")]
    Other,
    /// Of a version to come.
    #[error("it was written by a later version ({0}): use that one, or leave --compare out once")]
    Newer(String),
    /// It says what it is, and is something else.
    #[error("it names itself a report and is none ({0}): leave --compare out once")]
    Damaged(serde_json::Error),
}

/// The report over several lines, with a line feed at the end.
pub fn write(report: &Report) -> io::Result<String> {
    let mut text = json::pretty(report)?;
    text.push('\n');
    Ok(text)
}

/// A report that [`write()`] wrote.
pub fn read(from: impl Read) -> Result<Report, Unreadable> {
    /// What tells a report from other JSON.
    #[derive(Deserialize)]
    struct Head {
        schema: String,
    }

    let mut bytes = Vec::new();
    from.take(MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX {
        return Err(Unreadable::Long);
    }
    let schema = match serde_json::from_slice::<Head>(&bytes) {
        Ok(head) => head.schema,
        Err(error) if error.is_data() => return Err(Unreadable::Other),
        Err(error) => return Err(Unreadable::NotJson(error)),
    };
    match schema.strip_prefix(SCHEMAS) {
        _ if schema == SCHEMA => serde_json::from_slice(&bytes).map_err(Unreadable::Damaged),
        Some(number) if number.parse::<u32>().is_ok() => Err(Unreadable::Newer(schema)),
        _ => Err(Unreadable::Other),
    }
}
