//! What every format makes of an ordinary and of a hostile alert.

mod entity;
mod evidence;
mod schema;

use std::sync::Arc;

use super::*;
use crate::alert::{Context, Distinct, Evidence, Indicator, Level, RuleInfo, Status, Volume};
use crate::geoip::Country;
use crate::record::Field;
use crate::text::restore;

fn rule(name: &str, level: Level) -> Arc<RuleInfo> {
    Arc::new(RuleInfo {
        id: "5f3cbb1e-7d39-4bd1-8a3a-0c3a2f0c2a11".into(),
        name: name.into(),
        title: "Many requests denied".into(),
        level,
        tags: vec!["attack.discovery".into(), "attack.t1619".into()],
    })
}

fn burst() -> Alert {
    Alert {
        id: 0x00c0_ffee_0000_0000_0000_0000_0000_0001,
        rev: 1_400,
        status: Status::Closed,
        rule: rule("access-denied-burst-high", Level::High),
        key: vec![
            ("remote_ip".into(), Some(b"198.51.100.11".to_vec())),
            ("bucket_name".into(), None),
        ],
        period: (1_770_084_000, 1_770_087_600),
        trigger: (1_770_084_847, 20),
        first_seen: 1_770_083_990,
        last_seen: 1_770_087_599,
        count: 1_400,
        distinct: Some(Distinct {
            value: 1_399,
            approx: true,
        }),
        sum: Some(97_200),
        summary: b"198.51.100.11 was refused 1,400 times within 5 minutes on 1,399 different keys."
            .to_vec(),
        evidence: vec![
            Evidence {
                source: "logs/2026-02-03; a.gz".into(),
                offset: 12_345,
                line: None,
            },
            Evidence {
                source: "s3://logs/x".into(),
                offset: 0,
                line: None,
            },
        ],
        context: Context {
            incident: Some(0x0f),
            ..Context::default()
        },
    }
}

/// An alert of which an attacker wrote what an attacker can.
fn hostile() -> Alert {
    let key = b"=cmd|' /C calc'!A0\x1b]0;owned\x07\0\r\n\xE9\"<script>,\\x41".to_vec();
    let mut summary = b"Key ".to_vec();
    summary.extend_from_slice(&key);
    summary
        .extend_from_slice(" gpj.\u{202E}exe\u{200B} /k?X%2DAmz-Signature%3Ddeadbeef&x".as_bytes());
    Alert {
        status: Status::Open,
        key: vec![
            ("object_key".into(), Some(key)),
            (
                "referer".into(),
                Some(b"https://u:deadbeef@h/?token=deadbeef".to_vec()),
            ),
        ],
        distinct: None,
        sum: None,
        summary,
        evidence: Vec::new(),
        ..burst()
    }
}

fn written(format: Format, options: Options, alerts_in: &[Alert]) -> String {
    let mut out = Vec::new();
    let mut sink = alerts(format, Box::new(&mut out), options);
    for alert in alerts_in {
        sink.alert(alert).unwrap();
    }
    sink.finish().unwrap();
    drop(sink);
    String::from_utf8(out).unwrap()
}

/// An alert whose records are on lists, of which others wrote the entries.
fn listed() -> Alert {
    let indicator = |list: &str, entry: &str, field| Indicator {
        list: list.into(),
        entry: entry.into(),
        level: Level::Medium,
        field,
    };
    let ioc = vec![
        indicator("tor exits", "198.51.100.11", Field::RemoteIp),
        indicator(
            "=cmd; \u{202E}\u{1b}[2J",
            "/k?X-Amz-Signature=deadbeef&\u{200B}\n",
            Field::ObjectKey,
        ),
    ];
    let networks = vec![
        Network {
            address: "198.51.100.11".parse().unwrap(),
            country: Country::parse("nl"),
            asn: Some(64_500),
            owner: Some("=cmd; \u{202E}\u{1b}[2J /k?X-Amz-Signature=deadbeef".to_owned()),
            service: None,
        },
        Network {
            address: "2001:db8::1".parse().unwrap(),
            country: None,
            asn: None,
            owner: None,
            service: Some("EC2".to_owned()),
        },
    ];
    Alert {
        context: Context {
            ioc,
            networks,
            usual: Some(Volume {
                hour: 1_770_080_400,
                sum: 97_200,
                median: 900,
                deviation: 90,
                samples: 28,
            }),
            ..burst().context
        },
        ..burst()
    }
}

#[test]
fn formats_have_names() {
    for format in Format::ALL {
        assert_eq!(Format::from_name(format.as_str()), Some(format));
    }
    assert_eq!(Format::from_name("xml"), None);
}

