//! The modifiers of Sigma: what each does, and which go together.
//!
//! One row a modifier. What it means for a value is checked in
//! [`super::check`] and compiled in [`mod@super::compile`].

use rsigma_parser::Modifier;

use super::encode::Encoding;
use crate::record::time::Part;

/// What a modifier does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Decides how value and field are compared; there is one at most.
    Compare(Operand),
    /// The field is there and is none of the values.
    Unequal,
    /// Values are names of fields, whose values are meant.
    FieldRef,
    /// A number of the time is compared, not the time.
    Time(Part),
    /// Values are encoded before they are compared.
    Encode(Encoding),
    /// Changes how text is compared.
    Cased,
    /// Every value instead of any.
    All,
    /// A flag of a regular expression.
    RegexFlag,
    /// Values hold names of lists.
    Expand,
    /// An error for good; the text says why.
    Refused(&'static str),
}

impl Role {
    /// Whether the two may stand behind one field.
    #[must_use]
    pub fn goes_with(self, other: Role) -> bool {
        self.takes(other) || other.takes(self)
    }

    /// One half of the table: each pair stands in it once.
    fn takes(self, other: Role) -> bool {
        use Operand::{Network, Number, Presence, Regex, Same, Text};
        use Role::{
            All, Cased, Compare, Encode, Expand, FieldRef, Refused, RegexFlag, Time, Unequal,
        };
        match self {
            Compare(Text) => matches!(other, Unequal | FieldRef | Encode(_) | Cased | All | Expand),
            Compare(Regex) => matches!(other, Unequal | All | RegexFlag),
            Compare(Network) => matches!(other, Unequal | Expand),
            Compare(Number) => matches!(other, Time(_)),
            Unequal => matches!(
                other,
                FieldRef | Time(_) | Encode(_) | Cased | Expand | RegexFlag
            ),
            Cased => matches!(other, FieldRef | Encode(_) | All | Expand),
            All => matches!(other, FieldRef | Encode(_) | RegexFlag),
            RegexFlag => other == RegexFlag,
            Encode(_) => matches!(other, Encode(_)),
            Compare(Same | Presence) | FieldRef | Time(_) | Expand | Refused(_) => false,
        }
    }
}

/// What a comparison needs of its value and field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operand {
    /// A value of the field's own kind, or null.
    Same,
    /// Text in a part of the field.
    Text,
    /// A regular expression.
    Regex,
    /// A network and the field of the address.
    Network,
    /// One whole number and a number field.
    Number,
    /// `true` or `false` and any field.
    Presence,
}

/// One modifier.
#[derive(Debug, Clone, Copy)]
pub struct ModifierRow {
    /// As it stands behind the `|`.
    pub name: &'static str,
    /// What it does.
    pub role: Role,
    /// What `rsigma-parser` makes of it.
    pub modifier: Modifier,
}

/// What the modifiers that `rsigma-parser` read do, in their order.
pub fn roles(modifiers: &[Modifier]) -> impl Iterator<Item = Role> {
    modifiers.iter().filter_map(|modifier| {
        let row = MODIFIERS.iter().find(|row| row.modifier == *modifier);
        row.map(|row| row.role)
    })
}

const fn modifier(name: &'static str, role: Role, modifier: Modifier) -> ModifierRow {
    ModifierRow {
        name,
        role,
        modifier,
    }
}

const fn compare(name: &'static str, operand: Operand, modifier: Modifier) -> ModifierRow {
    self::modifier(name, Role::Compare(operand), modifier)
}

const fn encode(name: &'static str, encoding: Encoding, modifier: Modifier) -> ModifierRow {
    self::modifier(name, Role::Encode(encoding), modifier)
}

const fn time(name: &'static str, part: Part, modifier: Modifier) -> ModifierRow {
    self::modifier(name, Role::Time(part), modifier)
}

/// Every modifier of Sigma.
pub const MODIFIERS: &[ModifierRow] = &[
    compare("contains", Operand::Text, Modifier::Contains),
    compare("startswith", Operand::Text, Modifier::StartsWith),
    compare("endswith", Operand::Text, Modifier::EndsWith),
    compare("re", Operand::Regex, Modifier::Re),
    compare("cidr", Operand::Network, Modifier::Cidr),
    compare("exists", Operand::Presence, Modifier::Exists),
    compare("gt", Operand::Number, Modifier::Gt),
    compare("gte", Operand::Number, Modifier::Gte),
    compare("lt", Operand::Number, Modifier::Lt),
    compare("lte", Operand::Number, Modifier::Lte),
    modifier("neq", Role::Unequal, Modifier::Neq),
    modifier("fieldref", Role::FieldRef, Modifier::FieldRef),
    modifier("cased", Role::Cased, Modifier::Cased),
    modifier("all", Role::All, Modifier::All),
    modifier("expand", Role::Expand, Modifier::Expand),
    modifier("i", Role::RegexFlag, Modifier::IgnoreCase),
    modifier("ignorecase", Role::RegexFlag, Modifier::IgnoreCase),
    modifier("m", Role::RegexFlag, Modifier::Multiline),
    modifier("multiline", Role::RegexFlag, Modifier::Multiline),
    modifier("s", Role::RegexFlag, Modifier::DotAll),
    modifier("dotall", Role::RegexFlag, Modifier::DotAll),
    encode("base64", Encoding::Base64, Modifier::Base64),
    encode(
        "base64offset",
        Encoding::Base64Offset,
        Modifier::Base64Offset,
    ),
    encode("wide", Encoding::Utf16Le, Modifier::Wide),
    encode("utf16le", Encoding::Utf16Le, Modifier::Wide),
    encode("utf16be", Encoding::Utf16Be, Modifier::Utf16be),
    encode("utf16", Encoding::Utf16, Modifier::Utf16),
    time("minute", Part::Minute, Modifier::Minute),
    time("hour", Part::Hour, Modifier::Hour),
    time("day", Part::Day, Modifier::Day),
    time("week", Part::Week, Modifier::Week),
    time("month", Part::Month, Modifier::Month),
    time("year", Part::Year, Modifier::Year),
    modifier(
        "windash",
        Role::Refused(
            "is about the flags of Windows command lines, and an access log holds none: \
             write the texts out",
        ),
        Modifier::WindAsh,
    ),
];
