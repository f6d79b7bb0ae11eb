//! Every shipped rule over the logs in `fixtures/`: it fires where it must, with
//! exactly the alerts that are written there, and is quiet on near misses.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use s3sentry::alert::Level;
use s3sentry::fixture;
use s3sentry::rule::{self, RuleSet};
use s3sentry::settings::{Networks, Settings};
use serde::Deserialize;
use serde_json::Value;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The shipped rules under these settings, with a baseline or without.
fn shipped(settings: Settings, normal: bool) -> Arc<RuleSet> {
    let mut documents = rule::load(&[]).unwrap();
    rule::overrides::apply(&mut documents, &settings).unwrap();
    let (settings, level) = (Arc::new(settings), Level::Informational);
    let set = if normal {
        let options = s3sentry::baseline::Options::default();
        rule::compile_with_baseline(&documents, &settings, level, options)
    } else {
        rule::compile(&documents, &settings, level)
    };
    Arc::new(set.unwrap())
}

fn names(set: &RuleSet) -> BTreeSet<String> {
    set.rules
        .iter()
        .map(|rule| rule.info.name.clone())
        .collect()
}

/// The rules that have a directory.
fn directories() -> BTreeSet<String> {
    let entries = std::fs::read_dir(fixtures().join("rules")).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// The alerts that a file holds.
fn written(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn assert_same(what: &str, raised: &[Value], expected: &[Value]) {
    for (raised, expected) in raised.iter().zip(expected) {
        assert_eq!(raised, expected, "{what}");
    }
    assert_eq!(raised.len(), expected.len(), "{what}: number of alerts");
}

#[test]
fn every_rule_has_fixtures_and_the_other_way_round() {
    assert_eq!(directories(), names(&shipped(Settings::default(), false)));
}

#[test]
fn every_rule_fires_and_is_quiet_as_its_fixtures_say() {
    for name in directories() {
        let directory = fixtures().join("rules").join(&name);
        let file = directory.join("s3sentry.toml");
        let settings = if file.exists() {
            Settings::read(&file).unwrap()
        } else {
            Settings::default()
        };
        let normal = directory.join(fixture::BASELINE);
        let normal = normal.is_file().then_some(normal.as_path());
        let set = shipped(settings, normal.is_some());
        let raised = |log: &str| -> Vec<Value> {
            let alerts = fixture::alerts(&directory.join(log), normal, &set).unwrap();
            let own = alerts
                .into_iter()
                .filter(|alert| alert["rule"]["name"] == name.as_str());
            own.collect()
        };
        let expected = written(&directory.join("alerts.ndjson"));
        assert!(!expected.is_empty(), "{name}: fires nowhere");
        assert_same(&name, &raised("fires.log"), &expected);
        assert_same(&name, &raised("quiet.log"), &[]);
    }
}

#[test]
fn the_demo_raises_what_is_written_beside_it() {
    let trusted = Networks::from_file(&fixtures().join("trusted.txt")).unwrap();
    let set = shipped(
        Settings {
            trusted_networks: Some(trusted),
            ..Settings::default()
        },
        false,
    );
    let raised = fixture::alerts(&fixtures().join("demo.log"), None, &set).unwrap();
    let expected = written(&fixtures().join("demo.alerts.ndjson"));
    assert_same("the demo", &raised, &expected);
}

/// The documents of all rule files, as any YAML reader sees them.
fn documents() -> Vec<(&'static str, Value)> {
    let mut documents = Vec::new();
    for (file, text) in rule::load::embedded() {
        for document in yaml_serde::Deserializer::from_str(text) {
            documents.push((*file, Value::deserialize(document).unwrap()));
        }
    }
    documents
}

#[test]
fn every_document_documents_itself() {
    for (file, document) in documents() {
        let what = format!("{file}: {}", document["name"]);
        for key in ["title", "id", "name", "status", "author", "date", "level"] {
            assert!(document[key].is_string(), "{what} lacks {key:?}");
        }
        // No tags say that no technique of ATT&CK fits.
        assert!(document["tags"].is_array(), "{what} lacks \"tags\"");
        for key in ["falsepositives", "references"] {
            let full = document[key]
                .as_array()
                .is_some_and(|list| !list.is_empty());
            assert!(full, "{what} lacks {key:?}");
        }
        assert_eq!(document["author"], "s3sentry", "{what}");
        let description = document["description"].as_str().unwrap_or_default();
        assert!(!description.is_empty(), "{what} lacks a description");
        if !raises(&document) {
            continue;
        }
        for part in ["Why ", "How sure: ", "What to do: "] {
            let said = description.contains(part);
            assert!(said, "{what}: its description does not say {part:?}");
        }
        for key in ["summary", "evidence", "suppress"] {
            let there = document["s3sentry"].get(key).is_some();
            assert!(there, "{what} lacks {key:?}");
        }
    }
}

/// Whether a document raises alerts: a correlation that no other one counts.
fn raises(document: &Value) -> bool {
    static COUNTED: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let rules = |document: &Value| document["correlation"]["rules"].as_array().cloned();
        let counted = documents()
            .into_iter()
            .filter_map(|(_, document)| rules(&document));
        let names = counted
            .flatten()
            .map(|name| name.as_str().unwrap().to_owned());
        names.collect()
    });
    document.get("correlation").is_some() && !COUNTED.contains(document["name"].as_str().unwrap())
}

/// A file holds one stem; its correlations are the stem and its levels. What
/// they count is informational.
#[test]
fn every_file_is_one_stem() {
    for (file, document) in documents() {
        let name = document["name"].as_str().unwrap();
        if !raises(&document) {
            assert_eq!(document["level"], "informational", "{file}: {name}");
            continue;
        }
        let stem = Path::new(file).file_stem().unwrap().to_str().unwrap();
        let level = document["level"].as_str().unwrap();
        let fits = name == stem || name == format!("{stem}-{level}");
        assert!(fits, "{file}: {name} of level {level}");
    }
}
