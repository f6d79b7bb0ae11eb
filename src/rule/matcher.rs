//! A rule's detection, compiled: a tree of tests over one record.
//!
//! Sigma's meaning: text compares without regard to case unless `cased`, `*`
//! and `?` are wildcards, a null matches what is null or absent. YAML, names
//! and settings files may not enter here; they are gone by now.
//!
//! `simplify` makes the tree small and quick, `likely` says what class and
//! outcome alone decide of it.

mod likely;
mod simplify;

use ipnet::IpNet;
use regex::bytes::Regex;

pub use likely::{Likely, Outcome};

use super::text::{self, Anchor, Text};
use super::texts::Texts;
use crate::record::derived::View;
use crate::record::derived::operation::OperationClass;
use crate::record::derived::requester::RequesterType;
use crate::record::time::Part;
use crate::record::{Field, Kind};
use crate::settings::Networks;

/// A condition on one record.
#[derive(Debug, Clone)]
pub enum Expr {
    /// Every one holds; also when there is none.
    All(Vec<Expr>),
    /// At least one holds.
    Any(Vec<Expr>),
    /// At least so many hold.
    Least(usize, Vec<Expr>),
    /// It does not hold.
    Not(Box<Expr>),
    /// One field.
    Test(Test),
}

/// A condition on one field.
#[derive(Debug, Clone)]
pub enum Test {
    /// `operation_class` is one of these: bits in the order of the classes.
    Class(u16),
    /// `requester_type` is one of these: bits in the order of the types.
    RequesterType(u16),
    /// A field that is true or false.
    Flag(Field, bool),
    /// The field is null or absent.
    Null(Field),
    /// The field is there and not null.
    Exists(Field),
    /// The text is one of these.
    Text(Place, Texts),
    /// A number compares so.
    Number(Field, Compare, u64),
    /// A number is one of these, which are sorted.
    Numbers(Field, Vec<u64>),
    /// A number of the record's time compares so.
    Time(Part, Compare, u64),
    /// A regular expression finds something.
    Regex(Place, Regex),
    /// Two fields compare so.
    Related(Related),
    /// `remote_ip` is in one of these networks.
    Network(Vec<IpNet>),
    /// `remote_ip` is in a list of the settings.
    Networks(Networks),
}

/// Where a text is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In a field.
    Field(Field),
    /// In the whole line, as it stands in the log.
    Line,
}

/// The value of one field stands in that of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Related {
    /// The field.
    pub field: Field,
    /// The other, of the same kind.
    pub other: Field,
    /// Where in the first the second stands.
    pub anchor: Anchor,
    /// Whether letters match in their own case only.
    pub cased: bool,
}

/// How two numbers compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `==`
    Equal,
    /// `>=`
    AtLeast,
    /// `>`
    More,
    /// `!=`
    Unequal,
}

impl Compare {
    /// Whether `left` and `right` compare so.
    #[must_use]
    pub fn holds(self, left: u64, right: u64) -> bool {
        match self {
            Compare::Less => left < right,
            Compare::AtMost => left <= right,
            Compare::Equal => left == right,
            Compare::AtLeast => left >= right,
            Compare::More => left > right,
            Compare::Unequal => left != right,
        }
    }
}

impl Expr {
    /// What always holds.
    pub const ALWAYS: Expr = Expr::All(Vec::new());
    /// What never holds.
    pub const NEVER: Expr = Expr::Any(Vec::new());

    /// Whether the record meets the condition.
    #[must_use]
    pub fn matches(&self, view: &View<'_, '_>) -> bool {
        match self {
            Expr::All(parts) => parts.iter().all(|part| part.matches(view)),
            Expr::Any(parts) => parts.iter().any(|part| part.matches(view)),
            Expr::Least(least, parts) => {
                let holding = parts.iter().filter(|part| part.matches(view));
                holding.take(*least).count() == *least
            }
            Expr::Not(part) => !part.matches(view),
            Expr::Test(test) => test.matches(view),
        }
    }

    /// Calls for every test in the tree.
    pub fn each_test(&self, call: &mut impl FnMut(&Test)) {
        match self {
            Expr::All(parts) | Expr::Any(parts) | Expr::Least(_, parts) => {
                for part in parts {
                    part.each_test(call);
                }
            }
            Expr::Not(part) => part.each_test(call),
            Expr::Test(test) => call(test),
        }
    }
}

impl Test {
    fn matches(&self, view: &View<'_, '_>) -> bool {
        match self {
            Test::Class(classes) => view
                .class()
                .is_some_and(|class| classes & (1 << class as u16) != 0),
            Test::RequesterType(types) => types & (1 << view.requester().kind as u16) != 0,
            Test::Flag(field, value) => view.flag(*field) == Some(*value),
            Test::Null(field) => view.bytes(*field).is_none(),
            Test::Exists(field) => view.bytes(*field).is_some(),
            Test::Text(place, texts) => place.bytes(view).is_some_and(|bytes| texts.matches(bytes)),
            Test::Number(field, compare, number) => view
                .record()
                .number(*field)
                .is_some_and(|value| compare.holds(value, *number)),
            Test::Numbers(field, numbers) => view
                .record()
                .number(*field)
                .is_some_and(|value| numbers.binary_search(&value).is_ok()),
            Test::Time(part, compare, number) => view
                .record()
                .time()
                .and_then(|time| part.of(time))
                .is_some_and(|value| compare.holds(value, *number)),
            // What is not UTF-8 is one letter here as it is in other texts, or
            // a stray byte would hide what stands around it from a dot.
            Test::Regex(place, regex) => place
                .bytes(view)
                .is_some_and(|bytes| regex.is_match(text::read(bytes, true).as_bytes())),
            Test::Related(related) => related.matches(view),
            Test::Network(networks) => view
                .record()
                .address()
                .map(|address| address.to_canonical())
                .is_some_and(|address| networks.iter().any(|network| network.contains(&address))),
            Test::Networks(networks) => view
                .record()
                .address()
                .is_some_and(|address| networks.contains(address)),
        }
    }
}

impl Place {
    fn bytes<'v>(self, view: &'v View<'_, '_>) -> Option<&'v [u8]> {
        match self {
            Place::Field(field) => view.bytes(field),
            Place::Line => Some(view.record().line()),
        }
    }
}

impl Related {
    fn matches(self, view: &View<'_, '_>) -> bool {
        if self.field.kind() == Kind::Number && self.anchor == Anchor::Whole {
            let number = |field| view.record().number(field);
            return number(self.field).is_some_and(|value| number(self.other) == Some(value));
        }
        let (Some(value), Some(other)) = (view.bytes(self.field), view.bytes(self.other)) else {
            return false;
        };
        text::holds(value, other, self.anchor, self.cased)
    }
}

/// Bits of the classes that a text names.
#[must_use]
pub fn classes(text: &Text) -> u16 {
    bits(OperationClass::ALL.iter().map(|class| class.as_str()), text)
}

/// Bits of the requester types that a text names.
#[must_use]
pub fn requester_types(text: &Text) -> u16 {
    bits(RequesterType::ALL.iter().map(|kind| kind.as_str()), text)
}

fn bits<'a>(names: impl Iterator<Item = &'a str>, text: &Text) -> u16 {
    names
        .enumerate()
        .filter(|(_, name)| text.matches(name.as_bytes()))
        .fold(0, |bits, (place, _)| bits | 1 << place)
}
