//! The one sentence of an alert, with places for what was seen.
//!
//! `{name}` is a place, `{{` and `}}` are braces. What fills the places, and
//! how values are escaped, is not decided here.

/// A summary, cut into text and places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// In order.
    pub parts: Vec<Part>,
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text as it stands.
    Literal(String),
    /// A value.
    Placeholder(Placeholder),
}

/// What fills a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placeholder {
    /// The value of this part of the key, counted from 0.
    Key(usize),
    /// How many records.
    Count,
    /// How many distinct values.
    Distinct,
    /// The sum of the values.
    Sum,
    /// Time of the first record.
    FirstSeen,
    /// Time of the last.
    LastSeen,
    /// The value at which the rule fired.
    Trigger,
}

/// The places that every rule has.
const COMMON: &[(&str, Placeholder)] = &[
    ("count", Placeholder::Count),
    ("distinct", Placeholder::Distinct),
    ("sum", Placeholder::Sum),
    ("first_seen", Placeholder::FirstSeen),
    ("last_seen", Placeholder::LastSeen),
    ("trigger", Placeholder::Trigger),
];

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// At which character of the text, from 0.
    pub at: usize,
    /// What.
    pub reason: String,
    /// The unknown word, where that is what is wrong.
    pub word: Option<String>,
}

impl Template {
    /// Reads a template of a rule that groups by these names.
    pub fn parse(text: &str, group_by: &[String]) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut characters = text.chars().enumerate().peekable();
        while let Some((at, character)) = characters.next() {
            let doubled =
                characters.next_if(|(_, next)| *next == character && "{}".contains(*next));
            match character {
                '{' | '}' if doubled.is_some() => literal.push(character),
                '{' => {
                    let name: String = characters
                        .by_ref()
                        .map(|(_, c)| c)
                        .take_while(|c| *c != '}')
                        .collect();
                    if text.chars().nth(at + 1 + name.chars().count()) != Some('}') {
                        return Err(error(at, "\"{\" is not closed (write \"{{\" for a brace)"));
                    }
                    if !literal.is_empty() {
                        parts.push(Part::Literal(std::mem::take(&mut literal)));
                    }
                    parts.push(Part::Placeholder(placeholder(&name, group_by, at)?));
                }
                '}' => {
                    return Err(error(at, "\"}\" closes nothing (write \"}}\" for a brace)"));
                }
                other => literal.push(other),
            }
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Self { parts })
    }

    /// The names that may stand in a place.
    pub fn names(group_by: &[String]) -> impl Iterator<Item = &str> {
        let common = COMMON.iter().map(|(name, _)| *name);
        common.chain(group_by.iter().map(String::as_str))
    }
}

fn placeholder(name: &str, group_by: &[String], at: usize) -> Result<Placeholder, TemplateError> {
    let common = COMMON.iter().find(|(known, _)| *known == name);
    let key = || group_by.iter().position(|known| known == name);
    let found = common.map(|(_, placeholder)| *placeholder);
    found
        .or_else(|| key().map(Placeholder::Key))
        .ok_or_else(|| TemplateError {
            at,
            reason: match crate::record::Field::from_name(name) {
                Some(_) => format!("{{{name}}} is no field that the rule groups by"),
                None => format!("unknown placeholder {}", crate::text::words::quote(name)),
            },
            word: Some(name.to_owned()),
        })
}

fn error(at: usize, reason: &str) -> TemplateError {
    TemplateError {
        at,
        reason: reason.to_owned(),
        word: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_places() {
        let group_by = ["remote_host".to_owned()];
        let template = Template::parse("{{{remote_host}}}: {count}x", &group_by);
        assert_eq!(
            template.unwrap().parts,
            [
                Part::Literal("{".into()),
                Part::Placeholder(Placeholder::Key(0)),
                Part::Literal("}: ".into()),
                Part::Placeholder(Placeholder::Count),
                Part::Literal("x".into()),
            ]
        );
    }

    #[test]
    fn errors_say_where() {
        let at = |text| Template::parse(text, &[]).unwrap_err();
        assert_eq!(at("ä {x}").at, 2);
        assert_eq!(at("ä {x}").word.as_deref(), Some("x"));
        assert_eq!(at("a {count").at, 2);
        assert_eq!(at("a {").at, 2);
        assert_eq!(at("a } b").at, 2);
        assert!(at("{bucket_name}").reason.contains("groups by"));
    }
}
