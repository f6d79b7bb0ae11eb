//! Operations and error codes in classes: the tables behind `operation_class`
//! and `ok`.
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

/// Nouns of configuration that can be read.
const CONFIG: [&[u8]; 22] = [
    b"ACL",
    b"BUCKETPOLICY",
    b"POLICY_STATUS",
    b"PUBLIC_ACCESS_BLOCK",
    b"OWNERSHIP_CONTROLS",
    b"VERSIONING",
    b"LOGGING_STATUS",
    b"LOCATION",
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
    let noun = Operation(&upper).noun().unwrap_or_default();
    let locked = noun.ends_with(b"RETENTION")
        || noun.ends_with(b"LEGAL_HOLD")
        || noun.ends_with(b"LEGALHOLD");
    match class_of_upper(&upper) {
        Class::ConfigRead => !CONFIG.contains(&noun),
        Class::ConfigWrite => noun != b"BUCKET" && !locked && !CONFIG.contains(&noun),
        Class::Other => true,
        _ => false,
    }
}

/// Whether the request did what it asked: a 2xx status and no error code. The
/// reading half of a copy has no status; without an error code it is ok.
#[must_use]
#[inline]
pub fn ok(record: &Record<'_>) -> bool {
    record.bytes(Field::ErrorCode).is_none()
        && match record.status() {
            Some(status) => (200..300).contains(&status),
            None => record.bytes(Field::Operation).is_some_and(|operation| {
                matches!(
                    operation.to_ascii_uppercase().as_slice(),
                    b"REST.COPY.OBJECT_GET" | b"REST.COPY.PART_GET"
                )
            }),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_operation_has_its_class() {
        let table: [(&str, &str); 10] = [
            (
                "lifecycle",
                "S3.EXPIRE.OBJECT S3.CREATE.DELETEMARKER S3.TRANSITION_SIA.OBJECT S3.COMPUTE.OBJECT.CHECKSUM S3.DELETE.UPLOAD",
            ),
            (
                "read",
                "REST.GET.OBJECT REST.COPY.OBJECT_GET REST.COPY.PART_GET REST.POST.SELECT WEBSITE.GET.OBJECT REST.GET.TORRENT SOAP.GET.OBJECT rest.get.object",
            ),
            (
                "metadata",
                "REST.HEAD.OBJECT WEBSITE.HEAD.OBJECT REST.GET.OBJECT_ATTRIBUTES REST.POST.OBJECT_ATTRIBUTES REST.GET.OBJECT_TAGGING REST.GET.UPLOAD REST.HEAD.TORRENT",
            ),
            (
                "list",
                "REST.GET.BUCKET REST.GET.BUCKETVERSIONS REST.GET.UPLOADS REST.HEAD.BUCKET",
            ),
            (
                "write",
                "REST.PUT.OBJECT REST.POST.OBJECT REST.POST.BUCKET REST.COPY.OBJECT REST.COPY.PART REST.POST.UPLOADS REST.PUT.PART REST.POST.UPLOAD REST.PUT.OBJECT_TAGGING REST.DELETE.OBJECT_TAGGING REST.POST.RESTORE SOAP.PUT.OBJECT",
            ),
            (
                "delete",
                "REST.DELETE.OBJECT BATCH.DELETE.OBJECT REST.DELETE.UPLOAD REST.POST.MULTI_OBJECT_DELETE REST.DELETE.BUCKET",
            ),
            ("acl", "REST.PUT.ACL"),
            (
                "config-read",
                "REST.GET.ACL REST.GET.BUCKETPOLICY REST.GET.POLICY_STATUS REST.GET.LOCATION REST.GET.OBJECT_LOCK_CONFIGURATION REST.GET.NEWTHING REST.HEAD.NEWTHING",
            ),
            (
                "config-write",
                "REST.PUT.BUCKET REST.PUT.BUCKETPOLICY REST.DELETE.BUCKETPOLICY REST.PUT.LOGGING_STATUS REST.PUT.OBJECT_LOCK_RETENTION REST.PUT.LEGAL_HOLD REST.POST.NEWTHING",
            ),
            (
                "other",
                "REST.OPTIONS.PREFLIGHT WEBSITE.INVALIDOPERATION REST.PATCH.OBJECT REST.POST.TORRENT REST.POST.WEBSITE REST.COPY.NOTIFICATION SOAP.CreateBucket X",
            ),
        ];
        for (name, operations) in table {
            for operation in operations.split(' ') {
                assert_eq!(class(operation.as_bytes()).as_str(), name, "{operation}");
            }
        }
        assert!(is_unknown(b"REST.GET.NEWTHING"));
        assert!(!is_unknown(b"REST.PUT.BUCKETPOLICY"));
    }
}
