//! Alerts on their way into a report.

use std::io;
use std::sync::{Mutex, PoisonError};

use s3sentry::alert::{Alert, Level};
use s3sentry::pipeline::Tally;
use s3sentry::report::collect::Collector;
use s3sentry::rule::RuleSet;
use s3sentry::session::Output;
use s3sentry::source::Progress as ReadProgress;

use crate::commands::progress::Progress;
use crate::commands::scan::writer::{Versions, Writer};
use crate::commands::summary::Entities;

/// What is told of alerts, in the report and at the end of the run.
pub struct Gathered {
    /// For the report.
    pub collector: Collector,
    /// For the summary.
    pub entities: Entities,
    /// What this run said of alerts, with a state file.
    pub versions: Versions,
    /// Below it nothing is told.
    pub min_level: Level,
}

impl Gathered {
    /// No alert yet of these rules.
    pub fn new(set: &RuleSet, min_level: Level) -> Self {
        Self {
            collector: Collector::new(set),
            entities: Entities::new(set),
            versions: Versions::default(),
            min_level,
        }
    }

    /// Takes an alert that was kept; whether it is told.
    pub fn add(&mut self, alert: &Alert) -> bool {
        let told = alert.rule.level >= self.min_level;
        if told {
            self.collector.add(alert);
            self.entities.count(alert);
        }
        told
    }
}

/// Straight into the report, and where a scan would write them.
pub struct Straight<'w> {
    /// Where a scan would write them.
    pub writer: Writer<'w>,
    /// The report.
    pub collector: &'w mut Collector,
}

impl Output for Straight<'_> {
    fn alert(&mut self, alert: &Alert, fresh: bool, tally: &Tally) -> io::Result<()> {
        if alert.rule.level >= self.writer.min_level {
            self.collector.add(alert);
        }
        self.writer.alert(alert, fresh, tally)
    }

    fn batch(&mut self, tally: &Tally) -> io::Result<()> {
        self.writer.batch(tally)
    }

    fn settle(&mut self) -> io::Result<bool> {
        self.writer.settle()
    }
}

/// Nowhere yet: the state file has them.
pub struct Silent<'w> {
    /// What they say.
    pub versions: &'w mut Versions,
    /// What is shown meanwhile.
    pub progress: &'w Progress,
    /// How far reading is.
    pub read: &'w Mutex<ReadProgress>,
    /// How many there were.
    pub alerts: u64,
}

impl Output for Silent<'_> {
    fn alert(&mut self, alert: &Alert, fresh: bool, _: &Tally) -> io::Result<()> {
        self.versions.count(alert, fresh);
        self.alerts += u64::from(fresh);
        Ok(())
    }

    fn batch(&mut self, tally: &Tally) -> io::Result<()> {
        let read = *self.read.lock().unwrap_or_else(PoisonError::into_inner);
        self.progress.update(read, tally.lines, self.alerts);
        Ok(())
    }

    fn settle(&mut self) -> io::Result<bool> {
        // Nothing was written, so nothing has to be told again.
        Ok(false)
    }
}
