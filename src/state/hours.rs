//! Requests by bucket and hour, and which of them a report has counted.

use rusqlite::params;

use super::error::At;
use super::{Commit, Error, State, count, name, number};
use crate::pipeline::{Cell, HOUR, Hours};
use crate::text::redact;

/// Hours before the first of a report of which it is told that there was something.
const BEFORE: i64 = 7 * 24;
/// Of how many hours of buckets that is told, at most.
const MOST: i64 = 50_000;

/// The numbers of a row, in the order of [`Cell`].
const NUMBERS: &str = "requests, refused, missing, wrong, failed, bytes";

impl State {
    /// What came since the last report. Of hours that it told of, from seven days
    /// before the first that is new to the last one, it is noted that there was
    /// something, as cells of nothing.
    pub fn unreported_hours(&self) -> Result<Hours, Error> {
        let mut hours = Hours::default();
        self.each_hour(
            &format!("SELECT bucket, hour, {NUMBERS} FROM hours WHERE reported = 0"),
            |bucket, hour, cell| hours.add(bucket, hour, cell),
        )?;
        self.each_hour(
            &format!(
                "SELECT bucket, hour, 0, 0, 0, 0, 0, 0 FROM hours WHERE reported = 1 \
                 AND hour >= (SELECT min(hour) FROM hours WHERE reported = 0) - {BEFORE} \
                 AND hour <= (SELECT max(hour) FROM hours WHERE reported = 0) \
                 ORDER BY hour DESC LIMIT {MOST}"
            ),
            |bucket, hour, cell| hours.add(bucket, hour, cell),
        )?;
        Ok(hours)
    }

    fn each_hour(&self, sql: &str, mut each: impl FnMut(&[u8], i64, &Cell)) -> Result<(), Error> {
        let mut statement = self.connection.prepare_cached(sql).at(&self.path)?;
        let rows = statement.query_map([], |row| {
            let cell = Cell {
                requests: count(row.get(2)?),
                refused: count(row.get(3)?),
                missing: count(row.get(4)?),
                wrong: count(row.get(5)?),
                failed: count(row.get(6)?),
                bytes: count(row.get(7)?),
            };
            let hour = row.get::<_, i64>(1)?.saturating_mul(HOUR);
            each(&name::bytes_of(row.get_ref(0)?)?, hour, &cell);
            Ok(())
        });
        rows.and_then(Iterator::collect::<rusqlite::Result<()>>)
            .at(&self.path)
    }
}

impl Commit<'_> {
    /// Adds what has come since the last commit.
    pub fn put_hours(&self, hours: &Hours) -> Result<(), Error> {
        let sql = format!(
            "INSERT INTO hours (reported, hour, bucket, {NUMBERS}) \
             VALUES (0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) {}",
            adding()
        );
        let mut statement = self.transaction.prepare_cached(&sql).at(self.path)?;
        for (bucket, hour, cell) in hours.iter() {
            let put = statement.execute(params![
                hour.div_euclid(HOUR),
                name::bytes(&redact(bucket)),
                number(cell.requests),
                number(cell.refused),
                number(cell.missing),
                number(cell.wrong),
                number(cell.failed),
                number(cell.bytes),
            ]);
            put.at(self.path)?;
        }
        Ok(())
    }

    /// Deletes hours that ended before a time, in seconds since the Unix epoch; how
    /// many rows.
    pub fn prune_hours(&self, before: i64) -> Result<u64, Error> {
        // The hours of a range are found for either value of the first column.
        let sql = "DELETE FROM hours WHERE reported IN (0, 1) AND hour < ?1";
        let deleted = self.transaction.execute(sql, [before.div_euclid(HOUR)]);
        Ok(deleted.at(self.path)? as u64)
    }

    /// A report has counted all that there is.
    pub(super) fn report_hours(&self) -> Result<(), Error> {
        let sql = format!(
            "INSERT INTO hours (reported, hour, bucket, {NUMBERS}) \
             SELECT 1, hour, bucket, {NUMBERS} FROM hours WHERE reported = 0 {}; \
             DELETE FROM hours WHERE reported = 0",
            adding()
        );
        self.transaction.execute_batch(&sql).at(self.path)
    }
}

/// Adds to a row that is there. Sums stay at the most that fits.
fn adding() -> String {
    let sums = NUMBERS.split(", ").map(|sum| {
        let most = i64::MAX;
        format!("{sum} = min({sum}, {most} - excluded.{sum}) + excluded.{sum}")
    });
    let sums: Vec<String> = sums.collect();
    format!(
        "ON CONFLICT (reported, hour, bucket) DO UPDATE SET {}",
        sums.join(", ")
    )
}
