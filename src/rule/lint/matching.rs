//! Selections that no record can match.
//!
//! Decided by what class of operation and outcome alone decide, by numbers and
//! flags that exclude each other, and by fields with a closed set of words. A
//! list of the settings may hold anything.

use std::collections::BTreeMap;

use rsigma_parser::Detections;

use super::Linter;
use super::condition::{self, Range, words};
use crate::record::Field;
use crate::record::derived::operation::OperationClass;
use crate::rule::compile::detection;
use crate::rule::document::{Body, Document};
use crate::rule::matcher::{Compare, Expr, Likely, Outcome, Test};
use crate::rule::refs;
use crate::rule::yaml::{Key, Node};
use crate::settings::Settings;
use crate::text::words::{did_you_mean, quote, suggest};

impl Linter<'_> {
    /// The selections of a document.
    pub(super) fn matching(&mut self, document: &Document) {
        match &document.body {
            Body::Detection(rule) => self.detection(document, &rule.detection),
            Body::Correlation(_) => self.aggregates(document),
            Body::Filter(_) => {}
        }
    }

    fn detection(&mut self, document: &Document, detections: &Detections) {
        let before = self.warnings.len();
        let node = document.positions.root().get("detection");
        for (key, value) in node.map(Node::entries).unwrap_or_default() {
            if key.text != "condition" {
                self.values(document, &["detection", &key.text], value);
            }
        }
        if self.warnings.len() > before {
            return;
        }
        let Ok(parts) = detection::parts(detections, &Settings::default()) else {
            return;
        };
        for (name, expr) in parts {
            if !is_possible(&expr) {
                let origin = document.positions.key(&["detection", name]);
                self.warn(origin, format!("no record can match {}", quote(name)));
            }
        }
        if self.warnings.len() == before
            && !expr_of(detections).is_none_or(|expr| is_possible(&expr))
        {
            let origin = document.positions.value(&["detection", "condition"]);
            self.warn(origin, "no record can meet this condition".to_owned());
        }
    }

    /// The selections of further aggregates, among what the rule counts at all.
    fn aggregates(&mut self, document: &Document) {
        let counted = Expr::Any(self.counted(document, &mut Vec::new()));
        // What is wrong with the detections is told where they stand.
        let counts = is_possible(&counted);
        let aggregates = document.extension.and.iter().chain(&document.extension.any);
        for ((path, node), aggregate) in condition::aggregates(document).iter().zip(aggregates) {
            let (Some(node), Some(selection)) = (node.get("selection"), &aggregate.selection)
            else {
                continue;
            };
            let path: Vec<&str> = path
                .iter()
                .map(String::as_str)
                .chain(["selection"])
                .collect();
            let before = self.warnings.len();
            self.values(document, &path, node);
            let Some(expr) = expr_of(selection) else {
                continue;
            };
            if self.warnings.len() > before {
                continue;
            }
            let origin = document.positions.value(&path);
            if !is_possible(&expr) {
                self.warn(origin, "no record can match this selection".to_owned());
            } else if counts && !is_possible(&Expr::All(vec![counted.clone(), expr])) {
                let text = "no record that the rule counts can match this selection";
                self.warn(origin, text.to_owned());
            }
        }
    }

    /// The detections below a rule.
    fn counted(&self, document: &Document, seen: &mut Vec<usize>) -> Vec<Expr> {
        let mut exprs = Vec::new();
        for word in &refs::counted(document) {
            let found = refs::find(self.documents, word).ok();
            let Some(place) = found.filter(|place| !seen.contains(place)) else {
                continue;
            };
            seen.push(place);
            match &self.documents[place].body {
                Body::Detection(rule) => exprs.extend(expr_of(&rule.detection)),
                _ => exprs.extend(self.counted(&self.documents[place], seen)),
            }
        }
        exprs
    }

    /// Words that the field they are compared with never is.
    fn values(&mut self, document: &Document, path: &[&str], selection: &Node) {
        let maps = selection.items();
        for (index, map) in maps.iter().enumerate() {
            let index = index.to_string();
            for (key, value) in map.entries() {
                let mut path = path.to_vec();
                // A single map is no list, and has no index.
                if !std::ptr::eq(map, selection) {
                    path.push(&index);
                }
                path.push(&key.text);
                for (place, text) in strange_words(key, value) {
                    let place = place.to_string();
                    let mut path = path.clone();
                    if !std::ptr::eq(value.items(), std::slice::from_ref(value)) {
                        path.push(&place);
                    }
                    self.warn(document.positions.value(&path), text);
                }
            }
        }
    }
}

