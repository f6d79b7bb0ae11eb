//! Tables of words, compiled once to what finds all of them in one pass.
//!
//! The words are constants of this crate; nothing that a user or a caller
//! writes is compiled here. Nearly no text holds any of them, so a search that
//! only says whether one is there comes first: it is several times as fast as
//! the one that finds them all, but wants text in lower case.

use aho_corasick::{AhoCorasick, AhoCorasickKind, FindOverlappingIter, MatchKind};
use regex::bytes::Regex;

/// Words in lower case, found without regard to case in time linear in the
/// text.
pub(super) struct Words {
    quick: AhoCorasick,
    all: AhoCorasick,
}

impl Words {
    pub(super) fn new<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        let words: Vec<&str> = words.into_iter().collect();
        // A word inside another says the same, and fewer are found faster.
        let contains = |word: &str, other: &str| word != other && word.contains(other);
        let mut fewest: Vec<&str> = words.clone();
        fewest.retain(|word| !words.iter().any(|other| contains(word, other)));
        fewest.sort_unstable();
        fewest.dedup();
        let mut quick = AhoCorasick::builder();
        quick.match_kind(MatchKind::LeftmostFirst);
        let mut all = AhoCorasick::builder();
        all.ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA));
        Self {
            quick: quick.build(fewest).expect(FITS),
            all: all.build(words).expect(FITS),
        }
    }

    /// Whether a text in lower case holds one.
    pub(super) fn any(&self, lower: &[u8]) -> bool {
        self.quick.is_match(lower)
    }

    /// Whether a text holds one.
    pub(super) fn any_case(&self, text: &[u8]) -> bool {
        let mut buffer = [0; ON_STACK];
        match buffer.get_mut(..text.len()) {
            Some(lower) => {
                lower.copy_from_slice(text);
                lower.make_ascii_lowercase();
                self.any(lower)
            }
            None => self.any(&text.to_ascii_lowercase()),
        }
    }

    /// All of them, also where they overlap; the number of a hit's pattern is
    /// the word's place in the table.
    pub(super) fn all<'t>(&self, text: &'t [u8]) -> FindOverlappingIter<'_, 't> {
        self.all.find_overlapping_iter(text)
    }
}

/// Longer than most request lines and user agents.
const ON_STACK: usize = 256;

const FITS: &str = "a few short words fit into an automaton";

/// A pattern that stands in this crate.
pub(super) fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is part of the program")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WORDS: [&str; 5] = ["../", "kali", "ali", "%00", "kalif"];

    proptest! {
        #[test]
        fn both_searches_find_the_words(
            parts in prop::collection::vec(prop::sample::select(vec![
                "..", "/", "K", "ka", "li", "LIF", "%", "0", "é", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            ]), 0..24),
        ) {
            let words = Words::new(WORDS);
            let text = parts.concat();
            let lower = text.to_ascii_lowercase();
            let expected: Vec<bool> = WORDS.iter().map(|word| lower.contains(word)).collect();
            let mut found = vec![false; WORDS.len()];
            for hit in words.all(text.as_bytes()) {
                found[hit.pattern().as_usize()] = true;
            }
            prop_assert_eq!(words.any_case(text.as_bytes()), expected.contains(&true));
            prop_assert_eq!(words.any(lower.as_bytes()), expected.contains(&true));
            prop_assert_eq!(found, expected);
        }
    }
}
