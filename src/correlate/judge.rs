//! What a baseline says of the records that are evaluated.
//!
//! Asked when a period is over, about the baseline as it stood before the first
//! second that the period depends on: then all that belongs to it has come, and
//! the answer is the same however the records came.

use std::io;

use crate::baseline::volume::Usual;
use crate::baseline::{self, Baseline, HOUR, Novelty};
use crate::observation::Observation;
use crate::rule::plan::{Correlation, Rule, Stage};
use crate::rule::set::{Learn, RuleSet};

/// A set and what is normal.
#[derive(Debug, Clone, Copy)]
pub struct Judge<'j> {
    set: &'j RuleSet,
    known: Option<(&'j Learn, &'j Baseline)>,
}

impl<'j> Judge<'j> {
    /// Without a baseline nothing is learned.
    #[must_use]
    pub fn new(set: &'j RuleSet, baseline: Option<&'j Baseline>) -> Self {
        Self {
            set,
            known: set.learn().zip(baseline),
        }
    }

    /// The set.
    #[must_use]
    pub fn set(&self) -> &'j RuleSet {
        self.set
    }

    /// How many selections there are.
    #[must_use]
    pub fn selection_count(&self) -> usize {
        self.set.selection_count()
    }

    /// Whether a record matches a selection, as things stood before a day.
    #[must_use]
    pub fn matches(&self, selection: usize, observation: Observation<'_>, reference: i32) -> bool {
        self.set.resolve(selection, observation, &mut |dimension| {
            let Some((learn, baseline)) = self.known else {
                return Novelty::Unlearned;
            };
            let known = &baseline.lessons().dimensions[dimension];
            match learn.keys(dimension, observation) {
                (Some(entity), Some(value)) => baseline.novelty(known, entity, value, reference),
                // Nothing is not new.
                (Some(_), None) => Novelty::Known,
                (None, _) => Novelty::Unlearned,
            }
        })
    }

    /// What the hours of a key usually come to, from a time to before another
    /// one; for each correlation of a rule that asks.
    pub fn usual(&self, rule: &Rule, key: u64, (from, until): (i64, i64)) -> io::Result<Hours> {
        let mut hours = Hours::default();
        if let Some((learn, baseline)) = self.known {
            let mut asked = Vec::new();
            series(&rule.root, &mut asked);
            for place in asked {
                let id = baseline.lessons().series[place].id;
                let entity = learn.entity(place, key);
                for hour in from.div_euclid(HOUR)..=(until - 1).div_euclid(HOUR) {
                    if let Some(usual) = baseline.usual(id, entity, hour)? {
                        hours.known.push((place, hour, usual));
                    }
                }
            }
        }
        Ok(hours)
    }
}

/// Places of the series that a correlation asks for, each once.
fn series(correlation: &Correlation, asked: &mut Vec<usize>) {
    if let Some(place) = correlation.usual.and_then(|usual| usual.series)
        && !asked.contains(&place)
    {
        asked.push(place);
    }
    for stage in &correlation.stages {
        if let Stage::Firings(below) = stage {
            series(below, asked);
        }
    }
}

/// What the hours of one key usually come to.
#[derive(Debug, Clone, Default)]
pub struct Hours {
    known: Vec<(usize, i64, Usual)>,
}

impl Hours {
    /// Nothing where too little is known of the hour.
    #[must_use]
    pub fn of(&self, series: usize, hour: i64) -> Option<Usual> {
        let known = self.known.iter();
        let mut known = known.filter(|(of, at, _)| (*of, *at) == (series, hour));
        known.next().map(|(_, _, usual)| *usual)
    }
}

/// The day before which things stand for a period that depends on nothing before
/// this time.
#[must_use]
pub fn reference(from: i64) -> i32 {
    baseline::day(from)
}
