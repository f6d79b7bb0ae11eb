//! What a rule needs and nobody has given: lists of the settings, a baseline.
//!
//! Such a list holds nothing. A rule that can match nothing therefore is
//! silent, and says so; one that merely excludes what is in the list works.

use std::collections::BTreeSet;
use std::fmt;

use super::matcher::{Expr, Likely, Place, Test};
use super::plan::{Aggregate, Correlation, Kind, Measure, Reading, Stage};
use crate::geoip::Knows;
use crate::record::Field;
use crate::settings::Settings;

/// What is lacking, for want of which a rule can match nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing(BTreeSet<Need>);

/// A list that is not set, or of which a part is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Need {
    list: &'static str,
    /// What no file of the list holds; `None` where there is no file.
    of: Option<&'static str>,
}

impl Need {
    const fn all(list: &'static str) -> Self {
        Self { list, of: None }
    }
}

/// What stands for the baseline among lists.
pub const BASELINE: &str = "baseline";

impl Missing {
    fn baseline() -> Self {
        Self(BTreeSet::from([Need::all(BASELINE)]))
    }

    /// Whether this list is what is lacking.
    #[must_use]
    pub fn lacks(&self, list: &str) -> bool {
        self.0.iter().any(|need| need.list == list)
    }

    /// What must be there: lists of the settings, in order, or `baseline`.
    #[must_use]
    pub fn needs(&self) -> Vec<&'static str> {
        let mut lists: Vec<_> = self.0.iter().map(|need| need.list).collect();
        lists.dedup();
        lists
    }

    /// What a condition lacks; `None` where it can match.
    #[must_use]
    pub fn of(expr: &Expr, settings: &Settings) -> Option<Self> {
        let unset = |test: &Test| match test {
            Test::Unset(list) => Some(Need::all(list)),
            Test::Flag(field, _) => of_flag(*field, settings),
            test => asked(test)
                .into_iter()
                .flatten()
                .find_map(|field| of_field(field, settings)),
        };
        let mut lists = BTreeSet::new();
        let can = blame(expr, Likely::No, &unset, &mut lists);
        (can == Likely::No && !lists.is_empty()).then_some(Self(lists))
    }

    /// What must be set for a field to have values, where it is not.
    #[must_use]
    pub fn of_values(field: Field, settings: &Settings) -> Option<Self> {
        let need = of_flag(field, settings).or_else(|| of_field(field, settings))?;
        Some(Self([need].into()))
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

/// What a flag rests on, where that is not set.
fn of_flag(field: Field, settings: &Settings) -> Option<Need> {
    let (list, is_set) = match field {
        Field::UnknownNetwork => ("trusted_networks", settings.trusted_networks.is_some()),
        Field::OffHours => ("work_hours", settings.work_hours.is_some()),
        Field::ForeignAccount => ("accounts", settings.accounts.is_some()),
        Field::AwsAddress => ("aws_ranges", settings.aws_ranges.is_some()),
        // Where there is one, these are asked of it instead.
        Field::NewPrincipal | Field::NewNetwork => (BASELINE, false),
        _ => return None,
    };
    (!is_set).then_some(Need::all(list))
}

/// What another field rests on, where that is not set.
fn of_field(field: Field, settings: &Settings) -> Option<Need> {
    let geoip = |of, is: fn(Knows) -> bool| match settings.geoip.as_deref() {
        None => Some(Need::all("geoip")),
        Some(geoip) if is(geoip.knows()) => None,
        Some(_) => Some(Need {
            list: "geoip",
            of: Some(of),
        }),
    };
    let unset = |list, is_set: bool| (!is_set).then_some(Need::all(list));
    match field {
        Field::IocList | Field::IocEntry | Field::IocLevel => unset("ioc", settings.ioc.is_some()),
        Field::RemoteService => unset("aws_ranges", settings.aws_ranges.is_some()),
        Field::RemoteCountry => geoip("countries", |knows| knows.countries),
        Field::RemoteAsn => geoip("numbers of autonomous systems", |knows| knows.asns),
        Field::RemoteOwner => geoip("names of autonomous systems", |knows| knows.owners),
        _ => None,
    }
}

/// Fields that must hold something for a test to be met.
fn asked(test: &Test) -> [Option<Field>; 2] {
    match test {
        Test::Exists(field)
        | Test::Number(field, ..)
        | Test::Numbers(field, _)
        | Test::Text(Place::Field(field), _)
        | Test::Regex(Place::Field(field), _) => [Some(*field), None],
        Test::Related(related) => [Some(related.field), Some(related.other)],
        _ => [None; 2],
    }
}

/// What a correlation lacks, by what its marks and its columns lack; `None` where
/// it can fire.
pub fn of(
    correlation: &Correlation,
    lacks: &impl Fn(usize) -> Option<Missing>,
    column: &impl Fn(u8) -> Option<Missing>,
) -> Option<Missing> {
    let stages = correlation.stages.iter().map(|stage| match stage {
        Stage::Records(mark) => lacks(*mark),
        Stage::Firings(below) => of(below, lacks, column),
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
    // What wants nothing gets it.
    let wants = |aggregate: &Aggregate| !aggregate.condition.holds(Reading::whole(0));
    let values = |aggregate: &Aggregate| {
        let marks = marks(correlation.leaves);
        let columns = marks.filter_map(|mark| aggregate.column.get(mark));
        Missing::all(columns.map(|place| column(*place)))
    };
    let aggregate = |aggregate: &Aggregate| {
        if !wants(aggregate) {
            return None;
        }
        Missing::all(marks(aggregate.marks).map(lacks)).or_else(|| values(aggregate))
    };
    if let Some(usual) = correlation.usual
        && usual.series.is_none()
        && usual.otherwise.is_none()
    {
        return Some(Missing::baseline());
    }
    if let Kind::Count(main) = &correlation.kind
        && wants(main)
        && let Some(missing) = values(main)
    {
        return Some(missing);
    }
    let and = correlation.and.iter().find_map(aggregate);
    and.or_else(|| Missing::all(correlation.any.iter().map(aggregate)))
}

/// Places of the bits that are set.
fn marks(bits: u64) -> impl Iterator<Item = usize> {
    (0..u64::BITS as usize).filter(move |mark| bits >> mark & 1 == 1)
}

/// What can be said of the condition, and which lists decide it where it is
/// `when`.
fn blame(
    expr: &Expr,
    when: Likely,
    unset: &impl Fn(&Test) -> Option<Need>,
    lists: &mut BTreeSet<Need>,
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

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.of {
            None => f.write_str(self.list),
            Some(of) => write!(f, "{} ({of})", self.list),
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let needs: Vec<Need> = self.0.iter().copied().collect();
        match needs[..] {
            [Need { list: BASELINE, .. }] => {
                f.write_str("it compares with a baseline, and there is none")
            }
            [
                Need {
                    list: "trusted_networks",
                    ..
                },
            ] => f.write_str("no trusted networks are set, so there is nothing to compare with"),
            [Need { list, of: Some(of) }] => write!(f, "no file of {list} holds {of}"),
            [one] => write!(f, "{one} is not set"),
            _ => {
                let names: Vec<String> = needs.iter().map(Need::to_string).collect();
                write!(f, "{} are not set", names.join(" and "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use regex::bytes::Regex;

    use super::*;
    use crate::geoip::{File as GeoFile, GeoIp};
    use crate::rule::matcher::Compare;

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
    fn where_an_address_is_is_not_known_without_files() {
        let number = |field| Expr::Test(Test::Number(field, Compare::Equal, 64_500));
        let exists = |field| Expr::Test(Test::Exists(field));
        assert_eq!(said(&number(Field::RemoteAsn)), "geoip is not set");
        assert_eq!(said(&exists(Field::RemoteCountry)), "geoip is not set");
        assert_eq!(said(&exists(Field::RemoteService)), "aws_ranges is not set");
        assert_eq!(said(&Expr::Test(Test::Null(Field::RemoteOwner))), "");
        let owner = all([exists(Field::RemoteOwner), number(Field::RemoteAsn)]);
        assert_eq!(said(&owner), "geoip is not set");
        let file = GeoFile::read("fixtures/geoip/tor-ipv4.txt".as_ref()).unwrap();
        let settings = Settings {
            geoip: Some(Arc::new(GeoIp::new(vec![file]))),
            ..Settings::default()
        };
        let missing = |expr: &Expr| Missing::of(expr, &settings);
        assert_eq!(missing(&exists(Field::RemoteCountry)), None);
        let lacks = missing(&owner).unwrap();
        let reason = "geoip (names of autonomous systems) and \
            geoip (numbers of autonomous systems) are not set";
        assert_eq!(lacks.to_string(), reason);
        assert_eq!(lacks.needs(), ["geoip"]);
        let lacks = missing(&number(Field::RemoteAsn)).unwrap();
        let reason = "no file of geoip holds numbers of autonomous systems";
        assert_eq!(lacks.to_string(), reason);
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
