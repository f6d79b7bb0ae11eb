//! Alerts of a watch: a reader that has left ends it, and all of it is counted.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use s3sentry::alert::{Alert, Level, Status};
use s3sentry::pipeline::{Came, Listener, Standing, Tally};
use s3sentry::session::{Failed, Output, Running};

use super::metrics::{Counted, Metrics};
use super::signals::Signals;

/// Writes for as long as somebody reads.
pub struct Reader<O> {
    output: O,
    signals: Signals,
    gone: bool,
    metrics: Arc<Metrics>,
    /// Below it nothing is written.
    min_level: Level,
    /// What is known of what is being read.
    counted: Counted,
    /// Ids of alerts that were told and whose periods go on.
    open: HashSet<u128>,
}

impl<O: Output> Reader<O> {
    /// Somebody reads.
    pub fn new(output: O, signals: Signals, metrics: Arc<Metrics>, min_level: Level) -> Self {
        Self {
            output,
            signals,
            gone: false,
            metrics,
            min_level,
            counted: Counted::default(),
            open: HashSet::new(),
        }
    }

    /// What is read from now on is counted anew.
    pub fn begin(&mut self) {
        self.counted = Counted::default();
    }

    /// Counts an alert once, whatever is told of it later.
    fn count(&mut self, alert: &Alert, fresh: bool) {
        if alert.rule.level < self.min_level {
            return;
        }
        let (rule, level) = (&alert.rule.name, alert.rule.level);
        let first = match alert.status {
            Status::Open => fresh && self.open.insert(alert.id),
            Status::Closed => !self.open.remove(&alert.id) && fresh,
            Status::Withdrawn => {
                self.open.remove(&alert.id);
                self.metrics.withdrawn(rule, level);
                false
            }
        };
        if first {
            self.metrics.alert(rule, level);
        }
    }

    /// What writes.
    pub fn into_inner(self) -> O {
        self.output
    }

    /// What was not read is kept as not written, and all ends.
    fn until_gone<T>(&mut self, wrote: io::Result<T>, otherwise: T) -> io::Result<T> {
        match wrote {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.gone = true;
                self.signals.stop();
                Ok(otherwise)
            }
            wrote => wrote,
        }
    }
}

impl<O: Output> Output for Reader<O> {
    fn alert(&mut self, alert: &Alert, fresh: bool, tally: &Tally) -> io::Result<()> {
        if self.gone {
            return Ok(());
        }
        self.count(alert, fresh);
        let wrote = self.output.alert(alert, fresh, tally);
        self.until_gone(wrote, ())
    }

    fn batch(&mut self, tally: &Tally) -> io::Result<()> {
        self.metrics.tally(tally, &mut self.counted);
        if self.gone {
            return Ok(());
        }
        let wrote = self.output.batch(tally);
        self.until_gone(wrote, ())
    }

    fn settle(&mut self) -> io::Result<bool> {
        if self.gone {
            return Ok(false);
        }
        let wrote = self.output.settle();
        self.until_gone(wrote, false)
    }
}

/// Commits some time after something has come.
pub struct Timed<'s> {
    running: Running<'s>,
    metrics: &'s Metrics,
    /// What is known of correlation.
    counted: &'s mut Counted,
    after: Duration,
    last: Instant,
}

impl<'s> Timed<'s> {
    /// The first commit is due after this time.
    pub fn new(
        running: Running<'s>,
        after: Duration,
        metrics: &'s Metrics,
        counted: &'s mut Counted,
    ) -> Self {
        Self {
            running,
            metrics,
            counted,
            after,
            last: Instant::now(),
        }
    }
}

impl Listener<Failed> for Timed<'_> {
    fn wants(&mut self, alert: &Alert, came: Came) -> Result<bool, Failed> {
        self.running.wants(alert, came)
    }

    fn alert(&mut self, alert: Alert, came: Came, tally: &Tally) -> Result<(), Failed> {
        self.running.alert(alert, came, tally)
    }

    fn batch(&mut self, tally: &Tally) -> Result<(), Failed> {
        self.running.batch(tally)
    }

    fn is_due(&mut self) -> bool {
        self.last.elapsed() >= self.after
    }

    fn commit(&mut self, standing: Standing<'_>, tally: &Tally) -> Result<(), Failed> {
        let correlator = &*standing.correlator;
        self.metrics.correlation(&correlator.counts(), self.counted);
        self.metrics.watermark(correlator.watermark());
        let kept = self.running.commit(standing, tally);
        self.last = Instant::now();
        if kept.is_ok() {
            self.metrics.succeeded();
        }
        kept
    }
}
