//! The list for programs: `docs/rules-list.md` says what is in it.

use std::io;

use s3sentry::rule::yaml::{Node, Value as Yaml};
use s3sentry::text::json;
use serde_json::{Map, Value, json};

use super::Listed;

/// An array, an object a rule.
pub fn text(listed: &[Listed<'_>]) -> io::Result<String> {
    let rules: Vec<Value> = listed.iter().map(object).collect();
    json::pretty(&rules)
}

fn object(one: &Listed<'_>) -> Value {
    let (rule, document) = (one.rule, one.document);
    let root = document.positions.root();
    let of_file = |key| root.get(key).map_or(Value::Null, value);
    let list = |key| {
        let items = root.get(key).map(Node::items).unwrap_or_default();
        items.iter().map(value).collect::<Vec<_>>()
    };
    json!({
        "id": rule.info.id,
        "name": rule.info.name,
        "title": rule.info.title,
        "level": rule.info.level,
        "status": of_file("status"),
        "theme": document.theme.as_deref(),
        "file": &*document.origin.file,
        "built_in": rule.built_in,
        "runs": one.off.is_none(),
        "cannot_work": one.off,
        "needs": one.needs,
        "tags": rule.info.tags,
        "techniques": one.techniques(),
        "description": document.meta.description,
        "falsepositives": list("falsepositives"),
        "references": list("references"),
        "words": one.words,
        "group_by": rule.group_by.iter().map(|name| &**name).collect::<Vec<_>>(),
        "timespan_seconds": rule.timespan(),
        "horizon_seconds": rule.horizon,
        "period_seconds": rule.period,
        "correlation": of_file("correlation"),
        "s3sentry": of_file("s3sentry"),
    })
}

/// What stands in a rule file, as JSON.
fn value(node: &Node) -> Value {
    match &node.value {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => Value::from(*flag),
        // Checked rules have no number beyond 64 bits.
        Yaml::Int(_) => node.whole().map_or(Value::Null, Value::from),
        Yaml::Float(text) | Yaml::Text(text) => Value::from(text.as_str()),
        Yaml::List(items) => items.iter().map(value).collect(),
        Yaml::Map(entries) => {
            let entries = entries.iter();
            let entries = entries.map(|(key, node)| (key.text.clone(), value(node)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
    }
}
