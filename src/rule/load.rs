//! The rule set: what is embedded, what directories add or replace, and whether
//! it fits together.
//!
//! Within a set ids and names are unique and every reference leads to a rule. A
//! document of a directory replaces the embedded one of the same id. Errors of
//! all files come together; a set with one error is no set. The directory below
//! that of the set says what the rules of a file are about, and nothing else.

mod filters;
mod references;

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::check::{Checker, Kind, names_any};
use super::document::{self, Document};
use super::error::{Origin, Report, RuleError};
use super::yaml::{self, Node};
use crate::text::words::{file_name, quote};
use references::Correlation;

include!(concat!(env!("OUT_DIR"), "/embedded_rules.rs"));

/// The files of `rules/` as they were when the binary was built: path below
/// `rules/`, text.
#[must_use]
pub fn embedded() -> &'static [(&'static str, &'static str)] {
    EMBEDDED
}

/// The embedded rules, and those of these directories (`*.yml`, `*.yaml`,
/// recursive, hidden entries left out) or files.
pub fn load(extra: &[PathBuf]) -> Result<Vec<Document>, Vec<RuleError>> {
    let mut set = Set::default();
    for (name, text) in embedded() {
        let file = RuleFile {
            name: format!("built-in:{name}").into(),
            theme: theme(Path::new(name)),
            built_in: true,
        };
        set.file(&file, text.as_bytes());
    }
    for path in extra {
        set.path(path);
    }
    set.finish()
}

/// The rules of one file alone, which must refer to nothing outside it.
pub fn read(file: &str, bytes: &[u8]) -> Result<Vec<Document>, Vec<RuleError>> {
    let mut set = Set::default();
    let file = RuleFile {
        name: file_name(Path::new(file)),
        theme: None,
        built_in: false,
    };
    set.file(&file, bytes);
    set.finish()
}

/// What is known of a file before it is read.
struct RuleFile {
    /// As messages name it.
    name: Arc<str>,
    theme: Option<Arc<str>>,
    built_in: bool,
}

/// The first directory of a path below that of the rule set.
fn theme(below: &Path) -> Option<Arc<str>> {
    let directory = below.parent()?.components().next()?;
    Some(file_name(Path::new(directory.as_os_str())))
}

/// What a document is called and refers to, known even where the rest of it is
/// wrong, so that one mistake is one error.
struct Entry {
    built_in: bool,
    kind: Kind,
    id: Option<(String, Origin)>,
    name: Option<(String, Origin)>,
    /// What a correlation refers to.
    correlation: Option<Correlation>,
    /// The rules that a filter names.
    filter: Vec<(String, Origin)>,
    document: Option<Document>,
}

#[derive(Default)]
struct Set {
    entries: Vec<Entry>,
    errors: Vec<RuleError>,
    /// A file could not be read to its end: what others refer to may be in it.
    incomplete: bool,
}

impl Set {
    fn fail(&mut self, file: &Arc<str>, reason: String) {
        let file = Arc::clone(file);
        let (line, column) = (0, 0);
        self.incomplete = true;
        let origin = Origin { file, line, column };
        self.errors.push(RuleError::new(origin, reason));
    }

    /// A file, or a directory with what is below it.
    fn path(&mut self, path: &Path) {
        let before = (self.entries.len(), self.errors.len());
        let walk = walkdir::WalkDir::new(path)
            .follow_links(true)
            .sort_by_file_name()
            .into_iter();
        let visible = |entry: &walkdir::DirEntry| {
            entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.')
        };
        for entry in walk.filter_entry(visible) {
            match entry {
                Ok(entry) => {
                    let extension = entry.path().extension();
                    let rules = extension.is_some_and(|e| e == "yml" || e == "yaml");
                    if entry.file_type().is_file() && (rules || entry.depth() == 0) {
                        let below = entry.path().strip_prefix(path).ok();
                        self.read(entry.path(), below.and_then(theme));
                    }
                }
                Err(error) => {
                    let file = file_name(error.path().unwrap_or(path));
                    let cause = error.io_error().map(ToString::to_string);
                    let cause = cause.unwrap_or_else(|| "a link leads in a circle".to_owned());
                    self.fail(&file, format!("cannot be read: {cause}"));
                }
            }
        }
        if (self.entries.len(), self.errors.len()) == before {
            self.fail(&file_name(path), "holds no *.yml or *.yaml file".to_owned());
        }
    }

