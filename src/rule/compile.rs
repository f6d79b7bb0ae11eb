//! Checked documents to what runs: selections with their tests, and rules over
//! them.
//!
//! Everything by name ends here. What is left are bits (a selection matched),
//! slots (a field that some rule groups or counts by) and numbers.

mod canonical;
pub(super) mod detection;

use std::collections::HashMap;
use std::sync::Arc;

use rsigma_parser::{ConditionOperator, Detections};
use serde_json::{Value as Json, json};

use super::document::{Aggregate as AggregateDocument, AggregateKind, Body, Document, Threshold};
use super::error::RuleError;
use super::matcher::{Compare, Expr};
use super::missing::Missing;
use super::set::{Aggregate, Condition, MAX_AGGREGATES, Measure, Rule, RuleSet, Selection};
use super::template::Template;
use crate::alert::{Level, RuleInfo};
use crate::observation::MAX_SELECTIONS;
use crate::record::Field;
use crate::settings::Settings;

/// Length of an alert's period unless the rule says otherwise, seconds.
const SUPPRESS: i64 = 3600;
/// How many records an alert shows unless the rule says otherwise.
const EVIDENCE: usize = 5;

/// Compiles the rules that can raise an alert at or above a level.
pub fn compile(
    documents: &[Document],
    settings: &Arc<Settings>,
    min_level: Level,
) -> Result<RuleSet, Vec<RuleError>> {
    let mut compiler = Compiler {
        settings,
        documents,
        selections: Vec::new(),
        bases: HashMap::new(),
        slots: Vec::new(),
        errors: Vec::new(),
    };
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
    /// Bit of a base detection, by its document: a name may be the id of another.
    bases: HashMap<*const Document, usize>,
    slots: Vec<Field>,
    errors: Vec<RuleError>,
}

impl<'d> Compiler<'d> {
    /// The rule that a document raises alerts for, if it does.
    fn rule(&mut self, document: &'d Document, min_level: Level) -> Option<Rule> {
        let level = document.meta.level.unwrap_or(Level::Medium);
        if level < min_level || !document.enabled {
            return None;
        }
        match &document.body {
            Body::Filter(_) => None,
            Body::Detection(_) => {
                let alone = !self.is_counted_elsewhere(document);
                alone.then(|| self.single(document, level)).flatten()
            }
            Body::Correlation(_) => self.correlation(document, level),
        }
    }

    fn is_counted_elsewhere(&self, document: &Document) -> bool {
        let known_as = |word: &String| {
            self.find(word)
                .is_some_and(|found| std::ptr::eq(found, document))
        };
        self.documents.iter().any(|other| match &other.body {
            Body::Correlation(correlation) if !correlation.generate => {
                correlation.rules.iter().any(known_as)
            }
            _ => false,
        })
    }

