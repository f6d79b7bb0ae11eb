//! How many alerts there were, and whom they are about.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;

use s3sentry::alert::{Alert, Level};
use s3sentry::incident::ranking::Ranking;
use s3sentry::rule::RuleSet;
use s3sentry::sink;

use super::story;
use super::words::{count, group, row};
use crate::commands::output::Target;
use crate::commands::{Stop, shown};

/// How many entities the summary tells of.
const TOP: usize = 5;
/// How many buckets are told apart: nobody reads more names.
const KNOWN: usize = 10_000;

/// Alerts by level, and by who they are about.
#[derive(Debug)]
pub struct Entities {
    levels: [u64; Level::ALL.len()],
    ranking: Ranking,
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
    /// No alert yet of these rules.
    pub fn new(set: &RuleSet) -> Self {
        Self {
            levels: Default::default(),
            ranking: Ranking::new(set),
            unknown: 0,
            served: BTreeMap::new(),
            open: BTreeSet::new(),
        }
    }

    /// Counts an alert.
    pub fn count(&mut self, alert: &Alert) {
        let level = alert.rule.level;
        self.levels[level as usize] += 1;
        self.visit(alert);
        self.ranking.add(alert);
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

    /// The entities that most is to be said of, each with its story, as rows of
    /// the summary; how many more there are and where, `file` if they are written.
    pub fn stories(&self, file: Option<&Path>, width: usize) -> Vec<String> {
        let ranked = self.ranking.ranked();
        let mut lines = Vec::new();
        for (place, (entity, story)) in ranked.iter().take(TOP).enumerate() {
            let name = if place == 0 { "most" } else { "" };
            lines.extend(story::rows(name, entity, story, width));
        }
        let mut rest = Vec::new();
        let more = ranked.len().saturating_sub(TOP);
        if more > 0 {
            let place = file.map_or("--entities FILE writes all".to_owned(), |file| {
                format!("all are in {}", shown(file))
            });
            rest.push(format!("{} more; {place}", group(more as u64)));
        }
        let nameless = self.ranking.nameless();
        if nameless > 0 {
            let verb = if nameless == 1 { "names" } else { "name" };
            let alerts = count(nameless, "alert");
            rest.push(format!("{alerts} {verb} neither anybody nor a bucket"));
        }
        for text in rest {
            let name = if lines.is_empty() { "most" } else { "" };
            lines.push(row(name, &text, width));
        }
        lines
    }

    /// Writes all entities, the heaviest first.
    pub fn write(&self, mut target: Target) -> Result<(), Stop> {
        let mut line = Vec::new();
        for (place, (entity, story)) in self.ranking.ranked().into_iter().enumerate() {
            line.clear();
            sink::entity::push_ndjson(&mut line, place + 1, entity, story);
            target.write_all(&line)?;
        }
        target.finish()
    }

    /// How often an entity was dropped because there were too many.
    pub fn dropped(&self) -> u64 {
        self.ranking.dropped()
    }
}
