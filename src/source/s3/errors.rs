//! What an error of the AWS SDK means.
//!
//! What is done about it may not enter here.

use std::error::Error;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use super::Fault;

/// What was asked: a fault names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// A page of a listing.
    List,
    /// An object.
    Get,
    /// Something of a queue: the IAM action that it needs.
    Queue(&'static str),
}

impl Asked {
    /// The IAM action that it needs.
    fn action(self) -> &'static str {
        match self {
            Self::List => "s3:ListBucket",
            Self::Get => "s3:GetObject",
            Self::Queue(action) => action,
        }
    }
}

/// What a code, or a status without one that is known, comes down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Archived,
    Changed,
    ClockSkew,
    Credentials,
    Forbidden,
    Gone,
    NoBucket,
    NoQueue,
    Server,
    Throttled,
    Timeout,
    WrongRegion,
}

/// Error codes, sorted
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>,
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html>).
/// Those that are not here are read by their HTTP status.
const CODES: &[(&str, Meaning)] = &[
    ("AWS.SimpleQueueService.NonExistentQueue", Meaning::NoQueue),
    ("AccessDenied", Meaning::Forbidden),
    ("AccessDeniedException", Meaning::Forbidden),
    ("AccountProblem", Meaning::Credentials),
    ("AllAccessDisabled", Meaning::Forbidden),
    ("AuthFailure", Meaning::Credentials),
    ("AuthorizationHeaderMalformed", Meaning::WrongRegion),
    ("BandwidthLimitExceeded", Meaning::Throttled),
    ("ExpiredToken", Meaning::Credentials),
    ("ExpiredTokenException", Meaning::Credentials),
    ("IllegalLocationConstraintException", Meaning::WrongRegion),
    ("IncompleteSignature", Meaning::Credentials),
    ("InternalError", Meaning::Server),
    ("InternalFailure", Meaning::Server),
    ("InvalidAccessKeyId", Meaning::Credentials),
    ("InvalidClientTokenId", Meaning::Credentials),
    ("InvalidObjectState", Meaning::Archived),
    ("InvalidSecurity", Meaning::Credentials),
    ("InvalidSignatureException", Meaning::Credentials),
    ("InvalidToken", Meaning::Credentials),
    ("KmsAccessDenied", Meaning::Forbidden),
    ("KmsThrottled", Meaning::Throttled),
    ("MissingAuthenticationToken", Meaning::Credentials),
    ("MissingAuthenticationTokenException", Meaning::Credentials),
    ("NoSuchAccessPoint", Meaning::NoBucket),
    ("NoSuchBucket", Meaning::NoBucket),
    ("NoSuchKey", Meaning::Gone),
    ("NotSignedUp", Meaning::Credentials),
    ("OptInRequired", Meaning::Credentials),
    ("PermanentRedirect", Meaning::WrongRegion),
    ("PreconditionFailed", Meaning::Changed),
    ("QueueDoesNotExist", Meaning::NoQueue),
    ("Redirect", Meaning::WrongRegion),
    ("RequestExpired", Meaning::ClockSkew),
    ("RequestInTheFuture", Meaning::ClockSkew),
    ("RequestLimitExceeded", Meaning::Throttled),
    ("RequestThrottled", Meaning::Throttled),
    ("RequestThrottledException", Meaning::Throttled),
    ("RequestTimeTooSkewed", Meaning::ClockSkew),
    ("RequestTimeout", Meaning::Timeout),
    ("RequestTimeoutException", Meaning::Timeout),
    ("ServiceUnavailable", Meaning::Throttled),
    ("SignatureDoesNotMatch", Meaning::Credentials),
    ("SlowDown", Meaning::Throttled),
    ("TemporaryRedirect", Meaning::WrongRegion),
    ("ThrottledException", Meaning::Throttled),
    ("Throttling", Meaning::Throttled),
    ("ThrottlingException", Meaning::Throttled),
    ("TokenRefreshRequired", Meaning::Credentials),
    ("TooManyRequestsException", Meaning::Throttled),
    ("UnrecognizedClientException", Meaning::Credentials),
];

/// The meaning of a code, or else of an HTTP status. None where neither says
/// anything.
fn meaning(code: Option<&str>, status: u16) -> Option<Meaning> {
    let known = code.and_then(|code| {
        let at = CODES.binary_search_by_key(&code, |(known, _)| known).ok()?;
        Some(CODES[at].1)
    });
    known.or(match status {
        301 | 302 | 307 | 308 => Some(Meaning::WrongRegion),
        401 | 403 => Some(Meaning::Forbidden),
        404 if code.is_none() => Some(Meaning::Gone),
        408 => Some(Meaning::Timeout),
        412 => Some(Meaning::Changed),
        429 | 503 => Some(Meaning::Throttled),
        500.. => Some(Meaning::Server),
        _ => None,
    })
}

