//! What the user has said once, and where.

use std::fs;

use serde_json::Value;

use crate::place::{EVERY, Line, Place, Run, calm, package};

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

const RANGES: &str = r#"{
  "syncToken": "1767323045",
  "createDate": "2026-01-02-03-04-05",
  "prefixes": [
    {"ip_prefix": "203.0.113.0/24", "region": "REGION", "service": "AMAZON", "network_border_group": "REGION"}
  ],
  "ipv6_prefixes": []
}"#;

/// A rule on whatever comes from AWS's own addresses.
const FROM_AWS: &str = "\
title: From AWS
id: 0d9a0f55-93a1-4a53-a7c8-5d3f54a3a003
name: from-aws
logsource: {product: aws, service: s3_server_access}
detection:
  aws: {aws_address: true}
  condition: aws
---
title: Any of AWS
id: 0d9a0f55-93a1-4a53-a7c8-5d3f54a3a004
name: any-of-aws
level: medium
correlation:
  type: event_count
  rules: [from-aws]
  group-by: [network_value]
  timespan: 1s
  condition: {gte: 1}
";

/// The networks of the alerts of a rule.
fn networks(run: &Run, rule: &str) -> Vec<String> {
    let alerts = run.out.lines().map(|line| {
        let alert: Value = serde_json::from_str(line).unwrap();
        let name = alert["rule"]["name"] == rule;
        name.then(|| alert["key"]["network_value"].as_str().unwrap().to_owned())
    });
    alerts.flatten().collect()
}

#[test]
fn addresses_of_aws_are_known_by_their_region() {
    let place = Place::new();
    stranger(&place);
    place
        .file("nets.txt", "192.0.2.0/24\n")
        .file("own/aws.yml", FROM_AWS)
        .file("here.json", RANGES.replace("REGION", "eu-west-1"))
        .file("there.json", RANGES.replace("REGION", "us-east-1"));
    let scan = "scan --rules own --trusted-networks nets.txt";
    // Without ranges nothing is AWS's.
    let run = place.run(&format!("{scan} a.log")).ends(0);
    assert_eq!(run.rules(), ["unknown-source-ip"]);
    assert_eq!(networks(&run, "unknown-source-ip"), ["203.0.113.0/24"]);
    run.says("any-of-aws")
        .says_in_words("): aws_ranges is not set")
        .says_not("warning");
    // In the bucket's own region it is not unknown, elsewhere it is.
    let here = place.run(&format!("{scan} --aws-ranges here.json a.log"));
    let here = here.ends(0);
    assert_eq!(here.rules(), ["any-of-aws"]);
    assert_eq!(networks(&here, "any-of-aws"), ["aws:eu-west-1"]);
    here.says("settings  trusted networks from nets.txt, AWS's addresses from here.json\n")
        .says("s3sentry: warning: aws_ranges: here.json is of 2026-01-02, ")
        .says(" days old; get a new one from https://ip-ranges.amazonaws.com/ip-ranges.json\n")
        .says_not("aws_ranges is not set");
    // The option wins.
    place.file("s3sentry.toml", "aws_ranges = \"here.json\"\n");
    let run = place.run(&format!("{scan} a.log")).ends(0);
    assert_eq!(run.rules(), ["any-of-aws"]);
    let there = place.run(&format!("{scan} --aws-ranges there.json a.log"));
    let there = there.ends(0);
    assert_eq!(networks(&there, "unknown-source-ip"), ["aws:us-east-1"]);
    // What is asked for again is asked with the same ranges.
    let outside = "--aws-ranges there.json --since 2027-01-01 a.log";
    let command = "s3sentry scan --trusted-networks nets.txt --aws-ranges there.json --rules own ";
    let run = place.run(&format!("{scan} {outside}"));
    run.says(command);
}

