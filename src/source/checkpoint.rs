//! What a run leaves of the files it read, so that no later one takes a line
//! twice.
//!
//! Plain values and how they add up. Where they are kept is not known here,
//! and nothing is opened or read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Numbers of inputs with this bit are those of earlier runs; see [`Past`].
pub const PAST: u32 = 0x8000_0000;

/// Numbers of objects begin here, in the order in which they come; those of all
/// other inputs are smaller.
pub const OBJECTS: u32 = 1 << 30;

/// Stands for the etag of an object that is gone, so that it is another one if it
/// ever comes again.
pub(super) const GONE: &str = "gone";

/// A fingerprint of some bytes of a file as they are on disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Print {
    /// Offset after the last of them, bytes on disk.
    pub end: u64,
    /// How many there are, up to 4 KiB; with none it fits every file.
    pub len: u32,
    /// XXH3-64 of them, without a seed.
    pub hash: u64,
}

/// How far a file was taken, for records of a span of time: the records of
/// that span in all lines that begin before `offset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// The first second of the span, since the Unix epoch; `i64::MIN` for
    /// records of any time.
    pub since: i64,
    /// The second after the last of the span; `i64::MAX` for no end.
    pub until: i64,
    /// Of the next line to be taken, bytes of the decompressed file.
    pub offset: u64,
    /// Whether that is all: the file was read to its end, without a fault and
    /// without leaving a last line to wait for its line feed.
    pub done: bool,
}

impl Reach {
    /// Whether a record was taken: one that has this time and whose line
    /// begins at `offset` of the decompressed file. What has no time is in no
    /// span but the one that leaves out nothing.
    #[must_use]
    pub fn holds(&self, offset: u64, time: Option<i64>) -> bool {
        offset < self.offset
            && match time {
                Some(time) => (self.since..self.until).contains(&time),
                None => self.since == i64::MIN && self.until == i64::MAX,
            }
    }
}

/// What is known of a file or an object from earlier runs.
///
/// Bucket and path find it. A file is the same if its size and modification time
/// are, or if both fingerprints fit; it is unchanged if its size is the same too.
/// An object is the same if its etag is, and never grows: it has no fingerprints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The bucket of an object; empty for a file.
    pub bucket: Arc<str>,
    /// The real path, without links: its bytes, on Windows WTF-8. Of an object
    /// its key.
    pub path: Vec<u8>,
    /// Of an object, without quotes; empty for a file, and where none was told.
    pub etag: Box<str>,
    /// Bytes on disk when it was opened; of an object as stored.
    pub size: u64,
    /// When it had been modified by then, nanoseconds since the Unix epoch; 0
    /// where that was not told.
    pub mtime: i64,
    /// Of its beginning, as far as that was read.
    pub head: Print,
    /// Of the last that was read. `None` after damage in compressed data: what
    /// was decoded before it may be wrong, and so what is fetched again is
    /// another file.
    pub tail: Option<Print>,
    /// How far it was taken: by time, without overlaps. An object that could not be
    /// fetched was not taken for the times that were asked for.
    pub reach: Vec<Reach>,
}

impl Mark {
    /// Whether nothing is left of what was taken: an object that is not settled is
    /// tried again.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        !self.reach.is_empty() && self.reach.iter().all(|part| part.done)
    }

    /// Whether it is of an object that was gone before it could be read: nothing is
    /// left to be tried, and nothing was taken.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        !self.bucket.is_empty() && *self.etag == *GONE
    }

    /// Bytes of the decompressed input of which records of any time were taken,
    /// from its start.
    #[must_use]
    pub fn position(&self) -> u64 {
        begin(&self.reach, (i64::MIN, i64::MAX)).0
    }

    /// Whether all was taken, for records of a span of time.
    #[must_use]
    pub fn is_done(&self, span: (i64, i64)) -> bool {
        begin(&self.reach, span).1
    }
}

/// How far an input has been handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progressed {
    /// Number of the input.
    pub source: u32,
    /// Of the next line, bytes of the decompressed input.
    pub offset: u64,
    /// Whether there is none; see [`Reach::done`].
    pub done: bool,
}

/// An input, to be named and read again by later runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// As it was named.
    pub name: Arc<str>,
    /// Its real path as in [`Mark::path`]; `None` where it was no file.
    pub path: Option<Vec<u8>>,
    /// Of its beginning; with another one it is another file.
    pub head: Print,
}

