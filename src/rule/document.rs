//! A checked document as the compiler of matchers gets it.
//!
//! When a rule fires is said in `docs/correlations.md`.
//!
//! ```yaml
//! correlation:
//!   type: event_count
//!   rules: [access-denied]
//!   group-by: [remote_host, bucket_name]
//!   timespan: 5m
//!   condition: {gte: 20}
//! s3sentry:
//!   suppress: 1h          # the length of an alert's period
//!   evidence: 5           # how many records an alert shows
//!   summary: "{remote_host} was refused {count} times in {bucket_name}"
//!   any:                  # by a stranger, or 20 different keys
//!     - type: event_count
//!       selection: {stranger: true}
//!       condition: {gte: 20}
//!     - type: value_count
//!       selection: {operation: [REST.GET.OBJECT, REST.HEAD.OBJECT]}
//!       condition: {field: key_name, gte: 20}
//! ```
//!
//! Several conditions in one `detection:` (a list) mean any of them, and so
//! does a selection that is a list of maps.
//!
//! Nothing is checked here that [`super::check`] has a table for.

mod emit;
mod read;

use std::sync::Arc;

use rsigma_parser::{ConditionOperator, CorrelationRule, Detections, FilterRule, SigmaRule};

pub(super) use self::read::{exclusions, read, texts};

use super::error::Origin;
use super::template::Template;
use super::yaml::Node;
use crate::alert::Level;
use crate::record::Field;

/// One document of a rule file, free of errors.
#[derive(Debug, Clone)]
pub struct Document {
    /// Where it begins.
    pub origin: Origin,
    /// What it is about: the directory that its file stands in, below that of
    /// the rule set; `None` for a file that stands in none.
    pub theme: Option<Arc<str>>,
    /// Whether it is embedded in the binary.
    pub built_in: bool,
    /// Whether it may raise alerts; what others count of it is another matter.
    pub enabled: bool,
    /// What it says of itself, whatever it is.
    pub meta: Meta,
    /// What Sigma says of it.
    pub body: Body,
    /// Where its parts stand, for errors that the compiler finds.
    pub positions: Positions,
    /// Its `s3sentry:` block; empty where there is none.
    pub extension: Extension,
    /// Every one of these must hold too for a record that it matches or counts:
    /// filters of the rule set and exclusions of the settings.
    pub filters: Vec<Detections>,
}

/// What every document says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Meta {
    /// One line for a person.
    pub title: String,
    /// The UUID, in lower case. A rule has an id or a name.
    pub id: Option<String>,
    /// What other rules call it.
    pub name: Option<String>,
    /// How bad it is.
    pub level: Option<Level>,
    /// `attack.t1619` and the like.
    pub tags: Vec<String>,
    /// What it means and what to do next.
    pub description: Option<String>,
}

/// What a document is.
#[derive(Debug, Clone)]
pub enum Body {
    /// Matches records.
    Detection(SigmaRule),
    /// Counts what others match.
    Correlation(CorrelationRule),
    /// Takes exclusions to others and raises nothing itself.
    Filter(FilterRule),
}

/// The `s3sentry:` block.
#[derive(Debug, Clone, Default)]
pub struct Extension {
    /// Length of an alert's period, seconds.
    pub suppress: Option<i64>,
    /// How many records an alert shows, at most 100.
    pub evidence: Option<usize>,
    /// The alert's one sentence.
    pub summary: Option<Template>,
    /// All of these must hold too.
    pub and: Vec<Aggregate>,
    /// One of these must hold too, if there are any.
    pub any: Vec<Aggregate>,
    /// The field in which the second step of a chain differs from the first.
    pub different: Option<Field>,
    /// What may not have happened before the first step.
    pub none_before: Option<NoneBefore>,
    /// The value that must be new.
    pub new_value: Option<NewValue>,
    /// What must be more than usual.
    pub baseline: Option<Usual>,
}

/// What a correlation or an aggregate counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Records and firings.
    EventCount,
    /// Distinct values of a field.
    ValueCount,
    /// The sum of a field.
    ValueSum,
    /// Its average.
    ValueAvg,
    /// A percentile of it.
    ValuePercentile,
    /// Rules that have something in the window.
    Temporal,
    /// Rules, one after the other.
    TemporalOrdered,
}

/// A further aggregate on the rule's key.
#[derive(Debug, Clone)]
pub struct Aggregate {
    /// Where it begins.
    pub origin: Origin,
    /// What it counts; never `temporal`.
    pub kind: Kind,
    /// Which of the rule's records it counts, under the name `selection`; all
    /// of them without one.
    pub selection: Option<Detections>,
    /// Over how many seconds; the rule's timespan without one.
    pub timespan: Option<i64>,
    /// What the count must be.
    pub condition: Threshold,
}

