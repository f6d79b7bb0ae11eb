//! What earlier runs left of a log, and what they took by that.
//!
//! Where it is kept may not enter here.

use super::super::super::Mark;
use super::super::{Object, Seen};
use super::span::day;

/// What earlier runs left of a log.
#[derive(Debug, Clone, Copy)]
pub(super) struct Past {
    seen: Option<Seen>,
    /// Where the next run without a full listing begins.
    pub horizon: i64,
}

impl Past {
    /// Nothing.
    pub(super) const NONE: Self = Self {
        seen: None,
        horizon: i64::MIN,
    };

    pub(super) fn new(seen: Option<Seen>, lookback: i64) -> Self {
        let horizon = |seen: Seen| day(seen.newest.saturating_sub(lookback));
        Self {
            horizon: seen.map_or(i64::MIN, horizon),
            seen,
        }
    }

    /// Whether an object was taken that is not remembered one by one.
    pub(super) fn took(self, object: &Object) -> bool {
        self.seen
            .zip(object.named.time)
            .is_some_and(|(seen, time)| seen.holds(time, object.modified))
    }

    /// Whether no run but a full one comes to an object.
    pub(super) fn gave_up(self, object: &Object) -> bool {
        self.seen
            .zip(object.named.time)
            .is_some_and(|(seen, time)| (seen.since..self.horizon).contains(&time))
    }
}

/// Whether a mark is of an object as it is now.
pub(super) fn is_same(mark: &Mark, object: &Object) -> bool {
    if mark.etag.is_empty() || object.etag.is_empty() {
        mark.size == object.size
    } else {
        mark.etag == object.etag
    }
}
