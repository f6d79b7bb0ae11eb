//! One rule over the records of one key: the exact meaning of a correlation, as
//! `docs/correlations.md` says it.
//!
//! Records come here in order of time and each only once, second by second.
//! Which key it is, and whether it was worth the look, may not matter here.

use std::sync::Arc;

use super::distinct::Counter;
use super::entry::{Entry, Second};
use super::evidence::{Firsts, Seen};
use super::hours::Compared;
use super::judge::Hours;
use super::node::Node;
use crate::alert::Distinct;
use crate::rule::plan::{Aggregate, Correlation, Kind, Measure, Role, Rule, Stage};
use crate::rule::set::Bits;

/// What a key did in a period.
#[derive(Debug, Clone, PartialEq)]
pub struct Firing {
    /// Time and value of the earliest firing.
    pub trigger: (i64, u64),
    /// The key's records in (period start - timespan, period end).
    pub count: u64,
    /// Distinct values of them, where the rule counts values.
    pub distinct: Option<Distinct>,
    /// Their sum, where the rule adds them up.
    pub sum: Option<u64>,
    /// Time of the first.
    pub first_seen: i64,
    /// Time of the last.
    pub last_seen: i64,
    /// The hour that was more than usual, where that is what the rule fired for.
    pub compared: Option<Compared>,
    /// The first of the records, of each kind one, at most as many as the rule
    /// shows; in order of time but for what completed a chain, which is last.
    pub records: Vec<Seen>,
}

/// A rule over one key in one period.
#[derive(Debug)]
pub struct Evaluator {
    period: (i64, i64),
    leaves: u64,
    /// Gone when nothing can change any more.
    node: Option<Node>,
    trigger: Option<(i64, u64)>,
    count: u64,
    distinct: Option<Counter>,
    sum: Option<u128>,
    seen: Option<(i64, i64)>,
    /// The marks that tell kinds of records apart.
    kinds: u64,
    firsts: Firsts,
    /// The hour that was more than usual.
    compared: Option<Compared>,
    /// The record that completed a chain: others of its kind may have come
    /// before the chain began.
    completed: Option<Seen>,
}

impl Evaluator {
    /// Nothing has been seen yet.
    #[must_use]
    pub fn new(rule: &Rule, period_start: i64, usual: Hours) -> Self {
        let main = main_of(&rule.root);
        let measures = |measure| main.is_some_and(|main| main.measure == measure);
        Self {
            period: (period_start, period_start + rule.period),
            leaves: rule.marked(Role::Counted),
            // Whatever one record decides needs no windows.
            node: (!rule.is_single_event()).then(|| Node::beside(&rule.root, &Arc::new(usual))),
            trigger: None,
            count: 0,
            distinct: measures(Measure::Values).then(Counter::default),
            sum: (measures(Measure::Sum) || measures(Measure::Average)).then_some(0),
            seen: None,
            kinds: rule.marked(Role::Counted) | rule.marked(Role::Aggregate),
            firsts: Firsts::new(rule.evidence),
            compared: None,
            completed: None,
        }
    }

    /// Takes all records of one second, later than those before.
    pub fn second(&mut self, rule: &Rule, second: &Second<'_>) {
        let time = second.time;
        let covered = time > self.period.0 - rule.timespan();
        if covered {
            self.count(rule, second);
        }
        let in_period = time >= self.period.0;
        let Some(node) = &mut self.node else {
            if rule.is_single_event() && in_period && self.trigger.is_none() {
                let records = second.entries.iter().filter(|e| e.marks & self.leaves != 0);
                self.trigger = Some((time, records.count() as u64));
            }
            return;
        };
        // Values of firings are known only here; those of records are counted above.
        let firings = !rule.root.counts_records();
        let values = self.distinct.as_mut().filter(|_| firings && covered);
        let mut happened = Vec::new();
        node.second(&rule.root, second, values, &mut happened, &mut ());
        if in_period
            && self.trigger.is_none()
            && let Some(happening) = happened.first()
        {
            self.trigger = Some((time, happening.value));
            // What fired before the period began is no reason any more.
            let start = time - rule.timespan();
            let compared = node.compared().filter(|(at, _)| *at > start);
            self.compared = compared.map(|(_, compared)| compared);
            let last = last_step(&rule.root);
            let completes = |entry: &&Entry| entry.marks & last != 0;
            self.completed = second.entries.iter().find(completes).map(|e| self.shown(e));
            // The rest of the period is only counted.
            if !(firings && self.distinct.is_some()) {
                self.node = None;
            }
        }
    }

    /// Remembers where records lie that are among the first.
    fn remember(&mut self, rule: &Rule, second: &Second<'_>) {
        let fired = self.trigger.map_or(second.time, |(time, _)| time);
        let from = fired - rule.root.horizon() + 1;
        let counted = |entry: &&Entry| entry.marks & self.leaves != 0;
        let counted = second.entries.iter().filter(counted);
        let marks = counted.clone().fold(0, |marks, entry| marks | entry.marks);
        if !self.firsts.wants(marks & self.kinds, from) {
            return;
        }
        // Within a second a reader wants them as they stand in the log.
        let mut records: Vec<Seen> = counted.map(|entry| self.shown(entry)).collect();
        records.sort_unstable_by_key(|record| record.place);
        for record in records {
            self.firsts.add(record, from);
        }
    }

    fn count(&mut self, rule: &Rule, second: &Second<'_>) {
        let firings = !rule.root.counts_records();
        let main = main_of(&rule.root);
        self.remember(rule, second);
        for entry in second.entries {
            let marks = entry.marks & self.leaves;
            let Some(mark) = Bits(marks).next() else {
                continue;
            };
            self.count += 1;
            let first = self.seen.map_or(second.time, |(first, _)| first);
            self.seen = Some((first, second.time));
            let Some(main) = main.filter(|_| !firings) else {
                continue;
            };
            if let Some(distinct) = &mut self.distinct {
                distinct.add(second.value(entry, main.column[mark]));
            }
            if let Some(sum) = &mut self.sum {
                let value = second.value(entry, main.column[mark]);
                *sum += u128::from(value.saturating_sub(1));
            }
        }
    }

    /// What came of it, if the rule fired.
    #[must_use]
    pub fn finish(self) -> Option<Firing> {
        let trigger = self.trigger?;
        let (first_seen, last_seen) = self.seen?;
        Some(Firing {
            trigger,
            count: self.count,
            distinct: self.distinct.map(|distinct| distinct.count()),
            sum: self.sum.map(|sum| u64::try_from(sum).unwrap_or(u64::MAX)),
            first_seen,
            last_seen,
            compared: self.compared,
            records: self.firsts.with(self.completed),
        })
    }

    fn shown(&self, entry: &Entry) -> Seen {
        Seen {
            place: entry.place,
            time: entry.time,
            identity: entry.identity,
            marks: entry.marks & self.kinds,
            line: None,
        }
    }
}

/// The marks of the last step of a chain.
fn last_step(correlation: &Correlation) -> u64 {
    match (&correlation.kind, correlation.stages.last()) {
        (Kind::Chain(_), Some(Stage::Records(mark))) => 1 << mark,
        (Kind::Chain(_), Some(Stage::Firings(below))) => below.leaves,
        _ => 0,
    }
}

fn main_of(correlation: &Correlation) -> Option<&Aggregate> {
    match &correlation.kind {
        Kind::Count(main) => Some(main),
        Kind::Chain(_) => None,
    }
}
