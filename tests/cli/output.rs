//! Where data goes, and what is left of it when something goes wrong.

use std::fs;

use serde_json::Value;

use crate::place::{EVERY, Place, burst, calm};

fn with_burst() -> Place {
    let place = Place::new();
    place.file("a.log", burst(30));
    place
}

#[test]
fn every_format_is_what_it_says() {
    let place = with_burst();
    let ndjson = place.run("scan --format ndjson a.log").ends(0).out;
    let alerts: Vec<Value> = ndjson
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(!alerts.is_empty());
    assert_eq!(place.run("scan a.log").out, ndjson, "the default in a pipe");
    let json: Vec<Value> =
        serde_json::from_str(&place.run("scan --format json a.log").ends(0).out).unwrap();
    assert_eq!(json, alerts);
    let csv = place.run("scan --format csv a.log").ends(0).out;
    assert!(csv.starts_with("id,rev,status,rule_id,"));
    assert_eq!(csv.lines().count(), alerts.len() + 1);
    let table = place.run("scan --format table a.log").ends(0).out;
    assert!(table.starts_with("LEVEL "));
    assert!(table.contains("MEDIUM") && table.contains("access-denied-burst"));
    let csv = place.run("parse --format csv a.log").ends(0).out;
    assert!(csv.starts_with("bucket_owner_id,bucket_name,"));
    assert_eq!(csv.lines().count(), 31);
    let records = place.run("parse a.log").ends(0).out;
    let first: Value = serde_json::from_str(records.lines().next().unwrap()).unwrap();
    assert_eq!(first["http_status"], 403);
    assert_eq!(first["requester"], Value::Null);
    place
        .run("scan --format xml a.log")
        .ends(2)
        .says("ndjson, json, csv, table");
    assert_eq!(place.pipe("scan --format json", b"").ends(0).out, "[]\n");
}

#[test]
fn a_file_is_replaced_when_all_is_done() {
    let place = with_burst();
    place.file("out.ndjson", "old\n");
    let run = place.run("scan -o out.ndjson a.log").ends(0);
    assert_eq!(run.out, "");
    assert_eq!(place.read("out.ndjson"), place.run("scan a.log").out);
    assert_eq!(place.run("scan -o - a.log").out, place.read("out.ndjson"));
    // A run over incomplete input leaves what there was to say.
    place.file("out.ndjson", "old\n");
    place.run("scan -o out.ndjson missing.log a.log").ends(3);
    assert!(place.read("out.ndjson").contains("access-denied-burst"));
    let left: Vec<_> = fs::read_dir(place.path(""))
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 2, "nothing temporary is left: {left:?}");
}

#[test]
fn a_run_that_fails_leaves_the_old_file() {
    let place = with_burst();
    place
        .file("out.ndjson", "old\n")
        .file("bad/rule.yml", "title: [\n");
    place.run("scan --rules bad -o out.ndjson a.log").ends(2);
    assert_eq!(place.read("out.ndjson"), "old\n");
    // The temporary file of the state cannot be made: the run breaks off.
    place
        .file("every/rule.yml", EVERY)
        .file("long.log", burst(30_000));
    let mut command = place.command("scan --max-state 1MiB --rules every -o out.ndjson long.log");
    let run: crate::place::Run = command
        .env("TMPDIR", place.path("none"))
        .output()
        .unwrap()
        .into();
    run.ends(4).says("--max-state").says("TMPDIR");
    assert_eq!(place.read("out.ndjson"), "old\n");
}

