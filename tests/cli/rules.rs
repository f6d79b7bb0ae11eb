//! Rules of the user's own, and mistakes in them.

use serde_json::Value;

use crate::place::{EVERY, Place, burst, calm, package};

/// The built-in `access-denied-burst`, so that a rule of its id replaces it.
const BURST: &str = "679bc653-6c81-42fa-9259-ac39dc023f95";

fn names(place: &Place, arguments: &str) -> Vec<String> {
    let run = place
        .run(&format!("rules list --format json {arguments}"))
        .ends(0)
        .quiet();
    let rules: Vec<Value> = serde_json::from_str(&run.out).unwrap();
    rules
        .iter()
        .map(|rule| rule["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_directory_adds_rules() {
    let place = Place::new();
    place
        .file("more/deep/every.yaml", EVERY)
        .file("more/notes.txt", "not a rule");
    place.file("a.log", calm(1));
    assert!(!names(&place, "").contains(&"every-request".to_owned()));
    let all = names(&place, "--rules more");
    assert!(
        all.contains(&"every-request".to_owned())
            && all.contains(&"access-denied-burst".to_owned())
    );
    assert_eq!(
        place.run("scan --rules more a.log").ends(0).rules(),
        ["every-request"]
    );
}

#[test]
fn a_rule_of_the_same_id_replaces_a_built_in_one() {
    let place = Place::new();
    let rule = EVERY.replace("0d9a0f55-93a1-4a53-a7c8-5d3f54a3a002", BURST);
    place.file("own/burst.yml", rule).file("a.log", calm(1));
    let all = names(&place, "--rules own");
    assert!(
        all.contains(&"every-request".to_owned())
            && !all.contains(&"access-denied-burst".to_owned())
    );
    assert_eq!(all.len(), names(&place, "").len());
    assert_eq!(
        place.run("scan --rules own a.log").ends(0).rules(),
        ["every-request"]
    );
}

#[test]
fn a_bad_rule_is_located_before_any_input_is_read() {
    let place = Place::new();
    let rule = EVERY
        .replace("condition: answered", "condition: answerde")
        .replace("level: medium", "levle: medium");
    place.file("bad/rule.yml", rule).file("a.log", burst(30));
    for arguments in [
        "scan --rules bad missing.log a.log",
        "scan -q --rules bad a.log",
        "rules list --rules bad",
    ] {
        let run = place.run(arguments).ends(2);
        assert_eq!(run.out, "");
        run.says("s3sentry: error: bad/rule.yml:7:")
            .says("s3sentry: error: bad/rule.yml:12:1: ")
            .says("(did you mean \"level\"?)")
            .says("2 errors in the rules; no input was read")
            .says_not("missing.log");
    }
    // With input that never ends it stops all the same.
    let mut child = place
        .command("scan --rules bad -")
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let _open = child.stdin.take();
    assert_eq!(child.wait().unwrap().code(), Some(2));
    place
        .run("scan --rules nowhere a.log")
        .ends(2)
        .says("nowhere");
}

#[test]
fn text_of_a_rule_file_is_escaped() {
    let place = Place::new();
    let rule = EVERY.replace("level: medium", "\"le\\e[31m\\u202Evel\": medium");
    place.file("bad/ru\u{1b}[31mle.yml", rule);
    let run = place.run("scan --rules bad").ends(2);
    assert!(!run.err.contains(['\x1b', '\u{202e}']), "{:?}", run.err);
}

#[test]
fn every_rule_with_fixtures_passes_its_own_test() {
    let place = Place::new();
    let fixtures = package("fixtures/rules");
    let mut command = place.command("rules test --fixtures");
    let run: crate::place::Run = command.arg(&fixtures).output().unwrap().into();
    let count = std::fs::read_dir(&fixtures).unwrap().count();
    run.ends(0)
        .says(&format!("{count} rules tested, 0 failures"));
    place
        .run("rules test")
        .ends(3)
        .says("name their directory with --fixtures");
}

#[test]
fn a_rule_that_does_not_do_what_its_fixtures_say_fails() {
    let place = Place::new();
    place.file("fixtures/access-denied-burst/fires.log", calm(3));
    place.file("fixtures/access-denied-burst/quiet.log", burst(30));
    let run = place.run("rules test --fixtures fixtures").ends(1);
    run.says("access-denied-burst: FAILED")
        .says("access-denied-burst: fires.log: raises no alert\n")
        .says("access-denied-burst: quiet.log: raises an alert: 203.0.113.7 was refused 30 times");
}
