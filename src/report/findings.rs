//! Alerts as a report lists them: few of many, whatever the order in which they
//! come.
//!
//! Worst first, then earliest; and the first of each rule before further ones of
//! the same, so that no rule hides behind another one's hundred alerts. The place
//! of an alert in that order only ever gets worse by others, so what falls out
//! once would not be listed in the end.

use std::cmp::Reverse;

use super::model::{Baseline, Evidence, Finding, Indicator};
use super::shown::{cut, shown, size};
use crate::alert::{self, Alert, Level};
use crate::incident::weight::stem;
use crate::record::Record;
use crate::sink::record::Flat;

/// Alerts that are listed with the lines behind them.
const SHOWN: usize = 4;
/// Lines of one alert that are shown.
const LINES: usize = 3;

/// The first alerts of many.
#[derive(Debug)]
pub struct Shortlist {
    listed: Vec<Listed>,
    most: usize,
    alerts: u64,
}

#[derive(Debug)]
struct Listed {
    finding: Finding,
    /// Bytes as JSON.
    size: usize,
}

impl Shortlist {
    /// Of at most so many.
    pub fn new(most: usize) -> Self {
        Self {
            // Most have no more than one.
            listed: Vec::with_capacity(1),
            most,
            alerts: 0,
        }
    }

    /// Adds an alert, each id once.
    pub fn add(&mut self, alert: &Alert) {
        self.alerts += 1;
        if self.is_too_late(alert) {
            return;
        }
        self.listed.push(Listed::new(finding(alert)));
        self.arrange();
    }

    /// Whether there is no need to look at it any closer.
    fn is_too_late(&self, alert: &Alert) -> bool {
        let id = hex(alert.id);
        let own = (Reverse(alert.rule.level), alert.trigger.0, id.as_str());
        let rule = stem(&alert.rule.name);
        let before = |listed: &Listed| order(&listed.finding) < own;
        let further = |listed: &Listed| stem(&listed.finding.rule) == rule && before(listed);
        self.listed.len() >= self.most
            && self.listed.iter().any(further)
            && self.listed.iter().all(before)
    }

    fn arrange(&mut self) {
        self.listed
            .sort_by(|a, b| order(&a.finding).cmp(&order(&b.finding)));
        let stems: Vec<&str> = self
            .listed
            .iter()
            .map(|one| stem(&one.finding.rule))
            .collect();
        let first = |place: usize| !stems[..place].contains(&stems[place]);
        let mut firsts = (0..stems.len()).map(first).collect::<Vec<_>>().into_iter();
        let (mut listed, further): (Vec<_>, Vec<_>) = self
            .listed
            .drain(..)
            .partition(|_| firsts.next().unwrap_or(false));
        listed.extend(further);
        listed.truncate(self.most);
        for one in listed.iter_mut().skip(SHOWN) {
            if !one.finding.evidence.is_empty() {
                one.finding.evidence.clear();
                one.size = size(&one.finding);
            }
        }
        self.listed = listed;
    }

    /// Bytes of all that are listed, as JSON.
    pub fn size(&self) -> usize {
        self.listed.iter().map(|one| one.size).sum()
    }

    /// Those that are listed.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.listed.iter().map(|one| &one.finding)
    }

    /// How many there are, listed or not.
    pub fn alerts(&self) -> u64 {
        self.alerts
    }
}

impl Listed {
    fn new(finding: Finding) -> Self {
        let size = size(&finding);
        Self { finding, size }
    }
}

fn order(finding: &Finding) -> (Reverse<Level>, i64, &str) {
    (Reverse(finding.level), finding.time, &finding.id)
}

fn hex(id: u128) -> String {
    format!("{id:032x}")
}

fn finding(alert: &Alert) -> Finding {
    let key = alert.key.iter();
    let context = &alert.context;
    Finding {
        id: hex(alert.id),
        rule: alert.rule.name.clone(),
        level: alert.rule.level,
        status: alert.status.as_str().to_owned(),
        key: key
            .map(|(name, value)| (name.to_string(), value.as_deref().map(shown)))
            .collect(),
        time: alert.trigger.0,
        value: alert.trigger.1,
        first: alert.first_seen,
        last: alert.last_seen,
        count: alert.count,
        distinct: alert.distinct.map(|distinct| distinct.value),
        sum: alert.sum,
        summary: shown(&alert.summary),
        baseline: context.usual.map(|usual| Baseline {
            hour: usual.hour,
            sum: usual.sum,
            median: usual.median,
            deviation: usual.deviation,
            samples: usual.samples as u64,
        }),
        ioc: context.ioc.iter().map(indicator).collect(),
        evidence: alert.evidence.iter().take(LINES).map(evidence).collect(),
    }
}

fn indicator(indicator: &alert::Indicator) -> Indicator {
    Indicator {
        list: shown(indicator.list.as_bytes()),
        entry: shown(indicator.entry.as_bytes()),
        field: indicator.field.name().to_owned(),
    }
}

fn evidence(evidence: &alert::Evidence) -> Evidence {
    let line = evidence.line.as_deref();
    let record = line.and_then(|line| Record::parse(line).ok());
    let flat = record.as_ref().map(Flat::new);
    let texts = flat.iter().flat_map(Flat::texts);
    Evidence {
        source: shown(evidence.source.as_bytes()),
        offset: evidence.offset,
        record: texts
            .map(|(name, text)| (name.to_owned(), cut(text.as_deref().unwrap_or("-"))))
            .collect(),
    }
}
