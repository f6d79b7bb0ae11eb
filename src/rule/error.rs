//! Where something stands in a rule file, and what is wrong with it.
//!
//! Errors are collected, never thrown: who repairs a rule wants the whole list.
//! Text from a file is quoted and escaped before it gets here.

use std::fmt;
use std::sync::Arc;

use crate::text::words::{did_you_mean, suggest};

/// A place in a rule file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The file as the user named it; embedded rules begin with `built-in:`.
    pub file: Arc<str>,
    /// From 1; 0 means the file as a whole.
    pub line: u32,
    /// From 1, in characters; 0 means the file as a whole.
    pub column: u32,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{line}:{}", self.file, self.column),
        }
    }
}

/// What is wrong with a rule, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{origin}: {reason}{}", did_you_mean(.hint.as_deref()))]
pub struct RuleError {
    /// Where.
    pub origin: Origin,
    /// What.
    pub reason: String,
    /// The word that was probably meant.
    pub hint: Option<String>,
}

impl RuleError {
    /// An error without a suggestion.
    #[must_use]
    pub fn new(origin: Origin, reason: impl Into<String>) -> Self {
        let (reason, hint) = (reason.into(), None);
        Self {
            origin,
            reason,
            hint,
        }
    }
}

/// Line and column inside one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Spot {
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
}

/// How many errors of one file are worth printing. Beyond it somebody is
/// feeding us something else than rules, and suggestions cost time.
const MAX_ERRORS: usize = 100;

/// The errors of one file.
#[derive(Debug)]
pub struct Report {
    file: Arc<str>,
    errors: Vec<RuleError>,
    more: usize,
}

impl Report {
    /// No errors yet.
    #[must_use]
    pub fn new(file: Arc<str>) -> Self {
        Self {
            file,
            errors: Vec::new(),
            more: 0,
        }
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &Arc<str> {
        &self.file
    }

    /// How many errors there are so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.errors.len() + self.more
    }

    /// The place as an origin.
    #[must_use]
    pub fn origin(&self, spot: Spot) -> Origin {
        Origin {
            file: Arc::clone(&self.file),
            line: spot.line,
            column: spot.column,
        }
    }

    /// Adds an error.
    pub fn push(&mut self, spot: Spot, reason: impl Into<String>) {
        self.add(spot, reason.into(), None);
    }

    /// Adds an error about a word that is none of those expected.
    pub fn unknown<'a>(
        &mut self,
        spot: Spot,
        reason: impl Into<String>,
        word: &str,
        expected: impl IntoIterator<Item = &'a str>,
    ) {
        let hint = match self.errors.len() {
            MAX_ERRORS => None,
            _ => suggest(word, expected),
        };
        self.add(spot, reason.into(), hint);
    }

    fn add(&mut self, spot: Spot, reason: String, hint: Option<String>) {
        if self.errors.len() == MAX_ERRORS {
            self.more += 1;
            return;
        }
        let origin = self.origin(spot);
        self.errors.push(RuleError {
            origin,
            reason,
            hint,
        });
    }

    /// The errors in the order of the file.
    #[must_use]
    pub fn into_errors(mut self) -> Vec<RuleError> {
        self.errors.sort();
        if self.more > 0 {
            self.errors.push(RuleError {
                origin: self.origin(Spot::default()),
                reason: format!("{} more errors are not shown", self.more),
                hint: None,
            });
        }
        self.errors
    }
}
