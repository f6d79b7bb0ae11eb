//! Inputs that earlier runs read: going on where they were left, and leaving
//! marks for later runs.
//!
//! Which input is read next is not decided here, nor where marks are kept.

use std::sync::Arc;

use super::super::checkpoint::{Mark, OBJECTS, PAST, Past, Print, Progressed};
use super::super::ledger::Ledger;
use super::super::walk;
use super::super::{Options, Spec};
use super::Sources;

impl Sources {
    /// As [`Sources::open`], without the lines that earlier runs took.
    ///
    /// `span` are the records that are taken now: from the first second to
    /// before the other, `i64::MIN` and `i64::MAX` for all. `known` gives the
    /// mark of a file by its [`Mark::path`], is asked once for each, and not
    /// for pipes and descriptors, which leave no marks.
    ///
    /// - A file of the same size and modification time that was read to its
    ///   end is not opened.
    /// - One that has become longer is read from where it was left, at the
    ///   same offsets; compressed ones are decompressed up to there.
    /// - One of the same content and another modification time is unchanged.
    /// - One of another content, or shorter than what was read, is another
    ///   file, and read from its beginning; so is one of another path, and one
    ///   whose compressed data was damaged and has been mended.
    /// - A last line without a line feed waits for it: it is handed out once
    ///   it has one, or in the first run that finds the file unmodified for an
    ///   hour ([`SETTLED`](crate::source::SETTLED)). If it becomes longer all the same,
    ///   it is handed out once more, as a whole. One that a fault cut is
    ///   handed out when the fault is mended.
    #[must_use]
    pub fn resume(
        specs: Vec<Spec>,
        options: Options,
        span: (i64, i64),
        known: impl FnMut(&[u8]) -> Option<Mark>,
    ) -> Self {
        let mut listing = walk::list(specs, &options.own);
        let delivered = listing.delivered();
        let ledger = Ledger::new(&mut listing, span, known);
        Self {
            delivered,
            ledger: Some(ledger),
            ..Self::new(listing, options)
        }
    }

    /// Gives inputs of earlier runs the numbers from [`PAST`] on, for
    /// [`Sources::name`] and [`Sources::reopen`].
    pub fn remember(&mut self, past: Vec<Past>) {
        self.past = past;
    }

    /// What is to be kept of an input once all that was handed out up to
    /// `reached` has been taken: the next run goes on there. `None` for what
    /// leaves no mark.
    ///
    /// Take `reached` from [`Block::reached`](crate::source::Block::reached) of the blocks that were dealt
    /// with, which may be fewer than were read.
    #[must_use]
    pub fn mark(&self, reached: &Progressed) -> Option<Mark> {
        let ledger = self.ledger.as_ref()?;
        if reached.source >= OBJECTS {
            return self.objects.as_ref()?.mark(reached, ledger.span);
        }
        let place = self.place(reached.source);
        ledger.mark(place, self.inputs.get(place)?, reached)
    }

    /// The inputs that turned out to be exhausted after the last block that
    /// was handed out: they are done once all blocks were dealt with.
    #[must_use]
    pub fn rest(&self) -> &[Progressed] {
        self.ledger.as_ref().map_or(&[], |ledger| &ledger.pending)
    }

    /// What a later run needs to name an input and to read it again; see
    /// [`Sources::remember`].
    ///
    /// # Panics
    /// As [`Sources::name`].
    #[must_use]
    pub fn past(&self, source: u32) -> Past {
        if source >= PAST {
            return self.past[(source - PAST) as usize].clone();
        }
        if let Some(objects) = self.objects.as_ref().filter(|_| source >= OBJECTS) {
            return objects.past(source);
        }
        let place = self.place(source);
        let input = &self.inputs[place];
        match &self.ledger {
            Some(ledger) => ledger.past(place, input),
            None => Past {
                name: Arc::clone(&input.name),
                path: None,
                head: Print::default(),
            },
        }
    }

    /// Remembers how far an input has been handed out, for the next block.
    pub(super) fn reach(&mut self, source: u32, offset: u64, done: bool) {
        let number = self.number(source);
        let objects = self.objects.as_ref().filter(|_| source >= OBJECTS);
        if let Some(ledger) = &mut self.ledger
            && objects.map_or_else(|| ledger.follows(source), |objects| objects.follows(source))
        {
            ledger.pending.push(Progressed {
                source: number,
                offset,
                done,
            });
        }
    }
}
