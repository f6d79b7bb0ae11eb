//! What a report says, as plain data. It is written as JSON and read back to be
//! compared with: `docs/report.schema.json` says the same as these types.
//!
//! Nothing here is computed, and no type of another module is in it but words
//! and levels.

use serde::{Deserialize, Serialize};

use super::when as rfc3339;
use crate::alert::Level;

/// What every report names as its schema.
pub const SCHEMA: &str = "s3sentry/report/v1";

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// Version of the program.
    pub program: String,
    /// When it was made, seconds since the Unix epoch.
    #[serde(with = "rfc3339")]
    pub made: i64,
    /// Name of the file beside it that has every alert.
    pub alerts_file: String,
    /// Is there something to worry about?
    pub verdict: Verdict,
    /// The report before it, where this one covers what is new since.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub since_report: Option<Previous>,
    /// What happened: worst first.
    pub incidents: Vec<Incident>,
    /// Incidents for which there was no room, those of the least weight, and their
    /// alerts.
    pub incidents_left_out: Count,
    /// Alerts that name neither anybody nor a bucket: worst first.
    pub others: Vec<Finding>,
    /// Of these, how many are counted and not listed.
    #[serde(default)]
    pub others_left_out: u64,
    /// Who: the heaviest first.
    pub actors: Vec<Actor>,
    /// Actors for which there was no room, and their alerts.
    pub actors_left_out: Count,
    /// When.
    pub timeline: Timeline,
    /// Where: those with the worst alerts first, then the busiest.
    pub buckets: Vec<Bucket>,
    /// Buckets for which there was no room, and their requests.
    pub buckets_left_out: Count,
    /// Objects that alerts are about: those of the worst alerts first.
    pub keys: Vec<Key>,
    /// What was looked at.
    pub coverage: Coverage,
    /// What to do: the rules that fired, the worst first.
    pub guides: Vec<Guide>,
    /// Against an earlier report.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub compared: Option<Compared>,
}

/// How many there were, and what they came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Count {
    /// How many.
    pub number: u64,
    /// What they came to: alerts or requests.
    pub sum: u64,
}

/// How soon somebody has to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attention {
    /// There is a critical or a high alert.
    Now,
    /// There is a medium one.
    Today,
    /// There are low or informational ones only.
    WhenThereIsTime,
    /// There is none.
    None,
    /// No record has come since the report before, and nothing went wrong.
    NothingNew,
    /// No record was read, so nothing is known.
    Unknown,
}

/// Is there something to worry about?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// How soon somebody has to look.
    pub attention: Attention,
    /// The highest level of all alerts.
    pub worst: Option<Level>,
    /// Alerts by level. Withdrawn ones are not counted.
    pub levels: Levels,
    /// Incidents, those included for which there was no room.
    pub incidents: u64,
    /// Why it cannot be trusted as it stands, each a sentence: inputs that could not
    /// be read, lines that were not understood, records that came too late, rules that
    /// could not work, hours without any record.
    pub doubts: Vec<String>,
}

/// Numbers of alerts by level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Levels {
    pub critical: u64,
    pub high: u64,
    pub medium: u64,
    pub low: u64,
    pub informational: u64,
}

/// What an entity is, and its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Entity {
    /// A word of [`crate::incident::Kind`].
    pub kind: String,
    /// As it stands in the log.
    pub name: String,
}

/// The first few of many names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Names {
    /// In the order in which they were seen first.
    pub names: Vec<String>,
    /// Whether there were more.
    pub more: bool,
}

