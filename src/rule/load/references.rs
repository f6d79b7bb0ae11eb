//! What correlations refer to: rules by name, and in those rules fields.
//!
//! Every reference leads to a rule, no rule counts itself, however far around,
//! and what a correlation groups by is there in every rule that it counts.

use std::collections::HashMap;

use super::Entry;
use crate::record::Field;
use crate::rule::check::Kind;
use crate::rule::error::{Origin, RuleError};
use crate::rule::yaml::Node;
use crate::text::words::{quote, suggest};

/// How many correlations may stand above each other.
const MAX_DEPTH: usize = 8;
/// After so many errors no more circles are looked for.
const MAX_CIRCLES: usize = 20;

/// What a correlation refers to, with places.
pub(super) struct Correlation {
    rules: Vec<(String, Origin)>,
    group_by: Vec<(String, Origin)>,
    field: Option<(String, Origin)>,
    /// For each alias what it is called in which rule.
    aliases: Vec<(String, Vec<Called>)>,
}

/// A rule, what an alias is called there, and where that is said.
type Called = (String, String, Origin);

impl Correlation {
    /// Reads the block; what is malformed is an error of its own elsewhere.
    pub(super) fn of(node: &Node, located: &impl Fn(&Node) -> Option<(String, Origin)>) -> Self {
        let list = |key| {
            let items = node.get(key).map(Node::items).unwrap_or_default();
            items.iter().filter_map(located).collect()
        };
        let aliases = node.get("aliases").map(Node::entries).unwrap_or_default();
        let alias = |(name, map): &(_, Node)| {
            let name: &crate::rule::yaml::Key = name;
            let names = map.entries().iter().filter_map(|(rule, field)| {
                let (field, origin) = located(field)?;
                Some((rule.text.clone(), field, origin))
            });
            (name.text.clone(), names.collect())
        };
        let condition = node.get("condition");
        Self {
            rules: list("rules"),
            group_by: list("group-by"),
            field: condition.and_then(|c| located(c.get("field")?)),
            aliases: aliases.iter().map(alias).collect(),
        }
    }

    /// What a name of this correlation is called in one of its rules, and where
    /// that is said.
    fn called<'a>(&'a self, name: &'a str, at: &'a Origin, rule: &str) -> (&'a str, &'a Origin) {
        let alias = self.aliases.iter().find(|(alias, _)| alias == name);
        let names = alias.map(|(_, names)| names.as_slice()).unwrap_or_default();
        let found = names.iter().find(|(known, ..)| known == rule);
        found.map_or((name, at), |(_, field, origin)| (field, origin))
    }
}

/// All errors of all references.
pub(super) fn resolve(entries: &[Entry]) -> Vec<RuleError> {
    let (mut names, mut ids) = (HashMap::new(), HashMap::new());
    for (place, entry) in entries.iter().enumerate() {
        if let Some((id, _)) = &entry.id {
            ids.insert(id.as_str(), place);
        }
        if let Some((name, _)) = &entry.name {
            names.insert(name.as_str(), place);
        }
    }
    let set = Set {
        entries,
        names,
        ids,
    };
    let founded = set.founded();
    let mut errors = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        if let Some(correlation) = &entry.correlation {
            set.correlation(place, correlation, founded[place], &mut errors);
        }
        set.named(place, &entry.filter, &mut errors);
    }
    errors
}

struct Set<'e> {
    entries: &'e [Entry],
    names: HashMap<&'e str, usize>,
    /// In lower case.
    ids: HashMap<&'e str, usize>,
}

