//! A detection of a rule file to tests over a record.

use std::collections::{BTreeMap, BTreeSet};

use rsigma_parser::{
    ConditionExpr, Detection, DetectionItem, Detections, Modifier, Quantifier, SigmaString,
    SigmaValue,
};

use crate::record::{Field, Kind};
use crate::rule::matcher::{self, Compare, Expr, Listed, Test};
use crate::rule::pattern::{self, Flags};
use crate::rule::text::{Anchor, Text};
use crate::rule::words::PLACEHOLDERS;
use crate::settings::{Names, Settings, networks};

/// What is wrong, and with which part of the detection (`condition`, or the
/// name of a selection).
pub struct Wrong {
    /// The part.
    pub part: String,
    /// What.
    pub reason: String,
}

/// Compiles a detection; lists are filled from the settings.
pub fn compile(detections: &Detections, settings: &Settings) -> Result<Expr, Wrong> {
    let named = parts(detections, settings)?;
    let conditions = detections.conditions.iter();
    let conditions: Result<Vec<Expr>, String> = conditions
        .map(|condition| condition_expr(condition, &named))
        .collect();
    let wrong = |reason| Wrong {
        part: "condition".to_owned(),
        reason,
    };
    let mut conditions = conditions.map_err(wrong)?;
    if conditions.len() == 1 {
        return Ok(conditions.remove(0));
    }
    Ok(Expr::Any(conditions))
}

/// Compiles its selections alone.
pub fn parts<'d>(
    detections: &'d Detections,
    settings: &Settings,
) -> Result<BTreeMap<&'d str, Expr>, Wrong> {
    let reader = Reader { settings };
    let mut named = BTreeMap::new();
    for (name, detection) in detections.named.iter().collect::<BTreeMap<_, _>>() {
        let wrong = |reason| Wrong {
            part: name.clone(),
            reason,
        };
        named.insert(name.as_str(), reader.detection(detection).map_err(wrong)?);
    }
    Ok(named)
}

struct Reader<'s> {
    settings: &'s Settings,
}

impl Reader<'_> {
    fn detection(&self, detection: &Detection) -> Result<Expr, String> {
        let all = |parts: Result<Vec<_>, _>| parts.map(Expr::All);
        match detection {
            Detection::AllOf(items) => all(items.iter().map(|item| self.item(item)).collect()),
            Detection::And(parts) => all(parts.iter().map(|part| self.detection(part)).collect()),
            Detection::AnyOf(parts) => {
                let parts: Result<Vec<_>, _> =
                    parts.iter().map(|part| self.detection(part)).collect();
                parts.map(Expr::Any)
            }
            _ => Err("this kind of detection is not supported by s3sentry".to_owned()),
        }
    }

    fn item(&self, item: &DetectionItem) -> Result<Expr, String> {
        let name = item.field.name.as_deref().unwrap_or_default();
        let field = Field::from_name(name).ok_or_else(|| format!("unknown field {name:?}"))?;
        let has = |modifier| item.field.has_modifier(modifier);
        if has(Modifier::Exists) {
            let wanted = !matches!(item.values[..], [SigmaValue::Bool(false)]);
            let exists = Expr::Test(Test::Exists(field));
            return Ok(if wanted {
                exists
            } else {
                Expr::Not(Box::new(exists))
            });
        }
        let tests: Result<Vec<Expr>, String> = item
            .values
            .iter()
            .map(|value| self.value(field, &item.field.modifiers, value))
            .collect();
        let tests = if has(Modifier::All) {
            tests?
        } else {
            merge(tests?)
        };
        let any = match <[Expr; 1]>::try_from(tests) {
            Ok([one]) => one,
            Err(tests) if has(Modifier::All) => Expr::All(tests),
            Err(tests) => Expr::Any(tests),
        };
        if has(Modifier::Neq) {
            let there = Expr::Test(Test::Exists(field));
            return Ok(Expr::All(vec![there, Expr::Not(Box::new(any))]));
        }
        Ok(any)
    }

    fn value(
        &self,
        field: Field,
        modifiers: &[Modifier],
        value: &SigmaValue,
    ) -> Result<Expr, String> {
        let has = |modifier| modifiers.contains(&modifier);
        // An `expand` list may hold plain values beside the names of lists.
        if let (true, SigmaValue::String(text)) = (has(Modifier::Expand), value)
            && let Some(name) = text
                .original
                .strip_prefix('%')
                .and_then(|name| name.strip_suffix('%'))
        {
            return self.list(field, name).map(Expr::Test);
        }
        let test = match value {
            SigmaValue::Null => Test::Null(field),
            SigmaValue::Bool(flag) if field.kind() == Kind::Flag => Test::Flag(field, *flag),
            SigmaValue::Bool(flag) => {
                text(field, &SigmaString::from_raw(&flag.to_string()), modifiers)
            }
            SigmaValue::Integer(number) => {
                let number =
                    u64::try_from(*number).map_err(|_| "a number below zero".to_owned())?;
                Test::Number(field, compare(modifiers), number)
            }
            SigmaValue::Float(_) => return Err("a number with a fraction".to_owned()),
            SigmaValue::String(network) if has(Modifier::Cidr) => {
                let network =
                    networks::parse(&network.original).map_err(|error| error.to_string())?;
                Test::Network(vec![network])
            }
            SigmaValue::String(regex) if has(Modifier::Re) => {
                let flags = Flags {
                    ignore_case: has(Modifier::IgnoreCase),
                    multi_line: has(Modifier::Multiline),
                    dot_all: has(Modifier::DotAll),
                };
                Test::Regex(field, pattern::regex(&regex.original, flags)?)
            }
            SigmaValue::String(string) => text(field, string, modifiers),
        };
        Ok(Expr::Test(test))
    }

    /// A placeholder, filled from the settings; a list that is not set holds
    /// nothing.
    fn list(&self, field: Field, name: &str) -> Result<Test, String> {
        let (name, _) = PLACEHOLDERS
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| format!("unknown placeholder {name:?}"))?;
        let settings = self.settings;
        let exact = |list: &Option<BTreeSet<String>>| {
            let list = list.clone().map(Listed::Exact);
            list.map(|list| Test::Listed(field, list))
        };
        let names = |list: &Option<Names>| {
            let list = list.clone().map(Listed::Names);
            list.map(|list| Test::Listed(field, list))
        };
        let test = match *name {
            "trusted_networks" => settings.trusted_networks.clone().map(Test::Networks),
            "accounts" => exact(&settings.accounts),
            "trusted_accounts" => exact(&settings.trusted_accounts),
            "public_buckets" => names(&settings.public_buckets),
            "buckets" => names(&settings.buckets),
            "watched_keys" => names(&settings.watched_keys),
            "log_buckets" => names(&settings.log_buckets),
            "vpc_only_buckets" => names(&settings.vpc_only_buckets),
            "work_hours" => settings.work_hours.clone().map(Test::Hours),
            _ => None,
        };
        Ok(test.unwrap_or(Test::Unset(name)))
    }
}

