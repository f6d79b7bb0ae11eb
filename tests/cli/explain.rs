//! `rules explain`: what the lines have of the rule, and how near it came.
//!
//! `UPDATE_README=1 cargo test --test cli explain` writes the example of
//! `docs/explain.md` anew.

use std::fs;

use crate::place::{Line, Place, Run, burst, package};

/// Two refused requests, then one that is not.
const CHAIN: &str = "\
title: Refused
name: t-refused
logsource: {product: aws, service: s3_server_access}
detection: {refused: {error_code: AccessDenied}, condition: refused}
---
title: Served
name: t-served
logsource: {product: aws, service: s3_server_access}
detection: {served: {ok: true}, condition: served}
---
title: Refused twice
name: t-twice
correlation: {type: event_count, rules: [t-refused], group-by: [remote_host, bucket_name], timespan: 5m, condition: {gte: 2}}
---
title: Refused, then served
name: t-in
level: high
correlation: {type: temporal_ordered, rules: [t-twice, t-served], group-by: [remote_host], timespan: 10m}
";

fn line(number: usize, time: &'static str, result: &'static str) -> String {
    let line = Line {
        time,
        result,
        address: "203.0.113.7".into(),
        ..Line::default()
    };
    line.text(number)
}

#[test]
fn what_has_to_be_new_is_said() {
    let place = Place::new();
    place.file("a.log", burst(1));
    let words = |rule: &str| {
        let run = place.run(&format!("rules explain {rule} --format table a.log"));
        run.ends(0).out
    };
    let client = words("new-client");
    let expected = "\n    only records whose user_agent_family is new for principal\n";
    assert!(client.contains(expected), "{client}");
    let channel = words("copy-channel-setup-medium");
    let expected = "\n    only records whose principal is new\n";
    assert!(channel.contains(expected), "{channel}");
}

#[test]
fn a_key_that_is_one_short_is_said_to_be_one_short() {
    let place = Place::new();
    place.file("a.log", burst(19));
    place.run("scan a.log").ends(0).says("  alerts    0 ");
    let run = place.run("rules explain access-denied-burst --lines 1 --format table a.log");
    let out = run.ends(0).out;
    let expected = "\
access-denied-burst (medium): Many refused requests from one address
  counts records of access-denied, by remote_host and bucket_name
  fires on at least 20 records in 5m, and one of:
    any 1: at least 20 records in 5m where stranger is true
    any 2: at least 20 different values of key_name in 5m where operation is REST.GET.OBJECT or REST.HEAD.OBJECT, and presigned is false
    any 3: at least 3 different values of operation_class in 5m
  access-denied matches: refused and not own and not public and not benign
    benign: benign_miss is true
    own: internal is true; or requester_type is origin-access
    public: bucket_name is in %public_buckets% (not set), and requester_type is anonymous, and operation_class is read, metadata or list
    refused: error_code is AccessDenied, AllAccessDisabled, AccountProblem or NotSignedUp, and operation_class is read, metadata, list, write or delete
  one alert a key and 1h

19 records read, 19 matched; 1 line shown

a.log:0  2026-02-03T02:00:00Z  REST.GET.OBJECT  key remote_host=203.0.113.7 bucket_name=example-logs
  access-denied: yes
    refused: yes
      yes error_code is AccessDenied, AllAccessDisabled, AccountProblem or NotSignedUp: AccessDenied
      yes operation_class is read, metadata, list, write or delete: read
    not own: yes
    not public: yes
    not benign: yes
  any 1 of access-denied-burst counts it: no
    no  stranger is true: false
  any 2 of access-denied-burst counts it: yes
    yes operation is REST.GET.OBJECT or REST.HEAD.OBJECT: REST.GET.OBJECT
    yes presigned is false: false

1 key, 0 fired; 1 shown, the worst first

remote_host=203.0.113.7 bucket_name=example-logs: did not fire; 19 records, at 2026-02-03T02:00:00Z
  no  own: at least 20 records in 5m
      19 of 20 at 2026-02-03T02:00:00Z (01:55:00 to 02:00:00): 1 short
  no  any 1: at least 20 records in 5m where stranger is true
      0 of 20 at 2026-02-03T02:00:00Z (01:55:00 to 02:00:00): 20 short
  no  any 2: at least 20 different values of key_name in 5m where operation is REST.GET.OBJECT or REST.HEAD.OBJECT, and presigned is false
      19 of 20 at 2026-02-03T02:00:00Z (01:55:00 to 02:00:00): 1 short
  no  any 3: at least 3 different values of operation_class in 5m
      1 of 3 at 2026-02-03T02:00:00Z (01:55:00 to 02:00:00): 2 short
";
    assert_eq!(out, expected);
}

