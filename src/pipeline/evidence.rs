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
const OPEN: usize = 16;
/// Bytes read at once; most lines are shorter.
const BUFFER: usize = 1 << 10;

/// Reads lines again for the alerts of one batch.
pub(super) struct Lines<'s> {
    source: &'s dyn BlockSource,
    /// The inputs opened last, and those that cannot be opened again.
    open: Vec<(u32, Option<File>)>,
    /// Those that the source was told of last.
    foreseen: Vec<u32>,
}

impl<'s> Lines<'s> {
    /// Nothing is open yet.
    pub(super) fn new(source: &'s dyn BlockSource) -> Self {
        Self {
            source,
            open: Vec::new(),
            foreseen: Vec::new(),
        }
    }

    /// Tells the source which inputs these alerts need, as many as may be open at once,
    /// unless the first of them needs none that it was not told of.
    pub(super) fn foresee(&mut self, raised: &[Raised]) {
        let known = |source: &u32| self.foreseen.contains(source);
        if raised
            .first()
            .is_none_or(|first| missing(first).all(|source| known(&source)))
        {
            return;
        }
        let mut wanted = Vec::new();
        for source in raised.iter().flat_map(missing) {
            if wanted.len() == OPEN {
                break;
            }
            if !wanted.contains(&source) {
                wanted.push(source);
            }
        }
        let is_open = |source: &u32| self.open.iter().any(|(open, _)| open == source);
        let closed: Vec<u32> = wanted
            .iter()
            .copied()
            .filter(|source| !is_open(source))
            .collect();
        self.source.foresee(&closed);
        self.foreseen = wanted;
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

/// Inputs of which an alert needs lines that were not kept.
fn missing(raised: &Raised) -> impl Iterator<Item = u32> {
    let records = raised.records.iter();
    records
        .filter(|record| record.line.is_none())
        .map(|record| record.place.0)
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