#[test]
fn ndjson_is_the_frozen_object() {
    assert_eq!(
        written(Format::Ndjson, Options::default(), &[burst()]),
        concat!(
            r#"{"schema":"s3sentry/alert/v1","id":"00c0ffee000000000000000000000001","#,
            r#""rev":1400,"status":"closed","#,
            r#""rule":{"id":"5f3cbb1e-7d39-4bd1-8a3a-0c3a2f0c2a11","#,
            r#""name":"access-denied-burst-high","title":"Many requests denied","#,
            r#""level":"high","tags":["attack.discovery","attack.t1619"]},"#,
            r#""key":{"remote_ip":"198.51.100.11","bucket_name":null},"#,
            r#""period":{"start":"2026-02-03T02:00:00Z","end":"2026-02-03T03:00:00Z"},"#,
            r#""trigger":{"time":"2026-02-03T02:14:07Z","value":20},"#,
            r#""first_seen":"2026-02-03T01:59:50Z","last_seen":"2026-02-03T02:59:59Z","#,
            r#""count":1400,"distinct":1399,"distinct_approx":true,"sum":97200,"#,
            r#""summary":"198.51.100.11 was refused 1,400 times within 5 minutes on 1,399 different keys.","#,
            r#""evidence":[{"source":"logs/2026-02-03; a.gz","offset":12345,"record":null},"#,
            r#"{"source":"s3://logs/x","offset":0,"record":null}],"#,
            r#""context":{"incident":"0000000000000000000000000000000f"}}"#,
            "\n"
        )
    );
}

#[test]
fn json_is_the_same_objects_in_an_array() {
    let lines = written(Format::Ndjson, Options::default(), &[burst(), hostile()]);
    let array = written(Format::Json, Options::default(), &[burst(), hostile()]);
    assert_eq!(
        array,
        format!("[\n{}\n]\n", lines.trim().replace('\n', ",\n"))
    );
    assert_eq!(written(Format::Json, Options::default(), &[]), "[]\n");
}

#[test]
fn csv_is_one_row_an_alert() {
    assert_eq!(
        written(Format::Csv, Options::default(), &[burst()]),
        "id,rev,status,rule_id,rule_name,rule_title,level,tags,key,period_start,period_end,\
         trigger_time,trigger_value,first_seen,last_seen,count,distinct,distinct_approx,sum,\
         summary,evidence,incident,ioc,networks\n\
         00c0ffee000000000000000000000001,1400,closed,5f3cbb1e-7d39-4bd1-8a3a-0c3a2f0c2a11,\
         access-denied-burst-high,Many requests denied,high,attack.discovery attack.t1619,\
         remote_ip=198.51.100.11; bucket_name=-,2026-02-03T02:00:00Z,2026-02-03T03:00:00Z,\
         2026-02-03T02:14:07Z,20,2026-02-03T01:59:50Z,2026-02-03T02:59:59Z,1400,1399,true,97200,\
         \"198.51.100.11 was refused 1,400 times within 5 minutes on 1,399 different keys.\",\
         logs/2026-02-03\\x3B a.gz:12345; s3://logs/x:0,0000000000000000000000000000000f,,\n"
    );
    let empty = written(Format::Csv, Options::default(), &[]);
    assert_eq!(empty.trim_end(), csv::COLUMNS.join(","));
}

#[test]
fn no_format_shows_a_secret_or_what_hides() {
    for format in Format::ALL {
        for width in [0, 80, 120] {
            let options = Options {
                color: false,
                width,
            };
            let text = written(format, options, &[hostile(), listed()]);
            assert!(!text.contains("deadbeef"), "{text}");
            assert!(text.contains("REDACTED"));
            let raw = |char: char| char.is_control() && char != '\n';
            assert!(!text.contains(raw), "{text}");
            assert!(
                !text.contains(['\u{202E}', '\u{200B}', '\u{FFFD}']),
                "{text}"
            );
        }
    }
}

#[test]
fn hostile_bytes_come_back_from_json() {
    let text = written(Format::Ndjson, Options::default(), &[hostile()]);
    assert_eq!(text.lines().count(), 1);
    let object: serde_json::Value = serde_json::from_str(&text).unwrap();
    let key = object["key"]["object_key"].as_str().unwrap();
    assert_eq!(Some(restore(key)), hostile().key[0].1);
    assert_eq!(
        object["key"]["referer"],
        "https://u:REDACTED@h/?token=REDACTED"
    );
    assert_eq!(object["status"], "open");
    assert!(object.get("distinct").is_none() && object.get("sum").is_none());
}

