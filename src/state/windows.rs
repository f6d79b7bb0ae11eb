//! Windows that are not closed: frames of observations by stretches of time, and
//! keys by rule and period. What is in them is their owner's business.

use rusqlite::params;

use super::error::At;
use super::{Commit, Error, State, signed, unsigned};

/// A key of a rule in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowKey {
    /// Name of the rule.
    pub rule: String,
    /// Start of the period, seconds since the Unix epoch.
    pub period: i64,
    /// Hash of the key.
    pub key: u64,
}

impl State {
    /// Calls for every frame with the start of its stretch, in the order in which
    /// they were put within one.
    pub fn each_frame<E: From<Error>>(
        &self,
        mut each: impl FnMut(i64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = "SELECT segment, frame FROM window_observations ORDER BY segment, part";
        let mut statement = self.connection.prepare_cached(sql).at(&self.path)?;
        let mut rows = statement.query([]).at(&self.path)?;
        while let Some(row) = rows.next().at(&self.path)? {
            let segment = row.get(0).at(&self.path)?;
            let frame = row.get_ref(1).at(&self.path)?;
            let frame = frame.as_blob().map_err(rusqlite::Error::from);
            each(segment, frame.at(&self.path)?)?;
        }
        Ok(())
    }

    /// Calls for every key with its body.
    pub fn each_window_key<E: From<Error>>(
        &self,
        mut each: impl FnMut(WindowKey, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = "SELECT rule, period, key, body FROM window_keys ORDER BY rule, period, key";
        let mut statement = self.connection.prepare_cached(sql).at(&self.path)?;
        let mut rows = statement.query([]).at(&self.path)?;
        while let Some(row) = rows.next().at(&self.path)? {
            let key = WindowKey {
                rule: row.get(0).at(&self.path)?,
                period: row.get(1).at(&self.path)?,
                key: unsigned(row.get(2).at(&self.path)?),
            };
            let body = row.get_ref(3).at(&self.path)?;
            let body = body.as_blob().map_err(rusqlite::Error::from);
            each(key, body.at(&self.path)?)?;
        }
        Ok(())
    }
}

impl Commit<'_> {
    /// Adds a frame to a stretch of time.
    pub fn put_frame(&self, segment: i64, frame: &[u8]) -> Result<(), Error> {
        let sql = "INSERT INTO window_observations (segment, part, frame) VALUES (?1, \
             (SELECT coalesce(max(part) + 1, 0) FROM window_observations WHERE segment = ?1), ?2)";
        let mut statement = self.transaction.prepare_cached(sql).at(self.path)?;
        let put = statement.execute(params![segment, frame]);
        put.at(self.path).map(drop)
    }

    /// Deletes all frames of a stretch of time.
    pub fn delete_frames(&self, segment: i64) -> Result<(), Error> {
        let sql = "DELETE FROM window_observations WHERE segment = ?1";
        let mut statement = self.transaction.prepare_cached(sql).at(self.path)?;
        statement.execute([segment]).at(self.path).map(drop)
    }

    /// Adds a key, or replaces its body.
    pub fn put_window_key(&self, key: &WindowKey, body: &[u8]) -> Result<(), Error> {
        let sql = "INSERT INTO window_keys (rule, period, key, body) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (rule, period, key) DO UPDATE SET body = excluded.body";
        let mut statement = self.transaction.prepare_cached(sql).at(self.path)?;
        let put = statement.execute(params![key.rule, key.period, signed(key.key), body]);
        put.at(self.path).map(drop)
    }

    /// Deletes a key.
    pub fn delete_window_key(&self, key: &WindowKey) -> Result<(), Error> {
        let sql = "DELETE FROM window_keys WHERE rule = ?1 AND period = ?2 AND key = ?3";
        let mut statement = self.transaction.prepare_cached(sql).at(self.path)?;
        let deleted = statement.execute(params![key.rule, key.period, signed(key.key)]);
        deleted.at(self.path).map(drop)
    }

    /// Deletes all keys of a rule in a period.
    pub fn delete_window_keys(&self, rule: &str, period: i64) -> Result<(), Error> {
        let sql = "DELETE FROM window_keys WHERE rule = ?1 AND period = ?2";
        let mut statement = self.transaction.prepare_cached(sql).at(self.path)?;
        let deleted = statement.execute(params![rule, period]);
        deleted.at(self.path).map(drop)
    }

    /// Deletes all frames and keys.
    pub fn clear_windows(&self) -> Result<(), Error> {
        let sql = "DELETE FROM window_observations; DELETE FROM window_keys;";
        self.transaction.execute_batch(sql).at(self.path)
    }
}
