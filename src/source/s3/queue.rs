//! An SQS queue that S3 tells of new objects through.
//!
//! One task receives ahead, a little; another keeps the messages in hand
//! invisible to other readers. A message is deleted only when the caller says
//! that what it told is [done](Queue::done); whatever happens before that, it
//! comes again. What a message says may not enter here ([`message`]), nor what
//! the objects hold.
//!
//! [`message`]: super::message

use std::collections::HashSet;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_sqs::Client as Sqs;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{Builder, Region};
use aws_sdk_sqs::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, interval, sleep, timeout, timeout_at};

use super::client::Client;
use super::errors::{self, Asked};
use super::message::{self, Created};
use super::retry::insist;
use super::{Address, Fault, Object, QueueUrl, Unread, runtime};

/// How long SQS waits for a message before it answers that there is none,
/// seconds: the most it takes, and the least requests.
const POLL: i32 = 20;

/// Messages of one request at the most, of any kind: SQS takes no more.
const REQUEST: usize = 10;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// How much longer than that an answer may take.
const SLACK: Duration = Duration::from_secs(10);

/// How long a message stays invisible after it was last heard of, seconds: after
/// a crash it comes again this late.
const VISIBILITY: i32 = 120;

/// How often it is said that messages are still in hand: three may fail before
/// one becomes visible.
const BEAT: Duration = Duration::from_secs(30);

/// Answers that wait to be taken: what is received ahead of the caller.
const AHEAD: usize = 2;

/// Messages of one batch, about.
const MANY: usize = 1000;

/// How long a batch that has begun is added to.
const GATHER: Duration = Duration::from_secs(1);

/// Requests at once, to delete or to give back.
const WIDTH: usize = 8;

/// The longest wait after a request that failed.
const PAUSE: Duration = Duration::from_secs(20);

/// How long messages are given back before one goes without.
const PARTING: Duration = Duration::from_secs(2);

/// Messages that were not understood and are remembered, so that each is told
/// once although it comes again and again.
const REMEMBERED: usize = 1000;

/// A queue that is being read.
#[derive(Debug)]
pub struct Queue {
    runtime: Handle,
    line: Arc<Line>,
    addresses: Vec<Address>,
    arrived: mpsc::Receiver<Result<Vec<Message>, Fault>>,
    /// Came while a batch had begun.
    fault: Option<Fault>,
    /// Ids of messages that were told as not understood.
    told: HashSet<String>,
    tasks: [JoinHandle<()>; 2],
}

/// What messages told, all of it to be done before any of them is deleted.
#[derive(Debug, Default)]
pub struct Batch {
    /// Objects that were created, each once, in the order of their times.
    pub objects: Vec<Object>,
    /// What the messages were.
    pub counts: Received,
    /// Messages that were not understood and have not been told before.
    pub left: Vec<Left>,
    /// Bucket and key of an object that nobody named, if the messages told of any.
    pub elsewhere: Option<(Box<str>, Box<str>)>,
    receipts: Vec<String>,
}

/// What messages were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Received {
    /// All of them.
    pub messages: u64,
    /// Of those: not understood, and left in the queue.
    pub unread: u64,
    /// Events that created nothing.
    pub other: u64,
    /// Events of objects in buckets or below prefixes that nobody named.
    pub elsewhere: u64,
}

/// A message that was not understood: it stays in the queue until its redrive
/// policy takes it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Its id in SQS.
    pub id: Box<str>,
    /// Why.
    pub reason: Unread,
}

impl Batch {
    /// Whether no message came.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.messages == 0
    }

    /// Messages that will be deleted.
    #[must_use]
    pub fn deletable(&self) -> u64 {
        self.receipts.len() as u64
    }
}

impl Queue {
    /// Begins to receive. Only objects below these addresses are told; the queue
    /// is that of these addresses alone. Notifications name buckets, so an address
    /// that is the ARN of an access point matches none.
    pub fn open(client: &Client, url: &QueueUrl, addresses: Vec<Address>) -> Result<Self, Fault> {
        let runtime = runtime::get()?.handle().clone();
        let line = Arc::new(Line {
            client: client.clone(),
            url: url.clone(),
            sqs: Mutex::default(),
            held: Mutex::default(),
        });
        let (to, arrived) = mpsc::channel(AHEAD);
        let tasks = [
            runtime.spawn(receive(Arc::clone(&line), to.clone())),
            runtime.spawn(hold(Arc::clone(&line), to)),
        ];
        Ok(Self {
            runtime,
            line,
            addresses,
            arrived,
            fault: None,
            told: HashSet::new(),
            tasks,
        })
    }

