//! Files that were made to hurt: an error in under a second, never a panic.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use s3sentry::rule::load;

use super::{GOOD, alone, errors, spoilt};

const MIB: usize = 1 << 20;

// A table, however long.
#[allow(clippy::too_many_lines)]
fn bombs() -> Vec<(&'static str, String)> {
    let mut aliases = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..20 {
        let before = format!("*a{}, ", level - 1).repeat(9);
        writeln!(aliases, "a{level}: &a{level} [{before}]").unwrap();
    }
    let keys = |count: usize| {
        let mut text = String::new();
        for key in 0..count {
            writeln!(text, "key{key}: 1").unwrap();
        }
        text
    };
    let fill = |piece: &str| piece.repeat(MIB / piece.len());
    let regexes = |pattern: &str| {
        let mut list = String::from("key_name|re:\n");
        for _ in 0..15_000 {
            writeln!(list, "      - '{pattern}'").unwrap();
        }
        spoilt("http_status|gte: 400\n", &list)
    };
    let keywords = |count: usize, keyword: &str| {
        let list = format!("[{}]", format!("{keyword}, ").repeat(count));
        spoilt(
            "condition: sel\n",
            &format!("s: {list}\n  condition: s or sel\n"),
        )
    };
    let filter = |rules: &str, count: usize| {
        let source = "logsource: {product: aws, service: s3_server_access}";
        let rules = rules.repeat(count);
        format!("title: f\n{source}\nfilter: {{rules: [{rules}], s: {{ok: true}}, condition: s}}\n")
    };
    let one = |value: &str| spoilt("http_status|gte: 400", value);
    let deep = (0..2_000).fold(String::new(), |text, n| text + &" ".repeat(n) + "a:\n");
    vec![
        ("alias bomb", aliases),
        ("nested flow lists", fill("[")),
        ("nested flow maps", fill("{a: ")),
        ("nested block lists", fill("- ")),
        ("nested block maps", deep[..MIB.min(deep.len())].to_owned()),
        ("complex keys", fill("? ")),
        ("complex keys in lines", fill("? - a\n")),
        ("colons", fill(": ")),
        ("one plain scalar", fill("a")),
        (
            "one quoted scalar",
            format!("a: \"{}\"", "x".repeat(MIB - 10)),
        ),
        ("one unclosed quote", format!("\"{}", "x".repeat(MIB - 10))),
        ("escapes", format!("a: \"{}\"", "\\\\".repeat(MIB / 2 - 10))),
        (
            "one block scalar",
            format!("a: |\n{}", " x\n".repeat(MIB / 3 - 10)),
        ),
        (
            "one folded scalar",
            format!("a: >\n{}", " x\n\n".repeat(MIB / 4 - 10)),
        ),
        ("blank lines", fill("\n")),
        (
            "blank lines in a scalar",
            format!("a: b\n{}", "\n".repeat(MIB - 10)),
        ),
        (
            "plain scalar over many lines",
            format!("a: b\n{}", " c\n".repeat(MIB / 3 - 10)),
        ),
        ("comments", fill("#\n")),
        ("one comment", fill("#")),
        ("tabs", fill("\t")),
        ("spaces", fill(" ")),
        ("documents", fill("---\n")),
        ("documents with text", fill("---\na\n")),
        ("document ends", fill("...\n")),
        ("anchors", fill("&a ")),
        ("anchored items", fill("- &a x\n")),
        ("aliases", format!("- &a x\n{}", "- *a\n".repeat(200_000))),
        ("tags", fill("!a ")),
        ("directives", fill("%TAG ! x\n")),
        ("percents", fill("%")),
        ("carriage returns", fill("\r")),
        ("nul bytes", fill("\0")),
        ("many keys", keys(60_000)),
        ("many unknown keys", keys(9_000)),
        ("many values", format!("a:\n{}", "- x\n".repeat(200_000))),
        ("flow pairs", format!("[{}", fill("a: b, "))),
        ("one long key", format!("{}: x", "k".repeat(MIB - 10))),
        ("regex bomb", one("key_name|re: '((a{1000}){1000}){1000}'")),
        (
            "regex of empty repetition",
            one("key_name|re: '(?:){4294967295}'").replace("stable", "x"),
        ),
        (
            "regex of nested groups",
            one(&format!("key_name|re: '{}'", "(".repeat(4_000))),
        ),
        (
            "regex of classes",
            one(&format!("key_name|re: '{}'", r"\pL".repeat(1_300))),
        ),
        (
            "long regex",
            one(&format!("key_name|re: '{}'", "a".repeat(MIB - 900))),
        ),
        ("too many keywords", keywords(30_000, "x")),
        (
            "stars",
            one(&format!("key_name: '{}'", "*?".repeat(MIB / 2 - 900))),
        ),
        ("empty keywords", keywords(9_000, "''")),
        (
            "nothing in base64offset",
            one(&format!(
                "key_name|base64offset|contains: [{}]",
                "a, ".repeat(9_000)
            )),
        ),
        (
            "base64 behind base64",
            one(&format!("key_name{}: x", "|base64".repeat(140))),
        ),
        (
            "modifiers",
            one(&format!("key_name{}: x", "|x".repeat(500))),
        ),
        ("lists in lists", keywords(800, "[[[[[[[[x]]]]]]]]")),
        ("rules of a filter", filter("x, ", 15_000)),
        ("selections of a filter", filter("any], s: [", 9_000)),
        ("many regexes", regexes(r"\w{300}")),
        ("many small regexes", regexes("a")),
        (
            "parentheses",
            spoilt(
                "condition: sel\n",
                &format!("condition: {}\n", "(".repeat(60_000)),
            ),
        ),
        (
            "nots",
            spoilt(
                "condition: sel\n",
                &format!("condition: {} sel\n", "not ".repeat(15_000)),
            ),
        ),
        (
            "not too many nots",
            spoilt(
                "condition: sel\n",
                &format!("condition: {} sle\n", "not ".repeat(480)),
            ),
        ),
        ("places", spoilt("{count}", &"{count}".repeat(100_000))),
    ]
}

