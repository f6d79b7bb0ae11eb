//! A rule as it is shown is the rule that runs.

use std::path::Path;
use std::sync::Arc;

use s3sentry::alert::Level;
use s3sentry::rule::overrides::{Override, apply};
use s3sentry::rule::show::Shown;
use s3sentry::rule::{Document, Rule, RuleSet, compile, load};
use s3sentry::settings::Settings;

use super::GOOD;
use super::overrides::{compiled, settings};

struct World {
    documents: Vec<Document>,
    overrides: Vec<Override>,
    settings: Arc<Settings>,
    set: RuleSet,
}

impl World {
    fn new(mut documents: Vec<Document>, settings: Settings) -> Self {
        let overrides = apply(&mut documents, &settings).unwrap();
        let settings = Arc::new(settings);
        let set = compile(&documents, &settings, Level::Informational).unwrap();
        Self {
            documents,
            overrides,
            settings,
            set,
        }
    }

    fn shown(&self, name: &str) -> String {
        let place = self.documents.iter().position(|one| one.label() == name);
        let shown = Shown {
            documents: &self.documents,
            overrides: &self.overrides,
            set: &self.set,
            settings: &self.settings,
        };
        shown.rule(place.unwrap())
    }
}

/// The rule of this name when what was shown is read as a file.
fn read_again(text: &str, name: &str) -> Rule {
    let documents = load::read("shown.yml", text.as_bytes()).unwrap_or_else(|errors| {
        panic!("{errors:?}\n{text}");
    });
    let set = compiled(&documents);
    set.rules
        .into_iter()
        .find(|rule| rule.info.name == name)
        .unwrap()
}

#[track_caller]
fn same(one: &Rule, other: &Rule) {
    assert_eq!(one.canonical, other.canonical);
    assert_eq!(one.info, other.info);
    assert_eq!(one.summary, other.summary);
    assert_eq!(one.timespan(), other.timespan());
    assert_eq!((one.period, one.evidence), (other.period, other.evidence));
}

#[test]
fn every_built_in_rule_reads_as_itself() {
    let world = World::new(load(&[]).unwrap(), Settings::default());
    for rule in &world.set.rules {
        let text = world.shown(&rule.info.name);
        same(&read_again(&text, &rule.info.name), rule);
        let description = |documents: &[Document]| {
            let found = documents.iter().find(|one| one.label() == rule.info.name);
            found.unwrap().meta.description.clone()
        };
        let again = load::read("shown.yml", text.as_bytes()).unwrap();
        assert_eq!(description(&again), description(&world.documents));
    }
}

#[test]
fn a_rule_that_the_settings_changed_reads_as_changed() {
    let text = "[rules.access-denied-burst]\nlevel = \"high\"\nthreshold = 50\ntimespan = \"10m\"\n\
                suppress = \"2h\"\nevidence = 3\n";
    let world = World::new(load(&[]).unwrap(), settings(text));
    let rule = world
        .set
        .rules
        .iter()
        .find(|rule| rule.info.name == "access-denied-burst");
    let text = world.shown("access-denied-burst");
    same(&read_again(&text, "access-denied-burst"), rule.unwrap());
    for line in [
        "level: high  # from s.toml: was medium",
        "  timespan: 10m  # from s.toml: was 5m",
        "    gte: 50  # from s.toml: was 20",
        "  suppress: 2h  # from s.toml: was 1h",
        "  evidence: 3  # from s.toml: was 5",
    ] {
        assert!(text.lines().any(|known| known == line), "{line} in\n{text}");
    }
}

#[test]
fn what_was_not_there_is_marked_too() {
    let documents = load::read("r.yml", GOOD.as_bytes()).unwrap();
    let world = World::new(documents, settings("[rules.burst]\nsuppress = \"2h\"\n"));
    let text = world.shown("burst");
    assert!(text.contains("  suppress: 2h  # from s.toml\n"), "{text}");
}

#[test]
fn lists_are_named_with_what_they_hold_and_where_it_is_from() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("more.txt"), "site-2\nsite-3\n").unwrap();
    let file = directory.path().join("s.toml");
    std::fs::write(&file, "public_buckets = [\"site\", \"@more.txt\"]\n").unwrap();
    let world = World::new(load(&[]).unwrap(), Settings::read(&file).unwrap());
    let text = world.shown("not-found-burst");
    let at = |name: &str| directory.path().join(name).display().to_string();
    let expected = format!(
        "bucket_name|expand: '%public_buckets%'  # 3 entries, from {}, {}\n",
        at("more.txt"),
        at("s.toml")
    );
    assert!(text.contains(&expected), "{text}");

    let world = World::new(load(&[]).unwrap(), Settings::default());
    let text = world.shown("not-found-burst-low");
    assert!(text.contains("'%public_buckets%'  # public_buckets is not set: it holds nothing\n"));
    assert!(
        text.contains("\n# Cannot work: public_buckets is not set.\n"),
        "{text}"
    );
}

#[test]
fn exclusions_are_shown_as_a_filter() {
    let documents = load::read("r.yml", GOOD.as_bytes()).unwrap();
    let exclude = "exclude = [{remote_ip = \"192.0.2.7\"}, {\"user_agent|contains\" = \"scanner\", bucket_name = \"b\"}]";
    let world = World::new(documents, settings(&format!("[rules.burst]\n{exclude}\n")));
    let text = world.shown("burst");
    let filter = "\
---
# From s.toml: what matches is not counted by burst.
title: Not counted by burst
name: burst-exclusions
logsource:
  product: aws
  service: s3_server_access
filter:
  rules:
    - burst
  selection:
    - remote_ip: '192.0.2.7'
    - user_agent|contains: scanner
      bucket_name: b
  condition: not selection
---
";
    assert!(text.contains(filter), "{text}");
}

#[test]
fn a_rule_that_is_switched_off_says_so() {
    let documents = load::read("r.yml", GOOD.as_bytes()).unwrap();
    let world = World::new(documents, settings("[rules.burst]\nenabled = false\n"));
    let text = world.shown("burst");
    assert!(
        text.starts_with(
            "# r.yml:11:1\n# Raises no alerts: switched off in s.toml.\ntitle: Burst\n"
        )
    );
    assert_eq!(world.settings.file.as_deref(), Some(Path::new("s.toml")));
}
