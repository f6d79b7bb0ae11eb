//! Many inputs, one stream of blocks in time order.
//!
//! Of what the lines say only the time enters here, and of the clock only the
//! bound beyond which a time is not believed.

mod earlier;
mod names;
mod objects;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::{self, File};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use memchr::memrchr;

pub use self::objects::Listed;
use self::objects::Objects;
use super::checkpoint::{OBJECTS, PAST, Past};
use super::error::{Error, Problem};
use super::ledger::Ledger;
use super::open::{self, Open, now};
use super::s3::{Address, Stored};
use super::walk::{self, Input, Kind};
use super::{Block, CLOCK_SKEW, Counts, Options, Progress, Spec};
use crate::record::time;

/// Inputs open at once, where each weighs one.
const OPEN: u32 = 256;

/// Lines at the end of a block that are searched for a time.
const LAST_LINES: usize = 64;

/// Lateness in seconds for files and pipes.
const LATENESS: i64 = 3600;

/// Lateness in seconds for delivered log objects, which hold records hours
/// older than the time in their names.
const LATENESS_DELIVERED: i64 = 6 * 3600;

/// By time, then by the order in which inputs were named.
type Heap = BinaryHeap<Reverse<(i64, u32)>>;

/// All inputs, merged by time.
///
/// The next block comes from the input with the smallest time, ties by the
/// order of naming and then of path. The time of an unread input is the one
/// in its name where it is named like a delivered log object
/// ([`delivery_time`](super::delivery_time)), else that of its first record;
/// of an open one that of the last line handed out; neither falls. An input
/// without any time comes first.
pub struct Sources {
    options: Options,
    inputs: Vec<Input>,
    unread: Heap,
    open: Heap,
    readers: Vec<Option<Box<Open>>>,
    /// Of all open inputs, and how much may be open.
    weight: u32,
    limit: u32,
    ordered: bool,
    problems: Vec<Problem>,
    counts: Counts,
    read: Arc<AtomicU64>,
    total: Option<u64>,
    sample: Vec<u8>,
    delivered: bool,
    ledger: Option<Ledger>,
    past: Vec<Past>,
    objects: Option<Objects>,
    /// Problems, and those among them that were told by a listing.
    failed: u64,
    troubles: usize,
}

impl Sources {
    /// Lists what was named; nothing is opened or waited for yet. Never fails
    /// as a whole: see [`Sources::problems`].
    #[must_use]
    pub fn open(specs: Vec<Spec>, options: Options) -> Self {
        Self::new(walk::list(specs, &options.own), options)
    }

    /// Nothing was read before.
    fn new(listing: walk::Listing, options: Options) -> Self {
        Self {
            options,
            readers: listing.inputs.iter().map(|_| None).collect(),
            total: listing.size,
            delivered: listing.delivered(),
            inputs: listing.inputs,
            unread: Heap::new(),
            open: Heap::new(),
            weight: 0,
            limit: OPEN,
            ordered: false,
            failed: listing.problems.len() as u64,
            troubles: 0,
            problems: listing.problems,
            counts: listing.counts,
            read: Arc::default(),
            sample: Vec::new(),
            ledger: None,
            past: Vec::new(),
            objects: None,
        }
    }

