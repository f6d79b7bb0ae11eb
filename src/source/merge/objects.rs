//! Objects of buckets among the inputs: in which order they come, how they are
//! read, and what is left of them for later runs.
//!
//! Listing and fetching are not known here: objects come as [`Arrivals`].

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;
use std::sync::Arc;

use super::super::checkpoint::{self, Mark, Past, Print, Progressed, Reach};
use super::super::error::{Error, Problem};
use super::super::lines::LastLine;
use super::super::open::{self, Open, now};
use super::super::s3::{self, Address, Arrival, Arrivals, Body, Fault, Object, Stored, Trouble};
use super::super::{CLOCK_SKEW, OBJECTS};
use super::Sources;
use super::names::Names;

/// Objects that are fetched once more, to read single lines of them again.
const AGAIN: usize = 200;

/// Problems that are kept one by one: there may be as many as objects.
const PROBLEMS: usize = 1000;

/// Bytes of an object in memory that weigh as much as one open file.
const WEIGHT: usize = 128 << 10;

/// What a run lists, for those who keep how far each log was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What was named.
    pub addresses: Vec<Address>,
    /// How far back it is listed again, in seconds before the newest object that
    /// earlier runs read.
    pub lookback: i64,
    /// Whether it is listed from its beginning, whatever earlier runs read.
    pub full: bool,
    /// When listing began, seconds since the Unix epoch.
    pub began: i64,
    /// From which time in names on it is listed, for the records that were asked
    /// for; `i64::MIN` for all.
    pub since: i64,
    /// The second after the last record that was asked for; `i64::MAX` for all.
    pub until: i64,
    /// What could not be listed: addresses or folders, as `s3://bucket/prefix`.
    pub faulty: Vec<Arc<str>>,
    /// Whether it has come to its end, and all objects were handed out.
    pub complete: bool,
}

impl Listed {
    /// A listing that begins now.
    #[must_use]
    pub fn new(addresses: Vec<Address>, lookback: i64, full: bool) -> Self {
        Self {
            addresses,
            lookback,
            full,
            began: now(),
            since: i64::MIN,
            until: i64::MAX,
            faulty: Vec::new(),
            complete: false,
        }
    }
}

/// All that come in this run.
pub(super) struct Objects {
    arrivals: Box<dyn Arrivals>,
    listed: Option<Listed>,
    names: Names,
    /// Number of the first.
    first: u32,
    readers: HashMap<u32, Box<Open>>,
    /// Those of which marks will be left.
    entries: HashMap<u32, Entry>,
    /// A fault that concerns all has come: no more are asked for.
    broken: bool,
    /// None is left.
    ended: bool,
    /// How many may still be fetched again.
    again: Cell<usize>,
    /// Those that were, and were not asked for yet.
    foreseen: RefCell<HashMap<Stored, Option<File>>>,
}

/// An object until its mark is kept.
struct Entry {
    object: Object,
    /// What earlier runs took.
    reach: Vec<Reach>,
    /// It could not be fetched.
    failed: bool,
}

impl Sources {
    /// Adds objects, which come beside all other inputs in the order of their
    /// times. Without [`Sources::resume`] what earlier runs took does not matter,
    /// and no marks are left.
    ///
    /// `listed` is what [`Sources::listed`] tells; none where the objects are not
    /// those of a listing, but what messages told of.
    pub fn attach(&mut self, arrivals: Box<dyn Arrivals>, listed: Option<Listed>) {
        let (since, until) = self.span();
        let since = since.saturating_sub(CLOCK_SKEW);
        self.total = None;
        self.delivered = true;
        self.objects = Some(Objects {
            arrivals,
            listed: listed.map(|listed| Listed {
                since,
                until,
                ..listed
            }),
            names: Names::default(),
            first: OBJECTS + self.options.first,
            readers: HashMap::new(),
            entries: HashMap::new(),
            broken: false,
            ended: false,
            again: Cell::new(AGAIN),
            foreseen: RefCell::default(),
        });
    }

    /// What was listed; none where nothing was.
    #[must_use]
    pub fn listed(&self) -> Option<Listed> {
        let objects = self.objects.as_ref()?;
        let troubles = objects.arrivals.troubles();
        let listed = objects.listed.clone()?;
        // Where there is nothing all was listed.
        let is_empty = |trouble: &Trouble| matches!(trouble.fault, Fault::Empty { .. });
        Some(Listed {
            // A trouble may have ended all of it.
            complete: objects.ended && !objects.broken && troubles.iter().all(is_empty),
            faulty: troubles.into_iter().map(|trouble| trouble.name).collect(),
            ..listed
        })
    }

