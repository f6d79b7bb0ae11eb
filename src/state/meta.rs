//! Facts by name, and the runs.

use rusqlite::{OptionalExtension, params};

use super::error::At;
use super::{Commit, Error, State, count, number};

/// Runs that are remembered.
const RUNS: i64 = 1_000;

/// A fact about the file or the last commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meta {
    /// A number; of times seconds since the Unix epoch.
    Number(i64),
    /// A text.
    Text(String),
}

/// A run of the program over this file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its number: the later, the higher.
    pub id: i64,
    /// What it was called with.
    pub command: String,
    /// Version of the program.
    pub program: String,
    /// Seconds since the Unix epoch.
    pub started: i64,
    /// The same; none while it is at work, or when it was broken off.
    pub ended: Option<i64>,
    /// Lines read, as of its last commit.
    pub lines: u64,
    /// Alerts written, as of its last commit.
    pub alerts: u64,
}

impl State {
    /// A fact; none where it was never set.
    pub fn meta(&self, key: &str) -> Result<Option<Meta>, Error> {
        let sql = "SELECT value FROM meta WHERE key = ?1";
        let mut statement = self.connection.prepare_cached(sql).at(&self.path)?;
        let found = statement.query_row([key], |row| {
            Ok(match row.get_ref(0)? {
                rusqlite::types::ValueRef::Integer(number) => Meta::Number(number),
                _ => Meta::Text(row.get(0)?),
            })
        });
        found.optional().at(&self.path)
    }

    /// A fact that is a number; none where it is anything else.
    pub fn meta_number(&self, key: &str) -> Result<Option<i64>, Error> {
        Ok(match self.meta(key)? {
            Some(Meta::Number(number)) => Some(number),
            _ => None,
        })
    }

    /// The last runs, the latest first.
    pub fn runs(&self, most: u64) -> Result<Vec<Run>, Error> {
        let sql = "SELECT id, command, program, started, ended, lines, alerts FROM runs \
             ORDER BY id DESC LIMIT ?1";
        let mut statement = self.connection.prepare_cached(sql).at(&self.path)?;
        let rows = statement.query_map([number(most)], |row| {
            Ok(Run {
                id: row.get(0)?,
                command: row.get(1)?,
                program: row.get(2)?,
                started: row.get(3)?,
                ended: row.get(4)?,
                lines: count(row.get(5)?),
                alerts: count(row.get(6)?),
            })
        });
        rows.and_then(Iterator::collect).at(&self.path)
    }
}

impl Commit<'_> {
    /// Sets a fact.
    pub fn set_meta(&self, key: &str, value: &Meta) -> Result<(), Error> {
        let sql = "INSERT INTO meta (key, value) VALUES (?1, ?2) \
             ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        let statement = self.transaction.prepare_cached(sql);
        let set = statement.and_then(|mut statement| match value {
            Meta::Number(number) => statement.execute(params![key, number]),
            Meta::Text(text) => statement.execute(params![key, text]),
        });
        set.at(self.path).map(drop)
    }

    /// Takes a fact back.
    pub fn unset_meta(&self, key: &str) -> Result<(), Error> {
        let deleted = self
            .transaction
            .execute("DELETE FROM meta WHERE key = ?1", [key]);
        deleted.at(self.path).map(drop)
    }

    /// Notes that a run has begun; its number. `now` is in seconds since the Unix
    /// epoch. Of all runs the last 1,000 are kept.
    pub fn start_run(&self, command: &str, now: i64) -> Result<i64, Error> {
        let insert = "INSERT INTO runs (command, program, started, lines, alerts) \
             VALUES (?1, ?2, ?3, 0, 0)";
        let program = env!("CARGO_PKG_VERSION");
        let inserted = self
            .transaction
            .execute(insert, params![command, program, now]);
        inserted.at(self.path)?;
        let id = self.transaction.last_insert_rowid();
        self.transaction
            .execute("DELETE FROM runs WHERE id <= ?1", [id - RUNS])
            .at(self.path)?;
        self.set_meta("program", &Meta::Text(program.to_owned()))?;
        Ok(id)
    }

    /// Notes how far a run has come; `ended`, in seconds since the Unix epoch,
    /// where it is over.
    pub fn put_run(
        &self,
        id: i64,
        ended: Option<i64>,
        lines: u64,
        alerts: u64,
    ) -> Result<(), Error> {
        let sql = "UPDATE runs SET ended = ?2, lines = ?3, alerts = ?4 WHERE id = ?1";
        let updated = self
            .transaction
            .execute(sql, params![id, ended, number(lines), number(alerts)]);
        updated.at(self.path).map(drop)
    }
}