    fn find(&self, word: &str) -> Option<&'d Document> {
        self.documents.iter().find(|document| {
            document.meta.name.as_deref() == Some(word)
                || document
                    .meta
                    .id
                    .as_deref()
                    .is_some_and(|id| id.eq_ignore_ascii_case(word))
        })
    }

    /// A detection that stands alone fires on any record: one, within a second.
    fn single(&mut self, document: &'d Document, level: Level) -> Option<Rule> {
        let bit = self.base(document)?;
        let condition = Condition {
            predicates: vec![(Compare::AtLeast, 1)],
        };
        let main = Aggregate {
            measure: Measure::Events,
            selections: vec![bit],
            timespan: 1,
            condition,
        };
        let canonical = json!({"detection": canonical::document(document)});
        self.finish(document, level, Vec::new(), main, canonical)
    }

    fn correlation(&mut self, document: &'d Document, level: Level) -> Option<Rule> {
        let window = document.window()?;
        let mut bases = Vec::new();
        let mut canonical_bases = Vec::new();
        for word in &window.rules {
            let base = self.find(word)?;
            bases.push(self.base(base)?);
            canonical_bases.push(canonical::document(base));
        }
        bases.sort_unstable();
        bases.dedup();
        canonical_bases.sort_by_key(ToString::to_string);
        let measure = self.measure(window.kind, window.condition.field)?;
        let mut canonical = json!({
            "detection": canonical_bases,
            "correlation": canonical::aggregate(window.kind, window.timespan, &window.condition, None),
            "group-by": window.group_by.iter().map(|field| field.name()).collect::<Vec<_>>(),
        });
        canonical::filters(document, &mut canonical);
        let main = Aggregate {
            measure,
            selections: self.narrowed(document, bases)?,
            timespan: window.timespan,
            condition: condition(&window.condition),
        };
        self.finish(document, level, window.group_by, main, canonical)
    }

    /// Those records of the bases that the correlation's own filters let pass.
    fn narrowed(&mut self, document: &Document, bases: Vec<usize>) -> Option<Vec<usize>> {
        if document.filters.is_empty() {
            return Some(bases);
        }
        let exprs = bases.iter().map(|bit| self.selections[*bit].expr.clone());
        let mut parts = vec![Expr::Any(exprs.collect())];
        for filter in &document.filters {
            parts.push(self.detections(document, filter)?);
        }
        Some(vec![self.refine(Expr::All(parts), &[])])
    }

    fn finish(
        &mut self,
        document: &Document,
        level: Level,
        group_by: Vec<Field>,
        main: Aggregate,
        mut canonical: Json,
    ) -> Option<Rule> {
        let aggregates = 1 + document.extension.and.len() + document.extension.any.len();
        if aggregates > MAX_AGGREGATES {
            let origin = document.positions.key(&["s3sentry"]);
            let reason = format!(
                "a rule has {MAX_AGGREGATES} aggregates at most, this one has {aggregates}"
            );
            self.errors.push(RuleError::new(origin, reason));
            return None;
        }
        let group_slots = group_by
            .iter()
            .map(|field| self.slot(*field))
            .collect::<Option<Vec<_>>>()?;
        let and = self.aggregates(document, &document.extension.and, &main)?;
        let any = self.aggregates(document, &document.extension.any, &main)?;
        let list = |aggregates: &[AggregateDocument]| -> Vec<Json> {
            aggregates
                .iter()
                .map(|aggregate| {
                    let timespan = aggregate.timespan.unwrap_or(main.timespan);
                    let selection = aggregate.selection.as_ref();
                    canonical::aggregate(aggregate.kind, timespan, &aggregate.condition, selection)
                })
                .collect()
        };
        canonical["and"] = list(&document.extension.and).into();
        canonical["any"] = list(&document.extension.any).into();

        let timespan = [&main]
            .into_iter()
            .chain(&and)
            .chain(&any)
            .map(|a| a.timespan)
            .max()?;
        // A period shorter than the window would cut a burst in two.
        let period = document
            .extension
            .suppress
            .unwrap_or(SUPPRESS)
            .max(timespan);
        // Whatever the rule does, it fires on a record of these selections.
        let slots = group_slots
            .iter()
            .copied()
            .chain(
                [&main]
                    .into_iter()
                    .chain(&and)
                    .chain(&any)
                    .filter_map(|a| a.measure.slot()),
            )
            .fold(0u64, |slots, slot| slots | 1 << slot);
        for bit in &main.selections {
            self.selections[*bit].slots |= slots;
        }
        let unworkable = self.unworkable(&main);
        Some(Rule {
            info: Arc::new(RuleInfo {
                id: document
                    .meta
                    .id
                    .clone()
                    .unwrap_or_else(|| document.label().to_owned()),
                name: document.label().to_owned(),
                title: document.meta.title.clone(),
                level,
                tags: document.meta.tags.clone(),
            }),
            built_in: document.built_in,
            group_by: group_by.into_iter().zip(group_slots).collect(),
            main,
            and,
            any,
            timespan,
            period,
            evidence: document.extension.evidence.unwrap_or(EVIDENCE),
            summary: document
                .extension
                .summary
                .clone()
                .unwrap_or(Template { parts: Vec::new() }),
            canonical: canonical.to_string(),
            unworkable,
        })
    }

    fn aggregates(
        &mut self,
        document: &Document,
        aggregates: &[AggregateDocument],
        main: &Aggregate,
    ) -> Option<Vec<Aggregate>> {
        aggregates
            .iter()
            .map(|aggregate| {
                let selections = match &aggregate.selection {
                    None => main.selections.clone(),
                    Some(detections) => {
                        let expr = self.detections(document, detections)?;
                        vec![self.refine(expr, &main.selections)]
                    }
                };
                Some(Aggregate {
                    measure: self.measure(aggregate.kind, aggregate.condition.field)?,
                    selections,
                    timespan: aggregate.timespan.unwrap_or(main.timespan),
                    condition: condition(&aggregate.condition),
                })
            })
            .collect()
    }

    /// A rule that asks for what nobody has told us cannot work; says what.
    fn unworkable(&self, main: &Aggregate) -> Option<Missing> {
        let selections = main.selections.iter();
        let missing = |bit: &usize| Missing::of(&self.selections[*bit].expr, self.settings);
        selections.map(missing).reduce(Missing::either).flatten()
    }

    fn measure(&mut self, kind: AggregateKind, field: Option<Field>) -> Option<Measure> {
        match kind {
            AggregateKind::EventCount => Some(Measure::Events),
            AggregateKind::ValueCount => Some(Measure::Values(self.slot(field?)?)),
        }
    }

    fn slot(&mut self, field: Field) -> Option<u8> {
        let place = self.slots.iter().position(|slot| *slot == field);
        let place = place.unwrap_or_else(|| {
            self.slots.push(field);
            self.slots.len() - 1
        });
        // There are fewer fields than the 64 bits of an observation's mask.
        u8::try_from(place).ok().filter(|place| *place < 64)
    }

    /// The bit of a base detection, compiled once.
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
        let expr = Expr::All(parts);
        let bit = self.selections.len();
        self.selections.push(Selection {
            expr,
            refines: Vec::new(),
            slots: 0,
        });
        self.bases.insert(std::ptr::from_ref(document), bit);
        Some(bit)
    }

    fn refine(&mut self, expr: Expr, parents: &[usize]) -> usize {
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
                let origin = document.positions.key(&["detection", &wrong.part]);
                self.errors.push(RuleError::new(origin, wrong.reason));
                None
            }
        }
    }
}

fn condition(threshold: &Threshold) -> Condition {
    let predicates = threshold
        .predicates
        .iter()
        .map(|(operator, number)| {
            let compare = match operator {
                ConditionOperator::Lt => Compare::Less,
                ConditionOperator::Lte => Compare::AtMost,
                ConditionOperator::Gt => Compare::More,
                ConditionOperator::Gte => Compare::AtLeast,
                ConditionOperator::Eq => Compare::Equal,
                ConditionOperator::Neq => Compare::Unequal,
            };
            (compare, *number)
        })
        .collect();
    Condition { predicates }
}
