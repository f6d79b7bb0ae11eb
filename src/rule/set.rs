//! The rules that run, and the matching of one record against all of them.
//!
//! Selections are tested in the order of a table that knows, for each class of
//! operation and each outcome, which of them can match at all; of those that need
//! certain texts only the ones whose texts are there (`index`). Both are
//! computed from the tests themselves and may list too many, never too few. Of
//! those that are left each condition is asked once (`conditions`), and what is
//! the same for records that are alike is remembered (`recall`).

mod conditions;
mod index;
mod recall;

use std::fmt::Write as _;
use std::sync::Arc;

use self::conditions::{Conditions, Half, Held};
use self::index::Index;
use self::recall::{Recall, is_recalled};
use super::matcher::{Expr, Likely, Outcome};
use super::plan::{Kind, Measure, Rule};
use crate::observation::{MAX_SELECTIONS, Observations};
use crate::record::derived::View;
use crate::record::derived::operation::OperationClass;
use crate::record::{Field, Record, hash};
use crate::settings::Settings;

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

/// A value that some rule groups or counts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Whose value.
    pub field: Field,
    /// In which form.
    pub form: Form,
}

/// The form of a value in an observation; zero is no value in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The hash of its bytes.
    Hash,
    /// The number and one more.
    Number,
}

impl Slot {
    fn of(self, view: &View<'_, '_>) -> u64 {
        match self.form {
            Form::Hash => view.bytes(self.field).map_or(hash::NO_VALUE, hash::value),
            Form::Number => view
                .number(self.field)
                .map_or(0, |number| number.saturating_add(1)),
        }
    }
}

/// All rules of a run.
#[derive(Debug)]
pub struct RuleSet {
    /// Rules in the order of their names.
    pub rules: Vec<Rule>,
    /// The values that rules group and count by.
    pub slots: Vec<Slot>,
    /// What the rules' lists were filled from.
    pub settings: Arc<Settings>,
    selections: Vec<Selection>,
    /// For each class and outcome the selections that can match, in words of
    /// bits; those that refine others are not listed.
    dispatch: Vec<Vec<u64>>,
    /// Which selections the texts leave possible that are the same in records
    /// that are alike.
    alike: Index,
    /// Which selections its other texts leave possible.
    index: Index,
    conditions: Conditions,
    /// For each selection those that refine it.
    refined_by: Vec<Vec<usize>>,
    words: usize,
}

