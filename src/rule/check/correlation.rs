//! The `correlation:` of a rule and what `s3sentry:` adds to it: what no table
//! can say, because one part decides what another may be.

use super::{Checker, Kind};
use crate::record::{Field, Kind as FieldKind};
use crate::rule::document::texts;
use crate::rule::error::Spot;
use crate::rule::words::{COMPARISONS, ConditionShape, Row, THRESHOLD, TYPES, TypeRow};
use crate::rule::yaml::{Node, Value};
use crate::text::words::quote;

impl Checker<'_> {
    pub(super) fn kind_of_aggregate(&mut self, node: &Node, name: &str) {
        let Some(text) = node.text() else {
            return self.wrong(node, name, "text");
        };
        match TYPES.iter().find(|row| row.name == text) {
            Some(row) if row.kind.is_some() => {}
            Some(_) => {
                let reason = format!("type {text:?} is not supported by s3sentry");
                self.report.push(node.spot, reason);
            }
            None => {
                let reason = format!("unknown type {}", quote(text));
                let known = TYPES.iter().map(|row| row.name);
                self.report.unknown(node.spot, reason, text, known);
            }
        }
    }

    pub(super) fn threshold(&mut self, node: &Node, rows: &[Row], name: &str) {
        if node.text().is_some() {
            let reason = "a condition on the names of rules is not supported by s3sentry: \
                          write a correlation of correlations";
            return self.report.push(node.spot, reason);
        }
        self.map(node, &[rows], name);
    }

    /// For each alias a map from rules to fields.
    pub(super) fn aliases(&mut self, node: &Node) {
        if !matches!(node.value, Value::Map(_)) {
            return self.wrong(node, "\"aliases\"", "a map");
        }
        for (key, map) in node.entries() {
            if Field::from_name(&key.text).is_some() {
                let reason = format!("the alias {} is the name of a field", quote(&key.text));
                self.report.push(key.spot, reason);
            }
            let fits = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
            if key.text.is_empty() || !key.text.bytes().all(fits) {
                let reason = format!("{} cannot be an alias", quote(&key.text));
                self.report.push(key.spot, reason);
            }
            if !matches!(map.value, Value::Map(_)) {
                self.wrong(map, "an alias", "a map of rules to fields");
            }
            for (_, field) in map.entries() {
                if field.text().is_none() {
                    self.wrong(field, "what an alias stands for", "the name of a field");
                }
            }
        }
    }

    /// The whole block.
    pub(super) fn correlation(&mut self, node: &Node) {
        let kind = self.aggregate(node);
        let ordered = kind.is_some_and(|row| row.condition == ConditionShape::Without);
        let rules = node.get("rules").map(Node::items).unwrap_or_default();
        if !ordered {
            self.once(rules, "\"rules\"");
        }
        if kind.is_some_and(|row| row.name.starts_with("temporal")) && rules.len() < 2 {
            let reason = "a \"temporal\" correlation needs two rules at least";
            let spot = node.get("rules").map_or(node.spot, |rules| rules.spot);
            self.report.push(spot, reason);
        }
        let aliases = node.get("aliases").map(Node::entries).unwrap_or_default();
        for (_, map) in aliases {
            for (key, _) in map.entries() {
                if !rules.iter().any(|rule| rule.text() == Some(&key.text)) {
                    let reason = format!(
                        "the alias is for {}, which the correlation does not count",
                        quote(&key.text)
                    );
                    let names = rules.iter().filter_map(Node::text);
                    self.report.unknown(key.spot, reason, &key.text, names);
                }
            }
        }
    }

    fn once(&mut self, items: &[Node], name: &str) {
        let mut seen = std::collections::HashSet::new();
        for item in items {
            if let Some(text) = item.text()
                && !seen.insert(text)
            {
                let reason = format!("{name} holds {} twice", quote(text));
                self.report.push(item.spot, reason);
            }
        }
    }

    /// Which parts the condition of a correlation or an aggregate has: its type
    /// decides.
    fn aggregate(&mut self, node: &Node) -> Option<&'static TypeRow> {
        let text = node.get("type").and_then(Node::text)?;
        let row = TYPES.iter().find(|row| row.name == text)?;
        row.kind?;
        let condition = match (row.condition, node.entry("condition")) {
            (ConditionShape::Optional | ConditionShape::Without, None) => return Some(row),
            (ConditionShape::Without, Some((key, _))) => {
                let reason = format!("{text} has no condition: all of its rules must happen");
                self.report.push(key.spot, reason);
                return Some(row);
            }
            (_, None) => {
                let reason = format!("{text} lacks \"condition\"");
                self.report.push(node.spot, reason);
                return Some(row);
            }
            (_, Some((_, condition))) => condition,
        };
        if !matches!(condition.value, Value::Map(_)) {
            return Some(row);
        }
        let known = |key: &str| THRESHOLD.iter().any(|row| row.key == key);
        let keys = || condition.entries().iter().map(|(key, _)| key.text.as_str());
        if !keys().any(|key| COMPARISONS.contains(&key) || !known(key)) {
            let reason =
                "the condition compares with nothing: it needs gt, gte, lt, lte, eq or neq";
            self.report.push(condition.spot, reason);
        }
        self.compared(row, condition);
        Some(row)
    }

    fn compared(&mut self, row: &TypeRow, condition: &Node) {
        use ConditionShape::{OfField, OfNumber, OfPercentile};
        let needs_field = matches!(row.condition, OfField | OfNumber | OfPercentile);
        match condition.entry("field") {
            Some((key, _)) if !needs_field => {
                let reason = format!("{} has no \"field\" in its condition", row.name);
                let instead = "value_count";
                self.report.unknown(key.spot, reason, instead, [instead]);
            }
            None if needs_field => {
                let reason = format!("{} needs a \"field\" in its condition", row.name);
                self.report.push(condition.spot, reason);
            }
            Some((_, value)) if matches!(row.condition, OfNumber | OfPercentile) => {
                if let Some(text) = value.text() {
                    self.number_field(value.spot, text, row.name);
                }
            }
            _ => {}
        }
        match condition.entry("percentile") {
            Some((key, _)) if row.condition != OfPercentile => {
                let reason = format!("{} has no \"percentile\"", row.name);
                let instead = "value_percentile";
                self.report.unknown(key.spot, reason, instead, [instead]);
            }
            None if row.condition == OfPercentile => {
                let reason = format!("{} needs a \"percentile\" in its condition", row.name);
                self.report.push(condition.spot, reason);
            }
            _ => {}
        }
    }

    fn number_field(&mut self, spot: Spot, text: &str, name: &str) {
        match Field::from_name(text) {
            Some(field) if field.kind() == FieldKind::Number => {}
            Some(_) => {
                let reason = format!("{name} needs a field of numbers, and {text:?} is none");
                self.report.push(spot, reason);
            }
            None => {
                let numbers = Field::ALL
                    .iter()
                    .filter(|field| field.kind() == FieldKind::Number);
                let reason = format!("unknown field {}", quote(text));
                let names = numbers.map(|field| field.name());
                self.report.unknown(spot, reason, text, names);
            }
        }
    }

    /// What only some rules can have.
    pub(super) fn extension(&mut self, node: &Node, root: &Node, kind: Kind) {
        for name in ["and", "any"] {
            let Some((key, list)) = node.entry(name) else {
                continue;
            };
            if kind != Kind::Correlation {
                let reason = format!("{name:?} adds to a correlation, and the rule has none");
                self.report.push(key.spot, reason);
            }
            for item in list.items() {
                self.further(item);
            }
        }
        if let Some((key, _)) = node.entry("new_value")
            && kind == Kind::Correlation
        {
            let reason = "\"new_value\" stands beside a detection, and this is a correlation";
            self.report.push(key.spot, reason);
        }
        if let Some((key, _)) = node.entry("baseline")
            && !is_sum(root)
        {
            let reason = "\"baseline\" needs a correlation of the type event_count or value_sum";
            self.report.push(key.spot, reason);
        }
        for name in ["different", "none_before"] {
            if let Some((key, _)) = node.entry(name)
                && !is_pair(root)
            {
                let reason = format!(
                    "{name:?} needs a correlation of the type temporal_ordered over two rules"
                );
                self.report.push(key.spot, reason);
            }
        }
        let group_by = keys(root);
        if let Some(summary) = node.get("summary")
            && let Some(text) = summary.text()
            && keys_are_known(root)
        {
            self.summary(summary, text, &group_by);
        }
    }

    /// An aggregate of `and` or `any`: it counts records.
    fn further(&mut self, node: &Node) {
        let Some(row) = self.aggregate(node) else {
            return;
        };
        let condition = node.get("condition");
        if !row.aggregate {
            let reason = format!("{} counts rules; here records are counted", row.name);
            let spot = node.get("type").map_or(node.spot, |kind| kind.spot);
            self.report.push(spot, reason);
        } else if row.condition == ConditionShape::OfField
            && let Some(field) = condition.and_then(|condition| condition.get("field"))
        {
            self.field(field, "\"field\"");
        }
    }
}

