//! README against the program: what it prints, the rules there are, and links.
//!
//! `UPDATE_README=1 cargo test --test cli readme` writes these parts anew.

use std::fmt::Write as _;
use std::fs;
use std::sync::Mutex;

use serde_json::Value;

use crate::catalogue;
use crate::place::{Place, Run, package};

const DEMO: &str = "scan --trusted-networks fixtures/trusted.txt fixtures/demo.log";

/// Tests run side by side, and some write the file.
static README: Mutex<()> = Mutex::new(());

fn readme() -> String {
    fs::read_to_string(package("README.md")).unwrap()
}

/// Runs where README's reader stands.
fn run(arguments: &str) -> Run {
    let mut command = Place::new().command(arguments);
    let command = command.current_dir(package(""));
    Run::from(command.arg("--no-config").output().unwrap()).ends(0)
}

/// Compares the part between two marks, or writes it.
#[track_caller]
fn holds(mark: &str, expected: &str) {
    let _only = README.lock().unwrap();
    let text = readme();
    let (open, close) = (format!("<!-- {mark} -->\n"), format!("<!-- /{mark} -->"));
    let (before, rest) = text.split_once(&open).unwrap();
    let (found, after) = rest.split_once(&close).unwrap();
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(
            package("README.md"),
            format!("{before}{open}{expected}{close}{after}"),
        )
        .unwrap();
        return;
    }
    assert_eq!(
        found, expected,
        "README is behind; UPDATE_README=1 cargo test --test cli readme"
    );
}

#[test]
fn shows_what_the_first_command_prints() {
    let commands = readme();
    let commands = commands.split("```sh\n").nth(1).unwrap();
    let first = commands.lines().next().unwrap();
    assert_eq!(first, format!("cargo run -- {DEMO}"));
    let run = run(&format!("{DEMO} --format table"));
    // How long it takes is another matter.
    let (first, rest) = run.err.split_once('\n').unwrap();
    let (what, _) = first.split_once(" in ").unwrap();
    let text = format!(
        "```text\n{}\n{what} in less than 0.01 s\n{rest}```\n",
        run.out
    );
    holds("demo", &text);
}

#[test]
fn shows_a_line_of_the_demo() {
    let text = readme();
    let line = text
        .split("```text\n")
        .nth(1)
        .unwrap()
        .lines()
        .next()
        .unwrap();
    let log = fs::read_to_string(package("fixtures/demo.log")).unwrap();
    assert!(log.lines().any(|known| known == line));
}

#[test]
fn shows_an_alert_as_json() {
    let run = run(DEMO);
    let alert = run
        .out
        .lines()
        .find(|line| line.contains("\"level\":\"critical\""));
    let mut alert: Value = serde_json::from_str(alert.unwrap()).unwrap();
    alert.as_object_mut().unwrap().remove("evidence");
    holds(
        "json",
        &format!("```json\n{}\n```\n", in_order(&alert, &run.out)),
    );
}

/// The alert as it was written, with its fields in their order, which a parsed
/// object does not keep.
fn in_order(alert: &Value, out: &str) -> String {
    let id = alert["id"].as_str().unwrap();
    let line = out.lines().find(|line| line.contains(id)).unwrap();
    let (before, rest) = line.split_once("\"evidence\":").unwrap();
    let (_, after) = rest.rsplit_once("\"context\":").unwrap();
    let short = format!("{before}\"context\":{after}");
    assert_eq!(&serde_json::from_str::<Value>(&short).unwrap(), alert);
    short
}

/// A line a file of rules: each has a section in the catalogue.
#[test]
fn lists_the_rules() {
    let mut table = String::from("| rule | levels | |\n|---|---|---|\n");
    for theme in catalogue::themes() {
        writeln!(table, "| **{}** | | |", theme.title).unwrap();
        for stem in &theme.stems {
            let name = catalogue::text(&stem.rules[0], "name");
            let levels = stem.levels().join(", ");
            let title = stem.title().replace('|', "\\|");
            writeln!(
                table,
                "| [{name}](docs/rules.md#{name}) | {levels} | {title} |"
            )
            .unwrap();
        }
    }
    holds("rules", &table);
}

#[test]
fn links_lead_somewhere() {
    for name in [
        "README.md",
        "CHANGELOG.md",
        "docs/baseline.md",
        "docs/decisions.md",
        "docs/extending.md",
        "docs/fields.md",
        "docs/format.md",
        "docs/incidents.md",
        "docs/output.md",
        "docs/report.md",
        "docs/rules-list.md",
        "docs/rules.md",
        "docs/scheduling.md",
        "docs/settings.md",
        "contrib/README.md",
        "rules/README.md",
    ] {
        let file = package(name);
        let text = fs::read_to_string(&file).unwrap();
        for link in text.split("](").skip(1) {
            let link = link.split([')', '#']).next().unwrap();
            if !link.is_empty() && !link.starts_with("http") {
                let target = file.parent().unwrap().join(link);
                assert!(target.exists(), "{name}: {link}");
            }
        }
    }
}

#[test]
fn every_rule_of_the_docs_loads() {
    let text = fs::read_to_string(package("docs/extending.md")).unwrap();
    let rule = text.split("```yaml\n").nth(1).unwrap();
    let rule = rule.split("```").next().unwrap();
    let place = Place::new();
    place.file("docs/rule.yml", rule);
    let list = place.run("rules list --rules docs").ends(0).out;
    assert!(list.contains("my-refused-burst"));
}
