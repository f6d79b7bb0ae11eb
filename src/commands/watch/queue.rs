//! Buckets of whose new objects a queue tells.
//!
//! They are listed too, now and then: for objects that could not be read when they
//! were told of, and for those of which nobody was told.

use std::mem;
use std::time::{Duration, Instant};

use s3sentry::session::Session;
use s3sentry::source::Sources;
use s3sentry::source::s3::{Batch, Fault, Object, Objects, Queue, QueueUrl};
use s3sentry::text::terminal;

use super::bucket::Buckets;
use super::feed::{Feed, Round};
use super::health::{Health, Part};
use crate::commands::{End, Stop, say};

/// How long messages are waited for before files and signals are looked at.
const WAIT: Duration = Duration::from_millis(500);

/// How often buckets are listed.
const LISTED: Duration = Duration::from_hours(1);

/// After how long a listing is tried again that did not come to its end.
const LISTED_AGAIN: Duration = Duration::from_mins(5);

/// How long messages are deleted. Those that are left come again, and are known
/// then.
const DELETING: Duration = Duration::from_secs(2);

/// How long it waits after objects of messages could not be read; twice as long
/// after each further time.
const PAUSE: Duration = Duration::from_secs(5);

/// The longest of these pauses.
const LONGEST: Duration = Duration::from_mins(5);

/// What the queue is called in messages.
const QUEUE: &str = "the queue of --sqs-url";

/// A queue, and the buckets that it tells of.
pub struct Told {
    buckets: Buckets,
    url: QueueUrl,
    queue: Option<Queue>,
    /// Messages whose work is not durable yet, and their objects.
    hand: Option<(Batch, Vec<Object>)>,
    /// Whether this cycle lists the buckets.
    lists: bool,
    /// When they are to be listed.
    listing: Instant,
    /// How often the messages in hand could not be dealt with.
    failures: u32,
    /// Whether it was said that messages tell of other buckets.
    elsewhere: bool,
}

impl Told {
    /// Begins with a listing: nobody was told of what is there already.
    pub fn new(buckets: Buckets, url: QueueUrl) -> Self {
        Self {
            buckets,
            url,
            queue: None,
            hand: None,
            lists: false,
            listing: Instant::now(),
            failures: 0,
            elsewhere: false,
        }
    }

    /// What is received from, opened if it is not.
    fn queue(&mut self) -> Result<&mut Queue, Fault> {
        let queue = if let Some(queue) = self.queue.take() {
            queue
        } else {
            let client = self.buckets.client()?;
            Queue::open(&client, &self.url, self.buckets.addresses())?
        };
        Ok(self.queue.insert(queue))
    }

    /// Takes messages in hand, if none are.
    fn take(&mut self, health: &mut Health) -> Result<(), Fault> {
        if self.hand.is_some() {
            return Ok(());
        }
        let queue = self.queue()?;
        let mut batch = queue.receive(WAIT)?;
        if queue.answers() {
            health.well(Part::Queue);
        }
        self.failures = 0;
        if batch.is_empty() {
            return Ok(());
        }
        health.metrics().messages(&batch.counts);
        for left in &batch.left {
            say(format_args!(
                "s3sentry: warning: message {} of the queue is not understood and stays there: {}",
                terminal(left.id.as_bytes()),
                left.reason
            ));
        }
        if let Some((bucket, key)) = &batch.elsewhere
            && !mem::replace(&mut self.elsewhere, true)
        {
            let name = format!("s3://{bucket}/{key}");
            say(format_args!(
                "s3sentry: warning: the queue tells of objects that nobody named, such as {}; they \
                 are not read, and their messages are deleted. Said once",
                terminal(name.as_bytes())
            ));
        }
        let objects = mem::take(&mut batch.objects);
        self.hand = Some((batch, objects));
        Ok(())
    }

    /// Deletes the messages in hand.
    fn delete(&mut self, health: &mut Health) {
        let (Some((batch, _)), Some(queue)) = (self.hand.take(), &mut self.queue) else {
            return;
        };
        let messages = batch.deletable();
        match queue.done(batch, DELETING) {
            Ok(()) => health.metrics().deleted(messages),
            Err(fault) => health.fault(Part::Queue, QUEUE, &fault),
        }
    }

    /// The objects of the messages in hand.
    fn told(&mut self, session: &Session) -> Result<Result<Objects, Fault>, Stop> {
        let objects = self.hand.as_ref().map(|(_, objects)| objects.clone());
        let span = self.buckets.span();
        let mut known = session.known_objects()?;
        let objects = self.buckets.client().and_then(|client| {
            let span = (span.since, span.until);
            Objects::of(&client, objects.unwrap_or_default(), span, &mut known)
        });
        match objects {
            Err(fault @ Fault::State { .. }) => Err(Stop::With(End::State, fault.into())),
            objects => Ok(objects),
        }
    }
}

impl Feed for Told {
    fn next(
        &mut self,
        session: &mut Session,
        first: u32,
        health: &mut Health,
    ) -> Result<Option<Round>, Stop> {
        self.lists = self.hand.is_none() && self.listing <= Instant::now();
        if self.lists {
            self.listing = Instant::now() + LISTED_AGAIN;
            return self.buckets.next(session, first, health);
        }
        if let Err(fault) = self.take(health) {
            health.fault(Part::Queue, QUEUE, &fault);
            // Receiving has a pace of its own.
            self.failures += u32::from(self.queue.is_none());
            return Ok(None);
        }
        let files = self.buckets.files(session, first)?;
        if self.hand.is_none() && files.is_none() {
            return Ok(None);
        }
        match self.told(session)? {
            Ok(objects) => {
                let round = self.buckets.round(objects, None, files, (session, first))?;
                Ok(Some(round))
            }
            Err(fault) => {
                health.fault(Part::Buckets, "buckets", &fault);
                self.failures += 1;
                Ok(None)
            }
        }
    }

    fn done(&mut self, sources: &Sources, whole: bool, health: &mut Health) {
        if self.lists {
            self.buckets.done(sources, whole, health);
            let complete = sources.listed().is_some_and(|listed| listed.complete);
            if whole && complete {
                self.listing = Instant::now() + LISTED;
            }
        } else if whole && sources.troubles().is_empty() {
            self.failures = 0;
            self.delete(health);
        } else {
            // They stay in hand, so that no other reader has to fail as well.
            self.failures += u32::from(whole);
        }
    }

    fn interval(&self) -> Duration {
        match self.failures {
            0 => Duration::ZERO,
            failures => LONGEST.min(PAUSE * (1 << (failures - 1).min(8))),
        }
    }

    fn end(&mut self) {
        // What was in hand is given back.
        if let Some(queue) = self.queue.take()
            && let Err(fault) = queue.close()
        {
            say(format_args!(
                "s3sentry: warning: messages in hand could not be given back, and come again \
                 within a minute: {fault}"
            ));
        }
    }
}
