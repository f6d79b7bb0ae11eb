//! Numbers and lists as a person reads them.

use std::time::Duration;

/// Columns that a row's name takes.
pub const NAME: usize = 12;

/// `1,234,567`.
pub fn group(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 line`, `2 lines`, `2 addresses`, `2 entities`.
pub fn count(number: u64, noun: &str) -> String {
    let (stem, plural) = match noun.strip_suffix('y') {
        _ if number == 1 => (noun, ""),
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => (stem, "ies"),
        _ if noun.ends_with('s') => (noun, "es"),
        _ => (noun, "s"),
    };
    format!("{} {stem}{plural}", group(number))
}

/// `12.30 MiB`.
pub fn bytes(number: u64) -> String {
    indicatif::BinaryBytes(number).to_string()
}

/// `in 0.78 s: 76,769 lines/s`; of a moment no rate can be told.
pub fn pace(lines: u64, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    if seconds < 0.01 {
        return "in less than 0.01 s".to_owned();
    }
    let rate = (lines as f64 / seconds) as u64;
    format!("in {seconds:.2} s: {} lines/s", group(rate))
}

/// A name and what is to be said of it, on lines of at most `width` columns.
/// Broken at spaces only: half a name can be neither copied nor searched for.
pub fn row(name: &str, text: &str, width: usize) -> String {
    hang(&format!("  {name:<0$}", NAME - 2), NAME, text, width)
}

/// A head of so many columns, and a text beside it that wraps below itself.
pub fn hang(head: &str, columns: usize, text: &str, width: usize) -> String {
    let mut out = head.to_owned();
    let mut column = columns;
    for (place, word) in text.split(' ').enumerate() {
        let used = word.chars().count();
        if place > 0 && column + 1 + used > width {
            out.push('\n');
            out.push_str(&" ".repeat(columns));
            column = columns;
        } else if place > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += used;
    }
    out
}

/// A text cut after so many characters, which shows.
pub fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}

/// Seconds in the largest unit that leaves a number worth reading.
pub fn span(seconds: i64) -> String {
    const UNITS: [(i64, &str); 3] = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    let fits = |(unit, _): &&(i64, &str)| seconds >= 2 * unit || seconds == *unit;
    let (unit, noun) = UNITS.iter().find(fits).unwrap_or(&(1, "second"));
    count((seconds / unit).unsigned_abs(), noun)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(group(0), "0");
        assert_eq!(group(999), "999");
        assert_eq!(group(1000), "1,000");
        assert_eq!(group(1_234_567), "1,234,567");
    }

    #[test]
    fn nouns_agree_with_their_numbers() {
        assert_eq!(count(0, "line"), "0 lines");
        assert_eq!(count(1, "line"), "1 line");
        assert_eq!(count(1, "address"), "1 address");
        assert_eq!(count(4068, "address"), "4,068 addresses");
        assert_eq!(count(1, "entity"), "1 entity");
        assert_eq!(count(2, "entity"), "2 entities");
        assert_eq!(count(2, "key"), "2 keys");
    }

    #[test]
    fn rows_wrap_at_spaces() {
        let text = row("rules", "one two three", 20);
        assert_eq!(text, "  rules     one two\n            three");
        let long = "x".repeat(40);
        assert_eq!(row("", &long, 20), format!("{:12}{long}", ""));
    }
}
