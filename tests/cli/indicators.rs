//! Lists of what is known to be bad, as their users meet them.

use std::fs::File;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::place::{Line, Place, Run, calm, package};

/// Requests of a stranger among ordinary ones.
fn logs(place: &Place) {
    let stranger = Line {
        address: "203.0.113.7".into(),
        agent: "crawlbot/1.8".into(),
        ..Line::default()
    };
    place.file("a.log", calm(3) + &stranger.text(9));
}

/// The contexts of the alerts on stdout, without the incidents.
fn contexts(run: &Run) -> Vec<Value> {
    let context = |line| {
        let mut alert: Value = serde_json::from_str(line).unwrap();
        let mut context = alert["context"].take();
        assert!(context["incident"].is_string());
        context.as_object_mut().unwrap().remove("incident");
        context
    };
    run.out.lines().map(context).collect()
}

#[test]
fn an_alert_names_the_list_and_the_entry() {
    let place = Place::new();
    logs(&place);
    place.file("bad.txt", "203.0.113.0/24 # all of it\n203.0.113.0/28\n");
    place.file("agents.csv", "user_agent\nCRAWLBOT/*\n");
    let run = place
        .run("scan --ioc bad.txt --ioc agents.csv a.log")
        .ends(0)
        .says("settings  indicators from bad.txt, indicators from agents.csv")
        .says("ioc       bad.txt (high, plain list): 2 networks, of 20")
        .says("            agents.csv (high, CSV): 1 user agent, of 20")
        .says_not("warning")
        .says_not("ioc is not set");
    assert_eq!(run.rules(), ["ioc-match"]);
    let entry = |list: &str, entry: &str, field: &str| json!({"list": list, "entry": entry, "level": "high", "field": field});
    let expected = json!({"ioc": [
        entry("bad.txt", "203.0.113.0/28", "remote_ip"),
        entry("agents.csv", "CRAWLBOT/*", "user_agent"),
    ]});
    assert_eq!(contexts(&run), [expected]);
    let table = place.run("scan --ioc bad.txt --format table a.log").ends(0);
    let line = "    remote_ip is on the list bad.txt: 203.0.113.0/28\n";
    assert!(table.out.contains(line), "{}", table.out);
}

#[test]
fn settings_name_lists_and_the_command_line_adds_to_them() {
    let place = Place::new();
    logs(&place);
    place.file(
        "lists/exits",
        "ExitAddress 203.0.113.7 2026-02-03 00:00:00\n",
    );
    place.file("own.txt", "192.0.2.10\n");
    place.file(
        "lists/s3sentry.toml",
        "[[ioc]]\nfile = \"exits\"\nname = \"tor exits\"\nlevel = \"low\"\nmax_age = \"1h\"\n",
    );
    let scan = "scan --config lists/s3sentry.toml a.log";
    let run = place
        .run(scan)
        .ends(0)
        .says("tor exits (low, plain list): 1 network");
    assert_eq!(run.rules(), ["ioc-match-low"]);
    let run = place.run(&format!("{scan} --ioc own.txt")).ends(0);
    assert_eq!(run.rules(), ["ioc-match", "ioc-match-low"]);
}

#[test]
fn alerts_of_other_rules_have_the_context_too() {
    let place = Place::new();
    logs(&place);
    place.file("own.txt", "203.0.113.7\n");
    place.file("nets.txt", "192.0.2.0/24\n");
    let run = place
        .run("scan --trusted-networks nets.txt --ioc own.txt a.log")
        .ends(0);
    assert_eq!(run.rules(), ["ioc-match", "unknown-source-ip"]);
    let named = |context: &Value| context["ioc"][0]["entry"] == "203.0.113.7";
    assert!(contexts(&run).iter().all(named), "{}", run.out);
}

#[test]
fn without_evidence_the_key_is_looked_up() {
    let place = Place::new();
    logs(&place);
    place.file("own.txt", "203.0.113.7\nuser_agent: crawlbot/*\n");
    place.file("s3sentry.toml", "[rules.ioc-match]\nevidence = 0\n");
    let run = place.run("scan --ioc own.txt a.log").ends(0);
    let entry =
        json!({"list": "own.txt", "entry": "203.0.113.7", "level": "high", "field": "remote_ip"});
    assert_eq!(contexts(&run), [json!({"ioc": [entry]})]);
}

#[test]
fn without_a_list_the_rules_say_so() {
    let place = Place::new();
    logs(&place);
    let run = place.run("scan a.log").ends(0);
    assert!(run.rules().is_empty());
    run.says("5 could not run (ioc-match, ioc-match-critical,")
        .says("ioc-match-medium): ioc is\n            not set\n")
        .says_not("  ioc ");
}

