//! The baseline from the file into memory: keys and days, no texts.

use rusqlite::Connection;

use super::error::At;
use super::{Error, State, count, open, unsigned};
use crate::baseline::{Baseline, Days, day};

/// Days as they are stored: 64 each in two signed numbers, back from the day on
/// which something was seen last, and how many there are.
pub(super) fn words(days: Days, last_seen: i64) -> (i64, i64, u32) {
    // The last of the days is that of the last time; others would be none of its.
    let bits = match day(last_seen).checked_sub(days.last()) {
        Some(back @ 0..) => days.bits().checked_shl(back.unsigned_abs()).unwrap_or(0),
        _ => 0,
    };
    (bits as i64, (bits >> 64) as i64, bits.count_ones())
}

/// Days that were stored.
pub(super) fn days(last_seen: i64, days: i64, days_before: i64) -> Days {
    let bits = u128::from(days as u64) | u128::from(days_before as u64) << 64;
    Days::from_bits(day(last_seen), bits)
}

impl State {
    /// Adds all that is kept of entities and values to a baseline.
    pub fn load_baseline(&self, baseline: &mut Baseline) -> Result<(), Error> {
        let rows = |table: &str| -> Result<usize, Error> {
            let sql = format!("SELECT count(*) FROM {table}");
            let rows: i64 = self
                .connection
                .query_row(&sql, [], |row| row.get(0))
                .at(&self.path)?;
            Ok(count(rows) as usize)
        };
        baseline.reserve(rows("entities")?, rows("known_values")?);
        let told = "known_values WHERE dimension IN \
                    (SELECT id FROM dimensions WHERE name GLOB 'networks of *')";
        baseline.remember_told(rows(told)?);
        // Most of the time goes into reading rows, which two can do at once.
        let other = open::reader(&self.path)?;
        let (entities, values) = std::thread::scope(|scope| {
            let entities = scope.spawn(move || keys(&other, "entities"));
            let values = keys(&self.connection, "known_values");
            (entities.join(), values)
        });
        let entities = entities.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let (entities, values) = (entities.at(&self.path), values.at(&self.path));
        for (key, days, declared) in entities? {
            baseline.remember_entity(key, days, declared);
        }
        for (key, days, declared) in values? {
            baseline.remember_value(key, days, declared);
        }
        Ok(())
    }
}

/// All rows of a table of keys.
fn keys(connection: &Connection, table: &str) -> rusqlite::Result<Vec<(u64, Days, bool)>> {
    let sql = format!("SELECT key, declared, last_seen, days, days_before FROM {table}");
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map([], |row| {
        let days = days(row.get(2)?, row.get(3)?, row.get(4)?);
        Ok((unsigned(row.get(0)?), days, row.get::<_, i64>(1)? != 0))
    })?;
    rows.collect()
}
