//! The path: blocks to records to observations, in parallel; observations to
//! alerts, in order.
//!
//! A batch of blocks is parsed and matched while the next one is read. What the
//! workers give is small and is applied block by block in the order of reading,
//! so that nothing depends on how many workers there are. Output, files and the
//! wall clock may not enter here.

mod context;
mod evidence;
mod tally;

use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

pub use self::tally::{Sample, Span, Tally};
use crate::alert::Alert;
use crate::baseline::{self, Baseline, Notes};
use crate::correlate::{self, Correlator, Origin, Part, Raised};
use crate::observation::Observations;
use crate::record::derived::View;
use crate::record::{Field, Index, Parser, Record, hash, time};
use crate::rule::set::{RuleSet, Scratch};
use crate::source::{Block, Mark, Past, Print, Progressed, Sources};

/// Bytes that one batch holds, about: four blocks of a file.
const BATCH_BYTES: usize = 2 << 20;
/// Blocks of one batch; small objects are a block each.
const BATCH_BLOCKS: usize = 512;
/// Bytes that the buffers of a batch may keep from batch to batch. Without a
/// bound, inputs of mixed sizes would in time put a large one in every place.
const KEPT: usize = 8 << 20;
/// Days after that of the watermark which the baseline may know at once.
const SOON: i64 = 2;

/// Where blocks come from.
pub trait BlockSource: Send {
    /// The next block; `false` when there is none, with a floor of `i64::MAX`.
    fn next(&mut self, block: &mut Block) -> bool;
    /// Name of an input.
    fn name(&self, source: u32) -> &Arc<str>;
    /// An input, opened once more, if lines can be read again at their offset.
    fn reopen(&self, _source: u32) -> Option<File> {
        None
    }
    /// What is to be kept of an input that was dealt with so far.
    fn mark(&self, _reached: &Progressed) -> Option<Mark> {
        None
    }
    /// Inputs that turned out to be exhausted after the last block.
    fn rest(&self) -> &[Progressed] {
        &[]
    }
    /// What a later run needs to name an input and to read it again.
    fn past(&self, source: u32) -> Past {
        Past {
            name: Arc::clone(self.name(source)),
            path: None,
            head: Print::default(),
        }
    }
}

impl BlockSource for Sources {
    fn next(&mut self, block: &mut Block) -> bool {
        Sources::next(self, block)
    }

    fn name(&self, source: u32) -> &Arc<str> {
        Sources::name(self, source)
    }

    fn reopen(&self, source: u32) -> Option<File> {
        Sources::reopen(self, source)
    }

    fn mark(&self, reached: &Progressed) -> Option<Mark> {
        Sources::mark(self, reached)
    }

    fn rest(&self) -> &[Progressed] {
        Sources::rest(self)
    }

    fn past(&self, source: u32) -> Past {
        Sources::past(self, source)
    }
}

/// How to run.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Which records are looked at.
    pub span: Span,
    /// How late a record may come, seconds.
    pub lateness: i64,
    /// Cap of the state, bytes.
    pub max_state: usize,
}

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

/// What is made of one block; one for each block of a batch, so that workers
/// share nothing.
#[derive(Default)]
struct Observed {
    observations: Observations,
    notes: Notes,
    tally: Tally,
    reader: Reader,
}

/// Memory of matching that nobody uses just now: one a worker in all, and not
/// one a block, because it grows with what it remembers.
#[derive(Default)]
struct Idle(Mutex<Vec<Scratch>>);

impl Idle {
    fn lend(&self, to: impl FnOnce(&mut Scratch)) {
        // Bound first, so that nobody waits for the lock meanwhile.
        let taken = self.all().pop();
        let mut scratch = taken.unwrap_or_default();
        to(&mut scratch);
        self.all().push(scratch);
    }

    fn all(&self) -> MutexGuard<'_, Vec<Scratch>> {
        // The list is whole whatever became of a worker.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observed {
    fn fill(
        &mut self,
        block: &Block,
        set: &RuleSet,
        span: Span,
        addresses: bool,
        scratch: &mut Scratch,
    ) {
        let Self {
            observations,
            notes,
            tally,
            reader,
        } = self;
        observations.clear();
        notes.clear();
        scratch.begin();
        *tally = Tally::default();
        reader.records(block, span, tally, |record, offset, tally| {
            if addresses && let Some(address) = record.bytes(Field::RemoteIp) {
                tally.addresses.add(hash::value(address));
            }
            let place = (block.source, offset);
            // What is from the future would make all that is of today old.
            let believed = record.time().is_some_and(|time| time <= block.future);
            let notes = believed.then_some(&mut *notes);
            set.observe(record, place, scratch, observations, notes);
        });
    }

