//! The entities of a run, those with the heaviest alerts first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Entity;
use super::story::Story;
use crate::alert::{Alert, Status};
use crate::record::Field;
use crate::rule::RuleSet;
use crate::settings::Settings;

/// Entities that are held at once. Callers choose addresses, and there are many;
/// with a name of each kind one takes 1.6 KB, so all of them 40 MB.
const MOST: usize = 25_000;

/// Alerts by whom they are about.
#[derive(Debug)]
pub struct Ranking {
    stories: BTreeMap<Entity, Story>,
    most: usize,
    dropped: u64,
    nameless: u64,
    /// Names of the rules that add up bytes that went out.
    sums: BTreeSet<String>,
    settings: Arc<Settings>,
}

impl Ranking {
    /// No alert yet of these rules.
    #[must_use]
    pub fn new(set: &RuleSet) -> Self {
        Self::with_most(set, MOST)
    }

    fn with_most(set: &RuleSet, most: usize) -> Self {
        Self {
            stories: BTreeMap::new(),
            most,
            dropped: 0,
            nameless: 0,
            sums: sums(set),
            settings: Arc::clone(&set.settings),
        }
    }

    /// Adds an alert, each id once. What was withdrawn did not happen.
    pub fn add(&mut self, alert: &Alert) {
        if alert.status == Status::Withdrawn {
            return;
        }
        let Some(entity) = Entity::of(alert) else {
            self.nameless += 1;
            return;
        };
        if self.stories.len() >= self.most && !self.stories.contains_key(&entity) {
            self.make_room();
        }
        let sums = self.sums.contains(&alert.rule.name);
        // A key is moved into the map and still needed.
        let known = entity.clone();
        let story = self
            .stories
            .entry(known)
            .or_insert_with(|| Story::new(alert));
        story.add(&entity, alert, sums, &self.settings);
    }

    /// Drops the eighth that weighs least.
    fn make_room(&mut self) {
        let ranked = self.ranked();
        let kept = self.most - self.most.div_ceil(8);
        let least: Vec<Entity> = ranked[kept.min(ranked.len())..]
            .iter()
            .map(|(entity, _)| (*entity).clone())
            .collect();
        for entity in least {
            self.stories.remove(&entity);
            self.dropped += 1;
        }
    }

    /// All entities, the heaviest first; of equal weight the one with the higher
    /// level, then the one with more alerts, then by kind and name.
    #[must_use]
    pub fn ranked(&self) -> Vec<(&Entity, &Story)> {
        let mut all: Vec<_> = self.stories.iter().collect();
        all.sort_by_cached_key(|(entity, story)| {
            (
                Reverse((story.weight(), story.level, story.alerts)),
                (*entity).clone(),
            )
        });
        all
    }

    /// How many alerts name neither anybody nor a bucket.
    #[must_use]
    pub fn nameless(&self) -> u64 {
        self.nameless
    }

    /// How many times an entity was dropped for lack of room, the least weight
    /// first. One that came back was counted anew from there.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

/// Names of the rules that add up bytes that went out.
#[must_use]
pub fn sums(set: &RuleSet) -> BTreeSet<String> {
    let sums = set.rules.iter().filter(|rule| {
        let field = set.summed(rule);
        matches!(field, Some(Field::BytesOut | Field::BytesSent))
    });
    sums.map(|rule| rule.info.name.clone()).collect()
}

#[cfg(test)]
mod tests;
