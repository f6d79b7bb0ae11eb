//! Texts of rule files as GitHub's Markdown.

use std::fmt::Write as _;

/// A text whose characters mean nothing but themselves.
pub fn escape(text: &str) -> String {
    let mut out = String::new();
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '$' => {
                out.push('\\');
                out.push(char);
            }
            _ => out.push(char),
        }
    }
    out
}

/// A text in which names of rules lead to them, and other names with an
/// underscore stand as code.
pub fn prose(text: &str, is_rule: impl Fn(&str) -> bool) -> String {
    let in_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '%');
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !in_word(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        // A path, a glob or a number with a unit is no name.
        let whole = !out.ends_with(['/', '.', '*', '@', ':', '='])
            && !after.starts_with(['/', '*', '@', '=']);
        let name =
            word.contains('_') && word.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '%');
        if whole && is_rule(word) {
            write!(out, "[{word}](#{word})").unwrap();
        } else if whole && name {
            write!(out, "`{word}`").unwrap();
        } else {
            out.push_str(&escape(word));
        }
        let next = after.find(in_word).unwrap_or(after.len());
        let (between, after) = after.split_at(next);
        out.push_str(&escape(between));
        rest = after;
    }
    out
}

/// `[T1078.004](https://attack.mitre.org/techniques/T1078/004/)`.
pub fn technique(id: &str) -> String {
    let path = id.replace('.', "/");
    format!("[{id}](https://attack.mitre.org/techniques/{path}/)")
}

/// Names as code, one beside the other.
pub fn code(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

#[test]
fn what_is_markup_is_escaped() {
    assert_eq!(escape(r"a_b*<c>[d]|\"), r"a\_b\*&lt;c&gt;\[d\]\|\\");
    assert_eq!(
        escape("Tom & `x` $y$ ~z~ #1"),
        r"Tom &amp; \`x\` \$y\$ \~z\~ \#1"
    );
}

#[test]
fn names_lead_to_rules_or_stand_as_code() {
    let prose = |text| prose(text, |word| word == "bucket-sweep");
    assert_eq!(
        prose("see bucket-sweep."),
        "see [bucket-sweep](#bucket-sweep)."
    );
    assert_eq!(prose("bucket-sweep-low"), "bucket-sweep-low");
    assert_eq!(
        prose("public_buckets, _temporary/"),
        r"`public_buckets`, \_temporary/"
    );
    assert_eq!(prose("*_$folder$ and a_b/c"), r"\*\_\$folder\$ and a\_b/c");
}
