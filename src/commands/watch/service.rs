//! The loop: cycle after cycle, and rules that change between two of them.

use std::sync::Arc;

use s3sentry::pipeline::{self, BlockSource, Early, Going, Memory, Outcome, Span, Tally};
use s3sentry::session::{self, Output as _, Session};
use s3sentry::source::Sources;
use s3sentry::source::s3::LOOKBACK;

use super::cycle::Cycle;
use super::feed::{Feed, Round};
use super::health::Health;
use super::metrics::{Counted, Metrics};
use super::names::Names;
use super::output::{Reader, Timed};
use super::pipe::Pipe;
use super::rules::Looked;
use super::signals::Signals;
use super::totals::Totals;
use crate::cli::watch::Watch;
use crate::commands::scan::writer::Writer;
use crate::commands::summary;
use crate::commands::summary::words::{count, span};
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
    metrics: Arc<Metrics>,
    health: Health,
    /// What is known of correlation.
    correlated: Counted,
    /// How late records come, seconds, once anything was looked at.
    lateness: Option<i64>,
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
        metrics: Arc<Metrics>,
    ) -> Self {
        metrics.rules(looked.at_work());
        let sources = arguments.input.sources.iter();
        let named = sources.map(|source| source.to_string_lossy().into_owned());
        Self {
            health: Health::new(Arc::clone(&metrics), named.collect()),
            metrics,
            correlated: Counted::default(),
            lateness: None,
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
            if let Some(sources) = pipe.ended() {
                self.health.look(sources, true, true);
            }
            if self.signals.is_stopping() || pipe.ended().is_some() {
                return Ok(());
            }
            self.reload();
        }
    }

    /// Reads what is new, cycle after cycle, until somebody ends it.
    pub fn cycles(&mut self, feed: &mut dyn Feed) -> Result<(), Stop> {
        let ended = self.rounds(feed);
        feed.end();
        ended
    }

    fn rounds(&mut self, feed: &mut dyn Feed) -> Result<(), Stop> {
        let mut first = 0;
        let mut going: Option<(Memory, Names)> = None;
        while !self.signals.is_stopping() {
            if self.reload() || self.session.named() > 2 * self.named + NAMED {
                going = None;
            }
            let round = feed.next(&mut self.session, first, &mut self.health)?;
            if let Some(round) = &round {
                self.lateness = Some(round.sources.lateness());
            }
            if let (None, Some(lateness)) = (&going, self.lateness) {
                going = Some(self.restore(lateness)?);
            }
            if let (Some(round), Some(going)) = (round, &mut going) {
                first = self.round(feed, round, going, first)?;
            } else if self.metrics.unwell().is_none() {
                self.metrics.succeeded();
            }
            if !self.signals.is_any() {
                self.signals.pause(feed.interval());
            }
        }
        Ok(())
    }

    /// Deals with what was looked at. Gives the number of the next input.
    fn round(
        &mut self,
        feed: &mut dyn Feed,
        mut round: Round,
        (memory, names): &mut (Memory, Names),
        mut first: u32,
    ) -> Result<u32, Stop> {
        let sources = &mut round.sources;
        if round.is_new {
            first = self.cycle(sources, memory, names, first)?;
        } else if let Some(counts) = sources.objects() {
            self.metrics.objects(&counts, &mut Counted::default());
        }
        let whole = !self.signals.is_any();
        self.health.look(sources, round.files, whole);
        self.tell_belated(sources);
        feed.done(sources, whole, &mut self.health);
        if whole && sources.troubles().is_empty() {
            self.metrics.cycle();
        }
        Ok(first)
    }

    /// Says how much a full listing has found.
    fn tell_belated(&self, sources: &Sources) {
        let belated = sources.objects().map_or(0, |counts| counts.belated);
        if belated > 0 {
            let lookback = self.arguments.lookback.unwrap_or(LOOKBACK);
            say(format_args!(
                "s3sentry: warning: {} came later than the lookback of {} reaches: a listing of \
                 everything found what the others had missed, and it was read. A longer --lookback \
                 finds it sooner",
                count(belated, "object"),
                span(lookback)
            ));
        }
    }

    /// Reads these inputs. Gives the number of the next one.
    fn cycle(
        &mut self,
        sources: &mut Sources,
        memory: &mut Memory,
        names: &mut Names,
        first: u32,
    ) -> Result<u32, Stop> {
        let (signals, metrics) = (self.signals.clone(), Arc::clone(&self.metrics));
        let mut cycle = Cycle::new(sources, names, &signals, first, &metrics);
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
        self.writer.begin();
        let running = self.session.go_on(&mut self.writer);
        let after = arguments.commit_after;
        let mut timed = Timed::new(running, after, &self.metrics, &mut self.correlated);
        let how = Going {
            span: self.span,
            early: Early::AtOnce,
            commit_every: arguments.commit_every,
        };
        let outcome = pipeline::go_on(source, &self.looked.set, memory, how, &mut timed);
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
        self.correlated = Counted::default();
        memory.correlator.watch();
        self.named = self.session.named();
        if let Some(notice) = self.session.notice() {
            let text = summary::notice(notice);
            say(format_args!("s3sentry: warning: {text}"));
        }
        // Writes what was left over.
        let _ = self.session.begin(&mut self.writer)?;
        // Nobody may come for long who would show it.
        let shown = self.writer.batch(&Tally::default());
        shown.map_err(Failed::Output)?;
        Ok((memory, Names::new(past)))
    }

    /// Reads rules, settings and lists again, if that was asked for. Whether there are
    /// new ones.
    fn reload(&mut self) -> bool {
        if !self.signals.take_reload() {
            return false;
        }
        let looked = Looked::read(self.arguments);
        self.metrics.reloaded(looked.is_ok());
        match looked {
            Ok(looked) => {
                self.metrics.rules(looked.at_work());
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

    /// Notes that it has ended. Gives who writes, what it came to, and how much could
    /// not be read in the end.
    pub fn end(mut self) -> (Writer<'w>, Totals, u64) {
        // What counts has been kept; that it ended is only told to people.
        if let Err(error) = self.session.end() {
            say(format_args!("s3sentry: warning: {error}"));
        }
        let failed = self.health.failed();
        (self.writer.into_inner(), self.totals, failed)
    }
}
