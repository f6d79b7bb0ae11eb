//! Where an attack is played, and the record of what it should raise.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;

use chrono::DateTime;
use serde::Serialize;

use crate::attacks::Attack;
use crate::line::{Address, Line};
use crate::plan::Plan;

/// What a rule groups by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// `remote_host`, `bucket_name`.
    HostBucket,
    /// `remote_host`.
    Host,
    /// `bucket_name`.
    Bucket,
    /// `bucket_name`, `network_value`.
    BucketNetwork,
}

/// When a rule fires, over the records of its timespan.
#[derive(Clone, Copy)]
pub enum Fires {
    /// So many records.
    Count(usize),
    /// So many distinct keys.
    Keys(usize),
    /// So many distinct buckets.
    Buckets(usize),
    /// So many records of so many operations.
    CountOfOperations(usize, usize),
}

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
    /// Time of the first record that the rule counts.
    first: String,
    /// Time of the last.
    last: String,
    /// How many there are.
    records: usize,
    /// How many distinct keys they have; no key is a value of its own.
    distinct_keys: usize,
    /// How many distinct buckets.
    distinct_buckets: usize,
    /// All addresses they come from.
    addresses: BTreeSet<String>,
    /// The alerts that the rule has to raise.
    alerts: Vec<Expected>,
    /// Other rules that the same records rightly raise.
    also: &'static [&'static str],
}

/// The group-by fields as the tool prints them, in its order.
#[derive(Serialize, Default)]
struct Group {
    #[serde(skip_serializing_if = "Option::is_none")]
    remote_host: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bucket_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    network_value: Option<String>,
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
    key: Vec<u8>,
    bucket: String,
    operation: String,
}

/// One attack being played.
pub struct Scene<'a> {
    plan: &'a mut Plan,
    begin: i64,
    hits: Vec<Hit>,
    group: Group,
    addresses: BTreeSet<String>,
    key: Key,
}

impl<'a> Scene<'a> {
    /// Plays an attack from a time on and returns what is true of it.
    pub fn play(attack: &Attack, begin: i64, plan: &'a mut Plan) -> Truth {
        let mut scene = Scene {
            plan,
            begin,
            hits: Vec::new(),
            group: Group::default(),
            addresses: BTreeSet::new(),
            key: attack.key,
        };
        (attack.play)(&mut scene);
        scene.truth(attack)
    }

    /// A record that the attack's rule counts, so many seconds after the beginning.
    pub fn hit(&mut self, after: i64, line: &Line<'_>) {
        let time = self.begin + after;
        self.plan.add_attack(&Line { time, ..*line });
        if self.hits.is_empty() {
            self.group = group(self.key, line);
        }
        self.addresses.insert(written(line.address));
        self.hits.push(Hit {
            time,
            key: line.key.to_vec(),
            bucket: line.bucket.to_owned(),
            operation: line.operation.to_owned(),
        });
    }

    fn truth(self, attack: &Attack) -> Truth {
        let all: Vec<&Hit> = self.hits.iter().collect();
        Truth {
            attack: attack.name,
            rule: attack.rule,
            level: attack.level,
            first: all.first().map(|hit| rfc3339(hit.time)).unwrap_or_default(),
            last: all.last().map(|hit| rfc3339(hit.time)).unwrap_or_default(),
            records: all.len(),
            distinct_keys: distinct(&all, |hit| &hit.key),
            distinct_buckets: distinct(&all, |hit| &hit.bucket),
            alerts: self.alerts(attack),
            also: attack.also,
            key: self.group,
            addresses: self.addresses,
        }
    }

    /// The alerts by the book, naively: every second of a record is tried, and
    /// each period in which the rule fires is one alert.
    fn alerts(&self, attack: &Attack) -> Vec<Expected> {
        let within = |after: i64, until: i64| -> Vec<&Hit> {
            self.hits
                .iter()
                .filter(|hit| after < hit.time && hit.time <= until)
                .collect()
        };
        let mut alerts = Vec::new();
        let mut end = i64::MIN;
        for hit in &self.hits {
            let fires =
                hit.time >= end && met(attack.fires, &within(hit.time - attack.timespan, hit.time));
            if fires {
                let start = hit.time - hit.time.rem_euclid(attack.period);
                end = start + attack.period;
                let counted = within(start - attack.timespan, end - 1);
                alerts.push(Expected {
                    start: rfc3339(start),
                    end: rfc3339(end),
                    trigger: rfc3339(hit.time),
                    first_seen: counted
                        .first()
                        .map(|hit| rfc3339(hit.time))
                        .unwrap_or_default(),
                    last_seen: counted
                        .last()
                        .map(|hit| rfc3339(hit.time))
                        .unwrap_or_default(),
                    count: counted.len(),
                });
            }
        }
        alerts
    }
}

fn met(fires: Fires, hits: &[&Hit]) -> bool {
    match fires {
        Fires::Count(least) => hits.len() >= least,
        Fires::Keys(least) => distinct(hits, |hit| &hit.key) >= least,
        Fires::Buckets(least) => distinct(hits, |hit| &hit.bucket) >= least,
        Fires::CountOfOperations(least, operations) => {
            hits.len() >= least && distinct(hits, |hit| &hit.operation) >= operations
        }
    }
}

fn distinct<'a, T: Ord + 'a>(hits: &[&'a Hit], value: impl Fn(&'a Hit) -> &'a T) -> usize {
    hits.iter()
        .map(|hit| value(hit))
        .collect::<BTreeSet<_>>()
        .len()
}

fn group(key: Key, line: &Line<'_>) -> Group {
    let host = match line.address {
        Address::V6(bits) => format!("{}/64", Ipv6Addr::from_bits(bits >> 64 << 64)),
        address => written(address),
    };
    let network = match line.address {
        Address::V4(bits) => format!("{}/24", written(Address::V4(bits & !255))),
        _ => host.clone(),
    };
    Group {
        remote_host: matches!(key, Key::HostBucket | Key::Host).then_some(host),
        bucket_name: (key != Key::Host).then(|| line.bucket.to_owned()),
        network_value: (key == Key::BucketNetwork).then_some(network),
    }
}

fn written(address: Address) -> String {
    let mut text = Vec::new();
    address.write(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// Seconds since the epoch as `2026-02-03T02:00:00Z`.
pub fn rfc3339(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).map_or_else(
        || seconds.to_string(),
        |time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
    )
}
