//! The value that an aggregate compares, and the comparison.

use std::collections::BTreeSet;

use super::model::{Count, Kind};
use crate::world::Rec;

/// A value as a fraction: only an average has a denominator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value {
    pub sum: u128,
    pub of: u128,
}

impl Value {
    pub fn whole(sum: u64) -> Self {
        Self {
            sum: sum.into(),
            of: 1,
        }
    }

    /// Without what stands behind the point.
    pub fn floor(self) -> u64 {
        u64::try_from(self.sum / self.of).unwrap()
    }
}

/// What is counted: its record, or the values that a firing carries.
pub trait Counted {
    fn time(&self) -> i64;
    fn text(&self, field: &str) -> Option<String>;
    fn number(&self, field: &str) -> Option<u64>;
}

impl Counted for &Rec {
    fn time(&self) -> i64 {
        self.time
    }

    fn text(&self, field: &str) -> Option<String> {
        self.field(field)
    }

    fn number(&self, field: &str) -> Option<u64> {
        Rec::number(self, field)
    }
}

/// Those with a time in (`after`, `until`].
pub fn within<T: Counted>(all: &[T], after: i64, until: i64) -> Vec<&T> {
    let inside = |one: &&T| after < one.time() && one.time() <= until;
    all.iter().filter(inside).collect()
}

pub fn distinct<T: Counted>(all: &[&T], field: &str) -> u64 {
    let values: BTreeSet<String> = all.iter().filter_map(|one| one.text(field)).collect();
    values.len() as u64
}

fn numbers<T: Counted>(all: &[&T], field: &str) -> Vec<u64> {
    all.iter().filter_map(|one| one.number(field)).collect()
}

pub fn sum<T: Counted>(all: &[&T], field: &str) -> u64 {
    numbers(all, field).into_iter().sum()
}

/// The smallest of the numbers such that at least so many percent are it or less.
fn percentile(numbers: &[u64], percent: u64) -> Option<u64> {
    let reaches = |number: &u64| {
        let least = numbers.iter().filter(|other| *other <= number).count() as u64;
        least * 100 >= percent * numbers.len() as u64
    };
    numbers.iter().copied().filter(reaches).min()
}

impl Count {
    /// What it compares, over what it counts; nothing where there is no value.
    pub fn measure<T: Counted>(&self, all: &[&T]) -> Option<Value> {
        let field = || self.field.expect("a field is counted");
        match self.kind {
            Kind::EventCount => Some(Value::whole(all.len() as u64)),
            Kind::ValueCount => Some(Value::whole(distinct(all, field()))),
            Kind::ValueSum => Some(Value::whole(sum(all, field()))),
            Kind::ValueAvg => {
                let numbers = numbers(all, field());
                (!numbers.is_empty()).then(|| Value {
                    sum: numbers.iter().map(|number| u128::from(*number)).sum(),
                    of: numbers.len() as u128,
                })
            }
            Kind::ValuePercentile => {
                let percent = self.percentile.expect("a percentile is told");
                percentile(&numbers(all, field()), percent).map(Value::whole)
            }
            Kind::Temporal | Kind::TemporalOrdered => unreachable!("not an aggregate"),
        }
    }

    pub fn holds(&self, value: Value) -> bool {
        self.condition.iter().all(|(word, number)| {
            let number = u128::from(*number) * value.of;
            match *word {
                "gt" => value.sum > number,
                "gte" => value.sum >= number,
                "lt" => value.sum < number,
                "lte" => value.sum <= number,
                "eq" => value.sum == number,
                "neq" => value.sum != number,
                other => panic!("no {other}"),
            }
        })
    }
}
