//! What is kept between runs: one SQLite file.
//!
//! It holds the baseline, how far inputs are read, windows that are not closed,
//! alerts and which of them were written. [`Commit`] is one transaction over all
//! of it, so that a crash at any instant leaves the state of one commit or of the
//! next. Tables and columns are explained in the schema itself
//! (`sqlite3 FILE .schema`) and in `docs/state.md`; people may read the file at
//! any time. Its rules:
//!
//! - one process writes (a lock beside the file); any number read, then as well;
//! - keys are 64-bit hashes that are the same in every run, stored as signed
//!   numbers with the same bits; times are seconds since the Unix epoch;
//! - texts that callers chose have no secrets in them.
//!
//! What things mean, and which are worth keeping, may not enter here: this module
//! puts away and brings back. It knows no rule and no input.

mod alerts;
mod apply;
mod commit;
mod error;
mod forget;
mod hours;
mod inputs;
mod known;
mod load;
mod lock;
mod logs;
mod meta;
mod migrate;
mod name;
mod open;
mod past;
mod reported;
mod rotated;
mod show;
#[cfg(test)]
mod tests;
mod transfer;
mod windows;

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::Connection;

pub use self::alerts::{KeptAlert, Written};
pub use self::commit::Commit;
pub use self::error::Error;
pub use self::forget::Touched;
pub use self::known::KnownObjects;
pub use self::lock::Holder;
pub use self::logs::Log;
pub use self::meta::{Meta, Run};
pub use self::migrate::VERSION;
pub use self::past::PastVolumes;
pub use self::reported::{Intake, SinceReport};
pub use self::show::{EntityRow, Filter, List, Order, Total, ValueRow};
pub use self::transfer::{Counts, SCHEMA as BASELINE_SCHEMA};
pub use self::windows::WindowKey;

/// What a state file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// To be read and written; made where there is none.
    ReadWrite,
    /// To be read and written; it must be there.
    Existing,
    /// To be read, while another process may be writing it.
    ReadOnly,
}

/// Who opens it, for those who find it in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// What the program was called with, in one line.
    pub command: String,
    /// When, seconds since the Unix epoch.
    pub since: i64,
}

impl Owner {
    /// This process, now.
    #[must_use]
    pub fn now(command: impl Into<String>) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            command: command.into(),
            // A clock before 1970 is no reason to stop.
            since: since.map_or(0, |since| since.as_secs() as i64),
        }
    }
}

/// An open state file.
#[derive(Debug)]
pub struct State {
    // Closed before the lock is given up.
    connection: Connection,
    path: PathBuf,
    _lock: Option<lock::Lock>,
}

impl State {
    /// An error that says that something in it contradicts itself.
    #[must_use]
    pub fn corrupt(&self, reason: impl Into<String>) -> Error {
        Error::Corrupt {
            path: self.path.clone(),
            reason: reason.into(),
        }
    }

    /// Where it is, without links.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A hash as it is stored: the same bits, signed.
const fn signed(hash: u64) -> i64 {
    hash as i64
}

/// A hash that was stored.
const fn unsigned(stored: i64) -> u64 {
    stored as u64
}

/// A number as it is stored: those that do not fit stay at the most that does.
fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number that was stored; none is negative.
fn count(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}
