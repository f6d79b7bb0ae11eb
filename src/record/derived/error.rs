//! Error codes in classes: the table behind `error_class`.
//!
//! Codes are those of AWS's list of error responses
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>);
//! the sets say what a code means to who watches. The status may not enter
//! here, for S3 sends one status for many reasons.

use super::super::{Field, Operation, Record};

macro_rules! classes {
    ($($(#[doc = $doc:literal])* $variant:ident $name:literal,)*) => {
        /// What an error says about the caller.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ErrorClass { $($(#[doc = $doc])* $variant,)* }

        impl ErrorClass {
            /// Every class.
            pub const ALL: &'static [ErrorClass] = &[$(ErrorClass::$variant,)*];

            /// The word for it, the value of `error_class`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(ErrorClass::$variant => $name,)* }
            }
        }
    };
}

classes! {
    /// Credentials were presented and are wrong.
    AuthFail "auth-fail",
    /// They were right once.
    AuthStale "auth-stale",
    /// They may be right, but went to the wrong place or in the wrong form.
    AuthBenign "auth-benign",
    /// The caller may not.
    Denied "denied",
    /// The object is not there.
    KeyMiss "key-miss",
    /// The bucket has no such configuration; never a guessed key.
    ConfigMiss "config-miss",
    /// The object is there, and its key for decryption is not.
    LockedOut "locked-out",
    /// Any other error.
    Other "other",
}

use ErrorClass as Class;

/// The class of a record's error; `None` when there was none.
#[must_use]
pub fn class(record: &Record<'_>) -> Option<Class> {
    let code = record.bytes(Field::ErrorCode)?;
    // What S3 answers where the customer's own key is missing.
    let locked = code == b"InvalidRequest" && record.operation().is_some_and(is_look_at_object);
    Some(if locked { Class::LockedOut } else { of(code) })
}

/// The class of an error code, whatever the operation.
#[must_use]
pub fn of(code: &[u8]) -> Class {
    match code {
        b"SignatureDoesNotMatch" | b"InvalidAccessKeyId" | b"InvalidToken" | b"InvalidSecurity" => {
            Class::AuthFail
        }
        // A presigned URL that has expired is AccessDenied.
        b"ExpiredToken" | b"TokenRefreshRequired" | b"RequestTimeTooSkewed" => Class::AuthStale,
        b"AuthorizationHeaderMalformed"
        | b"AuthorizationQueryParametersError"
        | b"PermanentRedirect"
        | b"TemporaryRedirect"
        | b"IllegalLocationConstraintException" => Class::AuthBenign,
        b"AccessDenied" | b"AllAccessDisabled" | b"AccountProblem" | b"NotSignedUp" => {
            Class::Denied
        }
        b"NoSuchKey" | b"NoSuchVersion" => Class::KeyMiss,
        b"NoSuchBucketPolicy"
        | b"NoSuchTagSet"
        | b"NoSuchLifecycleConfiguration"
        | b"NoSuchWebsiteConfiguration"
        | b"NoSuchCORSConfiguration"
        | b"NoSuchPublicAccessBlockConfiguration"
        | b"ServerSideEncryptionConfigurationNotFoundError"
        | b"OwnershipControlsNotFoundError"
        | b"ReplicationConfigurationNotFoundError"
        | b"ObjectLockConfigurationNotFoundError"
        | b"NoSuchConfiguration" => Class::ConfigMiss,
        b"KMS.DisabledException" | b"KMS.NotFoundException" | b"KMS.KMSInvalidStateException" => {
            Class::LockedOut
        }
        _ => Class::Other,
    }
}

/// `GET.OBJECT` or `HEAD.OBJECT` through any interface.
fn is_look_at_object(operation: Operation<'_>) -> bool {
    let is = |part: Option<&[u8]>, word: &[u8]| part.is_some_and(|p| p.eq_ignore_ascii_case(word));
    is(operation.noun(), b"OBJECT")
        && (is(operation.verb(), b"GET") || is(operation.verb(), b"HEAD"))
}

/// Codes of redirects that nobody pays for; other 3xx answers, such as 304 and
/// a website's own redirects, are billed
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/ErrorCodeBilling.html>).
const FREE_REDIRECTS: [&[u8]; 3] = [
    b"PermanentRedirect",
    b"PermanentRedirectControlError",
    b"TemporaryRedirect",
];

