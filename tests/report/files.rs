//! Which files there are, and that they are written together or not at all.

use std::fs;

use crate::page::{DEMO, alerts, burst, demo, json, names};
use crate::place::Place;

#[test]
fn every_form_and_the_alerts_are_written() {
    let place = demo();
    let run = place
        .run(&format!("report -o r.html -o r.md -o r.json {DEMO}"))
        .ends(0);
    assert_eq!(run.out, "");
    let last = run.err.lines().last().unwrap();
    assert_eq!(
        last,
        "s3sentry: report in r.html, r.md, r.json, alerts in r.html.alerts.ndjson"
    );
    let scan = place.run(&format!("scan {DEMO}")).ends(0);
    assert_eq!(place.read("r.html.alerts.ndjson"), scan.out);
    let report = json(&place, "r.json");
    assert_eq!(alerts(&report), scan.out.lines().count() as u64);
    assert_eq!(report["verdict"]["attention"], "now");
    assert_eq!(report["incidents"][0]["entity"]["name"], "acme-uploads");
    assert_eq!(report["coverage"]["lines"], 475);
    assert_eq!(report["alerts_file"], "r.html.alerts.ndjson");
    let slots = report["timeline"]["slots"].as_array().unwrap();
    let sum = |name: &str| {
        slots
            .iter()
            .map(|slot| slot[name].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!(sum("requests"), 475);
    let found: u64 = slots
        .iter()
        .flat_map(|slot| slot["alerts"].as_object().unwrap().values())
        .map(|number| number.as_u64().unwrap())
        .sum();
    assert_eq!(found, alerts(&report));
    let page = place.read("r.html");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("acme-uploads"));
    let text = place.read("r.md");
    assert!(
        text.starts_with("# S3 access logs: look at this now\n"),
        "{text}"
    );
    assert!(
        text.contains("The worst is **critical**, bucket `acme-uploads`"),
        "{text}"
    );
    let all = [
        "demo.log",
        "r.html",
        "r.html.alerts.ndjson",
        "r.json",
        "r.md",
        "trusted.txt",
    ];
    assert_eq!(names(&place, ""), all);
}

#[test]
fn the_exit_code_is_that_of_a_scan() {
    let place = demo();
    place
        .run(&format!("report -q --fail-on critical -o r.html {DEMO}"))
        .ends(1)
        .quiet();
    assert!(place.path("r.html").exists());
    let calm = "--min-level critical --fail-on critical";
    place.file("empty.log", "");
    place
        .run(&format!("report -q {calm} -o r.html empty.log"))
        .ends(0)
        .quiet();
    place
        .run(&format!(
            "report -q --fail-on critical -o r.json {DEMO} gone.log"
        ))
        .ends(3)
        .says("gone.log");
    let report = json(&place, "r.json");
    assert!(
        report["coverage"]["problems"][0]
            .as_str()
            .unwrap()
            .contains("gone.log")
    );
}

#[test]
fn low_alerts_can_be_left_out() {
    let place = demo();
    place
        .run(&format!("report -q --min-level high -o r.json {DEMO}"))
        .ends(0);
    let report = json(&place, "r.json");
    assert_eq!(alerts(&report), 3);
    assert_eq!(place.read("r.json.alerts.ndjson").lines().count(), 3);
}

#[test]
fn wrong_outputs_are_told_before_anything_is_read() {
    let place = demo();
    place.file("list.json", "10.0.0.0/8\n");
    for (arguments, says) in [
        ("-o r.pdf demo.log", ".html, .md or .json"),
        ("-o - demo.log", ".html, .md or .json"),
        ("demo.log", "--output"),
        ("-o r.html", "no source named"),
        ("-o r.html -o ./r.html demo.log", "named twice by -o"),
        ("-o r.md -o r.html -o r.md demo.log", "named twice by -o"),
        ("-o list.json list.json", "would be overwritten by -o"),
        (
            "-o list.json --trusted-networks list.json demo.log",
            "would be overwritten by -o",
        ),
        (
            "--state r.json -o r.json demo.log",
            "would be overwritten by -o",
        ),
        ("--no-learn -o r.json demo.log", "--state"),
        ("--full -o r.json demo.log", "--state"),
    ] {
        place.run(&format!("report {arguments}")).ends(2).says(says);
    }
    place.file("r.html.alerts.ndjson", "x");
    let run = place.run("report -o r.html r.html.alerts.ndjson").ends(2);
    run.says("would be overwritten by the alerts beside -o");
    let all = [
        "demo.log",
        "list.json",
        "r.html.alerts.ndjson",
        "trusted.txt",
    ];
    assert_eq!(names(&place, ""), all);
}

#[test]
fn reports_are_not_read_with_the_logs_beside_them() {
    let place = Place::new();
    place.file("logs/a.log", burst("203.0.113.7", 3));
    for _ in 0..2 {
        place.run("report -o logs/r.json -o logs/r.md logs").ends(0);
        assert_eq!(json(&place, "logs/r.json")["coverage"]["malformed"], 0);
    }
}

/// Earlier reports stay as they are, and nothing else is left.
fn holds_what_was_there(place: &Place) {
    for name in ["r.json", "r.json.alerts.ndjson", "r.md"] {
        assert_eq!(place.read(name), "earlier", "{name}");
    }
    assert!(names(place, "").iter().all(|name| !name.starts_with('.')));
}

fn with_earlier() -> Place {
    let place = demo();
    for name in ["r.json", "r.json.alerts.ndjson", "r.md"] {
        place.file(name, "earlier");
    }
    place
}

#[test]
fn a_folder_that_is_missing_leaves_all_as_it_was() {
    let place = with_earlier();
    let outputs = "-o r.json -o r.md -o missing/r.html";
    let run = place.run(&format!("report {outputs} {DEMO}")).ends(5);
    run.says("missing/r.html cannot be written");
    place
        .run(&format!("report -o missing/r.html -o r.json {DEMO}"))
        .ends(5);
    place
        .run(&format!("report -o r.json -o demo.log/r.html {DEMO}"))
        .ends(5)
        .says("r.html");
    holds_what_was_there(&place);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_device_leaves_all_as_it_was() {
    let place = with_earlier();
    std::os::unix::fs::symlink("/dev/full", place.path("full.html")).unwrap();
    for outputs in [
        "-o r.json -o r.md -o full.html",
        "-o r.json -o full.html -o r.md",
    ] {
        let run = place.run(&format!("report {outputs} {DEMO}")).ends(5);
        run.says("/dev/full");
    }
    holds_what_was_there(&place);
    assert!(fs::read_link(place.path("full.html")).is_ok());
    fs::remove_file(place.path("r.json.alerts.ndjson")).unwrap();
    std::os::unix::fs::symlink("/dev/full", place.path("r.json.alerts.ndjson")).unwrap();
    place
        .run(&format!("report -o r.json {DEMO}"))
        .ends(5)
        .says("/dev/full");
    assert_eq!(place.read("r.json"), "earlier");
}

/// Runs on a small disk of its own, which is then full or cannot be written to; none
/// where this machine allows no such thing.
#[cfg(target_os = "linux")]
fn on_a_disk(script: &str) -> Option<String> {
    let place = demo();
    fs::create_dir(place.path("disk")).unwrap();
    let script = format!(
        "mount -t tmpfs -o size=64k none disk || exit 99\n\
         for name in r.json r.json.alerts.ndjson r.html; do echo earlier > disk/$name; done\n\
         {script}\n\
         \"$PROGRAM\" report --no-config -q -o disk/r.json -o disk/r.html {DEMO} 2>&1\n\
         echo \"exit $?\"; mount -o remount,rw disk; ls -A disk\n\
         cat disk/r.json disk/r.json.alerts.ndjson disk/r.html\n"
    );
    let run = std::process::Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", &script])
        .current_dir(place.path(""))
        .env("PROGRAM", env!("CARGO_BIN_EXE_s3sentry"))
        .output()
        .ok()?;
    let said = String::from_utf8(run.stdout).unwrap();
    (run.status.success() && said.contains("exit ")).then_some(said)
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_and_a_read_only_one_leave_all_as_it_was() {
    let kept = "\nr.html\nr.json\nr.json.alerts.ndjson\nearlier\nearlier\nearlier\n";
    for (script, says) in [
        ("", "No space left"),
        ("mount -o remount,ro disk", "Read-only"),
    ] {
        let Some(said) = on_a_disk(script) else {
            eprintln!("left out: nothing can be mounted here");
            return;
        };
        assert!(
            said.contains("\nexit 5\n") && said.ends_with(kept),
            "{said}"
        );
        assert!(said.contains(says) && said.contains("disk/r."), "{said}");
    }
}
