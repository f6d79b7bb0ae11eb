//! Hours of work: days of the week and a span of the day in a time zone.
//!
//! An instant is looked at by the clock on the wall of the zone, so summer time
//! needs no word here. The zones are those of the time zone database built into
//! the binary: what is found must not depend on the machine. What work has to
//! do with an alert is the rules' business.

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::text::words::{did_you_mean, quote, suggest};

const DAY: i64 = 86_400;
const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// A list of hours.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkHours {
    hours: Vec<Hours>,
}

/// One entry: `Mon-Fri 08:00-18:00 Europe/Berlin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    /// Bits of the days on which it begins, Monday lowest.
    days: u8,
    /// Second of the day.
    from: i64,
    /// Second of the day, not included; not behind `from` where it ends on the
    /// next day.
    to: i64,
    zone: TimeZone,
}

impl WorkHours {
    /// Whether this time, in seconds since the epoch, is within them.
    #[must_use]
    pub fn contains(&self, time: i64) -> bool {
        self.hours.iter().any(|hours| hours.contains(time))
    }

    /// Whether there is no hour in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hours.is_empty()
    }
}

impl FromIterator<Hours> for WorkHours {
    fn from_iter<I: IntoIterator<Item = Hours>>(hours: I) -> Self {
        let hours = hours.into_iter().collect();
        Self { hours }
    }
}

impl Hours {
    fn contains(&self, time: i64) -> bool {
        let Ok(instant) = Timestamp::from_second(time) else {
            return false;
        };
        let local = time + i64::from(self.zone.to_offset(instant).seconds());
        let (day, second) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        // The epoch was a Thursday.
        let begins = |day: i64| self.days & (1 << (day + 3).rem_euclid(7)) != 0;
        if self.from < self.to {
            return begins(day) && (self.from..self.to).contains(&second);
        }
        (begins(day) && second >= self.from) || (begins(day - 1) && second < self.to)
    }
}

/// Reads an entry; without a zone it is UTC.
pub fn parse(text: &str) -> Result<Hours, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (days, span, zone) = match words[..] {
        [days, span] => (days, span, "UTC"),
        [days, span, zone] => (days, span, zone),
        _ => {
            let expected = "must be days, hours and a time zone, such as \
                            \"Mon-Fri 08:00-18:00 Europe/Berlin\"";
            return Err(expected.to_owned());
        }
    };
    let (from, to) = span_of_day(span)?;
    Ok(Hours {
        days: days_of_week(days)?,
        from,
        to,
        zone: time_zone(zone)?,
    })
}

/// `Mon-Fri`, `Mon,Wed`, `Sat-Mon`, or any of them with commas between.
fn days_of_week(text: &str) -> Result<u8, String> {
    let mut days = 0;
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (day(first)?, day(last)?);
        let length = (last + 7 - first) % 7;
        for step in 0..=length {
            days |= 1 << ((first + step) % 7);
        }
    }
    Ok(days)
}

fn day(text: &str) -> Result<usize, String> {
    let same = |day: &str| text.eq_ignore_ascii_case(day) || text.eq_ignore_ascii_case(&day[..3]);
    DAYS.iter().position(|day| same(day)).ok_or_else(|| {
        let short = DAYS.iter().map(|day| &day[..3]);
        let hint = suggest(text, short.chain(DAYS));
        let hint = did_you_mean(hint.as_deref());
        format!("has no day of the week in {}{hint}", quote(text))
    })
}

fn span_of_day(text: &str) -> Result<(i64, i64), String> {
    let wrong = || {
        format!(
            "has no span of hours such as 08:00-18:00 in {}",
            quote(text)
        )
    };
    let (from, to) = text.split_once('-').ok_or_else(wrong)?;
    let (from, to) = (clock(from).ok_or_else(wrong)?, clock(to).ok_or_else(wrong)?);
    if from == to || from == DAY {
        return Err(format!(
            "is no time at all: {} (a whole day is 00:00-24:00)",
            quote(text)
        ));
    }
    Ok((from, to))
}

/// `08:00`, `8:00`, and `24:00` as the end of a day.
fn clock(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str, lengths: std::ops::RangeInclusive<usize>| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let good = digits && lengths.contains(&text.len());
        good.then(|| text.parse::<i64>().ok()).flatten()
    };
    let (hour, minute) = (number(hour, 1..=2)?, number(minute, 2..=2)?);
    let second = (hour * 60 + minute) * 60;
    (minute < 60 && second <= DAY).then_some(second)
}

