//! `rules test` over rules of the user's own.

use serde_json::Value;

use crate::place::{EVERY, Place, calm};

/// A directory with one rule, its logs and the alert that it raises.
fn place() -> Place {
    let place = Place::new();
    place
        .file("own/every-request.yml", EVERY)
        .file("own/fixtures/every-request/fires.log", calm(3))
        .file("own/fixtures/every-request/quiet.log", quiet());
    let alert = place
        .run("scan --rules own own/fixtures/every-request/fires.log")
        .ends(0)
        .out;
    let mut alert: Value = serde_json::from_str(&alert).unwrap();
    alert["evidence"] = Value::Array(Vec::new());
    place.file(
        "own/fixtures/every-request/alerts.ndjson",
        alert.to_string(),
    );
    place
}

/// No status, so that the rule has nothing to match.
fn quiet() -> String {
    calm(1).replace(" 200 - 243 ", " - - 243 ")
}

fn expected(place: &Place) -> Value {
    serde_json::from_str(&place.read("own/fixtures/every-request/alerts.ndjson")).unwrap()
}

#[test]
fn fixtures_are_looked_for_beside_the_rules() {
    let place = place();
    place
        .run("rules test --rules own")
        .ends(0)
        .says_exactly("every-request: ok\ns3sentry: 1 rules tested, 0 failures\n");
    place.run("rules test -q --rules own").ends(0).quiet();
    // A file is as good as its directory.
    place
        .run("rules test --rules own/every-request.yml")
        .ends(0)
        .says("every-request: ok");
}

#[test]
fn fixtures_may_be_elsewhere() {
    let place = place();
    std::fs::rename(place.path("own/fixtures"), place.path("logs")).unwrap();
    let run = place.run("rules test --rules own").ends(0);
    run.says("0 rules tested, 0 failures, 1 not tested");
    place
        .run("rules test --rules own --fixtures logs")
        .ends(0)
        .says("every-request: ok")
        .says("1 rules tested, 0 failures\n");
    place
        .run("rules test --rules own --fixtures gone")
        .ends(3)
        .says("no fixtures in gone");
}

#[test]
fn rules_without_fixtures_are_named_and_counted() {
    let place = place();
    let other = EVERY.replace("a001", "b001").replace("a002", "b002");
    let other = other
        .replace("every-request", "every-other")
        .replace("any-request", "any-other");
    place.file("own/every-other.yml", other);
    place
        .run("rules test --rules own")
        .ends(0)
        .says("every-request: ok\nevery-other: not tested, no fixtures\n")
        .says("1 rules tested, 0 failures, 1 not tested\n")
        .says_not("any-other")
        .says_not("access-denied-burst");
    place
        .run("rules test --rules own every-request")
        .ends(0)
        .says_not("every-other");
    place
        .run("rules test --rules own every-other")
        .ends(1)
        .says("s3sentry: error: every-other: no fixtures in own/fixtures\n");
}

#[test]
fn what_differs_is_shown_a_line_each() {
    let place = place();
    let mut alert = expected(&place);
    alert["count"] = 4.into();
    alert["trigger"]["value"] = 2.into();
    alert["rule"]["level"] = "high".into();
    place.file(
        "own/fixtures/every-request/alerts.ndjson",
        alert.to_string(),
    );
    let run = place
        .run("rules test --rules own")
        .ends(1)
        .says("every-request: FAILED");
    for line in [
        ": count: expected 4, got 3\n",
        ": trigger.value: expected 2, got 3\n",
        ": rule.level: expected \"high\", got \"medium\"\n",
    ] {
        assert!(run.err.contains(line), "{line}\n{}", run.err);
    }
    let about =
        "s3sentry: error: every-request: fires.log: alert of key_name \"a/b.txt\", referer null, ";
    assert_eq!(run.err.matches(about).count(), 3, "{}", run.err);
    assert!(run.err.contains("1 rules tested, 3 failures\n"));
}

/// It follows from the key and the trigger, and old files do not have it.
#[test]
fn an_incident_is_not_compared() {
    let place = place();
    let mut alert = expected(&place);
    alert["context"]["incident"] = "0".repeat(32).into();
    place.file(
        "own/fixtures/every-request/alerts.ndjson",
        alert.to_string(),
    );
    place.run("rules test --rules own").ends(0);
}

#[test]
fn alerts_too_many_and_too_few_are_shown_by_their_key() {
    let place = place();
    let mut alert = expected(&place);
    alert["key"]["key_name"] = "other".into();
    place.file(
        "own/fixtures/every-request/alerts.ndjson",
        alert.to_string(),
    );
    place
        .run("rules test --rules own")
        .ends(1)
        .says("every-request: fires.log: expected and not raised: alert of key_name \"other\", ")
        .says("every-request: fires.log: raised and not expected: alert of key_name \"a/b.txt\", ")
        .says(" from 2026-02-03T02:00:00Z\n");
}

#[test]
fn a_flood_of_differences_is_cut() {
    let place = place();
    let alert = expected(&place);
    let mut all = String::new();
    for number in 0..40 {
        let mut alert = alert.clone();
        alert["key"]["key_name"] = number.to_string().into();
        all += &alert.to_string();
        all.push('\n');
    }
    place.file("own/fixtures/every-request/alerts.ndjson", all);
    let run = place.run("rules test --rules own").ends(1);
    run.says("every-request: fires.log: and 31 more\n")
        .says("11 failures");
}

#[test]
fn without_expected_alerts_it_is_enough_that_a_rule_fires() {
    let place = place();
    std::fs::remove_file(place.path("own/fixtures/every-request/alerts.ndjson")).unwrap();
    place
        .run("rules test --rules own")
        .ends(0)
        .says("every-request: ok");
    place.file("own/fixtures/every-request/fires.log", quiet());
    place
        .run("rules test --rules own")
        .ends(1)
        .says("every-request: fires.log: raises no alert\n");
}

#[test]
fn a_log_that_is_missing_or_no_log_is_a_failure() {
    let place = place();
    std::fs::remove_file(place.path("own/fixtures/every-request/quiet.log")).unwrap();
    place.file("own/fixtures/every-request/fires.log", "no log\n");
    place
        .run("rules test --rules own")
        .ends(1)
        .says("every-request: fires.log: byte 0: ")
        .says("every-request: quiet.log: ");
}

#[test]
fn fixtures_of_a_rule_that_is_not_there_are_a_failure() {
    let place = place();
    std::fs::rename(
        place.path("own/fixtures/every-request"),
        place.path("own/fixtures/evry-request"),
    )
    .unwrap();
    place
        .run("rules test --rules own")
        .ends(1)
        .says("evry-request: there is no such rule\n")
        .says("every-request: not tested, no fixtures\n");
}

#[test]
fn settings_beside_the_logs_count_and_those_of_the_user_do_not() {
    let place = place();
    place.file("s3sentry.toml", "[rules.every-request]\nenabled = false\n");
    place
        .run("rules test --rules own")
        .ends(0)
        .says("every-request: ok");
    place.file(
        "own/fixtures/every-request/s3sentry.toml",
        "[rules.every-request]\nthreshold = 4\n",
    );
    place
        .run("rules test --rules own")
        .ends(1)
        .says("fires.log: raises no alert");
    place.file("own/fixtures/every-request/s3sentry.toml", "accounts = 5\n");
    place
        .run("rules test --rules own")
        .ends(2)
        .says("own/fixtures/every-request/s3sentry.toml:1:12: \"accounts\" must be a list");
}
