//! The objects of many logs, one after the other in the order of their times.
//!
//! Keys and what earlier runs left are all that enters: no object is fetched
//! here. How much is held in memory depends neither on how many objects there
//! are nor on how old the logs are; see [`Desk`].

mod again;
mod desk;
mod lane;
mod log;
mod logs;
mod past;
mod run;
mod span;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io;
use std::sync::Arc;

use self::desk::Desk;
use self::log::Log;
use self::logs::Logs;
use self::past::Past;
use self::run::Run;
use self::span::Span;
use super::super::checkpoint;
use super::super::{CLOCK_SKEW, Mark};
use super::store::Store;
use super::{Address, Counts, Fault, Known, Object, Trouble};

/// Which objects of which logs.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What was named. Of two that overlap the objects come once.
    pub addresses: Vec<Address>,
    /// Of the first record that is wanted, seconds since the Unix epoch;
    /// `i64::MIN` for all.
    pub since: i64,
    /// The second after the last record that is wanted; `i64::MAX` for all.
    pub until: i64,
    /// How late an object may be delivered, in seconds; see
    /// [`LOOKBACK`](super::LOOKBACK).
    pub lookback: i64,
    /// Whether to look further back than that.
    pub full: Full,
}

/// How far back to look in logs that earlier runs read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Full {
    /// As far as the lookback reaches, before the newest object that was read.
    #[default]
    No,
    /// To the beginning, for what came too late for the lookback.
    Find,
    /// To the beginning, and what was read is given again.
    Again,
}

impl Wanted {
    /// The earliest time in a name from which on a run covers a log:
    /// [`Seen::since`](super::Seen::since) is in these terms.
    #[must_use]
    pub fn since_in_names(&self) -> i64 {
        self.since.saturating_sub(CLOCK_SKEW)
    }
}

/// An object to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// Which one.
    pub object: Object,
    /// What earlier runs took of it, if anything and not all.
    pub mark: Option<Mark>,
    /// Whether an earlier run took all of it.
    pub again: bool,
    /// Whether it came later than the lookback reaches.
    pub belated: bool,
}

/// All that is [`Wanted`], merged by the time in the name; ties by bucket and key.
/// What has no time in its name comes first.
///
/// A log that cannot be listed on ends there, so that nothing after a gap is
/// taken; the others go on.
pub(super) struct Listing<S> {
    desk: Desk<S>,
    wanted: Wanted,
    known: Box<dyn Known>,
    begun: bool,
    runs: Vec<Option<Reading>>,
    /// The next object of every run but those in `waiting`.
    heads: BinaryHeap<Reverse<Head>>,
    /// Runs whose next object is not known.
    waiting: Vec<usize>,
    /// Every log, by bucket, and its run.
    logs: HashMap<(Arc<str>, Log), usize>,
    counts: Counts,
    troubles: Vec<Trouble>,
}

/// A log being listed, and what earlier runs left of it.
struct Reading {
    run: Run,
    /// What else is under its address.
    around: Arc<Logs>,
    past: Past,
}

/// The next object of a run.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    object: Object,
    run: usize,
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.place().cmp(&other.place())
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Head {
    fn place(&self) -> (i64, &str, &str, usize) {
        let object = &self.object;
        (time(object), &object.bucket, &object.key, self.run)
    }
}

/// The time in its name; none comes first.
fn time(object: &Object) -> i64 {
    object.named.time.unwrap_or(i64::MIN)
}

impl<S: Store> Listing<S> {
    /// Nothing is asked for yet.
    pub(super) fn new(store: Arc<S>, wanted: Wanted, known: Box<dyn Known>) -> Self {
        let span = Span {
            since: wanted.since,
            until: wanted.until,
            lookback: wanted.lookback,
        };
        Self {
            desk: Desk::new(store, span),
            wanted,
            known,
            begun: false,
            runs: Vec::new(),
            heads: BinaryHeap::new(),
            waiting: Vec::new(),
            logs: HashMap::new(),
            counts: Counts::default(),
            troubles: Vec::new(),
        }
    }

    /// The next object that is to be fetched; none at the end. Needs a runtime
    /// of tokio: pages are asked for ahead.
    pub(super) async fn next(&mut self) -> Option<Item> {
        if !self.begun {
            self.begun = true;
            self.discover().await;
        }
        loop {
            while let Some(run) = self.waiting.pop() {
                self.advance(run).await;
            }
            let Reverse(head) = self.heads.pop()?;
            self.waiting.push(head.run);
            let name = format!("s3://{}/{}", head.object.bucket, head.object.key).into();
            match self.judge(head) {
                Ok(None) => {}
                Ok(Some(item)) => return Some(item),
                Err(error) => {
                    // Without it nobody knows what to leave out.
                    self.trouble(name, state(&error));
                    self.waiting.clear();
                    self.heads.clear();
                    self.runs.clear();
                    self.desk.runs = 0;
                }
            }
        }
    }

    /// What was listed so far. Nothing is known here of what is fetched.
    pub(super) fn counts(&self) -> Counts {
        Counts {
            pages: self.desk.pages(),
            ..self.counts
        }
    }

    /// What could not be listed so far. An address under which there is nothing
    /// is among it ([`Fault::Empty`]).
    pub(super) fn troubles(&self) -> &[Trouble] {
        &self.troubles
    }

