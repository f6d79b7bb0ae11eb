//! Where an attack is played, and the record of what it should raise.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use serde::{Serialize, Serializer};

use crate::attacks::Attack;
use crate::fields::{Field, written};
use crate::line::Line;
use crate::plan::Plan;
use crate::rhythm::{DAY, weekday};
use crate::usual;

const HOUR: i64 = 3600;

/// When a rule fires, over the records of its timespan.
#[derive(Clone, Copy)]
pub enum Fires {
    /// So many records.
    Count(usize),
    /// So many distinct values.
    Distinct(Field, usize),
    /// So many records, and among them so many distinct values.
    CountAndDistinct(usize, Field, usize),
    /// So many bytes that leave.
    Bytes(u64),
    /// So many keys with a record of step 0 and a later one of step 1.
    Pairs(usize),
    /// A record that succeeded.
    Served,
    /// What the window comes to, and more than usual in its hours.
    Unusual(&'static Unusual),
    /// One step after the other; a later one counts no record from before.
    Steps(&'static [Step]),
}

/// More than usual.
pub struct Unusual {
    /// What the window has to come to.
    pub window: Fires,
    /// Whether bytes are added up by the hour, and not records counted.
    pub bytes: bool,
    /// So many times the median of the same hour of earlier days.
    pub times: u64,
    /// In so many of the window's aligned hours.
    pub hours: usize,
}

impl Unusual {
    /// What a record adds to its hour.
    const fn of(&self, hit: &Hit) -> u64 {
        if self.bytes { hit.bytes } else { 1 }
    }
}

/// A step of a chain: when it happens, and the seconds in which it counts.
pub struct Step(pub Fires, pub i64);

/// What is true of an attack: an element of the truth file.
#[derive(Serialize)]
pub struct Truth {
    /// The attack's name.
    attack: &'static str,
    /// The rule that has to fire.
    rule: &'static str,
    /// At what level.
    level: &'static str,
    /// For which key.
    key: Group,
    /// Time of the attack's first record that the rule counts.
    first: String,
    /// Time of the last.
    last: String,
    /// How many there are.
    records: usize,
    /// How many distinct keys they have; no key is a value of its own.
    distinct_keys: usize,
    /// How many distinct buckets.
    distinct_buckets: usize,
    /// All addresses of the attack.
    addresses: BTreeSet<String>,
    /// All buckets.
    buckets: BTreeSet<String>,
    /// All principals.
    principals: BTreeSet<String>,
    /// The alerts that the rule has to raise.
    alerts: Vec<Expected>,
    /// Other rules that the same records rightly raise.
    also: &'static [&'static str],
    /// What the rule needs to find it: `baseline`, or lists of the settings.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    needs: &'static [&'static str],
}

/// The group-by fields as the tool prints them, in its order.
struct Group(Vec<(Field, Option<String>)>);

impl Serialize for Group {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(field, value)| (field.name(), value)))
    }
}

/// One alert.
#[derive(Serialize)]
struct Expected {
    start: String,
    end: String,
    trigger: String,
    first_seen: String,
    last_seen: String,
    count: usize,
}

/// A record that the rule counts.
struct Hit {
    time: i64,
    step: usize,
    key: String,
    bucket: String,
    /// What the rule counts distinct values of.
    value: Option<String>,
    bytes: u64,
    served: bool,
    /// Whether it is no part of the attack, but of what the key does every day.
    usual: bool,
}

/// One attack being played.
pub struct Scene<'a> {
    plan: &'a mut Plan,
    attack: &'a Attack,
    /// First second of the log, and the one after its last.
    log: (i64, i64),
    begin: i64,
    hits: Vec<Hit>,
    group: Group,
    addresses: BTreeSet<String>,
    buckets: BTreeSet<String>,
    principals: BTreeSet<String>,
}

impl<'a> Scene<'a> {
    /// Plays an attack from a time on, in a log from a second to before another,
    /// and returns what is true of it.
    pub fn play(attack: &'a Attack, begin: i64, log: (i64, i64), plan: &'a mut Plan) -> Truth {
        let mut scene = Scene {
            plan,
            attack,
            log,
            begin,
            hits: Vec::new(),
            group: Group(Vec::new()),
            addresses: BTreeSet::new(),
            buckets: BTreeSet::new(),
            principals: BTreeSet::new(),
        };
        (attack.play)(&mut scene);
        scene.hits.sort_by_key(|hit| hit.time);
        scene.truth()
    }

