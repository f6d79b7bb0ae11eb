//! What rules learn: the part of compiling that is there only beside a baseline.
//!
//! A record alone does not say whether its network or principal is new. So a
//! condition that rests on that becomes several, one for each answer, and which
//! of them counts is decided when the records of a period are evaluated. What
//! the answers are, and when, is [`crate::baseline`]'s business.

use std::sync::Arc;

use serde_json::json;

use super::build::{Builder, Names};
use super::{Compiler, canonical};
use crate::baseline::{self, DAY, Dimension, HOUR, Kind, Lessons, Novelty, Series};
use crate::record::Field;
use crate::record::derived::requester::RequesterType;
use crate::rule::document::{
    Correlation as Block, Document, Kind as Type, NewValue, Usual as UsualDocument,
};
use crate::rule::matcher::{Expr, Test};
use crate::rule::missing::BASELINE;
use crate::rule::plan::Usual;
use crate::rule::set::{Cases, Form, Learn, is_conditional};

/// Kinds of entities that are noted of every record, at most.
const MAX_KINDS: usize = 64;

/// What is learned so far.
pub struct Learning {
    options: baseline::Options,
    lessons: Lessons,
    /// For each kind the slots of its fields.
    kinds: Vec<Vec<u8>>,
    /// For each dimension the slots of its value.
    values: Vec<Vec<u8>>,
    /// For each series the slot of the number that is added up.
    sums: Vec<Option<u8>>,
    /// Places of the dimensions behind `new_network` and `new_principal`.
    network: usize,
    principal: usize,
}

/// What a condition asks a baseline for.
pub struct Asked {
    /// Places of dimensions.
    pub dimensions: Vec<usize>,
    /// Whether the network is among them.
    network: bool,
    principal: bool,
}

impl Learning {
    /// What runs.
    pub fn finish(self) -> Learn {
        Learn::new(Arc::new(self.lessons), self.kinds, self.values, self.sums)
    }

    /// What a condition asks for; nothing where it asks for nothing.
    pub fn asks(&self, expr: &Expr) -> Option<Asked> {
        let (mut network, mut principal) = (false, false);
        expr.each_test(&mut |test| match test {
            Test::Flag(field, _) | Test::Null(field) | Test::Exists(field) => {
                network |= matches!(
                    field,
                    Field::NewNetwork | Field::UnknownNetwork | Field::Stranger
                );
                principal |= *field == Field::NewPrincipal;
            }
            _ => {}
        });
        let places = [(network, self.network), (principal, self.principal)];
        let asked = places.into_iter().filter(|(asked, _)| *asked);
        let dimensions: Vec<usize> = asked.map(|(_, place)| place).collect();
        (!dimensions.is_empty()).then_some(Asked {
            dimensions,
            network,
            principal,
        })
    }
}

impl Asked {
    /// The condition for each answer: those of the first dimension change
    /// slowest.
    pub fn cases(&self, expr: &Expr) -> Vec<Expr> {
        let answers = |asked| {
            if asked {
                &Novelty::ALL[..]
            } else {
                &[Novelty::Unlearned]
            }
        };
        let mut cases = Vec::new();
        for network in answers(self.network) {
            for principal in answers(self.principal) {
                cases.push(assume(expr, *network, *principal));
            }
        }
        cases
    }
}

