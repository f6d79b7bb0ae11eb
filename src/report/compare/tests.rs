//! What is new, gone, growing and the same.

use super::*;
use crate::alert::{Alert, Level};
use crate::report::collect::tests::{alert, no_rules, parts};
use crate::report::model::{Count, Slot, Timeline};
use crate::report::{Collector, Parts};

/// So many alerts of a rule over an address, each of so many requests.
fn said(host: &str, rule: &str, level: Level, alerts: u64, requests: u64) -> Vec<Alert> {
    let one = |number: u64| Alert {
        count: requests,
        ..alert(
            u128::from(number),
            rule,
            level,
            &[("remote_host", host.as_bytes())],
            1_770_076_800,
        )
    };
    (0..alerts).map(one).collect()
}

/// A report of these, over so many requests of which so many were errors of each
/// kind.
fn report(alerts: &[Vec<Alert>], requests: u64, errors: u64) -> Report {
    let set = no_rules();
    let mut collector = Collector::new(&set);
    for alert in alerts.iter().flatten() {
        collector.add(alert);
    }
    let slot = Slot {
        requests,
        refused: errors,
        missing: errors,
        wrong: errors,
        failed: errors,
        ..Slot::default()
    };
    collector.finish(Parts {
        timeline: Timeline {
            step: 3_600,
            slots: vec![slot, slot],
        },
        ..parts(&set)
    })
}

fn named(changes: &[Change]) -> Vec<(&str, &str)> {
    let names = changes.iter();
    names
        .map(|change| (&change.entity.name[..], &change.rule[..]))
        .collect()
}

#[test]
fn what_changed_is_told_worst_first() {
    let before = report(
        &[
            said("192.0.2.1", "more-alerts", Level::Low, 1, 5),
            said("192.0.2.1", "more-requests", Level::Low, 1, 5),
            said("192.0.2.1", "higher-low", Level::Low, 1, 5),
            said("192.0.2.1", "same", Level::Low, 2, 5),
            said("192.0.2.1", "less", Level::High, 2, 5),
            said("192.0.2.2", "quiet", Level::Low, 1, 5),
            said("192.0.2.3", "over", Level::Critical, 1, 5),
        ],
        100,
        1,
    );
    let now = report(
        &[
            said("192.0.2.1", "more-alerts", Level::Low, 2, 5),
            said("192.0.2.1", "more-requests", Level::Low, 1, 6),
            said("192.0.2.1", "higher-high", Level::High, 1, 5),
            said("192.0.2.1", "same", Level::Low, 2, 5),
            said("192.0.2.1", "less", Level::Medium, 1, 4),
            said("192.0.2.4", "first-low", Level::Low, 3, 5),
            said("192.0.2.5", "first", Level::Medium, 1, 5),
            // The same rule of somebody else is something else.
            said("192.0.2.6", "same", Level::Low, 1, 5),
        ],
        300,
        2,
    );
    let compared = compare(&before, &now);
    assert_eq!(compared.previous.made, before.made);
    assert_eq!(
        named(&compared.new),
        [
            ("192.0.2.5", "first"),
            ("192.0.2.4", "first"),
            ("192.0.2.6", "same"),
        ]
    );
    assert_eq!(
        named(&compared.gone),
        [("192.0.2.3", "over"), ("192.0.2.2", "quiet")]
    );
    assert_eq!(
        named(&compared.growing),
        [
            ("192.0.2.1", "higher"),
            ("192.0.2.1", "more-alerts"),
            ("192.0.2.1", "more-requests"),
        ]
    );
    let higher = &compared.growing[0];
    let level = |count: &Option<RuleCount>| count.as_ref().map(|count| count.level);
    assert_eq!(level(&higher.before), Some(Level::Low));
    assert_eq!(level(&higher.now), Some(Level::High));
    let new = &compared.new[0];
    assert_eq!((&new.before, level(&new.now)), (&None, Some(Level::Medium)));
    assert_eq!(level(&compared.gone[0].before), Some(Level::Critical));
    assert_eq!(compared.gone[0].now, None);
    assert_eq!(compared.same, 2);
    assert_eq!((compared.requests, compared.errors), ((200, 600), (8, 16)));
    assert!(!compared.partial);
}

#[test]
fn against_itself_nothing_has_changed() {
    let report = report(&[said("192.0.2.1", "a", Level::Low, 1, 5)], 1, 0);
    let compared = compare(&report, &report);
    assert_eq!(compared.same, 1);
    assert!(compared.new.is_empty() && compared.gone.is_empty() && compared.growing.is_empty());
}

#[test]
fn what_was_left_out_may_be_neither_new_nor_gone() {
    let whole = report(&[], 1, 0);
    let part = Report {
        actors_left_out: Count { number: 1, sum: 1 },
        ..whole.clone()
    };
    assert!(compare(&part, &whole).partial);
    assert!(compare(&whole, &part).partial);
    assert!(!compare(&whole, &whole).partial);
}
