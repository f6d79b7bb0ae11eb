//! Buckets that are listed again and again.
//!
//! Files beside them are looked at as often.

use std::time::{Duration, Instant};

use s3sentry::pipeline::Span;
use s3sentry::session::Session;
use s3sentry::source::s3::{Address, Client, Config, Fault, Full, Objects, Wanted};
use s3sentry::source::{Listed, Options, Sources};

use super::feed::{Feed, Round};
use super::files::{Files, resume};
use super::health::{Health, Part};
use super::signals::Signals;
use crate::commands::{Inputs, Stop, now};

/// A full listing that has not come to its end is tried again after one of so many
/// parts of the time between two: of a day after an hour.
const PARTS: u32 = 24;

/// How often buckets are listed.
pub struct Pace {
    /// For what is new.
    pub interval: Duration,
    /// From their beginning, for what was delivered later than the lookback reaches.
    pub full: Duration,
}

/// Buckets, and files beside them.
pub struct Buckets {
    addresses: Vec<Address>,
    files: Files,
    config: Config,
    /// Made when it is first needed.
    client: Option<Client>,
    options: Options,
    span: Span,
    /// Seconds.
    lookback: i64,
    pace: Pace,
    signals: Signals,
    /// When all is to be listed next; none before the first cycle.
    full: Option<Instant>,
    /// Whether this cycle lists all.
    is_full: bool,
}

impl Buckets {
    /// What was named, how buckets are reached, and how late objects come, seconds.
    pub fn new(
        inputs: Inputs,
        config: Config,
        (span, lookback): (Span, i64),
        pace: Pace,
        signals: Signals,
    ) -> Self {
        Self {
            addresses: inputs.addresses,
            options: inputs.options.clone(),
            files: Files::new(inputs.specs, inputs.options, span, pace.interval),
            config,
            client: None,
            span,
            lookback,
            pace,
            signals,
            full: None,
            is_full: false,
        }
    }

    /// What reaches AWS.
    pub fn client(&mut self) -> Result<Client, Fault> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let client = Client::new(self.config.clone())?;
        Ok(self.client.insert(client).clone())
    }

    /// Which records are taken.
    pub fn span(&self) -> Span {
        self.span
    }

    /// What was named.
    pub fn addresses(&self) -> Vec<Address> {
        self.addresses.clone()
    }

    /// Files, if any have changed.
    pub fn files(&mut self, session: &mut Session, first: u32) -> Result<Option<Round>, Stop> {
        self.files.look(session, first)
    }

    /// Adds objects to files, if any have changed. `listed` is as in
    /// [`Sources::attach`].
    pub fn round(
        &self,
        objects: Objects,
        listed: Option<Listed>,
        files: Option<Round>,
        (session, first): (&mut Session, u32),
    ) -> Result<Round, Stop> {
        let stop = objects.stop();
        self.signals.on_next(move || stop.stop());
        let mut round = match files {
            Some(round) => round,
            None => Round {
                sources: resume(session, Vec::new(), self.options(first), self.span)?,
                is_new: false,
                files: false,
            },
        };
        round.sources.attach(Box::new(objects), listed);
        // Waits for the listing.
        round.is_new |= round.sources.has_objects();
        round.sources.note_troubles();
        Ok(round)
    }

    fn options(&self, first: u32) -> Options {
        Options {
            first,
            ..self.options.clone()
        }
    }

    /// Whether all is to be listed. A process that has just begun is told by what
    /// earlier ones left.
    fn is_full_due(&mut self, session: &Session) -> Result<bool, Stop> {
        if let Some(full) = self.full {
            return Ok(full <= Instant::now());
        }
        let named = |bucket: &str, stem: &str| {
            let below = |address: &Address| {
                *address.bucket == *bucket && stem.starts_with(&*address.prefix)
            };
            self.addresses.iter().any(below)
        };
        let logs = session.logs()?;
        let logs = logs.iter().filter(|log| named(&log.bucket, &log.stem));
        let last = logs.filter_map(|log| log.seen).map(|seen| seen.listed_all);
        let ago = last.min().map_or(0, |last| now().saturating_sub(last));
        let ago = Duration::from_secs(ago.try_into().unwrap_or(0));
        let full = Instant::now() + self.pace.full.saturating_sub(ago);
        self.full = Some(full);
        Ok(full <= Instant::now())
    }

    /// Begins to list.
    fn list(&mut self, session: &Session) -> Result<Result<(Objects, Listed), Fault>, Stop> {
        self.is_full = self.is_full_due(session)?;
        let wanted = Wanted {
            addresses: self.addresses(),
            since: self.span.since,
            until: self.span.until,
            lookback: self.lookback,
            full: if self.is_full { Full::Find } else { Full::No },
        };
        let known = Box::new(session.known_objects()?);
        let listed = Listed::new(self.addresses(), self.lookback, self.is_full);
        let objects = self.client();
        let objects = objects.and_then(|client| Objects::scan(&client, wanted, known));
        Ok(objects.map(|objects| (objects, listed)))
    }
}

impl Feed for Buckets {
    fn next(
        &mut self,
        session: &mut Session,
        first: u32,
        health: &mut Health,
    ) -> Result<Option<Round>, Stop> {
        match self.list(session)? {
            Ok((objects, listed)) => {
                let files = self.files(session, first)?;
                let round = self.round(objects, Some(listed), files, (session, first))?;
                Ok(Some(round))
            }
            Err(fault) => {
                health.fault(Part::Buckets, "buckets", &fault);
                Ok(None)
            }
        }
    }

    fn done(&mut self, sources: &Sources, whole: bool, _: &mut Health) {
        if self.is_full && whole {
            let complete = sources.listed().is_some_and(|listed| listed.complete);
            let parts = if complete { 1 } else { PARTS };
            self.full = Some(Instant::now() + self.pace.full / parts);
        }
    }

    fn interval(&self) -> Duration {
        self.pace.interval
    }
}
