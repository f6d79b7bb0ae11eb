//! `rules test`: each rule over the logs beside it.
//!
//! A rule's directory holds `fires.log`, which it must fire on, `quiet.log`,
//! which it must not, the alerts that are expected (`alerts.ndjson`) and the
//! settings that count (`s3sentry.toml`); those of the user do not.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use s3sentry::alert::Level;
use s3sentry::rule::{self, Document, RuleSet, lint, overrides};
use s3sentry::settings::Settings;
use s3sentry::text::terminal;
use s3sentry::{baseline, fixture};
use serde_json::Value;

use crate::cli::RulesTest;
use crate::commands::{End, Stop, all, on_threads, say, shown};

/// Where the fixtures of the built-in rules stand.
const BUILT_IN: &str = "fixtures/rules";
/// Differences that are printed of one log.
const DIFFERENCES: usize = 10;

/// Runs the command.
pub fn run(arguments: &RulesTest) -> Result<End, Stop> {
    let documents = rule::load(&arguments.rules).map_err(|errors| all(&errors, "rules"))?;
    let fixtures = fixtures(arguments)?;
    let wanted =
        |name: &str| arguments.names.is_empty() || arguments.names.iter().any(|n| n == name);
    let chosen = fixtures.iter().filter(|(name, _)| wanted(name));
    let (mut tested, mut failures) = (0, Vec::new());
    for (name, directory) in chosen {
        let test = Test {
            arguments,
            documents: &documents,
            name,
            directory,
        };
        let failed = test.run()?;
        let verdict = if failed.is_empty() { "ok" } else { "FAILED" };
        told(arguments, &format!("{name}: {verdict}"));
        tested += 1;
        failures.extend(failed);
    }
    let has_fixtures = |name: &str| fixtures.iter().any(|(known, _)| known == name);
    for name in arguments.names.iter().filter(|name| !has_fixtures(name)) {
        failures.push(format!("{name}: no fixtures in {}", places(arguments)));
    }
    let mut untested = 0;
    for name in own(arguments, &documents) {
        if wanted(name) && !has_fixtures(name) && !arguments.names.iter().any(|n| n == name) {
            told(arguments, &format!("{name}: not tested, no fixtures"));
            untested += 1;
        }
    }
    for failure in &failures {
        say(format_args!(
            "s3sentry: error: {}",
            terminal(failure.as_bytes())
        ));
    }
    let mut end = format!(
        "s3sentry: {tested} rules tested, {} failures",
        failures.len()
    );
    if untested > 0 {
        // Writing to a string cannot fail.
        let _ = write!(end, ", {untested} not tested");
    }
    told(arguments, &end);
    Ok(if failures.is_empty() {
        End::Done
    } else {
        End::Alerts
    })
}

fn told(arguments: &RulesTest, line: &str) {
    if !arguments.common.quiet {
        say(terminal(line.as_bytes()));
    }
}

/// The user's own rules that raise alerts: those that want fixtures.
fn own<'d>(arguments: &RulesTest, documents: &'d [Document]) -> Vec<&'d str> {
    let own = |document: &&Document| {
        !arguments.rules.is_empty()
            && !document.built_in
            && lint::raises_alerts(documents, document)
    };
    documents.iter().filter(own).map(Document::label).collect()
}

/// Where fixtures are looked for.
fn roots(arguments: &RulesTest) -> Vec<PathBuf> {
    if let Some(named) = &arguments.fixtures {
        return vec![named.clone()];
    }
    if arguments.rules.is_empty() {
        return vec![BUILT_IN.into()];
    }
    let beside = |path: &PathBuf| {
        let directory = if path.is_dir() {
            path
        } else {
            path.parent().unwrap_or(path)
        };
        directory.join("fixtures")
    };
    let mut roots: Vec<_> = arguments.rules.iter().map(beside).collect();
    roots.sort();
    roots.dedup();
    roots
}

