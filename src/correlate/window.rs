//! One rule over the records of one key: the exact meaning of a correlation.
//!
//! A rule fires at time t if the records of its key with time in (t - W, t]
//! meet the condition, t being the time of one of them. Conditions are looked
//! at once per whole second, with all records of that second. Records come here
//! in order of time and each only once; who the key is may not matter here.

use std::collections::{BTreeSet, VecDeque};

use hashbrown::HashMap;

use super::distinct::Counter;
use crate::alert::Distinct;
use crate::rule::set::{Aggregate, Measure, Rule};

/// One record of a key, as far as one rule cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry<const N: usize> {
    /// Hash of the key.
    pub key: u64,
    /// Seconds since the Unix epoch.
    pub time: i64,
    /// Tells the record from others of the same second.
    pub identity: u64,
    /// Which aggregates of the rule count it, a bit each.
    pub counted: u32,
    /// The value that each aggregate counts by; zero where it has none.
    pub values: [u64; N],
}

/// What a key did in a period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Firing {
    /// Time and value of the earliest firing.
    pub trigger: (i64, u64),
    /// The key's records in (period start - timespan, period end).
    pub count: u64,
    /// Distinct values of them, where the rule counts values.
    pub distinct: Option<Distinct>,
    /// Time of the first.
    pub first_seen: i64,
    /// Time of the last.
    pub last_seen: i64,
}

/// A count over a window that slides.
#[derive(Debug, Default)]
struct Window {
    events: VecDeque<(i64, u64)>,
    total: u64,
    /// When each value came last: no more of them than there are values, for a
    /// key may come with the same few all day long.
    latest: HashMap<u64, i64>,
    /// The same, oldest first.
    values: BTreeSet<(i64, u64)>,
}

impl Window {
    fn add(&mut self, aggregate: &Aggregate, time: i64, value: u64) {
        match aggregate.measure {
            Measure::Events => {
                match self.events.back_mut() {
                    Some((last, count)) if *last == time => *count += 1,
                    _ => self.events.push_back((time, 1)),
                }
                self.total += 1;
            }
            Measure::Values(_) if value != crate::record::hash::NO_VALUE => {
                let before = self.latest.insert(value, time);
                if before != Some(time) {
                    before.map(|before| self.values.remove(&(before, value)));
                    self.values.insert((time, value));
                }
            }
            Measure::Values(_) => {}
        }
    }

    /// Forgets what is older than the window that ends at `time`; the count.
    fn slide(&mut self, aggregate: &Aggregate, time: i64) -> u64 {
        let start = time - aggregate.timespan;
        while let Some((_, count)) = self.events.pop_front_if(|(at, _)| *at <= start) {
            self.total -= count;
        }
        while let Some((at, value)) = self.values.first().copied()
            && at <= start
        {
            self.values.pop_first();
            self.latest.remove(&value);
        }
        match aggregate.measure {
            Measure::Events => self.total,
            Measure::Values(_) => self.values.len() as u64,
        }
    }
}

/// A rule over one key in one period.
#[derive(Debug)]
pub struct Evaluator {
    period: (i64, i64),
    windows: Vec<Window>,
    trigger: Option<(i64, u64)>,
    count: u64,
    distinct: Option<Counter>,
    seen: Option<(i64, i64)>,
}

impl Evaluator {
    /// Nothing has been seen yet.
    #[must_use]
    pub fn new(rule: &Rule, period_start: i64) -> Self {
        // Whatever one record decides needs no window.
        let windows = if rule.is_single_event() {
            0
        } else {
            rule.aggregates().count()
        };
        Self {
            period: (period_start, period_start + rule.period),
            windows: (0..windows).map(|_| Window::default()).collect(),
            trigger: None,
            count: 0,
            distinct: rule.main.measure.slot().map(|_| Counter::default()),
            seen: None,
        }
    }

    /// Takes all records of one second, later than those before.
    pub fn second<const N: usize>(&mut self, rule: &Rule, entries: &[Entry<N>]) {
        let Some(time) = entries.first().map(|entry| entry.time) else {
            return;
        };
        if time > self.period.0 - rule.timespan {
            self.count += entries.len() as u64;
            let first = self.seen.map_or(time, |(first, _)| first);
            self.seen = Some((first, time));
            if let Some(distinct) = &mut self.distinct {
                for entry in entries {
                    distinct.add(entry.values[0]);
                }
            }
        }
        let in_period = time >= self.period.0;
        if self.windows.is_empty() {
            if in_period && self.trigger.is_none() {
                self.trigger = Some((time, entries.len() as u64));
            }
            return;
        }
        // Once it has fired, the rest of the period is only counted.
        if self.trigger.is_some() {
            return;
        }
        let mut counts = [0; N];
        for (place, (aggregate, window)) in rule.aggregates().zip(&mut self.windows).enumerate() {
            for entry in entries
                .iter()
                .filter(|entry| entry.counted >> place & 1 != 0)
            {
                window.add(aggregate, time, entry.values[place]);
            }
            counts[place] = window.slide(aggregate, time);
        }
        if in_period && fires(rule, &counts) {
            self.trigger = Some((time, counts[0]));
            self.windows
                .iter_mut()
                .for_each(|window| *window = Window::default());
        }
    }

    /// What it came to, if the rule fired in the period.
    #[must_use]
    pub fn finish(self) -> Option<Firing> {
        let (first_seen, last_seen) = self.seen?;
        Some(Firing {
            trigger: self.trigger?,
            count: self.count,
            distinct: self.distinct.map(|counter| counter.count()),
            first_seen,
            last_seen,
        })
    }
}

/// Whether the counts of a rule's aggregates, in their order, make it fire.
#[must_use]
pub fn fires(rule: &Rule, counts: &[u64]) -> bool {
    let mut counts = counts.iter().copied();
    let mut holds = |aggregate: &Aggregate| {
        counts
            .next()
            .is_some_and(|count| aggregate.condition.holds(count))
    };
    let main = holds(&rule.main);
    // Every one is asked, so that each gets its own count.
    let and = rule
        .and
        .iter()
        .map(&mut holds)
        .fold(true, |all, holds| all & holds);
    let any = rule
        .any
        .iter()
        .map(holds)
        .fold(rule.any.is_empty(), |any, holds| any | holds);
    main && and && any
}

/// Feeds the records of one key, in order of time, second by second.
pub fn feed<const N: usize>(evaluator: &mut Evaluator, rule: &Rule, entries: &[Entry<N>]) {
    for second in entries.chunk_by(|a, b| a.time == b.time) {
        evaluator.second(rule, second);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::matcher::Compare;
    use crate::rule::set::Condition;

    #[test]
    fn a_window_holds_each_value_once() {
        let aggregate = Aggregate {
            measure: Measure::Values(0),
            selections: Vec::new(),
            timespan: 100,
            condition: Condition {
                predicates: vec![(Compare::AtLeast, 9)],
            },
        };
        let mut window = Window::default();
        for time in 0..10_000 {
            window.add(&aggregate, time, 1 + time as u64 % 3);
            window.add(&aggregate, time, 1 + time as u64 % 3);
            assert_eq!(window.slide(&aggregate, time), 3.min(time as u64 + 1));
        }
        assert_eq!((window.values.len(), window.latest.len()), (3, 3));
        // Each of them 100 seconds after it came last, and no sooner.
        assert_eq!(window.slide(&aggregate, 10_096), 3);
        assert_eq!(window.slide(&aggregate, 10_097), 2);
        assert_eq!(window.slide(&aggregate, 10_099), 0);
        assert_eq!((window.values.len(), window.latest.len()), (0, 0));
    }
}
