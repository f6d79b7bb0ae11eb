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
            reason: behind(error),
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

/// That a request was never sent for want of credentials.
pub(super) fn without_credentials<E>(error: &SdkError<E>) -> Fault
where
    E: Error + 'static,
{
    Fault::Credentials {
        reason: behind(error),
    }
}

/// What caused a request not to be answered, without the layers of the SDK.
fn behind(error: &(dyn Error + 'static)) -> String {
    causes(error.source().and_then(Error::source).unwrap_or(error))
}

/// An error and what caused it, in one line. What one of them repeats of its
/// cause is said once.
pub(super) fn causes(error: &(dyn Error + 'static)) -> String {
    let line = |error: &dyn Error| {
        let text = error.to_string();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let mut told = line(error);
    let mut next = error.source();
    while let Some(cause) = next {
        let text = line(cause);
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

#[cfg(test)]
mod tests {
    use aws_sdk_s3::config::http::HttpResponse;
    use aws_sdk_s3::error::{ConnectorError, ErrorMetadata};
    use aws_sdk_s3::operation::get_object::GetObjectError;
    use aws_sdk_s3::primitives::SdkBody;

    use super::*;

    /// An answer with this status, code and document.
    fn answer(status: u16, code: &str, body: &'static str) -> SdkError<GetObjectError> {
        let said = ErrorMetadata::builder().message("as told");
        let said = match code {
            "" => said,
            code => said.code(code),
        };
        let raw = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        SdkError::service_error(GetObjectError::generic(said.build()), raw)
    }

    #[test]
    fn codes_are_sorted() {
        assert!(CODES.is_sorted_by(|(a, _), (b, _)| a < b));
    }

    #[test]
    fn answers_are_told_by_code_and_else_by_status() {
        for (status, code, kind) in [
            (400, "ExpiredToken", "credentials"),
            (400, "RequestTimeout", "timeout"),
            (403, "AccessDenied", "forbidden"),
            (403, "InvalidAccessKeyId", "credentials"),
            (403, "InvalidObjectState", "archived"),
            (403, "RequestTimeTooSkewed", "clock_skew"),
            (403, "SignatureDoesNotMatch", "credentials"),
            (403, "SomethingNew", "forbidden"),
            (404, "NoSuchBucket", "no_bucket"),
            (404, "NoSuchKey", "gone"),
            (404, "", "gone"),
            (404, "SomethingNew", "other"),
            (412, "PreconditionFailed", "changed"),
            (412, "", "changed"),
            (429, "", "throttled"),
            (500, "InternalError", "server"),
            (500, "", "server"),
            (502, "", "server"),
            (503, "SlowDown", "throttled"),
            (503, "", "throttled"),
            (301, "PermanentRedirect", "wrong_region"),
            (400, "AWS.SimpleQueueService.NonExistentQueue", "no_queue"),
            (418, "", "other"),
        ] {
            let fault = fault(&answer(status, code, ""), Asked::Get);
            assert_eq!(fault.kind(), kind, "{status} {code}");
        }
    }

    #[test]
    fn what_is_missing_depends_on_what_was_asked() {
        let gone = |asked| fault(&answer(404, "", ""), asked);
        assert_eq!(gone(Asked::Get), Fault::Gone);
        assert_eq!(gone(Asked::List), Fault::NoBucket);
        assert_eq!(gone(Asked::Queue("sqs:ReceiveMessage")), Fault::NoQueue);
        let forbidden = |asked| match fault(&answer(403, "AccessDenied", ""), asked) {
            Fault::Forbidden { action, .. } => action,
            other => panic!("{other}"),
        };
        assert_eq!(forbidden(Asked::List), "s3:ListBucket");
        assert_eq!(forbidden(Asked::Get), "s3:GetObject");
        assert_eq!(
            forbidden(Asked::Queue("sqs:DeleteMessage")),
            "sqs:DeleteMessage"
        );
    }

    #[test]
    fn documents_name_regions_and_classes() {
        let region = |code, body| fault(&answer(400, code, body), Asked::List);
        let named = "<Error><Code>x</Code><Region>eu-west-1</Region></Error>";
        let region_is = |region: Option<&str>| Fault::WrongRegion {
            region: region.map(str::to_owned),
        };
        let malformed = "AuthorizationHeaderMalformed";
        assert_eq!(region(malformed, named), region_is(Some("eu-west-1")));
        assert_eq!(region(malformed, "").kind(), "credentials");
        assert_eq!(region("PermanentRedirect", ""), region_is(None));
        let hostile = "<Region>evil.example/</Region>";
        assert_eq!(region("PermanentRedirect", hostile), region_is(None));
        let archived = "<Error><StorageClass>DEEP_ARCHIVE</StorageClass></Error>";
        let archived = fault(&answer(403, "InvalidObjectState", archived), Asked::Get);
        let class = "DEEP_ARCHIVE".to_owned();
        assert_eq!(archived, Fault::Archived { class });
    }

    #[test]
    fn without_an_answer_the_causes_are_told() {
        let cause = || std::io::Error::other("refused\n  by some network");
        let error = |of| SdkError::<GetObjectError>::dispatch_failure(of);
        let io = error(ConnectorError::io(cause().into()));
        let reason = "refused by some network".to_owned();
        assert_eq!(fault(&io, Asked::Get), Fault::Connection { reason });
        assert!(!is_unsent(&io));
        let late = error(ConnectorError::timeout(cause().into()));
        assert_eq!(fault(&late, Asked::Get), Fault::Timeout);
        let unsent = error(ConnectorError::other(cause().into(), None));
        assert!(is_unsent(&unsent));
        let reason = "refused by some network".to_owned();
        assert_eq!(without_credentials(&unsent), Fault::Credentials { reason });
        let cut = HttpResponse::new(200.try_into().unwrap(), SdkBody::empty());
        let cut = SdkError::<GetObjectError>::response_error(cause(), cut);
        assert_eq!(fault(&cut, Asked::Get).kind(), "connection");
    }
}
