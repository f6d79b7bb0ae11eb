//! `baseline`: what it learns, shows, forgets and passes on.

#[path = "baseline/lock.rs"]
mod lock;
#[path = "baseline/next.rs"]
mod next;
#[path = "baseline/transfer.rs"]
mod transfer;
#[path = "baseline/trust.rs"]
mod trust;

use serde_json::Value;

use crate::place::{Line, Place, Run};

const APP: &str = "arn:aws:sts::111122223333:assumed-role/app/i-1";
const ROLE: &str = "arn:aws:sts::111122223333:assumed-role/app";
const EVE: &str = "arn:aws:iam::999988887777:user/eve";

/// Times of eight days.
const DAYS: [&str; 8] = [
    "01/Feb/2026:02:00:00 +0000",
    "02/Feb/2026:02:00:00 +0000",
    "03/Feb/2026:02:00:00 +0000",
    "04/Feb/2026:02:00:00 +0000",
    "05/Feb/2026:02:00:00 +0000",
    "06/Feb/2026:02:00:00 +0000",
    "07/Feb/2026:02:00:00 +0000",
    "08/Feb/2026:02:00:00 +0000",
];

/// Requests of a role on so many days, two a day and network.
fn days(count: usize, networks: &[&str]) -> String {
    let mut text = String::new();
    let mut number = 0;
    for time in &DAYS[..count] {
        for network in networks {
            for host in 1..3 {
                number += 1;
                let line = Line {
                    time,
                    address: format!("{network}.{host}"),
                    requester: APP,
                    ..Line::default()
                };
                text += &line.text(number);
            }
        }
    }
    text
}

/// Requests of somebody else on the last day.
fn stranger(requester: &'static str, count: usize) -> String {
    let mut text = String::new();
    for number in 0..count {
        let line = Line {
            time: DAYS[7],
            address: "203.0.113.7".into(),
            requester,
            ..Line::default()
        };
        text += &line.text(0x1000 + number);
    }
    text
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.out).unwrap()
}

/// What `show` says of a name.
fn show(place: &Place, arguments: &str) -> Vec<Value> {
    let run = place.run(&format!("baseline show --state s.db {arguments}"));
    let rows = json(&run.ends(0).quiet());
    rows.as_array().unwrap().clone()
}

#[test]
fn every_command_says_where_a_baseline_is() {
    let place = Place::new();
    place.file("a.log", days(1, &["198.51.100"]));
    for command in [
        "learn a.log",
        "show",
        "forget bucket x",
        "export",
        "import x",
        "merge x",
        "trust",
    ] {
        let run = place.run(&format!("baseline {command}"));
        let run = run.ends(2).says("--state FILE");
        assert!(run.says("$S3SENTRY_STATE").out.is_empty());
    }
    let named = |arguments: &str| {
        let mut command = place.command(arguments);
        Run::from(command.env("S3SENTRY_STATE", "s.db").output().unwrap())
    };
    named("baseline show").ends(4).says("does not exist");
    named("baseline learn a.log").ends(0);
    named("baseline show").ends(0);
    place.run("baseline show --state a.log").ends(4);
}

#[test]
fn what_is_learned_is_known_at_once() {
    let place = Place::new();
    place.file("a.log", days(2, &["198.51.100"]));
    let run = place.run("baseline learn --state s.db a.log").ends(0);
    assert_eq!(run.out, "");
    let run = run
        .says("4 lines")
        .says("period    2026-02-01T02:00:00Z to");
    let run = run.says_in_words("7 entities and 8 values that were not known");
    run.says("s3sentry scan --state s.db --since 2026-02-02T02:00:01Z a.log");
    let all = json(&place.run("baseline show --state s.db").ends(0));
    assert_eq!(all["learned"], true);
    assert_eq!(all["declared"], true);
    assert_eq!(all["days"], 2);
    assert_eq!(all["requests"], 4);
    let found = show(&place, "principal");
    assert_eq!(found[0]["name"], ROLE);
    assert_eq!(found[0]["networks"], 1);
    assert_eq!(found[0]["declared"], true);
    // Nothing of the windows, of inputs or of what was found.
    let run = place.run("scan --state s.db a.log --min-level critical");
    run.ends(0).says("4 lines").says("learned;");
}