/// The alerts of one entity of one UTC day: see [`crate::incident`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// 32 hexadecimal digits; its alerts have it in their `context`.
    pub id: String,
    /// The incident of the day before that this one goes on from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub continues: Option<String>,
    /// Whom it is about.
    pub entity: Entity,
    /// The highest level.
    pub level: Level,
    /// See [`crate::incident::weight`].
    pub weight: u64,
    /// How many alerts.
    pub alerts: u64,
    /// The first of the records that were counted, seconds since the epoch.
    #[serde(with = "rfc3339")]
    pub first: i64,
    /// The last of them.
    #[serde(with = "rfc3339")]
    pub last: i64,
    /// The most requests that one alert counted: there were at least as many.
    pub requests: u64,
    /// The most bytes that one alert saw going out, where a rule adds these up.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bytes: Option<u64>,
    /// What happened, a step a rule (levels of one rule together), in the order in
    /// which they first did.
    pub story: Vec<Step>,
    /// Buckets other than the entity.
    pub buckets: Names,
    /// Addresses other than the entity.
    pub addresses: Names,
    /// Networks other than the entity.
    pub networks: Names,
    /// Principals other than the entity.
    pub principals: Names,
    /// Keys of objects that were given.
    pub objects: Names,
    /// What is known of the addresses: as `context.networks` of the alerts.
    pub places: Vec<Network>,
    /// Its alerts: worst first, then earliest; the first of each rule come before
    /// further ones of the same.
    pub findings: Vec<Finding>,
    /// Alerts that are counted and not listed.
    pub findings_left_out: u64,
}

/// What one rule, in all its levels, had to say of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Name of the rule of the highest level; a [`Guide`] has it.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// The highest level.
    pub level: Level,
    /// How many alerts.
    pub alerts: u64,
    /// When it fired first, seconds since the epoch.
    #[serde(with = "rfc3339")]
    pub first: i64,
    /// When it fired last.
    #[serde(with = "rfc3339")]
    pub last: i64,
    /// The most requests that one alert counted.
    pub requests: u64,
    /// The summary of the alert that counted most: a sentence.
    pub summary: String,
}

/// One alert, with how sure it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// 32 hexadecimal digits.
    pub id: String,
    /// Name of the rule.
    pub rule: String,
    /// Its level.
    pub level: Level,
    /// `open` or `closed`: whether more may come.
    pub status: String,
    /// Fields and their values; none where a record had no such field.
    pub key: Vec<(String, Option<String>)>,
    /// When the rule fired first, seconds since the epoch.
    #[serde(with = "rfc3339")]
    pub time: i64,
    /// What it had reached then.
    pub value: u64,
    /// The first of the records that were counted.
    #[serde(with = "rfc3339")]
    pub first: i64,
    /// The last of them.
    #[serde(with = "rfc3339")]
    pub last: i64,
    /// How many.
    pub count: u64,
    /// Distinct values, where the rule counts them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub distinct: Option<u64>,
    /// Their sum, where the rule adds them up.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sum: Option<u64>,
    /// One sentence.
    pub summary: String,
    /// The hour that was more than usual, where that is why the rule fired.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub baseline: Option<Baseline>,
    /// Entries of lists of indicators.
    pub ioc: Vec<Indicator>,
    /// Log lines, the first of them.
    pub evidence: Vec<Evidence>,
}

/// An aligned hour, and what is usual for it, in what the rule adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// Its first second, since the epoch.
    #[serde(with = "rfc3339")]
    pub hour: i64,
    /// What it came to.
    pub sum: u64,
    /// Median of the same hour of earlier days.
    pub median: u64,
    /// Median absolute deviation, at least 10 % of the median.
    pub deviation: u64,
    /// How many days.
    pub samples: u64,
}

/// An entry of a list of what is known to be bad.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indicator {
    /// Name of the list.
    pub list: String,
    /// The entry.
    pub entry: String,
    /// The field that it was compared with.
    pub field: String,
}

/// A log line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// File name or address of the input.
    pub source: String,
    /// Offset in the decompressed input, bytes.
    pub offset: u64,
    /// Its fields in AWS's order, as they stand in the log; empty where the line could
    /// not be read again.
    pub record: Vec<(String, String)>,
}

/// Where an address is, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Network {
    /// The address.
    pub address: String,
    /// ISO 3166 code of its country.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub country: Option<String>,
    /// Number of its autonomous system.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub asn: Option<u32>,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub owner: Option<String>,
    /// The service of AWS that uses it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub service: Option<String>,
}

