//! The two parsers against each other. What a line means is tested in
//! `tests/hard_cases.rs`, case by case.

use proptest::prelude::*;

use super::super::Value;
use super::*;

/// Every value a record gives, for comparison.
fn values<'a>(record: &Record<'a>) -> (Vec<Value<'a>>, &'a [u8], bool, Option<i64>) {
    let values = Field::ALL[..Field::LOG_COUNT]
        .iter()
        .map(|field| record.value(*field))
        .collect();
    (values, record.extra(), record.is_ambiguous(), record.time())
}

fn agree(block: &[u8]) -> usize {
    let mut index = Index::default();
    index.build(block);
    let mut fast = 0;
    let mut dates = DateCache::default();
    for line in index.lines() {
        let text = &block[line.start as usize..line.end as usize];
        let general = general::record(text, &mut DateCache::default());
        if let Some(record) = indexed::record(block, &index, line, &mut dates) {
            fast += 1;
            let general = general.unwrap_or_else(|error| {
                panic!(
                    "only the indexed parser reads {:?}: {error}",
                    text.escape_ascii().to_string()
                )
            });
            assert_eq!(values(&record), values(&general), "{}", text.escape_ascii());
            assert_eq!(record.address(), general.address());
            assert_eq!(record.status(), general.status());
            assert_eq!(record.line(), general.line());
        }
    }
    fast
}

const OWNER: &str = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";

fn tail() -> Vec<String> {
    "- Hu4pXcRwvo= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader b.s3.amazonaws.com TLSv1.2 - - us-west-2"
        .split(' ')
        .map(String::from)
        .collect()
}

#[test]
fn the_ordinary_shapes_are_read_over_the_index() {
    let head = format!("{OWNER} b [06/Feb/2019:00:00:38 +0000] 192.0.2.3 {OWNER} 3E57427F3EXAMPLE");
    let rest = tail();
    let mut lines: Vec<_> = (17..=27)
        .map(|fields| {
            let tail = rest[..fields - 17].join(" ");
            let line = format!(
                "{head} REST.GET.OBJECT k \"GET /k HTTP/1.1\" 200 - 1 2 3 4 \"-\" \"UA 1 (x)\" {tail}"
            );
            line.trim_end().to_string()
        })
        .collect();
    let tail = rest.join(" ");
    lines.push(format!(
        "{head} BATCH.DELETE.OBJECT k - 204 - - 344017 - - - - {tail}\r"
    ));
    lines.push(format!(
        "{OWNER} b [06/Feb/2019:00:00:38 +0000] - AmazonS3 3E57 S3.EXPIRE.OBJECT k \"-\" - - - 317 - - \"-\" \"-\" {tail}"
    ));
    assert_eq!(agree(lines.join("\n").as_bytes()), 13);
}

/// Pieces that lines and attacks on lines are made of.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(" ".to_string()),
        3 => Just("\"".to_string()),
        2 => Just("-".to_string()),
        1 => Just("200 - 1 2 3 4 ".to_string()),
        1 => Just("\" 403 AccessDenied 243 - 7 - \"".to_string()),
        1 => Just(" HTTP/1.1\" ".to_string()),
        1 => Just("\" \"".to_string()),
        1 => Just(tail().join(" ")),
        1 => Just("[06/Feb/2019:00:00:38 +0000] ".to_string()),
        2 => "[ -~]{0,6}",
    ]
}

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(piece(), 0..4).prop_map(|pieces| pieces.concat())
}

prop_compose! {
    fn line()(
        uri in prop_oneof![3 => Just("\"GET /k HTTP/1.1\"".to_string()), 1 => Just("-".to_string()), 3 => text().prop_map(|t| format!("\"{t}\""))],
        middle in prop_oneof![8 => Just("200 - 1 2 3 4".to_string()), 1 => text()],
        referer in prop_oneof![3 => Just("\"-\"".to_string()), 1 => Just("-".to_string()), 3 => text().prop_map(|t| format!("\"{t}\""))],
        agent in prop_oneof![3 => Just("\"curl/8\"".to_string()), 1 => Just("-".to_string()), 3 => text().prop_map(|t| format!("\"{t}\""))],
        fields in 0usize..11,
        extra in prop_oneof![6 => Just(String::new()), 1 => text()],
        nulls in any::<bool>(),
        head in prop_oneof![9 => Just("o b [06/Feb/2019:00:00:38 +0000] 192.0.2.3 r i REST.GET.OBJECT k".to_string()), 1 => text()],
    ) -> String {
        let mut tail = tail()[..fields].join(" ");
        if nulls {
            // Plain HTTP, nobody signed in: what AWS writes is nulls then.
            for value in ["SigV4", "ECDHE-RSA-AES128-GCM-SHA256", "AuthHeader", "b.s3.amazonaws.com", "TLSv1.2"] {
                tail = tail.replace(value, "-");
            }
        }
        let space = if fields == 0 { "" } else { " " };
        let gap = if extra.is_empty() { "" } else { " " };
        format!("{head} {uri} {middle} {referer} {agent}{space}{tail}{gap}{extra}")
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn indexed_and_general_agree(lines in proptest::collection::vec(line(), 1..4), end in prop_oneof![Just("\n"), Just("\r\n"), Just("")]) {
        agree((lines.join("\n") + end).as_bytes());
    }

    #[test]
    fn bytes_never_panic(bytes in proptest::collection::vec(prop_oneof![Just(b' '), Just(b'"'), Just(b'-'), any::<u8>()], 0..300)) {
        let _ = Record::parse(&bytes);
        agree(&bytes);
    }

    #[test]
    fn what_a_caller_wrote_decides_nothing_to_its_left(uri in text(), referer in text(), agent in text()) {
        let tail = tail().join(" ");
        let line = format!("o b [06/Feb/2019:00:00:38 +0000] 192.0.2.3 r i REST.GET.OBJECT k \"GET /{uri} HTTP/1.1\" 200 - 1 2 3 4 \"{referer}\" \"{agent}\" {tail}");
        if let Ok(record) = Record::parse(line.as_bytes()) {
            prop_assert_eq!(record.bytes(Field::RemoteIp), Some(&b"192.0.2.3"[..]));
            prop_assert_eq!(record.bytes(Field::Operation), Some(&b"REST.GET.OBJECT"[..]));
            prop_assert_eq!(record.bytes(Field::KeyName), Some(&b"k"[..]));
        }
    }
}

#[test]
fn numbers_are_whole_and_fit() {
    for (text, number) in [
        ("0", Some(0)),
        ("400713583012", Some(400_713_583_012)),
        ("9999999999999999999", Some(9_999_999_999_999_999_999)),
        ("18446744073709551615", Some(u64::MAX)),
        ("18446744073709551616", None),
        ("99999999999999999999", None),
        ("00000000000000000007", Some(7)),
        ("000000000000000000007", None),
        ("", None),
        ("1a", None),
        ("-1", None),
        ("1844674407370955161x", None),
    ] {
        assert_eq!(unsigned(text.as_bytes()), number, "{text}");
    }
}
