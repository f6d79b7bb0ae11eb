//! Looking on while a rule is evaluated.
//!
//! Who wants to know why a rule fires, or does not, looks at the very windows
//! and chains that alerts come from. Alerts themselves are made with `()`, which
//! looks at nothing and so costs nothing. A probe may change nothing.

use super::entry::{Entry, Second};
use super::window::Window;
use crate::rule::plan::{Correlation, Reading};

/// Somebody who looks on.
pub trait Probe {
    /// Whether it looks at all.
    const LOOKS: bool;

    /// The value of an aggregate at the end of a second in which a correlation
    /// counted something: number 0 is its own, then those of `and`, then those
    /// of `any`.
    fn reading(
        &mut self,
        sight: &Sight<'_>,
        number: usize,
        reading: Option<Reading>,
        window: &Window,
    );

    /// How far a chain has come at the end of a second that has a record of it.
    fn chain(&mut self, sight: &Sight<'_>, complete: bool, way: &Way);
}

impl Probe for () {
    const LOOKS: bool = false;

    fn reading(&mut self, _: &Sight<'_>, _: usize, _: Option<Reading>, _: &Window) {}

    fn chain(&mut self, _: &Sight<'_>, _: bool, _: &Way) {}
}

/// A correlation over one of its keys in one second.
#[derive(Debug, Clone, Copy)]
pub struct Sight<'s> {
    /// The correlation.
    pub plan: &'s Correlation,
    /// The second.
    pub second: &'s Second<'s>,
    /// A record of the key.
    pub entry: &'s Entry,
    /// A mark by which it is one.
    pub mark: usize,
}

impl<'s> Sight<'s> {
    /// By the place of the record.
    #[must_use]
    pub fn new(plan: &'s Correlation, second: &'s Second<'_>, entry: usize, mark: usize) -> Self {
        Self {
            plan,
            second,
            entry: &second.entries[entry],
            mark,
        }
    }
}

/// How far a chain has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Way {
    /// Steps that have happened within the chain's timespan.
    pub steps: usize,
    /// When the first of them did.
    pub begin: Option<i64>,
    /// Why a record of the last step did not complete it.
    pub refusal: Option<Refusal>,
}

/// Why a record of a chain's second step does not follow the first; what says
/// more comes later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// It serves the first step, or is among what that counts, in this second.
    Taken,
    /// Its value of `different` is one of the first step's.
    Same,
    /// What `none_before` names came before, at this time.
    Before(i64),
}
