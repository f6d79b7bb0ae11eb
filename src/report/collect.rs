//! From alerts, in any order, to a [`Report`].
//!
//! What of the log was read, hour by hour and bucket by bucket, was counted
//! elsewhere and comes in as [`Parts`]. Memory is bounded whatever attackers do:
//! of too many incidents those of the least weight are dropped, and counted. As
//! long as there is room for all of them, the order in which alerts come does not
//! matter. No file, no clock and no output may enter here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::actors;
use super::bounded::{Bounded, Worth};
use super::doubts;
use super::findings::Shortlist;
use super::guide::guide;
use super::incidents::Tale;
use super::keys::Keys;
use super::model::{
    Actor, Bucket, Count, Coverage, Incident, Levels, Previous, Report, SCHEMA, Slot, Timeline,
    Verdict,
};
use super::shown::Budget;
use super::timeline::Alerted;
use crate::alert::{Alert, Level, RuleInfo, Status};
use crate::incident::{DAY, Entity, ranking};
use crate::record::Field;
use crate::rule::{Document, RuleSet};
use crate::settings::Settings;
use crate::text::lossless;

/// Incidents that are held at once.
const HELD: usize = 25_000;
/// Bytes that they may take together, about: as JSON, which is half of what they
/// take in memory.
const HELD_BYTES: usize = 48 << 20;
/// Incidents that are listed.
const INCIDENTS: usize = 400;
/// Bytes of JSON for them, without the lines behind their alerts.
const INCIDENT_BYTES: usize = 1_280 << 10;
/// Bytes of JSON for those lines.
const LINE_BYTES: usize = 1 << 20;
/// Actors that are listed.
const ACTORS: usize = 1_000;
/// Bytes of JSON for them.
const ACTOR_BYTES: usize = 640 << 10;
/// Alerts that are listed of those that name neither anybody nor a bucket.
const OTHERS: usize = 50;
/// Bytes of JSON for them.
const OTHER_BYTES: usize = 256 << 10;
/// Objects that are listed.
const KEYS: usize = 100;
/// Bytes of JSON for them.
const KEY_BYTES: usize = 128 << 10;
/// Buckets that alerts name, held at once.
const BUCKETS: usize = 10_000;
const HOUR: i64 = 3_600;

/// What a report tells of beside its alerts.
#[derive(Debug)]
pub struct Parts<'p> {
    /// When it is made, seconds since the Unix epoch.
    pub made: i64,
    /// Name of the file beside it that has every alert.
    pub alerts_file: String,
    /// The documents of the rules, settings applied.
    pub documents: &'p [Document],
    /// What they were compiled to.
    pub set: &'p RuleSet,
    /// Requests over time; its alerts are counted here.
    pub timeline: Timeline,
    /// Buckets, in any order; their levels and alerts are filled in here.
    pub buckets: Vec<Bucket>,
    /// Buckets for which there was no room, and their requests.
    pub buckets_left_out: Count,
    /// What was looked at.
    pub coverage: Coverage,
    /// The report before it, where this one covers what is new since.
    pub since_report: Option<Previous>,
}

/// Takes alerts, and makes a report of them.
#[derive(Debug)]
pub struct Collector {
    levels: Levels,
    /// By the entity and the UTC day since the epoch.
    tales: Bounded<(Entity, i64), Tale>,
    /// Bytes of these, about.
    bytes: usize,
    /// Bytes that they may take.
    room: usize,
    /// Incidents that were dropped, and their alerts. One that came back was begun
    /// anew from there, and is counted twice.
    dropped: Count,
    others: Shortlist,
    /// By the hour in which they triggered.
    hours: BTreeMap<i64, Levels>,
    /// By bucket.
    named: Bounded<Vec<u8>, Named>,
    keys: Keys,
    /// By name.
    rules: BTreeMap<String, (Arc<RuleInfo>, u64)>,
    /// Names of the rules that add up bytes that went out.
    sums: BTreeSet<String>,
    settings: Arc<Settings>,
}

/// The level and the number of the alerts that name a bucket.
#[derive(Debug, Clone, Copy)]
struct Named(Level, u64);

impl Worth for Named {
    type Worth = (Level, u64);

    fn worth(&self) -> Self::Worth {
        (self.0, self.1)
    }
}

impl Collector {
    /// No alert yet of these rules.
    #[must_use]
    pub fn new(set: &RuleSet) -> Self {
        Self::with_room(set, HELD, HELD_BYTES)
    }

    /// With room for so many incidents, and so many bytes of them.
    fn with_room(set: &RuleSet, held: usize, room: usize) -> Self {
        Self {
            levels: Levels::default(),
            tales: Bounded::new(held),
            bytes: 0,
            room,
            dropped: Count::default(),
            others: Shortlist::new(OTHERS),
            hours: BTreeMap::new(),
            named: Bounded::new(BUCKETS),
            keys: Keys::new(),
            rules: BTreeMap::new(),
            sums: ranking::sums(set),
            settings: Arc::clone(&set.settings),
        }
    }