#[test]
fn a_key_that_fired_has_the_trigger_of_its_alert() {
    let place = Place::new();
    place.file("a.log", burst(25));
    let scan = place.run("scan a.log").ends(0).out;
    let alerts = scan.lines().map(|line| serde_json::from_str(line).unwrap());
    let alerts: Vec<serde_json::Value> = alerts.collect();
    let alert = alerts
        .iter()
        .find(|alert| alert["rule"]["name"] == "access-denied-burst")
        .unwrap();
    // No terminal: JSON.
    let out = place
        .run("rules explain access-denied-burst a.log")
        .ends(0)
        .out;
    assert_eq!(out.lines().count(), 1);
    let said: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(said["rule"]["name"], "access-denied-burst");
    assert_eq!(said["records"]["matched"], 25);
    assert_eq!(said["records"]["keys_fired"], 1);
    assert_eq!(said["lines"].as_array().unwrap().len(), 20);
    let key = &said["keys"][0];
    assert_eq!(key["key"], alert["key"]);
    assert_eq!(key["fired"][0]["period"], alert["period"]);
    assert_eq!(key["fired"][0]["trigger"], alert["trigger"]);
    assert_eq!(key["periods_fired"], 1);
    let near = &key["nearest"][0];
    assert_eq!((&near["part"], &near["value"]), (&"own".into(), &25.into()));
    assert_eq!((&near["met"], &near["short"]), (&true.into(), &0.into()));
    let table = place.run("rules explain access-denied-burst --format table -q a.log");
    let table = table.ends(0).quiet().out;
    assert!(table.contains(
        "\n  fired at 2026-02-03T02:00:00Z with 25: alert for 2026-02-03T02:00:00Z to 03:00:00\n"
    ));
}

#[test]
fn a_chain_says_which_step_it_lacks() {
    let place = Place::new();
    place.file("own/chain.yml", CHAIN);
    let first = "03/Feb/2026:02:00:00 +0000";
    let refused = [
        line(1, first, "403 AccessDenied"),
        line(2, "03/Feb/2026:02:01:00 +0000", "403 AccessDenied"),
    ];
    let explain = "rules explain t-in --rules own --lines 0 --format table -q";
    // One refused request is no first step.
    let out = place.pipe(explain, refused[0].as_bytes()).ends(0).out;
    let keys = "\
remote_host=203.0.113.7: did not fire; 1 record, at 2026-02-03T02:00:00Z
  no  chain: t-twice, then t-served
      nothing was counted
  t-twice
    no  own: at least 2 records in 5m
        1 of 2 at 2026-02-03T02:00:00Z (01:55:00 to 02:00:00): 1 short, for remote_host=203.0.113.7 bucket_name=example-logs
";
    assert!(out.ends_with(keys), "{out}");
    // The first, and no second.
    let out = place.pipe(explain, refused.concat().as_bytes()).ends(0).out;
    let keys = "\
  no  chain: t-twice, then t-served
      1 of 2 steps at 2026-02-03T02:01:00Z; then no t-served
  t-twice
    yes own: at least 2 records in 5m
        2 (2 wanted) at 2026-02-03T02:01:00Z (01:56:00 to 02:01:00), for remote_host=203.0.113.7 bucket_name=example-logs
";
    assert!(out.ends_with(keys), "{out}");
    // The second eleven minutes later.
    let late = refused.concat() + &line(3, "03/Feb/2026:02:12:00 +0000", "200 -");
    let out = place.pipe(explain, late.as_bytes()).ends(0).out;
    assert!(out.contains("did not fire; 3 records"), "{out}");
    // And in time.
    let whole = refused.concat() + &line(3, "03/Feb/2026:02:10:59 +0000", "200 -");
    let out = place.pipe(explain, whole.as_bytes()).ends(0).out;
    let keys = "\
  fired at 2026-02-03T02:10:59Z with 2: alert for 2026-02-03T02:00:00Z to 03:00:00
  yes chain: t-twice, then t-served
      2 of 2 steps, 2026-02-03T02:01:00Z to 02:10:59
";
    assert!(out.contains(keys), "{out}");
}

