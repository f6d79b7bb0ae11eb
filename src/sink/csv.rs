//! Alerts as CSV: one row each, flat, for a spreadsheet.
//!
//! The columns are those of the JSON in its order, nested ones with their
//! parent's name in front; of the context, what a person wants. Quoting and formulas are
//! [`text`](crate::text)'s business.

use std::io::{self, Write};

use super::{Sink, v1, where_is};
use crate::alert::Alert;
use crate::record::time::rfc3339;
use crate::text::{push_csv_text, redact, terminal};

/// The header.
pub(super) const COLUMNS: [&str; 24] = [
    "id",
    "rev",
    "status",
    "rule_id",
    "rule_name",
    "rule_title",
    "level",
    "tags",
    "key",
    "period_start",
    "period_end",
    "trigger_time",
    "trigger_value",
    "first_seen",
    "last_seen",
    "count",
    "distinct",
    "distinct_approx",
    "sum",
    "summary",
    "evidence",
    "incident",
    "ioc",
    "networks",
];

/// One row an alert, the header before the first.
pub(super) struct Csv<'w> {
    writer: Box<dyn Write + Send + 'w>,
    line: Vec<u8>,
    begun: bool,
}

impl<'w> Csv<'w> {
    pub(super) fn new(writer: Box<dyn Write + Send + 'w>) -> Self {
        Self {
            writer,
            line: Vec::new(),
            begun: false,
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        if self.begun {
            return Ok(());
        }
        self.begun = true;
        writeln!(self.writer, "{}", COLUMNS.join(","))
    }
}

impl Sink for Csv<'_> {
    fn alert(&mut self, alert: &Alert) -> io::Result<()> {
        self.begin()?;
        self.line.clear();
        for (at, cell) in cells(alert).iter().enumerate() {
            if at > 0 {
                self.line.push(b',');
            }
            push_csv_text(&mut self.line, cell);
        }
        self.line.push(b'\n');
        self.writer.write_all(&self.line)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        // A header without rows tells a program that there was nothing to tell.
        self.begin()?;
        self.writer.flush()
    }
}

fn cells(alert: &Alert) -> [String; COLUMNS.len()] {
    let rule = &*alert.rule;
    let text = |text: &str| terminal(text.as_bytes());
    let maybe = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let approx = alert.distinct.is_some_and(|distinct| distinct.approx);
    [
        v1::hex(alert.id),
        alert.rev.to_string(),
        text(v1::status(alert)),
        text(&rule.id),
        text(&rule.name),
        text(&rule.title),
        text(rule.level.as_str()),
        text(&rule.tags.join(" ")),
        key(alert),
        rfc3339(alert.period.0),
        rfc3339(alert.period.1),
        rfc3339(alert.trigger.0),
        alert.trigger.1.to_string(),
        rfc3339(alert.first_seen),
        rfc3339(alert.last_seen),
        alert.count.to_string(),
        maybe(alert.distinct.map(|distinct| distinct.value)),
        text(if approx { "true" } else { "" }),
        maybe(alert.sum),
        terminal(&redact(&alert.summary)),
        evidence(alert),
        alert.context.incident.map(v1::hex).unwrap_or_default(),
        indicators(alert),
        networks(alert),
    ]
}

/// `remote_ip=198.51.100.11; bucket_name=-`
fn key(alert: &Alert) -> String {
    let value = |value: &Option<Vec<u8>>| item(&redact(value.as_deref().unwrap_or(b"-")));
    let parts = alert.key.iter();
    let parts = parts.map(|(name, bytes)| format!("{name}={}", value(bytes)));
    parts.collect::<Vec<_>>().join("; ")
}

/// `access.log:12345; access.log:67890`
fn evidence(alert: &Alert) -> String {
    let places = alert.evidence.iter();
    let places = places.map(|place| format!("{}:{}", item(place.source.as_bytes()), place.offset));
    places.collect::<Vec<_>>().join("; ")
}

/// `tor exits: 198.51.100.7; own: *sqlmap*`
fn indicators(alert: &Alert) -> String {
    let of = |text: &str| item(&redact(text.as_bytes()));
    let found = alert.context.ioc.iter();
    let found = found.map(|one| format!("{}: {}", of(&one.list), of(&one.entry)));
    found.collect::<Vec<_>>().join("; ")
}

/// `198.51.100.7: NL, AS64500 Example; 203.0.113.9: DE, AWS EC2`
fn networks(alert: &Alert) -> String {
    let found = alert.context.networks.iter();
    let found = found.map(|one| format!("{}: {}", one.address, item(&where_is(one))));
    found.collect::<Vec<_>>().join("; ")
}

/// A part of a list. A `;` of its own would read as the next part, and is
/// written as an escape like any other.
fn item(bytes: &[u8]) -> String {
    terminal(bytes).replace(';', "\\x3B")
}
