//! Regular expressions and durations of rules, read in one place so that what
//! was checked is what is compiled.

use regex::bytes::{Regex, RegexBuilder};

use super::words::MAX_SPAN;

/// The longest pattern, bytes.
pub const MAX_PATTERN: usize = 4096;
/// The largest compiled pattern, bytes: room for Unicode classes with counted
/// repetition, and still compiled in milliseconds.
const MAX_COMPILED: usize = 128 << 10;

/// The flags of a regular expression: Sigma's `i`, `m` and `s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// Letters match in either case.
    pub ignore_case: bool,
    /// `^` and `$` match at line ends.
    pub multi_line: bool,
    /// `.` matches line feeds.
    pub dot_all: bool,
}

/// Compiles a pattern of a rule; the error is one line.
pub fn regex(pattern: &str, flags: Flags) -> Result<Regex, String> {
    if pattern.len() > MAX_PATTERN {
        return Err(format!("is longer than {MAX_PATTERN} bytes"));
    }
    RegexBuilder::new(pattern)
        .case_insensitive(flags.ignore_case)
        .multi_line(flags.multi_line)
        .dot_matches_new_line(flags.dot_all)
        .size_limit(MAX_COMPILED)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "compiles to something too large".to_owned(),
            // The crate draws the pattern with a marker below; the last line says why.
            other => {
                let text = other.to_string();
                let last = text.lines().last().unwrap_or_default();
                last.trim_start_matches("error: ").to_owned()
            }
        })
}

/// Reads a duration that a window may have, seconds; the error says what is
/// expected.
pub fn span(text: &str) -> Result<i64, &'static str> {
    match long_span(text) {
        Ok(seconds @ ..=MAX_SPAN) => Ok(seconds),
        Err(reason) if !reason.starts_with("must be at most") => Err(reason),
        _ => Err("must be at most 30d"),
    }
}

/// Reads a duration of at most ten years, seconds.
pub fn long_span(text: &str) -> Result<i64, &'static str> {
    const LONGEST: i64 = 3650 * 86_400;
    const EXPECTED: &str = "must be a whole number of s, m, h or d, such as 5m";
    let unit = text.chars().next_back().ok_or(EXPECTED)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(EXPECTED),
    };
    let digits = &text[..text.len() - unit.len_utf8()];
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(EXPECTED);
    }
    let span = digits
        .parse::<i64>()
        .ok()
        .and_then(|count| count.checked_mul(seconds));
    match span {
        Some(seconds @ 1..=LONGEST) => Ok(seconds),
        Some(0) => Err("must be longer than nothing"),
        _ => Err("must be at most 3650d"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(span("90s"), Ok(90));
        assert_eq!(span("5m"), Ok(300));
        assert_eq!(span("24h"), Ok(86_400));
        assert_eq!(span("30d"), Ok(MAX_SPAN));
        for (text, reason) in [
            ("", "such as 5m"),
            ("m", "such as 5m"),
            ("+5m", "such as 5m"),
            ("5w", "such as 5m"),
            ("5M", "such as 5m"),
            ("5µ", "such as 5m"),
            ("1.5h", "such as 5m"),
            ("0s", "longer than nothing"),
            ("31d", "at most 30d"),
            ("99999999999999999999d", "at most 30d"),
        ] {
            assert!(span(text).unwrap_err().ends_with(reason), "{text}");
        }
    }

    #[test]
    fn patterns_are_bounded() {
        assert!(regex(r"(linux/|linux#)\S*(kali|parrot)", Flags::default()).is_ok());
        let bomb = regex("((a{1000}){1000}){1000}", Flags::default());
        assert_eq!(bomb.unwrap_err(), "compiles to something too large");
        assert_eq!(
            regex("a(b", Flags::default()).unwrap_err(),
            "unclosed group"
        );
    }
}
