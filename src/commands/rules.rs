//! `rules list` and `rules test`.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

use s3sentry::alert::Level;
use s3sentry::rule::{self, Document, RuleSet};
use s3sentry::settings::Settings;
use serde_json::{Value, json};

use super::{End, Stop, say};
use crate::cli::{ListFormat, RulesList, RulesTest};

/// Runs `rules list`.
pub fn list(arguments: &RulesList) -> Result<End, Stop> {
    let settings = super::settings(&arguments.common, None)?;
    let (documents, set) = load(&arguments.rules, &settings)?;
    let format = arguments.format.unwrap_or(if io::stdout().is_terminal() {
        ListFormat::Table
    } else {
        ListFormat::Json
    });
    let text = match format {
        ListFormat::Json => json_list(&documents, &set),
        ListFormat::Table => table(&set),
    };
    writeln!(io::stdout().lock(), "{text}")?;
    Ok(End::Done)
}

fn load(
    directories: &[std::path::PathBuf],
    settings: &Arc<Settings>,
) -> Result<(Vec<Document>, RuleSet), Stop> {
    let documents = rule::load(directories).map_err(|errors| super::all(&errors, "rules"))?;
    let set = rule::compile(&documents, settings, Level::Informational)
        .map_err(|errors| super::all(&errors, "rules"))?;
    Ok((documents, set))
}

fn table(set: &RuleSet) -> String {
    let rows: Vec<[String; 4]> =
        std::iter::once(["RULE", "LEVEL", "ATT&CK", "TITLE"].map(str::to_owned))
            .chain(set.rules.iter().map(|rule| {
                [
                    rule.info.name.clone(),
                    rule.info.level.as_str().to_owned(),
                    techniques(&rule.info.tags).join(" "),
                    rule.info.title.clone(),
                ]
            }))
            .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let (name, level, attack) = (width(0), width(1), width(2));
    let lines: Vec<String> = rows
        .iter()
        .map(|[a, b, c, d]| format!("{a:<name$}  {b:<level$}  {c:<attack$}  {d}"))
        .collect();
    lines.join("\n")
}

/// `T1619` of `attack.t1619`.
fn techniques(tags: &[String]) -> Vec<String> {
    tags.iter()
        .filter_map(|tag| tag.strip_prefix("attack."))
        .filter(|tag| tag.starts_with('t') && tag[1..].starts_with(|c: char| c.is_ascii_digit()))
        .map(str::to_uppercase)
        .collect()
}

fn json_list(documents: &[Document], set: &RuleSet) -> String {
    let rules: Vec<Value> = set
        .rules
        .iter()
        .map(|rule| {
            let document = documents
                .iter()
                .find(|document| document.label() == rule.info.name);
            json!({
                "id": rule.info.id,
                "name": rule.info.name,
                "title": rule.info.title,
                "level": rule.info.level,
                "tags": rule.info.tags,
                "description": document.and_then(|document| document.meta.description.clone()),
                "group_by": rule.group_by.iter().map(|name| &**name).collect::<Vec<_>>(),
                "timespan_seconds": rule.timespan(),
                "horizon_seconds": rule.horizon,
                "period_seconds": rule.period,
                "built_in": rule.built_in,
                "cannot_work": rule.unworkable,
            })
        })
        .collect();
    serde_json::to_string_pretty(&rules).unwrap_or_default()
}

/// Runs `rules test`.
pub fn test(arguments: &RulesTest) -> Result<End, Stop> {
    let directories = std::fs::read_dir(&arguments.fixtures).map_err(|error| {
        let context = format!(
            "no fixtures in {}; name their directory with --fixtures",
            super::shown(&arguments.fixtures)
        );
        Stop::With(End::Input, anyhow::Error::from(error).context(context))
    })?;
    let mut names: Vec<String> = directories
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| arguments.names.is_empty() || arguments.names.contains(name))
        .collect();
    names.sort();
    let mut failures = Vec::new();
    for name in arguments.names.iter().filter(|name| !names.contains(name)) {
        failures.push(format!(
            "{name}: no fixtures in {}",
            super::shown(&arguments.fixtures.join(name))
        ));
    }
    for name in &names {
        let failed = test_one(arguments, name)?;
        if !arguments.common.quiet {
            say(format_args!(
                "{name}: {}",
                if failed.is_empty() { "ok" } else { "FAILED" }
            ));
        }
        failures.extend(failed);
    }
    for failure in &failures {
        say(format_args!("s3sentry: error: {failure}"));
    }
    if !arguments.common.quiet {
        say(format_args!(
            "s3sentry: {} rules tested, {} failures",
            names.len(),
            failures.len()
        ));
    }
    Ok(if failures.is_empty() {
        End::Done
    } else {
        End::Alerts
    })
}

/// What is wrong with one rule.
fn test_one(arguments: &RulesTest, name: &str) -> Result<Vec<String>, Stop> {
    let directory = arguments.fixtures.join(name);
    let file = directory.join("s3sentry.toml");
    let settings = if file.is_file() {
        Settings::read(&file).map_err(|errors| super::all(&errors, "settings"))?
    } else {
        Settings::default()
    };
    let (_, set) = load(&arguments.rules, &Arc::new(settings))?;
    let set = Arc::new(set);
    if !set.rules.iter().any(|rule| rule.info.name == name) {
        return Ok(vec![format!("{name}: there is no such rule")]);
    }
    let run = |log: &str| -> Result<Result<Vec<Value>, String>, Stop> {
        let path = directory.join(log);
        super::on_threads(&arguments.common, || raised(&path, name, &set))
    };
    let mut failures = Vec::new();
    match run("fires.log")? {
        Err(problem) => failures.push(format!("{name}: fires.log: {problem}")),
        Ok(alerts) if alerts.is_empty() => {
            failures.push(format!("{name}: fires.log raises no alert"));
        }
        Ok(alerts) => failures.extend(
            compare(&directory.join("alerts.ndjson"), &alerts)
                .map(|difference| format!("{name}: {difference}")),
        ),
    }
    match run("quiet.log")? {
        Err(problem) => failures.push(format!("{name}: quiet.log: {problem}")),
        Ok(alerts) => failures.extend(alerts.iter().map(|alert| {
            format!(
                "{name}: quiet.log raises an alert: {}",
                alert["summary"].as_str().unwrap_or_default()
            )
        })),
    }
    Ok(failures)
}

/// The alerts of one rule over a log, without evidence.
fn raised(path: &Path, name: &str, set: &Arc<RuleSet>) -> Result<Vec<Value>, String> {
    let alerts = s3sentry::fixture::alerts(path, set)?;
    Ok(alerts
        .into_iter()
        .filter(|alert| alert["rule"]["name"] == name)
        .collect())
}

/// The first difference from the alerts that are expected.
fn compare(path: &Path, alerts: &[Value]) -> Option<String> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return Some(format!("{}: {error}", super::shown(path))),
    };
    let expected: Result<Vec<Value>, _> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(serde_json::from_str)
        .collect();
    match expected {
        Err(error) => Some(format!("{}: {error}", super::shown(path))),
        Ok(expected) if expected.len() != alerts.len() => Some(format!(
            "fires.log raises {} alerts, {} are expected",
            alerts.len(),
            expected.len()
        )),
        Ok(expected) => expected.iter().zip(alerts).find(|(want, got)| want != got).map(|(want, got)| {
            format!("fires.log raises another alert than expected:\n  expected {want}\n  raised   {got}")
        }),
    }
}
