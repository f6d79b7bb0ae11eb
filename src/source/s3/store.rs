//! What is asked of S3, and what it answers, as plain values: pages of listings,
//! and the content of objects.
//!
//! How it is asked may not enter here, nor what the answers are good for.

use std::future::Future;
use std::sync::Arc;

use super::{Fault, Object};

/// Objects on a page at the most: S3 gives no more
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>).
pub(super) const PAGE: u16 = 1000;

/// For a page of a listing.
///
/// There are no continuation tokens: the next page begins after the last key of
/// the one before. So a listing can begin anywhere and leave out what is not
/// wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ask {
    /// Name of the bucket.
    pub bucket: Arc<str>,
    /// What the keys begin with; may be empty.
    pub prefix: String,
    /// Only keys that sort after this one, by their UTF-8 bytes; empty for all.
    /// May be a key that there is not, and may lie outside of the prefix.
    pub start_after: String,
    /// Objects and folders on the page at the most: 1 to [`PAGE`].
    pub max_keys: u16,
    /// Whether the delimiter is `/`: keys that have one behind the prefix are not
    /// given, but their [folders](Page::folders) once each.
    pub folders: bool,
}

/// A page of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// By key. Folder markers are among them.
    pub objects: Vec<Object>,
    /// Common prefixes, each with its `/` at the end, sorted.
    pub folders: Vec<String>,
    /// Whether there is more behind it.
    pub truncated: bool,
}

/// What is needed of S3.
pub(super) trait Store: Send + Sync + 'static {
    /// The content of an object on its way.
    type Content: Content;

    /// One page. Who lists does not try again: a fault is what is left after all
    /// retries.
    fn page(&self, ask: Ask) -> impl Future<Output = Result<Page, Fault>> + Send;

    /// The content of an object as it was listed: where it has an etag, of that
    /// one and no other ([`Fault::Changed`]). One attempt.
    fn get(&self, object: &Object) -> impl Future<Output = Result<Self::Content, Fault>> + Send;
}

/// The bytes of an object, as they come.
pub(super) trait Content: Send {
    /// Some of them.
    type Part: AsRef<[u8]> + Send;

    /// The next of them; none at the end. Whether all came, who asks has to
    /// compare with the size in the listing.
    fn part(&mut self) -> impl Future<Output = Result<Option<Self::Part>, Fault>> + Send;
}
