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

use std::borrow::Cow;
use std::cmp::Ordering;

use ipnet::IpNet;
use regex::bytes::Regex;

pub use likely::{Likely, Outcome};

use super::text::{self, Anchor, Text};
use super::texts::Texts;
use crate::baseline::Novelty;
use crate::record::derived::View;
use crate::record::derived::operation::OperationClass;
use crate::record::derived::requester::RequesterType;
use crate::record::time::Part;
use crate::record::{Field, Kind};
use crate::settings::{Networks, WorkHours};

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
    /// The same of a field that rests on whether the network is new, where it
    /// is this.
    Assumed(Field, bool, Novelty),
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
    /// The time of the record is in a list of the settings.
    Hours(WorkHours),
    /// This list of the settings is not set: it holds nothing.
    Unset(&'static str),
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
        self.orders(left.cmp(&right))
    }

    /// Whether what compares like this compares so.
    #[must_use]
    pub fn orders(self, order: Ordering) -> bool {
        match self {
            Compare::Less => order.is_lt(),
            Compare::AtMost => order.is_le(),
            Compare::Equal => order.is_eq(),
            Compare::AtLeast => order.is_ge(),
            Compare::More => order.is_gt(),
            Compare::Unequal => order.is_ne(),
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

    /// Whether the other is the same condition, as far as can be told.
    #[must_use]
    pub fn is_same(&self, other: &Expr) -> bool {
        let all = |one: &[Expr], other: &[Expr]| {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.is_same(other))
        };
        match (self, other) {
            (Expr::All(one), Expr::All(other)) | (Expr::Any(one), Expr::Any(other)) => {
                all(one, other)
            }
            (Expr::Least(least, one), Expr::Least(most, other)) => least == most && all(one, other),
            (Expr::Not(one), Expr::Not(other)) => one.is_same(other),
            (Expr::Test(one), Expr::Test(other)) => one.is_same(other),
            _ => false,
        }
    }

    /// Whether it asks for something that is so, which few records meet; what
    /// leaves something out nearly all do.
    #[must_use]
    pub fn is_choosy(&self) -> bool {
        !matches!(
            self,
            Expr::Not(_) | Expr::Test(Test::Flag(_, false) | Test::Null(_))
        )
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
    fn is_same(&self, other: &Test) -> bool {
        match (self, other) {
            (Test::Class(one), Test::Class(other))
            | (Test::RequesterType(one), Test::RequesterType(other)) => one == other,
            (Test::Flag(field, one), Test::Flag(of, other)) => (field, one) == (of, other),
            (Test::Assumed(field, one, when), Test::Assumed(of, other, then)) => {
                (field, one, when) == (of, other, then)
            }
            (Test::Null(one), Test::Null(other)) | (Test::Exists(one), Test::Exists(other)) => {
                one == other
            }
            (Test::Text(place, one), Test::Text(of, other)) => place == of && one.is_same(other),
            (Test::Number(field, compare, one), Test::Number(of, by, other)) => {
                (field, compare, one) == (of, by, other)
            }
            (Test::Numbers(field, one), Test::Numbers(of, other)) => (field, one) == (of, other),
            (Test::Time(part, compare, one), Test::Time(of, by, other)) => {
                (part, compare, one) == (of, by, other)
            }
            (Test::Related(one), Test::Related(other)) => one == other,
            (Test::Network(one), Test::Network(other)) => one == other,
            (Test::Networks(one), Test::Networks(other)) => one == other,
            (Test::Hours(one), Test::Hours(other)) => one == other,
            (Test::Unset(one), Test::Unset(other)) => one == other,
            // How a pattern was built is not written in it.
            _ => false,
        }
    }

    fn matches(&self, view: &View<'_, '_>) -> bool {
        match self {
            Test::Class(classes) => view
                .class()
                .is_some_and(|class| classes & (1 << class as u16) != 0),
            Test::RequesterType(types) => types & (1 << view.requester().kind as u16) != 0,
            Test::Flag(field, value) => view.flag(*field) == Some(*value),
            Test::Assumed(field, value, network) => view.assuming(*field, *network) == Some(*value),
            Test::Null(field) => view.bytes(*field).is_none(),
            Test::Exists(field) => view.bytes(*field).is_some(),
            Test::Text(place, texts) => place.bytes(view).is_some_and(|bytes| texts.matches(bytes)),
            Test::Number(field, compare, number) => view
                .number(*field)
                .is_some_and(|value| compare.holds(value, *number)),
            Test::Numbers(field, numbers) => view
                .number(*field)
                .is_some_and(|value| numbers.binary_search(&value).is_ok()),
            Test::Time(part, compare, number) => view
                .record()
                .time()
                .and_then(|time| part.of(time))
                .is_some_and(|value| compare.holds(value, *number)),
            // What is not UTF-8 is one letter here as it is in other texts, or
            // a stray byte would hide what stands around it from a dot.
            Test::Regex(place, regex) => place.bytes(view).is_some_and(|bytes| {
                regex.is_match(
                    if bytes.is_ascii() {
                        Cow::Borrowed(bytes)
                    } else {
                        Cow::Owned(text::read(bytes, true).into_owned().into_bytes())
                    }
                    .as_ref(),
                )
            }),
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
            Test::Hours(hours) => view
                .record()
                .time()
                .is_some_and(|time| hours.contains(time)),
            Test::Unset(_) => false,
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
            let number = |field| view.number(field);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;
    use crate::settings::Settings;

    /// Dispatch skips what cannot match, so saying No of what does is a miss.
    #[test]
    fn what_is_likely_of_a_flag_never_denies_what_matches() {
        let settings = Settings::default();
        let operations = "REST.GET.OBJECT REST.DELETE.OBJECT BATCH.DELETE.OBJECT REST.PUT.ACL \
             REST.PUT.BUCKETPOLICY REST.DELETE.LIFECYCLE rest.put.object_lock_retention \
             REST.COPY.OBJECT_GET S3.EXPIRE.OBJECT WEBSITE.GET.OBJECT X -";
        let answers =
            "200,- 304,- 403,AccessDenied 404,NoSuchKey 503,SlowDown -,- 200,InternalError";
        let fields = Field::ALL.iter().filter(|field| !field.is_log());
        let tests: Vec<Test> = fields
            .flat_map(|field| {
                [true, false]
                    .map(|value| Test::Flag(*field, value))
                    .into_iter()
                    .chain([Test::Null(*field), Test::Exists(*field)])
            })
            .collect();
        let mut certain = 0;
        for operation in operations.split_whitespace() {
            for (status, error) in answers
                .split(' ')
                .filter_map(|answer| answer.split_once(','))
            {
                let line = format!(
                    "o b [06/Feb/2019:00:00:38 +0000] 192.0.2.1 - ID {operation} k \"GET /k HTTP/1.1\" {status} {error} 1 1 1 1 \"-\" \"-\" -"
                );
                let record = Record::parse(line.as_bytes()).unwrap();
                let view = View::new(&record, &settings);
                for test in &tests {
                    let matches = test.matches(&view);
                    match test.likely(view.class(), Outcome::of(&view)) {
                        Likely::Maybe => continue,
                        likely => assert_eq!(likely == Likely::Yes, matches, "{test:?} {line}"),
                    }
                    certain += 1;
                }
            }
        }
        assert!(certain > 0);
    }

    #[test]
    fn derived_numbers_compare_like_those_of_the_log() {
        let settings = Settings::default();
        let line = "o b [06/Feb/2019:00:00:38 +0000] 192.0.2.1 - ID REST.COPY.OBJECT_GET k - - - - 174 1 1 - - -";
        let record = Record::parse(line.as_bytes()).unwrap();
        let view = View::new(&record, &settings);
        for (field, compare, number, matches) in [
            (Field::BytesOut, Compare::AtLeast, 174, true),
            (Field::BytesOut, Compare::More, 174, false),
            (Field::BytesSent, Compare::AtLeast, 0, false),
            (Field::HourOfWeek, Compare::Equal, 48, true),
            (Field::HourOfWeek, Compare::Less, 48, false),
        ] {
            let test = Test::Number(field, compare, number);
            assert_eq!(test.matches(&view), matches, "{test:?}");
        }
    }
}
