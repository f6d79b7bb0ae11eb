//! The bucket and the region that the `Host` header names.
//!
//! Endpoints are those of
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html>,
//! <https://docs.aws.amazon.com/general/latest/gr/s3.html> and
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html>.
//! The caller writes the header, and S3 answers only what it can make sense
//! of; what this module cannot, names nothing. Whether the bucket is the one
//! that the log is about is decided elsewhere.

use std::borrow::Cow;
use std::ops::Range;

use super::super::decode::percent_decode;
use super::super::{Field, Record};

/// Suffixes of the partitions of AWS, as its SDKs list them.
const DOMAINS: [&[u8]; 7] = [
    b".amazonaws.com",
    b".amazonaws.com.cn",
    b".amazonaws.eu",
    b".c2s.ic.gov",
    b".sc2s.sgov.gov",
    b".cloud.adc-e.uk",
    b".csp.hci.ic.gov",
];

/// Ends of names that stand for an access point and are reserved for it
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>).
const ALIASES: [&[u8]; 2] = [b"-s3alias", b"--ol-s3"];

/// Services whose names begin like S3's own and stand before no bucket.
const WITHOUT_BUCKETS: [&[u8]; 5] = [
    b"s3-accesspoint",
    b"s3-object-lambda",
    b"s3-outposts",
    b"s3-global",
    b"s3-control",
];

/// What may stand between `s3-` and a region: `s3-website-eu-west-1`.
const KINDS: [&[u8]; 2] = [b"website-", b"fips-"];

/// A `Host` header in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host<'a> {
    /// In lower case.
    name: Cow<'a, [u8]>,
    bucket: Bucket,
    region: Option<Range<usize>>,
    /// The first part of the request's path.
    path: Option<Cow<'a, [u8]>>,
}

/// Where the bucket is named.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Bucket {
    /// Nowhere, or by something that only AWS can resolve.
    Nowhere,
    /// In the host.
    Host(Range<usize>),
    /// In the path.
    Path,
}

impl<'a> Host<'a> {
    /// Takes the header of a record apart; `None` when it has none.
    #[must_use]
    pub fn of(record: &Record<'a>) -> Option<Self> {
        let name = lower(record.bytes(Field::HostHeader)?);
        let (bucket, region) = read(&name);
        let path = (bucket == Bucket::Path)
            .then(|| first_part(record.request_line()?.target?))
            .flatten();
        Some(Self {
            name,
            bucket,
            region,
            path,
        })
    }

    /// The bucket. A host has no capitals; a path may, as old names do.
    #[must_use]
    pub fn bucket(&self) -> Option<&[u8]> {
        match &self.bucket {
            Bucket::Nowhere => None,
            Bucket::Host(range) => self.name.get(range.clone()),
            Bucket::Path => self.path.as_deref(),
        }
    }

    /// The region that the endpoint is in. An endpoint without one serves
    /// buckets of every region: `s3.amazonaws.com` is seen in the logs of
    /// buckets elsewhere.
    #[must_use]
    pub fn region(&self) -> Option<&[u8]> {
        self.name.get(self.region.clone()?)
    }
}

/// In lower case, without port and final dot.
fn lower(host: &[u8]) -> Cow<'_, [u8]> {
    let end = match memchr::memrchr(b':', host) {
        Some(colon) if host[colon + 1..].iter().all(u8::is_ascii_digit) => colon,
        _ => host.len(),
    };
    let host = host[..end].strip_suffix(b".").unwrap_or(&host[..end]);
    if host.iter().any(u8::is_ascii_uppercase) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    }
}

