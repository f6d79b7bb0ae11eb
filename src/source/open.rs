//! One input, opened.
//!
//! Its lines, and until when their times are believed. Nothing of the other
//! inputs enters here.

use std::fs::{self, File, Metadata};
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::checkpoint::{self, Past, Reach};
use super::decode::Decoder;
use super::error::Error;
use super::ledger::Begin;
use super::lines::{LastLine, Lines};
use super::s3::Body;
use super::trace::{self, Trace};
use super::walk::{self, Input, Kind};
use super::{CLOCK_SKEW, Options, SETTLED};
use crate::record::time;

/// An input that is being read.
pub(super) struct Open {
    pub(super) lines: Lines<Metered>,
    /// What earlier runs took of it.
    pub(super) taken: Arc<[Reach]>,
    /// Bytes of the file, where it is one.
    pub(super) size: Option<u64>,
    /// What holding it open costs.
    pub(super) weight: u32,
    /// Whether an earlier run took all of it: it teaches nothing new.
    pub(super) again: bool,
    /// `None`: the wall clock's.
    future: Option<i64>,
}

impl Open {
    /// Reads enough of the input to know its format.
    pub(super) fn new(
        file: File,
        data: &Metadata,
        sum: Arc<AtomicU64>,
        begin: Option<&Begin>,
        options: &Options,
    ) -> Result<Self, Error> {
        let live = !data.is_file();
        let modified = if live {
            None
        } else {
            data.modified().ok().map(unix)
        };
        let last = match begin {
            None => LastLine::Given,
            Some(_) if modified.is_some_and(|time| time <= now() - SETTLED) => LastLine::GivenWhole,
            Some(_) => LastLine::Waits,
        };
        let metered = Metered {
            bytes: Bytes::File(file),
            at: 0,
            sum,
            trace: begin.map(|begin| Arc::clone(&begin.trace)),
        };
        let mut lines = Lines::new(metered, live, options).map_err(|fault| fault.at(0))?;
        lines.end_with(last);
        Ok(Self {
            weight: lines.weight(),
            again: false,
            lines,
            taken: begin.map_or_else(Arc::default, |begin| Arc::clone(&begin.taken)),
            size: data.is_file().then_some(data.len()),
            future: modified.map(|time| time + CLOCK_SKEW),
        })
    }

    /// The same of an object, which never changes. `modified` in seconds since the
    /// Unix epoch.
    pub(super) fn object(
        body: Body,
        modified: Option<i64>,
        sum: Arc<AtomicU64>,
        taken: Arc<[Reach]>,
        options: &Options,
    ) -> Result<Self, Error> {
        let metered = Metered {
            bytes: match body {
                Body::Memory(bytes) => Bytes::Memory(Cursor::new(bytes)),
                Body::File(file) => Bytes::File(file),
            },
            at: 0,
            sum,
            trace: None,
        };
        let lines = Lines::new(metered, false, options).map_err(|fault| fault.at(0))?;
        Ok(Self {
            weight: lines.weight(),
            again: false,
            lines,
            taken,
            size: None,
            future: modified.map(|time| time.saturating_add(CLOCK_SKEW)),
        })
    }

    /// Times later than this are not believed.
    pub(super) fn future(&self) -> i64 {
        self.future.unwrap_or_else(|| now() + CLOCK_SKEW)
    }

    /// The time of the first line that has one and is not from the future.
    pub(super) fn first_time(&mut self) -> Option<i64> {
        let future = self.future();
        self.lines.peek(|bytes| first_time(bytes, future))
    }
}

/// Opens an input; what it is may have changed since it was listed.
pub(super) fn file(input: &Input) -> Result<(File, Metadata), Error> {
    let file = match input.kind {
        Kind::Stdin => walk::stdin(),
        Kind::File | Kind::Stream => File::open(input.path()),
    };
    let file = file.map_err(Error::opening)?;
    let data = file.metadata().map_err(Error::opening)?;
    Ok((file, data))
}

impl Past {
    /// The file, opened once more, if it is plain and still begins as it did.
    #[must_use]
    pub fn reopen(&self) -> Option<File> {
        again(self)
    }
}

/// A file of an earlier run, if it is plain and still begins as it did.
pub(super) fn again(past: &Past) -> Option<File> {
    let path = checkpoint::to_path(past.path.as_ref()?);
    // Before opening: a FIFO that has taken its place would wait for ever.
    fs::metadata(&path).ok().filter(Metadata::is_file)?;
    let mut file = File::open(path).ok()?;
    let fits = trace::fits(past.head, &mut file).ok()?;
    file.rewind().ok()?;
    plain(file).filter(|_| fits)
}

/// A file at its beginning, if it is not compressed.
pub(super) fn plain(mut file: File) -> Option<File> {
    let plain = Decoder::new(&file).ok()?.is_plain();
    file.rewind().ok()?;
    plain.then_some(file)
}

/// Where bytes are.
enum Bytes {
    File(File),
    /// A whole object.
    Memory(Cursor<Vec<u8>>),
}

/// Bytes that are added to a sum when they are read.
pub(super) struct Metered {
    bytes: Bytes,
    at: u64,
    sum: Arc<AtomicU64>,
    trace: Option<Arc<Mutex<Trace>>>,
}

impl Metered {
    fn trace(&self, tell: impl FnOnce(&mut Trace)) {
        if let Some(trace) = &self.trace {
            tell(&mut trace.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

impl Read for Metered {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.bytes {
            Bytes::File(file) => file.read(into)?,
            Bytes::Memory(bytes) => bytes.read(into)?,
        };
        self.at += read as u64;
        self.sum.fetch_add(read as u64, Ordering::Relaxed);
        self.trace(|trace| trace.see(&into[..read]));
        Ok(read)
    }
}

impl Seek for Metered {
    /// What is left out counts as read.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match &mut self.bytes {
            Bytes::File(file) => file.seek(to)?,
            Bytes::Memory(bytes) => bytes.seek(to)?,
        };
        // The sum holds what was read up to here: it wraps back to more than 0.
        self.sum
            .fetch_add(at.wrapping_sub(self.at), Ordering::Relaxed);
        self.at = at;
        self.trace(|trace| trace.go_to(at));
        Ok(at)
    }
}

/// Of the wall clock, seconds since the Unix epoch.
pub(super) fn now() -> i64 {
    unix(SystemTime::now())
}

fn unix(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_secs() as i64,
        Err(before) => -(before.duration().as_secs() as i64),
    }
}

/// The time of the first line that has one and is not from the future.
fn first_time(bytes: &[u8], future: i64) -> Option<i64> {
    bytes
        .split(|byte| *byte == b'\n')
        .find_map(|line| time::of_line(line).filter(|time| *time <= future))
}