/// Whether the bucket's owner pays for the request: not for S3's own errors,
/// nor redirects to the right endpoint, nor refusals to who is `outside` of
/// the account and its organisation. Work without a status is no request.
#[must_use]
pub fn is_billed(record: &Record<'_>, outside: impl FnOnce() -> bool) -> bool {
    let code = record.bytes(Field::ErrorCode);
    match (record.status(), code) {
        (None | Some(500..), _) => false,
        (_, Some(code)) if FREE_REDIRECTS.contains(&code) => false,
        (_, Some(b"AccessDenied")) => !outside(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::value;
    use super::*;

    #[test]
    fn every_code_has_its_class() {
        let table = [
            (
                Class::AuthFail,
                "SignatureDoesNotMatch InvalidAccessKeyId InvalidToken InvalidSecurity",
            ),
            (
                Class::AuthStale,
                "ExpiredToken TokenRefreshRequired RequestTimeTooSkewed",
            ),
            (
                Class::AuthBenign,
                "AuthorizationHeaderMalformed AuthorizationQueryParametersError PermanentRedirect TemporaryRedirect IllegalLocationConstraintException",
            ),
            (
                Class::Denied,
                "AccessDenied AllAccessDisabled AccountProblem NotSignedUp",
            ),
            (Class::KeyMiss, "NoSuchKey NoSuchVersion"),
            (
                Class::ConfigMiss,
                "NoSuchBucketPolicy NoSuchTagSet NoSuchLifecycleConfiguration NoSuchWebsiteConfiguration NoSuchCORSConfiguration NoSuchPublicAccessBlockConfiguration ServerSideEncryptionConfigurationNotFoundError OwnershipControlsNotFoundError ReplicationConfigurationNotFoundError ObjectLockConfigurationNotFoundError NoSuchConfiguration",
            ),
            (
                Class::LockedOut,
                "KMS.DisabledException KMS.NotFoundException KMS.KMSInvalidStateException",
            ),
            (
                Class::Other,
                "InvalidObjectState MethodNotAllowed NotImplemented SlowDown InvalidPayer NoSuchUpload accessdenied",
            ),
        ];
        assert_eq!(table.len(), Class::ALL.len());
        for (class, codes) in table {
            for code in codes.split(' ') {
                let found = value(Field::ErrorClass, &[(Field::ErrorCode, code)]);
                assert_eq!(found, class.as_str(), "{code}");
            }
        }
        assert_eq!(value(Field::ErrorClass, &[]), "-");
    }

    #[test]
    fn an_invalid_request_to_look_at_an_object_lacks_its_key() {
        for (operation, class) in [
            ("REST.GET.OBJECT", "locked-out"),
            ("REST.HEAD.OBJECT", "locked-out"),
            ("rest.get.object", "locked-out"),
            ("WEBSITE.GET.OBJECT", "locked-out"),
            ("REST.PUT.OBJECT", "other"),
            ("REST.GET.OBJECT_TAGGING", "other"),
            ("REST.GET.BUCKET", "other"),
        ] {
            let found = value(
                Field::ErrorClass,
                &[
                    (Field::Operation, operation),
                    (Field::ErrorCode, "InvalidRequest"),
                ],
            );
            assert_eq!(found, class, "{operation}");
        }
    }

    #[test]
    fn some_answers_are_free() {
        let me = "arn:aws:iam::111122223333:user/me";
        for (status, code, requester, billed) in [
            ("200", "-", me, "true"),
            ("304", "-", me, "true"),
            ("302", "-", me, "true"),
            ("404", "NoSuchKey", "-", "true"),
            ("403", "AccessDenied", me, "true"),
            ("403", "AccessDenied", "-", "false"),
            ("403", "SignatureDoesNotMatch", "-", "true"),
            ("301", "PermanentRedirect", me, "false"),
            ("301", "PermanentRedirectControlError", me, "false"),
            ("307", "TemporaryRedirect", me, "false"),
            ("503", "SlowDown", me, "false"),
            ("500", "-", me, "false"),
            ("-", "-", "AmazonS3", "false"),
        ] {
            let values = [
                (Field::HttpStatus, status),
                (Field::ErrorCode, code),
                (Field::Requester, requester),
            ];
            assert_eq!(value(Field::Billed, &values), billed, "{status} {code}");
        }
    }
}
