//! Time as the log writes it: `[06/Feb/2019:00:00:38 +0000]`.
//!
//! Everything after the parser works with whole seconds of UTC since the Unix
//! epoch. The wall clock may not enter this module.

use chrono::{DateTime, Datelike, NaiveDate, Utc};

/// Length of `06/Feb/2019:00:00:38 +0000`, the text between the brackets.
pub const TIME_LEN: usize = 26;

/// Parses the text between the brackets to seconds of UTC since the Unix epoch.
///
/// The offset is applied; AWS always writes `+0000`. `None` when the text is
/// not a real date and time (month `XXX`, 45 November, 29 February of a common
/// year, hour 24; second 60 is taken as the last second of its minute).
#[must_use]
pub fn parse(text: &[u8]) -> Option<i64> {
    DateCache::default().parse(text)
}

/// Parses times and remembers the last date, which is the same for thousands
/// of neighbouring lines.
#[derive(Debug, Default, Clone)]
pub struct DateCache {
    text: [u8; 11],
    midnight: i64,
}

impl DateCache {
    /// As [`parse`], with the date part cached.
    pub fn parse(&mut self, text: &[u8]) -> Option<i64> {
        let text: &[u8; TIME_LEN] = text.try_into().ok()?;
        let date: &[u8; 11] = text.first_chunk()?;
        if text[11] != b':' || text[14] != b':' || text[17] != b':' || text[20] != b' ' {
            return None;
        }
        // `text[0]` of a parsed date is a digit, so the empty cache never hits.
        if self.text != *date {
            self.midnight = midnight(date)?;
            self.text = *date;
        }
        let hour = two_digits(text[12], text[13])?;
        let minute = two_digits(text[15], text[16])?;
        let second = two_digits(text[18], text[19])?;
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let local = self.midnight + hour * 3600 + minute * 60 + second.min(59);
        if &text[21..] == b"+0000" {
            return Some(local);
        }
        Some(local - offset(&text[21..])?)
    }
}

/// Seconds that a zone such as `+0200` is ahead of UTC. AWS writes none but
/// `+0000`.
#[cold]
fn offset(zone: &[u8]) -> Option<i64> {
    let &[sign, h, hh, m, mm] = zone else {
        return None;
    };
    let (hours, minutes) = (two_digits(h, hh)?, two_digits(m, mm)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let offset = hours * 3600 + minutes * 60;
    match sign {
        b'+' => Some(offset),
        b'-' => Some(-offset),
        _ => None,
    }
}

fn two_digits(tens: u8, ones: u8) -> Option<i64> {
    (tens.is_ascii_digit() && ones.is_ascii_digit())
        .then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
}

fn midnight(date: &[u8; 11]) -> Option<i64> {
    const MONTHS: [&[u8; 3]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    if date[2] != b'/' || date[6] != b'/' {
        return None;
    }
    let day = two_digits(date[0], date[1])?;
    let month = MONTHS
        .iter()
        .position(|name| name.eq_ignore_ascii_case(&date[3..6]))?;
    let year = two_digits(date[7], date[8])? * 100 + two_digits(date[9], date[10])?;
    let date = NaiveDate::from_ymd_opt(year as i32, month as u32 + 1, day as u32)?;
    Some(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp())
}

/// The time of a raw log line, found without parsing the rest of it: what a
/// source needs to order its inputs. `None` when there is no time where the
/// third field of an access-log line stands.
#[must_use]
pub fn of_line(line: &[u8]) -> Option<i64> {
    // The first two fields are an owner and a bucket name, neither of which
    // can hold a bracket: nothing a caller wrote stands before the time.
    let head = &line[..line.len().min(512)];
    let open = memchr::memchr(b'[', head)?;
    parse(head.get(open + 1..open + 1 + TIME_LEN)?)
}

/// A number of a time: what Sigma's time modifiers take from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// 0 to 59.
    Minute,
    /// 0 to 23.
    Hour,
    /// Day of the month.
    Day,
    /// ISO 8601 week, which begins on Monday: 1 to 53.
    Week,
    /// 1 to 12.
    Month,
    /// The year of the date, not of the week.
    Year,
}

impl Part {
    /// The least and the most that it can be.
    #[must_use]
    pub const fn range(self) -> (u64, u64) {
        match self {
            Part::Minute => (0, 59),
            Part::Hour => (0, 23),
            Part::Day => (1, 31),
            Part::Week => (1, 53),
            Part::Month => (1, 12),
            Part::Year => (0, 9999),
        }
    }

    /// The number in this time, in UTC.
    #[must_use]
    pub fn of(self, seconds: i64) -> Option<u64> {
        let second = seconds.rem_euclid(86_400) as u64;
        let date = || DateTime::<Utc>::from_timestamp(seconds, 0).map(|time| time.date_naive());
        match self {
            Part::Minute => Some(second / 60 % 60),
            Part::Hour => Some(second / 3600),
            Part::Day => date().map(|date| date.day().into()),
            Part::Week => date().map(|date| date.iso_week().week().into()),
            Part::Month => date().map(|date| date.month().into()),
            Part::Year => date().and_then(|date| u64::try_from(date.year()).ok()),
        }
    }
}

/// Seconds since the epoch as RFC 3339 UTC: `2026-02-03T02:00:00Z`.
#[must_use]
pub fn rfc3339(seconds: i64) -> String {
    DateTime::<Utc>::from_timestamp(seconds, 0).map_or_else(
        || seconds.to_string(),
        |time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_chrono_on_every_hour_of_a_leap_cycle() {
        let mut cache = DateCache::default();
        let start = 1_546_300_800; // 2019-01-01
        for hour in 0..(4 * 366 * 24) {
            let seconds = start + hour * 3599;
            let text = DateTime::<Utc>::from_timestamp(seconds, 0)
                .unwrap()
                .format("%d/%b/%Y:%H:%M:%S +0000")
                .to_string();
            assert_eq!(cache.parse(text.as_bytes()), Some(seconds), "{text}");
        }
    }

    #[test]
    fn parts_of_a_time() {
        // A Sunday: the last day of ISO week 53, though the year has begun.
        let time = parse(b"03/Jan/2021:04:05:06 +0000").unwrap();
        let parts = [
            Part::Minute,
            Part::Hour,
            Part::Day,
            Part::Week,
            Part::Month,
            Part::Year,
        ];
        let numbers = parts.map(|part| part.of(time).unwrap());
        assert_eq!(numbers, [5, 4, 3, 53, 1, 2021]);
        // Before the epoch too.
        let time = parse(b"31/Dec/1969:23:59:59 +0000").unwrap();
        assert_eq!(
            (Part::Hour.of(time), Part::Minute.of(time)),
            (Some(23), Some(59))
        );
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "25/XXX/2020:00:00:00 +0000",
            "45/Nov/2022:00:00:00 +0000",
            "29/Feb/2019:00:00:00 +0000",
            "01/Jan/2020:24:00:00 +0000",
            "01/Jan/2020:00:60:00 +0000",
            "01/Jan/2020:00:00:00 *0000",
            "01/Jan/2020:00:00:00 +00",
            "01/Jan/2020:00:00:00 +2400",
            "01/Jan/2020:00:00:00 -0060",
            "",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn applies_the_offset() {
        let utc = parse(b"06/Feb/2019:02:00:38 +0000");
        assert_eq!(parse(b"06/Feb/2019:04:00:38 +0200"), utc);
        assert_eq!(parse(b"05/Feb/2019:20:30:38 -0530"), utc);
    }
}
