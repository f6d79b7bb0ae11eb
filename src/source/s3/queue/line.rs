//! A queue as SQS has it: requests, and the tasks that go on making them.
//!
//! What messages say may not enter here.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_sqs::Client as Sqs;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{Builder, Region};
use aws_sdk_sqs::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{interval, sleep};

use super::super::client::Client;
use super::super::errors::{self, Asked};
use super::super::retry::insist;
use super::super::{Fault, QueueUrl};

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
const VISIBILITY: i32 = 60;

/// How often it is said that messages are still in hand: three may fail before
/// one becomes visible.
const BEAT: Duration = Duration::from_secs(15);

/// Requests at once, to delete or to give back.
const WIDTH: usize = 8;

/// The longest wait after a request that failed.
const PAUSE: Duration = Duration::from_secs(20);

/// What can be done with messages in hand.
#[derive(Debug, Clone, Copy)]
pub(super) enum Last {
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
pub(super) struct Line {
    /// Knows the credentials.
    client: Client,
    url: QueueUrl,
    /// What speaks to SQS, and how often credentials had been looked up again
    /// when it was made.
    sqs: Mutex<Option<(Sqs, u64)>>,
    /// Receipts of messages in hand.
    held: Mutex<HashSet<String>>,
    /// Whether the last request for messages was answered.
    pub(super) answers: AtomicBool,
}

impl Line {
    /// Nothing is asked yet.
    pub(super) fn new(client: Client, url: QueueUrl) -> Self {
        Self {
            client,
            url,
            sqs: Mutex::default(),
            held: Mutex::default(),
            answers: AtomicBool::default(),
        }
    }

    /// Receipts of messages in hand.
    pub(super) fn held(&self) -> MutexGuard<'_, HashSet<String>> {
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
            if errors::is_unsent(&error) && self.client.without_credentials().await.is_some() {
                fault = errors::without_credentials(&error);
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
    pub(super) async fn all(
        self: Arc<Self>,
        receipts: Vec<String>,
        last: Last,
    ) -> Result<(), Fault> {
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
fn joined(ended: Option<Result<Result<(), Fault>, JoinError>>) -> Result<(), Fault> {
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
pub(super) async fn receive(line: Arc<Line>, to: mpsc::Sender<Result<Vec<Message>, Fault>>) {
    let mut failures: u32 = 0;
    // Nothing is received that nobody has room for.
    while let Ok(room) = to.reserve().await {
        let fault = match line.poll().await {
            Ok(messages) => {
                failures = 0;
                line.answers.store(true, Ordering::Relaxed);
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
        line.answers.store(false, Ordering::Relaxed);
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
pub(super) async fn hold(line: Arc<Line>, to: mpsc::Sender<Result<Vec<Message>, Fault>>) {
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
