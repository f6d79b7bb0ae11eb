//! What the user has said once, and where.

use serde_json::Value;

use crate::place::{EVERY, Line, Place, calm, package};

fn stranger(place: &Place) {
    let line = Line {
        address: "203.0.113.7".into(),
        ..Line::default()
    };
    place.file("a.log", calm(3) + &line.text(9));
}

#[test]
fn without_networks_nothing_is_unknown_and_the_summary_says_what_to_do() {
    let place = Place::new();
    stranger(&place);
    let run = place.run("scan a.log").ends(0);
    assert!(!run.rules().contains(&"unknown-source-ip".to_owned()));
    run.says("settings  none")
        .says("unknown-source-ip,")
        .says_in_words("no trusted networks are set,")
        .says("Next: 2 addresses were seen and nothing says which are yours.")
        .says("      s3sentry scan --trusted-networks networks.txt a.log\n");
}

#[test]
fn trusted_networks_make_others_unknown() {
    let place = Place::new();
    stranger(&place);
    place.file("nets.txt", "# the office\n192.0.2.0/24\n");
    let run = place.run("scan --trusted-networks nets.txt a.log").ends(0);
    assert_eq!(run.rules(), ["unknown-source-ip"]);
    run.says("settings  trusted networks from nets.txt")
        .says("Next: 1 alert by unknown networks. Add those that are yours to nets.txt.")
        .says_not("no trusted networks are set");
    place.file("bad.txt", "192.0.2.0/24\n192.0.2.0/33\n");
    place
        .run("scan --trusted-networks bad.txt a.log")
        .ends(2)
        .says("bad.txt:2");
    place
        .run("scan --trusted-networks none.txt a.log")
        .ends(2)
        .says("none.txt");
}

#[test]
fn the_settings_file_is_found_named_and_can_be_left_out() {
    let place = Place::new();
    stranger(&place);
    let text = "trusted_networks = [\"192.0.2.0/24\"]\n";
    place.file("s3sentry.toml", text);
    let run = place
        .run("scan a.log")
        .ends(0)
        .says("settings  s3sentry.toml\n");
    assert_eq!(run.rules(), ["unknown-source-ip"]);
    let run = place
        .run("scan --no-config a.log")
        .ends(0)
        .says("settings  none");
    assert!(run.rules().is_empty());
    place.file(
        "other.toml",
        "trusted_networks = [\"192.0.2.0/24\", \"203.0.113.0/24\"]\n",
    );
    let run = place
        .run("scan --config other.toml a.log")
        .ends(0)
        .says("settings  other.toml\n");
    assert!(run.rules().is_empty());
    let mut command = place.command("scan a.log");
    let run: crate::place::Run = command
        .env("S3SENTRY_CONFIG", "other.toml")
        .output()
        .unwrap()
        .into();
    run.says("settings  other.toml\n");
    place
        .run("scan --config a --no-config a.log")
        .ends(2)
        .says("cannot be used with");
    place
        .run("scan --config none.toml a.log")
        .ends(2)
        .says("none.toml");
}

#[test]
fn a_mistake_in_the_settings_is_located() {
    let place = Place::new();
    stranger(&place);
    place.file(
        "s3sentry.toml",
        "accounts = [\"111122223333\"]\ntrusted_network = [\"192.0.2.0/24\"]\n",
    );
    for command in ["scan missing.log", "rules list"] {
        place
            .run(command)
            .ends(2)
            .says("s3sentry: error: s3sentry.toml:2:1: unknown key \"trusted_network\"")
            .says("(did you mean \"trusted_networks\"?)")
            .says("1 error in the settings; no input was read")
            .says_not("missing.log");
    }
}

/// Every request that one of the lists is about, as a rule.
fn listed(item: &str) -> String {
    EVERY.replace(
        "answered: {http_status|gte: 100}",
        &format!("answered: {{{item}}}"),
    )
}

