//! The modifiers behind a field: what they amount to, and whether field and
//! value fit them.
//!
//! Which modifiers there are and which go together stands in
//! [`crate::rule::modifier`].

use rsigma_parser::Modifier;

use crate::record::time::Part;
use crate::record::{Field, Kind as FieldKind};
use crate::rule::encode::{self, Encoding};
use crate::rule::modifier::{ModifierRow, Operand, Role};
use crate::rule::pattern::Flags;
use crate::rule::words::TIME_FIELDS;
use crate::rule::yaml::{Node, Value};

/// What the modifiers of an item amount to.
pub(super) struct Behind {
    rows: Vec<&'static ModifierRow>,
    pub operand: Operand,
    time: Option<Part>,
    pub encodings: Vec<Encoding>,
    pub flags: Flags,
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
    pub fn of(rows: Vec<&'static ModifierRow>) -> Option<Self> {
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

    pub fn has(&self, role: Role) -> bool {
        self.rows.iter().any(|row| row.role == role)
    }

    /// The name of the modifier that decides the comparison.
    fn name(&self) -> &'static str {
        let compares = |row: &&&ModifierRow| matches!(row.role, Role::Compare(_));
        self.rows.iter().find(compares).map_or("", |row| row.name)
    }

    /// What is wrong with field and value as a whole.
    pub fn complaint(&self, field: Option<Field>, node: &Node) -> Option<String> {
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
        // Work hours are a list of times.
        let expand = self.has(Role::Expand) && !TIME_FIELDS.contains(&field.name());
        let text = self.has(Role::Cased) || expand || !self.encodings.is_empty();
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
    pub fn expects(&self, field: Option<Field>, value: &Value) -> (String, bool) {
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

/// Text that a number can be: anything else would never match.
fn is_digits(value: &Value) -> bool {
    let Value::Text(text) = value else {
        return false;
    };
    let fits = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'*' | b'?');
    !text.is_empty() && text.bytes().all(fits)
}
