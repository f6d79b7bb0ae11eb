//! Versions of the tables, and how a file comes from one to the next.

use rusqlite::{Connection, TransactionBehavior};

/// Says that a database is a state file: `S3se` in ASCII, in its header.
pub(super) const APPLICATION: i32 = 0x5333_7365;

/// Step `n` brings a file of version `n` to version `n + 1`; one that was
/// released never changes again.
pub(super) const STEPS: &[&str] = &[include_str!("schema.sql")];

/// The version of the tables that this program reads and writes.
pub const VERSION: i32 = STEPS.len() as i32;

/// Brings a file up to date in one transaction; an empty one too. `now` is in
/// seconds since the Unix epoch.
pub(super) fn migrate(
    connection: &mut Connection,
    steps: &[&str],
    now: i64,
) -> rusqlite::Result<()> {
    let found: i32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let missing = steps.get(found as usize..).unwrap_or_default();
    if missing.is_empty() {
        return Ok(());
    }
    // A table that others refer to can only be replaced without.
    connection.execute_batch("PRAGMA foreign_keys = OFF")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in missing {
        transaction.execute_batch(step)?;
    }
    if found == 0 {
        transaction.execute(
            "INSERT INTO meta (key, value) VALUES ('created', ?1)",
            [now],
        )?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", steps.len() as i32)?;
    transaction.commit()
}
