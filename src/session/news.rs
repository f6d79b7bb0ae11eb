//! What has come since the last report, whoever found it, and what a run adds to
//! that with each commit.

use std::collections::BTreeSet;

use super::{Failed, Session};
use crate::alert::Alert;
use crate::correlate::{self, Correlator};
use crate::pipeline::{BlockSource, Hours, Tally};
use crate::sink;
use crate::source::Progressed;
use crate::state::Intake;

/// What has come since the last report, alerts apart.
#[derive(Debug, Clone)]
pub struct Unreported {
    /// When that was made, seconds since the Unix epoch; none where there was none.
    pub made: Option<i64>,
    /// Runs that read anything since.
    pub runs: u64,
    /// What they read, as of their last commits.
    pub intake: Intake,
    /// Requests by bucket and hour. Hours that the report told of are among them, from
    /// seven days before the first that is new to the last one: as cells of nothing,
    /// which say that there was something.
    pub hours: Hours,
}

impl Session {
    /// What has come since the last report: of earlier runs and of this one, as of
    /// its last commit.
    pub fn unreported(&self) -> Result<Unreported, Failed> {
        let since = self.state.since_report()?;
        Ok(Unreported {
            made: since.made,
            runs: since.runs,
            intake: since.intake,
            hours: self.state.unreported_hours()?,
        })
    }

    /// Calls for every alert that the last report does not have as it stands, with its
    /// JSON as `docs/alert.schema.json` says: by end of period, rule and key. That an
    /// alert is final is no news; that one holds no longer which a report has told of
    /// is, and its status says so. The first error ends it.
    pub fn unreported_alerts<E: From<Failed>>(
        &self,
        mut each: impl FnMut(Alert, &str) -> Result<(), E>,
    ) -> Result<(), E> {
        let told = self.state.each_unreported(|id, json| {
            let alert = sink::read::alert(json);
            let damaged = |error| self.state.corrupt(format!("alert {id}: {error}"));
            let alert = alert.map_err(|error| Failed::from(damaged(error)))?;
            each(alert, json)
        });
        told.map_err(Failed::from)?
    }

    /// Notes that a report was made, at a time in seconds since the Unix epoch, of all
    /// that [`Session::unreported`] and [`Session::unreported_alerts`] give.
    pub fn reported(&mut self, made: i64) -> Result<(), Failed> {
        let commit = self.state.begin()?;
        commit.put_reported(made)?;
        Ok(commit.commit()?)
    }
}

/// What a run has read so far, but for the inputs that it has read to their end.
pub fn intake(tally: &Tally, counts: &correlate::Counts, source: &dyn BlockSource) -> Intake {
    let inputs = source.counts();
    Intake {
        lines: tally.lines - tally.taken - tally.outside,
        bytes: tally.bytes,
        malformed: tally.malformed,
        ambiguous: tally.ambiguous,
        undated: tally.undated,
        late: counts.late,
        evicted: counts.evicted,
        read: 0,
        skipped: inputs.skipped(),
        failed: inputs.failed,
        span: tally.hours.span(),
    }
}

/// How many inputs have been dealt with to their end since the last commit. Some of
/// those that are read already may not be among them.
pub fn ended(reached: &[Progressed], source: &dyn BlockSource, last: bool) -> u64 {
    let done = reached.iter().filter(|reached| reached.done);
    let done: BTreeSet<u32> = done.map(|reached| reached.source).collect();
    let waiting = if last { source.counts().waiting } else { 0 };
    done.len() as u64 + waiting
}

/// What windows that were just taken back have counted already.
pub fn of_windows(correlator: &Correlator) -> Intake {
    let counts = correlator.counts();
    Intake {
        late: counts.late,
        evicted: counts.evicted,
        ..Intake::default()
    }
}

/// Where all but the windows is counted from the beginning once more.
pub fn again(kept: Intake) -> Intake {
    Intake {
        late: kept.late,
        evicted: kept.evicted,
        ..Intake::default()
    }
}
