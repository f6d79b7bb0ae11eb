//! One key of a rule, as the engine sees it: what fired, and how near it came.

use hashbrown::HashMap;

use super::trace::{Best, Seen, Trace};
use crate::correlate::entry::Second;
use crate::correlate::node::Node;
use crate::rule::plan::{Correlation, Kind, Role, Rule, Stage};

/// Periods of one key that are named.
const PERIODS: usize = 100;

/// A key, as the engine knows it.
#[derive(Debug)]
pub struct Found {
    /// Hashes of the values of the group-by fields.
    pub key: Vec<u64>,
    /// Its records.
    pub records: u64,
    /// Time of the first and of the last.
    pub seen: Option<(i64, i64)>,
    /// Periods in which it fired, with time and value of the trigger.
    pub fired: Vec<(i64, (i64, u64))>,
    /// How many such periods there are.
    pub periods: u64,
    /// How near everything came.
    pub trace: Vec<Seen>,
    /// From 0 to 1.
    score: f64,
    hash: u64,
}

impl Found {
    /// Evaluates a key exactly, over all its seconds.
    #[must_use]
    pub fn new(rule: &Rule, hash: u64, seconds: &mut dyn Iterator<Item = Second<'_>>) -> Self {
        let mut found = Self {
            key: Vec::new(),
            records: 0,
            seen: None,
            fired: Vec::new(),
            periods: 0,
            trace: Vec::new(),
            score: 0.0,
            hash,
        };
        let leaves = rule.marked(Role::Counted);
        let mut node = Node::new(&rule.root);
        let mut trace = Trace::new(&rule.root);
        let mut happened = Vec::new();
        let mut last = None;
        for second in seconds {
            found.count(rule, &second, leaves);
            happened.clear();
            node.second(&rule.root, &second, None, &mut happened, &mut trace);
            let Some(happening) = happened.first() else {
                continue;
            };
            let period = rule.period_start(second.time);
            if last != Some(period) {
                last = Some(period);
                found.periods += 1;
                if found.fired.len() < PERIODS {
                    let trigger = (second.time, happening.value);
                    found.fired.push((period, trigger));
                }
            }
        }
        found.score = score(&rule.root, &mut trace.seen.iter());
        found.trace = trace.seen;
        found
    }

    fn count(&mut self, rule: &Rule, second: &Second<'_>, leaves: u64) {
        for entry in second.entries {
            if self.key.is_empty() {
                // Some mark gives it its key.
                let mark =
                    rule.root.by.iter().enumerate().find(|(mark, columns)| {
                        entry.marks >> mark & 1 == 1 && !columns.is_empty()
                    });
                let columns = mark.map(|(_, columns)| columns.iter());
                let values = columns.into_iter().flatten();
                self.key = values.map(|column| second.value(entry, *column)).collect();
            }
            if entry.marks & leaves != 0 {
                self.records += 1;
                let first = self.seen.map_or(second.time, |(first, _)| first);
                self.seen = Some((first, second.time));
            }
        }
    }

    /// Orders the worst first, and equals always in the same way.
    #[must_use]
    pub fn order(&self, other: &Self) -> std::cmp::Ordering {
        let rank = |found: &Self| (found.periods, found.records);
        other
            .score
            .total_cmp(&self.score)
            .then_with(|| rank(other).cmp(&rank(self)))
            .then_with(|| self.hash.cmp(&other.hash))
    }
}

/// How near a correlation came: 1 where it fired. What was seen of it comes
/// first, then what was seen of those below it.
fn score<'s>(plan: &Correlation, seen: &mut impl Iterator<Item = &'s Seen>) -> f64 {
    let own = seen.next();
    let below: Vec<f64> = plan
        .stages
        .iter()
        .map(|stage| match stage {
            Stage::Records(_) => 0.0,
            Stage::Firings(below) => score(below, seen),
        })
        .collect();
    let Some(own) = own else { return 0.0 };
    if own.fired {
        return 1.0;
    }
    let share = |number: usize| own.best[number].as_ref().map(progress);
    let nearest = below.iter().copied().fold(0.0, f64::max);
    let first = match &plan.kind {
        // Half a way to what is counted is less than one that is counted.
        Kind::Count(_) => share(0).unwrap_or(nearest * 0.5),
        Kind::Chain(_) => {
            let steps = own.way.as_ref().map_or(0, |furthest| furthest.way.steps);
            let next = below.get(steps).copied().unwrap_or(0.0);
            (steps as f64 + next * 0.5) / plan.stages.len() as f64
        }
    };
    let further = |from: usize, count: usize| (from..from + count).map(|n| share(n).unwrap_or(0.0));
    let and = further(1, plan.and.len());
    let any = further(1 + plan.and.len(), plan.any.len());
    let any = if plan.any.is_empty() {
        1.0
    } else {
        any.fold(0.0, f64::max)
    };
    // Nothing but what fired is whole.
    and.fold(first.min(any), f64::min) * 0.99
}

/// How much of the way a value has come.
fn progress(best: &Best) -> f64 {
    if best.met {
        return 1.0;
    }
    let value = best.reading.sum as f64 / best.reading.over as f64;
    (value / (value + best.gap)).max(1.0 / (1.0 + best.gap) * 0.5)
}

/// Texts of values, by their hashes, as many as there is room for.
#[derive(Debug)]
pub struct Texts {
    known: HashMap<u64, Vec<u8>>,
    room: usize,
    /// Whether there was no room for some.
    pub full: bool,
}

impl Texts {
    /// None yet, and room for so many bytes.
    #[must_use]
    pub fn new(room: usize) -> Self {
        Self {
            known: HashMap::new(),
            room,
            full: false,
        }
    }

    /// Remembers the text of a hash; of no value there is none.
    pub fn add(&mut self, hash: u64, text: Option<&[u8]>) {
        let Some(text) = text else { return };
        if self.known.contains_key(&hash) {
            return;
        }
        // With what the table itself takes.
        match self.room.checked_sub(text.len() + 64) {
            Some(room) => {
                self.room = room;
                self.known.insert(hash, text.to_vec());
            }
            None => self.full = true,
        }
    }

    /// A key in words.
    #[must_use]
    pub fn key(&self, names: &[String], hashes: &[u64]) -> super::Key {
        let value = |hash: &u64| match (hash, self.known.get(hash)) {
            (_, Some(text)) => Some(text.clone()),
            (0, None) => None,
            (_, None) => Some(b"(not remembered)".to_vec()),
        };
        let values = hashes.iter().map(value);
        super::Key(names.iter().cloned().zip(values).collect())
    }
}