/// The condition where these are the answers.
fn assume(expr: &Expr, network: Novelty, principal: Novelty) -> Expr {
    let each = |parts: &[Expr]| {
        let parts = parts.iter().map(|part| assume(part, network, principal));
        parts.collect()
    };
    let constant = |holds| if holds { Expr::ALWAYS } else { Expr::NEVER };
    match expr {
        Expr::All(parts) => Expr::all(each(parts)),
        Expr::Any(parts) => Expr::any(each(parts)),
        Expr::Least(least, parts) => {
            let parts: Vec<Expr> = each(parts);
            // Constants count, too.
            let (sure, open): (Vec<Expr>, Vec<Expr>) = parts
                .into_iter()
                .filter(|part| !part.is_never())
                .partition(|part| matches!(part, Expr::All(parts) if parts.is_empty()));
            Expr::least(least.saturating_sub(sure.len()), open)
        }
        Expr::Not(part) => Expr::not(assume(part, network, principal)),
        Expr::Test(test) => {
            let answer = |field: &Field| match field {
                Field::NewNetwork => network,
                _ => principal,
            };
            match test {
                Test::Flag(field @ (Field::NewNetwork | Field::NewPrincipal), value) => {
                    constant(match answer(field) {
                        Novelty::Unlearned => false,
                        Novelty::Known => !value,
                        Novelty::New => *value,
                    })
                }
                Test::Null(field @ (Field::NewNetwork | Field::NewPrincipal)) => {
                    constant(answer(field) == Novelty::Unlearned)
                }
                Test::Exists(field @ (Field::NewNetwork | Field::NewPrincipal)) => {
                    constant(answer(field) != Novelty::Unlearned)
                }
                Test::Null(Field::UnknownNetwork) if network != Novelty::Unlearned => Expr::NEVER,
                Test::Exists(Field::UnknownNetwork) if network != Novelty::Unlearned => {
                    Expr::ALWAYS
                }
                Test::Flag(field @ (Field::Stranger | Field::UnknownNetwork), value)
                    if network != Novelty::Unlearned =>
                {
                    Expr::Test(Test::Assumed(*field, *value, network))
                }
                other => Expr::Test(other.clone()),
            }
        }
    }
}

/// Requests whose sender S3 has recognised, without those by link.
fn authenticated() -> Vec<Expr> {
    let nobody = [RequesterType::Anonymous, RequesterType::AuthFailed];
    let nobody = nobody.iter().fold(0, |bits, kind| bits | 1 << *kind as u16);
    vec![
        Expr::Test(Test::Flag(Field::Ok, true)),
        Expr::Test(Test::Flag(Field::Presigned, false)),
        Expr::not(Expr::Test(Test::RequesterType(nobody))),
    ]
}