#[test]
fn reading_twice_changes_no_days() {
    let place = Place::new();
    place.file("a.log", days(3, &["198.51.100"]));
    let bare = |rows: Vec<Value>| -> Vec<Value> {
        let rows = rows.into_iter();
        rows.map(|mut row| row["requests"].take()).collect()
    };
    place
        .run("baseline learn --state s.db a.log -q")
        .ends(0)
        .quiet();
    let once = show(&place, "bucket");
    place
        .run("baseline learn --state s.db a.log -q")
        .ends(0)
        .quiet();
    let twice = show(&place, "bucket");
    assert_eq!(once[0]["days"], twice[0]["days"]);
    assert_eq!(once[0]["first_seen"], twice[0]["first_seen"]);
    assert_eq!(bare(once), [6]);
    assert_eq!(bare(twice), [12]);
}

#[test]
fn a_part_of_the_input_and_bad_input() {
    let place = Place::new();
    place.file("a.log", days(4, &["198.51.100"]));
    let learn = "baseline learn --state s.db";
    let run = place.run(&format!(
        "{learn} --since 2026-02-02 --until 2026-02-04 a.log"
    ));
    run.ends(0).says("4 outside --since/--until");
    assert_eq!(show(&place, "bucket")[0]["days"], 2);
    place.file("b.log", "no log\n");
    place.run(&format!("{learn} b.log")).ends(3);
    place
        .run(&format!("{learn} gone.log a.log"))
        .ends(3)
        .says("gone.log");
    assert_eq!(show(&place, "bucket")[0]["days"], 4);
    let run = place.pipe(&format!("{learn} -q"), stranger(EVE, 1).as_bytes());
    run.ends(0).quiet();
    assert_eq!(show(&place, "principal").len(), 2);
}

#[test]
fn lists_are_for_people_and_for_programs() {
    let place = Place::new();
    let text = days(2, &["198.51.100", "198.51.101"]) + &stranger(EVE, 9);
    place.file("a.log", text);
    place.run("baseline learn --state s.db a.log").ends(0);
    let names = |arguments: &str| -> Vec<String> {
        let rows = show(&place, arguments);
        let name = |row: &Value| row["name"].as_str().unwrap().to_owned();
        rows.iter().map(name).collect()
    };
    assert_eq!(names("principal"), [EVE, ROLE]);
    assert_eq!(names("principal --sort requests"), [EVE, ROLE]);
    assert_eq!(names("principal --sort name --limit 1"), [EVE]);
    assert_eq!(names("address --sort first --limit 1"), ["203.0.113.7"]);
    assert_eq!(names("principal ROLE/App"), [ROLE]);
    assert_eq!(names("account"), ["999988887777", "111122223333"]);
    assert_eq!(names("bucket"), ["example-logs"]);
    assert_eq!(
        names("network 198.51 --sort name"),
        ["198.51.100.0/24", "198.51.101.0/24"]
    );
    assert_eq!(names("network 203.0.113.99"), ["203.0.113.0/24"]);
    let one = show(&place, &format!("principal {ROLE}"));
    let networks = one[0]["seen_in"].as_array().unwrap();
    assert_eq!(networks.len(), 2);
    assert_eq!(networks[0]["requests"], 4);
    let run = place.run("baseline show principal nobody --state s.db");
    run.ends(3).says("no principal is known by nobody");

    let table = place.run("baseline show address --limit 2 --format table --state s.db");
    let table = table.ends(0).out;
    assert!(table.starts_with("FIRST SEEN (UTC)"), "{table}");
    assert!(table.ends_with("3 more; --limit N shows more\n"), "{table}");
    let table = place.run("baseline show principal eve --format table --state s.db");
    assert!(table.ends(0).out.contains("seen in 1 network:\n"));
    let table = place
        .run("baseline show --format table --state s.db")
        .ends(0);
    assert!(
        table
            .out
            .contains("learned: declared normal; 3 days, 17 requests")
    );
}

#[test]
fn names_that_callers_chose_do_no_harm() {
    let place = Place::new();
    let name = "arn:aws:iam::999988887777:user/\u{202E}x\u{1b}[31m\\x41";
    place.file("a.log", stranger(name, 1));
    place.run("baseline learn --state s.db a.log").ends(0);
    let table = place.run("baseline show principal --format table --state s.db");
    let table = table.ends(0).out;
    assert!(!table.contains(['\u{1b}', '\u{202E}']), "{table:?}");
    let run = place.run("baseline show principal --state s.db").ends(0);
    assert!(!run.out.contains(['\u{1b}', '\u{202E}']), "{:?}", run.out);
    // As JSON has it, it can be named.
    let shown = json(&run)[0]["name"].as_str().unwrap().to_owned();
    let mut command = place.command("baseline forget --state s.db principal");
    let run = Run::from(command.arg(&shown).output().unwrap()).ends(0);
    assert!(!run.err.contains(['\u{1b}', '\u{202E}']), "{:?}", run.err);
    assert!(show(&place, "principal").is_empty());
}

