//! What one run knows of its files from earlier ones, and will leave of them.
//!
//! Which files are the same, and where reading them begins. Lines and times
//! may not enter.

use std::fs::{File, Metadata};
use std::io::{self, Seek};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use super::checkpoint::{self, Mark, Past, Print, Progressed, Reach};
use super::error::Error;
use super::trace::{self, Trace};
use super::walk::{Input, Kind, Listing};

/// Bytes of the shortest line that has a request id.
const LINE: u32 = 100;

/// Of all inputs of a run that takes no line twice.
pub(super) struct Ledger {
    /// Which records are taken: from the first second to before the other.
    pub(super) span: (i64, i64),
    /// By number of the input.
    entries: Vec<Entry>,
    /// What ended since the last block was handed out.
    pub(super) pending: Vec<Progressed>,
}

#[derive(Default)]
struct Entry {
    known: Option<Box<Mark>>,
    opened: Option<Box<Opened>>,
}

/// A file as it was when it was opened.
struct Opened {
    size: u64,
    mtime: i64,
    /// What earlier runs took.
    reach: Vec<Reach>,
    edges: Edges,
}

enum Edges {
    /// While it is read.
    Growing(Arc<Mutex<Trace>>),
    Final(Print, Option<Print>),
}

impl Edges {
    fn prints(&self) -> (Print, Option<Print>) {
        match self {
            Self::Growing(trace) => {
                // Whole whatever became of who wrote it.
                let trace = trace.lock().unwrap_or_else(PoisonError::into_inner);
                let (head, tail) = trace.prints();
                (head, Some(tail))
            }
            Self::Final(head, tail) => (*head, *tail),
        }
    }
}

/// How to read a file that was just opened.
pub(super) struct Begin {
    /// Of the first line that is not taken, bytes of the decompressed file.
    pub(super) offset: u64,
    /// There is none: the file is not read.
    pub(super) done: bool,
    /// Something else than an earlier run found under this path.
    pub(super) replaced: bool,
    /// What earlier runs took of the lines from `offset` on.
    pub(super) taken: Arc<[Reach]>,
    /// To be told of all that is read.
    pub(super) trace: Arc<Mutex<Trace>>,
    opened: Opened,
}

impl Ledger {
    /// Takes what is done off the list, without opening anything.
    pub(super) fn new(
        listing: &mut Listing,
        span: (i64, i64),
        mut known: impl FnMut(&[u8]) -> Option<Mark>,
    ) -> Self {
        let mut entries = Vec::with_capacity(listing.inputs.len());
        let mut spared = 0;
        listing.inputs.retain(|input| {
            let path = (input.kind == Kind::File).then(|| checkpoint::to_bytes(input.real()));
            let known = path.and_then(&mut known);
            if let (Some(mark), Some((size, mtime))) = (&known, input.stat)
                && (mark.size, mark.mtime) == (size, mtime)
                && checkpoint::begin(&mark.reach, span).1
            {
                listing.counts.done += 1;
                spared += size;
                return false;
            }
            entries.push(Entry {
                known: known.map(Box::new),
                opened: None,
            });
            true
        });
        listing.size = listing.size.map(|size| size.saturating_sub(spared));
        Self {
            span,
            entries,
            pending: Vec::new(),
        }
    }

    /// Looks whether the file is the one that an earlier run read. Leaves it
    /// at its beginning.
    pub(super) fn begin(&self, source: u32, file: &mut File, data: &Metadata) -> io::Result<Begin> {
        let (size, mtime) = stat(data);
        let known = self.entries[source as usize].known.as_deref();
        let mut trace = Trace::default();
        let mut edges = None;
        let mut reach = Vec::new();
        if let Some(mark) = known
            && ((size, mtime) == (mark.size, mark.mtime) || is_same(mark, file)?)
        {
            trace = Trace::of(trace::head(file)?);
            reach.clone_from(&mark.reach);
            for part in &mut reach {
                part.done &= size == mark.size;
            }
            edges = Some((mark.head, mark.tail));
        }
        file.rewind()?;
        let (offset, done) = checkpoint::begin(&reach, self.span);
        let trace = Arc::new(Mutex::new(trace));
        let further = reach.iter().filter(|part| part.offset > offset);
        Ok(Begin {
            offset,
            done,
            replaced: known.is_some() && edges.is_none(),
            taken: further.copied().collect(),
            opened: Opened {
                size,
                mtime,
                edges: match edges {
                    Some((head, tail)) if done => Edges::Final(head, tail),
                    _ => Edges::Growing(Arc::clone(&trace)),
                },
                reach,
            },
            trace,
        })
    }