#[test]
fn what_cannot_be_written_ends_with_5_before_any_input_is_read() {
    let place = with_burst();
    fs::create_dir(place.path("directory")).unwrap();
    for arguments in [
        "-o directory",
        "-o none/out",
        "-o a.log/out",
        "--append directory",
        "--append none/out",
    ] {
        for command in ["scan", "parse"] {
            let name = arguments.split(' ').nth(1).unwrap();
            let run = place.run(&format!("{command} {arguments} a.log")).ends(5);
            assert_eq!(run.out, "");
            run.says(&format!("error: {name} cannot be written: "))
                .says_not("lines");
        }
    }
    assert_eq!(place.read("a.log"), burst(30));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_with_5() {
    let place = with_burst();
    for arguments in ["scan --append /dev/full", "parse --append /dev/full"] {
        let run = place.run(&format!("{arguments} missing.log a.log")).ends(5);
        run.says("output not written: ")
            .says("missing.log does not exist");
    }
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = place.command("scan a.log").stdout(full).output().unwrap();
    crate::place::Run::from(output)
        .ends(5)
        .says("output not written: ");
}

/// A FIFO stands for all that is no regular file: were this to fail, a device
/// of the machine would be gone, and its place taken by a file.
#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_written_to_and_not_replaced() {
    use std::os::unix::fs::FileTypeExt;
    let place = with_burst();
    let fifo = place.path("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.unwrap().success());
    let reader = {
        let fifo = fifo.clone();
        std::thread::spawn(move || fs::read_to_string(fifo).unwrap())
    };
    place.run("scan -o fifo a.log").ends(0);
    assert!(fs::metadata(&fifo).unwrap().file_type().is_fifo());
    assert!(reader.join().unwrap().contains("access-denied-burst"));
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let place = with_burst();
    place.file("real.ndjson", "old\n");
    fs::set_permissions(place.path("real.ndjson"), fs::Permissions::from_mode(0o600)).unwrap();
    symlink("real.ndjson", place.path("link.ndjson")).unwrap();
    place.run("scan -o link.ndjson a.log").ends(0);
    assert!(
        fs::symlink_metadata(place.path("link.ndjson"))
            .unwrap()
            .is_symlink()
    );
    assert!(place.read("real.ndjson").contains("access-denied-burst"));
    let mode = fs::metadata(place.path("real.ndjson"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600, "the file keeps its permissions");
}

#[test]
fn append_adds_lines_and_no_second_header() {
    let place = with_burst();
    let once = place.run("scan a.log").out;
    place.run("scan --append out a.log").ends(0);
    place.run("scan --append out a.log").ends(0);
    assert_eq!(place.read("out"), format!("{once}{once}"));
    for command in ["scan", "parse"] {
        let file = format!("{command}.csv");
        for _ in 0..2 {
            place
                .run(&format!("{command} --format csv --append {file} a.log"))
                .ends(0);
        }
        let text = place.read(&file);
        let header = text.lines().next().unwrap();
        assert_eq!(text.matches(header).count(), 1);
        let once = place.run(&format!("{command} --format csv a.log")).out;
        assert_eq!(text.lines().count(), 2 * once.lines().count() - 1);
    }
    place.file("torn", "{\"half\":");
    place.run("scan --append torn a.log").ends(0);
    assert_eq!(place.read("torn"), format!("{{\"half\":\n{once}"));
    place
        .run("scan --format json --append out a.log")
        .ends(2)
        .says("ndjson");
    place
        .run("scan -o out --append out a.log")
        .ends(2)
        .says("cannot be used with");
}

#[test]
fn fail_on_tells_by_the_exit_code() {
    let place = with_burst();
    place.file("calm.log", calm(3));
    place.run("scan a.log").ends(0);
    place.run("scan --fail-on medium a.log").ends(1);
    place.run("scan --fail-on LOW a.log").ends(1);
    place.run("scan --fail-on high a.log").ends(0);
    place.run("scan --fail-on informational calm.log").ends(0);
    place
        .run("scan --fail-on loud a.log")
        .ends(2)
        .says("critical");
}

#[test]
fn of_several_exit_codes_the_gravest_counts() {
    let place = with_burst();
    place.file("bad/rule.yml", "title: [\n");
    // 3 before 1.
    place.run("scan --fail-on low missing.log a.log").ends(3);
    // 5 before 3 and 1.
    place
        .run("scan --fail-on low -o none/out missing.log a.log")
        .ends(5);
    // 2 before 5.
    place
        .run("scan --rules bad -o none/out missing.log a.log")
        .ends(2);
    // 4 before 3 and 1.
    place
        .file("every/rule.yml", EVERY)
        .file("long.log", burst(30_000));
    let arguments = "scan --fail-on low --max-state 1MiB --rules every missing.log long.log";
    let mut command = place.command(arguments);
    let run: crate::place::Run = command
        .env("TMPDIR", place.path("none"))
        .output()
        .unwrap()
        .into();
    run.ends(4).says("missing.log does not exist");
}

#[test]
fn min_level_leaves_out_what_is_below() {
    let place = with_burst();
    let all = place.run("scan a.log").ends(0);
    assert!(all.out.contains("\"level\":\"low\""));
    let run = place.run("scan --min-level medium a.log").ends(0);
    assert!(!run.out.is_empty() && !run.out.contains("\"level\":\"low\""));
    run.says("0 critical, 0 high, 1 medium)").says_not(" low");
}

#[test]
fn colour_is_there_when_asked_for() {
    let place = with_burst();
    let table = |arguments: &str, variable: Option<(&str, &str)>| {
        let mut command = place.command(&format!("scan --format table {arguments} a.log"));
        command.envs(variable);
        let run: crate::place::Run = command.output().unwrap().into();
        run.ends(0).out.contains("\x1b[")
    };
    assert!(!table("", None), "a pipe");
    assert!(table("--color always", None));
    assert!(table("--color always", Some(("NO_COLOR", "1"))));
    assert!(table("", Some(("CLICOLOR_FORCE", "1"))));
    assert!(!table("--color never", Some(("CLICOLOR_FORCE", "1"))));
    assert!(!table("", Some(("NO_COLOR", "1"))));
    place
        .run("scan --format table --color always -o out a.log")
        .ends(0);
    assert!(place.read("out").contains("\x1b["));
    place.run("scan --format table -o out a.log").ends(0);
    assert!(!place.read("out").contains("\x1b["));
    // Data stays data.
    assert!(!place.run("scan --color always a.log").out.contains('\x1b'));
}

#[test]
fn quiet_says_errors_only() {
    let place = with_burst();
    let run = place.run("scan -q a.log").ends(0).quiet();
    assert!(!run.out.is_empty());
    place.run("parse --quiet a.log").ends(0).quiet();
    let run = place.run("scan -q missing.log a.log").ends(3);
    run.says_exactly("s3sentry: error: missing.log does not exist; check the path\n");
}
