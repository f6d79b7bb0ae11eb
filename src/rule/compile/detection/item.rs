//! One `field|modifier: value` to a test, and keywords, which have no field.
//!
//! Everything was checked before, so what cannot be is an error without words
//! for a user, and no more.

use rsigma_parser::{DetectionItem, Modifier, SigmaString, SigmaValue};

use crate::record::Field;
use crate::record::time::Part;
use crate::rule::encode::{self, Encoding};
use crate::rule::expand::{self, Piece};
use crate::rule::matcher::{self, Compare, Expr, Place, Related, Test};
use crate::rule::modifier::{Role, roles};
use crate::rule::pattern::{self, Flags};
use crate::rule::text::{Anchor, Text};
use crate::rule::texts::Texts;
use crate::rule::words::PLACEHOLDERS;
use crate::settings::{Names, Settings, networks};

/// Reads items with the lists of the settings.
pub struct Reader<'s> {
    /// The settings.
    pub settings: &'s Settings,
}

/// The modifiers of an item.
struct Behind<'d> {
    modifiers: &'d [Modifier],
    time: Option<Part>,
    encodings: Vec<Encoding>,
}

impl<'d> Behind<'d> {
    fn of(modifiers: &'d [Modifier]) -> Self {
        let time = |role| match role {
            Role::Time(part) => Some(part),
            _ => None,
        };
        let encoding = |role| match role {
            Role::Encode(encoding) => Some(encoding),
            _ => None,
        };
        Self {
            modifiers,
            time: roles(modifiers).find_map(time),
            encodings: roles(modifiers).filter_map(encoding).collect(),
        }
    }

    fn has(&self, modifier: Modifier) -> bool {
        self.modifiers.contains(&modifier)
    }

    /// What the one of these modifiers that is there stands for.
    fn one_of<T: Copy>(&self, table: &[(Modifier, T)], otherwise: T) -> T {
        let row = table.iter().find(|(modifier, _)| self.has(*modifier));
        row.map_or(otherwise, |(_, meaning)| *meaning)
    }

    fn anchor(&self, otherwise: Anchor) -> Anchor {
        let table = [
            (Modifier::Contains, Anchor::Within),
            (Modifier::StartsWith, Anchor::Start),
            (Modifier::EndsWith, Anchor::End),
        ];
        self.one_of(&table, otherwise)
    }

    fn compare(&self) -> Compare {
        let table = [
            (Modifier::Gt, Compare::More),
            (Modifier::Gte, Compare::AtLeast),
            (Modifier::Lt, Compare::Less),
            (Modifier::Lte, Compare::AtMost),
        ];
        self.one_of(&table, Compare::Equal)
    }

    fn flags(&self) -> Flags {
        Flags {
            ignore_case: self.has(Modifier::IgnoreCase),
            multi_line: self.has(Modifier::Multiline),
            dot_all: self.has(Modifier::DotAll),
        }
    }

    fn join(&self, parts: Vec<Expr>) -> Expr {
        if self.has(Modifier::All) {
            Expr::all(parts)
        } else {
            Expr::any(parts)
        }
    }
}

