//! Which correlations of a rule count by the rule's own key.
//!
//! Only what is built may be looked at here: no document.

use crate::rule::plan::{Correlation, Kind, Stage};

/// Whether what is compared with a baseline is counted by the rule's own key,
/// and in no chain, which evaluates its later steps anew.
pub(super) fn usual_is_whole(correlation: &Correlation) -> bool {
    let chain = matches!(correlation.kind, Kind::Chain(_));
    let below =
        below(correlation).all(|below| usual_is_whole(below) && !(chain && has_usual(below)));
    below && (correlation.usual.is_none() || correlation.whole_key)
}

/// Whether something in it is compared with a baseline.
pub(super) fn has_usual(correlation: &Correlation) -> bool {
    correlation.usual.is_some() || below(correlation).any(has_usual)
}

/// The correlations that it counts.
fn below(correlation: &Correlation) -> impl Iterator<Item = &Correlation> {
    correlation.stages.iter().filter_map(|stage| match stage {
        Stage::Records(_) => None,
        Stage::Firings(below) => Some(&**below),
    })
}

/// Marks the correlations whose key is the rule's.
pub(super) fn whole_keys(correlation: &mut Correlation, top: &[Vec<u8>]) {
    // Below, marks are fewer and columns the same or more.
    let same = |(mark, columns): (usize, &Vec<u8>)| {
        correlation.leaves >> mark & 1 == 0 || top.get(mark) == Some(columns)
    };
    correlation.whole_key = correlation.by.iter().enumerate().all(same);
    for stage in &mut correlation.stages {
        if let Stage::Firings(below) = stage {
            whole_keys(below, top);
        }
    }
}
