//! How far the logs in buckets are read.
//!
//! A checkpoint is a claim about objects that are not remembered one by one:
//! whoever moves it has dealt with all that it covers. [`Seen::holds`] says what
//! it covers, and is the counterpart of what is deleted here.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, Row, params};

use super::error::At;
use super::{Commit, Error, State, count};
use crate::source::s3::{LOOKBACK, PROMPT, Seen};
use crate::source::{CLOCK_SKEW, Listed};

/// A log and how far it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Name of the bucket.
    pub bucket: String,
    /// How its keys begin, before date and time.
    pub stem: String,
    /// How far; none where it was never listed as a whole.
    pub seen: Option<Seen>,
    /// Objects that were read.
    pub objects: u64,
    /// Objects that could not be read to their end, and are tried again.
    pub failed: u64,
}

const SEEN: &str = "newest, since, forgotten, listed, listed_all";

impl State {
    /// All logs, by bucket and stem.
    pub fn logs(&self) -> Result<Vec<Log>, Error> {
        let sql = format!(
            "SELECT {SEEN}, bucket, stem, objects, \
             (SELECT count(*) FROM inputs WHERE inputs.log = logs.id AND failed = 1) \
             FROM logs ORDER BY bucket, stem"
        );
        let mut statement = self.connection.prepare_cached(&sql).at(&self.path)?;
        let rows = statement.query_map([], |row| {
            Ok(Log {
                seen: seen(row)?,
                bucket: row.get(5)?,
                stem: row.get(6)?,
                objects: count(row.get(7)?),
                failed: count(row.get(8)?),
            })
        });
        rows.and_then(Iterator::collect).at(&self.path)
    }
}

impl Commit<'_> {
    /// The number of a log, which is made where there is none. `read` where one
    /// more of its objects was read.
    pub(super) fn log(&self, bucket: &str, stem: &str, read: bool) -> Result<i64, Error> {
        let find = "UPDATE logs SET objects = objects + ?3 WHERE bucket = ?1 AND stem = ?2 \
             RETURNING id";
        let mut statement = self.transaction.prepare_cached(find).at(self.path)?;
        let found = statement.query_row(params![bucket, stem, read], |row| row.get(0));
        if let Some(id) = found.optional().at(self.path)? {
            return Ok(id);
        }
        let make = "INSERT INTO logs (bucket, stem, since, forgotten, listed, listed_all, objects) \
             VALUES (?1, ?2, ?4, ?4, ?4, ?4, ?3)";
        let mut statement = self.transaction.prepare_cached(make).at(self.path)?;
        statement
            .insert(params![bucket, stem, read, i64::MIN])
            .at(self.path)
    }

    /// Moves the checkpoints of the logs that were listed, and forgets objects that
    /// they cover. Of every object that was handed out so far the mark is in this
    /// commit or an earlier one.
    ///
    /// Objects come in the order of the times in their names. So all that are
    /// earlier than one that was dealt with were, too: `dealt` is the latest time
    /// of such a one, `i64::MAX` where all were.
    pub fn put_checkpoints(&self, listed: &Listed, dealt: i64) -> Result<(), Error> {
        let mut moved = BTreeSet::new();
        for address in &listed.addresses {
            for (id, stem, before) in self.logs_below(&address.bucket, &address.prefix)? {
                let name = format!("s3://{}/{stem}", address.bucket);
                let faulty = |faulty: &&str| name.starts_with(faulty) || faulty.starts_with(&name);
                if moved.insert(id) && !listed.faulty.iter().any(|name| faulty(&&**name)) {
                    self.put_checkpoint(id, before, listed, dealt)?;
                }
            }
        }
        Ok(())
    }

    /// Logs whose keys all begin with a prefix.
    fn logs_below(
        &self,
        bucket: &str,
        prefix: &str,
    ) -> Result<Vec<(i64, String, Option<Seen>)>, Error> {
        let sql = format!(
            "SELECT {SEEN}, id, stem FROM logs WHERE bucket = ?1 AND stem >= ?2 \
             AND substr(stem, 1, length(?2)) = ?2"
        );
        let mut statement = self.transaction.prepare_cached(&sql).at(self.path)?;
        let rows = statement.query_map(params![bucket, prefix], |row| {
            Ok((row.get(5)?, row.get(6)?, seen(row)?))
        });
        rows.and_then(Iterator::collect).at(self.path)
    }

    fn put_checkpoint(
        &self,
        id: i64,
        before: Option<Seen>,
        listed: &Listed,
        dealt: i64,
    ) -> Result<(), Error> {
        // A name from the future says nothing.
        let sql = "SELECT max(time) FROM inputs \
             WHERE log = ?1 AND time <= ?2 AND reach <> '[]'";
        let mut statement = self.transaction.prepare_cached(sql).at(self.path)?;
        let now = dealt.min(listed.began.saturating_add(CLOCK_SKEW));
        let newest: Option<i64> = statement
            .query_row(params![id, now], |row| row.get(0))
            .at(self.path)?;
        let Some(after) = moved(before, newest, listed, dealt == i64::MAX) else {
            return Ok(());
        };
        let sql = "UPDATE logs SET newest = ?2, since = ?3, forgotten = ?4, listed = ?5, \
             listed_all = ?6 WHERE id = ?1";
        let mut statement = self.transaction.prepare_cached(sql).at(self.path)?;
        let Seen {
            newest,
            since,
            forgotten,
            listed,
            listed_all,
        } = after;
        statement
            .execute(params![id, newest, since, forgotten, listed, listed_all])
            .at(self.path)?;
        // Those of which `Seen::holds` says so.
        let sql = "DELETE FROM inputs WHERE log = ?1 AND time >= ?2 AND time < ?3 AND done = 1 \
             AND modified > 0 AND (modified / 1000000000 <= ?4 \
             OR modified / 1000000000 <= min(?5, time + ?6))";
        let mut statement = self.transaction.prepare_cached(sql).at(self.path)?;
        statement
            .execute(params![id, since, forgotten, listed_all, listed, PROMPT])
            .at(self.path)
            .map(drop)
    }

    /// Forgets all objects below a prefix and how far its logs are read: they will
    /// be read again. How many logs, and how many objects that were remembered.
    pub fn reset_objects(&self, bucket: &str, prefix: &str) -> Result<(u64, u64), Error> {
        let below = |table: &str, column: &str| {
            let sql = format!(
                "DELETE FROM {table} WHERE bucket = ?1 AND substr({column}, 1, length(?2)) = ?2"
            );
            let deleted = self.transaction.execute(&sql, params![bucket, prefix]);
            deleted.at(self.path).map(|deleted| deleted as u64)
        };
        let objects = below("inputs", "name")?;
        Ok((below("logs", "stem")?, objects))
    }

    /// Forgets how far anything is read. How many files and objects were remembered.
    pub fn reset_all(&self) -> Result<u64, Error> {
        let deleted = self.transaction.execute("DELETE FROM inputs", []);
        let deleted = deleted.at(self.path)?;
        self.transaction
            .execute("DELETE FROM logs", [])
            .at(self.path)?;
        Ok(deleted as u64)
    }
}

