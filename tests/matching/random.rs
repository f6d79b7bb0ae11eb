//! Rules by chance that come near a record.

use std::collections::BTreeMap;

use s3sentry::record::{Field, Kind};

use super::chance::Chance;
use super::naive::{Cond, Item, Selection, Selections, Val, selects};
use super::record::{Rec, TEXTS};
use super::written::key;

/// A rule.
#[derive(Debug, Clone)]
pub struct Rule {
    pub selections: Selections,
    /// Any of these.
    pub conditions: Vec<Cond>,
}

/// Names with what selectors must tell apart.
const NAMES: &[&str] = &["sel", "sel_a", "a_sel", "sel-b", "_sel", "k"];
const PATTERNS: &[&str] = &["them", "sel*", "*sel", "s*l*", "*_*", "*", "sel", "*a*"];

/// A rule by chance, whose values are taken from these records and spoilt.
pub fn rule(chance: &mut Chance, near: &[Rec]) -> Rule {
    let mut selections = BTreeMap::new();
    for _ in 0..=chance.below(3) {
        let parts = (0..=chance.below(3) * chance.below(2))
            .map(|_| {
                if chance.once_in(6) {
                    return vec![keywords(chance, near)];
                }
                let mut items: Vec<Item> = Vec::new();
                for _ in 0..=chance.below(2) {
                    let item = item(chance, near);
                    // YAML has each key once.
                    if !items.iter().any(|known| key(known) == key(&item)) {
                        items.push(item);
                    }
                }
                items
            })
            .collect();
        selections.insert(chance.of(NAMES).to_owned(), Selection(parts));
    }
    let names: Vec<String> = selections.keys().cloned().collect();
    let mut conditions = vec![cond(chance, &names, 2)];
    if chance.once_in(8) {
        conditions.push(cond(chance, &names, 1));
    }
    // Every selection must be used.
    conditions.extend(names.iter().map(|name| {
        let name = Cond::Name(name.clone());
        Cond::And(vec![name.clone(), Cond::Not(Box::new(name))])
    }));
    Rule {
        selections,
        conditions,
    }
}

fn cond(chance: &mut Chance, names: &[String], depth: usize) -> Cond {
    let inner = |chance: &mut Chance| -> Vec<Cond> {
        (0..2 + chance.below(2))
            .map(|_| cond(chance, names, depth - 1))
            .collect()
    };
    match chance.below(if depth == 0 { 2 } else { 5 }) {
        0 => Cond::Name(chance.of(names)),
        1 => {
            let pattern = chance.of(PATTERNS);
            let fitting = names.iter().filter(|name| selects(pattern, name)).count();
            match fitting {
                0 => Cond::Name(chance.of(names)),
                _ if chance.once_in(3) => Cond::Of(None, pattern.to_owned()),
                _ => Cond::Of(Some(1 + chance.below(fitting)), pattern.to_owned()),
            }
        }
        2 => Cond::Not(Box::new(cond(chance, names, depth - 1))),
        3 => Cond::And(inner(chance)),
        _ => Cond::Or(inner(chance)),
    }
}

/// Modifiers that go together, for a field of texts and for one of numbers.
const OF_TEXT: &[&[&str]] = &[
    &[],
    &[],
    &["contains"],
    &["startswith"],
    &["endswith"],
    &["cased"],
    &["contains", "cased"],
    &["contains", "all"],
    &["neq"],
    &["contains", "neq"],
    &["re"],
    &["re", "i"],
    &["re", "neq"],
    &["fieldref"],
    &["fieldref", "contains"],
    &["fieldref", "startswith", "cased"],
    &["fieldref", "endswith", "neq"],
    &["base64"],
    &["base64offset", "contains"],
    &["wide", "base64offset", "contains"],
    &["utf16", "base64", "cased"],
    &["utf16be", "base64", "startswith"],
    &["utf16le", "contains"],
];
const OF_NUMBER: &[&[&str]] = &[
    &[],
    &["gt"],
    &["gte"],
    &["lt"],
    &["lte"],
    &["neq"],
    &["contains"],
    &["startswith"],
    &["endswith", "neq"],
    &["fieldref"],
    &["fieldref", "neq"],
    &["re"],
];
const OF_TIME: &[&[&str]] = &[
    &["minute"],
    &["hour", "gte"],
    &["day", "lt"],
    &["week"],
    &["week", "neq"],
    &["month", "lte"],
    &["year", "gt"],
];

