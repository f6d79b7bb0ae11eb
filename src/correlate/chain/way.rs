//! How far a chain has come, for somebody who looks on.
//!
//! Nothing is decided here: what is told was found by the chain itself.

use super::{Before, Links};
use crate::correlate::entry::{Entry, Second};
use crate::correlate::probe::{Refusal, Way};
use crate::rule::plan::{Chain, Correlation, Kind, Stage};

/// First steps that are looked at for a reason to show.
const LATEST: usize = 8;

impl Links {
    /// How far the chain has come in this second, which has been taken.
    pub fn way(
        &self,
        plan: &Correlation,
        second: &Second<'_>,
        records: &[(usize, Entry)],
        before: &Before,
    ) -> Way {
        let Kind::Chain(chain) = &plan.kind else {
            return Way::default();
        };
        if chain.different.is_some() || chain.none_before.is_some() {
            let refusals = records
                .iter()
                .filter_map(|record| self.refused(plan, chain, second, record, before));
            return Way {
                steps: usize::from(!self.first.is_empty()),
                begin: self.first.back().map(|first| first.time),
                refusal: refusals.max(),
            };
        }
        let oldest = second.time - chain.timespan;
        let begun = |(_, start): &(usize, &Option<i64>)| start.is_some_and(|at| at > oldest);
        let furthest = self.done.iter().enumerate().rfind(begun);
        Way {
            steps: furthest.map_or(0, |(step, _)| step + 1),
            begin: furthest.and_then(|(_, start)| *start),
            refusal: None,
        }
    }

    /// Why a record of the second step follows none of the latest first ones.
    fn refused(
        &self,
        plan: &Correlation,
        chain: &Chain,
        second: &Second<'_>,
        record: &(usize, Entry),
        before: &Before,
    ) -> Option<Refusal> {
        let [stage, Stage::Records(last)] = &plan.stages[..] else {
            return None;
        };
        if record.1.marks >> last & 1 == 0 {
            return None;
        }
        let times = chain.times(second, &record.1, before);
        let latest = self.first.iter().rev().take(LATEST);
        latest
            .filter_map(|first| self.refusal(chain, stage, first, second, record, times))
            .max()
    }
}
