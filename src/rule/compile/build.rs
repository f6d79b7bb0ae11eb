//! One rule: what a document counts, with all that stands below it, as marks,
//! columns and slots.
//!
//! References and names were checked when the set was loaded
//! ([`crate::rule::load`]); what is left to complain of are bounds and what only
//! the whole rule shows.

mod chain;
mod whole;

use std::sync::Arc;

use rsigma_parser::ConditionOperator;
use serde_json::{Value as Json, json};

use self::whole::{has_usual, usual_is_whole, whole_keys};
use super::{Compiler, canonical, gates};
use crate::alert::{Level, RuleInfo};
use crate::baseline::HOUR;
use crate::record::Field;
use crate::rule::document::{
    Aggregate as AggregateDocument, Body, Correlation as Block, Document, Kind as Type, Meta,
    Threshold,
};
use crate::rule::matcher::{Compare, Expr};
use crate::rule::plan::{
    Aggregate, Condition, Correlation, Kind, MAX_MARKS, Mark, Measure, Role, Rule, Stage,
};
use crate::rule::set::Form;
use crate::rule::template::Template;

/// Length of an alert's period unless the rule says otherwise, seconds.
const SUPPRESS: i64 = 3600;
/// How many records an alert shows unless the rule says otherwise.
const EVIDENCE: usize = 5;
/// In so many periods one record may make a rule fire, at most: its key is
/// remembered in each.
const MAX_PERIODS: i64 = 300_000;
/// The most aggregates that a rule may have, its own included.
const MAX_AGGREGATES: usize = 16;

/// Builds the rule of a document, with errors in the compiler.
pub fn rule<'d>(compiler: &mut Compiler<'d>, document: &'d Document, level: Level) -> Option<Rule> {
    let mut builder = Builder {
        compiler,
        marks: Vec::new(),
        columns: Vec::new(),
    };
    let built = match &document.body {
        Body::Detection(_) => builder.single(document)?,
        _ => builder.correlation(document)?,
    };
    builder.finish(document, level, built)
}

pub(super) struct Builder<'c, 'd> {
    compiler: &'c mut Compiler<'d>,
    marks: Vec<Draft>,
    columns: Vec<u8>,
}

/// A mark whose key is not known yet.
struct Draft {
    selection: usize,
    role: Role,
    /// What may not come before has the key of this mark.
    like: Option<usize>,
}

/// What the records of a mark are called by a correlation.
pub(super) enum Names {
    /// As their fields are called.
    Fields,
    /// The names that it groups by.
    Keys(Vec<(String, Field)>),
}

impl Names {
    pub(super) fn field(&self, name: &str) -> Option<Field> {
        match self {
            Names::Fields => Field::from_name(name),
            Names::Keys(keys) => keys
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, field)| *field),
        }
    }
}

/// A correlation with the marks of the detections below it.
struct Built {
    correlation: Correlation,
    leaves: Vec<(usize, Names)>,
    canonical: Json,
}

/// A stage, the marks of the detections in it, and its fixed form.
type Below = (Stage, Vec<(usize, Names)>, Json);

