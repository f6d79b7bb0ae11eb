//! An SQS queue that S3 tells of new objects through.
//!
//! One task receives ahead, a little; another keeps the messages in hand
//! invisible to other readers. A message is deleted only when the caller says
//! that what it told is [done](Queue::done); whatever happens before that, it
//! comes again. What a message says may not enter here ([`message`]), nor what
//! the objects hold.
//!
//! [`message`]: super::message

mod line;

use std::collections::HashSet;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aws_sdk_sqs::types::Message;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use self::line::{Last, Line, hold, receive};
use super::client::Client;
use super::message::{self, Created};
use super::{Address, Fault, Object, QueueUrl, Unread, runtime};

/// Answers that wait to be taken: what is received ahead of the caller.
const AHEAD: usize = 2;

/// Messages of one batch, about.
const MANY: usize = 1000;

/// How long a batch that has begun is added to.
const GATHER: Duration = Duration::from_secs(1);

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

/// What messages told, all of it to be done before any of them is deleted. It goes
/// back to the queue in one way or the other: until then its messages stay hidden
/// from all other readers.
#[must_use]
#[derive(Debug, Default)]
pub struct Batch {
    /// Objects that were created, each once, in the order of their times.
    pub objects: Vec<Object>,
    /// What the messages were.
    pub counts: Received,
    /// Messages that were not understood and have not been told before.
    pub left: Vec<Left>,
    /// Bucket and key of an object that nobody named, if the messages told of any;
    /// to be escaped before a terminal sees them.
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
        let line = Arc::new(Line::new(client.clone(), url.clone()));
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

    /// Whether the last request for messages was answered, with messages or without.
    #[must_use]
    pub fn answers(&self) -> bool {
        self.line.answers.load(Ordering::Relaxed)
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

#[cfg(test)]
mod tests;
