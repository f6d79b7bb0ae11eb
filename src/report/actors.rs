//! Who: the incidents of all days of one entity together.
//!
//! What is told of requests and bytes is the most that one alert counted, as in
//! an incident.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::incidents::{PLACES, Tale};
use super::model::{Actor, Network, RuleCount};
use super::shown;
use crate::alert::Level;
use crate::incident::{Entity, Few, weight};

/// What one rule had to say, in all its levels.
#[derive(Debug, Default)]
struct Said {
    alerts: [u64; Level::ALL.len()],
    requests: u64,
}

/// The entity of these incidents, one a day, earliest first; `None` of none.
pub fn actor(who: &Entity, tales: &[&Tale]) -> Option<Actor> {
    let stories = || tales.iter().map(|tale| &tale.story);
    let mut rules: BTreeMap<String, Said> = BTreeMap::new();
    for told in stories().flat_map(|story| story.rules()) {
        let said = rules.entry(weight::stem(&told.rule.name).to_owned());
        let said = said.or_default();
        said.alerts[told.rule.level as usize] += told.alerts;
        said.requests = said.requests.max(told.requests);
    }
    let mut places: Few<PLACES, Network> = Few::default();
    for (time, place) in tales.iter().flat_map(|tale| tale.places.seen()) {
        places.add(time, place);
    }
    Some(Actor {
        entity: shown::entity(who),
        level: stories().map(|story| story.level).max()?,
        weight: rules
            .values()
            .map(|said| weight::of_rule(said.alerts))
            .sum(),
        alerts: stories().map(|story| story.alerts).sum(),
        requests: stories().map(|story| story.requests).max()?,
        bytes: stories().filter_map(|story| story.bytes).max(),
        first: stories().map(|story| story.first).min()?,
        last: stories().map(|story| story.last).max()?,
        rules: counts(rules),
        incidents: tales.iter().map(|tale| tale.id(who)).collect(),
        places: places.seen().map(|(_, place)| place.clone()).collect(),
    })
}

/// The rules, the worst first.
fn counts(rules: BTreeMap<String, Said>) -> Vec<RuleCount> {
    let count = |(rule, said): (String, Said)| {
        let levels = Level::ALL.into_iter().rev();
        let mut levels = levels.filter(|level| said.alerts[*level as usize] > 0);
        Some(RuleCount {
            rule,
            level: levels.next()?,
            alerts: said.alerts.iter().sum(),
            requests: said.requests,
        })
    };
    let mut counts: Vec<_> = rules.into_iter().filter_map(count).collect();
    counts.sort_by_key(|count| Reverse((count.level, count.alerts)));
    counts
}

/// The heaviest first, as entities are ranked; what is equal stays in the order of
/// kinds and names.
pub fn sort(actors: &mut [Actor]) {
    actors.sort_by_key(|actor| Reverse((actor.weight, actor.level, actor.alerts)));
}
