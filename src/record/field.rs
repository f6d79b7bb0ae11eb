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

    // Who.
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
    /// Root, an IAM user, or a session of IAM Identity Center.
    Person "person" Flag,
    /// A session named as EC2 names those of its instances.
    Ec2Session "ec2_session" Flag,
    /// Of an account in neither `accounts` nor `trusted_accounts`; null while
    /// `accounts` is not set.
    ForeignAccount "foreign_account" Flag,
    /// Somebody the owner has no reason to know.
    Stranger "stranger" Flag,
    /// A principal that the baseline does not know; null where there is none.
    NewPrincipal "new_principal" Flag,

    // From where.
    /// `none`, `private` or `public`.
    AddressClass "address_class" Text,
    /// The address, IPv6 by /64.
    RemoteHost "remote_host" Text,
    /// The address's /24, IPv6 /48.
    RemoteNet "remote_net" Text,
    /// The address's /16, IPv6 /32.
    RemoteWideNet "remote_wide_net" Text,
    /// What an unknown network is called: the /24, IPv6 /64, or AWS's region.
    NetworkValue "network_value" Text,
    /// One of AWS's own public addresses; null while `aws_ranges` is not set.
    AwsAddress "aws_address" Flag,
    /// A public address outside `trusted_networks`, and not AWS's in the bucket's
    /// region, where no service's role of an own account asks; null while that
    /// list is not set.
    UnknownNetwork "unknown_network" Flag,
    /// A network that the baseline does not know of this account; null where
    /// there is none.
    NewNetwork "new_network" Flag,

    // Where in the world, and in whose network.
    /// Country of the address, ISO 3166-1 alpha-2.
    RemoteCountry "remote_country" Text,
    /// Number of the autonomous system that the address is in.
    RemoteAsn "remote_asn" Number,
    /// Name of the organisation that the autonomous system belongs to.
    RemoteOwner "remote_owner" Text,
    /// The service of AWS that the address is used by.
    RemoteService "remote_service" Text,

    // On which list of what is known to be bad.
    /// The list that the record is on; null while `ioc` is not set.
    IocList "ioc_list" Text,
    /// The entry of that list, as it is written there.
    IocEntry "ioc_entry" Text,
    /// The level of that list: `informational` to `critical`.
    IocLevel "ioc_level" Text,

    // What was asked for, and when.
    /// `read`, `list`, `write`, ...
    OperationClass "operation_class" Text,
    /// The request deletes an object: alone, or as one of a batch.
    DeletedObject "deleted_object" Flag,
    /// It takes away protection or traces.
    Weakening "weakening" Flag,
    /// It decides who outside may read or write.
    Exposing "exposing" Flag,
    /// It came through a website endpoint.
    Website "website" Flag,
    /// Hour of the week in UTC, 0 to 167; 0 begins on Monday at midnight.
    HourOfWeek "hour_of_week" Number,
    /// Outside `work_hours`; null while that list is not set.
    OffHours "off_hours" Flag,

    // How it ended.
    /// The request did what it asked: a 2xx status and no error code.
    Ok "ok" Flag,
    /// The caller has the content: `ok`, or 304.
    Readable "readable" Flag,
    /// What kind of error the error code is: `denied`, `key-miss`, ...
    ErrorClass "error_class" Text,
    /// The bucket's owner pays for the request.
    Billed "billed" Flag,
    /// Bytes that left: those sent, or the size of an object that was copied.
    BytesOut "bytes_out" Number,

    // How it was signed and carried, and by which client.
    /// Authenticated by query string.
    Presigned "presigned" Flag,
    /// Access key id of a presigned request.
    PresignedCredential "presigned_credential" Text,
    /// How long a presigned request is valid, seconds.
    PresignedExpires "presigned_expires" Number,
    /// Without TLS.
    Plaintext "plaintext" Flag,
    /// With TLS 1.0 or 1.1.
    LegacyTls "legacy_tls" Flag,
    /// What kind of tool the user agent names: `attack-web`, `bulk`, ...
    Tool "tool" Text,
    /// The client by name, without version.
    UserAgentFamily "user_agent_family" Text,

    // On which bucket.
    /// The bucket that the host or path names: of a copy, the destination.
    HostBucket "host_bucket" Text,
    /// The bucket's region, as the host says.
    BucketRegion "bucket_region" Text,
    /// The bucket that the log itself came from; null for local files.
    LogBucket "log_bucket" Text,

    // On which key.
    /// The key, decoded twice.
    ObjectKey "object_key" Text,
    /// The decoded key up to its last slash.
    KeyPrefix "key_prefix" Text,
    /// Last part of the decoded key's path.
    KeyLast "key_last" Text,
    /// The last part's extension with its dot, in lower case.
    KeySuffix "key_suffix" Text,
    /// `secret`, `note`, `bulk` or `none`.
    KeyTier "key_tier" Text,
    /// The bucket's own name is a part of the key's path.
    KeyHasBucket "key_has_bucket" Flag,
    /// What Hadoop and Spark write on their way to a result.
    Staging "staging" Flag,
    /// What browsers, Spark and SDKs ask for whether or not it is there.
    BenignMiss "benign_miss" Flag,
    /// Named like a delivered access log.
    LogObject "log_object" Flag,
    /// What kind of web attack the URI or key is a try of: `traversal`, ...
    Probe "probe" Text,
    /// The string that says so.
    ProbeMatch "probe_match" Text,
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