impl Compiler<'_> {
    /// What is learned whatever the rules: who and what there is, from where
    /// accounts, principals and buckets are used.
    pub(super) fn begin_learning(&mut self, options: baseline::Options) {
        self.learning = Some(Learning {
            options,
            lessons: Lessons::default(),
            kinds: Vec::new(),
            values: Vec::new(),
            sums: Vec::new(),
            network: 0,
            principal: 0,
        });
        for fields in [
            vec![],
            vec![Field::BucketName],
            vec![Field::Principal],
            vec![Field::RemoteHost],
        ] {
            self.kind(fields);
        }
        let used = self.push(Expr::all(authenticated()), &[]);
        let served = self.push(Expr::Test(Test::Flag(Field::Ok, true)), &[]);
        let known = self.push(
            Expr::all(vec![
                Expr::Test(Test::Flag(Field::Ok, true)),
                Expr::Test(Test::Flag(Field::Internal, false)),
            ]),
            &[],
        );
        let network = vec![Field::RemoteNet];
        let rows = [
            (
                "new_network",
                vec![Field::RequesterAccount],
                network.clone(),
                used,
            ),
            ("new_principal", vec![], vec![Field::Principal], known),
            (
                "networks of a principal",
                vec![Field::Principal],
                network.clone(),
                served,
            ),
            (
                "networks of a bucket",
                vec![Field::BucketName],
                network,
                served,
            ),
        ];
        let mut places = Vec::new();
        for (name, group, value, teaches) in rows {
            let canonical = json!({
                "builtin": name,
                "group-by": group.iter().map(|field| field.name()).collect::<Vec<_>>(),
                "field": value.iter().map(|field| field.name()).collect::<Vec<_>>(),
            });
            let learn_days = options.learn_days;
            let memory_days = options.memory_days;
            let group = self.kind(group).unwrap_or_default();
            places.extend(self.dimension(Dimension {
                id: 0,
                name: name.to_owned(),
                canonical: canonical.to_string(),
                group,
                value,
                teaches,
                learn_days,
                memory_days,
            }));
        }
        if let (Some(learning), [network, principal, ..]) = (&mut self.learning, &places[..]) {
            learning.network = *network;
            learning.principal = *principal;
        }
    }

    /// The place of a kind; none where there are too many slots.
    fn kind(&mut self, fields: Vec<Field>) -> Option<usize> {
        let kind = Kind::new(fields);
        let learning = self.learning.as_ref()?;
        if let Some(place) = learning
            .lessons
            .kinds
            .iter()
            .position(|known| *known == kind)
        {
            return Some(place);
        }
        if learning.kinds.len() == MAX_KINDS {
            return None;
        }
        let slots = self.slots_of(&kind.fields)?;
        let learning = self.learning.as_mut()?;
        learning.kinds.push(slots);
        learning.lessons.kinds.push(kind);
        Some(learning.kinds.len() - 1)
    }

    fn slots_of(&mut self, fields: &[Field]) -> Option<Vec<u8>> {
        let slots = fields.iter().map(|field| self.slot_of(*field, Form::Hash));
        slots.collect()
    }

    fn dimension(&mut self, mut dimension: Dimension) -> Option<usize> {
        dimension.id = crate::record::hash::value(dimension.canonical.as_bytes());
        let slots = self.slots_of(&dimension.value)?;
        let learning = self.learning.as_mut()?;
        let same = |known: &Dimension| {
            (known.id, known.learn_days, known.memory_days)
                == (dimension.id, dimension.learn_days, dimension.memory_days)
        };
        if let Some(place) = learning.lessons.dimensions.iter().position(same) {
            return Some(place);
        }
        learning.values.push(slots);
        learning.lessons.dimensions.push(dimension);
        Some(learning.values.len() - 1)
    }

    /// A selection of which only those cases count that the answers to these
    /// dimensions say.
    pub(super) fn select_cases(
        &mut self,
        dimensions: Vec<usize>,
        cases: Vec<Expr>,
        parents: &[usize],
    ) -> usize {
        let place = self.push(Expr::NEVER, parents);
        let slots = self.learning.iter().flat_map(|learning| {
            dimensions.iter().flat_map(|at| {
                let group = learning.lessons.dimensions[*at].group;
                learning.kinds[group].iter().chain(&learning.values[*at])
            })
        });
        let slots = slots.fold(0u64, |slots, slot| slots | 1 << slot);
        let by = cases.into_iter().map(|expr| {
            (!expr.is_never()).then(|| {
                let case = self.push(expr, parents);
                self.selections[case].case_of = Some(place);
                case
            })
        });
        let by = by.collect();
        self.selections[place].slots = slots;
        self.selections[place].cases = Some(Cases { dimensions, by });
        place
    }

    /// The records of a selection with a value that is new in its group.
    pub(super) fn new_value(
        &mut self,
        document: &Document,
        new: &NewValue,
        teaches: usize,
    ) -> Option<usize> {
        let Some(learning) = &self.learning else {
            // Without a baseline nothing is new, and the rule says so.
            return Some(self.select(Expr::Test(Test::Unset(BASELINE)), &[teaches]));
        };
        if is_conditional(&self.selections, teaches) {
            let reason = "a detection with \"new_value\" cannot ask for stranger, unknown_network, \
                          new_network or new_principal: what it learns may not depend on what is \
                          learned";
            self.fail(document, &["s3sentry", "new_value"], reason.to_owned());
            return None;
        }
        let options = learning.options;
        let group = self.kind(new.group_by.clone());
        let names =
            |fields: &[Field]| -> Vec<&str> { fields.iter().map(|field| field.name()).collect() };
        let canonical = json!({
            "detection": canonical::learned(document),
            "group-by": names(&new.group_by),
            "field": names(&new.fields),
        });
        let place = group.and_then(|group| {
            self.dimension(Dimension {
                id: 0,
                name: document.label().to_owned(),
                canonical: canonical.to_string(),
                group,
                value: new.fields.clone(),
                teaches,
                learn_days: new.learn.unwrap_or(options.learn_days),
                memory_days: new.memory.unwrap_or(options.memory_days),
            })
        });
        let Some(place) = place else {
            let reason = "all rules up to this one group and count by too many different values";
            self.fail(document, &["s3sentry", "new_value"], reason.to_owned());
            return None;
        };
        let cases = Novelty::ALL.map(|novelty| match novelty {
            Novelty::New => Expr::ALWAYS,
            _ => Expr::NEVER,
        });
        Some(self.select_cases(vec![place], cases.into(), &[teaches]))
    }
}

