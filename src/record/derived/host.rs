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
mod tests {
    use super::super::tests::value;
    use super::*;

    fn ask(host: &str, uri: &str, bucket: &str) -> (String, String) {
        let values = [
            (Field::HostHeader, host),
            (Field::RequestUri, uri),
            (Field::BucketName, bucket),
        ];
        (
            value(Field::HostBucket, &values),
            value(Field::BucketRegion, &values),
        )
    }

    const URI: &str = "GET /First/key?x=/y HTTP/1.1";

    #[test]
    fn endpoints_name_bucket_and_region() {
        for (host, bucket, region) in [
            ("b-1.s3.eu-west-1.amazonaws.com", "b-1", "eu-west-1"),
            (
                "my.b.org.s3.eu-west-1.amazonaws.com",
                "my.b.org",
                "eu-west-1",
            ),
            (
                "a.s3.b.s3.us-gov-east-1.amazonaws.com",
                "a.s3.b",
                "us-gov-east-1",
            ),
            ("s3-logs.s3.us-east-1.amazonaws.com", "s3-logs", "us-east-1"),
            ("bbb.s3-us-west-2.amazonaws.com", "bbb", "us-west-2"),
            ("s3.x.s3-us-west-2.amazonaws.com", "s3.x", "us-west-2"),
            (
                "bbb.s3.dualstack.us-west-2.amazonaws.com",
                "bbb",
                "us-west-2",
            ),
            ("bbb.s3-website-us-east-1.amazonaws.com", "bbb", "us-east-1"),
            (
                "www.b.eu.s3-website.eu-central-1.amazonaws.com",
                "www.b.eu",
                "eu-central-1",
            ),
            ("bbb.s3-fips.us-east-2.amazonaws.com", "bbb", "us-east-2"),
            (
                "bbb.s3-fips.dualstack.us-east-2.amazonaws.com",
                "bbb",
                "us-east-2",
            ),
            (
                "bbb.s3-fips-us-gov-west-1.amazonaws.com",
                "bbb",
                "us-gov-west-1",
            ),
            ("bbb.s3-accelerate.amazonaws.com", "bbb", "-"),
            ("bbb.s3-accelerate.dualstack.amazonaws.com", "bbb", "-"),
            ("bbb.s3.amazonaws.com", "bbb", "-"),
            ("bbb.s3-external-1.amazonaws.com", "bbb", "-"),
            ("bbb.s3.cn-north-1.amazonaws.com.cn", "bbb", "cn-north-1"),
            (
                "bbb.s3.eusc-de-east-1.amazonaws.eu",
                "bbb",
                "eusc-de-east-1",
            ),
            ("bbb.s3.us-iso-east-1.c2s.ic.gov", "bbb", "us-iso-east-1"),
            (
                "bbb.s3.us-isob-east-1.sc2s.sgov.gov",
                "bbb",
                "us-isob-east-1",
            ),
            (
                "bbb.s3.eu-isoe-west-1.cloud.adc-e.uk",
                "bbb",
                "eu-isoe-west-1",
            ),
            (
                "bbb.s3.us-isof-south-1.csp.hci.ic.gov",
                "bbb",
                "us-isof-south-1",
            ),
            (
                "bbb--usw2-az1--x-s3.s3express-usw2-az1.us-west-2.amazonaws.com",
                "bbb--usw2-az1--x-s3",
                "us-west-2",
            ),
            ("BBB.S3.EU-West-1.AmazonAWS.com:443", "bbb", "eu-west-1"),
            ("bbb.s3.eu-west-1.amazonaws.com.", "bbb", "eu-west-1"),
            (
                "bbb.bucket.vpce-1a2b-5e6f.s3.us-east-1.vpce.amazonaws.com",
                "bbb",
                "us-east-1",
            ),
            (
                "b.b.bucket.vpce-1a2b.s3.us-east-1.vpce.amazonaws.com",
                "b.b",
                "us-east-1",
            ),
            // By path.
            ("s3.us-west-2.amazonaws.com", "First", "us-west-2"),
            ("s3-us-west-2.amazonaws.com", "First", "us-west-2"),
            (
                "s3.dualstack.us-west-2.amazonaws.com:443",
                "First",
                "us-west-2",
            ),
            ("s3.amazonaws.com", "First", "-"),
            (
                "bucket.vpce-1a2b-5e6f.s3.us-east-1.vpce.amazonaws.com",
                "First",
                "us-east-1",
            ),
            // Access points name no bucket.
            (
                "ap-111122223333.s3-accesspoint.us-west-2.amazonaws.com",
                "-",
                "us-west-2",
            ),
            (
                "ap-111122223333.s3-accesspoint-fips.dualstack.us-west-2.amazonaws.com",
                "-",
                "us-west-2",
            ),
            (
                "ap-1.accesspoint.vpce-1a2b.s3.us-east-1.vpce.amazonaws.com",
                "-",
                "us-east-1",
            ),
            (
                "ol-1.s3-object-lambda.us-west-2.amazonaws.com",
                "-",
                "us-west-2",
            ),
            ("a1.mrap.accesspoint.s3-global.amazonaws.com", "-", "-"),
            (
                "ap-abc123-s3alias.s3.us-west-2.amazonaws.com",
                "-",
                "us-west-2",
            ),
            ("ol-abc--ol-s3.s3.us-west-2.amazonaws.com", "-", "us-west-2"),
            // A name of one's own.
            ("www.example.com", "www.example.com", "-"),
            ("Images.Example.com:80", "images.example.com", "-"),
            // Nothing that S3 answers.
            ("192.0.2.1", "-", "-"),
            ("[2001:db8::1]:443", "-", "-"),
            ("x", "-", "-"),
            ("bbb.ec2.us-east-1.amazonaws.com", "-", "-"),
            ("bbb.s3.nowhere.amazonaws.com", "-", "-"),
            ("bbb.s3.a.b.us-east-1.amazonaws.com", "-", "-"),
            ("b$b.s3.us-east-1.amazonaws.com", "-", "us-east-1"),
            ("evil.com/.s3.eu-west-1.amazonaws.com", "-", "eu-west-1"),
            ("-", "-", "-"),
        ] {
            let own = if bucket == "-" { "other" } else { bucket };
            assert_eq!(
                ask(host, URI, own),
                (bucket.to_owned(), region.to_owned()),
                "{host}"
            );
        }
    }

