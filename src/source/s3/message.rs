//! What a message of a queue says: which objects were created.
//!
//! Four shapes come: the notification as S3 writes it, the same in an envelope of
//! SNS, the event of `EventBridge`, and the test that S3 sends when notifications
//! are switched on. Pure: how messages are received, and what becomes of them,
//! may not enter here.
//!
//! Three things can be said of a message, and each has its own end:
//!
//! | what it tells of | what becomes of it |
//! |---|---|
//! | objects below an address that was named | read, then deleted |
//! | anything else of S3: other events, other buckets, the test | deleted |
//! | nothing that is understood ([`Unread`]) | left to the queue's redrive policy |
//!
//! Messages about other buckets are deleted, not left. A queue is read by one
//! reader, so nobody else waits for them; left alone, each would come back as often
//! as the visibility timeout lets it, and end among the dead letters, where it hides
//! those that need a person. Nothing is lost by it: the object is still in its
//! bucket, and a scan of that bucket finds it.
//!
//! The format is that of
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>,
//! and for `EventBridge` of
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>.

use std::sync::Arc;

use chrono::DateTime;
use serde::Deserialize;
use serde_json::error::Category;

use super::layout::named;
use super::{Address, Object};
use crate::record::decode::percent_decode;

/// Bytes of a message at the most: SQS takes no more
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>).
const BODY: usize = 1 << 20;

/// Bytes of a key at the most
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>).
const KEY: usize = 1024;

/// What a message says that is understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Objects that were created below the addresses, in the order of the message.
    pub objects: Vec<Created>,
    /// Events that create nothing: deletions, restores, tests.
    pub other: u64,
    /// Objects that were created elsewhere: in buckets or below prefixes that
    /// nobody named.
    pub elsewhere: u64,
    /// Bucket and key of the first of those.
    pub example: Option<(Box<str>, Box<str>)>,
}

/// An object that was created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Created {
    /// The object. Its [`modified`](Object::modified) is the time of the event,
    /// which is no earlier.
    pub object: Object,
    /// Of two events of one key, the one with the greater number is the later.
    pub sequencer: Sequencer,
}

/// The order of the events of one key: a hexadecimal number of any length
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>).
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sequencer {
    digits: usize,
    number: Box<str>,
}

impl Sequencer {
    fn new(text: &str) -> Self {
        let number = text.trim_start_matches('0').to_ascii_uppercase();
        Self {
            digits: number.len(),
            number: number.into(),
        }
    }
}

/// Why a message is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unread {
    /// Longer than SQS takes.
    #[error("it has {0} bytes, more than any message of SQS")]
    Long(usize),
    /// No JSON, or fields of other types than AWS writes. What stands there is not
    /// quoted: anybody may have written it.
    #[error("{what} at line {line}, column {column}")]
    Json {
        /// What is wrong.
        what: &'static str,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// JSON that is no notification of S3.
    #[error("it is JSON, but no notification of S3, neither plain nor by SNS or EventBridge")]
    Other,
    /// SNS asks whether the queue may be subscribed.
    #[error(
        "SNS asks to confirm the subscription of this queue; open the SubscribeURL in it, and no \
         notification comes before that"
    )]
    Subscription,
    /// An object without a bucket or a key.
    #[error("it tells of an object without saying which")]
    Nameless,
    /// A key that S3 cannot have.
    #[error("it names a key that is not UTF-8 or longer than {KEY} bytes")]
    Key,
}

/// Reads a message. If any part of it is not understood, nothing of it is: it
/// will come again as a whole.
pub(super) fn read(body: &str, addresses: &[Address]) -> Result<Told, Unread> {
    let message = parse(body)?;
    match message.kind.as_deref() {
        // https://docs.aws.amazon.com/sns/latest/dg/SendMessageToSQS.html
        Some("Notification") => match &message.enclosed {
            // One envelope, not many.
            Some(enclosed) => of_s3(parse(enclosed)?, addresses),
            None => Err(Unread::Other),
        },
        Some("SubscriptionConfirmation") => Err(Unread::Subscription),
        _ => of_s3(message, addresses),
    }
}

fn parse(body: &str) -> Result<Message, Unread> {
    if body.len() > BODY {
        return Err(Unread::Long(body.len()));
    }
    serde_json::from_str(body).map_err(|error| Unread::Json {
        what: match error.classify() {
            Category::Eof => "it is cut off",
            Category::Data => "it has a field of another type than AWS writes",
            Category::Syntax | Category::Io => "it is not JSON",
        },
        line: error.line(),
        column: error.column(),
    })
}

