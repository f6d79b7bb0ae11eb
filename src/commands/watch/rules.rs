//! What a watch looks for: settings, lists and rules, read once and again on SIGHUP.

use std::collections::BTreeMap;
use std::sync::Arc;

use s3sentry::alert::Level;
use s3sentry::rule::RuleSet;
use s3sentry::text::terminal;

use crate::cli::watch::Watch;
use crate::commands::summary::words::count;
use crate::commands::{self, Stop};

/// Names of rules that a message holds.
const NAMED: usize = 10;

/// Rules, filled from settings and lists.
pub struct Looked {
    /// Rules.
    pub set: Arc<RuleSet>,
}

impl Looked {
    /// Reads them all; everything that is wrong is told.
    pub fn read(arguments: &Watch) -> Result<Self, Stop> {
        let settings = commands::settings(&arguments.common, Some(&arguments.lists))?;
        let rules = commands::rules(&arguments.rules, &settings)?;
        let set = commands::compiled_with_baseline(&rules, &settings)?;
        Ok(Self { set: Arc::new(set) })
    }

    /// Those that can work: name and level.
    pub fn at_work(&self) -> impl Iterator<Item = (&str, Level)> {
        let rules = self.set.rules.iter();
        let rules = rules.filter(|rule| rule.unworkable.is_none());
        rules.map(|rule| (&*rule.info.name, rule.info.level))
    }

    /// What has changed, for a person: `45 rules: 1 changed (access-denied-burst)`.
    pub fn changes(&self, before: &Self) -> String {
        let (old, new) = (by_name(&before.set), by_name(&self.set));
        let added = new.keys().filter(|name| !old.contains_key(*name));
        let removed = old.keys().filter(|name| !new.contains_key(*name));
        let changed = new.iter().filter(|(name, what)| {
            let other = |before: &(String, bool)| before != *what;
            old.get(*name).is_some_and(other)
        });
        let parts = [
            ("added", added.copied().collect::<Vec<_>>()),
            ("removed", removed.copied().collect()),
            ("changed", changed.map(|(name, _)| *name).collect()),
        ];
        let parts = parts.iter().filter(|(_, names)| !names.is_empty());
        let parts: Vec<_> = parts
            .map(|(what, names)| format!("{} {what} ({})", names.len(), listed(names)))
            .collect();
        let all = count(new.len() as u64, "rule");
        if parts.is_empty() {
            format!("{all}, none of them another; lists and settings are as they stand now")
        } else {
            format!("{all}: {}", parts.join(", "))
        }
    }
}

/// What makes a rule another: what it looks for, its level and words, and whether it
/// works.
fn by_name(set: &RuleSet) -> BTreeMap<&str, (String, bool)> {
    let rules = set.rules.iter().map(|rule| {
        let text = format!("{}{:?}{}", rule.canonical, rule.info, rule.period);
        (&*rule.info.name, (text, rule.unworkable.is_none()))
    });
    rules.collect()
}

fn listed(names: &[&str]) -> String {
    let shown = names.iter().take(NAMED);
    let mut shown: Vec<_> = shown.map(|name| terminal(name.as_bytes())).collect();
    if names.len() > NAMED {
        shown.push("...".to_owned());
    }
    shown.join(", ")
}
