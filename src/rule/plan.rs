//! What a rule counts, compiled: names are gone, there are marks and columns.
//!
//! A **mark** is a selection as one rule looks at it: the records of one of its
//! detections, those that match the selection of an aggregate, those that may
//! not have come before. A **column** is a value that evaluation needs of a
//! record. What a plan means is said in `docs/correlations.md`; how it is
//! evaluated is [`crate::correlate`]'s business.

use std::sync::Arc;

use super::matcher::Compare;
use super::missing::Missing;
use super::template::Template;
use crate::alert::RuleInfo;
use crate::record::Field;

/// The most marks of a rule, and the most columns.
pub const MAX_MARKS: usize = 64;

/// A rule that can raise alerts.
#[derive(Debug, Clone)]
pub struct Rule {
    /// What its alerts say of it.
    pub info: Arc<RuleInfo>,
    /// Whether it is embedded in the binary.
    pub built_in: bool,
    /// What the parts of the key are called.
    pub group_by: Vec<Arc<str>>,
    /// What it looks at.
    pub marks: Vec<Mark>,
    /// Slots of the values that evaluation needs.
    pub columns: Vec<u8>,
    /// What must hold.
    pub root: Correlation,
    /// What must hold at the least, and is cheap to tell: all gates of one of
    /// these ways.
    pub ways: Vec<Vec<Gate>>,
    /// How far back of a firing the records lie that it depends on, seconds.
    pub horizon: i64,
    /// Length of an alert's period, seconds; never shorter than the timespan.
    pub period: i64,
    /// How many records an alert shows.
    pub evidence: usize,
    /// The alert's one sentence.
    pub summary: Template,
    /// Selection and correlation in a fixed form, for the alert id.
    pub canonical: String,
    /// Why it cannot work, if so.
    pub unworkable: Option<Missing>,
}

/// A selection as one rule looks at it.
#[derive(Debug, Clone)]
pub struct Mark {
    /// The selection.
    pub selection: usize,
    /// What the mark is for.
    pub role: Role,
    /// Fields of the rule's key in such a record, and their slots; empty where
    /// records are not looked for by this mark.
    pub key: Vec<(Field, u8)>,
}

/// What a mark is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The records of a detection, which the rule counts.
    Counted,
    /// Some of them, which an aggregate counts.
    Aggregate,
    /// What may not have come before; counted by nobody.
    Before,
}

/// A correlation of a rule, with those below it.
#[derive(Debug, Clone)]
pub struct Correlation {
    /// What it counts, in order.
    pub stages: Vec<Stage>,
    /// The marks of all detections below it.
    pub leaves: u64,
    /// For each mark the columns of its key.
    pub by: Vec<Vec<u8>>,
    /// Whether its key is that of the whole rule.
    pub whole_key: bool,
    /// What it counts them by.
    pub kind: Kind,
    /// All of these must hold too.
    pub and: Vec<Aggregate>,
    /// One of these must hold too, if there are any.
    pub any: Vec<Aggregate>,
    /// Its longest timespan, seconds.
    pub timespan: i64,
    /// What must be more than usual.
    pub usual: Option<Usual>,
}

/// How the aligned hours of a correlation's window compare with what is usual
/// ([`crate::baseline::volume`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usual {
    /// Place of the series among the lessons; none where there is no baseline.
    pub series: Option<usize>,
    /// So many times the median.
    pub times: u64,
    /// In so many of the hours.
    pub hours: u64,
    /// The threshold where too little is known of the hour.
    pub otherwise: Option<u64>,
}

/// What a correlation counts.
#[derive(Debug, Clone)]
pub enum Stage {
    /// Records of this mark.
    Records(usize),
    /// Firings.
    Firings(Box<Correlation>),
}

/// How a correlation counts.
#[derive(Debug, Clone)]
pub enum Kind {
    /// All stages together.
    Count(Aggregate),
    /// One stage after the other.
    Chain(Chain),
}

