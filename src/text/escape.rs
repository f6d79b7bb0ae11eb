//! Bytes to text, without loss and without harm.
//!
//! What stands here maps bytes to printable text and back; what must not be
//! shown at all is [`redact`](super::redact())'s business, and quoting for
//! JSON that of [`json`](super::json).

use std::borrow::Cow;
use std::fmt::Write as _;

/// Bytes as text that [`restore`] turns back into the same bytes.
///
/// UTF-8 stays as it is. A byte that is not UTF-8 becomes `\xHH`; so that this
/// can be undone, a backslash that would read as such an escape (one before an
/// `x` and two hexadecimal digits) becomes `\x5C`.
#[must_use]
pub fn lossless(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if !memchr::memchr_iter(b'\\', bytes).any(|at| is_escape(&bytes[at..])) => {
            Cow::Borrowed(text)
        }
        _ => Cow::Owned(escape(bytes, |_| false)),
    }
}

/// The bytes that [`lossless`] was given.
#[must_use]
pub fn restore(text: &str) -> Vec<u8> {
    let mut rest = text.as_bytes();
    let mut bytes = Vec::with_capacity(rest.len());
    while let Some(at) = memchr::memchr(b'\\', rest) {
        bytes.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let (byte, length) = match rest {
            [_, b'x', high, low, ..] => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, 4),
                _ => (b'\\', 1),
            },
            _ => (b'\\', 1),
        };
        bytes.push(byte);
        rest = &rest[length..];
    }
    bytes.extend_from_slice(rest);
    bytes
}

/// Bytes as one line that is safe on a terminal: as [`lossless`], and nothing
/// that moves the cursor, colours, reorders or hides is written raw, but as
/// `\n`, `\x1B` or `\u{202E}`.
#[must_use]
pub fn terminal(bytes: &[u8]) -> String {
    visible(bytes).into_owned()
}

/// Text that [`lossless`] gave (or that never was bytes) as one line that is safe
/// to show: what [`terminal`] writes as an escape is one here too, and escapes
/// that stand in it already stay as they are.
#[must_use]
pub fn shown(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        if is_hidden(char) {
            push_visible(&mut safe, char);
        } else {
            safe.push(char);
        }
    }
    Cow::Owned(safe)
}

/// Bytes as the content of a CSV cell (not yet quoted) that no spreadsheet
/// takes for a formula.
///
/// Escaped as on a terminal. A cell whose first character other than a space
/// is `=`, `+`, `-`, `@` (or their full-width forms), a tab, a carriage return
/// or a line feed gets a `'` in front, and so does one that begins with `'`:
/// taking one leading `'` away always gives back what stood there. There is
/// no exception for a lone `-` (a missing value is an empty cell and never a
/// `-`) nor for negative numbers (there are none: numbers are unsigned and do
/// not come through here).
#[must_use]
pub fn csv_cell(bytes: &[u8]) -> Cow<'_, str> {
    let text = visible(bytes);
    if needs_prefix(bytes) {
        Cow::Owned(format!("'{text}"))
    } else {
        text
    }
}

/// Appends [`csv_cell`] to a line of CSV, in quotes where RFC 4180 wants them.
pub fn push_csv_cell(line: &mut Vec<u8>, bytes: &[u8]) {
    push_quoted(line, &csv_cell(bytes));
}

/// [`push_csv_cell`] of text that was already escaped as on a terminal.
pub fn push_csv_text(line: &mut Vec<u8>, text: &str) {
    if needs_prefix(text.as_bytes()) {
        push_quoted(line, &format!("'{text}"));
    } else {
        push_quoted(line, text);
    }
}

fn push_quoted(line: &mut Vec<u8>, cell: &str) {
    let cell = cell.as_bytes();
    let padded = matches!(cell, [b' ', ..] | [.., b' ']);
    if !padded && memchr::memchr2(b',', b'"', cell).is_none() {
        line.extend_from_slice(cell);
        return;
    }
    line.push(b'"');
    for part in cell.split_inclusive(|byte| *byte == b'"') {
        line.extend_from_slice(part);
        if part.ends_with(b"\"") {
            line.push(b'"');
        }
    }
    line.push(b'"');
}