fn time_zone(text: &str) -> Result<TimeZone, String> {
    let zones = TimeZoneDatabase::bundled();
    zones.get(text).map_err(|_| {
        let names: Vec<String> = zones.available().map(|name| name.to_string()).collect();
        let hint = suggest(text, names.iter().map(String::as_str));
        let hint = did_you_mean(hint.as_deref());
        format!("has no time zone in {}{hint}", quote(text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds since the epoch of `2026-03-29T00:30:00Z`.
    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    fn list(entries: &[&str]) -> WorkHours {
        entries.iter().map(|entry| parse(entry).unwrap()).collect()
    }

    #[track_caller]
    fn holds(hours: &WorkHours, inside: &[&str], outside: &[&str]) {
        for time in inside {
            assert!(hours.contains(at(time)), "{time} is inside");
        }
        for time in outside {
            assert!(!hours.contains(at(time)), "{time} is outside");
        }
    }

    // 2 February 2026 is a Monday.
    #[test]
    fn days_and_hours_end_before_their_last_second() {
        holds(
            &list(&["Mon-Fri 08:00-18:00"]),
            &["2026-02-02T08:00:00Z", "2026-02-06T17:59:59Z"],
            &[
                "2026-02-02T07:59:59Z",
                "2026-02-02T18:00:00Z",
                "2026-02-07T12:00:00Z",
                "2026-02-08T12:00:00Z",
            ],
        );
        holds(
            &list(&["mon,Wednesday 8:00-9:00", "Sat-Sun 00:00-24:00"]),
            &[
                "2026-02-02T08:30:00Z",
                "2026-02-04T08:30:00Z",
                "2026-02-07T00:00:00Z",
                "2026-02-08T23:59:59Z",
            ],
            &["2026-02-03T08:30:00Z", "2026-02-09T00:00:00Z"],
        );
        // A week that ends where it began.
        let most = list(&["Sat-Mon,Wed 10:00-11:00"]);
        for (day, inside) in [(2, true), (3, false), (4, true), (5, false), (7, true)] {
            let time = format!("2026-02-0{day}T10:30:00Z");
            assert_eq!(most.contains(at(&time)), inside, "{time}");
        }
    }

    #[test]
    fn a_span_over_midnight_belongs_to_the_day_on_which_it_begins() {
        holds(
            &list(&["Fri 22:00-06:00"]),
            &["2026-02-06T22:00:00Z", "2026-02-07T05:59:59Z"],
            &[
                "2026-02-06T05:00:00Z",
                "2026-02-06T21:59:59Z",
                "2026-02-07T06:00:00Z",
                "2026-02-07T22:30:00Z",
            ],
        );
    }

    #[test]
    fn the_clock_on_the_wall_counts_in_summer_and_in_winter() {
        let berlin = list(&["Mon-Sun 08:00-18:00 Europe/Berlin"]);
        holds(
            &berlin,
            &["2026-01-15T07:00:00Z", "2026-07-15T06:00:00Z"],
            &[
                "2026-01-15T06:59:59Z",
                "2026-01-15T17:00:00Z",
                "2026-07-15T05:59:59Z",
                "2026-07-15T16:00:00Z",
            ],
        );
        // Far in the future too, by the zone's rule.
        holds(
            &berlin,
            &["2071-07-15T06:00:00Z"],
            &["2071-01-15T06:00:00Z"],
        );
        // Half an hour, and the other hemisphere.
        holds(
            &list(&["Mon 09:00-17:00 Australia/Adelaide"]),
            &["2026-01-04T22:30:00Z", "2026-07-05T23:30:00Z"],
            &["2026-01-04T22:29:59Z", "2026-07-05T23:29:59Z"],
        );
    }

    #[test]
    fn the_hour_that_is_skipped_and_the_hour_that_comes_twice() {
        // On 29 March 2026 02:00 became 03:00; on 25 October 03:00 became 02:00.
        let night = list(&["Sun 02:00-03:00 Europe/Berlin"]);
        holds(
            &night,
            &[
                "2026-10-25T00:00:00Z",
                "2026-10-25T01:00:00Z",
                "2026-10-25T01:59:59Z",
            ],
            &[
                "2026-03-29T00:59:59Z",
                "2026-03-29T01:00:00Z",
                "2026-10-24T23:59:59Z",
                "2026-10-25T02:00:00Z",
            ],
        );
        let over = list(&["Sat 22:00-03:00 Europe/Berlin"]);
        holds(
            &over,
            &["2026-03-29T00:59:59Z", "2026-10-25T01:59:59Z"],
            &["2026-03-29T01:00:00Z", "2026-10-25T02:00:00Z"],
        );
    }

    #[test]
    fn times_that_no_calendar_has_are_outside() {
        let always = list(&["Mon-Sun 00:00-24:00"]);
        assert!(always.contains(0) && always.contains(-1));
        assert!(!always.contains(i64::MAX) && !always.contains(i64::MIN));
    }

    #[test]
    fn what_is_no_entry() {
        for (text, reason) in [
            ("", "must be days, hours and a time zone, such as"),
            (
                "08:00-18:00",
                "must be days, hours and a time zone, such as",
            ),
            (
                "Mon 08:00 - 18:00",
                "must be days, hours and a time zone, such as",
            ),
            (
                "Mon-Fry 08:00-18:00",
                "has no day of the week in \"Fry\" (did you mean \"Fri\"?)",
            ),
            ("Mon- 08:00-18:00", "has no day of the week in \"\""),
            (
                "Mon 8-18",
                "has no span of hours such as 08:00-18:00 in \"8-18\"",
            ),
            ("Mon 08:00-24:01", "has no span of hours such as"),
            ("Mon 08:60-09:00", "has no span of hours such as"),
            ("Mon +8:00-09:00", "has no span of hours such as"),
            (
                "Mon 08:00-08:00",
                "is no time at all: \"08:00-08:00\" (a whole day is 00:00-24:00)",
            ),
            ("Mon 24:00-08:00", "is no time at all"),
            (
                "Mon 08:00-18:00 Europe/Berln",
                "has no time zone in \"Europe/Berln\" (did you mean \"Europe/Berlin\"?)",
            ),
            ("Mon 08:00-18:00 +02:00", "has no time zone in \"+02:00\""),
        ] {
            let found = parse(text).unwrap_err();
            assert!(found.starts_with(reason), "{text}: {found}");
        }
    }
}
