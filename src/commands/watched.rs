//! Real inputs, with how far they have been read.
//!
//! The pipeline holds the inputs while it runs, and reads them on another
//! thread than the one that shows the progress.

use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};

use s3sentry::pipeline::BlockSource;
use s3sentry::source::{Block, Counts, Listed, Mark, Past, Progress, Progressed, Sources};

/// Tells how far it has been read while the pipeline holds it.
pub struct Watched<'s> {
    sources: &'s mut Sources,
    read: &'s Mutex<Progress>,
}

impl<'s> Watched<'s> {
    /// `read` is told how far reading is.
    pub fn new(sources: &'s mut Sources, read: &'s Mutex<Progress>) -> Self {
        Self { sources, read }
    }
}

impl BlockSource for Watched<'_> {
    fn next(&mut self, block: &mut Block) -> bool {
        let more = self.sources.next(block);
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = self.sources.progress();
        more
    }

    fn is_cut(&self) -> bool {
        self.sources.is_cut()
    }

    fn name(&self, source: u32) -> Arc<str> {
        self.sources.name(source)
    }

    fn reopen(&self, source: u32) -> Option<File> {
        self.sources.reopen(source)
    }

    fn foresee(&self, sources: &[u32]) {
        self.sources.foresee(sources);
    }

    fn mark(&self, reached: &Progressed) -> Option<Mark> {
        self.sources.mark(reached)
    }

    fn committed(&mut self, reached: &[Progressed]) {
        self.sources.committed(reached);
    }

    fn counts(&self) -> Counts {
        self.sources.counts()
    }

    fn listed(&self) -> Option<Listed> {
        self.sources.listed()
    }

    fn rest(&self) -> &[Progressed] {
        self.sources.rest()
    }

    fn past(&self, source: u32) -> Past {
        self.sources.past(source)
    }
}