impl Set<'_> {
    fn find(&self, word: &str) -> Option<usize> {
        let id = || self.ids.get(word.to_ascii_lowercase().as_str());
        self.names.get(word).or_else(id).copied()
    }

    fn correlation(
        &self,
        place: usize,
        correlation: &Correlation,
        founded: bool,
        errors: &mut Vec<RuleError>,
    ) {
        let before = errors.len();
        self.named(place, &correlation.rules, errors);
        if errors.len() == before && !founded && errors.len() < MAX_CIRCLES {
            let reason = if self.counts_itself(place) {
                "the rule counts itself, by way of what it counts".to_owned()
            } else {
                format!("at most {MAX_DEPTH} correlations may stand above each other")
            };
            if let Some((_, origin)) = correlation.rules.first() {
                errors.push(RuleError::new(origin.clone(), reason));
            }
        }
        if errors.len() > before {
            return;
        }
        let counted = correlation.field.iter();
        for (name, origin) in correlation.group_by.iter().chain(counted) {
            for (word, _) in &correlation.rules {
                let (called, at) = correlation.called(name, origin, word);
                if let Some(error) = self
                    .find(word)
                    .and_then(|rule| self.lacks(rule, called, at))
                {
                    errors.push(error);
                    break;
                }
            }
        }
    }

    /// Every name is that of a rule.
    fn named(&self, place: usize, words: &[(String, Origin)], errors: &mut Vec<RuleError>) {
        for (word, origin) in words {
            match self.find(word).map(|at| self.entries[at].kind) {
                None => errors.push(self.unknown(place, word, origin)),
                Some(Kind::Filter) => {
                    let reason = format!("{} is a filter, and a filter is no rule", quote(word));
                    errors.push(RuleError::new(origin.clone(), reason));
                }
                Some(_) => {}
            }
        }
    }

    fn unknown(&self, place: usize, word: &str, origin: &Origin) -> RuleError {
        let own = self.entries[place].name.as_ref().map(|(name, _)| name);
        let names = self.entries.iter().filter(|e| e.kind != Kind::Filter);
        let names = names.filter_map(|e| e.name.as_ref().map(|(name, _)| name));
        let names = names.filter(|name| Some(*name) != own);
        RuleError {
            origin: origin.clone(),
            reason: format!("no rule has the name or id {}", quote(word)),
            hint: suggest(word, names.map(String::as_str)),
        }
    }

    fn below(&self, place: usize) -> impl Iterator<Item = usize> {
        let correlation = self.entries[place].correlation.iter();
        let words = correlation.flat_map(|correlation| &correlation.rules);
        words.filter_map(|(word, _)| self.find(word))
    }

    /// For each rule whether it stands on rules that can be compiled: on
    /// detections, and on few enough correlations between.
    fn founded(&self) -> Vec<bool> {
        let detection = |entry: &Entry| entry.correlation.is_none();
        let mut founded: Vec<bool> = self.entries.iter().map(detection).collect();
        for _ in 0..MAX_DEPTH {
            let stands = |place: usize| founded[place] || self.below(place).all(|at| founded[at]);
            founded = (0..founded.len()).map(stands).collect();
        }
        founded
    }

    /// Whether a rule counts itself, however far around.
    fn counts_itself(&self, place: usize) -> bool {
        let mut seen = vec![false; self.entries.len()];
        let mut open: Vec<usize> = self.below(place).collect();
        while let Some(at) = open.pop() {
            if at == place {
                return true;
            }
            if !std::mem::replace(&mut seen[at], true) {
                open.extend(self.below(at));
            }
        }
        false
    }

    /// Why a rule does not have what a correlation groups or counts by.
    fn lacks(&self, rule: usize, name: &str, at: &Origin) -> Option<RuleError> {
        let error = |reason, hint| RuleError {
            origin: at.clone(),
            reason,
            hint,
        };
        let Some(below) = &self.entries[rule].correlation else {
            let names = Field::ALL.iter().map(|field| field.name());
            let unknown = || {
                error(
                    format!("unknown field {}", quote(name)),
                    suggest(name, names),
                )
            };
            return Field::from_name(name).is_none().then(unknown);
        };
        let names = || below.group_by.iter().map(|(name, _)| name.as_str());
        if names().any(|known| known == name) {
            return None;
        }
        let label = &self.entries[rule].name;
        let label = label.as_ref().map_or("a rule below", |(name, _)| name);
        let reason = format!(
            "{} does not group by {}, so its firings do not carry it",
            label,
            quote(name)
        );
        Some(error(reason, suggest(name, names())))
    }
}
