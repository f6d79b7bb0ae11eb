//! A stream of bytes, cut into blocks of whole lines.
//!
//! Lines over the bound are skipped and never held. What a line says may not
//! enter here; nor may names, times and the order of inputs.

use std::io::{Read, Seek};

use memchr::{memchr, memrchr};

use super::decode::{Decoder, Fault};
use super::error::Error;
use super::{Block, Options, Oversize};

/// Decompressed bytes looked at before an input is read in earnest.
const PEEK: usize = 64 << 10;

/// What a buffer has at first, bytes: it grows to a block where there is so much. Most
/// objects of a bucket have some KiB, and hundreds of them stand side by side.
const FIRST: usize = 16 << 10;

/// Bytes read at once on the way to where an earlier run stopped.
const STEP: usize = 64 << 10;

/// Decompressed bytes kept to tell a user what an input holds.
const SAMPLE: usize = 4 << 10;

/// Long lines recorded in one block, so that a file of nothing else cannot
/// make one block's list grow without end.
const LONG_LINES: usize = 64;

/// What becomes of a last line that has no line feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LastLine {
    /// It is handed out.
    Given,
    /// It is handed out, but not if a fault cut it.
    GivenWhole,
    /// It is left to a later run.
    Waits,
}

/// Cuts what a decoder gives into blocks.
pub(super) struct Lines<R: Read> {
    decoder: Decoder<R>,
    block_size: usize,
    max_line: usize,
    /// Whether data comes when it comes: then a block is handed out as soon
    /// as it holds a line.
    live: bool,
    last: LastLine,
    /// Whether a last line was not handed out.
    left: bool,
    /// What was read and not yet handed out: as a rule the start of a line.
    carry: Vec<u8>,
    /// Of `carry[0]`, or of the next byte to read.
    offset: u64,
    /// Where a line began that is too long and has not ended yet.
    skipping: Option<u64>,
    ended: bool,
    fault: Option<Fault>,
    sample: Option<Vec<u8>>,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(inner: R, live: bool, options: &Options) -> Result<Self, Fault> {
        Ok(Self {
            decoder: Decoder::new(inner)?,
            block_size: options.block_size.max(1),
            max_line: options.max_line,
            live,
            last: LastLine::Given,
            left: false,
            carry: Vec::new(),
            offset: 0,
            skipping: None,
            ended: false,
            fault: None,
            sample: Some(Vec::new()),
        })
    }

    /// What holding this open costs; see [`Decoder::weight`].
    pub(super) fn weight(&self) -> u32 {
        self.decoder.weight()
    }

    /// Whether nothing has to be decompressed.
    pub(super) fn is_plain(&self) -> bool {
        self.decoder.is_plain()
    }

    /// Says what becomes of a last line without a line feed.
    pub(super) fn end_with(&mut self, last: LastLine) {
        self.last = last;
    }

    /// Offset after what was handed out.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether a last line without a line feed was left to a later run.
    pub(super) fn left(&self) -> bool {
        self.left
    }

    /// Whether everything was handed out that is to be.
    pub(super) fn exhausted(&self) -> bool {
        self.ended && self.carry.is_empty() && self.skipping.is_none()
    }

    /// What ended the input early.
    pub(super) fn take_fault(&mut self) -> Option<Error> {
        Some(self.fault.take()?.at(self.offset))
    }

    /// The first bytes, once; `None` after that.
    pub(super) fn take_sample(&mut self) -> Option<Vec<u8>> {
        self.sample.take()
    }

    /// Reads ahead until `find` finds something in the first bytes, at most
    /// 64 KiB of them. They are handed out all the same.
    pub(super) fn peek<T>(&mut self, find: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
        const STEP: usize = 4 << 10;
        let mut carry = std::mem::take(&mut self.carry);
        let found = loop {
            let found = find(&carry);
            if found.is_some() || self.ended || carry.len() >= PEEK {
                break found;
            }
            let len = carry.len();
            carry.resize(len + STEP, 0);
            let read = self.pull(&mut carry[len..]);
            carry.truncate(len + read);
        };
        self.carry = carry;
        found
    }

    /// Hands out the next whole lines in `block`. Without bytes and without
    /// skipped lines only at the end of the input.
    pub(super) fn fill(&mut self, block: &mut Block) {
        block.oversize.clear();
        let mut wanted = self.block_size;
        let mut len = self.carry.len();
        block.reserve(wanted.min(FIRST).max(len));
        block.buffer[..len].copy_from_slice(&self.carry);
        // Everything before `start` belongs to long lines already recorded.
        let mut start = 0;
        loop {
            if let Some(from) = self.skipping {
                // Nothing of a line that is being skipped is kept.
                (start, len) = self.skip(from, block);
                if self.skipping.is_some() {
                    continue;
                }
            }
            if block.oversize.len() >= LONG_LINES {
                return self.hand_out(block, start, start, len);
            }
            len = self.read_on(block, start, len, wanted);
            let rest = &block.buffer[start..len];
            let (end, long) = cut(rest, self.max_line, self.ended && !self.leaves());
            if end > 0 {
                return self.hand_out(block, start, start + end, len);
            }
            if long {
                if let Some(end) = memchr(b'\n', rest) {
                    block.oversize.push(Oversize {
                        offset: self.offset + start as u64,
                        len: end as u64,
                    });
                    start += end + 1;
                } else {
                    self.skipping = Some(self.offset + start as u64);
                    self.offset += len as u64;
                }
                continue;
            }
            if self.ended || !block.oversize.is_empty() {
                return self.hand_out(block, start, start, len);
            }
            // A line longer than a block, within the bound.
            wanted = (len * 2).clamp(len + 1, self.max_line + 1);
        }
    }