impl<'d> Builder<'_, 'd> {
    pub(super) fn compiler(&mut self) -> &mut Compiler<'d> {
        self.compiler
    }

    /// The selection of a mark.
    pub(super) fn selection(&self, mark: usize) -> usize {
        self.marks[mark].selection
    }

    /// A detection that stands alone fires on any record: one, within a second.
    fn single(&mut self, document: &'d Document) -> Option<Built> {
        let selection = self.compiler.base(document)?;
        let mark = self.mark(document, selection, Role::Counted, None)?;
        let main = Aggregate {
            measure: Measure::Events,
            column: Vec::new(),
            marks: 1 << mark,
            timespan: 1,
            condition: Condition {
                predicates: vec![(Compare::AtLeast, 1)],
            },
        };
        let mut canonical = json!({"detection": canonical::document(document)});
        canonical["and"] = json!([]);
        canonical["any"] = json!([]);
        Some(Built {
            correlation: Correlation {
                stages: vec![Stage::Records(mark)],
                leaves: 1 << mark,
                by: vec![Vec::new(); mark + 1],
                whole_key: true,
                kind: Kind::Count(main),
                and: Vec::new(),
                any: Vec::new(),
                timespan: 1,
                usual: None,
            },
            leaves: vec![(mark, Names::Fields)],
            canonical,
        })
    }

    fn correlation(&mut self, document: &'d Document) -> Option<Built> {
        let block = document.correlation()?;
        let mut stages = Vec::new();
        let mut leaves = Vec::new();
        let mut values = Vec::new();
        let mut below = Vec::new();
        for word in &block.rules {
            let counted = self.compiler.find(word)?;
            let (stage, marks, canonical) = self.stage(counted)?;
            for (mark, names) in marks {
                if let Some(name) = &block.condition.field {
                    values.push((mark, names.field(block.called(name, word))?));
                }
                let keys = block.group_by.iter().map(|name| {
                    let field = names.field(block.called(name, word))?;
                    Some((name.clone(), field))
                });
                leaves.push((mark, Names::Keys(keys.collect::<Option<_>>()?)));
            }
            stages.push(stage);
            below.push(canonical);
        }
        self.filter(document, &leaves)?;
        let mut by = Vec::new();
        for (mark, names) in &leaves {
            let columns = self.columns(document, &block.group_by, names)?;
            set(&mut by, *mark, columns);
        }
        let bits = leaves.iter().fold(0, |bits, (mark, _)| bits | 1 << mark);
        let kind = match block.kind {
            Type::TemporalOrdered => Kind::Chain(self.chain(document, &block, &leaves)?),
            _ => Kind::Count(self.main(document, &block, bits, &values)?),
        };
        let extension = &document.extension;
        let further = 1 + extension.and.len() + extension.any.len();
        if further > MAX_AGGREGATES {
            let reason =
                format!("a rule has {MAX_AGGREGATES} aggregates at most, this one has {further}");
            self.compiler.fail(document, &["s3sentry"], reason);
            return None;
        }
        let and = self.aggregates(document, &extension.and, &block, &leaves)?;
        let any = self.aggregates(document, &extension.any, &block, &leaves)?;
        let usual = match document.extension.baseline {
            Some(usual) => Some(self.usual(document, &block, usual, &leaves, &below)?),
            None => None,
        };
        let longest = and.iter().chain(&any).map(|a| a.timespan).max();
        let correlation = Correlation {
            stages,
            leaves: bits,
            by,
            whole_key: false,
            kind,
            and,
            any,
            timespan: block.timespan.max(longest.unwrap_or(0)),
            usual,
        };
        Some(Built {
            correlation,
            leaves,
            canonical: canonical::correlation(document, &block, below),
        })
    }

    /// What a correlation counts: records or firings.
    fn stage(&mut self, document: &'d Document) -> Option<Below> {
        if let Body::Detection(_) = document.body {
            let selection = self.compiler.base(document)?;
            let mark = self.mark(document, selection, Role::Counted, None)?;
            let leaves = vec![(mark, Names::Fields)];
            return Some((Stage::Records(mark), leaves, canonical::document(document)));
        }
        let built = self.correlation(document)?;
        let stage = Stage::Firings(Box::new(built.correlation));
        Some((stage, built.leaves, built.canonical))
    }

    /// Filters of a correlation narrow the records that it counts.
    fn filter(&mut self, document: &'d Document, leaves: &[(usize, Names)]) -> Option<()> {
        if document.filters.is_empty() {
            return Some(());
        }
        let mut parts = Vec::new();
        for filter in &document.filters {
            parts.push(self.compiler.detections(document, filter)?);
        }
        for (mark, _) in leaves {
            let selection = &mut self.marks[*mark].selection;
            *selection = self
                .compiler
                .select(Expr::All(parts.clone()), &[*selection]);
        }
        Some(())
    }

    /// What the correlation itself counts.
    fn main(
        &mut self,
        document: &Document,
        block: &Block,
        marks: u64,
        values: &[(usize, Field)],
    ) -> Option<Aggregate> {
        let (measure, form) = measure(block.kind, &block.condition)?;
        let mut column = Vec::new();
        for (mark, field) in values {
            let place = self.column(document, *field, form)?;
            set(&mut column, *mark, place);
        }
        let mut condition = condition(&block.condition);
        if block.kind == Type::Temporal && condition.predicates.is_empty() {
            condition.predicates = vec![(Compare::AtLeast, block.rules.len() as u64)];
        }
        Some(Aggregate {
            measure,
            column,
            marks,
            timespan: block.timespan,
            condition,
        })
    }

    fn aggregates(
        &mut self,
        document: &Document,
        aggregates: &[AggregateDocument],
        block: &Block,
        leaves: &[(usize, Names)],
    ) -> Option<Vec<Aggregate>> {
        let parents: Vec<usize> = leaves
            .iter()
            .map(|(mark, _)| self.marks[*mark].selection)
            .collect();
        let mut built = Vec::new();
        for aggregate in aggregates {
            let marks = match &aggregate.selection {
                None => leaves.iter().fold(0, |bits, (mark, _)| bits | 1 << mark),
                Some(detections) => {
                    let expr = self.compiler.detections(document, detections)?;
                    let selection = self.compiler.select(expr, &parents);
                    1 << self.mark(document, selection, Role::Aggregate, None)?
                }
            };
            let (measure, form) = measure(aggregate.kind, &aggregate.condition)?;
            let mut column = Vec::new();
            if let Some(name) = &aggregate.condition.field {
                let place = self.column(document, Field::from_name(name)?, form)?;
                for (mark, _) in leaves {
                    set(&mut column, *mark, place);
                }
            }
            built.push(Aggregate {
                measure,
                column,
                marks,
                timespan: aggregate.timespan.unwrap_or(block.timespan),
                condition: condition(&aggregate.condition),
            });
        }
        Some(built)
    }

    fn mark(
        &mut self,
        document: &Document,
        selection: usize,
        role: Role,
        like: Option<usize>,
    ) -> Option<usize> {
        if self.marks.len() == MAX_MARKS {
            let reason = format!(
                "the rule looks at more than {MAX_MARKS} selections, its aggregates' included"
            );
            self.compiler.fail(document, &[], reason);
            return None;
        }
        self.marks.push(Draft {
            selection,
            role,
            like,
        });
        Some(self.marks.len() - 1)
    }

    fn column(&mut self, document: &Document, field: Field, form: Form) -> Option<u8> {
        let slot = self.compiler.slot(document, field, form)?;
        let place = self.columns.iter().position(|known| *known == slot);
        let place = place.unwrap_or_else(|| {
            self.columns.push(slot);
            self.columns.len() - 1
        });
        u8::try_from(place).ok()
    }

    fn columns(
        &mut self,
        document: &Document,
        wanted: &[String],
        names: &Names,
    ) -> Option<Vec<u8>> {
        let mut columns = Vec::new();
        for name in wanted {
            columns.push(self.column(document, names.field(name)?, Form::Hash)?);
        }
        Some(columns)
    }

    /// Keys, slots, gates: what needs the whole rule.
    fn finish(self, document: &'d Document, level: Level, built: Built) -> Option<Rule> {
        let Built {
            mut correlation,
            leaves,
            canonical,
        } = built;
        let group_by = keys(document);
        let mut keys: Vec<Vec<(Field, u8)>> = vec![Vec::new(); self.marks.len()];
        for (mark, names) in &leaves {
            for name in &group_by {
                let field = names.field(name)?;
                let slot = self.compiler.slot(document, field, Form::Hash)?;
                keys[*mark].push((field, slot));
            }
        }
        for (place, draft) in self.marks.iter().enumerate() {
            if let Some(like) = draft.like {
                let key = keys[like].clone();
                keys[place] = key;
            }
        }
        let top = correlation.by.clone();
        whole_keys(&mut correlation, &top);
        if !usual_is_whole(&correlation) {
            let reason = "what is compared with a baseline must have the whole rule's group-by, and \
                          cannot be a step of a chain";
            self.compiler
                .fail(document, &["correlation", "group-by"], reason.to_owned());
            return None;
        }
        let all = self.columns.iter().copied();
        let slots = all
            .chain(keys.iter().flatten().map(|(_, slot)| *slot))
            .fold(0u64, |slots, slot| slots | 1 << slot);
        for draft in self
            .marks
            .iter()
            .filter(|draft| draft.role != Role::Aggregate)
        {
            self.compiler.selections[draft.selection].slots |= slots;
        }
        let marks = self.marks.iter().zip(keys).map(|(draft, key)| Mark {
            selection: draft.selection,
            role: draft.role,
            key,
        });
        let marks: Vec<Mark> = marks.collect();
        // A period shorter than the window would cut a burst in two.
        let period = document.extension.suppress.unwrap_or(SUPPRESS);
        let period = period.max(correlation.timespan);
        if correlation.horizon() / period > MAX_PERIODS {
            let reason = format!(
                "one record may make the rule fire in more than {MAX_PERIODS} of its periods of \
                 {period} s: give it a longer \"suppress\""
            );
            self.compiler
                .fail(document, &["s3sentry", "suppress"], reason);
            return None;
        }
        if has_usual(&correlation) && period % HOUR != 0 {
            let reason = "hours are compared, so \"suppress\" must be whole hours";
            let path = ["s3sentry", "suppress"];
            self.compiler.fail(document, &path, reason.to_owned());
            return None;
        }
        let unworkable = self
            .compiler
            .unworkable(&correlation, &marks, &self.columns);
        let ways = gates::of(self.compiler, &correlation, &marks, &self.columns);
        let Meta {
            id, title, tags, ..
        } = &document.meta;
        let extension = &document.extension;
        Some(Rule {
            info: Arc::new(RuleInfo {
                id: id.clone().unwrap_or_else(|| document.label().to_owned()),
                name: document.label().to_owned(),
                title: title.clone(),
                level,
                tags: tags.clone(),
            }),
            built_in: document.built_in,
            group_by: group_by.iter().map(|name| name.as_str().into()).collect(),
            marks,
            columns: self.columns,
            ways,
            horizon: correlation.full_horizon(),
            period,
            root: correlation,
            evidence: extension.evidence.unwrap_or(EVIDENCE),
            summary: extension
                .summary
                .clone()
                .unwrap_or(Template { parts: Vec::new() }),
            canonical: canonical.to_string(),
            unworkable,
        })
    }
}

/// What a document's rule is grouped by: of a new value the group and the value.
fn keys(document: &Document) -> Vec<String> {
    if let Some(block) = document.correlation() {
        return block.group_by;
    }
    let new = document.extension.new_value.iter();
    let fields = new.flat_map(|new| new.group_by.iter().chain(&new.fields));
    fields.map(|field| field.name().to_owned()).collect()
}

fn set<T: Clone + Default>(list: &mut Vec<T>, place: usize, value: T) {
    if list.len() <= place {
        list.resize(place + 1, T::default());
    }
    list[place] = value;
}

fn measure(kind: Type, threshold: &Threshold) -> Option<(Measure, Form)> {
    Some(match kind {
        Type::EventCount => (Measure::Events, Form::Hash),
        Type::ValueCount => (Measure::Values, Form::Hash),
        Type::ValueSum => (Measure::Sum, Form::Number),
        Type::ValueAvg => (Measure::Average, Form::Number),
        Type::ValuePercentile => (Measure::Percentile(threshold.percentile?), Form::Number),
        Type::Temporal => (Measure::Stages, Form::Hash),
        Type::TemporalOrdered => return None,
    })
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
