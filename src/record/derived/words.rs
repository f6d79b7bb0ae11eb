//! Tables of words, compiled once to what finds all of them in one pass.
//!
//! The words are constants of this crate; nothing that a user or a caller
//! writes is compiled here.

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::bytes::Regex;

/// Finds words without regard to case, in time linear in the text; the number
/// of a hit's pattern is the word's place in the table.
pub(super) fn automaton<W: AsRef<[u8]>>(words: impl IntoIterator<Item = W>) -> AhoCorasick {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .build(words)
        .expect("a few short words fit into an automaton")
}

/// A pattern that stands in this crate.
pub(super) fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is part of the program")
}