/// Where a checkpoint stands after a listing, or as far as that has come where it
/// is not dealt with as a whole; none where it does not move.
fn moved(before: Option<Seen>, newest: Option<i64>, listed: &Listed, whole: bool) -> Option<Seen> {
    // Who wrote an object has another clock.
    let began = listed.began.saturating_sub(CLOCK_SKEW);
    let lookback = listed.lookback.max(LOOKBACK);
    let Some(seen) = before else {
        let newest = newest?;
        return Some(Seen {
            newest,
            since: listed.since,
            forgotten: newest.saturating_sub(lookback),
            listed: began,
            listed_all: began,
        });
    };
    let begins = if listed.full {
        listed.since
    } else {
        listed
            .since
            .max(seen.newest.saturating_sub(listed.lookback))
    };
    let mut after = seen;
    let back = seen.newest.saturating_sub(listed.lookback);
    if listed.since <= back {
        after.newest = seen.newest.max(newest.unwrap_or(i64::MIN));
        after.forgotten = seen.forgotten.max(after.newest.saturating_sub(lookback));
        // What has been delivered since in time is named later than that.
        if begins <= seen.listed.saturating_sub(PROMPT) {
            after.listed = seen.listed.max(began);
        }
    }
    let from_since = if listed.full {
        listed.since <= seen.since
    } else {
        listed.since < seen.since
    };
    // Behind the end nothing was listed.
    if whole && from_since && listed.until == i64::MAX {
        after.since = listed.since;
        after.listed_all = began;
        after.listed = seen.listed.max(began);
    }
    Some(after)
}

fn seen(row: &Row<'_>) -> rusqlite::Result<Option<Seen>> {
    let newest: Option<i64> = row.get(0)?;
    let Some(newest) = newest else {
        return Ok(None);
    };
    Ok(Some(Seen {
        newest,
        since: row.get(1)?,
        forgotten: row.get(2)?,
        listed: row.get(3)?,
        listed_all: row.get(4)?,
    }))
}
