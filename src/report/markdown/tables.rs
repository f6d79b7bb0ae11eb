//! Who, when and where, as tables.

use std::fmt::Write as _;

use super::Page;
use super::text::{clock, code, entity, level, many, period, size};
use crate::alert::Level;
use crate::report::{Levels, Report, Slot};
use crate::text::words::grouped;

/// Rules of an actor.
const RULES: usize = 4;
/// Columns of the drawing of a timeline.
const COLUMNS: usize = 72;
/// From nothing to the most.
const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Who.
pub(super) fn who(page: &mut Page, report: &Report) {
    let most = page.room.rows;
    if report.actors.is_empty() {
        return;
    }
    page.heading(2, "Who");
    let rows = report.actors.iter().take(most).map(|actor| {
        let rules = actor.rules.iter().take(RULES);
        let rules: Vec<_> = rules.map(|rule| code(&rule.rule)).collect();
        [
            entity(&actor.entity),
            level(actor.level),
            actor.alerts.to_string(),
            grouped(actor.requests),
            period(actor.first, actor.last),
            rules.join(", "),
        ]
    });
    let head = ["who", "worst", "alerts", "requests", "when (UTC)", "rules"];
    page.table(head, rows.collect());
    let all = report.actors.len() as u64 + report.actors_left_out.number;
    page.rest(most, all, "actor");
}

/// When.
pub(super) fn when(page: &mut Page, report: &Report) {
    let most = page.room.rows;
    let timeline = &report.timeline;
    let (Some(first), Some(last)) = (timeline.slots.first(), timeline.slots.last()) else {
        return;
    };
    page.heading(2, "When");
    let columns: Vec<&[Slot]> = {
        let width = timeline.slots.len().div_ceil(COLUMNS).max(1);
        timeline.slots.chunks(width).collect()
    };
    let hours = timeline.step * columns.first().map_or(0, |slots| slots.len() as i64) / 3600;
    page.paragraph(format_args!(
        "{} UTC, {} a column. In the last line the worst alert: c critical, h high, m medium, \
         l low, i informational.",
        period(first.time, last.time + timeline.step),
        many(hours.unsigned_abs(), "hour"),
    ));
    let sum = |number: fn(&Slot) -> u64| {
        let sums = columns.iter().map(|slots| slots.iter().map(number).sum());
        sums.collect::<Vec<u64>>()
    };
    let (requests, errors) = (sum(|slot| slot.requests), sum(errors));
    let alerts: String = columns.iter().map(|slots| worst(slots)).collect();
    let mut lines = String::new();
    for (name, sums) in [("requests", requests), ("errors", errors)] {
        let highest = sums.iter().copied().max().unwrap_or(0);
        // Writing to a string cannot fail.
        let _ = writeln!(
            lines,
            "{name:<9}{}  at most {}",
            bars(&sums),
            grouped(highest)
        );
    }
    let _ = writeln!(lines, "{:<9}{}", "alerts", alerts.trim_end());
    page.block(&lines);
    let mut worst: Vec<&Slot> = timeline.slots.iter().collect();
    worst.retain(|slot| slot.alerts.total() > 0);
    let all = worst.len() as u64;
    worst.sort_by_key(|slot| std::cmp::Reverse((weights(&slot.alerts), slot.time)));
    worst.truncate(most);
    worst.sort_by_key(|slot| slot.time);
    let rows = worst.iter().map(|slot| {
        [
            clock(slot.time),
            levels(&slot.alerts),
            grouped(slot.requests),
            grouped(slot.refused),
            grouped(slot.missing),
            grouped(slot.wrong),
            grouped(slot.failed),
            size(slot.bytes),
        ]
    });
    let head = [
        "from (UTC)",
        "alerts",
        "requests",
        "403",
        "404",
        "other 4xx",
        "5xx",
        "out",
    ];
    page.table(head, rows.collect());
    page.rest(most, all, "hour with alerts");
}

/// Where.
pub(super) fn places(page: &mut Page, report: &Report) {
    let most = page.room.rows;
    if report.buckets.is_empty() && report.keys.is_empty() {
        return;
    }
    page.heading(2, "Where");
    let rows = report.buckets.iter().take(most).map(|bucket| {
        [
            code(&bucket.name),
            bucket.level.map_or("none".to_owned(), level),
            bucket.alerts.to_string(),
            grouped(bucket.requests),
            grouped(bucket.refused),
            grouped(bucket.missing),
            grouped(bucket.wrong),
            grouped(bucket.failed),
            size(bucket.bytes),
        ]
    });
    let head = [
        "bucket",
        "worst",
        "alerts",
        "requests",
        "403",
        "404",
        "other 4xx",
        "5xx",
        "out",
    ];
    page.table(head, rows.collect());
    let all = report.buckets.len() as u64 + report.buckets_left_out.number;
    page.rest(most, all, "bucket");
    let rows = report.keys.iter().take(most).map(|key| {
        [
            code(&key.key),
            code(&key.bucket),
            level(key.level),
            format!("{} {}", code(&key.operation), code(&key.http_status)),
        ]
    });
    let head = ["object", "bucket", "worst", "first request"];
    page.table(head, rows.collect());
    page.rest(most, report.keys.len() as u64, "object");
}

fn errors(slot: &Slot) -> u64 {
    slot.refused + slot.missing + slot.wrong + slot.failed
}

/// Something is never drawn as nothing.
fn bars(sums: &[u64]) -> String {
    let highest = sums.iter().copied().max().unwrap_or(0).max(1);
    let steps = BARS.len() as u64 - 1;
    let bar = |sum: &u64| {
        let height = u128::from(*sum) * u128::from(steps);
        BARS[height.div_ceil(u128::from(highest)) as usize]
    };
    sums.iter().map(bar).collect()
}

fn worst(slots: &[Slot]) -> char {
    let worst = slots.iter().filter_map(|slot| slot.alerts.worst()).max();
    worst.map_or(' ', |level| match level {
        Level::Critical => 'c',
        Level::High => 'h',
        Level::Medium => 'm',
        Level::Low => 'l',
        Level::Informational => 'i',
    })
}

fn weights(levels: &Levels) -> [u64; Level::ALL.len()] {
    let mut weights = Level::ALL.map(|level| levels.of(level));
    weights.reverse();
    weights
}

/// `1 critical, 2 low`
fn levels(levels: &Levels) -> String {
    let some = Level::ALL.into_iter().rev();
    let some = some.filter(|level| levels.of(*level) > 0);
    let some: Vec<_> = some
        .map(|level| format!("{} {}", grouped(levels.of(level)), level.as_str()))
        .collect();
    some.join(", ")
}
