//! A value over a window that slides.
//!
//! Values come in order of time and are forgotten when they are older than the
//! window. Whose they are, and what follows from the value, is not known here.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use hashbrown::HashMap;

use crate::record::hash::NO_VALUE;
use crate::rule::plan::{Aggregate, Measure, Reading};

/// A window over one aggregate.
#[derive(Debug)]
pub enum Window {
    /// How many came in each second.
    Events {
        /// Second and number.
        seconds: VecDeque<(i64, u64)>,
        /// Their sum.
        total: u64,
    },
    /// Distinct values.
    Values {
        /// When each value came last: no more of them than there are values, for
        /// a key may come with the same few all day long.
        latest: HashMap<u64, i64>,
        /// The same, oldest first.
        order: BTreeSet<(i64, u64)>,
    },
    /// Numbers, added up.
    Sum {
        /// Time and number.
        numbers: VecDeque<(i64, u64)>,
        /// Their sum.
        sum: u128,
    },
    /// Numbers in order of size.
    Ranks {
        /// Time and number.
        numbers: VecDeque<(i64, u64)>,
        /// How often each number is there.
        ranks: BTreeMap<u64, u64>,
    },
}

impl Window {
    /// An empty window.
    #[must_use]
    pub fn new(measure: Measure) -> Self {
        match measure {
            Measure::Events => Window::Events {
                seconds: VecDeque::new(),
                total: 0,
            },
            Measure::Values | Measure::Stages => Window::Values {
                latest: HashMap::new(),
                order: BTreeSet::new(),
            },
            Measure::Sum | Measure::Average => Window::Sum {
                numbers: VecDeque::new(),
                sum: 0,
            },
            Measure::Percentile(_) => Window::Ranks {
                numbers: VecDeque::new(),
                ranks: BTreeMap::new(),
            },
        }
    }

    /// Adds a value as an observation has it: a hash, or a number and one more;
    /// zero is none.
    pub fn add(&mut self, time: i64, value: u64) {
        match self {
            Window::Events { seconds, total } => {
                match seconds.back_mut() {
                    Some((last, count)) if *last == time => *count += 1,
                    _ => seconds.push_back((time, 1)),
                }
                *total += 1;
            }
            _ if value == NO_VALUE => {}
            Window::Values { latest, order } => {
                let before = latest.insert(value, time);
                if before != Some(time) {
                    before.map(|before| order.remove(&(before, value)));
                    order.insert((time, value));
                }
            }
            Window::Sum { numbers, sum } => {
                numbers.push_back((time, value - 1));
                *sum += u128::from(value - 1);
            }
            Window::Ranks { numbers, ranks } => {
                numbers.push_back((time, value - 1));
                *ranks.entry(value - 1).or_default() += 1;
            }
        }
    }

    /// Forgets what came at or before `start`.
    pub fn forget(&mut self, start: i64) {
        match self {
            Window::Events { seconds, total } => {
                while let Some((_, count)) = seconds.pop_front_if(|(at, _)| *at <= start) {
                    *total -= count;
                }
            }
            Window::Values { latest, order } => {
                while let Some((at, value)) = order.first().copied()
                    && at <= start
                {
                    order.pop_first();
                    latest.remove(&value);
                }
            }
            Window::Sum { numbers, sum } => {
                while let Some((_, number)) = numbers.pop_front_if(|(at, _)| *at <= start) {
                    *sum -= u128::from(number);
                }
            }
            Window::Ranks { numbers, ranks } => {
                while let Some((_, number)) = numbers.pop_front_if(|(at, _)| *at <= start) {
                    if let Some(count) = ranks.get_mut(&number) {
                        *count -= 1;
                        if *count == 0 {
                            ranks.remove(&number);
                        }
                    }
                }
            }
        }
    }

    /// The different values in it, in order.
    #[must_use]
    pub fn values(&self) -> Vec<u64> {
        let Window::Values { latest, .. } = self else {
            return Vec::new();
        };
        let mut values: Vec<u64> = latest.keys().copied().collect();
        values.sort_unstable();
        values
    }