#[test]
fn no_csv_cell_is_a_formula_or_a_second_row() {
    let mut alert = hostile();
    alert.summary = b"=HYPERLINK(\"http://x\",\"a\nb\")".to_vec();
    alert.evidence = vec![Evidence {
        source: "@x".into(),
        offset: 1,
        line: None,
    }];
    let text = written(Format::Csv, Options::default(), &[alert]);
    assert_eq!(text.lines().count(), 2);
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let row = reader.records().next().unwrap().unwrap();
    assert_eq!(&row[19], "'=HYPERLINK(\"http://x\",\"a\\nb\")");
    assert_eq!(&row[20], "'@x:1");
    assert!(row[8].starts_with("object_key==cmd|' /C calc'!A0\\x1B]0\\x3Bowned"));
    for cell in &row {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']));
    }
}

fn night() -> Vec<Alert> {
    let arn = b"arn:aws:sts::123456789012:assumed-role/backup-operator/i-0123456789abcdef0";
    let mut exfiltration = burst();
    exfiltration.rule = rule("mass-download-critical", Level::Critical);
    exfiltration.key = vec![
        ("actor".into(), Some(arn.to_vec())),
        ("bucket_name".into(), Some(b"customer-exports".to_vec())),
    ];
    exfiltration.count = 1_248_113;
    exfiltration.summary =
        b"backup-operator read 812 GiB in 1,248,113 objects of customer-exports \
        within 1 hour; in the last 30 days it never read more than 2 GiB in an hour."
            .to_vec();
    let mut address = burst();
    address.rule = rule("unknown-source-ip", Level::Medium);
    address.key = vec![("network_value".into(), Some(b"203.0.113.0/24".to_vec()))];
    address.count = 3;
    address.status = Status::Withdrawn;
    address.summary = b"203.0.113.0/24 was seen for the first time.".to_vec();
    let mut quiet = burst();
    quiet.rule = rule("coverage-degraded", Level::Informational);
    quiet.key = vec![];
    quiet.count = 1;
    quiet.summary = b"The state cap of 256 MiB was reached; 12 keys were evicted.".to_vec();
    let mut low = hostile();
    low.rule = rule("access-denied-burst-low", Level::Low);
    vec![exfiltration, burst(), address, low, quiet]
}

#[test]
fn the_table_reads_well_on_a_narrow_terminal() {
    let options = Options {
        color: false,
        width: 80,
    };
    let text = written(Format::Table, options, &night());
    assert!(text.lines().all(|line| line.chars().count() <= 80));
    assert_eq!(
        text,
        r#"LEVEL     TIME (UTC)               COUNT  RULE
CRITICAL  2026-02-03 02:14:07  1,248,113  mass-download-critical
    arn:aws:sts::123456789012:assumed-role/backup-operator/i-0123456789abcdef0
    customer-exports
    backup-operator read 812 GiB in 1,248,113 objects of customer-exports within
    1 hour; in the last 30 days it never read more than 2 GiB in an hour.

HIGH      2026-02-03 02:14:07      1,400  access-denied-burst-high
    198.51.100.11  -
    198.51.100.11 was refused 1,400 times within 5 minutes on 1,399 different
    keys.

MEDIUM    2026-02-03 02:14:07          3  unknown-source-ip (withdrawn)
    203.0.113.0/24
    203.0.113.0/24 was seen for the first time.

LOW       2026-02-03 02:14:07      1,400  access-denied-burst-low (open)
    =cmd|' /C calc'!A0\x1B]0;owned\x07\x00\r\n\xE9"<script>,\x5Cx41
    https://u:REDACTED@h/?token=REDACTED
    Key =cmd|' /C calc'!A0\x1B]0;owned\x07\x00\r\n\xE9"<script>,\x5Cx41
    gpj.\u{202E}exe\u{200B} /k?X%2DAmz-Signature%3DREDACTED&x

INFO      2026-02-03 02:14:07          1  coverage-degraded
    The state cap of 256 MiB was reached; 12 keys were evicted.
"#
    );
}

#[test]
fn the_table_reads_well_on_a_wide_terminal() {
    let options = Options {
        color: false,
        width: 120,
    };
    let text = written(Format::Table, options, &night());
    assert!(text.lines().all(|line| line.chars().count() <= 120));
    assert_eq!(
        text,
        r#"LEVEL     TIME (UTC)               COUNT  RULE                                KEY
CRITICAL  2026-02-03 02:14:07  1,248,113  mass-download-critical
          arn:aws:sts::123456789012:assumed-role/backup-operator/i-0123456789abcdef0  customer-exports
          backup-operator read 812 GiB in 1,248,113 objects of customer-exports within 1 hour; in the last 30 days it
          never read more than 2 GiB in an hour.
HIGH      2026-02-03 02:14:07      1,400  access-denied-burst-high            198.51.100.11  -
          198.51.100.11 was refused 1,400 times within 5 minutes on 1,399 different keys.
MEDIUM    2026-02-03 02:14:07          3  unknown-source-ip (withdrawn)       203.0.113.0/24
          203.0.113.0/24 was seen for the first time.
LOW       2026-02-03 02:14:07      1,400  access-denied-burst-low (open)
          =cmd|' /C calc'!A0\x1B]0;owned\x07\x00\r\n\xE9"<script>,\x5Cx41  https://u:REDACTED@h/?token=REDACTED
          Key =cmd|' /C calc'!A0\x1B]0;owned\x07\x00\r\n\xE9"<script>,\x5Cx41 gpj.\u{202E}exe\u{200B}
          /k?X%2DAmz-Signature%3DREDACTED&x