#[test]
fn explaining_takes_addresses_of_aws_as_a_scan_does() {
    let place = Place::new();
    stranger(&place);
    place
        .file("own/aws.yml", FROM_AWS)
        .file("here.json", RANGES.replace("REGION", "eu-west-1"));
    let explain = "rules explain any-of-aws -q --rules own";
    let said = |options: &str| -> Value {
        let run = place.run(&format!("{explain} {options} a.log")).ends(0);
        serde_json::from_str(&run.out).unwrap()
    };
    assert_eq!(said("")["rule"]["cannot_work"], "aws_ranges is not set");
    let known = said("--aws-ranges here.json");
    assert_eq!(known["rule"]["cannot_work"], Value::Null);
    assert_eq!(known["records"]["keys_fired"], 1);
    let list = |text: &str| {
        place.file("s3sentry.toml", text);
        let run = place.run("rules list --format json --rules own").ends(0);
        let rules: Vec<Value> = serde_json::from_str(&run.out).unwrap();
        let rule = rules.iter().find(|rule| rule["name"] == "any-of-aws");
        rule.unwrap()["cannot_work"].clone()
    };
    assert_eq!(list(""), "aws_ranges is not set");
    let shown = place.run("rules show any-of-aws --rules own").ends(0).out;
    let says = "\n# Cannot work: aws_ranges is not set.\n";
    assert!(shown.contains(says), "{shown}");
    assert_eq!(list("aws_ranges = \"here.json\"\n"), Value::Null);
    let shown = place.run("rules show any-of-aws --rules own").ends(0).out;
    assert!(!shown.contains("Cannot work"), "{shown}");
}

#[test]
fn a_bad_file_of_addresses_is_named_before_input_is_read() {
    let place = Place::new();
    stranger(&place);
    let bad = RANGES.replace("203.0.113.0/24", "203.0.113.0/33");
    place
        .file("bad.json", bad)
        .file("nets.json", "192.0.2.0/24\n")
        .file("none.json", "{\"createDate\": \"2026-01-02-03-04-05\"}");
    for (file, error) in [
        (
            "bad.json",
            "bad.json: prefixes[0]: \"203.0.113.0/33\" is no address and no network such as 10.0.0.0/8",
        ),
        (
            "nets.json",
            "nets.json:1:5: is not AWS's list of its addresses: invalid type: floating point `192.0`, expected an object with createDate and prefixes",
        ),
        ("none.json", "none.json: has no prefixes"),
        (
            "gone.json",
            "gone.json: cannot be read: No such file or directory (os error 2)",
        ),
    ] {
        let run = place
            .run(&format!("scan --aws-ranges {file} a.log"))
            .ends(2);
        assert_eq!(run.out, "");
        run.says_exactly(&format!("s3sentry: error: {error}\n"));
        place.file("s3sentry.toml", format!("aws_ranges = \"{file}\"\n"));
        let run = place.run("scan a.log").ends(2);
        run.says(&format!("s3sentry: error: s3sentry.toml:1:14: {error}\n"));
        fs::remove_file(place.path("s3sentry.toml")).unwrap();
    }
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
    place
        .file("office.txt", "198.51.100.0/24 # office\n")
        .file("ip-ranges.json", RANGES.replace("REGION", "eu-west-1"))
        .file("exit-addresses", "ExitAddress 203.0.113.7\n");
    for (name, file) in [
        ("GeoLite2-Country.mmdb", "country.mmdb"),
        ("GeoLite2-ASN.mmdb", "asn.mmdb"),
    ] {
        let bytes = fs::read(package("fixtures/geoip").join(file)).unwrap();
        place.file(name, bytes);
    }
    let blocks = documented("toml");
    assert_eq!(blocks.len(), 4);
    place
        .file("s3sentry.toml", blocks.concat())
        .file("a.log", calm(1));
    place
        .run("scan a.log")
        .ends(0)
        .says("access-denied-burst (threshold, timespan, level, suppress, evidence,\n            exclude), bucket-sweep-low (enabled)\n")
        .says_not("not set")
        .says_not("networks are set");
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
