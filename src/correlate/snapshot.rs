//! Windows that survive a run: what is kept of them outside, as plain data, and
//! a correlator made of it again.
//!
//! Saving is incremental: a commit writes what has come since the last one and
//! deletes what nobody asks for any more. Nothing counts as saved before the
//! commit has succeeded ([`Saving::saved`]), and nothing can come in between, so
//! a commit that fails loses nothing: the next one gives the same and more.
//!
//! What is kept, with a watermark `w`:
//!
//! - the keys that may fire in a period that is not closed;
//! - the observations that a rule may still ask for. A record that comes at `w`
//!   or later may complete a window of `width` seconds, that of a gate, which
//!   holds nothing at or before `w - width`; a gate is never wider than its
//!   rule's horizon, and the log holds at least what is later than
//!   `period start(w) - horizon`. So counters that count the log again miss
//!   nothing that matters, and may count too little only where no window can be
//!   completed any more.
//!
//! Not kept: counters (they are made of the log), and records that came too late
//! (they are told in the run in which they come). What a file or a table looks
//! like may not enter here.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

use rayon::prelude::*;

use super::evidence::Seen;
pub use super::keys::Gone;
use super::log::SEGMENT;
use super::{Correlator, log_share};
use crate::observation::frame::{self, FrameError};
use crate::record::hash;
use crate::rule::set::RuleSet;
use crate::text;

/// The bit of an input's number which says that the number lasts: it means the
/// same input in every run.
pub const LASTING: u32 = 1 << 31;

/// What is kept of windows beside keys and observations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Of the rules, their periods and how the log is cut: other windows cannot
    /// be continued.
    pub fingerprint: u64,
    /// No record earlier than this may come any more, seconds since the Unix
    /// epoch; `i64::MIN` where none has come.
    pub watermark: i64,
    /// Up to where periods are closed; `i64::MIN` where none are.
    pub closed: i64,
    /// The latest time that can be believed; `i64::MIN` where none was seen.
    pub latest: i64,
    /// Keys and late records that were forgotten for lack of memory and have not
    /// been told of, and the time of the earliest.
    pub forgotten: (u64, Option<i64>),
}

/// A key that may fire in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Place of the rule in its set.
    pub rule: usize,
    /// Start of the period, seconds since the Unix epoch.
    pub period: i64,
    /// Hash of the key.
    pub key: u64,
    /// Values of the group-by fields.
    pub text: Vec<Option<Vec<u8>>>,
    /// Records that the alert may show.
    pub lines: Vec<Seen>,
    /// Time of the last record that came.
    pub last: i64,
}

/// Windows that cannot be continued: they were made with other rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("windows: made with other rules or another version")]
pub struct Mismatch {
    /// What was kept.
    pub kept: Head,
}

/// What is wrong with something that was kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// Observations cannot be read.
    #[error(transparent)]
    Observations(#[from] FrameError),
    /// A key is none of the rule's.
    #[error("windows: key {key:016x} of rule {rule} fits no rule")]
    Key {
        /// Place of the rule.
        rule: usize,
        /// Hash of the key.
        key: u64,
    },
    /// They could not be moved to a temporary file.
    #[error("windows: {0}")]
    Io(#[from] io::Error),
}

/// What has to be written, in one transaction: first deletions, then what is
/// new. As long as it is there the correlator does not move.
#[derive(Debug)]
pub struct Saving<'c, N> {
    correlator: &'c mut Correlator,
    number: N,
}

impl Correlator {
    /// What is to be kept and is not kept yet. `number` gives the lasting number
    /// of an input of this run; it has the bit [`LASTING`]. A run that others
    /// follow ends with [`Correlator::reach_latest`]: behind the end of time
    /// every record would be late.
    pub fn save<N: Fn(u32) -> u32>(&mut self, number: N) -> Saving<'_, N> {
        Saving {
            correlator: self,
            number,
        }
    }

    /// A correlator that goes on where another one was saved. `set` and
    /// `lateness` are as in [`Correlator::new`], and what comes back counts under
    /// `max_state`, too.
    pub fn restore(
        set: Arc<RuleSet>,
        lateness: i64,
        max_state: usize,
        head: Head,
    ) -> Result<Restoring, Mismatch> {
        if head.fingerprint != fingerprint(&set) {
            return Err(Mismatch { kept: head });
        }
        let mut correlator = Self::new(set, lateness, max_state);
        correlator.watermark = head.watermark;
        correlator.closed = head.closed;
        correlator.latest = head.latest;
        correlator.forgotten = head.forgotten;
        correlator.is_kept = true;
        Ok(Restoring {
            correlator,
            sources: BTreeSet::new(),
        })
    }

    /// Where windows cannot be gone on with: what was final stays final.
    pub fn begin_at(&mut self, kept: &Head) {
        self.watermark = kept.watermark;
        self.closed = kept.closed;
        self.latest = kept.latest;
        self.forgotten = kept.forgotten;
    }
}

