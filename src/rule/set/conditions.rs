//! The conditions that selections are made of, each asked once a record.
//!
//! A selection is met where all its parts are, and many selections share parts:
//! one that does not hold rules out all selections that need it. What class and
//! outcome alone decide is left to dispatch. Asked one by one, the selections
//! themselves say the same; a test compares.

use super::{CELLS, cells};
use crate::record::derived::View;
use crate::rule::matcher::{Expr, Likely};

/// Conditions, and who needs them.
#[derive(Debug, Default)]
pub struct Conditions {
    all: Vec<Condition>,
    /// For each selection what it needs, the cheapest first.
    of: Vec<Vec<usize>>,
}

#[derive(Debug)]
struct Condition {
    expr: Expr,
    /// Words of the selections that need it.
    needed_by: Vec<u64>,
}

/// What is known of one record.
#[derive(Debug, Default)]
pub struct Held {
    words: Vec<u64>,
}

impl Conditions {
    /// The conditions of these selections, numbered in this order.
    #[must_use]
    pub fn new<'e>(selections: impl Iterator<Item = &'e Expr>, words: usize) -> Self {
        let mut conditions = Self::default();
        for (bit, expr) in selections.enumerate() {
            let mut of: Vec<usize> = Vec::new();
            for part in parts(expr).into_iter().filter(|part| !is_decided(part)) {
                let place = conditions.place(part, words);
                conditions.all[place].needed_by[bit / 64] |= 1 << (bit % 64);
                of.push(place);
            }
            conditions.of.push(of);
        }
        let all = &conditions.all;
        let needed = |place: &usize| {
            let words = all[*place].needed_by.iter();
            words.map(|word| word.count_ones()).sum::<u32>()
        };
        let rank = |place: &usize| {
            let cost = all[*place].expr.cost();
            // What rules out many at once is worth more, and what says that
            // something is not so seldom rules out anything.
            (
                cost >= COSTLY,
                !all[*place].expr.is_choosy(),
                u32::MAX - needed(place),
                cost,
            )
        };
        for of in &mut conditions.of {
            of.sort_by_cached_key(rank);
        }
        conditions
    }

    fn place(&mut self, part: Expr, words: usize) -> usize {
        let known = self.all.iter().position(|known| known.expr.is_same(&part));
        known.unwrap_or_else(|| {
            self.all.push(Condition {
                expr: part,
                needed_by: vec![0; words],
            });
            self.all.len() - 1
        })
    }

    /// Whether the record meets this selection; where it does not, all that fail
    /// for the same reason are taken out of those that are possible.
    pub fn meet(
        &self,
        selection: usize,
        view: &View<'_, '_>,
        held: &mut Held,
        possible: &mut [u64],
    ) -> bool {
        for place in &self.of[selection] {
            let (word, bit) = (place / 64, 1 << (place % 64));
            if held.words[word] & bit != 0 {
                continue;
            }
            let condition = &self.all[*place];
            if !condition.expr.matches(view) {
                let needed_by = possible.iter_mut().zip(&condition.needed_by);
                needed_by.for_each(|(possible, needed)| *possible &= !needed);
                return false;
            }
            held.words[word] |= bit;
        }
        possible[selection / 64] &= !(1 << (selection % 64));
        true
    }

    /// Turns to the next record.
    pub fn turn(&self, held: &mut Held) {
        held.words.clear();
        held.words.resize(self.all.len().div_ceil(64), 0);
    }
}

/// From this cost on a condition comes last, whoever needs it.
const COSTLY: u32 = 500;

/// What must hold for the condition to hold: not any of these is none of them.
fn parts(expr: &Expr) -> Vec<Expr> {
    match expr {
        Expr::All(all) => all.iter().flat_map(parts).collect(),
        Expr::Not(part) => match &**part {
            Expr::Any(any) => any
                .iter()
                .flat_map(|part| parts(&Expr::not(part.clone())))
                .collect(),
            _ => vec![expr.clone()],
        },
        _ => vec![expr.clone()],
    }
}

/// Whether class and outcome say in every case what becomes of it.
fn is_decided(part: &Expr) -> bool {
    debug_assert_eq!(cells().count(), CELLS);
    cells().all(|(class, outcome)| part.likely(class, outcome) != Likely::Maybe)
}