/// What an item compares a closed field with in vain, by its place in the list.
fn strange_words(key: &Key, value: &Node) -> Vec<(usize, String)> {
    let mut parts = key.text.split('|');
    let field = parts.next().and_then(Field::from_name);
    let Some((field, known)) = field.and_then(|field| Some((field, words(field)?))) else {
        return Vec::new();
    };
    // With any other modifier a part of a word may be meant.
    if parts.any(|modifier| !matches!(modifier, "all" | "cased" | "neq")) {
        return Vec::new();
    }
    let strange = |(place, item): (usize, &Node)| {
        let text = item.text()?;
        let same = |word: &&str| word.eq_ignore_ascii_case(text);
        if text.contains(['*', '?']) || known.iter().any(same) {
            return None;
        }
        let hint = did_you_mean(suggest(text, known.iter().copied()).as_deref());
        Some((
            place,
            format!("{} is never {}{hint}", field.name(), quote(text)),
        ))
    };
    value
        .items()
        .iter()
        .enumerate()
        .filter_map(strange)
        .collect()
}

fn expr_of(detections: &Detections) -> Option<Expr> {
    detection::compile(detections, &Settings::default()).ok()
}

/// Whether, for all that is known, a record may match.
fn is_possible(expr: &Expr) -> bool {
    let classes = OperationClass::ALL.iter().copied().map(Some).chain([None]);
    let mut cells = classes.flat_map(|class| Outcome::ALL.map(|outcome| (class, outcome)));
    let known = |test: &Test, class, outcome| match test {
        Test::Unset(_) => Likely::Maybe,
        test => test.likely(class, outcome),
    };
    let possible =
        |(class, outcome)| expr.given(&mut |test| known(test, class, outcome)) != Likely::No;
    cells.any(possible) && !contradicts(expr)
}

/// Whether numbers or flags that must hold together exclude each other.
fn contradicts(expr: &Expr) -> bool {
    match expr {
        Expr::Any(parts) => !parts.is_empty() && parts.iter().all(contradicts),
        Expr::Not(_) | Expr::Test(_) | Expr::Least(..) => false,
        Expr::All(parts) => {
            let mut together = Together::default();
            together.add(parts);
            together.exclude_each_other() || parts.iter().any(contradicts)
        }
    }
}

/// What must hold at once, by field.
#[derive(Default)]
struct Together {
    numbers: BTreeMap<Field, Range>,
    flags: BTreeMap<Field, [bool; 2]>,
}

impl Together {
    fn add(&mut self, parts: &[Expr]) {
        for part in parts {
            match part {
                Expr::All(parts) => self.add(parts),
                Expr::Test(Test::Number(field, compare, number)) => {
                    let range = self.numbers.entry(*field).or_default();
                    *range = range.and(word(*compare), *number);
                }
                Expr::Test(Test::Flag(field, value)) => {
                    self.flags.entry(*field).or_default()[usize::from(*value)] = true;
                }
                _ => {}
            }
        }
    }

    fn exclude_each_other(&self) -> bool {
        self.numbers.values().any(Range::is_empty)
            || self.flags.values().any(|values| *values == [true, true])
    }
}

fn word(compare: Compare) -> &'static str {
    match compare {
        Compare::Less => "lt",
        Compare::AtMost => "lte",
        Compare::Equal => "eq",
        Compare::AtLeast => "gte",
        Compare::More => "gt",
        Compare::Unequal => "neq",
    }
}
