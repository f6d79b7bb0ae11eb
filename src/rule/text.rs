//! Texts of a rule as they are compared with bytes of a log.
//!
//! ASCII is folded in place; a value that holds anything else is compared as
//! Unicode, so that `É` and `é` are one letter to us as they are to Sigma.

use std::borrow::Cow;

use rsigma_parser::{SigmaString, SpecialChar, StringPart};

/// A text with wildcards, and how it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    shape: Shape,
    cased: bool,
    /// The byte to look for where the text stands anywhere, and its place in it.
    rare: Option<(usize, u8)>,
}

/// The common shapes of a pattern, which need no backtracking.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    Is(String),
    StartsWith(String),
    EndsWith(String),
    Contains(String),
    Glob(Vec<Piece>),
}

/// One step of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// This character.
    One(char),
    /// Any one character.
    Any,
    /// Any characters, or none.
    Many,
}

/// Where in the value the text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// It is all of it.
    Whole,
    /// At its start.
    Start,
    /// At its end.
    End,
    /// Anywhere.
    Within,
}

impl Text {
    /// Compiles a Sigma text.
    #[must_use]
    pub fn new(text: &SigmaString, anchor: Anchor, cased: bool) -> Self {
        let mut pieces = Vec::new();
        if matches!(anchor, Anchor::End | Anchor::Within) {
            pieces.push(Piece::Many);
        }
        for part in &text.parts {
            match part {
                StringPart::Plain(plain) => {
                    let folded = if cased {
                        Cow::Borrowed(plain)
                    } else {
                        Cow::Owned(fold(plain))
                    };
                    pieces.extend(folded.chars().map(Piece::One));
                }
                StringPart::Special(SpecialChar::WildcardMulti) => pieces.push(Piece::Many),
                StringPart::Special(SpecialChar::WildcardSingle) => pieces.push(Piece::Any),
            }
        }
        if matches!(anchor, Anchor::Start | Anchor::Within) {
            pieces.push(Piece::Many);
        }
        pieces.dedup_by(|next, before| *next == Piece::Many && *before == Piece::Many);
        let shape = Shape::of(pieces);
        let rare = match &shape {
            Shape::Contains(text) => rarest(text.as_bytes()),
            _ => None,
        };
        Self { shape, cased, rare }
    }

    /// Whether letters match in their own case only.
    #[must_use]
    pub fn is_cased(&self) -> bool {
        self.cased
    }

    /// Where it stands in the value, and its letters, unless it holds wildcards
    /// that leave more to look at.
    #[must_use]
    pub fn plain(&self) -> Option<(Anchor, &str)> {
        match &self.shape {
            Shape::Is(text) => Some((Anchor::Whole, text)),
            Shape::StartsWith(text) => Some((Anchor::Start, text)),
            Shape::EndsWith(text) => Some((Anchor::End, text)),
            Shape::Contains(text) => Some((Anchor::Within, text)),
            Shape::Glob(_) => None,
        }
    }

    /// Whether a value of the log is this text.
    #[must_use]
    pub fn matches(&self, value: &[u8]) -> bool {
        if value.is_ascii() {
            self.matches_ascii(value)
        } else {
            self.matches_folded(&read(value, self.cased))
        }
    }

    /// The same for a value that [`read`] gave.
    pub(super) fn matches_folded(&self, value: &str) -> bool {
        match &self.shape {
            Shape::Is(want) => value == want.as_str(),
            Shape::StartsWith(want) => value.starts_with(want.as_str()),
            Shape::EndsWith(want) => value.ends_with(want.as_str()),
            Shape::Contains(want) => value.contains(want.as_str()),
            Shape::Glob(pieces) => {
                let letters: Vec<char> = value.chars().collect();
                glob(pieces, letters.len(), |at| letters[at])
            }
        }
    }

