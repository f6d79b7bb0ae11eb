//! `s3://bucket/prefix` as a source: listing, fetching, and messages that tell of
//! new objects.
//!
//! The only place where tokio and the types of the AWS SDK may appear. What
//! leaves is plain: [`Object`]s in the order of their times, each with its whole
//! body or a [`Fault`]. What the lines of an object say may not enter here, nor
//! where it is kept how far was read.

mod address;
mod client;
mod config;
mod errors;
mod fault;
mod fetch;
pub mod layout;
mod listing;
mod message;
mod object;
mod pace;
mod queue;
mod queue_url;
mod retry;
mod runtime;
mod store;
mod stream;
mod told;

pub use address::{Address, BadAddress};
pub use client::Client;
pub use config::{Config, Keys};
pub use fault::Fault;
pub use listing::{Full, Wanted};
pub use message::Unread;
pub use object::{Arrival, Arrivals, Body, Counts, Known, Object, PROMPT, Seen, Stored, Trouble};
pub use queue::{Batch, Left, Queue, Received};
pub use queue_url::{BadQueueUrl, QueueUrl};
pub use stream::{Objects, Stop};

/// How far back a later scan lists again, in seconds before the newest object
/// that was read: log objects are delivered late, as a rule within hours
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html#LogDeliveryBestEffort>).
pub const LOOKBACK: i64 = 48 * 3600;

/// Objects in flight at once, at the most, unless asked for otherwise.
pub const CONCURRENCY: u16 = 64;