impl<'d> Builder<'_, 'd> {
    /// What a correlation compares with: the sums of its own records by the hour.
    pub(super) fn usual(
        &mut self,
        document: &'d Document,
        block: &Block,
        usual: UsualDocument,
        leaves: &[(usize, Names)],
        below: &[serde_json::Value],
    ) -> Option<Usual> {
        let fail = |builder: &mut Self, reason: String| {
            let path = ["s3sentry", "baseline"];
            builder.compiler().fail(document, &path, reason);
            None
        };
        let hours = usual.hours as i64;
        if hours > 1 && block.timespan < hours * HOUR || block.timespan > DAY {
            let reason = format!(
                "the timespan must be from {hours} h, the hours that are compared, to 24 h"
            );
            return fail(self, reason);
        }
        let named = |name: &String| leaves.iter().find_map(|(_, names)| names.field(name));
        let fields: Option<Vec<Field>> = block.group_by.iter().map(named).collect();
        let aliased = !block.aliases.is_empty() || fields.is_none();
        if block.group_by.is_empty() || aliased {
            let reason = "what is compared with a baseline is grouped by fields, without aliases";
            return fail(self, reason.to_owned());
        }
        let of: Vec<usize> = leaves
            .iter()
            .map(|(mark, _)| self.selection(*mark))
            .collect();
        let compiler = self.compiler();
        let mut plan = Usual {
            series: None,
            times: usual.times,
            hours: usual.hours,
            otherwise: usual.otherwise,
        };
        if compiler.learning.is_none() {
            return Some(plan);
        }
        if of
            .iter()
            .any(|at| is_conditional(&compiler.selections, *at))
        {
            let reason = "what is compared with a baseline cannot ask for stranger, \
                          unknown_network, new_network or new_principal, or count new values: \
                          what it learns may not depend on what is learned";
            return fail(self, reason.to_owned());
        }
        let sum = match (block.kind, &block.condition.field) {
            (Type::ValueSum, Some(name)) => Field::from_name(name),
            _ => None,
        };
        let canonical = json!({
            "of": below,
            "sum": sum.map(Field::name),
            "group-by": block.group_by,
            "filters": document.filters.iter().map(canonical::detections).collect::<Vec<_>>(),
        });
        let kind = compiler.kind(fields.unwrap_or_default());
        let slot = sum.map(|field| compiler.slot_of(field, Form::Number));
        let (Some(kind), false, Some(learning)) =
            (kind, slot == Some(None), compiler.learning.as_mut())
        else {
            let reason = "all rules up to this one group and count by too many different values";
            return fail(self, reason.to_owned());
        };
        let series = Series {
            id: crate::record::hash::value(canonical.to_string().as_bytes()),
            name: document.label().to_owned(),
            canonical: canonical.to_string(),
            kind,
            sum,
            of,
        };
        let all = &mut learning.lessons.series;
        let known = all.iter().position(|known| known.id == series.id);
        plan.series = Some(known.unwrap_or_else(|| {
            all.push(series);
            learning.sums.push(slot.flatten());
            all.len() - 1
        }));
        Some(plan)
    }
}