/// A chain, beside its stages.
#[derive(Debug, Clone)]
pub struct Chain {
    /// Within how many seconds.
    pub timespan: i64,
    /// The column in which the steps must differ.
    pub different: Option<u8>,
    /// What may not have come before.
    pub none_before: Option<NoneBefore>,
}

/// What may not have come before a chain.
#[derive(Debug, Clone)]
pub struct NoneBefore {
    /// Its records.
    pub mark: usize,
    /// Seconds before the first step.
    pub timespan: i64,
    /// Columns that are the same in these records and in the last step.
    pub by: Vec<u8>,
}

/// A value over the records or firings of a key in a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aggregate {
    /// What is counted.
    pub measure: Measure,
    /// For each mark the column that is counted by.
    pub column: Vec<u8>,
    /// Records of any of these marks.
    pub marks: u64,
    /// Length of the window, seconds.
    pub timespan: i64,
    /// What the value must be.
    pub condition: Condition,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Records and firings.
    Events,
    /// Distinct values, null and absent left out.
    Values,
    /// Their sum.
    Sum,
    /// Their average.
    Average,
    /// The value at this percentile.
    Percentile(u8),
    /// Stages that have something.
    Stages,
}

/// What a value must be: all comparisons hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Comparison and number.
    pub predicates: Vec<(Compare, u64)>,
}

/// The value of an aggregate: a fraction, because averages are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Above the line.
    pub sum: u128,
    /// Below the line; not zero.
    pub over: u64,
}

impl Reading {
    /// A whole number.
    #[must_use]
    pub fn whole(number: u64) -> Self {
        Self {
            sum: number.into(),
            over: 1,
        }
    }

    /// Its whole part.
    #[must_use]
    pub fn value(self) -> u64 {
        u64::try_from(self.sum / u128::from(self.over)).unwrap_or(u64::MAX)
    }
}

impl Condition {
    /// Whether a value meets it.
    #[must_use]
    pub fn holds(&self, reading: Reading) -> bool {
        self.predicates.iter().all(|(compare, number)| {
            let number = u128::from(*number) * u128::from(reading.over);
            compare.orders(reading.sum.cmp(&number))
        })
    }

    /// The least value that can meet it.
    #[must_use]
    pub fn least(&self) -> u64 {
        let least = |(compare, number): &(Compare, u64)| match compare {
            Compare::AtLeast | Compare::Equal => *number,
            Compare::More => number.saturating_add(1),
            Compare::Less | Compare::AtMost | Compare::Unequal => 0,
        };
        self.predicates.iter().map(least).max().unwrap_or(0)
    }
}

/// Something that must hold of the rule's records for it to fire, on its key:
/// within twice `width` seconds the value reaches the threshold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// How records add up.
    pub measure: GateMeasure,
    /// Of which records.
    pub takes: Vec<Take>,
    /// For each of them the rule's mark.
    pub marks: Vec<usize>,
    /// Seconds.
    pub width: i64,
    /// The least value.
    pub threshold: u64,
}

/// The records of one mark, for a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Take {
    /// Their selection.
    pub selection: usize,
    /// Slots of the key.
    pub key: Vec<u8>,
    /// Slot of the value.
    pub value: Option<u8>,
}

/// How records add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GateMeasure {
    /// Their number.
    Events,
    /// Distinct values.
    Values,
    /// The sum of the values.
    Sum,
    /// The largest value.
    Largest,
}

impl Gate {
    /// Whether it takes the records of a selection.
    #[must_use]
    pub fn takes(&self, selection: usize) -> bool {
        self.takes.iter().any(|take| take.selection == selection)
    }
}

impl Rule {
    /// The gates of all ways.
    pub fn gates(&self) -> impl Iterator<Item = &Gate> {
        self.ways.iter().flatten()
    }

    /// Marks of a role.
    #[must_use]
    pub fn marked(&self, role: Role) -> u64 {
        let of_role = |(_, mark): &(usize, &Mark)| mark.role == role;
        let marks = self.marks.iter().enumerate().filter(of_role);
        marks.fold(0, |bits, (place, _)| bits | 1 << place)
    }

