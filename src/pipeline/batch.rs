//! A batch of blocks, and what workers make of each.
//!
//! Workers share nothing. In which order what they made is applied may not enter
//! here.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::BlockSource;
use super::reader::Reader;
use super::tally::{Span, Tally};
use crate::baseline::{Baseline, Notes};
use crate::observation::Observations;
use crate::record::{Field, hash};
use crate::rule::set::{RuleSet, Scratch};
use crate::source::Block;

/// Bytes that one batch holds, about: four blocks of a file.
pub(super) const BATCH_BYTES: usize = 2 << 20;
/// Blocks of one batch; small objects are a block each.
const BATCH_BLOCKS: usize = 512;
/// Bytes below which one worker is enough.
const SMALL: usize = 16 << 10;
/// Bytes that the buffers of a batch may keep from batch to batch. Without a
/// bound, inputs of mixed sizes would in time put a large one in every place.
const KEPT: usize = 8 << 20;

/// What is made of one block; one for each block of a batch, so that workers
/// share nothing.
#[derive(Default)]
pub(super) struct Observed {
    pub(super) observations: Observations,
    pub(super) notes: Notes,
    pub(super) tally: Tally,
}

/// What a worker reads and matches with. It grows with what it remembers, and with
/// the largest block.
#[derive(Default)]
pub(super) struct Desk {
    reader: Reader,
    scratch: Scratch,
}

/// Desks that nobody works at just now: one a worker in all, and not one a block,
/// of which there are hundreds.
#[derive(Default)]
pub(super) struct Idle(Mutex<Vec<Desk>>);

impl Idle {
    pub(super) fn lend(&self, to: impl FnOnce(&mut Desk)) {
        // Bound first, so that nobody waits for the lock meanwhile.
        let taken = self.all().pop();
        let mut desk = taken.unwrap_or_default();
        to(&mut desk);
        self.all().push(desk);
    }

    fn all(&self) -> MutexGuard<'_, Vec<Desk>> {
        // The list is whole whatever became of a worker.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observed {
    pub(super) fn fill(
        &mut self,
        block: &Block,
        set: &RuleSet,
        span: Span,
        addresses: bool,
        desk: &mut Desk,
    ) {
        let Self {
            observations,
            notes,
            tally,
        } = self;
        let Desk { reader, scratch } = desk;
        observations.clear();
        notes.clear();
        scratch.begin();
        *tally = Tally::default();
        reader.records(block, span, tally, |record, offset, tally| {
            if addresses && let Some(address) = record.bytes(Field::RemoteIp) {
                tally.addresses.add(hash::value(address));
            }
            if !block.again
                && let Some(time) = record.time()
            {
                tally.hours.count(record, time);
            }
            let place = (block.source, offset);
            // What is from the future would make all that is of today old.
            let believed = !block.again && record.time().is_some_and(|time| time <= block.future);
            let notes = believed.then_some(&mut *notes);
            set.observe(record, place, scratch, observations, notes);
        });
    }

    /// Settles what the baseline says for good, where records of the day `open` or
    /// later may still come.
    pub(super) fn settle(&mut self, set: &RuleSet, baseline: &Baseline, open: i32) {
        let Some(learn) = set.learn() else { return };
        set.settle(
            &mut self.observations,
            |dimension, (entity, value), time| {
                let dimension = &learn.lessons().dimensions[dimension];
                baseline.settled(dimension, entity, value, learn.judged(time), open)
            },
        );
    }
}

/// A batch of blocks, reused.
#[derive(Default)]
pub(super) struct Batch {
    blocks: Vec<Block>,
    pub(super) used: usize,
    /// Whether nothing comes after it.
    pub(super) ended: bool,
    /// The most bytes that each place has held.
    largest: Vec<usize>,
}

impl Batch {
    /// Takes what is there, until it is so many bytes, and waits for the first block.
    pub(super) fn fill(&mut self, source: &mut dyn BlockSource, enough: usize) {
        self.used = 0;
        let mut bytes = 0;
        while self.used == 0 || bytes < enough && self.used < BATCH_BLOCKS && source.is_ready() {
            if self.used == self.blocks.len() {
                self.blocks.push(Block::default());
            }
            let block = &mut self.blocks[self.used];
            if !source.next(block) {
                self.ended = true;
                break;
            }
            bytes += block.bytes().len();
            self.used += 1;
        }
    }

    /// Takes what is there, if anything.
    pub(super) fn fill_at_once(&mut self, source: &mut dyn BlockSource, enough: usize) {
        if source.is_ready() {
            self.fill(source, enough);
        } else {
            self.used = 0;
        }
    }

    /// Whether it is so little that sharing the work would cost more.
    pub(super) fn is_small(&self) -> bool {
        self.used == 1 && self.blocks[0].bytes().len() < SMALL
    }

    /// Gives all buffers back when together they have grown too large.
    pub(super) fn trim(&mut self, observed: &mut Vec<Observed>) {
        self.largest.resize(self.blocks.len(), 0);
        for (largest, block) in self.largest.iter_mut().zip(&self.blocks) {
            *largest = block.bytes().len().max(*largest);
        }
        if self.largest.iter().sum::<usize>() > KEPT {
            self.blocks.clear();
            self.largest.clear();
            observed.clear();
        }
    }

    pub(super) fn blocks(&self) -> &[Block] {
        &self.blocks[..self.used]
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// Gives small blocks and, at another place of every batch, a large one.
    struct Mixed {
        given: usize,
        name: Arc<str>,
    }

    impl BlockSource for Mixed {
        fn next(&mut self, block: &mut Block) -> bool {
            let large = self.given.is_multiple_of(BATCH_BLOCKS + 1);
            self.given += 1;
            *block = Block::new(0, 0, vec![b'\n'; if large { 512 << 10 } else { 16 }]);
            true
        }

        fn name(&self, _: u32) -> Arc<str> {
            Arc::clone(&self.name)
        }
    }

    #[test]
    fn blocks_share_the_memory_of_as_many_as_work_at_once() {
        let idle = Idle::default();
        idle.lend(|_| idle.lend(|_| assert!(idle.all().is_empty())));
        for _ in 0..100 {
            idle.lend(|_| ());
        }
        assert_eq!(idle.all().len(), 2);
    }

    #[test]
    fn buffers_of_mixed_sizes_do_not_pile_up() {
        let mut source = Mixed {
            given: 0,
            name: "mixed".into(),
        };
        let mut batch = Batch::default();
        let mut observed = Vec::new();
        for _ in 0..100 {
            batch.fill(&mut source, BATCH_BYTES);
            observed.resize_with(batch.used, Observed::default);
            batch.trim(&mut observed);
            assert!(batch.largest.iter().sum::<usize>() <= KEPT);
            assert_eq!(observed.is_empty(), batch.blocks.is_empty());
        }
    }
}
