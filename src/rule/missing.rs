//! Lists of the settings that a rule needs and nobody has set.
//!
//! Such a list holds nothing. A rule that can match nothing therefore is
//! silent, and says so; one that merely excludes what is in the list works.

use std::collections::BTreeSet;
use std::fmt;

use super::matcher::{Expr, Likely, Test};
use crate::record::Field;
use crate::settings::Settings;

/// Lists that are not set, for want of which a rule can match nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing(BTreeSet<&'static str>);

impl Missing {
    /// What a condition lacks; `None` where it can match.
    #[must_use]
    pub fn of(expr: &Expr, settings: &Settings) -> Option<Self> {
        let unset = |test: &Test| match test {
            Test::Unset(list) => Some(*list),
            Test::Flag(Field::UnknownNetwork, _) if settings.trusted_networks.is_none() => {
                Some("trusted_networks")
            }
            _ => None,
        };
        let mut lists = BTreeSet::new();
        let can = blame(expr, Likely::No, &unset, &mut lists);
        (can == Likely::No && !lists.is_empty()).then_some(Self(lists))
    }

    /// Of two ways to match: both must lack something.
    #[must_use]
    pub fn either(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        let (mut one, other) = (one?, other?);
        one.0.extend(other.0);
        Some(one)
    }

    /// Whether this list is among them.
    #[must_use]
    pub fn lacks(&self, list: &str) -> bool {
        self.0.contains(list)
    }
}

/// What can be said of the condition, and which lists decide it where it is
/// `when`.
fn blame(
    expr: &Expr,
    when: Likely,
    unset: &impl Fn(&Test) -> Option<&'static str>,
    lists: &mut BTreeSet<&'static str>,
) -> Likely {
    let mut known = |test: &Test| match unset(test) {
        Some(_) => Likely::No,
        None => Likely::Maybe,
    };
    let found = expr.given(&mut known);
    if found != when {
        return found;
    }
    match expr {
        Expr::All(parts) | Expr::Any(parts) => {
            for part in parts {
                blame(part, when, unset, lists);
            }
        }
        Expr::Not(part) => {
            let opposite = match when {
                Likely::No => Likely::Yes,
                Likely::Maybe => Likely::Maybe,
                Likely::Yes => Likely::No,
            };
            blame(part, opposite, unset, lists);
        }
        Expr::Test(test) => lists.extend(unset(test)),
    }
    found
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.lacks("trusted_networks") && self.0.len() == 1 {
            return f.write_str("no trusted networks are set, so there is nothing to compare with");
        }
        let lists: Vec<&str> = self.0.iter().copied().collect();
        let verb = if lists.len() == 1 { "is" } else { "are" };
        write!(f, "{} {verb} not set", lists.join(" and "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Test = Test::Unset("accounts");
    const B: Test = Test::Unset("buckets");
    const OTHER: Test = Test::Flag(Field::Ok, true);

    fn all(parts: impl IntoIterator<Item = Expr>) -> Expr {
        Expr::All(parts.into_iter().collect())
    }

    fn any(parts: impl IntoIterator<Item = Expr>) -> Expr {
        Expr::Any(parts.into_iter().collect())
    }

    fn not(part: Expr) -> Expr {
        Expr::Not(Box::new(part))
    }

    fn said(expr: &Expr) -> String {
        let missing = Missing::of(expr, &Settings::default());
        missing.map_or_else(String::new, |missing| missing.to_string())
    }

    #[test]
    fn what_needs_a_list_that_is_not_set_cannot_match() {
        let [a, b, other] = [A, B, OTHER].map(Expr::Test);
        let both = || [a.clone(), b.clone()];
        assert_eq!(said(&a), "accounts is not set");
        assert_eq!(
            said(&all([other.clone(), a.clone()])),
            "accounts is not set"
        );
        assert_eq!(said(&all(both())), "accounts and buckets are not set");
        assert_eq!(said(&any(both())), "accounts and buckets are not set");
        assert_eq!(said(&not(not(a.clone()))), "accounts is not set");
        // What is excluded besides has no part in it.
        assert_eq!(
            said(&all([a.clone(), not(b.clone())])),
            "accounts is not set"
        );
        let network = Expr::Test(Test::Flag(Field::UnknownNetwork, true));
        let said_of_networks = "no trusted networks are set, so there is nothing to compare with";
        assert_eq!(said(&all([other, network])), said_of_networks);
    }

    #[test]
    fn what_only_excludes_a_list_or_has_another_way_works() {
        let [a, b, other] = [A, B, OTHER].map(Expr::Test);
        assert_eq!(said(&not(a.clone())), "");
        assert_eq!(said(&all([other.clone(), not(a.clone())])), "");
        assert_eq!(said(&all([other.clone(), not(any([a.clone(), b]))])), "");
        assert_eq!(said(&any([a, other.clone()])), "");
        assert_eq!(said(&other), "");
        let missing = |expr| Missing::of(&expr, &Settings::default());
        assert_eq!(
            Missing::either(missing(Expr::Test(A)), missing(other)),
            None
        );
    }

    #[test]
    fn a_rule_that_can_never_match_for_another_reason_lacks_nothing() {
        assert_eq!(said(&any([])), "");
    }
}
