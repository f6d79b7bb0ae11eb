//! Log lines behind an alert, and the same lines from `parse`.

use super::*;
use crate::record::Record;

const LINE: &[u8] = b"79a5 logs.example [06/Feb/2019:00:00:38 +0000] 192.0.2.3 - 3E57427F3EXAMPLE \
REST.GET.OBJECT =a%252Fb \"GET /=a%2Fb?X%2DAmz-Signature=deadbeef&x=\xE9 HTTP/1.1\" 403 AccessDenied \
243 - 7 - \"https://h/?u=%2Fk%3FX-Amz-Signature%3Ddeadbeef%26y\" \"\x1b[2J \xE2\x80\xAE\\x41\" - \
s9lzHYrFp76ZVxRcpX9+5cj= SigV4 TLS_AES_128_GCM_SHA256 QueryString logs.example.s3.amazonaws.com \
TLSv1.3 - - us-west-2 new token=deadbeef";

const RECORD: &str = concat!(
    r#"{"bucket_owner_id":"79a5","bucket_name":"logs.example","#,
    r#""request_time":"06/Feb/2019:00:00:38 +0000","remote_ip":"192.0.2.3","requester":null,"#,
    r#""request_id":"3E57427F3EXAMPLE","operation":"REST.GET.OBJECT","key_name":"=a%252Fb","#,
    r#""request_uri":"GET /=a%2Fb?X%2DAmz-Signature=REDACTED&x=\\xE9 HTTP/1.1","#,
    r#""http_status":403,"error_code":"AccessDenied","bytes_sent":243,"object_size":null,"#,
    r#""total_time":7,"turn_around_time":null,"#,
    r#""referer":"https://h/?u=%2Fk%3FX-Amz-Signature%3DREDACTED%26y","#,
    r#""user_agent":"\u001b[2J \u202e\\x5Cx41","version_id":null,"#,
    r#""host_id":"s9lzHYrFp76ZVxRcpX9+5cj=","signature_version":"SigV4","#,
    r#""cipher_suite":"TLS_AES_128_GCM_SHA256","authentication_type":"QueryString","#,
    r#""host_header":"logs.example.s3.amazonaws.com","tls_version":"TLSv1.3","#,
    r#""access_point_arn":null,"acl_required":null,"source_region":"us-west-2","#,
    r#""extra":"new token=REDACTED"}"#,
);

/// An alert with a line behind it, a line that is none, and one that is gone.
pub(super) fn with_evidence() -> Alert {
    let evidence = |line: Option<&[u8]>| Evidence {
        source: "a.log".into(),
        offset: 7,
        line: line.map(<[u8]>::to_vec),
    };
    Alert {
        evidence: vec![
            evidence(Some(LINE)),
            evidence(Some(b"no log line")),
            evidence(None),
        ],
        ..burst()
    }
}

#[test]
fn evidence_is_what_parse_prints() {
    let mut line = Vec::new();
    record::push_ndjson(&mut line, &Record::parse(LINE).unwrap());
    assert_eq!(String::from_utf8(line).unwrap(), format!("{RECORD}\n"));

    let text = written(Format::Ndjson, Options::default(), &[with_evidence()]);
    let expected = format!(
        r#""evidence":[{{"source":"a.log","offset":7,"record":{RECORD}}},{0},{0}],"context":{{"incident":"0000000000000000000000000000000f"}}}}"#,
        r#"{"source":"a.log","offset":7,"record":null}"#,
    );
    assert!(text.trim_end().ends_with(&expected), "{text}");
}

#[test]
fn a_row_of_csv_is_the_same_record() {
    let mut text = Vec::new();
    record::push_csv_header(&mut text);
    record::push_csv(&mut text, &Record::parse(LINE).unwrap());
    let mut reader = ::csv::Reader::from_reader(&text[..]);
    let header = reader.headers().unwrap().clone();
    let row = reader.records().next().unwrap().unwrap();
    let object: serde_json::Value = serde_json::from_str(RECORD).unwrap();
    for (name, cell) in header.iter().zip(&row) {
        match name {
            "key_name" => assert_eq!(cell, "'=a%252Fb"),
            "user_agent" => assert_eq!(cell, "\\x1B[2J \\u{202E}\\x5Cx41"),
            _ => match object.get(name) {
                Some(serde_json::Value::String(text)) => assert_eq!(cell, text),
                Some(serde_json::Value::Number(number)) => assert_eq!(cell, number.to_string()),
                _ => assert_eq!(cell, "", "{name}"),
            },
        }
    }
}
