//! A checked document as the compiler of matchers gets it.
//!
//! **When a rule fires.** A detection fires on every record that it matches. A
//! correlation fires at a time `t` for a key when its own condition holds *and*
//! every aggregate of `and` holds *and*, where `any` is not empty, at least one
//! aggregate of `any` holds. The correlation's condition is over the records
//! that its `rules` match, of this key, in its timespan up to `t`. An aggregate
//! counts those of the same matching records of the same key that also match
//! its `selection` (all of them, without one), in its own `timespan` up to `t`
//! (the rule's, without one).
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

use std::str::FromStr;
use std::sync::Arc;

use rsigma_parser::{ConditionOperator, CorrelationRule, Detections, FilterRule, SigmaRule};

use super::check::group_by;
use super::error::{Origin, Report};
use super::pattern::span;
use super::template::Template;
use super::words::THRESHOLD;
use super::yaml::Node;
use crate::alert::Level;
use crate::record::Field;

/// One document of a rule file, free of errors.
#[derive(Debug, Clone)]
pub struct Document {
    /// Where it begins.
    pub origin: Origin,
    /// Whether it is embedded in the binary.
    pub built_in: bool,
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
}

/// A further aggregate on the rule's key.
#[derive(Debug, Clone)]
pub struct Aggregate {
    /// Where it begins.
    pub origin: Origin,
    /// What it counts.
    pub kind: AggregateKind,
    /// Which of the rule's records it counts, under the name `selection`; all
    /// of them without one.
    pub selection: Option<Detections>,
    /// Over how many seconds; the rule's timespan without one.
    pub timespan: Option<i64>,
    /// What the count must be.
    pub condition: Threshold,
}

/// What an aggregate counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AggregateKind {
    /// Records.
    EventCount,
    /// Distinct values of the condition's field.
    ValueCount,
}

/// What a count must be: all comparisons hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Threshold {
    /// At least one.
    pub predicates: Vec<(ConditionOperator, u64)>,
    /// Whose distinct values are counted; there exactly for `value_count`.
    pub field: Option<Field>,
}

/// Type, threshold and timespan of a correlation, as an aggregate has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// What it counts.
    pub kind: AggregateKind,
    /// What the count must be.
    pub condition: Threshold,
    /// Over how many seconds.
    pub timespan: i64,
    /// The key.
    pub group_by: Vec<Field>,
    /// Names or ids of the rules whose records it counts.
    pub rules: Vec<String>,
}

/// Where the parts of a document stand.
#[derive(Debug, Clone)]
pub struct Positions {
    file: Arc<str>,
    root: Arc<Node>,
}

impl Positions {
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

    /// Type, threshold and key of a correlation in our own types.
    #[must_use]
    pub fn window(&self) -> Option<Window> {
        let node = self.positions.root.get("correlation")?;
        let rules = node.get("rules")?.items().iter().filter_map(Node::text);
        Some(Window {
            kind: kind(node)?,
            condition: threshold(node.get("condition")?),
            timespan: node.get("timespan")?.text().and_then(|t| span(t).ok())?,
            group_by: group_by(&self.positions.root),
            rules: rules.map(str::to_owned).collect(),
        })
    }
}

/// Reads a document that passed [`super::check`]. `None`, with an error in the
/// report, where `rsigma-parser` knows better.
pub(super) fn read(root: Node, built_in: bool, report: &mut Report) -> Option<Document> {
    let read = emit::document(&root).and_then(|body| Ok((body, extension(&root, report)?)));
    let (body, extension) = match read {
        Ok(read) => read,
        Err(reason) => {
            report.push(root.spot, reason);
            return None;
        }
    };
    Some(Document {
        origin: report.origin(root.spot),
        built_in,
        meta: meta(&root),
        body,
        extension,
        filters: Vec::new(),
        positions: Positions {
            file: Arc::clone(report.file()),
            root: Arc::new(root),
        },
    })
}

fn meta(root: &Node) -> Meta {
    let text = |key| root.get(key).and_then(Node::text).map(str::to_owned);
    let tags = root.get("tags").map(Node::items).unwrap_or_default();
    Meta {
        title: text("title").unwrap_or_default(),
        id: text("id").map(|id| id.to_ascii_lowercase()),
        name: text("name"),
        level: text("level").and_then(|word| {
            let same = |level: &&Level| level.as_str() == word;
            Level::ALL.iter().find(same).copied()
        }),
        tags: tags
            .iter()
            .filter_map(Node::text)
            .map(str::to_owned)
            .collect(),
        description: text("description"),
    }
}

fn extension(root: &Node, report: &Report) -> Result<Extension, String> {
    let Some(node) = root.get("s3sentry") else {
        return Ok(Extension::default());
    };
    let aggregates = |key| -> Result<Vec<Aggregate>, String> {
        let items = node.get(key).map(Node::items).unwrap_or_default();
        items.iter().map(|item| aggregate(item, report)).collect()
    };
    let summary = node.get("summary").and_then(Node::text).map(str::trim_end);
    let evidence = node.get("evidence").and_then(Node::whole);
    Ok(Extension {
        suppress: seconds(node, "suppress"),
        evidence: evidence.and_then(|number| usize::try_from(number).ok()),
        summary: summary
            .map(|text| Template::parse(text, &group_by(root)))
            .transpose()
            .map_err(|error| error.reason)?,
        and: aggregates("and")?,
        any: aggregates("any")?,
    })
}

fn aggregate(node: &Node, report: &Report) -> Result<Aggregate, String> {
    let (Some(kind), Some(condition)) = (kind(node), node.get("condition")) else {
        return Err("an aggregate could not be read".to_owned());
    };
    Ok(Aggregate {
        origin: report.origin(node.spot),
        kind,
        selection: node.get("selection").map(emit::selection).transpose()?,
        timespan: seconds(node, "timespan"),
        condition: threshold(condition),
    })
}

fn kind(node: &Node) -> Option<AggregateKind> {
    match node.get("type")?.text()? {
        "event_count" => Some(AggregateKind::EventCount),
        "value_count" => Some(AggregateKind::ValueCount),
        _ => None,
    }
}

fn seconds(node: &Node, key: &str) -> Option<i64> {
    span(node.get(key)?.text()?).ok()
}

fn threshold(node: &Node) -> Threshold {
    let comparison = |row: &super::words::Row| {
        let operator = ConditionOperator::from_str(row.key).ok()?;
        Some((operator, node.get(row.key)?.whole()?))
    };
    let field = node.get("field").and_then(Node::text);
    Threshold {
        predicates: THRESHOLD.iter().filter_map(comparison).collect(),
        field: field.and_then(Field::from_name),
    }
}
