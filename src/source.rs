//! Where lines come from: stdin, files, directories, buckets, compressed or not.
//!
//! A [`Sources`] gives [`Block`]s of whole lines, merged by time. Bytes leave,
//! with the name and the offset they came from; what they mean is not known
//! here but for the time of a line. The wall clock enters only as the bound
//! for times from the future. See [`Sources`] for the order of inputs.

mod checkpoint;
mod decode;
mod error;
mod ledger;
mod lines;
mod merge;
mod name;
mod open;
pub mod s3;
mod sniff;
#[cfg(test)]
mod tests;
mod trace;
mod walk;

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

pub use checkpoint::{Mark, OBJECTS, PAST, Past, Print, Progressed, Reach};
pub use error::{Error, Format, Problem};
pub use merge::{Listed, Sources};
pub use name::delivery_time;
pub use sniff::describe;
pub use walk::glance;

/// Bytes of a block, as a rule: within 10 % of reading a memory map.
pub const BLOCK_SIZE: usize = 512 << 10;

/// Longest line that is held, in bytes without its line feed. AWS bounds the
/// headers of a request to 8 KiB and a key to 1 KiB.
pub const MAX_LINE: usize = 64 << 10;

/// How much later than a file's modification time, or the wall clock for a
/// pipe, a record may be before its time is not believed; seconds.
pub const CLOCK_SKEW: i64 = 300;

/// How long ago a file must have been modified, in seconds, for a last line
/// without a line feed to be taken as a whole one; see [`Sources::resume`].
pub const SETTLED: i64 = 3600;

/// What the user named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spec {
    /// Standard input.
    Stdin,
    /// A file, a directory (read recursively), a FIFO, `/dev/stdin`.
    Path(PathBuf),
}

impl From<PathBuf> for Spec {
    /// `-` is standard input, as everywhere.
    fn from(path: PathBuf) -> Self {
        if path.as_os_str() == "-" {
            Self::Stdin
        } else {
            Self::Path(path)
        }
    }
}

/// How to read.
#[derive(Debug, Clone)]
pub struct Options {
    /// Bytes of a block. A block may be larger where a line is, and smaller.
    pub block_size: usize,
    /// Longest line that is handed out, in bytes without its line feed.
    pub max_line: usize,
    /// How late a record may come, in seconds; `None` leaves it to the kind of
    /// the inputs. Only [`Sources::lateness`] uses it.
    pub lateness: Option<i64>,
    /// Files that this run writes: where they stand among the inputs they are
    /// skipped.
    pub own: Vec<PathBuf>,
    /// The number of the first input; that of the first object is so much more
    /// than [`OBJECTS`]. Not 0 where one process reads again and again, and has
    /// given the smaller numbers before.
    pub first: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            block_size: BLOCK_SIZE,
            max_line: MAX_LINE,
            lateness: None,
            own: Vec::new(),
            first: 0,
        }
    }
}

/// A line that was too long to be handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Oversize {
    /// Of its first byte, in the decompressed input.
    pub offset: u64,
    /// Its bytes, without the line feed.
    pub len: u64,
}

/// Whole lines of one input, contiguous. Meant to be reused: its buffer is
/// cleared once and then only read into.
#[derive(Debug, Default)]
pub struct Block {
    /// Whose lines these are; see [`Sources::name`].
    pub source: u32,
    /// Of the first of [`Block::bytes`], in the decompressed input.
    pub offset: u64,
    /// Records later than this (seconds since the Unix epoch) move no
    /// watermark.
    pub future: i64,
    /// The smallest time of any open or unread input after this block
    /// (seconds since the Unix epoch), `i64::MIN` while one has no time yet
    /// and `i64::MAX` when all inputs are exhausted. It never falls.
    pub floor: i64,
    /// Lines over the bound that ended before this block's first byte and
    /// after the last block's: they are counted, not held.
    pub oversize: Vec<Oversize>,
    /// Offset after the last line, in the decompressed input.
    pub end: u64,
    /// Whether an earlier run took all of the input, and these lines are read once
    /// more: they teach nothing new.
    pub again: bool,
    /// How far inputs have been handed out with this block: its own, and those
    /// that turned out to be exhausted before it. Of two for one input the
    /// later holds. Empty but for [`Sources::resume`]; see [`Sources::mark`].
    pub reached: Vec<Progressed>,
    /// What earlier runs took of the lines of this input that are handed out;
    /// see [`Block::is_taken`].
    taken: Arc<[Reach]>,
    buffer: Vec<u8>,
    range: Range<usize>,
}

impl Block {
    /// A block of these bytes, for those who have lines from elsewhere.
    #[must_use]
    pub fn new(source: u32, offset: u64, bytes: Vec<u8>) -> Self {
        Self {
            source,
            offset,
            future: i64::MAX,
            floor: i64::MIN,
            oversize: Vec::new(),
            end: offset + bytes.len() as u64,
            again: false,
            reached: Vec::new(),
            taken: Arc::default(),
            range: 0..bytes.len(),
            buffer: bytes,
        }
    }

    /// Whole lines, each with its line feed; only the very last line of an
    /// input may lack it. Empty where only [`Block::oversize`] lines came.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[self.range.clone()]
    }

    /// Whether an earlier run took the record of this time (seconds since the
    /// Unix epoch) in the line that begins at `offset` of the decompressed
    /// input. Lines are handed out again for the records that it left out, or
    /// where it read files of other spans less far.
    #[must_use]
    pub fn is_taken(&self, offset: u64, time: Option<i64>) -> bool {
        self.taken.iter().any(|reach| reach.holds(offset, time))
    }

    /// Makes the buffer hold at least `len` bytes, and keeps what is there.
    fn reserve(&mut self, len: usize) {
        if self.buffer.is_empty() {
            // Zeroed pages come from the system and are not touched twice.
            self.buffer = vec![0; len];
        } else if self.buffer.len() < len {
            self.buffer.resize(len, 0);
        }
    }
}

/// What became of the inputs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Read to their end.
    pub read: u64,
    /// Not read, or not to their end; each has a [`Problem`].
    pub failed: u64,
    /// Skipped: named before, by this or another name.
    pub duplicate: u64,
    /// Skipped: files and directories below a directory whose name begins
    /// with a dot.
    pub hidden: u64,
    /// Not opened or not read: an earlier run read them to their end, and they
    /// are unchanged.
    pub done: u64,
    /// Of those read, or to be read on: the ones whose last line has no line
    /// feed yet and was left to a later run.
    pub waiting: u64,
    /// Read from their beginning, though an earlier run read something else
    /// under the same path.
    pub replaced: u64,
    /// Skipped: sockets, devices and FIFOs below a directory.
    pub special: u64,
}

impl Counts {
    /// All that were skipped and are never read. What is done was read.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.duplicate + self.hidden + self.special
    }
}

/// How far reading is, in bytes as they are on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Read so far; what is left out because it was read before counts too.
    pub read: u64,
    /// To be read in all; `None` when an input is a pipe.
    pub total: Option<u64>,
}
