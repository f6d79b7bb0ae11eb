//! The time in the name of a delivered log object.
//!
//! Nothing is read here: a name is all that enters. Delivery writes
//! `[prefix]YYYY-MM-DD-hh-mm-ss-UniqueString`
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html>).

use chrono::NaiveDate;

/// Shortest unique string that is believed; AWS writes 16 characters.
const UNIQUE: usize = 8;

/// The time in the last component of `path`, in seconds of UTC since the Unix
/// epoch, where that is named like a delivered log object, with or without an
/// extension added later (`.gz`). For objects partitioned by event time the
/// clock is 00:00:00 and the time is that of the day.
#[must_use]
pub fn delivery_time(path: &str) -> Option<i64> {
    let name = path.rsplit(['/', '\\']).next()?;
    stamp(name).map(|(time, _)| time)
}

/// The time in a name without folders, and at which byte it begins.
pub(super) fn stamp(name: &str) -> Option<(i64, usize)> {
    let name = name.as_bytes();
    // From the right: the prefix may end in a date of its own.
    let last = name.len().checked_sub("YYYY-MM-DD-hh-mm-ss-".len())?;
    (0..=last)
        .rev()
        .find_map(|at| parse(&name[at..]).map(|time| (time, at)))
}

fn parse(text: &[u8]) -> Option<i64> {
    let (stamp, unique) = text.split_at_checked("YYYY-MM-DD-hh-mm-ss-".len())?;
    for at in [4, 7, 10, 13, 16, 19] {
        if stamp[at] != b'-' {
            return None;
        }
    }
    let end = unique
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric())
        .unwrap_or(unique.len());
    if end < UNIQUE || !matches!(unique.get(end), None | Some(b'.')) {
        return None;
    }
    let number = |from: usize, to: usize| {
        stamp[from..to].iter().try_fold(0_u32, |sum, byte| {
            byte.is_ascii_digit()
                .then(|| sum * 10 + u32::from(byte - b'0'))
        })
    };
    let date = NaiveDate::from_ymd_opt(number(0, 4)? as i32, number(5, 7)?, number(8, 10)?)?;
    let time = date.and_hms_opt(number(11, 13)?, number(14, 16)?, number(17, 19)?)?;
    Some(time.and_utc().timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_time_of_delivered_objects() {
        let time = Some(1_383_341_536);
        for path in [
            "2013-11-01-21-32-16-E568B2907131C0C0",
            "logs/2013-11-01-21-32-16-E568B2907131C0C0",
            "a/123456789012/eu-west-1/bucket/2013/11/01/2013-11-01-21-32-16-E568B2907131C0C0",
            "logs2013-11-01-21-32-16-E568B2907131C0C0",
            "mybucket-2012-2013-11-01-21-32-16-E568B2907131C0C0.gz",
            "2010-01-01-00-00-00-2013-11-01-21-32-16-E568B2907131C0C0",
        ] {
            assert_eq!(delivery_time(path), time, "{path}");
        }
        assert_eq!(
            delivery_time("2013-11-01-00-00-00-E568B2907131C0C0"),
            Some(1_383_264_000)
        );
    }

    #[test]
    fn leaves_other_names_alone() {
        for path in [
            "",
            "access.log",
            "2013-11-01-21-32-16-E568B2907131C0C0/access.log",
            "2013-11-01-21-32-16-",
            "2013-11-01-21-32-16-backup",
            "2013-13-01-21-32-16-E568B2907131C0C0",
            "2013-11-01-24-32-16-E568B2907131C0C0",
            "2013-11-01-21-32-1x-E568B2907131C0C0",
            "2013-11-01-21-32-16-E568B290 copy",
        ] {
            assert_eq!(delivery_time(path), None, "{path}");
        }
    }
}
