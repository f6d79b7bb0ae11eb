//! What one rule and one set may hold at most.

use std::fmt::Write as _;
use std::sync::Arc;

use s3sentry::alert::Level;
use s3sentry::rule::{Document, compile, load};
use s3sentry::settings::Settings;

use super::GOOD;

/// The errors of compiling files that load.
fn compiled(files: &[String]) -> Vec<String> {
    let read = |text: &String| load::read("r.yml", text.as_bytes()).unwrap();
    let documents: Vec<Document> = files.iter().flat_map(read).collect();
    match compile(
        &documents,
        &Arc::new(Settings::default()),
        Level::Informational,
    ) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn a_rule_has_sixteen_aggregates_at_most() {
    let mut text = GOOD.to_owned();
    // One of its own, one that is there already.
    for _ in 2..16 {
        text += "    - {type: event_count, condition: {gte: 1}}\n";
    }
    assert_eq!(compiled(&[text.clone()]), Vec::<String>::new());
    text += "    - {type: event_count, condition: {gte: 1}}\n";
    assert_eq!(
        compiled(&[text.clone()]),
        ["r.yml:22:1: a rule has 16 aggregates at most, this one has 17"]
    );
}

#[test]
fn a_set_has_so_many_selections_at_most() {
    // A file may hold fewer.
    let file = |numbers: std::ops::Range<usize>| {
        let mut text = String::new();
        for number in numbers {
            let _ = write!(
                text,
                "---\ntitle: t\nname: n{number}\nlogsource: {{product: aws, service: s3_server_access}}\n\
                 detection: {{s: {{key_name: k}}, condition: s}}\n"
            );
        }
        text
    };
    let mut files = vec![file(0..1000), file(1000..2000), file(2000..2048)];
    assert_eq!(compiled(&files), Vec::<String>::new());
    files.push(file(2048..2050));
    assert_eq!(
        compiled(&files),
        ["r.yml:2:1: all rules up to this one have more than 2048 selections"]
    );
}

#[test]
fn a_name_that_is_the_id_of_another_is_another_rule() {
    let id = "11111111-2222-4333-8444-555555555555";
    let document = |key: &str, status: u16| {
        format!(
            "title: t\n{key}: {id}\nlogsource: {{product: aws, service: s3_server_access}}\n\
             detection: {{s: {{http_status: {status}}}, condition: s}}\n"
        )
    };
    let text = document("name", 404) + "---\n" + &document("id", 403);
    let documents = load::read("r.yml", text.as_bytes()).unwrap();
    let settings = Arc::new(Settings::default());
    let set = compile(&documents, &settings, Level::Informational).unwrap();
    assert_eq!((set.rules.len(), set.selection_count()), (2, 2));
}
