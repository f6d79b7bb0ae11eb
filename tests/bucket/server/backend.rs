//! What the server holds: objects that were put there, and objects that are made
//! when they are asked for.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use s3s::dto::{
    CommonPrefix, ETag, ETagCondition, EncodingType, GetObjectInput, GetObjectOutput,
    ListObjectsV2Input, ListObjectsV2Output, Object, StreamingBlob, Timestamp,
};
use s3s::{Body, S3, S3Request, S3Response, S3Result, s3_error};
use xxhash_rust::xxh3::xxh3_128;

use super::{Busy, Seen};

/// Keys on a page at the most, as S3 has it.
const PAGE: usize = 1000;

/// Asks for an object that lacks its last byte.
#[derive(Debug, Clone, Copy)]
pub struct Short;

/// An object.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its content.
    pub body: Arc<[u8]>,
    /// When it was written, seconds since the Unix epoch.
    pub modified: i64,
}

/// Objects that need no memory: a function of their number.
pub trait Computed: Send + Sync {
    /// How many there are.
    fn len(&self) -> u64;
    /// The key of one; rises with the number.
    fn key(&self, number: u64) -> String;
    /// Its bytes.
    fn size(&self, number: u64) -> u64;
    /// Its content.
    fn body(&self, number: u64) -> Vec<u8>;
    /// When it was written, seconds since the Unix epoch.
    fn modified(&self, number: u64) -> i64;
}

/// What a bucket holds.
#[derive(Clone)]
pub enum Bucket {
    /// What was put there.
    Stored(BTreeMap<String, Stored>),
    /// What is made when it is asked for.
    Computed(Arc<dyn Computed>),
}

/// All of them, by name.
#[derive(Clone, Default)]
pub struct Buckets(Arc<Mutex<BTreeMap<String, Bucket>>>);

/// A key, and what a listing says of it.
struct Entry {
    key: String,
    size: u64,
    etag: String,
    modified: i64,
}

impl Buckets {
    /// Puts an object; makes the bucket if there is none.
    pub fn put(&self, bucket: &str, key: &str, body: &[u8], modified: i64) {
        let mut buckets = self.0.lock().unwrap();
        let bucket = buckets.entry(bucket.to_owned());
        match bucket.or_insert_with(|| Bucket::Stored(BTreeMap::new())) {
            Bucket::Stored(objects) => {
                let body = body.into();
                objects.insert(key.to_owned(), Stored { body, modified });
            }
            Bucket::Computed(_) => panic!("nothing can be put into what is computed"),
        }
    }

    /// Removes an object.
    pub fn remove(&self, bucket: &str, key: &str) {
        if let Some(Bucket::Stored(objects)) = self.0.lock().unwrap().get_mut(bucket) {
            objects.remove(key);
        }
    }

    /// Makes a bucket, with what it holds.
    pub fn make(&self, name: &str, bucket: Bucket) {
        self.0.lock().unwrap().insert(name.to_owned(), bucket);
    }

    fn get(&self, bucket: &str, key: &str) -> S3Result<(Entry, Vec<u8>)> {
        let buckets = self.0.lock().unwrap();
        let bucket = buckets.get(bucket).ok_or_else(|| s3_error!(NoSuchBucket))?;
        let entry = bucket.first(Bound::Included(key));
        let entry = entry.filter(|entry| entry.key == key);
        let entry = entry.ok_or_else(|| s3_error!(NoSuchKey))?;
        Ok((entry, bucket.body(key)))
    }
}

impl Bucket {
    /// The first key in a bound.
    fn first(&self, from: Bound<&str>) -> Option<Entry> {
        match self {
            Self::Stored(objects) => {
                let (key, object) = objects.range::<str, _>((from, Bound::Unbounded)).next()?;
                Some(Entry {
                    key: key.clone(),
                    size: object.body.len() as u64,
                    etag: format!("{:032x}", xxh3_128(&object.body)),
                    modified: object.modified,
                })
            }
            Self::Computed(objects) => {
                let number = objects.place(from);
                (number < objects.len()).then(|| {
                    let key = objects.key(number);
                    Entry {
                        size: objects.size(number),
                        etag: format!("{:032x}", xxh3_128(key.as_bytes())),
                        modified: objects.modified(number),
                        key,
                    }
                })
            }
        }
    }

    fn body(&self, key: &str) -> Vec<u8> {
        match self {
            Self::Stored(objects) => objects[key].body.to_vec(),
            Self::Computed(objects) => objects.body(objects.place(Bound::Included(key))),
        }
    }
}