/// What an error of the SDK means.
pub(super) fn fault<E>(error: &SdkError<E>, asked: Asked) -> Fault
where
    E: Error + ProvideErrorMetadata + 'static,
{
    match error {
        SdkError::TimeoutError(_) => Fault::Timeout,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => Fault::Timeout,
        SdkError::DispatchFailure(_) => Fault::Connection {
            reason: causes(error),
        },
        _ => answered(error, asked),
    }
}

/// What an answer that is no success means.
fn answered<E>(error: &SdkError<E>, asked: Asked) -> Fault
where
    E: Error + ProvideErrorMetadata + 'static,
{
    let raw = error.raw_response();
    let status = raw.map_or(0, |raw| raw.status().as_u16());
    let said = error.as_service_error();
    let code = said.and_then(ProvideErrorMetadata::code);
    let shown = code.map_or_else(|| format!("HTTP {status}"), str::to_owned);
    let message = said
        .and_then(ProvideErrorMetadata::message)
        .map_or_else(|| causes(error), str::to_owned);
    let reason = || format!("{shown}: {message}");
    let Some(meaning) = meaning(code, status) else {
        // A success that cannot be read came through something that is not S3,
        // or was cut off.
        return if (200..300).contains(&status) {
            Fault::Connection {
                reason: causes(error),
            }
        } else {
            Fault::Other {
                code: if status == 0 {
                    "no request".to_owned()
                } else {
                    shown
                },
                message,
            }
        };
    };
    match meaning {
        Meaning::Archived => Fault::Archived {
            class: raw
                .and_then(|raw| element(raw.body().bytes()?, "StorageClass"))
                .unwrap_or(message),
        },
        Meaning::Changed => Fault::Changed,
        Meaning::ClockSkew => Fault::ClockSkew { reason: reason() },
        // Signatures of another time are told by the message alone.
        Meaning::Credentials
            if message.contains("Signature expired") || message.contains("not yet current") =>
        {
            Fault::ClockSkew { reason: reason() }
        }
        Meaning::Credentials => Fault::Credentials { reason: reason() },
        Meaning::Forbidden => Fault::Forbidden {
            code: shown,
            action: asked.action(),
        },
        Meaning::Gone => match asked {
            Asked::Get => Fault::Gone,
            Asked::List => Fault::NoBucket,
            Asked::Queue(_) => Fault::NoQueue,
        },
        Meaning::NoBucket => Fault::NoBucket,
        Meaning::NoQueue => Fault::NoQueue,
        Meaning::Server => Fault::Server { code: shown },
        Meaning::Throttled => Fault::Throttled { code: shown },
        Meaning::Timeout => Fault::Timeout,
        Meaning::WrongRegion => match raw.and_then(|raw| {
            let named = raw.headers().get("x-amz-bucket-region").map(str::to_owned);
            named.or_else(|| element(raw.body().bytes()?, "Region"))
        }) {
            // A header that cannot be read and no word of a region: what is
            // wrong is not the region.
            None if code == Some("AuthorizationHeaderMalformed") => {
                Fault::Credentials { reason: reason() }
            }
            region => Fault::WrongRegion { region },
        },
    }
}

/// Whether the request was never sent: there were no credentials for it, or it
/// could not be made.
pub(super) fn is_unsent<E>(error: &SdkError<E>) -> bool {
    matches!(error, SdkError::DispatchFailure(failure)
        if failure.is_other() && failure.as_other().is_none())
}

/// An error and what caused it, in one line. What one of them repeats of its
/// cause is said once.
pub(super) fn causes(error: &(dyn Error + 'static)) -> String {
    let mut told = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !told.contains(&text) {
            told.push_str(": ");
            told.push_str(&text);
        }
        next = cause.source();
    }
    told
}

/// The text of the first element of this name in an error's document: what the
/// SDK does not model.
fn element(document: &[u8], name: &str) -> Option<String> {
    let text = str::from_utf8(document).ok()?;
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (content, _) = rest.split_once(&format!("</{name}>"))?;
    // It becomes part of a host name and of messages.
    (!content.is_empty()
        && content
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)))
    .then(|| content.to_owned())
}
