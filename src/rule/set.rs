//! The rules that run, and the matching of one record against all of them.
//!
//! Selections are tested in the order of a table that knows, for each class of
//! operation and each outcome, which of them can match at all: it is computed
//! from the tests themselves and may list too many, never too few.

use std::sync::Arc;

use super::matcher::{Compare, Expr, Likely, Outcome};
use super::missing::Missing;
use super::template::Template;
use crate::alert::RuleInfo;
use crate::observation::{MAX_SELECTIONS, Observations};
use crate::record::derived::View;
use crate::record::derived::operation::OperationClass;
use crate::record::{Field, Record, hash};
use crate::settings::Settings;

/// The most aggregates that a rule may have, its own included.
pub const MAX_AGGREGATES: usize = 16;

/// Which records something is about.
#[derive(Debug, Clone)]
pub struct Selection {
    /// What they must meet.
    pub expr: Expr,
    /// Selections of which one must match too; none means no such demand.
    pub refines: Vec<usize>,
    /// Slots that an observation of such a record needs.
    pub slots: u64,
}

/// A rule that can raise alerts.
#[derive(Debug, Clone)]
pub struct Rule {
    /// What its alerts say of it.
    pub info: Arc<RuleInfo>,
    /// Whether it is embedded in the binary.
    pub built_in: bool,
    /// Fields of the key, and their slots.
    pub group_by: Vec<(Field, u8)>,
    /// What must hold.
    pub main: Aggregate,
    /// All of these must hold too.
    pub and: Vec<Aggregate>,
    /// One of these must hold too, if there are any.
    pub any: Vec<Aggregate>,
    /// The longest timespan of them, seconds.
    pub timespan: i64,
    /// Length of an alert's period, seconds; never shorter than the timespan.
    pub period: i64,
    /// How many records an alert shows.
    pub evidence: usize,
    /// The alert's one sentence.
    pub summary: Template,
    /// Selection and correlation in a fixed form, for the alert id.
    pub canonical: String,
    /// Why it cannot work with these settings, if so.
    pub unworkable: Option<Missing>,
}

/// A count over the records of a key in a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aggregate {
    /// What is counted.
    pub measure: Measure,
    /// Records of any of these selections.
    pub selections: Vec<usize>,
    /// Length of the window, seconds.
    pub timespan: i64,
    /// What the count must be.
    pub condition: Condition,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Records.
    Events,
    /// Distinct values of a slot, null and absent left out.
    Values(u8),
}

impl Measure {
    /// The slot whose values are counted.
    #[must_use]
    pub fn slot(self) -> Option<u8> {
        match self {
            Measure::Events => None,
            Measure::Values(slot) => Some(slot),
        }
    }
}

/// What a count must be: all comparisons hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Comparison and number.
    pub predicates: Vec<(Compare, u64)>,
}

impl Condition {
    /// Whether a count meets it.
    #[must_use]
    #[inline]
    pub fn holds(&self, count: u64) -> bool {
        self.predicates
            .iter()
            .all(|(compare, number)| compare.holds(count, *number))
    }

    /// The least count that can meet it; at least 1, because a rule fires only
    /// at a record.
    #[must_use]
    pub fn least(&self) -> u64 {
        let least = |(compare, number): &(Compare, u64)| match compare {
            Compare::AtLeast | Compare::Equal => *number,
            Compare::More => number.saturating_add(1),
            Compare::Less | Compare::AtMost | Compare::Unequal => 0,
        };
        self.predicates.iter().map(least).max().unwrap_or(0).max(1)
    }
}

impl Rule {
    /// Every aggregate, the main one first.
    pub fn aggregates(&self) -> impl Iterator<Item = &Aggregate> {
        std::iter::once(&self.main)
            .chain(&self.and)
            .chain(&self.any)
    }

    /// Whether any record that matches makes it fire, alone.
    #[must_use]
    pub fn is_single_event(&self) -> bool {
        self.main.measure == Measure::Events
            && self.timespan == 1
            && self.main.condition.predicates == [(Compare::AtLeast, 1)]
            && self.and.is_empty()
            && self.any.is_empty()
    }

    /// Start of the period that holds a time.
    #[must_use]
    pub fn period_start(&self, time: i64) -> i64 {
        time.div_euclid(self.period) * self.period
    }
}

