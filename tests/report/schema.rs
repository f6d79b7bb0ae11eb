//! Holds reports to `docs/report.schema.json`.

use serde_json::Value;

/// What says nothing about a value.
const WORDS: [&str; 6] = ["$schema", "$id", "$defs", "title", "description", "format"];

/// Panics where a report is not as the schema says.
#[track_caller]
pub fn holds(report: &Value) {
    let schema: Value =
        serde_json::from_str(include_str!("../../docs/report.schema.json")).unwrap();
    if let Err(wrong) = check(&schema, &schema, report, "report") {
        panic!("{wrong}");
    }
}

fn check(root: &Value, schema: &Value, value: &Value, path: &str) -> Result<(), String> {
    let wrong = |rule: &str| Err(format!("{path}: {rule}: {value}"));
    for (rule, wanted) in schema.as_object().unwrap() {
        match rule.as_str() {
            "$ref" => {
                let name = wanted.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                check(root, &root["$defs"][name], value, path)?;
            }
            "type" => {
                let names = wanted
                    .as_array()
                    .map_or(vec![wanted], |all| all.iter().collect());
                if !names.iter().any(|name| **name == type_of(value)) {
                    return wrong("type");
                }
            }
            "const" if wanted != value => return wrong("const"),
            "enum" if !wanted.as_array().unwrap().contains(value) => return wrong("enum"),
            "pattern" => {
                let pattern = regex::Regex::new(wanted.as_str().unwrap()).unwrap();
                if !value.as_str().is_none_or(|text| pattern.is_match(text)) {
                    return wrong("pattern");
                }
            }
            "minimum" if value.as_u64() < wanted.as_u64() => return wrong("minimum"),
            "minItems" if items(value).len() < number(wanted) => return wrong("minItems"),
            "maxItems" if items(value).len() > number(wanted) => return wrong("maxItems"),
            "anyOf" => {
                let any = wanted.as_array().unwrap();
                if !any.iter().any(|one| check(root, one, value, path).is_ok()) {
                    return wrong("anyOf");
                }
            }
            "required" => {
                let missing = |name: &&Value| {
                    value.is_object() && value.get(name.as_str().unwrap()).is_none()
                };
                if let Some(name) = wanted.as_array().unwrap().iter().find(missing) {
                    return Err(format!("{path}: no {name}"));
                }
            }
            "properties" => {
                for (name, inner) in value.as_object().into_iter().flatten() {
                    // Nothing may be in a report that the schema does not tell of.
                    let known = wanted.get(name);
                    let known = known.ok_or(format!("{path}: {name} is not in the schema"))?;
                    check(root, known, inner, &format!("{path}.{name}"))?;
                }
            }
            "items" => {
                for (place, inner) in items(value).iter().enumerate() {
                    check(root, wanted, inner, &format!("{path}[{place}]"))?;
                }
            }
            "prefixItems" => {
                for (wanted, inner) in items(wanted).iter().zip(items(value)) {
                    check(root, wanted, inner, path)?;
                }
            }
            "const" | "enum" | "minimum" | "minItems" | "maxItems" => {}
            "additionalProperties" => assert_eq!(wanted, false),
            word => assert!(WORDS.contains(&word), "{word} is not checked"),
        }
    }
    Ok(())
}

/// Rules about arrays are about nothing else.
fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[test]
fn the_schema_explains_every_field_and_refuses_others() {
    let schema: Value =
        serde_json::from_str(include_str!("../../docs/report.schema.json")).unwrap();
    let parts = schema["$defs"].as_object().unwrap().values();
    for part in parts.chain([&schema]) {
        assert!(part.get("description").is_some(), "{part}");
        let Some(fields) = part.get("properties") else {
            continue;
        };
        assert_eq!(part["additionalProperties"], false);
        for (name, field) in fields.as_object().unwrap() {
            assert!(field.get("description").is_some(), "{name}");
        }
    }
}