/// What the key of a rule's alerts consists of: what a correlation groups by, or
/// of a new value its group and the value.
pub(in crate::rule) fn keys(root: &Node) -> Vec<String> {
    if let Some(correlation) = root.get("correlation") {
        return texts(Some(correlation), "group-by");
    }
    let new = root.get("s3sentry").and_then(|node| node.get("new_value"));
    let mut keys = texts(new, "group-by");
    keys.extend(texts(new, "field"));
    keys
}

/// Whether all that a correlation groups by is known here: a field or an alias.
/// Else it is an alias of a correlation below, or wrong, and who resolves the
/// references tells.
pub(in crate::rule) fn keys_are_known(root: &Node) -> bool {
    let correlation = root.get("correlation");
    let aliases = correlation.and_then(|node| node.get("aliases"));
    let known = |name: &String| {
        Field::from_name(name).is_some() || aliases.is_some_and(|map| map.get(name).is_some())
    };
    texts(correlation, "group-by").iter().all(known)
}

fn is_sum(root: &Node) -> bool {
    let kind = root
        .get("correlation")
        .and_then(|node| node.get("type")?.text());
    matches!(kind, Some("event_count" | "value_sum"))
}

fn is_pair(root: &Node) -> bool {
    let correlation = root.get("correlation");
    let kind = correlation.and_then(|node| node.get("type")?.text());
    kind == Some("temporal_ordered") && texts(correlation, "rules").len() == 2
}
