//! Where alerts go.
//!
//! A [`Sink`] writes alerts one by one in the order in which it is given them;
//! [`alerts`] makes the one that a [`Format`] names. Every format says the
//! same: they differ in spelling only. Whatever an attacker may have chosen
//! goes through [`text`](crate::text) on its way out. Which alerts there are,
//! where the bytes end up and what a broken pipe means is the caller's
//! business; no wall clock and no settings enter here.

mod csv;
pub mod entity;
mod json;
pub mod read;
pub mod record;
mod table;
#[cfg(test)]
mod tests;
mod v1;

use std::io::{self, Write};

use crate::alert::{Alert, Network};
use crate::text::redact;
pub use table::level as level_in_table;

/// Takes alerts.
pub trait Sink: Send {
    /// Writes one alert.
    fn alert(&mut self, alert: &Alert) -> io::Result<()>;

    /// Makes what was written so far visible: for a sink that somebody watches.
    fn flush(&mut self) -> io::Result<()>;

    /// Writes what comes after the last alert, and flushes.
    fn finish(&mut self) -> io::Result<()>;
}

/// How alerts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// One JSON object a line.
    Ndjson,
    /// The same objects in one array.
    Json,
    /// One row an alert.
    Csv,
    /// For a person at a terminal.
    Table,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 4] = [Format::Ndjson, Format::Json, Format::Csv, Format::Table];

    /// The word for it on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Format::Ndjson => "ndjson",
            Format::Json => "json",
            Format::Csv => "csv",
            Format::Table => "table",
        }
    }

    /// The format of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }
}

/// What a format for people has to know of where it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Colour by level.
    pub color: bool,
    /// Columns of the terminal; at least 60 are used.
    pub width: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            color: false,
            width: 100,
        }
    }
}

/// What is known of an address in short, for people: `NL, AS64500 Example, AWS
/// EC2`. Nothing in it is escaped.
fn where_is(network: &Network) -> Vec<u8> {
    let number = network.asn.map(|asn| format!("AS{asn}"));
    let owner: Vec<String> = number.into_iter().chain(network.owner.clone()).collect();
    let parts = [
        network.country.map(|country| country.to_string()),
        Some(owner.join(" ")).filter(|owner| !owner.is_empty()),
        network
            .service
            .as_ref()
            .map(|service| format!("AWS {service}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    redact(parts.join(", ").as_bytes()).into_owned()
}

/// A sink that writes alerts in this format.
///
/// Each alert is one write, so that a buffer around `writer` helps with many
/// alerts only, and a line is never torn.
#[must_use]
pub fn alerts<'w>(
    format: Format,
    writer: Box<dyn Write + Send + 'w>,
    options: Options,
) -> Box<dyn Sink + 'w> {
    match format {
        Format::Ndjson => Box::new(json::Ndjson::new(writer)),
        Format::Json => Box::new(json::Array::new(writer)),
        Format::Csv => Box::new(csv::Csv::new(writer)),
        Format::Table => Box::new(table::Table::new(writer, options)),
    }
}
