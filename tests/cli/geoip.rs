//! Countries and networks of addresses, as their users meet them.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::place::{Line, Place, Run, calm, package};

/// One alert an address, one a country, and one for an address in two networks.
const OWN: &str = "\
title: Any request
id: 0d9a0f55-93a1-4a53-a7c8-5d3f54a3b001
name: any-request
logsource: {product: aws, service: s3_server_access}
detection:
  foreign: {remote_country: '*'}
  ours: {remote_country: DE}
  condition: foreign and not ours
---
title: Abroad
id: 0d9a0f55-93a1-4a53-a7c8-5d3f54a3b002
name: abroad
correlation:
  type: event_count
  rules: [any-request]
  group-by: [remote_country]
  timespan: 1s
  condition: {gte: 1}
---
title: A request that was answered
id: 0d9a0f55-93a1-4a53-a7c8-5d3f54a3b003
name: answered
logsource: {product: aws, service: s3_server_access}
detection:
  answered: {http_status|gte: 100}
  condition: answered
---
title: One requester in two networks
id: 0d9a0f55-93a1-4a53-a7c8-5d3f54a3b004
name: two-networks
correlation:
  type: value_count
  rules: [answered]
  group-by: [requester]
  timespan: 1h
  condition: {gte: 2, field: remote_asn}
---
title: From a rented machine
id: 0d9a0f55-93a1-4a53-a7c8-5d3f54a3b005
name: rented
logsource: {product: aws, service: s3_server_access}
detection:
  hosting: {remote_owner|contains: hosting}
  number: {remote_asn|gte: 64500}
  condition: hosting and number
---
title: From a machine of EC2
id: 0d9a0f55-93a1-4a53-a7c8-5d3f54a3b006
name: by-ec2
logsource: {product: aws, service: s3_server_access}
detection:
  ec2: {remote_service: EC2}
  condition: ec2
";

/// Ordinary requests from 192.0.2.10, then one from elsewhere.
fn logs(place: &Place) {
    let elsewhere = Line {
        address: "198.51.100.7".into(),
        ..Line::default()
    };
    place.file("a.log", calm(3) + &elsewhere.text(9));
    place.file("own/own.yml", OWN);
    for name in ["country.mmdb", "asn.mmdb", "flat.mmdb", "tor-ipv4.txt"] {
        let bytes = fs::read(package("fixtures/geoip").join(name)).unwrap();
        place.file(&format!("geo/{name}"), bytes);
    }
}

/// The alerts of rules of one's own, by name.
fn own(run: &Run) -> Vec<String> {
    let mut names = run.rules();
    names.retain(|name| ["abroad", "two-networks", "rented", "by-ec2"].contains(&&**name));
    names.sort_unstable();
    names
}

fn alert(run: &Run, rule: &str) -> Value {
    let mut alerts = run
        .out
        .lines()
        .map(|line| -> Value { serde_json::from_str(line).unwrap() });
    alerts.find(|alert| alert["rule"]["name"] == rule).unwrap()
}

