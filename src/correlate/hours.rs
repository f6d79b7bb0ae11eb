//! Aligned hours of one key, compared with what they usually come to.
//!
//! What is usual is [`crate::baseline::volume`]'s business; here only the sums of
//! the hours at hand.

use std::collections::VecDeque;

use super::judge::Hours;
use crate::baseline::HOUR;
use crate::baseline::volume::Usual;
use crate::rule::plan::{Correlation, Reading};

/// An hour that was more than usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compared {
    /// Its first second, since the Unix epoch.
    pub hour: i64,
    /// What it came to so far.
    pub sum: u64,
    /// What it usually comes to.
    pub usual: Usual,
}

/// What comes of comparing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is not more than usual.
    Usual,
    /// It is, or nothing is compared; with the hour that it rests on, where it
    /// rests on one.
    Fires(Option<Compared>),
}

/// What the last hours came to, in order.
#[derive(Debug, Default)]
pub struct Sums(VecDeque<(i64, u64)>);

impl Sums {
    /// Counts something, no earlier than what came before.
    pub fn add(&mut self, time: i64, sum: u64) {
        let hour = time.div_euclid(HOUR);
        match self.0.back_mut() {
            Some((at, known)) if *at == hour => *known = known.saturating_add(sum),
            _ => self.0.push_back((hour, sum)),
        }
    }

    /// Whether as much is more than usual as the correlation asks for, at a
    /// value of its window.
    pub fn compare(
        &mut self,
        plan: &Correlation,
        hours: &Hours,
        reading: Reading,
        time: i64,
    ) -> Verdict {
        let Some(asked) = plan.usual else {
            return Verdict::Fires(None);
        };
        let now = time.div_euclid(HOUR);
        let first = now - (plan.timespan / HOUR).max(1) + 1;
        while self.0.pop_front_if(|(hour, _)| *hour < first).is_some() {}
        let usual = |hour: i64| hours.of(asked.series?, hour);
        let exceeding = self.0.iter().filter_map(|(hour, sum)| {
            let usual = usual(*hour)?;
            usual.is_exceeded(*sum, asked.times).then_some(Compared {
                hour: hour * HOUR,
                sum: *sum,
                usual,
            })
        });
        let exceeding: Vec<Compared> = exceeding.collect();
        if exceeding.len() as u64 >= asked.hours {
            return Verdict::Fires(exceeding.last().copied());
        }
        let enough = |least| usual(now).is_none() && reading.value() >= least;
        if asked.otherwise.is_some_and(enough) {
            Verdict::Fires(None)
        } else {
            Verdict::Usual
        }
    }
}
