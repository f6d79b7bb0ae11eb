//! The rule and what stands below it, side by side with what it was compiled
//! to: what is a number there has its name here.
//!
//! Nothing is evaluated here.

mod aloud;

use std::sync::Arc;

use rsigma_parser::Detections;

use super::judge::Judge;
use super::words;
use crate::record::Field;
use crate::rule::document::{Body, Document};
use crate::rule::plan::{self, Stage};
use crate::rule::refs;
use crate::settings::Settings;

/// A rule with everything below it.
#[derive(Debug, Default)]
pub struct Outline {
    /// Its correlations, the rule's own first, each before those below it.
    pub correlations: Vec<Correlation>,
    /// What is asked of records.
    pub parts: Vec<Part>,
    /// The rule in plain words.
    pub words: Vec<Words>,
    /// What it fires on: the first says what of the others must hold.
    pub fires: Vec<String>,
}

/// A line of words, and how far it is indented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// From 0.
    pub depth: usize,
    /// One line.
    pub text: String,
}

/// A correlation, or a detection that stands alone.
#[derive(Debug)]
pub struct Correlation {
    /// What messages call it.
    pub label: Arc<str>,
    /// What its key is called.
    pub group_by: Vec<String>,
    /// What it counts.
    pub stages: Vec<Arc<str>>,
    /// For each stage the correlation that it is.
    pub below: Vec<Option<usize>>,
    /// Its conditions, its own first (of a chain: those of `and` and `any` only).
    pub clauses: Vec<Clause>,
    /// The field in which the second step differs.
    pub different: Option<Field>,
}

/// One condition of a correlation.
#[derive(Debug)]
pub struct Clause {
    /// As the probe of the engine numbers them.
    pub number: usize,
    /// `own`, `and 1`, `any 2`.
    pub part: String,
    /// What it asks for.
    pub words: Arc<str>,
}

/// What is asked of a record.
#[derive(Debug)]
pub struct Part {
    /// What for.
    pub role: Role,
    /// `detection`, `filter`, `any 2`, `none_before`.
    pub name: Arc<str>,
    /// Of which detection or correlation.
    pub label: Arc<str>,
    /// All of these must hold; a filter has its name.
    pub judges: Vec<Named>,
}

/// A detection; a filter with its name.
pub type Named = (Option<Arc<str>>, Judge);

/// What something is asked of records for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A detection.
    Detection,
    /// What a correlation leaves out of what its detections give.
    Filter,
    /// What an aggregate counts.
    Aggregate,
    /// What may not come before a chain.
    NoneBefore,
}

/// What is known of the rules.
#[derive(Debug, Clone, Copy)]
pub struct Known<'d> {
    /// All documents.
    pub documents: &'d [Document],
    /// What lists are filled from.
    pub settings: &'d Settings,
}

impl Outline {
    /// The outline of a rule that was compiled.
    pub fn new(
        known: Known<'_>,
        document: &Document,
        root: &plan::Correlation,
    ) -> Result<Self, String> {
        let mut builder = Builder {
            known,
            outline: Self::default(),
        };
        match document.body {
            Body::Detection(_) => builder.single(document)?,
            _ => {
                builder.correlation(document, root, 0)?;
            }
        }
        let mut outline = builder.outline;
        outline.parts.sort_by_key(|part| part.role);
        Ok(outline)
    }
}

struct Builder<'d> {
    known: Known<'d>,
    outline: Outline,
}

impl<'d> Builder<'d> {
    /// A detection that stands alone.
    fn single(&mut self, document: &Document) -> Result<(), String> {
        let label: Arc<str> = document.label().into();
        let every = format!("every record that {label} matches");
        self.say(0, format!("fires on {every}"));
        self.outline.fires.push(every);
        self.outline.correlations.push(Correlation {
            label: Arc::clone(&label),
            group_by: Vec::new(),
            stages: vec![label],
            below: vec![None],
            clauses: vec![Clause {
                number: 0,
                part: "own".to_owned(),
                words: "at least 1 record in 1s".into(),
            }],
            different: None,
        });
        self.detection(document, 0)
    }

