//! A detection beside one record: which of its tests hold.
//!
//! The tree is that of the rule file; each test in it is compiled by the
//! compiler that the rules run on, so that both say the same of a record. What
//! is done with the verdict is not known here.

use std::collections::HashMap;
use std::sync::Arc;

use rsigma_parser::{
    ConditionExpr, Detection, DetectionItem, Detections, Modifier, Quantifier, SigmaValue,
};

use super::words;
use crate::record::Field;
use crate::record::derived::View;
use crate::rule::compile::detection;
use crate::rule::matcher::Expr;
use crate::rule::words::selects;
use crate::settings::Settings;

/// A detection, ready to be asked about records.
#[derive(Debug)]
pub struct Judge {
    condition: Tree,
    /// Selections by their names.
    selections: Vec<(Arc<str>, Tree)>,
}

/// A part of a detection.
#[derive(Debug)]
enum Tree {
    All(Vec<Tree>),
    Any(Vec<Tree>),
    Least(u64, Vec<Tree>),
    Not(Box<Tree>),
    /// The selection at this place.
    Selection(usize),
    Test(Test),
}

/// One test in words, with what it looks at.
#[derive(Debug)]
struct Test {
    words: Arc<str>,
    fields: Vec<Field>,
    expr: Expr,
}

/// What a record makes of a part of a detection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it holds.
    pub holds: bool,
    /// What.
    pub what: What,
}

/// The parts of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// All of these.
    All(Vec<Verdict>),
    /// One of these.
    Any(Vec<Verdict>),
    /// At least so many of these.
    Least(u64, Vec<Verdict>),
    /// Not this.
    Not(Box<Verdict>),
    /// A selection by its name; only where it is named first, with what is in it.
    Selection(Arc<str>, Option<Box<Verdict>>),
    /// One test, with the values that the record has in its fields.
    Test(Arc<str>, Vec<Value>),
}

/// The value of a field, redacted by whoever shows it; `None` is null or absent.
pub type Value = (&'static str, Option<Vec<u8>>);

/// How much of a detection holds, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// A whole selection that is asked for.
    Selection,
    /// One test.
    Test,
    /// Nothing.
    Nothing,
}

impl Judge {
    /// Compiles a detection that the rules' compiler has taken already.
    pub fn new(detections: &Detections, settings: &Settings) -> Result<Self, String> {
        let mut named: Vec<_> = detections.named.iter().collect();
        named.sort_by_key(|(name, _)| name.as_str());
        let selections: Result<Vec<(Arc<str>, Tree)>, String> = named
            .into_iter()
            .map(|(name, part)| Ok((name.as_str().into(), selection(part, settings)?)))
            .collect();
        let selections = selections?;
        let conditions = detections.conditions.iter();
        let conditions: Result<Vec<Tree>, String> = conditions
            .map(|condition| self::condition(condition, &selections))
            .collect();
        Ok(Self {
            condition: one_or(conditions?, Tree::Any),
            selections,
        })
    }

    /// What a record makes of it.
    pub fn verdict(&self, view: &View<'_, '_>) -> Verdict {
        let mut told = vec![false; self.selections.len()];
        self.of(&self.condition, view, &mut told)
    }

    fn of(&self, tree: &Tree, view: &View<'_, '_>, told: &mut [bool]) -> Verdict {
        let mut each = |parts: &[Tree]| -> Vec<Verdict> {
            let parts = parts.iter().map(|part| self.of(part, view, told));
            parts.collect()
        };
        let (holds, what) = match tree {
            Tree::All(parts) => {
                let parts = each(parts);
                (parts.iter().all(|part| part.holds), What::All(parts))
            }
            Tree::Any(parts) => {
                let parts = each(parts);
                (parts.iter().any(|part| part.holds), What::Any(parts))
            }
            Tree::Least(least, parts) => {
                let parts = each(parts);
                let holding = parts.iter().filter(|part| part.holds).count();
                (holding as u64 >= *least, What::Least(*least, parts))
            }
            Tree::Not(part) => {
                let part = self.of(part, view, told);
                (!part.holds, What::Not(Box::new(part)))
            }
            Tree::Selection(place) => {
                let (name, tree) = &self.selections[*place];
                let inside = (!std::mem::replace(&mut told[*place], true))
                    .then(|| Box::new(self.of(tree, view, told)));
                let holds = match &inside {
                    Some(inside) => inside.holds,
                    None => self.holds(tree, view),
                };
                (holds, What::Selection(Arc::clone(name), inside))
            }
            Tree::Test(test) => {
                let value = |field: &Field| (field.name(), view.bytes(*field).map(<[u8]>::to_vec));
                let values = test.fields.iter().map(value).collect();
                let what = What::Test(Arc::clone(&test.words), values);
                (test.expr.matches(view), what)
            }
        };
        Verdict { holds, what }
    }