    /// The same for a value of ASCII as it stands in the log.
    pub(super) fn matches_ascii(&self, value: &[u8]) -> bool {
        let same = |value: &[u8], want: &[u8]| {
            if self.cased {
                value == want
            } else {
                value.eq_ignore_ascii_case(want)
            }
        };
        match &self.shape {
            Shape::Is(want) => same(value, want.as_bytes()),
            Shape::StartsWith(want) => value
                .get(..want.len())
                .is_some_and(|head| same(head, want.as_bytes())),
            Shape::EndsWith(want) => {
                let start = value.len().checked_sub(want.len());
                start.is_some_and(|start| same(&value[start..], want.as_bytes()))
            }
            Shape::Contains(want) => self.contains(value, want.as_bytes()),
            Shape::Glob(pieces) => glob(pieces, value.len(), |at| {
                char::from(if self.cased {
                    value[at]
                } else {
                    value[at].to_ascii_lowercase()
                })
            }),
        }
    }

    /// `want` is in lower case unless `cased`.
    fn contains(&self, value: &[u8], want: &[u8]) -> bool {
        let Some((rare, byte)) = self.rare else {
            return true;
        };
        if want.len() > value.len() {
            return false;
        }
        let places = &value[rare..=value.len() - want.len() + rare];
        let here = |at: usize| {
            let part = &value[at..at + want.len()];
            if self.cased {
                part == want
            } else {
                part.eq_ignore_ascii_case(want)
            }
        };
        if self.cased {
            return memchr::memmem::find(value, want).is_some();
        }
        memchr::memchr2_iter(byte, byte.to_ascii_uppercase(), places).any(here)
    }
}

/// The byte of a text that agents, addresses and keys hold least often, as far
/// as that can be told, with its place: where it is not, the text is not.
fn rarest(text: &[u8]) -> Option<(usize, u8)> {
    /// From common to rare; what is not here is rarer still.
    const COMMON: &[u8] = b"/eatosinr.-lcdm0p12hu3g4f5b678_9=wvykx% ;,():";
    let rank = |byte: u8| {
        let byte = byte.to_ascii_lowercase();
        COMMON
            .iter()
            .position(|common| *common == byte)
            .unwrap_or(COMMON.len())
    };
    let places = text.iter().copied().enumerate();
    places.max_by_key(|(_, byte)| rank(*byte))
}

impl Shape {
    fn of(pieces: Vec<Piece>) -> Self {
        let plain = |pieces: &[Piece]| -> Option<String> {
            pieces
                .iter()
                .map(|piece| match piece {
                    Piece::One(character) => Some(*character),
                    _ => None,
                })
                .collect()
        };
        let simple = match &pieces[..] {
            [Piece::Many, middle @ .., Piece::Many] => plain(middle).map(Shape::Contains),
            [Piece::Many, rest @ ..] => plain(rest).map(Shape::EndsWith),
            [rest @ .., Piece::Many] => plain(rest).map(Shape::StartsWith),
            all => plain(all).map(Shape::Is),
        };
        simple.unwrap_or(Shape::Glob(pieces))
    }
}

/// A value of the log as text: what is not UTF-8 becomes one letter that no
/// rule means, and letters are folded unless `cased`.
pub(super) fn read(value: &[u8], cased: bool) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(value);
    if cased { text } else { Cow::Owned(fold(&text)) }
}

/// In lower case, letter by letter: what a letter becomes may not depend on
/// what stands beside it, as it does for the sigma at the end of a word, or a
/// text would not be found within a longer one; and one letter stays one, or
/// `?` would be half of it.
fn fold(text: &str) -> String {
    let lower = |letter: char| {
        let mut lower = letter.to_lowercase();
        match (lower.next(), lower.next()) {
            (Some('ς'), None) => 'σ',
            (Some(lower), None) => lower,
            _ => letter,
        }
    };
    text.chars().map(lower).collect()
}

/// Whether the text of another field stands there in the value.
#[must_use]
pub fn holds(value: &[u8], other: &[u8], anchor: Anchor, cased: bool) -> bool {
    let (value, other) = (read(value, cased), read(other, cased));
    let (value, other) = (&*value, &*other);
    match anchor {
        Anchor::Whole => value == other,
        Anchor::Start => value.starts_with(other),
        Anchor::End => value.ends_with(other),
        Anchor::Within => value.contains(other),
    }
}

