//! A log line from the flat object that it was written as.
//!
//! The fields are put in AWS's order again. What comes back is not the line byte
//! for byte (secrets stay redacted, two spaces are one, `0200` is `200`), but it
//! says the same: a line whose flat object is another one is not given back. No
//! alert and no rule belongs here.

use std::borrow::Cow;

use serde::Deserialize;

use crate::record::{Field, Record};
use crate::sink::record::{AMBIGUOUS, EXTRA, Flat};
use crate::text::restore;

/// A value of the flat object; none where the log has `-`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Cell {
    Number(u64),
    Text(String),
    Flag(bool),
}

impl Cell {
    fn text(&self) -> Cow<'_, str> {
        match self {
            Cell::Number(number) => Cow::Owned(number.to_string()),
            Cell::Text(text) => Cow::Borrowed(text),
            Cell::Flag(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
        }
    }
}

/// The line of a flat object; `None` where there is none that says the same.
pub(super) fn line(cells: &[(String, Option<Cell>)]) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    for (name, cell) in cells.iter().filter(|(name, _)| name != AMBIGUOUS) {
        if !line.is_empty() {
            line.push(b' ');
        }
        let text = cell.as_ref().map(|cell| restore(&cell.text()));
        if name == EXTRA {
            line.extend_from_slice(&text?);
        } else {
            push(&mut line, Field::from_name(name)?, text.as_deref());
        }
    }
    let record = Record::parse(&line).ok()?;
    let flat = Flat::new(&record);
    let written = cells.iter();
    let written = written.map(|(name, cell)| (name.as_str(), cell.as_ref().map(Cell::text)));
    let said: Vec<(&str, _)> = flat.texts().collect();
    written.eq(said).then_some(line)
}

/// A field as AWS writes it.
fn push(line: &mut Vec<u8>, field: Field, text: Option<&[u8]>) {
    let (opening, closing): (&[u8], &[u8]) = match (field, text) {
        (Field::RequestTime, Some(_)) => (b"[", b"]"),
        (Field::RequestUri, Some(_)) | (Field::Referer | Field::UserAgent, _) => (b"\"", b"\""),
        _ => (b"", b""),
    };
    line.extend_from_slice(opening);
    line.extend_from_slice(text.unwrap_or(b"-"));
    line.extend_from_slice(closing);
}
