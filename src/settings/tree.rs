//! What the settings say of rules, as the same tree that rules are read from:
//! so the same checks are made of it, by the same tables.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{RULES, Reader};
use crate::rule::error::Spot;
use crate::rule::yaml::{Key, Node, Value};

impl Reader<'_> {
    /// The entries of `[rules]`, in the order of the file.
    pub(super) fn rules(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<(Key, Node)> {
        let DeValue::Table(table) = value.get_ref() else {
            let reason = format!("{RULES:?} must be a table: [rules.NAME]");
            self.fail(value.span().start, reason);
            return Vec::new();
        };
        self.entries_of(table)
    }

    fn entries_of(&self, table: &DeTable<'_>) -> Vec<(Key, Node)> {
        let entry = |(key, value): (&Spanned<_>, &Spanned<_>)| {
            let text = str::to_owned(std::borrow::Cow::as_ref(key.get_ref()));
            let spot = self.spot(key.span().start);
            (Key { spot, text }, self.node(value))
        };
        let mut entries: Vec<_> = table.iter().map(entry).collect();
        // The table comes in the order of its keys.
        entries.sort_by_key(|(key, _)| key.spot);
        entries
    }

    fn node(&self, value: &Spanned<DeValue<'_>>) -> Node {
        let spot = self.spot(value.span().start);
        let value = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Boolean(flag) => Value::Bool(*flag),
            DeValue::Integer(number) => {
                let whole = i128::from_str_radix(number.as_str(), number.radix());
                whole.map_or_else(|_| Value::Float(number.to_string()), Value::Int)
            }
            DeValue::Float(number) => Value::Float(number.to_string()),
            DeValue::Datetime(time) => Value::Text(time.to_string()),
            DeValue::Array(items) => {
                Value::List(items.iter().map(|item| self.node(item)).collect())
            }
            DeValue::Table(table) => Value::Map(self.entries_of(table)),
        };
        Node::new(spot, value)
    }

    fn spot(&self, start: usize) -> Spot {
        let (line, column) = self.place(start);
        let number = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Spot {
            line: number(line),
            column: number(column),
        }
    }
}
