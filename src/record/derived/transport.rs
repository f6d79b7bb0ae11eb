//! How a request was carried: without TLS, or with an old one.

use super::super::{Field, Record, Value};

/// Versions that AWS has turned off for newer endpoints, in the log's spelling
/// (<https://aws.amazon.com/blogs/security/tls-1-2-required-for-aws-endpoints/>).
const LEGACY: [&[u8]; 3] = [b"TLSv1", b"TLSv1.0", b"TLSv1.1"];

/// `plaintext`: a REST request that a caller sent, whose line has the fields
/// of TLS and says that there was none. Lines from before those fields say
/// nothing, websites have no TLS, and AWS's own work has no request line.
#[must_use]
pub fn is_plaintext(record: &Record<'_>) -> bool {
    let none = |field| record.value(field) == Value::Null;
    none(Field::CipherSuite)
        && none(Field::TlsVersion)
        && record.bytes(Field::RequestUri).is_some()
        && record
            .operation()
            .is_some_and(|operation| operation.interface().eq_ignore_ascii_case(b"REST"))
}

/// `legacy_tls`.
#[must_use]
pub fn is_legacy(record: &Record<'_>) -> bool {
    record.bytes(Field::TlsVersion).is_some_and(|version| {
        LEGACY
            .iter()
            .any(|legacy| legacy.eq_ignore_ascii_case(version))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{value, value_of};
    use super::*;

    #[test]
    fn a_request_without_tls_is_plaintext() {
        let uri = "GET /k HTTP/1.1";
        for (operation, cipher, version, uri, plaintext) in [
            ("REST.GET.OBJECT", "-", "-", uri, "true"),
            ("rest.put.object", "-", "-", uri, "true"),
            ("REST.GET.OBJECT", "ECDHE", "TLSv1.2", uri, "false"),
            ("REST.GET.OBJECT", "-", "TLSv1.2", uri, "false"),
            ("REST.GET.OBJECT", "ECDHE", "-", uri, "false"),
            ("REST.COPY.OBJECT_GET", "-", "-", "-", "false"),
            ("WEBSITE.GET.OBJECT", "-", "-", uri, "false"),
            ("S3.EXPIRE.OBJECT", "-", "-", "-", "false"),
            ("-", "-", "-", uri, "false"),
        ] {
            let values = [
                (Field::Operation, operation),
                (Field::CipherSuite, cipher),
                (Field::TlsVersion, version),
                (Field::RequestUri, uri),
            ];
            assert_eq!(value(Field::Plaintext, &values), plaintext, "{values:?}");
        }
    }

    #[test]
    fn a_line_from_before_the_fields_says_nothing() {
        let line = "o b [06/Feb/2019:00:00:38 +0000] 192.0.2.1 - ID REST.GET.OBJECT k \"GET /k HTTP/1.1\" 200 - 1 1 1 1 \"-\" \"-\" - host= - - - h";
        assert_eq!(value_of(line, Field::Plaintext), "false");
        assert_eq!(value_of(&format!("{line} -"), Field::Plaintext), "true");
    }

    #[test]
    fn old_versions_are_legacy() {
        for (version, legacy) in [
            ("TLSv1", "true"),
            ("TLSv1.0", "true"),
            ("TLSV1.1", "true"),
            ("TLSv1.2", "false"),
            ("TLSv1.3", "false"),
            ("TLSv1.11", "false"),
            ("-", "false"),
        ] {
            let values = [(Field::TlsVersion, version)];
            assert_eq!(value(Field::LegacyTls, &values), legacy, "{version}");
        }
    }
}
