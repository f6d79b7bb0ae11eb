//! Which names can hold records of a span of time.
//!
//! Nothing is listed here: times and names are all that enters.

use super::super::super::CLOCK_SKEW;
use super::super::Object;
use super::super::layout::Layout;

const DAY: i64 = 86_400;

/// The records that are wanted, and how late they may have been delivered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// Of the first record, seconds since the Unix epoch; `i64::MIN` for all.
    pub since: i64,
    /// The second after the last record; `i64::MAX` for all.
    pub until: i64,
    /// How long after a record its object may be delivered, seconds.
    pub lookback: i64,
}

/// The midnight before a time.
pub(super) fn day(time: i64) -> i64 {
    time.saturating_sub(time.rem_euclid(DAY))
}

/// The midnight after a time.
pub(super) fn day_after(time: i64) -> i64 {
    day(time).saturating_add(DAY)
}

impl Span {
    /// The earliest time of a delivery that can hold records of it: a record is
    /// delivered after its time, by clocks that differ a little.
    pub(super) fn since_in_names(&self) -> i64 {
        self.since.saturating_sub(CLOCK_SKEW)
    }

    /// The second after the last time in a name that can hold records of it.
    pub(super) fn until_in_names(&self) -> i64 {
        self.until.saturating_add(self.lookback)
    }

    /// Where a listing has to begin: no earlier name is [kept](Self::keeps).
    pub(super) fn begin(&self, layout: Layout) -> i64 {
        match layout {
            Layout::Partitioned => self.since_in_names().min(day(self.since)),
            Layout::Simple | Layout::Other => self.since_in_names(),
        }
    }

    /// Whether an object can hold records of it.
    ///
    /// `delivery` says that the folders of its log are those of the delivery:
    /// then midnight is a time like any other.
    pub(super) fn keeps(&self, object: &Object, delivery: bool) -> bool {
        let Some(time) = object.named.time else {
            // No record is later than when the object was written.
            return object
                .modified
                .is_none_or(|modified| modified >= self.since_in_names());
        };
        let of_day = object.named.is_of_day();
        let early = time < self.since_in_names();
        let late = if of_day && !delivery {
            time >= self.until
        } else {
            time >= self.until_in_names()
        };
        !late && (!early || of_day && time >= day(self.since))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::object;
    use super::*;

    const FROM: i64 = 1_770_000_000 - 1_770_000_000 % DAY;

    #[test]
    fn names_are_kept_with_the_slack_of_their_layout() {
        let noon = FROM + DAY / 2;
        let span = Span {
            since: noon,
            until: noon + 3600,
            lookback: 2 * DAY,
        };
        let simple = |time: i64| object(&super::super::tests::simple("a/", time, 1), 1, time);
        let of_day = |time: i64| object(&super::super::tests::partitioned("a/", time, 1), 1, time);
        for (object, delivery, kept) in [
            (simple(noon - 300), false, true),
            (simple(noon - 301), false, false),
            (simple(noon + 3599 + 2 * DAY), false, true),
            (simple(noon + 3600 + 2 * DAY), false, false),
            (of_day(FROM), false, true),
            (of_day(FROM - DAY), false, false),
            (of_day(FROM + DAY), false, false),
            // Delivered at midnight.
            (of_day(FROM + DAY), true, true),
            (of_day(FROM + DAY + 1), true, true),
            // Without a time in the name.
            (
                super::super::tests::object("a/b", 1, noon - 301),
                false,
                false,
            ),
            (
                super::super::tests::object("a/b", 1, noon - 300),
                false,
                true,
            ),
        ] {
            assert_eq!(span.keeps(&object, delivery), kept, "{}", object.key);
            let begin = span.begin(object.named.layout);
            assert!(!kept || object.named.time.is_none_or(|time| time >= begin));
        }
    }

    #[test]
    fn all_of_time_is_a_span() {
        let span = Span {
            since: i64::MIN,
            until: i64::MAX,
            lookback: DAY,
        };
        assert_eq!(span.begin(Layout::Partitioned), i64::MIN);
        assert_eq!(span.until_in_names(), i64::MAX);
        assert_eq!(day(i64::MIN), i64::MIN);
        assert_eq!(day_after(FROM + 5), FROM + DAY);
    }
}