    /// Reads the next block into `block`, waiting for a pipe if it must.
    /// `false` when all inputs are exhausted: then the block is empty and its
    /// floor `i64::MAX`.
    pub fn next(&mut self, block: &mut Block) -> bool {
        if !self.ordered {
            self.order();
        }
        while let Some((time, source)) = self.pick() {
            let Some(mut reader) = self.reader(time, source) else {
                continue;
            };
            reader.lines.fill(block);
            if self.sample.is_empty() {
                self.sample = reader.lines.take_sample().unwrap_or_default();
            }
            block.source = self.number(source);
            block.again = reader.again;
            block.future = reader.future();
            let last = last_time(block.bytes(), block.future);
            block.taken = Arc::clone(&reader.taken);
            if reader.lines.exhausted() {
                self.weight -= reader.weight;
                self.end(reader, source);
            } else {
                self.reach(source, reader.lines.offset(), false);
                let time = last.map_or(time, |last| last.max(time));
                self.open.push(Reverse((time, source)));
                self.put_back(source, reader);
            }
            if !block.bytes().is_empty() || !block.oversize.is_empty() {
                block.floor = self.floor();
                block.reached.clear();
                if let Some(ledger) = &mut self.ledger {
                    block.reached.append(&mut ledger.pending);
                }
                return true;
            }
        }
        self.note_troubles();
        block.range = 0..0;
        block.oversize.clear();
        block.reached.clear();
        block.floor = i64::MAX;
        false
    }

    /// The input's name: as the user named it, its path below a named
    /// directory, or `stdin`.
    ///
    /// # Panics
    /// When `source` did not come from a block of these sources, nor from
    /// [`Sources::remember`].
    #[must_use]
    pub fn name(&self, source: u32) -> Arc<str> {
        match (source.checked_sub(PAST), &self.objects) {
            (Some(past), _) => Arc::clone(&self.past[past as usize].name),
            (None, Some(objects)) if source >= OBJECTS => objects.name(source),
            _ => Arc::clone(&self.inputs[self.place(source)].name),
        }
    }

    /// The input, opened once more: only a plain file, which is still at least as
    /// long as it was, and for one of an earlier run begins as it did. What is
    /// compressed cannot be read from the middle, and what comes through a pipe
    /// is gone.
    ///
    /// # Panics
    /// As [`Sources::name`].
    #[must_use]
    pub fn reopen(&self, source: u32) -> Option<File> {
        if source >= PAST {
            let past = &self.past[(source - PAST) as usize];
            let object = || self.objects.as_ref()?.reopen(&self.stored(source)?);
            return open::again(past).or_else(object);
        }
        if source >= OBJECTS {
            return self.objects.as_ref()?.reopen(&self.stored(source)?);
        }
        let input = &self.inputs[self.place(source)];
        let size = input.plain?;
        // Before opening: a FIFO that has taken its place would wait for ever.
        let data = fs::metadata(input.path()).ok()?;
        let intact = data.is_file() && data.len() >= size;
        intact.then(|| File::open(input.path()).ok())?
    }

    /// Of these inputs, fetches objects at once and not each when it is
    /// [opened once more](Sources::reopen). What was not asked for since the last call
    /// is forgotten.
    ///
    /// # Panics
    /// As [`Sources::name`].
    pub fn foresee(&self, sources: &[u32]) {
        if let Some(objects) = &self.objects {
            let wanted = sources.iter().filter_map(|source| self.stored(*source));
            objects.foresee(wanted.collect());
        }
    }

    /// Bucket and key of an object; none of other inputs.
    fn stored(&self, source: u32) -> Option<Stored> {
        if source >= PAST {
            let address = Address::parse(self.past[(source - PAST) as usize].name.as_bytes());
            let address = address?.ok()?;
            return Some((address.bucket, address.prefix));
        }
        let objects = self.objects.as_ref().filter(|_| source >= OBJECTS)?;
        Some(objects.stored(source))
    }

