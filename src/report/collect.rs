//! From alerts, in any order, to a [`Report`].
//!
//! What of the log was read, hour by hour and bucket by bucket, was counted
//! elsewhere and comes in as [`Parts`]. No file, no clock and no output may enter
//! here.

use super::model::{
    Attention, Bucket, Count, Coverage, Levels, Previous, Report, SCHEMA, Timeline, Verdict,
};
use crate::alert::{Alert, Level, Status};
use crate::rule::{Document, RuleSet};

/// What a report tells of beside its alerts.
#[derive(Debug)]
pub struct Parts<'p> {
    /// When it is made, seconds since the Unix epoch.
    pub made: i64,
    /// Name of the file beside it that has every alert.
    pub alerts_file: String,
    /// The documents of the rules, settings applied.
    pub documents: &'p [Document],
    /// What they were compiled to.
    pub set: &'p RuleSet,
    /// Requests over time; its alerts are counted here.
    pub timeline: Timeline,
    /// Buckets, in any order; their levels and alerts are filled in here.
    pub buckets: Vec<Bucket>,
    /// Buckets for which there was no room, and their requests.
    pub buckets_left_out: Count,
    /// What was looked at.
    pub coverage: Coverage,
    /// The report before it, where this one covers what is new since.
    pub since_report: Option<Previous>,
}

/// Takes alerts, and makes a report of them.
#[derive(Debug)]
pub struct Collector {
    levels: Levels,
}

impl Collector {
    /// No alert yet of these rules.
    #[must_use]
    pub fn new(_set: &RuleSet) -> Self {
        Self {
            levels: Levels::default(),
        }
    }

    /// Adds an alert, in any order, each id once. What was withdrawn did not happen.
    pub fn add(&mut self, alert: &Alert) {
        if alert.status != Status::Withdrawn {
            self.levels.add(alert.rule.level);
        }
    }

    /// Alerts by level, so far.
    #[must_use]
    pub fn levels(&self) -> Levels {
        self.levels
    }

    /// Whether there is an alert of this level or a higher one.
    #[must_use]
    pub fn reach(&self, level: Level) -> bool {
        self.levels.worst().is_some_and(|worst| worst >= level)
    }

    /// The level and the number of the alerts that name this bucket in their key:
    /// for those who have to leave buckets out.
    #[must_use]
    pub fn bucket(&self, _name: &[u8]) -> Option<(Level, u64)> {
        None
    }

    /// The report.
    #[must_use]
    pub fn finish(self, parts: Parts<'_>) -> Report {
        Report {
            schema: SCHEMA.to_owned(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            made: parts.made,
            alerts_file: parts.alerts_file,
            verdict: Verdict {
                attention: Attention::None,
                worst: self.levels.worst(),
                levels: self.levels,
                incidents: 0,
                doubts: Vec::new(),
            },
            since_report: parts.since_report,
            incidents: Vec::new(),
            incidents_left_out: Count::default(),
            others: Vec::new(),
            others_left_out: 0,
            actors: Vec::new(),
            actors_left_out: Count::default(),
            timeline: parts.timeline,
            buckets: parts.buckets,
            buckets_left_out: parts.buckets_left_out,
            keys: Vec::new(),
            coverage: parts.coverage,
            guides: Vec::new(),
            compared: None,
        }
    }
}
