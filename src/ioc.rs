//! Lists of what is known to be bad: indicators of compromise.
//!
//! A list is a file in one of the forms that such lists are published in; which
//! one is told by its content. A module a form reads it into a [`List`]; all
//! lists of a run together are [`Indicators`], which answer for one record
//! whether it is on any. Which rule asks, and what an alert says of it, is
//! decided elsewhere. `docs/ioc.md` is the page for users.

mod contents;
pub(crate) mod date;
mod format;
mod index;
mod list;
mod plain;
mod spamhaus;
mod stix;
mod table;
mod texts;

#[cfg(test)]
mod tests;

pub use self::contents::LeftOut;
pub use self::format::Format;
pub use self::index::{Indicators, Match};
pub use self::list::{List, Spec, now};

use crate::record::Field;

/// What an indicator is, and so which field of a record it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An address or a CIDR.
    Network,
    /// The id of an access key; the log has it of presigned requests only.
    AccessKey,
    /// An ARN or a canonical id, as the log writes it.
    Requester,
    /// A `User-Agent` header.
    UserAgent,
    /// A decoded object key.
    Key,
}

/// Words that name a kind: before an entry of a plain list, as the header of a
/// column, or as the type of a row. In lower case, `-` and spaces as `_`.
const NAMES: &[(Kind, &[&str])] = &[
    (
        Kind::Network,
        &[
            "remote_ip",
            "ip",
            "ips",
            "ipv4",
            "ipv6",
            "ip_address",
            "ipaddress",
            "address",
            "cidr",
            "network",
            "prefix",
            "subnet",
            "src_ip",
            "dst_ip",
            "source_ip",
            "ip_src",
            "ip_dst",
        ],
    ),
    (
        Kind::AccessKey,
        &[
            "presigned_credential",
            "access_key",
            "access_key_id",
            "accesskeyid",
            "aws_access_key_id",
        ],
    ),
    (
        Kind::Requester,
        &["requester", "arn", "principal", "user_arn"],
    ),
    (
        Kind::UserAgent,
        &["user_agent", "useragent", "http_user_agent"],
    ),
    (Kind::Key, &["object_key", "key", "s3_key"]),
];

impl Kind {
    /// Every kind, in the order in which one record's matches are told.
    pub const ALL: [Kind; 5] = [
        Kind::Network,
        Kind::AccessKey,
        Kind::Requester,
        Kind::UserAgent,
        Kind::Key,
    ];

    /// The field that it is compared with.
    #[must_use]
    pub const fn field(self) -> Field {
        match self {
            Kind::Network => Field::RemoteIp,
            Kind::AccessKey => Field::PresignedCredential,
            Kind::Requester => Field::Requester,
            Kind::UserAgent => Field::UserAgent,
            Kind::Key => Field::ObjectKey,
        }
    }

    /// One of them, in words.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Kind::Network => "network",
            Kind::AccessKey => "access key",
            Kind::Requester => "requester",
            Kind::UserAgent => "user agent",
            Kind::Key => "object key",
        }
    }

    /// The kind that a word names.
    fn from_name(name: &str) -> Option<Self> {
        let name = normal(name);
        let named = |(_, names): &&(Kind, &[&str])| names.contains(&&*name);
        NAMES.iter().find(named).map(|(kind, _)| *kind)
    }

    /// What an account's name is by its looks; a name alone (`alice`) is
    /// nobody's in particular.
    fn of_account(text: &str) -> Option<Self> {
        let is_canonical = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        if text.starts_with("arn:aws") || is_canonical {
            return Some(Kind::Requester);
        }
        is_access_key(text).then_some(Kind::AccessKey)
    }
}

/// A long-lived or temporary key, by the prefixes that AWS documents:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>.
fn is_access_key(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    (16..=128).contains(&text.len())
        && (text.starts_with("AKIA") || text.starts_with("ASIA"))
        && text.bytes().all(fits)
}

/// A name as [`NAMES`] has them.
fn normal(name: &str) -> String {
    let name = name.trim().trim_matches('"').to_ascii_lowercase();
    name.replace(['-', ' '], "_")
}
