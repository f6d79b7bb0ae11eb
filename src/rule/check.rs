//! A document's tree against the tables of [`super::words`].
//!
//! Every unknown key, wrong type and value out of range is an error with its
//! place; nothing is passed over. What was checked here is read afterwards
//! without a doubt ([`super::document`]). Whether documents fit together is not
//! asked here.

mod behind;
pub(super) mod correlation;
mod detection;
mod item;

use super::error::{Report, Spot};
use super::pattern;
use super::template::Template;
use super::words::{self, Row, Shape};
use super::yaml::{Node, Value};
use crate::baseline;
use crate::record::Field;
use crate::text::words::quote;

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Matches records.
    Detection,
    /// Counts what others match.
    Correlation,
    /// Takes exclusions to others.
    Filter,
}

impl Kind {
    /// What a document with these keys is.
    #[must_use]
    pub fn of(root: &Node) -> Self {
        if root.get("correlation").is_some() {
            Self::Correlation
        } else if root.get("filter").is_some() {
            Self::Filter
        } else {
            Self::Detection
        }
    }

    const fn rows(self) -> &'static [&'static [Row]] {
        match self {
            Self::Detection => words::DETECTION,
            Self::Correlation => words::CORRELATION,
            Self::Filter => words::FILTER,
        }
    }
}

/// The most regular expressions in a file: each may take milliseconds.
const MAX_PATTERNS: usize = 64;

/// The most wildcards in a file, for each is a step of its own: a rule has a
/// few.
const MAX_WILDCARDS: usize = 50_000;

/// Checks the documents of one file.
pub struct Checker<'a> {
    report: &'a mut Report,
    patterns: usize,
    wildcards: usize,
}

impl<'a> Checker<'a> {
    /// Errors go into the report.
    #[must_use]
    pub fn new(report: &'a mut Report) -> Self {
        Self {
            report,
            patterns: 0,
            wildcards: 0,
        }
    }

    /// Checks one document; whether it is free of errors.
    pub fn document(&mut self, root: &Node) -> bool {
        let before = self.report.count();
        if !matches!(root.value, Value::Map(_)) {
            let reason = format!("a rule must be a map, is {}", root.describe());
            self.report.push(root.spot, reason);
            return false;
        }
        let kind = Kind::of(root);
        self.map(root, kind.rows(), "the rule");
        // Nothing refers to a filter.
        let nameless = root.get("name").is_none() && root.get("id").is_none();
        if nameless && kind != Kind::Filter {
            self.report
                .push(root.spot, "the rule lacks a \"name\" or an \"id\"");
        }
        if let Some(correlation) = root.get("correlation") {
            self.correlation(correlation);
            if let (Some(_), Some((key, _))) = (root.get("generate"), correlation.entry("generate"))
            {
                let reason = "\"generate\" stands beside the correlation and in it";
                self.report.push(key.spot, reason);
            }
        }
        if let Some(extension) = root.get("s3sentry") {
            self.extension(extension, root, kind);
        }
        self.report.count() == before
    }

    /// Checks what the settings say of a rule; whether it is free of errors.
    pub fn overrides(&mut self, node: &Node, name: &str) -> bool {
        let before = self.report.count();
        self.map(node, &[words::OVERRIDE], name);
        self.report.count() == before
    }

    /// A mapping against the rows of its table.
    fn map(&mut self, node: &Node, rows: &[&[Row]], name: &str) {
        if !matches!(node.value, Value::Map(_)) {
            return self.wrong(node, name, "a map");
        }
        let all = || rows.iter().copied().flatten();
        for (key, value) in node.entries() {
            if let Some(row) = all().find(|row| row.key == key.text) {
                self.shape(row.key, key.spot, value, row.shape);
                continue;
            }
            let reason = format!("unknown key {} in {name}", quote(&key.text));
            let words = all().map(|row| row.key);
            self.report.unknown(key.spot, reason, &key.text, words);
        }
        let misnamed = |wanted: &str| {
            let instead = |row: &&Row| matches!(row.shape, Shape::Instead(word) if word == wanted);
            all().filter(instead).any(|row| node.get(row.key).is_some())
        };
        let missing =
            |row: &&Row| row.required && node.get(row.key).is_none() && !misnamed(row.key);
        for row in all().filter(missing) {
            let reason = format!("{name} lacks {:?}", row.key);
            self.report.push(node.spot, reason);
        }
    }

