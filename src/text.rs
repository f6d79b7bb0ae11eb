//! How bytes that somebody else chose are shown.
//!
//! A caller of S3 writes the key, the request-URI, the referer and the user
//! agent, and so part of every alert. Two steps stand between those bytes and
//! a person: [`redact()`] takes the secrets out, then one of [`lossless`],
//! [`terminal`] or [`csv_cell`] makes them harmless where they are shown.
//! [`Shown`] does both for JSON.
//!
//! Nothing here knows what a record, a rule or an alert is.

mod escape;
pub mod json;
mod redact;
pub mod words;

pub(crate) use escape::is_plain;
pub use escape::{csv_cell, lossless, push_csv_cell, push_csv_text, restore, shown, terminal};
pub use redact::{REDACTED, redact};

use serde::{Serialize, Serializer};

/// Bytes from a log as a JSON string: redacted, and escaped so that they can
/// be had back with [`restore`].
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a>(pub &'a [u8]);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&lossless(&redact(self.0)))
    }
}
