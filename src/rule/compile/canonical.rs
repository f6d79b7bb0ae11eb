//! A rule in the fixed form that enters the alert id: parsed, so that layout
//! and comments change nothing, and with lists by name, so that their content
//! does not either.

use rsigma_parser::Detections;
use serde_json::{Value as Json, json};

use crate::rule::document::{Aggregate, Body, Correlation, Document, Kind, Threshold};
use crate::rule::words::TYPES;

/// A detection as it enters the alert id: parsed, so that layout and comments
/// change nothing, and with placeholders by name.
pub fn document(document: &Document) -> Json {
    let Body::Detection(rule) = &document.body else {
        return Json::Null;
    };
    let mut json = detections(&rule.detection);
    if !document.filters.is_empty() || document.extension.new_value.is_some() {
        json = json!({"detection": json});
        extension(document, &mut json);
    }
    json
}

/// What teaches a rule that asks for a new value: its detection, narrowed by
/// filters.
pub fn learned(document: &Document) -> Json {
    let Body::Detection(rule) = &document.body else {
        return Json::Null;
    };
    json!({
        "detection": detections(&rule.detection),
        "filters": document.filters.iter().map(detections).collect::<Vec<_>>(),
    })
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
    kind: Kind,
    timespan: i64,
    threshold: &Threshold,
    selection: Option<&Detections>,
) -> Json {
    let predicates: Vec<Json> = threshold
        .predicates
        .iter()
        .map(|(operator, number)| json!([format!("{operator:?}"), number]))
        .collect();
    let row = TYPES.iter().find(|row| row.kind == Some(kind));
    let mut json = json!({
        "type": row.map(|row| row.name),
        "field": threshold.field,
        "timespan": timespan,
        "condition": predicates,
        "selection": selection.map(detections),
    });
    // What is not there may not change an id.
    if let Some(percentile) = threshold.percentile {
        json["percentile"] = percentile.into();
    }
    json
}

/// A correlation, over the fixed forms of what it counts.
pub fn correlation(document: &Document, block: &Correlation, mut below: Vec<Json>) -> Json {
    // Their order says nothing, except in a chain.
    if block.kind != Kind::TemporalOrdered {
        below.sort_by_key(ToString::to_string);
    }
    let list = |aggregates: &[Aggregate]| -> Vec<Json> {
        let form = |one: &Aggregate| {
            let timespan = one.timespan.unwrap_or(block.timespan);
            let selection = one.selection.as_ref();
            aggregate(one.kind, timespan, &one.condition, selection)
        };
        aggregates.iter().map(form).collect()
    };
    let mut json = json!({
        "detection": below,
        "correlation": aggregate(block.kind, block.timespan, &block.condition, None),
        "group-by": block.group_by,
        "and": list(&document.extension.and),
        "any": list(&document.extension.any),
    });
    if !block.aliases.is_empty() {
        json["aliases"] = json!(block.aliases);
    }
    extension(document, &mut json);
    json
}

/// What only some rules have, added where it is there.
pub fn extension(document: &Document, json: &mut Json) {
    let extension = &document.extension;
    if !document.filters.is_empty() {
        json["filters"] = document.filters.iter().map(detections).collect();
    }
    if let Some(field) = extension.different {
        json["different"] = field.name().into();
    }
    if let Some(before) = &extension.none_before {
        json["none_before"] = json!({
            "selection": detections(&before.selection),
            "timespan": before.timespan,
            "group-by": before.group_by,
        });
    }
    if let Some(new) = &extension.new_value {
        json["new_value"] = json!({
            "field": new.fields.iter().map(|field| field.name()).collect::<Vec<_>>(),
            "group-by": new.group_by.iter().map(|field| field.name()).collect::<Vec<_>>(),
        });
    }
    if let Some(usual) = &extension.baseline {
        json["baseline"] = json!({
            "times": usual.times,
            "hours": usual.hours,
            "otherwise": usual.otherwise,
        });
    }
}
