//! What blocks teach of what is normal.
//!
//! Which values are worth learning is the rules' business, and how long they are
//! kept the baseline's.

use rayon::prelude::*;

use super::BlockSource;
use super::batch::{BATCH_BYTES, Batch, Idle, Observed};
use super::tally::{Span, Tally};
use crate::baseline::{self, Baseline};
use crate::record::derived::View;
use crate::record::{Field, Record};
use crate::rule::set::RuleSet;
use crate::source::Block;

/// Reads a source for nothing but what it teaches. `each` is called after every
/// batch, and the first error it gives ends the run.
pub fn teach<E>(
    source: &mut dyn BlockSource,
    set: &RuleSet,
    span: Span,
    baseline: &mut Baseline,
    mut each: impl FnMut(&mut Baseline, &Tally) -> Result<(), E>,
) -> Result<Tally, E> {
    let mut tally = Tally::default();
    let mut batch = Batch::default();
    let mut observed: Vec<Observed> = Vec::new();
    let idle = Idle::default();
    loop {
        batch.fill(source, BATCH_BYTES);
        if batch.used == 0 {
            return Ok(tally);
        }
        if observed.len() < batch.used {
            observed.resize_with(batch.used, Observed::default);
        }
        let blocks = batch.blocks().par_iter().zip(&mut observed);
        blocks.for_each(|(block, observed)| {
            idle.lend(|desk| observed.fill(block, set, span, false, desk));
        });
        learn(baseline, set, batch.blocks(), &observed);
        for observed in &mut observed[..batch.used] {
            tally.merge(&mut observed.tally);
        }
        each(baseline, &tally)?;
        batch.trim(&mut observed);
    }
}

/// Adds what these blocks taught.
pub(super) fn learn(
    baseline: &mut Baseline,
    set: &RuleSet,
    blocks: &[Block],
    observed: &[Observed],
) {
    for (block, observed) in blocks.iter().zip(observed) {
        let last = (block.future / baseline::DAY).try_into();
        baseline.learn(
            &observed.notes,
            last.unwrap_or(i32::MAX),
            |fields, offset| {
                let start = usize::try_from(offset - block.offset).unwrap_or(usize::MAX);
                let rest = block.bytes().get(start..).unwrap_or_default();
                let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                let Ok(record) = Record::parse(&rest[..end]) else {
                    return vec![None; fields.len()];
                };
                let view = View::new(&record, &set.settings);
                let value = |field: &Field| view.bytes(*field).map(<[u8]>::to_vec);
                fields.iter().map(value).collect()
            },
        );
    }
}