    #[test]
    fn a_path_names_its_first_part() {
        for (uri, bucket) in [
            ("GET /bbb HTTP/1.1", "bbb"),
            ("GET /bbb?list-type=2 HTTP/1.1", "bbb"),
            ("PUT /b%2Dc/key HTTP/1.1", "b-c"),
            ("GET / HTTP/1.1", "-"),
            ("GET //x HTTP/1.1", "-"),
            ("GET /a%20b/x HTTP/1.1", "-"),
            ("GET", "-"),
            ("-", "-"),
        ] {
            assert_eq!(
                ask("s3.eu-west-1.amazonaws.com", uri, "x").0,
                bucket,
                "{uri}"
            );
        }
    }

    #[test]
    fn the_region_is_that_of_this_bucket_or_none() {
        let of = |values: &[(Field, &str)]| {
            let mut all = vec![
                (Field::BucketName, "mine"),
                (Field::HostHeader, "mine.s3.eu-west-1.amazonaws.com"),
            ];
            all.extend_from_slice(values);
            value(Field::BucketRegion, &all)
        };
        assert_eq!(of(&[]), "eu-west-1");
        assert_eq!(of(&[(Field::HttpStatus, "404")]), "eu-west-1");
        // The host of a copy is the destination's.
        let other = (Field::HostHeader, "other.s3.eu-west-1.amazonaws.com");
        let copy = (Field::Operation, "REST.COPY.OBJECT_GET");
        let point = (
            Field::HostHeader,
            "ap-1.s3-accesspoint.eu-west-1.amazonaws.com",
        );
        assert_eq!(of(&[copy]), "eu-west-1");
        assert_eq!(of(&[copy, other]), "-");
        assert_eq!(of(&[other]), "-");
        assert_eq!(of(&[point]), "eu-west-1");
        assert_eq!(of(&[point, copy]), "-");
        // Who is sent elsewhere came to the wrong region.
        for (status, error) in [
            ("301", "PermanentRedirect"),
            ("307", "TemporaryRedirect"),
            ("400", "AuthorizationHeaderMalformed"),
            ("400", "IllegalLocationConstraintException"),
        ] {
            let values = [(Field::HttpStatus, status), (Field::ErrorCode, error)];
            assert_eq!(of(&values), "-", "{error}");
        }
    }
}
