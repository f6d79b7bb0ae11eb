//! Holds the emitted JSON to `docs/alert.schema.json`: its keys, their order,
//! their types. Understands as much of JSON Schema as that file uses, and
//! refuses what it does not understand.

use std::fmt;

use regex::Regex;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::*;

/// JSON whose objects keep their order, which `serde_json`'s do not.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Integer(u64),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub(super) fn get(&self, name: &str) -> Option<&Json> {
        let Json::Object(fields) = self else {
            return None;
        };
        fields
            .iter()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    pub(super) fn keys(&self) -> Vec<&str> {
        let Json::Object(fields) = self else {
            return Vec::new();
        };
        fields.iter().map(|(key, _)| key.as_str()).collect()
    }

    fn items(&self) -> &[Json] {
        let Json::Array(items) = self else {
            return std::slice::from_ref(self);
        };
        items
    }

    fn type_name(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "boolean",
            Json::Integer(_) => "integer",
            Json::Text(_) => "string",
            Json::Array(_) => "array",
            Json::Object(_) => "object",
        }
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON without fractions or negative numbers")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Integer(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Json::Object(fields))
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

fn schema() -> Json {
    serde_json::from_str(include_str!("../../../docs/alert.schema.json")).unwrap()
}

/// What says nothing about a value, or is read elsewhere.
const IGNORED: [&str; 7] = [
    "$schema",
    "$id",
    "$defs",
    "title",
    "description",
    "format",
    "additionalProperties",
];

pub(super) fn check(root: &Json, schema: &Json, value: &Json, path: &str) {
    let Json::Object(rules) = schema else {
        panic!("{path}: no schema");
    };
    for (rule, wanted) in rules {
        match (rule.as_str(), wanted) {
            ("$ref", Json::Text(_)) => {
                let time = root.get("$defs").unwrap().get("time").unwrap();
                assert_eq!(wanted, &Json::Text("#/$defs/time".into()));
                check(root, time, value, path);
            }
            ("type", names) => {
                let name = Json::Text(value.type_name().into());
                assert!(names.items().contains(&name), "{path}: {value:?}");
            }
            ("const", wanted) => assert_eq!(value, wanted, "{path}"),
            ("enum", wanted) => assert!(wanted.items().contains(value), "{path}: {value:?}"),
            ("pattern", Json::Text(pattern)) => {
                let Json::Text(text) = value else {
                    panic!("{path}: {value:?}");
                };
                assert!(Regex::new(pattern).unwrap().is_match(text), "{path}");
            }
            ("required", names) => {
                for name in names.items() {
                    let Json::Text(name) = name else {
                        panic!("{path}");
                    };
                    assert!(value.get(name).is_some(), "{path}: no {name}");
                }
            }
            ("properties", properties) => check_properties(root, schema, properties, value, path),
            ("items", items) => {
                for (at, item) in value.items().iter().enumerate() {
                    check(root, items, item, &format!("{path}[{at}]"));
                }
            }
            // An object without named properties: a key.
            ("additionalProperties", additional @ Json::Object(_))
                if schema.get("properties").is_none() =>
            {
                for name in value.keys() {
                    check(root, additional, value.get(name).unwrap(), name);
                }
            }
            ("minimum", Json::Integer(least)) => {
                let Json::Integer(value) = value else {
                    panic!("{path}: {value:?}");
                };
                assert!(value >= least, "{path}: {value}");
            }
            (name, _) if IGNORED.contains(&name) => {}
            other => panic!("{path}: {other:?} is not understood"),
        }
    }
}

fn check_properties(root: &Json, schema: &Json, properties: &Json, value: &Json, path: &str) {
    let documented = properties.keys();
    let additional = schema.get("additionalProperties");
    let mut last = None;
    for name in value.keys() {
        let path = format!("{path}.{name}");
        let inner = value.get(name).unwrap();
        let place = documented.iter().position(|known| *known == name);
        match (place, additional) {
            (Some(place), _) => {
                assert!(last < Some(place), "{path}: out of order");
                last = Some(place);
                check(root, properties.get(name).unwrap(), inner, &path);
            }
            (None, Some(additional @ Json::Object(_))) => check(root, additional, inner, &path),
            _ => panic!("{path}: not documented"),
        }
    }
}

fn emitted(alert: &Alert) -> Json {
    let alerts = std::slice::from_ref(alert);
    serde_json::from_str(&written(Format::Ndjson, Options::default(), alerts)).unwrap()
}

#[test]
fn alerts_are_what_the_schema_says() {
    let schema = schema();
    for alert in night()
        .into_iter()
        .chain([hostile(), evidence::with_evidence(), listed()])
    {
        check(&schema, &schema, &emitted(&alert), "$");
    }
}

#[test]
fn a_full_alert_has_every_documented_key_in_order() {
    let schema = schema();
    let alert = emitted(&burst());
    assert_eq!(alert.keys(), schema.get("properties").unwrap().keys());
    for nested in ["rule", "period", "trigger"] {
        let documented = schema.get("properties").unwrap().get(nested).unwrap();
        assert_eq!(
            alert.get(nested).unwrap().keys(),
            documented.get("properties").unwrap().keys()
        );
    }
}

#[test]
#[should_panic(expected = "not documented")]
fn the_check_notices_a_new_field() {
    let schema = schema();
    let Json::Object(mut fields) = emitted(&burst()) else {
        panic!("no object");
    };
    fields.push(("later".into(), Json::Null));
    check(&schema, &schema, &Json::Object(fields), "$");
}
