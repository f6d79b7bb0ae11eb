//! `rules list` for people, for programs and for the ATT&CK Navigator.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::place::{EVERY, Place};

fn json(place: &Place, arguments: &str) -> Vec<Value> {
    let run = place
        .run(&format!("rules list {arguments}"))
        .ends(0)
        .quiet();
    serde_json::from_str(&run.out).unwrap()
}

fn layer(place: &Place, arguments: &str) -> Value {
    let run = place.run(&format!("rules list --format navigator {arguments}"));
    serde_json::from_str(&run.ends(0).quiet().out).unwrap()
}

fn named<'r>(rules: &'r [Value], name: &str) -> &'r Value {
    rules.iter().find(|rule| rule["name"] == name).unwrap()
}

fn names(rules: &[Value]) -> Vec<&str> {
    rules
        .iter()
        .map(|rule| rule["name"].as_str().unwrap())
        .collect()
}

/// Techniques among the tags, found in another way than the program finds them.
fn techniques(rules: &[Value]) -> BTreeSet<String> {
    let tags = rules
        .iter()
        .flat_map(|rule| rule["tags"].as_array().unwrap());
    let ids = tags.filter_map(|tag| tag.as_str().unwrap().strip_prefix("attack.t"));
    let ids = ids.filter(|id| id.starts_with(|c: char| c.is_ascii_digit()));
    ids.map(|id| format!("T{id}")).collect()
}

#[test]
fn people_read_a_line_a_rule_under_its_theme() {
    let place = Place::new();
    let table = place.run("rules list --format table").ends(0).quiet().out;
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("RULE  "), "{table}");
    for rule in json(&place, "") {
        let start = format!("  {} ", rule["name"].as_str().unwrap());
        let title = rule["title"].as_str().unwrap();
        let row = lines.iter().find(|line| line.starts_with(&start));
        assert!(row.unwrap().contains(title), "{table}");
    }
    let place_of = |text: &str| {
        lines
            .iter()
            .position(|line| line.starts_with(text))
            .unwrap()
    };
    let [refused, burst, who, unknown] = [
        "Refused",
        "  access-denied-burst ",
        "Who",
        "  unknown-source-ip ",
    ]
    .map(place_of);
    assert!(refused < burst && burst < who && who < unknown, "{table}");
    assert!(lines[unknown].contains("  off (MEDIUM) "), "{table}");
    let reason = "  no trusted networks are set, so there is nothing to compare with: ";
    assert!(
        lines[place_of(reason)].contains("unknown-source-ip"),
        "{table}"
    );
    let colored = place
        .run("rules list --format table --color always")
        .ends(0)
        .out;
    assert!(colored.contains("\u{1b}[1;97;41mCRITICAL"), "{colored}");
}

#[test]
fn what_runs_is_not_said_to_be_off() {
    let place = Place::new();
    place.file(
        "s3sentry.toml",
        "trusted_networks = [\"192.0.2.0/24\"]\npublic_buckets = [\"site\"]\n",
    );
    let rules = json(&place, "");
    let unknown = named(&rules, "unknown-source-ip");
    assert_eq!(unknown["runs"], true);
    assert_eq!(unknown["cannot_work"], Value::Null);
    // What it needs is the same, whatever is set.
    assert_eq!(unknown["needs"], serde_json::json!(["trusted_networks"]));
    let place = Place::new();
    place.file("own/every-request.yml", EVERY);
    let table = place.run("rules list --format table --rules own --tag nothing.has.it");
    assert!(table.ends(0).out.ends_with("\n0 rules\n"));
}

#[test]
fn programs_get_all_that_is_known() {
    let place = Place::new();
    place.file(
        "s3sentry.toml",
        "[rules.access-denied-burst]\nthreshold = 50\nlevel = \"high\"\n\
         [rules.bad-credentials]\nenabled = false\n",
    );
    let rules = json(&place, "");
    let burst = named(&rules, "access-denied-burst");
    for (key, expected) in [
        ("theme", "refused"),
        ("file", "built-in:refused/access-denied-burst.yml"),
        ("status", "stable"),
        ("level", "high"),
        ("title", "Many refused requests from one address"),
    ] {
        assert_eq!(burst[key], expected, "{key}");
    }
    assert_eq!(burst["runs"], true);
    assert_eq!(burst["built_in"], true);
    assert_eq!(burst["needs"], serde_json::json!([]));
    assert_eq!(burst["techniques"], serde_json::json!(["T1619"]));
    assert_eq!(burst["timespan_seconds"], 300);
    assert_eq!(burst["period_seconds"], 3600);
    assert_eq!(burst["correlation"]["type"], "event_count");
    assert_eq!(burst["correlation"]["condition"]["gte"], 50);
    assert_eq!(
        burst["s3sentry"]["any"][1]["condition"]["field"],
        "key_name"
    );
    assert_eq!(
        burst["words"][1],
        "fires on at least 50 records in 5m, and one of:"
    );
    let off = named(&rules, "bad-credentials");
    assert_eq!(off["runs"], false);
    assert_eq!(off["cannot_work"], "switched off in s3sentry.toml");
}

