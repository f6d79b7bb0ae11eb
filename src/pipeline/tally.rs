//! What was read, in numbers: lines, records, what was wrong and where.
//!
//! Tallies of parts add up to the tally of the whole, whatever the parts.

use super::hours::Hours;
use crate::correlate::distinct::Counter;
use crate::text::redact;

/// Malformed lines that are kept to be shown.
const SAMPLES: usize = 3;
/// Bytes of a malformed line that are kept.
const SAMPLE_BYTES: usize = 300;

/// Which records are looked at: from `since` to before `until`, seconds since
/// the Unix epoch.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// The first second.
    pub since: i64,
    /// The second after the last.
    pub until: i64,
}

impl Default for Span {
    fn default() -> Self {
        Self {
            since: i64::MIN,
            until: i64::MAX,
        }
    }
}

impl Span {
    /// Whether a record's time lies in it. What has no time is not left out by
    /// a span that leaves out nothing.
    #[must_use]
    pub fn contains(&self, time: Option<i64>) -> bool {
        match time {
            Some(time) => (self.since..self.until).contains(&time),
            None => self.since == i64::MIN && self.until == i64::MAX,
        }
    }
}

/// A line that is no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Number of the input.
    pub source: u32,
    /// Offset in the decompressed input, bytes.
    pub offset: u64,
    /// What is wrong with it.
    pub reason: String,
    /// Its first bytes, redacted.
    pub line: Vec<u8>,
}

/// What was read.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Bytes, decompressed, over-long lines included.
    pub bytes: u64,
    /// Lines that are not blank: records and malformed ones.
    pub lines: u64,
    /// Lines that are no record, over-long ones included.
    pub malformed: u64,
    /// Records whose quoted fields have more than one reading.
    pub ambiguous: u64,
    /// Records without a time, which no rule sees.
    pub undated: u64,
    /// Records outside the span that was asked for.
    pub outside: u64,
    /// Records that an earlier run took.
    pub taken: u64,
    /// Latest time of a record that was taken and can be believed, seconds since
    /// the Unix epoch.
    pub latest: Option<i64>,
    /// The first malformed lines.
    pub samples: Vec<Sample>,
    /// Distinct addresses, where a rule has nothing to compare them with.
    pub addresses: Counter,
    /// Time of the earliest and the latest record.
    pub span: Option<(i64, i64)>,
    /// Records by bucket and hour: those with a time inside the span that no earlier
    /// run read. In a run that is kept, since it was last kept.
    pub hours: Hours,
}

impl Tally {
    /// Records.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.lines - self.malformed
    }

    /// Adds what another part of the input came to.
    pub fn merge(&mut self, other: &mut Tally) {
        self.bytes += other.bytes;
        self.lines += other.lines;
        self.malformed += other.malformed;
        self.ambiguous += other.ambiguous;
        self.undated += other.undated;
        self.outside += other.outside;
        self.taken += other.taken;
        self.latest = self.latest.max(other.latest);
        let room = SAMPLES.saturating_sub(self.samples.len());
        self.samples.extend(other.samples.drain(..).take(room));
        self.addresses.merge(&other.addresses);
        self.hours.merge(&other.hours);
        for time in other
            .span
            .into_iter()
            .flat_map(|(first, last)| [first, last])
        {
            self.see(time);
        }
    }

    /// Counts a time into the span.
    pub(super) fn see(&mut self, time: i64) {
        let (first, last) = self.span.unwrap_or((time, time));
        self.span = Some((first.min(time), last.max(time)));
    }

    /// Counts a line that is no record.
    pub(super) fn spoil(
        &mut self,
        source: u32,
        offset: u64,
        line: &[u8],
        reason: impl FnOnce() -> String,
    ) {
        self.lines += 1;
        self.malformed += 1;
        if self.samples.len() < SAMPLES {
            // Cut after the redaction: half a URL does not show its password
            // for what it is.
            let mut line = redact(line).into_owned();
            line.truncate(SAMPLE_BYTES);
            self.samples.push(Sample {
                source,
                offset,
                reason: reason(),
                line,
            });
        }
    }
}