    /// What has come, at the latest after `wait` and another second; empty where
    /// nothing has. Receiving goes on in the meantime: a short wait costs no
    /// request. After a fault it is tried again, later and later: call again.
    pub fn receive(&mut self, wait: Duration) -> Result<Batch, Fault> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let runtime = self.runtime.clone();
        let messages = runtime.block_on(self.gather(wait));
        match self.fault.take() {
            Some(fault) if messages.is_empty() => Err(fault),
            fault => {
                self.fault = fault;
                Ok(self.batch(messages))
            }
        }
    }

    async fn gather(&mut self, wait: Duration) -> Vec<Message> {
        let mut messages = Vec::new();
        let mut until = Instant::now() + wait;
        while messages.len() < MANY {
            match timeout_at(until, self.arrived.recv()).await {
                Ok(Some(Ok(more))) => {
                    if messages.is_empty() {
                        until = Instant::now() + GATHER;
                    }
                    messages.extend(more);
                }
                Ok(Some(Err(fault))) => {
                    self.fault = Some(fault);
                    break;
                }
                // Tasks end only with the queue.
                Ok(None) | Err(_) => break,
            }
        }
        messages
    }

    /// Reads messages.
    fn batch(&mut self, messages: Vec<Message>) -> Batch {
        let mut batch = Batch::default();
        let mut created = Vec::new();
        for message in messages {
            batch.counts.messages += 1;
            let receipt = message.receipt_handle.unwrap_or_default();
            match message::read(message.body.as_deref().unwrap_or(""), &self.addresses) {
                Ok(told) => {
                    created.extend(told.objects);
                    batch.counts.other += told.other;
                    batch.counts.elsewhere += told.elsewhere;
                    batch.elsewhere = batch.elsewhere.or(told.example);
                    batch.receipts.push(receipt);
                }
                Err(reason) => {
                    batch.counts.unread += 1;
                    // It becomes visible again when its time is over.
                    self.line.held().remove(&receipt);
                    let id = message.message_id.unwrap_or_default();
                    if self.told.len() == REMEMBERED {
                        self.told.clear();
                    }
                    if self.told.insert(id.clone()) {
                        let id = id.into();
                        batch.left.push(Left { id, reason });
                    }
                }
            }
        }
        batch.objects = ordered(created);
        batch
    }

    /// Deletes the messages of a batch, all that they told being durable. What
    /// cannot be deleted in this time comes again, and is known then.
    pub fn done(&mut self, batch: Batch, within: Duration) -> Result<(), Fault> {
        self.finish(batch.receipts, Last::Delete, within)
    }

    /// Gives messages back at once, for this reader or another.
    pub fn give_back(&mut self, batch: Batch) -> Result<(), Fault> {
        self.finish(batch.receipts, Last::GiveBack, PARTING)
    }

    /// Stops receiving and gives back what was received and not done.
    pub fn close(self) -> Result<(), Fault> {
        for task in &self.tasks {
            task.abort();
        }
        let receipts = mem::take(&mut *self.line.held()).into_iter().collect();
        self.finish(receipts, Last::GiveBack, PARTING)
    }

    fn finish(&self, receipts: Vec<String>, last: Last, within: Duration) -> Result<(), Fault> {
        {
            let mut held = self.line.held();
            for receipt in &receipts {
                held.remove(receipt);
            }
        }
        let all = Arc::clone(&self.line).all(receipts, last);
        let ended = async { timeout(within, all).await };
        self.runtime.block_on(ended).unwrap_or(Err(Fault::Timeout))
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Each object once, in the order of their times. Of several events of one key
/// the last counts.
fn ordered(mut created: Vec<Created>) -> Vec<Object> {
    let place = |created: &Created| {
        let object = &created.object;
        (
            object.named.time.unwrap_or(i64::MIN),
            Arc::clone(&object.bucket),
            object.key.clone(),
        )
    };
    created.sort_by_cached_key(|created| (place(created), created.sequencer.clone()));
    created.dedup_by(|later, kept| {
        let same = later.object.bucket == kept.object.bucket && later.object.key == kept.object.key;
        if same {
            mem::swap(later, kept);
        }
        same
    });
    created.into_iter().map(|created| created.object).collect()
}

/// What can be done with messages in hand.
#[derive(Debug, Clone, Copy)]
enum Last {
    Delete,
    GiveBack,
    Keep,
}

impl Last {
    /// The IAM action.
    fn action(self) -> &'static str {
        match self {
            Self::Delete => "sqs:DeleteMessage",
            Self::GiveBack | Self::Keep => "sqs:ChangeMessageVisibility",
        }
    }

    /// For how long it makes them invisible, seconds.
    fn visibility(self) -> Option<i32> {
        match self {
            Self::Delete => None,
            Self::GiveBack => Some(0),
            Self::Keep => Some(VISIBILITY),
        }
    }
}

