//! Reads a document that was checked.
//!
//! What is wrong with one was told before; a value that cannot be read has no
//! place here.

use std::str::FromStr;
use std::sync::Arc;

use rsigma_parser::{ConditionOperator, Detections};

use super::{
    Aggregate, Correlation, Document, Extension, Kind, Meta, NewValue, NoneBefore, Positions,
    Threshold, Usual, emit,
};
use crate::alert::Level;
use crate::record::Field;
use crate::rule::check::correlation::{keys, keys_are_known};
use crate::rule::error::Report;
use crate::rule::pattern::span;
use crate::rule::template::Template;
use crate::rule::words::{COMPARISONS, TYPES};
use crate::rule::yaml::{Key, Node, Value};

/// Reads exclusions that passed [`super::check`]: no record may match one.
pub(in crate::rule) fn exclusions(selection: &Node) -> Result<Detections, String> {
    emit::selection(selection, "not selection")
}

/// Reads a document that passed [`super::check`]. `None`, with an error in the
/// report, where `rsigma-parser` knows better.
pub(in crate::rule) fn read(root: Node, built_in: bool, report: &mut Report) -> Option<Document> {
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
        theme: None,
        built_in,
        enabled: true,
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
        title: text("title").unwrap_or_default().trim().to_owned(),
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
        summary: template(root, summary)?,
        and: aggregates("and")?,
        any: aggregates("any")?,
        different: field(node, "different"),
        none_before: node.get("none_before").map(none_before).transpose()?,
        new_value: node.get("new_value").map(new_value),
        baseline: node.get("baseline").and_then(usual),
    })
}

fn template(root: &Node, text: Option<&str>) -> Result<Option<Template>, String> {
    let group_by = keys(root);
    match text
        .map(|text| Template::parse(text, &group_by))
        .transpose()
    {
        // The error that matters is another one.
        Err(_) if !keys_are_known(root) => Ok(None),
        read => read.map_err(|error| error.reason),
    }
}

pub(super) fn correlation(root: &Node) -> Option<Correlation> {
    let node = root.get("correlation")?;
    let flag = |node: &Node| {
        node.get("generate")
            .map(|flag| flag.value == Value::Bool(true))
    };
    let aliases = node.get("aliases").map(Node::entries).unwrap_or_default();
    let named = |(key, value): &(Key, Node)| {
        let text = |(rule, name): &(Key, Node)| Some((rule.text.clone(), name.text()?.to_owned()));
        let names = value.entries().iter().filter_map(text).collect();
        (key.text.clone(), names)
    };
    Some(Correlation {
        kind: kind(node)?,
        condition: node.get("condition").map(threshold).unwrap_or_default(),
        timespan: seconds(node, "timespan")?,
        group_by: texts(Some(node), "group-by"),
        aliases: aliases.iter().map(named).collect(),
        rules: texts(Some(node), "rules"),
        generate: flag(node).or_else(|| flag(root)).unwrap_or(false),
    })
}

fn none_before(node: &Node) -> Result<NoneBefore, String> {
    let (Some(selection), Some(timespan)) = (node.get("selection"), seconds(node, "timespan"))
    else {
        return Err("\"none_before\" could not be read".to_owned());
    };
    Ok(NoneBefore {
        selection: emit::selection(selection, "selection")?,
        timespan,
        group_by: texts(Some(node), "group-by"),
    })
}

fn new_value(node: &Node) -> NewValue {
    let fields = |key| {
        let names = texts(Some(node), key);
        let fields = names.iter().filter_map(|name| Field::from_name(name));
        fields.collect()
    };
    let days = |key| crate::baseline::days(node.get(key)?.text()?);
    NewValue {
        fields: fields("field"),
        group_by: fields("group-by"),
        learn: days("learn"),
        memory: days("memory"),
    }
}

fn usual(node: &Node) -> Option<Usual> {
    let whole = |key| node.get(key).and_then(Node::whole);
    Some(Usual {
        times: whole("times")?,
        hours: whole("hours").unwrap_or(1),
        otherwise: whole("otherwise"),
    })
}

fn aggregate(node: &Node, report: &Report) -> Result<Aggregate, String> {
    let (Some(kind), Some(condition)) = (kind(node), node.get("condition")) else {
        return Err("an aggregate could not be read".to_owned());
    };
    Ok(Aggregate {
        origin: report.origin(node.spot),
        kind,
        selection: selection(node)?,
        timespan: seconds(node, "timespan"),
        condition: threshold(condition),
    })
}

fn selection(node: &Node) -> Result<Option<Detections>, String> {
    let selection = node.get("selection");
    let read = selection.map(|selection| emit::selection(selection, "selection"));
    read.transpose()
}

fn kind(node: &Node) -> Option<Kind> {
    let text = node.get("type")?.text()?;
    TYPES.iter().find(|row| row.name == text)?.kind
}

fn field(node: &Node, key: &str) -> Option<Field> {
    Field::from_name(node.get(key)?.text()?)
}

/// A list of texts, or one.
pub(in crate::rule) fn texts(node: Option<&Node>, key: &str) -> Vec<String> {
    let list = node.and_then(|node| node.get(key));
    let items = list.map(Node::items).unwrap_or_default();
    let texts = items.iter().filter_map(Node::text);
    texts.map(str::to_owned).collect()
}

fn seconds(node: &Node, key: &str) -> Option<i64> {
    span(node.get(key)?.text()?).ok()
}

fn threshold(node: &Node) -> Threshold {
    let comparison = |word: &&str| {
        let operator = ConditionOperator::from_str(word).ok()?;
        Some((operator, node.get(word)?.whole()?))
    };
    let percentile = node.get("percentile").and_then(Node::whole);
    Threshold {
        predicates: COMPARISONS.iter().filter_map(comparison).collect(),
        field: node.get("field").and_then(Node::text).map(str::to_owned),
        percentile: percentile.and_then(|number| u8::try_from(number).ok()),
    }
}