    /// A record that the attack's rule counts, so many seconds after the beginning.
    pub fn hit(&mut self, after: i64, line: &Line<'_>) {
        self.step(0, after, line);
    }

    /// The same, for a step of a chain.
    pub fn step(&mut self, step: usize, after: i64, line: &Line<'_>) {
        self.beside(after, line);
        self.count(step, self.begin + after, line, false);
    }

    /// A record that the rule counts, but of an ordinary day; nothing where the
    /// log does not reach.
    pub fn usual(&mut self, time: i64, line: &Line<'_>) {
        if self.ordinary(time, line) {
            self.count(0, time, line, true);
        }
    }

    /// A record of an ordinary day that the rule does not count, because it is
    /// nothing new or another operation. Whether the log reaches so far.
    pub fn ordinary(&mut self, time: i64, line: &Line<'_>) -> bool {
        let within = (self.log.0..self.log.1).contains(&time);
        if within {
            self.plan.add_attack(&Line { time, ..*line });
        }
        within
    }

    /// Midnights (UTC) of the working days of the log.
    pub fn days(&self) -> impl Iterator<Item = i64> + use<> {
        let first = self.log.0.div_euclid(DAY);
        let last = self.log.1.div_euclid(DAY);
        let days = (first..=last).map(|day| day * DAY);
        days.filter(|midnight| weekday(*midnight))
    }

    fn count(&mut self, step: usize, time: i64, line: &Line<'_>, usual: bool) {
        if self.hits.is_empty() {
            let values = self.attack.key.iter().map(|field| (*field, field.of(line)));
            self.group = Group(values.collect());
        }
        let counted = match self.attack.fires {
            Fires::Distinct(field, _) | Fires::CountAndDistinct(_, field, _) => field.of(line),
            _ => Field::Key.of(line),
        };
        self.hits.push(Hit {
            time,
            step,
            key: Field::Key.of(line).unwrap_or_default(),
            bucket: line.bucket.to_owned(),
            value: counted,
            bytes: match line.operation {
                // The reading half of a copy sends nothing to its caller.
                "REST.COPY.OBJECT_GET" => line.size,
                _ => line.bytes,
            },
            served: (200..300).contains(&line.status),
            usual,
        });
    }

    /// A record of the attack that its rule does not count.
    pub fn beside(&mut self, after: i64, line: &Line<'_>) {
        let time = self.begin + after;
        self.plan.add_attack(&Line { time, ..*line });
        self.addresses.extend(written(line.address));
        self.buckets.insert(line.bucket.to_owned());
        self.principals.extend(Field::Principal.of(line));
    }

    fn truth(self) -> Truth {
        let all: Vec<&Hit> = self.hits.iter().filter(|hit| !hit.usual).collect();
        let attack = self.attack;
        let time = |hit: Option<&&Hit>| hit.map(|hit| rfc3339(hit.time)).unwrap_or_default();
        Truth {
            attack: attack.name,
            rule: attack.rule,
            level: attack.level,
            first: time(all.first()),
            last: time(all.last()),
            records: all.len(),
            distinct_keys: distinct(all.iter().map(|hit| &hit.key)),
            distinct_buckets: distinct(all.iter().map(|hit| &hit.bucket)),
            alerts: self.alerts(),
            also: attack.also,
            needs: attack.needs,
            key: self.group,
            addresses: self.addresses,
            buckets: self.buckets,
            principals: self.principals,
        }
    }

    /// The hits after a time, up to and with another.
    fn within(&self, after: i64, until: i64) -> &[Hit] {
        let from = self.hits.partition_point(|hit| hit.time <= after);
        let to = self.hits.partition_point(|hit| hit.time <= until);
        &self.hits[from..to.max(from)]
    }

    /// The alerts by the book, naively: every second of a record is tried, and
    /// each period in which the rule fires is one alert.
    fn alerts(&self) -> Vec<Expected> {
        let attack = self.attack;
        let mut alerts = Vec::new();
        let mut end = i64::MIN;
        let mut tried = i64::MIN;
        for hit in &self.hits {
            if hit.time < end || hit.time == tried || !self.fires(hit.time) {
                tried = hit.time;
                continue;
            }
            let start = hit.time - hit.time.rem_euclid(attack.period);
            end = start + attack.period;
            let counted = self.within(start - attack.timespan, end - 1);
            let time = |hit: Option<&Hit>| hit.map(|hit| rfc3339(hit.time)).unwrap_or_default();
            alerts.push(Expected {
                start: rfc3339(start),
                end: rfc3339(end),
                trigger: rfc3339(hit.time),
                first_seen: time(counted.first()),
                last_seen: time(counted.last()),
                count: counted.len(),
            });
        }
        alerts
    }

