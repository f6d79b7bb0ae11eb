//! What an hour usually comes to.
//!
//! An aligned hour is compared with the same hour of the day over the 28 days
//! that ended one lateness bound before its day began: all that is late for
//! those has come, so the answer does not depend on when it is asked. The usual
//! value is the median, its spread the median absolute deviation (MAD): both
//! stand up to half of the samples being wrong, where mean and standard
//! deviation are moved by the attack itself (Leys et al., 2013, "Detecting
//! outliers: do not use standard deviation around the mean, use absolute
//! deviation around the median", doi:10.1016/j.jesp.2013.03.013). An hour is
//! unusual from a modified z-score of 3.5 on (Iglewicz and Hoaglin, 1993, "How
//! to detect and handle outliers"), which is 3.5 / 0.6745 MADs above the median.
//! A key that does exactly the same every day has no spread at all: 10 % of the
//! median is the least that is assumed.

use super::{DAY, HOUR};

/// Days that are looked back.
pub const DAYS: i64 = 28;
/// Fewer samples say nothing.
pub const MIN_SAMPLES: usize = 5;

/// What is known of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    /// What runs came to.
    pub seen: u64,
    /// The most that one reading of logs declared normal came to.
    pub learned: u64,
}

impl Sums {
    /// What the hour came to. Both may be of the same records, and so do not add up.
    #[must_use]
    pub fn total(self) -> u64 {
        self.seen.max(self.learned)
    }
}

/// What an hour usually comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usual {
    /// Median of the samples.
    pub median: u64,
    /// Median absolute deviation, at least 10 % of the median.
    pub deviation: u64,
    /// How many hours of earlier days that rests on; at least
    /// [`MIN_SAMPLES`].
    pub samples: usize,
}

impl Usual {
    /// What these sums of earlier hours say; nothing where they are too few.
    #[must_use]
    pub fn of(mut samples: Vec<u64>) -> Option<Self> {
        if samples.len() < MIN_SAMPLES {
            return None;
        }
        let median = median(&mut samples);
        let mut apart: Vec<u64> = samples.iter().map(|sum| sum.abs_diff(median)).collect();
        Some(Self {
            median,
            deviation: self::median(&mut apart).max(median / 10),
            samples: samples.len(),
        })
    }

    /// Whether a sum is at least so many times the median, and far outside the
    /// spread.
    #[must_use]
    pub fn is_exceeded(self, sum: u64, times: u64) -> bool {
        let above = u128::from(sum.saturating_sub(self.median));
        sum > self.median
            && u128::from(sum) >= u128::from(self.median) * u128::from(times)
            && above * 6745 >= u128::from(self.deviation) * 35_000
    }
}

/// The hours (since the epoch, end excluded) whose samples an hour is compared
/// with, at a lateness in seconds.
#[must_use]
pub fn compared(hour: i64, lateness: i64) -> (i64, i64) {
    let ended = (hour * HOUR).div_euclid(DAY) * DAY - lateness;
    // Only hours that are wholly inside.
    let until = ended.div_euclid(HOUR);
    let from = (ended - DAYS * DAY + HOUR - 1).div_euclid(HOUR);
    (from, until)
}

/// The middle one; of two the lower of their mean.
fn median(values: &mut [u64]) -> u64 {
    let middle = values.len() / 2;
    let even = values.len().is_multiple_of(2);
    let (before, at, _) = values.select_nth_unstable(middle);
    let at = *at;
    match before.iter().max() {
        Some(before) if even => before + (at - before) / 2,
        _ => at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_counts() {
        assert_eq!(Usual::of(vec![1, 2, 3, 4]), None);
        let usual = Usual::of(vec![100, 90, 110, 100, 1_000_000]).unwrap();
        assert_eq!((usual.median, usual.deviation), (100, 10));
        let usual = Usual::of(vec![10, 20, 30, 40, 50, 60]).unwrap();
        assert_eq!((usual.median, usual.deviation, usual.samples), (35, 15, 6));
        let flat = Usual::of(vec![100; 5]).unwrap();
        // 3.5 / 0.6745 of the least spread, 10, above 100.
        assert!(flat.is_exceeded(152, 1) && !flat.is_exceeded(151, 1));
        assert!(flat.is_exceeded(300, 3) && !flat.is_exceeded(299, 3));
        let nothing = Usual::of(vec![0; 5]).unwrap();
        assert!(nothing.is_exceeded(1, 10) && !nothing.is_exceeded(0, 10));
        let wild = Usual::of(vec![0, 100, 200, 300, 400]).unwrap();
        assert!(!wild.is_exceeded(600, 3) && wild.is_exceeded(719, 3));
    }

    #[test]
    fn whole_days_are_compared() {
        let midnight = 20_000 * 24;
        assert_eq!(compared(midnight + 5, 0), (midnight - 28 * 24, midnight));
        let late = compared(midnight + 5, 6 * HOUR);
        assert_eq!(late, (midnight - 28 * 24 - 6, midnight - 6));
        // The same for all hours of a day.
        assert_eq!(late, compared(midnight + 23, 6 * HOUR));
        assert_eq!(compared(midnight, 1), (midnight - 28 * 24, midnight - 1));
    }
}
