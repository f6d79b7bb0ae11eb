//! Listings over a store of keys that are computed when they are asked for.

mod cases;
mod large;
mod property;
mod year;

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::super::Seen;
use super::super::layout;
use super::super::store::{Ask, Content, PAGE, Page};
use super::*;
use crate::source::{Print, Reach};

pub(super) const BUCKET: &str = "logs-of-all";

/// 2026-02-03.
pub(super) const DAY0: i64 = 1_770_076_800;
pub(super) const DAY: i64 = 86_400;

pub(super) fn object(key: &str, size: u64, modified: i64) -> Object {
    Object {
        bucket: BUCKET.into(),
        key: key.into(),
        size,
        etag: format!("{:016x}", xxhash_rust::xxh3::xxh3_64(key.as_bytes())).into(),
        modified: Some(modified),
        named: layout::named(key),
    }
}

fn clock(time: i64, format: &str) -> String {
    let time = chrono::DateTime::from_timestamp(time, 0).unwrap();
    time.format(format).to_string()
}

pub(super) fn simple(stem: &str, time: i64, unique: u64) -> String {
    format!("{stem}{}-{unique:016X}", clock(time, "%Y-%m-%d-%H-%M-%S"))
}

pub(super) fn partitioned(stem: &str, time: i64, unique: u64) -> String {
    let folders = clock(time, "%Y/%m/%d/%Y-%m-%d-%H-%M-%S");
    format!("{stem}{folders}-{unique:016X}")
}

/// A bucket whose objects are computed.
struct Memory {
    /// Of all objects: every clone of it is an object that somebody holds.
    bucket: Arc<str>,
    len: usize,
    /// By number, sorted by key.
    at: Box<dyn Fn(usize) -> Object + Send + Sync>,
    /// Prefixes of what is asked for, and what is answered.
    faults: Vec<(String, Fault)>,
    pages: AtomicU64,
    held: AtomicUsize,
}

impl Memory {
    fn new(len: usize, at: impl Fn(usize) -> Object + Send + Sync + 'static) -> Self {
        Self {
            bucket: BUCKET.into(),
            len,
            at: Box::new(at),
            faults: Vec::new(),
            pages: AtomicU64::new(0),
            held: AtomicUsize::new(0),
        }
    }

    fn of(mut objects: Vec<Object>) -> Self {
        objects.sort_by(|a, b| a.key.cmp(&b.key));
        objects.dedup_by(|a, b| a.key == b.key);
        Self::new(objects.len(), move |at| objects[at].clone())
    }

    fn get_at(&self, at: usize) -> Object {
        Object {
            bucket: Arc::clone(&self.bucket),
            ..(self.at)(at)
        }
    }

