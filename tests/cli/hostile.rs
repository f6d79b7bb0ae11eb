//! Text that a caller of S3 chose, on the terminal of whoever reads of it.

use crate::place::{EVERY, Line, Place};

/// Colours, cursor, title, bell, line ends, direction, invisible and C1.
const HOSTILE: [&str; 12] = [
    "\x1b[31mred\x1b[0m",
    "\x1b[2J\x1b[1;1H",
    "\x1b]0;title\x07",
    "a\rb",
    "tab\tvt\x0bff\x0c",
    "bs\x08\x7f",
    "\u{202e}gpj.exe\u{202c}",
    "\u{2066}iso\u{2069}",
    "\u{200b}zero\u{feff}",
    "\u{9b}31mC1",
    "\u{2028}line\u{2029}",
    "nul\0",
];

fn is_harmful(c: char) -> bool {
    let moves = c.is_control() && c != '\n';
    moves
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[track_caller]
fn harmless(text: &str, what: &str) {
    let found = text.chars().find(|c| is_harmful(*c));
    assert_eq!(found, None, "{what}: {text:?}");
}

#[test]
fn no_format_shows_them_raw() {
    let place = Place::new();
    let mut text = String::new();
    for (number, hostile) in HOSTILE.iter().enumerate() {
        let line = Line {
            key: hostile.replace(' ', "+"),
            uri: format!("GET /{hostile} HTTP/1.1"),
            referer: format!("https://example.com/{hostile}"),
            agent: format!("agent {hostile}"),
            ..Line::default()
        };
        text += &line.text(number);
        // And as a line that is none.
        text.push_str(&[hostile, " ", hostile, "\n"].concat());
    }
    place.file("every/rule.yml", EVERY).file("a.log", text);
    let commands = [
        "scan --rules every --format ndjson",
        "scan --rules every --format json",
        "scan --rules every --format csv",
        "scan --rules every --format table",
        "parse --format ndjson",
        "parse --format csv",
    ];
    for command in commands {
        let run = place.run(&format!("{command} a.log")).ends(0);
        assert!(
            run.out.lines().count() >= HOSTILE.len(),
            "{command}: {}",
            run.out
        );
        harmless(&run.out, command);
        harmless(&run.err, command);
        run.says("not understood and left out");
    }
}

#[test]
fn no_message_shows_arguments_raw() {
    let place = Place::new();
    for hostile in ["\x1b[31mx", "\u{202e}x", "a\rb"] {
        for arguments in [
            &["scan", hostile][..],
            &["scan", "-o", &format!("{hostile}/none")],
            &["scan", "--append", &format!("{hostile}/none")],
            &["scan", "--rules", hostile],
            &["scan", "--config", hostile],
            &["scan", "--trusted-networks", hostile],
            &["scan", "--aws-ranges", hostile],
            &["scan", "--geoip", hostile],
            &["rules", "test", "--fixtures", hostile],
        ] {
            let output = place.command("").args(arguments).output().unwrap();
            let run: crate::place::Run = output.into();
            assert_ne!(run.code, 0);
            harmless(&run.err, &format!("{arguments:?}"));
        }
    }
}

#[test]
fn no_message_shows_files_of_addresses_raw() {
    let place = Place::new();
    let hostile = "\x1b[31m\u{202e}\\n".to_owned() + &"x".repeat(1 << 20);
    let escaped = hostile.replace('\x1b', "\\u001b");
    let created = "\"createDate\": \"2026-01-02-03-04-05\"";
    for text in [
        format!("[[\"{escaped}\"]]"),
        format!("{{{created}, \"prefixes\": \"{escaped}\"}}"),
        format!("{{\"createDate\": \"{escaped}\"}}"),
        format!(
            "{{{created}, \"prefixes\": [{{\"ip_prefix\": \"{escaped}\", \"region\": \"x\"}}]}}"
        ),
        format!(
            "{{{created}, \"prefixes\": [{{\"ip_prefix\": \"192.0.2.0/24\", \"region\": \"{escaped}\"}}]}}"
        ),
        "[".repeat(1 << 20),
        format!("{{{created}, \"x\": {}", "[".repeat(1 << 20)),
    ] {
        place.file("ranges.json", &text);
        let run = place.run("scan --aws-ranges ranges.json").ends(2);
        harmless(&run.err, &text[..40]);
        assert!(run.err.len() < 600, "{}", run.err);
        run.says("s3sentry: error: ranges.json:");
    }
}

#[test]
fn cells_are_no_formulas() {
    let place = Place::new();
    let mut text = String::new();
    for (number, start) in ["=", "+", "-", "@"].iter().enumerate() {
        let agent = format!("{start}cmd|' /C calc'!A0");
        text += &Line {
            agent,
            ..Line::default()
        }
        .text(number);
    }
    place.file("a.log", text);
    let csv = place.run("parse --format csv a.log").ends(0).out;
    for cell in csv.lines().flat_map(|line| line.split(',')) {
        let cell = cell.trim_matches('"');
        assert!(
            !cell.starts_with(['=', '+', '@']) && !cell.starts_with("-c"),
            "{cell}"
        );
    }
}
