//! What is worth a second look in rules that are free of errors: conditions
//! that nothing can meet, selections that nothing can match, and what a reader
//! of an alert would miss.
//!
//! A warning is never about taste: it names something that does not do what its
//! author must have meant, or something that is not there. What makes a rule
//! refuse to load is [`super::check`]'s business. The trees are read here, not
//! what the engine makes of them.

mod condition;
mod matching;

use std::fmt;
use std::path::Path;

use super::document::{Body, Document, Kind};
use super::error::Origin;
use super::pattern::span;
use super::refs;
use super::template::{Part, Placeholder};
use super::yaml::Node;

/// Something that is worth a second look, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// Where.
    pub origin: Origin,
    /// What.
    pub text: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: warning: {}", self.origin, self.text)
    }
}

/// The warnings of the documents that are asked for, in the order of files and
/// lines. The others are what they may refer to.
#[must_use]
pub fn lint(documents: &[Document], asked: impl Fn(&Document) -> bool) -> Vec<Warning> {
    let mut linter = Linter {
        documents,
        warnings: Vec::new(),
    };
    let asked: Vec<&Document> = documents.iter().filter(|one| asked(one)).collect();
    for document in &asked {
        linter.documentation(document);
        linter.alone(document);
        linter.suppress(document);
        linter.summary(document);
        linter.conditions(document);
        linter.matching(document);
    }
    linter.file_names(&asked);
    linter.warnings.sort();
    linter.warnings.dedup();
    linter.warnings
}

/// Whether a rule may raise alerts of its own.
#[must_use]
pub fn raises_alerts(documents: &[Document], document: &Document) -> bool {
    !matches!(document.body, Body::Filter(_)) && refs::counted_by(documents, document).is_empty()
}

struct Linter<'d> {
    documents: &'d [Document],
    warnings: Vec<Warning>,
}

/// What every rule should say of itself.
const OF_ALL: &[&str] = &["id", "status", "description", "author", "date"];
/// What a rule should say of its alerts.
const OF_ALERTS: &[&str] = &["falsepositives", "level"];

impl Linter<'_> {
    fn warn(&mut self, origin: Origin, text: String) {
        self.warnings.push(Warning { origin, text });
    }

    /// Who is woken by an alert knows no more than its rule says.
    fn documentation(&mut self, document: &Document) {
        if matches!(document.body, Body::Filter(_)) {
            return;
        }
        let root = document.positions.root();
        let lacks = |key: &&&str| root.get(key).is_none();
        let mut missing: Vec<&str> = OF_ALL.iter().filter(lacks).copied().collect();
        if raises_alerts(self.documents, document) {
            missing.extend(OF_ALERTS.iter().filter(lacks));
            let attack = |tag: &String| tag.starts_with("attack.");
            // An empty list says that there is no technique.
            let none = root.get("tags").is_some() && document.meta.tags.is_empty();
            if !none && !document.meta.tags.iter().any(attack) {
                missing.push("tags (attack.*)");
            }
            if root
                .get("s3sentry")
                .and_then(|own| own.get("summary"))
                .is_none()
            {
                missing.push("s3sentry.summary");
            }
        }
        if !missing.is_empty() {
            let text = format!("{} lacks {}", document.label(), missing.join(", "));
            self.warn(document.origin.clone(), text);
        }
    }

    /// A detection that was written to be counted, and is not.
    fn alone(&mut self, document: &Document) {
        let level = document.positions.root().get("level").and_then(Node::text);
        if matches!(document.body, Body::Detection(_))
            && matches!(level, None | Some("informational"))
            && raises_alerts(self.documents, document)
        {
            let text = format!(
                "no correlation counts {}, so it raises an alert for whatever it matches: \
                 name it in \"rules\" of a correlation, or give it a level",
                document.label()
            );
            self.warn(document.origin.clone(), text);
        }
    }

    /// A period shorter than the window becomes as long as it.
    fn suppress(&mut self, document: &Document) {
        let seconds =
            |path: &[&str]| text_at(document.positions.root(), path).and_then(|t| span(t).ok());
        let Some(suppress) = seconds(&["s3sentry", "suppress"]) else {
            return;
        };
        let own = seconds(&["correlation", "timespan"]).unwrap_or(0);
        let further = condition::aggregates(document).into_iter();
        let further = further.filter_map(|(_, node)| span(node.get("timespan")?.text()?).ok());
        let longest = further.chain([own]).max().unwrap_or(0);
        if suppress < longest {
            let text = format!(
                "\"suppress\" is shorter than the timespan, and becomes as long: {longest}s"
            );
            self.warn(document.positions.value(&["s3sentry", "suppress"]), text);
        }
    }

    /// What the rule does not count stands in no alert.
    fn summary(&mut self, document: &Document) {
        let kind = document.correlation().map(|correlation| correlation.kind);
        let has = |placeholder: Placeholder| match placeholder {
            Placeholder::Distinct => kind == Some(Kind::ValueCount),
            Placeholder::Sum => matches!(kind, Some(Kind::ValueSum | Kind::ValueAvg)),
            _ => true,
        };
        let parts = document.extension.summary.iter();
        let missing = parts
            .flat_map(|summary| &summary.parts)
            .filter_map(|part| match part {
                Part::Placeholder(placeholder) if !has(*placeholder) => Some(placeholder),
                _ => None,
            });
        for placeholder in missing {
            let text = match placeholder {
                Placeholder::Distinct => "\"{distinct}\" is always \"-\": only value_count has it",
                _ => "\"{sum}\" is always \"-\": only value_sum and value_avg have it",
            };
            let origin = document.positions.value(&["s3sentry", "summary"]);
            self.warn(origin, text.to_owned());
        }
    }

    /// A rule is looked for in the file of its name.
    fn file_names(&mut self, documents: &[&Document]) {
        let mut files: Vec<&str> = documents.iter().map(|one| &*one.origin.file).collect();
        files.sort_unstable();
        files.dedup();
        for file in files {
            let in_file = || documents.iter().filter(|one| &*one.origin.file == file);
            let name = file.rsplit([':', '/']).next().unwrap_or(file);
            let stem = Path::new(name).file_stem().and_then(|stem| stem.to_str());
            let stem = stem.unwrap_or(name);
            let fits = |document: &&&Document| {
                let rest = document.label().strip_prefix(stem);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
            };
            let Some(first) = in_file().next() else {
                continue;
            };
            if !in_file().any(|document| fits(&document)) {
                let raises = |document: &&&Document| raises_alerts(self.documents, document);
                let named = in_file().find(raises).unwrap_or(first);
                let text = format!(
                    "the file is called {name}, and no rule in it {stem}; its first is {}",
                    named.label()
                );
                self.warn(first.origin.clone(), text);
            }
        }
    }
}

fn text_at<'n>(root: &'n Node, path: &[&str]) -> Option<&'n str> {
    let mut node = root;
    for key in path {
        node = node.get(key)?;
    }
    node.text()
}
