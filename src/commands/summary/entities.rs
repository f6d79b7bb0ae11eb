//! Who and what the alerts are about: addresses, principals, buckets.

use std::collections::{BTreeMap, BTreeSet};

use s3sentry::alert::{Alert, Level};
use s3sentry::text::{redact, terminal};

use super::words::{count, cut, group};

/// How many entities the summary names.
const TOP: usize = 5;
/// How many are told apart: nobody reads more names, and callers choose them.
const KNOWN: usize = 10_000;
/// Characters of a name that are shown; an ARN has fewer.
const NAME: usize = 160;

/// Fields by which alerts are grouped and the word for what they name. Other
/// fields of a key (an operation, an error code) say what was done and not by
/// whom.
const KINDS: [(&str, &str); 16] = [
    ("remote_ip", "address"),
    ("remote_host", "address"),
    ("remote_net", "network"),
    ("network_value", "network"),
    ("requester", "requester"),
    ("principal", "principal"),
    ("actor", "caller"),
    ("requester_account", "account"),
    ("session_name", "session"),
    ("bucket_name", "bucket"),
    ("access_point_arn", "access point"),
    ("key_name", "key"),
    ("object_key", "key"),
    ("user_agent", "user agent"),
    ("referer", "referer"),
    ("host_header", "host"),
];

/// What is to be said of an entity; of two, the greater first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Weight {
    level: Option<Level>,
    /// Of its alerts, each by its level.
    sum: u64,
    alerts: u64,
}

/// Alerts by level, and by who they are about.
#[derive(Debug, Default)]
pub struct Entities {
    levels: [u64; Level::ALL.len()],
    known: BTreeMap<(&'static str, Vec<u8>), Weight>,
    /// Alerts that name an unknown network by its addresses.
    unknown: u64,
    /// Buckets that served unknown networks, and how many.
    served: BTreeMap<Vec<u8>, u64>,
    /// Buckets that anybody read.
    open: BTreeSet<Vec<u8>>,
}

/// The rules, by the beginning of their names, that tell of a bucket that
/// anybody reads.
const OPEN: &str = "anonymous-read";

impl Entities {
    /// Counts an alert.
    pub fn count(&mut self, alert: &Alert) {
        let level = alert.rule.level;
        self.levels[level as usize] += 1;
        self.visit(alert);
        for (field, value) in &alert.key {
            let kind = KINDS.iter().find(|(known, _)| **known == **field);
            if let (Some((_, kind)), Some(value)) = (kind, value) {
                let entity = (*kind, value.clone());
                if self.known.len() >= KNOWN && !self.known.contains_key(&entity) {
                    continue;
                }
                let entry = self.known.entry(entity).or_default();
                // A level weighs ten times the one below it.
                entry.sum += 10u64.pow(level as u32);
                entry.alerts += 1;
                entry.level = entry.level.max(Some(level));
            }
        }
    }

    fn visit(&mut self, alert: &Alert) {
        let value = |name: &str| {
            let mut pairs = alert.key.iter();
            pairs.find_map(|(field, value)| value.as_ref().filter(|_| **field == *name))
        };
        let Some(bucket) = value("bucket_name") else {
            return;
        };
        if alert.rule.name.starts_with(OPEN) && self.open.len() < KNOWN {
            self.open.insert(bucket.clone());
        }
        let Some(network) = value("network_value") else {
            return;
        };
        // A region of AWS's is no network that could be added to a list.
        self.unknown += u64::from(!network.starts_with(b"aws:"));
        // Whoever was refused says nothing of what the bucket is for.
        if alert.rule.level >= Level::Medium
            && (self.served.len() < KNOWN || self.served.contains_key(bucket))
        {
            *self.served.entry(bucket.clone()).or_default() += 1;
        }
    }

    /// Alerts that name an unknown network by its addresses.
    pub fn unknown(&self) -> u64 {
        self.unknown
    }

    /// Buckets that anybody read, and that served so many unknown networks.
    pub fn crowded(&self, least: u64) -> impl Iterator<Item = &[u8]> {
        let crowd = self
            .served
            .iter()
            .filter(move |(_, alerts)| **alerts >= least);
        let open = crowd.filter(|(bucket, _)| self.open.contains(*bucket));
        open.map(|(bucket, _)| &**bucket)
    }

    /// How many alerts there were.
    pub fn alerts(&self) -> u64 {
        self.levels.iter().sum()
    }

    /// Whether there was an alert of this level or above.
    pub fn reach(&self, level: Level) -> bool {
        self.levels[level as usize..]
            .iter()
            .any(|alerts| *alerts > 0)
    }

    /// `3 (1 critical, 0 high, 2 medium)`: no level that was not asked for, and
    /// a zero for every one that was.
    pub fn by_level(&self, least: Level) -> String {
        let shown = |level: &Level| {
            *level >= least && (*level != Level::Informational || self.levels[0] > 0)
        };
        let parts: Vec<_> = Level::ALL
            .into_iter()
            .rev()
            .filter(shown)
            .map(|level| format!("{} {}", group(self.levels[level as usize]), level.as_str()))
            .collect();
        format!("{} ({})", group(self.alerts()), parts.join(", "))
    }

    /// The entities that most is to be said of, one a line.
    pub fn top(&self) -> Vec<String> {
        let mut all: Vec<_> = self.known.iter().collect();
        all.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        let line = |((kind, value), weight): &(&(&str, Vec<u8>), &Weight)| {
            let name = cut(&terminal(&redact(value)), NAME);
            let level = weight.level.map_or("", Level::as_str);
            let up_to = if weight.alerts == 1 { "" } else { "up to " };
            format!(
                "{kind} {name}: {}, {up_to}{level}",
                count(weight.alerts, "alert")
            )
        };
        all.iter().take(TOP).map(line).collect()
    }
}