    /// A file is read, or found to be done. `number` is the one it is known by
    /// outside.
    pub(super) fn open(&mut self, source: u32, number: u32, begin: Begin) {
        if begin.done {
            self.pending.push(Progressed {
                source: number,
                offset: begin.offset,
                done: true,
            });
        }
        self.entries[source as usize] = Entry {
            known: None,
            opened: Some(Box::new(begin.opened)),
        };
    }

    /// Whether marks are left of this input.
    pub(super) fn follows(&self, source: u32) -> bool {
        self.entries[source as usize].opened.is_some()
    }

    /// A file is read no further, because of this if not for its end.
    pub(super) fn close(&mut self, source: u32, fault: Option<&Error>) {
        if let Some(opened) = &mut self.entries[source as usize].opened {
            let (head, tail) = opened.edges.prints();
            let tail = match fault {
                Some(Error::Corrupt { .. }) => None,
                // All before is right, and what is behind is to be taken away.
                Some(Error::Trailing { .. }) => Some(Print::default()),
                _ => tail,
            };
            opened.edges = Edges::Final(head, tail);
        }
    }

    /// What is to be kept once all lines before `reached` were taken.
    pub(super) fn mark(&self, place: usize, input: &Input, reached: &Progressed) -> Option<Mark> {
        let entry = self.entries.get(place)?;
        let opened = entry.opened.as_deref()?;
        let (head, tail) = opened.edges.prints();
        let reach = Reach {
            since: self.span.0,
            until: self.span.1,
            offset: reached.offset,
            done: reached.done,
        };
        Some(Mark {
            bucket: Arc::default(),
            etag: Box::default(),
            path: checkpoint::to_bytes(input.real()).to_vec(),
            size: opened.size,
            mtime: opened.mtime,
            head,
            tail,
            reach: checkpoint::add(&opened.reach, reach),
        })
    }

    /// What later runs need to name the input and to read it again.
    pub(super) fn past(&self, place: usize, input: &Input) -> Past {
        let opened = self.entries[place].opened.as_deref();
        Past {
            name: Arc::clone(&input.name),
            path: opened.map(|_| checkpoint::to_bytes(input.real()).to_vec()),
            head: opened.map_or(Print::default(), |opened| opened.edges.prints().0),
        }
    }
}

impl Mark {
    /// Whether a file holds what was read of the one that this is a mark of, whatever
    /// it is called now: at least a line of it, so that it cannot be another by
    /// chance.
    pub fn is_of(&self, file: &mut File) -> io::Result<bool> {
        Ok(self.head.len >= LINE && is_same(self, file)?)
    }
}

/// Whether a file of another size or time holds what an earlier run read.
fn is_same(mark: &Mark, file: &mut File) -> io::Result<bool> {
    Ok(match mark.tail {
        Some(tail) => trace::fits(mark.head, file)? && trace::fits(tail, file)?,
        None => false,
    })
}

/// Bytes, and the modification time in nanoseconds since the Unix epoch.
pub(super) fn stat(data: &Metadata) -> (u64, i64) {
    let mtime = data.modified().map_or(0, |time| {
        let nanoseconds =
            |from: std::time::Duration| i64::try_from(from.as_nanos()).unwrap_or(i64::MAX);
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => nanoseconds(after),
            Err(before) => -nanoseconds(before.duration()),
        }
    });
    (data.len(), mtime)
}
