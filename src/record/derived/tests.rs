//! What the tests of derived fields share, and what holds for all of them.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::geoip::GeoIp;
use crate::ioc::{List, Spec};
use crate::settings::AwsRanges;

/// What stands in a field unless a test says otherwise; anything else is null.
const DEFAULTS: [(Field, &str); 7] = [
    (
        Field::BucketOwnerId,
        "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be",
    ),
    (Field::BucketName, "mybucket"),
    (Field::RequestTime, "06/Feb/2019:00:00:38 +0000"),
    (Field::RemoteIp, "192.0.2.1"),
    (Field::RequestId, "3E57427F3EXAMPLE"),
    (Field::Operation, "REST.GET.OBJECT"),
    (Field::HttpStatus, "200"),
];

fn line(values: &[(Field, &str)]) -> String {
    let fields = Field::ALL[..Field::LOG_COUNT].iter().map(|field| {
        let all = DEFAULTS.iter().chain(values);
        let text = all
            .rev()
            .find(|(of, _)| of == field)
            .map_or("-", |(_, text)| *text);
        match field {
            Field::RequestTime => format!("[{text}]"),
            Field::RequestUri | Field::Referer | Field::UserAgent => format!("\"{text}\""),
            _ => text.to_owned(),
        }
    });
    fields.collect::<Vec<_>>().join(" ")
}

/// What a check finds in a line with these values.
pub(super) fn with<T>(
    values: &[(Field, &str)],
    settings: &Settings,
    check: impl FnOnce(&View<'_, '_>) -> T,
) -> T {
    let line = line(values);
    let record = Record::parse(line.as_bytes()).unwrap_or_else(|error| panic!("{line}: {error}"));
    for (field, text) in values {
        let found = record.bytes(*field).unwrap_or(b"-");
        assert_eq!(String::from_utf8_lossy(found), *text, "{}", field.name());
    }
    check(&View::new(&record, settings))
}

/// A field of a line with these values; `-` when it is null.
pub(super) fn value(field: Field, values: &[(Field, &str)]) -> String {
    value_of(&line(values), field)
}

/// A field of a line; `-` when it is null.
pub(super) fn value_of(line: &str, field: Field) -> String {
    let record = Record::parse(line.as_bytes()).unwrap_or_else(|error| panic!("{line}: {error}"));
    let settings = Settings::default();
    let view = View::new(&record, &settings);
    let value = view.bytes(field).unwrap_or(b"-");
    String::from_utf8_lossy(value).into_owned()
}

#[test]
fn hours_are_counted_from_monday_in_utc() {
    for (time, hour) in [
        ("04/Feb/2019:00:00:00 +0000", "0"),
        ("04/Feb/2019:00:59:59 +0000", "0"),
        ("04/Feb/2019:01:00:00 +0000", "1"),
        ("06/Feb/2019:00:00:38 +0000", "48"),
        ("10/Feb/2019:23:59:59 +0000", "167"),
        ("04/Feb/2019:01:00:00 +0200", "167"),
        ("29/Dec/1969:00:00:00 +0000", "0"),
        ("28/Dec/1969:23:59:59 +0000", "167"),
        ("-", "-"),
    ] {
        let found = value(Field::HourOfWeek, &[(Field::RequestTime, time)]);
        assert_eq!(found, hour, "{time}");
    }
}

#[test]
fn networks_of_no_address_are_null() {
    for field in [
        Field::RemoteHost,
        Field::RemoteNet,
        Field::RemoteWideNet,
        Field::NetworkValue,
    ] {
        assert_eq!(value(field, &[(Field::RemoteIp, "-")]), "-");
    }
    assert_eq!(value(Field::RemoteWideNet, &[]), "192.0.0.0/16");
    let v6 = [(Field::RemoteIp, "2001:db8:1::1")];
    assert_eq!(value(Field::RemoteWideNet, &v6), "2001:db8::/32");
}

