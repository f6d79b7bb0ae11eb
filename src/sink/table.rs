//! Alerts for a person at a terminal, perhaps at 3 a.m.
//!
//! ```text
//! LEVEL     TIME (UTC)               COUNT  RULE
//! HIGH      2026-02-03 02:14:07        400  access-denied-burst-high
//!     198.51.100.11
//!     198.51.100.11 was refused 400 times in 5 minutes on logs-example.
//! ```
//!
//! On a wide terminal the key has a column of its own. Written alert by alert,
//! so the columns depend on the terminal's width and never on what comes
//! later; a table library would have to see all rows first. What does not fit
//! wraps, values at their borders: a name that is cut in two cannot be searched
//! for. Only what nobody would read to the end is cut, and says so. Nothing
//! appears here that the JSON does not have.

mod layout;

use std::io::{self, Write};

use super::{Options, Sink, v1, where_is};
use crate::alert::{Alert, Level, Status};
use crate::record::time::rfc3339;
use crate::text::{redact, terminal};
use layout::{columns, grouped, wrap};

/// Columns up to the rule's name: level, time and count, two apart.
const FIXED: usize = 8 + 2 + 19 + 2 + COUNT + 2;

/// Columns for the count, up to 9,999,999.
const COUNT: usize = 9;

/// Columns for the rule's name on a wide terminal.
const RULE: usize = 34;

/// From here on the key stands beside the rule.
const WIDE: usize = 110;

/// Columns that are used even of a narrower terminal.
const MIN_WIDTH: usize = 60;

/// Lines that a value or a summary may take. A key can be 1,024 bytes of
/// escapes.
const MAX_LINES: usize = 6;

/// A few lines an alert, a header before the first.
pub(super) struct Table<'w> {
    writer: Box<dyn Write + Send + 'w>,
    options: Options,
    begun: bool,
}

impl<'w> Table<'w> {
    pub(super) fn new(writer: Box<dyn Write + Send + 'w>, options: Options) -> Self {
        let width = options.width.max(MIN_WIDTH);
        Self {
            writer,
            options: Options { width, ..options },
            begun: false,
        }
    }

    fn is_wide(&self) -> bool {
        self.options.width >= WIDE
    }

    fn paint(&self, style: &str, text: &str) -> String {
        if self.options.color && !style.is_empty() {
            format!("\x1b[{style}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    fn header(&self) -> String {
        let mut text = format!(
            "{:8}  {:19}  {:>COUNT$}  RULE",
            "LEVEL", "TIME (UTC)", "COUNT"
        );
        if self.is_wide() {
            text = format!("{text}{:1$}  KEY", "", RULE - 4);
        }
        self.paint("2", &text)
    }

    fn write_entry(&self, out: &mut Vec<u8>, alert: &Alert) -> io::Result<()> {
        let (level, style) = level(alert.rule.level);
        let time = rfc3339(alert.trigger.0).replace('T', " ");
        let mut rule = terminal(alert.rule.name.as_bytes());
        if alert.status != Status::Closed {
            rule = format!("{rule} ({})", v1::status(alert));
        }
        write!(
            out,
            "{}  {}  {:>COUNT$}  {}",
            self.paint(style, &format!("{level:8}")),
            time.trim_end_matches('Z'),
            grouped(alert.count),
            self.paint("1", &rule),
        )?;
        let values = key(alert);
        let key = values.join("  ");
        let padding = RULE.saturating_sub(columns(&rule));
        let used = FIXED + columns(&rule) + padding + 2;
        if self.is_wide() && !key.is_empty() && used + columns(&key) <= self.options.width {
            writeln!(out, "{:padding$}  {key}", "")?;
        } else {
            writeln!(out)?;
            if columns(&key) <= self.options.width - self.indent() {
                self.write_lines(out, &key)?;
            } else {
                for value in &values {
                    self.write_lines(out, value)?;
                }
            }
        }
        self.write_lines(out, &terminal(&redact(&alert.summary)))?;
        for line in indicators(alert).chain(networks(alert)) {
            self.write_lines(out, &line)?;
        }
        Ok(())
    }

    /// Where key and summary begin. Narrow: as far left as still sets them
    /// apart, for an ARN has some 75 characters.
    fn indent(&self) -> usize {
        if self.is_wide() { 10 } else { 4 }
    }

    fn write_lines(&self, out: &mut Vec<u8>, paragraph: &str) -> io::Result<()> {
        let indent = self.indent();
        for line in wrap(paragraph, self.options.width - indent, MAX_LINES) {
            if !line.is_empty() {
                writeln!(out, "{:indent$}{line}", "")?;
            }
        }
        Ok(())
    }
}

impl Sink for Table<'_> {
    fn alert(&mut self, alert: &Alert) -> io::Result<()> {
        let mut text = Vec::new();
        if !self.begun {
            self.begun = true;
            writeln!(text, "{}", self.header())?;
        } else if !self.is_wide() {
            writeln!(text)?;
        }
        self.write_entry(&mut text, alert)?;
        self.writer.write_all(&text)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// The group-by values. Their names are the rule's, and the values speak for
/// themselves.
fn key(alert: &Alert) -> Vec<String> {
    let value = |value: &Option<Vec<u8>>| match value {
        Some(bytes) => terminal(&redact(bytes)),
        None => "-".to_owned(),
    };
    alert.key.iter().map(|(_, bytes)| value(bytes)).collect()
}

/// Which entries of which lists the records are on, a line each.
fn indicators(alert: &Alert) -> impl Iterator<Item = String> {
    let of = |text: &str| terminal(&redact(text.as_bytes()));
    alert.context.ioc.iter().map(move |one| {
        let (entry, field) = (of(&one.entry), one.field.name());
        format!("{field} is on the list {}: {entry}", of(&one.list))
    })
}

/// What is known of the addresses of the records, a line each.
fn networks(alert: &Alert) -> impl Iterator<Item = String> {
    let networks = alert.context.networks.iter();
    networks.map(|one| format!("{}: {}", one.address, terminal(&where_is(one))))
}

/// The word for a level in at most eight columns, and how it is coloured: the
/// parameters of the terminal's SGR sequence.
#[must_use]
pub fn level(level: Level) -> (&'static str, &'static str) {
    match level {
        Level::Informational => ("INFO", "2"),
        Level::Low => ("LOW", "36"),
        Level::Medium => ("MEDIUM", "33"),
        Level::High => ("HIGH", "1;31"),
        Level::Critical => ("CRITICAL", "1;97;41"),
    }
}
