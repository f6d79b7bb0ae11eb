//! Thresholds that no count can meet.

use super::Linter;
use crate::record::Field;
use crate::record::Kind;
use crate::record::derived::network::AddressClass;
use crate::record::derived::operation::OperationClass;
use crate::record::derived::requester::RequesterType;
use crate::rule::document::{self, Document};
use crate::rule::yaml::Node;

/// The whole numbers that meet some comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The least.
    pub least: u64,
    /// The most.
    pub most: u64,
    unlike: Option<u64>,
}

impl Default for Range {
    fn default() -> Self {
        let (least, most, unlike) = (0, u64::MAX, None);
        Self {
            least,
            most,
            unlike,
        }
    }
}

impl Range {
    /// With one comparison more, by Sigma's word for it.
    pub fn and(mut self, word: &str, number: u64) -> Self {
        let (least, most) = match word {
            "gt" => (number.saturating_add(1), u64::MAX),
            "gte" => (number, u64::MAX),
            "lt" if number == 0 => (1, 0),
            "lt" => (0, number - 1),
            "lte" => (0, number),
            "eq" => (number, number),
            "neq" => {
                self.unlike = Some(number);
                return self;
            }
            _ => return self,
        };
        self.least = self.least.max(least);
        self.most = self.most.min(most);
        self
    }

    /// Whether no number meets them all.
    pub fn is_empty(&self) -> bool {
        self.least > self.most || (self.least == self.most && self.unlike == Some(self.least))
    }
}

/// The words that a closed field can have; `None` for all other fields.
pub fn words(field: Field) -> Option<Vec<&'static str>> {
    match field {
        Field::OperationClass => Some(
            OperationClass::ALL
                .iter()
                .map(|class| class.as_str())
                .collect(),
        ),
        Field::RequesterType => Some(
            RequesterType::ALL
                .iter()
                .map(|kind| kind.as_str())
                .collect(),
        ),
        Field::AddressClass => Some(
            [
                AddressClass::None,
                AddressClass::Private,
                AddressClass::Public,
            ]
            .map(AddressClass::as_str)
            .to_vec(),
        ),
        _ => (field.kind() == Kind::Flag).then(|| vec!["true", "false"]),
    }
}

/// The further aggregates of a document, with their paths.
pub fn aggregates(document: &Document) -> Vec<([String; 3], &Node)> {
    let own = document.positions.root().get("s3sentry");
    let mut found = Vec::new();
    for list in ["and", "any"] {
        let items = own.and_then(|own| own.get(list)).map(Node::items);
        for (index, item) in items.unwrap_or_default().iter().enumerate() {
            let path = ["s3sentry".to_owned(), list.to_owned(), index.to_string()];
            found.push((path, item));
        }
    }
    found
}

impl Linter<'_> {
    /// The conditions of a correlation and of its aggregates.
    pub(super) fn conditions(&mut self, document: &Document) {
        let root = document.positions.root();
        let group_by = document::texts(root.get("correlation"), "group-by");
        if let Some(node) = root.get("correlation") {
            self.threshold(document, &["correlation"], node, &group_by, true);
        }
        for (path, node) in aggregates(document) {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            self.threshold(document, &path, node, &group_by, false);
        }
    }

    fn threshold(
        &mut self,
        document: &Document,
        path: &[&str],
        node: &Node,
        group_by: &[String],
        own: bool,
    ) {
        let Some(condition) = node.get("condition") else {
            return;
        };
        let comparisons = condition.entries().iter();
        let comparisons =
            comparisons.filter_map(|(key, value)| Some((key.text.as_str(), value.whole()?)));
        let range = comparisons.fold(Range::default(), |range, (word, number)| {
            range.and(word, number)
        });
        let rules = document::texts(Some(node), "rules").len() as u64;
        let kind = node.get("type").and_then(Node::text).unwrap_or_default();
        let field = condition.get("field").and_then(Node::text);
        let field = field
            .and_then(Field::from_name)
            .filter(|_| kind == "value_count");
        let text = if range.is_empty() {
            Some("no number meets this condition".to_owned())
        } else if own && kind == "event_count" && range.most == 0 {
            Some("a rule fires at a record, so this condition is never met".to_owned())
        } else if kind == "temporal" && range.least > rules {
            Some(format!(
                "the rule names {rules} rules, so this condition is never met"
            ))
        } else {
            field.and_then(|field| too_few(field, range, group_by))
        };
        if let Some(text) = text {
            let path = [path, &["condition"]].concat();
            self.warn(document.positions.value(&path), text);
        }
    }
}

/// Why a field has too few values for a count in this range, if so.
fn too_few(field: Field, range: Range, group_by: &[String]) -> Option<String> {
    let name = field.name();
    if group_by.iter().any(|known| known == name) && range.least > 1 {
        return Some(format!(
            "{name} is in \"group-by\", so there is never more than one value of it to count"
        ));
    }
    let most = words(field)?.len() as u64;
    (range.least > most)
        .then(|| format!("{name} has {most} values at most, so this condition is never met"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_empty(comparisons: &[(&str, u64)]) -> bool {
        let comparisons = comparisons.iter();
        comparisons
            .fold(Range::default(), |range, (word, number)| {
                range.and(word, *number)
            })
            .is_empty()
    }

    #[test]
    fn comparisons_that_exclude_each_other() {
        assert!(is_empty(&[("gte", 10), ("lt", 5)]));
        assert!(is_empty(&[("gt", 4), ("lt", 5)]));
        assert!(is_empty(&[("eq", 4), ("neq", 4)]));
        assert!(is_empty(&[("lt", 0)]));
        assert!(is_empty(&[("eq", 4), ("eq", 5)]));
    }

    #[test]
    fn comparisons_that_leave_a_number() {
        assert!(!is_empty(&[("gte", 10), ("lt", 11)]));
        assert!(!is_empty(&[("gte", 4), ("lte", 5), ("neq", 4)]));
        assert!(!is_empty(&[("gte", 0)]));
        assert!(!is_empty(&[]));
    }
}
