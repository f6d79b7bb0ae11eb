//! What is read in one cycle: inputs that have something new.
//!
//! Which they are is not decided here.

use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;

use s3sentry::pipeline::BlockSource;
use s3sentry::source::{Block, Counts, Listed, Mark, OBJECTS, Past, Progressed, Sources};

use super::metrics::{Counted, Metrics};
use super::names::Names;
use super::signals::Signals;

/// Inputs of one cycle, among those of others.
pub struct Cycle<'c> {
    sources: &'c mut Sources,
    names: &'c Names,
    signals: &'c Signals,
    /// Number of the first input, and of the first object without its bit.
    first: u32,
    /// Numbers of files that are read on, by those of this cycle.
    again: HashMap<u32, u32>,
    /// One more than the highest number that was used.
    next: u32,
    cut: bool,
    metrics: &'c Metrics,
    /// What is known of its objects.
    counted: Counted,
}

impl<'c> Cycle<'c> {
    /// Inputs that are numbered from `first` on.
    pub fn new(
        sources: &'c mut Sources,
        names: &'c Names,
        signals: &'c Signals,
        first: u32,
        metrics: &'c Metrics,
    ) -> Self {
        Self {
            sources,
            names,
            signals,
            first,
            again: HashMap::new(),
            next: first,
            cut: false,
            metrics,
            counted: Counted::default(),
        }
    }

    /// Where the numbers of the next cycle begin.
    pub fn next_first(&self) -> u32 {
        self.next.max(self.first + self.sources.arrived())
    }

    /// The number by which windows know the input of a block: that of a file which
    /// is read on is the one it had.
    fn number(&mut self, source: u32, offset: u64) -> u32 {
        if source >= OBJECTS {
            return source;
        }
        if let Some(number) = self.again.get(&source) {
            return *number;
        }
        let known = (offset > 0).then(|| self.names.again(&self.sources.past(source)));
        let number = known.flatten().unwrap_or(source);
        self.again.insert(source, number);
        if number == source {
            self.next = self.next.max(source + 1);
        }
        number
    }

    /// Whether an input is of this cycle.
    fn is_own(&self, number: u32) -> bool {
        (self.first..OBJECTS).contains(&number) || number >= OBJECTS + self.first
    }
}

impl BlockSource for Cycle<'_> {
    fn next(&mut self, block: &mut Block) -> bool {
        if self.signals.is_any() {
            self.cut = true;
            return false;
        }
        let more = self.sources.next(block);
        if more {
            block.source = self.number(block.source, block.offset);
        } else if self.signals.is_any() {
            // Who fetches objects was told to stop, which looks as if all had come.
            self.cut = true;
        }
        if let Some(counts) = self.sources.objects() {
            self.metrics.objects(&counts, &mut self.counted);
        }
        more
    }

    fn is_cut(&self) -> bool {
        self.cut || self.sources.is_cut()
    }

    fn name(&self, source: u32) -> Arc<str> {
        match self.names.get(source) {
            None if self.is_own(source) => self.sources.name(source),
            _ => self.names.name(source),
        }
    }

    fn reopen(&self, source: u32) -> Option<File> {
        match self.names.get(source) {
            None if self.is_own(source) => self.sources.reopen(source),
            _ => self.names.reopen(source),
        }
    }

    fn foresee(&self, sources: &[u32]) {
        let is_mine = |source: &u32| self.names.get(*source).is_none() && self.is_own(*source);
        let mine: Vec<u32> = sources.iter().copied().filter(is_mine).collect();
        self.sources.foresee(&mine);
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
        let listed = self.sources.listed()?;
        Some(Listed {
            complete: listed.complete && !self.cut,
            ..listed
        })
    }

    fn rest(&self) -> &[Progressed] {
        self.sources.rest()
    }

    fn past(&self, source: u32) -> Past {
        match self.names.get(source) {
            Some(past) => past.clone(),
            None => self.sources.past(source),
        }
    }
}
