//! Where the inputs of the next cycle come from.

use std::time::Duration;

use s3sentry::session::Session;
use s3sentry::source::Sources;

use crate::commands::Stop;

/// Gives inputs that have something new, again and again.
pub trait Feed {
    /// The inputs of the next cycle, numbered from `first` on; none where nothing is
    /// new. May wait for them.
    fn next(&mut self, session: &mut Session, first: u32) -> Result<Option<Sources>, Stop>;

    /// All that they gave is kept, if they were read to their end.
    fn done(&mut self, _whole: bool) -> Result<(), Stop> {
        Ok(())
    }

    /// How long to wait before the next cycle.
    fn interval(&self) -> Duration;
}
