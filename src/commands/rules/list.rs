//! `rules list`: every rule that raises alerts, those that do not run too.
//!
//! Here it is decided which rules are listed and what is known of each; how
//! they are written is a file for each format.

mod json;
mod navigator;
mod table;

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use s3sentry::alert::Level;
use s3sentry::explain;
use s3sentry::rule::plan::Rule;
use s3sentry::rule::{Document, Missing, RuleSet};
use s3sentry::settings::Settings;

use crate::cli::{RulesFormat, RulesList};
use crate::commands::{End, Rules, Stop, compiled, rules, settings, shown};

/// A rule and what is known of it.
struct Listed<'l> {
    /// As its file says it, settings applied.
    document: &'l Document,
    /// As it would run.
    rule: &'l Rule,
    /// What must be set for it to run at all.
    needs: Vec<&'static str>,
    /// Why it does not run with these settings; `None` where it does.
    off: Option<String>,
    /// What it counts, by what, and when it fires, in plain words.
    words: Vec<String>,
}

impl Listed<'_> {
    /// ATT&CK techniques: `T1078.004` of `attack.t1078.004`.
    fn techniques(&self) -> Vec<String> {
        self.rule.info.techniques()
    }

    /// Whether a tag is one of its own, a technique, or the one that a
    /// sub-technique belongs to.
    fn has(&self, wanted: &str) -> bool {
        let tags = &self.rule.info.tags;
        let same = |text: &str| text.eq_ignore_ascii_case(wanted);
        let part = |text: &str| text.split_once('.').is_some_and(|(whole, _)| same(whole));
        tags.iter().any(|tag| same(tag)) || self.techniques().iter().any(|id| same(id) || part(id))
    }
}

/// Runs the command.
pub fn run(arguments: &RulesList) -> Result<End, Stop> {
    let settings = settings(&arguments.common, None)?;
    let mut rules = rules(&arguments.rules, &settings)?;
    let enabled: Vec<bool> = rules.documents.iter().map(|one| one.enabled).collect();
    // What is switched off is listed too.
    for document in &mut rules.documents {
        document.enabled = true;
    }
    let set = compiled(&rules, &settings, Level::Informational)?;
    let bare = compiled(&rules, &Arc::default(), Level::Informational)?;
    let mut listed = Vec::new();
    for (place, (document, enabled)) in rules.documents.iter().zip(enabled).enumerate() {
        let Some(rule) = find(&set, document) else {
            continue;
        };
        let one = Listed {
            document,
            rule,
            needs: needs(&bare, document),
            off: off(rule, enabled, &settings),
            words: words(&rules, place, &settings)?,
        };
        let wanted = arguments.tag.as_deref().is_none_or(|tag| one.has(tag));
        if wanted && rule.info.level >= arguments.min_level {
            listed.push(one);
        }
    }
    // By theme, those without one last.
    listed.sort_by_key(|one| {
        let theme = one.document.theme.clone();
        (theme.is_none(), theme, one.rule.info.name.clone())
    });
    write(arguments, &listed)?;
    Ok(End::Done)
}

fn write(arguments: &RulesList, listed: &[Listed<'_>]) -> io::Result<()> {
    let format = arguments.format.unwrap_or(if io::stdout().is_terminal() {
        RulesFormat::Table
    } else {
        RulesFormat::Json
    });
    let text = match format {
        RulesFormat::Table => table::text(listed, arguments),
        RulesFormat::Json => json::text(listed)?,
        RulesFormat::Navigator => navigator::text(listed)?,
    };
    writeln!(io::stdout().lock(), "{text}")
}

fn find<'s>(set: &'s RuleSet, document: &Document) -> Option<&'s Rule> {
    let same = |rule: &&Rule| rule.info.name == document.label();
    set.rules.iter().find(same)
}

/// What a rule lacks where nothing is set.
fn needs(bare: &RuleSet, document: &Document) -> Vec<&'static str> {
    let rule = find(bare, document).and_then(|rule| rule.unworkable.as_ref());
    rule.map(Missing::needs).unwrap_or_default()
}

fn off(rule: &Rule, enabled: bool, settings: &Settings) -> Option<String> {
    if enabled {
        return rule.unworkable.as_ref().map(ToString::to_string);
    }
    let file = settings.file.as_deref().map(shown);
    let file = file.as_deref().unwrap_or("the settings");
    Some(format!("switched off in {file}"))
}

/// A line of words each, those below another indented by two spaces more.
fn words(rules: &Rules, place: usize, settings: &Arc<Settings>) -> Result<Vec<String>, Stop> {
    let words = explain::aloud(&rules.documents, place, settings)
        .map_err(|reason| Stop::usage(anyhow::anyhow!(reason)))?;
    let line = |line: &explain::Words| format!("{:1$}{2}", "", line.depth * 2, line.text);
    Ok(words.iter().map(line).collect())
}