    /// Reads until the block is full; of live data, until it holds a line.
    fn read_on(&mut self, block: &mut Block, start: usize, mut len: usize, wanted: usize) -> usize {
        let mut fresh = start;
        while len < wanted && !self.ended {
            if self.live && memchr(b'\n', &block.buffer[fresh..len]).is_some() {
                break;
            }
            fresh = len;
            if len == block.buffer.len() {
                block.reserve((len * 2).min(wanted));
            }
            let end = block.buffer.len().min(wanted);
            len += self.pull(&mut block.buffer[len..end]);
        }
        len
    }

    /// Reads once, looking for the end of the long line that began at `from`.
    /// Returns where the rest lies in the buffer.
    fn skip(&mut self, from: u64, block: &mut Block) -> (usize, usize) {
        let wanted = block.buffer.len().min(self.block_size);
        let read = self.pull(&mut block.buffer[..wanted]);
        let end = memchr(b'\n', &block.buffer[..read]);
        if end.is_none() && read > 0 {
            self.offset += read as u64;
            return (0, 0);
        }
        self.skipping = None;
        if end.is_none() && self.leaves() {
            self.left = true;
            self.offset = from;
            return (0, 0);
        }
        block.oversize.push(Oversize {
            offset: from,
            len: self.offset + end.unwrap_or(0) as u64 - from,
        });
        (end.map_or(0, |end| end + 1), read)
    }

    fn hand_out(&mut self, block: &mut Block, start: usize, end: usize, len: usize) {
        block.range = start..end;
        block.offset = self.offset + start as u64;
        self.offset += end as u64;
        block.end = self.offset;
        self.carry.clear();
        let rest = &block.buffer[end..len];
        if self.ended && self.leaves() && !rest.is_empty() && memchr(b'\n', rest).is_none() {
            self.left = true;
        } else {
            self.carry.extend_from_slice(rest);
        }
        // Hundreds of these may be open: after a block full of long lines
        // none keeps more than a line.
        self.carry.shrink_to(self.max_line + 1);
    }

    /// Whether a last line without a line feed is not handed out.
    fn leaves(&self) -> bool {
        match self.last {
            LastLine::Given => false,
            LastLine::GivenWhole => self.fault.is_some(),
            LastLine::Waits => true,
        }
    }

    fn pull(&mut self, into: &mut [u8]) -> usize {
        if self.ended {
            return 0;
        }
        let read = self.decoder.read(into).unwrap_or_else(|fault| {
            self.fault = Some(fault);
            0
        });
        self.ended = read == 0;
        if let Some(sample) = &mut self.sample {
            let wanted = SAMPLE.saturating_sub(sample.len()).min(read);
            sample.extend_from_slice(&into[..wanted]);
        }
        read
    }
}

impl<R: Read + Seek> Lines<R> {
    /// Goes on at `to`, up to which all was handed out before: nothing was
    /// read here yet. If the last line then had no line feed and has become
    /// longer since, goes back to its beginning.
    pub(super) fn resume(&mut self, to: u64) {
        // As much before it as tells where a line began that is not too long.
        let from = to.saturating_sub(self.max_line as u64 + 1);
        match self.decoder.seek(from) {
            Ok(true) => self.offset = from,
            Ok(false) => {}
            Err(fault) => {
                (self.fault, self.ended) = (Some(fault), true);
                return;
            }
        }
        let mut buffer = vec![0; STEP];
        // The line that the bytes before `to` end in, and whether it is too
        // long to be kept.
        let (mut line, mut long) = (Vec::new(), false);
        while self.offset < to {
            let wanted = (to - self.offset).min(STEP as u64) as usize;
            let read = self.pull(&mut buffer[..wanted]);
            if read == 0 {
                return;
            }
            let bytes = &buffer[..read];
            let start = memrchr(b'\n', bytes).map_or(0, |line_feed| line_feed + 1);
            if start > 0 {
                line.clear();
                long = false;
            }
            line.extend_from_slice(&bytes[start..]);
            if line.len() > self.max_line {
                line.clear();
                long = true;
            }
            self.offset += read as u64;
        }
        if line.is_empty() && !long {
            return;
        }
        let read = self.pull(&mut buffer);
        let next = &buffer[..read];
        if long && next.first().is_some_and(|byte| *byte != b'\n') {
            // Counted when its beginning was.
            self.rest_of_long(buffer, read);
        } else if next.first().is_some_and(|byte| *byte != b'\n') {
            self.offset -= line.len() as u64;
            self.carry = line;
            self.carry.extend_from_slice(next);
        } else {
            self.carry.extend_from_slice(next);
        }
    }

    /// Leaves out what is left of a line that is too long.
    fn rest_of_long(&mut self, mut buffer: Vec<u8>, mut read: usize) {
        while read > 0 {
            if let Some(end) = memchr(b'\n', &buffer[..read]) {
                self.offset += end as u64 + 1;
                self.carry.extend_from_slice(&buffer[end + 1..read]);
                return;
            }
            self.offset += read as u64;
            read = self.pull(&mut buffer);
        }
    }
}

/// Where the whole lines at the start of `bytes` end, and whether the next one
/// is known to be too long. One search a window of `max_line`, each of which
/// ends after about one line, rather than one a line.
fn cut(bytes: &[u8], max_line: usize, ended: bool) -> (usize, bool) {
    let mut at = 0;
    loop {
        let rest = &bytes[at..];
        if rest.len() <= max_line {
            let end = if ended {
                bytes.len()
            } else {
                memrchr(b'\n', rest).map_or(at, |line_feed| at + line_feed + 1)
            };
            return (end, false);
        }
        match memrchr(b'\n', &rest[..=max_line]) {
            Some(line_feed) => at += line_feed + 1,
            None => return (at, true),
        }
    }
}

#[cfg(test)]
mod tests;
