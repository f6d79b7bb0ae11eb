//! One writer at a time.
//!
//! The lock is the operating system's, on a file beside the state file
//! (`F.lock`), so that it ends with the process however that ends. What the file
//! says is for messages only; it is emptied at the end and never removed, because
//! somebody may be about to lock it.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::record::time::rfc3339;
use crate::text::terminal;

/// How often a lock file is read that its holder has not written yet.
const TRIES: u32 = 10;
/// How long it takes to be written.
const PAUSE: Duration = Duration::from_millis(10);
/// The most that is read of it, bytes.
const MOST: u64 = 4096;

/// Who holds the lock, as far as the lock file tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holder {
    /// Process id.
    pub pid: String,
    /// Name of the machine.
    pub host: String,
    /// What it was called with.
    pub command: String,
    /// RFC 3339 UTC.
    pub since: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pid.is_empty() {
            return f.write_str("another process");
        }
        // Whoever can write to the folder can write this.
        let [pid, host, command, since] = [&self.pid, &self.host, &self.command, &self.since]
            .map(|text| terminal(text.as_bytes()));
        write!(f, "process {pid} on {host} (`{command}`) since {since}")
    }
}

impl Holder {
    /// This process. `now` is in seconds since the Unix epoch.
    fn this(command: &str, now: i64) -> Self {
        Self {
            pid: std::process::id().to_string(),
            host: host(),
            command: command.lines().collect::<Vec<_>>().join(" "),
            since: rfc3339(now),
        }
    }

    fn parse(text: &str) -> Self {
        let value = |name: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once(' '));
            let found = lines.find(|(word, _)| *word == name);
            found.map_or_else(String::new, |(_, value)| value.to_owned())
        };
        Self {
            pid: value("pid"),
            host: value("host"),
            command: value("command"),
            since: value("since"),
        }
    }

    fn text(&self) -> String {
        let Self {
            pid,
            host,
            command,
            since,
        } = self;
        format!("pid {pid}\nhost {host}\ncommand {command}\nsince {since}\n")
    }
}

/// Held as long as it lives.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

/// Why there is none.
#[derive(Debug)]
pub(super) enum Refused {
    /// Another process holds it.
    Held(Holder),
    /// The lock file cannot be made or locked.
    Failed(io::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Refused::Failed(error)
    }
}

/// The lock file of a state file, whose path has no links in it.
pub(super) fn path(state: &Path) -> PathBuf {
    let mut name = state.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

impl Lock {
    /// Takes the lock of a state file at once or not at all. `now` is in seconds
    /// since the Unix epoch.
    pub(super) fn take(state: &Path, command: &str, now: i64) -> Result<Self, Refused> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path(state))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Refused::Held(holder(&mut file))),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        file.set_len(0)?;
        file.write_all(Holder::this(command, now).text().as_bytes())?;
        Ok(Self { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Only words; the lock itself ends with the file. A process that is just
        // being started may have the file open, too, until it is another program.
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

/// What the holder has written, or is just about to.
fn holder(file: &mut File) -> Holder {
    for _ in 0..TRIES {
        let mut bytes = Vec::new();
        let read = file
            .seek(SeekFrom::Start(0))
            .and_then(|_| file.take(MOST).read_to_end(&mut bytes));
        let holder = Holder::parse(&String::from_utf8_lossy(&bytes));
        // The last line is written last.
        if read.is_err() || !holder.since.is_empty() {
            return holder;
        }
        std::thread::sleep(PAUSE);
    }
    Holder::default()
}

#[cfg(unix)]
fn host() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

#[cfg(not(unix))]
fn host() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_else(|_| "this machine".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_though_another_process_has_inherited_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("a.db");
        let lock = Lock::take(&state, "one", 0).unwrap();
        let inherited = lock.file.try_clone().unwrap();
        assert!(matches!(
            Lock::take(&state, "two", 0),
            Err(Refused::Held(_))
        ));
        drop(lock);
        assert!(Lock::take(&state, "two", 0).is_ok());
        drop(inherited);
    }
}
