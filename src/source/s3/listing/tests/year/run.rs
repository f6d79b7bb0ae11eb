//! One run: a listing, its objects, the pipeline, and a state file.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex};

use super::super::super::{Full, Item, Listing, Wanted};
use super::super::{BUCKET, Memory, runtime};
use super::LOOKBACK;
use super::deliveries::{Delivered, STEMS};
use crate::alert::Alert;
use crate::pipeline::{self, BlockSource, Early, Going, Span, Tally};
use crate::rule::RuleSet;
use crate::session::{self, Failed, Output, Session};
use crate::source::s3::{Address, Arrival, Arrivals, Body, Counts, Fault, Stored, Trouble};
use crate::source::{Block, Listed, Mark, Options, Past, Progressed, Sources};
use crate::state::Owner;

/// How to run.
pub(super) struct How {
    pub full: Full,
    /// When it begins, by a clock that is not that of the bucket.
    pub began: i64,
    /// Bytes between commits, and of a block; blocks of a batch.
    pub every: u64,
    pub block_size: usize,
    pub batch: usize,
    /// Objects that cannot be fetched.
    pub failing: BTreeSet<usize>,
    /// Where it is broken off: before the output is settled or a batch is over
    /// for the nth time.
    pub crash: Option<(Moment, usize)>,
}

/// Where a run may be broken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Moment {
    Batch,
    Settle,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Came {
    /// Objects by number, and whether they were belated.
    pub objects: Vec<(usize, bool)>,
    /// How far objects were taken in effect: from here to there, and whether to
    /// the end.
    pub kept: Vec<(usize, u64, u64, bool)>,
    /// Lines that were read; none where it was broken off.
    pub lines: Option<u64>,
    pub counts: Counts,
}

/// What is in the bucket.
#[derive(Clone)]
pub(super) struct Bucket {
    pub all: Arc<Vec<Delivered>>,
    pub numbers: Arc<HashMap<Box<str>, usize>>,
    /// Numbers of those that are there, by key.
    pub there: Arc<Vec<usize>>,
}

impl Bucket {
    fn store(&self) -> Memory {
        let (all, there) = (Arc::clone(&self.all), Arc::clone(&self.there));
        Memory::new(there.len(), move |at| all[there[at]].object.clone())
    }
}

/// A listing, whose objects are at hand.
struct Objects {
    runtime: tokio::runtime::Runtime,
    listing: Listing<Memory>,
    head: Option<Item>,
    bucket: Bucket,
    failing: BTreeSet<usize>,
    came: Arc<Mutex<Came>>,
}

impl Arrivals for Objects {
    fn next_time(&mut self) -> Option<i64> {
        if self.head.is_none() {
            self.head = self.runtime.block_on(self.listing.next());
            self.came.lock().unwrap().counts = self.listing.counts();
        }
        let head = self.head.as_ref()?;
        Some(head.object.named.time.unwrap_or(i64::MIN))
    }

    fn next(&mut self) -> Option<Arrival> {
        self.next_time()?;
        let Item {
            object,
            mark,
            again,
            belated,
        } = self.head.take()?;
        let number = self.bucket.numbers[&object.key];
        self.came.lock().unwrap().objects.push((number, belated));
        assert!(!again, "{} was done", object.key);
        let body = if self.failing.contains(&number) {
            Err(Fault::Timeout)
        } else {
            Ok(Body::Memory(self.bucket.all[number].text.clone().into()))
        };
        Some(Arrival {
            object,
            mark,
            again,
            belated,
            body,
        })
    }

    fn counts(&self) -> Counts {
        self.listing.counts()
    }

    fn troubles(&self) -> Vec<Trouble> {
        self.listing.troubles().to_vec()
    }

    fn again(&self, objects: &[Stored]) -> Vec<Option<Body>> {
        let text = |(_, key): &Stored| {
            let number = self.bucket.numbers[&**key];
            Some(Body::Memory(self.bucket.all[number].text.clone().into()))
        };
        objects.iter().map(text).collect()
    }
}

/// Sources in batches that are as small as one likes, and what was kept of them.
struct Watched<'s> {
    sources: &'s mut Sources,
    bucket: &'s Bucket,
    most: usize,
    /// Blocks since the last batch was cut.
    given: usize,
    /// By input, up to where it was kept.
    kept_to: BTreeMap<u32, u64>,
    came: &'s Mutex<Came>,
}