#[test]
fn what_a_chain_may_not_have_before_it_is_named() {
    let place = Place::new();
    let rule =
        CHAIN.to_owned() + "s3sentry: {none_before: {selection: {ok: true}, timespan: 1d}}\n";
    place.file("own/chain.yml", rule);
    let log = [
        line(1, "02/Feb/2026:20:00:00 +0000", "200 -"),
        line(2, "03/Feb/2026:02:00:00 +0000", "403 AccessDenied"),
        line(3, "03/Feb/2026:02:01:00 +0000", "403 AccessDenied"),
        line(4, "03/Feb/2026:02:02:00 +0000", "200 -"),
    ];
    let explain = "rules explain t-in --rules own --lines 1 --format table -q";
    let out = place.pipe(explain, log.concat().as_bytes()).ends(0).out;
    assert!(
        out.contains("\n    no record where ok is true comes in the 1d before\n"),
        "{out}"
    );
    assert!(
        out.contains("\n  none_before of t-in is about it: yes\n    yes ok is true: true\n"),
        "{out}"
    );
    assert!(
        out.contains(
            "\n      1 of 2 steps, 2026-02-03T02:01:00Z to 02:02:00; t-served did not follow: \
             none_before: there was such a record at 2026-02-02T20:00:00Z\n"
        ),
        "{out}"
    );
}

#[test]
fn a_record_that_is_excluded_says_by_what() {
    let place = Place::new();
    let exclude = "[rules.access-denied]\nexclude = [{ remote_ip = \"203.0.113.7\" }]\n";
    place.file("s3sentry.toml", exclude);
    place.file("a.log", burst(1));
    let run = place.run("rules explain access-denied-burst --format table -q a.log");
    let out = run.ends(0).out;
    let expected = "
  access-denied: no
    refused: yes
      yes error_code is AccessDenied, AllAccessDisabled, AccountProblem or NotSignedUp: AccessDenied
      yes operation_class is read, metadata, list, write or delete: read
    not own: yes
    not public: yes
    not benign: yes
    exclusions of the settings: leave it out
      not selection: no
        yes remote_ip is 203.0.113.7: 203.0.113.7

0 keys, 0 fired; 0 shown, the worst first

note: no record matched what the rule counts
";
    assert!(out.ends_with(expected), "{out}");
    assert!(out.contains(
        "\n    exclusions of the settings: only records for which not selection\n      \
         selection: remote_ip is 203.0.113.7\n"
    ));
}

#[test]
fn a_filter_is_told_by_its_name() {
    let place = Place::new();
    let filter = "\
title: Not the scanner
name: scanner
logsource: {product: aws, service: s3_server_access}
filter:
  rules: [access-denied-burst]
  selection: {user_agent|startswith: aws-cli}
  condition: not selection
";
    place.file("own/filter.yml", filter).file("a.log", burst(1));
    let explain = "rules explain access-denied-burst --rules own --format table -q a.log";
    let out = place.run(explain).ends(0).out;
    let expected = "
  access-denied-burst counts it: no
    filter scanner: leave it out
      not selection: no
        yes user_agent begins with aws-cli: aws-cli/2.15
";
    assert!(out.contains(expected), "{out}");
    place
        .run("rules explain scanner --rules own a.log")
        .ends(2)
        .says("\"scanner\" is a filter, no rule");
}