/// The queue as SQS has it.
#[derive(Debug)]
struct Line {
    /// Knows the credentials.
    client: Client,
    url: QueueUrl,
    /// What speaks to SQS, and how often credentials had been looked up again
    /// when it was made.
    sqs: Mutex<Option<(Sqs, u64)>>,
    /// Receipts of messages in hand.
    held: Mutex<HashSet<String>>,
}

impl Line {
    fn held(&self) -> MutexGuard<'_, HashSet<String>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What speaks to SQS, with the credentials of now.
    fn sqs(&self) -> (Sqs, u64) {
        let (sdk, renewed) = self.client.sdk();
        let mut kept = self.sqs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((sqs, then)) = &*kept
            && *then == renewed
        {
            return (sqs.clone(), renewed);
        }
        // A request that waits for messages is no request that hangs.
        let patience = Duration::from_secs(POLL as u64) + SLACK;
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .read_timeout(patience)
            .operation_attempt_timeout(patience)
            .build();
        let mut builder = Builder::from(&sdk)
            .endpoint_url(self.url.endpoint())
            .timeout_config(timeouts);
        if let Some(region) = self.url.region() {
            builder = builder.region(Region::new(region.to_owned()));
        }
        let sqs = Sqs::from_conf(builder.build());
        *kept = Some((sqs.clone(), renewed));
        (sqs, renewed)
    }

