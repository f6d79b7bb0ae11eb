//! Which rule a word means, and which rules count another.

use super::document::Document;
use crate::text::words::{did_you_mean, quote, suggest};

/// The place of the rule of this name or id; the error names the nearest.
pub fn find(documents: &[Document], word: &str) -> Result<usize, String> {
    let found = documents
        .iter()
        .position(|document| document.is_called(word));
    found.ok_or_else(|| {
        let hint = suggest(word, documents.iter().map(Document::label));
        let hint = did_you_mean(hint.as_deref());
        format!("no rule is called {}{hint}", quote(word))
    })
}

/// The words for the rules that this one counts.
#[must_use]
pub fn counted(document: &Document) -> Vec<String> {
    document
        .correlation()
        .map(|correlation| correlation.rules)
        .unwrap_or_default()
}

/// The rules that count what this one gives, so that it raises nothing itself.
#[must_use]
pub fn counted_by<'d>(documents: &'d [Document], document: &Document) -> Vec<&'d str> {
    let counts = |other: &&Document| {
        let correlation = other.correlation();
        correlation.is_some_and(|correlation| {
            !correlation.generate
                && correlation
                    .rules
                    .iter()
                    .any(|word| document.is_called(word))
        })
    };
    documents
        .iter()
        .filter(counts)
        .map(Document::label)
        .collect()
}