/// Matches with one remembered place to go back to: no more than the product of
/// the lengths, and linear on all but made-up values.
fn glob(pieces: &[Piece], length: usize, letter: impl Fn(usize) -> char) -> bool {
    let (mut piece, mut at) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while at < length {
        match pieces.get(piece) {
            Some(Piece::Many) => {
                retry = Some((piece, at));
                piece += 1;
            }
            Some(Piece::Any) => {
                piece += 1;
                at += 1;
            }
            Some(Piece::One(want)) if *want == letter(at) => {
                piece += 1;
                at += 1;
            }
            _ => match retry {
                Some((many, from)) => {
                    retry = Some((many, from + 1));
                    piece = many + 1;
                    at = from + 1;
                }
                None => return false,
            },
        }
    }
    pieces[piece..].iter().all(|piece| *piece == Piece::Many)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(pattern: &str, anchor: Anchor, cased: bool) -> Text {
        Text::new(&SigmaString::new(pattern), anchor, cased)
    }

    #[test]
    fn texts_compare_as_sigma_says() {
        let whole =
            |pattern, value: &str| text(pattern, Anchor::Whole, false).matches(value.as_bytes());
        assert!(whole("REST.GET.OBJECT", "rest.get.object"));
        assert!(!text("REST", Anchor::Whole, true).matches(b"rest"));
        assert!(whole("a*c", "abbc") && whole("a*c", "ac") && !whole("a*c", "acb"));
        assert!(whole("a?c", "aéc") && !whole("a?c", "ac"));
        assert!(whole(r"a\*c", "a*c") && !whole(r"a\*c", "abc"));
        assert!(whole("É", "é") && whole("k", "\u{212A}"));
        assert!(whole("*.sql", "x.SQL") && whole("s*", "Secret") && whole("*cre*", "seCRet"));
        assert!(whole("ΟΔΟΣ*", "οδοσα") && whole("οδος", "ΟΔΟΣ") && whole("*ΔΟΣ", "οδος"));
        assert!(whole("", "") && !whole("", "a") && whole("*", ""));
        assert!(text("b", Anchor::Within, false).matches(b"aBc"));
        assert!(text("a?", Anchor::Start, false).matches(b"axyz"));
        assert!(!text("abc", Anchor::Within, false).matches(b"ab"));
        assert!(whole("İ", "İ") && !whole("İ", "i") && whole("?", "İ"));
        let plain = |pattern: &str| text(pattern, Anchor::Whole, false).plain().is_some();
        assert!(plain("b") && plain("*b") && plain("b*") && plain("*b*") && !plain("a*b"));
        assert!(holds(b"x-Bucket/", b"bucket", Anchor::Within, false));
        assert!(!holds(b"x-Bucket/", b"bucket", Anchor::Within, true));
    }

    /// The definition, by recursion.
    fn naive(pieces: &[Piece], value: &[char]) -> bool {
        match (pieces.split_first(), value.split_first()) {
            (None, None) => true,
            (Some((Piece::Many, rest)), _) => {
                (0..=value.len()).any(|skip| naive(rest, &value[skip..]))
            }
            (Some((Piece::Any, rest)), Some((_, after))) => naive(rest, after),
            (Some((Piece::One(want), rest)), Some((first, after))) => {
                want == first && naive(rest, after)
            }
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn every_shape_agrees_with_the_definition(pattern in "[abAé*?]{0,7}", value in "[abBé]{0,8}") {
            let compiled = text(&pattern, Anchor::Whole, false);
            let pieces: Vec<_> = pattern.to_lowercase().chars().map(|c| match c {
                '*' => Piece::Many,
                '?' => Piece::Any,
                other => Piece::One(other),
            }).collect();
            let folded: Vec<_> = value.to_lowercase().chars().collect();
            prop_assert_eq!(compiled.matches(value.as_bytes()), naive(&pieces, &folded));
        }
    }
}
