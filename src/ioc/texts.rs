//! Entries of one kind that are compared as text: which of them fit a text.
//!
//! Exact ones by a table; patterns by the longest piece between their stars,
//! which one pass over the text finds for all of them. Linear in the text for
//! each pattern whose piece is there. What counts if several fit is decided
//! elsewhere.

use std::collections::HashMap;

use aho_corasick::AhoCorasick;
use memchr::memmem;

/// Texts and patterns, each with a number.
#[derive(Debug, Clone)]
pub(super) struct Texts {
    /// Whether small and capital letters (of ASCII) are the same.
    folds: bool,
    exact: HashMap<Box<[u8]>, Vec<u32>>,
    patterns: Vec<(Pattern, u32)>,
    /// The longest piece of each pattern.
    pieces: AhoCorasick,
}

impl Texts {
    /// Of texts with their numbers, and whether `*` in them stands for any text.
    /// The error says that they are too many.
    pub(super) fn new<'t>(
        folds: bool,
        texts: impl Iterator<Item = (&'t str, bool, u32)>,
    ) -> Result<Self, aho_corasick::BuildError> {
        let mut exact: HashMap<Box<[u8]>, Vec<u32>> = HashMap::new();
        let mut patterns = Vec::new();
        for (text, wild, number) in texts {
            let mut text = text.as_bytes().to_vec();
            if folds {
                text.make_ascii_lowercase();
            }
            if wild {
                patterns.push((Pattern::new(&text), number));
            } else {
                exact.entry(text.into()).or_default().push(number);
            }
        }
        let pieces = AhoCorasick::new(patterns.iter().map(|(pattern, _)| pattern.longest()))?;
        Ok(Self {
            folds,
            exact,
            patterns,
            pieces,
        })
    }

    /// Calls for the number of each that fits, once each, in no order.
    pub(super) fn each(&self, text: &[u8], mut call: impl FnMut(u32)) {
        let folded;
        let text = if self.folds && text.iter().any(u8::is_ascii_uppercase) {
            folded = text.to_ascii_lowercase();
            &folded
        } else {
            text
        };
        for number in self.exact.get(text).into_iter().flatten() {
            call(*number);
        }
        if self.patterns.is_empty() {
            return;
        }
        // A piece may occur often.
        let mut tried = Vec::new();
        for hit in self.pieces.find_overlapping_iter(text) {
            let place = hit.pattern().as_usize();
            if tried.is_empty() {
                tried.resize(self.patterns.len(), false);
            }
            if !std::mem::replace(&mut tried[place], true) {
                let (pattern, number) = &self.patterns[place];
                if pattern.matches(text) {
                    call(*number);
                }
            }
        }
    }
}

/// What stands between the stars; there is at least one star.
#[derive(Debug, Clone)]
struct Pattern(Vec<Box<[u8]>>);

impl Pattern {
    fn new(text: &[u8]) -> Self {
        let pieces = text.split(|byte| *byte == b'*');
        Self(pieces.map(Box::from).collect())
    }

    fn longest(&self) -> &[u8] {
        let longest = self.0.iter().max_by_key(|piece| piece.len());
        longest.map_or(&[], |piece| piece)
    }

    /// Each piece as early as it can be leaves the most room for the others.
    fn matches(&self, text: &[u8]) -> bool {
        let [first, middle @ .., last] = &self.0[..] else {
            return self.0.first().is_some_and(|only| **only == *text);
        };
        let Some(mut rest) = text
            .strip_prefix(&**first)
            .and_then(|text| text.strip_suffix(&**last))
        else {
            return false;
        };
        middle.iter().all(|piece| {
            let found = memmem::find(rest, piece);
            rest = found.map_or(rest, |at| &rest[at + piece.len()..]);
            found.is_some()
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::settings::list;

    fn found(texts: &Texts, text: &[u8]) -> Vec<u32> {
        let mut found = Vec::new();
        texts.each(text, |number| found.push(number));
        found.sort_unstable();
        found
    }

    #[test]
    fn letters_fold_where_they_should() {
        let entries = [
            ("SQLMap/*", true, 0),
            ("curl*", false, 1),
            ("Exact", false, 2),
        ];
        let folding = Texts::new(true, entries.into_iter()).unwrap();
        assert_eq!(found(&folding, b"sqlmap/1.8"), [0]);
        assert_eq!(found(&folding, b"CURL*"), [1]);
        assert_eq!(found(&folding, b"curl/8"), [0; 0]);
        assert_eq!(found(&folding, b"eXACT"), [2]);
        let strict = Texts::new(false, entries.into_iter()).unwrap();
        assert_eq!(found(&strict, b"sqlmap/1.8"), [0; 0]);
        assert_eq!(found(&strict, b"Exact"), [2]);
        assert_eq!(found(&strict, b"\xff"), [0; 0]);
    }

    proptest! {
        #[test]
        fn patterns_mean_what_lists_of_names_mean(
            patterns in prop::collection::vec("[ab*]{1,6}", 0..8),
            text in "[ab]{0,10}",
        ) {
            let entries = (0..).zip(&patterns).map(|(n, p)| (p.as_str(), p.contains('*'), n));
            let texts = Texts::new(false, entries).unwrap();
            let naive: Vec<u32> = (0..)
                .zip(&patterns)
                .filter(|(_, pattern)| list::matches(pattern.as_bytes(), text.as_bytes()))
                .map(|(number, _)| number)
                .collect();
            prop_assert_eq!(found(&texts, text.as_bytes()), naive);
        }
    }
}
