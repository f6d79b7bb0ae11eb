//! A stretch of the keys of one run, listed page by page.

use std::collections::VecDeque;

use super::super::Object;
use super::desk::Request;

/// A stretch of keys.
#[derive(Default)]
pub(super) struct Lane {
    /// Where the next page begins; none when the last was asked for.
    pub after: Option<String>,
    /// What its keys are up to; none for no end.
    pub end: Option<String>,
    /// The midnight of the day that it is for; none where it is for more than one.
    pub day: Option<i64>,
    /// Objects to be given out.
    pub ready: VecDeque<Object>,
    /// The next page, on its way.
    pub request: Option<Request>,
}

impl Lane {
    /// Whether a key lies behind it.
    pub(super) fn is_past(&self, key: &str) -> bool {
        self.end.as_deref().is_some_and(|end| key > end)
    }
}
