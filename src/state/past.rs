//! Volumes of earlier runs.

use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, params};

use super::error::At;
use super::{Error, State, count, open, signed};
use crate::baseline::{Past, Sums};

/// Reads what is committed, while the state file itself is being written.
#[derive(Debug)]
pub struct PastVolumes {
    connection: Mutex<Connection>,
    path: PathBuf,
}

impl State {
    /// Volumes that are committed, over a connection of its own: those of a
    /// commit that is not finished are not among them.
    pub fn past(&self) -> Result<PastVolumes, Error> {
        Ok(PastVolumes {
            connection: Mutex::new(open::reader(&self.path)?),
            path: self.path.clone(),
        })
    }
}

impl PastVolumes {
    fn read(
        &self,
        series: u64,
        entity: u64,
        hour: i64,
        (from, until): (i64, i64),
    ) -> Result<Vec<(i64, Sums)>, Error> {
        // A query that panicked has left nothing behind.
        let connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let sql = "SELECT hour, sum, learned FROM volumes \
             WHERE series = (SELECT id FROM series WHERE hash = ?1) AND entity = ?2 \
             AND hour >= ?3 AND hour < ?4 AND (hour - ?5) % 24 = 0";
        let mut statement = connection.prepare_cached(sql).at(&self.path)?;
        let hash = signed(series);
        let rows = statement.query_map(params![hash, signed(entity), from, until, hour], |row| {
            let sums = Sums {
                seen: count(row.get(1)?),
                learned: count(row.get(2)?),
            };
            Ok((row.get(0)?, sums))
        });
        rows.and_then(Iterator::collect).at(&self.path)
    }
}

impl Past for PastVolumes {
    fn volumes(
        &self,
        series: u64,
        entity: u64,
        hour: i64,
        range: (i64, i64),
    ) -> io::Result<Vec<(i64, Sums)>> {
        self.read(series, entity, hour, range)
            .map_err(io::Error::other)
    }
}
