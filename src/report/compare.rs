//! What is new against an earlier report, what is gone, and what is growing.
//!
//! One entity and one rule, with its levels, are one thing to compare; requests
//! and errors are compared as a whole. Of both reports only what they tell of
//! actors and of time counts here; no alert and no log may enter.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::model::{Change, Compared, Entity, Previous, Report, RuleCount};

/// What one rule had to say of one entity.
type Said<'r> = BTreeMap<(&'r Entity, &'r str), &'r RuleCount>;

/// What became of an earlier report.
#[must_use]
pub fn compare(before: &Report, now: &Report) -> Compared {
    let (earlier, later) = (said(before), said(now));
    let (mut new, mut gone, mut growing) = (Vec::new(), Vec::new(), Vec::new());
    let mut same = 0;
    for (key, now) in &later {
        match earlier.get(key) {
            None => new.push(change(*key, None, Some(now))),
            Some(before) if has_grown(before, now) => {
                growing.push(change(*key, Some(before), Some(now)));
            }
            Some(_) => same += 1,
        }
    }
    for (key, before) in earlier.iter().filter(|(key, _)| !later.contains_key(*key)) {
        gone.push(change(*key, Some(before), None));
    }
    for changes in [&mut new, &mut gone, &mut growing] {
        changes.sort_by_cached_key(worst_first);
    }
    Compared {
        previous: Previous { made: before.made },
        new,
        gone,
        growing,
        same,
        partial: left_out(before) || left_out(now),
        requests: (requests(before), requests(now)),
        errors: (errors(before), errors(now)),
    }
}

fn said(report: &Report) -> Said<'_> {
    let rules = report.actors.iter().flat_map(|actor| {
        let of_actor = |rule| (&actor.entity, rule);
        actor
            .rules
            .iter()
            .map(move |count| (of_actor(count.rule.as_str()), count))
    });
    rules.collect()
}

fn change(
    (entity, rule): (&Entity, &str),
    before: Option<&RuleCount>,
    now: Option<&RuleCount>,
) -> Change {
    Change {
        entity: entity.clone(),
        rule: rule.to_owned(),
        before: before.cloned(),
        now: now.cloned(),
    }
}

fn has_grown(before: &RuleCount, now: &RuleCount) -> bool {
    now.alerts > before.alerts || now.requests > before.requests || now.level > before.level
}

/// By the level, the alerts and the requests as they are now, or were; then by name.
fn worst_first(change: &Change) -> impl Ord + use<> {
    let count = change.now.as_ref().or(change.before.as_ref());
    let worst = count.map(|count| (count.level, count.alerts, count.requests));
    (Reverse(worst), change.entity.clone(), change.rule.clone())
}

fn left_out(report: &Report) -> bool {
    report.actors_left_out.number > 0
}

fn requests(report: &Report) -> u64 {
    let slots = report.timeline.slots.iter();
    slots.map(|slot| slot.requests).sum()
}

fn errors(report: &Report) -> u64 {
    let slots = report.timeline.slots.iter();
    slots
        .map(|slot| slot.refused + slot.missing + slot.wrong + slot.failed)
        .sum()
}

#[cfg(test)]
mod tests;
