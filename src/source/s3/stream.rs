//! Objects in the order of their times, fetched ahead of who takes them.
//!
//! Which objects, and how one of them is fetched, may not enter here.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::{AbortHandle, JoinHandle, JoinSet};
use tokio::time::timeout;

use super::client::Client;
use super::fetch::{IN_MEMORY, fetch, fetch_named};
use super::listing::{Item, Listing, Wanted};
use super::told::Told;
use super::{Arrival, Arrivals, Body, Counts, Fault, Known, Object, Stored, Trouble, runtime};

/// Bytes of bodies that are on their way or wait to be taken.
const MEMORY: u64 = 32 << 20;

/// What a body costs at least; bytes. Room is counted in such units.
const UNIT: u64 = 1 << 10;

/// What a body costs that goes to a file; bytes.
const SPOOLING: u64 = 2 << 20;

/// Bytes of temporary files at once; a larger object comes alone.
const FILES: u64 = 1 << 30;

/// Room in temporary files is counted in these; bytes.
const FILES_UNIT: u64 = 1 << 20;

/// Objects on their way or waiting, for each that may be in flight.
const AHEAD: usize = 4;

/// So many objects in a row that could not be fetched for reasons that pass, after
/// all attempts: the rest is left to a later run.
const OUTAGE: u32 = 16;

/// How long an object may take that is fetched once more.
const SOON: Duration = Duration::from_secs(3);

/// Which objects are to come, in order.
pub(super) trait Feed: Send + 'static {
    /// The next one.
    fn next(&mut self) -> impl Future<Output = Option<Item>> + Send;

    /// What became of objects that do not come.
    fn counts(&self) -> Counts;

    /// What could not be listed.
    fn troubles(&self) -> &[Trouble];
}

/// Objects that come one after the other; see [`Arrivals`]. Dropped, it ends all
/// that is in flight.
///
/// An object that could not be fetched is one that comes with its [`Fault`]. Two
/// things end all the rest, and are [told](Arrivals::troubles): a fault that
/// concerns all, and an outage.
#[derive(Debug)]
pub struct Objects {
    queue: mpsc::Receiver<Coming>,
    head: Option<Coming>,
    client: Client,
    listed: Arc<Mutex<Listed>>,
    driver: Option<JoinHandle<()>>,
    stop: Stop,
    taken: Counts,
    ended: Option<Trouble>,
    failures: u32,
}

/// Ends an [`Objects`] from elsewhere.
#[derive(Debug, Clone)]
pub struct Stop {
    asked: Arc<AtomicBool>,
    driver: AbortHandle,
}

impl Stop {
    /// Nothing more comes, and nothing more is fetched. Who waits for an object
    /// is told at once.
    pub fn stop(&self) {
        self.asked.store(true, Ordering::Release);
        self.driver.abort();
    }

    fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Acquire)
    }
}

impl Feed for Listing<Client> {
    async fn next(&mut self) -> Option<Item> {
        self.next().await
    }

    fn counts(&self) -> Counts {
        self.counts()
    }

    fn troubles(&self) -> &[Trouble] {
        self.troubles()
    }
}

/// An object in its place in the order; its room is free when it is dropped.
#[derive(Debug)]
struct Coming {
    item: Item,
    body: oneshot::Receiver<Result<Body, Fault>>,
    _room: Room,
}

/// Room in memory and in temporary files.
#[derive(Debug)]
struct Room {
    _memory: Option<OwnedSemaphorePermit>,
    _files: Option<OwnedSemaphorePermit>,
}

/// What the listing told so far.
#[derive(Debug, Default)]
struct Listed {
    counts: Counts,
    troubles: Vec<Trouble>,
}

impl Objects {
    /// All objects that are wanted, but what earlier runs took.
    pub fn scan(client: &Client, wanted: Wanted, known: Box<dyn Known>) -> Result<Self, Fault> {
        Self::new(client, |client| {
            Listing::new(Arc::new(client), wanted, known)
        })
    }

    /// Objects of which messages told, by time. What earlier runs took for all
    /// records of the span (seconds since the Unix epoch, the first and the one
    /// after the last) is left out.
    pub fn of(
        client: &Client,
        objects: Vec<Object>,
        span: (i64, i64),
        known: &mut dyn Known,
    ) -> Result<Self, Fault> {
        let told = Told::new(objects, span, known)?;
        Self::new(client, |_| told)
    }

    /// What a feed gives; it is made with a client that counts for it alone.
    fn new<F: Feed>(client: &Client, feed: impl FnOnce(Client) -> F) -> Result<Self, Fault> {
        let client = client.counting();
        let feed = feed(client.clone());
        let ahead = AHEAD * usize::from(client.concurrency());
        let (sender, queue) = mpsc::channel(ahead);
        let listed = Arc::default();
        let driver = drive(feed, client.clone(), sender, Arc::clone(&listed));
        let driver = runtime::get()?.spawn(driver);
        let stop = Stop {
            asked: Arc::default(),
            driver: driver.abort_handle(),
        };
        Ok(Self {
            queue,
            head: None,
            client,
            listed,
            driver: Some(driver),
            stop,
            taken: Counts::default(),
            ended: None,
            failures: 0,
        })
    }

    /// To end it from elsewhere.
    #[must_use]
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Waits for the next object to be listed.
    fn wait(&mut self) -> Option<&Coming> {
        if self.head.is_none() && !self.stop.is_asked() {
            self.head = self.queue.blocking_recv();
            if self.head.is_none() {
                self.finish();
            }
        }
        self.head.as_ref().filter(|_| !self.stop.is_asked())
    }

