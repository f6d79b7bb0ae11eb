//! What a caller can do to a line by choosing the request-URI, the referer and
//! the user agent: nothing but blur the quoted fields, and then the record says
//! so. Also how long a hostile line may take.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use s3sentry::record::{Field, Index, Parser, Record};

const HEAD: &str = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be amzn-s3-demo-bucket1 [06/Feb/2019:00:00:38 +0000] 192.0.2.3 - 3E57427F3EXAMPLE REST.GET.OBJECT k";
const HOST_ID: &str =
    "s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234=";

/// What AWS wrote, field by field.
#[derive(Debug, Clone)]
struct Truth {
    uri: String,
    middle: [&'static str; 6],
    referer: String,
    /// `None` is a bare `-`.
    agent: Option<String>,
    tail: Vec<String>,
}

impl Truth {
    fn line(&self) -> String {
        let agent = match &self.agent {
            Some(agent) => format!("\"{agent}\""),
            None => "-".to_string(),
        };
        let mut line = format!(
            "{HEAD} \"{}\" {} \"{}\" {agent}",
            self.uri,
            self.middle.join(" "),
            self.referer
        );
        for field in &self.tail {
            line += " ";
            line += field;
        }
        line
    }

    /// The fields that matter, by position from 1.
    fn check(&self, record: &Record<'_>) {
        let line = self.line();
        let text = |field: Field| match record.value(field) {
            s3sentry::record::Value::Absent => None,
            s3sentry::record::Value::Null => Some("-".to_string()),
            s3sentry::record::Value::Bytes(bytes) => {
                Some(String::from_utf8_lossy(bytes).into_owned())
            }
        };
        // Left of the request-URI no caller decides anything, flag or no flag.
        for (field, expected) in Field::ALL.iter().zip(
            HEAD.replacen("[06/Feb/2019:00:00:38 +0000]", "time", 1)
                .split(' '),
        ) {
            if *field != Field::RequestTime {
                assert_eq!(text(*field).as_deref(), Some(expected), "{line}");
            }
        }
        assert_eq!(record.time(), Some(1_549_411_238), "{line}");
        if record.is_ambiguous() {
            return;
        }
        assert_eq!(text(Field::RequestUri).as_ref(), Some(&self.uri), "{line}");
        for (field, expected) in Field::ALL[9..].iter().zip(self.middle) {
            assert_eq!(text(*field).as_deref(), Some(expected), "{line}");
        }
        assert_eq!(text(Field::Referer).as_ref(), Some(&self.referer), "{line}");
        let agent = self.agent.clone().unwrap_or("-".to_string());
        assert_eq!(text(Field::UserAgent), Some(agent), "{line}");
        for (at, field) in Field::ALL[17..27].iter().enumerate() {
            assert_eq!(text(*field).as_ref(), self.tail.get(at), "{line}");
        }
    }
}

/// Whether a line is refused as two records, which only a space inside the
/// target of a request line can bring about.
fn is_taken_for_two(truth: &Truth) -> bool {
    Record::parse(truth.line().as_bytes())
        .is_err_and(|error| error.reason == "two records stand on one line")
}

/// Reads a line in every way that there is and holds the records to the truth.
fn hold(truth: &Truth) {
    let line = truth.line();
    let record = Record::parse(line.as_bytes()).unwrap_or_else(|error| panic!("{error}: {line}"));
    truth.check(&record);
    for end in ["", "\n", "\r\n"] {
        let block = format!("{line}{end}");
        let mut index = Index::default();
        index.build(block.as_bytes());
        assert_eq!(index.lines().len(), 1);
        let record = Parser::default()
            .indexed(block.as_bytes(), &index, &index.lines()[0])
            .expect("not blank")
            .unwrap_or_else(|error| panic!("{error}: {line}"));
        truth.check(&record);
    }
}

fn tail(fields: usize) -> Vec<String> {
    format!("- {HOST_ID} SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader amzn-s3-demo-bucket1.s3.us-west-1.amazonaws.com TLSv1.2 - - us-west-2")
        .split(' ')
        .take(fields)
        .map(String::from)
        .collect()
}

/// What an attack on the format is made of.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(" ".to_string()),
        4 => Just("\"".to_string()),
        2 => Just("-".to_string()),
        2 => Just("\" \"".to_string()),
        1 => Just(" - ".to_string()),
        1 => Just(" 200 - 1 2 3 4 ".to_string()),
        1 => Just("\" 403 AccessDenied 243 - 7 - \"".to_string()),
        1 => Just("\" - - - - - - - - ".to_string()),
        1 => Just("GET /k HTTP/1.1".to_string()),
        1 => Just(" HTTP/1.1\" ".to_string()),
        1 => Just("\" ".to_string() + &tail(10).join(" ")),
        1 => Just("\" 1 2 3 4 5 6 7 8 9 10 \"".to_string()),
        1 => Just(" 1 2 3 4 5 6 7 8 9 10 \"".to_string()),
        1 => Just(" - 2 3 4 5 6 7 8 9 10 11 \"".to_string()),
        1 => Just(format!("{HOST_ID} SigV4 ")),
        1 => Just("[06/Feb/2019:00:00:38 +0000] ".to_string()),
        1 => Just(HEAD.to_string() + " \""),
        2 => "[ -~\t\r\u{e9}\u{0}]{0,6}",
        1 => "[^\n]{0,4}",
    ]
}

