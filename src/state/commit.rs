//! All that one commit keeps, or nothing of it.

use std::path::Path;

use rusqlite::{Transaction, TransactionBehavior};

use super::error::At;
use super::{Error, State};

/// One transaction. Dropped without [`Commit::commit`] it has never been.
///
/// What is in it is seen by no reader before the commit, and survives a crash and
/// a loss of power after it.
#[derive(Debug)]
#[must_use = "dropped, it keeps nothing"]
pub struct Commit<'s> {
    pub(super) transaction: Transaction<'s>,
    pub(super) path: &'s Path,
}

impl State {
    /// Begins a commit.
    pub fn begin(&mut self) -> Result<Commit<'_>, Error> {
        let Self {
            connection, path, ..
        } = self;
        let immediate = TransactionBehavior::Immediate;
        Ok(Commit {
            transaction: connection.transaction_with_behavior(immediate).at(path)?,
            path,
        })
    }
}

impl Commit<'_> {
    /// Keeps it all. Returns once the disk has it.
    pub fn commit(self) -> Result<(), Error> {
        self.transaction.commit().at(self.path)
    }
}
