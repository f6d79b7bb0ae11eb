//! Rules changed by the settings, as a scan sees it.

use serde_json::Value;

use crate::place::{Line, Place, burst, calm};

fn alerts(out: &str) -> Vec<Value> {
    let lines = out.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The alert of `access-denied-burst` over one burst under these settings.
fn alert(settings: &str) -> Option<Value> {
    let place = Place::new();
    place
        .file("s3sentry.toml", settings)
        .file("a.log", burst(30));
    let run = place.run("scan a.log").ends(0);
    let mut found = alerts(&run.out).into_iter();
    found.find(|alert| alert["rule"]["name"] == "access-denied-burst")
}

fn of_burst(text: &str) -> String {
    format!("[rules.access-denied-burst]\n{text}\n")
}

#[test]
fn a_threshold_is_raised_and_lowered() {
    assert!(alert("").is_some());
    assert_eq!(alert(&of_burst("threshold = 31")), None);
    let lower = alert(&of_burst("threshold = 30")).unwrap();
    assert_eq!(lower["trigger"]["value"], 30);
}

#[test]
fn a_timespan_is_changed() {
    let place = Place::new();
    // Two halves of a burst, seven minutes apart.
    let later = burst(15)
        .replace("02:00:00", "02:07:00")
        .replace("secret/", "other/");
    let later = later.replace(" 0000000", " 1000000");
    place.file("a.log", burst(15) + &later);
    assert_eq!(
        place.run("scan a.log").ends(0).rules(),
        Vec::<String>::new()
    );
    place.file("s3sentry.toml", of_burst("timespan = \"10m\""));
    assert_eq!(
        place.run("scan a.log").ends(0).rules(),
        ["access-denied-burst"]
    );
}

#[test]
fn a_level_is_changed_and_the_alert_stays_the_same() {
    let before = alert("").unwrap();
    let after = alert(&of_burst("level = \"critical\"")).unwrap();
    assert_eq!(before["rule"]["level"], "medium");
    assert_eq!(after["rule"]["level"], "critical");
    assert_eq!(before["id"], after["id"]);
    let place = Place::new();
    place
        .file("s3sentry.toml", of_burst("level = \"low\""))
        .file("a.log", burst(30));
    let run = place.run("scan --min-level medium a.log").ends(0);
    assert!(!run.rules().contains(&"access-denied-burst".to_owned()));
}

#[test]
fn what_decides_when_a_rule_fires_makes_other_alerts() {
    let mut ids = vec![alert("").unwrap()["id"].clone()];
    for text in [
        "threshold = 21",
        "timespan = \"6m\"",
        "exclude = [{remote_ip = \"192.0.2.7\"}]",
        "exclude = [{remote_ip = \"192.0.2.8\"}]",
    ] {
        let id = alert(&of_burst(text)).unwrap()["id"].clone();
        assert!(!ids.contains(&id), "{text}");
        ids.push(id);
    }
}

#[test]
fn a_rule_is_switched_off() {
    assert_eq!(alert(&of_burst("enabled = false")), None);
    let place = Place::new();
    place
        .file("s3sentry.toml", of_burst("enabled = false"))
        .file("a.log", burst(30));
    let run = place.run("scan a.log").ends(0);
    assert_eq!(run.rules(), ["access-denied-burst-low"]);
    let list = place.run("rules list --format table").ends(0).out;
    assert!(
        list.contains("  access-denied-burst          off (MEDIUM)"),
        "{list}"
    );
    assert!(
        list.contains("  switched off in s3sentry.toml: access-denied-burst\n"),
        "{list}"
    );
}

#[test]
fn suppress_and_evidence_are_changed() {
    let after = alert(&of_burst("suppress = \"4h\"\nevidence = 2")).unwrap();
    assert_eq!(after["period"]["start"], "2026-02-03T00:00:00Z");
    assert_eq!(after["period"]["end"], "2026-02-03T04:00:00Z");
    assert_eq!(after["evidence"].as_array().unwrap().len(), 2);
}

#[test]
fn what_is_excluded_is_not_counted() {
    let excluded = |text: &str| alert(&of_burst(&format!("exclude = [{text}]")));
    assert_eq!(excluded("{remote_ip = \"203.0.113.7\"}"), None);
    assert_eq!(
        excluded("{bucket_name = \"x\"}, {\"key_name|startswith\" = \"secret/\"}"),
        None
    );
    assert_eq!(
        excluded("{\"remote_ip|cidr\" = \"203.0.113.0/24\", ok = false}"),
        None
    );
    // Both must hold.
    let both = "{remote_ip = \"203.0.113.7\", bucket_name = \"other\"}";
    assert_eq!(excluded(both).unwrap()["count"], 30);
    // Nine of thirty: what is left is enough, and alone is counted.
    let some = excluded("{\"key_name|re\" = \"^secret/[1-9]$\"}").unwrap();
    assert_eq!(some["count"], 21);
}

#[test]
fn what_is_excluded_from_a_detection_is_so_for_all_that_count_it() {
    let place = Place::new();
    let unsigned = burst(300).replace("SigV4 TLS_AES_128_GCM_SHA256 AuthHeader", "- - -");
    place.file("a.log", unsigned);
    let denied = |place: &Place| {
        let rules = place.run("scan a.log").ends(0).rules().into_iter();
        let denied = rules.filter(|name| name.starts_with("access-denied-burst"));
        denied.collect::<Vec<_>>()
    };
    assert_eq!(denied(&place).len(), 3);
    let text = "[rules.access-denied]\nexclude = [{remote_ip = \"203.0.113.7\"}]\n";
    place.file("s3sentry.toml", text);
    // The one for strangers has a detection of its own.
    assert_eq!(denied(&place), ["access-denied-burst-high"]);
}

#[test]
fn the_summary_names_what_was_changed() {
    let place = Place::new();
    let text =
        of_burst("level = \"high\"\nthreshold = 25") + "[rules.bucket-sweep]\nenabled = false\n";
    place.file("s3sentry.toml", text).file("a.log", calm(1));
    place
        .run("scan a.log")
        .ends(0)
        .says("  settings  s3sentry.toml\n  overrides access-denied-burst (level, threshold), bucket-sweep (enabled)\n");
    place
        .run("scan --no-config a.log")
        .ends(0)
        .says_not("overrides");
}

#[test]
fn a_mistake_stops_every_command_that_loads_rules_before_any_input() {
    let place = Place::new();
    place.file(
        "s3sentry.toml",
        "[rules.acess-denied-burst]\nenabled = false\n\n[rules.bucket-sweep]\n  treshold = 5\n",
    );
    for command in [
        "scan missing.log",
        "scan -q missing.log",
        "rules list",
        "rules show bucket-sweep",
    ] {
        let run = place.run(command).ends(2);
        assert_eq!(run.out, "", "{command}");
        run.says("s3sentry: error: s3sentry.toml:1:8: no rule is called \"acess-denied-burst\" (did you mean \"access-denied-burst\"?)\n")
            .says("s3sentry: error: s3sentry.toml:5:3: unknown key \"treshold\" in [rules.bucket-sweep] (did you mean \"threshold\"?)\n")
            .says("2 errors in the settings; no input was read")
            .says_not("missing.log");
    }
    let run = place.run("rules check").ends(2);
    assert!(
        run.out
            .contains("s3sentry.toml:5:3: error: unknown key \"treshold\""),
        "{}",
        run.out
    );
}

#[test]
fn text_of_the_settings_is_escaped() {
    let place = Place::new();
    place.file(
        "s3sentry.toml",
        "[rules.\"a\\u001b[31m\\u202eb\"]\nenabled = false\n",
    );
    let run = place.run("scan").ends(2);
    assert!(!run.err.contains(['\x1b', '\u{202e}']), "{:?}", run.err);
}

#[test]
fn rules_of_ones_own_are_changed_too() {
    let place = Place::new();
    place.file("own/every.yml", crate::place::EVERY);
    place.file("a.log", Line::default().text(1));
    place.file(
        "s3sentry.toml",
        "[rules.every-request]\nlevel = \"critical\"\n",
    );
    let run = place.run("scan --rules own a.log").ends(0);
    assert_eq!(alerts(&run.out)[0]["rule"]["level"], "critical");
    place
        .run("scan a.log")
        .ends(2)
        .says("no rule is called \"every-request\"");
}