    /// What could not be read so far, or not to its end. All others are read.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// What became of the inputs so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            failed: self.failed,
            ..self.counts
        }
    }

    /// How far reading is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress {
            read: self.read.load(Ordering::Relaxed),
            total: self.total,
        }
    }

    /// How late a record may come, in seconds: what [`Options::lateness`]
    /// says, else [`Sources::default_lateness`].
    #[must_use]
    pub fn lateness(&self) -> i64 {
        self.options.lateness.unwrap_or(self.default_lateness())
    }

    /// 1 h, or 6 h when an input is named like a delivered log object, found
    /// in a directory or named by itself (`logs/*`); seconds.
    #[must_use]
    pub fn default_lateness(&self) -> i64 {
        if self.delivered {
            LATENESS_DELIVERED
        } else {
            LATENESS
        }
    }

    /// The first bytes (decompressed, up to 4 KiB) of the first input that
    /// had any, to tell the user what was found instead of access-log lines;
    /// see [`describe`](super::describe).
    #[must_use]
    pub fn sample(&self) -> &[u8] {
        &self.sample
    }

    #[cfg(test)]
    pub(super) fn open_now(&self) -> usize {
        self.readers.iter().flatten().count()
    }

    #[cfg(test)]
    pub(super) fn set_limit(&mut self, limit: u32) {
        self.limit = limit;
    }

    /// Ends an input: nothing more will come.
    fn end(&mut self, mut reader: Box<Open>, source: u32) {
        let fault = reader.lines.take_fault();
        let waits = fault.is_none() && reader.lines.left();
        // An object stays as it is: once more would end in the same way.
        let final_fault = |error: &Error| source >= OBJECTS && error.is_of_content();
        let done = fault.as_ref().is_none_or(final_fault) && !waits;
        self.counts.waiting += u64::from(waits);
        if let Some(ledger) = &mut self.ledger
            && source < OBJECTS
        {
            ledger.close(source, fault.as_ref());
        }
        self.reach(source, reader.lines.offset(), done);
        match fault {
            Some(error) => self.fail(source, error),
            None => self.counts.read += 1,
        }
    }

    fn fail(&mut self, source: u32, error: Error) {
        let name = self.name(self.number(source));
        self.problem(name, error);
    }

    /// The number by which an input is known outside.
    fn number(&self, source: u32) -> u32 {
        if source >= OBJECTS {
            source
        } else {
            self.options.first + source
        }
    }

    /// Where the input of a number stands.
    fn place(&self, number: u32) -> usize {
        (number - self.options.first) as usize
    }

    /// Keeps an open input for its next block.
    fn put_back(&mut self, source: u32, reader: Box<Open>) {
        if source >= OBJECTS {
            self.keep_object(source, reader);
        } else {
            self.readers[source as usize] = Some(reader);
        }
    }

    /// The smallest time of all that is not exhausted.
    fn floor(&mut self) -> i64 {
        let time = |heap: &Heap| heap.peek().map_or(i64::MAX, |Reverse((time, _))| *time);
        let coming = self.coming().map_or(i64::MAX, |(time, _)| time);
        time(&self.unread).min(time(&self.open)).min(coming)
    }

    /// Finds the time of each input. Regular files are closed again, so that
    /// thousands of unread ones take no handles.
    fn order(&mut self) {
        self.ordered = true;
        let alone = self.inputs.len() == 1 && self.objects.is_none();
        let (mut unread, mut open) = (Vec::new(), Vec::new());
        let now = now();
        for source in 0..self.inputs.len() as u32 {
            let input = &self.inputs[source as usize];
            // Nothing is delivered in the future: such a name says nothing.
            let named = input.named.filter(|time| *time <= now + CLOCK_SKEW);
            if let Some(time) = named.or(alone.then_some(i64::MIN)) {
                unread.push(Reverse((time, source)));
                continue;
            }
            let keep = input.kind != Kind::File;
            let sum = if keep {
                Arc::clone(&self.read)
            } else {
                Arc::default()
            };
            match self.open_input(source, sum, !keep) {
                Ok(None) => {}
                Ok(Some(mut reader)) => {
                    let time = reader.first_time().unwrap_or(i64::MIN);
                    if keep {
                        self.weight += reader.weight;
                        self.readers[source as usize] = Some(Box::new(reader));
                        open.push(Reverse((time, source)));
                    } else {
                        unread.push(Reverse((time, source)));
                    }
                }
                Err(error) => self.fail(source, error),
            }
        }
        self.unread = unread.into();
        self.open = open.into();
    }

    /// Takes the input with the smallest time off its heap. With as many open
    /// as there may be, only from the open ones: what is unread still holds
    /// the floor down.
    fn pick(&mut self) -> Option<(i64, u32)> {
        let top = |heap: &Heap| heap.peek().map(|Reverse(entry)| *entry);
        let (open, unread) = (top(&self.open), top(&self.unread));
        let coming = self.coming();
        let closed = [unread, coming].into_iter().flatten().min();
        match (closed, open) {
            (Some(next), Some(open)) if next > open || self.weight >= self.limit => {
                self.open.pop();
                Some(open)
            }
            (Some(next), _) => {
                if Some(next) == unread {
                    self.unread.pop();
                }
                Some(next)
            }
            (None, open) => {
                self.open.pop();
                open
            }
        }
    }

    /// The open input, opened now if it was not. `None` if that failed, which
    /// is then a problem, or had to be put off.
    fn reader(&mut self, time: i64, source: u32) -> Option<Box<Open>> {
        if source >= OBJECTS {
            return self.object(source);
        }
        if let Some(reader) = self.readers[source as usize].take() {
            return Some(reader);
        }
        match self.open_input(source, Arc::clone(&self.read), false) {
            Ok(None) => None,
            Ok(Some(reader)) => {
                self.weight += reader.weight;
                let input = &mut self.inputs[source as usize];
                if input.kind == Kind::File && reader.lines.is_plain() {
                    input.plain = reader.size;
                }
                Some(Box::new(reader))
            }
            Err(Error::Open(error)) if is_out_of_handles(&error) && !self.open.is_empty() => {
                self.limit = self.weight;
                self.unread.push(Reverse((time, source)));
                None
            }
            Err(error) => {
                self.fail(source, error);
                None
            }
        }
    }

    /// Opens an input where it is to be read. `None` if there is nothing to be
    /// read that was not before. `glance`: only its first time is wanted.
    fn open_input(
        &mut self,
        source: u32,
        sum: Arc<AtomicU64>,
        glance: bool,
    ) -> Result<Option<Open>, Error> {
        let input = &self.inputs[source as usize];
        let (mut file, data) = open::file(input)?;
        let begin = match &self.ledger {
            Some(ledger) if input.kind == Kind::File && data.is_file() => {
                let begin = ledger.begin(source, &mut file, &data);
                Some(begin.map_err(|error| Error::Read { offset: 0, error })?)
            }
            _ => None,
        };
        let done = begin.as_ref().is_some_and(|begin| begin.done);
        let reader = if done {
            self.counts.done += 1;
            self.read.fetch_add(data.len(), Ordering::Relaxed);
            None
        } else {
            let mut reader = Open::new(file, &data, sum, begin.as_ref(), &self.options)?;
            let offset = begin.as_ref().map_or(0, |begin| begin.offset);
            // Not decompressed for a glance: the first time is as early.
            if offset > 0 && (!glance || reader.lines.is_plain()) {
                reader.lines.resume(offset);
            }
            Some(reader)
        };
        let number = self.number(source);
        if let (Some(ledger), Some(begin), true) = (&mut self.ledger, begin, done || !glance) {
            self.counts.replaced += u64::from(begin.replaced);
            ledger.open(source, number, begin);
        }
        Ok(reader)
    }
}

/// `EMFILE` and `ENFILE`: some systems allow 256 handles a process.
fn is_out_of_handles(error: &io::Error) -> bool {
    cfg!(unix) && matches!(error.raw_os_error(), Some(23 | 24))
}

/// The time of the last line that has one and is not from the future.
fn last_time(bytes: &[u8], future: i64) -> Option<i64> {
    let mut rest = bytes;
    for _ in 0..LAST_LINES {
        let end = rest.strip_suffix(b"\n").unwrap_or(rest);
        let start = memrchr(b'\n', end).map_or(0, |line_feed| line_feed + 1);
        match time::of_line(&end[start..]) {
            Some(time) if time <= future => return Some(time),
            _ if start == 0 => return None,
            _ => rest = &rest[..start],
        }
    }
    None
}
