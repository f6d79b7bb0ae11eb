//! One `field|modifier: value` of a selection, and keywords, which have no
//! field.
//!
//! What matching would otherwise have to decide record by record (a number
//! compared with text, a pattern that does not compile) is an error here.

use rsigma_parser::SigmaString;

use super::Checker;
use super::behind::Behind;
use crate::record::{Field, Kind as FieldKind};
use crate::rule::encode;
use crate::rule::error::Spot;
use crate::rule::expand::{self, Piece};
use crate::rule::modifier::{MODIFIERS, ModifierRow, Operand, Role};
use crate::rule::pattern::{self, Flags};
use crate::rule::words::{Holds, PLACEHOLDERS, TIME_FIELDS};
use crate::rule::yaml::{Key, Node, Value};
use crate::settings::networks;
use crate::text::words::quote;

impl Checker<'_> {
    /// One `field|modifier: value`; without a field, keywords.
    pub(super) fn item(&mut self, key: &Key, node: &Node) {
        let before = self.report.count();
        let mut parts = key.text.split('|');
        let name = parts.next().unwrap_or_default();
        if name.contains(['[', ']']) {
            let reason = "array matching is not supported by s3sentry: a record holds no arrays";
            return self.report.push(key.spot, reason);
        }
        let keywords = name.is_empty() && key.text.len() > 1;
        if !keywords {
            self.field_name(key.spot, name);
        }
        let rows = parts
            .filter_map(|part| self.modifier(key.spot, part))
            .collect();
        let field = Field::from_name(name);
        if self.report.count() > before || (field.is_none() && !keywords) {
            return;
        }
        let Some(behind) = Behind::of(rows) else {
            let reason = format!("the modifiers of {} exclude each other", quote(&key.text));
            return self.report.push(key.spot, reason);
        };
        match behind.complaint(field, node) {
            Some(complaint) => self.report.push(key.spot, complaint),
            None => self.values(field, &behind, node),
        }
    }

    fn modifier(&mut self, spot: Spot, name: &str) -> Option<&'static ModifierRow> {
        let row = MODIFIERS.iter().find(|row| row.name == name);
        match row.map(|row| row.role) {
            Some(Role::Refused(why)) => {
                let reason = format!("the modifier {name:?} {why}");
                self.report.push(spot, reason);
                return None;
            }
            Some(_) => {}
            None => {
                let reason = format!("unknown modifier {}", quote(name));
                let known = MODIFIERS.iter().map(|row| row.name);
                self.report.unknown(spot, reason, name, known);
            }
        }
        row
    }

    /// One keyword of a list without modifiers.
    pub(super) fn keyword(&mut self, node: &Node) {
        self.value(None, &Behind::default(), node);
    }

    fn values(&mut self, field: Option<Field>, behind: &Behind, node: &Node) {
        if node.items().is_empty() {
            let name = named(field);
            self.report.push(node.spot, format!("{name} has no value"));
        }
        let listed = matches!(node.value, Value::List(_));
        let mut expanded = false;
        for value in node.items() {
            if listed && value.value == Value::Null {
                let reason = "null cannot stand in a list: give it a selection of its own";
                self.report.push(value.spot, reason);
                continue;
            }
            match (value.text(), field) {
                (Some(text), Some(field)) if behind.has(Role::Expand) => {
                    expanded |= self.expand(value, text, field, behind);
                }
                _ => self.value(field, behind, value),
            }
        }
        if behind.has(Role::Expand) && !expanded {
            let reason = "\"expand\" without a placeholder such as \"%trusted_networks%\"";
            self.report.push(node.spot, reason);
        }
    }

    /// A value behind `expand`; whether it holds a placeholder.
    fn expand(&mut self, node: &Node, text: &str, field: Field, behind: &Behind) -> bool {
        let pieces = expand::pieces(text);
        let mut found = false;
        for piece in &pieces {
            if let Piece::Name(name) = piece {
                found = true;
                self.placeholder(node.spot, name, field, behind.operand, pieces.len() == 1);
            }
        }
        if !found {
            self.value(Some(field), behind, node);
        } else if let Some(complaint) = self.wildcards(text) {
            let reason = format!("the value {} {complaint}", quote(text));
            self.report.push(node.spot, reason);
        }
        found
    }

    /// A list of networks is compared as networks whether or not "cidr" says so:
    /// other tools of Sigma refuse a placeholder behind it.
    fn placeholder(&mut self, spot: Spot, name: &str, field: Field, operand: Operand, alone: bool) {
        let Some((_, holds)) = PLACEHOLDERS.iter().find(|(known, _)| *known == name) else {
            let reason = format!("unknown placeholder {}", quote(name));
            let known = PLACEHOLDERS.iter().map(|(known, _)| *known);
            return self.report.unknown(spot, reason, name, known);
        };
        let network = operand == Operand::Network;
        let whole = alone && matches!(operand, Operand::Same | Operand::Network);
        let complaint = match holds {
            Holds::Networks if field != Field::RemoteIp => {
                "holds networks: it needs the field \"remote_ip\""
            }
            Holds::Networks if !whole => "holds networks, which are no part of a text",
            Holds::Texts | Holds::Hours if network => "holds no networks, as \"cidr\" needs",
            Holds::Hours if !TIME_FIELDS.contains(&field.name()) => {
                "holds hours: it needs the field \"hour_of_week\""
            }
            Holds::Hours if !whole => "holds hours, which are no part of a text",
            Holds::Texts if field.kind() != FieldKind::Text => {
                "holds texts: it needs a field of text"
            }
            _ => return,
        };
        self.report.push(spot, format!("\"%{name}%\" {complaint}"));
    }

    fn value(&mut self, field: Option<Field>, behind: &Behind, node: &Node) {
        let (expected, good) = behind.expects(field, &node.value);
        if !good {
            return self.wrong(node, &named(field), &expected);
        }
        let Some(text) = node.text() else {
            return;
        };
        let complaint = match field {
            Some(field) if behind.has(Role::FieldRef) => self.reference(node.spot, text, field),
            _ => self.complaint(field, behind, text),
        };
        if let Some(complaint) = complaint {
            let reason = format!("the value {} {complaint}", quote(text));
            self.report.push(node.spot, reason);
        }
    }

    /// What is wrong with a text that is to be compared.
    fn complaint(&mut self, field: Option<Field>, behind: &Behind, text: &str) -> Option<String> {
        let partial = matches!(behind.operand, Operand::Text | Operand::Regex);
        if text.is_empty() && (field.is_none() || partial) {
            return Some("is empty, and so is in every text".to_owned());
        }
        if field.is_some() && behind.operand != Operand::Regex && known_placeholder(text) {
            return Some("needs the modifier \"expand\"".to_owned());
        }
        match behind.operand {
            Operand::Regex => self.regex(text, behind.flags),
            Operand::Network => networks::parse(text).err().map(|error| error.to_string()),
            _ if !behind.encodings.is_empty() => {
                encode::encode(&SigmaString::new(text), &behind.encodings).err()
            }
            _ => self.wildcards(text),
        }
    }

    fn wildcards(&mut self, text: &str) -> Option<String> {
        self.wildcards += text.bytes().filter(|b| matches!(b, b'*' | b'?')).count();
        let most = super::MAX_WILDCARDS;
        (self.wildcards > most)
            .then(|| format!("holds wildcards beyond the {most} that a file may hold"))
    }

    /// What is wrong with the name of another field.
    fn reference(&mut self, spot: Spot, name: &str, field: Field) -> Option<String> {
        let Some(other) = Field::from_name(name) else {
            self.field_name(spot, name);
            return None;
        };
        if other == field {
            return Some("is the field itself".to_owned());
        }
        (other.kind() != field.kind()).then(|| {
            format!(
                "is a field of another kind than {:?}, so the two are never the same",
                field.name()
            )
        })
    }

    fn regex(&mut self, text: &str, flags: Flags) -> Option<String> {
        self.patterns += 1;
        match self.patterns {
            ..=super::MAX_PATTERNS => {
                let error = pattern::regex(text, flags).err()?;
                Some(format!("is no regular expression: {error}"))
            }
            _ => Some(format!(
                "is one regular expression too many: a file may hold {}",
                super::MAX_PATTERNS
            )),
        }
    }
}

fn named(field: Option<Field>) -> String {
    field.map_or_else(
        || "a keyword".to_owned(),
        |field| format!("{:?}", field.name()),
    )
}

/// Whether the text is wholly `%name%`, where the name is that of a list.
fn known_placeholder(text: &str) -> bool {
    let name = text
        .strip_prefix('%')
        .and_then(|name| name.strip_suffix('%'));
    name.is_some_and(|name| PLACEHOLDERS.iter().any(|(known, _)| *known == name))
}
