//! What records teach, and what a baseline decides of their observations.
//!
//! Which selections teach and in which slots the values stand was found when
//! the rules were compiled; what is learned and what is known is
//! [`crate::baseline`]'s business.

use std::sync::Arc;

use super::Selection;
use crate::baseline::notes::{Gather, Notes, Seen};
use crate::baseline::{self, HOUR, Lessons, Novelty, volume};
use crate::observation::{Observation, Observations};
use crate::rule::plan::{Correlation, Rule, Stage};

/// What a selection is for each answer of a baseline.
#[derive(Debug, Clone)]
pub struct Cases {
    /// Places of the dimensions that are asked.
    pub dimensions: Vec<usize>,
    /// The selection for each combination of answers, those of the first
    /// dimension changing slowest; none where nothing matches.
    pub by: Vec<Option<usize>>,
}

impl Cases {
    /// The selection that these answers lead to.
    pub fn of(&self, judge: &mut impl FnMut(usize) -> Novelty) -> Option<usize> {
        let answers = self.dimensions.iter().map(|at| judge(*at) as usize);
        self.by[answers.fold(0, |place, answer| place * Novelty::ALL.len() + answer)]
    }
}

/// What is learned from records.
#[derive(Debug, Clone)]
pub struct Learn {
    lessons: Arc<Lessons>,
    kinds: Vec<Vec<u8>>,
    values: Vec<Value>,
    sums: Vec<Option<u8>>,
    /// Words of the selections that rules ask for.
    asked: Vec<u64>,
    /// Words of the selections that rules look for themselves.
    marked: Vec<u64>,
    /// Words of the selections that have cases.
    conditional: Vec<u64>,
    /// How long before a record the first day may lie that it is judged by, at
    /// most; seconds.
    back: i64,
    /// How long before the end of its period the first hour may begin that a rule
    /// compares with what is usual, at most; seconds.
    compared: i64,
}

#[derive(Debug, Clone)]
struct Value {
    slots: Vec<u8>,
    /// Whether no dimension before it is the same but for its days.
    teaches: bool,
}

impl Learn {
    /// For each kind and dimension the slots of its values, for each series
    /// that of its number.
    #[must_use]
    pub fn new(
        lessons: Arc<Lessons>,
        kinds: Vec<Vec<u8>>,
        values: Vec<Vec<u8>>,
        sums: Vec<Option<u8>>,
    ) -> Self {
        let dimensions = &lessons.dimensions;
        let values = values.into_iter().enumerate().map(|(place, slots)| Value {
            slots,
            teaches: dimensions[..place]
                .iter()
                .all(|known| known.id != dimensions[place].id),
        });
        Self {
            kinds,
            values: values.collect(),
            sums,
            asked: Vec::new(),
            marked: Vec::new(),
            conditional: Vec::new(),
            back: 0,
            compared: 0,
            lessons,
        }
    }

    /// What there is to learn.
    #[must_use]
    pub fn lessons(&self) -> &Arc<Lessons> {
        &self.lessons
    }

    /// Finds out what rules ask for.
    pub(super) fn prepare(&mut self, selections: &[Selection], rules: &[Rule]) {
        let words = selections.len().div_ceil(64);
        self.asked = vec![0; words];
        self.marked = vec![0; words];
        self.conditional = vec![0; words];
        for rule in rules {
            for mark in &rule.marks {
                self.ask(selections, mark.selection);
                self.marked[mark.selection / 64] |= 1 << (mark.selection % 64);
                if is_conditional(selections, mark.selection) {
                    self.back = self.back.max(rule.period.saturating_add(rule.horizon));
                }
            }
        }
        for rule in rules.iter().filter(|rule| compares(&rule.root)) {
            self.compared = self.compared.max(rule.period.saturating_add(rule.horizon));
        }
        for (place, selection) in selections.iter().enumerate() {
            if selection.cases.is_some() {
                self.conditional[place / 64] |= 1 << (place % 64);
            }
        }
    }

    fn ask(&mut self, selections: &[Selection], place: usize) {
        let (word, bit) = (place / 64, 1 << (place % 64));
        if self.asked[word] & bit != 0 {
            return;
        }
        self.asked[word] |= bit;
        let selection = &selections[place];
        let cases = selection.cases.iter().flat_map(|cases| &cases.by);
        for other in selection.refines.iter().chain(cases.flatten()) {
            self.ask(selections, *other);
        }
    }

    /// Leaves only selections that some rule asks for.
    pub(super) fn only_asked(&self, matched: &mut [u64]) {
        for (word, asked) in matched.iter_mut().zip(&self.asked) {
            *word &= asked;
        }
    }