#[test]
fn rules_ask_for_country_and_network_and_alerts_name_them() {
    let place = Place::new();
    logs(&place);
    place.file(
        "ranges.json",
        r#"{"createDate": "2026-01-02-03-04-05", "prefixes": [
            {"ip_prefix": "198.51.100.0/24", "region": "eu-west-1", "service": "AMAZON"},
            {"ip_prefix": "198.51.100.0/24", "region": "eu-west-1", "service": "EC2"}]}"#,
    );
    let lists = "--geoip geo/country.mmdb --geoip geo/asn.mmdb --aws-ranges ranges.json";
    let run = place
        .run(&format!("scan --rules own {lists} a.log"))
        .ends(0);
    assert_eq!(own(&run), ["abroad", "by-ec2", "rented", "two-networks"]);
    let abroad = alert(&run, "abroad");
    assert_eq!(abroad["key"], json!({"remote_country": "NL"}));
    let there = json!({"address": "198.51.100.7", "country": "NL", "asn": 64500,
        "owner": "Example Hosting B.V.", "service": "EC2"});
    assert_eq!(abroad["context"]["networks"], json!([there]));
    let here = json!({"address": "192.0.2.10", "country": "DE", "asn": 64496,
        "owner": "Example Networks"});
    let both = alert(&run, "two-networks")["context"]["networks"].take();
    assert_eq!(both, json!([here, there]));
    run.says_in_words("settings AWS's addresses from ranges.json, countries and networks from geo/country.mmdb, countries and networks from geo/asn.mmdb")
        .says_in_words("geoip geo/country.mmdb (MaxMind database): countries, of 2026-01-01T00:00:00Z geo/asn.mmdb (MaxMind database): numbers of autonomous systems, their names, of 2026-01-01T00:00:00Z")
        .says_not("geoip is not set");
    let table = place.run(&format!("scan --rules own {lists} --format table a.log"));
    let line = "    198.51.100.7: NL, AS64500 Example Hosting B.V., AWS EC2\n";
    assert!(table.out.contains(line), "{}", table.out);
    // What is asked for again is asked with the same files.
    let run = place.run(&format!(
        "scan --rules own {lists} --since 2027-01-01 a.log"
    ));
    run.says("--geoip geo/country.mmdb --geoip geo/asn.mmdb");
}

#[test]
fn without_evidence_the_key_is_looked_up() {
    let place = Place::new();
    logs(&place);
    place.file("own.txt", "198.51.100.7\n").file(
        "s3sentry.toml",
        "geoip = [\"geo/flat.mmdb\"]\n[rules.ioc-match]\nevidence = 0\n",
    );
    let run = place.run("scan --ioc own.txt a.log").ends(0);
    let mut alert = alert(&run, "ioc-match");
    assert_eq!(alert["evidence"], json!([]));
    let there =
        json!({"address": "198.51.100.7", "country": "BE", "asn": 64501, "owner": "Example Lite"});
    assert_eq!(alert["context"]["networks"].take(), json!([there]));
}

#[test]
fn rules_say_what_no_file_holds() {
    let place = Place::new();
    logs(&place);
    let scan = |options: &str| {
        place
            .run(&format!("scan --rules own {options} a.log"))
            .ends(0)
    };
    let run = scan("");
    assert!(own(&run).is_empty());
    run.says_in_words("3 could not run (abroad, rented, two-networks): geoip is not set")
        .says_in_words("(by-ec2, distributed-principal): aws_ranges is not set")
        .says_not("  geoip ");
    // Countries alone.
    let run = scan("--geoip geo/tor-ipv4.txt");
    assert_eq!(own(&run), ["abroad"]);
    run.says_in_words("geo/tor-ipv4.txt (ranges of addresses): countries, of 2026-01-01T00:00:00Z rules")
        .says_in_words("(two-networks): no file of geoip holds numbers of autonomous systems")
        .says_in_words("(rented): geoip (names of autonomous systems) and geoip (numbers of autonomous systems) are not set");
    // Networks alone.
    let run = scan("--geoip geo/asn.mmdb");
    assert_eq!(own(&run), ["rented", "two-networks"]);
    run.says_in_words("(abroad): no file of geoip holds countries");
    let list = place.run("rules list --format json --rules own").ends(0);
    let rules: Vec<Value> = serde_json::from_str(&list.out).unwrap();
    let needs = |name: &str| {
        let rule = rules.iter().find(|rule| rule["name"] == name).unwrap();
        (rule["cannot_work"].clone(), rule["needs"].clone())
    };
    assert_eq!(
        needs("abroad"),
        (json!("geoip is not set"), json!(["geoip"]))
    );
    assert_eq!(needs("by-ec2").1, json!(["aws_ranges"]));
    let explained = place
        .run("rules explain abroad -q --rules own --geoip geo/country.mmdb a.log")
        .ends(0);
    let explained: Value = serde_json::from_str(&explained.out).unwrap();
    assert_eq!(explained["records"]["keys_fired"], 1);
}

