//! One key of a rule: what fired, and how near everything else came.

use std::sync::Arc;

use hashbrown::HashMap;

use super::outline::{self, Outline};
use super::trace::{self, Best, Furthest, Seen, Trace};
use crate::correlate::entry::Second;
use crate::correlate::node::Node;
use crate::record::time::rfc3339;
use crate::rule::matcher::Compare;
use crate::rule::plan::{Correlation, Kind, Reading, Role, Rule, Stage};

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

/// How near one condition came.
#[derive(Debug, Clone, PartialEq)]
pub struct Nearest {
    /// The correlation that asks for it.
    pub rule: Arc<str>,
    /// `own`, `and 1`, `any 2`, or `chain`.
    pub part: String,
    /// What it asks for.
    pub words: Arc<str>,
    /// Key of that correlation, where it is finer than the rule's.
    pub key: super::Key,
    /// Whether it held at any time.
    pub met: bool,
    /// How near.
    pub moment: Option<Moment>,
}

/// A moment at which something came nearest.
#[derive(Debug, Clone, PartialEq)]
pub enum Moment {
    /// A value in a window.
    Value(Valued),
    /// Steps of a chain.
    Steps(Steps),
}

/// A value in a window.
#[derive(Debug, Clone, PartialEq)]
pub struct Valued {
    /// The value.
    pub reading: Reading,
    /// The number that it must reach, where there is one such number.
    pub of: Option<u64>,
    /// How far it is from what it must be.
    pub short: f64,
    /// The window: later than the first, up to the second.
    pub window: (i64, i64),
    /// Rules that were there, and those that were not.
    pub there: Option<(Vec<Arc<str>>, Vec<Arc<str>>)>,
}

/// Steps of a chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Steps {
    /// How many there were.
    pub reached: usize,
    /// Of how many.
    pub of: usize,
    /// When the first happened, and when the last that did.
    pub times: (i64, i64),
    /// What would have been the next.
    pub next: Option<Arc<str>>,
    /// Why what there was of it does not count.
    pub refused: Option<String>,
}

/// How near everything came, in the order of the outline.
pub fn nearest(
    outline: &Outline,
    root: &Correlation,
    seen: &[Seen],
    texts: &Texts,
) -> Vec<Nearest> {
    let mut all = Vec::new();
    let plans = trace::flat(root).into_iter();
    for ((own, plan), seen) in outline.correlations.iter().zip(plans).zip(seen) {
        if let Kind::Chain(_) = &plan.kind {
            let furthest = seen.way.as_ref();
            all.push(Nearest {
                rule: Arc::clone(&own.label),
                part: "chain".to_owned(),
                words: own.stages.join(", then ").into(),
                key: key(own, furthest.map(|furthest| &furthest.key), texts),
                met: furthest.is_some_and(|furthest| furthest.way.steps == own.stages.len()),
                moment: furthest.map(|furthest| Moment::Steps(steps(own, furthest))),
            });
        }
        for clause in &own.clauses {
            let best = seen.best[clause.number].as_ref();
            let Some(aggregate) = trace::aggregate(plan, clause.number) else {
                continue;
            };
            let valued = |best: &Best| Valued {
                reading: best.reading,
                of: match aggregate.condition.predicates[..] {
                    [(Compare::AtLeast, number)] => Some(number),
                    [(Compare::More, number)] => Some(number.saturating_add(1)),
                    _ => None,
                },
                short: best.gap,
                window: (best.time - aggregate.timespan, best.time),
                there: (aggregate.measure == crate::rule::plan::Measure::Stages).then(|| {
                    let stages = own.stages.iter().enumerate();
                    let (there, missing): (Vec<_>, Vec<_>) =
                        stages.partition(|(place, _)| best.there.contains(place));
                    let names = |stages: Vec<(usize, &Arc<str>)>| {
                        let names = stages.into_iter().map(|(_, name)| Arc::clone(name));
                        names.collect()
                    };
                    (names(there), names(missing))
                }),
            };
            all.push(Nearest {
                rule: Arc::clone(&own.label),
                part: clause.part.clone(),
                words: Arc::clone(&clause.words),
                key: key(own, best.map(|best| &best.key), texts),
                met: best.is_some_and(|best| best.met),
                moment: best.map(valued).map(Moment::Value),
            });
        }
    }
    all
}

/// Correlations whose conditions all held at some time, but never in the same
/// second.
pub fn apart(outline: &Outline, root: &Correlation, seen: &[Seen]) -> Vec<Arc<str>> {
    let plans = trace::flat(root).into_iter();
    let all = outline.correlations.iter().zip(plans).zip(seen);
    let apart = all.filter(|((own, plan), seen)| {
        let met = |number: usize| seen.best[number].as_ref().is_some_and(|best| best.met);
        let first = match &plan.kind {
            Kind::Count(_) => met(0),
            Kind::Chain(_) => {
                let steps = seen.way.as_ref().map_or(0, |furthest| furthest.way.steps);
                steps == own.stages.len()
            }
        };
        let (and, any) = (1..=plan.and.len(), plan.and.len() + 1..seen.best.len());
        let any = plan.any.is_empty() || any.into_iter().any(met);
        !seen.fired && first && and.into_iter().all(met) && any
    });
    apart.map(|((own, _), _)| Arc::clone(&own.label)).collect()
}

fn key(own: &outline::Correlation, hashes: Option<&Vec<u64>>, texts: &Texts) -> super::Key {
    let hashes = hashes.map(Vec::as_slice).unwrap_or_default();
    texts.key(&own.group_by, hashes)
}

fn steps(own: &outline::Correlation, furthest: &Furthest) -> Steps {
    let way = &furthest.way;
    let different = own.different.map(crate::record::Field::name);
    let refused = way
        .refusal
        .map(|refusal| trace::refusal_words(refusal, different.unwrap_or_default(), rfc3339));
    Steps {
        reached: way.steps,
        of: own.stages.len(),
        times: (way.begin.unwrap_or(furthest.time), furthest.time),
        next: own.stages.get(way.steps).cloned(),
        refused: refused.filter(|_| way.steps < own.stages.len()),
    }
}
