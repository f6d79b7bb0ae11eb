//! Alerts of a watch: a reader that has left ends it.

use std::io;
use std::time::{Duration, Instant};

use s3sentry::alert::Alert;
use s3sentry::pipeline::{Listener, Standing, Tally};
use s3sentry::session::{Failed, Output, Running};

use super::signals::Signals;

/// Writes for as long as somebody reads.
pub struct Reader<O> {
    output: O,
    signals: Signals,
    gone: bool,
}

impl<O: Output> Reader<O> {
    /// Somebody reads.
    pub fn new(output: O, signals: Signals) -> Self {
        Self {
            output,
            signals,
            gone: false,
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
        let wrote = self.output.alert(alert, fresh, tally);
        self.until_gone(wrote, ())
    }

    fn batch(&mut self, tally: &Tally) -> io::Result<()> {
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
    after: Duration,
    last: Instant,
}

impl<'s> Timed<'s> {
    /// The first commit is due after this time.
    pub fn new(running: Running<'s>, after: Duration) -> Self {
        Self {
            running,
            after,
            last: Instant::now(),
        }
    }
}

impl Listener<Failed> for Timed<'_> {
    fn alert(&mut self, alert: Alert, tally: &Tally) -> Result<(), Failed> {
        self.running.alert(alert, tally)
    }

    fn late(&mut self, alert: Alert, tally: &Tally) -> Result<(), Failed> {
        self.running.late(alert, tally)
    }

    fn batch(&mut self, tally: &Tally) -> Result<(), Failed> {
        self.running.batch(tally)
    }

    fn is_due(&mut self) -> bool {
        self.last.elapsed() >= self.after
    }

    fn commit(&mut self, standing: Standing<'_>, tally: &Tally) -> Result<(), Failed> {
        let kept = self.running.commit(standing, tally);
        self.last = Instant::now();
        kept
    }
}
