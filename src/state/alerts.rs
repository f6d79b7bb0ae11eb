//! Alerts: each in its latest version, and which version was written last.

use rusqlite::{OptionalExtension, Row, params};

use super::error::At;
use super::{Commit, Error, State, count, number};
use crate::alert::{Alert, Status};
use crate::sink::{self, Format};

/// A version of an alert that was written to the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Its rev.
    pub rev: u64,
    /// Its status.
    pub status: Status,
}

/// An alert that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAlert {
    /// Its id.
    pub id: u128,
    /// Of its latest version.
    pub rev: u64,
    /// Of its latest version.
    pub status: Status,
    /// Name of the rule.
    pub rule: String,
    /// The period, seconds since the Unix epoch, end excluded.
    pub period: (i64, i64),
    /// What was written last; none where nothing was.
    pub written: Option<Written>,
    /// All of it as `docs/alert.schema.json` says, without a line feed.
    pub json: String,
}

const COLUMNS: &str =
    "id, rev, status, rule, period_start, period_end, written_rev, written_status, json";

impl State {
    /// An alert by its id.
    pub fn alert(&self, id: u128) -> Result<Option<KeptAlert>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM alerts WHERE id = ?1");
        let mut statement = self.connection.prepare_cached(&sql).at(&self.path)?;
        let found = statement.query_row([hex(id)], kept);
        found.optional().at(&self.path)
    }

    /// Alerts whose period was not final, by id.
    pub fn open_alerts(&self) -> Result<Vec<KeptAlert>, Error> {
        self.alerts_where("status = 'open'", "id")
    }

    /// Alerts whose latest version was not written, in the order in which alerts
    /// are written: by end of period, rule and key.
    pub fn unwritten_alerts(&self) -> Result<Vec<KeptAlert>, Error> {
        self.alerts_where(
            "written_rev IS NOT rev OR written_status IS NOT status",
            "period_end, rule, key, id",
        )
    }

    fn alerts_where(&self, condition: &str, order: &str) -> Result<Vec<KeptAlert>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM alerts WHERE {condition} ORDER BY {order}");
        let mut statement = self.connection.prepare_cached(&sql).at(&self.path)?;
        let rows = statement.query_map([], kept);
        rows.and_then(Iterator::collect).at(&self.path)
    }
}

impl Commit<'_> {
    /// Keeps the latest version of an alert; what was written stays noted.
    /// `incident` is whom its incident is about, and the incident's id.
    pub fn put_alert(&self, alert: &Alert, incident: Option<(&str, &str)>) -> Result<(), Error> {
        let json = json(alert)?;
        let sql = "INSERT INTO alerts (id, rev, status, rule, level, key, period_start, period_end, \
             trigger_time, first_seen, last_seen, count, summary, entity, incident, json) \
             VALUES (?1, ?2, ?3, ?4, ?5, json_extract(?12, '$.key'), ?6, ?7, ?8, ?9, ?10, ?11, \
             json_extract(?12, '$.summary'), ?13, ?14, ?12) \
             ON CONFLICT (id) DO UPDATE SET rev = excluded.rev, status = excluded.status, \
             rule = excluded.rule, level = excluded.level, key = excluded.key, \
             period_start = excluded.period_start, period_end = excluded.period_end, \
             trigger_time = excluded.trigger_time, first_seen = excluded.first_seen, \
             last_seen = excluded.last_seen, count = excluded.count, summary = excluded.summary, \
             entity = excluded.entity, incident = excluded.incident, json = excluded.json";
        let mut statement = self.transaction.prepare_cached(sql).at(self.path)?;
        let put = statement.execute(params![
            hex(alert.id),
            number(alert.rev),
            word(alert.status),
            alert.rule.name,
            alert.rule.level.as_str(),
            alert.period.0,
            alert.period.1,
            alert.trigger.0,
            alert.first_seen,
            alert.last_seen,
            number(alert.count),
            json,
            incident.map(|(entity, _)| entity),
            incident.map(|(_, id)| id),
        ]);
        put.at(self.path).map(drop)
    }

    /// Notes that a version of an alert was written to the output.
    pub fn put_written(&self, id: u128, written: Written) -> Result<(), Error> {
        let sql = "UPDATE alerts SET written_rev = ?2, written_status = ?3 WHERE id = ?1";
        let mut statement = self.transaction.prepare_cached(sql).at(self.path)?;
        let put = statement.execute(params![hex(id), number(written.rev), word(written.status)]);
        put.at(self.path).map(drop)
    }

    /// Deletes alerts that are final, written or in a report, and of periods that
    /// ended before a time, in seconds since the Unix epoch; how many.
    pub fn prune_alerts(&self, before: i64) -> Result<u64, Error> {
        let sql = "DELETE FROM alerts WHERE period_end < ?1 AND status <> 'open' \
             AND (written_rev IS rev AND written_status IS status \
             OR reported_rev IS rev AND reported_status IS status)";
        let deleted = self.transaction.execute(sql, [before]);
        Ok(deleted.at(self.path)? as u64)
    }
}

fn kept(row: &Row<'_>) -> rusqlite::Result<KeptAlert> {
    let written: Option<i64> = row.get(6)?;
    Ok(KeptAlert {
        id: row
            .get::<_, String>(0)
            .and_then(|hex| u128::from_str_radix(&hex, 16).map_err(|error| broken(0, error)))?,
        rev: count(row.get(1)?),
        status: status(row, 2)?,
        rule: row.get(3)?,
        period: (row.get(4)?, row.get(5)?),
        written: match written {
            None => None,
            Some(rev) => Some(Written {
                rev: count(rev),
                status: status(row, 7)?,
            }),
        },
        json: row.get(8)?,
    })
}

fn status(row: &Row<'_>, column: usize) -> rusqlite::Result<Status> {
    let text: String = row.get(column)?;
    let all = [Status::Open, Status::Closed, Status::Withdrawn];
    let found = all.into_iter().find(|status| word(*status) == text);
    found.ok_or_else(|| broken(column, format!("{text:?} is no status")))
}

fn broken(
    column: usize,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> rusqlite::Error {
    let text = rusqlite::types::Type::Text;
    rusqlite::Error::FromSqlConversionFailure(column, text, error.into())
}

const fn word(status: Status) -> &'static str {
    match status {
        Status::Open => "open",
        Status::Closed => "closed",
        Status::Withdrawn => "withdrawn",
    }
}

fn hex(id: u128) -> String {
    format!("{id:032x}")
}

/// An alert as it is written, without the line feed.
fn json(alert: &Alert) -> Result<String, Error> {
    let mut line = Vec::new();
    let options = sink::Options::default();
    sink::alerts(Format::Ndjson, Box::new(&mut line), options).alert(alert)?;
    // It is JSON, and so UTF-8.
    let mut text = String::from_utf8_lossy(&line).into_owned();
    text.truncate(text.trim_end().len());
    Ok(text)
}
