//! A condition made small and quick without a change of meaning.
//!
//! Tests read a record and nothing else, so they may be asked in any order, and
//! the cheapest goes first. Constants go, except a list that is not set: the rule has
//! to say that it lacks it. What is nested without need is flattened; alternatives for one
//! field become one test.

use super::{Compare, Expr, Place, Test};
use crate::record::Field;
use crate::rule::texts::Texts;

/// So many are asked one by one.
const FEW_NETWORKS: usize = 4;

impl Expr {
    /// All of these.
    #[must_use]
    pub fn all(parts: Vec<Expr>) -> Expr {
        join(parts, true)
    }

    /// Any of these.
    #[must_use]
    pub fn any(parts: Vec<Expr>) -> Expr {
        join(parts, false)
    }

    /// At least so many of these.
    #[must_use]
    pub fn least(least: usize, parts: Vec<Expr>) -> Expr {
        match least {
            0 => Expr::ALWAYS,
            1 => Expr::any(parts),
            _ if least == parts.len() => Expr::all(parts),
            _ if least > parts.len() => Expr::NEVER,
            _ => Expr::Least(least, parts),
        }
    }

    /// Not this.
    #[must_use]
    #[expect(
        clippy::should_implement_trait,
        reason = "it stands beside `all` and `any`"
    )]
    pub fn not(part: Expr) -> Expr {
        match part {
            Expr::Not(part) => *part,
            Expr::All(parts) if parts.is_empty() => Expr::NEVER,
            Expr::Any(parts) if parts.is_empty() => Expr::ALWAYS,
            other => Expr::Not(Box::new(other)),
        }
    }

    /// Whether no record can meet the condition, as when it needs a list that
    /// is not set.
    #[must_use]
    pub fn is_never(&self) -> bool {
        matches!(self, Expr::Any(parts) if parts.is_empty())
    }

    /// How many values the tests compare with: what a tree takes to build.
    #[must_use]
    pub fn size(&self) -> usize {
        let mut size = 0;
        self.each_test(&mut |test| {
            size += match test {
                Test::Text(_, texts) => texts.count(),
                Test::Numbers(_, numbers) => numbers.len(),
                Test::Network(networks) => networks.len(),
                _ => 1,
            };
        });
        size
    }

    /// Puts what is cheap first and makes tests of many texts quick. Called
    /// once, on the whole condition.
    #[must_use]
    pub fn sealed(self) -> Expr {
        let each = |parts: Vec<Expr>| {
            let mut parts: Vec<Expr> = parts.into_iter().map(Expr::sealed).collect();
            parts.sort_by_cached_key(Expr::cost);
            parts
        };
        match self {
            Expr::All(parts) => Expr::All(each(parts)),
            Expr::Any(parts) => Expr::Any(each(parts)),
            Expr::Least(least, parts) => Expr::Least(least, each(parts)),
            Expr::Not(part) => Expr::Not(Box::new(part.sealed())),
            Expr::Test(Test::Text(place, mut texts)) => {
                texts.seal();
                Expr::Test(Test::Text(place, texts))
            }
            Expr::Test(Test::Network(networks)) if networks.len() > FEW_NETWORKS => {
                Expr::Test(Test::Networks(networks.into_iter().collect()))
            }
            test @ Expr::Test(_) => test,
        }
    }

    /// What it takes to ask, roughly, in hundredths of a field of the log.
    #[must_use]
    pub fn cost(&self) -> u32 {
        match self {
            Expr::All(parts) | Expr::Any(parts) | Expr::Least(_, parts) => {
                parts.iter().map(Expr::cost).fold(0, u32::saturating_add)
            }
            Expr::Not(part) => part.cost(),
            Expr::Test(test) => test.cost(),
        }
    }
}

