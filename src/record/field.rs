//! The fields a rule can name: one row each.
//!
//! First the fields of the log itself, in the order in which they stand on a
//! line and under the names that AWS uses in its own JSON delivery of the same
//! log; then the derived fields, each a pure function of one record and the
//! settings. Nothing about matching or output belongs here.

/// What the value of a field is, which decides how it is compared and printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Bytes, usually but not always UTF-8.
    Text,
    /// An unsigned whole number.
    Number,
    /// `true` or `false`.
    Flag,
}

macro_rules! fields {
    ($($(#[doc = $doc:literal])* $variant:ident $name:literal $kind:ident,)*) => {
        /// One field of a record, of the log or derived.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Field { $($(#[doc = $doc])* $variant,)* }

        impl Field {
            /// Every field, log fields first and in line order.
            pub const ALL: &'static [Field] = &[$(Field::$variant,)*];

            /// The name in rules and in every output.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Field::$variant => $name,)* }
            }

            /// What its values are.
            #[must_use]
            pub const fn kind(self) -> Kind {
                match self { $(Field::$variant => Kind::$kind,)* }
            }
        }
    };
}

fields! {
    /// 1: canonical id of the bucket's owner.
    BucketOwnerId "bucket_owner_id" Text,
    /// 2: bucket.
    BucketName "bucket_name" Text,
    /// 3: time the request was received, as written between the brackets.
    RequestTime "request_time" Text,
    /// 4: address of the requester, IPv4 or IPv6.
    RemoteIp "remote_ip" Text,
    /// 5: ARN, canonical id or service of the requester; null when unauthenticated.
    Requester "requester" Text,
    /// 6: request id; the lines of one batch delete or copy share it.
    RequestId "request_id" Text,
    /// 7: operation, such as `REST.GET.OBJECT`; an open set.
    Operation "operation" Text,
    /// 8: key, URL-encoded, in practice twice.
    KeyName "key_name" Text,
    /// 9: request line between its quotes, nothing escaped.
    RequestUri "request_uri" Text,
    /// 10: HTTP status.
    HttpStatus "http_status" Number,
    /// 11: S3 error code.
    ErrorCode "error_code" Text,
    /// 12: bytes sent, without protocol overhead; null when zero.
    BytesSent "bytes_sent" Number,
    /// 13: size of the object, bytes.
    ObjectSize "object_size" Number,
    /// 14: milliseconds from request to last byte.
    TotalTime "total_time" Number,
    /// 15: milliseconds that S3 took to process the request.
    TurnAroundTime "turn_around_time" Number,
    /// 16: `Referer` header between its quotes, nothing escaped.
    Referer "referer" Text,
    /// 17: `User-Agent` header between its quotes, nothing escaped.
    UserAgent "user_agent" Text,
    /// 18: version id of the object.
    VersionId "version_id" Text,
    /// 19: extended request id.
    HostId "host_id" Text,
    /// 20: `SigV2` or `SigV4`.
    SignatureVersion "signature_version" Text,
    /// 21: TLS cipher; null for plain HTTP.
    CipherSuite "cipher_suite" Text,
    /// 22: `AuthHeader` or `QueryString`.
    AuthenticationType "authentication_type" Text,
    /// 23: `Host` header.
    HostHeader "host_header" Text,
    /// 24: TLS version.
    TlsVersion "tls_version" Text,
    /// 25: ARN of the access point.
    AccessPointArn "access_point_arn" Text,
    /// 26: `Yes` when only an ACL allowed the request.
    AclRequired "acl_required" Text,
    /// 27: AWS region that the request came from.
    SourceRegion "source_region" Text,

    /// How the requester is known: `anonymous`, `assumed-role`, ...
    RequesterType "requester_type" Text,
    /// Account number of the requester, `owner`, or a foreign canonical id.
    RequesterAccount "requester_account" Text,
    /// The requester without a role's session, except for a person's.
    Principal "principal" Text,
    /// Session name of an assumed role.
    SessionName "session_name" Text,
    /// The principal, or the host of an anonymous caller.
    Actor "actor" Text,
    /// AWS's own work inside the account: no address, and a service.
    Internal "internal" Flag,
    /// `read`, `list`, `write`, ...
    OperationClass "operation_class" Text,
    /// The key, decoded twice.
    ObjectKey "object_key" Text,
    /// Last part of the decoded key's path.
    KeyLast "key_last" Text,
    /// The request did what it asked: a 2xx status and no error code.
    Ok "ok" Flag,
    /// Authenticated by query string.
    Presigned "presigned" Flag,
    /// `none`, `private` or `public`.
    AddressClass "address_class" Text,
    /// The address, IPv6 by /64.
    RemoteHost "remote_host" Text,
    /// The address's /24, IPv6 /48.
    RemoteNet "remote_net" Text,
    /// What an unknown network is called: the /24, IPv6 /64.
    NetworkValue "network_value" Text,
    /// A public address outside `trusted_networks`; null while that list is not set.
    UnknownNetwork "unknown_network" Flag,
    /// Somebody the owner has no reason to know.
    Stranger "stranger" Flag,
}

impl Field {
    /// How many fields of the log the documentation names.
    pub const LOG_COUNT: usize = 27;

    /// Whether the field stands on the line itself.
    #[must_use]
    pub const fn is_log(self) -> bool {
        (self as usize) < Self::LOG_COUNT
    }

    /// The field of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_fields_come_first_and_names_are_unique() {
        assert_eq!(Field::SourceRegion as usize + 1, Field::LOG_COUNT);
        for (index, field) in Field::ALL.iter().enumerate() {
            assert_eq!(*field as usize, index);
            assert_eq!(Field::from_name(field.name()), Some(*field));
        }
        assert_eq!(Field::from_name("remoteip"), None);
    }
}