fn needs_prefix(bytes: &[u8]) -> bool {
    match bytes.trim_ascii_start() {
        // U+FF1D, U+FF0B, U+FF0D, U+FF20 as well: spreadsheets fold width.
        [b'=' | b'+' | b'-' | b'@', ..] | [0xEF, 0xBC, 0x9D | 0x8B | 0x8D | 0xA0, ..] => true,
        _ => matches!(bytes, [b'\'' | b'\t' | b'\r' | b'\n', ..]),
    }
}

fn visible(bytes: &[u8]) -> Cow<'_, str> {
    if is_plain(bytes)
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return Cow::Borrowed(text);
    }
    Cow::Owned(escape(bytes, is_hidden))
}

/// Whether the bytes are printable ASCII without backslash and quote, and so
/// the same in every form.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "vectorized only without a way out early"
)]
pub(crate) fn is_plain(bytes: &[u8]) -> bool {
    bytes.iter().fold(true, |plain, byte| {
        plain & matches!(byte, b' '..=b'~') & (*byte != b'\\') & (*byte != b'"')
    })
}

fn escape(bytes: &[u8], hides: impl Fn(char) -> bool) -> String {
    let mut text = String::with_capacity(bytes.len() + 16);
    let mut at = 0;
    for chunk in bytes.utf8_chunks() {
        for (offset, char) in chunk.valid().char_indices() {
            if char == '\\' && is_escape(&bytes[at + offset..]) {
                text.push_str("\\x5C");
            } else if hides(char) {
                push_visible(&mut text, char);
            } else {
                text.push(char);
            }
        }
        for byte in chunk.invalid() {
            push_byte(&mut text, *byte);
        }
        at += chunk.valid().len() + chunk.invalid().len();
    }
    text
}

fn push_visible(text: &mut String, char: char) {
    match char {
        '\n' => text.push_str("\\n"),
        '\r' => text.push_str("\\r"),
        '\t' => text.push_str("\\t"),
        // Not for C1: there `\x9B` would claim a byte that was not there.
        '\0'..='\x7F' => push_byte(text, char as u8),
        // Writing to a string cannot fail.
        _ => {
            let _ = write!(text, "\\u{{{:X}}}", u32::from(char));
        }
    }
}

fn push_byte(text: &mut String, byte: u8) {
    // Writing to a string cannot fail.
    let _ = write!(text, "\\x{byte:02X}");
}

