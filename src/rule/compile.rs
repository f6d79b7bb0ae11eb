//! Checked documents to what runs: selections with their tests, and rules over
//! them.
//!
//! Everything by name ends here. What is left are bits (a selection matched),
//! slots (a field that some rule groups or counts by) and numbers.

mod build;
mod canonical;
pub(crate) mod detection;
mod gates;
mod learning;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rsigma_parser::Detections;

use self::learning::Learning;
use super::document::{Body, Document};
use super::error::RuleError;
use super::matcher::{Expr, Likely, Outcome};
use super::missing::{self, Missing};
use super::plan::{Correlation, Mark, Rule};
use super::set::{Form, RuleSet, Selection, Slot};
use crate::alert::Level;
use crate::baseline;
use crate::observation::MAX_SELECTIONS;
use crate::record::Field;
use crate::record::derived::operation::OperationClass;
use crate::settings::Settings;

/// The most different values that all rules together may group and count by:
/// the bits of an observation's mask.
const MAX_SLOTS: usize = 64;

/// Compiles the rules that can raise an alert at or above a level, without a
/// baseline.
pub fn compile(
    documents: &[Document],
    settings: &Arc<Settings>,
    min_level: Level,
) -> Result<RuleSet, Vec<RuleError>> {
    build(documents, settings, min_level, None)
}

/// The same with a baseline.
pub fn compile_with_baseline(
    documents: &[Document],
    settings: &Arc<Settings>,
    min_level: Level,
    baseline: baseline::Options,
) -> Result<RuleSet, Vec<RuleError>> {
    build(documents, settings, min_level, Some(baseline))
}

fn build(
    documents: &[Document],
    settings: &Arc<Settings>,
    min_level: Level,
    baseline: Option<baseline::Options>,
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
        learning: None,
        errors: Vec::new(),
    };
    if let Some(options) = baseline {
        compiler.begin_learning(options);
    }
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
    let learn = compiler.learning.take().map(Learning::finish);
    Ok(RuleSet::new(
        compiler.selections,
        rules,
        compiler.slots,
        Arc::clone(settings),
        learn,
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
    /// What the rules learn, where there is a baseline.
    learning: Option<Learning>,
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
        let slot = self.slot_of(field, form);
        if slot.is_none() {
            let reason = format!(
                "all rules up to this one group and count by more than {MAX_SLOTS} different values"
            );
            self.fail(document, &[], reason);
        }
        slot
    }

    fn slot_of(&mut self, field: Field, form: Form) -> Option<u8> {
        let slot = Slot { field, form };
        let known = self.slots.iter().position(|known| *known == slot);
        let place = match known {
            Some(place) => place,
            None if self.slots.len() == MAX_SLOTS => return None,
            None => {
                self.slots.push(slot);
                self.slots.len() - 1
            }
        };
        u8::try_from(place).ok()
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
        let mut bit = self.select(Expr::All(parts), &[]);
        if let Some(new) = &document.extension.new_value {
            bit = self.new_value(document, new, bit)?;
        }
        self.bases.insert(std::ptr::from_ref(document), bit);
        Some(bit)
    }

    /// A selection; one that refines others matches only where one of them does.
    /// What asks a baseline is decided for each thing that it may say.
    fn select(&mut self, expr: Expr, parents: &[usize]) -> usize {
        match self
            .learning
            .as_ref()
            .and_then(|learning| learning.asks(&expr))
        {
            None => self.push(expr, parents),
            Some(asked) => {
                let cases = asked.cases(&expr);
                self.select_cases(asked.dimensions, cases, parents)
            }
        }
    }

    fn push(&mut self, expr: Expr, parents: &[usize]) -> usize {
        self.selections.push(Selection {
            expr,
            refines: parents.to_vec(),
            slots: 0,
            cases: None,
            case_of: None,
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
        let mut exprs = self.exprs(selection);
        exprs.any(|expr| expr.likely(read, Outcome::Ok) != Likely::No)
            && (selection.refines.is_empty()
                || selection.refines.iter().any(|at| self.is_common(*at)))
    }

    /// A rule that asks for what nobody has told us cannot work; says why.
    fn unworkable(
        &self,
        correlation: &Correlation,
        marks: &[Mark],
        columns: &[u8],
    ) -> Option<Missing> {
        let selection = |mark: usize| self.missing(marks[mark].selection);
        let value = |column: u8| {
            let slot = self.slots[usize::from(columns[usize::from(column)])];
            Missing::of_values(slot.field, self.settings)
        };
        missing::of(correlation, &selection, &value)
    }

    /// The conditions of a selection, one for each thing that a baseline may say.
    fn exprs<'s>(&'s self, selection: &'s Selection) -> Box<dyn Iterator<Item = &'s Expr> + 's> {
        match &selection.cases {
            None => Box::new(std::iter::once(&selection.expr)),
            Some(cases) => {
                let places = cases.by.iter().flatten();
                Box::new(places.map(|place| &self.selections[*place].expr))
            }
        }
    }

    /// What a selection lacks, or all that it refines.
    fn missing(&self, selection: usize) -> Option<Missing> {
        let selection = &self.selections[selection];
        let exprs = self.exprs(selection);
        let own = Missing::all(exprs.map(|expr| Missing::of(expr, self.settings)));
        let parents = selection.refines.iter();
        let above = Missing::all(parents.map(|parent| self.missing(*parent)));
        match (own, above) {
            (Some(own), Some(above)) => Some(own.and(above)),
            (own, above) => own.or(above),
        }
    }
}
