//! A detection of a rule file to tests over a record.

mod item;

use std::collections::BTreeMap;

use rsigma_parser::{ConditionExpr, Detection, Detections, Quantifier};

use crate::rule::matcher::Expr;
use crate::rule::words::selects;
use crate::settings::Settings;

/// What is wrong, and with which part of the detection (`condition`, or the
/// name of a selection).
pub struct Wrong {
    /// The part.
    pub part: String,
    /// What.
    pub reason: String,
}

/// The most values that one detection may compare with: a condition that names
/// a selection again and again repeats all of it.
const MAX_SIZE: usize = 200_000;

/// Compiles a detection; lists are filled from the settings.
pub fn compile(detections: &Detections, settings: &Settings) -> Result<Expr, Wrong> {
    let named = parts(detections, settings)?.into_iter();
    let mut conditions = Conditions {
        named: named
            .map(|(name, expr)| (name, (expr.size(), expr)))
            .collect(),
        left: MAX_SIZE,
    };
    let wrong = |reason| Wrong {
        part: "condition".to_owned(),
        reason,
    };
    let alternatives = detections.conditions.iter();
    let alternatives: Result<Vec<Expr>, String> = alternatives
        .map(|condition| conditions.read(condition))
        .collect();
    Ok(Expr::any(alternatives.map_err(wrong)?).sealed())
}

/// Compiles its selections alone.
pub fn parts<'d>(
    detections: &'d Detections,
    settings: &Settings,
) -> Result<BTreeMap<&'d str, Expr>, Wrong> {
    let reader = item::Reader { settings };
    let mut named = BTreeMap::new();
    for (name, part) in detections.named.iter().collect::<BTreeMap<_, _>>() {
        let wrong = |reason| Wrong {
            part: name.clone(),
            reason,
        };
        named.insert(name.as_str(), detection(&reader, part).map_err(wrong)?);
    }
    Ok(named)
}

fn detection(reader: &item::Reader<'_>, part: &Detection) -> Result<Expr, String> {
    let each = |parts: &[Detection]| -> Result<Vec<Expr>, String> {
        parts.iter().map(|part| detection(reader, part)).collect()
    };
    match part {
        Detection::AllOf(items) => {
            let items: Result<Vec<Expr>, String> =
                items.iter().map(|item| reader.item(item)).collect();
            items.map(Expr::all)
        }
        Detection::And(parts) => each(parts).map(Expr::all),
        Detection::AnyOf(parts) => each(parts).map(Expr::any),
        Detection::Keywords(values) => reader.keywords(values),
        _ => Err("this kind of detection is not supported by s3sentry".to_owned()),
    }
}

/// Selections by name, with their sizes.
struct Conditions<'d> {
    named: BTreeMap<&'d str, (usize, Expr)>,
    /// How many values may still be added.
    left: usize,
}

impl Conditions<'_> {
    fn read(&mut self, condition: &ConditionExpr) -> Result<Expr, String> {
        match condition {
            ConditionExpr::And(parts) => self.each(parts).map(Expr::all),
            ConditionExpr::Or(parts) => self.each(parts).map(Expr::any),
            ConditionExpr::Not(part) => self.read(part).map(Expr::not),
            ConditionExpr::Identifier(name) => self.take(name),
            ConditionExpr::Selector {
                quantifier,
                pattern,
            } => {
                let names: Vec<&str> = self.named.keys().copied().collect();
                let names = names.into_iter().filter(|name| selects(pattern, name));
                let chosen: Result<Vec<Expr>, String> = names.map(|name| self.take(name)).collect();
                let chosen = chosen?;
                if chosen.is_empty() {
                    return Err(format!("the detection has no part like {pattern}"));
                }
                Ok(match quantifier {
                    Quantifier::Any => Expr::any(chosen),
                    Quantifier::All => Expr::all(chosen),
                    Quantifier::Count(count) => {
                        Expr::least(usize::try_from(*count).unwrap_or(usize::MAX), chosen)
                    }
                })
            }
        }
    }

    fn each(&mut self, parts: &[ConditionExpr]) -> Result<Vec<Expr>, String> {
        parts.iter().map(|part| self.read(part)).collect()
    }

    fn take(&mut self, name: &str) -> Result<Expr, String> {
        let Some((size, expr)) = self.named.get(name) else {
            return Err(format!("the detection has no part {name:?}"));
        };
        // Naming a selection that holds nothing still costs.
        let left = self.left.checked_sub(*size.max(&1));
        self.left = left.ok_or_else(|| {
            format!(
                "the condition compares with more than {MAX_SIZE} values: name a selection once"
            )
        })?;
        Ok(expr.clone())
    }
}