#[test]
fn every_derived_field_but_three_has_a_value_somewhere() {
    let ranges = br#"{"createDate": "2026-01-02-03-04-05", "prefixes": [
        {"ip_prefix": "192.0.2.0/24", "region": "eu-west-1"}]}"#;
    let mut settings = Settings {
        work_hours: Some(
            [crate::settings::hours::parse("Mon 08:00-18:00").unwrap()]
                .into_iter()
                .collect(),
        ),
        trusted_networks: Some(["192.0.2.0/24".parse().unwrap()].into_iter().collect()),
        accounts: Some(["111122223333".to_owned()].into()),
        aws_ranges: Some(AwsRanges::parse(ranges, "ip-ranges.json".as_ref()).unwrap()),
        geoip: Some(geoip()),
        ..Settings::default()
    };
    let bad = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(bad.path(), "192.0.2.1\n").unwrap();
    let bad = List::read(Spec::of(bad.path().to_owned())).unwrap();
    settings.add_indicators(vec![bad]).unwrap();
    let values = [
        (
            Field::Requester,
            "arn:aws:sts::111122223333:assumed-role/app/i-0123456789abcdef0",
        ),
        (Field::KeyName, "a/.git/dump.sql"),
        (
            Field::RequestUri,
            "GET /a/.git/dump.sql?X-Amz-Credential=AKIAX%2F1&X-Amz-Expires=60 HTTP/1.1",
        ),
        (Field::ErrorCode, "NoSuchKey"),
        (Field::BytesSent, "7"),
        (Field::UserAgent, "rclone/1.66"),
        (Field::AuthenticationType, "QueryString"),
        (Field::HostHeader, "mybucket.s3.eu-west-1.amazonaws.com"),
    ];
    with(&values, &settings, |view| {
        for field in &Field::ALL[Field::LOG_COUNT..] {
            let found = view.bytes(*field).is_some();
            let elsewhere = matches!(
                field,
                Field::LogBucket | Field::NewPrincipal | Field::NewNetwork
            );
            assert_eq!(found, !elsewhere, "{}", field.name());
        }
    });
}

fn geoip() -> Arc<GeoIp> {
    let files = ["country.mmdb", "asn.mmdb"].map(|name| format!("fixtures/geoip/{name}").into());
    Arc::new(GeoIp::read(&files).unwrap())
}

#[test]
fn where_an_address_is() {
    let ranges = br#"{"createDate": "2026-01-02-03-04-05", "prefixes": [
        {"ip_prefix": "198.51.100.0/24", "region": "eu-west-1", "service": "EC2"}]}"#;
    let settings = Settings {
        aws_ranges: Some(AwsRanges::parse(ranges, "ip-ranges.json".as_ref()).unwrap()),
        geoip: Some(geoip()),
        ..Settings::default()
    };
    let fields = [
        Field::RemoteCountry,
        Field::RemoteAsn,
        Field::RemoteOwner,
        Field::RemoteService,
    ];
    for (address, expected) in [
        ("192.0.2.1", ["DE", "64496", "Example Networks", "-"]),
        (
            "198.51.100.7",
            ["NL", "64500", "Example Hosting B.V.", "EC2"],
        ),
        (
            "::ffff:198.51.100.7",
            ["NL", "64500", "Example Hosting B.V.", "EC2"],
        ),
        ("203.0.113.9", ["-", "65551", "-", "-"]),
        ("2001:db8:ffff::1", ["-", "64511", "Example Six", "-"]),
        ("10.0.0.1", ["-"; 4]),
        ("-", ["-"; 4]),
    ] {
        let values = [(Field::RemoteIp, address)];
        with(&values, &settings, |view| {
            for (field, expected) in fields.into_iter().zip(expected) {
                let found = view.bytes(field).unwrap_or(b"-");
                let found = String::from_utf8_lossy(found).into_owned();
                assert_eq!(found, expected, "{address} {}", field.name());
                assert_eq!(view.flag(field), None);
            }
            let number = view.number(Field::RemoteAsn);
            assert_eq!(number, expected[1].parse().ok(), "{address}");
        });
        with(&values, &Settings::default(), |view| {
            assert!(fields.iter().all(|field| view.bytes(*field).is_none()));
            assert_eq!(view.number(Field::RemoteAsn), None);
        });
    }
}

