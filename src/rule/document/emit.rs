//! Hands a checked tree to `rsigma-parser`.
//!
//! As text, for that is what it takes, but as text written from the tree:
//! JSON-like, ASCII only, every text in quotes. So both parsers see the same
//! rule, whatever YAML's corners hold, and no other document of the file.

use std::fmt::Write as _;

use rsigma_parser::{Detections, SigmaCollection};

use super::Body;
use crate::rule::yaml::{Node, Value};

/// Reads a whole document, without our own block.
pub(super) fn document(root: &Node) -> Result<Body, String> {
    let mut text = String::from("{");
    for (key, value) in root.entries() {
        if key.text != "s3sentry" {
            string(&key.text, &mut text);
            text.push_str(": ");
            node(value, &mut text);
            text.push_str(", ");
        }
    }
    text.push('}');
    let mut collection = parse(&text)?;
    let body = collection.rules.pop().map(Body::Detection);
    let body = body.or_else(|| collection.correlations.pop().map(Body::Correlation));
    let body = body.or_else(|| collection.filters.pop().map(Body::Filter));
    body.ok_or_else(|| "the document could not be read".to_owned())
}

/// Reads one selection, as a detection that consists of it and this condition.
pub(super) fn selection(selection: &Node, condition: &str) -> Result<Detections, String> {
    let mut text = format!("{{title: x, detection: {{condition: {condition}, selection: ");
    node(selection, &mut text);
    text.push_str("}}");
    let rule = parse(&text)?.rules.pop();
    rule.map(|rule| rule.detection)
        .ok_or_else(|| "a selection could not be read".to_owned())
}

fn parse(text: &str) -> Result<SigmaCollection, String> {
    let collection = rsigma_parser::parse_sigma_yaml(text).map_err(|error| error.to_string())?;
    match collection.errors.first() {
        Some(error) => Err(error.clone()),
        None => Ok(collection),
    }
}

fn node(node: &Node, text: &mut String) {
    match &node.value {
        Value::Null => text.push_str("null"),
        Value::Bool(flag) => text.push_str(if *flag { "true" } else { "false" }),
        Value::Int(number) => {
            // Writing to a string cannot fail.
            let _ = write!(text, "{number}");
        }
        Value::Float(number) => text.push_str(number),
        Value::Text(value) => string(value, text),
        Value::List(items) => {
            text.push('[');
            for item in items {
                self::node(item, text);
                text.push_str(", ");
            }
            text.push(']');
        }
        Value::Map(entries) => {
            text.push('{');
            for (key, value) in entries {
                string(&key.text, text);
                text.push_str(": ");
                self::node(value, text);
                text.push_str(", ");
            }
            text.push('}');
        }
    }
}

fn string(value: &str, text: &mut String) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            ' '..='~' => text.push(character),
            other => {
                let _ = write!(text, "\\U{:08x}", u32::from(other));
            }
        }
    }
    text.push('"');
}
