//! `rules check`: where it looks, what it prints, how it ends.

use crate::place::{EVERY, Place, package};

const BAD: &str = "\
title: Bad
name: bad
logsource: {product: aws, service: s3_server_access}
detection:
  sel: {eror_code: AccessDenied}
  condition: sle
levle: high
";

#[test]
fn the_built_in_rules_have_neither_errors_nor_warnings() {
    let place = Place::new();
    let run = place.run("rules check --deny-warnings").ends(0);
    assert_eq!(run.out, "");
    run.says_exactly("s3sentry: 0 errors, 0 warnings\n");
    let mut command = place.command("rules check --deny-warnings --fixtures");
    let run: crate::place::Run = command
        .arg(package("fixtures/rules"))
        .output()
        .unwrap()
        .into();
    assert_eq!(run.ends(0).out, "");
}

#[test]
fn all_errors_come_at_once_and_are_located() {
    let place = Place::new();
    place
        .file("own/bad.yml", BAD)
        .file("own/worse.yml", "title: [");
    let run = place.run("rules check own").ends(2);
    let lines: Vec<_> = run.out.lines().collect();
    assert_eq!(
        lines,
        [
            "own/bad.yml:5:9: error: unknown field \"eror_code\" (did you mean \"error_code\"?)",
            "own/bad.yml:6:14: error: no selection is called \"sle\" (did you mean \"sel\"?)",
            "own/bad.yml:7:1: error: unknown key \"levle\" in the rule (did you mean \"level\"?)",
            "own/worse.yml:2:1: error: not YAML: while parsing a node, did not find expected node content",
        ]
    );
    run.says_exactly("s3sentry: 4 errors, 0 warnings\n");
    // However they are named.
    place
        .run("rules check own/bad.yml own/worse.yml")
        .ends(2)
        .says("4 errors");
    place
        .run("rules check --rules own")
        .ends(2)
        .says("4 errors");
    place.run("rules check nowhere").ends(2).says("1 error,");
}

#[test]
fn warnings_are_no_failure_unless_denied() {
    let place = Place::new();
    place.file("own/every-request.yml", EVERY);
    let run = place.run("rules check own").ends(0);
    assert_eq!(
        run.out,
        "own/every-request.yml:1:1: warning: any-request lacks status, description, author, date\n\
         own/every-request.yml:9:1: warning: every-request lacks status, description, author, \
         date, falsepositives, tags (attack.*)\n"
    );
    let denied = place.run("rules check --deny-warnings own").ends(1);
    assert_eq!(denied.out, run.out);
    denied.says_exactly("s3sentry: 0 errors, 2 warnings\n");
    place.run("rules check -q own").ends(0).quiet();
}

#[test]
fn rules_that_no_fixtures_hold_are_named() {
    let place = Place::new();
    place.file("own/every-request.yml", EVERY);
    place.file("logs/every-request/fires.log", "");
    let run = place.run("rules check own --fixtures logs").ends(0);
    let expected = "own/every-request.yml:9:1: warning: every-request has no quiet.log in logs/every-request\n";
    assert!(run.out.contains(expected), "{}", run.out);
    assert!(!run.out.contains("any-request has"));
    let run = place.run("rules check own --fixtures nowhere").ends(0);
    assert!(
        run.out
            .contains("every-request has no fires.log and no quiet.log in nowhere/every-request\n")
    );
}

#[test]
fn settings_are_applied_unless_files_are_named() {
    let place = Place::new();
    place.file("own/every-request.yml", EVERY);
    place.file(
        "s3sentry.toml",
        "[rules.access-denied-burst]\ntimespan = \"2h\"\n",
    );
    let run = place.run("rules check").ends(0);
    assert!(
        run.out
            .contains(": warning: \"suppress\" is shorter than the timespan"),
        "{}",
        run.out
    );
    let run = place.run("rules check --no-config").ends(0);
    assert_eq!(run.out, "");
    // Of rules of one's own only they are looked at.
    let run = place.run("rules check --rules own").ends(0);
    assert!(
        run.out.lines().all(|line| line.starts_with("own/")),
        "{}",
        run.out
    );
    place.file("s3sentry.toml", "[rules.gone]\ntimespan = \"2h\"\n");
    place.run("rules check own").ends(0);
    place.run("rules check --rules own").ends(2);
    place
        .run("rules check own --rules own")
        .ends(2)
        .says("cannot be used with");
}

#[test]
fn a_limit_of_the_whole_set_is_found_too() {
    let place = Place::new();
    let mut rule = EVERY.replace("s3sentry:\n", "s3sentry:\n  any:\n");
    let (before, after) = rule.split_once("  any:\n").unwrap();
    let many = "    - {type: event_count, condition: {gte: 1}}\n".repeat(16);
    rule = format!("{before}  any:\n{many}{after}");
    place.file("own/every-request.yml", rule);
    let run = place.run("rules check own").ends(2);
    assert!(
        run.out
            .contains("every-request.yml:19:1: error: a rule has 16 aggregates at most"),
        "{}",
        run.out
    );
}

#[test]
fn text_of_a_rule_file_is_escaped() {
    let place = Place::new();
    place.file("own/ru\u{1b}[31mle.yml", EVERY);
    let run = place.run("rules check own").ends(0);
    assert!(!run.out.contains('\x1b'), "{:?}", run.out);
}