#[test]
fn a_field_is_what_its_kind_says() {
    with(&[(Field::BytesSent, "7")], &Settings::default(), |view| {
        assert_eq!(view.flag(Field::BucketName), None);
        assert_eq!(view.flag(Field::Tool), None);
        assert_eq!(view.flag(Field::Ok), Some(true));
        assert_eq!(view.number(Field::HttpStatus), Some(200));
        assert_eq!(view.number(Field::BytesOut), Some(7));
        assert_eq!(view.number(Field::BucketName), None);
        assert_eq!(view.number(Field::Ok), None);
    });
}

/// Bytes that mean something to one table or another, and any others.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "%",
        "%25",
        "%2F",
        "%00",
        "/",
        "..",
        "?",
        "&",
        "=",
        ".",
        "*",
        "-",
        "\\",
        "$",
        "{",
        "(",
        "X-Amz-Credential=",
        "X-Amz-Expires=",
        "AWSAccessKeyId=",
        "Expires=",
        "1",
        "99999999999",
        ".s3",
        "s3-",
        "s3express-",
        "eu-west-1",
        ".amazonaws.com",
        ".dualstack",
        ".vpce",
        "bucket.vpce-",
        ":",
        "kali",
        "linux/",
        "aws-sdk-",
        "boto3",
        ".env",
        ".ssh",
        ".pem",
        "ca",
        "dump",
        ".gz",
        "how",
        "to",
        "decrypt",
        "files",
        "_temporary",
        "_$folder$",
        "<?php",
        "() {",
        "é",
        "mybucket",
    ]);
    let piece = prop_oneof![
        known.prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..20).prop_map(|pieces| {
        let mut bytes = pieces.concat();
        // What would end the field or the line is the parser's business.
        bytes.retain(|byte| !matches!(byte, b' ' | b'"' | b'\n' | b'\r'));
        // And so is a field that is empty.
        if bytes.is_empty() {
            bytes.push(b'x');
        }
        bytes
    })
}

proptest! {
    #[test]
    fn whatever_callers_write_a_view_agrees_with_itself(
        key in hostile(),
        uri in hostile(),
        agent in hostile(),
        host in hostile(),
        requester in hostile(),
        operation in hostile(),
        presigned: bool,
    ) {
        let authentication: &[u8] = if presigned { b"QueryString" } else { b"-" };
        let parts: [&[u8]; 27] = [
            b"o", b"mybucket", b"[06/Feb/2019:00:00:38 +0000]", b"192.0.2.1", &requester, b"ID",
            &operation, &key, b"\"GET ", b"200", b"-", b"1", b"1", b"1", b"1", b"\"-\"", b"\"",
            b"-", b"-", b"-", b"-", authentication, &host, b"-", b"-", b"-", b"-",
        ];
        let mut line = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            line.extend_from_slice(part);
            match at {
                8 => line.extend_from_slice(&[&uri, &b" HTTP/1.1\""[..]].concat()),
                16 => line.extend_from_slice(&[&agent, &b"\""[..]].concat()),
                _ => {}
            }
            line.push(b' ');
        }
        let record = Record::parse(&line).unwrap();
        prop_assert_eq!(record.bytes(Field::HostHeader), Some(&host[..]).filter(|h| *h != b"-"));
        let settings = Settings::default();
        let (view, backwards) = (View::new(&record, &settings), View::new(&record, &settings));
        for field in Field::ALL.iter().rev() {
            let _ = backwards.bytes(*field);
        }
        for field in Field::ALL {
            let once = view.bytes(*field).map(<[u8]>::to_vec);
            prop_assert_eq!(view.bytes(*field), once.as_deref(), "{}", field.name());
            prop_assert_eq!(backwards.bytes(*field), once.as_deref(), "{}", field.name());
            match field.kind() {
                Kind::Flag => prop_assert_eq!(
                    view.flag(*field).map(|flag| flag.to_string().into_bytes()), once),
                Kind::Number if !field.is_log() => prop_assert_eq!(
                    view.number(*field).map(|number| number.to_string().into_bytes()), once),
                _ => {}
            }
        }
    }
}
