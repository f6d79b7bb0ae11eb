//! A rule as it will run: its YAML with the settings applied, and that of the
//! rules that it counts. What the settings did to it stands in comments, and
//! what they exclude in a Sigma filter, so that it is a rule file again.

use std::fmt::Write as _;
use std::path::Path;

use super::document::Document;
use super::error::Spot;
use super::overrides::Override;
use super::refs;
use super::set::RuleSet;
use super::words::PLACEHOLDERS;
use super::yaml::write::{self, Notes};
use super::yaml::{Key, Node, Value};
use crate::settings::Settings;
use crate::text::words::file_name;

/// What is known of the rules.
pub struct Shown<'s> {
    /// All of them, settings applied.
    pub documents: &'s [Document],
    /// What the settings changed.
    pub overrides: &'s [Override],
    /// What became of them.
    pub set: &'s RuleSet,
    /// What their lists are filled from.
    pub settings: &'s Settings,
}

impl Shown<'_> {
    /// The rule at this place, and the rules below it.
    #[must_use]
    pub fn rule(&self, place: usize) -> String {
        let mut places = vec![place];
        let mut next = 0;
        while let Some(place) = places.get(next) {
            for word in &refs::counted(&self.documents[*place]) {
                if let Ok(found) = refs::find(self.documents, word)
                    && !places.contains(&found)
                {
                    places.push(found);
                }
            }
            next += 1;
        }
        let mut texts = Vec::new();
        for place in places {
            self.document(&self.documents[place], &mut texts);
        }
        texts.join("---\n")
    }

    fn document(&self, document: &Document, texts: &mut Vec<String>) {
        let label = document.label();
        let changed = || self.overrides.iter().filter(|change| change.rule == label);
        let mut text = format!("# {}\n", document.origin);
        if !document.enabled {
            let _ = writeln!(text, "# Raises no alerts: switched off in {}.", self.file());
        }
        let rule = self.set.rules.iter().find(|rule| rule.info.name == label);
        if let Some(missing) = rule.and_then(|rule| rule.unworkable.as_ref()) {
            let _ = writeln!(text, "# Cannot work: {missing}.");
        }
        let mut notes = Notes::new();
        let root = document.positions.root();
        self.placeholders(root, &mut Vec::new(), &mut notes);
        for change in changed().flat_map(|change| &change.changes) {
            let was = change.was.as_ref().map(|node| match &node.value {
                Value::Text(text) => format!(": was {text}"),
                _ => format!(": was {}", node.describe()),
            });
            let note = format!("from {}{}", self.file(), was.unwrap_or_default());
            notes.insert(
                change.path.iter().map(|&key| key.to_owned()).collect(),
                note,
            );
        }
        text += &write::document(root, &notes);
        texts.push(text);
        for exclude in changed().filter_map(|change| change.exclude.as_ref()) {
            texts.push(self.exclusions(label, exclude));
        }
    }

    /// Exclusions, as Sigma writes them.
    fn exclusions(&self, label: &str, exclude: &Node) -> String {
        let text = |text: &str| node(Value::Text(text.to_owned()));
        let file = self.file();
        let log = [
            ("product", text("aws")),
            ("service", text("s3_server_access")),
        ];
        let rules = node(Value::List(vec![text(label)]));
        let filter = [
            ("rules", rules),
            ("selection", exclude.clone()),
            ("condition", text("not selection")),
        ];
        let root = map([
            ("title", text(&format!("Not counted by {label}"))),
            ("name", text(&format!("{label}-exclusions"))),
            ("logsource", map(log)),
            ("filter", map(filter)),
        ]);
        let mut notes = Notes::new();
        self.placeholders(&root, &mut Vec::new(), &mut notes);
        format!(
            "# From {file}: what matches is not counted by {label}.\n{}",
            write::document(&root, &notes)
        )
    }

    /// What the lists hold that are named below a node.
    fn placeholders(&self, node: &Node, path: &mut Vec<String>, notes: &mut Notes) {
        match &node.value {
            Value::Text(text) => {
                let list = text
                    .strip_prefix('%')
                    .and_then(|name| name.strip_suffix('%'));
                let row = list.and_then(|list| PLACEHOLDERS.iter().find(|(name, _)| *name == list));
                if let Some((name, _)) = row {
                    notes.insert(path.clone(), self.list(name));
                }
            }
            Value::Map(entries) => {
                for (key, value) in entries {
                    path.push(key.text.clone());
                    self.placeholders(value, path, notes);
                    path.pop();
                }
            }
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    path.push(index.to_string());
                    self.placeholders(item, path, notes);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    fn list(&self, name: &str) -> String {
        let Some(origin) = self.settings.lists.get(name) else {
            return format!("{name} is not set: it holds nothing");
        };
        let noun = if origin.entries == 1 {
            "entry"
        } else {
            "entries"
        };
        let files: Vec<_> = origin.files.iter().map(|file| file_name(file)).collect();
        format!("{} {noun}, from {}", origin.entries, files.join(", "))
    }

    fn file(&self) -> std::sync::Arc<str> {
        let file = self.settings.file.as_deref();
        file_name(file.unwrap_or(Path::new("the settings")))
    }
}

fn node(value: Value) -> Node {
    Node::new(Spot::default(), value)
}

fn map<const N: usize>(entries: [(&str, Node); N]) -> Node {
    let key = |text: &str| Key {
        spot: Spot::default(),
        text: text.to_owned(),
    };
    let entries = entries.into_iter().map(|(text, node)| (key(text), node));
    node(Value::Map(entries.collect()))
}
