//! How far inputs are read, and the lasting numbers by which pending windows call
//! them.

use std::sync::Arc;

use rusqlite::types::Type;
use rusqlite::{OptionalExtension, Row, params};

use super::error::At;
use super::{Commit, Error, State, count, name, number, signed, unsigned};
use crate::source::s3::{LOOKBACK, layout};
use crate::source::{Mark, Past, Print, Reach};

/// What [`input`] reads.
pub(super) const COLUMNS: &str = "bucket, name, etag, size, modified, head, head_len, head_end, tail, tail_len, tail_end, \
     reach";

impl State {
    /// How far an input is read; none where it never was.
    pub fn input(&self, bucket: &str, name: &[u8]) -> Result<Option<Mark>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM inputs WHERE bucket = ?1 AND name = ?2");
        let mut statement = self.connection.prepare_cached(&sql).at(&self.path)?;
        let found = statement.query_row(params![bucket, name::bytes(name)], input);
        found.optional().at(&self.path)
    }

    /// Calls for every input, by bucket and name.
    pub fn each_input(&self, mut each: impl FnMut(Mark)) -> Result<(), Error> {
        let sql = format!("SELECT {COLUMNS} FROM inputs ORDER BY bucket, name");
        let mut statement = self.connection.prepare_cached(&sql).at(&self.path)?;
        let rows = statement.query_map([], |row| input(row).map(&mut each));
        rows.and_then(Iterator::collect::<rusqlite::Result<()>>)
            .at(&self.path)
    }

    /// Inputs by their lasting numbers, in order.
    pub fn sources(&self) -> Result<Vec<(u32, Past)>, Error> {
        let sql =
            "SELECT number, name, path, head, head_len, head_end FROM sources ORDER BY number";
        let mut statement = self.connection.prepare_cached(sql).at(&self.path)?;
        let rows = statement.query_map([], |row| {
            let shown = name::bytes_of(row.get_ref(1)?)?;
            let path = match row.get_ref(2)? {
                rusqlite::types::ValueRef::Null => None,
                path => Some(name::bytes_of(path)?),
            };
            let past = Past {
                name: Arc::from(String::from_utf8_lossy(&shown)),
                path,
                head: print(row, 3)?.unwrap_or_default(),
            };
            Ok((row.get(0)?, past))
        });
        rows.and_then(Iterator::collect).at(&self.path)
    }
}

impl Commit<'_> {
    /// Keeps how far inputs are read; bucket and name say which. The latest time in
    /// the name of an object among them.
    pub fn put_inputs<'i>(
        &self,
        marks: impl IntoIterator<Item = &'i Mark>,
    ) -> Result<Option<i64>, Error> {
        let mut latest = None;
        let sql = format!(
            "INSERT OR REPLACE INTO inputs ({COLUMNS}, position, done, failed, log, time) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)"
        );
        let mut statement = self.transaction.prepare_cached(&sql).at(self.path)?;
        for mark in marks {
            let Mark {
                bucket,
                path,
                etag,
                size,
                mtime,
                head,
                tail,
                reach,
            } = mark;
            let parts = reach
                .iter()
                .map(|part| (part.since, part.until, part.offset, part.done));
            let parts: Vec<_> = parts.collect();
            let (log, time) = self.log_of(mark)?.unzip();
            latest = latest.max(time);
            let put = statement.execute(params![
                &**bucket,
                name::bytes(path),
                Some(&**etag).filter(|etag| !etag.is_empty()),
                number(*size),
                mtime,
                signed(head.hash),
                head.len,
                number(head.end),
                tail.map(|tail| signed(tail.hash)),
                tail.map(|tail| tail.len),
                tail.map(|tail| number(tail.end)),
                serde_json::to_string(&parts).unwrap_or_default(),
                number(mark.position()),
                is_whole(mark, time),
                !bucket.is_empty() && !mark.is_settled(),
                log,
                time,
            ]);
            put.at(self.path)?;
        }
        Ok(latest)
    }

    /// The log of an object, by its number, and the time in the object's name; none
    /// where that has none. Counts objects that were read.
    fn log_of(&self, mark: &Mark) -> Result<Option<(i64, i64)>, Error> {
        let key = str::from_utf8(&mark.path).ok();
        let Some(key) = key.filter(|_| !mark.bucket.is_empty()) else {
            return Ok(None);
        };
        let named = layout::named(key);
        let Some(time) = named.time else {
            return Ok(None);
        };
        let read = mark.is_settled() && !mark.is_gone();
        let log = self.log(&mark.bucket, &key[..named.stem], read)?;
        Ok(Some((log, time)))
    }

    /// Forgets an input: it will be read again. Whether there was one.
    pub fn delete_input(&self, bucket: &str, name: &[u8]) -> Result<bool, Error> {
        let sql = "DELETE FROM inputs WHERE bucket = ?1 AND name = ?2";
        let mut statement = self.transaction.prepare_cached(sql).at(self.path)?;
        let deleted = statement.execute(params![bucket, name::bytes(name)]);
        Ok(deleted.at(self.path)? > 0)
    }

    /// Keeps the input that a lasting number stands for.
    pub fn put_source(&self, lasting: u32, past: &Past) -> Result<(), Error> {
        let sql = "INSERT OR REPLACE INTO sources (number, name, path, head, head_len, head_end) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let mut statement = self.transaction.prepare_cached(sql).at(self.path)?;
        let put = statement.execute(params![
            lasting,
            name::bytes(past.name.as_bytes()),
            past.path.as_deref().map(name::bytes),
            signed(past.head.hash),
            past.head.len,
            number(past.head.end),
        ]);
        put.at(self.path).map(drop)
    }

    /// Forgets a lasting number.
    pub fn delete_source(&self, lasting: u32) -> Result<(), Error> {
        let sql = "DELETE FROM sources WHERE number = ?1";
        let mut statement = self.transaction.prepare_cached(sql).at(self.path)?;
        statement.execute([lasting]).at(self.path).map(drop)
    }
}

pub(super) fn input(row: &Row<'_>) -> rusqlite::Result<Mark> {
    let reach: String = row.get(11)?;
    let reach: Vec<(i64, i64, u64, bool)> = serde_json::from_str(&reach)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(11, Type::Text, error.into()))?;
    let reach = reach.into_iter().map(|(since, until, offset, done)| Reach {
        since,
        until,
        offset,
        done,
    });
    Ok(Mark {
        bucket: row.get::<_, String>(0)?.into(),
        path: name::bytes_of(row.get_ref(1)?)?,
        etag: row.get::<_, Option<String>>(2)?.unwrap_or_default().into(),
        size: count(row.get(3)?),
        mtime: row.get(4)?,
        head: print(row, 5)?.unwrap_or_default(),
        tail: print(row, 8)?,
        reach: reach.collect(),
    })
}

/// Whether all records were taken that it may hold: an object those of the days
/// around the time in its name.
fn is_whole(mark: &Mark, time: Option<i64>) -> bool {
    mark.is_done(match time {
        None => (i64::MIN, i64::MAX),
        Some(time) => (time.saturating_sub(LOOKBACK), time.saturating_add(LOOKBACK)),
    })
}

/// The fingerprint that begins at a column, where there is one.
fn print(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Print>> {
    let hash: Option<i64> = row.get(column)?;
    Ok(match hash {
        None => None,
        Some(hash) => Some(Print {
            hash: unsigned(hash),
            len: row.get(column + 1)?,
            end: count(row.get(column + 2)?),
        }),
    })
}