/// A path as it stands in a [`Mark`].
pub(super) fn to_bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

/// The path of a [`Mark`].
#[cfg(unix)]
pub(super) fn to_path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(bytes).into()
}

/// The path of a [`Mark`]; one that is not Unicode is not found again.
#[cfg(not(unix))]
pub(super) fn to_path(bytes: &[u8]) -> PathBuf {
    String::from_utf8_lossy(bytes).into_owned().into()
}

/// Where to begin reading for the records of a span, and whether nothing is
/// left: `reach` is sorted and does not overlap.
pub(super) fn begin(reach: &[Reach], (since, until): (i64, i64)) -> (u64, bool) {
    let mut covered = since;
    let mut all: Option<(u64, bool)> = None;
    for part in reach {
        if part.until <= since || part.since >= until {
            continue;
        }
        if part.since > covered {
            return (0, false);
        }
        covered = part.until;
        let (offset, done) = all.unwrap_or((u64::MAX, true));
        all = Some((offset.min(part.offset), done && part.done));
    }
    all.filter(|_| covered >= until).unwrap_or((0, false))
}

/// Adds what one more run took: for every time the furthest counts.
pub(super) fn add(reach: &[Reach], new: Reach) -> Vec<Reach> {
    if new.since >= new.until {
        return reach.to_vec();
    }
    let mut parts = Vec::with_capacity(reach.len() + 2);
    let mut push = |since: i64, until: i64, from: Reach| {
        if since < until {
            parts.push(Reach {
                since,
                until,
                ..from
            });
        }
    };
    let mut placed = new.since;
    for &old in reach {
        push(old.since, old.until.min(new.since), old);
        push(old.since.max(new.until), old.until, old);
        let (since, until) = (old.since.max(new.since), old.until.min(new.until));
        if since < until {
            push(placed, since, new);
            let further = (old.offset, old.done) > (new.offset, new.done);
            push(since, until, if further { old } else { new });
            placed = until;
        }
    }
    push(placed, new.until, new);
    parts.sort_unstable_by_key(|part| part.since);
    parts.dedup_by(|next, part| {
        let joins =
            part.until == next.since && (part.offset, part.done) == (next.offset, next.done);
        if joins {
            part.until = next.until;
        }
        joins
    });
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts() -> impl Strategy<Value = Vec<Reach>> {
        let bound = || prop_oneof![Just(i64::MIN), Just(i64::MAX), 0_i64..12];
        let part = (bound(), bound(), 0_u64..6, any::<bool>());
        prop::collection::vec(part, 0..8).prop_map(|parts| {
            let part = |(since, until, offset, done)| Reach {
                since,
                until,
                offset,
                done,
            };
            parts.into_iter().map(part).collect()
        })
    }

    /// The slow twin: the furthest at one time.
    fn at(parts: &[Reach], time: i64) -> (u64, bool) {
        let here = parts
            .iter()
            .filter(|part| (part.since..part.until).contains(&time));
        here.map(|part| (part.offset, part.done))
            .max()
            .unwrap_or((0, false))
    }

    proptest! {
        #[test]
        fn the_furthest_counts_at_every_time(all in parts(), since in 0_i64..12, len in 1_i64..12) {
            let sum = all.iter().fold(Vec::new(), |sum, part| add(&sum, *part));
            for pair in sum.windows(2) {
                prop_assert!(pair[0].since < pair[0].until && pair[0].until <= pair[1].since);
            }
            let times = (-1..30).chain([i64::MIN, i64::MAX - 1]);
            for time in times {
                prop_assert_eq!(at(&sum, time), at(&all, time), "{:?}", sum);
            }
            let span = (since, since + len);
            let expected = (span.0..span.1).map(|time| at(&all, time)).fold(
                (u64::MAX, true),
                |(offset, done), (at, all)| (offset.min(at), done && all),
            );
            prop_assert_eq!(begin(&sum, span), expected);
        }
    }

    #[test]
    fn two_halves_make_a_whole() {
        let half = |since, until| Reach {
            since,
            until,
            offset: 7,
            done: true,
        };
        let all = add(&[half(5, i64::MAX)], half(i64::MIN, 5));
        assert_eq!(all, [half(i64::MIN, i64::MAX)]);
        assert_eq!(begin(&all, (i64::MIN, i64::MAX)), (7, true));
        assert!(all[0].holds(6, None) && !all[0].holds(7, Some(0)));
        assert!(!half(5, 6).holds(0, None));
    }
}
