//! A set of UTC days: the last one and the 127 before it.
//!
//! Adding days is a union, so order and repetition do not matter; days that are
//! too far before the last one fall out, whichever came first.

/// How many days a set spans.
pub const SPAN: i32 = 128;

/// UTC days, as days since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Days {
    /// Bit `n` is the day `last - n`; in two words, lower first, so that a
    /// million of these take no room for alignment. Zero where there is none.
    bits: [u64; 2],
    last: i32,
}

impl Days {
    /// One day.
    #[must_use]
    pub fn one(day: i32) -> Self {
        Self::from_bits(day, 1)
    }

    /// What [`Days::last`] and [`Days::bits`] gave.
    #[must_use]
    pub fn from_bits(last: i32, bits: u128) -> Self {
        Self {
            bits: [bits as u64, (bits >> 64) as u64],
            last,
        }
    }

    /// The last day; meaningless where there is none.
    #[must_use]
    pub fn last(self) -> i32 {
        self.last
    }

    /// Bit `n` is the day `last - n`.
    #[must_use]
    pub fn bits(self) -> u128 {
        u128::from(self.bits[0]) | u128::from(self.bits[1]) << 64
    }

    /// Whether there is no day.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.bits == [0; 2]
    }

    /// Both together.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        if self.is_empty() {
            return other;
        }
        if other.is_empty() {
            return self;
        }
        let last = self.last.max(other.last);
        let moved = |days: Self| {
            let back = last.abs_diff(days.last);
            days.bits().checked_shl(back).unwrap_or(0)
        };
        Self::from_bits(last, moved(self) | moved(other))
    }

    /// How many days there are before this one.
    #[must_use]
    pub fn count_before(self, day: i32) -> u32 {
        self.before(day).count_ones()
    }

    /// How many days there are from `from` to before `until`.
    #[must_use]
    pub fn count(self, from: i32, until: i32) -> u32 {
        self.between(from, until).count_ones()
    }

    /// Whether there is a day from `from` to before `until`.
    #[must_use]
    pub fn any(self, from: i32, until: i32) -> bool {
        self.between(from, until) != 0
    }

    /// The bits of the days from one to before another.
    fn between(self, from: i32, until: i32) -> u128 {
        let bits = self.before(until);
        if bits == 0 || self.last < from {
            return 0;
        }
        let first = self.last.abs_diff(from);
        // Bits above `first` are earlier days.
        let later = match first {
            127.. => u128::MAX,
            first => (1 << (first + 1)) - 1,
        };
        bits & later
    }

    /// The bits of the days before this one.
    fn before(self, day: i32) -> u128 {
        if self.last < day {
            return self.bits();
        }
        let skip = self.last.abs_diff(day) + 1;
        match skip {
            128.. => 0,
            skip => self.bits() >> skip << skip,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn days(days: &[i32]) -> Days {
        let each = days.iter().map(|day| Days::one(*day));
        each.fold(Days::default(), Days::union)
    }

    proptest! {
        /// The slow twin: a set of numbers.
        #[test]
        fn days_are_a_set(
            mut all in proptest::collection::vec(-300..300i32, 0..40),
            from in -400..400i32,
            length in 0..200i32,
        ) {
            let found = days(&all);
            all.reverse();
            prop_assert_eq!(found, days(&all));
            let last = all.iter().max().copied().unwrap_or(0);
            let set: BTreeSet<i32> =
                all.iter().copied().filter(|day| last - day < SPAN).collect();
            let until = from + length;
            prop_assert_eq!(found.any(from, until), set.range(from..until).next().is_some());
            prop_assert_eq!(found.count(from, until) as usize, set.range(from..until).count());
            prop_assert_eq!(found.count_before(from) as usize, set.range(..from).count());
            let (one, other) = all.split_at(all.len() / 2);
            prop_assert_eq!(found, days(one).union(days(other)));
            prop_assert_eq!(found, Days::from_bits(found.last(), found.bits()));
        }
    }
}
