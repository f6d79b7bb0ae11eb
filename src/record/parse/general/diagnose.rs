//! Which field stands in the way of any reading: what a person is told.

use super::super::super::Field;
use super::super::Malformed;
use super::readings::{ends_in_version, is_error_code, is_number, is_status, unquoted_null};
use super::{Bytes, TRUNCATED, unquote_null};

const NOT_A_NUMBER: &str = "not a whole number";

/// A field, what is right for it, and what is wrong otherwise.
type Check = (Field, fn(Bytes<'_>) -> bool, &'static str);

/// Says which field stands in the way, when there is no reading at all.
pub(super) fn diagnose(rest: Bytes<'_>) -> Malformed {
    let refuse = |field, reason| Malformed { field, reason };
    if rest.is_empty() {
        return refuse(Field::RequestUri, TRUNCATED);
    }
    let after = if rest.starts_with(b"\"") {
        let closes = |at: &usize| *at > 0 && matches!(rest.get(at + 1), None | Some(b' '));
        let mut quotes = memchr::memchr_iter(b'"', rest).filter(closes);
        let first = quotes.next();
        let versioned = first
            .into_iter()
            .chain(quotes)
            .find(|at| ends_in_version(&rest[1..*at]));
        let Some(close) = versioned.or(first) else {
            return refuse(Field::RequestUri, "no quote closes it");
        };
        &rest[close + 1..]
    } else if let Some((after, _)) = unquoted_null(rest) {
        after
    } else {
        return refuse(Field::RequestUri, "expected a quote or -");
    };

    let mut words = after
        .split(|byte| *byte == b' ')
        .filter(|word| !word.is_empty());
    let checks: [Check; 6] = [
        (Field::HttpStatus, is_status, "not a status of three digits"),
        (Field::ErrorCode, is_error_code, "not an error code"),
        (Field::BytesSent, is_number, NOT_A_NUMBER),
        (Field::ObjectSize, is_number, NOT_A_NUMBER),
        (Field::TotalTime, is_number, NOT_A_NUMBER),
        (Field::TurnAroundTime, is_number, NOT_A_NUMBER),
    ];
    for (field, is_right, reason) in checks {
        match words.next().map(unquote_null) {
            None => return refuse(field, TRUNCATED),
            Some(word) if word != b"-" && !is_right(word) => return refuse(field, reason),
            Some(_) => {}
        }
    }
    match words.next() {
        None => refuse(Field::Referer, TRUNCATED),
        Some(word) if word != b"-" && !word.starts_with(b"\"") => {
            refuse(Field::Referer, "expected a quote or -")
        }
        Some(_) => refuse(
            Field::UserAgent,
            "no quote closes it, or the line ends before it",
        ),
    }
}