/// Bucket and region of a host in lower case.
fn read(host: &[u8]) -> (Bucket, Option<Range<usize>>) {
    let Some(name) = DOMAINS.iter().find_map(|domain| host.strip_suffix(*domain)) else {
        // A name that its owner points at S3 is the bucket's own.
        let own = is_bucket(host) && !host.iter().all(|b| b.is_ascii_digit() || *b == b'.');
        let bucket = if own {
            Bucket::Host(0..host.len())
        } else {
            Bucket::Nowhere
        };
        return (bucket, None);
    };
    // A bucket may hold dots and be called as it likes, so from the right: the
    // region and what else may follow the service are three labels at most.
    let labels = || name.rsplitn(5, |byte| *byte == b'.').take(4);
    let Some(after) = labels().position(is_service) else {
        return (Bucket::Nowhere, None);
    };
    let behind: usize = labels().take(after).map(|label| label.len() + 1).sum();
    let service_end = name.len() - behind;
    let service = labels().nth(after).unwrap_or_default();
    let service_start = service_end - service.len();
    let rest = &name[service_end..];
    let (rest, private) = match rest.strip_suffix(b".vpce") {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let end = service_end + rest.len();
    let region = match rest.strip_prefix(b".dualstack").unwrap_or(rest) {
        [] => in_service(service, service_end),
        [b'.', region @ ..] if is_region(region) => Some(end - region.len()..end),
        _ => return (Bucket::Nowhere, None),
    };
    let before = name[..service_start].strip_suffix(b".").unwrap_or(b"");
    (bucket(before, service, private), region)
}

/// `s3`, `s3-website-eu-west-1`, `s3express-euw1-az1`.
fn is_service(label: &[u8]) -> bool {
    label == b"s3" || label.starts_with(b"s3-") || label.starts_with(b"s3express-")
}

/// The region in the service's own label, which ends at `end`.
fn in_service(service: &[u8], end: usize) -> Option<Range<usize>> {
    let rest = service.strip_prefix(b"s3-")?;
    let rest = KINDS
        .iter()
        .find_map(|kind| rest.strip_prefix(*kind))
        .unwrap_or(rest);
    is_region(rest).then_some(end - rest.len()..end)
}

/// Where the bucket is named, by what stands before the service.
fn bucket(before: &[u8], service: &[u8], private: bool) -> Bucket {
    if WITHOUT_BUCKETS
        .iter()
        .any(|other| service.starts_with(other))
    {
        return Bucket::Nowhere;
    }
    let mut name = before;
    if private {
        // `NAME.bucket.vpce-ID`, or `bucket.vpce-ID` with the name in the path.
        let endpoint = memchr::memrchr(b'.', before).map_or(0, |dot| dot + 1);
        let kind = before[..endpoint].strip_suffix(b"bucket.");
        match kind {
            Some(kind) if before[endpoint..].starts_with(b"vpce-") => {
                name = kind.strip_suffix(b".").unwrap_or(kind);
            }
            _ => return Bucket::Nowhere,
        }
    }
    if name.is_empty() {
        return Bucket::Path;
    }
    let alias = ALIASES.iter().any(|alias| name.ends_with(alias));
    if alias || !is_bucket(name) {
        return Bucket::Nowhere;
    }
    Bucket::Host(0..name.len())
}

/// `eu-west-1`, `us-gov-east-1`, `eusc-de-east-1`.
fn is_region(text: &[u8]) -> bool {
    let Some(dash) = memchr::memrchr(b'-', text) else {
        return false;
    };
    let (place, number) = (&text[..dash], &text[dash + 1..]);
    let is_word = |word: &[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_lowercase);
    (1..=2).contains(&number.len())
        && number.iter().all(u8::is_ascii_digit)
        && (2..=4).contains(&place.split(|byte| *byte == b'-').count())
        && place.split(|byte| *byte == b'-').all(is_word)
}

/// What can be the name of a bucket; old ones are long and have capitals and
/// underscores.
fn is_bucket(name: &[u8]) -> bool {
    let fits = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    (3..=255).contains(&name.len()) && name.iter().all(fits)
}

/// The bucket in a path: `/BUCKET/key?query`.
fn first_part(target: &[u8]) -> Option<Cow<'_, [u8]>> {
    let path = target.strip_prefix(b"/")?;
    let end = memchr::memchr2(b'/', b'?', path).unwrap_or(path.len());
    let name = percent_decode(&path[..end]);
    is_bucket(&name).then_some(name)
}

#[cfg(test)]
mod tests;