#[test]
fn what_is_forgotten_is_new_again() {
    let place = Place::new();
    place.file("a.log", days(7, &["198.51.100"]) + &stranger(EVE, 2));
    place.file(
        "new.yml",
        "title: A principal that is new\nname: newcomer\n\
         logsource: {product: aws, service: s3_server_access}\n\
         detection: {new: {new_principal: true}, condition: new}\n---\n\
         title: Newcomer\nname: by-newcomer\ncorrelation: {type: event_count, \
         rules: [newcomer], group-by: [principal], timespan: 1h, condition: {gte: 1}}\n",
    );
    place.run("baseline learn --state s.db a.log").ends(0);
    let later = stranger(EVE, 1).replace("08/Feb", "09/Feb");
    place.file("b.log", later);
    let scan = |place: &Place| {
        let run = place.run("scan --state s.db --no-learn --rules new.yml b.log");
        let found = run.ends(0).rules();
        found.iter().filter(|rule| *rule == "by-newcomer").count()
    };
    let copy = |from: &str, to: &str| std::fs::copy(place.path(from), place.path(to)).unwrap();
    copy("s.db", "t.db");
    assert_eq!(scan(&place), 0);
    copy("t.db", "s.db");
    let run = place.run("baseline forget address 203.0.113.7 --state s.db");
    let run = run
        .ends(0)
        .says("address 203.0.113.7 is forgotten: 1 entity");
    run.says("s3sentry baseline forget network 203.0.113.0/24");
    for (kind, name) in [
        ("principal", EVE),
        ("network", "203.0.113.0/24"),
        ("account", "999988887777"),
    ] {
        let run = place.run(&format!("baseline forget {kind} {name} --state s.db"));
        assert_eq!(run.ends(0).says("is forgotten").out, "");
        let run = place.run(&format!("baseline forget {kind} {name} --state s.db -q"));
        run.ends(3).says("is known as");
    }
    assert_eq!(show(&place, "network").len(), 1);
    assert_eq!(scan(&place), 1);
    place
        .run("baseline forget bucket x --state gone.db")
        .ends(4);
}

#[test]
fn a_rule_says_that_it_needs_a_baseline() {
    let place = Place::new();
    place.file(
        "new.yml",
        "title: First client\nname: first-client\n\
         logsource: {product: aws, service: s3_server_access}\n\
         detection: {served: {ok: true}, condition: served}\n\
         s3sentry: {new_value: {field: user_agent_family, group-by: principal}}\n",
    );
    let run = place
        .run("rules list --format json --rules new.yml")
        .ends(0);
    let rules = json(&run);
    let rule = rules.as_array().unwrap().iter();
    let rule = rule
        .clone()
        .find(|rule| rule["name"] == "first-client")
        .unwrap();
    assert_eq!(rule["needs"], serde_json::json!(["baseline"]));
    assert_eq!(rule["runs"], false);
}

/// What hours came to, of an export.
fn volumes(place: &Place) -> Vec<(u64, u64)> {
    let run = place.run("baseline export --state s.db -q").ends(0);
    let lines = run
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let volumes = lines.filter_map(|line: Value| {
        let volume = line.get("volume")?;
        let number = |name| volume[name].as_u64();
        Some((number("sum")?, number("learned")?))
    });
    volumes.collect()
}

#[test]
fn volumes_of_a_log_count_once() {
    let place = Place::new();
    place.file("a.log", days(2, &["198.51.100"]));
    place.file(
        "r.yml",
        "title: Read\nname: read\nlogsource: {product: aws, service: s3_server_access}\n\
         detection: {served: {ok: true, operation_class: read}, condition: served}\n---\n\
         title: Much more than usual\nname: much\ncorrelation: {type: event_count, \
         rules: [read], group-by: [principal], timespan: 1h, condition: {gte: 5000}}\n\
         s3sentry: {baseline: {times: 10}}\n",
    );
    let learn = "baseline learn --state s.db --rules r.yml -q a.log";
    place.run(learn).ends(0);
    place.run(learn).ends(0);
    let once = volumes(&place);
    assert!(
        once.contains(&(0, 2)) && once.iter().all(|(sum, _)| *sum == 0),
        "{once:?}"
    );
    place
        .run("scan --state s.db --rules r.yml -q a.log")
        .ends(0);
    place.run(learn).ends(0);
    let both: Vec<_> = once
        .iter()
        .map(|(_, learned)| (*learned, *learned))
        .collect();
    assert_eq!(volumes(&place), both);
}