#[test]
fn rules_compare_with_every_list() {
    let rows = [
        (
            "bucket_name|expand: '%buckets%'",
            "buckets = [\"example-*\"]",
        ),
        (
            "bucket_name|expand: '%log_buckets%'",
            "log_buckets = [\"example-logs\"]",
        ),
        (
            "bucket_name|expand: '%vpc_only_buckets%'",
            "vpc_only_buckets = [\"*-logs\"]",
        ),
        (
            "object_key|expand: '%watched_keys%'",
            "watched_keys = [\"a/*.txt\"]",
        ),
        (
            "requester_account|expand: '%accounts%'",
            "accounts = [\"111122223333\"]",
        ),
        (
            "request_time|expand: '%work_hours%'",
            "work_hours = [\"Tue 03:00-04:00 Europe/Berlin\"]",
        ),
    ];
    for (item, setting) in rows {
        let place = Place::new();
        place
            .file("own/every-request.yml", listed(item))
            .file("a.log", calm(1));
        let name = setting.split(' ').next().unwrap();
        let silent = place.run("scan --rules own a.log").ends(0);
        assert_eq!(silent.rules(), Vec::<String>::new(), "{name}");
        silent
            .says("every-request")
            .says_in_words(&format!("): {name} is not set"));

        place.file("s3sentry.toml", setting);
        let loud = place.run("scan --rules own a.log").ends(0);
        // Shipped rules need some of the lists, too.
        let every = "every-request".to_owned();
        assert!(loud.rules().contains(&every), "{name}");
        loud.says_not(&format!("): {name} is not set"));

        let other = setting
            .replace("example-", "x")
            .replace("-logs", "-x")
            .replace("a/", "b/");
        let other = other.replace("1111", "4444").replace("Tue", "Wed");
        place.file("s3sentry.toml", other);
        let quiet = place.run("scan --rules own a.log").ends(0);
        assert!(!quiet.rules().contains(&every), "{name}");
    }
}

#[test]
fn a_rule_that_only_excludes_a_list_that_is_not_set_works() {
    let place = Place::new();
    let rule = EVERY.replace(
        "  condition: answered\n",
        "  working: {request_time|expand: '%work_hours%'}\n  condition: answered and not working\n",
    );
    place
        .file("own/every-request.yml", rule)
        .file("a.log", calm(1));
    let run = place.run("scan --rules own a.log").ends(0);
    assert_eq!(run.rules(), ["every-request"]);
    run.says_not("every-request");
    place.file("s3sentry.toml", "work_hours = [\"Mon-Fri 02:00-03:00\"]");
    let run = place.run("scan --rules own a.log").ends(0);
    assert_eq!(run.rules(), Vec::<String>::new());
}

#[test]
fn a_rule_that_cannot_work_is_listed_with_the_setting_that_it_lacks() {
    let place = Place::new();
    place.file(
        "own/every-request.yml",
        listed("object_key|expand: '%watched_keys%'"),
    );
    let run = place.run("rules list --format json --rules own").ends(0);
    let rules: Vec<Value> = serde_json::from_str(&run.out).unwrap();
    let rule = rules.iter().find(|rule| rule["name"] == "every-request");
    assert_eq!(rule.unwrap()["cannot_work"], "watched_keys is not set");
}

#[test]
fn hours_are_compared_with_a_field_of_the_time_only() {
    let place = Place::new();
    place.file("own/a.yml", listed("key_name|expand: '%work_hours%'"));
    let run = place.run("scan --rules own").ends(2);
    run.says("own/a.yml:6:31: \"%work_hours%\" holds hours: it needs the field \"hour_of_week\"");
}

/// The blocks of `docs/settings.md` in this language.
fn documented(language: &str) -> Vec<String> {
    let text = std::fs::read_to_string(package("docs/settings.md")).unwrap();
    let open = format!("```{language}\n");
    let blocks = text.split(&open).skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap().to_owned())
        .collect()
}

#[test]
fn what_is_documented_can_be_said() {
    let place = Place::new();
    place.file("office.txt", "198.51.100.0/24 # office\n");
    let blocks = documented("toml");
    assert_eq!(blocks.len(), 2);
    place
        .file("s3sentry.toml", blocks.concat())
        .file("a.log", calm(1));
    place
        .run("scan a.log")
        .ends(0)
        .says("access-denied-burst (threshold, timespan, level, suppress, evidence,\n            exclude), bucket-sweep-low (enabled)\n")
        .says_not("could not run");
}

#[test]
fn mistakes_say_what_is_documented() {
    let lists = "trusted_network = []\nwork_hours = [\"Mon-Fry 08:00-18:00\"]\n";
    let rules = "[rules.acess-denied-burst]\nenabled = false\n\n[rules.bucket-sweep]\ntimespan = \"5 minutes\"\n";
    let documented = documented("text");
    for text in [lists, rules] {
        let place = Place::new();
        place.file("s3sentry.toml", text);
        let said = place.run("scan").ends(2).err;
        assert!(documented.contains(&said), "{said}");
    }
}
