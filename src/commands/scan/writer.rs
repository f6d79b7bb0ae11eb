//! Where the alerts of a scan go, and who is told of them.

use std::fs::File;
use std::io;
use std::sync::{Mutex, PoisonError};

use s3sentry::alert::{Alert, Level, Status};
use s3sentry::pipeline::Tally;
use s3sentry::session;
use s3sentry::sink::Sink;
use s3sentry::source::Progress as ReadProgress;

use crate::commands::progress::Progress;
use crate::commands::summary::Entities;

/// Versions of alerts, by what they say.
#[derive(Debug, Default)]
pub struct Versions {
    /// Of periods that go on.
    pub open: u64,
    /// Final ones that were told before as they stood.
    pub closed: u64,
    /// Those that were told before and hold no longer.
    pub withdrawn: u64,
}

impl Versions {
    /// Counts one; `fresh` where it says more than what was told of it before.
    pub fn count(&mut self, alert: &Alert, fresh: bool) {
        match alert.status {
            Status::Open => self.open += 1,
            Status::Withdrawn => self.withdrawn += 1,
            Status::Closed => self.closed += u64::from(!fresh),
        }
    }
}

/// Where alerts go, and who is told of them.
pub struct Writer<'w> {
    /// Writes.
    pub sink: Box<dyn Sink + 'w>,
    /// Whom they are about.
    pub entities: &'w mut Entities,
    /// What they say.
    pub versions: &'w mut Versions,
    /// What is shown meanwhile.
    pub progress: &'w Progress,
    /// How far reading is.
    pub read: &'w Mutex<ReadProgress>,
    /// Below it nothing is written.
    pub min_level: Level,
    /// The file that grows, where it is on a disk.
    pub file: Option<&'w File>,
    /// Whether what is flushed stays.
    pub settles: bool,
    /// Whether alerts wait in a buffer.
    pub unseen: bool,
}

impl session::Output for Writer<'_> {
    fn alert(&mut self, alert: &Alert, fresh: bool, _: &Tally) -> io::Result<()> {
        if alert.rule.level < self.min_level {
            return Ok(());
        }
        self.versions.count(alert, fresh);
        self.unseen = true;
        if fresh {
            self.entities.count(alert);
        }
        let sink = &mut self.sink;
        self.progress.suspend(|| sink.alert(alert))
    }

    fn batch(&mut self, tally: &Tally) -> io::Result<()> {
        let read = *self.read.lock().unwrap_or_else(PoisonError::into_inner);
        self.progress
            .update(read, tally.lines, self.entities.alerts());
        if !std::mem::take(&mut self.unseen) {
            return Ok(());
        }
        let sink = &mut self.sink;
        self.progress.suspend(|| sink.flush())
    }

    fn settle(&mut self) -> io::Result<bool> {
        self.sink.flush()?;
        if let Some(file) = self.file {
            file.sync_data()?;
        }
        Ok(self.settles)
    }
}