#[test]
fn bombs_are_errors_soon() {
    let _alone = alone();
    for (name, text) in bombs() {
        // The machine may be busy with something else: the best of three counts.
        let (mut found, mut took) = (Vec::new(), Duration::MAX);
        for _ in 0..3 {
            let start = Instant::now();
            found = errors(&text);
            took = took.min(start.elapsed());
            if took < Duration::from_millis(500) {
                break;
            }
        }
        println!("{took:>12.1?} {name}: {:?}", found.first());
        assert!(!found.is_empty(), "{name}");
        assert!(found.iter().all(|error| error.len() < 500), "{name}");
        assert!(took < super::TOO_LONG, "{name} took {took:?}");
    }
}

#[test]
fn whole_files_that_are_no_rules() {
    let error = |bytes: &[u8]| load::read("r.yml", bytes).unwrap_err()[0].to_string();
    assert_eq!(error(&vec![b' '; MIB + 1]), "r.yml: is larger than 1 MiB");
    assert_eq!(error(b"title: \xff"), "r.yml: is not UTF-8 (byte 7)");
    assert_eq!(error(b""), "r.yml: holds no rule");
    assert_eq!(error(b"# nothing\n---\n"), "r.yml: holds no rule");
    assert_eq!(
        error(b"- x\n"),
        "r.yml:1:1: a rule must be a map, is a list"
    );
}

#[test]
fn what_errors_quote_is_escaped() {
    let found = errors(&spoilt("level: medium", "\"\\e[31m\\u202E\": 1"));
    assert_eq!(
        found,
        [r#"r.yml:14:1: unknown key "\u{1b}[31m\u{202e}" in the rule"#]
    );
}

/// Pieces that mean something to one of the parsers.
const PIECES: &[&str] = &[
    "",
    "\n",
    " ",
    "\t",
    "- ",
    ": ",
    "? ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "\"",
    "'",
    "|",
    ">",
    "&a ",
    "*a",
    "!t ",
    "%",
    "#",
    "---\n",
    "...\n",
    "\0",
    "\u{feff}",
    "é",
    "\u{2028}",
    "~",
    "-1",
    "99999999999999999999999999999999999999999999",
    "1e999",
    "0x",
    "null",
    "<<: ",
    "(",
    "not ",
    "1 of ",
    "%accounts%",
    "|re",
    "|cidr",
    "|expand",
    "|all",
    "{count}",
    "{",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn mutations_of_a_good_rule_never_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, 0..PIECES.len()), 1..6),
    ) {
        let mut text: Vec<char> = GOOD.chars().collect();
        for (at, remove, piece) in edits {
            let at = at.index(text.len());
            let end = (at + remove).min(text.len());
            text.splice(at..end, PIECES[piece].chars());
        }
        let text: String = text.into_iter().collect();
        let _ = errors(&text);
    }

    #[test]
    fn bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = load::read("r.yml", &bytes);
    }
}