    fn read(&mut self, path: &Path, theme: Option<Arc<str>>) {
        let mut bytes = Vec::new();
        // One byte more than is allowed tells that there are more.
        let most = yaml::MAX_BYTES as u64 + 1;
        let read = File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes));
        let file = RuleFile {
            name: file_name(path),
            theme,
            built_in: false,
        };
        match read {
            Ok(_) => self.file(&file, &bytes),
            Err(error) => self.fail(&file.name, format!("cannot be read: {error}")),
        }
    }

    fn file(&mut self, file: &RuleFile, bytes: &[u8]) {
        let name = &file.name;
        if bytes.len() > yaml::MAX_BYTES {
            let most = yaml::MAX_BYTES >> 20;
            return self.fail(name, format!("is larger than {most} MiB"));
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let at = error.valid_up_to();
                return self.fail(name, format!("is not UTF-8 (byte {at})"));
            }
        };
        let mut report = Report::new(Arc::clone(name));
        let tree = yaml::parse(text, &mut report);
        self.incomplete |= !tree.complete;
        let well_formed = report.count() == 0;
        let mut checker = Checker::new(&mut report);
        let good: Vec<bool> = tree
            .documents
            .iter()
            .map(|root| checker.document(root))
            .collect();
        if tree.documents.is_empty() && well_formed {
            self.fail(name, "holds no rule".to_owned());
        }
        for (root, good) in tree.documents.into_iter().zip(good) {
            let mut entry = entry(&root, &report, file.built_in);
            // A tree with a duplicate key is not what its author meant.
            if good && well_formed {
                entry.document = document::read(root, file.built_in, &mut report);
                if let Some(document) = &mut entry.document {
                    document.theme.clone_from(&file.theme);
                }
            }
            self.entries.push(entry);
        }
        self.errors.extend(report.into_errors());
    }

    /// Replaces, compares, resolves.
    fn finish(mut self) -> Result<Vec<Document>, Vec<RuleError>> {
        self.inherit();
        let ids = |entry: &Entry| entry.id.as_ref().map(|(id, _)| id.clone());
        let own = self.entries.iter().filter(|entry| !entry.built_in);
        let replaced: std::collections::HashSet<_> = own.filter_map(ids).collect();
        let stays =
            |entry: &Entry| !entry.built_in || ids(entry).is_none_or(|id| !replaced.contains(&id));
        self.entries.retain(stays);

        self.unique("id", |entry| entry.id.as_ref());
        self.unique("name", |entry| entry.name.as_ref());
        self.apart();
        if !self.incomplete {
            self.errors.extend(references::resolve(&self.entries));
        }
        if !self.errors.is_empty() {
            return Err(self.errors);
        }
        let documents = self.entries.into_iter().filter_map(|e| e.document);
        let mut documents: Vec<Document> = documents.collect();
        match filters::apply(&mut documents) {
            errors if errors.is_empty() => Ok(documents),
            errors => Err(errors),
        }
    }

    /// What replaces an embedded rule, and stands in no directory, has its theme.
    fn inherit(&mut self) {
        let built_in = self.entries.iter().filter(|entry| entry.built_in);
        let themes = built_in.filter_map(|entry| {
            let theme = entry.document.as_ref()?.theme.clone()?;
            Some((entry.id.as_ref()?.0.clone(), theme))
        });
        let themes: HashMap<String, Arc<str>> = themes.collect();
        for entry in self.entries.iter_mut().filter(|entry| !entry.built_in) {
            if let (Some((id, _)), Some(document)) = (&entry.id, &mut entry.document)
                && document.theme.is_none()
            {
                document.theme = themes.get(id).cloned();
            }
        }
    }

    /// No name is another rule's id: a word means one rule, whoever asks.
    fn apart(&mut self) {
        let ids = self.entries.iter().enumerate();
        let ids = ids.filter_map(|(place, entry)| Some((entry.id.as_ref()?.0.as_str(), place)));
        let ids: HashMap<&str, usize> = ids.collect();
        for (place, entry) in self.entries.iter().enumerate() {
            let Some((name, origin)) = &entry.name else {
                continue;
            };
            if ids
                .get(name.to_ascii_lowercase().as_str())
                .is_some_and(|at| *at != place)
            {
                let reason = format!("the name {} is the id of another rule", quote(name));
                self.errors.push(RuleError::new(origin.clone(), reason));
            }
        }
    }

    fn unique(&mut self, what: &str, word: fn(&Entry) -> Option<&(String, Origin)>) {
        let mut first: HashMap<&str, &Origin> = HashMap::new();
        for (word, origin) in self.entries.iter().filter_map(word) {
            if let Some(other) = first.insert(word, origin) {
                let reason = format!("the {what} {} is taken by {other}", quote(word));
                self.errors.push(RuleError::new(origin.clone(), reason));
            }
        }
    }
}

fn entry(root: &Node, report: &Report, built_in: bool) -> Entry {
    let located = |node: &Node| {
        let text = node.text()?;
        Some((text.to_owned(), report.origin(node.spot)))
    };
    // A filter for every rule names none.
    let filter = root.get("filter").and_then(|filter| filter.get("rules"));
    let filter = filter.filter(|rules| !names_any(rules));
    let filter = filter.map(Node::items).unwrap_or_default();
    let id = root.get("id").and_then(located);
    Entry {
        built_in,
        kind: Kind::of(root),
        id: id.map(|(id, origin)| (id.to_ascii_lowercase(), origin)),
        name: root.get("name").and_then(located),
        correlation: root
            .get("correlation")
            .map(|node| Correlation::of(node, &located)),
        filter: filter.iter().filter_map(located).collect(),
        document: None,
    }
}
