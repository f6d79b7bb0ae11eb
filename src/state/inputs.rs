//! How far inputs are read, and the lasting numbers by which pending windows call
//! them.

use std::ops::Range;

use rusqlite::params;

use super::error::At;
use super::{Commit, Error, State, count, name, number, signed, unsigned};

/// How far a file or an object is read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Input {
    /// The bucket of an object; empty for a file.
    pub bucket: String,
    /// Path or key, bytes. With the bucket it says which input this is.
    pub name: Vec<u8>,
    /// Of an object, as listed.
    pub etag: Option<String>,
    /// Bytes when it was read last, compressed as it is.
    pub size: u64,
    /// When it was changed last, nanoseconds since the Unix epoch.
    pub modified: i64,
    /// Hash of its first bytes, and how many bytes that were: tells a file from
    /// another one that has got its name.
    pub head: Option<u64>,
    /// Bytes that `head` is made of.
    pub head_len: u64,
    /// Decompressed bytes that are done with, from the start.
    pub position: u64,
    /// Whether it is read to its end.
    pub done: bool,
    /// Parts beyond `position` that are done with, in decompressed bytes.
    pub taken: Vec<Range<u64>>,
}

impl State {
    /// Calls for every input, by bucket and name.
    pub fn each_input(&self, mut each: impl FnMut(Input)) -> Result<(), Error> {
        let sql = "SELECT bucket, name, etag, size, modified, head, head_len, position, done, taken \
             FROM inputs ORDER BY bucket, name";
        let mut statement = self.connection.prepare_cached(sql).at(&self.path)?;
        let rows = statement.query_map([], |row| {
            let head: Option<i64> = row.get(5)?;
            let taken: String = row.get(9)?;
            let text = rusqlite::types::Type::Text;
            let broken =
                |column, error| rusqlite::Error::FromSqlConversionFailure(column, text, error);
            let taken: Vec<(u64, u64)> =
                serde_json::from_str(&taken).map_err(|error| broken(9, Box::new(error)))?;
            each(Input {
                bucket: row.get(0)?,
                name: name::bytes_of(row.get_ref(1)?)
                    .map_err(|error| broken(1, Box::new(error)))?,
                etag: row.get(2)?,
                size: count(row.get(3)?),
                modified: row.get(4)?,
                head: head.map(unsigned),
                head_len: count(row.get(6)?),
                position: count(row.get(7)?),
                done: row.get(8)?,
                taken: taken.into_iter().map(|(from, to)| from..to).collect(),
            });
            Ok(())
        });
        rows.and_then(Iterator::collect::<rusqlite::Result<()>>)
            .at(&self.path)
    }

    /// Lasting numbers of inputs, with their names.
    pub fn sources(&self) -> Result<Vec<(u32, Vec<u8>)>, Error> {
        let sql = "SELECT number, name FROM sources ORDER BY number";
        let mut statement = self.connection.prepare_cached(sql).at(&self.path)?;
        let rows = statement.query_map([], |row| {
            let name = name::bytes_of(row.get_ref(1)?)?;
            Ok((row.get(0)?, name))
        });
        rows.and_then(Iterator::collect).at(&self.path)
    }
}

impl Commit<'_> {
    /// Keeps how far inputs are read; bucket and name say which.
    pub fn put_inputs<'i>(&self, inputs: impl IntoIterator<Item = &'i Input>) -> Result<(), Error> {
        let sql = "INSERT INTO inputs (bucket, name, etag, size, modified, head, head_len, position, \
             done, taken) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
             ON CONFLICT (bucket, name) DO UPDATE SET etag = excluded.etag, size = excluded.size, \
             modified = excluded.modified, head = excluded.head, head_len = excluded.head_len, \
             position = excluded.position, done = excluded.done, taken = excluded.taken";
        let mut statement = self.transaction.prepare_cached(sql).at(self.path)?;
        for input in inputs {
            let taken: Vec<String> = input
                .taken
                .iter()
                .map(|part| format!("[{},{}]", part.start, part.end))
                .collect();
            let put = statement.execute(params![
                input.bucket,
                name::bytes(&input.name),
                input.etag,
                number(input.size),
                input.modified,
                input.head.map(signed),
                number(input.head_len),
                number(input.position),
                input.done,
                format!("[{}]", taken.join(",")),
            ]);
            put.at(self.path)?;
        }
        Ok(())
    }

    /// Forgets an input: it will be read again. Whether there was one.
    pub fn delete_input(&self, bucket: &str, name: &[u8]) -> Result<bool, Error> {
        let sql = "DELETE FROM inputs WHERE bucket = ?1 AND name = ?2";
        let mut statement = self.transaction.prepare_cached(sql).at(self.path)?;
        let deleted = statement.execute(params![bucket, name::bytes(name)]);
        Ok(deleted.at(self.path)? > 0)
    }

    /// Keeps the name that a lasting number stands for.
    pub fn put_source(&self, number: u32, name: &[u8]) -> Result<(), Error> {
        let sql = "INSERT INTO sources (number, name) VALUES (?1, ?2) \
             ON CONFLICT (number) DO UPDATE SET name = excluded.name";
        let mut statement = self.transaction.prepare_cached(sql).at(self.path)?;
        let put = statement.execute(params![number, name::bytes(name)]);
        put.at(self.path).map(drop)
    }

    /// Forgets a lasting number.
    pub fn delete_source(&self, number: u32) -> Result<(), Error> {
        let sql = "DELETE FROM sources WHERE number = ?1";
        let deleted = self.transaction.execute(sql, [number]);
        deleted.at(self.path).map(drop)
    }
}