impl dyn Computed {
    /// The number of the first key in a bound.
    fn place(&self, from: Bound<&str>) -> u64 {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            let key = self.key(middle);
            let before = match from {
                Bound::Included(from) => key.as_str() < from,
                Bound::Excluded(from) => key.as_str() <= from,
                Bound::Unbounded => false,
            };
            if before {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// Answers requests.
pub struct Backend {
    pub buckets: Buckets,
    pub seen: Arc<Seen>,
}

fn timestamp(seconds: i64) -> Timestamp {
    (SystemTime::UNIX_EPOCH + Duration::from_secs(seconds as u64)).into()
}

/// Keys in XML, as S3 writes them where it is asked to: as forms do, but for the
/// slash.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            _ if byte.is_ascii_alphanumeric() || b"-_.*/".contains(&byte) => out.push(byte.into()),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[async_trait::async_trait]
impl S3 for Backend {
    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let asked = request.input;
        let buckets = self.buckets.0.lock().unwrap();
        let bucket = buckets.get(&asked.bucket);
        let bucket = bucket.ok_or_else(|| s3_error!(NoSuchBucket))?;
        let prefix = asked.prefix.clone().unwrap_or_default();
        let most = asked
            .max_keys
            .map_or(PAGE, |keys| (keys as usize).min(PAGE));
        let encode = |text: &str| match asked.encoding_type {
            Some(_) => encoded(text),
            None => text.to_owned(),
        };
        // Tokens are the last key of the page before, and come first.
        let after = asked
            .continuation_token
            .as_ref()
            .or(asked.start_after.as_ref());
        let mut at = match after {
            Some(after) if *after >= prefix => (after.clone(), false),
            _ => (prefix.clone(), true),
        };
        let (mut contents, mut folders) = (Vec::new(), Vec::new());
        let mut token = None;
        let mut truncated = false;
        loop {
            let from = match &at {
                (key, true) => Bound::Included(key.as_str()),
                (key, false) => Bound::Excluded(key.as_str()),
            };
            let entry = bucket.first(from);
            let Some(entry) = entry.filter(|entry| entry.key.starts_with(&prefix)) else {
                break;
            };
            if contents.len() + folders.len() == most {
                truncated = true;
                break;
            }
            let folder = asked.delimiter.as_ref().and_then(|delimiter| {
                let rest = &entry.key[prefix.len()..];
                let end = rest.find(delimiter.as_str())? + delimiter.len();
                Some(entry.key[..prefix.len() + end].to_owned())
            });
            at = match folder {
                Some(folder) => {
                    folders.push(CommonPrefix {
                        prefix: Some(encode(&folder)),
                    });
                    (format!("{folder}\u{10ffff}"), false)
                }
                None => {
                    contents.push(Object {
                        key: Some(encode(&entry.key)),
                        size: Some(entry.size as i64),
                        e_tag: Some(ETag::Strong(entry.etag)),
                        last_modified: Some(timestamp(entry.modified)),
                        ..Object::default()
                    });
                    (entry.key, false)
                }
            };
            token = Some(at.0.clone());
        }
        Ok(S3Response::new(ListObjectsV2Output {
            key_count: Some((contents.len() + folders.len()) as i32),
            contents: Some(contents),
            common_prefixes: Some(folders),
            is_truncated: Some(truncated),
            next_continuation_token: token.filter(|_| truncated),
            encoding_type: asked
                .encoding_type
                .map(|_| EncodingType::from_static(EncodingType::URL)),
            max_keys: Some(most as i32),
            name: Some(asked.bucket),
            prefix: asked.prefix,
            delimiter: asked.delimiter,
            ..ListObjectsV2Output::default()
        }))
    }

    async fn get_object(
        &self,
        request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let _busy = Busy::new(&self.seen);
        let short = request.extensions.get::<Short>().is_some();
        let asked = request.input;
        let (entry, mut body) = self.buckets.get(&asked.bucket, &asked.key)?;
        if let Some(ETagCondition::ETag(etag)) = &asked.if_match
            && etag.value() != entry.etag
        {
            return Err(s3_error!(PreconditionFailed));
        }
        let whole = body.len() as u64;
        let range = asked.range.map(|range| range.check(whole)).transpose();
        let range = range.map_err(|_| s3_error!(InvalidRange))?;
        if let Some(range) = &range {
            body = body[range.start as usize..range.end as usize].to_vec();
        }
        if short {
            body.pop();
        }
        Ok(S3Response::new(GetObjectOutput {
            content_length: Some(body.len() as i64),
            content_range: range.map(|range| {
                let last = range.end - 1;
                format!("bytes {}-{last}/{whole}", range.start)
            }),
            body: Some(StreamingBlob::from(Body::from(body))),
            e_tag: Some(ETag::Strong(entry.etag)),
            last_modified: Some(timestamp(entry.modified)),
            ..GetObjectOutput::default()
        }))
    }
}
