//! What the alerts of one entity tell, in the order in which it happened.
//!
//! Alerts of different rules count the same requests, and so do those of one
//! rule in neighbouring periods, so nothing here is a sum over alerts: what is
//! told of requests and bytes is the most that one alert counted. It was at
//! least that many. All of it depends on the alerts and not on their order.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{CLOSE, DAY, Entity, Few, Kind, weight};
use crate::alert::{Alert, Level, RuleInfo};
use crate::record::derived::View;
use crate::record::derived::operation::OperationClass;
use crate::record::{Field, Record};
use crate::settings::Settings;
use crate::text::redact;

/// Buckets, addresses, networks and principals that are told of one entity.
pub const NAMES: usize = 8;
/// Keys of objects that are told.
pub const KEYS: usize = 3;
/// Bytes of a key that are kept; callers choose it, up to 1,024.
const KEY: usize = 256;
/// Incidents that are told, the latest.
pub const INCIDENTS: usize = 100;

/// What one rule had to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The rule.
    pub rule: Arc<RuleInfo>,
    /// How many alerts.
    pub alerts: u64,
    /// When the first triggered, seconds since the epoch.
    pub first: i64,
    /// When the last did.
    pub last: i64,
    /// The most requests that one of them counted.
    pub requests: u64,
}

/// The alerts of one entity of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// The id that they share.
    pub id: u128,
    /// How many.
    pub alerts: u64,
    /// The highest level.
    pub level: Level,
    /// When the first triggered, seconds since the epoch.
    pub first: i64,
    /// When the last did.
    pub last: i64,
    /// Whether it goes on from the incident before: see [`CLOSE`].
    pub continues: bool,
}

/// Everything that is told of one entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// How many alerts.
    pub alerts: u64,
    /// Their highest level.
    pub level: Level,
    /// When the first triggered, seconds since the epoch.
    pub first: i64,
    /// When the last did.
    pub last: i64,
    /// The most requests that one alert counted.
    pub requests: u64,
    /// The most bytes that one alert saw going out, where a rule adds these up.
    pub bytes: Option<u64>,
    /// Buckets other than itself.
    pub buckets: Few<NAMES>,
    /// Hosts other than itself, from keys and evidence.
    pub addresses: Few<NAMES>,
    /// Networks other than itself, from keys.
    pub networks: Few<NAMES>,
    /// Principals other than itself, from keys and evidence.
    pub principals: Few<NAMES>,
    /// Keys of objects that were given, from evidence: redacted, cut.
    pub objects: Few<KEYS>,
    /// In the order of their names.
    rules: Vec<Told>,
    /// One a day, in their order; what one continues is told on the way out.
    incidents: Vec<Incident>,
    /// Whether there were earlier ones.
    earlier: bool,
}

impl Story {
    /// The story so far: nothing yet but that it begins with this alert.
    #[must_use]
    pub fn new(alert: &Alert) -> Self {
        Self {
            alerts: 0,
            level: alert.rule.level,
            first: alert.trigger.0,
            last: alert.trigger.0,
            requests: 0,
            bytes: None,
            buckets: Few::default(),
            addresses: Few::default(),
            networks: Few::default(),
            principals: Few::default(),
            objects: Few::default(),
            // Most have no more than one alert.
            rules: Vec::with_capacity(1),
            incidents: Vec::with_capacity(1),
            earlier: false,
        }
    }

    /// Adds an alert. `sums` says that its sum is of bytes that went out.
    pub fn add(&mut self, entity: &Entity, alert: &Alert, sums: bool, settings: &Settings) {
        let time = alert.trigger.0;
        self.alerts += 1;
        self.level = self.level.max(alert.rule.level);
        self.first = self.first.min(time);
        self.last = self.last.max(time);
        self.requests = self.requests.max(alert.count);
        if sums {
            self.bytes = self.bytes.max(alert.sum);
        }
        self.tell(alert);
        self.date(entity, alert);
        for (field, value) in &alert.key {
            if let (Some(field), Some(value)) = (Field::from_name(field), value) {
                self.name(entity, alert.first_seen, field, value);
            }
        }
        for line in alert.evidence.iter().filter_map(|one| one.line.as_deref()) {
            if let Ok(record) = Record::parse(line) {
                self.show(entity, &View::new(&record, settings));
            }
        }
    }

