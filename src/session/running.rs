//! A run while it goes on: versions of alerts that are written, and commits.
//!
//! What earlier runs left is taken back before it begins, and may not enter here.

use std::collections::HashMap;
use std::sync::Arc;

use super::{ALERTS_KEPT, Failed, Output, Session, news, now, windows};
use crate::alert::Alert;
use crate::baseline::DAY;
use crate::incident::Entity;
use crate::pipeline::{Came, Listener, Standing, Tally};
use crate::source::Mark;
use crate::state::Written;
use crate::text::lossless;

/// A run over a state file that writes.
pub struct Running<'s> {
    pub(super) session: &'s mut Session,
    pub(super) output: &'s mut dyn Output,
}

impl Running<'_> {
    /// Writes a version.
    pub(super) fn write(&mut self, alert: Alert, fresh: bool, tally: &Tally) -> Result<(), Failed> {
        self.output
            .alert(&alert, fresh, tally)
            .map_err(Failed::Output)?;
        self.session.written += 1;
        self.session.versions.add(alert);
        Ok(())
    }
}

impl Listener<Failed> for Running<'_> {
    fn wants(&mut self, alert: &Alert, came: Came) -> Result<bool, Failed> {
        let Session {
            versions, state, ..
        } = &mut *self.session;
        versions.is_news(state, alert, came)
    }

    fn alert(&mut self, alert: Alert, came: Came, tally: &Tally) -> Result<(), Failed> {
        let Session {
            versions, state, ..
        } = &mut *self.session;
        match versions.next(state, alert, came)? {
            Some((alert, fresh)) => self.write(alert, fresh, tally),
            None => Ok(()),
        }
    }

    fn batch(&mut self, tally: &Tally) -> Result<(), Failed> {
        self.output.batch(tally).map_err(Failed::Output)
    }

    fn commit(&mut self, standing: Standing<'_>, tally: &Tally) -> Result<(), Failed> {
        let forgotten = standing.correlator.counts().evicted > 0;
        if self.session.versions.follows() {
            let Session {
                versions, state, ..
            } = &mut *self.session;
            let over = versions.over(state, standing.correlator.closed(), forgotten)?;
            for alert in over {
                self.write(alert, false, tally)?;
            }
        }
        let follows = self.session.follows;
        if standing.last && !follows {
            for alert in self.session.versions.gone(forgotten) {
                self.write(alert, false, tally)?;
            }
        }
        let settled = self.output.settle().map_err(Failed::Output)?;
        let Session {
            state,
            numbers,
            versions,
            stale,
            run,
            written,
            rules,
            unsettled,
            numbered,
            before,
            lines,
            kept,
            reports,
            ..
        } = &mut *self.session;
        let Standing {
            correlator,
            mut baseline,
            source,
            reached,
            last,
        } = standing;
        let marks = latest(reached.iter().filter_map(|reached| source.mark(reached)));
        let commit = state.begin()?;
        let watermark = correlator.watermark();
        if let Some(baseline) = baseline.as_mut().filter(|baseline| baseline.learns()) {
            commit.put_baseline(&baseline.delta())?;
            if watermark > i64::MIN
                && let Some((set, lateness)) = rules
                && let Some(learn) = set.learn()
            {
                commit.prune_volumes(learn.first_compared(watermark, *lateness))?;
            }
        }
        if watermark > i64::MIN {
            commit.prune_alerts(watermark - ALERTS_KEPT * DAY)?;
            commit.prune_hours(watermark - ALERTS_KEPT * DAY)?;
        }
        let intake = news::intake(tally, &correlator.counts(), source);
        let saving = correlator.save(|number| numbers.lasting(number));
        windows::save(&commit, &saving)?;
        for number in stale.drain(..) {
            commit.delete_source(number)?;
        }
        for (number, lasting) in numbers.fresh() {
            commit.put_source(lasting, &source.past(number))?;
            numbered.push(number);
        }
        for alert in versions.fresh() {
            let entity = Entity::of(&alert).map(|entity| lossless(&entity.name).into_owned());
            let incident = alert.context.incident.map(|id| format!("{id:032x}"));
            commit.put_alert(&alert, entity.as_deref().zip(incident.as_deref()))?;
            let version = Written {
                rev: alert.rev,
                status: alert.status,
            };
            if settled && !*reports {
                commit.put_written(alert.id, version)?;
            } else if !*reports {
                unsettled.push((alert.id, version));
            }
        }
        let dealt = commit.put_inputs(&marks)?;
        if let Some(listed) = source.listed() {
            let all = (last && listed.complete).then_some(i64::MAX);
            commit.put_checkpoints(&listed, all.or(dealt).unwrap_or(i64::MIN))?;
        }
        let ended = (last && !follows).then(now);
        *lines = *before + tally.lines;
        commit.put_run(*run, ended, *lines, *written)?;
        commit.put_hours(&tally.hours)?;
        let read = news::ended(reached, source, last);
        commit.add_intake(*run, &intake.since(kept).with(read))?;
        commit.commit()?;
        *kept = intake;
        saving.saved();
        if let Some(baseline) = baseline {
            baseline.committed();
        }
        Ok(())
    }
}

/// Of several marks for one input the last.
fn latest(marks: impl Iterator<Item = Mark>) -> Vec<Mark> {
    let mut all: Vec<Mark> = Vec::new();
    let mut places = HashMap::new();
    for mark in marks {
        let place = *places
            .entry((Arc::clone(&mark.bucket), mark.path.clone()))
            .or_insert(all.len());
        if place == all.len() {
            all.push(mark);
        } else {
            all[place] = mark;
        }
    }
    all
}
