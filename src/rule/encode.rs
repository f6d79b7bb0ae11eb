//! Sigma's encodings: a text of a rule as it looks inside encoded data.
//!
//! Encoded before any record is seen. Decoding what stands in a log is not done
//! here, nor anywhere: a rule names the encoded text that it looks for.

use rsigma_parser::{SigmaString, StringPart};

/// What a modifier does to a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// `wide`, `utf16le`: two bytes a letter, the lower one first.
    Utf16Le,
    /// `utf16be`: the higher one first.
    Utf16Be,
    /// `utf16`: a byte order mark, then as `utf16le`.
    Utf16,
    /// The text is all that was encoded.
    Base64,
    /// The text stands anywhere in what was encoded.
    Base64Offset,
}

use Encoding::{Base64, Base64Offset, Utf16, Utf16Be, Utf16Le};

/// Whether these may follow each other: at most one UTF-16 and then at most one
/// base64.
#[must_use]
pub fn is_chain(encodings: &[Encoding]) -> bool {
    matches!(
        encodings,
        [] | [_] | [Utf16Le | Utf16Be | Utf16, Base64 | Base64Offset]
    )
}

/// The texts of which one must be there; the error says what is wrong with the
/// value.
pub fn encode(text: &SigmaString, encodings: &[Encoding]) -> Result<Vec<SigmaString>, String> {
    let (last, wide) = match encodings {
        [] => return Ok(vec![text.clone()]),
        [wide, last @ (Base64 | Base64Offset)] => (Some(*last), Some(*wide)),
        [last @ (Base64 | Base64Offset)] => (Some(*last), None),
        [wide, ..] => (None, Some(*wide)),
    };
    let Some(last) = last else {
        return wide.map_or_else(|| Ok(Vec::new()), |wide| in_utf16(text, wide));
    };
    let Some(plain) = text.as_plain() else {
        return Err(
            "holds a wildcard, which cannot be encoded: write \\* or \\? for the character"
                .to_owned(),
        );
    };
    let bytes = wide.map_or_else(|| plain.clone().into_bytes(), |wide| utf16(&plain, wide));
    let encoded = match last {
        Base64 => vec![base64(&bytes)],
        _ => offsets(&bytes),
    };
    if encoded.iter().any(String::is_empty) {
        return Err("is too short: nothing of it is sure once it is encoded".to_owned());
    }
    let raw = |text: &String| SigmaString::from_raw(text);
    Ok(encoded.iter().map(raw).collect())
}

/// UTF-16 that stands in the log as it is; wildcards stay what they are.
fn in_utf16(text: &SigmaString, encoding: Encoding) -> Result<Vec<SigmaString>, String> {
    let mut parts = Vec::new();
    for part in &text.parts {
        parts.push(match part {
            StringPart::Special(_) => part.clone(),
            StringPart::Plain(plain) => {
                let text = String::from_utf8(utf16(plain, encoding));
                StringPart::Plain(text.map_err(|_| {
                    "is no text in UTF-16, which only encoded data can hold: \
                     add base64 or base64offset"
                        .to_owned()
                })?)
            }
        });
    }
    let original = text.original.clone();
    Ok(vec![SigmaString { parts, original }])
}

fn utf16(text: &str, encoding: Encoding) -> Vec<u8> {
    let units = text.encode_utf16();
    match encoding {
        Utf16Be => units.flat_map(u16::to_be_bytes).collect(),
        Utf16 => [0xff, 0xfe]
            .into_iter()
            .chain(units.flat_map(u16::to_le_bytes))
            .collect(),
        _ => units.flat_map(u16::to_le_bytes).collect(),
    }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |index| u32::from(group.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place > group.len() {
                '='
            } else {
                char::from(letter)
            });
        }
    }
    text
}

/// What is sure of the text's encoding when zero, one or two bytes stand before
/// it in its group of three: letters that hold bits of a neighbour are left out.
fn offsets(bytes: &[u8]) -> Vec<String> {
    let at = |before: usize| {
        let mut padded = vec![0; before];
        padded.extend_from_slice(bytes);
        let encoded = base64(&padded);
        let first = (before * 8).div_ceil(6);
        let end = padded.len() * 8 / 6;
        encoded.get(first..end).unwrap_or_default().to_owned()
    };
    (0..3).map(at).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(text: &str, encodings: &[Encoding]) -> Vec<String> {
        let texts = encode(&SigmaString::new(text), encodings).unwrap();
        texts.iter().map(|text| text.as_plain().unwrap()).collect()
    }

    #[test]
    fn known_answers() {
        // RFC 4648.
        for (text, answer) in [
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encoded(text, &[Base64]), [answer]);
        }
        // As pySigma has them.
        assert_eq!(
            encoded("foobar", &[Base64Offset]),
            ["Zm9vYmFy", "Zvb2Jhc", "mb29iYX"]
        );
        assert_eq!(encoded("cmd", &[Utf16Le, Base64]), ["YwBtAGQA"]);
        assert_eq!(encoded("cmd", &[Utf16Be]), ["\0c\0m\0d"]);
        assert_eq!(encoded("cmd", &[Utf16, Base64]), ["//5jAG0AZAA="]);
    }

    #[test]
    fn what_cannot_be_encoded() {
        let refused =
            |text, encodings: &[Encoding]| encode(&SigmaString::new(text), encodings).unwrap_err();
        assert!(refused("a*", &[Base64]).starts_with("holds a wildcard"));
        assert!(refused("a", &[Base64Offset]).starts_with("is too short"));
        assert!(refused("é", &[Utf16Le]).starts_with("is no text in UTF-16"));
        assert!(refused("a", &[Utf16]).starts_with("is no text in UTF-16"));
        assert_eq!(encoded(r"a\*", &[Base64]), ["YSo="]);
        assert!(!is_chain(&[Base64, Utf16Le]) && !is_chain(&[Base64, Base64]));
    }

    proptest! {
        #[test]
        fn one_offset_is_in_whatever_holds_the_text(
            before in prop::collection::vec(any::<u8>(), 0..7),
            text in "[ -~]{2,9}",
            after in prop::collection::vec(any::<u8>(), 0..7),
        ) {
            let whole = [&before[..], text.as_bytes(), &after[..]].concat();
            let offsets = offsets(text.as_bytes());
            prop_assert!(base64(&whole).contains(&offsets[before.len() % 3]));
        }
    }
}