impl Test {
    fn cost(&self) -> u32 {
        let field = |field: &Field| match field {
            // They look for many texts in a long one.
            Field::KeyTier | Field::Probe | Field::ProbeMatch | Field::UserAgentFamily => 2_000,
            // Files of hundreds of thousands of networks are searched.
            Field::Tool | Field::RemoteCountry | Field::RemoteAsn | Field::RemoteOwner => 1_000,
            log if log.is_log() => 100,
            _ => 400,
        };
        match self {
            Test::Class(_) | Test::Flag(Field::Ok, _) => 10,
            Test::Number(Field::RemoteAsn, ..) | Test::Numbers(Field::RemoteAsn, _) => 1_000,
            Test::Number(..) | Test::Numbers(..) => 50,
            Test::Null(of) | Test::Exists(of) => field(of) / 2,
            Test::Network(networks) => 50 + 5 * u32::try_from(networks.len()).unwrap_or(0),
            Test::Unset(_) => 0,
            Test::Networks(_) | Test::Time(..) | Test::Hours(_) => 100,
            Test::RequesterType(_) | Test::Flag(..) | Test::Assumed(..) => 200,
            Test::Text(Place::Field(of), texts) => field(of) + u32::from(texts.count() > 1) * 100,
            Test::Related(related) => field(&related.field) + field(&related.other),
            Test::Regex(Place::Field(of), _) => field(of) + 1_000,
            Test::Text(Place::Line, _) => 2_000,
            Test::Regex(Place::Line, _) => 5_000,
        }
    }
}

/// Flattens, drops what changes nothing, stops at what decides.
fn join(parts: Vec<Expr>, all: bool) -> Expr {
    let mut flat = Vec::new();
    for part in parts {
        match part {
            Expr::All(parts) if all => flat.extend(parts),
            Expr::Any(parts) if !all => flat.extend(parts),
            Expr::All(parts) | Expr::Any(parts) if parts.is_empty() => {
                return if all { Expr::NEVER } else { Expr::ALWAYS };
            }
            other => flat.push(other),
        }
    }
    if !all {
        flat = merge(flat);
    }
    match <[Expr; 1]>::try_from(flat) {
        Ok([one]) => one,
        Err(flat) if all => Expr::All(flat),
        Err(flat) => Expr::Any(flat),
    }
}

/// Alternatives for one field become one test.
fn merge(parts: Vec<Expr>) -> Vec<Expr> {
    let mut merged = Vec::new();
    let (mut classes, mut types, mut networks) = (0, 0, Vec::new());
    let mut texts: Vec<(Place, Texts)> = Vec::new();
    let mut numbers: Vec<(Field, Vec<u64>)> = Vec::new();
    for part in parts {
        match part {
            Expr::Test(Test::Class(more)) => classes |= more,
            Expr::Test(Test::RequesterType(more)) => types |= more,
            Expr::Test(Test::Network(more)) => networks.extend(more),
            Expr::Test(Test::Number(field, Compare::Equal, number)) => {
                add(&mut numbers, field, vec![number]);
            }
            Expr::Test(Test::Numbers(field, more)) => add(&mut numbers, field, more),
            Expr::Test(Test::Text(place, more)) => {
                let same = |(at, texts): &&mut (Place, Texts)| {
                    *at == place && texts.is_cased() == more.is_cased()
                };
                match texts.iter_mut().find(same) {
                    Some((_, known)) => known.join(more),
                    None => texts.push((place, more)),
                }
            }
            other => merged.push(other),
        }
    }
    let mut push = |test| merged.push(Expr::Test(test));
    if classes != 0 {
        push(Test::Class(classes));
    }
    if types != 0 {
        push(Test::RequesterType(types));
    }
    if !networks.is_empty() {
        push(Test::Network(networks));
    }
    for (field, mut all) in numbers {
        all.sort_unstable();
        all.dedup();
        push(match all[..] {
            [number] => Test::Number(field, Compare::Equal, number),
            _ => Test::Numbers(field, all),
        });
    }
    for (place, texts) in texts {
        push(Test::Text(place, texts));
    }
    merged
}

fn add(numbers: &mut Vec<(Field, Vec<u64>)>, field: Field, more: Vec<u64>) {
    match numbers.iter_mut().find(|(known, _)| *known == field) {
        Some((_, known)) => known.extend(more),
        None => numbers.push((field, more)),
    }
}