#[test]
fn the_command_line_takes_the_place_of_the_settings() {
    let place = Place::new();
    logs(&place);
    place.file(
        "geo/s3sentry.toml",
        "geoip = [\"tor-ipv4.txt\", \"@asn.mmdb\"]\n",
    );
    let scan = "scan --config geo/s3sentry.toml --rules own";
    let run = place.run(&format!("{scan} a.log")).ends(0);
    assert_eq!(own(&run), ["abroad", "rented", "two-networks"]);
    let run = place.run(&format!("{scan} --geoip geo/flat.mmdb a.log"));
    let run = run.ends(0);
    // It knows nothing of 192.0.2.10, and another name.
    assert_eq!(own(&run), ["abroad"]);
    assert_eq!(alert(&run, "abroad")["key"]["remote_country"], "BE");
}

#[test]
fn old_files_warn() {
    let place = Place::new();
    logs(&place);
    place
        .file("old.txt", "0,4294967295,DE\n")
        .file("new.txt", "0,4294967295,DE\n");
    let written = SystemTime::now() - Duration::from_hours(31 * 24 + 1);
    let file = File::options().write(true).open(place.path("old.txt"));
    file.unwrap().set_modified(written).unwrap();
    let run = place
        .run("scan --geoip geo/country.mmdb --geoip old.txt --geoip new.txt a.log")
        .ends(0)
        .says("s3sentry: warning: geoip: geo/country.mmdb is ")
        .says(" days old, of 2026-01-01T00:00:00Z; more than 30 days is too old: get a new one\n")
        .says("s3sentry: warning: geoip: old.txt is 31 days old, of 20");
    run.says_not("geoip: new.txt");
    let run = place.run("rules explain anonymous-read --geoip old.txt a.log");
    run.says("s3sentry: warning: geoip: old.txt is 31 days old");
}

#[test]
fn a_bad_file_is_named_before_input_is_read() {
    let place = Place::new();
    logs(&place);
    let whole = fs::read(package("fixtures/geoip/country.mmdb")).unwrap();
    place
        .file("cut.mmdb", &whole[..whole.len() / 2])
        .file("tail.mmdb", &whole[whole.len() / 2..])
        .file("rows.txt", "# ranges\n0,1,DE\n1,2,FR\n")
        .file("empty.txt", "");
    let neither = "is neither a whole MaxMind database (.mmdb) nor lines START,END,COUNTRY";
    for (file, error) in [
        (
            "gone.mmdb",
            "gone.mmdb: cannot be read: No such file or directory (os error 2)",
        ),
        ("cut.mmdb", &format!("cut.mmdb: {neither}")),
        ("rows.txt", "rows.txt:3:1: overlaps line 2"),
        ("empty.txt", "empty.txt: is empty"),
        (
            "tail.mmdb",
            "tail.mmdb: is a damaged MaxMind database: invalid database: the MaxMind DB file's \
             search tree extends beyond the metadata section",
        ),
    ] {
        let run = place.run(&format!("scan --geoip {file} a.log")).ends(2);
        assert_eq!(run.out, "");
        run.says_exactly(&format!(
            "s3sentry: error: {error}\ns3sentry: 1 error in the files of --geoip; no input was read\n"
        ));
        place.file("s3sentry.toml", format!("geoip = [\"{file}\"]\n"));
        let run = place.run("scan a.log").ends(2);
        run.says(&format!("s3sentry: error: s3sentry.toml:1:10: {error}\n"));
        fs::remove_file(place.path("s3sentry.toml")).unwrap();
    }
}

/// The rule of `docs/geoip.md`.
#[test]
fn the_rule_of_the_page_works() {
    let text = fs::read_to_string(package("docs/geoip.md")).unwrap();
    let (_, rest) = text.split_once("```yaml\n").unwrap();
    let (rule, _) = rest.split_once("```").unwrap();
    let place = Place::new();
    logs(&place);
    let elsewhere = Line {
        address: "2001:db8::1".into(),
        ..Line::default()
    };
    place.file("b.log", elsewhere.text(7));
    place.file("page/page.yml", rule);
    let scan = "scan --rules page --geoip geo/country.mmdb";
    let run = place.run(&format!("{scan} a.log b.log")).ends(0);
    assert_eq!(
        alert(&run, "country-elsewhere")["key"]["remote_country"],
        "SE"
    );
}
