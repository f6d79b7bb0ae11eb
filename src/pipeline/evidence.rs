//! The records that an alert shows, with names for their inputs and their lines.
//!
//! A line that was not kept is read again where its input allows it. An input may
//! have changed since: what is found at the place of a line is believed only if
//! it is the same record.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use super::BlockSource;
use crate::alert::{Alert, Evidence};
use crate::correlate::Raised;
use crate::correlate::evidence::{self, Seen};
use crate::record::{Record, hash};
use crate::source::MAX_LINE;

/// Inputs that are open at once: the records of neighbouring alerts lie in few.
const OPEN: usize = 8;
/// Bytes read at once; most lines are shorter.
const BUFFER: usize = 1 << 10;

/// Reads lines again for the alerts of one batch.
pub(super) struct Lines<'s> {
    source: &'s dyn BlockSource,
    /// The inputs opened last, and those that cannot be opened again.
    open: Vec<(u32, Option<File>)>,
}

impl<'s> Lines<'s> {
    /// Nothing is open yet.
    pub(super) fn new(source: &'s dyn BlockSource) -> Self {
        Self {
            source,
            open: Vec::new(),
        }
    }

    /// The alert with its evidence.
    pub(super) fn show(&mut self, raised: Raised) -> Alert {
        let mut alert = raised.alert;
        let mut records = raised.records;
        for record in records.iter_mut().filter(|record| record.line.is_none()) {
            record.line = self.read(record);
        }
        let chosen = evidence::choose(records, raised.shows);
        let shown = chosen.into_iter().map(|record| Evidence {
            source: self.source.name(record.place.0),
            offset: record.place.1,
            line: record.line,
        });
        alert.evidence = shown.collect();
        alert
    }

    fn read(&mut self, record: &Seen) -> Option<Vec<u8>> {
        let (source, offset) = record.place;
        let line = line_at(self.file(source)?, offset).ok()?;
        let found = Record::parse(&line).ok()?;
        let same = found.time() == Some(record.time) && hash::identity(&found) == record.identity;
        same.then_some(line)
    }

    fn file(&mut self, source: u32) -> Option<&File> {
        let known = self.open.iter().position(|(open, _)| *open == source);
        let entry = match known {
            Some(place) => self.open.remove(place),
            None => (source, self.source.reopen(source)),
        };
        if self.open.len() >= OPEN {
            self.open.remove(0);
        }
        self.open.push(entry);
        self.open.last()?.1.as_ref()
    }
}

/// The line that begins at an offset, without its line feed; of one that is too
/// long the first bytes.
fn line_at(mut file: &File, offset: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(offset))?;
    let mut line = Vec::new();
    BufReader::with_capacity(BUFFER, file.take(MAX_LINE as u64 + 1))
        .read_until(b'\n', &mut line)?;
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    Ok(line)
}