impl Reader<'_> {
    /// Keywords: any of them stands somewhere in the line.
    pub fn keywords(&self, values: &[SigmaValue]) -> Result<Expr, String> {
        self.values(None, &Behind::of(&[]), values)
    }

    /// One item.
    pub fn item(&self, item: &DetectionItem) -> Result<Expr, String> {
        let behind = Behind::of(&item.field.modifiers);
        let Some(name) = &item.field.name else {
            return self.values(None, &behind, &item.values);
        };
        let field = Field::from_name(name).ok_or_else(|| format!("unknown field {name:?}"))?;
        let exists = Expr::Test(Test::Exists(field));
        if behind.has(Modifier::Exists) {
            let wanted = !matches!(item.values[..], [SigmaValue::Bool(false)]);
            return Ok(if wanted { exists } else { Expr::not(exists) });
        }
        let holds = self.values(Some(field), &behind, &item.values)?;
        if behind.has(Modifier::Neq) {
            return Ok(Expr::all(vec![exists, Expr::not(holds)]));
        }
        Ok(holds)
    }

    fn values(
        &self,
        field: Option<Field>,
        behind: &Behind<'_>,
        values: &[SigmaValue],
    ) -> Result<Expr, String> {
        let each = values.iter().map(|value| match field {
            Some(field) => self.value(field, behind, value),
            None => keyword(behind, value),
        });
        let each: Result<Vec<Expr>, String> = each.collect();
        Ok(behind.join(each?))
    }

    fn value(&self, field: Field, behind: &Behind<'_>, value: &SigmaValue) -> Result<Expr, String> {
        let test = match value {
            SigmaValue::Null => Test::Null(field),
            SigmaValue::Bool(flag) => Test::Flag(field, *flag),
            SigmaValue::Float(_) => return Err("a number with a fraction".to_owned()),
            SigmaValue::Integer(number) => {
                let number = u64::try_from(*number);
                let number = number.map_err(|_| "a number below zero".to_owned())?;
                let anchor = behind.anchor(Anchor::Whole);
                match behind.time {
                    Some(part) => Test::Time(part, behind.compare(), number),
                    None if anchor == Anchor::Whole => {
                        Test::Number(field, behind.compare(), number)
                    }
                    None => {
                        let digits = SigmaString::from_raw(&number.to_string());
                        return Ok(text(field, &digits, anchor, behind.has(Modifier::Cased)));
                    }
                }
            }
            SigmaValue::String(value) => return self.string(field, behind, value),
        };
        Ok(Expr::Test(test))
    }

    fn string(
        &self,
        field: Field,
        behind: &Behind<'_>,
        value: &SigmaString,
    ) -> Result<Expr, String> {
        let anchor = behind.anchor(Anchor::Whole);
        let cased = behind.has(Modifier::Cased);
        if behind.has(Modifier::FieldRef) {
            let name = value.original.as_str();
            let other = Field::from_name(name).ok_or_else(|| format!("unknown field {name:?}"))?;
            return Ok(Expr::Test(Test::Related(Related {
                field,
                other,
                anchor,
                cased,
            })));
        }
        if behind.has(Modifier::Re) {
            let regex = pattern::regex(&value.original, behind.flags())?;
            return Ok(Expr::Test(Test::Regex(Place::Field(field), regex)));
        }
        let texts = if behind.has(Modifier::Expand) {
            let pieces = expand::pieces(&value.original);
            let names = pieces.iter().filter_map(|piece| match piece {
                Piece::Name(name) => Some(name),
                Piece::Text(_) => None,
            });
            for name in names {
                match self.list(name) {
                    List::Unset(name) => return Ok(Expr::Test(Test::Unset(name))),
                    List::Test(test) => return Ok(Expr::Test(test)),
                    List::Texts(_) => {}
                }
            }
            let list = |name: &str| match self.list(name) {
                List::Texts(texts) => texts,
                _ => Vec::new(),
            };
            let many = || {
                format!(
                    "the placeholders come to more than {} texts",
                    expand::MAX_TEXTS
                )
            };
            expand::texts(&pieces, list).ok_or_else(many)?
        } else if behind.has(Modifier::Cidr) {
            vec![value.clone()]
        } else {
            encode::encode(value, &behind.encodings)?
        };
        if behind.has(Modifier::Cidr) {
            let network = |text: &SigmaString| {
                let network = networks::parse(&text.original);
                network.map_err(|error| error.to_string())
            };
            let networks: Result<Vec<_>, String> = texts.iter().map(network).collect();
            return Ok(Expr::Test(Test::Network(networks?)));
        }
        let each = texts.iter().map(|value| text(field, value, anchor, cased));
        Ok(Expr::any(each.collect()))
    }

    /// What stands behind a placeholder.
    fn list(&self, name: &str) -> List {
        let settings = self.settings;
        let Some((name, _)) = PLACEHOLDERS.iter().find(|(known, _)| *known == name) else {
            return List::Texts(Vec::new());
        };
        let exact = |list: &Option<std::collections::BTreeSet<String>>| {
            let entries = list.as_ref()?.iter();
            Some(List::Texts(
                entries.map(|text| expand::entry(text, false)).collect(),
            ))
        };
        let names = |list: &Option<Names>| {
            let entries = list.as_ref()?.iter();
            Some(List::Texts(
                entries.map(|text| expand::entry(text, true)).collect(),
            ))
        };
        let list = match *name {
            "trusted_networks" => {
                let networks = settings.trusted_networks.clone();
                networks.map(|networks| List::Test(Test::Networks(networks)))
            }
            "work_hours" => settings
                .work_hours
                .clone()
                .map(|hours| List::Test(Test::Hours(hours))),
            "accounts" => exact(&settings.accounts),
            "trusted_accounts" => exact(&settings.trusted_accounts),
            "public_buckets" => names(&settings.public_buckets),
            "buckets" => names(&settings.buckets),
            "watched_keys" => names(&settings.watched_keys),
            "log_buckets" => names(&settings.log_buckets),
            "vpc_only_buckets" => names(&settings.vpc_only_buckets),
            _ => None,
        };
        list.unwrap_or(List::Unset(name))
    }
}

/// What stands behind a placeholder.
enum List {
    /// Texts, one of which the value is.
    Texts(Vec<SigmaString>),
    /// What is no text is a test of its own.
    Test(Test),
    /// Nobody has set it.
    Unset(&'static str),
}

fn text(field: Field, value: &SigmaString, anchor: Anchor, cased: bool) -> Expr {
    let text = Text::new(value, anchor, cased);
    Expr::Test(match field {
        Field::OperationClass => Test::Class(matcher::classes(&text)),
        Field::RequesterType => Test::RequesterType(matcher::requester_types(&text)),
        _ => Test::Text(Place::Field(field), Texts::one(text)),
    })
}

fn keyword(behind: &Behind<'_>, value: &SigmaValue) -> Result<Expr, String> {
    let value = match value {
        SigmaValue::String(text) => text.clone(),
        SigmaValue::Integer(number) => SigmaString::from_raw(&number.to_string()),
        _ => return Err("a keyword that is no text".to_owned()),
    };
    if behind.has(Modifier::Re) {
        let regex = pattern::regex(&value.original, behind.flags())?;
        return Ok(Expr::Test(Test::Regex(Place::Line, regex)));
    }
    let texts = encode::encode(&value, &behind.encodings)?;
    let each = texts.iter().map(|value| {
        let text = Text::new(value, Anchor::Within, behind.has(Modifier::Cased));
        Expr::Test(Test::Text(Place::Line, Texts::one(text)))
    });
    Ok(Expr::any(each.collect()))
}
