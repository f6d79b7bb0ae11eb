//! Files that are known by the beginning of their paths: log rotation keeps it.

use rusqlite::params;

use super::error::At;
use super::{Error, State, name};
use crate::source::Mark;

/// More are not looked at.
const MOST: i64 = 1000;

impl State {
    /// Marks of files whose paths begin so, at most 1,000. Paths that are not UTF-8
    /// are left out.
    pub fn marks_below(&self, beginning: &str) -> Result<Vec<Mark>, Error> {
        let sql = "SELECT name FROM inputs WHERE bucket = '' AND name >= ?1 AND name < ?2 \
                   ORDER BY name LIMIT ?3";
        // Greater than whatever a path may go on with.
        let end = format!("{beginning}{}", char::MAX);
        let names = {
            let mut statement = self.connection.prepare_cached(sql).at(&self.path)?;
            let rows = statement.query_map(params![beginning, end, MOST], |row| {
                Ok(name::bytes_of(row.get_ref(0)?)?)
            });
            let names = rows.and_then(Iterator::collect::<rusqlite::Result<Vec<Vec<u8>>>>);
            names.at(&self.path)?
        };
        let marks = names.iter().map(|name| self.input("", name));
        let marks: Result<Vec<_>, Error> = marks.collect();
        Ok(marks?.into_iter().flatten().collect())
    }
}
