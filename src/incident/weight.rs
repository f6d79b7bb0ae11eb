//! How much the alerts of an entity weigh together.
//!
//! A level weighs so much more than the one below that no handful of lesser
//! alerts outweighs one that should wake somebody; several different things
//! weigh more than one thing again and again.

use crate::alert::Level;

/// What one alert weighs, a multiple of four. A level below low is worth keeping
/// and not worth reading, and weighs nothing.
#[must_use]
pub const fn of(level: Level) -> u64 {
    match level {
        Level::Informational => 0,
        Level::Low => 4,
        Level::Medium => 20,
        Level::High => 80,
        Level::Critical => 200,
    }
}

/// Further alerts of one rule that weigh something.
const FURTHER: u64 = 4;

/// What the alerts of one rule weigh, of all its levels together, given how many
/// there are of each: the highest in full, of the others the four highest a
/// quarter each. An hour of one attack raises one alert; a day of it is worse,
/// not 24 times as bad.
#[must_use]
pub fn of_rule(alerts: [u64; Level::ALL.len()]) -> u64 {
    let mut weight = 0;
    let mut further = FURTHER;
    let mut first = true;
    for level in Level::ALL.into_iter().rev() {
        let mut left = alerts[level as usize];
        if first && left > 0 {
            first = false;
            left -= 1;
            weight += of(level);
        }
        let counted = left.min(further);
        further -= counted;
        weight += counted * (of(level) / 4);
    }
    weight
}

/// The name that the levels of one rule share: `NAME` of `NAME-high`.
#[must_use]
pub fn stem(rule: &str) -> &str {
    let cut = |level: &Level| rule.strip_suffix(level.as_str())?.strip_suffix('-');
    let stem = Level::ALL.iter().find_map(cut);
    stem.filter(|stem| !stem.is_empty()).unwrap_or(rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_alerts_of_a_rule_weigh_a_quarter() {
        for (alerts, weight) in [
            ([0, 0, 0, 0, 0], 0),
            ([9, 0, 0, 0, 0], 0),
            ([0, 1, 0, 0, 0], 4),
            ([0, 2, 0, 0, 0], 5),
            ([0, 5, 0, 0, 0], 8),
            ([0, 500, 0, 0, 0], 8),
            ([0, 1, 1, 1, 0], 80 + 5 + 1),
            ([0, 9, 0, 3, 1], 200 + 3 * 20 + 1),
        ] {
            assert_eq!(of_rule(alerts), weight, "{alerts:?}");
        }
    }

    #[test]
    fn levels_of_a_rule_share_a_stem() {
        assert_eq!(stem("mass-delete-high"), "mass-delete");
        assert_eq!(stem("mass-delete"), "mass-delete");
        assert_eq!(stem("ioc-match-informational"), "ioc-match");
        assert_eq!(stem("too-slow"), "too-slow");
        assert_eq!(stem("-low"), "-low");
        assert_eq!(stem("low"), "low");
    }
}