fn item(chance: &mut Chance, near: &[Rec]) -> Item {
    let field = chance.of(Field::ALL);
    let rec = chance.of(near);
    let (modifiers, values) = match field {
        _ if chance.once_in(12) => (vec!["exists"], vec![Val::Flag(chance.once_in(2))]),
        _ if chance.once_in(12) => (
            if chance.once_in(3) {
                vec!["neq"]
            } else {
                vec![]
            },
            vec![Val::Null],
        ),
        Field::RequestTime if !chance.once_in(4) => {
            let modifiers = chance.of(OF_TIME).to_vec();
            let (year, month, day, hour, minute) = rec.time;
            let near = match modifiers[0] {
                "minute" => minute,
                "hour" => hour,
                "day" => day,
                "week" => chance.of(&[1, 5, 9, 53]),
                "month" => month,
                _ => year as u32,
            };
            (modifiers, vec![Val::Number(near.into())])
        }
        Field::RemoteIp if chance.once_in(2) => {
            let modifiers = if chance.once_in(3) {
                vec!["cidr", "neq"]
            } else {
                vec!["cidr"]
            };
            let networks = [
                "10.0.0.0/8",
                "10.1.2.3",
                "203.0.113.0/24",
                "0.0.0.0/0",
                "2001:db8::/33",
                "2001:db8::1",
                "::ffff:10.1.0.0/112",
                "::/0",
                "192.0.2.0/24",
                "198.51.100.0/25",
            ];
            let count = chance.of(&[1, 2, 6]);
            let values = (0..count).map(|_| Val::Text(chance.of(&networks).to_owned()));
            (modifiers, values.collect())
        }
        _ => match field.kind() {
            Kind::Flag => (vec![], vec![Val::Flag(chance.once_in(2))]),
            Kind::Number => numbers(chance, field, near),
            Kind::Text => {
                let modifiers = chance.of(OF_TEXT).to_vec();
                let values = texts(chance, Some(field), &modifiers, near);
                (modifiers, values)
            }
        },
    };
    Item {
        field: Some(field),
        modifiers,
        values,
    }
}

fn numbers(chance: &mut Chance, field: Field, near: &[Rec]) -> (Vec<&'static str>, Vec<Val>) {
    let modifiers = chance.of(OF_NUMBER).to_vec();
    let has = |name| modifiers.contains(&name);
    if has("fieldref") {
        let other = other(chance, field);
        return (modifiers, vec![other]);
    }
    let number = |chance: &mut Chance| {
        let number = chance.of(near).number(field).unwrap_or(404);
        number.min(i64::MAX as u64 - 1)
    };
    if has("re") {
        let pattern = format!("^{}.?", number(chance) / 10);
        return (modifiers, vec![Val::Text(pattern)]);
    }
    let single = ["gt", "gte", "lt", "lte"].into_iter().any(has);
    let count = if single { 1 } else { 1 + chance.below(4) };
    let values = (0..count).map(|_| {
        let number = number(chance);
        match chance.below(6) {
            0 if !single => Val::Text(format!("{}*", number / 10)),
            1 if !single => Val::Text(number.to_string()),
            2 => Val::Number(number + 1),
            3 => Val::Number(number.saturating_sub(1)),
            _ => Val::Number(number),
        }
    });
    let values = values.collect();
    (modifiers, values)
}

/// The name of another field of the same kind.
fn other(chance: &mut Chance, field: Field) -> Val {
    loop {
        let other = chance.of(Field::ALL);
        if other != field && other.kind() == field.kind() {
            return Val::Text(other.name().to_owned());
        }
    }
}

