//! Rules that come together: embedded, from directories, replacing each other.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use rsigma_parser::{ConditionOperator, CorrelationCondition, Detection};
use s3sentry::alert::Level;
use s3sentry::rule::{Body, Document, Kind, Part, Placeholder, load};

use super::{GOOD, errors};

fn find<'a>(documents: &'a [Document], name: &str) -> &'a Document {
    let found = documents.iter().find(|document| document.label() == name);
    found.unwrap()
}

#[test]
fn embedded_rules_load() {
    let documents = load(&[]).unwrap();
    let burst = find(&documents, "access-denied-burst");
    assert!(burst.built_in);
    assert_eq!(burst.meta.level, Some(Level::Medium));
    assert_eq!(burst.meta.tags, ["attack.t1619"]);
    let Body::Correlation(correlation) = &burst.body else {
        panic!("a correlation");
    };
    assert_eq!(correlation.rules, ["access-denied"]);
    assert_eq!(correlation.timespan.seconds, 300);
    let CorrelationCondition::Threshold { predicates, .. } = &correlation.condition else {
        panic!("a threshold");
    };
    assert_eq!(predicates, &[(ConditionOperator::Gte, 20)]);

    let window = burst.correlation().unwrap();
    assert_eq!(window.kind, Kind::EventCount);
    assert_eq!(window.condition.predicates, [(ConditionOperator::Gte, 20)]);
    assert_eq!(window.group_by, ["remote_host", "bucket_name"]);
    assert_eq!((window.timespan, window.rules.len()), (300, 1));

    let extension = &burst.extension;
    assert_eq!(extension.suppress, Some(3_600));
    assert_eq!(extension.evidence, Some(5));
    let summary = extension.summary.as_ref().unwrap();
    let host = Part::Placeholder(Placeholder::Key(0));
    assert_eq!(summary.parts[0], host);
    assert!(extension.and.is_empty());
    let [stranger, keys, classes] = extension.any.as_slice() else {
        panic!("three ways");
    };
    assert_eq!(stranger.kind, Kind::EventCount);
    assert_eq!(stranger.timespan, None);
    let selection = &stranger.selection.as_ref().unwrap().named["selection"];
    assert!(matches!(selection, Detection::AllOf(items) if items.len() == 1));
    assert_eq!(keys.kind, Kind::ValueCount);
    assert_eq!(keys.condition.field, Some("key_name".to_owned()));
    assert!(classes.selection.is_none());
    assert!(find(&documents, "access-denied").correlation().is_none());
}

#[test]
fn every_embedded_file_is_listed_in_order() {
    let names: Vec<_> = load::embedded().iter().map(|(name, _)| *name).collect();
    assert!(names.is_sorted());
    assert!(names.contains(&"refused/access-denied-burst.yml"));
}

#[test]
fn positions_lead_back_to_the_file() {
    let documents = load::read("r.yml", GOOD.as_bytes()).unwrap();
    let positions = &documents[0].positions;
    let place = |path: &[&str]| {
        let (key, value) = (positions.key(path), positions.value(path));
        ((key.line, key.column), (value.line, value.column))
    };
    let selection = ["detection", "sel", "http_status|gte"];
    assert_eq!(place(&selection), ((8, 5), (8, 22)));
    assert_eq!(place(&["detection", "sel", "gone"]), ((6, 3), (7, 5)));
    assert_eq!(place(&[]), ((1, 1), (1, 1)));
    let positions = &documents[1].positions;
    let item = ["s3sentry", "any", "0", "condition", "gte"];
    assert_eq!(positions.value(&item).to_string(), "r.yml:27:41");
    assert_eq!(documents[1].origin.to_string(), "r.yml:11:1");
}

