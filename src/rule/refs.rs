//! Which rule a word means, and which rules count another.

use super::document::{Body, Document};
use crate::text::words::{did_you_mean, quote, suggest};

/// The place of the rule of this name or id; the error names the nearest.
pub fn find(documents: &[Document], word: &str) -> Result<usize, String> {
    let found = documents
        .iter()
        .position(|document| is_called(document, word));
    found.ok_or_else(|| {
        let hint = suggest(word, documents.iter().map(Document::label));
        let hint = did_you_mean(hint.as_deref());
        format!("no rule is called {}{hint}", quote(word))
    })
}

/// Whether a word means this rule.
#[must_use]
pub fn is_called(document: &Document, word: &str) -> bool {
    let id = document.meta.id.as_deref();
    document.meta.name.as_deref() == Some(word)
        || id.is_some_and(|id| id.eq_ignore_ascii_case(word))
}

/// The words for the rules that this one counts.
#[must_use]
pub fn counted(document: &Document) -> &[String] {
    match &document.body {
        Body::Correlation(correlation) => &correlation.rules,
        Body::Detection(_) | Body::Filter(_) => &[],
    }
}

/// The rules that count what this one gives, so that it raises nothing itself.
#[must_use]
pub fn counted_by<'d>(documents: &'d [Document], document: &Document) -> Vec<&'d str> {
    let leaves_it_alone = |other: &Document| match &other.body {
        Body::Correlation(correlation) => correlation.generate,
        Body::Detection(_) | Body::Filter(_) => true,
    };
    let counts = |other: &&Document| {
        !leaves_it_alone(other) && counted(other).iter().any(|word| is_called(document, word))
    };
    documents
        .iter()
        .filter(counts)
        .map(Document::label)
        .collect()
}
