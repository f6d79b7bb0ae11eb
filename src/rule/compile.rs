//! Checked documents to what runs: selections with their tests, and rules over
//! them.
//!
//! Everything by name ends here. What is left are bits (a selection matched),
//! slots (a field that some rule groups or counts by) and numbers.

mod build;
mod canonical;
pub(crate) mod detection;
mod gates;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rsigma_parser::Detections;

use super::document::{Body, Document};
use super::error::RuleError;
use super::matcher::{Expr, Likely, Outcome};
use super::missing::{self, Missing, Unworkable};
use super::plan::{Correlation, Mark, Rule};
use super::set::{Form, RuleSet, Selection, Slot};
use crate::alert::Level;
use crate::observation::MAX_SELECTIONS;
use crate::record::Field;
use crate::record::derived::operation::OperationClass;
use crate::settings::Settings;

/// The most different values that all rules together may group and count by:
/// the bits of an observation's mask.
const MAX_SLOTS: usize = 64;

/// Compiles the rules that can raise an alert at or above a level.
pub fn compile(
    documents: &[Document],
    settings: &Arc<Settings>,
    min_level: Level,
) -> Result<RuleSet, Vec<RuleError>> {
    let words = documents.iter().flat_map(|document| {
        let words = [&document.meta.id, &document.meta.name];
        words
            .into_iter()
            .flatten()
            .map(move |word| (word.clone(), document))
    });
    let mut compiler = Compiler {
        settings,
        documents,
        words: words.collect(),
        counted: HashSet::new(),
        selections: Vec::new(),
        bases: HashMap::new(),
        slots: Vec::new(),
        errors: Vec::new(),
    };
    compiler.count_once();
    let mut rules = Vec::new();
    for document in documents {
        if let Some(rule) = compiler.rule(document, min_level) {
            rules.push(rule);
        }
        if compiler.selections.len() > MAX_SELECTIONS {
            let reason =
                format!("all rules up to this one have more than {MAX_SELECTIONS} selections");
            let error = RuleError::new(document.origin.clone(), reason);
            compiler.errors.push(error);
            break;
        }
    }
    if !compiler.errors.is_empty() {
        return Err(compiler.errors);
    }
    Ok(RuleSet::new(
        compiler.selections,
        rules,
        compiler.slots,
        Arc::clone(settings),
    ))
}

struct Compiler<'d> {
    settings: &'d Settings,
    documents: &'d [Document],
    selections: Vec<Selection>,
    /// Documents by name, and by id in lower case; no name is another's id.
    words: HashMap<String, &'d Document>,
    /// Those that raise nothing themselves.
    counted: HashSet<*const Document>,
    /// Bit of a base detection, by its document.
    bases: HashMap<*const Document, usize>,
    slots: Vec<Slot>,
    errors: Vec<RuleError>,
}

impl<'d> Compiler<'d> {
    /// The rule that a document raises alerts for, if it does.
    fn rule(&mut self, document: &'d Document, min_level: Level) -> Option<Rule> {
        let level = document.meta.level.unwrap_or(Level::Medium);
        let silent = !document.enabled || matches!(document.body, Body::Filter(_));
        if level < min_level || silent {
            return None;
        }
        (!self.is_counted_elsewhere(document))
            .then(|| build::rule(self, document, level))
            .flatten()
    }

    fn is_counted_elsewhere(&self, document: &Document) -> bool {
        self.counted.contains(&std::ptr::from_ref(document))
    }

    fn find(&self, word: &str) -> Option<&'d Document> {
        let id = || self.words.get(&word.to_ascii_lowercase());
        self.words.get(word).or_else(id).copied()
    }

    /// The rules that some correlation counts in their stead.
    fn count_once(&mut self) {
        for document in self.documents {
            let block = document.correlation().filter(|block| !block.generate);
            for word in block.iter().flat_map(|block| &block.rules) {
                if let Some(counted) = self.find(word) {
                    self.counted.insert(std::ptr::from_ref(counted));
                }
            }
        }
    }

    /// The slot of a value, a new one where there is none yet.
    fn slot(&mut self, document: &Document, field: Field, form: Form) -> Option<u8> {
        let slot = Slot { field, form };
        if let Some(place) = self.slots.iter().position(|known| *known == slot) {
            return u8::try_from(place).ok();
        }
        if self.slots.len() == MAX_SLOTS {
            let reason = format!(
                "all rules up to this one group and count by more than {MAX_SLOTS} different values"
            );
            self.fail(document, &[], reason);
            return None;
        }
        self.slots.push(slot);
        u8::try_from(self.slots.len() - 1).ok()
    }

    fn fail(&mut self, document: &Document, path: &[&str], reason: String) {
        let origin = document.positions.key(path);
        self.errors.push(RuleError::new(origin, reason));
    }

    /// The selection of a base detection, compiled once.
    fn base(&mut self, document: &'d Document) -> Option<usize> {
        if let Some(bit) = self.bases.get(&std::ptr::from_ref(document)) {
            return Some(*bit);
        }
        let Body::Detection(rule) = &document.body else {
            return None;
        };
        let mut parts = vec![self.detections(document, &rule.detection)?];
        for filter in &document.filters {
            parts.push(self.detections(document, filter)?);
        }
        let bit = self.select(Expr::All(parts), &[]);
        self.bases.insert(std::ptr::from_ref(document), bit);
        Some(bit)
    }

    /// A selection; one that refines others matches only where one of them does.
    fn select(&mut self, expr: Expr, parents: &[usize]) -> usize {
        self.selections.push(Selection {
            expr,
            refines: parents.to_vec(),
            slots: 0,
        });
        self.selections.len() - 1
    }

    fn detections(&mut self, document: &Document, detections: &Detections) -> Option<Expr> {
        match detection::compile(detections, self.settings) {
            Ok(expr) => Some(expr),
            Err(wrong) => {
                self.fail(document, &["detection", &wrong.part], wrong.reason);
                None
            }
        }
    }

    /// Whether a selection may match what most lines are: a read that succeeded.
    fn is_common(&self, selection: usize) -> bool {
        let selection = &self.selections[selection];
        let read = Some(OperationClass::Read);
        selection.expr.likely(read, Outcome::Ok) != Likely::No
            && (selection.refines.is_empty()
                || selection.refines.iter().any(|at| self.is_common(*at)))
    }

    /// A rule that asks for what nobody has told us cannot work; says why.
    fn unworkable(
        &self,
        document: &Document,
        correlation: &Correlation,
        marks: &[Mark],
        columns: &[u8],
    ) -> Option<Unworkable> {
        if document.extension.new_value.is_some() {
            return Some(Unworkable::Baseline);
        }
        let selection = |mark: usize| self.missing(marks[mark].selection);
        let value = |column: u8| {
            let slot = self.slots[usize::from(columns[usize::from(column)])];
            Missing::of_values(slot.field, self.settings)
        };
        let missing = missing::of(correlation, &selection, &value);
        missing.map(Unworkable::Lists)
    }

    /// What a selection lacks, or all that it refines.
    fn missing(&self, selection: usize) -> Option<Missing> {
        let selection = &self.selections[selection];
        Missing::of(&selection.expr, self.settings).or_else(|| {
            let parents = selection.refines.iter();
            Missing::all(parents.map(|parent| self.missing(*parent)))
        })
    }
}