#[test]
fn text_survives_the_way_through_both_parsers() {
    let value = "a\u{1}\u{85}\u{2028}é\u{1F600}\"\\x # : - {}";
    let quoted = value.chars().fold(String::new(), |mut text, c| {
        write!(text, "\\U{:08x}", u32::from(c)).unwrap();
        text
    });
    let text = GOOD.replace("AccessDenied", &format!("\"{quoted}\""));
    let documents = load::read("r.yml", text.as_bytes()).unwrap();
    let Body::Detection(rule) = &documents[0].body else {
        panic!("a detection");
    };
    let Detection::AllOf(items) = &rule.detection.named["sel"] else {
        panic!("a map");
    };
    assert_eq!(items[0].values[0].to_string(), value);
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_change_nothing() {
    let text = format!("\u{feff}{}", GOOD.replace('\n', "\r\n"));
    assert_eq!(errors(&text), Vec::<String>::new());
    let text = text.replace("levle", "level").replace("level", "levle");
    let expected = r#"r.yml:14:1: unknown key "levle" in the rule (did you mean "level"?)"#;
    assert_eq!(errors(&text), [expected]);
}

/// A directory with these files.
fn directory(files: &[(&str, &str)]) -> (tempfile::TempDir, Vec<PathBuf>) {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let path = directory.path().to_owned();
    (directory, vec![path])
}

fn refused(files: &[(&str, &str)]) -> Vec<String> {
    let (directory, paths) = directory(files);
    let prefix = format!("{}/", directory.path().display());
    let errors = load(&paths).unwrap_err();
    let text = |error: &s3sentry::rule::RuleError| error.to_string().replace(&prefix, "");
    errors.iter().map(text).collect()
}

#[test]
fn directories_add_and_replace() {
    let burst = |(name, _): &&(&str, &str)| name.ends_with("/access-denied-burst.yml");
    let original = load::embedded().iter().find(burst).unwrap().1;
    let id = original.lines().find_map(|line| line.strip_prefix("id: "));
    let first = original.split("\n---\n").next().unwrap();
    let changed = first.replace("title: ", "title: Our ");
    assert!(id.is_some());
    let (_keep, paths) = directory(&[
        ("b/own.yaml", GOOD),
        ("replace.yml", &changed),
        ("notes.txt", "no rule"),
        (".git/x.yml", "no rule"),
    ]);
    let count = load(&[]).unwrap().len();
    let documents = load(&paths).unwrap();
    assert_eq!(documents.len(), count + 2);
    let replaced = find(&documents, "access-denied");
    assert!(replaced.meta.title.starts_with("Our "));
    assert!(!replaced.built_in);
    // What it is about stays the same.
    assert_eq!(replaced.theme.as_deref(), Some("refused"));
}

#[test]
fn the_first_directory_below_that_of_the_set_is_the_theme() {
    let other = GOOD
        .replace("11111111-", "22222222-")
        .replace("name: ", "name: other-");
    let other = other.replace("rules: [", "rules: [other-");
    let (_keep, paths) = directory(&[("taking/deep/a.yml", GOOD), ("b.yml", &other)]);
    let documents = load(&paths).unwrap();
    let theme = |name: &str| find(&documents, name).theme.as_deref().map(str::to_owned);
    assert_eq!(theme("access-denied").as_deref(), Some("refused"));
    let own: Vec<_> = documents.iter().filter(|one| !one.built_in).collect();
    assert!(!own.is_empty());
    for one in own {
        let in_none = one.origin.file.ends_with("/b.yml");
        assert_eq!(one.theme.as_deref(), (!in_none).then_some("taking"));
    }
}

#[test]
fn ids_and_names_are_taken_once() {
    let found = refused(&[("a.yml", GOOD), ("b.yml", GOOD)]);
    assert_eq!(
        found,
        [
            r#"b.yml:2:5: the id "11111111-2222-4333-8444-555555555555" is taken by a.yml:2:5"#,
            r#"b.yml:3:7: the name "refused" is taken by a.yml:3:7"#,
            r#"b.yml:12:7: the name "burst" is taken by a.yml:12:7"#,
        ]
    );
    let found = refused(&[("a.yml", &GOOD.replace("burst", "access-denied-burst"))]);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with(
        r#"a.yml:12:7: the name "access-denied-burst" is taken by built-in:refused/access-denied-burst.yml:"#
    ));
}

#[test]
fn references_cross_files_by_name_and_id() {
    let (rule, burst) = GOOD.split_once("---\n").unwrap();
    let id = "11111111-2222-4333-8444-555555555555";
    let (_keep, paths) = directory(&[
        ("a.yml", &burst.replace("[refused]", &format!("[{id}]"))),
        ("b.yml", rule),
    ]);
    assert!(load(&paths).is_ok());
    // One mistake in the rule is one error, not two.
    let wrong = rule.replace("error_code", "eror_code");
    assert_eq!(refused(&[("a.yml", burst), ("b.yml", &wrong)]).len(), 1);
    let broken = rule.replace("error_code", "\"");
    assert_eq!(refused(&[("a.yml", burst), ("b.yml", &broken)]).len(), 1);
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let error = |path: &str| load(&[path.into()]).unwrap_err()[0].to_string();
    assert!(error("/nonexistent").starts_with("/nonexistent: cannot be read: "));
    assert_eq!(refused(&[("notes.txt", "")]).len(), 1);
    let (_keep, paths) = directory(&[]);
    let found = load(&paths).unwrap_err()[0].to_string();
    assert!(found.ends_with(": holds no *.yml or *.yaml file"));
}
