//! One run over a source, batch after batch.
//!
//! A batch is matched while the next one is read; what it gave is applied block by
//! block, in the order of reading. Who listens, and what is kept, is not known
//! here.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;

use rayon::prelude::*;

use super::batch::{BATCH_BYTES, Batch, Idle, Observed};
use super::hours::Hours;
use super::tally::{Span, Tally};
use super::teach::learn;
use super::{BlockSource, Came, Early, Listener, Outcome, Standing, context, evidence};
use crate::alert::Alert;
use crate::baseline::{self, Baseline};
use crate::correlate::{Correlator, Origin, Part, Raised};
use crate::record::{Record, time};
use crate::rule::set::RuleSet;
use crate::source::{Block, Progressed};

/// Days after that of the watermark which the baseline may know at once.
const SOON: i64 = 2;

/// How many records are gone over again for looking ahead, for each one that is
/// read: a look goes over the records of hours.
const AGAIN: u64 = 4;

/// Blocks, or inputs that ended, after which everything is kept together: of each
/// object that is done a mark waits in memory, and objects are small.
const REACHED: usize = 20_000;

/// When everything is kept together, in a run that others follow.
pub(super) struct Commits {
    every: u64,
    /// Bytes that had been read at the last one.
    bytes: u64,
    reached: Vec<Progressed>,
    /// Where what is open is told when it first fires.
    looks: Option<Looks>,
}

impl Commits {
    /// After so many bytes.
    pub(super) fn new(every: u64, early: Early) -> Self {
        Self {
            every,
            bytes: 0,
            reached: Vec::new(),
            looks: (early == Early::AtOnce).then(Looks::default),
        }
    }
}

/// Looks ahead cost no more than a share of the run.
#[derive(Default)]
struct Looks {
    /// Lines that had been read at the last one.
    lines: u64,
    /// Records that it went over.
    cost: u64,
}

impl Commits {
    /// Bytes of one batch: no more than one commit is to keep.
    fn batch(&self) -> usize {
        usize::try_from(self.every).map_or(BATCH_BYTES, |every| every.min(BATCH_BYTES))
    }

    fn is_due(&self, bytes: u64) -> bool {
        // Where all is to be kept at once, at the end, it is not due before.
        let many = self.every < u64::MAX && self.reached.len() >= REACHED;
        bytes - self.bytes >= self.every || many
    }
}

/// A run over a source.
pub(super) struct Run<'r> {
    pub(super) source: &'r mut dyn BlockSource,
    pub(super) set: &'r Arc<RuleSet>,
    pub(super) span: Span,
    pub(super) correlator: &'r mut Correlator,
    pub(super) baseline: Option<&'r mut Baseline>,
    /// None where it is the only one.
    pub(super) commits: Option<Commits>,
}

