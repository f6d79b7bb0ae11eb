//! What the settings say of rules: `[rules.NAME]` over the checked documents.
//!
//! A value that is put in goes the way of a rule file: the tree is edited,
//! checked by the same tables and read anew, so that nothing can be set that no
//! rule could say. Places in it stay those of the rule file; what is wrong with
//! a value of the settings is told at its place there.

use std::sync::Arc;

use rsigma_parser::Detections;

use super::check::Checker;
use super::document::{self, Body, Document};
use super::error::{Report, RuleError, Spot};
use super::refs;
use super::words::OVERRIDE;
use super::yaml::{Key, Node, Value};
use crate::settings::{Settings, SettingsError};
use crate::text::words::{did_you_mean, file_name, quote};

/// What the settings changed in one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The rule, as messages call it.
    pub rule: String,
    /// Keys of the settings, in their order.
    pub keys: Vec<&'static str>,
    /// Values that were put in.
    pub changes: Vec<Change>,
    /// Records that match one of these selections are not counted.
    pub exclude: Option<Node>,
}

/// Keys from the root of a document.
pub type Path = Vec<&'static str>;

/// One value that was put into a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where it stands.
    pub path: Path,
    /// What stood there.
    pub was: Option<Node>,
}

/// Changes the rules as the settings say. All errors come together.
pub fn apply(
    documents: &mut [Document],
    settings: &Settings,
) -> Result<Vec<Override>, Vec<SettingsError>> {
    let Some(file) = settings.file.as_deref() else {
        return Ok(Vec::new());
    };
    let mut report = Report::new(file_name(file));
    let mut applied = Vec::new();
    for (name, node) in &settings.rules {
        let table = format!("[rules.{}]", name.text);
        if !Checker::new(&mut report).overrides(node, &table) {
            continue;
        }
        let found = refs::find(documents, &name.text).map_err(|reason| vec![(name.spot, reason)]);
        let done = found.and_then(|place| {
            let (document, what) = changed(documents, place, name.spot, node)?;
            documents[place] = document;
            Ok(what)
        });
        match done {
            Ok(what) => applied.push(what),
            Err(problems) => {
                for (spot, reason) in problems {
                    report.push(spot, reason);
                }
            }
        }
    }
    if report.count() == 0 {
        return Ok(applied);
    }
    let located = |error: RuleError| {
        let place = (error.origin.line as usize, error.origin.column as usize);
        let reason = format!("{}{}", error.reason, did_you_mean(error.hint.as_deref()));
        match place {
            (0, _) => SettingsError::whole_file(file, &reason),
            _ => SettingsError::at(file, place, reason),
        }
    };
    Err(report.into_errors().into_iter().map(located).collect())
}

type Problem = (Spot, String);

/// The document with its changes, and what they are.
fn changed(
    documents: &[Document],
    place: usize,
    spot: Spot,
    node: &Node,
) -> Result<(Document, Override), Vec<Problem>> {
    let document = &documents[place];
    let mut editor = Editor {
        label: document.label(),
        counted_by: refs::counted_by(documents, document),
        root: document.positions.root().clone(),
        problems: Vec::new(),
        what: Override {
            rule: document.label().to_owned(),
            keys: Vec::new(),
            changes: Vec::new(),
            exclude: None,
        },
    };
    if matches!(document.body, Body::Filter(_)) {
        let reason = format!("{} is a filter, no rule", quote(editor.label));
        return Err(vec![(spot, reason)]);
    }
    let mut enabled = document.enabled;
    for (key, value) in node.entries() {
        match (key.text.as_str(), &value.value) {
            ("enabled", Value::Bool(flag)) => {
                enabled = *flag;
                if let Err(reason) = editor.of_alerts("enabled", &[]) {
                    editor.problems.push((key.spot, reason));
                }
            }
            ("exclude", _) => editor.what.exclude = Some(value.clone()),
            (name, _) => editor.value(name, key, value),
        }
        let row = OVERRIDE.iter().find(|row| row.key == key.text);
        editor.what.keys.extend(row.map(|row| row.key));
    }
    let mut problems = editor.problems;
    let exclusions = editor.what.exclude.as_ref().map(document::exclusions);
    let exclusions: Option<Detections> = exclusions.transpose().unwrap_or_else(|reason| {
        problems.push((spot, reason));
        None
    });
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut document = reread(document, editor.root).map_err(|errors| {
        let problem = |error: RuleError| (spot, format!("with this the rule is wrong: {error}"));
        errors.into_iter().map(problem).collect::<Vec<_>>()
    })?;
    document.enabled = enabled;
    document.filters.extend(exclusions);
    Ok((document, editor.what))
}

/// Checks and reads a changed tree as if it had come from the rule's file.
fn reread(before: &Document, root: Node) -> Result<Document, Vec<RuleError>> {
    let mut report = Report::new(Arc::clone(&before.origin.file));
    let good = Checker::new(&mut report).document(&root);
    let read = good.then(|| document::read(root, before.built_in, &mut report));
    match read.flatten() {
        Some(mut document) => {
            document.filters.clone_from(&before.filters);
            document.theme.clone_from(&before.theme);
            Ok(document)
        }
        None => Err(report.into_errors()),
    }
}