INFO      2026-02-03 02:14:07          1  coverage-degraded
          The state cap of 256 MiB was reached; 12 keys were evicted.
"#
    );
}

#[test]
fn colour_changes_nothing_but_colour() {
    let [plain, colored] = [false, true].map(|color| {
        let options = Options { color, width: 80 };
        written(Format::Table, options, &night())
    });
    assert!(colored.contains("\x1b[1;97;41mCRITICAL\x1b[0m  2026"));
    let mut stripped = colored;
    for style in ["0", "1", "2", "33", "36", "1;31", "1;97;41"] {
        stripped = stripped.replace(&format!("\x1b[{style}m"), "");
    }
    assert_eq!(stripped, plain);
}

#[test]
fn what_is_written_is_read_again() {
    for alert in [burst(), hostile(), listed(), evidence::with_evidence()] {
        let text = written(Format::Ndjson, Options::default(), &[alert]);
        let read = read::alert(&text).unwrap();
        let again = written(
            Format::Ndjson,
            Options::default(),
            std::slice::from_ref(&read),
        );
        assert_eq!(text, again);
        assert_eq!(read::alert(&again).unwrap(), read);
    }
    assert!(read::alert("{}").is_err());
}

#[test]
fn every_format_names_list_and_entry_and_where_addresses_are() {
    let text = written(Format::Ndjson, Options::default(), &[listed()]);
    assert!(
        text.ends_with(concat!(
            r#""context":{"incident":"0000000000000000000000000000000f","#,
            r#""ioc":[{"list":"tor exits","entry":"198.51.100.11","level":"medium","#,
            r#""field":"remote_ip"},{"list":"=cmd; \u202e\u001b[2J","#,
            r#""entry":"/k?X-Amz-Signature=REDACTED&\u200b\n","level":"medium","field":"object_key"}],"#,
            r#""baseline":{"hour":"2026-02-03T01:00:00Z","sum":97200,"median":900,"deviation":90,"#,
            r#""samples":28},"#,
            r#""networks":[{"address":"198.51.100.11","country":"NL","asn":64500,"#,
            r#""owner":"=cmd; \u202e\u001b[2J /k?X-Amz-Signature=REDACTED"},"#,
            r#"{"address":"2001:db8::1","service":"EC2"}]}}"#,
            "\n"
        )),
        "{text}"
    );
    let text = written(Format::Csv, Options::default(), &[listed()]);
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let row = reader.records().next().unwrap().unwrap();
    let expected = r"tor exits: 198.51.100.11; =cmd\x3B \u{202E}\x1B[2J: /k?X-Amz-Signature=REDACTED&\u{200B}\n";
    assert_eq!(&row[22], expected);
    let expected = r"198.51.100.11: NL, AS64500 =cmd\x3B \u{202E}\x1B[2J /k?X-Amz-Signature=REDACTED; 2001:db8::1: AWS EC2";
    assert_eq!(&row[23], expected);
    let options = Options {
        color: false,
        width: 80,
    };
    let text = written(Format::Table, options, &[listed()]);
    let lines: Vec<_> = text.lines().skip(5).collect();
    assert_eq!(
        lines,
        [
            "    remote_ip is on the list tor exits: 198.51.100.11",
            r"    object_key is on the list =cmd; \u{202E}\x1B[2J:",
            r"    /k?X-Amz-Signature=REDACTED&\u{200B}\n",
            r"    198.51.100.11: NL, AS64500 =cmd; \u{202E}\x1B[2J /k?X-Amz-Signature=REDACTED",
            "    2001:db8::1: AWS EC2",
        ]
    );
}

#[test]
fn a_table_without_alerts_is_empty() {
    assert_eq!(written(Format::Table, Options::default(), &[]), "");
}

#[test]
fn a_key_nobody_reads_to_the_end_is_cut() {
    let mut alert = burst();
    alert.key = vec![("object_key".into(), Some(b"\xFF".repeat(1024)))];
    let text = written(Format::Table, Options::default(), &[alert]);
    assert!(text.lines().count() < 12, "{text}");
    assert!(text.contains("... (+"));
}
