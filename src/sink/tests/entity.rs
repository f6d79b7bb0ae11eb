//! Entities as JSON, held to `docs/entity.schema.json`.

use std::sync::Arc;

use super::schema::{Json, check};
use super::*;
use crate::incident::ranking::Ranking;
use crate::rule::RuleSet;
use crate::sink::entity::push_ndjson;

fn lines(alerts: &[Alert]) -> Vec<String> {
    let set = RuleSet::new(Vec::new(), Vec::new(), Vec::new(), Arc::default(), None);
    let mut ranking = Ranking::new(&set);
    for alert in alerts {
        ranking.add(alert);
    }
    let ranked = ranking.ranked().into_iter().enumerate();
    let line = |(place, (entity, story))| {
        let mut line = Vec::new();
        push_ndjson(&mut line, place + 1, entity, story);
        String::from_utf8(line).unwrap()
    };
    ranked.map(line).collect()
}

fn schema() -> Json {
    serde_json::from_str(include_str!("../../../docs/entity.schema.json")).unwrap()
}

#[test]
fn the_line_is_the_frozen_object() {
    assert_eq!(
        lines(&[burst()]),
        [concat!(
            r#"{"schema":"s3sentry/entity/v1","rank":1,"kind":"address","name":"198.51.100.11","#,
            r#""weight":80,"level":"high","alerts":1,"#,
            r#""first":"2026-02-03T02:14:07Z","last":"2026-02-03T02:14:07Z","requests":1400,"#,
            r#""rules":[{"name":"access-denied-burst-high","title":"Many requests denied","#,
            r#""level":"high","alerts":1,"first":"2026-02-03T02:14:07Z","#,
            r#""last":"2026-02-03T02:14:07Z","requests":1400}],"#,
            r#""buckets":[],"addresses":[],"networks":[],"principals":[],"objects":[],"#,
            r#""incidents":[{"id":"d25bceb9b4012da8575f160a5809cd43","level":"high","#,
            r#""alerts":1,"first":"2026-02-03T02:14:07Z","last":"2026-02-03T02:14:07Z","#,
            r#""continues":false}],"more":[]}"#,
            "\n"
        )]
    );
}

/// An alert by a caller with a name that is no text, in more buckets than are told.
fn crowded() -> Vec<Alert> {
    let in_bucket = |number: u8| Alert {
        key: vec![
            ("actor".into(), Some(b"\xE9\x1b[2J\\x41".to_vec())),
            ("bucket_name".into(), Some(vec![b'b', number, 0xFF])),
        ],
        ..evidence::with_evidence()
    };
    (0..20).map(in_bucket).collect()
}

#[test]
fn entities_are_what_the_schema_says() {
    let schema = schema();
    let Json::Object(properties) = schema.get("properties").unwrap() else {
        panic!("no properties");
    };
    let documented: Vec<_> = properties.iter().map(|(name, _)| name.as_str()).collect();
    let mut alerts = night();
    alerts.extend(crowded());
    let lines = lines(&alerts);
    // A caller, a caller in a crowd of buckets, an address; a network was withdrawn.
    assert_eq!(lines.len(), 3);
    for line in &lines {
        let entity: Json = serde_json::from_str(line).unwrap();
        check(&schema, &schema, &entity, "$");
        let without_bytes = documented.iter().copied().filter(|name| *name != "bytes");
        assert_eq!(entity.keys(), without_bytes.collect::<Vec<_>>());
    }
}

#[test]
fn hostile_names_come_back() {
    let [line] = &lines(&crowded())[..] else {
        panic!("one entity");
    };
    assert!(!line.trim_end().contains(char::is_control), "{line}");
    let entity: serde_json::Value = serde_json::from_str(line).unwrap();
    let name = entity["name"].as_str().unwrap();
    assert_eq!(restore(name), b"\xE9\x1b[2J\\x41");
    assert_eq!(entity["buckets"].as_array().unwrap().len(), 8);
    assert_eq!(entity["more"][0], "buckets");
}
