//! JSON that is safe to print on a terminal.
//!
//! The same values as any other JSON: a character that would move
//! the cursor, reorder the line or hide is written as `\uXXXX`, which every
//! JSON reader turns back. What the values are is the caller's business.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::Formatter;

use super::escape::is_hidden;

/// Writes compact JSON with every hidden character escaped.
#[derive(Debug, Clone, Copy, Default)]
pub struct SafeFormatter;

impl Formatter for SafeFormatter {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        // `serde_json` has taken out what is below a space.
        if fragment.bytes().all(|byte| byte < 0x7F) {
            return writer.write_all(fragment.as_bytes());
        }
        let mut written = 0;
        for (at, char) in fragment.char_indices().filter(|(_, char)| is_hidden(*char)) {
            writer.write_all(&fragment.as_bytes()[written..at])?;
            for unit in char.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            written = at + char.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[written..])
    }
}

/// Writes one value.
pub fn write<W: Write, T: Serialize + ?Sized>(writer: W, value: &T) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(writer, SafeFormatter);
    value.serialize(&mut serializer).map_err(io::Error::from)
}

/// One value over several lines, for a file that people look at too.
pub fn pretty<T: Serialize + ?Sized>(value: &T) -> io::Result<String> {
    let text = serde_json::to_string_pretty(value)?;
    let mut safe = String::with_capacity(text.len());
    for char in text.chars() {
        // Line feeds are the layout's; in strings they are escaped already.
        if char.is_ascii() && char != '\x7F' || !is_hidden(char) {
            safe.push(char);
            continue;
        }
        for unit in char.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(safe, "\\u{unit:04x}");
        }
    }
    Ok(safe)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn json(text: &str) -> String {
        let mut out = Vec::new();
        write(&mut out, text).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn escapes_what_hides() {
        for (text, expected) in [
            ("plain \"q\" \\ /", r#""plain \"q\" \\ /""#),
            ("\u{1b}[2J\n\0", r#""\u001b[2J\n\u0000""#),
            ("a\u{7F}b\u{9B}c", r#""a\u007fb\u009bc""#),
            (
                "\u{202E}\u{2066}\u{200B}\u{2028}",
                r#""\u202e\u2066\u200b\u2028""#,
            ),
            ("\u{FEFF}\u{61C}", r#""\ufeff\u061c""#),
            ("x\u{E0041}y", r#""x\udb40\udc41y""#),
            ("grün 日本 🙂", "\"grün 日本 🙂\""),
        ] {
            assert_eq!(json(text), expected);
        }
    }

    proptest! {
        #[test]
        fn loses_nothing_and_hides_nothing(text: String) {
            let json = json(&text);
            prop_assert!(!json.chars().any(is_hidden));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }

        #[test]
        fn loses_nothing_of_hidden_text(text in "[\u{7F}-\u{9F}\u{200B}-\u{206F}\u{E0000}-\u{E007F}a\"\\\\]*") {
            let json = json(&text);
            prop_assert!(!json.chars().any(is_hidden));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