/// All rules of a run.
#[derive(Debug)]
pub struct RuleSet {
    /// Rules in the order of their names.
    pub rules: Vec<Rule>,
    /// Fields of the slots.
    pub slots: Vec<Field>,
    /// What the rules' lists were filled from.
    pub settings: Arc<Settings>,
    selections: Vec<Selection>,
    /// For each class and outcome the selections that can match, in words of
    /// bits; those that refine others are not listed.
    dispatch: Vec<Vec<u64>>,
    /// For each selection those that refine it.
    refined_by: Vec<Vec<usize>>,
    words: usize,
}

const CELLS: usize = (OperationClass::ALL.len() + 1) * Outcome::ALL.len();

fn cell(class: Option<OperationClass>, outcome: Outcome) -> usize {
    let class = class.map_or(OperationClass::ALL.len(), |class| class as usize);
    class * Outcome::ALL.len() + outcome as usize
}

impl RuleSet {
    /// Builds the dispatch table. At most [`MAX_SELECTIONS`] selections.
    #[must_use]
    pub fn new(
        selections: Vec<Selection>,
        mut rules: Vec<Rule>,
        slots: Vec<Field>,
        settings: Arc<Settings>,
    ) -> Self {
        debug_assert!(selections.len() <= MAX_SELECTIONS);
        rules.sort_by(|a, b| a.info.name.cmp(&b.info.name));
        let words = selections.len().div_ceil(64);
        let mut dispatch = vec![vec![0; words]; CELLS];
        let mut refined_by = vec![Vec::new(); selections.len()];
        let classes = || OperationClass::ALL.iter().copied().map(Some).chain([None]);
        for (bit, selection) in selections.iter().enumerate() {
            for parent in &selection.refines {
                refined_by[*parent].push(bit);
            }
            if !selection.refines.is_empty() {
                continue;
            }
            for class in classes() {
                for outcome in Outcome::ALL {
                    if selection.expr.likely(class, outcome) != Likely::No {
                        dispatch[cell(class, outcome)][bit / 64] |= 1 << (bit % 64);
                    }
                }
            }
        }
        Self {
            rules,
            slots,
            settings,
            selections,
            dispatch,
            refined_by,
            words,
        }
    }

    /// Whether a rule cannot work because this list of the settings is not set.
    #[must_use]
    pub fn lacks(&self, list: &str) -> bool {
        let missing = |rule: &Rule| rule.unworkable.as_ref().is_some_and(|m| m.lacks(list));
        self.rules.iter().any(missing)
    }

    /// How many selections there are.
    #[must_use]
    pub fn selection_count(&self) -> usize {
        self.selections.len()
    }

    /// Matches one record against every selection and adds what is left of it,
    /// if any matched. The record has a time.
    pub fn observe(
        &self,
        record: &Record<'_>,
        place: (u32, u64),
        scratch: &mut Scratch,
        out: &mut Observations,
    ) {
        let Some(time) = record.time() else { return };
        let view = View::new(record, &self.settings);
        let cell = &self.dispatch[cell(view.class(), Outcome::of(&view))];
        if cell.iter().all(|word| *word == 0) {
            return;
        }
        scratch.matched.clear();
        scratch.matched.resize(self.words, 0);
        let mut slots = 0;
        for (word, bits) in cell.iter().enumerate() {
            let mut bits = *bits;
            while bits != 0 {
                let bit = word * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let selection = &self.selections[bit];
                if selection.expr.matches(&view) {
                    scratch.matched[word] |= 1 << (bit % 64);
                    slots |= selection.slots;
                    self.refine(bit, &view, &mut scratch.matched);
                }
            }
        }
        if scratch.matched.iter().any(|word| *word != 0) {
            let values = Bits(slots).map(|slot| {
                view.bytes(self.slots[slot])
                    .map_or(hash::NO_VALUE, hash::value)
            });
            out.push(
                time,
                hash::identity(record),
                place,
                &scratch.matched,
                slots,
                values,
            );
        }
    }

    fn refine(&self, bit: usize, view: &View<'_, '_>, matched: &mut [u64]) {
        for child in &self.refined_by[bit] {
            if matched[child / 64] & 1 << (child % 64) == 0
                && self.selections[*child].expr.matches(view)
            {
                matched[child / 64] |= 1 << (child % 64);
            }
        }
    }
}

/// Memory that matching reuses. One a thread.
#[derive(Debug, Default)]
pub struct Scratch {
    matched: Vec<u64>,
}

/// The places of the bits that are set, lowest first.
pub struct Bits(pub u64);

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let place = self.0.trailing_zeros() as usize;
        (self.0 != 0).then(|| {
            self.0 &= self.0 - 1;
            place
        })
    }
}
