//! What a rule needs and nobody has given: lists of the settings, a baseline.
//!
//! Such a list holds nothing. A rule that can match nothing therefore is
//! silent, and says so; one that merely excludes what is in the list works.

use std::collections::BTreeSet;
use std::fmt;

use super::matcher::{Expr, Likely, Place, Test};
use super::plan::{Aggregate, Correlation, Kind, Measure, Reading, Stage};
use crate::record::Field;
use crate::settings::Settings;

/// What is lacking, for want of which a rule can match nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing(BTreeSet<&'static str>);

/// What stands for the baseline among lists.
pub const BASELINE: &str = "baseline";

impl Missing {
    fn baseline() -> Self {
        Self(BTreeSet::from([BASELINE]))
    }

    /// Whether this list is what is lacking.
    #[must_use]
    pub fn lacks(&self, list: &str) -> bool {
        self.0.contains(list)
    }

    /// What must be there: lists of the settings, in order, or `baseline`.
    #[must_use]
    pub fn needs(&self) -> Vec<&'static str> {
        self.0.iter().copied().collect()
    }

    /// What a condition lacks; `None` where it can match.
    #[must_use]
    pub fn of(expr: &Expr, settings: &Settings) -> Option<Self> {
        let unset = |test: &Test| match test {
            Test::Unset(list) => Some(*list),
            Test::Flag(Field::UnknownNetwork, _) if settings.trusted_networks.is_none() => {
                Some("trusted_networks")
            }
            Test::Flag(Field::NewPrincipal | Field::NewNetwork, _) => Some(BASELINE),
            Test::Flag(Field::OffHours, _) if settings.work_hours.is_none() => Some("work_hours"),
            Test::Flag(Field::ForeignAccount, _) if settings.accounts.is_none() => Some("accounts"),
            Test::Flag(Field::AwsAddress, _) if settings.aws_ranges.is_none() => Some("aws_ranges"),
            test if settings.ioc.is_none() && asks_for_indicators(test) => Some("ioc"),
            _ => None,
        };
        let mut lists = BTreeSet::new();
        let can = blame(expr, Likely::No, &unset, &mut lists);
        (can == Likely::No && !lists.is_empty()).then_some(Self(lists))
    }

    /// What several ways lack, without those that lack more than another;
    /// `None` where one of them works, or there is none.
    #[must_use]
    pub fn all(ways: impl IntoIterator<Item = Option<Self>>) -> Option<Self> {
        let ways: Vec<Self> = ways.into_iter().collect::<Option<_>>()?;
        let is_least = |way: &&Self| {
            let mut others = ways.iter();
            !others.any(|other| other != *way && other.0.is_subset(&way.0))
        };
        ways.iter().filter(is_least).cloned().reduce(Self::and)
    }

    /// What both lack.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

/// Whether a test wants a record to be on a list of indicators.
fn asks_for_indicators(test: &Test) -> bool {
    let is = |field: &Field| matches!(field, Field::IocList | Field::IocEntry | Field::IocLevel);
    match test {
        Test::Exists(field)
        | Test::Text(Place::Field(field), _)
        | Test::Regex(Place::Field(field), _) => is(field),
        Test::Related(related) => is(&related.field) || is(&related.other),
        _ => false,
    }
}

/// What a correlation lacks, by what its marks lack; `None` where it can fire.
pub fn of(correlation: &Correlation, lacks: &impl Fn(usize) -> Option<Missing>) -> Option<Missing> {
    let stages = correlation.stages.iter().map(|stage| match stage {
        Stage::Records(mark) => lacks(*mark),
        Stage::Firings(below) => of(below, lacks),
    });
    let stages: Vec<Option<Missing>> = stages.collect();
    let needed = match &correlation.kind {
        Kind::Chain(_) => stages.len() as u64,
        Kind::Count(main) if main.measure == Measure::Stages => main.condition.least(),
        Kind::Count(_) => 1,
    };
    let working = stages.iter().filter(|stage| stage.is_none()).count() as u64;
    if working < needed {
        return match needed {
            1 => Missing::all(stages),
            _ => stages.into_iter().flatten().reduce(Missing::and),
        };
    }
    let aggregate = |aggregate: &Aggregate| {
        // What wants nothing gets it.
        if aggregate.condition.holds(Reading::whole(0)) {
            return None;
        }
        let marks = (0..u64::BITS as usize).filter(|mark| aggregate.marks >> mark & 1 == 1);
        Missing::all(marks.map(lacks))
    };
    if let Some(usual) = correlation.usual
        && usual.series.is_none()
        && usual.otherwise.is_none()
    {
        return Some(Missing::baseline());
    }
    let and = correlation.and.iter().find_map(aggregate);
    and.or_else(|| Missing::all(correlation.any.iter().map(aggregate)))
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
        Expr::All(parts) | Expr::Any(parts) | Expr::Least(_, parts) => {
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
        let lists: Vec<&str> = self.0.iter().copied().collect();
        match lists[..] {
            [BASELINE] => f.write_str("it compares with a baseline, and there is none"),
            ["trusted_networks"] => {
                f.write_str("no trusted networks are set, so there is nothing to compare with")
            }
            [one] => write!(f, "{one} is not set"),
            _ => write!(f, "{} are not set", lists.join(" and ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use regex::bytes::Regex;

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
        let off_hours = Expr::Test(Test::Flag(Field::OffHours, true));
        assert_eq!(said(&off_hours), "work_hours is not set");
        let network = Expr::Test(Test::Flag(Field::UnknownNetwork, true));
        let said_of_networks = "no trusted networks are set, so there is nothing to compare with";
        assert_eq!(said(&all([other, network])), said_of_networks);
        let address = |is: bool| Expr::Test(Test::Flag(Field::AwsAddress, is));
        assert_eq!(said(&address(true)), "aws_ranges is not set");
        assert_eq!(said(&address(false)), "aws_ranges is not set");
        assert_eq!(said(&not(address(true))), "");
    }

    #[test]
    fn who_is_on_a_list_is_not_known_without_lists() {
        let exists = Expr::Test(Test::Exists(Field::IocEntry));
        let high = Regex::new("^high$").unwrap();
        let level = Expr::Test(Test::Regex(Place::Field(Field::IocLevel), high.clone()));
        assert_eq!(said(&exists), "ioc is not set");
        assert_eq!(said(&all([level, exists.clone()])), "ioc is not set");
        assert_eq!(said(&not(exists)), "");
        assert_eq!(said(&Expr::Test(Test::Null(Field::IocList))), "");
        let other = Test::Regex(Place::Field(Field::Operation), high.clone());
        assert_eq!(said(&Expr::Test(other)), "");
        assert_eq!(said(&Expr::Test(Test::Regex(Place::Line, high))), "");
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
        assert_eq!(Missing::all([missing(Expr::Test(A)), missing(other)]), None);
        assert_eq!(Missing::all([]), None);
        // Who has what the one lacks need not have what the other lacks besides.
        let both = || missing(all([A, B].map(Expr::Test)));
        let one = missing(Expr::Test(B));
        assert_eq!(Missing::all([both(), one.clone()]), one);
        assert_eq!(Missing::all([missing(Expr::Test(A)), one]), both());
    }

    #[test]
    fn a_rule_that_can_never_match_for_another_reason_lacks_nothing() {
        assert_eq!(said(&any([])), "");
    }
}
