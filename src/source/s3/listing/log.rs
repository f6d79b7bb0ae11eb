//! One log: where a time stands in its keys, and which keys come after which.
//!
//! Keys of a log sort by their times. Nothing is listed here.

use chrono::DateTime;

use super::super::Object;
use super::super::layout::Layout;

/// The first and the last second that a name can tell: years have four digits.
const TIMES: std::ops::RangeInclusive<i64> = -62_167_219_200..=253_402_300_799;

/// What stands behind the stem: digits for `0`, and all else as it is.
const SIMPLE: &str = "0000-00-00-00-00-00-";
const PARTITIONED: &str = "0000/00/00/0000-00-00-00-00-00-";

/// Behind year and separator: sorts after all that begins with a month.
const MONTHS_END: &str = "12\u{10ffff}";

/// The objects that have stem and layout in common. Its layout is never
/// [`Layout::Other`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Log {
    /// What all of its keys begin with.
    pub stem: Box<str>,
    /// How they go on.
    pub layout: Layout,
}

impl Log {
    /// The log of an object; none where its key has no time.
    pub(super) fn of(object: &Object) -> Option<Self> {
        object.named.time.map(|_| Self {
            stem: object.stem().into(),
            layout: object.named.layout,
        })
    }

    /// The log with this stem whose years are followed by `separator`.
    pub(super) fn before(stem: &str, separator: u8) -> Option<Self> {
        let layout = match separator {
            b'-' => Layout::Simple,
            b'/' => Layout::Partitioned,
            _ => return None,
        };
        let stem = stem.into();
        Some(Self { stem, layout })
    }

    /// Whether an object is of this log.
    pub(super) fn owns(&self, object: &Object) -> bool {
        object.named.layout == self.layout && object.stem() == &*self.stem
    }

    fn template(&self) -> &'static str {
        match self.layout {
            Layout::Partitioned => PARTITIONED,
            Layout::Simple | Layout::Other => SIMPLE,
        }
    }

    /// What sorts before all keys of this time or later, and after all earlier
    /// ones. Seconds since the Unix epoch.
    pub(super) fn at(&self, time: i64) -> String {
        let stem = &self.stem;
        let clock = DateTime::from_timestamp(time, 0).filter(|_| TIMES.contains(&time));
        match clock {
            Some(clock) if self.layout == Layout::Partitioned => {
                format!("{stem}{}", clock.format("%Y/%m/%d/%Y-%m-%d-%H-%M-%S"))
            }
            Some(clock) => format!("{stem}{}", clock.format("%Y-%m-%d-%H-%M-%S")),
            None if time < *TIMES.start() => stem.to_string(),
            // Sorts right after the digits.
            None => format!("{stem}:"),
        }
    }

    /// Whether a key stands among the years of this log, as all of its own do:
    /// behind the stem a year, the separator and something up to month 12.
    pub(super) fn surrounds(&self, key: &str) -> bool {
        let (year, separator) = self.template().split_at("0000".len());
        key.strip_prefix(&*self.stem)
            .and_then(|rest| rest.split_at_checked(year.len()))
            .filter(|(digits, _)| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|(_, rest)| rest.strip_prefix(&separator[..1]))
            .is_some_and(|rest| rest <= MONTHS_END)
    }

    /// What sorts after all keys of the year that `key`, one of its own, is of.
    pub(super) fn after_year(&self, key: &str) -> String {
        let year = self.stem.len() + "0000-".len();
        format!("{}{MONTHS_END}", &key[..year])
    }

    /// What sorts before all keys of this log that come after `key`, which begins
    /// with its stem; as late as may be. None where no key of it can follow.
    pub(super) fn next(&self, key: &str) -> Option<String> {
        let template = self.template().as_bytes();
        let rest = &key.as_bytes()[self.stem.len()..];
        let differs = |(byte, model): (&u8, &u8)| match model {
            b'0' => !byte.is_ascii_digit(),
            _ => byte != model,
        };
        let Some(at) = rest.iter().zip(template).position(differs) else {
            return Some(key.to_owned());
        };
        let mut head = rest[..at].to_vec();
        if rest[at] < template[at] {
            head.push(template[at]);
        } else {
            // All that goes on like this sorts before the key: count up.
            let digit = (0..at).rev().find(|&at| matches!(head[at], b'0'..=b'8'))?;
            head[digit] += 1;
            head.truncate(digit + 1);
        }
        let mut next = self.stem.to_string();
        next.extend(head.into_iter().map(char::from));
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{partitioned, simple};
    use super::*;
    use proptest::prelude::*;

    fn log(layout: Layout) -> Log {
        Log {
            stem: "a1".into(),
            layout,
        }
    }

    fn key(layout: Layout, time: i64) -> String {
        match layout {
            Layout::Partitioned => partitioned("a1", time, 7),
            _ => simple("a1", time, 7),
        }
    }

    #[test]
    fn a_time_parts_the_keys() {
        for layout in [Layout::Simple, Layout::Partitioned] {
            let log = log(layout);
            let time = 1_770_000_000;
            assert!(log.at(time) > key(layout, time - 1));
            assert!(log.at(time) < key(layout, time));
            assert!(log.at(i64::MIN) < key(layout, *TIMES.start()));
            assert!(log.at(i64::MAX) > key(layout, *TIMES.end()));
        }
    }

    #[test]
    fn a_year_is_left_behind_and_no_more() {
        let simple_log = log(Layout::Simple);
        let key = simple("a1", 1_770_000_000, 7);
        assert_eq!(simple_log.after_year(&key), "a12026-12\u{10ffff}");
        for (key, among) in [
            (&*key, true),
            ("a12026-02/x", true),
            ("a12026-13", false),
            ("a12026-2026-02-03-04-05-06-ABCDEFGH", false),
            ("a122026-02-03-04-05-06-ABCDEFGH", false),
            ("a12026/02/03/x", false),
            ("a1202", false),
            ("a1", false),
            ("b", false),
            ("a1202é-", false),
        ] {
            assert_eq!(simple_log.surrounds(key), among, "{key}");
        }
        assert!(log(Layout::Partitioned).surrounds("a12026/02/03/x"));
    }

    proptest! {
        #[test]
        fn nothing_of_the_log_is_skipped_and_all_else_is(
            text in "[-/0-9a:é]{0,24}",
            partition in any::<bool>(),
            times in prop::collection::vec(TIMES, 1..8),
        ) {
            let layout = if partition { Layout::Partitioned } else { Layout::Simple };
            let log = log(layout);
            let from = format!("a1{text}");
            let next = log.next(&from);
            if let Some(next) = &next {
                prop_assert!(*next >= from);
            }
            for time in times {
                let key = key(layout, time);
                prop_assert_eq!(key > from, next.as_ref().is_some_and(|next| key > *next));
            }
        }
    }
}
