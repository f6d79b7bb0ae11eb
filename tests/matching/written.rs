//! The YAML of a rule.

use std::fmt::Write as _;

use s3sentry::record::Field;

use super::naive::{Cond, Item, Val};
use super::random::Rule;

/// Field and modifiers.
pub fn key(item: &Item) -> String {
    let mut key = item.field.map_or("", Field::name).to_owned();
    for modifier in &item.modifiers {
        key.push('|');
        key.push_str(modifier);
    }
    key
}

/// A file with the rule.
pub fn yaml(rule: &Rule) -> String {
    let mut yaml = String::from(
        "title: t\nname: random\nlogsource: {product: aws, service: s3_server_access}\ndetection:\n",
    );
    for (name, selection) in &rule.selections {
        let parts: Vec<String> = selection.0.iter().flat_map(|items| part(items)).collect();
        match &parts[..] {
            [one] if !selection.0[0][0].modifiers.is_empty() => {
                let _ = writeln!(yaml, "  {name}: {one}");
            }
            _ => {
                let _ = writeln!(yaml, "  {name}: [{}]", parts.join(", "));
            }
        }
    }
    let conditions: Vec<String> = rule.conditions.iter().map(written).collect();
    let _ = writeln!(yaml, "  condition: {conditions:?}");
    yaml
}

/// A map; keywords without modifiers stand in the list itself.
fn part(items: &[Item]) -> Vec<String> {
    if let [
        Item {
            field: None,
            modifiers,
            values,
        },
    ] = items
        && modifiers.is_empty()
    {
        return values.iter().map(scalar).collect();
    }
    let entries: Vec<String> = items
        .iter()
        .map(|item| {
            let values: Vec<String> = item.values.iter().map(scalar).collect();
            let key = quoted(&key(item));
            match &values[..] {
                [one] => format!("{key}: {one}"),
                _ => format!("{key}: [{}]", values.join(", ")),
            }
        })
        .collect();
    vec![format!("{{{}}}", entries.join(", "))]
}

fn scalar(val: &Val) -> String {
    match val {
        Val::Null => "null".to_owned(),
        Val::Flag(flag) => flag.to_string(),
        Val::Number(number) => number.to_string(),
        Val::Text(text) => quoted(text),
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn written(cond: &Cond) -> String {
    let join = |conds: &[Cond], word: &str| {
        let conds: Vec<String> = conds.iter().map(written).collect();
        format!("({})", conds.join(word))
    };
    match cond {
        Cond::Name(name) => name.clone(),
        Cond::Not(cond) => format!("not {}", written(cond)),
        Cond::And(conds) => join(conds, " and "),
        Cond::Or(conds) => join(conds, " or "),
        Cond::Of(None, pattern) => format!("all of {pattern}"),
        Cond::Of(Some(least), pattern) => format!("{least} of {pattern}"),
    }
}
