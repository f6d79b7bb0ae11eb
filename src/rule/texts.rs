//! Many texts of a rule at once: whether a value is any of them.
//!
//! A few are tried one by one. Of many, those that only have to stand somewhere
//! in the value are found in one pass over it, and whole texts, beginnings and
//! endings are looked up by their hash, once for each length that occurs. What
//! one text means is [`super::text`]'s business, and the same here.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use aho_corasick::AhoCorasick;

use super::text::{self, Anchor, Text};

/// So many are tried one by one.
const FEW: usize = 8;
/// So many are, where one pass over the value finds all others.
const FEW_WITHIN: usize = 3;

/// Texts that are alternatives; all of them cased, or none.
#[derive(Debug, Clone)]
pub struct Texts {
    all: Vec<Text>,
    index: Option<Arc<Index>>,
}

/// What makes many as fast as a few.
#[derive(Debug)]
struct Index {
    cased: bool,
    whole: Lengths,
    start: Lengths,
    end: Lengths,
    within: Option<AhoCorasick>,
    /// Those with wildcards inside.
    rest: Vec<Text>,
}

/// Texts by their lengths in bytes.
#[derive(Debug, Default)]
struct Lengths {
    lengths: BTreeSet<usize>,
    texts: HashSet<Box<[u8]>>,
}

impl Lengths {
    fn add(&mut self, text: &str) {
        self.lengths.insert(text.len());
        self.texts.insert(text.as_bytes().into());
    }

    /// Whether one of these parts of a value, asked for by length, is a text.
    fn any<'v>(&self, length: usize, part: impl Fn(usize) -> &'v [u8]) -> bool {
        let mut fitting = self.lengths.range(..=length);
        fitting.any(|length| self.texts.contains(part(*length)))
    }
}

impl Texts {
    /// One text.
    #[must_use]
    pub fn one(text: Text) -> Self {
        Self {
            all: vec![text],
            index: None,
        }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// Whether these are the same texts in the same order.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.all == other.all
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Text> {
        self.all.iter()
    }

    /// Whether letters match in their own case only.
    #[must_use]
    pub fn is_cased(&self) -> bool {
        self.all.first().is_some_and(Text::is_cased)
    }

    /// Adds others, which are compared in the same way.
    pub(super) fn join(&mut self, more: Texts) {
        debug_assert_eq!(self.is_cased(), more.is_cased());
        self.all.extend(more.all);
        self.index = None;
    }

    /// Makes matching fast; called once, when no text is added any more.
    pub(super) fn seal(&mut self) {
        let within = |text: &&Text| matches!(text.plain(), Some((Anchor::Within, _)));
        let many_within = self.all.iter().filter(within).count() > FEW_WITHIN;
        if self.index.is_none() && (many_within || self.all.len() > FEW) {
            self.index = Some(Arc::new(Index::of(&self.all)));
        }
    }

    /// Whether a value of the log is one of the texts.
    #[must_use]
    pub fn matches(&self, value: &[u8]) -> bool {
        match &self.index {
            Some(index) => index.matches(value),
            None if value.is_ascii() => self.all.iter().any(|text| text.matches_ascii(value)),
            None => {
                let value = text::read(value, self.is_cased());
                self.all.iter().any(|text| text.matches_folded(&value))
            }
        }
    }
}

impl Index {
    fn of(all: &[Text]) -> Self {
        let mut index = Self {
            cased: all.first().is_some_and(Text::is_cased),
            whole: Lengths::default(),
            start: Lengths::default(),
            end: Lengths::default(),
            within: None,
            rest: Vec::new(),
        };
        let mut within = Vec::new();
        for text in all {
            match text.plain() {
                Some((Anchor::Whole, plain)) => index.whole.add(plain),
                Some((Anchor::Start, plain)) => index.start.add(plain),
                Some((Anchor::End, plain)) => index.end.add(plain),
                Some((Anchor::Within, plain)) => within.push((plain, text)),
                None => index.rest.push(text.clone()),
            }
        }
        if !within.is_empty() {
            let automaton = AhoCorasick::builder()
                .ascii_case_insensitive(!index.cased)
                .build(within.iter().map(|(plain, _)| plain));
            match automaton {
                Ok(automaton) => index.within = Some(automaton),
                // Too large for it, which no rule file is: one by one, then.
                Err(_) => index
                    .rest
                    .extend(within.iter().map(|(_, text)| (*text).clone())),
            }
        }
        index
    }

    fn matches(&self, value: &[u8]) -> bool {
        // In place as long as it is ASCII, which nearly all of a log is.
        if value.is_ascii() {
            return self.found(value, |text| text.matches_ascii(value)) || self.listed_ascii(value);
        }
        let folded = text::read(value, self.cased);
        self.found(folded.as_bytes(), |text| text.matches_folded(&folded))
            || self.listed(folded.as_bytes())
    }

    fn found(&self, value: &[u8], one: impl Fn(&Text) -> bool) -> bool {
        let within = self.within.as_ref();
        within.is_some_and(|within| within.is_match(value)) || self.rest.iter().any(one)
    }

    fn listed_ascii(&self, value: &[u8]) -> bool {
        let listed = [&self.whole, &self.start, &self.end];
        if listed.iter().all(|lengths| lengths.lengths.is_empty()) {
            return false;
        }
        if self.cased || !value.iter().any(u8::is_ascii_uppercase) {
            return self.listed(value);
        }
        self.listed(&value.to_ascii_lowercase())
    }

    fn listed(&self, value: &[u8]) -> bool {
        let length = value.len();
        (self.whole.lengths.contains(&length) && self.whole.texts.contains(value))
            || self.start.any(length, |part| &value[..part])
            || self.end.any(length, |part| &value[length - part..])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rsigma_parser::SigmaString;

    use super::*;

    proptest! {
        #[test]
        fn many_are_the_same_as_one_after_the_other(
            patterns in prop::collection::vec("[abAéK*?]{1,4}", 1..24),
            value in prop::collection::vec(prop::sample::select(&b"abAB\xc3\xa9\xff"[..]), 0..9),
            anchor in prop::sample::select(&[Anchor::Whole, Anchor::Start, Anchor::End, Anchor::Within][..]),
            cased: bool,
        ) {
            let texts = patterns.iter().map(|text| Text::new(&SigmaString::new(text), anchor, cased));
            let one_by_one = texts.clone().any(|text| text.matches(&value));
            let mut all: Option<Texts> = None;
            for text in texts.map(Texts::one) {
                match &mut all {
                    Some(all) => all.join(text),
                    None => all = Some(text),
                }
            }
            let mut all = all.unwrap();
            prop_assert_eq!(all.matches(&value), one_by_one);
            all.seal();
            prop_assert_eq!(all.matches(&value), one_by_one);
        }
    }
}
