//! One `field|modifier: value` of a selection, and keywords, which have no
//! field.
//!
//! What matching would otherwise have to decide record by record (a number
//! compared with text, a pattern that does not compile) is an error here.

use rsigma_parser::{Modifier, SigmaString};

use super::Checker;
use crate::record::time::Part;
use crate::record::{Field, Kind as FieldKind};
use crate::rule::encode::{self, Encoding};
use crate::rule::error::Spot;
use crate::rule::expand::{self, Piece};
use crate::rule::modifier::{MODIFIERS, ModifierRow, Operand, Role};
use crate::rule::pattern::{self, Flags};
use crate::rule::words::PLACEHOLDERS;
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
        }
        found
    }

    /// A list of networks is compared as networks whether or not "cidr" says so:
    /// other tools of Sigma refuse a placeholder behind it.
    fn placeholder(&mut self, spot: Spot, name: &str, field: Field, operand: Operand, alone: bool) {
        let network = operand == Operand::Network;
        let same = matches!(operand, Operand::Same | Operand::Network);
        let reason = match PLACEHOLDERS.iter().find(|(known, _)| *known == name) {
            Some((_, true)) if field != Field::RemoteIp => {
                format!("\"%{name}%\" holds networks: it needs the field \"remote_ip\"")
            }
            Some((_, true)) if !alone || !same => {
                format!("\"%{name}%\" holds networks, which are no part of a text")
            }
            Some((_, false)) if network => {
                format!("\"%{name}%\" holds no networks, as \"cidr\" needs")
            }
            Some(_) => return,
            None => {
                let reason = format!("unknown placeholder {}", quote(name));
                let known = PLACEHOLDERS.iter().map(|(known, _)| *known);
                return self.report.unknown(spot, reason, name, known);
            }
        };
        self.report.push(spot, reason);
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
        let empty = text.is_empty() && (field.is_none() || behind.operand == Operand::Text);
        if empty {
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
            _ => None,
        }
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

/// What the modifiers of an item amount to.
struct Behind {
    rows: Vec<&'static ModifierRow>,
    operand: Operand,
    time: Option<Part>,
    encodings: Vec<Encoding>,
    flags: Flags,
}

impl Default for Behind {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            operand: Operand::Same,
            time: None,
            encodings: Vec::new(),
            flags: Flags::default(),
        }
    }
}

impl Behind {
    /// `None` when the modifiers exclude each other.
    fn of(rows: Vec<&'static ModifierRow>) -> Option<Self> {
        let mut behind = Self::default();
        for (index, row) in rows.iter().enumerate() {
            if !rows[..index]
                .iter()
                .all(|other| row.role.goes_with(other.role))
            {
                return None;
            }
            match row.role {
                Role::Compare(operand) => behind.operand = operand,
                Role::Time(part) => behind.time = Some(part),
                Role::Encode(encoding) => behind.encodings.push(encoding),
                Role::RegexFlag => match row.modifier {
                    Modifier::Multiline => behind.flags.multi_line = true,
                    Modifier::DotAll => behind.flags.dot_all = true,
                    _ => behind.flags.ignore_case = true,
                },
                _ => {}
            }
        }
        behind.rows = rows;
        let fits = encode::is_chain(&behind.encodings)
            && (!behind.has(Role::RegexFlag) || behind.operand == Operand::Regex);
        fits.then_some(behind)
    }

    fn has(&self, role: Role) -> bool {
        self.rows.iter().any(|row| row.role == role)
    }