#[test]
fn what_a_caller_wrote_does_no_harm() {
    let place = Place::new();
    let rule = "\
title: Any
name: t-any
logsource: {product: aws, service: s3_server_access}
detection:
  all_of_it:
    user_agent|contains: x
    request_uri|contains: GET
    referer|exists: true
  condition: all_of_it
---
title: By agent
name: t-agents
correlation: {type: event_count, rules: [t-any], group-by: [user_agent, referer], timespan: 1s, condition: {gte: 2}}
";
    let line = Line {
        uri: "GET /k?X-Amz-Signature=5ecre7 HTTP/1.1".into(),
        agent: "x\x1b[2J\u{202e}y".into(),
        referer: "https://h/?X-Amz-Signature=5ecre7".into(),
        ..Line::default()
    };
    place
        .file("own/any.yml", rule)
        .file("a\x1b.log", line.text(1));
    let table = place
        .command("rules explain t-agents --rules own --format table")
        .arg("a\x1b.log")
        .output()
        .unwrap();
    let table = Run::from(table).ends(0);
    let json = place
        .command("rules explain t-agents --rules own --format json")
        .arg("a\x1b.log")
        .output()
        .unwrap();
    let json = Run::from(json).ends(0);
    for text in [&table.out, &table.err, &json.out, &json.err] {
        assert!(!text.contains(['\x1b', '\u{202e}']), "{text:?}");
        assert!(!text.contains("5ecre7"), "{text}");
    }
    let shown = [
        "\na\\x1B.log:0  ",
        "  key user_agent=x\\x1B[2J\\u{202E}y referer=https://h/?X-Amz-Signature=REDACTED\n",
        "\n      yes user_agent contains x: x\\x1B[2J\\u{202E}y\n",
        "\n      yes request_uri contains GET: GET /k?X-Amz-Signature=REDACTED HTTP/1.1\n",
        "\nuser_agent=x\\x1B[2J\\u{202E}y referer=https://h/?X-Amz-Signature=REDACTED: did not fire; 1 record",
    ];
    for shown in shown {
        assert!(table.out.contains(shown), "{shown}\n{}", table.out);
    }
    assert!(
        json.out.contains(r#""user_agent":"x\u001b[2J\u202ey""#),
        "{}",
        json.out
    );
}

#[test]
fn without_a_record_there_is_the_rule() {
    let place = Place::new();
    let out = place
        .run("rules explain not-found-burst --format table -q")
        .ends(0)
        .out;
    assert!(out.starts_with("not-found-burst (medium): "), "{out}");
    assert!(out.contains("\n0 records read, 0 matched; 0 lines shown\n"));
}

#[test]
fn a_rule_that_says_nothing_in_a_scan_says_why() {
    let place = Place::new();
    place.file("a.log", burst(2));
    let explain = |rule: &str| {
        let run = place.run(&format!(
            "rules explain {rule} --lines 0 --format table -q a.log"
        ));
        run.ends(0).out
    };
    let out = explain("access-denied");
    assert!(
        out.contains("\n  raises no alerts of its own: it is counted by access-denied-burst and ")
    );
    assert!(
        out.contains("\nall together: fired; 2 records, at 2026-02-03T02:00:00Z\n"),
        "{out}"
    );
    let out = explain("unknown-source-ip");
    assert!(
        out.contains("\n  cannot work: no trusted networks are set, "),
        "{out}"
    );
    assert!(
        out.contains("\nnote: the rule cannot work, so no key was looked at: "),
        "{out}"
    );
    place.file(
        "s3sentry.toml",
        "[rules.access-denied-burst]\nenabled = false\n",
    );
    let out = explain("access-denied-burst");
    assert!(out.contains("\n  raises no alerts of its own: it is switched off in s3sentry.toml\n"));
}

#[test]
fn lines_are_chosen_by_what_they_have_of_the_rule() {
    let place = Place::new();
    let calm = "03/Feb/2026:01:00:00 +0000";
    let mut log = String::new();
    for number in 0..9 {
        log += &line(number, calm, "200 -");
    }
    let before = log.len();
    log += &line(9, calm, "403 AccessDenied");
    place.file("a.log", &log);
    let run = place.run("rules explain access-denied-burst --lines 2 -q a.log");
    let said: serde_json::Value = serde_json::from_str(&run.ends(0).out).unwrap();
    let lines = said["lines"].as_array().unwrap();
    let offsets: Vec<_> = lines.iter().map(|line| line["offset"].as_u64()).collect();
    assert_eq!(offsets, [Some(0), Some(before as u64)]);
    // The same span as a scan takes.
    let run = place.run("rules explain access-denied-burst --until 2026-02-03 -q a.log");
    let said: serde_json::Value = serde_json::from_str(&run.ends(0).out).unwrap();
    assert_eq!(said["records"]["read"], 0);
}

#[test]
fn what_came_twice_is_told() {
    let place = Place::new();
    place.file("a.log", burst(3) + &burst(2));
    let out = place
        .run("rules explain access-denied-burst --format table -q a.log")
        .ends(0)
        .out;
    assert!(out.contains("did not fire; 3 records"), "{out}");
    assert!(
        out.ends_with("\nnote: 2 records came more than once and counted once\n"),
        "{out}"
    );
}

#[test]
fn trusted_networks_count_as_in_a_scan() {
    let place = Place::new();
    let line = Line {
        requester: "-",
        result: "200 -",
        ..Line::default()
    };
    place
        .file("a.log", line.text(1))
        .file("own.txt", "198.51.100.0/24\n");
    let run = place.run("rules explain unknown-source-ip --trusted-networks own.txt -q a.log");
    let said: serde_json::Value = serde_json::from_str(&run.ends(0).out).unwrap();
    assert_eq!(said["rule"]["cannot_work"], serde_json::Value::Null);
    assert_eq!(said["records"]["keys_fired"], 1);
}

#[test]
fn mistakes_end_as_everywhere() {
    let place = Place::new();
    let run = place.run("rules explain acess-denied-burst a.log").ends(2);
    assert_eq!(run.out, "");
    run.says("no rule is called \"acess-denied-burst\" (did you mean \"access-denied-burst\"?)");
    place.file("a.log", burst(1));
    let run = place
        .run("rules explain access-denied-burst -q a.log not-there.log")
        .ends(3);
    assert!(run.out.contains("\"read\":1,"), "{}", run.out);
    run.says("not-there.log");
    place.run("rules explain").ends(2).says("<NAME>");
}

#[test]
fn the_example_of_the_page_is_what_is_printed() {
    let page = package("docs/explain.md");
    let text = fs::read_to_string(&page).unwrap();
    let (before, rest) = text.split_once("\n```console\n$ s3sentry ").unwrap();
    let (example, after) = rest.split_once("```\n").unwrap();
    let (command, _) = example.split_once('\n').unwrap();
    let place = Place::new();
    let mut command_line = place.command(command);
    // As its reader stands.
    let command_line = command_line.current_dir(package("")).arg("--no-config");
    let out = Run::from(command_line.output().unwrap()).ends(0).out;
    let example_now = format!("{command}\n{out}");
    if std::env::var_os("UPDATE_README").is_some() {
        let text = format!("{before}\n```console\n$ s3sentry {example_now}```\n{after}");
        fs::write(&page, text).unwrap();
    } else {
        assert_eq!(
            example, example_now,
            "docs/explain.md tells of another output"
        );
    }
}
