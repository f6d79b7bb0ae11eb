//! A presigned URL is a password: no spelling of one reaches any output.

use crate::place::{EVERY, Line, Place};

/// What must not be seen. Not redacted because of how it looks: it looks like
/// nothing.
const SECRET: &str = "wJalrXUtnFEMIbPxRfi";

const NAMES: [&str; 6] = [
    "X-Amz-Signature",
    "X-Amz-Credential",
    "X-Amz-Security-Token",
    "Signature",
    "AWSAccessKeyId",
    "x-amz-server-side-encryption-customer-key",
];

/// How often each is spelt, one `name=value` each.
type Spell = fn(&str) -> String;

const SPELLINGS: [Spell; 12] = [
    |name| format!("{name}={SECRET}"),
    |name| format!("{}={SECRET}", name.to_lowercase()),
    |name| format!("{}={SECRET}", name.to_uppercase()),
    |name| format!("{}={SECRET}", odd_case(name)),
    |name| format!("{name}%3D{SECRET}"),
    |name| format!("{name}%253d{SECRET}"),
    |name| format!("{}={SECRET}", encoded(name, "%", 1)),
    |name| format!("{}={SECRET}", encoded(name, "%25", 1)),
    |name| format!("{}={SECRET}", encoded(name, "%", 3)),
    |name| format!("{}%3d{SECRET}", encoded(name, "%25", 2)),
    |name| format!("{}%253D{SECRET}", odd_case(&encoded(name, "%25", 2))),
    |name| format!("{name}={}", encoded(SECRET, "%", 4)),
];

fn odd_case(name: &str) -> String {
    let odd = |(place, c): (usize, char)| {
        if place % 2 == 0 {
            c.to_ascii_lowercase()
        } else {
            c.to_ascii_uppercase()
        }
    };
    name.chars().enumerate().map(odd).collect()
}

/// Every `step`th byte encoded.
fn encoded(text: &str, percent: &str, step: usize) -> String {
    let one = |(place, byte): (usize, u8)| {
        if place % step == 0 {
            format!("{percent}{byte:02X}")
        } else {
            char::from(byte).to_string()
        }
    };
    text.bytes().enumerate().map(one).collect()
}

/// Queries that hold the secret, each spelt in another way.
fn queries() -> Vec<String> {
    let mut all = Vec::new();
    for name in NAMES {
        for spell in SPELLINGS {
            all.push(format!(
                "X-Amz-Date=20260203T000000Z&{}&x-id=GetObject",
                spell(name)
            ));
            all.push(format!("a=1%26{}%26b=2", spell(name)));
        }
    }
    assert!(all.len() > 100);
    all
}

/// Also where it is encoded in part.
fn shows_secret(text: &str) -> bool {
    let plain = |text: &str| {
        let mut out = Vec::new();
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let hex = text
                .get(at + 1..at + 3)
                .and_then(|hex| u8::from_str_radix(hex, 16).ok());
            match (bytes[at], hex) {
                (b'%', Some(byte)) => {
                    out.push(byte);
                    at += 3;
                }
                (byte, _) => {
                    out.push(byte);
                    at += 1;
                }
            }
        }
        String::from_utf8_lossy(&out).into_owned()
    };
    let once = plain(text);
    [text, &once, &plain(&once)]
        .iter()
        .any(|text| text.contains(&SECRET[..10]) || text.contains(&SECRET[9..]))
}

#[test]
fn no_spelling_is_in_any_output() {
    let place = Place::new();
    let mut text = String::new();
    for (number, query) in queries().iter().enumerate() {
        let url = format!("https://b.s3.amazonaws.com/k?{query}");
        let in_uri = Line {
            uri: format!("GET /k?{query} HTTP/1.1"),
            ..Line::default()
        };
        let in_referer = Line {
            referer: url.clone(),
            ..Line::default()
        };
        let in_agent = Line {
            agent: format!("fetch {url}"),
            ..Line::default()
        };
        let in_key = Line {
            key: format!("k%3F{query}"),
            ..Line::default()
        };
        for (kind, line) in [in_uri, in_referer, in_agent, in_key].iter().enumerate() {
            text += &line.text(number * 4 + kind);
        }
    }
    let count = text.lines().count();
    assert!(shows_secret(&text));
    place.file("every/rule.yml", EVERY).file("a.log", text);
    let formats =
        ["ndjson", "json", "csv", "table"].map(|f| format!("scan --rules every --format {f}"));
    let parses = ["ndjson", "csv"].map(|f| format!("parse --format {f}"));
    for command in formats.iter().chain(&parses) {
        let run = place.run(&format!("{command} a.log")).ends(0);
        // Line by line: what is shown is named by the first that is.
        for line in run.out.lines().chain(run.err.lines()) {
            assert!(!shows_secret(line), "{command}: {line}");
        }
        assert!(run.out.matches("REDACTED").count() >= count, "{command}");
    }
}

#[test]
fn nor_in_what_is_said_of_lines_that_are_none() {
    let place = Place::new();
    for query in queries() {
        for line in [
            format!("not a log line https://b/k?{query}\n"),
            format!("owner bucket \"GET /k?{query}\n"),
            // So long that it is shown in part.
            format!("https://user:{}{SECRET}@host/{query}\n", "x".repeat(310)),
        ] {
            let run = place.pipe("parse", line.as_bytes()).ends(3);
            assert!(!shows_secret(&run.err), "{}", run.err);
        }
    }
}

#[test]
fn nor_in_the_names_of_entities() {
    let place = Place::new();
    let line = Line {
        bucket: "b?X-Amz-Signature=wJalrXUtnFEMIbPxRfi",
        ..Line::default()
    };
    let rule = EVERY.replace(
        "[key_name, request_uri, referer, user_agent]",
        "[bucket_name]",
    );
    let (rule, _) = rule.split_once("  summary:").unwrap();
    place
        .file("every/rule.yml", rule)
        .file("a.log", line.text(1));
    let run = place
        .run("scan --rules every --entities who.ndjson a.log")
        .ends(0);
    run.says("bucket b?X-Amz-Signature=REDACTED")
        .says_not(SECRET);
    let text = place.read("who.ndjson");
    assert!(text.contains("b?X-Amz-Signature=REDACTED") && !shows_secret(&text));
}
