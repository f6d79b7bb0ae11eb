//! Observations by time, as long as a rule may still ask for them.
//!
//! The log is cut into segments of event time. What no rule needs any more is
//! dropped, first rule by rule, then whole segments; when the log outgrows its
//! share of memory, its oldest segments go to temporary files that have no name
//! and are gone with the process. Nothing is lost on the way.

mod saving;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::sync::Arc;

use crate::observation::{Observation, Observations, frame};

/// Event time in one segment, seconds.
pub const SEGMENT: i64 = 600;

/// Bytes that are written and read back at once.
const BUFFER: usize = 256 << 10;

/// Bytes of a temporary file before the next one is begun: what is dropped
/// gives its room on the disk back file by file.
const FILE: u64 = 256 << 20;

#[derive(Debug, Default)]
struct Segment {
    held: Observations,
    spilled: Vec<Piece>,
    /// What rules asked for when last told; only a change is worth a look.
    needed: Vec<u64>,
    /// Words of `held`, the first ones, that are kept outside.
    saved: usize,
    /// Whether anything of it is kept outside.
    is_kept: bool,
}

/// A part of a segment in a temporary file.
#[derive(Debug)]
struct Piece {
    /// The file is gone with the last piece in it.
    file: Arc<File>,
    /// Offset in it, bytes.
    offset: u64,
    /// Words in it, and how many of them, the first ones, are kept outside.
    words: usize,
    saved: usize,
}

/// Observations by time.
#[derive(Debug, Default)]
pub struct Log {
    segments: BTreeMap<i64, Segment>,
    /// Memory of all segments, bytes; kept, because it is asked for often.
    bytes: usize,
    /// The file that is written to, and its length.
    file: Option<(Arc<File>, u64)>,
    spilled_bytes: u64,
    /// Segments whose part that is kept outside is not needed any more.
    gone: BTreeSet<i64>,
    /// Of the rule set whose observations these are.
    fingerprint: u64,
}

impl Log {
    /// An empty log of the observations of one rule set.
    #[must_use]
    pub fn new(fingerprint: u64) -> Self {
        Self {
            fingerprint,
            ..Self::default()
        }
    }

    /// Adds one.
    pub fn push(&mut self, observation: Observation<'_>) {
        let start = observation.time().div_euclid(SEGMENT) * SEGMENT;
        let segment = self.segments.entry(start).or_default();
        let before = segment.held.bytes();
        segment.held.push_copy(observation);
        self.bytes += segment.held.bytes() - before;
    }

    /// Calls for every observation from `start` to before `end`, segment by
    /// segment in order of time, in no order within one. `before` is called at
    /// the beginning of each segment, with the second before which all that is
    /// in it lies, `after` at its end.
    pub fn scan(
        &mut self,
        start: i64,
        end: i64,
        mut before: impl FnMut(i64),
        mut each: impl FnMut(Observation<'_>),
        mut after: impl FnMut(),
    ) -> io::Result<()> {
        let first = start.div_euclid(SEGMENT) * SEGMENT;
        let mut call = |observations: &Observations| {
            for observation in observations.iter() {
                if (start..end).contains(&observation.time()) {
                    each(observation);
                }
            }
        };
        for (from, segment) in self.segments.range(first..end) {
            before(from.saturating_add(SEGMENT));
            for piece in &segment.spilled {
                call(&piece.read_back(self.fingerprint)?);
            }
            call(&segment.held);
            after();
        }
        Ok(())
    }

    /// Drops what is not needed: `needed` gives, for the end of a segment, the
    /// selections that some rule still asks for, and `None` when there are none.
    pub fn drop_unneeded(&mut self, needed: impl Fn(i64) -> Option<Vec<u64>>) {
        let mut total = 0;
        self.segments.retain(|start, segment| {
            let Some(selections) = needed(start + SEGMENT) else {
                if segment.is_kept {
                    self.gone.insert(*start);
                }
                return false;
            };
            let wanted = |observation: &Observation<'_>| {
                selections
                    .iter()
                    .enumerate()
                    .any(|(place, word)| observation.selection_word(place) & word != 0)
            };
            // What was spilled stays until its segment goes: it costs no memory.
            if selections != segment.needed
                && !segment.held.iter().all(|observation| wanted(&observation))
            {
                // What is kept outside may be more than what is here.
                let (mut kept, mut seen, mut saved) = (Observations::default(), 0, 0);
                for observation in segment.held.iter() {
                    seen += observation.word_count();
                    if wanted(&observation) {
                        kept.push_copy(observation);
                    }
                    if seen <= segment.saved {
                        saved = kept.words().len();
                    }
                }
                if segment.is_kept && segment.spilled.is_empty() && kept.words().len() * 2 < seen {
                    // It is kept anew, so that no run reads it all again.
                    self.gone.insert(*start);
                    (segment.is_kept, saved) = (false, 0);
                }
                (segment.held, segment.saved) = (kept, saved);
            }
            segment.needed = selections;
            total += segment.held.bytes();
            true
        });
        self.bytes = total;
        if self
            .segments
            .values()
            .all(|segment| segment.spilled.is_empty())
        {
            self.file = None;
        }
    }

