//! What can go wrong with the state file: what, where, and what to do.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::lock::Holder;
use crate::text::words::file_name as shown;

/// Why the state file cannot be used, or does not do what was asked. The file is
/// as it was after the last commit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder that it would stand in does not exist.
    #[error("{}: the folder {} does not exist; make it, or name another state file", shown(.path), shown(.folder))]
    MissingFolder {
        /// The state file.
        path: PathBuf,
        /// The folder.
        folder: PathBuf,
    },
    /// There is no such file, and this use of it makes none.
    #[error("{}: does not exist; check the path, or make it with `s3sentry scan --state`", shown(.path))]
    Missing {
        /// The state file.
        path: PathBuf,
    },
    /// Nothing was ever written to it, and this use of it writes nothing first.
    #[error("{}: is empty; `s3sentry scan --state` makes a state file of it", shown(.path))]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A link to something that does not exist.
    #[error("{}: is a link to something that does not exist; remove the link or restore its target", shown(.path))]
    BrokenLink {
        /// The link.
        path: PathBuf,
    },
    /// A folder or a device.
    #[error("{}: is no regular file; name a file as state file", shown(.path))]
    NotAFile {
        /// What was named.
        path: PathBuf,
    },
    /// One file with several names in the file system.
    #[error(
        "{}: has {count} names (hard links), and what SQLite keeps beside it belongs to one of them \
         only; copy it to a file of its own and name that", shown(.path)
    )]
    HardLinks {
        /// The state file.
        path: PathBuf,
        /// How many names.
        count: u64,
    },
    /// The operating system forbids it, or cannot do it.
    #[error(
        "{}: cannot be {doing} ({reason}); SQLite needs to read and write the file and its folder: \
         grant that, or name another state file", shown(.path)
    )]
    Denied {
        /// The state file.
        path: PathBuf,
        /// `opened`, `locked` or `written`.
        doing: &'static str,
        /// What the operating system or SQLite said.
        reason: String,
    },
    /// Another process writes it.
    #[error(
        "{}: is in use by {holder}; wait until that has ended, or name another state file",
        shown(.path)
    )]
    InUse {
        /// The state file.
        path: PathBuf,
        /// Who.
        holder: Holder,
    },
    /// A program that knows nothing of the lock holds it for long.
    #[error(
        "{}: another program has locked it, such as sqlite3 with a transaction that is not ended; \
         end that and run again", shown(.path)
    )]
    Busy {
        /// The state file.
        path: PathBuf,
    },
    /// Something else than a database.
    #[error("{}: is no state file, but something else; name another file", shown(.path))]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// An SQLite database of another program.
    #[error("{}: is the database of another program (application id {id}); name another file", shown(.path))]
    OtherProgram {
        /// The file.
        path: PathBuf,
        /// Its application id; 0 where it has none.
        id: i32,
    },
    /// Its tables are of a version that is not known yet.
    #[error(
        "{}: was written by a later s3sentry: version {found}, this program knows up to {known}; \
         update s3sentry, or name another file", shown(.path)
    )]
    Newer {
        /// The state file.
        path: PathBuf,
        /// Its version.
        found: i32,
        /// The latest that this program knows.
        known: i32,
    },
    /// Its tables are of an earlier version, and it is only to be read.
    #[error(
        "{}: was written by an earlier s3sentry: version {found}, this program reads {known}; \
         `s3sentry scan --state` brings it up to date", shown(.path)
    )]
    Older {
        /// The state file.
        path: PathBuf,
        /// Its version.
        found: i32,
        /// The version that is needed.
        known: i32,
    },
    /// What is in it contradicts itself.
    #[error(
        "{}: is damaged ({reason}); restore a copy, or save what can be read: \
         `sqlite3 {} .recover | sqlite3 NEW` and use NEW, or `s3sentry baseline export`", shown(.path), shown(.path)
    )]
    Corrupt {
        /// The state file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// No room is left.
    #[error(
        "{}: no room is left on its disk; make room and run again: what was committed before is \
         intact", shown(.path)
    )]
    Full {
        /// The state file.
        path: PathBuf,
    },
    /// The operating system reported an error while reading or writing.
    #[error(
        "{}: could not be read or written ({reason}); run again once the disk works: what was \
         committed before is intact", shown(.path)
    )]
    Io {
        /// The state file.
        path: PathBuf,
        /// What SQLite said.
        reason: String,
    },
    /// A row that this run has read is gone: somebody else deleted it.
    #[error(
        "{}: another program has changed it during this run ({what} {key:016x} is gone); run again",
        shown(.path)
    )]
    Changed {
        /// The state file.
        path: PathBuf,
        /// `entity` or `value`.
        what: &'static str,
        /// Its key.
        key: u64,
    },
    /// Something is to be kept whose kind, dimension or series was never
    /// registered: a mistake in this program.
    #[error("{}: {what} {id:016x} was not registered before use; please report this", shown(.path))]
    Unregistered {
        /// The state file.
        path: PathBuf,
        /// `kind`, `dimension` or `series`.
        what: &'static str,
        /// Its id.
        id: u64,
    },
    /// An import is to replace a baseline that holds something.
    #[error(
        "{}: holds a baseline already ({rows} entities and values); add to it with `baseline merge`, or \
         import into a new file", shown(.path)
    )]
    NotEmpty {
        /// The state file.
        path: PathBuf,
        /// How many entities and values it holds.
        rows: u64,
    },
    /// A line of an export cannot be taken in. Nothing of it was.
    #[error("line {line}: {reason}; nothing was imported")]
    Import {
        /// Its number, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// An export could not be read or written.
    #[error("the export could not be read or written: {0}")]
    Export(#[from] io::Error),
    /// Anything else that SQLite may say.
    #[error("{}: SQLite reports: {error}", shown(.path))]
    Sqlite {
        /// The state file.
        path: PathBuf,
        /// What it said.
        error: rusqlite::Error,
    },
}

/// What has a path to name in its errors.
pub(super) trait At<T> {
    /// The same with an error of this module.
    fn at(self, path: &Path) -> Result<T, Error>;
}

impl<T> At<T> for rusqlite::Result<T> {
    fn at(self, path: &Path) -> Result<T, Error> {
        self.map_err(|error| of(path, error))
    }
}

fn of(path: &Path, error: rusqlite::Error) -> Error {
    let path = path.to_path_buf();
    let reason = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt) => Error::Corrupt { path, reason },
        Some(ErrorCode::NotADatabase) => Error::NotADatabase { path },
        Some(ErrorCode::DiskFull) => Error::Full { path },
        Some(ErrorCode::SystemIoFailure) => Error::Io { path, reason },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Busy { path },
        Some(ErrorCode::ReadOnly) => Error::Denied {
            path,
            doing: "written",
            reason,
        },
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => Error::Denied {
            path,
            doing: "opened",
            reason,
        },
        _ => match error {
            // A column holds what this program never writes there.
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..) => Error::Corrupt { path, reason },
            error => Error::Sqlite { path, error },
        },
    }
}
