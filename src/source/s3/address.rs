//! `s3://bucket/prefix`, as somebody writes it.
//!
//! Whether there is such a bucket may not enter here.

use std::fmt;
use std::sync::Arc;

/// The scheme of an address.
const SCHEME: &str = "s3://";

/// A bucket and a prefix of its keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// Name of the bucket, or the ARN of an access point.
    pub bucket: Arc<str>,
    /// What the keys begin with, as it was written: `logs` is the beginning of
    /// `logs/2026` and of `logs-old/2026`. Empty for all of the bucket.
    pub prefix: Arc<str>,
}

/// Why a text is no address of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadAddress {
    /// Nothing stands behind `s3://`.
    #[error("names no bucket: write s3://BUCKET/PREFIX")]
    NoBucket,
    /// A character that no bucket's name has.
    #[error(
        "is no bucket's name: letters in lower case, digits, hyphens and dots, 3 to 63 of them"
    )]
    Name,
    /// It is not UTF-8, which keys are.
    #[error("is not UTF-8, which names of buckets and keys are")]
    NotUtf8,
}

impl Address {
    /// Reads an address; `None` where the text is not meant as one.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Result<Self, BadAddress>> {
        let rest = text.strip_prefix(SCHEME.as_bytes())?;
        let Ok(rest) = str::from_utf8(rest) else {
            return Some(Err(BadAddress::NotUtf8));
        };
        // An access point is named by its ARN, which holds one slash.
        let name = match rest.strip_prefix("arn:") {
            Some(arn) => {
                let slash = arn.find('/').map_or(arn.len(), |at| at + 1);
                let end = arn[slash..].find('/').map_or(arn.len(), |at| slash + at);
                end + "arn:".len()
            }
            None => rest.find('/').unwrap_or(rest.len()),
        };
        let (bucket, prefix) = rest.split_at(name);
        if bucket.is_empty() {
            return Some(Err(BadAddress::NoBucket));
        }
        if !bucket.starts_with("arn:") && !is_name(bucket) {
            return Some(Err(BadAddress::Name));
        }
        Some(Ok(Self {
            bucket: bucket.into(),
            prefix: prefix.strip_prefix('/').unwrap_or(prefix).into(),
        }))
    }
}

/// Old buckets in us-east-1 have capitals and underscores, and up to 255
/// characters
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>).
fn is_name(text: &str) -> bool {
    (3..=255).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}/{}", self.bucket, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (String, String) {
        let address = Address::parse(text.as_bytes()).unwrap().unwrap();
        (address.bucket.to_string(), address.prefix.to_string())
    }

    #[test]
    fn bucket_and_prefix_are_told_apart() {
        let of = |bucket: &str, prefix: &str| (bucket.to_owned(), prefix.to_owned());
        assert_eq!(parsed("s3://logs"), of("logs", ""));
        assert_eq!(parsed("s3://logs/"), of("logs", ""));
        assert_eq!(parsed("s3://logs/a/b-"), of("logs", "a/b-"));
        assert_eq!(parsed("s3://logs//a"), of("logs", "/a"));
        let arn = "arn:aws:s3:eu-west-1:111122223333:accesspoint/reader";
        assert_eq!(parsed(&format!("s3://{arn}")), of(arn, ""));
        assert_eq!(parsed(&format!("s3://{arn}/a/b")), of(arn, "a/b"));
    }

    #[test]
    fn what_names_no_bucket_is_told() {
        assert_eq!(Address::parse(b"logs/"), None);
        for (text, wrong) in [
            (&b"s3://"[..], BadAddress::NoBucket),
            (b"s3:///a", BadAddress::NoBucket),
            (b"s3://lo gs/a", BadAddress::Name),
            (b"s3://ab", BadAddress::Name),
            (b"s3://logs/\xff", BadAddress::NotUtf8),
        ] {
            assert_eq!(Address::parse(text), Some(Err(wrong)));
        }
    }
}