    /// Notes what a record teaches that matched these selections.
    pub(super) fn note(
        &self,
        matched: &[u64],
        value: &mut impl FnMut(usize) -> u64,
        seen: Seen,
        gather: &mut Gather,
        notes: &mut Notes,
    ) {
        let is_matched = |place: &usize| matched[place / 64] >> (place % 64) & 1 == 1;
        let mut entities = [None; 64];
        for (place, (kind, slots)) in self.lessons.kinds.iter().zip(&self.kinds).enumerate() {
            let Some(tuple) = tuple(slots, value) else {
                continue;
            };
            let key = kind.key(tuple);
            entities[place] = Some(key);
            gather.entity(notes, place, key, seen);
        }
        let dimensions = self.lessons.dimensions.iter().zip(&self.values).enumerate();
        for (place, (dimension, known)) in dimensions {
            if known.teaches
                && is_matched(&dimension.teaches)
                && let Some(entity) = entities[dimension.group]
                && let Some(tuple) = tuple(&known.slots, value)
            {
                let key = dimension.key(entity, tuple);
                gather.value(notes, place, key, entity, seen);
            }
        }
        for (place, (series, sum)) in self.lessons.series.iter().zip(&self.sums).enumerate() {
            if series.of.iter().any(is_matched)
                && let Some(entity) = entities[series.kind]
            {
                // The number and one more; zero is none.
                let sum = sum.map_or(1, |slot| value(slot.into()).saturating_sub(1));
                gather.volume(notes, place, entity, seen.time, sum);
            }
        }
    }

    /// The keys of a group and of a value in it, as an observation has them;
    /// none where one of them is null.
    #[must_use]
    pub fn keys(
        &self,
        dimension: usize,
        observation: Observation<'_>,
    ) -> (Option<u64>, Option<u64>) {
        let known = &self.lessons.dimensions[dimension];
        let mut value = |slot| observation.value(slot as u8);
        let entity = tuple(&self.kinds[known.group], &mut value)
            .map(|tuple| self.lessons.kinds[known.group].key(tuple));
        let key = entity.and_then(|entity| {
            let tuple = tuple(&self.values[dimension].slots, &mut value)?;
            Some(known.key(entity, tuple))
        });
        (entity, key)
    }

    /// The key of an entity of a series, by the hash of its values.
    #[must_use]
    pub fn entity(&self, series: usize, tuple: u64) -> u64 {
        self.lessons.kinds[self.lessons.series[series].kind].key(tuple)
    }

    pub(super) fn settle(
        &self,
        selections: &[Selection],
        observations: &mut Observations,
        sure: impl Fn(usize, (u64, u64), i64) -> Option<Novelty>,
    ) {
        let answer = |at: usize, observation: Observation<'_>| match self.keys(at, observation) {
            (Some(entity), Some(value)) => sure(at, (entity, value), observation.time()),
            // As when a period is over.
            (Some(_), None) => None,
            (None, _) => Some(Novelty::Unlearned),
        };
        observations.keep_selections(&self.conditional, |place, observation| {
            let Some(cases) = &selections[place].cases else {
                return true;
            };
            let mut open = false;
            let case = cases.of(&mut |at| {
                answer(at, observation).unwrap_or_else(|| {
                    open = true;
                    Novelty::Unlearned
                })
            });
            open || case.is_some_and(|case| observation.matched(case))
        });
    }

    /// The first hour (since the epoch) that anything is compared with at a
    /// watermark, with records that come so late; both in seconds.
    #[must_use]
    pub fn first_compared(&self, watermark: i64, lateness: i64) -> i64 {
        let first = watermark.saturating_sub(self.compared) - HOUR;
        volume::compared(first.div_euclid(HOUR), lateness).0
    }

    /// Whether some rule looks for a record.
    #[must_use]
    pub fn is_marked(&self, observation: Observation<'_>) -> bool {
        let mut words = observation.selection_words();
        words.any(|(word, bits)| bits & self.marked[word] != 0)
    }

    /// The days (both included) by which a record of this time may be judged.
    #[must_use]
    pub fn judged(&self, time: i64) -> (i32, i32) {
        let first = time.saturating_sub(self.back);
        (baseline::day(first), baseline::day(time) + 1)
    }
}

/// Whether a correlation, or one that it is built on, is about what is usual.
fn compares(correlation: &Correlation) -> bool {
    let below = |stage: &Stage| match stage {
        Stage::Firings(below) => compares(below),
        Stage::Records(_) => false,
    };
    correlation.usual.is_some() || correlation.stages.iter().any(below)
}

/// Whether a baseline decides if a record matches this selection.
pub(in crate::rule) fn is_conditional(selections: &[Selection], place: usize) -> bool {
    let selection = &selections[place];
    let mut parents = selection.refines.iter();
    selection.cases.is_some() || parents.any(|at| is_conditional(selections, *at))
}

/// The hash of several values together; none where one of them is null.
fn tuple(slots: &[u8], value: &mut impl FnMut(usize) -> u64) -> Option<u64> {
    let mut values = [0; 64];
    for (place, slot) in slots.iter().enumerate() {
        let value = value((*slot).into());
        if value == 0 {
            return None;
        }
        values[place] = value;
    }
    Some(baseline::tuple(&values[..slots.len()]))
}
