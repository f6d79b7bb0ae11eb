//! What an explanation says, as values: texts are raw, nothing is escaped yet.

use std::sync::Arc;

use super::keys::{Found, Texts};
use super::lines::Line;
use super::nearest::{self, Nearest};
use super::outline::{Outline, Words};
use crate::alert::RuleInfo;
use crate::rule::document::Document;
use crate::rule::plan::Rule;
use crate::rule::refs;
use crate::settings::Settings;
use crate::text::words::file_name;

/// Why a rule fires on some records, or does not.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The rule itself.
    pub rule: RuleReport,
    /// What was looked at.
    pub counts: Counts,
    /// Lines, those first of which something matched.
    pub lines: Vec<Line>,
    /// Keys, the worst first.
    pub keys: Vec<KeyReport>,
}

/// The rule in plain words.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleReport {
    /// What alerts say of it.
    pub info: Arc<RuleInfo>,
    /// What it counts, by what, and when it fires.
    pub words: Vec<Words>,
    /// Length of an alert's period, seconds.
    pub period: i64,
    /// Why it cannot work, if so.
    pub cannot_work: Option<String>,
    /// Why a scan raises none of its alerts all the same.
    pub silent: Option<String>,
}

impl RuleReport {
    pub(super) fn new(
        documents: &[Document],
        document: &Document,
        rule: &Rule,
        outline: &Outline,
        settings: &Settings,
    ) -> Self {
        let counted_by = refs::counted_by(documents, document);
        let silent = if !document.enabled {
            let file = settings.file.as_deref().map(file_name);
            let file = file.as_deref().unwrap_or("the settings").to_owned();
            Some(format!("it is switched off in {file}"))
        } else if counted_by.is_empty() {
            None
        } else {
            let rules = counted_by.iter().map(|&name| name.to_owned());
            let rules = super::several(rules.collect::<Vec<_>>().into_iter(), "and");
            Some(format!("it is counted by {rules}"))
        };
        Self {
            info: Arc::clone(&rule.info),
            words: outline.words.clone(),
            period: rule.period,
            cannot_work: rule.unworkable.as_ref().map(ToString::to_string),
            silent,
        }
    }
}

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Records, whatever they are.
    pub records: u64,
    /// Of them those that the rule counts.
    pub matched: u64,
    /// Of those the ones that would have come too late for a scan's windows.
    pub late: u64,
    /// Those that there was no room for.
    pub left_out: u64,
    /// Those that were delivered once more.
    pub again: u64,
    /// Keys.
    pub keys: u64,
    /// Keys that fired.
    pub fired: u64,
    /// Whether there was no room for the texts of some.
    pub texts_full: bool,
    /// Records by key, before what came again is taken out.
    pub(super) entries: u64,
}

/// Values of a key by the names that the rule has for them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Key(pub Vec<(String, Option<Vec<u8>>)>);

/// A key: what fired, and how near everything else came.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyReport {
    /// The key.
    pub key: Key,
    /// Its records.
    pub records: u64,
    /// Time of the first and of the last.
    pub seen: Option<(i64, i64)>,
    /// How many periods it fired in: alerts that a scan raises.
    pub periods: u64,
    /// The first of them.
    pub fired: Vec<Fired>,
    /// How near every condition came.
    pub nearest: Vec<Nearest>,
    /// Correlations whose conditions all held, but never in the same second.
    pub apart: Vec<Arc<str>>,
}

/// A period in which a key fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fired {
    /// Start and end, seconds since the Unix epoch.
    pub period: (i64, i64),
    /// Time and value of the first firing in it.
    pub trigger: (i64, u64),
}

impl KeyReport {
    pub(super) fn new(found: Found, outline: &Outline, rule: &Rule, texts: &Texts) -> Self {
        let names: Vec<String> = rule.group_by.iter().map(ToString::to_string).collect();
        let fired = |(start, trigger): (i64, (i64, u64))| Fired {
            period: (start, start + rule.period),
            trigger,
        };
        Self {
            key: texts.key(&names, &found.key),
            records: found.records,
            seen: found.seen,
            periods: found.periods,
            nearest: nearest::nearest(outline, &rule.root, &found.trace, texts),
            apart: nearest::apart(outline, &rule.root, &found.trace),
            fired: found.fired.into_iter().map(fired).collect(),
        }
    }
}
