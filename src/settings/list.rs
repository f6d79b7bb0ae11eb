//! Lists that the user writes: entries with their places, from settings or from
//! files of one entry a line, and names with wildcards.
//!
//! What an entry means is its list's business.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::SettingsError;

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The entry without white space around it.
    pub text: String,
    /// The file that it stands in.
    pub file: PathBuf,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

impl Entry {
    /// An error about this entry.
    #[must_use]
    pub fn error(&self, reason: &str) -> SettingsError {
        SettingsError::at(
            &self.file,
            (self.line, self.column),
            format!("{} {reason}", crate::text::words::quote(&self.text)),
        )
    }
}

/// Reads a file of one entry a line. A `#` or `;` at the start of a line or
/// behind white space begins a comment; blank lines count for nothing.
pub fn read_file(path: &Path) -> Result<Vec<Entry>, SettingsError> {
    let bytes = std::fs::read(path).map_err(|error| SettingsError::unreadable(path, &error))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        SettingsError::whole_file(path, &format!("is not UTF-8 (byte {at})"))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut entries = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let entry = without_comment(line).trim();
        if !entry.is_empty() {
            entries.push(Entry {
                text: entry.to_owned(),
                file: path.to_owned(),
                line: index + 1,
                column: line.chars().take_while(|c| c.is_whitespace()).count() + 1,
            });
        }
    }
    Ok(entries)
}

fn without_comment(line: &str) -> &str {
    let mut before = ' ';
    for (index, character) in line.char_indices() {
        if matches!(character, '#' | ';') && before.is_whitespace() {
            return &line[..index];
        }
        before = character;
    }
    line
}

/// Names, some with `*` for any text: `logs-*` is what people write for
/// buckets. Letters match as they are: bucket names have no capitals.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    exact: BTreeSet<String>,
    patterns: BTreeSet<String>,
}

impl Names {
    /// Whether the name is in the list.
    #[must_use]
    pub fn contains(&self, name: &[u8]) -> bool {
        let exact = std::str::from_utf8(name).is_ok_and(|name| self.exact.contains(name));
        exact || self.patterns.iter().any(|p| matches(p.as_bytes(), name))
    }

    /// Each of them as the user wrote it.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.exact.iter().chain(&self.patterns).map(String::as_str)
    }

    /// Whether there is no name in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.patterns.is_empty()
    }
}

impl FromIterator<String> for Names {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        let (patterns, exact) = names.into_iter().partition(|name| name.contains('*'));
        Self { exact, patterns }
    }
}

/// Whether the text matches a pattern in which `*` stands for any text: at most
/// the product of the lengths, for only the last star is ever tried again.
#[must_use]
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, t));
            p += 1;
        } else if pattern.get(p) == Some(&text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            p = at + 1;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_stars() {
        let names: Names = ["site", "logs-*", "*-public", "a*b*c"]
            .map(str::to_owned)
            .into_iter()
            .collect();
        for inside in ["site", "logs-", "logs-eu", "x-public", "abc", "a1b2bc"] {
            assert!(names.contains(inside.as_bytes()), "{inside}");
        }
        for outside in ["", "sites", "log", "public", "abcd", "Site"] {
            assert!(!names.contains(outside.as_bytes()), "{outside}");
        }
        assert!(!names.contains(b"\xff"));
    }

    #[test]
    fn comments_need_room_before_them() {
        assert_eq!(without_comment("10.0.0.0/8 # office"), "10.0.0.0/8 ");
        assert_eq!(without_comment("; all of it"), "");
        assert_eq!(without_comment("a#b;c"), "a#b;c");
    }
}
