//! A rule's detection, compiled: a tree of tests over one record.
//!
//! Sigma's meaning: text compares without regard to case unless `cased`, `*`
//! and `?` are wildcards, a null matches what is null or absent. YAML, names
//! and settings files may not enter here; they are gone by now.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use ipnet::IpNet;
use regex::bytes::Regex;

use super::text::Text;
use crate::record::Field;
use crate::record::derived::View;
use crate::record::derived::operation::{self, OperationClass};
use crate::record::derived::requester::RequesterType;
use crate::settings::{Names, Networks, WorkHours};

/// A condition on one record.
#[derive(Debug, Clone)]
pub enum Expr {
    /// Every one holds; also when there is none.
    All(Vec<Expr>),
    /// At least one holds.
    Any(Vec<Expr>),
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
    /// The text of the field is one of these.
    Text(Field, Vec<Text>),
    /// A number compares so.
    Number(Field, Compare, u64),
    /// A regular expression finds something.
    Regex(Field, Regex),
    /// `remote_ip` is in one of these networks.
    Network(Vec<IpNet>),
    /// `remote_ip` is in a list of the settings.
    Networks(Networks),
    /// The text of the field is in a list of the settings.
    Listed(Field, Listed),
    /// The time of the record is in a list of the settings.
    Hours(WorkHours),
    /// This list of the settings is not set: it holds nothing.
    Unset(&'static str),
}

/// A list of the settings.
#[derive(Debug, Clone)]
pub enum Listed {
    /// Exact texts.
    Exact(BTreeSet<String>),
    /// Names, wildcards included.
    Names(Names),
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
    /// Whether the record meets the condition.
    #[must_use]
    pub fn matches(&self, view: &View<'_, '_>) -> bool {
        match self {
            Expr::All(parts) => parts.iter().all(|part| part.matches(view)),
            Expr::Any(parts) => parts.iter().any(|part| part.matches(view)),
            Expr::Not(part) => !part.matches(view),
            Expr::Test(test) => test.matches(view),
        }
    }

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
            Expr::Not(part) => match part.given(known) {
                Likely::No => Likely::Yes,
                Likely::Maybe => Likely::Maybe,
                Likely::Yes => Likely::No,
            },
            Expr::Test(test) => known(test),
        }
    }

    /// Calls for every test in the tree.
    pub fn each_test(&self, call: &mut impl FnMut(&Test)) {
        match self {
            Expr::All(parts) | Expr::Any(parts) => {
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
            Test::Text(field, texts) => view
                .bytes(*field)
                .is_some_and(|bytes| texts.iter().any(|text| text.matches(bytes))),
            Test::Number(field, compare, number) => view
                .number(*field)
                .is_some_and(|value| compare.holds(value, *number)),
            Test::Regex(field, regex) => view
                .bytes(*field)
                .is_some_and(|bytes| regex.is_match(bytes)),
            Test::Network(networks) => view
                .record()
                .address()
                .map(|address| address.to_canonical())
                .is_some_and(|address| networks.iter().any(|network| network.contains(&address))),
            Test::Networks(networks) => view
                .record()
                .address()
                .is_some_and(|address| networks.contains(address)),
            Test::Listed(field, listed) => view.bytes(*field).is_some_and(|bytes| match listed {
                Listed::Exact(texts) => {
                    std::str::from_utf8(bytes).is_ok_and(|text| texts.contains(text))
                }
                Listed::Names(names) => names.contains(bytes),
            }),
            Test::Hours(hours) => view
                .record()
                .time()
                .is_some_and(|time| hours.contains(time)),
            Test::Unset(_) => false,
        }
    }

    /// What class and outcome alone decide.
    #[must_use]
    pub fn likely(&self, class: Option<OperationClass>, outcome: Outcome) -> Likely {
        let sure = |holds| if holds { Likely::Yes } else { Likely::No };
        let may = |classes: &[OperationClass]| match class {
            Some(class) if classes.contains(&class) => Likely::Maybe,
            _ => Likely::No,
        };
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
            Test::Null(Field::ErrorCode | Field::ErrorClass) if outcome == Outcome::Ok => {
                Likely::Yes
            }
            Test::Exists(Field::ErrorCode | Field::ErrorClass)
            | Test::Text(Field::ErrorCode | Field::ErrorClass, _)
            | Test::Regex(Field::ErrorCode | Field::ErrorClass, _)
                if outcome == Outcome::Ok =>
            {
                Likely::No
            }
            Test::Number(Field::HttpStatus, compare, number) => match outcome.status() {
                Some(status) => sure(compare.holds(status, *number)),
                None => Likely::Maybe,
            },
            // An operation has one class, so its name rules out the others.
            Test::Text(Field::Operation, texts) => {
                let possible = |text: &Text| match text.literal() {
                    Some(literal) => Some(operation::class(literal)) == class,
                    None => true,
                };
                if texts.iter().any(possible) {
                    Likely::Maybe
                } else {
                    Likely::No
                }
            }
            Test::Unset(_) => Likely::No,
            _ => Likely::Maybe,
        }
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