    fn shape(&mut self, name: &str, key: Spot, node: &Node, shape: Shape) {
        let quoted = format!("{name:?}");
        let name = quoted.as_str();
        match shape {
            Shape::Text => self.texts(node, name, false, |_| None),
            Shape::Line | Shape::Template => self.texts(node, name, false, |text| {
                (!is_line(text)).then_some("must be one line of at most 500 characters")
            }),
            Shape::Texts => self.texts(node, name, true, |_| None),
            Shape::Uuid => self.texts(node, name, false, |text| {
                (!is_uuid(text)).then_some("must be a UUID")
            }),
            Shape::Name => self.texts(node, name, false, |text| {
                let fits = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
                let good = text.len() <= 128 && text.bytes().all(fits);
                (!good).then_some("must be letters, digits, \"-\" and \"_\", at most 128")
            }),
            Shape::Date => self.texts(node, name, false, |text| {
                (!is_date(text)).then_some("must be a date such as 2026-01-31")
            }),
            Shape::Tags => self.texts(node, name, true, |text| {
                (!is_tag(text)).then_some("must be like attack.t1530")
            }),
            Shape::Span | Shape::Days if node.text().is_none() => {
                self.wrong(node, name, "a duration such as 5m");
            }
            Shape::Span => self.texts(node, name, false, |text| pattern::span(text).err()),
            Shape::Days => self.texts(node, name, false, |text| {
                baseline::days(text)
                    .is_none()
                    .then_some("must be a number of days such as 7d, at most 120d")
            }),
            Shape::Exactly(word) => self.word(node, name, &[word]),
            Shape::Word(words) => self.word(node, name, words),
            Shape::Type => self.kind_of_aggregate(node, name),
            Shape::Flag => {
                if !matches!(node.value, Value::Bool(_)) {
                    self.wrong(node, name, "true or false");
                }
            }
            Shape::Whole(least, most) => {
                if !node.whole().is_some_and(|n| (least..=most).contains(&n)) {
                    let expected = format!("a whole number from {least} to {most}");
                    self.wrong(node, name, &expected);
                }
            }
            Shape::Field => self.field(node, name),
            Shape::Fields => self.list(node, name, |check, item| check.field(item, name)),
            Shape::Keys => self.list(node, name, |check, item| {
                check.texts(item, name, false, |_| None);
            }),
            Shape::Aliases => self.aliases(node),
            Shape::Targets if names_any(node) => {}
            Shape::References | Shape::Targets => {
                self.texts(node, name, true, |_| None);
                if node.items().is_empty() {
                    self.report.push(node.spot, format!("{name} names no rule"));
                }
            }
            Shape::Map(rows) => self.map(node, &[rows], name),
            Shape::Maps(rows) => self.maps(node, rows, name),
            Shape::Threshold(rows) => self.threshold(node, rows, name),
            Shape::Detection => self.detection(node, "detection", &[]),
            Shape::Filter => self.detection(node, "filter", words::FILTER_BLOCK),
            Shape::Selection => self.selection(node),
            Shape::Later(what) => {
                let reason = format!("{what} is not supported yet by s3sentry");
                self.report.push(key, reason);
            }
            Shape::Refused(why) => self.report.push(key, why),
            Shape::Instead(word) => {
                let reason = format!("s3sentry has no {name}");
                self.report.unknown(key, reason, word, [word]);
            }
        }
    }

