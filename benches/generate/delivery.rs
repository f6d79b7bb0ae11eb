//! The way to standard output: large writes, and some lines later than others.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Write};

use crate::rng::Rng;

/// One large write instead of many small ones.
const BUFFER: usize = 1 << 20;

/// How many lines in a thousand are late. Only they wait in memory.
const LATE: u32 = 40;

/// Writes lines, the late ones when their time of delivery has come.
pub struct Delivery<W> {
    output: W,
    buffer: Vec<u8>,
    rng: Rng,
    disorder: u32,
    /// Time of delivery, turn, line.
    late: BinaryHeap<Reverse<(i64, u64, Vec<u8>)>>,
    turn: u64,
    bytes: u64,
}

impl<W: Write> Delivery<W> {
    /// Lines stand at most `disorder` seconds after their time.
    pub fn new(output: W, disorder: i64, seed: u64) -> Self {
        Self {
            output,
            buffer: Vec::with_capacity(BUFFER + 4096),
            // A stream of its own: the lines are the same in any order.
            rng: Rng::new(seed, 2),
            disorder: u32::try_from(disorder).unwrap_or(u32::MAX),
            late: BinaryHeap::new(),
            turn: 0,
            bytes: 0,
        }
    }

    /// Bytes so far, late lines included.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Delivers a line that `write` appends. Times never decrease.
    pub fn line(&mut self, time: i64, write: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        while self
            .late
            .peek()
            .is_some_and(|Reverse((due, ..))| *due <= time)
        {
            self.release();
        }
        let start = self.buffer.len();
        write(&mut self.buffer);
        self.bytes += (self.buffer.len() - start) as u64;
        if self.disorder > 0 && self.rng.chance(LATE) {
            self.turn += 1;
            let due = time + 1 + i64::from(self.rng.below(self.disorder));
            let line = self.buffer.split_off(start);
            self.late.push(Reverse((due, self.turn, line)));
        }
        if self.buffer.len() >= BUFFER {
            self.flush()?;
        }
        Ok(())
    }

    /// Delivers what is left.
    pub fn finish(mut self) -> io::Result<()> {
        while !self.late.is_empty() {
            self.release();
        }
        self.flush()?;
        self.output.flush()
    }

    fn release(&mut self) {
        if let Some(Reverse((_, _, line))) = self.late.pop() {
            self.buffer.extend_from_slice(&line);
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}