    /// Where the log holds more than `most` bytes, moves its oldest segments to
    /// a temporary file until it holds half of that: by little and little there
    /// would be many small pieces.
    pub fn spill(&mut self, most: usize) -> io::Result<()> {
        if self.bytes <= most {
            return Ok(());
        }
        for segment in self.segments.values_mut() {
            if self.bytes <= most / 2 {
                break;
            }
            if segment.held.is_empty() {
                continue;
            }
            let (file, length) = match &mut self.file {
                Some(file) if file.1 < FILE => file,
                file => file.insert((Arc::new(tempfile::tempfile()?), 0)),
            };
            let piece = Piece {
                file: Arc::clone(file),
                offset: *length,
                words: segment.held.words().len(),
                saved: std::mem::take(&mut segment.saved),
            };
            piece.write(&segment.held, self.fingerprint)?;
            let written = frame::OVERHEAD + segment.held.words().len() as u64 * 8;
            *length += written;
            self.spilled_bytes += written;
            segment.spilled.push(piece);
            self.bytes -= std::mem::take(&mut segment.held).bytes();
        }
        Ok(())
    }

    /// Memory held, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes that went to the temporary file so far.
    #[must_use]
    pub fn spilled_bytes(&self) -> u64 {
        self.spilled_bytes
    }
}

impl Piece {
    fn write(&self, observations: &Observations, fingerprint: u64) -> io::Result<()> {
        let mut file = &*self.file;
        file.seek(SeekFrom::Start(self.offset))?;
        let mut file = BufWriter::with_capacity(BUFFER, file);
        frame::write(observations, fingerprint, &mut file)?;
        file.flush()
    }

    fn read_back(&self, fingerprint: u64) -> io::Result<Observations> {
        let mut file = &*self.file;
        file.seek(SeekFrom::Start(self.offset))?;
        Ok(frame::read(
            fingerprint,
            &mut BufReader::with_capacity(BUFFER, file),
        )?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(log: &mut Log, start: i64, end: i64) -> Vec<i64> {
        let mut found = Vec::new();
        log.scan(
            start,
            end,
            |_| {},
            |observation| found.push(observation.time()),
            || {},
        )
        .unwrap();
        found.sort_unstable();
        found
    }

    #[test]
    fn what_is_spilled_is_still_there() {
        let mut log = Log::default();
        let mut all = Observations::default();
        for time in 0..100_000i64 {
            all.push(
                time,
                time as u64,
                (0, 0),
                &[1 << (time % 2)],
                1,
                [time as u64],
            );
        }
        all.iter().for_each(|observation| log.push(observation));
        log.spill(1 << 20).unwrap();
        assert!(log.bytes() <= 1 << 20 && log.spilled_bytes() > 1 << 20);
        all.iter().for_each(|observation| log.push(observation));
        log.spill(1 << 20).unwrap();
        let twice: Vec<i64> = (50..2000).flat_map(|time| [time, time]).collect();
        assert_eq!(times(&mut log, 50, 2000), twice);
        log.drop_unneeded(|end| (end > 90_000).then(|| vec![1]));
        assert!(times(&mut log, 0, 89_000).is_empty());
        assert!(times(&mut log, 99_990, 100_000).contains(&99_998));
    }

    #[test]
    fn rules_that_are_done_take_their_records_with_them() {
        let mut log = Log::default();
        let mut all = Observations::default();
        for time in 0..10 {
            all.push(time, 0, (0, 0), &[1 << (time % 2)], 0, []);
        }
        all.iter().for_each(|observation| log.push(observation));
        log.drop_unneeded(|_| Some(vec![2]));
        assert_eq!(times(&mut log, 0, 10), [1, 3, 5, 7, 9]);
    }
    #[test]
    fn files_go_when_what_is_in_them_goes() {
        let mut log = Log::default();
        let mut all = Observations::default();
        for time in 0..10_000i64 {
            all.push(time, time as u64, (0, 0), &[1], 0, []);
        }
        for part in 0..4 {
            all.iter()
                .skip(part)
                .step_by(4)
                .for_each(|observation| log.push(observation));
            log.spill(0).unwrap();
            // As if the file were full.
            log.file.as_mut().unwrap().1 = FILE;
        }
        assert_eq!(log.bytes(), 0);
        assert_eq!(times(&mut log, 0, 10_000), (0..10_000).collect::<Vec<_>>());
        let files = |log: &Log| {
            let pieces = log.segments.values().flat_map(|segment| &segment.spilled);
            let pieces: Vec<_> = pieces.map(|piece| Arc::as_ptr(&piece.file)).collect();
            pieces
                .into_iter()
                .collect::<std::collections::BTreeSet<_>>()
                .len()
        };
        assert_eq!(files(&log), 4);
        log.drop_unneeded(|end| (end > 9_000).then(|| vec![1]));
        assert_eq!(
            times(&mut log, 9_000, 10_000),
            (9_000..10_000).collect::<Vec<_>>()
        );
        log.drop_unneeded(|_| None);
        assert!(log.file.is_none() && files(&log) == 0);
    }

    #[test]
    fn what_a_rule_needs_no_more_goes_when_that_changes() {
        let mut log = Log::default();
        let mut all = Observations::default();
        for time in 0..10 {
            all.push(time, 0, (0, 0), &[1 << (time % 3)], 0, []);
        }
        all.iter().for_each(|observation| log.push(observation));
        for (needed, left) in [(7, 10), (7, 10), (3, 7), (3, 7), (1, 4)] {
            log.drop_unneeded(|_| Some(vec![needed]));
            assert_eq!(times(&mut log, 0, 10).len(), left);
        }
    }
}
