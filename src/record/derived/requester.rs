//! Who made a request, as far as the log tells: type, account, principal,
//! session.
//!
//! AWS writes the requester; a caller cannot. What a caller can choose is the
//! session name inside it, so no type rests on a session name.

use super::super::{Field, Record};
use super::error::{self, ErrorClass};

macro_rules! types {
    ($($(#[doc = $doc:literal])* $variant:ident $name:literal,)*) => {
        /// How the requester is known.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum RequesterType { $($(#[doc = $doc])* $variant,)* }

        impl RequesterType {
            /// Every type.
            pub const ALL: &'static [RequesterType] = &[$(RequesterType::$variant,)*];

            /// The word for it, the value of `requester_type`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(RequesterType::$variant => $name,)* }
            }
        }
    };
}

types! {
    /// Credentials were presented and not accepted; the log names nobody.
    AuthFailed "auth-failed",
    /// No credentials.
    Anonymous "anonymous",
    /// CloudFront, by origin access control or identity.
    OriginAccess "origin-access",
    /// A service of AWS.
    AwsService "aws-service",
    /// The root user of an account, or the bucket's owner by canonical id.
    Root "root",
    /// Another account's canonical id.
    CanonicalId "canonical-id",
    /// A role's session.
    AssumedRole "assumed-role",
    /// A federated user.
    Federated "federated",
    /// An IAM user.
    IamUser "iam-user",
    /// None of these.
    Unknown "unknown",
}

use RequesterType as Type;

/// The canonical id that old logs write for anonymous requests.
const ANONYMOUS_ID: &[u8] = b"65a011a29cdf8ec533ec3d1ccaae921c";

/// Old log delivery, and CloudFront's delivery of its own logs.
const SERVICE_IDS: [&[u8]; 2] = [
    b"3272ee65a908a7677109fedda345db8d9554ba26398b2ca10581de88777e2b61",
    b"c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0",
];

/// Whether only credentials that were presented can cause such an error.
fn needs_credentials(class: ErrorClass) -> bool {
    matches!(
        class,
        ErrorClass::AuthFail | ErrorClass::AuthStale | ErrorClass::AuthBenign
    )
}

/// Whether a requester stands for nobody.
fn is_nobody(text: &[u8]) -> bool {
    text.eq_ignore_ascii_case(b"Anonymous") || text.eq_ignore_ascii_case(ANONYMOUS_ID)
}

/// The principal of a requester that stands alone, without the rest of its
/// record: the same as `principal` in that record. `None` for nobody.
#[must_use]
pub fn principal(text: &[u8]) -> Option<&[u8]> {
    if is_nobody(text) {
        return None;
    }
    let parts = text
        .starts_with(b"arn:aws")
        .then(|| Requester::of_arn(text));
    let principal = parts.flatten().and_then(|parts| parts.principal);
    Some(principal.map_or(text, |principal| principal.0))
}

/// A requester in its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requester<'a> {
    /// How it is known.
    pub kind: Type,
    /// Account number; `owner` for the bucket's owner by canonical id; a
    /// foreign canonical id.
    pub account: Option<&'a [u8]>,
    /// Who it is, with a role's session only where that is a person.
    pub principal: Option<Principal<'a>>,
    /// The session name of an assumed role.
    pub session: Option<&'a [u8]>,
    /// Whether one person is behind it, rather than a program or a service.
    pub is_person: bool,
}

/// The part of a requester that stays the same from session to session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Principal<'a>(pub &'a [u8]);