    /// Whether objects did not come that may come in a later run: they may be earlier
    /// than what was read.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        let Some(objects) = &self.objects else {
            return false;
        };
        let passes = |trouble: &Trouble| {
            let fault = &trouble.fault;
            fault.is_passing() || fault.concerns_all()
        };
        objects.broken || objects.arrivals.troubles().iter().any(passes)
    }

    /// What became of objects; none where there can be none.
    #[must_use]
    pub fn objects(&self) -> Option<s3::Counts> {
        let objects = self.objects.as_ref()?;
        Some(objects.arrivals.counts())
    }

    /// What could not be listed so far, and what ended all the rest: it is among the
    /// [problems](Sources::problems) once nothing more comes.
    #[must_use]
    pub fn troubles(&self) -> Vec<Trouble> {
        let objects = self.objects.as_ref();
        objects.map_or_else(Vec::new, |objects| objects.arrivals.troubles())
    }

    /// How many objects have come: with [`Options::first`](crate::source::Options::first)
    /// that of later sources.
    #[must_use]
    pub fn arrived(&self) -> u32 {
        let objects = self.objects.as_ref();
        objects.map_or(0, |objects| objects.names.len() as u32)
    }

    /// Forgets what is no longer needed once marks are kept of all that is in
    /// `reached`.
    pub fn committed(&mut self, reached: &[Progressed]) {
        if let Some(objects) = &mut self.objects {
            for Progressed { source, done, .. } in reached {
                let failed = |entry: &Entry| entry.failed;
                if *done || objects.entries.get(source).is_some_and(failed) {
                    objects.entries.remove(source);
                }
            }
        }
    }

    /// Whether an object comes: waits for the listing.
    pub fn has_objects(&mut self) -> bool {
        self.coming().is_some()
    }

    /// Time and number of the next object.
    pub(super) fn coming(&mut self) -> Option<(i64, u32)> {
        let objects = self.objects.as_mut().filter(|objects| !objects.broken)?;
        let Some(time) = objects.arrivals.next_time() else {
            objects.ended = true;
            return None;
        };
        // Nothing is delivered in the future: such a name says nothing.
        let time = time.min(now() + CLOCK_SKEW);
        Some((time, objects.next()))
    }

    /// The object of this number, opened now if it was not. `None` if there is
    /// nothing to be read of it; if it could not be fetched, that is then a
    /// problem.
    pub(super) fn object(&mut self, source: u32) -> Option<Box<Open>> {
        let objects = self.objects.as_mut()?;
        if let Some(reader) = objects.readers.remove(&source) {
            return Some(reader);
        }
        let Some(arrival) = objects.arrivals.next() else {
            objects.broken = true;
            return None;
        };
        objects.names.add(&arrival.object);
        let Arrival {
            object,
            mark,
            again,
            body,
            ..
        } = arrival;
        let body = match body {
            Ok(body) => body,
            Err(fault) => {
                self.unfetched(source, object, mark, again, fault);
                return None;
            }
        };
        let span = self.span();
        let reach = mark.map_or_else(Vec::new, |mark| mark.reach);
        let (offset, done) = checkpoint::begin(&reach, span);
        if done {
            return None;
        }
        let ends = if self.ledger.is_some() {
            LastLine::GivenWhole
        } else {
            LastLine::Given
        };
        let weight = match &body {
            Body::Memory(bytes) => (bytes.len() / WEIGHT) as u32,
            Body::File(_) => 0,
        };
        let taken = reach.iter().filter(|part| part.offset > offset);
        let opened = Open::object(
            body,
            object.modified,
            Arc::clone(&self.read),
            taken.copied().collect(),
            &self.options,
        );
        let mut reader = match opened {
            Ok(reader) => reader,
            Err(error) => {
                self.put_off(source, object, reach, again);
                self.fail(source, error);
                return None;
            }
        };
        reader.lines.end_with(ends);
        reader.again = again;
        reader.weight = reader.lines.weight() + weight;
        if offset > 0 {
            reader.lines.resume(offset);
        }
        self.weight += reader.weight;
        // What is read again was done, and stays so.
        if self.ledger.is_some() && !again {
            self.enter(source, object, reach, false);
        }
        Some(Box::new(reader))
    }

    /// Keeps an open object for its next block.
    pub(super) fn keep_object(&mut self, source: u32, reader: Box<Open>) {
        if let Some(objects) = &mut self.objects {
            objects.readers.insert(source, reader);
        }
    }

    /// An object could not be fetched.
    fn unfetched(
        &mut self,
        source: u32,
        object: Object,
        mark: Option<Mark>,
        again: bool,
        fault: Fault,
    ) {
        if fault.concerns_all() {
            // It was not its fault, and nothing more will come.
            if let Some(objects) = &mut self.objects {
                objects.broken = true;
            }
        } else if fault == Fault::Gone && mark.is_some() {
            // It was tried again, and there is nothing left to be tried.
            let etag = checkpoint::GONE.into();
            self.put_off(source, Object { etag, ..object }, ALL.to_vec(), again);
        } else {
            let reach = mark.map_or_else(Vec::new, |mark| mark.reach);
            self.put_off(source, object, reach, again);
        }
        self.fail(source, Error::Object(fault));
    }

    /// Leaves an object to a later run, as far as earlier ones took it.
    fn put_off(&mut self, source: u32, object: Object, reach: Vec<Reach>, again: bool) {
        if self.ledger.is_some() && !again {
            self.enter(source, object, reach, true);
            self.reach(source, 0, false);
        }
    }

    fn enter(&mut self, source: u32, object: Object, reach: Vec<Reach>, failed: bool) {
        if let Some(objects) = &mut self.objects {
            let entry = Entry {
                object,
                reach,
                failed,
            };
            objects.entries.insert(source, entry);
        }
    }

    /// Which records are taken.
    fn span(&self) -> (i64, i64) {
        let all = (i64::MIN, i64::MAX);
        self.ledger.as_ref().map_or(all, |ledger| ledger.span)
    }

    /// Turns what could not be listed into problems, once nothing more comes. Who
    /// reads to the end need not ask for it.
    pub fn note_troubles(&mut self) {
        let Some(objects) = &self.objects else { return };
        let troubles = objects.arrivals.troubles();
        for trouble in troubles.into_iter().skip(self.troubles) {
            self.troubles += 1;
            self.problem(trouble.name, Error::Object(trouble.fault));
        }
    }

    /// Notes a problem; of very many only how many there are. What concerns all
    /// is told once.
    pub(super) fn problem(&mut self, name: Arc<str>, error: Error) {
        let of_all = |error: &Error| matches!(error, Error::Object(fault) if fault.concerns_all());
        if of_all(&error) && self.problems.iter().any(|known| of_all(&known.error)) {
            return;
        }
        self.failed += 1;
        if self.objects.is_none() || self.problems.len() < PROBLEMS {
            self.problems.push(Problem { name, error });
        }
    }
}

