//! Where the inputs of the next cycle come from.

use std::time::Duration;

use s3sentry::session::Session;
use s3sentry::source::Sources;

use super::health::Health;
use crate::commands::Stop;

/// Inputs that were looked at together.
pub struct Round {
    /// All of them.
    pub sources: Sources,
    /// Whether there is something to be read, or to be kept.
    pub is_new: bool,
    /// Whether files were looked at.
    pub files: bool,
}

/// Gives inputs that may have something new, again and again.
pub trait Feed {
    /// The next inputs, numbered from `first` on; none where nothing could be looked
    /// at, or has changed. May wait for them.
    fn next(
        &mut self,
        session: &mut Session,
        first: u32,
        health: &mut Health,
    ) -> Result<Option<Round>, Stop>;

    /// All that they gave is kept; `whole` where they were read to their end.
    fn done(&mut self, _sources: &Sources, _whole: bool, _health: &mut Health) {}

    /// How long to wait before the next cycle.
    fn interval(&self) -> Duration;

    /// There is no next cycle.
    fn end(&mut self) {}
}