    /// The value of the window that ends at `time`, if it has one.
    pub fn slide(&mut self, aggregate: &Aggregate, time: i64) -> Option<Reading> {
        self.forget(time - aggregate.timespan);
        Some(match self {
            Window::Events { total, .. } => Reading::whole(*total),
            Window::Values { order, .. } => Reading::whole(order.len() as u64),
            Window::Sum { numbers, sum } => match aggregate.measure {
                Measure::Average if numbers.is_empty() => return None,
                Measure::Average => Reading {
                    sum: *sum,
                    over: numbers.len() as u64,
                },
                _ => Reading { sum: *sum, over: 1 },
            },
            Window::Ranks { numbers, ranks } => {
                let Measure::Percentile(percentile) = aggregate.measure else {
                    return None;
                };
                Reading::whole(at_rank(ranks, numbers.len() as u64, percentile)?)
            }
        })
    }
}

/// The nearest rank: the smallest number that at least so many percent of all
/// are not above.
fn at_rank(ranks: &BTreeMap<u64, u64>, count: u64, percentile: u8) -> Option<u64> {
    let rank = (count * u64::from(percentile)).div_ceil(100).max(1);
    let mut left = rank;
    // From the nearer end.
    if percentile <= 50 {
        for (number, times) in ranks {
            if *times >= left {
                return Some(*number);
            }
            left -= times;
        }
        return None;
    }
    left = count.checked_sub(rank)? + 1;
    for (number, times) in ranks.iter().rev() {
        if *times >= left {
            return Some(*number);
        }
        left -= times;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rule::plan::Condition;

    fn aggregate(measure: Measure, timespan: i64) -> Aggregate {
        Aggregate {
            measure,
            column: Vec::new(),
            marks: 1,
            timespan,
            condition: Condition {
                predicates: Vec::new(),
            },
        }
    }

    #[test]
    fn the_same_values_all_day_long_take_no_more_room() {
        let aggregate = aggregate(Measure::Values, 100);
        let mut window = Window::new(Measure::Values);
        let read = |window: &mut Window, time| window.slide(&aggregate, time).unwrap().value();
        for time in 0..10_000i64 {
            // Out of their own order within a second, and often.
            window.add(time, 3 - time as u64 % 3);
            window.add(time, 1 + time as u64 % 3);
            window.add(time, 1 + time as u64 % 3);
            assert_eq!(read(&mut window, time), 3.min(time as u64 + 2));
        }
        let Window::Values { latest, order } = &window else {
            panic!("values");
        };
        assert_eq!((latest.len(), order.len()), (3, 3));
        // Each of them 100 seconds after it came last, and no sooner.
        assert!(read(&mut window, 10_096) > 0);
        assert_eq!(read(&mut window, 10_099), 0);
        let Window::Values { latest, .. } = &window else {
            panic!("values");
        };
        assert!(latest.is_empty());
    }

    proptest! {
        /// Against the definitions, over the values that are in the window.
        #[test]
        fn every_measure_is_what_it_says(
            values in proptest::collection::vec((0i64..40, 0u64..9), 1..60),
            timespan in 1i64..20,
            percentile in 0u8..=100,
        ) {
            let mut values = values;
            values.sort_unstable();
            for measure in [
                Measure::Events, Measure::Values, Measure::Sum, Measure::Average,
                Measure::Percentile(percentile),
            ] {
                let aggregate = aggregate(measure, timespan);
                let mut window = Window::new(measure);
                for second in values.chunk_by(|a, b| a.0 == b.0) {
                    let time = second[0].0;
                    for (_, value) in second {
                        window.add(time, *value);
                    }
                    let inside = || values.iter()
                        .filter(|(at, _)| *at > time - timespan && *at <= time)
                        .map(|(_, value)| *value);
                    let mut numbers: Vec<u64> =
                        inside().filter(|value| *value != 0).map(|value| value - 1).collect();
                    numbers.sort_unstable();
                    let (sum, count) = (numbers.iter().sum::<u64>(), numbers.len() as u64);
                    let share = |number: &&u64| {
                        let below = numbers.iter().filter(|other| *other <= *number).count() as u64;
                        below * 100 >= u64::from(percentile) * count
                    };
                    let expected = match measure {
                        Measure::Events => Some(Reading::whole(inside().count() as u64)),
                        Measure::Values => {
                            numbers.dedup();
                            Some(Reading::whole(numbers.len() as u64))
                        }
                        Measure::Sum => Some(Reading::whole(sum)),
                        Measure::Average => (count > 0)
                            .then_some(Reading { sum: sum.into(), over: count }),
                        _ => numbers.iter().find(share).map(|number| Reading::whole(*number)),
                    };
                    prop_assert_eq!(window.slide(&aggregate, time), expected, "{:?}", measure);
                }
            }
        }
    }
}
