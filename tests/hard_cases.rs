//! The sixty hard cases of the log format, one test each.
//!
//! A case is an ordinary line with some fields written otherwise. All 27 fields
//! are compared every time, through both entry points, with every line end,
//! alone and between two ordinary lines. The lines are made up: documentation
//! addresses, example ids.

use std::net::IpAddr;

use s3sentry::record::decode::{decode_twice, percent_decode};
use s3sentry::record::parse::is_blank;
use s3sentry::record::{Field, Index, Malformed, Operation, Parser, Record, RequestLine, Value};

const OWNER: &str = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";
const HOST_ID: &str =
    "s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234=";
/// 2019-02-06 00:00:38 UTC.
const TIME: i64 = 1_549_411_238;

/// A line to write, and what it must read as.
#[derive(Clone)]
struct Case {
    raw: Vec<Vec<u8>>,
    values: Vec<Option<Vec<u8>>>,
    extra: Vec<u8>,
    is_ambiguous: bool,
    time: Option<i64>,
    address: Option<IpAddr>,
    status: Option<u16>,
    indent: &'static str,
    gap: &'static str,
}

/// 27 fields, all as AWS writes them for an ordinary download.
fn ordinary() -> Case {
    let mut case = Case {
        raw: Vec::new(),
        values: Vec::new(),
        extra: Vec::new(),
        is_ambiguous: false,
        time: Some(TIME),
        address: "192.0.2.3".parse().ok(),
        status: Some(200),
        indent: "",
        gap: " ",
    };
    let raw = [
        OWNER,
        "amzn-s3-demo-bucket1",
        "[06/Feb/2019:00:00:38 +0000]",
        "192.0.2.3",
        OWNER,
        "3E57427F3EXAMPLE",
        "REST.GET.OBJECT",
        "photos/cat.jpg",
        "\"GET /photos/cat.jpg HTTP/1.1\"",
        "200",
        "-",
        "2662992",
        "3462992",
        "70",
        "10",
        "\"-\"",
        "\"curl/8.4.0\"",
        "-",
        HOST_ID,
        "SigV4",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "AuthHeader",
        "amzn-s3-demo-bucket1.s3.us-west-1.amazonaws.com",
        "TLSv1.2",
        "-",
        "-",
        "us-west-2",
    ];
    for (field, raw) in Field::ALL.iter().zip(raw) {
        case.raw.push(Vec::new());
        case.values.push(None);
        case = case.with(*field, raw);
    }
    case
}

impl Case {
    /// Writes a field otherwise. It reads as what stands between its quotes or
    /// brackets.
    fn with(mut self, field: Field, raw: impl AsRef<[u8]>) -> Self {
        let raw = raw.as_ref();
        let ([b'"', value @ .., b'"'] | [b'[', value @ .., b']'] | value) = raw;
        self.raw[field as usize] = raw.to_vec();
        self.values[field as usize] = Some(value.to_vec());
        self
    }

    fn with_all(self, fields: &[(Field, &str)]) -> Self {
        fields
            .iter()
            .fold(self, |case, (field, raw)| case.with(*field, raw))
    }

    /// A field reads as something else than what stands where it was written.
    fn reads(mut self, field: Field, value: impl AsRef<[u8]>) -> Self {
        self.values[field as usize] = Some(value.as_ref().to_vec());
        self
    }

    /// Ends the line after this many fields.
    fn cut(mut self, fields: usize) -> Self {
        self.raw.truncate(fields);
        self.values.truncate(fields);
        self
    }

    fn extra(mut self, extra: &str) -> Self {
        self.extra = extra.as_bytes().to_vec();
        self
    }

    fn ambiguous(mut self) -> Self {
        self.is_ambiguous = true;
        self
    }

    fn timed(mut self, time: Option<i64>) -> Self {
        self.time = time;
        self
    }

    fn address(mut self, address: Option<&str>) -> Self {
        self.address = address.map(|text| text.parse().expect("an address"));
        self
    }

    fn status(mut self, status: Option<u16>) -> Self {
        let raw = status.map_or("-".to_string(), |status| status.to_string());
        self.status = status;
        self.with(Field::HttpStatus, raw)
    }

