//! The path: blocks to records to observations, in parallel; observations to
//! alerts, in order.
//!
//! A batch of blocks is parsed and matched while the next one is read. What the
//! workers give is small and is applied block by block in the order of reading,
//! so that nothing depends on how many workers there are. Output, files and the
//! wall clock may not enter here.

mod batch;
mod context;
mod drive;
mod evidence;
mod hours;
mod reader;
mod tally;
mod teach;

use std::fs::File;
use std::io;
use std::sync::Arc;

use self::drive::{Commits, Run};
pub use self::hours::{Cell, HOUR, Hours, REST};
pub use self::reader::Reader;
pub use self::tally::{Sample, Span, Tally};
pub use self::teach::teach;
use crate::alert::Alert;
use crate::baseline::Baseline;
use crate::correlate::{self, Correlator};
use crate::rule::set::RuleSet;
use crate::source::{Block, Counts, Listed, Mark, Past, Print, Progressed, Sources};

/// Where blocks come from.
pub trait BlockSource: Send {
    /// The next block; `false` when there is none, with a floor of `i64::MAX`.
    fn next(&mut self, block: &mut Block) -> bool;
    /// Whether there is something to be had at once, be it the end: where there may
    /// not be, nothing is read ahead.
    fn is_ready(&mut self) -> bool {
        true
    }
    /// Waits for that; `false` where nothing has come for a while.
    fn wait(&mut self) -> bool {
        true
    }
    /// Whether it was ended before all was handed out.
    fn is_cut(&self) -> bool {
        false
    }
    /// Name of an input.
    fn name(&self, source: u32) -> Arc<str>;
    /// An input, opened once more, if lines can be read again at their offset.
    fn reopen(&self, _source: u32) -> Option<File> {
        None
    }
    /// These inputs will be opened once more, one by one: what takes its time can be
    /// had for all of them at once.
    fn foresee(&self, _sources: &[u32]) {}
    /// What is to be kept of an input that was dealt with so far.
    fn mark(&self, _reached: &Progressed) -> Option<Mark> {
        None
    }
    /// Marks are kept of all that is in `reached`.
    fn committed(&mut self, _reached: &[Progressed]) {}
    /// What became of the inputs so far.
    fn counts(&self) -> Counts {
        Counts::default()
    }
    /// What was listed of buckets, if anything.
    fn listed(&self) -> Option<Listed> {
        None
    }
    /// Inputs that turned out to be exhausted after the last block.
    fn rest(&self) -> &[Progressed] {
        &[]
    }
    /// What a later run needs to name an input and to read it again.
    fn past(&self, source: u32) -> Past {
        Past {
            name: self.name(source),
            path: None,
            head: Print::default(),
        }
    }
}

impl BlockSource for Sources {
    fn next(&mut self, block: &mut Block) -> bool {
        Sources::next(self, block)
    }

    fn is_cut(&self) -> bool {
        Sources::is_cut(self)
    }

    fn name(&self, source: u32) -> Arc<str> {
        Sources::name(self, source)
    }

    fn reopen(&self, source: u32) -> Option<File> {
        Sources::reopen(self, source)
    }

    fn foresee(&self, sources: &[u32]) {
        Sources::foresee(self, sources);
    }

    fn mark(&self, reached: &Progressed) -> Option<Mark> {
        Sources::mark(self, reached)
    }

    fn committed(&mut self, reached: &[Progressed]) {
        Sources::committed(self, reached);
    }

    fn counts(&self) -> Counts {
        Sources::counts(self)
    }

    fn listed(&self) -> Option<Listed> {
        Sources::listed(self)
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

/// What a run came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What was read.
    pub tally: Tally,
    /// What correlation can tell of itself.
    pub correlation: correlate::Counts,
}

/// When the records of an alert came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// While their period was not over.
    InTime,
    /// Too late for it: the id of the alert may have been told before.
    Late,
}

/// Who is told what a run comes to.
pub trait Listener<E>: Send {
    /// Whether it wants an alert, which has no evidence yet: to read its lines again may
    /// take requests. Told of another one of the same id, it may answer otherwise. One
    /// that is not wanted is not told.
    fn wants(&mut self, _alert: &Alert, _came: Came) -> Result<bool, E> {
        Ok(true)
    }

    /// An alert, with the tally so far.
    fn alert(&mut self, alert: Alert, came: Came, tally: &Tally) -> Result<(), E>;

    /// A batch has been dealt with.
    fn batch(&mut self, tally: &Tally) -> Result<(), E>;

    /// Whether it wants to commit, though not so many bytes have come.
    fn is_due(&mut self) -> bool {
        false
    }

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
    fn alert(&mut self, alert: Alert, _: Came, tally: &Tally) -> Result<(), E> {
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

/// When alerts of periods are told that are not final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Early {
    /// At the end of the run, as they stand.
    AtEnd,
    /// When they first fire, as soon as that is known for good, and only then: in a
    /// run of many in one process that watches.
    AtOnce,
}

/// How to go on.
#[derive(Debug, Clone, Copy)]
pub struct Going {
    /// Which records are looked at.
    pub span: Span,
    /// When alerts are told of what is open.
    pub early: Early,
    /// Bytes of input after which the listener is asked to commit; it always is at the
    /// end.
    pub commit_every: u64,
}

/// Goes on where another run ended. Periods that are not final at the end of the
/// source stay open.
pub fn go_on<E: From<io::Error>>(
    source: &mut dyn BlockSource,
    set: &Arc<RuleSet>,
    memory: &mut Memory,
    how: Going,
    listener: &mut dyn Listener<E>,
) -> Result<Outcome, E> {
    let run = Run {
        source,
        set,
        span: how.span,
        correlator: &mut memory.correlator,
        baseline: memory.baseline.as_mut(),
        commits: Some(Commits::new(how.commit_every, how.early)),
    };
    run.drive(listener)
}
