//! What a state file has learned, as text to be compared. No test may stand here.

use std::collections::BTreeMap;

use rusqlite::Connection;

/// The rows of the baseline, without numbers that depend on who came first.
pub fn baseline(database: &Connection) -> BTreeMap<&'static str, Vec<String>> {
    let queries = [
        (
            "entities",
            "SELECT k.hash, k.name, key, declared, first_seen, last_seen, days, days_before, \
             day_count, requests, e.name FROM entities e JOIN kinds k ON k.id = kind",
        ),
        (
            "known_values",
            "SELECT d.hash, d.name, key, entity, declared, first_seen, last_seen, days, \
             days_before, day_count, requests, v.name FROM known_values v \
             JOIN dimensions d ON d.id = dimension",
        ),
        (
            "volumes",
            "SELECT s.hash, s.name, entity, hour, v.sum FROM volumes v JOIN series s ON s.id = series",
        ),
    ];
    let table = |(name, sql)| (name, rows(database, sql));
    queries.into_iter().map(table).collect()
}

/// Rows as text, sorted.
pub fn rows(database: &Connection, sql: &str) -> Vec<String> {
    let mut statement = database.prepare(sql).unwrap();
    let columns = statement.column_count();
    let row = statement.query_map([], |row| {
        let value = |at| {
            row.get::<_, rusqlite::types::Value>(at)
                .map(|value| format!("{value:?}"))
        };
        let values: rusqlite::Result<Vec<String>> = (0..columns).map(value).collect();
        Ok(values?.join(" "))
    });
    let mut rows: Vec<String> = row.unwrap().collect::<Result<_, _>>().unwrap();
    rows.sort();
    rows
}
