//! Columns for people. The last one is as long as it is: names are to be searched
//! for and copied, and so never cut.

use std::fmt::Write as _;
use std::io::{self, Write};

use s3sentry::record::time::rfc3339;

use crate::cli::Color;
use crate::commands::color;

/// A table on stdout.
pub struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table of these columns.
    pub fn new(header: Vec<&'static str>) -> Self {
        Self {
            header,
            rows: Vec::new(),
        }
    }

    /// Adds a row, with a cell for each column.
    pub fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// Writes it. Columns of numbers are to the right.
    pub fn write(&self, out: &mut impl Write, when: Color) -> io::Result<()> {
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| row[column].chars().count());
            cells
                .chain([self.header[column].len()])
                .max()
                .unwrap_or_default()
        };
        let widths: Vec<usize> = (0..self.header.len()).map(width).collect();
        let right: Vec<bool> = (0..self.header.len())
            .map(|column| {
                let number = |row: &Vec<String>| {
                    row[column]
                        .bytes()
                        .all(|byte| byte.is_ascii_digit() || byte == b',')
                };
                column + 1 < self.header.len() && self.rows.iter().all(number)
            })
            .collect();
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let mut line = String::new();
            for (column, cell) in cells.enumerate() {
                let width = widths[column];
                // Writing to a string cannot fail.
                let _ = match (right[column], column + 1 == widths.len()) {
                    (_, true) => write!(line, "{cell}"),
                    (true, _) => write!(line, "{cell:>width$}  "),
                    (false, _) => write!(line, "{cell:width$}  "),
                };
            }
            line
        };
        let header = line(&mut self.header.iter().copied());
        if color(when, &io::stdout()) {
            writeln!(out, "\x1b[2m{header}\x1b[0m")?;
        } else {
            writeln!(out, "{header}")?;
        }
        for row in &self.rows {
            writeln!(out, "{}", line(&mut row.iter().map(String::as_str)))?;
        }
        Ok(())
    }
}

/// `2026-02-03 02:10:22`, UTC.
pub fn time(seconds: i64) -> String {
    let text = rfc3339(seconds).replace('T', " ");
    text.trim_end_matches('Z').to_owned()
}