/// Every class of operation, or none, with every outcome.
fn cells() -> impl Iterator<Item = (Option<OperationClass>, Outcome)> {
    let classes = OperationClass::ALL.iter().copied().map(Some).chain([None]);
    classes.flat_map(|class| Outcome::ALL.map(|outcome| (class, outcome)))
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
        slots: Vec<Slot>,
        settings: Arc<Settings>,
    ) -> Self {
        debug_assert!(selections.len() <= MAX_SELECTIONS);
        rules.sort_by(|a, b| a.info.name.cmp(&b.info.name));
        let words = selections.len().div_ceil(64);
        let mut dispatch = vec![vec![0; words]; CELLS];
        let mut refined_by = vec![Vec::new(); selections.len()];
        for (bit, selection) in selections.iter().enumerate() {
            for parent in &selection.refines {
                refined_by[*parent].push(bit);
            }
            if !selection.refines.is_empty() {
                continue;
            }
            for (class, outcome) in cells() {
                if selection.expr.likely(class, outcome) != Likely::No {
                    dispatch[cell(class, outcome)][bit / 64] |= 1 << (bit % 64);
                }
            }
        }
        let unrefined = |selection: &Selection| selection.refines.is_empty();
        let exprs = || {
            let selections = selections.iter();
            selections.map(|selection| unrefined(selection).then_some(&selection.expr))
        };
        let all = selections.iter().map(|selection| &selection.expr);
        Self {
            alike: Index::new(exprs(), words, is_recalled),
            index: Index::new(exprs(), words, |field| !is_recalled(field)),
            conditions: Conditions::new(all, words, &settings),
            rules,
            slots,
            settings,
            selections,
            dispatch,
            refined_by,
            words,
        }
    }

    /// What the numbers of selections and slots mean, as one number: the rules
    /// in their fixed form, in order, and the slots. Observations of another
    /// fingerprint cannot be read with this set.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut text = format!("{:?}", self.slots);
        for rule in &self.rules {
            let marks = rule.marks.iter().map(|mark| mark.selection);
            // Writing to a string cannot fail.
            let _ = write!(text, "\n{}{:?}", rule.canonical, marks.collect::<Vec<_>>());
        }
        hash::value(text.as_bytes())
    }

    /// Whether a rule cannot work because this list of the settings is not set.
    #[must_use]
    pub fn lacks(&self, list: &str) -> bool {
        let lacks = |rule: &Rule| rule.unworkable.as_ref().is_some_and(|why| why.lacks(list));
        self.rules.iter().any(lacks)
    }

    /// The field that a rule's alerts add up, where they have a sum that is one.
    #[must_use]
    pub fn summed(&self, rule: &Rule) -> Option<Field> {
        let Kind::Count(main) = &rule.root.kind else {
            return None;
        };
        if main.measure != Measure::Sum || main.marks == 0 {
            return None;
        }
        // The field is the same in the records of all marks.
        let column = *main.column.get(main.marks.trailing_zeros() as usize)?;
        let slot = *rule.columns.get(usize::from(column))?;
        self.slots.get(usize::from(slot)).map(|slot| slot.field)
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
        let Scratch {
            matched,
            alike,
            possible,
            held,
            recall,
        } = scratch;
        self.conditions.turn(held);
        recall.possible(&view, alike, |alike| {
            self.alike(&view, alike, possible, held);
        });
        if alike.iter().all(|word| *word == 0) {
            return;
        }
        matched.clear();
        matched.resize(self.words, 0);
        self.index.possible(&view, alike, possible);
        let mut slots = 0;
        for word in 0..self.words {
            while let Some(bit) = Bits(possible[word]).next() {
                let place = word * 64 + bit;
                if self
                    .conditions
                    .meet(place, Half::Rest, &view, held, possible)
                {
                    possible[word] &= !(1 << bit);
                    matched[word] |= 1 << bit;
                    slots |= self.selections[place].slots;
                    slots |= self.refine(place, &view, matched);
                }
            }
        }
        if scratch.matched.iter().any(|word| *word != 0) {
            let values = Bits(slots).map(|slot| self.slots[slot].of(&view));
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

    /// The selections that a record leaves possible, and every record like it.
    fn alike(
        &self,
        view: &View<'_, '_>,
        alike: &mut Vec<u64>,
        possible: &mut Vec<u64>,
        held: &mut Held,
    ) {
        let cell = &self.dispatch[cell(view.class(), Outcome::of(view))];
        alike.clear();
        alike.resize(self.words, 0);
        self.alike.possible(view, cell, possible);
        for word in 0..self.words {
            while let Some(bit) = Bits(possible[word]).next() {
                let place = word * 64 + bit;
                if self
                    .conditions
                    .meet(place, Half::Recalled, view, held, possible)
                {
                    possible[word] &= !(1 << bit);
                    alike[word] |= 1 << bit;
                }
            }
        }
    }

    /// Tests what refines a selection that matched; the slots that it needs.
    fn refine(&self, bit: usize, view: &View<'_, '_>, matched: &mut [u64]) -> u64 {
        let mut slots = 0;
        for child in &self.refined_by[bit] {
            let selection = &self.selections[*child];
            if matched[child / 64] & 1 << (child % 64) == 0 && selection.expr.matches(view) {
                matched[child / 64] |= 1 << (child % 64);
                slots |= selection.slots | self.refine(*child, view, matched);
            }
        }
        slots
    }
}

/// Memory that matching reuses. One a thread.
#[derive(Debug, Default)]
pub struct Scratch {
    matched: Vec<u64>,
    alike: Vec<u64>,
    possible: Vec<u64>,
    held: Held,
    recall: Recall,
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