    /// Adds an alert, in any order, each id once. What was withdrawn did not happen.
    pub fn add(&mut self, alert: &Alert) {
        if alert.status == Status::Withdrawn {
            return;
        }
        let (rule, time) = (&alert.rule, alert.trigger.0);
        self.levels.add(rule.level);
        let hour = self.hours.entry(time.div_euclid(HOUR)).or_default();
        hour.add(rule.level);
        self.keys.add(alert);
        self.name(alert);
        let known = || (Arc::clone(rule), 0);
        let known = self.rules.entry(rule.name.clone()).or_insert_with(known);
        known.1 += 1;
        if rule.outranks(&known.0) {
            known.0 = Arc::clone(rule);
        }
        match Entity::of(alert) {
            Some(who) => self.tell(&who, alert),
            None => self.others.add(alert),
        }
    }

    fn tell(&mut self, who: &Entity, alert: &Alert) {
        let day = alert.trigger.0.div_euclid(DAY);
        let sums = self.sums.contains(&alert.rule.name);
        let mut fresh = false;
        let tale = self.tales.entry((who.clone(), day), || {
            fresh = true;
            Tale::new(alert)
        });
        let before = if fresh { 0 } else { tale.size() };
        tale.add(who, alert, sums, &self.settings);
        self.bytes = self.bytes + tale.size() - before;
        while self.tales.is_full() || self.bytes > self.room {
            let least = self.tales.drop_least();
            if least.is_empty() {
                break;
            }
            for tale in least {
                self.bytes -= tale.size();
                self.dropped.number += 1;
                self.dropped.sum += tale.story.alerts;
            }
        }
    }

    /// Notes the bucket that the key names.
    fn name(&mut self, alert: &Alert) {
        let mut key = alert.key.iter();
        let bucket = key.find(|(name, _)| **name == *Field::BucketName.name());
        let Some((_, Some(bucket))) = bucket else {
            return;
        };
        let level = alert.rule.level;
        let named = self.named.entry(bucket.clone(), || Named(level, 0));
        *named = Named(named.0.max(level), named.1 + 1);
        if self.named.is_full() {
            self.named.drop_least();
        }
    }

    /// Alerts by level, so far.
    #[must_use]
    pub fn levels(&self) -> Levels {
        self.levels
    }

    /// Whether there is an alert of this level or a higher one.
    #[must_use]
    pub fn reach(&self, level: Level) -> bool {
        self.levels.worst().is_some_and(|worst| worst >= level)
    }

    /// The level and the number of the alerts that name this bucket in their key:
    /// for whoever has to leave buckets out.
    #[must_use]
    pub fn bucket(&self, name: &[u8]) -> Option<(Level, u64)> {
        let named = self.named.get(&name.to_vec());
        named.map(|named| (named.0, named.1))
    }

    /// When alerts triggered and which buckets they name, for whoever lays out when and
    /// where. The levels of slots are filled in by [`Collector::finish`].
    #[must_use]
    pub fn alerted(&self) -> Alerted {
        let hours = self.hours.keys();
        let buckets = self.named.iter();
        Alerted {
            hours: hours.map(|hour| (hour * HOUR, Levels::default())).collect(),
            buckets: buckets
                .map(|(name, named)| (lossless(name).into_owned(), (named.0, named.1)))
                .collect(),
        }
    }

