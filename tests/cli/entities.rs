//! Whom the alerts are about: incidents, the stories of the summary, `--entities`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use crate::place::{EVERY, Line, Place, Run, burst, package};

fn objects(text: &str) -> Vec<Value> {
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Runs over the company's day, or something else of `fixtures/`.
fn on_fixtures(place: &Place, arguments: &str) -> Run {
    let mut command = place.command(arguments);
    let command = command.current_dir(package("fixtures")).arg("--entities");
    Run::from(command.arg(place.path("who.ndjson")).output().unwrap()).ends(0)
}

const DEMO: &str = "scan --no-config --trusted-networks trusted.txt demo.log";

#[test]
fn every_alert_is_in_an_incident_of_an_entity() {
    let place = Place::new();
    let run = on_fixtures(&place, DEMO);
    let alerts = objects(&run.out);
    let entities = objects(&place.read("who.ndjson"));
    let incident = |alert: &Value| alert["context"]["incident"].as_str().unwrap().to_owned();
    let mut of_alerts: BTreeMap<String, u64> = BTreeMap::new();
    for alert in &alerts {
        *of_alerts.entry(incident(alert)).or_default() += 1;
    }
    let mut of_entities = BTreeMap::new();
    for entity in &entities {
        for incident in entity["incidents"].as_array().unwrap() {
            let id = incident["id"].as_str().unwrap().to_owned();
            of_entities.insert(id, incident["alerts"].as_u64().unwrap());
        }
    }
    assert_eq!(of_alerts, of_entities);
    let ranks: Vec<_> = entities
        .iter()
        .map(|one| one["rank"].as_u64().unwrap())
        .collect();
    assert_eq!(ranks, (1..=entities.len() as u64).collect::<Vec<_>>());
    let weights: Vec<_> = entities
        .iter()
        .map(|one| one["weight"].as_u64().unwrap())
        .collect();
    assert!(weights.is_sorted_by(|a, b| a >= b), "{weights:?}");
}

#[test]
fn neither_runs_nor_levels_change_an_incident() {
    let place = Place::new();
    let incidents = |arguments: &str| -> BTreeSet<(String, String)> {
        let run = on_fixtures(&place, &format!("{DEMO} {arguments}"));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let alerts = objects(&run.out).into_iter();
        alerts
            .map(|alert| (text(&alert["id"]), text(&alert["context"]["incident"])))
            .collect()
    };
    let whole = incidents("");
    let noon = "2026-02-03T11:16:00Z";
    for part in [
        incidents(&format!("--until {noon}")),
        incidents(&format!("--since {noon}")),
        incidents("--min-level high"),
    ] {
        let ids: BTreeSet<_> = part.iter().map(|(id, _)| id).collect();
        let same = whole.iter().filter(|(id, _)| ids.contains(id));
        let part: BTreeSet<_> = part.iter().filter(|one| whole.contains(*one)).collect();
        assert!(!part.is_empty());
        assert_eq!(same.collect::<BTreeSet<_>>(), part);
    }
}

#[test]
fn the_summary_tells_what_was_taken() {
    let place = Place::new();
    let rule = "rules/exfil-volume";
    let run = on_fixtures(
        &place,
        &format!("scan --config {rule}/s3sentry.toml {rule}/fires.log"),
    );
    let entities = objects(&place.read("who.ndjson"));
    let thief = entities.iter().find(|one| one["name"] == "198.51.100.23");
    let thief = thief.unwrap();
    let sums = objects(&run.out)
        .into_iter()
        .filter(|alert| alert["context"]["incident"] == thief["incidents"][0]["id"]);
    let most = sums.filter_map(|alert| alert["sum"].as_u64()).max();
    assert_eq!(
        thief["bytes"].as_u64(),
        most,
        "the most of one alert, and no sum"
    );
    run.says(STORY);
}

const STORY: &str = "            \
            address 198.51.100.23: 1 alert, high, incident d8f0fab6
              2026-02-03 02:30:00 exfil-volume: high, 4 requests
              bucket acme-backups
";

/// A rule that names who asked, and shows what.
fn asked() -> String {
    let rule = EVERY.replace(
        "[key_name, request_uri, referer, user_agent]",
        "[remote_ip]",
    );
    let (rule, _) = rule.split_once("  summary:").unwrap();
    rule.to_owned()
}

#[test]
fn a_key_cannot_pass_for_a_part_of_the_story() {
    let place = Place::new();
    let key = "a\\x22\",\u{202E}at%20least%205;\u{1b}[2J?X-Amz-Signature=wJalrXUtn";
    let line = Line {
        key: key.into(),
        address: "203.0.113.7".into(),
        ..Line::default()
    };
    place
        .file("asked/rule.yml", asked())
        .file("a.log", line.text(1));
    let run = place
        .run("scan --rules asked --entities who.ndjson a.log")
        .ends(0);
    let shown = r#"object "a\x5Cx22\x22,\u{202E}at%20least%205;\x1B[2J?X-Amz-Signature=..."#;
    run.says_in_words(shown).says_not("wJalrXUtn");
    let text = place.read("who.ndjson");
    assert!(
        !text.contains("wJalrXUtn") && text.contains(r"\u202e"),
        "{text}"
    );
    assert!(text.is_ascii() && text.lines().count() == 1);
}

#[test]
fn alerts_that_name_nobody_are_counted() {
    let place = Place::new();
    place
        .file("every/rule.yml", EVERY)
        .file("a.log", Line::default().text(1));
    let run = place
        .run("scan --rules every --entities who.ndjson a.log")
        .ends(0)
        .says("  most      1 alert names neither anybody nor a bucket\n");
    assert_eq!(objects(&run.out)[0]["context"], serde_json::json!({}));
    assert_eq!(place.read("who.ndjson"), "");
}

#[test]
fn entities_have_a_file_of_their_own() {
    let place = Place::new();
    place.file("a.log", burst(30));
    for arguments in [
        "--entities -",
        "--entities out -o out",
        "--entities out --append out",
    ] {
        let run = place.run(&format!("scan {arguments} a.log")).ends(2);
        run.says("--entities needs a file of its own");
    }
    assert!(!place.path("out").exists());
}

#[test]
fn a_file_that_cannot_be_written_ends_with_5() {
    let place = Place::new();
    place.file("a.log", burst(30));
    fs::create_dir(place.path("directory")).unwrap();
    for file in ["directory", "none/who", "a.log/who"] {
        let run = place
            .run(&format!("scan --entities {file} -o out a.log"))
            .ends(5);
        run.says(&format!("error: {file} cannot be written: "))
            .says_not("lines");
    }
    assert!(!place.path("out").exists());
}

#[test]
fn a_run_that_fails_leaves_the_old_entities() {
    let place = Place::new();
    place
        .file("who.ndjson", "old\n")
        .file("bad/rule.yml", "title: [\n")
        .file("a.log", burst(30));
    place
        .run("scan --rules bad --entities who.ndjson a.log")
        .ends(2);
    assert_eq!(place.read("who.ndjson"), "old\n");
    // What could be read is told of, as with alerts.
    place
        .run("scan --entities who.ndjson missing.log a.log")
        .ends(3);
    assert!(
        place
            .read("who.ndjson")
            .contains("\"name\":\"203.0.113.7\"")
    );
    let left = fs::read_dir(place.path("")).unwrap().count();
    assert_eq!(left, 3, "nothing temporary is left");
}