impl<N: Fn(u32) -> u32> Saving<'_, N> {
    /// The rules that the windows are of.
    #[must_use]
    pub fn set(&self) -> &RuleSet {
        &self.correlator.set
    }

    /// Whether everything that was kept before has to be deleted: it is of other
    /// windows.
    #[must_use]
    pub fn replaces(&self) -> bool {
        !self.correlator.is_kept
    }

    /// Replaces the one before.
    #[must_use]
    pub fn head(&self) -> Head {
        Head {
            fingerprint: fingerprint(&self.correlator.set),
            watermark: self.correlator.watermark,
            closed: self.correlator.closed,
            latest: self.correlator.latest,
            forgotten: self.correlator.untold(),
        }
    }

    /// Starts of the segments whose frames are to be deleted.
    pub fn gone_segments(&self) -> impl Iterator<Item = i64> {
        self.correlator.log.gone()
    }

    /// Keys that are to be deleted.
    #[must_use]
    pub fn gone_keys(&self) -> &[Gone] {
        self.correlator.keys.gone()
    }

    /// Calls for every frame ([`frame`]) to be added, with the start of its
    /// segment. A segment has any number of frames.
    pub fn frames<E: From<io::Error>>(
        &self,
        mut each: impl FnMut(i64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let fingerprint = self.correlator.set.fingerprint();
        let mut bytes = Vec::new();
        self.correlator.log.unsaved(|segment, mut observations| {
            observations.renumber(|number| self.lasting(number));
            bytes.clear();
            frame::write(&observations, fingerprint, &mut bytes)?;
            each(segment, &bytes)
        })
    }

    /// Calls for every key to be added, or to be replaced where it is kept
    /// already: rule, period and key say which. Secrets in lines are redacted.
    pub fn keys<E>(&self, mut each: impl FnMut(Pending) -> Result<(), E>) -> Result<(), E> {
        self.correlator.keys.unsaved(|mut pending| {
            for seen in &mut pending.lines {
                seen.place.0 = self.lasting(seen.place.0);
                if let Some(line) = &mut seen.line {
                    *line = text::redact(line).into_owned();
                }
            }
            each(pending)
        })
    }

    /// The commit has succeeded.
    pub fn saved(self) {
        self.correlator.log.saved();
        self.correlator.keys.saved();
        self.correlator.is_kept = true;
    }

    fn lasting(&self, number: u32) -> u32 {
        if number & LASTING == 0 {
            (self.number)(number)
        } else {
            number
        }
    }
}

/// A correlator that is given back what was kept, in any order.
#[derive(Debug)]
pub struct Restoring {
    correlator: Correlator,
    /// Inputs that what came back refers to.
    sources: BTreeSet<u32>,
}

impl Restoring {
    /// Takes back a key.
    pub fn key(&mut self, pending: Pending) -> Result<(), RestoreError> {
        let rule = self.correlator.set.rules.get(pending.rule);
        let fits = |rule: &crate::rule::Rule| {
            pending.text.len() == rule.group_by.len()
                && rule.period_start(pending.period) == pending.period
        };
        if !rule.is_some_and(fits) {
            return Err(RestoreError::Key {
                rule: pending.rule,
                key: pending.key,
            });
        }
        let lines = pending.lines.iter().map(|seen| seen.place.0);
        self.sources.extend(lines);
        self.correlator.keys.take_back(pending);
        Ok(())
    }

    /// Takes back the observations of one frame, and counts them.
    pub fn frame(&mut self, mut frame: &[u8]) -> Result<(), RestoreError> {
        let Correlator {
            set,
            log,
            lanes,
            told,
            watermark,
            max_state,
            ..
        } = &mut self.correlator;
        let observations = frame::read(set.fingerprint(), &mut frame)?;
        if !frame.is_empty() {
            return Err(FrameError::Damaged.into());
        }
        let mut last = None;
        for source in observations.iter().map(|one| one.place().0) {
            // Neighbours are of one input.
            if last.replace(source) != Some(source) {
                self.sources.insert(source);
            }
        }
        rayon::join(
            || log.take_back(&observations),
            || {
                lanes.par_iter_mut().zip(told).for_each(|(lane, told)| {
                    lane.count(0, &observations, i64::MIN, told);
                    // What may fire because of these is kept as keys.
                    told.clear();
                    lane.forget_before(*watermark);
                });
            },
        );
        Ok(log.spill(log_share(*max_state))?)
    }

    /// Numbers of the inputs that what came back refers to.
    #[must_use]
    pub fn sources(&self) -> &BTreeSet<u32> {
        &self.sources
    }

    /// All is there.
    #[must_use]
    pub fn finish(self) -> Correlator {
        self.correlator
    }
}

/// What windows depend on beside records.
fn fingerprint(set: &RuleSet) -> u64 {
    let mut text = format!("{:016x} {SEGMENT}", set.fingerprint());
    for rule in &set.rules {
        // Writing to a string cannot fail.
        let _ = write!(text, " {}", rule.period);
    }
    hash::value(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Field, Record};

    #[test]
    fn a_line_without_its_secrets_is_the_same_record() {
        let line = b"o b [29/Feb/2024:00:00:00 +0000] 192.0.2.1 - R REST.GET.OBJECT k \"GET /b/k?X-Amz-Signature=0123456789abcdef&x=1 HTTP/1.1\" 200 - - - - - \"https://h/?X-Amz-Security-Token=secret\" \"u\"";
        let redacted = text::redact(line);
        let (whole, record) = (
            Record::parse(&redacted).unwrap(),
            Record::parse(line).unwrap(),
        );
        assert!(!redacted.windows(6).any(|part| part == b"secret"));
        for field in Field::ALL {
            let own = record
                .bytes(*field)
                .map(|value| text::redact(value).into_owned());
            assert_eq!(whole.bytes(*field).map(<[u8]>::to_vec), own, "{field:?}");
        }
    }
}