    /// The report.
    #[must_use]
    pub fn finish(self, parts: Parts<'_>) -> Report {
        let (incidents, incidents_left_out) = self.incidents();
        let (actors, actors_left_out) = self.actors();
        let buckets = self.buckets(parts.buckets);
        let since = parts.since_report.as_ref();
        let verdict = Verdict {
            attention: doubts::attention(&self.levels, &parts.coverage, since),
            worst: self.levels.worst(),
            levels: self.levels,
            incidents: incidents.len() as u64 + incidents_left_out.number,
            doubts: doubts::doubts(&parts.coverage, &buckets, since),
        };
        let mut room = Budget(OTHER_BYTES);
        let others = self.others.findings().take_while(|one| room.take(*one));
        let others: Vec<_> = others.cloned().collect();
        let nameless = self.others.alerts();
        let mut room = Budget(KEY_BYTES);
        let keys = self.keys.told().take(KEYS);
        let mut guides: Vec<_> = self
            .rules
            .values()
            .map(|(rule, alerts)| guide(rule, *alerts, parts.documents, &parts.set.settings))
            .collect();
        guides.sort_by_key(|guide| std::cmp::Reverse((guide.level, guide.alerts)));
        Report {
            schema: SCHEMA.to_owned(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            made: parts.made,
            alerts_file: parts.alerts_file,
            verdict,
            since_report: parts.since_report,
            incidents,
            incidents_left_out,
            others_left_out: nameless - others.len() as u64,
            others,
            actors,
            actors_left_out,
            timeline: self.timeline(parts.timeline),
            buckets,
            buckets_left_out: parts.buckets_left_out,
            keys: keys.take_while(|key| room.take(key)).collect(),
            coverage: parts.coverage,
            guides,
            compared: None,
        }
    }

    /// The worst incidents, and what the others come to.
    fn incidents(&self) -> (Vec<Incident>, Count) {
        let mut room = Budget(INCIDENT_BYTES);
        let mut lines = Budget(LINE_BYTES);
        let mut listed = Vec::new();
        let mut left_out = self.dropped;
        for ((who, day), tale) in self.tales.ranked() {
            if listed.len() < INCIDENTS
                && let Some(incident) = self.incident((who, *day), tale, &mut room, &mut lines)
            {
                listed.push(incident);
            } else {
                left_out.number += 1;
                left_out.sum += tale.story.alerts;
            }
        }
        (listed, left_out)
    }

    /// The incident, if there is room for it; with the lines behind its alerts as
    /// far as there is room for them.
    fn incident(
        &self,
        (who, day): (&Entity, i64),
        tale: &Tale,
        room: &mut Budget,
        lines: &mut Budget,
    ) -> Option<Incident> {
        let before = self.tales.get(&(who.clone(), day - 1));
        let before = before.filter(|before| tale.continues(before));
        let mut incident = tale.told(who, before.map(|before| before.id(who)));
        let findings = incident.findings.iter_mut();
        let evidence: Vec<_> = findings
            .map(|finding| std::mem::take(&mut finding.evidence))
            .collect();
        if !room.take(&incident) {
            return None;
        }
        for (finding, evidence) in incident.findings.iter_mut().zip(evidence) {
            let shown = evidence.into_iter().take_while(|line| lines.take(line));
            finding.evidence = shown.collect();
        }
        Some(incident)
    }

    /// The heaviest actors, and what the others come to. Each incident that was
    /// dropped counts as an actor's.
    fn actors(&self) -> (Vec<Actor>, Count) {
        let mut all: Vec<Actor> = Vec::new();
        let mut tales: Vec<&Tale> = Vec::new();
        let mut whose: Option<&Entity> = None;
        // The tales of one entity stand together, earliest first.
        for ((who, _), tale) in self.tales.iter() {
            if whose != Some(who) {
                all.extend(whose.and_then(|who| actors::actor(who, &tales)));
                tales.clear();
                whose = Some(who);
            }
            tales.push(tale);
        }
        all.extend(whose.and_then(|who| actors::actor(who, &tales)));
        actors::sort(&mut all);
        let mut room = Budget(ACTOR_BYTES);
        let fits = |actor: &&Actor| room.take(*actor);
        let listed = all.iter().take(ACTORS).take_while(fits).count();
        let mut left_out = self.dropped;
        for actor in all.drain(listed..) {
            left_out.number += 1;
            left_out.sum += actor.alerts;
        }
        (all, left_out)
    }

    /// The timeline with the alerts that triggered in each slot.
    fn timeline(&self, mut timeline: Timeline) -> Timeline {
        let Some(first) = timeline.slots.first().map(|slot| slot.time) else {
            return timeline;
        };
        for (hour, levels) in &self.hours {
            let place = (hour * HOUR - first).div_euclid(timeline.step.max(1));
            let place = usize::try_from(place).ok();
            if let Some(slot) = place.and_then(|place| timeline.slots.get_mut(place)) {
                add(slot, levels);
            }
        }
        timeline
    }

    /// The buckets with what alerts say of them: those with the worst first, then
    /// the busiest.
    fn buckets(&self, mut buckets: Vec<Bucket>) -> Vec<Bucket> {
        let named = self.named.iter();
        let named: BTreeMap<String, Named> = named
            .map(|(name, named)| (lossless(name).into_owned(), *named))
            .collect();
        for bucket in &mut buckets {
            if let Some(Named(level, alerts)) = named.get(&bucket.name) {
                bucket.level = Some(*level);
                bucket.alerts = *alerts;
            }
        }
        buckets.sort_by_cached_key(|bucket| {
            let worst = std::cmp::Reverse((bucket.level, bucket.requests));
            (worst, bucket.name.clone())
        });
        buckets
    }
}

fn add(slot: &mut Slot, levels: &Levels) {
    slot.alerts.critical += levels.critical;
    slot.alerts.high += levels.high;
    slot.alerts.medium += levels.medium;
    slot.alerts.low += levels.low;
    slot.alerts.informational += levels.informational;
}

#[cfg(test)]
pub(super) mod tests;