/// Somebody, or a bucket, that alerts are about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Who.
    pub entity: Entity,
    /// The highest level.
    pub level: Level,
    /// See [`crate::incident::weight`].
    pub weight: u64,
    /// How many alerts.
    pub alerts: u64,
    /// The most requests that one alert counted.
    pub requests: u64,
    /// The most bytes that one alert saw going out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bytes: Option<u64>,
    /// When its first alert triggered, seconds since the epoch.
    #[serde(with = "rfc3339")]
    pub first: i64,
    /// When the last did.
    #[serde(with = "rfc3339")]
    pub last: i64,
    /// Its rules (levels of one rule together by its stem) with alerts and requests.
    pub rules: Vec<RuleCount>,
    /// Ids of its incidents.
    pub incidents: Vec<String>,
    /// What is known of its addresses.
    pub places: Vec<Network>,
}

/// What a rule had to say, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleCount {
    /// Name of the rule without its level.
    pub rule: String,
    /// The highest level.
    pub level: Level,
    /// How many alerts.
    pub alerts: u64,
    /// The most requests that one alert counted.
    pub requests: u64,
}

/// Requests and alerts over time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Timeline {
    /// Seconds of a slot: an hour, or more of them where there are too many hours.
    pub step: i64,
    /// All slots from the first record to the last, those without records included.
    pub slots: Vec<Slot>,
}

/// What a stretch of time came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Slot {
    /// Its first second, since the epoch.
    #[serde(with = "rfc3339")]
    pub time: i64,
    /// Requests.
    pub requests: u64,
    /// Of these answered 403.
    pub refused: u64,
    /// Of these answered 404.
    pub missing: u64,
    /// Of these answered with another 4xx.
    pub wrong: u64,
    /// Of these answered 5xx.
    pub failed: u64,
    /// Bytes that went out.
    pub bytes: u64,
    /// Alerts that triggered in it.
    pub alerts: Levels,
}

/// A bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// Requests.
    pub requests: u64,
    /// Of these answered 403.
    pub refused: u64,
    /// Of these answered 404.
    pub missing: u64,
    /// Of these answered with another 4xx.
    pub wrong: u64,
    /// Of these answered 5xx.
    pub failed: u64,
    /// Bytes that went out.
    pub bytes: u64,
    /// The highest level of its alerts.
    pub level: Option<Level>,
    /// How many alerts name it in their key.
    pub alerts: u64,
    /// Requests by slot of the timeline.
    pub slots: Vec<u64>,
    /// Hours without any record where some were to be expected.
    pub gaps: Vec<Gap>,
}

/// Hours without any record, between two with some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The first second, since the epoch.
    #[serde(with = "rfc3339")]
    pub start: i64,
    /// The second after the last.
    #[serde(with = "rfc3339")]
    pub end: i64,
}

/// An object that alerts are about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// Its bucket.
    pub bucket: String,
    /// Its key as it stands in the log.
    pub key: String,
    /// The highest level of the alerts that show it.
    pub level: Level,
    /// The operation of the first request that they show.
    pub operation: String,
    /// The status of that.
    pub http_status: String,
    /// Names of rules that show it.
    pub rules: Vec<String>,
    /// The incident of the first alert that shows it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub incident: Option<String>,
}

