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
fn a_name_is_not_the_id_of_another() {
    let id = "11111111-2222-4333-8444-55555555555a";
    let document = |key: &str, word: &str| {
        format!(
            "title: t\n{key}: {word}\nlogsource: {{product: aws, service: s3_server_access}}\n\
             detection: {{s: {{http_status: 404}}, condition: s}}\n"
        )
    };
    let name = id.to_uppercase();
    let text = document("name", &name) + "---\n" + &document("id", id);
    let errors = load::read("r.yml", text.as_bytes()).unwrap_err();
    let expected = format!("r.yml:2:7: the name \"{name}\" is the id of another rule");
    assert_eq!(errors[0].to_string(), expected);
}

#[test]
fn a_record_makes_a_rule_fire_in_so_many_periods_at_most() {
    let above = |suppress: &str| {
        format!(
            "{GOOD}---\ntitle: above\nname: above\nlevel: low\ncorrelation:\n  type: event_count\n  \
             rules: [burst]\n  timespan: 1s\n  condition: {{gte: 1}}\ns3sentry:\n  suppress: {suppress}\n"
        )
    };
    assert_eq!(compiled(&[above("1s")]), Vec::<String>::new());
    let longer = |suppress| above(suppress).replace("timespan: 5m", "timespan: 5d");
    let errors = compiled(&[longer("1s")]);
    let expected = "more than 300000 of its periods of 1 s";
    assert!(errors[0].contains(expected), "{errors:?}");
    assert_eq!(compiled(&[longer("2s")]), Vec::<String>::new());
}