/// Whether a backslash and what follows would read as an escaped byte.
fn is_escape(bytes: &[u8]) -> bool {
    matches!(bytes, [b'\\', b'x', high, low, ..]
        if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
}

/// The value of a hexadecimal digit.
pub(super) fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Whether a character moves the cursor, reorders text, or cannot be seen.
///
/// All of `Cc`; of `Cf` and the default-ignorable characters those without a
/// glyph of their own; the blank letters that pass for a space or for nothing.
/// <https://www.unicode.org/reports/tr36/> has the attacks.
pub(super) fn is_hidden(char: char) -> bool {
    // Nearly every character is ASCII.
    if char < '\u{7F}' {
        return char < ' ';
    }
    // Characters that there are not: the last two of each plane.
    if char as u32 & 0xFFFE == 0xFFFE {
        return true;
    }
    matches!(char,
        '\u{7F}'..='\u{9F}'
        | '\u{AD}' | '\u{34F}' | '\u{61C}'
        | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FDD0}'..='\u{FDEF}' | '\u{FFF0}'..='\u{FFFB}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lossless_escapes_only_what_it_must() {
        for (bytes, text) in [
            (&b"plain"[..], "plain"),
            ("gr\u{fc}n \u{202E}".as_bytes(), "gr\u{fc}n \u{202E}"),
            (b"caf\xE9", "caf\\xE9"),
            (b"\xED\xA0\x80", "\\xED\\xA0\\x80"),
            (b"C:\\temp\\xray", "C:\\temp\\xray"),
            (b"\\xE9 \\xe9", "\\x5CxE9 \\x5Cxe9"),
            (b"\\\\x41", "\\\\x5Cx41"),
            (b"\\x\xE9", "\\x\\xE9"),
            (b"\\\xFF\\", "\\\\xFF\\"),
        ] {
            assert_eq!(lossless(bytes), text);
            assert_eq!(restore(text), bytes, "{text}");
        }
    }

    #[test]
    fn terminal_shows_what_hides() {
        for (bytes, text) in [
            (&b"plain"[..], "plain"),
            (b"\x1b[2J\x07\x7f\0", "\\x1B[2J\\x07\\x7F\\x00"),
            (b"a\r\n\tb", "a\\r\\n\\tb"),
            ("\u{9B}31m".as_bytes(), "\\u{9B}31m"),
            (b"\x9B31m", "\\x9B31m"),
            (
                "gpj.\u{202E}exe\u{2066}".as_bytes(),
                "gpj.\\u{202E}exe\\u{2066}",
            ),
            (
                "\u{FEFF}\u{200B}\u{E0041}".as_bytes(),
                "\\u{FEFF}\\u{200B}\\u{E0041}",
            ),
            ("日本 grün 🙂".as_bytes(), "日本 grün 🙂"),
        ] {
            assert_eq!(terminal(bytes), text);
        }
    }

    #[test]
    fn shown_text_keeps_the_escapes_in_it() {
        for bytes in [
            &b"plain \"\\"[..],
            b"\x1b[2J\xE9\\xE9",
            "gpj.\u{202E}exe".as_bytes(),
        ] {
            assert_eq!(shown(&lossless(bytes)), terminal(bytes));
        }
    }

    #[test]
    fn no_cell_is_a_formula() {
        for (bytes, text) in [
            (&b"=cmd|' /C calc'!A0"[..], "'=cmd|' /C calc'!A0"),
            (b"+1", "'+1"),
            (b"-", "'-"),
            (b"@SUM(A1)", "'@SUM(A1)"),
            (b"\t=1", "'\\t=1"),
            (b"\r=1", "'\\r=1"),
            (b"\n=1", "'\\n=1"),
            (b"  =1", "'  =1"),
            ("\u{FF1D}1".as_bytes(), "'\u{FF1D}1"),
            (b"'x", "''x"),
            (b"a=1", "a=1"),
            (b"", ""),
        ] {
            assert_eq!(csv_cell(bytes), text);
        }
        let mut line = Vec::new();
        push_csv_cell(&mut line, b"=a\",\"b");
        assert_eq!(line, b"\"'=a\"\",\"\"b\"");
    }

    proptest! {
        #[test]
        fn restore_undoes_lossless(bytes: Vec<u8>) {
            prop_assert_eq!(restore(&lossless(&bytes)), bytes);
        }

        #[test]
        fn restore_undoes_lossless_near_escapes(parts in prop::collection::vec(
            prop::sample::select(vec![
                &b"\\"[..], b"x", b"\\x", b"4", b"1", b"5C", b"5c", b"\xFF", b"\xC3", b"\xA9", b"a",
            ]), 0..12)) {
            let bytes = parts.concat();
            prop_assert_eq!(restore(&lossless(&bytes)), bytes);
        }

        #[test]
        fn terminal_text_is_one_safe_line(bytes: Vec<u8>, text: String) {
            prop_assert!(!terminal(&bytes).chars().any(is_hidden));
            prop_assert!(!terminal(text.as_bytes()).chars().any(is_hidden));
        }

        #[test]
        fn csv_reads_back(bytes: Vec<u8>, text in "[ -~]{0,12}") {
            let mut line = Vec::new();
            push_csv_cell(&mut line, &bytes);
            line.push(b',');
            push_csv_cell(&mut line, text.as_bytes());
            line.push(b'\n');
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&line[..]);
            let row = reader.records().next().unwrap().unwrap();
            prop_assert_eq!(&row[0], &*csv_cell(&bytes));
            prop_assert_eq!(&row[1], &*csv_cell(text.as_bytes()));
        }
    }
}