    fn fires(&self, now: i64) -> bool {
        let begin = now - self.attack.timespan;
        match self.attack.fires {
            Fires::Steps(steps) => self.chain(steps, steps.len() - 1, begin, now),
            Fires::Unusual(unusual) => {
                let hits: Vec<&Hit> = self.within(begin, now).iter().collect();
                met(unusual.window, &hits) && self.is_unusual(unusual, now)
            }
            fires => {
                let hits: Vec<&Hit> = self.within(begin, now).iter().collect();
                met(fires, &hits)
            }
        }
    }

    /// Whether as many of the aligned hours that end with this one are more than
    /// usual, each as far as it has come.
    fn is_unusual(&self, unusual: &Unusual, now: i64) -> bool {
        let this = now.div_euclid(HOUR);
        let first = this - (self.attack.timespan / HOUR).max(1) + 1;
        let hours = (first..=this).filter(|hour| {
            let so_far = |of: i64| {
                let hits = self.within(of * HOUR - 1, now.min(of * HOUR + HOUR - 1));
                hits.iter().map(|hit| unusual.of(hit)).sum()
            };
            let before = (1..=usual::DAYS).map(|days| so_far(hour - days * 24));
            // An hour without anything is no sample.
            let samples: Vec<u64> = before.filter(|sum| *sum > 0).collect();
            usual::exceeds(so_far(*hour), &samples, unusual.times)
        });
        hours.count() >= unusual.hours
    }

    /// Whether a step happens at a time, and each before it in its turn, all
    /// after `begin`. The plays leave a second between steps.
    fn chain(&self, steps: &[Step], number: usize, begin: i64, now: i64) -> bool {
        let Step(fires, timespan) = steps[number];
        let of_step = |after: i64| -> Vec<&Hit> {
            let hits = self.within(after, now).iter();
            hits.filter(|hit| hit.step == number).collect()
        };
        if of_step(now - 1).is_empty() {
            return false;
        }
        if number == 0 {
            return met(fires, &of_step(now - timespan));
        }
        let before = self.within(begin, now - 1).iter();
        let times: BTreeSet<i64> = before
            .filter(|hit| hit.step == number - 1)
            .map(|hit| hit.time)
            .collect();
        times.into_iter().any(|then| {
            met(fires, &of_step((now - timespan).max(then - 1)))
                && self.chain(steps, number - 1, begin, then)
        })
    }
}

/// Whether records are enough. A chain is none by itself.
fn met(fires: Fires, hits: &[&Hit]) -> bool {
    let values = || distinct(hits.iter().filter_map(|hit| hit.value.as_ref()));
    match fires {
        Fires::Count(least) => hits.len() >= least,
        Fires::Distinct(_, least) => values() >= least,
        Fires::CountAndDistinct(least, _, others) => hits.len() >= least && values() >= others,
        Fires::Bytes(least) => hits.iter().map(|hit| hit.bytes).sum::<u64>() >= least,
        Fires::Pairs(least) => pairs(hits) >= least,
        Fires::Served => hits.iter().any(|hit| hit.served),
        Fires::Steps(_) | Fires::Unusual(_) => false,
    }
}

/// How many keys come in step 0 and after it in step 1.
fn pairs(hits: &[&Hit]) -> usize {
    let mut first: BTreeMap<&String, i64> = BTreeMap::new();
    for hit in hits.iter().filter(|hit| hit.step == 0) {
        first.entry(&hit.key).or_insert(hit.time);
    }
    let second = hits.iter().filter(|hit| hit.step == 1);
    let after = second.filter(|hit| first.get(&hit.key).is_some_and(|time| *time < hit.time));
    distinct(after.map(|hit| &hit.key))
}

fn distinct<'a>(values: impl Iterator<Item = &'a String>) -> usize {
    values.collect::<BTreeSet<_>>().len()
}

/// Seconds since the epoch as `2026-02-03T02:00:00Z`.
fn rfc3339(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).map_or_else(
        || seconds.to_string(),
        |time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
    )
}
