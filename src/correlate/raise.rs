//! A firing to an alert: id, summary, and what a person reads.

use std::sync::{Arc, LazyLock};

use super::Raised;
use super::evaluate::Firing;
use super::evidence::{self, Seen};
use crate::alert::{Alert, Context, Level, RuleInfo, Status, Volume};
use crate::record::{hash, time};
use crate::rule::plan::Rule;
use crate::rule::template::{Part, Placeholder};

/// The alert of a key that fired in a period. `kept` are records of the key whose
/// lines were at hand.
pub fn alert(
    rule: &Rule,
    period_start: i64,
    (hash, key): (u64, Vec<Option<Vec<u8>>>),
    mut firing: Firing,
    kept: Vec<Seen>,
) -> Raised {
    let named: Vec<_> = rule.group_by.iter().cloned().zip(key).collect();
    let summary = summary(rule, &named, &firing);
    // Some are of an earlier period's end, which the count does not cover.
    let from = period_start - rule.timespan();
    let covered = kept.into_iter().filter(|record| record.time > from);
    evidence::add_lines(&mut firing.records, covered);
    let count = usize::try_from(firing.count).unwrap_or(usize::MAX);
    let alert = Alert {
        id: id(&rule.canonical, &named, period_start),
        rev: firing.count,
        status: Status::Closed,
        rule: Arc::clone(&rule.info),
        period: (period_start, period_start + rule.period),
        trigger: firing.trigger,
        first_seen: firing.first_seen,
        last_seen: firing.last_seen,
        count: firing.count,
        distinct: firing.distinct,
        sum: firing.sum,
        summary,
        evidence: Vec::new(),
        context: Context {
            usual: firing.compared.map(|compared| Volume {
                hour: compared.hour,
                sum: compared.sum,
                median: compared.usual.median,
                deviation: compared.usual.deviation,
                samples: compared.usual.samples,
            }),
            ..Context::default()
        },
        key: named,
    };
    Raised {
        alert,
        records: firing.records,
        shows: rule.evidence.min(count),
        key: hash,
    }
}

/// XXH3-128 over the canonical rule, the key and the period: whoever evaluates
/// the same records with the same rule gets the same id.
fn id(canonical: &str, key: &[(Arc<str>, Option<Vec<u8>>)], period_start: i64) -> u128 {
    let mut bytes = Vec::with_capacity(canonical.len() + 128);
    let mut part = |text: &[u8]| {
        bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
        bytes.extend_from_slice(text);
    };
    part(canonical.as_bytes());
    for (name, value) in key {
        part(name.as_bytes());
        match value {
            // A length that no text has stands for null.
            None => part(&[]),
            Some(value) => {
                part(b"=");
                part(value);
            }
        }
    }
    bytes.extend_from_slice(&period_start.to_le_bytes());
    hash::wide(&bytes)
}

fn summary(rule: &Rule, key: &[(Arc<str>, Option<Vec<u8>>)], firing: &Firing) -> Vec<u8> {
    let mut text = Vec::new();
    if rule.summary.parts.is_empty() {
        text.extend_from_slice(rule.info.title.as_bytes());
        for (place, (name, value)) in key.iter().enumerate() {
            text.extend_from_slice(if place == 0 { b": " } else { b", " });
            text.extend_from_slice(name.as_bytes());
            text.push(b' ');
            text.extend_from_slice(value.as_deref().unwrap_or(b"-"));
        }
        text.extend_from_slice(format!(" ({} records)", firing.count).as_bytes());
        return text;
    }
    for part in &rule.summary.parts {
        let number = |number: u64| number.to_string().into_bytes();
        let value = match part {
            Part::Literal(literal) => literal.clone().into_bytes(),
            Part::Placeholder(place) => match place {
                Placeholder::Key(place) => {
                    let value = key.get(*place).and_then(|(_, value)| value.clone());
                    value.unwrap_or_else(|| b"-".to_vec())
                }
                Placeholder::Count => number(firing.count),
                Placeholder::Distinct => firing
                    .distinct
                    .map_or_else(|| b"-".to_vec(), |distinct| number(distinct.value)),
                Placeholder::Sum => firing.sum.map_or_else(|| b"-".to_vec(), number),
                Placeholder::FirstSeen => time::rfc3339(firing.first_seen).into_bytes(),
                Placeholder::LastSeen => time::rfc3339(firing.last_seen).into_bytes(),
                Placeholder::Trigger => number(firing.trigger.1),
            },
        };
        text.extend_from_slice(&value);
    }
    text
}

/// The one alert that is about the tool itself.
static DEGRADED: LazyLock<Arc<RuleInfo>> = LazyLock::new(|| {
    Arc::new(RuleInfo {
        id: "5d3c1f0e-7f5b-4b0e-9a53-0f5f1f3a9b21".to_owned(),
        name: "coverage-degraded".to_owned(),
        title: "Memory was short and keys were forgotten".to_owned(),
        level: Level::High,
        tags: Vec::new(),
    })
});

/// Says that keys were forgotten, if any were.
pub fn degraded((evicted, earliest): (u64, Option<i64>)) -> Option<Raised> {
    let time = earliest?;
    let period = time.div_euclid(3600) * 3600;
    let alert = Alert {
        id: id(&DEGRADED.id, &[], period),
        rev: evicted,
        status: Status::Closed,
        rule: Arc::clone(&DEGRADED),
        key: Vec::new(),
        period: (period, period + 3600),
        trigger: (time, 1),
        first_seen: time,
        last_seen: time,
        count: evicted,
        distinct: None,
        sum: None,
        summary: format!(
            "{evicted} keys or late records were forgotten for lack of memory, from {} on: alerts may be missing. \
             Scan again with a larger --max-state or a shorter --since/--until.",
            time::rfc3339(time)
        )
        .into_bytes(),
        evidence: Vec::new(),
        context: Context::default(),
    };
    Some(Raised {
        alert,
        records: Vec::new(),
        shows: 0,
        key: 0,
    })
}
