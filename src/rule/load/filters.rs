//! Filters of a set, taken to the rules that they name.
//!
//! What a filter says must hold too for every record that its rules match or
//! count: users write `condition: not selection`. One for `any` rule goes to
//! the detections alone, since whatever is counted passes through one of them.

use rsigma_parser::{Detections, FilterRuleTarget};

use crate::rule::document::{Body, Document};
use crate::rule::error::RuleError;

/// The most filters of one rule.
const MAX_FILTERS: usize = 64;

/// Fills [`Document::filters`]; every name is known to lead to a rule.
pub(super) fn apply(documents: &mut [Document]) -> Vec<RuleError> {
    let filters = documents
        .iter()
        .filter_map(|document| match &document.body {
            Body::Filter(filter) => Some((filter.rules.clone(), filter.detection.clone())),
            _ => None,
        });
    let filters: Vec<(FilterRuleTarget, Detections)> = filters.collect();
    let mut errors = Vec::new();
    for document in documents {
        let concerns = |target: &FilterRuleTarget| match (&document.body, target) {
            (Body::Filter(_), _) => false,
            (body, FilterRuleTarget::Any) => matches!(body, Body::Detection(_)),
            (_, FilterRuleTarget::Specific(words)) => {
                words.iter().any(|word| document.is_called(word))
            }
        };
        let own = filters.iter().filter(|(target, _)| concerns(target));
        let own: Vec<&Detections> = own.map(|(_, detection)| detection).collect();
        if own.len() > MAX_FILTERS {
            let reason = format!(
                "{} filters name the rule, and {MAX_FILTERS} are the most: join them in one",
                own.len()
            );
            errors.push(RuleError::new(document.origin.clone(), reason));
            continue;
        }
        document.filters = own.into_iter().cloned().collect();
    }
    errors
}
