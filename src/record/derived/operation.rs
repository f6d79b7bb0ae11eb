//! Operations in classes: the tables behind `operation_class`, `ok` and what an
//! operation does to the owner's protection.
//!
//! Names are those seen in real logs. The set is open; what is not listed falls
//! back on its verb.

use super::super::{Field, Operation, Record};

macro_rules! classes {
    ($($(#[doc = $doc:literal])* $variant:ident $name:literal,)*) => {
        /// What an operation does, as far as detections care.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum OperationClass { $($(#[doc = $doc])* $variant,)* }

        impl OperationClass {
            /// Every class.
            pub const ALL: &'static [OperationClass] = &[$(OperationClass::$variant,)*];

            /// The word for it, the value of `operation_class`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(OperationClass::$variant => $name,)* }
            }
        }
    };
}

classes! {
    /// Lifecycle and replication work of S3 itself.
    Lifecycle "lifecycle",
    /// Content leaves.
    Read "read",
    /// Facts about an object.
    Metadata "metadata",
    /// Names of objects, or whether a bucket may be listed.
    List "list",
    /// Content or tags enter.
    Write "write",
    /// Objects, uploads or buckets go.
    Delete "delete",
    /// Access-control lists are set.
    Acl "acl",
    /// Configuration is read.
    ConfigRead "config-read",
    /// Configuration is set or removed.
    ConfigWrite "config-write",
    /// All else.
    Other "other",
}

use OperationClass as Class;

/// Nouns of configuration. The first three can be read but not set under these
/// names: setting an ACL is a class of its own.
const CONFIG: [&[u8]; 22] = [
    b"ACL",
    b"POLICY_STATUS",
    b"LOCATION",
    b"BUCKETPOLICY",
    b"PUBLIC_ACCESS_BLOCK",
    b"OWNERSHIP_CONTROLS",
    b"VERSIONING",
    b"LOGGING_STATUS",
    b"LIFECYCLE",
    b"REPLICATION",
    b"ENCRYPTION",
    b"CORS",
    b"WEBSITE",
    b"NOTIFICATION",
    b"TAGGING",
    b"REQUEST_PAYMENT",
    b"ACCELERATE",
    b"INVENTORY",
    b"ANALYTICS",
    b"METRICS",
    b"INTELLIGENT_TIERING",
    b"OBJECT_LOCK_CONFIGURATION",
];
const READ_ONLY: usize = 3;

/// The class of an operation, which is compared without regard to case.
#[must_use]
pub fn class(operation: &[u8]) -> Class {
    if operation.iter().any(u8::is_ascii_lowercase) {
        return class_of_upper(&operation.to_ascii_uppercase());
    }
    class_of_upper(operation)
}

fn class_of_upper(operation: &[u8]) -> Class {
    // The most common first; the rest by their parts.
    match operation {
        b"REST.GET.OBJECT" | b"WEBSITE.GET.OBJECT" => return Class::Read,
        b"REST.HEAD.OBJECT" => return Class::Metadata,
        b"REST.PUT.OBJECT" => return Class::Write,
        b"REST.GET.BUCKET" => return Class::List,
        _ => {}
    }
    let parts = Operation(operation);
    let verb = parts.verb().unwrap_or_default();
    let noun = parts.noun().unwrap_or_default();
    match parts.interface() {
        b"S3" => Class::Lifecycle,
        b"REST" => rest(verb, noun),
        _ if is_retention(noun) || is_legal_hold(noun) => Class::ConfigWrite,
        b"WEBSITE" => match (verb, noun) {
            (b"HEAD", b"OBJECT") => Class::Metadata,
            _ => Class::Other,
        },
        b"BATCH" => match (verb, noun) {
            (b"DELETE", b"OBJECT") => Class::Delete,
            _ => Class::Other,
        },
        b"SOAP" => match (verb, noun) {
            (b"GET", b"OBJECT") => Class::Read,
            (b"PUT", b"OBJECT") => Class::Write,
            _ => Class::Other,
        },
        _ => Class::Other,
    }
}

fn rest(verb: &[u8], noun: &[u8]) -> Class {
    match (verb, noun) {
        (b"COPY", b"OBJECT_GET" | b"PART_GET") | (b"POST", b"SELECT") | (b"GET", b"TORRENT") => {
            Class::Read
        }
        (b"GET" | b"POST", b"OBJECT_ATTRIBUTES")
        | (b"GET", b"OBJECT_TAGGING" | b"UPLOAD")
        | (b"HEAD", b"TORRENT") => Class::Metadata,
        (b"GET", b"BUCKETVERSIONS" | b"UPLOADS") | (b"HEAD", b"BUCKET") => Class::List,
        (b"POST", b"OBJECT" | b"BUCKET" | b"UPLOADS" | b"UPLOAD" | b"RESTORE")
        | (b"COPY", b"OBJECT" | b"PART")
        | (b"PUT", b"PART")
        | (b"PUT" | b"DELETE", b"OBJECT_TAGGING") => Class::Write,
        (b"DELETE", b"OBJECT" | b"UPLOAD" | b"BUCKET") | (b"POST", b"MULTI_OBJECT_DELETE") => {
            Class::Delete
        }
        (b"PUT", b"ACL") => Class::Acl,
        (b"OPTIONS" | b"PATCH" | b"COPY", _)
        | (b"POST", b"TORRENT" | b"LOCATION" | b"WEBSITE" | b"NOTIFICATION") => Class::Other,
        (b"GET" | b"HEAD", _) => Class::ConfigRead,
        (b"PUT" | b"POST" | b"DELETE", _) => Class::ConfigWrite,
        _ => Class::Other,
    }
}

/// Whether the class rests on the verb alone, because the name is not listed.
#[must_use]
pub fn is_unknown(operation: &[u8]) -> bool {
    let upper = operation.to_ascii_uppercase();
    let parts = Operation(&upper);
    let verb = parts.verb().unwrap_or_default();
    let noun = parts.noun().unwrap_or_default();
    let lock = is_retention(noun) || is_legal_hold(noun);
    match class_of_upper(&upper) {
        Class::ConfigRead => verb != b"GET" || !(lock || CONFIG.contains(&noun)),
        Class::ConfigWrite => {
            let listed = CONFIG[READ_ONLY..].contains(&noun) && verb != b"POST";
            !(lock || listed || (verb, noun) == (b"PUT", b"BUCKET"))
        }
        Class::Other => {
            let listed = matches!(
                (verb, noun),
                (b"OPTIONS", b"PREFLIGHT")
                    | (b"PATCH", _)
                    | (
                        b"POST",
                        b"TORRENT" | b"LOCATION" | b"WEBSITE" | b"NOTIFICATION"
                    )
                    | (b"COPY", b"NOTIFICATION")
            );
            !(listed && parts.interface() == b"REST") && upper != b"WEBSITE.INVALIDOPERATION"
        }
        _ => false,
    }
}

/// Retention of an object, whose spelling no published log shows.
fn is_retention(noun: &[u8]) -> bool {
    lock_noun(noun) == b"RETENTION"
}

fn is_legal_hold(noun: &[u8]) -> bool {
    matches!(lock_noun(noun), b"LEGAL_HOLD" | b"LEGALHOLD")
}

/// Without what sources disagree about: `OBJECT_LOCK_RETENTION`, `RETENTION`.
fn lock_noun(noun: &[u8]) -> &[u8] {
    let noun = noun.strip_prefix(b"OBJECT_").unwrap_or(noun);
    noun.strip_prefix(b"LOCK_").unwrap_or(noun)
}

/// What of the configuration protects, or leaves traces: verb and nouns.
const WEAKENING: &[(&[u8], &[&[u8]])] = &[
    (
        b"DELETE",
        &[
            b"BUCKETPOLICY",
            b"PUBLIC_ACCESS_BLOCK",
            b"OWNERSHIP_CONTROLS",
            b"ENCRYPTION",
            b"LIFECYCLE",
            b"REPLICATION",
        ],
    ),
    (
        b"PUT",
        &[
            b"LOGGING_STATUS",
            b"VERSIONING",
            b"LIFECYCLE",
            b"OBJECT_LOCK_CONFIGURATION",
        ],
    ),
];

/// What of it decides who outside may read or write.
const EXPOSING: &[(&[u8], &[&[u8]])] = &[
    (
        b"PUT",
        &[
            b"ACL",
            b"BUCKETPOLICY",
            b"PUBLIC_ACCESS_BLOCK",
            b"WEBSITE",
            b"OWNERSHIP_CONTROLS",
        ],
    ),
    (b"DELETE", &[b"PUBLIC_ACCESS_BLOCK", b"OWNERSHIP_CONTROLS"]),
];

/// `weakening`: it may take away protection or traces. Bodies are not logged,
/// so whether it did is not known.
#[must_use]
pub fn is_weakening(operation: Operation<'_>) -> bool {
    is_in(WEAKENING, operation, |verb, noun| {
        verb == b"PUT" && is_retention(noun)
    })
}

/// `exposing`: it may open a bucket or object. Whether it did is not known.
#[must_use]
pub fn is_exposing(operation: Operation<'_>) -> bool {
    is_in(EXPOSING, operation, |_, _| false)
}

fn is_in(
    table: &[(&[u8], &[&[u8]])],
    operation: Operation<'_>,
    or: fn(&[u8], &[u8]) -> bool,
) -> bool {
    if !operation.interface().eq_ignore_ascii_case(b"REST") {
        return false;
    }
    let verb = operation.verb().unwrap_or_default().to_ascii_uppercase();
    let noun = operation.noun().unwrap_or_default().to_ascii_uppercase();
    let listed = |(of, nouns): &(&[u8], &[&[u8]])| *of == verb && nouns.contains(&&noun[..]);
    table.iter().any(listed) || or(&verb, &noun)
}

/// `deleted_object`: not the envelope of a batch, an upload that was given up
/// or a bucket.
#[must_use]
pub fn is_deleted_object(operation: Operation<'_>) -> bool {
    operation.0.eq_ignore_ascii_case(b"REST.DELETE.OBJECT")
        || operation.0.eq_ignore_ascii_case(b"BATCH.DELETE.OBJECT")
}

/// `website`: through a website endpoint, which knows neither TLS nor signing.
#[must_use]
pub fn is_website(operation: Operation<'_>) -> bool {
    operation.interface().eq_ignore_ascii_case(b"WEBSITE")
}

/// A question about an object, by any interface.
#[must_use]
pub fn is_head(operation: Operation<'_>) -> bool {
    let is = |part: Option<&[u8]>, word: &[u8]| part.is_some_and(|p| p.eq_ignore_ascii_case(word));
    is(operation.verb(), b"HEAD") && is(operation.noun(), b"OBJECT")
}

/// The reading half of a copy, `COPY.OBJECT_GET` or `COPY.PART_GET`: on the
/// source bucket's side, without status and bytes.
#[must_use]
pub fn is_copied_from(operation: Operation<'_>) -> bool {
    let is_get = |noun: &[u8]| {
        noun.len()
            .checked_sub(b"_GET".len())
            .is_some_and(|end| noun[end..].eq_ignore_ascii_case(b"_GET"))
    };
    operation
        .verb()
        .is_some_and(|verb| verb.eq_ignore_ascii_case(b"COPY"))
        && operation.noun().is_some_and(is_get)
}

/// Whether the request did what it asked: a 2xx status and no error code. The
/// reading half of a copy has no status; without an error code it is ok.
#[must_use]
#[inline]
pub fn ok(record: &Record<'_>) -> bool {
    record.bytes(Field::ErrorCode).is_none()
        && match record.status() {
            Some(status) => (200..300).contains(&status),
            None => record.operation().is_some_and(is_copied_from),
        }
}

/// `bytes_out` as it stands in the log: what was sent; of a copy, which sends
/// nothing to the caller, the size of the object.
#[must_use]
pub fn bytes_out(record: &Record<'_>) -> Field {
    if record.operation().is_some_and(is_copied_from) {
        Field::ObjectSize
    } else {
        Field::BytesSent
    }
}

#[cfg(test)]
mod tests;