    /// The name of the modifier that decides the comparison.
    fn name(&self) -> &'static str {
        let compares = |row: &&&ModifierRow| matches!(row.role, Role::Compare(_));
        self.rows.iter().find(compares).map_or("", |row| row.name)
    }

    /// What is wrong with field and value as a whole.
    fn complaint(&self, field: Option<Field>, node: &Node) -> Option<String> {
        let list = match &node.value {
            Value::List(items) => Some(items.len()),
            _ => None,
        };
        let name = self.name();
        let complaint = match field {
            Some(field) => self.misplaced(field),
            None => self.needs_field(),
        };
        if complaint.is_some() {
            return complaint;
        }
        if matches!(self.operand, Operand::Number | Operand::Presence) && list.is_some() {
            return Some(format!("{name:?} takes one value, not a list"));
        }
        if self.has(Role::All) && list.is_none_or(|length| length < 2) {
            return Some("\"all\" needs a list of at least two values".to_owned());
        }
        let offset = self.encodings.contains(&Encoding::Base64Offset);
        if offset && field.is_some() && name != "contains" {
            let reason = "\"base64offset\" needs \"contains\" behind it: \
                          the value is a part of what was encoded";
            return Some(reason.to_owned());
        }
        None
    }

    /// Why these modifiers cannot stand behind this field.
    fn misplaced(&self, field: Field) -> Option<String> {
        let (name, kind) = (self.name(), field.kind());
        let needs = |modifier: &str, what: &str| {
            Some(format!(
                "{modifier:?} needs a field of {what}, and {:?} is none",
                field.name()
            ))
        };
        let text = self.has(Role::Cased) || self.has(Role::Expand) || !self.encodings.is_empty();
        match self.operand {
            Operand::Text | Operand::Regex if kind == FieldKind::Flag => {
                needs(name, "text or numbers")
            }
            Operand::Network if field != Field::RemoteIp => {
                Some(format!("{name:?} needs the field \"remote_ip\""))
            }
            Operand::Number if self.time.is_none() && kind != FieldKind::Number => {
                needs(name, "numbers")
            }
            _ if self.time.is_some() && field != Field::RequestTime => {
                let time = self
                    .rows
                    .iter()
                    .find(|row| matches!(row.role, Role::Time(_)));
                let time = time.map_or("", |row| row.name);
                Some(format!("{time:?} needs the field \"request_time\""))
            }
            _ if text && kind != FieldKind::Text => {
                let row = self
                    .rows
                    .iter()
                    .find(|row| matches!(row.role, Role::Cased | Role::Expand | Role::Encode(_)));
                needs(row.map_or("", |row| row.name), "text")
            }
            _ => None,
        }
    }

    /// Which modifier makes no sense without a field.
    fn needs_field(&self) -> Option<String> {
        let alone = |row: &&&ModifierRow| {
            !matches!(
                row.role,
                Role::Compare(Operand::Regex)
                    | Role::RegexFlag
                    | Role::All
                    | Role::Cased
                    | Role::Encode(_)
            ) && row.modifier != Modifier::Contains
        };
        let row = self.rows.iter().find(alone)?;
        let name = row.name;
        Some(format!(
            "{name:?} needs a field: keywords are looked for in the whole line"
        ))
    }

    /// There is nothing in a null that could be encoded or folded.
    fn takes_null(&self) -> bool {
        self.rows.iter().all(|row| row.role == Role::Unequal)
    }

    /// What a value must be, and whether this one is.
    fn expects(&self, field: Option<Field>, value: &Value) -> (String, bool) {
        const WHOLE: &str = "a whole number from 0 to 9223372036854775807";
        let number = match value {
            Value::Int(number) => u64::try_from(*number)
                .ok()
                .filter(|n| i64::try_from(*n).is_ok()),
            _ => None,
        };
        let is_text = matches!(value, Value::Text(_));
        let (expected, good) = match (self.operand, field.map(Field::kind)) {
            (Operand::Presence, _) => ("true or false", matches!(value, Value::Bool(_))),
            _ if self.has(Role::FieldRef) => ("the name of a field", is_text),
            _ if let Some(part) = self.time => {
                let (least, most) = part.range();
                let expected = format!("a whole number from {least} to {most}");
                return (
                    expected,
                    number.is_some_and(|n| (least..=most).contains(&n)),
                );
            }
            (Operand::Same, Some(_)) if *value == Value::Null && self.takes_null() => ("", true),
            (Operand::Same, Some(FieldKind::Flag)) => {
                ("true or false", matches!(value, Value::Bool(_)))
            }
            (Operand::Number, _) => (WHOLE, number.is_some()),
            (Operand::Same | Operand::Text, Some(FieldKind::Number)) => {
                (WHOLE, number.is_some() || is_digits(value))
            }
            (Operand::Same, None) => ("text", is_text || number.is_some()),
            _ => ("text", is_text),
        };
        (expected.to_owned(), good)
    }
}

fn named(field: Option<Field>) -> String {
    field.map_or_else(
        || "a keyword".to_owned(),
        |field| format!("{:?}", field.name()),
    )
}

/// Text that a number can be: anything else would never match.
fn is_digits(value: &Value) -> bool {
    let Value::Text(text) = value else {
        return false;
    };
    let fits = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'*' | b'?');
    !text.is_empty() && text.bytes().all(fits)
}

/// Whether the text is wholly `%name%`, where the name is that of a list.
fn known_placeholder(text: &str) -> bool {
    let name = text
        .strip_prefix('%')
        .and_then(|name| name.strip_suffix('%'));
    name.is_some_and(|name| PLACEHOLDERS.iter().any(|(known, _)| *known == name))
}