    /// A correlation, beside what it was compiled to; its place.
    fn correlation(
        &mut self,
        document: &'d Document,
        plan: &plan::Correlation,
        depth: usize,
    ) -> Result<usize, String> {
        let block = document
            .correlation()
            .ok_or_else(|| format!("{} is no correlation", document.label()))?;
        let place = self.outline.correlations.len();
        self.outline.correlations.push(Correlation {
            label: document.label().into(),
            group_by: block.group_by.clone(),
            stages: Vec::new(),
            below: Vec::new(),
            clauses: Vec::new(),
            different: document.extension.different,
        });
        self.aloud(document, &block, plan, depth);
        self.further(document, &block, counted(plan), place)?;
        for (word, stage) in block.rules.iter().zip(&plan.stages) {
            let counted = &self.known.documents[refs::find(self.known.documents, word)?];
            let below = match stage {
                Stage::Records(_) => {
                    self.detection(counted, depth)?;
                    None
                }
                Stage::Firings(plan) => Some(self.correlation(counted, plan, depth + 1)?),
            };
            let own = &mut self.outline.correlations[place];
            own.stages.push(counted.label().into());
            own.below.push(below);
        }
        Ok(place)
    }

    /// A detection, once however often it is counted.
    fn detection(&mut self, document: &Document, depth: usize) -> Result<(), String> {
        let Body::Detection(rule) = &document.body else {
            return Err(format!("{} is no detection", document.label()));
        };
        let same = |part: &Part| part.role == Role::Detection && *part.label == *document.label();
        if self.outline.parts.iter().any(same) {
            return Ok(());
        }
        let condition = words::condition(&rule.detection);
        let new = document.extension.new_value.as_ref().map(words::new_value);
        let new = new.map_or_else(String::new, |new| format!(", where {new}"));
        let label = document.label();
        self.say(depth, format!("{label} matches: {condition}{new}"));
        for text in self.selections(&rule.detection) {
            self.say(depth + 1, text);
        }
        self.filters_aloud(document, depth);
        self.new_value_aloud(document, depth);
        let mut judges = vec![(None, self.judge(&rule.detection)?)];
        judges.extend(self.filters(document)?);
        self.part(Role::Detection, "detection", document.label(), judges);
        Ok(())
    }

    fn filters(&self, document: &Document) -> Result<Vec<Named>, String> {
        let filters = document.filters.iter().map(|filter| {
            let name: Arc<str> = self.filter_name(filter).into();
            Ok((Some(name), self.judge(filter)?))
        });
        filters.collect()
    }

    /// Filters of the rule set have names; what has none is of the settings.
    fn filter_name(&self, filter: &Detections) -> String {
        let documents = self.known.documents.iter();
        let of_set = documents.filter_map(|document| match &document.body {
            Body::Filter(rule) => Some((document, rule)),
            _ => None,
        });
        let mut same = of_set.filter(|(_, rule)| rule.detection == *filter);
        match same.next() {
            Some((document, _)) => format!("filter {}", document.label()),
            None => "exclusions of the settings".to_owned(),
        }
    }

    /// Filters, further aggregates, and what may not come before.
    fn further(
        &mut self,
        document: &Document,
        block: &crate::rule::document::Correlation,
        kind: &str,
        place: usize,
    ) -> Result<(), String> {
        let label = document.label();
        if !document.filters.is_empty() {
            let filters = self.filters(document)?;
            self.part(Role::Filter, "filter", label, filters);
        }
        let mut clauses = Vec::new();
        if block.kind != crate::rule::Kind::TemporalOrdered {
            clauses.push(Clause {
                number: 0,
                part: "own".to_owned(),
                words: words::own(block, kind).into(),
            });
        }
        let extension = &document.extension;
        let lists = [("and", &extension.and), ("any", &extension.any)];
        let mut number = 0;
        for (name, list) in lists {
            for (index, aggregate) in list.iter().enumerate() {
                number += 1;
                let words = words::aggregate(aggregate, block.timespan, self.known.settings);
                let part = format!("{name} {}", index + 1);
                if let Some(selection) = &aggregate.selection {
                    let judge = self.judge(selection)?;
                    self.part(Role::Aggregate, &part, label, vec![(None, judge)]);
                }
                clauses.push(Clause {
                    number,
                    part,
                    words: words.into(),
                });
            }
        }
        if let Some(before) = &extension.none_before {
            let judge = self.judge(&before.selection)?;
            self.part(Role::NoneBefore, "none_before", label, vec![(None, judge)]);
        }
        self.outline.correlations[place].clauses = clauses;
        Ok(())
    }

    fn judge(&self, detections: &Detections) -> Result<Judge, String> {
        Judge::new(detections, self.known.settings)
    }

    fn part(&mut self, role: Role, name: &str, label: &str, judges: Vec<Named>) {
        self.outline.parts.push(Part {
            role,
            name: name.into(),
            label: label.into(),
            judges,
        });
    }
}

/// What a correlation counts.
fn counted(plan: &plan::Correlation) -> &'static str {
    let records = |stage: &&Stage| matches!(stage, Stage::Records(_));
    match plan.stages.iter().filter(records).count() {
        0 => "firings",
        some if some == plan.stages.len() => "records",
        _ => "records and firings",
    }
}
