//! What the query string of a presigned request says: whose key, how long.
//!
//! Asked only where AWS says that the query string authenticated the request;
//! but a request that S3 refused was written by anybody, so nothing here is
//! more than the caller's word. Parameters:
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>
//! and <https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html>.

use std::borrow::Cow;

use super::super::decode::percent_decode;
use super::super::parse::unsigned;
use super::super::{Field, Record};

/// A presigned request's parameters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Presigned<'a> {
    /// Access key id, which is no secret; never the rest of the credential.
    pub credential: Option<Cow<'a, [u8]>>,
    /// Seconds from signing to expiry; for `SigV2`, which does not say when it
    /// was signed, from the request to expiry, and 0 when that is over.
    pub expires: Option<u64>,
    /// The same in decimal digits.
    pub expires_text: Option<String>,
}

/// AWS documents 128 characters at most.
const LONGEST_KEY_ID: usize = 128;

impl<'a> Presigned<'a> {
    /// Reads the parameters of a record that is presigned.
    #[must_use]
    pub fn of(record: &Record<'a>) -> Self {
        let Some(target) = record.request_line().and_then(|line| line.target) else {
            return Self::default();
        };
        let is_v2 = record
            .bytes(Field::SignatureVersion)
            .is_some_and(|version| version.eq_ignore_ascii_case(b"SigV2"));
        // Who signs by the old way may still add parameters of the new one.
        let v4 = (!is_v2).then(|| parameter(target, b"X-Amz-Credential"));
        let (credential, expires) = match v4.flatten() {
            Some(scope) => (
                Some(scope),
                parameter(target, b"X-Amz-Expires").and_then(|seconds| unsigned(&seconds)),
            ),
            None => (
                parameter(target, b"AWSAccessKeyId"),
                seconds_left(record, target),
            ),
        };
        Self {
            credential: credential.and_then(key_id),
            expires,
            expires_text: expires.map(|seconds| seconds.to_string()),
        }
    }
}

/// From the request to the second that `SigV2` names.
fn seconds_left(record: &Record<'_>, target: &[u8]) -> Option<u64> {
    let until = unsigned(&parameter(target, b"Expires")?)?;
    let now = u64::try_from(record.time()?).ok()?;
    Some(until.saturating_sub(now))
}

/// The first part of `KEYID/DATE/REGION/s3/aws4_request`, if it looks like the
/// id of a key: what is shown must not be whatever a caller puts there.
fn key_id(scope: Cow<'_, [u8]>) -> Option<Cow<'_, [u8]>> {
    let length = memchr::memchr(b'/', &scope).unwrap_or(scope.len());
    let good = (1..=LONGEST_KEY_ID).contains(&length)
        && scope[..length]
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    good.then(|| match scope {
        Cow::Borrowed(text) => Cow::Borrowed(&text[..length]),
        Cow::Owned(mut text) => {
            text.truncate(length);
            Cow::Owned(text)
        }
    })
}

/// The decoded value of the first query parameter of this name.
fn parameter<'t>(target: &'t [u8], name: &[u8]) -> Option<Cow<'t, [u8]>> {
    let query = &target[memchr::memchr(b'?', target)? + 1..];
    query.split(|byte| *byte == b'&').find_map(|pair| {
        let equals = memchr::memchr(b'=', pair)?;
        percent_decode(&pair[..equals])
            .eq_ignore_ascii_case(name)
            .then(|| percent_decode(&pair[equals + 1..]))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::value;
    use super::*;

    fn ask(query: &str, signature: &str) -> String {
        let uri = format!("GET /key?{query} HTTP/1.1");
        let values = [
            (Field::RequestUri, uri.as_str()),
            (Field::SignatureVersion, signature),
            (Field::AuthenticationType, "QueryString"),
            (Field::RequestTime, "06/Feb/2019:00:00:38 +0000"),
        ];
        format!(
            "{} {}",
            value(Field::PresignedCredential, &values),
            value(Field::PresignedExpires, &values)
        )
    }

    #[test]
    fn both_ways_of_signing_are_read() {
        for (query, signature, expected) in [
            (
                "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20190206%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Date=20190206T000000Z&X-Amz-Expires=3600&X-Amz-Signature=XX",
                "SigV4",
                "AKIAIOSFODNN7EXAMPLE 3600",
            ),
            (
                "X-Amz-Credential=ASIAEXAMPLE/20190206/eu-west-1/s3/aws4_request&X-Amz-Expires=604800",
                "SigV4",
                "ASIAEXAMPLE 604800",
            ),
            (
                "response-content-disposition=attachment;%20filename=\"a.json\"&x-amz-credential=AKIAX%2F1&x-amz-expires=60",
                "SigV4",
                "AKIAX 60",
            ),
            (
                "X%2DAmz%2DCredential=AKIAX%2F1&X-Amz-Expires=007",
                "SigV4",
                "AKIAX 7",
            ),
            (
                "AWSAccessKeyId=AKIAOLD&Signature=x&Expires=1549411298",
                "SigV2",
                "AKIAOLD 60",
            ),
            (
                "X-Amz-Credential=AKIAFAKE%2F1&AWSAccessKeyId=AKIAOLD&Expires=1549411239",
                "SigV2",
                "AKIAOLD 1",
            ),
            // Refused: there is no telling how it was signed.
            ("AWSAccessKeyId=AKIAOLD&Expires=1", "-", "AKIAOLD 0"),
            ("X-Amz-Credential=A&X-Amz-Credential=B", "SigV4", "A -"),
        ] {
            assert_eq!(ask(query, signature), expected, "{query}");
        }
    }

    #[test]
    fn what_is_no_key_id_is_not_shown() {
        let long = "A".repeat(LONGEST_KEY_ID + 1);
        for scope in ["", "%2F1", "se%20cret", "a%22b%2F1", "ключ", &long] {
            let query = format!("X-Amz-Credential={scope}&X-Amz-Expires=99999999999999999999");
            assert_eq!(ask(&query, "SigV4"), "- -", "{scope}");
        }
        assert_eq!(ask("", "SigV4"), "- -");
        assert_eq!(ask("X-Amz-Credential&Expires=", "SigV2"), "- -");
    }

    #[test]
    fn a_query_string_that_authenticates_nothing_says_nothing() {
        let uri = "GET /k?X-Amz-Credential=AKIAX%2F1&X-Amz-Expires=60 HTTP/1.1";
        for authentication in ["AuthHeader", "-"] {
            let values = [
                (Field::RequestUri, uri),
                (Field::AuthenticationType, authentication),
            ];
            for field in [Field::PresignedCredential, Field::PresignedExpires] {
                assert_eq!(value(field, &values), "-");
            }
            assert_eq!(value(Field::Presigned, &values), "false");
        }
    }
}
