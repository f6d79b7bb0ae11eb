//! Buckets that are listed again and again.
//!
//! Files beside them are looked at as often.

use std::time::{Duration, Instant};

use s3sentry::pipeline::Span;
use s3sentry::session::Session;
use s3sentry::source::s3::{Client, Full, LOOKBACK, Objects, Wanted};
use s3sentry::source::{Listed, Options, Sources};

use super::feed::Feed;
use super::files::resume;
use super::signals::Signals;
use crate::cli::bucket::Bucket;
use crate::commands::{End, Inputs, Stop, bucket};

/// How often a prefix is listed from its beginning, for what was delivered later
/// than the lookback reaches.
const FULL: Duration = Duration::from_hours(24);

/// Buckets, and files beside them.
pub struct Buckets {
    inputs: Inputs,
    client: Client,
    span: Span,
    interval: Duration,
    signals: Signals,
    /// When all was last listed, or is taken to have been.
    full: Instant,
    /// Whether this cycle lists all.
    is_full: bool,
}

impl Buckets {
    /// What was named, and how buckets are reached.
    pub fn new(
        inputs: Inputs,
        arguments: &Bucket,
        span: Span,
        interval: Duration,
        signals: Signals,
    ) -> Result<Self, Stop> {
        let client = Client::new(bucket::config(arguments));
        let client = client.map_err(|fault| Stop::With(End::Input, fault.into()))?;
        Ok(Self {
            inputs,
            client,
            span,
            interval,
            signals,
            full: Instant::now(),
            is_full: false,
        })
    }
}

impl Feed for Buckets {
    fn next(&mut self, session: &mut Session, first: u32) -> Result<Option<Sources>, Stop> {
        let options = Options {
            first,
            ..self.inputs.options.clone()
        };
        let specs = self.inputs.specs.clone();
        let mut sources = resume(session, specs, options, self.span)?;
        self.is_full = self.full.elapsed() >= FULL;
        let wanted = Wanted {
            addresses: self.inputs.addresses.clone(),
            since: self.span.since,
            until: self.span.until,
            lookback: LOOKBACK,
            full: if self.is_full { Full::Find } else { Full::No },
        };
        let known = Box::new(session.known_objects()?);
        let objects = Objects::scan(&self.client, wanted, known);
        let objects = objects.map_err(|fault| Stop::With(End::Input, fault.into()))?;
        let stop = objects.stop();
        self.signals.on_next(move || stop.stop());
        let listed = Listed::new(self.inputs.addresses.clone(), LOOKBACK, self.is_full);
        sources.attach(Box::new(objects), Some(listed));
        Ok(Some(sources))
    }

    fn done(&mut self, whole: bool) -> Result<(), Stop> {
        if whole && self.is_full {
            self.full = Instant::now();
        }
        Ok(())
    }

    fn interval(&self) -> Duration {
        self.interval
    }
}