/// Reads a message that is in no envelope, or no longer.
fn of_s3(message: Message, addresses: &[Address]) -> Result<Told, Unread> {
    let mut told = Told::default();
    if let Some(records) = message.records {
        for record in records {
            let (Some(name), Some(place)) = (&record.event_name, record.s3) else {
                return Err(Unread::Other);
            };
            // "s3:ObjectCreated:Put" in the configuration, "ObjectCreated:Put" in
            // the message; MinIO writes the former here too.
            let name = name.strip_prefix("s3:").unwrap_or(name);
            if name.starts_with("ObjectCreated:") {
                let key = place.object.key.as_deref().map(form_decode).transpose()?;
                told.add(place, key, record.event_time.as_deref(), addresses)?;
            } else {
                told.other += 1;
            }
        }
        return Ok(told);
    }
    if message.source.as_deref() == Some("aws.s3") {
        match (message.detail_type.as_deref(), message.detail) {
            // Keys stand as they are here.
            (Some("Object Created"), Some(mut place)) => {
                let key = place.object.key.take();
                told.add(place, key, message.time.as_deref(), addresses)?;
            }
            (Some("Object Created"), None) => return Err(Unread::Nameless),
            (Some(_), _) => told.other += 1,
            (None, _) => return Err(Unread::Other),
        }
        return Ok(told);
    }
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    if message.event.as_deref() == Some("s3:TestEvent") {
        told.other += 1;
        return Ok(told);
    }
    Err(Unread::Other)
}

/// Decodes a key as HTML forms are: `red flower.jpg` came as `red+flower.jpg`
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>).
/// Servers differ in what they encode, above all in `/`; an escape that is none
/// stays as it is.
fn form_decode(text: &str) -> Result<String, Unread> {
    let spaced = text.replace('+', " ");
    let bytes = percent_decode(spaced.as_bytes()).into_owned();
    String::from_utf8(bytes).map_err(|_| Unread::Key)
}

impl Told {
    fn add(
        &mut self,
        place: Place,
        key: Option<String>,
        time: Option<&str>,
        addresses: &[Address],
    ) -> Result<(), Unread> {
        let (Some(bucket), Some(key)) = (place.bucket.name, key) else {
            return Err(Unread::Nameless);
        };
        if bucket.is_empty() || key.is_empty() {
            return Err(Unread::Nameless);
        }
        if key.len() > KEY {
            return Err(Unread::Key);
        }
        let address = addresses
            .iter()
            .find(|address| *address.bucket == *bucket && key.starts_with(&*address.prefix));
        let Some(address) = address else {
            self.elsewhere += 1;
            self.example
                .get_or_insert_with(|| (bucket.into(), key.into()));
            return Ok(());
        };
        let etag = place.object.etag.unwrap_or_default();
        self.objects.push(Created {
            sequencer: Sequencer::new(&place.object.sequencer.unwrap_or_default()),
            object: Object {
                bucket: Arc::clone(&address.bucket),
                // Servers that leave out what is zero leave out this (MinIO).
                size: place.object.size.unwrap_or(0),
                etag: etag.trim_matches('"').into(),
                modified: time
                    .and_then(|time| DateTime::parse_from_rfc3339(time).ok())
                    .map(|time| time.timestamp()),
                named: named(&key),
                key: key.into(),
            },
        });
        Ok(())
    }
}

/// All that any of the shapes has, as far as it is wanted.
#[derive(Debug, Deserialize)]
struct Message {
    // Of S3
    // (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html).
    #[serde(rename = "Records")]
    records: Option<Vec<Record>>,
    #[serde(rename = "Event")]
    event: Option<String>,
    // Of SNS (https://docs.aws.amazon.com/sns/latest/dg/SendMessageToSQS.html).
    #[serde(rename = "Type")]
    kind: Option<String>,
    #[serde(rename = "Message")]
    enclosed: Option<String>,
    // Of EventBridge
    // (https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html).
    source: Option<String>,
    #[serde(rename = "detail-type")]
    detail_type: Option<String>,
    time: Option<String>,
    detail: Option<Place>,
}

#[derive(Debug, Deserialize)]
struct Record {
    #[serde(rename = "eventName")]
    event_name: Option<String>,
    #[serde(rename = "eventTime")]
    event_time: Option<String>,
    s3: Option<Place>,
}

#[derive(Debug, Deserialize)]
struct Place {
    #[serde(default)]
    bucket: Bucket,
    #[serde(default)]
    object: Item,
}

#[derive(Debug, Default, Deserialize)]
struct Bucket {
    name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Item {
    key: Option<String>,
    size: Option<u64>,
    #[serde(alias = "eTag")]
    etag: Option<String>,
    sequencer: Option<String>,
}

#[cfg(test)]
mod tests;