    /// The listing has ended; if it did so by a panic, so does who takes objects:
    /// it would look as if there were no more.
    fn finish(&mut self) {
        let (Some(driver), Ok(runtime)) = (self.driver.take(), runtime::get()) else {
            return;
        };
        if let Err(error) = runtime.block_on(driver)
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
    }

    /// Counts an object, and ends all where it is of no use to go on.
    fn count(&mut self, object: &Object, body: &Result<Body, Fault>) {
        let Err(fault) = body else {
            self.taken.fetched += 1;
            self.taken.bytes += object.size;
            self.failures = 0;
            return;
        };
        self.taken.failed += 1;
        self.failures = if fault.is_passing() {
            self.failures + 1
        } else {
            0
        };
        if fault.concerns_all() || self.failures == OUTAGE {
            self.ended = Some(Trouble {
                name: format!("s3://{}/{}", object.bucket, object.key).into(),
                fault: fault.clone(),
            });
            self.stop.stop();
        }
    }
}

impl Arrivals for Objects {
    fn next_time(&mut self) -> Option<i64> {
        self.wait()
            .map(|coming| coming.item.object.named.time.unwrap_or(i64::MIN))
    }

    fn next(&mut self) -> Option<Arrival> {
        self.wait()?;
        let coming = self.head.take()?;
        // What fetches it ends without a word only where all was stopped.
        let body = coming.body.blocking_recv().ok()?;
        self.count(&coming.item.object, &body);
        let Item {
            object,
            mark,
            again,
            belated,
        } = coming.item;
        Some(Arrival {
            object,
            mark,
            again,
            belated,
            body,
        })
    }

    fn counts(&self) -> Counts {
        let listed = self
            .listed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .counts;
        let tally = self.client.tally();
        Counts {
            fetched: self.taken.fetched,
            bytes: self.taken.bytes,
            failed: self.taken.failed,
            retries: tally.retries.load(Ordering::Relaxed),
            throttled: tally.throttled.load(Ordering::Relaxed),
            ..listed
        }
    }

    fn troubles(&self) -> Vec<Trouble> {
        let listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        listed.troubles.iter().chain(&self.ended).cloned().collect()
    }

    fn again(&self, objects: &[Stored]) -> Vec<Option<Body>> {
        let Some(runtime) = runtime::get().ok().filter(|_| !self.stop.is_asked()) else {
            return objects.iter().map(|_| None).collect();
        };
        let mut begun = Vec::with_capacity(objects.len());
        for (bucket, key) in objects {
            let (client, bucket, key) = (self.client.clone(), bucket.clone(), key.clone());
            let work = async move { fetch_named(&client, &bucket, &key).await };
            begun.push(runtime.spawn(async { timeout(SOON, work).await }));
        }
        let begun = begun.into_iter();
        begun
            .map(|work| runtime.block_on(work).ok()?.ok()?.ok())
            .collect()
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

/// Lists ahead, and fetches what was listed.
async fn drive<F: Feed>(
    mut feed: F,
    client: Client,
    queue: mpsc::Sender<Coming>,
    listed: Arc<Mutex<Listed>>,
) {
    let rooms = Rooms::new();
    // Dropped with this function, and all of them with it.
    let mut fetching = JoinSet::new();
    loop {
        let item = feed.next().await;
        tell(&feed, &listed);
        let Some(item) = item else {
            break;
        };
        while fetching.try_join_next().is_some() {}
        let room = rooms.take(item.object.size).await;
        let (sender, body) = oneshot::channel();
        let (client, object) = (client.clone(), item.object.clone());
        fetching.spawn(async move {
            // Nobody takes it where all was stopped.
            let _ = sender.send(fetch(&client, &object).await);
        });
        let coming = Coming {
            item,
            body,
            _room: room,
        };
        if queue.send(coming).await.is_err() {
            return;
        }
    }
    drop(queue);
    while fetching.join_next().await.is_some() {}
}

/// Passes on what the listing says of itself.
fn tell(feed: &impl Feed, listed: &Mutex<Listed>) {
    let mut listed = listed.lock().unwrap_or_else(PoisonError::into_inner);
    listed.counts = feed.counts();
    let new = &feed.troubles()[listed.troubles.len()..];
    listed.troubles.extend_from_slice(new);
}

/// All the room there is.
struct Rooms {
    memory: Arc<Semaphore>,
    files: Arc<Semaphore>,
}

impl Rooms {
    fn new() -> Self {
        Self {
            memory: Arc::new(Semaphore::new((MEMORY / UNIT) as usize)),
            files: Arc::new(Semaphore::new((FILES / FILES_UNIT) as usize)),
        }
    }

    /// Waits for room for an object of this size.
    async fn take(&self, size: u64) -> Room {
        let units = |bytes: u64, unit: u64| bytes.div_ceil(unit).max(1) as u32;
        let (memory, files) = if size > IN_MEMORY {
            (units(SPOOLING, UNIT), units(size.min(FILES), FILES_UNIT))
        } else {
            (units(size, UNIT), 0)
        };
        // They are never closed; were they, there would be no bound.
        let take = |room: &Arc<Semaphore>, units| room.clone().acquire_many_owned(units);
        let files = match files {
            0 => None,
            files => take(&self.files, files).await.ok(),
        };
        let memory = take(&self.memory, memory).await.ok();
        Room {
            _memory: memory,
            _files: files,
        }
    }
}