fn places(arguments: &RulesTest) -> String {
    let roots = roots(arguments);
    roots
        .iter()
        .map(|root| shown(root))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Names of rules and the directories of their logs, in order.
fn fixtures(arguments: &RulesTest) -> Result<Vec<(String, PathBuf)>, Stop> {
    let mut found = Vec::new();
    for root in roots(arguments) {
        let entries = match std::fs::read_dir(&root) {
            Ok(entries) => entries,
            // Beside one's own rules there may be none; they are counted.
            Err(_) if arguments.fixtures.is_none() && !arguments.rules.is_empty() => continue,
            Err(error) => {
                let context = format!(
                    "no fixtures in {}; name their directory with --fixtures",
                    shown(&root)
                );
                return Err(Stop::With(
                    End::Input,
                    anyhow::Error::from(error).context(context),
                ));
            }
        };
        for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
            let name = path.file_name().and_then(|name| name.to_str());
            if let (true, Some(name)) = (path.is_dir(), name) {
                found.push((name.to_owned(), path.clone()));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The test of one rule.
struct Test<'t> {
    arguments: &'t RulesTest,
    documents: &'t [Document],
    name: &'t str,
    directory: &'t Path,
}

impl Test<'_> {
    /// What is wrong.
    fn run(&self) -> Result<Vec<String>, Stop> {
        let set = Arc::new(self.set()?);
        let Some(rule) = set.rules.iter().find(|rule| rule.info.name == self.name) else {
            return Ok(vec![format!("{}: there is no such rule", self.name)]);
        };
        let built_in = rule.built_in;
        let mut wrong = match self.raised("fires.log", &set)? {
            Err(problem) => vec![problem],
            Ok(alerts) if alerts.is_empty() => vec!["raises no alert".to_owned()],
            Ok(alerts) => self.compare(&alerts, built_in),
        };
        for text in &mut wrong {
            *text = format!("{}: fires.log: {text}", self.name);
        }
        match self.raised("quiet.log", &set)? {
            Err(problem) => wrong.push(format!("{}: quiet.log: {problem}", self.name)),
            Ok(alerts) => wrong.extend(cut(alerts.iter().map(|alert| {
                let summary = alert["summary"].as_str().unwrap_or_default();
                format!("{}: quiet.log: raises an alert: {summary}", self.name)
            }))),
        }
        Ok(wrong)
    }

    /// The rules under the settings of this directory.
    fn set(&self) -> Result<RuleSet, Stop> {
        let file = self.directory.join("s3sentry.toml");
        let settings = if file.is_file() {
            Settings::read(&file).map_err(|errors| all(&errors, "settings"))?
        } else {
            Settings::default()
        };
        let mut documents = self.documents.to_vec();
        overrides::apply(&mut documents, &settings).map_err(|errors| all(&errors, "settings"))?;
        let settings = Arc::new(settings);
        let level = Level::Informational;
        let set = if self.normal().is_some() {
            let options = baseline::Options::default();
            rule::compile_with_baseline(&documents, &settings, level, options)
        } else {
            rule::compile(&documents, &settings, level)
        };
        set.map_err(|errors| all(&errors, "rules"))
    }

    /// The log of what is normal, where there is one.
    fn normal(&self) -> Option<PathBuf> {
        let path = self.directory.join(fixture::BASELINE);
        path.is_file().then_some(path)
    }

    /// The alerts of the rule over a log, without evidence.
    fn raised(&self, log: &str, set: &Arc<RuleSet>) -> Result<Result<Vec<Value>, String>, Stop> {
        let path = self.directory.join(log);
        let alerts = on_threads(&self.arguments.common, || {
            fixture::alerts(&path, self.normal().as_deref(), set)
        })?;
        let own = |alert: &Value| alert["rule"]["name"] == self.name;
        Ok(alerts.map(|alerts| alerts.into_iter().filter(own).collect()))
    }

    /// How the alerts differ from those expected. A rule of the user's own may
    /// do without a file of them: then that it fires is enough.
    fn compare(&self, alerts: &[Value], built_in: bool) -> Vec<String> {
        let path = self.directory.join("alerts.ndjson");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !built_in => {
                return Vec::new();
            }
            Err(error) => return vec![format!("{}: {error}", shown(&path))],
        };
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let expected = lines.map(|line| serde_json::from_str(line).map(without_incident));
        let expected: Result<Vec<Value>, _> = expected.collect();
        match expected {
            Ok(expected) => cut(differences(&expected, alerts).into_iter()),
            Err(error) => vec![format!("{}: {error}", shown(&path))],
        }
    }
}

/// The alert as it is compared: its incident follows from key and trigger.
fn without_incident(mut alert: Value) -> Value {
    let context = alert.get_mut("context").and_then(Value::as_object_mut);
    context.map(|context| context.remove("incident"));
    alert
}

/// The first lines, and how many more there are.
fn cut(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<String> = lines.collect();
    let more = lines.len().saturating_sub(DIFFERENCES);
    if more > 0 {
        lines.truncate(DIFFERENCES);
        lines.push(format!("and {more} more"));
    }
    lines
}

/// One line for each value that differs, and for each alert too many or too few.
fn differences(expected: &[Value], raised: &[Value]) -> Vec<String> {
    let same = |one: &Value, other: &Value| {
        one["key"] == other["key"] && one["period"]["start"] == other["period"]["start"]
    };
    let mut lines = Vec::new();
    for want in expected {
        match raised.iter().find(|got| same(want, got)) {
            None => lines.push(format!("expected and not raised: {}", called(want))),
            Some(got) => {
                let mut found = Vec::new();
                values("", want, got, &mut found);
                let called = called(want);
                lines.extend(found.iter().map(|line| format!("{called}: {line}")));
            }
        }
    }
    let more = raised
        .iter()
        .filter(|got| !expected.iter().any(|want| same(want, got)));
    lines.extend(more.map(|got| format!("raised and not expected: {}", called(got))));
    lines
}

/// An alert by its key and period.
fn called(alert: &Value) -> String {
    let key = alert["key"].as_object();
    let key = key.map(|key| {
        let values = key.iter().map(|(name, value)| format!("{name} {value}"));
        values.collect::<Vec<_>>().join(", ")
    });
    let start = alert["period"]["start"].as_str().unwrap_or_default();
    format!("alert of {} from {start}", key.unwrap_or_default())
}

/// The values in which two objects differ.
fn values(path: &str, want: &Value, got: &Value, lines: &mut Vec<String>) {
    if want == got {
        return;
    }
    let (Some(want_map), Some(got_map)) = (want.as_object(), got.as_object()) else {
        let shown = |value: &Value| match value {
            Value::Null => "nothing".to_owned(),
            value => value.to_string(),
        };
        lines.push(format!(
            "{path}: expected {}, got {}",
            shown(want),
            shown(got)
        ));
        return;
    };
    let more = got_map.keys().filter(|key| !want_map.contains_key(*key));
    for key in want_map.keys().chain(more) {
        let path = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        values(&path, &want[key], &got[key], lines);
    }
}
