//! Windows that go on: looked at as they stand, and left open by a run that
//! others follow.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use super::close::{self, Closing};
use super::judge::Judge;
use super::{Correlator, Raised, raise};
use crate::alert::Status;
use crate::baseline::Baseline;

impl Correlator {
    /// Gives the alerts of all periods that are not closed as they stand: what
    /// they would be if nothing more came, with [`Status::Open`], in the order of
    /// period end, rule name, key. Changes nothing.
    pub fn peek(
        &mut self,
        alerts: &mut Vec<Raised>,
        baseline: Option<&Baseline>,
    ) -> io::Result<()> {
        let set = Arc::clone(&self.set);
        let first = alerts.len();
        for ended in self.ended(i64::MAX).chunk_by(|a, b| a.0 == b.0) {
            let closings = ended.iter().filter_map(|(_, place, start)| {
                let keys = self.keys.of(*place, *start)?;
                Some(Closing::new(
                    &set,
                    &set.rules[*place],
                    *start,
                    Cow::Borrowed(keys),
                ))
            });
            let judge = Judge::new(&set, baseline);
            close::run(closings.collect(), &judge, &mut self.log, alerts)?;
        }
        for raised in &mut alerts[first..] {
            raised.alert.status = Status::Open;
        }
        Ok(())
    }

    /// A record of this time has been read, which is no later than can be
    /// believed.
    pub fn see(&mut self, time: i64) {
        self.latest = self.latest.max(time);
    }

    /// The latest of these times, in this run or an earlier one.
    #[must_use]
    pub fn latest(&self) -> Option<i64> {
        (self.latest > i64::MIN).then_some(self.latest)
    }

    /// All inputs of this run have ended, and later runs will have more: every
    /// input has reached the latest time seen ([`Correlator::see`]), in this run
    /// or an earlier one.
    pub fn reach_latest(&mut self) {
        self.reach(self.latest);
    }

    /// Gives the alerts that are told once a run: of what came too late, and that
    /// something was forgotten. Windows stay open.
    pub fn finish_run(&mut self, alerts: &mut Vec<Raised>) {
        self.late.finish(&self.set, alerts);
        alerts.extend(raise::degraded(self.untold()));
        self.forgotten = (0, None);
        for (count, earliest) in [&mut self.keys.evicted, &mut self.late.forgotten] {
            self.told_of_forgotten += std::mem::take(count);
            *earliest = None;
        }
    }

    /// What was forgotten for lack of memory and has not been told, and the time
    /// of the earliest.
    pub(super) fn untold(&self) -> (u64, Option<i64>) {
        let all = [self.forgotten, self.keys.evicted, self.late.forgotten];
        let earliest = all.iter().filter_map(|(_, earliest)| *earliest).min();
        (all.iter().map(|(count, _)| count).sum(), earliest)
    }
}