fn text(field: Field, string: &SigmaString, modifiers: &[Modifier]) -> Test {
    let has = |modifier| modifiers.contains(&modifier);
    let anchor = if has(Modifier::Contains) {
        Anchor::Within
    } else if has(Modifier::StartsWith) {
        Anchor::Start
    } else if has(Modifier::EndsWith) {
        Anchor::End
    } else {
        Anchor::Whole
    };
    let text = Text::new(string, anchor, has(Modifier::Cased));
    match field {
        Field::OperationClass => Test::Class(matcher::classes(&text)),
        Field::RequesterType => Test::RequesterType(matcher::requester_types(&text)),
        _ => Test::Text(field, vec![text]),
    }
}

fn compare(modifiers: &[Modifier]) -> Compare {
    let table = [
        (Modifier::Gt, Compare::More),
        (Modifier::Gte, Compare::AtLeast),
        (Modifier::Lt, Compare::Less),
        (Modifier::Lte, Compare::AtMost),
    ];
    table
        .iter()
        .find(|(modifier, _)| modifiers.contains(modifier))
        .map_or(Compare::Equal, |(_, compare)| *compare)
}

/// Joins tests of one field that are alternatives into one.
fn merge(tests: Vec<Expr>) -> Vec<Expr> {
    let mut merged: Vec<Expr> = Vec::new();
    for test in tests {
        match (merged.last_mut(), test) {
            (Some(Expr::Test(Test::Class(classes))), Expr::Test(Test::Class(more))) => {
                *classes |= more;
            }
            (
                Some(Expr::Test(Test::RequesterType(types))),
                Expr::Test(Test::RequesterType(more)),
            ) => {
                *types |= more;
            }
            (Some(Expr::Test(Test::Text(_, known))), Expr::Test(Test::Text(_, more))) => {
                known.extend(more);
            }
            (_, test) => merged.push(test),
        }
    }
    merged
}

fn condition_expr(condition: &ConditionExpr, named: &BTreeMap<&str, Expr>) -> Result<Expr, String> {
    let each = |parts: &[ConditionExpr]| -> Result<Vec<Expr>, String> {
        parts
            .iter()
            .map(|part| condition_expr(part, named))
            .collect()
    };
    match condition {
        ConditionExpr::And(parts) => each(parts).map(Expr::All),
        ConditionExpr::Or(parts) => each(parts).map(Expr::Any),
        ConditionExpr::Not(part) => Ok(Expr::Not(Box::new(condition_expr(part, named)?))),
        ConditionExpr::Identifier(name) => named
            .get(name.as_str())
            .cloned()
            .ok_or_else(|| format!("the detection has no part {name:?}")),
        ConditionExpr::Selector {
            quantifier,
            pattern,
        } => {
            let chosen: Vec<Expr> = named
                .iter()
                .filter(|(name, _)| pattern.matches_detection_name(name))
                .map(|(_, expr)| expr.clone())
                .collect();
            if chosen.is_empty() {
                return Err(format!("the detection has no part like {pattern}"));
            }
            match quantifier {
                Quantifier::Any | Quantifier::Count(1) => Ok(Expr::Any(chosen)),
                Quantifier::All => Ok(Expr::All(chosen)),
                Quantifier::Count(_) => {
                    Err("only \"1 of\" and \"all of\" are supported".to_owned())
                }
            }
        }
    }
}