struct Editor<'d> {
    label: &'d str,
    counted_by: Vec<&'d str>,
    root: Node,
    problems: Vec<Problem>,
    what: Override,
}

impl Editor<'_> {
    /// One value, put where it belongs.
    fn value(&mut self, name: &str, key: &Key, value: &Node) {
        let path = match name {
            "threshold" => self.threshold(),
            "otherwise" => self.otherwise(),
            "timespan" => self.of_correlation(name, &["correlation", "timespan"]),
            "level" => self.of_alerts(name, &["level"]),
            "suppress" => self.of_alerts(name, &["s3sentry", "suppress"]),
            "evidence" => self.of_alerts(name, &["s3sentry", "evidence"]),
            _ => return,
        };
        match path {
            Ok(path) => {
                let was = put(&mut self.root, &path, &value.value);
                self.what.changes.push(Change { path, was });
            }
            Err(reason) => self.problems.push((key.spot, reason)),
        }
    }

    /// A key that is about alerts; a rule that is counted by others raises none.
    fn of_alerts(&self, name: &str, path: &[&'static str]) -> Result<Path, String> {
        if self.counted_by.is_empty() {
            return Ok(path.to_vec());
        }
        Err(format!(
            "{name:?} changes nothing: {} raises no alerts of its own{}",
            quote(self.label),
            self.counters()
        ))
    }

    fn of_correlation(&self, name: &str, path: &[&'static str]) -> Result<Path, String> {
        if self.root.get("correlation").is_some() {
            return Ok(path.to_vec());
        }
        Err(format!(
            "{name:?} is a correlation's, and {} has none{}",
            quote(self.label),
            self.counters()
        ))
    }

    /// The one comparison of the rule's own condition.
    fn threshold(&self) -> Result<Path, String> {
        let path = self.of_correlation("threshold", &["correlation", "condition"])?;
        let correlation = self.root.get("correlation");
        let word = |key| correlation.and_then(|node| node.get(key)?.text());
        if word("type") == Some("temporal") {
            return Err(format!(
                "\"threshold\" would be how many rules {} needs: set it for those, {}",
                quote(self.label),
                self.counts()
            ));
        }
        let condition = correlation.and_then(|node| node.get("condition"));
        let compares = |word: &&str| condition.is_some_and(|node| node.get(word).is_some());
        let comparisons: Vec<&str> = COMPARISONS.into_iter().filter(compares).collect();
        match comparisons[..] {
            [one] => Ok([path, vec![one]].concat()),
            [] => Err(format!(
                "\"threshold\" replaces the number of a condition, and {} has none",
                quote(self.label)
            )),
            _ => Err(format!(
                "\"threshold\" replaces one number, and the condition of {} has several: {}",
                quote(self.label),
                comparisons.join(", ")
            )),
        }
    }

    /// The threshold where too little is known of the hour.
    fn otherwise(&self) -> Result<Path, String> {
        let path = vec!["s3sentry", "baseline", "otherwise"];
        let mut node = Some(&self.root);
        for key in &path {
            node = node.and_then(|node| node.get(key));
        }
        if node.is_some() {
            return Ok(path);
        }
        Err(format!(
            "\"otherwise\" replaces the number that counts where a baseline says nothing, and {} \
             has none{}",
            quote(self.label),
            self.counters()
        ))
    }

    /// `"a", "b"`: the rules that it counts.
    fn counts(&self) -> String {
        let rules = self.root.get("correlation").and_then(|c| c.get("rules"));
        let names = rules.map(Node::items).unwrap_or_default().iter();
        let names: Vec<String> = names.filter_map(|name| name.text().map(quote)).collect();
        names.join(", ")
    }

    /// `, it is counted by a, b`.
    fn counters(&self) -> String {
        match self.counted_by.len() {
            0 => String::new(),
            _ => format!(", it is counted by {}", self.counted_by.join(", ")),
        }
    }
}

const COMPARISONS: [&str; 6] = ["gt", "gte", "lt", "lte", "eq", "neq"];

/// Puts a value at a path, where it replaces what stands there; gives that.
/// What was not there gets the place of what it stands in.
fn put(node: &mut Node, path: &[&str], value: &Value) -> Option<Node> {
    let Some((first, rest)) = path.split_first() else {
        let was = node.clone();
        *node = Node::new(node.spot, value.clone());
        return Some(was);
    };
    let spot = node.spot;
    let Value::Map(entries) = &mut node.value else {
        return None;
    };
    if let Some((_, next)) = entries.iter_mut().find(|(key, _)| key.text == *first) {
        return put(next, rest, value);
    }
    let nested = if rest.is_empty() {
        value.clone()
    } else {
        Value::Map(Vec::new())
    };
    let mut next = Node::new(spot, nested);
    if !rest.is_empty() {
        put(&mut next, rest, value);
    }
    let text = (*first).to_owned();
    entries.push((Key { spot, text }, next));
    None
}