    fn wrong(&mut self, node: &Node, name: &str, expected: &str) {
        let advice = match (expected, &node.value) {
            ("text", Value::Int(_) | Value::Float(_) | Value::Bool(_)) => ": put it in quotes",
            _ => "",
        };
        let found = node.describe();
        let reason = format!("{name} must be {expected}, is {found}{advice}");
        self.report.push(node.spot, reason);
    }

    /// Text, or a list of texts, each to some taste.
    fn texts(
        &mut self,
        node: &Node,
        name: &str,
        list: bool,
        complaint: impl Fn(&str) -> Option<&'static str>,
    ) {
        if matches!(node.value, Value::List(_)) && !list {
            return self.wrong(node, name, "text");
        }
        for item in node.items() {
            let Some(text) = item.text() else {
                self.wrong(item, name, "text");
                continue;
            };
            let complaint = match text.trim() {
                "" => Some("is empty"),
                _ => complaint(text),
            };
            if let Some(complaint) = complaint {
                let reason = format!("{name} {complaint}, is {}", quote(text));
                let reason = reason.replace("is empty, is \"\"", "is empty");
                self.report.push(item.spot, reason);
            }
        }
    }

    fn word(&mut self, node: &Node, name: &str, words: &[&'static str]) {
        match node.text() {
            Some(text) if words.contains(&text) => {}
            Some(text) => {
                let reason = match words {
                    [word] => format!("{name} must be {word:?}, is {}", quote(text)),
                    _ => format!("{name} must be one of {}", words.join(", ")),
                };
                let words = words.iter().copied();
                self.report.unknown(node.spot, reason, text, words);
            }
            None => self.wrong(node, name, "text"),
        }
    }

    fn field(&mut self, node: &Node, name: &str) {
        match node.text() {
            Some(text) => self.field_name(node.spot, text),
            None => self.wrong(node, name, "the name of a field"),
        }
    }

    fn field_name(&mut self, spot: Spot, text: &str) {
        if Field::from_name(text).is_none() {
            let names = Field::ALL.iter().map(|field| field.name());
            let reason = format!("unknown field {}", quote(text));
            self.report.unknown(spot, reason, text, names);
        }
    }

    /// A list, or one item in its stead, without repetition.
    fn list(&mut self, node: &Node, name: &str, mut check: impl FnMut(&mut Self, &Node)) {
        let mut seen = std::collections::HashSet::new();
        for item in node.items() {
            check(self, item);
            if let Some(text) = item.text()
                && !seen.insert(text)
            {
                let reason = format!("{name} holds {} twice", quote(text));
                self.report.push(item.spot, reason);
            }
        }
    }

    fn maps(&mut self, node: &Node, rows: &[Row], name: &str) {
        let Value::List(items) = &node.value else {
            return self.wrong(node, name, "a list of maps");
        };
        if items.is_empty() {
            self.report.push(node.spot, format!("{name} is empty"));
        }
        for item in items {
            self.map(item, &[rows], &format!("an item of {name}"));
        }
    }

    fn summary(&mut self, node: &Node, text: &str, group_by: &[String]) {
        if !is_line(text) {
            return;
        }
        if let Err(error) = Template::parse(text.trim_end(), group_by) {
            let spot = node.spot_at(error.at);
            let word = error.word.unwrap_or_default();
            let names = Template::names(group_by);
            self.report.unknown(spot, error.reason, &word, names);
        }
    }
}

/// Whether the rules of a filter are all there are, as `rsigma-parser` reads it;
/// in a list it is a name like any other.
pub(super) fn names_any(rules: &Node) -> bool {
    rules
        .text()
        .is_some_and(|text| text.eq_ignore_ascii_case("any"))
}

fn is_line(text: &str) -> bool {
    let text = text.trim_end();
    text.chars().count() <= words::MAX_LINE && !text.contains(['\n', '\r'])
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

fn is_tag(text: &str) -> bool {
    let fits = |part: &str| {
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
        !part.is_empty() && part.bytes().all(good)
    };
    text.split_once('.')
        .is_some_and(|(namespace, tag)| fits(namespace) && fits(tag))
}