    /// Settles what the baseline says for good, where records of the day `open` or
    /// later may still come.
    fn settle(&mut self, set: &RuleSet, baseline: &Baseline, open: i32) {
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
struct Batch {
    blocks: Vec<Block>,
    used: usize,
    /// The most bytes that each place has held.
    largest: Vec<usize>,
}

impl Batch {
    fn fill(&mut self, source: &mut dyn BlockSource) {
        self.used = 0;
        let mut bytes = 0;
        while bytes < BATCH_BYTES && self.used < BATCH_BLOCKS {
            if self.used == self.blocks.len() {
                self.blocks.push(Block::default());
            }
            let block = &mut self.blocks[self.used];
            if !source.next(block) {
                break;
            }
            bytes += block.bytes().len();
            self.used += 1;
        }
    }

    /// Gives all buffers back when together they have grown too large.
    fn trim(&mut self, observed: &mut Vec<Observed>) {
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

    fn blocks(&self) -> &[Block] {
        &self.blocks[..self.used]
    }
}

/// What a run came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What was read.
    pub tally: Tally,
    /// What correlation can tell of itself.
    pub correlation: correlate::Counts,
}

/// Who is told what a run comes to.
pub trait Listener<E>: Send {
    /// An alert, with the tally so far.
    fn alert(&mut self, alert: Alert, tally: &Tally) -> Result<(), E>;

    /// An alert about records that came too late for their period: it may have an
    /// id that was told before.
    fn late(&mut self, alert: Alert, tally: &Tally) -> Result<(), E> {
        self.alert(alert, tally)
    }

    /// A batch has been dealt with.
    fn batch(&mut self, tally: &Tally) -> Result<(), E>;

    /// A moment at which everything can be kept together.
    fn commit(&mut self, _standing: Standing<'_>, _tally: &Tally) -> Result<(), E> {
        Ok(())
    }
}

/// How things stand between two batches.
pub struct Standing<'r> {
    /// The windows.
    pub correlator: &'r mut Correlator,
    /// What is normal.
    pub baseline: Option<&'r mut Baseline>,
    /// The inputs.
    pub source: &'r dyn BlockSource,
    /// How far inputs have been dealt with since the last time; of two for one
    /// input the later holds.
    pub reached: &'r [Progressed],
    /// Whether nothing comes after it.
    pub last: bool,
}

/// A listener that only wants alerts, and batches.
struct Each<F>(F);

impl<E, F: FnMut(Option<Alert>, &Tally) -> Result<(), E> + Send> Listener<E> for Each<F> {
    fn alert(&mut self, alert: Alert, tally: &Tally) -> Result<(), E> {
        self.0(Some(alert), tally)
    }

    fn batch(&mut self, tally: &Tally) -> Result<(), E> {
        self.0(None, tally)
    }
}

/// Runs the rules over a source on the current thread pool. `each` gets every
/// alert as soon as it is final, with the tally so far; it is called with no
/// alert after every batch, and the first error it gives ends the run.
pub fn run<E: From<io::Error>>(
    source: &mut dyn BlockSource,
    set: &Arc<RuleSet>,
    options: Options,
    each: impl FnMut(Option<Alert>, &Tally) -> Result<(), E> + Send,
) -> Result<Outcome, E> {
    run_beside(source, set, options, None, each)
}

/// The same with what is normal, which is compared with and, where it learns,
/// added to.
pub fn run_beside<E: From<io::Error>>(
    source: &mut dyn BlockSource,
    set: &Arc<RuleSet>,
    options: Options,
    baseline: Option<&mut Baseline>,
    each: impl FnMut(Option<Alert>, &Tally) -> Result<(), E> + Send,
) -> Result<Outcome, E> {
    let correlator = &mut Correlator::new(Arc::clone(set), options.lateness, options.max_state);
    let run = Run {
        source,
        set,
        span: options.span,
        correlator,
        baseline,
        commits: None,
    };
    run.drive(&mut Each(each))
}

/// What goes on from run to run.
#[derive(Debug)]
pub struct Memory {
    /// The windows.
    pub correlator: Correlator,
    /// What is normal.
    pub baseline: Option<Baseline>,
}

/// Goes on where another run ended. Periods that are not final at the end of the
/// source stay open: their alerts are told as they stand. The listener is asked
/// to commit after so many bytes of input, and at the end.
pub fn go_on<E: From<io::Error>>(
    source: &mut dyn BlockSource,
    set: &Arc<RuleSet>,
    span: Span,
    memory: &mut Memory,
    every: u64,
    listener: &mut dyn Listener<E>,
) -> Result<Outcome, E> {
    let run = Run {
        source,
        set,
        span,
        correlator: &mut memory.correlator,
        baseline: memory.baseline.as_mut(),
        commits: Some(Commits {
            every,
            bytes: 0,
            reached: Vec::new(),
        }),
    };
    run.drive(listener)
}

/// When everything is kept together, in a run that others follow.
struct Commits {
    every: u64,
    /// Bytes that had been read at the last one.
    bytes: u64,
    reached: Vec<Progressed>,
}

/// A run over a source.
struct Run<'r> {
    source: &'r mut dyn BlockSource,
    set: &'r Arc<RuleSet>,
    span: Span,
    correlator: &'r mut Correlator,
    baseline: Option<&'r mut Baseline>,
    /// None where it is the only one.
    commits: Option<Commits>,
}

