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
mod learn;
mod recall;

use std::fmt::Write as _;
use std::sync::Arc;

use self::conditions::{Conditions, Half, Held};
use self::index::Index;
pub(super) use self::learn::is_conditional;
pub use self::learn::{Cases, Learn};
use self::recall::{Recall, is_recalled};
use super::matcher::{Expr, Likely, Outcome};
use super::plan::{Kind, Measure, Rule};
use crate::baseline::Novelty;
use crate::baseline::notes::{Gather, Notes, Seen};
use crate::observation::{MAX_SELECTIONS, Observation, Observations};
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
    /// What it is for each answer of a baseline, where it asks one; then its
    /// own condition never holds, and a record matches where one of these does.
    pub cases: Option<Cases>,
    /// The selection that it is a case of.
    pub case_of: Option<usize>,
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
    /// What is learned from records, beside a baseline.
    learn: Option<Learn>,
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
        mut learn: Option<Learn>,
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
        if let Some(learn) = &mut learn {
            learn.prepare(&selections, &rules);
        }
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
            learn,
        }
    }

    /// What is learned from records; nothing without a baseline.
    #[must_use]
    pub fn learn(&self) -> Option<&Learn> {
        self.learn.as_ref()
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
        // What a baseline decides is kept as cases, which are selections.
        for selection in &self.selections {
            if let Some(cases) = &selection.cases {
                let _ = write!(text, "\n{cases:?}");
            }
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
    /// if any matched, and to `notes` what it teaches. The record has a time.
    pub fn observe(
        &self,
        record: &Record<'_>,
        place: (u32, u64),
        scratch: &mut Scratch,
        out: &mut Observations,
        notes: Option<&mut Notes>,
    ) {
        let Some(time) = record.time() else { return };
        let view = View::new(record, &self.settings);
        let slots = self.match_all(&view, scratch);
        let Scratch {
            matched,
            values,
            gather,
            ..
        } = scratch;
        values.turn();
        let mut value = |slot| values.get(slot, || self.slots[slot].of(&view));
        if let Some(learn) = &self.learn {
            if let Some(notes) = notes {
                let seen = Seen {
                    time,
                    offset: place.1,
                };
                learn.note(matched, &mut value, seen, gather, notes);
            }
            learn.only_asked(matched);
        }
        if matched.iter().any(|word| *word != 0) {
            let values = Bits(slots).map(value);
            out.push(time, hash::identity(record), place, matched, slots, values);
        }
    }

    /// Finds all selections that a record matches, and the slots that they need.
    fn match_all(&self, view: &View<'_, '_>, scratch: &mut Scratch) -> u64 {
        let Scratch {
            matched,
            alike,
            possible,
            held,
            recall,
            ..
        } = scratch;
        self.conditions.turn(held);
        recall.possible(view, alike, |alike| {
            self.alike(view, alike, possible, held);
        });
        matched.clear();
        matched.resize(self.words, 0);
        if alike.iter().all(|word| *word == 0) {
            return 0;
        }
        self.index.possible(view, alike, possible);
        let mut slots = 0;
        for word in 0..self.words {
            while let Some(bit) = Bits(possible[word]).next() {
                let place = word * 64 + bit;
                if self
                    .conditions
                    .meet(place, Half::Rest, view, held, possible)
                {
                    possible[word] &= !(1 << bit);
                    slots |= self.hit(place, view, matched);
                }
            }
        }
        slots
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

    /// A selection matches: so does what it is a case of, and perhaps what
    /// refines it; the slots that all of these need.
    fn hit(&self, place: usize, view: &View<'_, '_>, matched: &mut [u64]) -> u64 {
        let is_hit = |matched: &[u64], place: usize| matched[place / 64] >> (place % 64) & 1 == 1;
        if is_hit(matched, place) {
            return 0;
        }
        matched[place / 64] |= 1 << (place % 64);
        let selection = &self.selections[place];
        let mut slots = selection.slots;
        for child in &self.refined_by[place] {
            if !is_hit(matched, *child) && self.selections[*child].expr.matches(view) {
                slots |= self.hit(*child, view, matched);
            }
        }
        if let Some(whole) = selection.case_of {
            slots |= self.hit(whole, view, matched);
        }
        slots
    }

    /// Whether a record matches a selection, given what the baseline says of a
    /// dimension.
    pub fn resolve(
        &self,
        place: usize,
        observation: Observation<'_>,
        judge: &mut impl FnMut(usize) -> Novelty,
    ) -> bool {
        if !observation.matched(place) {
            return false;
        }
        let selection = &self.selections[place];
        if let Some(cases) = &selection.cases {
            let case = cases.of(judge);
            if !case.is_some_and(|case| observation.matched(case)) {
                return false;
            }
        }
        let mut parents = selection.refines.iter();
        selection.refines.is_empty() || parents.any(|at| self.resolve(*at, observation, judge))
    }

    /// Whether a baseline decides if a record matches this selection.
    #[must_use]
    pub fn is_conditional(&self, place: usize) -> bool {
        is_conditional(&self.selections, place)
    }

    /// Settles what a baseline has to say that cannot change any more: `sure`
    /// gives the answer for a value of a group that it has whenever it is asked about
    /// a record of this time. What is left open is decided when a period is over.
    pub fn settle(
        &self,
        observations: &mut Observations,
        sure: impl Fn(usize, (u64, u64), i64) -> Option<Novelty>,
    ) {
        if let Some(learn) = &self.learn {
            learn.settle(&self.selections, observations, sure);
        }
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
    values: Values,
    gather: Gather,
}

impl Scratch {
    /// Before the first record of a block.
    pub fn begin(&mut self) {
        self.gather.begin();
    }
}

/// The values of the record at hand, each computed once.
#[derive(Debug)]
struct Values {
    known: u64,
    values: [u64; 64],
}

impl Default for Values {
    fn default() -> Self {
        Self {
            known: 0,
            values: [0; 64],
        }
    }
}

impl Values {
    fn turn(&mut self) {
        self.known = 0;
    }

    fn get(&mut self, slot: usize, compute: impl FnOnce() -> u64) -> u64 {
        if self.known >> slot & 1 == 0 {
            self.known |= 1 << slot;
            self.values[slot] = compute();
        }
        self.values[slot]
    }
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
