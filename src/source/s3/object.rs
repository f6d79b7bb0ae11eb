//! Objects on their way from a bucket, as plain values.
//!
//! How they are listed and fetched may not enter here.

use std::fs::File;
use std::io;
use std::sync::Arc;

use super::super::{CLOCK_SKEW, Mark};
use super::layout::Named;
use super::{Fault, LOOKBACK};

/// An object, as a listing or a message told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Name of the bucket.
    pub bucket: Arc<str>,
    /// Its key.
    pub key: Box<str>,
    /// Bytes as stored.
    pub size: u64,
    /// Its `ETag` without quotes; empty where it was not told.
    pub etag: Box<str>,
    /// When it was written (`LastModified`), seconds since the Unix epoch; none
    /// where it was not told.
    pub modified: Option<i64>,
    /// What its key says.
    pub named: Named,
}

impl Object {
    /// The part of the key before date and time: all objects of one log have the
    /// same. For a key without a time its folder.
    #[must_use]
    pub fn stem(&self) -> &str {
        &self.key[..self.named.stem]
    }
}

/// The whole content of an object, as stored: it may be compressed.
#[derive(Debug)]
pub enum Body {
    /// Of a small one.
    Memory(Vec<u8>),
    /// Of a large one: a temporary file without a name, at its beginning.
    File(File),
}

/// An object that has come, or could not.
#[derive(Debug)]
pub struct Arrival {
    /// Which one.
    pub object: Object,
    /// What earlier runs took of it, if anything and not all.
    pub mark: Option<Mark>,
    /// Whether an earlier run took all of it, and it is read again all the same:
    /// it teaches nothing new.
    pub again: bool,
    /// Whether it came later than the lookback reaches: only a full listing found
    /// it.
    pub belated: bool,
    /// Its content.
    pub body: Result<Body, Fault>,
}

/// Inputs that come one after the other, in the order of their times: there may be
/// far too many of them to be listed first.
pub trait Arrivals: Send {
    /// The time of the next one: the one in its name, `i64::MIN` where it has
    /// none. `None` when nothing more comes. Waits for the listing, and not for
    /// the content.
    fn next_time(&mut self) -> Option<i64>;

    /// The next one; waits for its content.
    fn next(&mut self) -> Option<Arrival>;

    /// What became of the objects so far.
    fn counts(&self) -> Counts;

    /// What could not be listed so far: an address or a folder, and why. What
    /// cannot be fetched comes as an [`Arrival`].
    fn troubles(&self) -> Vec<Trouble>;

    /// The content of objects once more, to read single lines of them again: of each in
    /// its turn, none where it cannot be had soon. They are fetched at once.
    fn again(&self, objects: &[Stored]) -> Vec<Option<Body>>;
}

/// Bucket and key of an object.
pub type Stored = (Arc<str>, Arc<str>);

/// What could not be listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// `s3://bucket/prefix`.
    pub name: Arc<str>,
    /// Why.
    pub fault: Fault,
}

/// What became of objects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Listed, or told of by messages.
    pub listed: u64,
    /// Of those: left out because of their times.
    pub pruned: u64,
    /// Of those: left out because an earlier run took them.
    pub done: u64,
    /// Fetched, and bytes of them.
    pub fetched: u64,
    /// Bytes of those.
    pub bytes: u64,
    /// Could not be fetched.
    pub failed: u64,
    /// Requests made again, for whatever reason.
    pub retries: u64,
    /// Times that AWS asked to slow down.
    pub throttled: u64,
    /// Found only by a full listing: delivered later than the lookback reaches.
    pub belated: u64,
    /// Requests for pages of listings.
    pub pages: u64,
}

/// How far one log was read by earlier runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Time in the name of the newest object that was read, seconds since the
    /// Unix epoch.
    pub newest: i64,
    /// The earliest time in a name from which on it was listed; `i64::MIN` for
    /// all.
    pub since: i64,
    /// Objects whose names are earlier than this are no longer remembered one by
    /// one: they were read if they had been written by `listed`.
    pub forgotten: i64,
    /// When a listing over the lookback began whose objects were all dealt with, by
    /// the clock of that machine less [`CLOCK_SKEW`]; seconds since the Unix epoch.
    pub listed: i64,
    /// The same of a listing from `since` on.
    pub listed_all: i64,
}

impl Seen {
    /// Whether an object was read that is no longer remembered by itself: by the
    /// time in its name, and when it was written.
    ///
    /// What was delivered later than any lookback reaches back may never have been
    /// listed.
    #[must_use]
    pub fn holds(&self, time: i64, modified: Option<i64>) -> bool {
        (self.since..self.forgotten).contains(&time)
            && modified.is_some_and(|modified| {
                modified <= self.listed_all
                    || modified <= self.listed && modified <= time.saturating_add(PROMPT)
            })
    }
}

/// How much later than its name an object may have been written, in seconds, to
/// have been in the lookback of a listing that found it.
pub const PROMPT: i64 = LOOKBACK - 2 * CLOCK_SKEW;

/// What earlier runs left. Asked while listing, on another thread.
pub trait Known: Send {
    /// How far a log was read; none where it never was.
    fn log(&mut self, bucket: &str, stem: &str) -> io::Result<Option<Seen>>;

    /// What was taken of an object; none where nothing was. The etag is compared
    /// by who asks.
    fn object(&mut self, bucket: &str, key: &str) -> io::Result<Option<Mark>>;

    /// Objects below a prefix that could not be read to their end, to be tried
    /// again: bucket, key.
    fn unfinished(&mut self, bucket: &str, prefix: &str) -> io::Result<Vec<Object>>;
}
