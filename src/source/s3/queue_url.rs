//! The URL of a queue, as somebody writes it.
//!
//! Whether there is such a queue may not enter here.

use std::fmt;
use std::str::FromStr;

/// The URL of an SQS queue: `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`, or of
/// a server that speaks its protocol.
///
/// It is asked where its URL says, whatever the endpoint of S3 is: the two are
/// often not in one place, and a queue is never elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueUrl {
    url: Box<str>,
    /// Bytes of scheme, host and port.
    endpoint: usize,
    region: Option<Box<str>>,
}

/// Why a text is no URL of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadQueueUrl {
    /// It begins with neither `https://` nor `http://`.
    #[error("is no URL; write https://sqs.REGION.amazonaws.com/ACCOUNT/NAME")]
    Scheme,
    /// A queue's name or ARN, or a host alone.
    #[error("names no queue; write https://sqs.REGION.amazonaws.com/ACCOUNT/NAME")]
    NoQueue,
    /// Something that the URL of a queue never has.
    #[error("has characters that the URL of a queue never has")]
    Characters,
}

impl FromStr for QueueUrl {
    type Err = BadQueueUrl;

    fn from_str(text: &str) -> Result<Self, BadQueueUrl> {
        let scheme = ["https://", "http://"]
            .into_iter()
            .find(|scheme| text.starts_with(scheme))
            .ok_or(BadQueueUrl::Scheme)?;
        let rest = &text[scheme.len()..];
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/[]".contains(&byte);
        if !rest.bytes().all(known) {
            return Err(BadQueueUrl::Characters);
        }
        let (host, name) = rest.split_once('/').ok_or(BadQueueUrl::NoQueue)?;
        if host.is_empty() || name.is_empty() || name.ends_with('/') {
            return Err(BadQueueUrl::NoQueue);
        }
        Ok(Self {
            url: text.into(),
            endpoint: scheme.len() + host.len(),
            region: region(host).map(Into::into),
        })
    }
}

/// The region that a host names
/// (<https://docs.aws.amazon.com/general/latest/gr/sqs-service.html>): the label
/// after `sqs`, in older ones that before `queue`.
fn region(host: &str) -> Option<&str> {
    let labels: Vec<_> = host.split([':', '.']).collect();
    let of = |name: &str| labels.iter().position(|label| *label == name);
    if host == "queue.amazonaws.com" {
        return Some("us-east-1");
    }
    let at = of("sqs").or_else(|| of("sqs-fips")).map(|at| at + 1);
    let at = at.or_else(|| of("queue")?.checked_sub(1))?;
    let region = *labels.get(at)?;
    // eu-west-1, us-gov-east-1.
    let known = region.contains('-') && region.ends_with(|last: char| last.is_ascii_digit());
    known.then_some(region)
}

impl QueueUrl {
    /// Scheme, host and port.
    pub(super) fn endpoint(&self) -> &str {
        &self.url[..self.endpoint]
    }

    /// The region that it names, if it does.
    pub(super) fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }
}

impl fmt::Display for QueueUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_says_where_it_is() {
        for (host, region) in [
            ("https://sqs.eu-west-1.amazonaws.com", Some("eu-west-1")),
            (
                "https://sqs-fips.us-gov-east-1.amazonaws.com",
                Some("us-gov-east-1"),
            ),
            (
                "https://sqs.cn-north-1.amazonaws.com.cn",
                Some("cn-north-1"),
            ),
            ("https://sqs.eu-west-1.api.aws", Some("eu-west-1")),
            ("https://eu-west-1.queue.amazonaws.com", Some("eu-west-1")),
            ("https://queue.amazonaws.com", Some("us-east-1")),
            (
                "https://vpce-0a1b-c2d3.sqs.us-east-1.vpce.amazonaws.com",
                Some("us-east-1"),
            ),
            (
                "http://sqs.us-east-1.localhost.localstack.cloud:4566",
                Some("us-east-1"),
            ),
            ("http://127.0.0.1:5000", None),
            ("http://[::1]:5000", None),
            ("http://sqs", None),
            ("http://queue", None),
        ] {
            let url: QueueUrl = format!("{host}/123456789012/logs").parse().unwrap();
            assert_eq!((url.endpoint(), url.region()), (host, region));
            assert_eq!(url.to_string(), format!("{host}/123456789012/logs"));
        }
    }

    #[test]
    fn what_is_no_queue_is_told() {
        for (text, wrong) in [
            ("", BadQueueUrl::Scheme),
            ("logs", BadQueueUrl::Scheme),
            (
                "arn:aws:sqs:eu-west-1:123456789012:logs",
                BadQueueUrl::Scheme,
            ),
            ("https://", BadQueueUrl::NoQueue),
            ("https://sqs.eu-west-1.amazonaws.com", BadQueueUrl::NoQueue),
            ("https://sqs.eu-west-1.amazonaws.com/", BadQueueUrl::NoQueue),
            ("https:///123456789012/logs", BadQueueUrl::NoQueue),
            ("https://user@host/1/logs", BadQueueUrl::Characters),
            ("https://host/1/logs?x=y", BadQueueUrl::Characters),
            ("https://ho st/1/logs", BadQueueUrl::Characters),
        ] {
            assert_eq!(text.parse::<QueueUrl>(), Err(wrong), "{text}");
        }
    }
}