    /// Whether any record that matches makes it fire, alone.
    #[must_use]
    pub fn is_single_event(&self) -> bool {
        let Kind::Count(main) = &self.root.kind else {
            return false;
        };
        main.measure == Measure::Events
            && self.root.timespan == 1
            && main.condition.predicates == [(Compare::AtLeast, 1)]
            && self.root.and.is_empty()
            && self.root.any.is_empty()
            && self.root.counts_records()
    }

    /// Whether what fires goes on doing so whatever else comes, but for what a
    /// baseline says of it: so an alert may be told before its period is over.
    #[must_use]
    pub fn only_grows(&self) -> bool {
        self.root.only_grows()
    }

    /// Its longest timespan, seconds.
    #[must_use]
    pub fn timespan(&self) -> i64 {
        self.root.timespan
    }

    /// Start of the period that holds a time.
    #[must_use]
    pub fn period_start(&self, time: i64) -> i64 {
        time.div_euclid(self.period) * self.period
    }
}

impl Aggregate {
    /// Whether its condition, once it holds, goes on holding whatever else comes.
    fn only_grows(&self) -> bool {
        let grows = matches!(
            self.measure,
            Measure::Events | Measure::Values | Measure::Sum
        );
        let at_least = |compare: &Compare| matches!(compare, Compare::AtLeast | Compare::More);
        let mut predicates = self.condition.predicates.iter();
        grows && predicates.all(|(compare, _)| at_least(compare))
    }
}

impl Correlation {
    /// Whether more records never undo what has fired: it counts, or adds up, and
    /// wants so much of it at the least. A chain may take another course.
    fn only_grows(&self) -> bool {
        let Kind::Count(main) = &self.kind else {
            return false;
        };
        let mut further = self.and.iter().chain(&self.any);
        let below = |stage: &Stage| match stage {
            Stage::Records(_) => true,
            Stage::Firings(below) => main.measure != Measure::Sum && below.only_grows(),
        };
        self.usual.is_none()
            && main.only_grows()
            && further.all(Aggregate::only_grows)
            && self.stages.iter().all(below)
    }

    /// Length of the window that its own type counts in, seconds; further
    /// aggregates may look back longer.
    #[must_use]
    pub fn window(&self) -> i64 {
        match &self.kind {
            Kind::Count(main) => main.timespan,
            Kind::Chain(chain) => chain.timespan,
        }
    }

    /// Whether all stages are detections.
    #[must_use]
    pub fn counts_records(&self) -> bool {
        let records = |stage: &Stage| matches!(stage, Stage::Records(_));
        self.stages.iter().all(records)
    }

    /// Marks of what may not have come before, its own and those below.
    #[must_use]
    pub fn befores(&self) -> u64 {
        let own = match &self.kind {
            Kind::Chain(chain) => chain.none_before.as_ref().map_or(0, |none| 1 << none.mark),
            Kind::Count(_) => 0,
        };
        let below = self.stages.iter().map(|stage| match stage {
            Stage::Records(_) => 0,
            Stage::Firings(below) => below.befores(),
        });
        below.fold(own, |marks, below| marks | below)
    }

    /// How far back of a firing the records lie that it depends on, seconds.
    #[must_use]
    pub fn horizon(&self) -> i64 {
        let below = self.stages.iter().map(|stage| match stage {
            Stage::Records(_) => 0,
            Stage::Firings(below) => below.horizon(),
        });
        self.timespan.saturating_add(below.max().unwrap_or(0))
    }

    /// The same with what may not have come before.
    #[must_use]
    pub fn full_horizon(&self) -> i64 {
        let below = self.stages.iter().map(|stage| match stage {
            Stage::Records(_) => 0,
            Stage::Firings(below) => below.full_horizon(),
        });
        let before = match &self.kind {
            Kind::Chain(chain) => chain.none_before.as_ref().map_or(0, |none| none.timespan),
            Kind::Count(_) => 0,
        };
        let below = below.max().unwrap_or(0);
        self.timespan.saturating_add(below).saturating_add(before)
    }
}