impl<'a> Requester<'a> {
    /// Takes the requester of a record apart.
    #[must_use]
    pub fn of(record: &Record<'a>) -> Self {
        let nobody = |kind| Requester {
            principal: None,
            ..Self::whole(kind, None, b"")
        };
        let Some(text) = record.bytes(Field::Requester) else {
            let presented = record.bytes(Field::SignatureVersion).is_some()
                || record.bytes(Field::AuthenticationType).is_some()
                || record
                    .bytes(Field::ErrorCode)
                    .is_some_and(|code| needs_credentials(error::of(code)));
            return nobody(if presented {
                Type::AuthFailed
            } else {
                Type::Anonymous
            });
        };
        if is_nobody(text) {
            return nobody(Type::Anonymous);
        }
        let known = |kind, account| Self::whole(kind, account, text);
        if text.starts_with(b"arn:aws") {
            return Self::of_arn(text).unwrap_or_else(|| known(Type::Unknown, None));
        }
        if text == b"svc:cloudfront.amazonaws.com" {
            return known(Type::OriginAccess, None);
        }
        if text == b"AmazonS3" || text.starts_with(b"svc:") {
            return known(Type::AwsService, None);
        }
        let is_hex = text.iter().all(u8::is_ascii_hexdigit);
        if !is_hex {
            return known(Type::Unknown, None);
        }
        if SERVICE_IDS.iter().any(|id| id.eq_ignore_ascii_case(text)) {
            return known(Type::AwsService, None);
        }
        if record
            .bytes(Field::BucketOwnerId)
            .is_some_and(|owner| owner.eq_ignore_ascii_case(text))
        {
            return known(Type::Root, Some(b"owner"));
        }
        if text.len() == 64 {
            return known(Type::CanonicalId, Some(text));
        }
        known(Type::Unknown, None)
    }

    /// A requester that is its own principal.
    fn whole(kind: Type, account: Option<&'a [u8]>, text: &'a [u8]) -> Self {
        Self {
            kind,
            account,
            principal: Some(Principal(text)),
            session: None,
            is_person: matches!(kind, Type::Root | Type::IamUser),
        }
    }

    /// `arn:PARTITION:SERVICE::ACCOUNT:RESOURCE`; `None` when it is none of the
    /// shapes that S3 writes.
    fn of_arn(text: &'a [u8]) -> Option<Self> {
        let mut parts = text.splitn(6, |byte| *byte == b':');
        let mut part = || parts.next();
        let [_, partition, service, region, account, resource] =
            [part()?, part()?, part()?, part()?, part()?, part()?];
        let is_aws = |b: &u8| b.is_ascii_lowercase() || *b == b'-';
        if !partition.iter().all(is_aws) || !region.is_empty() {
            return None;
        }
        if service == b"iam" && account == b"cloudfront" {
            let name = resource.strip_prefix(b"user/CloudFront Origin Access Identity ")?;
            let is_id = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit();
            let good = !name.is_empty() && name.iter().all(is_id);
            return good.then_some(Self::whole(Type::OriginAccess, None, text));
        }
        if account.is_empty() || !account.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let whole = |kind| Some(Self::whole(kind, Some(account), text));
        match (service, resource) {
            (b"iam", b"root") => whole(Type::Root),
            (b"iam", user) if user.len() > 5 && user.starts_with(b"user/") => whole(Type::IamUser),
            (b"sts", user) if user.len() > 15 && user.starts_with(b"federated-user/") => {
                whole(Type::Federated)
            }
            (b"sts", role) => {
                let role = role.strip_prefix(b"assumed-role/")?;
                let slash = memchr::memchr(b'/', role)?;
                let (name, session) = (&role[..slash], &role[slash + 1..]);
                if name.is_empty() || session.is_empty() {
                    return None;
                }
                // A person's session is who they are; a machine's is noise.
                let is_person = name.starts_with(b"AWSReservedSSO_");
                let end = if is_person { 0 } else { session.len() + 1 };
                Some(Self {
                    principal: Some(Principal(&text[..text.len() - end])),
                    // A path would stand in the role's name, not here.
                    session: session.rsplit(|byte| *byte == b'/').next(),
                    is_person,
                    ..Self::whole(Type::AssumedRole, Some(account), text)
                })
            }
            _ => None,
        }
    }

    /// Whether the session is named as EC2 names those of its instances, by the
    /// instance's id. Whoever assumes a role can choose such a name too.
    #[must_use]
    pub fn is_ec2_session(&self) -> bool {
        let digits = self.session.and_then(|name| name.strip_prefix(b"i-"));
        let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        digits.is_some_and(|digits| (8..=17).contains(&digits.len()) && digits.iter().all(is_digit))
    }

    /// AWS's own work: no address, which no outside caller can produce, and a
    /// service or S3's replication role.
    #[must_use]
    pub fn is_internal(&self, record: &Record<'_>) -> bool {
        record.address().is_none()
            && (self.kind == Type::AwsService || self.session == Some(b"s3-replication"))
    }
}

#[cfg(test)]
mod tests;