    /// Finds the logs under every address and begins to list them.
    async fn discover(&mut self) {
        let mut found = Vec::new();
        for address in apart(std::mem::take(&mut self.wanted.addresses)) {
            let under = logs::find(&self.desk, &address).await;
            self.counts.listed += under.early;
            self.counts.pruned += under.early;
            if let Some(fault) = under.fault {
                self.trouble(address.to_string().into(), fault);
            }
            found.push((address, Arc::new(under.logs)));
        }
        let logs = |(_, logs): &(_, Arc<Logs>)| logs.timed.len() + logs.others.len();
        self.desk.runs = found.iter().map(logs).sum();
        for (address, logs) in found {
            if let Err(error) = self.begin(&address, &logs).await {
                self.trouble(address.to_string().into(), state(&error));
            }
        }
        self.desk.runs = self.runs.len();
    }

    /// Begins to list what was found under an address.
    async fn begin(&mut self, address: &Address, around: &Arc<Logs>) -> io::Result<()> {
        let place = (&address.bucket, around);
        let mut logs: Vec<Log> = around.timed.iter().cloned().collect();
        logs.sort_unstable();
        for log in logs {
            self.begin_log(place, log)?;
        }
        let others = self.runs.len()..self.runs.len() + around.others.len();
        for (first, last) in &around.others {
            let run = Run::others(&self.desk, place, (first, last));
            self.push(run, around, Past::NONE);
        }
        // What failed before and lies before where its log begins.
        let mut left: Vec<Object> = Vec::new();
        for object in self.known.unfinished(&address.bucket, &address.prefix)? {
            let log = Log::of(&object).or_else(|| around.owner(&object.key));
            let runs = match log {
                Some(log) => {
                    let run = self.logs.get(&(Arc::clone(&address.bucket), log));
                    run.map_or(0..0, |run| *run..run + 1)
                }
                None => others.clone(),
            };
            let reaches = |reading: &Reading| reading.run.reaches(&object.key);
            if !self.runs[runs].iter().flatten().any(reaches)
                && self.desk.span.keeps(&object, false)
            {
                left.push(object);
            }
        }
        if !left.is_empty() {
            let left = again::look(&self.desk, left).await;
            self.counts.listed += left.len() as u64;
            let run = Run::ready(&address.bucket, around, left);
            self.push(run, around, Past::NONE);
        }
        Ok(())
    }

    fn begin_log(&mut self, place: (&Arc<str>, &Arc<Logs>), log: Log) -> io::Result<()> {
        let (bucket, around) = place;
        let seen = self.known.log(bucket, &log.stem)?;
        let past = Past::new(seen, self.wanted.lookback);
        let mut begin = self.desk.span.begin(log.layout);
        let covered = seen.is_some_and(|seen| self.wanted.since_in_names() >= seen.since);
        if covered && self.wanted.full == Full::No {
            begin = begin.max(past.horizon);
        }
        let run = Run::log(&self.desk, place, log.clone(), begin);
        let run = self.push(run, around, past);
        self.logs.insert((Arc::clone(bucket), log), run);
        Ok(())
    }

    fn push(&mut self, run: Run, around: &Arc<Logs>, past: Past) -> usize {
        let around = Arc::clone(around);
        self.runs.push(Some(Reading { run, around, past }));
        self.waiting.push(self.runs.len() - 1);
        self.runs.len() - 1
    }

    fn trouble(&mut self, name: Arc<str>, fault: Fault) {
        self.troubles.push(Trouble { name, fault });
    }

    /// Puts the next object of a run among the heads.
    async fn advance(&mut self, at: usize) {
        let Some(reading) = &mut self.runs[at] else {
            return;
        };
        let next = reading.run.next(&self.desk, &mut self.counts).await;
        let bucket = reading.run.bucket();
        let around = Arc::clone(&reading.around);
        let strangers = std::mem::take(&mut reading.run.strangers);
        match next {
            Ok(Some(object)) => self.heads.push(Reverse(Head { object, run: at })),
            end => {
                let name = reading.run.name();
                self.runs[at] = None;
                self.desk.runs = self.desk.runs.saturating_sub(1);
                if let Err(fault) = end {
                    self.trouble(name, fault);
                }
            }
        }
        for log in strangers {
            let key = (Arc::clone(&bucket), log);
            if self.logs.contains_key(&key) {
                continue;
            }
            let name = format!("s3://{bucket}/{}", key.1.stem);
            match self.begin_log((&bucket, &around), key.1) {
                Ok(()) => self.desk.runs += 1,
                Err(error) => self.trouble(name.into(), state(&error)),
            }
        }
    }

    /// Whether an object is to be fetched, and as what.
    fn judge(&mut self, head: Head) -> io::Result<Option<Item>> {
        let left = self.runs[head.run]
            .as_ref()
            .map_or(Past::NONE, |reading| reading.past);
        let object = head.object;
        let mark = self.known.object(&object.bucket, &object.key)?;
        let remembered = mark.is_some();
        let mark = mark.filter(|mark| past::is_same(mark, &object));
        let span = (self.wanted.since, self.wanted.until);
        let done = match &mark {
            Some(mark) => checkpoint::begin(&mark.reach, span).1,
            None => !remembered && left.took(&object),
        };
        if done && self.wanted.full != Full::Again {
            self.counts.done += 1;
            return Ok(None);
        }
        let belated = !remembered && !done && left.gave_up(&object);
        self.counts.belated += u64::from(belated);
        Ok(Some(Item {
            object,
            mark: mark.filter(|_| !done),
            again: done,
            belated,
        }))
    }
}

fn state(error: &io::Error) -> Fault {
    Fault::State {
        reason: error.to_string(),
    }
}

/// Addresses without those that lie within another.
fn apart(mut addresses: Vec<Address>) -> Vec<Address> {
    addresses.sort_unstable();
    // The shorter of two sorts first, and nothing that has not its prefix stands
    // between them.
    addresses.dedup_by(|inner, outer| {
        inner.bucket == outer.bucket && inner.prefix.starts_with(&*outer.prefix)
    });
    addresses
}
