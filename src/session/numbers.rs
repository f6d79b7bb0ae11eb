//! Lasting numbers of inputs: those by which windows that are kept call them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::correlate::snapshot::LASTING;
use crate::source::Past;

/// Gives the inputs of this run lasting numbers, the smallest that are free.
#[derive(Debug, Default)]
pub struct Numbers(RefCell<Given>);

#[derive(Debug, Default)]
struct Given {
    used: BTreeSet<u32>,
    /// Where to look for the next one that is free.
    next: u32,
    /// By the number of this run.
    by_own: BTreeMap<u32, u32>,
    /// Those that nobody has kept yet.
    fresh: Vec<(u32, u32)>,
}

impl Numbers {
    /// Numbers beside those of earlier runs that windows refer to (`used`, with
    /// the bit [`LASTING`]), and which of the others may go.
    pub fn new(past: &[(u32, Past)], used: &BTreeSet<u32>) -> (Self, Vec<u32>) {
        let used: BTreeSet<u32> = used.iter().map(|number| number & !LASTING).collect();
        let stale = past.iter().map(|(number, _)| *number);
        let stale = stale.filter(|number| !used.contains(number)).collect();
        let given = Given {
            used,
            ..Given::default()
        };
        (Self(RefCell::new(given)), stale)
    }

    /// The lasting number of an input of this run, with the bit [`LASTING`].
    pub fn lasting(&self, number: u32) -> u32 {
        let mut all = self.0.borrow_mut();
        if let Some(lasting) = all.by_own.get(&number) {
            return *lasting | LASTING;
        }
        while all.used.contains(&all.next) {
            all.next += 1;
        }
        let lasting = all.next;
        all.next += 1;
        all.by_own.insert(number, lasting);
        all.fresh.push((number, lasting));
        lasting | LASTING
    }

    /// How many are in use, or have been since the beginning of the run.
    pub fn count(&self) -> usize {
        let all = self.0.borrow();
        all.used.len() + all.by_own.len()
    }

    /// Inputs of this run that got a number since the last time: their number in
    /// this run, and the lasting one without its bit.
    pub fn fresh(&self) -> Vec<(u32, u32)> {
        std::mem::take(&mut self.0.borrow_mut().fresh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_numbers_are_taken_again() {
        let past = |number| {
            let past = Past {
                name: "a".into(),
                path: None,
                head: crate::source::Print::default(),
            };
            (number, past)
        };
        let kept = [past(0), past(1), past(3)];
        let used = BTreeSet::from([LASTING | 1]);
        let (numbers, stale) = Numbers::new(&kept, &used);
        assert_eq!(stale, [0, 3]);
        let given = [7, 8, 7, 9].map(|number| numbers.lasting(number) & !LASTING);
        assert_eq!(given, [0, 2, 0, 3]);
        assert_eq!(numbers.fresh(), [(7, 0), (8, 2), (9, 3)]);
        assert!(numbers.fresh().is_empty());
    }
}
