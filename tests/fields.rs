//! The page about fields says what is so.
#![allow(clippy::unwrap_used)]

use s3sentry::record::derived::View;
use s3sentry::record::{Field, Kind, Record};
use s3sentry::settings::Settings;

/// The cells of every row about a field.
fn rows() -> Vec<[&'static str; 5]> {
    include_str!("../docs/fields.md")
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            cells.try_into().unwrap()
        })
        .collect()
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Number => "number",
        Kind::Flag => "flag",
    }
}

#[test]
fn the_page_has_a_row_for_every_field_in_order() {
    let named: Vec<(String, &str)> = rows()
        .iter()
        .map(|[name, kind, ..]| (name.trim_matches('`').to_owned(), *kind))
        .collect();
    let expected: Vec<(String, &str)> = Field::ALL
        .iter()
        .map(|field| (field.name().to_owned(), word(field.kind())))
        .collect();
    assert_eq!(named, expected);
}

#[test]
fn a_field_that_is_never_null_has_a_value_on_a_line_of_nulls() {
    let line = ["-"; Field::LOG_COUNT].join(" ");
    let record = Record::parse(line.as_bytes()).unwrap();
    let settings = Settings::default();
    let view = View::new(&record, &settings);
    for (field, [_, _, _, null, _]) in Field::ALL.iter().zip(rows()) {
        let found = view.bytes(*field).is_some();
        assert_eq!(found, null.starts_with("never"), "{}", field.name());
    }
}

#[test]
fn examples_are_of_their_kind() {
    for [name, kind, _, _, example] in rows() {
        let example = example.trim_matches('`');
        match kind {
            "number" => assert!(example.parse::<u64>().is_ok(), "{name}"),
            "flag" => assert!(example.parse::<bool>().is_ok(), "{name}"),
            _ => assert!(!example.is_empty(), "{name}"),
        }
    }
}