fn keywords(chance: &mut Chance, near: &[Rec]) -> Item {
    let modifiers = chance
        .of(&[
            &[][..],
            &[],
            &["all"],
            &["re"],
            &["cased"],
            &["base64offset"],
            &["contains", "all"],
        ])
        .to_vec();
    let values = texts(chance, None, &modifiers, near);
    Item {
        field: None,
        modifiers,
        values,
    }
}

fn texts(chance: &mut Chance, field: Option<Field>, modifiers: &[&str], near: &[Rec]) -> Vec<Val> {
    let has = |name| modifiers.contains(&name);
    let least = if has("all") { 2 } else { 1 };
    // Now and then so many that they are looked up together.
    let count = least
        + if chance.once_in(5) {
            12
        } else {
            chance.below(2)
        };
    let mut values = Vec::new();
    while values.len() < count {
        if let (true, Some(field)) = (has("fieldref"), field) {
            values.push(other(chance, field));
            continue;
        }
        let rec = chance.of(near);
        let from = field.unwrap_or_else(|| chance.of(&Field::ALL[..Field::LOG_COUNT]));
        let text = rec.text(from).unwrap_or_default();
        let text = match chance.below(3) {
            0 => String::from_utf8_lossy(chance.of(TEXTS)).into_owned(),
            _ => text,
        };
        if let Some(text) = spoilt(chance, &text, modifiers, field.is_none()) {
            values.push(Val::Text(text));
        }
    }
    values
}

/// A value that comes near the text; `None` where none can be made of it.
fn spoilt(chance: &mut Chance, text: &str, modifiers: &[&str], keyword: bool) -> Option<String> {
    let has = |name| modifiers.contains(&name);
    let mut letters: Vec<char> = text.chars().filter(|c| *c != '\0').collect();
    let partial = keyword
        || ["contains", "startswith", "endswith", "re"]
            .into_iter()
            .any(has);
    if partial && letters.len() > 3 && !chance.once_in(4) {
        let start = if has("startswith") {
            0
        } else {
            chance.below(letters.len() / 2)
        };
        let end = letters.len()
            - if has("endswith") {
                0
            } else {
                chance.below(letters.len() / 2)
            };
        letters = letters[start..end].to_vec();
    }
    if chance.once_in(3) {
        letters = letters
            .iter()
            .flat_map(|c| match chance.below(3) {
                0 => c.to_uppercase().collect::<Vec<_>>(),
                1 => c.to_lowercase().collect(),
                _ => vec![*c],
            })
            .collect();
    }
    let text: String = letters.iter().collect();
    let wide = ["wide", "utf16le", "utf16be", "utf16"].into_iter().any(has);
    let base64 = has("base64") || has("base64offset");
    if has("re") {
        if text.is_empty() {
            return None;
        }
        let text = regex::escape(&text);
        return Some(if chance.once_in(2) {
            format!(".{text}?.")
        } else {
            text
        });
    }
    if wide && !base64 {
        let ascii: String = text.chars().filter(char::is_ascii).collect();
        return Some(escaped(&ascii)).filter(|text| !text.is_empty());
    }
    if base64 {
        return Some(escaped(&text)).filter(|text| text.chars().count() > 1);
    }
    let mut value = if chance.once_in(2) {
        escaped(&text)
    } else {
        text
    };
    if chance.once_in(3) && !value.is_empty() {
        let at = chance.below(value.chars().count());
        let wildcard = chance.of(&["*", "?", r"\*", r"\\*", r"\\\?", r"\"]);
        let from = value.char_indices().nth(at).unwrap().0;
        let skip = value[from..].chars().next().unwrap().len_utf8();
        value.replace_range(from..from + skip, wildcard);
    }
    (!value.is_empty() || !partial).then_some(value)
}

/// The text with its wildcards and backslashes plain.
fn escaped(text: &str) -> String {
    let escape = |c: char| match c {
        '*' | '?' | '\\' => vec!['\\', c],
        _ => vec![c],
    };
    text.chars().flat_map(escape).collect()
}
