//! `rules check`: every mistake, and what is worth a second look.
//!
//! Lines go to stdout, as those of other linters do; what they came to goes to
//! stderr.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use s3sentry::alert::Level;
use s3sentry::rule::lint::{self, Warning};
use s3sentry::rule::{self, Document, RuleError, overrides};
use s3sentry::settings::{Settings, SettingsError};
use s3sentry::text::terminal;

use crate::cli::RulesCheck;
use crate::commands::{End, Stop, say, settings, shown};

/// The logs that belong to a rule.
const LOGS: [&str; 2] = ["fires.log", "quiet.log"];

/// Runs the command.
pub fn run(arguments: &RulesCheck) -> Result<End, Stop> {
    let own = if arguments.paths.is_empty() {
        &arguments.rules
    } else {
        &arguments.paths
    };
    // A file is looked at as it stands: the settings may be about other rules.
    let settings = match arguments.paths[..] {
        [] => settings(&arguments.common, None)?,
        _ => Arc::new(Settings::default()),
    };
    let asked = |document: &Document| own.is_empty() || !document.built_in;
    let documents = match load(own, &settings) {
        Ok(documents) => documents,
        Err(errors) => {
            print(&errors)?;
            count(arguments, errors.len(), 0);
            return Ok(End::Usage);
        }
    };
    let mut warnings = lint::lint(&documents, asked);
    if let Some(fixtures) = &arguments.fixtures {
        let raises =
            |document: &&Document| asked(document) && lint::raises_alerts(&documents, document);
        warnings.extend(
            documents
                .iter()
                .filter(raises)
                .filter_map(|one| without_logs(one, fixtures)),
        );
        warnings.sort();
    }
    print(&warnings)?;
    count(arguments, 0, warnings.len());
    Ok(if arguments.deny_warnings && !warnings.is_empty() {
        End::Alerts
    } else {
        End::Done
    })
}

/// The rules, or all that is wrong with them.
fn load(own: &[PathBuf], settings: &Arc<Settings>) -> Result<Vec<Document>, Vec<String>> {
    let of_rules = |errors: Vec<RuleError>| -> Vec<String> {
        let line = |error: &RuleError| marked(&error.origin.to_string(), error);
        errors.iter().map(line).collect()
    };
    let of_settings = |errors: Vec<SettingsError>| -> Vec<String> {
        let line = |error: &SettingsError| marked(&error.place(), error);
        errors.iter().map(line).collect()
    };
    let mut documents = rule::load(own).map_err(of_rules)?;
    overrides::apply(&mut documents, settings).map_err(of_settings)?;
    rule::compile(&documents, settings, Level::Informational).map_err(of_rules)?;
    Ok(documents)
}

/// An error with its mark behind the place, where that of a warning stands.
fn marked(place: &str, error: &impl Display) -> String {
    let text = error.to_string();
    let reason = text.strip_prefix(place).unwrap_or(&text);
    format!("{place}: error{reason}")
}

/// A rule that nothing holds to what it says.
fn without_logs(document: &Document, fixtures: &Path) -> Option<Warning> {
    let directory = fixtures.join(document.label());
    let missing = LOGS.iter().filter(|log| !directory.join(log).is_file());
    let missing: Vec<_> = missing.copied().collect();
    (!missing.is_empty()).then(|| Warning {
        origin: document.origin.clone(),
        text: format!(
            "{} has no {} in {}",
            document.label(),
            missing.join(" and no "),
            shown(&directory)
        ),
    })
}

fn print(lines: &[impl Display]) -> Result<(), Stop> {
    let mut out = io::stdout().lock();
    for line in lines {
        let line = line.to_string();
        writeln!(out, "{}", terminal(line.as_bytes()))?;
    }
    Ok(out.flush()?)
}

fn count(arguments: &RulesCheck, errors: usize, warnings: usize) {
    if !arguments.common.quiet {
        let plural = |number, noun| match number {
            1 => format!("1 {noun}"),
            _ => format!("{number} {noun}s"),
        };
        let (errors, warnings) = (plural(errors, "error"), plural(warnings, "warning"));
        say(format_args!("s3sentry: {errors}, {warnings}"));
    }
}