impl BlockSource for Watched<'_> {
    fn is_ready(&mut self) -> bool {
        let is_ready = self.given < self.most;
        self.given %= self.most;
        is_ready
    }

    fn next(&mut self, block: &mut Block) -> bool {
        self.given += 1;
        let more = self.sources.next(block);
        if more {
            self.kept_to.entry(block.source).or_insert(block.offset);
        }
        more
    }

    fn name(&self, source: u32) -> Arc<str> {
        self.sources.name(source)
    }

    fn reopen(&self, source: u32) -> Option<File> {
        self.sources.reopen(source)
    }

    fn mark(&self, reached: &Progressed) -> Option<Mark> {
        self.sources.mark(reached)
    }

    fn committed(&mut self, reached: &[Progressed]) {
        for reached in reached {
            let name = self.sources.name(reached.source);
            let key = name.strip_prefix(&*format!("s3://{BUCKET}/")).unwrap();
            let to = reached.offset;
            let from = self.kept_to.insert(reached.source, to).unwrap_or(to);
            let kept = (self.bucket.numbers[key], from, to, reached.done);
            self.came.lock().unwrap().kept.push(kept);
        }
        self.sources.committed(reached);
    }

    fn listed(&self) -> Option<Listed> {
        self.sources.listed()
    }

    fn rest(&self) -> &[Progressed] {
        self.sources.rest()
    }

    fn past(&self, source: u32) -> Past {
        self.sources.past(source)
    }
}

/// An output that may fail.
struct Told {
    crash: Option<(Moment, usize)>,
    seen: BTreeMap<Moment, usize>,
}

impl Told {
    fn count(&mut self, moment: Moment) -> io::Result<()> {
        let seen = self.seen.entry(moment).or_default();
        *seen += 1;
        if self.crash == Some((moment, *seen - 1)) {
            return Err(io::Error::other("broken off"));
        }
        Ok(())
    }
}

impl Output for Told {
    fn alert(&mut self, _: &Alert, _: bool, _: &Tally) -> io::Result<()> {
        Ok(())
    }

    fn batch(&mut self, _: &Tally) -> io::Result<()> {
        self.count(Moment::Batch)
    }

    fn settle(&mut self) -> io::Result<bool> {
        self.count(Moment::Settle).map(|()| true)
    }
}

/// As a scan does it.
pub(super) fn run(bucket: &Bucket, path: &std::path::Path, set: &Arc<RuleSet>, how: &How) -> Came {
    let came = Arc::<Mutex<Came>>::default();
    let ended = go(bucket, path, set, how, &came);
    match ended {
        Ok(lines) => came.lock().unwrap().lines = Some(lines),
        Err(Failed::Output(_)) if how.crash.is_some() => {}
        Err(failed) => panic!("{failed}"),
    }
    std::mem::take(&mut *came.lock().unwrap())
}

fn go(
    bucket: &Bucket,
    path: &std::path::Path,
    set: &Arc<RuleSet>,
    how: &How,
    came: &Arc<Mutex<Came>>,
) -> Result<u64, Failed> {
    let mut session = Session::open(path, &Owner::now("a test"))?;
    let reading = Options {
        block_size: how.block_size,
        ..Options::default()
    };
    let span = Span::default();
    let mut sources = Sources::resume(Vec::new(), reading, (span.since, span.until), |_| None);
    let addresses = STEMS.map(|stem| Address {
        bucket: BUCKET.into(),
        prefix: stem.into(),
    });
    let wanted = Wanted {
        addresses: addresses.to_vec(),
        since: span.since,
        until: span.until,
        lookback: LOOKBACK,
        full: how.full,
    };
    let known = Box::new(session.known_objects()?);
    let objects = Objects {
        runtime: runtime(),
        listing: Listing::new(Arc::new(bucket.store()), wanted, known),
        head: None,
        bucket: bucket.clone(),
        failing: how.failing.clone(),
        came: Arc::clone(came),
    };
    let listed = Listed {
        began: how.began,
        ..Listed::new(addresses.to_vec(), LOOKBACK, how.full != Full::No)
    };
    sources.attach(Box::new(objects), Some(listed));
    let options = session::Options {
        lateness: sources.lateness(),
        max_state: 64 << 20,
        learn: false,
        anew: false,
    };
    let (mut memory, past) = session.restore(set, options)?;
    sources.remember(past);
    let mut told = Told {
        crash: how.crash,
        seen: BTreeMap::new(),
    };
    let mut watched = Watched {
        sources: &mut sources,
        bucket,
        most: how.batch,
        given: 0,
        kept_to: BTreeMap::new(),
        came,
    };
    let outcome = {
        let mut running = session.begin(&mut told)?;
        let how = Going {
            span,
            early: Early::AtEnd,
            commit_every: how.every,
        };
        pipeline::go_on(&mut watched, set, &mut memory, how, &mut running)?
    };
    session.settle()?;
    assert_eq!(outcome.tally.malformed, 0);
    Ok(outcome.tally.lines)
}