#[test]
fn only_what_is_asked_for_is_listed() {
    let place = Place::new();
    let all = json(&place, "");
    let high = json(&place, "--min-level HIGH");
    assert!(!high.is_empty() && high.len() < all.len());
    assert!(
        high.iter()
            .all(|rule| rule["level"] == "high" || rule["level"] == "critical")
    );
    let of = |tag: &str| json(&place, &format!("--tag {tag}"));
    let expected = ["not-found-burst", "not-found-burst-low"];
    for tag in ["T1595.003", "t1595", "attack.t1595.003"] {
        let found = of(tag);
        for name in expected {
            assert!(names(&found).contains(&name), "{tag}: {:?}", names(&found));
        }
        assert!(found.len() < all.len(), "{tag}");
    }
    assert_eq!(of("T159"), [] as [Value; 0]);
    // A tag is itself alone.
    let found = of("attack.t1595");
    assert!(!expected.iter().any(|name| names(&found).contains(name)));
}

#[test]
fn the_layer_has_what_its_format_asks_for() {
    let place = Place::new();
    let layer = layer(&place, "");
    // layers/spec/v4.5/layerformat.md of the Navigator.
    assert_eq!(layer["versions"]["layer"], "4.5");
    assert_eq!(layer["versions"]["navigator"], "4.9.0");
    assert!(layer["versions"]["attack"].is_string());
    assert_eq!(layer["domain"], "enterprise-attack");
    assert!(layer["name"].is_string() && layer["description"].is_string());
    let gradient = &layer["gradient"];
    let (least, most) = (gradient["minValue"].as_u64(), gradient["maxValue"].as_u64());
    assert_eq!((least, most), (Some(1), Some(5)));
    let colors = gradient["colors"].as_array().unwrap();
    let legend = layer["legendItems"].as_array().unwrap();
    assert_eq!(colors.len(), legend.len());
    for (color, item) in colors.iter().zip(legend) {
        assert_eq!(&item["color"], color);
        assert!(color.as_str().unwrap().starts_with('#') && color.as_str().unwrap().len() == 7);
        assert!(item["label"].is_string());
    }
    let pair = |one: &Value| one["name"].is_string() && one["value"].is_string();
    assert!(layer["metadata"].as_array().unwrap().iter().all(pair));
    for technique in layer["techniques"].as_array().unwrap() {
        assert!(technique["enabled"].is_boolean(), "{technique}");
        assert!(technique["comment"].is_string(), "{technique}");
        assert!(technique["metadata"].as_array().unwrap().iter().all(pair));
        let score = technique["score"].as_u64();
        assert_eq!(score.is_some(), technique["enabled"] == true, "{technique}");
        assert!(score.is_none_or(|score| (1..=5).contains(&score)));
    }
}

#[test]
fn the_layer_has_every_technique_of_the_rules_once() {
    let place = Place::new();
    let layer = layer(&place, "");
    let ids = layer["techniques"].as_array().unwrap().iter();
    let ids: Vec<String> = ids
        .map(|technique| technique["techniqueID"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        BTreeSet::from_iter(ids.clone()),
        techniques(&json(&place, ""))
    );
    assert!(ids.is_sorted(), "{ids:?}");
    let unique: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len());
}

#[test]
fn a_technique_is_covered_by_rules_that_run_alone() {
    /// A technique that no built-in rule has, of one rule or of two.
    fn rule(tag: &str, number: u8) -> String {
        let rule = EVERY.replace("level: medium", &format!("level: high\ntags: [{tag}]"));
        rule.replace("-request", &format!("-request-{number}"))
            .replace("3a001", &format!("3a{number}01"))
            .replace("3a002", &format!("3a{number}02"))
    }
    let place = Place::new();
    let needy = rule("attack.t1001.002", 2).replace(
        "http_status|gte: 100",
        "bucket_name|expand: '%vpc_only_buckets%'",
    );
    place.file("own/a.yml", rule("attack.t1001.001", 1));
    place.file("own/b.yml", needy);
    let found = layer(&place, "--rules own");
    let one = |layer: &Value, id: &str| {
        let mut all = layer["techniques"].as_array().unwrap().iter();
        all.find(|one| one["techniqueID"] == id).unwrap().clone()
    };
    let runs = one(&found, "T1001.001");
    assert_eq!(
        (&runs["enabled"], &runs["score"]),
        (&true.into(), &4.into())
    );
    assert_eq!(runs["comment"], "every-request-1 (high): Every request");
    let off = one(&found, "T1001.002");
    assert_eq!(
        (&off["enabled"], &off["score"]),
        (&false.into(), &Value::Null)
    );
    assert_eq!(
        off["comment"],
        "every-request-2 (high): Every request [does not run: vpc_only_buckets is not set]"
    );
    place.file("s3sentry.toml", "vpc_only_buckets = [\"lake\"]\n");
    let set = one(&layer(&place, "--rules own"), "T1001.002");
    assert_eq!((&set["enabled"], &set["score"]), (&true.into(), &4.into()));
}

#[test]
fn text_of_a_rule_cannot_speak_to_the_terminal() {
    let place = Place::new();
    let rule = "title: \"\\e[31mred\\u202E\"\nname: own\ntags: [attack.t1530]\n\
                logsource: {product: aws, service: s3_server_access}\n\
                detection: {sel: {ok: true}, condition: sel}\n";
    place.file("more/th\u{1b}[31meme/own.yml", rule);
    for format in ["table", "json", "navigator"] {
        let run = place.run(&format!("rules list --format {format} --rules more"));
        let out = run.ends(0).out;
        assert!(out.contains("[31mred"), "{out}");
        assert!(!out.contains(['\u{1b}', '\u{202e}']), "{out}");
    }
}
