//! The `detection:` of a rule, and what is the same in a `filter:`: selections
//! and the condition over them.
//!
//! What stands in a selection is [`super::item`]'s business.

use rsigma_parser::{ConditionExpr, Quantifier, SelectorPattern};

use super::Checker;
use crate::rule::words::{self, Row, selects};
use crate::rule::yaml::{Key, Node, Value};
use crate::text::words::quote;

/// Bounds of a condition, so that neither its parser nor what walks its tree
/// can run out of stack.
const MAX_CONDITION: usize = 2_000;
const MAX_PARENTHESES: usize = 16;

/// Words that a condition reads as its own.
const RESERVED: &[&str] = &["and", "or", "not", "all", "any", "of", "them", "condition"];

impl Checker<'_> {
    /// A block of selections with its name, and what may stand beside them.
    pub(super) fn detection(&mut self, node: &Node, name: &str, beside: &[Row]) {
        let name = format!("{name:?}");
        let Value::Map(entries) = &node.value else {
            return self.wrong(node, &name, "a map");
        };
        let before = self.report.count();
        let mut names = Vec::new();
        let rows = || words::TIMEFRAME.iter().chain(beside);
        for row in rows().filter(|row| row.required && node.get(row.key).is_none()) {
            let reason = format!("{name} lacks {:?}", row.key);
            self.report.push(node.spot, reason);
        }
        for (key, value) in entries {
            if key.text == "condition" {
                continue;
            }
            if let Some(row) = rows().find(|row| row.key == key.text) {
                self.shape(row.key, key.spot, value, row.shape);
                continue;
            }
            let fits = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
            if key.text.is_empty()
                || !key.text.bytes().all(fits)
                || RESERVED.contains(&key.text.as_str())
            {
                let reason = format!("a selection cannot be called {}", quote(&key.text));
                self.report.push(key.spot, reason);
            } else {
                names.push(key);
            }
            self.selection(value);
        }
        if names.is_empty() && self.report.count() == before {
            self.report
                .push(node.spot, format!("{name} holds no selection"));
        }
        match node.get("condition") {
            Some(condition) => self.conditions(condition, &names),
            None => self
                .report
                .push(node.spot, format!("{name} lacks \"condition\"")),
        }
    }

    fn conditions(&mut self, node: &Node, names: &[&Key]) {
        let mut used = vec![false; names.len()];
        let before = self.report.count();
        if node.items().is_empty() {
            self.report.push(node.spot, "\"condition\" is empty");
        }
        for item in node.items() {
            match item.text() {
                Some(text) => self.condition(item, text, names, &mut used),
                None => self.wrong(item, "\"condition\"", "text"),
            }
        }
        // A condition that is wrong itself says nothing of what it uses. An
        // underscore says that a selection is set aside.
        if self.report.count() == before {
            let unused = |(key, used): &(&&Key, bool)| !used && !key.text.starts_with('_');
            for (key, _) in names.iter().zip(used).filter(unused) {
                let reason = format!("the condition does not use {}", quote(&key.text));
                self.report.push(key.spot, reason);
            }
        }
    }

    fn condition(&mut self, node: &Node, text: &str, names: &[&Key], used: &mut [bool]) {
        if text.len() > MAX_CONDITION || depth(text) > MAX_PARENTHESES {
            let reason = format!(
                "a condition may have {MAX_CONDITION} characters and \
                 {MAX_PARENTHESES} nested parentheses"
            );
            return self.report.push(node.spot, reason);
        }
        let expression = match rsigma_parser::parse_condition(text) {
            Ok(expression) => expression,
            Err(error) => {
                let at = error.location().filter(|at| at.line == 1);
                let spot = at.map_or(node.spot, |at| node.spot_at(at.col as usize - 1));
                let text = error.to_string();
                // The parser draws the text with a marker below; the last line says why.
                let reason = text.lines().last().unwrap_or_default();
                let reason = reason.trim_start_matches([' ', '=']);
                let reason = format!("the condition cannot be read: {reason}");
                return self.report.push(spot, reason);
            }
        };
        let mut open = vec![&expression];
        while let Some(expression) = open.pop() {
            match expression {
                ConditionExpr::And(parts) | ConditionExpr::Or(parts) => open.extend(parts),
                ConditionExpr::Not(part) => open.push(part),
                ConditionExpr::Identifier(name) => {
                    if let Some(index) = names.iter().position(|key| key.text == *name) {
                        used[index] = true;
                        continue;
                    }
                    let spot = node.spot_at(word_at(text, name));
                    let reason = format!("no selection is called {}", quote(name));
                    let known = names.iter().map(|key| key.text.as_str());
                    self.report.unknown(spot, reason, name, known);
                }
                ConditionExpr::Selector {
                    quantifier,
                    pattern,
                } => {
                    let mut matching = 0;
                    for (key, used) in names.iter().zip(used.iter_mut()) {
                        if selects(pattern, &key.text) {
                            matching += 1;
                            *used = true;
                        }
                    }
                    let needed = match quantifier {
                        Quantifier::Any | Quantifier::All => 1,
                        Quantifier::Count(count) => *count,
                    };
                    if matching < needed || needed == 0 {
                        let word = match pattern {
                            SelectorPattern::Them => "them",
                            SelectorPattern::Pattern(pattern) => pattern,
                        };
                        let asked = format!("{quantifier} of {}", quote(word));
                        let reason = match (needed, matching) {
                            (0, _) => format!("{asked} always holds: 1 is the least number"),
                            (_, 0) => format!("{asked}: there is no such selection"),
                            _ => format!("{asked}: there are only {matching} such selections"),
                        };
                        self.report.push(node.spot_at(word_at(text, word)), reason);
                    }
                }
            }
        }
    }

    /// A mapping of fields, a keyword, or a list of them.
    pub(super) fn selection(&mut self, node: &Node) {
        let maps = node.items();
        if maps.is_empty() {
            self.report.push(node.spot, "a selection must not be empty");
        }
        for map in maps {
            match &map.value {
                Value::Map(entries) => {
                    if entries.is_empty() {
                        self.report.push(map.spot, "a selection must not be empty");
                    }
                    for (key, value) in entries {
                        self.item(key, value);
                    }
                }
                Value::List(_) => self.wrong(map, "an item of a selection", "a map"),
                _ => self.keyword(map),
            }
        }
    }
}

fn depth(condition: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for byte in condition.bytes() {
        match byte {
            b'(' => open += 1,
            b')' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

/// At which character of the condition this word stands.
fn word_at(condition: &str, word: &str) -> usize {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '*');
    condition
        .match_indices(word)
        .find(|(start, _)| {
            let (before, rest) = condition.split_at(*start);
            !before.ends_with(inside) && !rest[word.len()..].starts_with(inside)
        })
        .map_or(0, |(start, _)| condition[..start].chars().count())
}
