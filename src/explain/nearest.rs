//! How near a key came to each condition of a rule, by the names of the rule.

use std::sync::Arc;

use super::keys::Texts;
use super::outline::{self, Outline};
use super::report::Key;
use super::trace::{self, Best, Furthest, Seen};
use crate::record::time::rfc3339;
use crate::rule::matcher::Compare;
use crate::rule::plan::{Correlation, Kind, Measure, Reading};

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
    pub key: Key,
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
    /// Of a `temporal`: its rules.
    pub rules: Option<Rules>,
}

/// The rules of a `temporal`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Those that were there.
    pub there: Vec<Arc<str>>,
    /// Those that were not.
    pub missing: Vec<Arc<str>>,
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
                rules: (aggregate.measure == Measure::Stages).then(|| rules(own, best)),
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

fn key(own: &outline::Correlation, hashes: Option<&Vec<u64>>, texts: &Texts) -> Key {
    let hashes = hashes.map(Vec::as_slice).unwrap_or_default();
    texts.key(&own.group_by, hashes)
}

fn rules(own: &outline::Correlation, best: &Best) -> Rules {
    let named = |wanted: bool| {
        let stages = own.stages.iter().enumerate();
        let stages = stages.filter(|(place, _)| best.there.contains(place) == wanted);
        stages.map(|(_, name)| Arc::clone(name)).collect()
    };
    Rules {
        there: named(true),
        missing: named(false),
    }
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
