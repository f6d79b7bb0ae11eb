//! Help texts stand in `tests/help`: who changes a command changes what its
//! users read, and sees it. `UPDATE_HELP=1 cargo test --test cli help` writes
//! them anew.

use std::fs;

use crate::place::{Place, package};

const COMMANDS: [&str; 22] = [
    "",
    "scan",
    "report",
    "watch",
    "baseline",
    "baseline learn",
    "baseline show",
    "baseline forget",
    "baseline export",
    "baseline import",
    "baseline merge",
    "baseline trust",
    "parse",
    "checkpoint",
    "checkpoint show",
    "checkpoint reset",
    "rules",
    "rules list",
    "rules show",
    "rules check",
    "rules test",
    "rules explain",
];

#[test]
fn help_is_what_it_was() {
    let place = Place::new();
    for command in COMMANDS {
        let run = place.run(&format!("{command} --help")).ends(0).quiet();
        let name = format!("s3sentry {command}").trim().replace(' ', "-");
        let file = package(&format!("tests/help/{name}.txt"));
        // No end of line has spaces, so that no editor changes the file.
        let lines: Vec<_> = run.out.lines().map(str::trim_end).collect();
        let text = lines.join("\n") + "\n";
        if std::env::var_os("UPDATE_HELP").is_some() {
            fs::write(&file, &text).unwrap();
        }
        let expected = fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(text, expected, "help of {name} has changed");
    }
}

#[test]
fn every_command_has_its_help_kept() {
    let top = Place::new().run("--help").ends(0).out;
    let commands = top.split("Commands:").nth(1).unwrap();
    let commands = commands.split("Options:").next().unwrap();
    let names = commands
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    for name in names.filter(|name| *name != "help") {
        assert!(
            COMMANDS.contains(&name),
            "the help of {name} is not compared"
        );
    }
}

#[test]
fn version_and_help_go_to_stdout() {
    let place = Place::new();
    let version = place.run("--version").ends(0).quiet().out;
    assert_eq!(
        version,
        concat!("s3sentry ", env!("CARGO_PKG_VERSION"), "\n")
    );
    place.run("").ends(2).says("Usage: s3sentry");
    place.run("scna").ends(2).says("scan");
    place.run("scan --formta csv").ends(2).says("--format");
}
