//! The loop: cycle after cycle, and rules that change between two of them.

use s3sentry::pipeline::{self, BlockSource, Memory, Outcome, Span};
use s3sentry::session::{self, Output as _, Session};
use s3sentry::source::Sources;

use super::cycle::Cycle;
use super::feed::Feed;
use super::names::Names;
use super::output::{Reader, Timed};
use super::pipe::Pipe;
use super::rules::Looked;
use super::signals::Signals;
use super::totals::Totals;
use crate::cli::watch::Watch;
use crate::commands::scan::writer::Writer;
use crate::commands::summary;
use crate::commands::{Failed, Stop, say};

/// Inputs that have had a name, beyond those that windows refer to, before those are
/// looked for: everything is taken back from the state file, as in a restart.
const NAMED: usize = 50_000;

/// A watch.
pub struct Service<'w> {
    arguments: &'w Watch,
    looked: Looked,
    session: Session,
    writer: Reader<Writer<'w>>,
    signals: Signals,
    span: Span,
    totals: Totals,
    /// Inputs that windows referred to when all was last taken back.
    named: usize,
}

impl<'w> Service<'w> {
    /// Nothing has been read yet.
    pub fn new(
        arguments: &'w Watch,
        looked: Looked,
        session: Session,
        writer: Reader<Writer<'w>>,
        signals: Signals,
        span: Span,
    ) -> Self {
        Self {
            arguments,
            looked,
            session,
            writer,
            signals,
            span,
            totals: Totals::default(),
            named: 0,
        }
    }

    /// Reads a pipe until it ends or somebody ends it.
    pub fn pipe(&mut self, mut pipe: Pipe, lateness: i64) -> Result<(), Stop> {
        loop {
            let (mut memory, names) = self.restore(lateness)?;
            pipe.remember(names);
            let outcome = self.follow(&mut pipe, &mut memory)?;
            self.totals.add(outcome, pipe.ended());
            if self.signals.is_stopping() || pipe.ended().is_some() {
                return Ok(());
            }
            self.reload();
        }
    }

    /// Reads what is new, cycle after cycle, until somebody ends it.
    pub fn cycles(&mut self, feed: &mut dyn Feed) -> Result<(), Stop> {
        let mut first = 0;
        let mut going: Option<(Memory, Names)> = None;
        while !self.signals.is_stopping() {
            if self.reload() || self.session.named() > 2 * self.named + NAMED {
                going = None;
            }
            let Some(mut sources) = feed.next(&mut self.session, first)? else {
                self.signals.pause(feed.interval());
                continue;
            };
            if going.is_none() {
                going = Some(self.restore(sources.lateness())?);
            }
            if let Some((memory, names)) = &mut going {
                first = self.cycle(&mut sources, memory, names, first)?;
                feed.done(!self.signals.is_any())?;
            }
            if !self.signals.is_any() {
                self.signals.pause(feed.interval());
            }
        }
        Ok(())
    }

    /// Reads these inputs. Gives the number of the next one.
    fn cycle(
        &mut self,
        sources: &mut Sources,
        memory: &mut Memory,
        names: &mut Names,
        first: u32,
    ) -> Result<u32, Stop> {
        let signals = self.signals.clone();
        let mut cycle = Cycle::new(sources, names, &signals, first);
        let outcome = self.follow(&mut cycle, memory)?;
        let next = cycle.next_first();
        let numbered = self.session.take_numbered().into_iter();
        let numbered: Vec<_> = numbered
            .map(|number| (number, cycle.past(number)))
            .collect();
        for (number, past) in numbered {
            names.keep(number, past);
        }
        self.totals.add(outcome, Some(sources));
        Ok(next)
    }

    /// All that comes of a source, and what it came to.
    fn follow(
        &mut self,
        source: &mut dyn BlockSource,
        memory: &mut Memory,
    ) -> Result<Outcome, Stop> {
        let arguments = self.arguments;
        let running = self.session.go_on(&mut self.writer);
        let mut timed = Timed::new(running, arguments.commit_after);
        let set = &self.looked.set;
        let every = arguments.commit_every;
        let outcome = pipeline::follow(source, set, self.span, memory, every, &mut timed);
        Ok(outcome.map_err(Failed::from)?)
    }

    /// What earlier runs left, or this one before its rules were others.
    fn restore(&mut self, lateness: i64) -> Result<(Memory, Names), Stop> {
        let options = session::Options {
            lateness,
            max_state: self.arguments.max_state,
            learn: !self.arguments.no_learn,
            anew: false,
        };
        let (mut memory, past) = self.session.restore(&self.looked.set, options)?;
        memory.correlator.watch();
        self.named = self.session.named();
        if let Some(notice) = self.session.notice() {
            let text = summary::notice(notice);
            say(format_args!("s3sentry: warning: {text}"));
        }
        drop(self.session.begin(&mut self.writer)?);
        // Nobody may come for long who would show it.
        let shown = self.writer.batch(&self.totals.tally);
        shown.map_err(Failed::Output)?;
        Ok((memory, Names::new(past)))
    }

    /// Reads rules, settings and lists again, if that was asked for. Whether there are
    /// new ones.
    fn reload(&mut self) -> bool {
        if !self.signals.take_reload() {
            return false;
        }
        match Looked::read(self.arguments) {
            Ok(looked) => {
                let changes = looked.changes(&self.looked);
                say(format_args!("s3sentry: read again on SIGHUP: {changes}"));
                self.looked = looked;
                true
            }
            Err(stop) => {
                stop.say();
                say(
                    "s3sentry: warning: settings, lists and rules stay as they were, because of \
                     what is wrong with the new ones",
                );
                false
            }
        }
    }

    /// Notes that it has ended. Gives who writes, and what it came to.
    pub fn end(mut self) -> (Writer<'w>, Totals) {
        // What counts has been kept; that it ended is only told to people.
        if let Err(error) = self.session.end() {
            say(format_args!("s3sentry: warning: {error}"));
        }
        (self.writer.into_inner(), self.totals)
    }
}