/// What was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Coverage {
    /// What was named on the command line.
    pub sources: Vec<String>,
    /// Runs that read what is reported; 1 without a state file.
    pub runs: u64,
    /// The first record, seconds since the epoch.
    #[serde(with = "super::when::option", default)]
    pub first: Option<i64>,
    /// The last one.
    #[serde(with = "super::when::option", default)]
    pub last: Option<i64>,
    /// `--since`.
    #[serde(with = "super::when::option", default)]
    pub since: Option<i64>,
    /// `--until`.
    #[serde(with = "super::when::option", default)]
    pub until: Option<i64>,
    /// Decompressed bytes.
    pub bytes: u64,
    /// Lines that are not blank.
    pub lines: u64,
    /// Lines that are no record.
    pub malformed: u64,
    /// Records whose quoted fields have more than one reading.
    pub ambiguous: u64,
    /// Records without a time.
    pub undated: u64,
    /// Records that came too late for rules that count.
    pub late: u64,
    /// Keys that were forgotten for lack of memory.
    pub evicted: u64,
    /// Files, pipes and objects.
    pub inputs: Inputs,
    /// What could not be read, each a sentence.
    pub problems: Vec<String>,
    /// The first malformed lines.
    pub samples: Vec<Sample>,
    /// Hours without any record of any bucket.
    pub gaps: Vec<Gap>,
    /// Rules that ran.
    pub rules: u64,
    /// Rules that could not work: the reason, and their names.
    pub unworkable: Vec<(String, Vec<String>)>,
    /// What is learned and what is still being learned, each a sentence.
    pub learning: Vec<String>,
    /// Settings and lists that counted, each a phrase.
    pub settings: Vec<String>,
    /// Commands that are worth running next, each with why.
    pub next: Vec<String>,
}

/// Inputs by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Inputs {
    pub read: u64,
    pub skipped: u64,
    pub failed: u64,
}

/// A line that is no record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// File name or address of the input.
    pub source: String,
    /// Offset in the decompressed input, bytes.
    pub offset: u64,
    /// What is wrong with it.
    pub reason: String,
    /// How it begins.
    pub line: String,
}

/// What a rule's own documentation says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guide {
    /// Name of the rule.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// Its level.
    pub level: Level,
    /// ATT&CK ids such as `T1619`.
    pub attack: Vec<String>,
    /// Alerts in this report.
    pub alerts: u64,
    /// When it fires, in words: `at least 20 records in 5m`.
    pub wants: Vec<String>,
    /// What it is about: the paragraphs of its description that are none of the
    /// following.
    pub about: String,
    /// Why its numbers are what they are.
    pub why: String,
    /// How sure it is.
    pub how_sure: String,
    /// What to do.
    pub what_to_do: String,
    /// When it is wrong.
    pub false_positives: Vec<String>,
    /// Addresses of what it rests on.
    pub references: Vec<String>,
}

/// An earlier report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previous {
    /// When it was made, seconds since the epoch.
    #[serde(with = "rfc3339")]
    pub made: i64,
}

/// Against an earlier report: what one entity and one rule come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// The earlier one.
    pub previous: Previous,
    /// What was not in it.
    pub new: Vec<Change>,
    /// What was in it and is no longer.
    pub gone: Vec<Change>,
    /// What has more alerts, counts more requests or has a higher level than there.
    pub growing: Vec<Change>,
    /// How many entities and rules are in both as they were, or less.
    pub same: u64,
    /// Whether one of the reports left some out, so that new and gone ones may be
    /// neither.
    pub partial: bool,
    /// Requests then and now.
    pub requests: (u64, u64),
    /// Requests answered 4xx or 5xx then and now.
    pub errors: (u64, u64),
}

/// What one rule had to say of one entity, then and now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Who.
    pub entity: Entity,
    /// Name of the rule without its level.
    pub rule: String,
    /// Then; none where it was not there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub before: Option<RuleCount>,
    /// Now; none where it is not there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub now: Option<RuleCount>,
}

impl Levels {
    /// How many there are of a level.
    #[must_use]
    pub const fn of(&self, level: Level) -> u64 {
        match level {
            Level::Critical => self.critical,
            Level::High => self.high,
            Level::Medium => self.medium,
            Level::Low => self.low,
            Level::Informational => self.informational,
        }
    }

    /// Counts one alert more.
    pub fn add(&mut self, level: Level) {
        *match level {
            Level::Critical => &mut self.critical,
            Level::High => &mut self.high,
            Level::Medium => &mut self.medium,
            Level::Low => &mut self.low,
            Level::Informational => &mut self.informational,
        } += 1;
    }

    /// The highest level of which there is any.
    #[must_use]
    pub fn worst(&self) -> Option<Level> {
        let mut levels = Level::ALL.into_iter().rev();
        levels.find(|level| self.of(*level) > 0)
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        Level::ALL.into_iter().map(|level| self.of(level)).sum()
    }
}
