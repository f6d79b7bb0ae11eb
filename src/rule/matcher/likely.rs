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
    /// What class and outcome alone decide. May say too little, never too much:
    /// dispatch skips what is `No` here.
    #[must_use]
    pub fn likely(&self, class: Option<OperationClass>, outcome: Outcome) -> Likely {
        self.given(&mut |test| test.likely(class, outcome))
    }

    /// What is known of the condition where that much is known of its tests.
    #[must_use]
    pub fn given(&self, known: &mut impl FnMut(&Test) -> Likely) -> Likely {
        match self {
            Expr::All(parts) => {
                let parts = parts.iter().map(|part| part.given(known));
                parts.min().unwrap_or(Likely::Yes)
            }
            Expr::Any(parts) => {
                let parts = parts.iter().map(|part| part.given(known));
                parts.max().unwrap_or(Likely::No)
            }
            Expr::Least(least, parts) => {
                let mut parts: Vec<Likely> = parts.iter().map(|part| part.given(known)).collect();
                // The best of them decide.
                parts.sort_unstable_by(|a, b| b.cmp(a));
                parts
                    .get(least.saturating_sub(1))
                    .copied()
                    .unwrap_or(Likely::No)
            }
            Expr::Not(part) => match part.given(known) {
                Likely::No => Likely::Yes,
                Likely::Maybe => Likely::Maybe,
                Likely::Yes => Likely::No,
            },
            Expr::Test(test) => known(test),
        }
    }
}

impl Test {
    /// What class and outcome alone decide.
    #[must_use]
    pub fn likely(&self, class: Option<OperationClass>, outcome: Outcome) -> Likely {
        let sure = |holds| if holds { Likely::Yes } else { Likely::No };
        let maybe = |holds| if holds { Likely::Maybe } else { Likely::No };
        let may =
            |classes: &[OperationClass]| maybe(class.is_some_and(|class| classes.contains(&class)));
        match self {
            Test::Class(classes) => {
                sure(class.is_some_and(|class| classes & (1 << class as u16) != 0))
            }
            Test::Flag(Field::Ok, value) => sure((outcome == Outcome::Ok) == *value),
            Test::Flag(Field::Readable, value) => {
                sure(matches!(outcome, Outcome::Ok | Outcome::NotModified) == *value)
            }
            Test::Flag(Field::DeletedObject, true) => may(&[OperationClass::Delete]),
            Test::Flag(Field::Weakening, true) => may(&[OperationClass::ConfigWrite]),
            Test::Flag(Field::Exposing, true) => {
                may(&[OperationClass::ConfigWrite, OperationClass::Acl])
            }
            Test::Null(field) if outcome == Outcome::Ok && is_error(*field) => Likely::Yes,
            Test::Exists(field)
            | Test::Text(Place::Field(field), _)
            | Test::Regex(Place::Field(field), _)
            | Test::Related(Related { field, .. })
                if outcome == Outcome::Ok && is_error(*field) =>
            {
                Likely::No
            }
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
            Test::Unset(_) => Likely::No,
            _ => Likely::Maybe,
        }
    }
}

/// What a request that did what it asked has not.
fn is_error(field: Field) -> bool {
    matches!(field, Field::ErrorCode | Field::ErrorClass)
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
