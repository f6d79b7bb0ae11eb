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
        if text.eq_ignore_ascii_case(b"Anonymous") || text.eq_ignore_ascii_case(ANONYMOUS_ID) {
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
mod tests {
    use super::super::tests::value;
    use super::*;

    const OWNER: &str = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";

    fn check(requester: &str, error: &str, ip: &str, signature: &str) -> String {
        let line = format!(
            "{OWNER} b [06/Feb/2019:00:00:38 +0000] {ip} {requester} ID REST.GET.OBJECT k \"GET /k HTTP/1.1\" 200 {error} 1 1 1 1 \"-\" \"-\" - host= {signature} - - h -"
        );
        let record = Record::parse(line.as_bytes()).unwrap();
        let requester = Requester::of(&record);
        let text =
            |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or(b"-")).into_owned();
        format!(
            "{} {} {} {} {}",
            requester.kind.as_str(),
            text(requester.account),
            text(requester.principal.map(|p| p.0)),
            text(requester.session),
            requester.is_internal(&record)
        )
    }

    #[test]
    fn people_and_machines_are_told_apart() {
        let role = |name: &str| format!("arn:aws:sts::111122223333:assumed-role/{name}");
        for (requester, person, ec2) in [
            ("arn:aws:iam::111122223333:root".to_owned(), "true", "false"),
            (OWNER.to_owned(), "true", "false"),
            (OWNER.replace('7', "8"), "false", "false"),
            (
                "arn:aws:iam::111122223333:user/a/bob".to_owned(),
                "true",
                "false",
            ),
            (
                role("AWSReservedSSO_Admin_1/ann@example.com"),
                "true",
                "false",
            ),
            (role("app/AWSReservedSSO_Admin_1"), "false", "false"),
            (
                "arn:aws:sts::111122223333:federated-user/bob".to_owned(),
                "false",
                "false",
            ),
            (role("app/i-01234567"), "false", "true"),
            (role("app/i-0123456789abcdef0"), "false", "true"),
            (role("app/i-0123456"), "false", "false"),
            (role("app/i-0123456789abcdef01"), "false", "false"),
            (role("app/i-0123456789ABCDEF0"), "false", "false"),
            (role("app/x-0123456789abcdef0"), "false", "false"),
            (role("i-0123456789abcdef0/app"), "false", "false"),
            ("AmazonS3".to_owned(), "false", "false"),
            ("-".to_owned(), "false", "false"),
        ] {
            let values = [
                (Field::BucketOwnerId, OWNER),
                (Field::Requester, requester.as_str()),
            ];
            assert_eq!(value(Field::Person, &values), person, "{requester}");
            assert_eq!(value(Field::Ec2Session, &values), ec2, "{requester}");
        }
    }

    #[test]
    fn what_has_another_shape_is_unknown() {
        for requester in [
            "arn:aws:sts:eu-west-1:111122223333:assumed-role/app/x",
            "arn:aws:sts::111122223333:assumed-role/app",
            "arn:aws:sts::111122223333:assumed-role/app/",
            "arn:aws:sts::111122223333:federated-user/",
            "arn:aws:sts::abc:assumed-role/app/x",
            "arn:aws:iam::111122223333:user/",
            "arn:aws:iam::111122223333:root2",
            "arn:aws:iam::111122223333:role/x",
            "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity e2example",
            "arn:awsX:iam::111122223333:root",
            "arn:aws",
            "65a011a29cdf8ec533ec3d1ccaae921",
        ] {
            let found = value(Field::RequesterType, &[(Field::Requester, requester)]);
            assert_eq!(found, "unknown", "{requester}");
        }
    }

    #[test]
    fn credentials_that_are_not_accepted_are_not_anonymous() {
        for (field, text, kind) in [
            (Field::SignatureVersion, "SigV4", "auth-failed"),
            (Field::AuthenticationType, "AuthHeader", "auth-failed"),
            (Field::ErrorCode, "SignatureDoesNotMatch", "auth-failed"),
            (Field::ErrorCode, "ExpiredToken", "auth-failed"),
            (
                Field::ErrorCode,
                "AuthorizationHeaderMalformed",
                "auth-failed",
            ),
            (Field::ErrorCode, "AccessDenied", "anonymous"),
            (Field::ErrorCode, "NoSuchKey", "anonymous"),
        ] {
            let values = [(Field::Requester, "-"), (field, text)];
            assert_eq!(value(Field::RequesterType, &values), kind, "{text}");
        }
    }

    #[test]
    fn the_actor_of_nobody_is_the_host() {
        let user = "arn:aws:iam::111122223333:user/bob";
        for (requester, ip, actor) in [
            (user, "192.0.2.1", user),
            ("-", "192.0.2.1", "192.0.2.1"),
            ("-", "2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
            ("Anonymous", "::ffff:192.0.2.1", "192.0.2.1"),
            ("-", "-", "-"),
        ] {
            let values = [(Field::Requester, requester), (Field::RemoteIp, ip)];
            assert_eq!(value(Field::Actor, &values), actor, "{requester} {ip}");
        }
    }

    #[test]
    fn requesters_are_taken_apart() {
        let ip = "192.0.2.1";
        assert_eq!(check("-", "-", ip, "-"), "anonymous - - - false");
        assert_eq!(check("Anonymous", "-", ip, "-"), "anonymous - - - false");
        assert_eq!(check("-", "-", ip, "SigV4"), "auth-failed - - - false");
        assert_eq!(
            check("-", "InvalidAccessKeyId", ip, "-"),
            "auth-failed - - - false"
        );
        assert_eq!(
            check("AmazonS3", "-", "-", "-"),
            "aws-service - AmazonS3 - true"
        );
        assert_eq!(
            check("AmazonS3", "-", ip, "-"),
            "aws-service - AmazonS3 - false"
        );
        assert_eq!(
            check("svc:cloudfront.amazonaws.com", "-", "-", "-"),
            "origin-access - svc:cloudfront.amazonaws.com - false"
        );
        assert_eq!(
            check(OWNER, "-", ip, "SigV4"),
            format!("root owner {OWNER} - false")
        );
        let other = OWNER.replace('7', "8");
        assert_eq!(
            check(&other, "-", ip, "SigV4"),
            format!("canonical-id {other} {other} - false")
        );
        assert_eq!(
            check(
                "arn:aws:sts::111122223333:assumed-role/app/i-0123456789abcdef0",
                "-",
                ip,
                "SigV4"
            ),
            "assumed-role 111122223333 arn:aws:sts::111122223333:assumed-role/app i-0123456789abcdef0 false"
        );
        assert_eq!(
            check(
                "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_1/ann@example.com",
                "-",
                ip,
                "SigV4"
            ),
            "assumed-role 111122223333 arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_1/ann@example.com ann@example.com false"
        );
        assert_eq!(
            check(
                "arn:aws:sts::111122223333:assumed-role/rep/s3-replication",
                "-",
                "-",
                "-"
            ),
            "assumed-role 111122223333 arn:aws:sts::111122223333:assumed-role/rep s3-replication true"
        );
        assert_eq!(
            check(
                "arn:aws-cn:iam::111122223333:user/path/bob",
                "-",
                ip,
                "SigV4"
            ),
            "iam-user 111122223333 arn:aws-cn:iam::111122223333:user/path/bob - false"
        );
        assert_eq!(
            check("arn:aws:iam::111122223333:root", "-", ip, "SigV4"),
            "root 111122223333 arn:aws:iam::111122223333:root - false"
        );
        assert_eq!(
            check(
                "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE",
                "-",
                "-",
                "-"
            ),
            "origin-access - arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE - false"
        );
        assert_eq!(check("whoever", "-", ip, "-"), "unknown - whoever - false");
    }
}
