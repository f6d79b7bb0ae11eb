//! One `field|modifier: value` of a selection.
//!
//! What matching would otherwise have to decide record by record (a number
//! compared with text, a pattern that does not compile) is an error here.

use Operand::{Network, One, Regex, Same, Text};

use super::Checker;
use crate::record::{Field, Kind as FieldKind};
use crate::rule::error::Spot;
use crate::rule::pattern::{self, Flags};
use crate::rule::words::{Holds, MODIFIERS, ModifierRow, Operand, PLACEHOLDERS, Role, TIME_FIELDS};
use crate::rule::yaml::{Key, Node, Value};
use crate::settings::networks;
use crate::text::words::quote;

impl Checker<'_> {
    /// One `field|modifier: value`.
    pub(super) fn item(&mut self, key: &Key, node: &Node) {
        let before = self.report.count();
        let mut parts = key.text.split('|');
        let name = parts.next().unwrap_or_default();
        if name.contains(['[', ']']) {
            let reason = "array matching is not supported by s3sentry: a record holds no arrays";
            return self.report.push(key.spot, reason);
        }
        self.field_name(key.spot, name);
        let mut rows = Vec::new();
        for part in parts {
            match MODIFIERS.iter().find(|row| row.name == part) {
                Some(row) if row.role == Role::Later => {
                    let reason = format!("the modifier {part:?} is not supported yet by s3sentry");
                    self.report.push(key.spot, reason);
                }
                Some(row) => rows.push(row),
                None => {
                    let reason = format!("unknown modifier {}", quote(part));
                    let known = MODIFIERS.iter().map(|row| row.name);
                    self.report.unknown(key.spot, reason, part, known);
                }
            }
        }
        let Some(field) = Field::from_name(name) else {
            return;
        };
        if self.report.count() > before {
            return;
        }
        if let Some(use_) = Use::of(&rows) {
            match use_.complaint(field, node) {
                Some(complaint) => self.report.push(key.spot, complaint),
                None => self.values(field, &use_, node),
            }
        } else {
            let reason = format!("the modifiers of {} exclude each other", quote(&key.text));
            self.report.push(key.spot, reason);
        }
    }

    fn values(&mut self, field: Field, use_: &Use, node: &Node) {
        if node.items().is_empty() {
            let reason = format!("{:?} has no value", field.name());
            self.report.push(node.spot, reason);
        }
        let mut expanded = false;
        for value in node.items() {
            let placeholder = value.text().and_then(placeholder);
            match placeholder {
                Some(name) if use_.expand => {
                    expanded = true;
                    self.placeholder(value.spot, name, field, use_.operand);
                }
                Some(name) if PLACEHOLDERS.iter().any(|(known, _)| *known == name) => {
                    let reason = format!("\"%{name}%\" needs the modifier \"expand\"");
                    self.report.push(value.spot, reason);
                }
                _ => self.value(field, use_, value),
            }
        }
        if use_.expand && !expanded {
            let reason = "\"expand\" without a placeholder such as \"%trusted_networks%\"";
            self.report.push(node.spot, reason);
        }
    }

    /// A list of networks is compared as networks whether or not "cidr" says so:
    /// other tools of Sigma refuse a placeholder behind it.
    fn placeholder(&mut self, spot: Spot, name: &str, field: Field, operand: Operand) {
        let Some((_, holds)) = PLACEHOLDERS.iter().find(|(known, _)| *known == name) else {
            let reason = format!("unknown placeholder {}", quote(name));
            let known = PLACEHOLDERS.iter().map(|(known, _)| *known);
            return self.report.unknown(spot, reason, name, known);
        };
        let network = operand == Operand::Network;
        let is_time = TIME_FIELDS.contains(&field.name());
        let complaint = match holds {
            Holds::Networks if !network && field != Field::RemoteIp => {
                "holds networks: it needs the field \"remote_ip\""
            }
            Holds::Texts | Holds::Hours if network => "holds no networks, as \"cidr\" needs",
            Holds::Hours if !is_time => "holds hours: it needs the field \"hour_of_week\"",
            Holds::Texts if field.kind() != FieldKind::Text => {
                "holds texts: it needs a field of text"
            }
            _ => return,
        };
        self.report.push(spot, format!("\"%{name}%\" {complaint}"));
    }

    fn value(&mut self, field: Field, use_: &Use, node: &Node) {
        let name = format!("{:?}", field.name());
        let number = matches!(node.value, Value::Int(n) if i64::try_from(n).is_ok_and(|n| n >= 0));
        let (expected, good) = match (use_.operand, field.kind()) {
            (Operand::Presence, _) => ("true or false", matches!(node.value, Value::Bool(_))),
            (Operand::Same | Operand::One, _) if node.value == Value::Null => return,
            (Operand::Same | Operand::One, FieldKind::Flag) => {
                ("true or false", matches!(node.value, Value::Bool(_)))
            }
            (Operand::Number, _) | (Operand::Same | Operand::One, FieldKind::Number) => {
                ("a whole number from 0 to 9223372036854775807", number)
            }
            _ => ("text", node.text().is_some()),
        };
        let Some(text) = node.text().filter(|_| good) else {
            if !good {
                self.wrong(node, &name, expected);
            }
            return;
        };
        let complaint = match use_.operand {
            Operand::Text if text.is_empty() => {
                Some("is empty, and so is in every text".to_owned())
            }
            Operand::Regex => self.regex(text, use_.flags),
            Operand::Network => networks::parse(text).err().map(|error| error.to_string()),
            _ => None,
        };
        if let Some(complaint) = complaint {
            let reason = format!("the value {} {complaint}", quote(text));
            self.report.push(node.spot, reason);
        }
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
struct Use {
    operand: Operand,
    /// The modifier that decides the comparison.
    compare: Option<&'static str>,
    all: bool,
    expand: bool,
    flags: Flags,
}

impl Use {
    /// `None` when the modifiers exclude each other.
    fn of(rows: &[&ModifierRow]) -> Option<Self> {
        let mut use_ = Self {
            operand: Operand::Same,
            compare: None,
            all: false,
            expand: false,
            flags: Flags::default(),
        };
        let (mut cased, mut flags) = (false, 0);
        for row in rows {
            match row.role {
                Role::Compare(operand) => {
                    if use_.compare.replace(row.name).is_some() {
                        return None;
                    }
                    use_.operand = operand;
                }
                Role::Cased => cased = true,
                Role::All => use_.all = true,
                Role::Expand => use_.expand = true,
                Role::RegexFlag => {
                    flags += 1;
                    match row.modifier {
                        rsigma_parser::Modifier::Multiline => use_.flags.multi_line = true,
                        rsigma_parser::Modifier::DotAll => use_.flags.dot_all = true,
                        _ => use_.flags.ignore_case = true,
                    }
                }
                Role::Later => return None,
            }
        }
        let operand = use_.operand;
        let fits = (flags == 0 || operand == Regex)
            && (!cased || matches!(operand, Same | One | Text))
            && (!use_.all || matches!(operand, Same | Text | Regex))
            && (!use_.expand || matches!(operand, Same | One | Network))
            && !(use_.all && use_.expand);
        fits.then_some(use_)
    }

    /// What is wrong with field and value as a whole.
    fn complaint(&self, field: Field, node: &Node) -> Option<String> {
        let name = self.compare.unwrap_or_default();
        let list = match &node.value {
            Value::List(items) => Some(items.len()),
            _ => None,
        };
        let single = matches!(
            self.operand,
            Operand::One | Operand::Number | Operand::Presence
        );
        match self.operand {
            Operand::Text | Operand::Regex if field.kind() != FieldKind::Text => Some(format!(
                "{name:?} needs a field of text, and {:?} is none",
                field.name()
            )),
            Operand::Network if field != Field::RemoteIp => {
                Some(format!("{name:?} needs the field \"remote_ip\""))
            }
            Operand::Number if field.kind() != FieldKind::Number => Some(format!(
                "{name:?} needs a field of numbers, and {:?} is none",
                field.name()
            )),
            _ if single && list.is_some() => Some(format!("{name:?} takes one value, not a list")),
            _ if self.expand
                && field.kind() != FieldKind::Text
                && !TIME_FIELDS.contains(&field.name()) =>
            {
                Some("\"expand\" needs a field of text".to_owned())
            }
            _ if self.all && list.is_none_or(|length| length < 2) => {
                Some("\"all\" needs a list of at least two values".to_owned())
            }
            _ => None,
        }
    }
}

/// The name in a value that is wholly `%name%`.
fn placeholder(text: &str) -> Option<&str> {
    let name = text.strip_prefix('%')?.strip_suffix('%')?;
    (!name.is_empty() && !name.contains('%')).then_some(name)
}