    fn tell(&mut self, alert: &Alert) {
        let (rule, time) = (&alert.rule, alert.trigger.0);
        let name = |told: &Told| told.rule.name.as_str().cmp(&rule.name);
        match self.rules.binary_search_by(name) {
            Ok(place) => {
                let told = &mut self.rules[place];
                told.alerts += 1;
                told.first = told.first.min(time);
                told.last = told.last.max(time);
                told.requests = told.requests.max(alert.count);
                if rule.outranks(&told.rule) {
                    told.rule = Arc::clone(rule);
                }
            }
            Err(place) => self.rules.insert(
                place,
                Told {
                    rule: Arc::clone(rule),
                    alerts: 1,
                    first: time,
                    last: time,
                    requests: alert.count,
                },
            ),
        }
    }

    fn date(&mut self, entity: &Entity, alert: &Alert) {
        let (time, level) = (alert.trigger.0, alert.rule.level);
        let day = time.div_euclid(DAY);
        let known = |incident: &Incident| incident.first.div_euclid(DAY).cmp(&day);
        match self.incidents.binary_search_by(known) {
            Ok(place) => {
                let incident = &mut self.incidents[place];
                incident.alerts += 1;
                incident.level = incident.level.max(level);
                incident.first = incident.first.min(time);
                incident.last = incident.last.max(time);
            }
            Err(place) => self.incidents.insert(
                place,
                Incident {
                    id: entity.incident(time),
                    alerts: 1,
                    level,
                    first: time,
                    last: time,
                    continues: false,
                },
            ),
        }
        if self.incidents.len() > INCIDENTS {
            self.incidents.remove(0);
            self.earlier = true;
        }
    }

    /// Notes a value of a key or a record, if it is one of those that are told
    /// and not the entity itself.
    fn name(&mut self, entity: &Entity, time: i64, field: Field, value: &[u8]) {
        let Some(named) = Entity::named(field, value) else {
            return;
        };
        let list = match named.kind {
            Kind::Bucket => &mut self.buckets,
            Kind::Address => &mut self.addresses,
            Kind::Network => &mut self.networks,
            Kind::Principal => &mut self.principals,
            Kind::Account | Kind::Credential => return,
        };
        if named != *entity {
            list.add(time, &named.name);
        }
    }

    fn show(&mut self, entity: &Entity, view: &View<'_, '_>) {
        let Some(time) = view.record().time() else {
            return;
        };
        for field in [Field::BucketName, Field::RemoteHost, Field::Principal] {
            if let Some(value) = view.bytes(field) {
                self.name(entity, time, field, value);
            }
        }
        let is_given = view.ok() && view.class() == Some(OperationClass::Read);
        if let Some(key) = view.record().bytes(Field::KeyName).filter(|_| is_given) {
            // Cut after the redaction: half a secret does not show for what it is.
            let mut key = redact(key).into_owned();
            key.truncate(KEY);
            self.objects.add(time, &key);
        }
    }

    /// What each rule had to say, in the order in which they first did; of those
    /// of one second the higher level first.
    #[must_use]
    pub fn rules(&self) -> Vec<&Told> {
        let mut rules: Vec<_> = self.rules.iter().collect();
        rules.sort_by(|a, b| {
            let level = b.rule.level.cmp(&a.rule.level);
            let name = || a.rule.name.cmp(&b.rule.name);
            a.first.cmp(&b.first).then(level).then_with(name)
        });
        rules
    }

    /// The incidents, earliest first, at most [`INCIDENTS`].
    #[must_use]
    pub fn incidents(&self) -> Vec<Incident> {
        let mut incidents = self.incidents.clone();
        for place in 1..incidents.len() {
            incidents[place].continues =
                incidents[place].first - incidents[place - 1].last <= CLOSE;
        }
        incidents
    }

    /// Whether there were incidents earlier than those.
    #[must_use]
    pub fn has_earlier(&self) -> bool {
        self.earlier
    }

    /// What its alerts weigh together.
    #[must_use]
    pub fn weight(&self) -> u64 {
        let mut rules: BTreeMap<&str, [u64; Level::ALL.len()]> = BTreeMap::new();
        for told in &self.rules {
            let alerts = rules.entry(weight::stem(&told.rule.name)).or_default();
            alerts[told.rule.level as usize] += told.alerts;
        }
        rules.into_values().map(weight::of_rule).sum()
    }
}
