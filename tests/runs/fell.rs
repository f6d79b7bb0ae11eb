//! Kills, by where they fell in the runs that they ended.

use std::fmt;

/// How many fell where.
#[derive(Debug, Default)]
pub struct Fell {
    before: u32,
    between: u32,
    after: u32,
}

impl Fell {
    /// One more: its run had found so much of `all` committed, and left so much.
    pub fn note(&mut self, found: u64, left: u64, all: u64) {
        let place = if left >= all {
            &mut self.after
        } else if left > found {
            &mut self.between
        } else {
            &mut self.before
        };
        *place += 1;
    }

    /// All of them.
    pub fn all(&self) -> u32 {
        self.before + self.between + self.after
    }

    /// Holds that of many a good part fell between two commits: all other moments are
    /// easier to get right.
    pub fn check(&self) {
        assert!(self.all() < 50 || self.between * 10 > self.all(), "{self}");
    }
}

impl fmt::Display for Fell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} killed: {} before the first commit of the run, {} between two, {} after the last",
            self.all(),
            self.before,
            self.between,
            self.after
        )
    }
}
