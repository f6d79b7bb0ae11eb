//! What earlier runs left of objects, for who lists them on another thread.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};

use super::error::At;
use super::inputs::{self, COLUMNS};
use super::{Error, State, open};
use crate::source::Mark;
use crate::source::s3::{Known, Object, Seen, layout};

/// Reads what is committed, while the state file itself is being written.
#[derive(Debug)]
pub struct KnownObjects {
    connection: Connection,
    path: PathBuf,
}

impl State {
    /// What is known of objects, over a connection of its own: what is in a commit
    /// that is not finished is not.
    pub fn known_objects(&self) -> Result<KnownObjects, Error> {
        Ok(KnownObjects {
            connection: open::reader(&self.path)?,
            path: self.path.clone(),
        })
    }
}

impl KnownObjects {
    fn seen(&self, bucket: &str, stem: &str) -> Result<Option<Seen>, Error> {
        let sql = "SELECT newest, since, forgotten, listed, listed_all FROM logs \
             WHERE bucket = ?1 AND stem = ?2 AND newest IS NOT NULL";
        let mut statement = self.connection.prepare_cached(sql).at(&self.path)?;
        let found = statement.query_row(params![bucket, stem], |row| {
            Ok(Seen {
                newest: row.get(0)?,
                since: row.get(1)?,
                forgotten: row.get(2)?,
                listed: row.get(3)?,
                listed_all: row.get(4)?,
            })
        });
        found.optional().at(&self.path)
    }

    fn mark(&self, bucket: &str, key: &str) -> Result<Option<Mark>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM inputs WHERE bucket = ?1 AND name = ?2");
        let mut statement = self.connection.prepare_cached(&sql).at(&self.path)?;
        let found = statement.query_row(params![bucket, key], inputs::input);
        found.optional().at(&self.path)
    }

    fn failed(&self, bucket: &str, prefix: &str) -> Result<Vec<Object>, Error> {
        let sql = "SELECT name, size, etag, modified FROM inputs \
             WHERE failed = 1 AND bucket = ?1 AND name >= ?2 \
             AND substr(name, 1, length(?2)) = ?2 ORDER BY name";
        let bucket: Arc<str> = bucket.into();
        let mut statement = self.connection.prepare_cached(sql).at(&self.path)?;
        let rows = statement.query_map(params![&*bucket, prefix], |row| {
            let key: String = row.get(0)?;
            let modified: i64 = row.get(3)?;
            Ok(Object {
                bucket: Arc::clone(&bucket),
                size: super::count(row.get(1)?),
                etag: row.get::<_, Option<String>>(2)?.unwrap_or_default().into(),
                modified: Some(modified.div_euclid(1_000_000_000)).filter(|time| *time != 0),
                named: layout::named(&key),
                key: key.into(),
            })
        });
        rows.and_then(Iterator::collect).at(&self.path)
    }
}

impl Known for KnownObjects {
    fn log(&mut self, bucket: &str, stem: &str) -> io::Result<Option<Seen>> {
        self.seen(bucket, stem).map_err(io::Error::other)
    }

    fn object(&mut self, bucket: &str, key: &str) -> io::Result<Option<Mark>> {
        self.mark(bucket, key).map_err(io::Error::other)
    }

    fn unfinished(&mut self, bucket: &str, prefix: &str) -> io::Result<Vec<Object>> {
        self.failed(bucket, prefix).map_err(io::Error::other)
    }
}