    fn holds(&self, tree: &Tree, view: &View<'_, '_>) -> bool {
        match tree {
            Tree::All(parts) => parts.iter().all(|part| self.holds(part, view)),
            Tree::Any(parts) => parts.iter().any(|part| self.holds(part, view)),
            Tree::Least(least, parts) => {
                let holding = parts.iter().filter(|part| self.holds(part, view));
                holding.count() as u64 >= *least
            }
            Tree::Not(part) => !self.holds(part, view),
            Tree::Selection(place) => self.holds(&self.selections[*place].1, view),
            Tree::Test(test) => test.expr.matches(view),
        }
    }

    /// How much of what is asked for a record has. What is asked not to hold
    /// says nothing: nearly every record has none of it.
    pub fn nearness(&self, view: &View<'_, '_>) -> Nearness {
        self.near(&self.condition, view)
    }

    fn near(&self, tree: &Tree, view: &View<'_, '_>) -> Nearness {
        match tree {
            Tree::All(parts) | Tree::Any(parts) | Tree::Least(_, parts) => {
                let parts = parts.iter().map(|part| self.near(part, view));
                parts.min().unwrap_or(Nearness::Nothing)
            }
            Tree::Selection(place) => {
                let tree = &self.selections[*place].1;
                if self.holds(tree, view) {
                    return Nearness::Selection;
                }
                self.near(tree, view)
            }
            Tree::Test(test) if test.expr.matches(view) => Nearness::Test,
            Tree::Test(_) | Tree::Not(_) => Nearness::Nothing,
        }
    }
}

/// The one of them, or all joined.
fn one_or(parts: Vec<Tree>, join: impl FnOnce(Vec<Tree>) -> Tree) -> Tree {
    match <[Tree; 1]>::try_from(parts) {
        Ok([one]) => one,
        Err(parts) => join(parts),
    }
}

fn condition(condition: &ConditionExpr, selections: &[(Arc<str>, Tree)]) -> Result<Tree, String> {
    let each = |parts: &[ConditionExpr]| -> Result<Vec<Tree>, String> {
        let parts = parts.iter().map(|part| self::condition(part, selections));
        parts.collect()
    };
    Ok(match condition {
        ConditionExpr::And(parts) => Tree::All(each(parts)?),
        ConditionExpr::Or(parts) => Tree::Any(each(parts)?),
        ConditionExpr::Not(part) => Tree::Not(Box::new(self::condition(part, selections)?)),
        ConditionExpr::Identifier(name) => {
            let place = selections.iter().position(|(known, _)| **known == **name);
            Tree::Selection(place.ok_or_else(|| format!("the detection has no part {name:?}"))?)
        }
        ConditionExpr::Selector {
            quantifier,
            pattern,
        } => {
            let chosen = selections.iter().enumerate();
            let chosen = chosen.filter(|(_, (name, _))| selects(pattern, name));
            let chosen = chosen.map(|(place, _)| Tree::Selection(place)).collect();
            match quantifier {
                Quantifier::Any | Quantifier::Count(1) => Tree::Any(chosen),
                Quantifier::All => Tree::All(chosen),
                Quantifier::Count(least) => Tree::Least(*least, chosen),
            }
        }
    })
}

fn selection(part: &Detection, settings: &Settings) -> Result<Tree, String> {
    let each = |parts: &[Detection]| -> Result<Vec<Tree>, String> {
        parts.iter().map(|part| selection(part, settings)).collect()
    };
    Ok(match part {
        Detection::AllOf(items) => {
            let items = items.iter().map(|item| test(item, settings));
            one_or(items.collect::<Result<_, _>>()?, Tree::All)
        }
        Detection::And(parts) => one_or(each(parts)?, Tree::All),
        Detection::AnyOf(parts) => one_or(each(parts)?, Tree::Any),
        other => Tree::Test(Test {
            words: words::selection(other, settings).into(),
            fields: Vec::new(),
            expr: compiled(other.clone(), settings)?,
        }),
    })
}

fn test(item: &DetectionItem, settings: &Settings) -> Result<Tree, String> {
    let name = item.field.name.as_deref();
    let mut fields: Vec<Field> = name.and_then(Field::from_name).into_iter().collect();
    if item.field.has_modifier(Modifier::FieldRef) {
        let others = item.values.iter().filter_map(|value| match value {
            SigmaValue::String(name) => Field::from_name(&name.original),
            _ => None,
        });
        fields.extend(others);
    }
    Ok(Tree::Test(Test {
        words: words::item(item, settings).into(),
        fields,
        expr: compiled(Detection::AllOf(vec![item.clone()]), settings)?,
    }))
}

/// A part of a detection by itself, as the compiler reads it.
fn compiled(part: Detection, settings: &Settings) -> Result<Expr, String> {
    let detections = Detections {
        named: HashMap::from([("part".to_owned(), part)]),
        conditions: vec![ConditionExpr::Identifier("part".to_owned())],
        condition_strings: Vec::new(),
        timeframe: None,
    };
    detection::compile(&detections, settings).map_err(|wrong| wrong.reason)
}
