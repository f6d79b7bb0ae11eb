//! Values with placeholders: `%name%` stands for each entry of a list.
//!
//! Which lists there are and what is in them is not decided here.

use rsigma_parser::{SigmaString, StringPart};

/// A piece of a value behind the modifier `expand`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text, wildcards included.
    Text(String),
    /// The name of a list.
    Name(String),
}

/// The most texts that one value may come to.
pub const MAX_TEXTS: usize = 100_000;

/// Takes a value apart. A percent sign behind a backslash, and one without a
/// second, are plain.
#[must_use]
pub fn pieces(value: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = value;
    while let Some(at) = rest.find('%') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        if let Some(before) = before.strip_suffix('\\') {
            text.push_str(before);
            text.push('%');
            rest = after;
            continue;
        }
        text.push_str(before);
        match after.split_once('%') {
            Some((name, after)) if !name.is_empty() => {
                if !text.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                }
                pieces.push(Piece::Name(name.to_owned()));
                rest = after;
            }
            _ => {
                text.push('%');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    pieces
}

/// Every text that the pieces come to; `None` when there are too many.
pub fn texts(
    pieces: &[Piece],
    list: impl Fn(&str) -> Vec<SigmaString>,
) -> Option<Vec<SigmaString>> {
    let mut texts = vec![SigmaString::from_raw("")];
    for piece in pieces {
        let choices = match piece {
            Piece::Text(text) => vec![SigmaString::new(text)],
            Piece::Name(name) => list(name),
        };
        if texts.len().saturating_mul(choices.len()) > MAX_TEXTS {
            return None;
        }
        let join = |text: &SigmaString, more: &SigmaString| {
            let mut text = text.clone();
            text.parts.extend_from_slice(&more.parts);
            text.original.push_str(&more.original);
            text
        };
        texts = texts
            .iter()
            .flat_map(|text| choices.iter().map(move |more| join(text, more)))
            .collect();
    }
    Some(texts)
}

/// An entry of a list: `*` is a wildcard where the list has them, and nothing
/// else is.
#[must_use]
pub fn entry(text: &str, wildcards: bool) -> SigmaString {
    if !wildcards {
        return SigmaString::from_raw(text);
    }
    let mut parts = Vec::new();
    for (index, plain) in text.split('*').enumerate() {
        if index > 0 {
            parts.push(StringPart::Special(
                rsigma_parser::SpecialChar::WildcardMulti,
            ));
        }
        if !plain.is_empty() {
            parts.push(StringPart::Plain(plain.to_owned()));
        }
    }
    let original = text.to_owned();
    SigmaString { parts, original }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_signs() {
        let text = |text: &str| Piece::Text(text.to_owned());
        let name = |name: &str| Piece::Name(name.to_owned());
        for (value, expected) in [
            ("%a%", vec![name("a")]),
            (
                "x-%a%/%b%",
                vec![text("x-"), name("a"), text("/"), name("b")],
            ),
            // The specification's own example.
            (r"\%plain%name%", vec![text("%plain"), name("name")]),
            ("100%", vec![text("100%")]),
            ("%%", vec![text("%%")]),
            ("", vec![]),
        ] {
            assert_eq!(pieces(value), expected, "{value}");
        }
    }

    #[test]
    fn every_combination_up_to_a_bound() {
        let list = |_: &str| vec![entry("a", false), entry("b*", true)];
        let texts = |value: &str| texts(&pieces(value), list);
        let originals: Vec<String> = texts("%x%-%x%")
            .unwrap()
            .into_iter()
            .map(|text| text.original)
            .collect();
        assert_eq!(originals, ["a-a", "a-b*", "b*-a", "b*-b*"]);
        assert!(texts(&"%x%".repeat(40)).is_none());
        assert!(entry("b*", false).is_plain() && !entry("b*", true).is_plain());
    }
}
