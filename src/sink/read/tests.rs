//! Evidence that was written comes back as a line that is written the same.

use proptest::prelude::*;

use super::line::line;
use super::*;
use crate::record::Record;
use crate::sink::record::push_ndjson;

/// The flat object of a line; `None` of one that is no record.
fn flat(line: &[u8]) -> Option<String> {
    let record = Record::parse(line).ok()?;
    let mut json = Vec::new();
    push_ndjson(&mut json, &record);
    Some(String::from_utf8(json).unwrap())
}

/// The line that is put together from a flat object.
fn back(json: &str) -> Option<Vec<u8>> {
    let cells: Pairs<Option<Cell>> = serde_json::from_str(json).unwrap();
    line(&cells.0)
}

/// What callers write, and what they write to be taken for the rest of a line.
fn text(secrets: bool) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        3 => prop::collection::vec(any::<u8>().prop_filter("one line", |byte| *byte != b'\n'), 0..6),
        2 => "[ -~]{0,12}".prop_map(String::into_bytes),
        1 => Just(b"\"".to_vec()),
        1 => Just(b"\\x41 \\".to_vec()),
        1 => Just(b" HTTP/1.1\" 200 - 1 2 3 4 \"-\" \"x".to_vec()),
        1 => Just(b"\" 403 AccessDenied - - 1 - \"".to_vec()),
        1 => Just("\u{202E}\u{1b}[2J\0".as_bytes().to_vec()),
        1 => Just(if secrets { b"&token=a\"b".to_vec() } else { b"&".to_vec() }),
    ];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

const TAIL: &str = "v1 Hu4pXcRwvo= SigV4 TLS_AES_128 AuthHeader b.s3.amazonaws.com TLSv1.2 - - \
us-west-2 new \"fields\" token=abc";

prop_compose! {
    fn written_by_aws(secrets: bool)(
        requester in prop::sample::select(vec![
            "-",
            "79a59df9",
            "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE",
            "arn:aws:sts::111122223333:assumed-role/a/s",
        ]),
        uri in text(secrets),
        status in prop::sample::select(vec!["200", "0403", "-"]),
        numbers in prop::collection::vec(prop::sample::select(vec!["-", "0", "007", "5368709120"]), 4),
        referer in text(secrets),
        agent in text(secrets),
        tail in 0usize..=13,
    ) -> Vec<u8> {
        let mut line = format!(
            "79a5 b [06/Feb/2019:00:00:38 +0000] 192.0.2.3 {requester} 3E57 REST.GET.OBJECT a%252Fb \""
        )
        .into_bytes();
        line.extend(uri);
        line.extend(format!("\" {status} -  {} \"", numbers.join(" ")).into_bytes());
        line.extend(referer);
        line.extend(b"\" \"");
        line.extend(agent);
        line.push(b'"');
        for word in TAIL.split(' ').take(tail) {
            line.push(b' ');
            line.extend(word.as_bytes());
        }
        line
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever callers wrote, as long as it held no secret.
    #[test]
    fn evidence_comes_back(line in written_by_aws(false)) {
        let json = flat(&line);
        prop_assume!(json.is_some());
        let json = json.unwrap();
        let again = back(&json);
        prop_assert!(again.is_some(), "{} as {json}", line.escape_ascii());
        prop_assert_eq!(flat(&again.unwrap()).unwrap(), json);
    }

    /// What a secret hid may have been what told two readings apart; what comes
    /// back says what was written even so.
    #[test]
    fn nothing_else_comes_back(line in written_by_aws(true)) {
        if let Some(json) = flat(&line)
            && let Some(again) = back(&json)
        {
            prop_assert_eq!(flat(&again).unwrap(), json);
        }
    }
}

#[test]
fn short_lines_and_lines_of_nulls_come_back() {
    let head = "79a5 b [06/Feb/2009:00:00:38 +0000] 192.0.2.3 -";
    for line in [
        &format!("{head} 3E57 REST.GET.OBJECT k \"GET /k HTTP/1.1\" 200 - 1 2 3 4 \"-\" \"UA 1\"")
            [..],
        &format!(
            "{head} 3E57 REST.GET.OBJECT k \"GET /k HTTP/1.1\" 200 - 1 2 3 4 \"-\" \"UA 1\" -"
        ),
        &format!("{head} 3E57 BATCH.DELETE.OBJECT k - 204 - - 344017 - - - - - Hu4p= SigV4"),
        "79a5 b - - - - - - - - - - - - - - - - -",
        "79a5 b \"-\" - - 3E57 S3.EXPIRE.OBJECT k \"-\" - - - 317 - - \"-\" \"-\" - - - -",
    ] {
        let json = flat(line.as_bytes()).unwrap();
        let again = back(&json).unwrap_or_else(|| panic!("{json}"));
        assert_eq!(flat(&again).unwrap(), json);
    }
}

#[test]
fn what_is_no_record_gives_no_line() {
    for json in [
        "{}",
        r#"{"bucket_name":"b"}"#,
        r#"{"bucket_owner_id":"79a5","no_such_field":1}"#,
        r#"{"extra":null}"#,
        r#"{"ambiguous":true}"#,
    ] {
        assert_eq!(back(json), None, "{json}");
    }
}
