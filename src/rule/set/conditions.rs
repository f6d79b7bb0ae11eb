//! The conditions that selections are made of, each asked once a record.
//!
//! A selection is met where all its parts are, and many selections share parts:
//! one that does not hold rules out all selections that need it. What class and
//! outcome alone decide is left to dispatch. Asked one by one, the selections
//! themselves say the same; a test compares.

use super::recall::is_alike;
use super::{CELLS, cells};
use crate::record::Field;
use crate::record::derived::View;
use crate::rule::matcher::{Expr, Likely, Place, Test};
use crate::settings::Settings;

/// Conditions, and who needs them.
#[derive(Debug, Default)]
pub struct Conditions {
    all: Vec<Expr>,
    /// For each condition the words of the selections that need it, one after
    /// the other.
    needed_by: Vec<u64>,
    words: usize,
    /// What each selection needs, one after the other: first what is recalled,
    /// then the rest, the cheapest first.
    of: Vec<u32>,
    /// For each selection where the one ends, and the other.
    ends: Vec<(usize, usize)>,
}

/// Which conditions of a selection are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// Those that records which are alike meet alike.
    Recalled,
    /// The others.
    Rest,
}

/// What is known of one record.
#[derive(Debug, Default)]
pub struct Held {
    words: Vec<u64>,
}

impl Conditions {
    /// The conditions of these selections, numbered in this order.
    #[must_use]
    pub fn new<'e>(
        selections: impl Iterator<Item = &'e Expr>,
        words: usize,
        settings: &Settings,
    ) -> Self {
        let mut conditions = Self {
            words,
            ..Self::default()
        };
        for (bit, expr) in selections.enumerate() {
            let parts = parts(expr);
            let implied: Vec<Expr> = parts.iter().filter_map(implied).collect();
            for part in parts.into_iter().chain(implied) {
                if is_decided(&part) {
                    continue;
                }
                let place = conditions.place(part);
                conditions.needed_by[place * words + bit / 64] |= 1 << (bit % 64);
                conditions.of.push(place as u32);
            }
            conditions.ends.push((0, conditions.of.len()));
        }
        conditions.rank(settings);
        conditions
    }

    fn place(&mut self, part: Expr) -> usize {
        let known = self.all.iter().position(|known| known.is_same(&part));
        known.unwrap_or_else(|| {
            self.all.push(part);
            self.needed_by.resize(self.all.len() * self.words, 0);
            self.all.len() - 1
        })
    }

    /// What rules out many at once is worth more, and what says that something
    /// is not so seldom rules out anything.
    fn rank(&mut self, settings: &Settings) {
        let ranks = self.all.iter().enumerate().map(|(place, expr)| {
            let needed = self.needing(place).iter().map(|word| word.count_ones());
            let needed: u32 = needed.sum();
            let cost = expr.cost();
            let rest = !is_alike(expr, settings);
            (
                rest,
                cost >= COSTLY,
                !expr.is_choosy(),
                u32::MAX - needed,
                cost,
            )
        });
        let ranks: Vec<_> = ranks.collect();
        let mut start = 0;
        for (recalled, end) in &mut self.ends {
            let of = &mut self.of[start..*end];
            of.sort_by_key(|place| ranks[*place as usize]);
            *recalled = start + of.partition_point(|place| !ranks[*place as usize].0);
            start = *end;
        }
    }

    /// Words of the selections that need a condition.
    fn needing(&self, place: usize) -> &[u64] {
        &self.needed_by[place * self.words..][..self.words]
    }

    /// Whether the record meets this half of a selection's conditions; where it
    /// does not, all that fail for the same reason are taken out of those that
    /// are possible.
    pub fn meet(
        &self,
        selection: usize,
        half: Half,
        view: &View<'_, '_>,
        held: &mut Held,
        possible: &mut [u64],
    ) -> bool {
        let before = selection.checked_sub(1);
        let start = before.map_or(0, |before| self.ends[before].1);
        let (recalled, end) = self.ends[selection];
        let of = match half {
            Half::Recalled => start..recalled,
            Half::Rest => recalled..end,
        };
        for place in &self.of[of] {
            let place = *place as usize;
            let (word, bit) = (place / 64, 1 << (place % 64));
            if held.words[word] & bit != 0 {
                continue;
            }
            if !self.all[place].matches(view) {
                for (possible, needed) in possible.iter_mut().zip(self.needing(place)) {
                    *possible &= !needed;
                }
                return false;
            }
            held.words[word] |= bit;
        }
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

/// What is so wherever a condition holds, cheaper to ask and shared by more:
/// nothing is known of a link where there is none, and hardly a record is on a
/// list.
fn implied(part: &Expr) -> Option<Expr> {
    let Expr::Test(
        Test::Number(field, ..)
        | Test::Numbers(field, _)
        | Test::Exists(field)
        | Test::Text(Place::Field(field), _)
        | Test::Regex(Place::Field(field), _),
    ) = part
    else {
        return None;
    };
    Some(Expr::Test(match field {
        Field::PresignedCredential | Field::PresignedExpires => Test::Flag(Field::Presigned, true),
        Field::IocList | Field::IocEntry | Field::IocLevel => Test::Exists(Field::IocLevel),
        _ => return None,
    }))
}

/// Whether class and outcome say in every case what becomes of it.
fn is_decided(part: &Expr) -> bool {
    debug_assert_eq!(cells().count(), CELLS);
    cells().all(|(class, outcome)| part.likely(class, outcome) != Likely::Maybe)
}
