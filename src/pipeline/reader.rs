//! The lines of a block, one record after the other.
//!
//! What is malformed or outside the wanted span is counted here; what a record
//! means may not enter.

use super::tally::{Span, Tally};
use crate::record::{Index, Parser, Record};
use crate::source::Block;

/// Reads the lines of a block. One a worker.
#[derive(Debug, Default)]
pub struct Reader {
    index: Index,
    parser: Parser,
}

impl Reader {
    /// Calls for every record of a block that lies in the span, with the offset
    /// of its line in the input; counts everything else.
    pub fn records<'b>(
        &mut self,
        block: &'b Block,
        span: Span,
        tally: &mut Tally,
        mut each: impl FnMut(&Record<'b>, u64, &mut Tally),
    ) {
        for line in &block.oversize {
            tally.bytes += line.len + 1;
            tally.spoil(block.source, line.offset, b"", || {
                format!("{} bytes long; more than 64 KiB is no log line", line.len)
            });
        }
        let bytes = block.bytes();
        tally.bytes += bytes.len() as u64;
        self.index.build(bytes);
        for line in self.index.lines() {
            let offset = block.offset + u64::from(line.start);
            match self.parser.indexed(bytes, &self.index, line) {
                None => {}
                Some(Err(malformed)) => {
                    let line = &bytes[line.start as usize..line.end as usize];
                    tally.spoil(block.source, offset, line, || malformed.to_string());
                }
                Some(Ok(record)) => {
                    tally.lines += 1;
                    tally.ambiguous += u64::from(record.is_ambiguous());
                    match record.time() {
                        Some(time) => tally.see(time),
                        None => tally.undated += 1,
                    }
                    if !span.contains(record.time()) {
                        tally.outside += 1;
                    } else if block.is_taken(offset, record.time()) {
                        tally.taken += 1;
                    } else {
                        if let Some(time) = record.time().filter(|time| *time <= block.future) {
                            tally.latest = tally.latest.max(Some(time));
                        }
                        each(&record, offset, tally);
                    }
                }
            }
        }
    }
}
