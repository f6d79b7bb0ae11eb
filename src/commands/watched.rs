//! The pipeline over real inputs, with how far they have been read.
//!
//! The pipeline holds the inputs while it runs, and reads them on another
//! thread than the one that shows the progress.

use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use s3sentry::alert::Alert;
use s3sentry::pipeline::{self, BlockSource, Options, Outcome, Tally};
use s3sentry::rule::RuleSet;
use s3sentry::source::{Block, Mark, Past, Progress, Progressed, Sources};

use super::Failed;

/// Tells how far it has been read while the pipeline holds it.
struct Watched<'s> {
    sources: &'s mut Sources,
    read: &'s Mutex<Progress>,
}

impl BlockSource for Watched<'_> {
    fn next(&mut self, block: &mut Block) -> bool {
        let more = self.sources.next(block);
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = self.sources.progress();
        more
    }

    fn name(&self, source: u32) -> &Arc<str> {
        self.sources.name(source)
    }

    fn reopen(&self, source: u32) -> Option<File> {
        self.sources.reopen(source)
    }

    fn mark(&self, reached: &Progressed) -> Option<Mark> {
        self.sources.mark(reached)
    }

    fn rest(&self) -> &[Progressed] {
        self.sources.rest()
    }

    fn past(&self, source: u32) -> Past {
        self.sources.past(source)
    }
}

/// Runs the rules over the inputs. `each` gets every alert, and no alert after
/// every batch, with how far reading is; what it fails with is output.
pub fn run(
    sources: &mut Sources,
    set: &Arc<RuleSet>,
    options: Options,
    mut each: impl FnMut(Option<Alert>, Progress, &Tally) -> io::Result<()> + Send,
) -> Result<Outcome, Failed> {
    let read = Mutex::new(sources.progress());
    let mut watched = Watched {
        sources,
        read: &read,
    };
    pipeline::run(&mut watched, set, options, |alert, tally| {
        let read = *read.lock().unwrap_or_else(PoisonError::into_inner);
        each(alert, read, tally).map_err(Failed::Output)
    })
}