impl Run<'_> {
    fn drive<E: From<io::Error>>(mut self, listener: &mut dyn Listener<E>) -> Result<Outcome, E> {
        let addresses = self.set.lacks("trusted_networks");
        let mut tally = Tally::default();
        if let Some(baseline) = &mut self.baseline {
            baseline.wait_after(soon(self.correlator.watermark()));
        }
        let mut raised = Vec::new();
        let mut current = Batch::default();
        let mut next = Batch::default();
        let mut observed: Vec<Observed> = Vec::new();
        let idle = Idle::default();
        current.fill(self.source);
        while current.used > 0 {
            if observed.len() < current.used {
                observed.resize_with(current.used, Observed::default);
            }
            let (source, set, span) = (&mut *self.source, self.set, self.span);
            rayon::join(
                || next.fill(source),
                || {
                    let blocks = current.blocks().par_iter().zip(&mut observed);
                    blocks.for_each(|(block, observed)| {
                        idle.lend(|scratch| {
                            observed.fill(block, set, span, addresses, scratch);
                        });
                    });
                },
            );
            self.apply(current.blocks(), &mut observed)?;
            self.close(&mut raised)?;
            for observed in &mut observed[..current.used] {
                tally.merge(&mut observed.tally);
            }
            self.tell(&mut raised, |alert| listener.alert(alert, &tally))?;
            listener.batch(&tally)?;
            self.commit(listener, &tally)?;
            current.trim(&mut observed);
            std::mem::swap(&mut current, &mut next);
        }
        self.end(raised, listener, &tally)?;
        Ok(Outcome {
            tally,
            correlation: self.correlator.counts(),
        })
    }

    /// Counts what was observed in these blocks.
    fn apply(&mut self, blocks: &[Block], observed: &mut [Observed]) -> io::Result<()> {
        if let Some(baseline) = &mut self.baseline {
            learn(baseline, self.set, blocks, observed);
            let baseline: &Baseline = baseline;
            let open = match self.correlator.watermark() {
                i64::MIN => i32::MIN,
                watermark => baseline::day(watermark),
            };
            let fresh = observed[..blocks.len()].par_iter_mut();
            fresh.for_each(|observed| observed.settle(self.set, baseline, open));
        }
        let correlator = &mut *self.correlator;
        let mut parts = Vec::with_capacity(blocks.len());
        for (block, observed) in blocks.iter().zip(observed) {
            note_late(correlator, block, &observed.tally, self.span);
            parts.push(Part {
                origin: Origin {
                    source: block.source,
                    offset: block.offset,
                    bytes: block.bytes(),
                },
                observations: &observed.observations,
                watermark: correlator.watermark(),
            });
            if let Some(latest) = observed.tally.latest {
                correlator.see(latest);
            }
            match &mut self.commits {
                None => correlator.reach(block.floor),
                Some(commits) => {
                    commits.reached.extend_from_slice(&block.reached);
                    // Nothing has ended for good, and what this run leaves out
                    // may be asked for by a later one.
                    if block.floor < i64::MAX {
                        correlator.reach(block.floor.min(self.span.until));
                    }
                }
            }
        }
        correlator.apply(&parts, self.baseline.as_deref())
    }

    /// Closes what is final. What was seen on a day that waits counts for periods
    /// that end after that day has begun, and is taken before them.
    fn close(&mut self, raised: &mut Vec<Raised>) -> io::Result<()> {
        if let Some(baseline) = &mut self.baseline {
            let watermark = self.correlator.watermark();
            while let Some(begins) = baseline.waits_from().filter(|begins| *begins < watermark) {
                self.correlator
                    .close_until(begins, raised, Some(baseline))?;
                baseline.wait_after(baseline::day(begins));
            }
            baseline.wait_after(soon(watermark));
        }
        self.correlator.close(raised, self.baseline.as_deref())
    }

    /// Closes what is final when all has been read, and looks at the rest.
    fn end<E: From<io::Error>>(
        &mut self,
        mut raised: Vec<Raised>,
        listener: &mut dyn Listener<E>,
        tally: &Tally,
    ) -> Result<(), E> {
        if self.commits.is_none() {
            self.correlator.reach(i64::MAX);
            self.close(&mut raised)?;
            return self.tell(&mut raised, |alert| listener.alert(alert, tally));
        }
        self.correlator.reach_latest();
        self.close(&mut raised)?;
        self.tell(&mut raised, |alert| listener.alert(alert, tally))?;
        self.correlator.finish_run(&mut raised);
        self.tell(&mut raised, |alert| listener.late(alert, tally))?;
        if let Some(baseline) = &mut self.baseline {
            baseline.wait_after(i32::MAX);
        }
        self.correlator
            .peek(&mut raised, self.baseline.as_deref())?;
        self.tell(&mut raised, |alert| listener.alert(alert, tally))?;
        if let Some(commits) = &mut self.commits {
            commits.reached.extend_from_slice(self.source.rest());
        }
        self.commit_now(listener, tally, true)
    }

    fn commit<E>(&mut self, listener: &mut dyn Listener<E>, tally: &Tally) -> Result<(), E> {
        match &self.commits {
            Some(commits) if tally.bytes - commits.bytes >= commits.every => {
                let waits = |baseline: &Baseline| baseline.is_far_ahead();
                if self.baseline.as_deref().is_some_and(waits) {
                    return Ok(());
                }
                self.commit_now(listener, tally, false)
            }
            _ => Ok(()),
        }
    }

    fn commit_now<E>(
        &mut self,
        listener: &mut dyn Listener<E>,
        tally: &Tally,
        last: bool,
    ) -> Result<(), E> {
        let Some(commits) = &mut self.commits else {
            return Ok(());
        };
        commits.bytes = tally.bytes;
        if !last {
            // What is found of late records is kept with the inputs they are of.
            let mut raised = Vec::new();
            self.correlator.finish_run(&mut raised);
            self.tell(&mut raised, |alert| listener.late(alert, tally))?;
        }
        let Some(commits) = &self.commits else {
            return Ok(());
        };
        let standing = Standing {
            correlator: self.correlator,
            baseline: self.baseline.as_deref_mut(),
            source: self.source,
            reached: &commits.reached,
            last,
        };
        listener.commit(standing, tally)?;
        if let Some(commits) = &mut self.commits {
            commits.reached.clear();
        }
        Ok(())
    }

    /// Adds to alerts what is not correlation's business, and gives them away.
    fn tell<E>(
        &self,
        raised: &mut Vec<Raised>,
        mut each: impl FnMut(Alert) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut lines = evidence::Lines::new(self.source);
        for raised in raised.drain(..) {
            let mut alert = lines.show(raised);
            context::fill(&mut alert, &self.set.settings);
            each(alert)?;
        }
        Ok(())
    }
}

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
        batch.fill(source);
        if batch.used == 0 {
            return Ok(tally);
        }
        if observed.len() < batch.used {
            observed.resize_with(batch.used, Observed::default);
        }
        let blocks = batch.blocks().par_iter().zip(&mut observed);
        blocks.for_each(|(block, observed)| {
            idle.lend(|scratch| observed.fill(block, set, span, false, scratch));
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
fn learn(baseline: &mut Baseline, set: &RuleSet, blocks: &[Block], observed: &[Observed]) {
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

/// The last day that may be asked for soon, or that lateness lets come before
/// others, at a watermark: what is seen on later ones waits.
fn soon(watermark: i64) -> i32 {
    match watermark {
        i64::MIN => i32::MIN,
        watermark => i32::try_from(watermark / baseline::DAY + SOON).unwrap_or(i32::MAX),
    }
}

/// Counts the records of a block that came too late. Few blocks hold any, so
/// those are read once more rather than all with a list of their times.
fn note_late(correlator: &mut Correlator, block: &Block, tally: &Tally, span: Span) {
    if tally
        .span
        .is_none_or(|(first, _)| first >= correlator.watermark())
    {
        return;
    }
    let mut next = block.offset;
    for line in block.bytes().split(|byte| *byte == b'\n') {
        let offset = next;
        next += line.len() as u64 + 1;
        if let Some(time) = time::of_line(line)
            && time < correlator.watermark()
            && span.contains(Some(time))
            && !block.is_taken(offset, Some(time))
            // What is malformed is counted as that and nothing else.
            && Record::parse(line).is_ok()
        {
            correlator.note_late(time);
        }
    }
}

#[cfg(test)]
mod tests {
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

        fn name(&self, _: u32) -> &Arc<str> {
            &self.name
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
            batch.fill(&mut source);
            observed.resize_with(batch.used, Observed::default);
            batch.trim(&mut observed);
            assert!(batch.largest.iter().sum::<usize>() <= KEPT);
            assert_eq!(observed.is_empty(), batch.blocks.is_empty());
        }
    }
}
