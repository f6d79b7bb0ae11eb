//! What class and outcome of a request decide of a condition before any field
//! is looked at.
//!
//! Dispatch skips what cannot hold, so every answer here may say too little,
//! and never too much.

use super::{Expr, Place, Related, Test};
use crate::record::Field;
use crate::record::derived::View;
use crate::record::derived::operation::{self, OperationClass};
use crate::rule::text::{Anchor, Text};

/// How a request ended, as far as dispatch cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// 2xx without an error code, and the reading half of a copy.
    Ok,
    /// 304.
    NotModified,
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
    /// All else.
    Other,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Outcome; 5] = [
        Outcome::Ok,
        Outcome::NotModified,
        Outcome::Forbidden,
        Outcome::NotFound,
        Outcome::Other,
    ];

    /// How this request ended.
    #[must_use]
    #[inline]
    pub fn of(view: &View<'_, '_>) -> Self {
        if view.ok() {
            return Outcome::Ok;
        }
        match view.record().status() {
            Some(304) => Outcome::NotModified,
            Some(403) => Outcome::Forbidden,
            Some(404) => Outcome::NotFound,
            _ => Outcome::Other,
        }
    }

    fn status(self) -> Option<u64> {
        match self {
            Outcome::NotModified => Some(304),
            Outcome::Forbidden => Some(403),
            Outcome::NotFound => Some(404),
            Outcome::Ok | Outcome::Other => None,
        }
    }
}

/// What is known of a condition before the record is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likely {
    /// It cannot hold.
    No,
    /// It depends.
    Maybe,
    /// It holds.
    Yes,
}

impl Expr {
    /// What class and outcome alone decide.
    #[must_use]
    pub fn likely(&self, class: Option<OperationClass>, outcome: Outcome) -> Likely {
        let count = |parts: &[Expr], least: Likely| {
            let likely = parts.iter().map(|part| part.likely(class, outcome));
            likely.filter(|likely| *likely >= least).count()
        };
        match self {
            Expr::All(parts) => parts
                .iter()
                .map(|part| part.likely(class, outcome))
                .min()
                .unwrap_or(Likely::Yes),
            Expr::Any(parts) => parts
                .iter()
                .map(|part| part.likely(class, outcome))
                .max()
                .unwrap_or(Likely::No),
            Expr::Least(least, parts) if count(parts, Likely::Yes) >= *least => Likely::Yes,
            Expr::Least(least, parts) if count(parts, Likely::Maybe) < *least => Likely::No,
            Expr::Least(..) => Likely::Maybe,
            Expr::Not(part) => match part.likely(class, outcome) {
                Likely::No => Likely::Yes,
                Likely::Maybe => Likely::Maybe,
                Likely::Yes => Likely::No,
            },
            Expr::Test(test) => test.likely(class, outcome),
        }
    }
}

impl Test {
    fn likely(&self, class: Option<OperationClass>, outcome: Outcome) -> Likely {
        let sure = |holds| if holds { Likely::Yes } else { Likely::No };
        let maybe = |holds| if holds { Likely::Maybe } else { Likely::No };
        match self {
            Test::Class(classes) => {
                sure(class.is_some_and(|class| classes & (1 << class as u16) != 0))
            }
            Test::Flag(Field::Ok, value) => sure((outcome == Outcome::Ok) == *value),
            Test::Null(Field::ErrorCode) if outcome == Outcome::Ok => Likely::Yes,
            Test::Exists(Field::ErrorCode)
            | Test::Text(Place::Field(Field::ErrorCode), _)
            | Test::Regex(Place::Field(Field::ErrorCode), _)
            | Test::Related(Related {
                field: Field::ErrorCode,
                ..
            }) if outcome == Outcome::Ok => Likely::No,
            Test::Number(Field::HttpStatus, compare, number) => match outcome.status() {
                Some(status) => sure(compare.holds(status, *number)),
                None => Likely::Maybe,
            },
            Test::Numbers(Field::HttpStatus, numbers) => match outcome.status() {
                Some(status) => sure(numbers.binary_search(&status).is_ok()),
                None => Likely::Maybe,
            },
            Test::Text(Place::Field(Field::Operation), texts) => {
                maybe(texts.iter().any(|text| names(text, class)))
            }
            _ => Likely::Maybe,
        }
    }
}

/// More of them in one name, and it may be of any class.
const MAX_KELVIN: u32 = 4;

/// Whether an operation that is this text can be of this class. An operation
/// has one class, so its name rules out the others.
fn names(text: &Text, class: Option<OperationClass>) -> bool {
    let (Some((Anchor::Whole, name)), Some(class)) = (text.plain(), class) else {
        // Without a class there is no operation, and so no text.
        return class.is_some();
    };
    // One letter beyond ASCII folds into it, the Kelvin sign: `BUC\u{212a}ET` is
    // the text `bucket`, and no operation of the tables.
    let places: Vec<usize> = name.match_indices(['k', 'K']).map(|(at, _)| at).collect();
    if places.len() as u32 > MAX_KELVIN {
        return true;
    }
    (0..1_u32 << places.len()).any(|chosen| {
        let mut spelt = name.as_bytes().to_vec();
        for (index, at) in places.iter().enumerate() {
            if chosen >> index & 1 == 1 {
                spelt[*at] = 0xff;
            }
        }
        operation::class(&spelt) == class
    })
}

#[cfg(test)]
mod tests {
    use rsigma_parser::SigmaString;

    use super::*;

    #[test]
    fn a_name_rules_out_other_classes() {
        let may = |name: &str, class| {
            let text = Text::new(&SigmaString::new(name), Anchor::Whole, false);
            names(&text, class)
        };
        assert!(may("rest.get.object", Some(OperationClass::Read)));
        assert!(!may("REST.GET.OBJECT", Some(OperationClass::List)));
        assert!(!may("REST.GET.OBJECT", None));
        assert!(may("REST.GET.BUCKET", Some(OperationClass::List)));
        // With a Kelvin sign it is a kind of configuration that nobody knows.
        assert!(may("REST.GET.BUCKET", Some(OperationClass::ConfigRead)));
        assert!(may("REST.*", Some(OperationClass::Delete)) && !may("REST.*", None));
    }
}
