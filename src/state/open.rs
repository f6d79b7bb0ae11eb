//! Opening the file: what is wrong with it is found here, before anything is
//! read or changed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::error::At;
use super::lock::{Lock, Refused};
use super::migrate::{self, APPLICATION, VERSION};
use super::{Access, Error, Owner, State};

/// How long a program is waited for that does not know the lock.
const BUSY: Duration = Duration::from_secs(5);

/// For every connection that reads. What others may have put into the file runs
/// no functions with effects, and pages are looked at before they are used.
const READING: &str = "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;";

/// For the connection that writes; sizes in bytes, of the cache in KiB.
const WRITING: &str = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
     PRAGMA cache_size = -32768; PRAGMA journal_size_limit = 67108864;";

impl State {
    /// Opens the file at a path. An empty file counts as new.
    pub fn open(path: &Path, access: Access, owner: &Owner) -> Result<Self, Error> {
        let path = resolve(path, access)?;
        let lock = match access {
            Access::ReadOnly => None,
            Access::ReadWrite | Access::Existing => Some(lock(&path, owner)?),
        };
        let mut connection = connect(&path, access)?;
        let version = version(&connection, &path)?;
        if access == Access::ReadOnly {
            readable(&path, version)?;
        } else {
            if version == 0 && access == Access::Existing {
                return Err(Error::Empty { path });
            }
            // Says what it is, where the file system has no room for it.
            let wal = "PRAGMA journal_mode = WAL";
            let _mode: String = connection.query_row(wal, [], |row| row.get(0)).at(&path)?;
            migrate::migrate(&mut connection, migrate::STEPS, owner.since).at(&path)?;
            connection.execute_batch(WRITING).at(&path)?;
        }
        Ok(Self {
            connection,
            path,
            _lock: lock,
        })
    }
}

/// A further connection that reads what is committed.
pub(super) fn reader(path: &Path) -> Result<Connection, Error> {
    let connection = connect(path, Access::ReadOnly)?;
    readable(path, version(&connection, path)?)?;
    Ok(connection)
}

fn readable(path: &Path, version: i32) -> Result<(), Error> {
    let path = path.to_path_buf();
    match version {
        0 => Err(Error::Empty { path }),
        VERSION => Ok(()),
        found => Err(Error::Older {
            path,
            found,
            known: VERSION,
        }),
    }
}

/// The one path of a file, however it was spelled.
fn resolve(path: &Path, access: Access) -> Result<PathBuf, Error> {
    let named = path.to_path_buf();
    let denied = |error: &io::Error| Error::Denied {
        path: path.to_path_buf(),
        doing: "opened",
        reason: error.to_string(),
    };
    let absent = |error: &io::Error| {
        matches!(
            error.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
        )
    };
    match fs::canonicalize(path) {
        Ok(real) => {
            let metadata = fs::metadata(&real).map_err(|error| denied(&error))?;
            if !metadata.is_file() {
                return Err(Error::NotAFile { path: named });
            }
            match names(&metadata) {
                0 | 1 => Ok(real),
                count => Err(Error::HardLinks { path: named, count }),
            }
        }
        Err(error) if !absent(&error) => Err(denied(&error)),
        Err(_) if fs::symlink_metadata(path).is_ok() => Err(Error::BrokenLink { path: named }),
        Err(_) => {
            let folder = match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder,
                _ => Path::new("."),
            };
            let real = match fs::canonicalize(folder) {
                Ok(real) if real.is_dir() => real,
                Err(error) if !absent(&error) => return Err(denied(&error)),
                _ => {
                    return Err(Error::MissingFolder {
                        path: named,
                        folder: folder.to_path_buf(),
                    });
                }
            };
            match path.file_name() {
                None => Err(Error::NotAFile { path: named }),
                Some(_) if access != Access::ReadWrite => Err(Error::Missing { path: named }),
                Some(name) => Ok(real.join(name)),
            }
        }
    }
}

#[cfg(unix)]
fn names(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
fn names(_: &fs::Metadata) -> u64 {
    1
}

fn lock(path: &Path, owner: &Owner) -> Result<Lock, Error> {
    Lock::take(path, &owner.command, owner.since).map_err(|refused| {
        let path = path.to_path_buf();
        match refused {
            Refused::Held(holder) => Error::InUse { path, holder },
            Refused::Failed(error) => Error::Denied {
                path,
                doing: "locked",
                reason: format!("its lock file: {error}"),
            },
        }
    })
}

fn connect(path: &Path, access: Access) -> Result<Connection, Error> {
    let flags = match access {
        Access::ReadOnly => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Access::Existing => OpenFlags::SQLITE_OPEN_READ_WRITE,
        Access::ReadWrite => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
    };
    let opened = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .and_then(|connection| prepared(connection, READING));
    match opened {
        Err(error)
            if access == Access::ReadOnly
                && error.sqlite_error_code() == Some(ErrorCode::CannotOpen)
                && !has_log(path) =>
        {
            unchanging(path).at(path)
        }
        opened => opened.at(path),
    }
}

/// A connection that has read the file once.
fn prepared(connection: Connection, pragmas: &str) -> rusqlite::Result<Connection> {
    connection.busy_timeout(BUSY)?;
    connection.execute_batch(pragmas)?;
    connection.query_row("PRAGMA schema_version", [], |_| Ok(()))?;
    Ok(connection)
}

/// Whether there are commits that are not in the file itself yet.
fn has_log(path: &Path) -> bool {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    fs::metadata(PathBuf::from(name)).is_ok_and(|log| log.len() > 0)
}

/// A connection to a file that nobody changes: where its folder is read-only,
/// and SQLite has no place to say that it reads.
pub(super) fn unchanging(path: &Path) -> rusqlite::Result<Connection> {
    use std::fmt::Write as _;
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                uri.push(char::from(*byte));
            }
            // Writing to a string cannot fail.
            byte => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    prepared(Connection::open_with_flags(uri, flags)?, READING)
}

/// The version of the tables of a file that is ours; 0 where it is empty.
fn version(connection: &Connection, path: &Path) -> Result<i32, Error> {
    let number = |sql: &str| -> Result<i32, Error> {
        connection.query_row(sql, [], |row| row.get(0)).at(path)
    };
    let id = number("PRAGMA application_id")?;
    let found = number("PRAGMA user_version")?;
    let tables = number("SELECT count(*) FROM sqlite_master")?;
    let path = path.to_path_buf();
    match (id, found, tables) {
        (0, 0, 0) => Ok(0),
        (APPLICATION, found, _) if found > VERSION => Err(Error::Newer {
            path,
            found,
            known: VERSION,
        }),
        (APPLICATION, 1.., 1..) => Ok(found),
        (APPLICATION, ..) => Err(Error::Corrupt {
            path,
            reason: format!("version {found} with {tables} tables and views"),
        }),
        (id, ..) => Err(Error::OtherProgram { path, id }),
    }
}
