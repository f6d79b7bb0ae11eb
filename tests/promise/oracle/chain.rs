//! When a chain fires: every choice of times and records, step by step.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::meaning::{Firing, Key, further_conditions_hold};
use super::model::{Model, Ref, Rules};
use crate::world::Rec;

/// A step that happened, and when.
#[derive(Clone)]
struct Step<'r> {
    time: i64,
    how: How<'r>,
}

#[derive(Clone)]
enum How<'r> {
    /// A detection took this record.
    Took(&'r Rec),
    /// A correlation fired, for this key of its own.
    Fired(Key),
}

/// All that decides which records a later step counts: which step it is, the time
/// of the one before it, and the steps of that second.
type Case = (usize, i64, Vec<usize>);

/// A chain over some records, for one key.
struct Chain<'r, 'c> {
    rules: &'c Rules,
    model: &'c Model,
    key: Key,
    /// The records of the key.
    mine: &'c [&'r Rec],
    /// All records.
    records: &'c [&'r Rec],
    /// Firings that are known: searching comes the same way often.
    firings: RefCell<BTreeMap<Case, BTreeSet<Firing>>>,
}

impl Rules {
    /// The firings of a chain for one key, which has some of the records.
    pub fn chain_firings<'r>(
        &self,
        model: &Model,
        key: Key,
        mine: &[&'r Rec],
        records: &[&'r Rec],
    ) -> BTreeSet<Firing> {
        let chain = Chain {
            rules: self,
            model,
            key,
            mine,
            records,
            firings: RefCell::default(),
        };
        let mut ends = BTreeSet::new();
        chain.go_on(&mut Vec::new(), &mut ends);
        let firing = |time| Firing {
            time,
            key: chain.key.clone(),
            value: model.rules.len() as u64,
        };
        ends.into_iter().map(firing).collect()
    }
}

impl<'r> Chain<'r, '_> {
    /// Tries every next step; notes at which times the last one happens.
    fn go_on(&self, steps: &mut Vec<Step<'r>>, ends: &mut BTreeSet<i64>) {
        if steps.len() == self.model.rules.len() {
            if self.is_good(steps) {
                ends.insert(steps.last().unwrap().time);
            }
            return;
        }
        let is_last = steps.len() + 1 == self.model.rules.len();
        for step in self.next(steps) {
            let first = steps.first().map_or(step.time, |first| first.time);
            let fits = first > step.time - self.model.timespan;
            if fits && !(is_last && ends.contains(&step.time)) {
                steps.push(step);
                self.go_on(steps, ends);
                steps.pop();
            }
        }
    }

    /// All ways in which the step after these may happen.
    fn next(&self, steps: &[Step<'r>]) -> Vec<Step<'r>> {
        let rule = self.model.rules[steps.len()];
        match rule {
            Ref::Pick(_) => {
                let mine = |record: &&&'r Rec| self.may_take(steps, record);
                let took = |record: &&'r Rec| Step {
                    time: record.time,
                    how: How::Took(record),
                };
                self.records.iter().filter(mine).map(took).collect()
            }
            Ref::Rule(place) => {
                let agrees =
                    |firing: &Firing| self.rules.part(self.model, rule, &firing.key) == self.key;
                let fired = |firing: Firing| Step {
                    time: firing.time,
                    how: How::Fired(firing.key),
                };
                let firings = self.firings_after(steps, place);
                firings.into_iter().filter(agrees).map(fired).collect()
            }
        }
    }

    /// Whether the next step, a detection, may take a record.
    fn may_take(&self, steps: &[Step<'r>], record: &'r Rec) -> bool {
        let of_earlier_step = |(place, step): (usize, &Step<'r>)| match &step.how {
            How::Took(taken) => std::ptr::eq(*taken, record),
            How::Fired(_) => step.time == record.time && self.selects(place, record),
        };
        steps.last().is_none_or(|last| last.time <= record.time)
            && self.selects(steps.len(), record)
            && !steps.iter().enumerate().any(of_earlier_step)
    }

    /// The firings of the next step, a correlation: after an earlier step as if
    /// there were no records before it, nor those of its second that a step of
    /// that second selects.
    fn firings_after(&self, steps: &[Step<'r>], place: usize) -> BTreeSet<Firing> {
        let model = &self.rules.models[place];
        let since = steps.last().map_or(i64::MIN, |last| last.time);
        let in_that_second: Vec<usize> = (0..steps.len())
            .filter(|step| steps[*step].time == since)
            .collect();
        let counts = |record: &&&Rec| {
            let selected = || {
                in_that_second
                    .iter()
                    .any(|step| self.selects(*step, record))
            };
            record.time > since || record.time == since && !selected()
        };
        let case = (steps.len(), since, in_that_second.clone());
        if let Some(known) = self.firings.borrow().get(&case) {
            return known.clone();
        }
        let left: Vec<&Rec> = self.records.iter().filter(counts).copied().collect();
        let firings = self.rules.firings(model, &left);
        self.firings.borrow_mut().insert(case, firings.clone());
        firings
    }

    /// Whether a record matches a detection of a step, in the chain's key.
    fn selects(&self, step: usize, record: &Rec) -> bool {
        let rule = self.model.rules[step];
        let keys = self.rules.keys_by(self.model, rule, record);
        keys.contains(&self.key)
    }

    /// Whether steps that all happened meet what else the rule asks for.
    fn is_good(&self, steps: &[Step<'r>]) -> bool {
        let time = steps.last().unwrap().time;
        self.is_different(steps)
            && self.none_came_before(steps)
            && further_conditions_hold(self.model, time, self.mine)
    }

    /// What the first step counts: the record that it took, or those of its window.
    fn first_window(&self, steps: &[Step<'r>]) -> Vec<&'r Rec> {
        let first = &steps[0];
        match (self.model.rules[0], &first.how) {
            (Ref::Rule(place), How::Fired(key)) => {
                let below = &self.rules.models[place];
                let mut records = self.rules.records_of(below, key, self.records);
                let start = first.time - below.timespan;
                records.retain(|record| start < record.time && record.time <= first.time);
                records
            }
            (_, How::Took(record)) => vec![*record],
            _ => unreachable!("detections do not fire"),
        }
    }

    /// The record that the second of two steps took.
    fn second<'s>(steps: &'s [Step<'r>]) -> &'s Rec {
        match steps {
            [
                _,
                Step {
                    how: How::Took(record),
                    ..
                },
            ] => record,
            _ => panic!("two steps, the second a detection"),
        }
    }

    fn is_different(&self, steps: &[Step<'r>]) -> bool {
        self.model.different.is_none_or(|field| {
            let value = Self::second(steps).field(field);
            let window = self.first_window(steps);
            window.iter().all(|record| record.field(field) != value)
        })
    }

    fn none_came_before(&self, steps: &[Step<'r>]) -> bool {
        self.model.none_before.as_ref().is_none_or(|none| {
            let second = Self::second(steps);
            let window = self.first_window(steps);
            let begin = window.iter().map(|record| record.time).min().unwrap();
            let fields = none.group_by.as_ref().unwrap_or(&self.model.group_by);
            !self.records.iter().any(|record| {
                begin - none.timespan <= record.time
                    && record.time < begin
                    && none.selection.holds(record)
                    && fields
                        .iter()
                        .all(|name| record.field(name) == second.field(name))
            })
        })
    }
}