/// All records of an object, whatever it holds.
const ALL: [Reach; 1] = [Reach {
    since: i64::MIN,
    until: i64::MAX,
    offset: 0,
    done: true,
}];

impl Objects {
    /// The number of the next one.
    fn next(&self) -> u32 {
        self.first + self.names.len() as u32
    }

    /// `s3://bucket/key`.
    pub(super) fn name(&self, source: u32) -> Arc<str> {
        let (bucket, key) = self.names.get((source - self.first) as usize);
        format!("s3://{bucket}/{key}").into()
    }

    /// Whether a mark will be left of it.
    pub(super) fn follows(&self, source: u32) -> bool {
        self.entries.contains_key(&source)
    }

    pub(super) fn mark(&self, reached: &Progressed, span: (i64, i64)) -> Option<Mark> {
        let Entry {
            object,
            reach,
            failed,
        } = self.entries.get(&reached.source)?;
        // What could not be fetched is wanted until it is taken, whatever part of it
        // other runs take.
        let taken = if *failed {
            (0, false)
        } else {
            (reached.offset, reached.done)
        };
        let reached = Reach {
            since: span.0,
            until: span.1,
            offset: taken.0,
            done: taken.1,
        };
        let reach = checkpoint::add(reach, reached);
        Some(Mark {
            bucket: Arc::clone(&object.bucket),
            path: object.key.as_bytes().to_vec(),
            etag: object.etag.clone(),
            size: object.size,
            mtime: object
                .modified
                .map_or(0, |time| time.saturating_mul(1_000_000_000)),
            head: Print::default(),
            tail: None,
            reach,
        })
    }

    pub(super) fn past(&self, source: u32) -> Past {
        Past {
            name: self.name(source),
            path: None,
            head: Print::default(),
        }
    }

    /// Bucket and key.
    pub(super) fn stored(&self, source: u32) -> Stored {
        let (bucket, key) = self.names.get((source - self.first) as usize);
        (Arc::clone(bucket), key.into())
    }

    /// An object, fetched once more.
    pub(super) fn reopen(&self, object: &Stored) -> Option<File> {
        let known = self.foreseen.borrow_mut().remove(object);
        known.unwrap_or_else(|| self.fetch(vec![object.clone()]).pop()?.1)
    }

    /// Fetches objects that will be asked for, all at once.
    pub(super) fn foresee(&self, mut objects: Vec<Stored>) {
        objects.sort_unstable();
        objects.dedup();
        self.foreseen.replace(HashMap::new());
        self.foreseen
            .replace(self.fetch(objects).into_iter().collect());
    }

    /// Plain objects as files. What is compressed cannot be read from the middle.
    fn fetch(&self, mut objects: Vec<Stored>) -> Vec<(Stored, Option<File>)> {
        objects.retain(|(_, key)| {
            let end = Path::new(&**key).extension().and_then(OsStr::to_str);
            !matches!(end, Some("gz" | "zst"))
        });
        objects.truncate(self.again.get());
        self.again.set(self.again.get() - objects.len());
        let bodies = self.arrivals.again(&objects);
        let files = bodies.into_iter().map(|body| open::plain(file(body?)?));
        objects.into_iter().zip(files).collect()
    }
}

/// A body as a file, at its beginning.
fn file(body: Body) -> Option<File> {
    match body {
        Body::File(file) => Some(file),
        Body::Memory(bytes) => {
            let mut file = tempfile::tempfile().ok()?;
            file.write_all(&bytes).ok()?;
            file.rewind().ok()?;
            Some(file)
        }
    }
}
