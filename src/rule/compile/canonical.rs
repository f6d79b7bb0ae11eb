//! A rule in the fixed form that enters the alert id: parsed, so that layout
//! and comments change nothing, and with lists by name, so that their content
//! does not either.

use rsigma_parser::Detections;
use serde_json::{Value as Json, json};

use crate::record::Field;
use crate::rule::document::{AggregateKind, Body, Document, Threshold};

/// A detection as it enters the alert id: parsed, so that layout and comments
/// change nothing, and with placeholders by name.
pub fn document(document: &Document) -> Json {
    match &document.body {
        Body::Detection(rule) => {
            let mut own = detections(&rule.detection);
            filters(document, &mut own);
            own
        }
        _ => Json::Null,
    }
}

/// Adds what narrows the document; without any nothing is added, so that the
/// ids of rules that nobody narrows stay.
pub fn filters(document: &Document, canonical: &mut Json) {
    if !document.filters.is_empty() {
        canonical["filters"] = document.filters.iter().map(detections).collect();
    }
}

pub fn detections(detections: &Detections) -> Json {
    // `serde_json` sorts the keys of its maps, so a hash map's order is gone.
    let mut json = serde_json::to_value(detections).unwrap_or_default();
    if let Some(map) = json.as_object_mut() {
        map.remove("condition_strings");
    }
    json
}

pub fn aggregate(
    kind: AggregateKind,
    timespan: i64,
    threshold: &Threshold,
    selection: Option<&Detections>,
) -> Json {
    let predicates: Vec<Json> = threshold
        .predicates
        .iter()
        .map(|(operator, number)| json!([format!("{operator:?}"), number]))
        .collect();
    json!({
        "type": match kind {
            AggregateKind::EventCount => "event_count",
            AggregateKind::ValueCount => "value_count",
        },
        "field": threshold.field.map(Field::name),
        "timespan": timespan,
        "condition": predicates,
        "selection": selection.map(detections),
    })
}