    /// Asks once, and once more where credentials are no longer accepted.
    async fn ask<T, E, F>(
        &self,
        action: &'static str,
        request: impl Fn(Sqs) -> F,
    ) -> Result<T, Fault>
    where
        F: Future<Output = Result<T, SdkError<E>>>,
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        let mut fresh = false;
        loop {
            let (sqs, renewed) = self.sqs();
            let error = match request(sqs).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let mut fault = errors::fault(&error, Asked::Queue(action));
            if errors::is_unsent(&error)
                && let Some(why) = self.client.without_credentials().await
            {
                fault = why;
            }
            if fresh || !matches!(fault, Fault::Credentials { .. }) {
                return Err(fault);
            }
            fresh = true;
            self.client.renew(renewed).await;
        }
    }

    /// Waits for messages. One attempt.
    async fn poll(&self) -> Result<Vec<Message>, Fault> {
        let request = |sqs: Sqs| {
            sqs.receive_message()
                .queue_url(self.url.to_string())
                .max_number_of_messages(REQUEST as i32)
                .wait_time_seconds(POLL)
                .visibility_timeout(VISIBILITY)
                .send()
        };
        let answer = self.ask("sqs:ReceiveMessage", request).await?;
        Ok(answer.messages.unwrap_or_default())
    }

    /// Does it with all of these; gives the first fault, after all were tried.
    async fn all(self: Arc<Self>, receipts: Vec<String>, last: Last) -> Result<(), Fault> {
        let mut result = Ok(());
        let mut requests = JoinSet::new();
        for some in receipts.chunks(REQUEST) {
            if requests.len() == WIDTH {
                result = result.and(joined(requests.join_next().await));
            }
            let (line, some) = (Arc::clone(&self), some.to_vec());
            requests.spawn(async move {
                let (budget, tally) = (line.client.budget(), line.client.tally());
                insist(budget, tally, || line.some(&some, last)).await
            });
        }
        while let Some(ended) = requests.join_next().await {
            result = result.and(joined(Some(ended)));
        }
        result
    }

    /// Does it with some. To do it twice does no harm.
    async fn some(&self, receipts: &[String], last: Last) -> Result<(), Fault> {
        let url = self.url.to_string();
        let failed = match last.visibility() {
            None => {
                let entry = |(id, receipt): (usize, &String)| {
                    DeleteMessageBatchRequestEntry::builder()
                        .id(id.to_string())
                        .receipt_handle(receipt)
                        .build()
                };
                let entries = built(receipts.iter().enumerate().map(entry))?;
                let request = |sqs: Sqs| {
                    let request = sqs.delete_message_batch().queue_url(&url);
                    request.set_entries(Some(entries.clone())).send()
                };
                self.ask(last.action(), request).await?.failed
            }
            Some(seconds) => {
                let entry = |(id, receipt): (usize, &String)| {
                    ChangeMessageVisibilityBatchRequestEntry::builder()
                        .id(id.to_string())
                        .receipt_handle(receipt)
                        .visibility_timeout(seconds)
                        .build()
                };
                let entries = built(receipts.iter().enumerate().map(entry))?;
                let request = |sqs: Sqs| {
                    let request = sqs.change_message_visibility_batch().queue_url(&url);
                    request.set_entries(Some(entries.clone())).send()
                };
                self.ask(last.action(), request).await?.failed
            }
        };
        // A receipt that SQS does not accept is of a message that was deleted or
        // has gone to another reader: nothing is left to do with it.
        let refused = failed.iter().filter(|entry| entry.sender_fault);
        for receipt in refused.filter_map(|entry| receipts.get(entry.id.parse::<usize>().ok()?)) {
            self.held().remove(receipt);
        }
        match failed.iter().find(|entry| !entry.sender_fault) {
            None => Ok(()),
            Some(entry) => Err(Fault::Server {
                code: entry.code.clone(),
            }),
        }
    }
}

/// What became of a request of its own task.
fn joined(ended: Option<Result<Result<(), Fault>, tokio::task::JoinError>>) -> Result<(), Fault> {
    match ended {
        Some(Ok(result)) => result,
        None => Ok(()),
        Some(Err(error)) => Err(Fault::Other {
            code: "task".to_owned(),
            message: error.to_string(),
        }),
    }
}

/// Entries of a request.
fn built<T>(entries: impl Iterator<Item = Result<T, BuildError>>) -> Result<Vec<T>, Fault> {
    entries
        .collect::<Result<_, _>>()
        .map_err(|error| Fault::Other {
            code: "no request".to_owned(),
            message: error.to_string(),
        })
}

/// Receives until nobody listens.
async fn receive(line: Arc<Line>, to: mpsc::Sender<Result<Vec<Message>, Fault>>) {
    let mut failures: u32 = 0;
    // Nothing is received that nobody has room for.
    while let Ok(room) = to.reserve().await {
        let fault = match line.poll().await {
            Ok(messages) => {
                failures = 0;
                if !messages.is_empty() {
                    let receipts = messages.iter().filter_map(|m| m.receipt_handle.clone());
                    line.held().extend(receipts);
                    room.send(Ok(messages));
                }
                continue;
            }
            Err(fault) => fault,
        };
        failures += 1;
        // Once is nothing to be told.
        if failures > 1 || !fault.is_passing() {
            room.send(Err(fault));
        } else {
            drop(room);
        }
        let longest = Duration::from_millis(500) * (1 << failures.min(10));
        sleep(longest.min(PAUSE).mul_f64(fastrand::f64())).await;
    }
}

/// Keeps messages in hand, until it is aborted.
async fn hold(line: Arc<Line>, to: mpsc::Sender<Result<Vec<Message>, Fault>>) {
    let mut beat = interval(BEAT);
    loop {
        beat.tick().await;
        let receipts: Vec<_> = line.held().iter().cloned().collect();
        if let Err(fault) = Arc::clone(&line).all(receipts, Last::Keep).await {
            // Where there is no room, receiving fails too and says so.
            let _ = to.try_send(Err(fault));
        }
    }
}

#[cfg(test)]
mod tests;