    /// The first number from `low` on whose key is at least that.
    fn find(&self, mut low: usize, is_before: impl Fn(&str) -> bool) -> usize {
        let mut high = self.len;
        while low < high {
            let middle = usize::midpoint(low, high);
            if is_before(&(self.at)(middle).key) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    fn list(&self, ask: &Ask) -> Page {
        assert!((1..=PAGE).contains(&ask.max_keys) && *ask.bucket == *BUCKET);
        let mut page = Page::default();
        let mut at = self.find(0, |key| key < &*ask.prefix || key <= &*ask.start_after);
        while at < self.len {
            let object = self.get_at(at);
            let Some(rest) = object.key.strip_prefix(&*ask.prefix) else {
                break;
            };
            if page.objects.len() + page.folders.len() == usize::from(ask.max_keys) {
                page.truncated = true;
                break;
            }
            if let Some(slash) = rest.find('/').filter(|_| ask.folders) {
                let folder = object.key[..=ask.prefix.len() + slash].to_owned();
                at = self.find(at, |key| key.starts_with(&folder));
                page.folders.push(folder);
            } else {
                page.objects.push(object);
                at += 1;
            }
        }
        page
    }

    /// The most objects that were alive at once.
    fn sample(&self) -> usize {
        let held = Arc::strong_count(&self.bucket);
        self.held.fetch_max(held, Ordering::Relaxed).max(held)
    }
}

/// Nothing is fetched here.
struct Nothing;

impl Content for Nothing {
    type Part = Vec<u8>;

    async fn part(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        Ok(None)
    }
}

impl Store for Memory {
    type Content = Nothing;

    async fn page(&self, ask: Ask) -> Result<Page, Fault> {
        self.pages.fetch_add(1, Ordering::Relaxed);
        // Others go first, as they may over a network.
        tokio::task::yield_now().await;
        let fits = |(prefix, _): &&(String, Fault)| {
            ask.prefix.starts_with(prefix) || ask.start_after.starts_with(prefix)
        };
        if let Some((_, fault)) = self.faults.iter().find(fits) {
            return Err(fault.clone());
        }
        let page = self.list(&ask);
        self.sample();
        Ok(page)
    }

    fn get(&self, _: &Object) -> impl Future<Output = Result<Nothing, Fault>> + Send {
        std::future::ready(Ok(Nothing))
    }
}

/// What earlier runs left.
#[derive(Default, Clone)]
struct Left {
    logs: HashMap<String, Seen>,
    marks: HashMap<String, Mark>,
    unfinished: Vec<Object>,
    broken: bool,
}

impl Known for Left {
    fn log(&mut self, _: &str, stem: &str) -> io::Result<Option<Seen>> {
        Ok(self.logs.get(stem).copied())
    }

    fn object(&mut self, _: &str, key: &str) -> io::Result<Option<Mark>> {
        if self.broken {
            return Err(io::Error::other("disk I/O error"));
        }
        Ok(self.marks.get(key).cloned())
    }

    fn unfinished(&mut self, _: &str, prefix: &str) -> io::Result<Vec<Object>> {
        let all = self.unfinished.iter();
        let under = all.filter(|object| object.key.starts_with(prefix));
        Ok(under.cloned().collect())
    }
}

/// A mark of an object, taken for this span.
fn mark(object: &Object, reach: Vec<Reach>) -> Mark {
    Mark {
        bucket: BUCKET.into(),
        path: object.key.as_bytes().to_vec(),
        etag: object.etag.clone(),
        size: object.size,
        mtime: 0,
        head: Print::default(),
        tail: None,
        reach,
    }
}

fn whole() -> Vec<Reach> {
    vec![Reach {
        since: i64::MIN,
        until: i64::MAX,
        offset: 9,
        done: true,
    }]
}

fn wanted(prefixes: &[&str]) -> Wanted {
    let address = |prefix: &&str| Address {
        bucket: BUCKET.into(),
        prefix: (*prefix).into(),
    };
    Wanted {
        addresses: prefixes.iter().map(address).collect(),
        since: i64::MIN,
        until: i64::MAX,
        lookback: 2 * DAY,
        full: Full::No,
    }
}

/// A listing that came to its end.
struct Ended {
    items: Vec<Item>,
    counts: Counts,
    troubles: Vec<Trouble>,
}

impl Ended {
    fn keys(&self) -> Vec<&str> {
        self.items.iter().map(|item| &*item.object.key).collect()
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
}

fn list(store: &Arc<Memory>, wanted: Wanted, known: Left, page: u16) -> Ended {
    runtime().block_on(async {
        let mut listing = Listing::new(Arc::clone(store), wanted, Box::new(known));
        listing.desk.page = page;
        let mut items = Vec::new();
        while let Some(item) = listing.next().await {
            items.push(item);
        }
        let counts = listing.counts();
        assert_eq!(listing.desk.runs, 0);
        Ended {
            items,
            counts,
            troubles: listing.troubles().to_vec(),
        }
    })
}

/// All that is under these prefixes, in order, for the first time.
fn all(objects: Vec<Object>, prefixes: &[&str]) -> Ended {
    list(
        &Arc::new(Memory::of(objects)),
        wanted(prefixes),
        Left::default(),
        PAGE,
    )
}