    fn line(&self) -> Vec<u8> {
        let mut parts = self.raw.clone();
        if !self.extra.is_empty() {
            parts.push(self.extra.clone());
        }
        [self.indent.as_bytes(), &parts.join(self.gap.as_bytes())].concat()
    }

    fn compare(&self, record: &Record<'_>) {
        let line = self.line().escape_ascii().to_string();
        for (at, field) in Field::ALL[..Field::LOG_COUNT].iter().enumerate() {
            let expected = match self.values.get(at) {
                None => Value::Absent,
                Some(Some(value)) if value != b"-" => Value::Bytes(value),
                Some(_) => Value::Null,
            };
            assert_eq!(record.value(*field), expected, "{field:?} of {line}");
        }
        assert_eq!(record.field_count(), self.values.len(), "{line}");
        assert_eq!(record.extra(), self.extra, "{line}");
        assert_eq!(record.is_ambiguous(), self.is_ambiguous, "{line}");
        assert_eq!(record.time(), self.time, "{line}");
        assert_eq!(record.address(), self.address, "{line}");
        assert_eq!(record.status(), self.status, "{line}");
        assert_eq!(record.line(), self.line().trim_ascii(), "{line}");
    }

    fn check(&self) {
        self.check_and(|_| {});
    }

    /// Reads the line in every way, and says more about each record.
    fn check_and(&self, more: impl Fn(&Record<'_>)) {
        every_way(&self.line(), |parsed| {
            let record = parsed.expect("not blank").expect("well-formed");
            self.compare(&record);
            more(&record);
        });
    }

    /// The line is refused in every way, and this field is named.
    fn refused(&self, field: Field, reason: &str) {
        refused(&self.line(), field, reason);
    }
}

fn refused(line: &[u8], field: Field, reason: &str) {
    every_way(line, |parsed| {
        let error = parsed.expect("not blank").expect_err("malformed");
        assert_eq!((error.field, error.reason), (field, reason));
    });
}

/// Both entry points, all line ends, alone and between two ordinary lines.
fn every_way(line: &[u8], check: impl Fn(Option<Result<Record<'_>, Malformed>>)) {
    let mut index = Index::default();
    let mut parser = Parser::default();
    let neighbour = ordinary();
    for end in ["", "\n", "\r\n"] {
        let alone = [line, end.as_bytes()].concat();
        check((!is_blank(line)).then(|| Record::parse(&alone)));
        if !alone.is_empty() {
            index.build(&alone);
            assert_eq!(index.lines().len(), 1);
            check(parser.indexed(&alone, &index, &index.lines()[0]));
        }

        let feed = if end.is_empty() { "\n" } else { end };
        let mut block = neighbour.line();
        for part in [
            feed.as_bytes(),
            line,
            feed.as_bytes(),
            &neighbour.line(),
            end.as_bytes(),
        ] {
            block.extend_from_slice(part);
        }
        index.build(&block);
        let [before, this, after] = index.lines() else {
            panic!("three lines, not {}", index.lines().len());
        };
        for ordinary in [before, after] {
            let parsed = parser.indexed(&block, &index, ordinary);
            neighbour.compare(&parsed.expect("not blank").expect("well-formed"));
        }
        check(parser.indexed(&block, &index, this));
    }
}

/// 24 fields, each a null.
fn nulls(null: &str) -> Case {
    let mut case = ordinary().cut(24).timed(None).address(None);
    case.status = None;
    for field in &Field::ALL[..24] {
        case = case.with(*field, null).reads(*field, "-");
    }
    case
}

/// One line of a batch delete: no request of its own.
fn batch_delete() -> Case {
    ordinary().status(Some(204)).with_all(&[
        (Field::Operation, "BATCH.DELETE.OBJECT"),
        (Field::RequestUri, "-"),
        (Field::BytesSent, "-"),
        (Field::ObjectSize, "344017"),
        (Field::TotalTime, "-"),
        (Field::TurnAroundTime, "-"),
        (Field::Referer, "-"),
        (Field::UserAgent, "-"),
    ])
}

#[test]
fn case_01_seventeen_fields() {
    ordinary().cut(17).check();
}

#[test]
fn case_02_eighteen_fields() {
    ordinary().cut(18).check();
    ordinary()
        .with(Field::VersionId, "3HL4kqtJvjVBH40Nrjfkd")
        .cut(18)
        .check();
}

#[test]
fn case_03_twenty_three_fields() {
    ordinary().cut(23).check();
}

#[test]
fn case_04_twenty_four_fields() {
    ordinary().cut(24).check();
}

#[test]
fn case_05_access_point_null_acl_absent() {
    ordinary().cut(25).check_and(|record| {
        assert_eq!(record.value(Field::AccessPointArn), Value::Null);
        assert_eq!(record.value(Field::AclRequired), Value::Absent);
    });
}

#[test]
fn case_06_acl_required() {
    ordinary()
        .with(Field::AclRequired, "Yes")
        .cut(26)
        .check_and(|record| assert_eq!(record.bytes(Field::AclRequired), Some(&b"Yes"[..])));
}

#[test]
fn case_07_source_region() {
    ordinary()
        .with(Field::TlsVersion, "TLSv1.3")
        .check_and(|record| assert_eq!(record.bytes(Field::SourceRegion), Some(&b"us-west-2"[..])));
}

#[test]
fn case_08_unknown_field_is_kept() {
    ordinary().extra("Extra").check();
    ordinary().extra("Extra and more").check();
}

#[test]
fn case_09_quoted_unknown_field() {
    // The user agent could also reach to the end of the line: hence the flag.
    ordinary().extra("[123] \"newfield\"").ambiguous().check();
    ordinary().extra("\"new field\"").ambiguous().check();
}

#[test]
fn case_10_cut_after_the_status() {
    ordinary()
        .cut(10)
        .refused(Field::ErrorCode, "the line ends here");
    ordinary()
        .cut(3)
        .refused(Field::RemoteIp, "the line ends here");
    ordinary()
        .cut(8)
        .refused(Field::RequestUri, "the line ends here");
    ordinary()
        .cut(15)
        .refused(Field::Referer, "the line ends here");
}

#[test]
fn case_11_blank_lines() {
    for line in ["", "\r", " ", "\t"] {
        every_way(line.as_bytes(), |parsed| assert!(parsed.is_none()));
        assert!(Record::parse(line.as_bytes()).is_err());
    }
}

#[test]
fn case_12_carriage_return() {
    // Every case is read with CRLF; here the last field is looked at.
    let line = [&ordinary().line()[..], b"\r\n"].concat();
    let record = Record::parse(&line).unwrap();
    assert_eq!(record.bytes(Field::SourceRegion), Some(&b"us-west-2"[..]));
    let line = [&ordinary().cut(17).line()[..], b"\r"].concat();
    let record = Record::parse(&line).unwrap();
    assert_eq!(record.bytes(Field::UserAgent), Some(&b"curl/8.4.0"[..]));
}

#[test]
fn case_13_no_final_line_feed() {
    let block = [ordinary().line(), ordinary().line()].join(&b'\n');
    let mut index = Index::default();
    index.build(&block);
    assert_eq!(index.lines().len(), 2);
    let last = Parser::default().indexed(&block, &index, &index.lines()[1]);
    ordinary().compare(&last.unwrap().unwrap());
}

#[test]
fn case_14_all_null() {
    nulls("-").check();
}

#[test]
fn case_15_all_quoted_null() {
    nulls("\"-\"").check();
}

#[test]
fn case_16_time_null_in_brackets() {
    ordinary()
        .with(Field::RequestTime, "[-]")
        .timed(None)
        .check();
}

#[test]
fn case_17_no_such_month() {
    ordinary()
        .with(Field::RequestTime, "[25/XXX/2020:10:00:00 +0000]")
        .refused(
            Field::RequestTime,
            "not a time such as [06/Feb/2019:00:00:38 +0000]",
        );
}

#[test]
fn case_18_offset_is_applied() {
    ordinary()
        .with(Field::RequestTime, "[06/Feb/2019:02:00:38 +0200]")
        .check();
    ordinary()
        .with(Field::RequestTime, "[05/Feb/2019:18:30:38 -0530]")
        .check();
}

#[test]
fn case_19_no_such_day() {
    ordinary()
        .with(Field::RequestTime, "[45/Nov/2022:10:00:00 +0000]")
        .refused(
            Field::RequestTime,
            "not a time such as [06/Feb/2019:00:00:38 +0000]",
        );
}

#[test]
fn case_20_no_leap_day() {
    ordinary()
        .with(Field::RequestTime, "[29/Feb/2019:10:00:00 +0000]")
        .refused(
            Field::RequestTime,
            "not a time such as [06/Feb/2019:00:00:38 +0000]",
        );
    ordinary()
        .with(Field::RequestTime, "[29/Feb/2020:00:00:38 +0000]")
        .timed(Some(1_582_934_438))
        .check();
}

#[test]
fn case_21_ipv6() {
    ordinary()
        .with(Field::RemoteIp, "2001:db8::1")
        .address(Some("2001:db8::1"))
        .check_and(|record| assert!(record.address().unwrap().is_ipv6()));
}

#[test]
fn case_22_ipv6_that_ends_as_ipv4() {
    ordinary()
        .with(Field::RemoteIp, "2001:db8:89ab:cdef::192.0.2.4")
        .address(Some("2001:db8:89ab:cdef::c000:204"))
        .check_and(|record| assert!(record.address().unwrap().is_ipv6()));
    ordinary()
        .with(Field::RemoteIp, "192.0.2.256")
        .refused(Field::RemoteIp, "not an IPv4 or IPv6 address");
}

#[test]
fn case_23_service_without_address() {
    ordinary()
        .with(Field::RemoteIp, "-")
        .address(None)
        .with(Field::Requester, "svc:delivery.logs.amazonaws.com")
        .check();
}

#[test]
fn case_24_two_spaces_separate_as_one() {
    let mut case = ordinary();
    case.gap = "  ";
    case.check();
    case.extra = b"Extra".to_vec();
    case.check();
}

#[test]
fn case_25_two_spaces_in_a_user_agent() {
    ordinary()
        .with(Field::UserAgent, "\"aws-sdk  java/1.11\"")
        .check();
}

#[test]
fn case_26_brackets_in_a_user_agent() {
    ordinary().with(Field::UserAgent, "\"[]  Windows\"").check();
    ordinary().with(Field::UserAgent, "\"Win[ s]dows\"").check();
}

#[test]
fn case_27_owner_of_unusual_length() {
    ordinary().with(Field::BucketOwnerId, &OWNER[1..]).check();
    ordinary()
        .with(Field::BucketOwnerId, format!("{OWNER}ab"))
        .check();
    ordinary().with(Field::BucketOwnerId, "abc").check();
}

#[test]
fn case_28_key_encoded_twice() {
    ordinary()
        .with(Field::KeyName, "date_%253D2021/part")
        .with(Field::RequestUri, "\"GET /date_%3D2021/part HTTP/1.1\"")
        .check_and(|record| {
            let key = record.bytes(Field::KeyName).unwrap();
            assert_eq!(*percent_decode(key), *b"date_%3D2021/part");
            assert_eq!(*decode_twice(key), *b"date_=2021/part");
        });
}

#[test]
fn case_29_plus_means_itself() {
    ordinary()
        .with(Field::KeyName, "Screen+Shot+1.png")
        .check_and(|record| {
            let key = record.bytes(Field::KeyName).unwrap();
            assert_eq!(*decode_twice(key), *b"Screen+Shot+1.png");
        });
}

#[test]
fn case_30_quote_encoded_twice() {
    ordinary()
        .with(Field::KeyName, "a%2522b")
        .check_and(|record| {
            let key = record.bytes(Field::KeyName).unwrap();
            assert_eq!(*percent_decode(key), *b"a%22b");
            assert_eq!(*decode_twice(key), *b"a\"b");
        });
}

#[test]
fn case_31_literal_keys() {
    for key in [".", "/", "a/*.fastq*", "-bPf7", "--"] {
        ordinary().with(Field::KeyName, key).check();
    }
}

#[test]
fn case_32_bad_escape_is_kept() {
    ordinary()
        .with(Field::KeyName, "key%zz")
        .check_and(|record| {
            let key = record.bytes(Field::KeyName).unwrap();
            assert_eq!(*percent_decode(key), *b"key%zz");
            assert_eq!(*decode_twice(key), *b"key%zz");
        });
}

#[test]
fn case_33_quote_and_version_in_the_uri() {
    ordinary()
        .with(Field::RequestUri, "\"GET /\" HTTP/1.1\"")
        .status(Some(403))
        .with(Field::ErrorCode, "AccessDenied")
        .check_and(|record| {
            assert_eq!(
                record.request_line(),
                Some(RequestLine {
                    method: b"GET",
                    target: Some(b"/\""),
                    version: Some(b"HTTP/1.1"),
                })
            );
        });
}

#[test]
fn case_34_quotes_in_a_presigned_uri() {
    ordinary()
        .with(
            Field::RequestUri,
            "\"GET /k?response-content-disposition=attachment;filename=\"x.json\"&X-Amz-Expires=60 HTTP/1.1\"",
        )
        .check();
}

#[test]
fn case_35_thinkphp_probe() {
    ordinary()
        .status(Some(404))
        .with_all(&[
            (Field::KeyName, "index.php"),
            (
                Field::RequestUri,
                "\"GET /?s=/index/\\think\\app/invokefunction&vars[1][]=<?php_echo(\"x\");?> HTTP/1.1\"",
            ),
            (Field::ErrorCode, "NoSuchKey"),
            (Field::BytesSent, "272"),
            (Field::ObjectSize, "-"),
            (
                Field::Referer,
                "\"http://192.0.2.9/?s=/index/\\think\\app&c=echo \"x\" > a.php\"",
            ),
            (
                Field::UserAgent,
                "\"Mozilla/5.0 (compatible; Baiduspider/2.0)\"",
            ),
        ])
        .check_and(|record| assert_eq!(record.number(Field::BytesSent), Some(272)));
}

#[test]
fn case_36_user_agent_begins_with_a_quote() {
    ordinary()
        .with(Field::UserAgent, "\"\"Mozilla/5.0 Safari/537.36\"")
        .check();
}

#[test]
fn case_37_user_agent_ends_with_a_quote() {
    ordinary()
        .with(Field::UserAgent, "\"Mozilla/5.0 Safari/604.1\"\"")
        .check();
}

#[test]
fn case_38_json_in_a_user_agent() {
    ordinary()
        .with(
            Field::UserAgent,
            r#""pip/19.1 {"ci":null,"cpu":"x86_64","distro":{"name":"Example Linux","version":"9"}}""#,
        )
        .check_and(|record| assert_eq!(record.value(Field::Referer), Value::Null));
}

#[test]
fn case_39_shellshock() {
    let probe = "\"() { :;}; echo; echo \"m\"\"";
    ordinary()
        .with_all(&[(Field::Referer, probe), (Field::UserAgent, probe)])
        .check();
}

#[test]
fn case_40_forged_tail_in_a_referer() {
    ordinary()
        .with(Field::Referer, "\"a\" \"x\" - h SigV4\"")
        .reads(Field::Referer, "a")
        .reads(Field::UserAgent, "x\" - h SigV4\" \"curl/8.4.0")
        .ambiguous()
        .check();
}

#[test]
fn case_41_backslash_before_the_quote() {
    ordinary()
        .with(Field::UserAgent, r#""D:\\sratool\""#)
        .check();
}

#[test]
fn case_42_empty_user_agent() {
    ordinary()
        .with(Field::UserAgent, "\"\"")
        .check_and(|record| assert_eq!(record.value(Field::UserAgent), Value::Bytes(b"")));
    ordinary().with(Field::UserAgent, "\"\"").cut(17).check();
}

#[test]
fn case_43_bare_null_user_agent() {
    ordinary()
        .with(Field::Referer, "\"https://example.com/\"")
        .with(Field::UserAgent, "-")
        .check();
    ordinary().with(Field::Referer, "-").check();
}

#[test]
fn case_44_batch_delete() {
    batch_delete().cut(24).check_and(|record| {
        assert_eq!(record.number(Field::ObjectSize), Some(344_017));
        assert_eq!(record.value(Field::TotalTime), Value::Null);
        assert_eq!(record.request_line(), None);
    });
}

#[test]
fn case_45_copy_source_without_status() {
    batch_delete()
        .status(None)
        .with(Field::Operation, "REST.COPY.OBJECT_GET")
        .check();
}

#[test]
fn case_46_lifecycle() {
    ordinary()
        .status(None)
        .address(None)
        .with_all(&[
            (Field::RemoteIp, "-"),
            (Field::Requester, "AmazonS3"),
            (Field::Operation, "S3.EXPIRE.OBJECT"),
            (Field::RequestUri, "\"-\""),
            (Field::BytesSent, "-"),
            (Field::ObjectSize, "317"),
            (Field::TotalTime, "-"),
            (Field::TurnAroundTime, "-"),
            (Field::UserAgent, "\"-\""),
            (Field::VersionId, "3HL4kqtJvjVBH40Nrjfkd"),
            (Field::SignatureVersion, "-"),
            (Field::CipherSuite, "-"),
            (Field::AuthenticationType, "-"),
            (Field::HostHeader, "-"),
            (Field::TlsVersion, "-"),
        ])
        .check_and(|record| {
            assert_eq!(record.number(Field::ObjectSize), Some(317));
            assert_eq!(record.bytes(Field::HostId), Some(HOST_ID.as_bytes()));
        });
}

#[test]
fn case_47_operation_of_four_parts() {
    ordinary()
        .with(Field::Operation, "S3.COMPUTE.OBJECT.CHECKSUM")
        .check_and(|record| {
            let operation = record.operation().unwrap();
            assert_eq!(operation.parts().count(), 4);
            assert_eq!(operation.interface(), b"S3");
            assert_eq!(operation.verb(), Some(&b"COMPUTE"[..]));
            assert_eq!(operation.noun(), Some(&b"OBJECT.CHECKSUM"[..]));
        });
}

#[test]
fn case_48_soap() {
    ordinary()
        .with_all(&[
            (Field::Operation, "SOAP.PUT.OBJECT"),
            (Field::RequestUri, "\"POST /soap/ HTTP/1.1\""),
        ])
        .check();
    ordinary()
        .with(Field::Operation, "SOAP.CreateBucket")
        .check_and(|record| {
            let operation = Operation(b"SOAP.CreateBucket");
            assert_eq!(record.operation(), Some(operation));
            assert_eq!(operation.noun(), None);
        });
}

#[test]
fn case_49_unknown_operation() {
    ordinary()
        .with_all(&[
            (Field::Operation, "REST.OPTIONS.FAKE"),
            (Field::RequestUri, "\"OPTIONS * HTTP/1.0\""),
        ])
        .check_and(|record| {
            let line = record.request_line().unwrap();
            assert_eq!(
                (line.method, line.target),
                (&b"OPTIONS"[..], Some(&b"*"[..]))
            );
        });
}

#[test]
fn case_50_request_line_without_version() {
    for (uri, target) in [
        ("\"GET /photos/cat.jpg\"", Some(&b"/photos/cat.jpg"[..])),
        ("\"GET\"", None),
    ] {
        ordinary().with(Field::RequestUri, uri).check_and(|record| {
            assert_eq!(
                record.request_line(),
                Some(RequestLine {
                    method: b"GET",
                    target,
                    version: None,
                })
            );
        });
    }
}

#[test]
fn case_51_status_that_is_text() {
    let case = ordinary().with(Field::HttpStatus, "OK");
    case.refused(Field::HttpStatus, "not a status of three digits");
    let line = case.line();
    let error = Record::parse(&line).unwrap_err();
    assert_eq!(
        error.to_string(),
        "field 10 (http_status): not a status of three digits"
    );
    ordinary()
        .with(Field::BytesSent, "1e3")
        .refused(Field::BytesSent, "not a whole number");
    ordinary()
        .with(Field::TurnAroundTime, "-1")
        .refused(Field::TurnAroundTime, "not a whole number");
}

#[test]
fn case_52_host_id_of_two_tokens() {
    ordinary()
        .with(Field::HostId, format!("AIDACKCEVSQ6C2EXAMPLE {HOST_ID}"))
        .check();
    // Behind a null the first token could be the version id, and the user agent
    // null, if it does not look like what AWS put there.
    let version = format!("3HL4kqtJvjVBH40Nrjfkd {HOST_ID}");
    let case = ordinary().with(Field::HostId, version);
    case.clone().ambiguous().check();
    case.with(Field::VersionId, "null").check();
}

#[test]
fn case_53_host_id_begins_with_a_dash() {
    ordinary()
        .with(Field::HostId, "-bPf7/Vvag1LuByRx9e6j5Onimru9pO4ZVKnJ2Qz7=")
        .check();
}

#[test]
fn case_54_two_records_merged() {
    let whole = ordinary().line();
    let text = String::from_utf8(whole.clone()).unwrap();
    let merged = |part: &str| {
        let cut = text.find(part).unwrap() + part.len();
        [&whole[..cut], &whole[..]].concat()
    };
    let two = "two records stand on one line";
    for (part, field, reason) in [
        ("amzn-s3", Field::RequestTime, "expected [ or -"),
        (
            "[06/Feb",
            Field::RequestTime,
            "not a time such as [06/Feb/2019:00:00:38 +0000]",
        ),
        ("192.0", Field::RequestUri, "expected a quote or -"),
        ("\"GET /pho", Field::RequestUri, two),
        ("HTTP/1.1\" 20", Field::RequestUri, two),
        ("26629", Field::RequestUri, two),
    ] {
        refused(&merged(part), field, reason);
    }
    // Further right a caller could have written all of the second record, and
    // may not make the first one vanish.
    for part in ["10 \"-", "curl", "s9lz", "SigV"] {
        every_way(&merged(part), |parsed| {
            let record = parsed.unwrap().unwrap();
            assert!(record.is_ambiguous());
            assert_eq!(record.status(), Some(200));
        });
    }
}

#[test]
fn case_55_nul_is_literal() {
    ordinary()
        .with(Field::RequestUri, b"\"GET /a\0b HTTP/1.1\"")
        .with(Field::UserAgent, b"\"\0\"")
        .with(Field::KeyName, b"\0")
        .check();
    ordinary()
        .with(Field::HttpStatus, b"\0")
        .refused(Field::HttpStatus, "not a status of three digits");
}

#[test]
fn case_56_bytes_that_are_not_utf8() {
    ordinary()
        .with(Field::RequestUri, b"\"GET /\xbd\xff HTTP/1.1\"")
        .with(Field::Referer, b"\"\xbd\"")
        .with(Field::UserAgent, b"\"\xc3\x28\"")
        .check();
}

#[test]
fn case_57_object_size_beyond_32_bits() {
    ordinary()
        .with(Field::ObjectSize, "400713583012")
        .check_and(|record| {
            assert_eq!(record.number(Field::ObjectSize), Some(400_713_583_012));
        });
    ordinary()
        .with(Field::ObjectSize, u64::MAX.to_string())
        .check_and(|record| assert_eq!(record.number(Field::ObjectSize), Some(u64::MAX)));
    ordinary()
        .with(Field::ObjectSize, "18446744073709551616")
        .refused(Field::ObjectSize, "not a whole number");
}

#[test]
fn case_58_not_modified() {
    ordinary()
        .status(Some(304))
        .with_all(&[
            (Field::BytesSent, "-"),
            (Field::ObjectSize, "828"),
            (Field::TotalTime, "3"),
            (Field::TurnAroundTime, "-"),
        ])
        .check_and(|record| assert_eq!(record.number(Field::BytesSent), None));
}

#[test]
fn case_59_host_headers() {
    for host in [
        "s3-us-west-2.amazonaws.com",
        "amzn-s3-demo-bucket1.s3.cn-north-1.amazonaws.com.cn",
        "[2001:db8::1]:443",
    ] {
        let mut case = ordinary().with(Field::HostHeader, host);
        case = case.reads(Field::HostHeader, host);
        case.check();
    }
}

#[test]
fn case_60_indentation_is_trimmed() {
    for indent in [" ", "        ", "\t"] {
        let mut case = ordinary();
        case.indent = indent;
        case.check();
    }
}