/// Anything but a line feed.
fn header() -> impl Strategy<Value = String> {
    prop_oneof![
        1 => Just("-".to_string()),
        1 => Just("Mozilla/5.0 (X11)".to_string()),
        6 => proptest::collection::vec(piece(), 0..6).prop_map(|pieces| pieces.concat()),
    ]
}

prop_compose! {
    fn truth()(
        target in prop_oneof![1 => Just("/k".to_string()), 2 => header().prop_map(|text| format!("/{}", text.replace(' ', "%20")))],
        version in prop_oneof![4 => Just(" HTTP/1.1"), 1 => Just("")],
        middle in prop_oneof![
            Just(["200", "-", "1024", "1024", "31", "12"]),
            Just(["403", "AccessDenied", "243", "-", "7", "-"]),
            Just(["304", "-", "-", "-", "3", "-"]),
            Just(["-", "-", "-", "-", "-", "-"]),
        ],
        referer in header(),
        agent in header(),
        is_bare in proptest::bool::weighted(0.15),
        fields in prop_oneof![1 => 0usize..2, 1 => 5usize..8, 3 => 8usize..=10],
        version_id in prop_oneof![3 => Just("-"), 1 => Just("null"), 1 => Just("3HL4kqtJvjVBH40Nrjfkd")],
        host_id in prop_oneof![
            4 => Just(HOST_ID.to_string()),
            1 => Just(format!("S{HOST_ID}")),
            1 => Just("-bPf7/yR0EXAMPLE=".to_string()),
            1 => Just("-".to_string()),
        ],
        is_signed in any::<bool>(),
        extra in prop_oneof![4 => Just(0usize), 1 => 1usize..3],
    ) -> Truth {
        let mut tail = tail(fields);
        let anonymous = [version_id, &host_id, "-", "-", "-"];
        for (slot, value) in tail.iter_mut().zip(anonymous).take(if is_signed { 2 } else { 5 }) {
            *slot = value.to_string();
        }
        // Without the fields that tell a signature from a host id, a bare null
        // could be the user agent or the version id: such short lines are old.
        let is_bare = is_bare && fields > 4 && host_id != "-";
        if fields == 10 {
            tail.extend((0..extra).map(|number| format!("new{number}")));
        }
        Truth {
            uri: format!("GET {target}{version}"),
            middle,
            referer,
            agent: (!is_bare).then_some(agent),
            tail,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_caller_alters_nothing_without_a_flag(truth in truth()) {
        hold(&truth);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// HTTP allows no space in a target, but not every server insists.
    #[test]
    fn a_space_in_the_target_alters_nothing_without_a_flag(truth in truth(), target in header()) {
        let truth = Truth { uri: format!("GET /{target} HTTP/1.1"), ..truth };
        if !is_taken_for_two(&truth) {
            hold(&truth);
        }
    }
}

fn plain() -> Truth {
    Truth {
        uri: "GET /k HTTP/1.1".to_string(),
        middle: ["200", "-", "1024", "1024", "31", "12"],
        referer: "-".to_string(),
        agent: Some("curl/8".to_string()),
        tail: tail(10),
    }
}

/// The user agent of a line without a tail ends the line: what looks like a
/// tail and a further field may not hide the line.
#[test]
fn a_forged_tail_does_not_make_a_short_line_malformed() {
    hold(&Truth {
        agent: Some(" 1 2 3 4 5 6 7 8 9 10 \"x".to_string()),
        tail: Vec::new(),
        ..plain()
    });
}

/// The head of another record in a referer is a caller's text, not a merged line.
#[test]
fn a_forged_second_record_does_not_make_a_line_malformed() {
    let truth = Truth {
        uri: "GET /k".to_string(),
        referer: format!("{HEAD} \"GET /x HTTP/1.1\" 404 NoSuchKey 1 - 2 - \"-"),
        ..plain()
    };
    hold(&truth);
    let line = truth.line();
    let record = Record::parse(line.as_bytes()).unwrap();
    assert_eq!(record.status(), Some(200));
    assert!(record.is_ambiguous());
}

/// A bare user agent, and a referer that looks like a referer and an agent.
#[test]
fn a_referer_with_a_split_does_not_shift_the_tail() {
    for version_id in ["-", "3HL4kqtJvjVBH40Nrjfkd"] {
        for host_id in ["S9lzHYrFp76=", "Vvag1LuByRx9e6j5Onimru9pO4ZVKnJ2Qz7"] {
            let mut tail = tail(10);
            tail[0] = version_id.to_string();
            tail[1] = host_id.to_string();
            hold(&Truth {
                referer: "a\" \"b".to_string(),
                agent: None,
                tail,
                ..plain()
            });
        }
    }
}

/// A user agent closes what is quoted: the request-URI cannot end there too.
#[test]
fn a_tail_of_nulls_is_no_second_reading() {
    let truth = Truth {
        tail: ["-", HOST_ID, "-", "-", "-", "-", "-", "-", "-", "-"]
            .map(String::from)
            .to_vec(),
        ..plain()
    };
    hold(&truth);
    let line = truth.line();
    // The last separator is two spaces, which sends the line to the full grammar.
    let slow = line.replacen(" us", "  us", 1);
    for line in [line, slow] {
        assert!(!Record::parse(line.as_bytes()).unwrap().is_ambiguous());
    }
}

#[test]
fn hostile_lines_of_64_kib_take_linear_time() {
    const SIZE: usize = 64 << 10;
    let tail = tail(10).join(" ");
    let fill = |text: &str| text.repeat(SIZE / text.len());
    let half = |text: &str| text.repeat(SIZE / 2 / text.len());
    let mut lines = Vec::new();
    for text in [
        "\"",
        " ",
        "[",
        "-",
        "- ",
        "\" ",
        "\" \" ",
        "\" 200 - 1 1 1 1 \"",
        "\" 200 - 1 1 1 1 ",
        "\" 200 - 1 1 1 1 - - ",
        "\" 200 - 1 1 1 1 - - \" ",
        " HTTP/1.1\" 200 - 1 1 1 1 \"",
        "\" 1 2 3 4 5 6 7 8 9 10 ",
        "[06/Feb/2019:00:00:38 +0000] ",
        "\"[06/Feb/2019:00:00:38 +0000] \" 200 - 1 1 1 1 \"",
    ] {
        let all = fill(text);
        let some = half(text);
        let long = half("1");
        lines.extend([
            all.clone(),
            format!("{HEAD} {all}"),
            format!("{HEAD} \"{all}"),
            format!("{HEAD} \"{all}\" 200 - 1 2 3 4 \"-\" \"-\" {tail}"),
            format!("{HEAD} \"GET /k HTTP/1.1\" 200 - 1 2 3 4 \"{all}\" \"-\" {tail}"),
            format!("{HEAD} \"GET /k\" 200 - 1 2 3 4 \"{all}\" \"-\" {tail}"),
            format!("{HEAD} \"GET /k HTTP/1.1\" 200 - 1 2 3 4 \"-\" \"{all}\" {tail}"),
            format!("{HEAD} \"GET /k HTTP/1.1\" 200 - 1 2 3 4 \"-\" \"-\" {tail} {all}"),
            // One half of a line may not be read again for every part of the other.
            format!("{HEAD} \"HTTP/{long}\" 200 - 1 2 3 4 \"{some}\" \"-\" {tail}"),
            format!("{HEAD} \"{long}\" 200 - 1 2 3 4 \"{some}\" \"-\" {long}"),
            format!("{HEAD} \"{some} HTTP/{long}\" 200 - 1 2 3 4 \"-\" \"-\" {long}"),
            format!("{HEAD} \"{some}{long}"),
            format!("{HEAD} \"{long}{some}"),
        ]);
    }
    // Without optimisation or on a busy machine the bound only catches what is
    // quadratic, which takes seconds.
    let bound = Duration::from_millis(if cfg!(debug_assertions) { 1_000 } else { 5 });
    let mut slowest = (Duration::ZERO, String::new());
    for line in &lines {
        let mut index = Index::default();
        let best = (0..5)
            .map(|_| {
                let start = Instant::now();
                let _ = Record::parse(line.as_bytes());
                index.build(line.as_bytes());
                for one in index.lines() {
                    let _ = Parser::default().indexed(line.as_bytes(), &index, one);
                }
                start.elapsed()
            })
            .min()
            .unwrap();
        if best > slowest.0 {
            slowest = (
                best,
                format!("{}...", &line[HEAD.len().min(line.len() - 200)..][..120]),
            );
        }
    }
    println!("slowest, twice read: {:?} {}", slowest.0, slowest.1);
    assert!(slowest.0 < bound, "{slowest:?}");
}
