//! When a list was made, as the forms write it.

use chrono::{DateTime, NaiveDateTime};

/// How dates are written, all in UTC: RFC 9110 (`Last-Modified` of Spamhaus,
/// `Generated` of `IPFire`),
/// `date -u` (of `firehol`), Tor's `LastStatus`, abuse.ch's `Last updated`.
const FORMS: [&str; 5] = [
    "%a, %d %b %Y %H:%M:%S GMT",
    "%a %b %d %H:%M:%S UTC %Y",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M:%S UTC",
    "%Y-%m-%d %H:%M:%S (UTC)",
];

/// Longer than any of them.
const LONGEST: usize = 64;

/// Seconds since the epoch.
pub(super) fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.len() > LONGEST {
        return None;
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp());
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    let time = |form: &&str| NaiveDateTime::parse_from_str(&text, form).ok();
    let time = FORMS.iter().find_map(time)?;
    Some(time.and_utc().timestamp())
}

/// What a comment calls the time at which the list was made.
const NAMES: [&str; 4] = [
    "last-modified",
    "this file date",
    "last updated",
    "generated",
];

/// The time that a comment of a list says.
pub(crate) fn of_comment(comment: &str) -> Option<i64> {
    let comment = comment.trim_start_matches(['#', ';', ' ', '\t']);
    let (name, value) = comment.split_once(':')?;
    let name = name.trim();
    let known = NAMES.iter().any(|known| name.eq_ignore_ascii_case(known));
    // abuse.ch draws a box around its header.
    known.then(|| parse(value.trim_end_matches(['#', ' '])))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_lists_write_them() {
        for (text, expected) in [
            (
                "; Last-Modified: Sat, 12 May 2018 21:54:15 GMT",
                1_526_162_055,
            ),
            (
                "; Last-Modified: Mon,  1 Jan 2024 00:00:01 GMT",
                1_704_067_201,
            ),
            (
                "# This File Date  : Tue Sep  1 00:00:00 UTC 2026",
                1_788_220_800,
            ),
            (
                "# Last updated: 2024-01-10 06:35:01 UTC              #",
                1_704_868_501,
            ),
            ("# Generated: Wed, 06 May 2026 04:32:30 GMT", 1_778_041_950),
            ("#Last-Modified:2024-01-10T06:35:01Z", 1_704_868_501),
        ] {
            assert_eq!(of_comment(text), Some(expected), "{text}");
        }
        assert_eq!(parse("2015-12-11 13:02:32"), Some(1_449_838_952));
        for text in [
            "# Source File Date: Tue Sep  1 00:00:00 UTC 2026",
            "# Last-Modified: yesterday",
            "# a comment",
            "#",
        ] {
            assert_eq!(of_comment(text), None, "{text}");
        }
        assert_eq!(parse(&"1".repeat(1 << 20)), None);
    }
}