impl Run<'_> {
    pub(super) fn drive<E: From<io::Error>>(
        mut self,
        listener: &mut dyn Listener<E>,
    ) -> Result<Outcome, E> {
        let addresses = self.set.lacks("trusted_networks");
        let mut tally = Tally::default();
        if let Some(baseline) = &mut self.baseline {
            baseline.wait_after(soon(self.correlator.watermark()));
        }
        let enough = self.commits.as_ref().map_or(BATCH_BYTES, Commits::batch);
        let mut raised = Vec::new();
        let mut current = Batch::default();
        let mut next = Batch::default();
        let mut observed: Vec<Observed> = Vec::new();
        let idle = Idle::default();
        self.await_some(&mut current, enough, listener, &mut tally)?;
        while current.used > 0 {
            if observed.len() < current.used {
                observed.resize_with(current.used, Observed::default);
            }
            let (source, set, span) = (&mut *self.source, self.set, self.span);
            let observe = |(block, observed): (&Block, &mut Observed)| {
                idle.lend(|desk| observed.fill(block, set, span, addresses, desk));
            };
            if current.is_small() {
                current.blocks().iter().zip(&mut observed).for_each(observe);
                next.used = 0;
            } else {
                rayon::join(
                    || next.fill_at_once(source, enough),
                    || {
                        let blocks = current.blocks().par_iter().zip(&mut observed);
                        blocks.for_each(observe);
                    },
                );
            }
            self.apply(current.blocks(), &mut observed)?;
            self.close(&mut raised)?;
            for observed in &mut observed[..current.used] {
                tally.merge(&mut observed.tally);
            }
            self.look(&mut raised, tally.lines)?;
            self.tell(&mut raised, Came::InTime, listener, &tally)?;
            listener.batch(&tally)?;
            self.commit(listener, &mut tally)?;
            current.trim(&mut observed);
            std::mem::swap(&mut current, &mut next);
            if current.used == 0 && !current.ended {
                self.await_some(&mut current, enough, listener, &mut tally)?;
            }
        }
        self.end(raised, listener, &mut tally)?;
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

    /// Waits for the next batch. A while in which nothing comes is a good moment to
    /// keep what has come.
    fn await_some<E: From<io::Error>>(
        &mut self,
        batch: &mut Batch,
        enough: usize,
        listener: &mut dyn Listener<E>,
        tally: &mut Tally,
    ) -> Result<(), E> {
        while !self.source.wait() {
            let has_more = |commits: &Commits| tally.bytes > commits.bytes;
            if self.commits.as_ref().is_some_and(has_more) && !self.waits() {
                self.commit_now(listener, tally, false)?;
            }
        }
        batch.fill(self.source, enough);
        Ok(())
    }

    /// Looks at what has begun to fire, where that is to be told at once: where
    /// nothing more has come to be dealt with, or enough has come since the last
    /// look.
    fn look(&mut self, raised: &mut Vec<Raised>, lines: u64) -> io::Result<()> {
        let Some(Commits {
            looks: Some(looks), ..
        }) = &mut self.commits
        else {
            return Ok(());
        };
        let since = lines - looks.lines;
        if self.source.is_ready() && since.saturating_mul(AGAIN) < looks.cost {
            return Ok(());
        }
        looks.lines = lines;
        self.look_now(raised)
    }

    fn look_now(&mut self, raised: &mut Vec<Raised>) -> io::Result<()> {
        if let Some(Commits {
            looks: Some(looks), ..
        }) = &mut self.commits
        {
            looks.cost = self.correlator.look(raised, self.baseline.as_deref())?;
        }
        Ok(())
    }

    /// Closes what is final when all has been read, and looks at the rest.
    fn end<E: From<io::Error>>(
        &mut self,
        mut raised: Vec<Raised>,
        listener: &mut dyn Listener<E>,
        tally: &mut Tally,
    ) -> Result<(), E> {
        if self.commits.is_none() {
            self.correlator.reach(i64::MAX);
            self.close(&mut raised)?;
            return self.tell(&mut raised, Came::InTime, listener, tally);
        }
        // What was not read may be earlier.
        if !self.source.is_cut() {
            self.correlator.reach_latest();
        }
        self.close(&mut raised)?;
        self.tell(&mut raised, Came::InTime, listener, tally)?;
        let follows = self.follows();
        if follows {
            if let Some(commits) = &mut self.commits {
                commits.reached.extend_from_slice(self.source.rest());
            }
            if let Some(baseline) = &mut self.baseline {
                baseline.wait_after(i32::MAX);
            }
            return self.commit_now(listener, tally, true);
        }
        self.correlator.finish_run(&mut raised);
        self.tell(&mut raised, Came::Late, listener, tally)?;
        if let Some(baseline) = &mut self.baseline {
            baseline.wait_after(i32::MAX);
        }
        self.correlator
            .peek(&mut raised, self.baseline.as_deref())?;
        self.tell(&mut raised, Came::InTime, listener, tally)?;
        if let Some(commits) = &mut self.commits {
            commits.reached.extend_from_slice(self.source.rest());
        }
        self.commit_now(listener, tally, true)
    }

    fn commit<E: From<io::Error>>(
        &mut self,
        listener: &mut dyn Listener<E>,
        tally: &mut Tally,
    ) -> Result<(), E> {
        match &self.commits {
            Some(commits)
                if (commits.is_due(tally.bytes) || listener.is_due()) && !self.waits() =>
            {
                self.commit_now(listener, tally, false)
            }
            _ => Ok(()),
        }
    }

    /// Whether what was seen cannot be kept yet.
    fn waits(&self) -> bool {
        let waits = |baseline: &Baseline| baseline.is_far_ahead();
        self.baseline.as_deref().is_some_and(waits)
    }

    fn follows(&self) -> bool {
        let follows = |commits: &Commits| commits.looks.is_some();
        self.commits.as_ref().is_some_and(follows)
    }

    fn commit_now<E: From<io::Error>>(
        &mut self,
        listener: &mut dyn Listener<E>,
        tally: &mut Tally,
        last: bool,
    ) -> Result<(), E> {
        let Some(commits) = &mut self.commits else {
            return Ok(());
        };
        commits.bytes = tally.bytes;
        if !last || self.follows() {
            // What is found of late records is kept with the inputs they are of.
            let mut raised = Vec::new();
            // An alert is kept with the record that decided it.
            self.look_now(&mut raised)?;
            self.tell(&mut raised, Came::InTime, listener, tally)?;
            self.correlator.finish_run(&mut raised);
            self.tell(&mut raised, Came::Late, listener, tally)?;
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
        tally.hours = Hours::default();
        if let Some(commits) = &mut self.commits {
            self.source.committed(&commits.reached);
            commits.reached.clear();
        }
        Ok(())
    }

    /// Adds to alerts what is not correlation's business, and gives those away that are
    /// wanted.
    fn tell<E>(
        &self,
        raised: &mut Vec<Raised>,
        came: Came,
        listener: &mut dyn Listener<E>,
        tally: &Tally,
    ) -> Result<(), E> {
        leave_wanted(raised, |alert| listener.wants(alert, came))?;
        let mut lines = evidence::Lines::new(self.source);
        let mut raised = raised.drain(..);
        loop {
            lines.foresee(raised.as_slice());
            let Some(next) = raised.next() else {
                return Ok(());
            };
            let mut alert = lines.show(next);
            context::fill(&mut alert, &self.set.settings);
            listener.alert(alert, came, tally)?;
        }
    }
}

/// Drops what is not wanted. Whether the second of two alerts of one id is can only be
/// said once the first was told.
fn leave_wanted<E>(
    raised: &mut Vec<Raised>,
    mut wants: impl FnMut(&Alert) -> Result<bool, E>,
) -> Result<(), E> {
    let mut wanted = HashSet::new();
    let mut failed = Ok(());
    raised.retain(|Raised { alert, .. }| {
        if failed.is_err() || wanted.contains(&alert.id) {
            return true;
        }
        match wants(alert) {
            Ok(true) => wanted.insert(alert.id),
            Ok(false) => false,
            Err(error) => {
                failed = Err(error);
                true
            }
        }
    });
    failed
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