/// What a value must be: all comparisons hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Threshold {
    /// At least one, except for chains and a `temporal` of all rules.
    pub predicates: Vec<(ConditionOperator, u64)>,
    /// Whose values are counted; there exactly for the `value_` kinds. In an
    /// aggregate the name of a field; in a correlation it may be an alias of a
    /// correlation below.
    pub field: Option<String>,
    /// Which percentile; there exactly for `value_percentile`.
    pub percentile: Option<u8>,
}

/// The `correlation:` block in our own types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correlation {
    /// What it counts.
    pub kind: Kind,
    /// What the value must be.
    pub condition: Threshold,
    /// Over how many seconds.
    pub timespan: i64,
    /// The key: fields or aliases.
    pub group_by: Vec<String>,
    /// What an alias is called in which rule.
    pub aliases: Vec<(String, Vec<(String, String)>)>,
    /// Names or ids of the rules that it counts.
    pub rules: Vec<String>,
    /// Whether those rules raise alerts of their own, too.
    pub generate: bool,
}

impl Correlation {
    /// What a name of this correlation is called in one of its rules.
    #[must_use]
    pub fn called<'a>(&'a self, name: &'a str, rule: &str) -> &'a str {
        let alias = self.aliases.iter().find(|(alias, _)| alias == name);
        let names = alias.map(|(_, names)| names.as_slice()).unwrap_or_default();
        let found = names.iter().find(|(known, _)| known == rule);
        found.map_or(name, |(_, called)| called)
    }
}

/// What may not have happened before a chain.
#[derive(Debug, Clone)]
pub struct NoneBefore {
    /// Which records, under the name `selection`.
    pub selection: Detections,
    /// Seconds before the first step.
    pub timespan: i64,
    /// Fields that are the same as in the last step; those of the chain without any.
    pub group_by: Vec<String>,
}

/// A value that a rule has not seen before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewValue {
    /// Whose values, together; at least one field.
    pub fields: Vec<Field>,
    /// Among the records of which group.
    pub group_by: Vec<Field>,
    /// Distinct days with records after which a group is learned.
    pub learn: Option<u32>,
    /// Days for which a value is known after it was last seen.
    pub memory: Option<u32>,
}

/// How an hour compares with what is usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usual {
    /// So many times the median of the same hour of earlier days.
    pub times: u64,
    /// In so many aligned hours of the timespan.
    pub hours: u64,
    /// The threshold where too little is known of an hour; without it nothing
    /// fires then.
    pub otherwise: Option<u64>,
}

/// Where the parts of a document stand.
#[derive(Debug, Clone)]
pub struct Positions {
    file: Arc<str>,
    root: Arc<Node>,
}

impl Positions {
    /// The checked tree itself.
    #[must_use]
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// Where the key at the end of a path stands, such as
    /// `["detection", "selection", "http_status|gte"]`; items of lists are
    /// found by their index. Of a path that leads nowhere, the place where it
    /// ends.
    #[must_use]
    pub fn key(&self, path: &[&str]) -> Origin {
        self.find(path, false)
    }

    /// The same for the value.
    #[must_use]
    pub fn value(&self, path: &[&str]) -> Origin {
        self.find(path, true)
    }

    fn find(&self, path: &[&str], value: bool) -> Origin {
        let (mut node, mut spot) = (&*self.root, self.root.spot);
        for step in path {
            let index = || step.parse::<usize>().ok();
            if let Some((key, next)) = node.entry(step) {
                spot = if value { next.spot } else { key.spot };
                node = next;
            } else if let Some(next) = index().and_then(|index| node.items().get(index)) {
                spot = next.spot;
                node = next;
            } else {
                break;
            }
        }
        Origin {
            file: Arc::clone(&self.file),
            line: spot.line,
            column: spot.column,
        }
    }
}

impl Document {
    /// What alerts and messages call it: the name, else the id; only a filter
    /// may have neither, and is called by its title.
    #[must_use]
    pub fn label(&self) -> &str {
        let Meta {
            id, name, title, ..
        } = &self.meta;
        name.as_deref().or(id.as_deref()).unwrap_or(title)
    }

    /// Whether a name or an id in another document means this one.
    #[must_use]
    pub fn is_called(&self, word: &str) -> bool {
        let Meta { id, name, .. } = &self.meta;
        let same_id = |id: &str| id.eq_ignore_ascii_case(word);
        name.as_deref() == Some(word) || id.as_deref().is_some_and(same_id)
    }

    /// The `correlation:` block; `None` for any other document.
    #[must_use]
    pub fn correlation(&self) -> Option<Correlation> {
        read::correlation(&self.positions.root)
    }
}
