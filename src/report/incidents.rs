//! What happened: the alerts of each entity and each day, as they come in.
//!
//! Nothing here is added up over alerts but their number: see
//! [`crate::incident::story`].

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::bounded::Worth;
use super::findings::Shortlist;
use super::model::{Incident, Network, Step};
use super::shown::{entity, names, network, shown};
use crate::alert::{Alert, Level};
use crate::incident::story::Story;
use crate::incident::weight::stem;
use crate::incident::{CLOSE, Entity, Few};
use crate::settings::Settings;

/// Alerts of one incident that are listed.
const FINDINGS: usize = 20;
/// Addresses of one incident of which it is told what is known.
pub const PLACES: usize = 8;
/// What a tale takes beside its findings, bytes, about.
const ALONE: usize = 2_048;

/// Everything that is told of an incident.
#[derive(Debug)]
pub struct Tale {
    /// Whom it is about, with what, from where.
    pub story: Story,
    /// What is known of the addresses, those seen first.
    pub places: Few<PLACES, Network>,
    first: i64,
    last: i64,
    /// By the rule without its level.
    sums: BTreeMap<String, Most>,
    findings: Shortlist,
}

/// The alert of a rule that counted most, and of these the first.
#[derive(Debug)]
struct Most {
    count: (u64, Reverse<(i64, u128)>),
    summary: String,
}

impl Worth for Tale {
    /// As entities are ranked.
    type Worth = (u64, Level, u64);

    fn worth(&self) -> Self::Worth {
        (self.story.weight(), self.story.level, self.story.alerts)
    }
}

impl Tale {
    /// The tale so far: nothing yet but that it begins with this alert.
    pub fn new(alert: &Alert) -> Self {
        Self {
            story: Story::new(alert),
            places: Few::default(),
            first: alert.first_seen,
            last: alert.last_seen,
            sums: BTreeMap::new(),
            findings: Shortlist::new(FINDINGS),
        }
    }

    /// Adds an alert. `sums` says that its sum is of bytes that went out.
    pub fn add(&mut self, who: &Entity, alert: &Alert, sums: bool, settings: &Settings) {
        self.story.add(who, alert, sums, settings);
        self.first = self.first.min(alert.first_seen);
        self.last = self.last.max(alert.last_seen);
        for known in &alert.context.networks {
            self.places.add(alert.first_seen, &network(known));
        }
        let count = (alert.count, Reverse((alert.trigger.0, alert.id)));
        let rule = stem(&alert.rule.name);
        if self.sums.get(rule).is_none_or(|most| most.count < count) {
            let summary = shown(&alert.summary);
            self.sums.insert(rule.to_owned(), Most { count, summary });
        }
        self.findings.add(alert);
    }

    /// Bytes that it takes, about.
    pub fn size(&self) -> usize {
        let sums = self.sums.values().map(|most| most.summary.len());
        ALONE + self.findings.size() + sums.sum::<usize>()
    }

    /// The id that its alerts have in their context.
    pub fn id(&self, who: &Entity) -> String {
        format!("{:032x}", who.incident(self.story.first))
    }

    /// Whether it goes on from the incident of the day before.
    pub fn continues(&self, before: &Tale) -> bool {
        self.story.first - before.story.last <= CLOSE
    }

    /// The incident as a report tells it.
    pub fn told(&self, who: &Entity, continues: Option<String>) -> Incident {
        let story = &self.story;
        let findings: Vec<_> = self.findings.findings().cloned().collect();
        Incident {
            id: self.id(who),
            continues,
            entity: entity(who),
            level: story.level,
            weight: story.weight(),
            alerts: story.alerts,
            first: self.first,
            last: self.last,
            requests: story.requests,
            bytes: story.bytes,
            story: self.steps(),
            buckets: names(&story.buckets),
            addresses: names(&story.addresses),
            networks: names(&story.networks),
            principals: names(&story.principals),
            objects: names(&story.objects),
            places: self.places.seen().map(|(_, place)| place.clone()).collect(),
            findings_left_out: self.findings.alerts() - findings.len() as u64,
            findings,
        }
    }

    /// A step a rule, in the order in which they first fired.
    fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for told in self.story.rules() {
            let rule = &told.rule;
            let own = stem(&rule.name);
            let Some(step) = steps.iter_mut().find(|step| stem(&step.rule) == own) else {
                let most = self.sums.get(own);
                steps.push(Step {
                    rule: rule.name.clone(),
                    title: rule.title.clone(),
                    level: rule.level,
                    alerts: told.alerts,
                    first: told.first,
                    last: told.last,
                    requests: told.requests,
                    summary: most.map_or_else(String::new, |most| most.summary.clone()),
                });
                continue;
            };
            step.alerts += told.alerts;
            step.last = step.last.max(told.last);
            step.requests = step.requests.max(told.requests);
            if step.level < rule.level {
                step.level = rule.level;
                step.rule.clone_from(&rule.name);
                step.title.clone_from(&rule.title);
            }
        }
        steps
    }
}