#[test]
fn stale_empty_and_half_understood_lists_warn() {
    let place = Place::new();
    logs(&place);
    place.file("old.txt", "203.0.113.7\n");
    let written = SystemTime::now() - Duration::from_mins(8 * 1440 + 1);
    let file = File::options().write(true).open(place.path("old.txt"));
    file.unwrap().set_modified(written).unwrap();
    place.file("empty.txt", "# to come\n");
    let half = "192.0.2.1\nevil.example\n192.0.2.1/24\n10.0.0.0/8\n";
    place.file("half.txt", half);
    let lists = "--ioc old.txt --ioc empty.txt --ioc half.txt";
    let run = place
        .run(&format!("scan {lists} a.log"))
        .ends(0)
        .says("s3sentry: warning: the list old.txt is 8 days old, of 20")
        .says("more than 7 days is too old: fetch it again\n")
        .says("s3sentry: warning: the list empty.txt holds no entry, so nothing can be on it\n")
        .says("warning: 2 entries of the list half.txt are not understood and left out; ")
        .says("the first is line 2: \"evil.example\" is no address")
        .says("1 holding a private range");
    assert_eq!(run.rules(), ["ioc-match"]);
    place.run(&format!("scan -q {lists} a.log")).ends(0).quiet();
    place
        .run(&format!("rules explain ioc-match {lists} a.log"))
        .ends(0)
        .says("the list old.txt is 8 days old");
}

#[test]
fn what_is_no_list_is_an_error_before_any_input() {
    let place = Place::new();
    place.file("page.txt", "<!doctype html>\n");
    place
        .run("scan --ioc none.txt --ioc page.txt missing.log")
        .ends(2)
        .says("s3sentry: error: none.txt: cannot be read: ")
        .says("s3sentry: error: page.txt: is a web page or XML, no list\n")
        .says("2 errors in the lists of indicators; no input was read")
        .says_not("missing.log");
    for (text, expected) in [
        ("ioc = 7", "1:7: \"ioc\" must be tables: [[ioc]]"),
        ("ioc = [\"x\"]", "1:8: \"ioc\" must be tables: [[ioc]]"),
        (
            "[[ioc]]\nfiel = \"x\"",
            "2:1: unknown key \"fiel\" (did you mean \"file\"?)",
        ),
        (
            "[[ioc]]\nname = \"x\"",
            "a list of indicators needs a \"file\"",
        ),
        ("[[ioc]]\nfile = 7", "2:8: \"file\" must be text"),
        ("[[ioc]]\nfile = \"\"", "2:8: \"file\" is empty"),
        (
            "[[ioc]]\nfile = \"page.txt\"",
            "2:8: page.txt: is a web page",
        ),
        (
            "[[ioc]]\nfile = \"x\"\nlevel = \"bad\"",
            "3:9: \"level\" must be one of informational, low,",
        ),
        (
            "[[ioc]]\nfile = \"x\"\nmax_age = \"1w\"",
            "3:11: \"max_age\" must be a whole number of s, m, h or d",
        ),
    ] {
        place.file("s3sentry.toml", text);
        place.run("scan missing.log").ends(2).says(expected);
    }
}

/// The blocks of `docs/ioc.md` in this language.
fn documented(language: &str) -> Vec<String> {
    let text = std::fs::read_to_string(package("docs/ioc.md")).unwrap();
    let open = format!("```{language}\n");
    let blocks = text.split(&open).skip(1);
    let block = |block: &str| block.split("```").next().unwrap().to_owned();
    blocks.map(block).collect()
}

#[test]
fn what_is_documented_can_be_read() {
    let place = Place::new();
    logs(&place);
    let leaked = package("fixtures/rules/ioc-match-critical/leaked.json");
    place
        .file("s3sentry.toml", &documented("toml")[0])
        .file(
            "exit-addresses",
            "ExitAddress 192.0.2.1 2026-02-03 00:00:00\n",
        )
        .file("leaked.json", std::fs::read(leaked).unwrap())
        .file("list.txt", &documented("text")[0]);
    let tool = Line {
        agent: "sqlmap/1.8".into(),
        ..Line::default()
    };
    place.file("b.log", tool.text(1));
    let run = place.run("scan --ioc list.txt b.log").ends(0);
    assert!(run.rules().contains(&"ioc-match".to_owned()), "{}", run.out);
    run.says("list.txt (high, plain list): 3 networks, 2 access keys, 1")
        .says_not("not understood");
}

#[test]
fn warnings_are_what_is_documented() {
    let place = Place::new();
    logs(&place);
    let own = "192.0.2.1\n\n\n\n\n\n192.0.2.1/24\nx\n";
    place.file("own.txt", own);
    let run = place.run("scan --ioc own.txt a.log").ends(0);
    let warnings = &documented("text")[1];
    let warning = warnings.lines().nth(1).unwrap();
    run.says(&format!("{warning}\n"));
}
