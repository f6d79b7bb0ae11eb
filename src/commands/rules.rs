//! `rules list`, and a file each for the other subcommands.

pub mod check;
pub mod explain;
pub mod show;
pub mod test;

use std::io::{self, IsTerminal, Write};

use s3sentry::alert::Level;
use s3sentry::rule::{Document, RuleSet};
use s3sentry::text::terminal;
use serde_json::{Value, json};

use super::{End, Stop};
use crate::cli::{ListFormat, RulesList};

/// Runs `rules list`.
pub fn list(arguments: &RulesList) -> Result<End, Stop> {
    let settings = super::settings(&arguments.common, None)?;
    let rules = super::rules(&arguments.rules, &settings)?;
    let set = super::compiled(&rules, &settings, Level::Informational)?;
    let format = arguments.format.unwrap_or(if io::stdout().is_terminal() {
        ListFormat::Table
    } else {
        ListFormat::Json
    });
    let text = match format {
        ListFormat::Json => json_list(&rules.documents, &set),
        ListFormat::Table => table(&set),
    };
    writeln!(io::stdout().lock(), "{text}")?;
    Ok(End::Done)
}

fn table(set: &RuleSet) -> String {
    let rows: Vec<[String; 4]> =
        std::iter::once(["RULE", "LEVEL", "ATT&CK", "TITLE"].map(str::to_owned))
            .chain(set.rules.iter().map(|rule| {
                [
                    terminal(rule.info.name.as_bytes()),
                    rule.info.level.as_str().to_owned(),
                    techniques(&rule.info.tags).join(" "),
                    terminal(rule.info.title.as_bytes()),
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
                "cannot_work": rule.unworkable.as_ref().map(ToString::to_string),
            })
        })
        .collect();
    serde_json::to_string_pretty(&rules).unwrap_or_default()
}
