//! What a person reads: one rule, one key, one period.
//!
//! An [`Alert`] is the same in every output format; how it is written is the
//! sinks' business. Nothing here looks at a clock, a host or a thread.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::geoip::Country;
use crate::record::Field;

/// Severity, in Sigma's words and order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth keeping, not worth reading.
    Informational,
    /// Read it when there is time.
    Low,
    /// Read it today.
    Medium,
    /// Read it now.
    High,
    /// Wake somebody.
    Critical,
}

impl Level {
    /// Every level, lowest first.
    pub const ALL: [Level; 5] = [
        Level::Informational,
        Level::Low,
        Level::Medium,
        Level::High,
        Level::Critical,
    ];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Informational => "informational",
            Level::Low => "low",
            Level::Medium => "medium",
            Level::High => "high",
            Level::Critical => "critical",
        }
    }
}

/// What an alert says of the rule that raised it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleInfo {
    /// The rule's UUID; its name where it has none.
    pub id: String,
    /// The rule's name, such as `access-denied-burst`.
    pub name: String,
    /// One line for a person.
    pub title: String,
    /// How bad it is.
    pub level: Level,
    /// `attack.t1619` and the like.
    pub tags: Vec<String>,
}

impl RuleInfo {
    /// Whether this is the one to go by, of two that were one rule in different runs:
    /// settings may have changed its level. The higher level counts; what else
    /// differs only decides so that the order of alerts does not.
    #[must_use]
    pub fn outranks(&self, other: &Self) -> bool {
        let rank = |rule: &Self| (rule.level, rule.title.clone(), rule.tags.clone());
        self != other && rank(self) > rank(other)
    }

    /// ATT&CK techniques: `T1078.004` of `attack.t1078.004`.
    #[must_use]
    pub fn techniques(&self) -> Vec<String> {
        let tags = self.tags.iter();
        tags.filter_map(|tag| technique(tag.strip_prefix("attack.")?))
            .collect()
    }
}

/// A technique's id, in capitals; `None` for any other text, such as a tactic.
fn technique(text: &str) -> Option<String> {
    let digits =
        |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.strip_prefix('t')?;
    let fits = match number.split_once('.') {
        None => digits(number, 4),
        Some((whole, part)) => digits(whole, 4) && digits(part, 3),
    };
    fits.then(|| text.to_uppercase())
}

/// Whether more may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Its period is not over.
    Open,
    /// Its period is final.
    Closed,
    /// A late record proved it wrong.
    Withdrawn,
}

impl Status {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Status::Open => "open",
            Status::Closed => "closed",
            Status::Withdrawn => "withdrawn",
        }
    }
}

/// A number of distinct values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Distinct {
    /// How many.
    pub value: u64,
    /// Estimated, because there were more than 1,024.
    pub approx: bool,
}

/// One log line behind an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// File name or address of the input.
    pub source: Arc<str>,
    /// Offset of the line in the decompressed input, bytes.
    pub offset: u64,
    /// The line itself, raw, without its line feed, where it was at hand or could
    /// be read again.
    pub line: Option<Vec<u8>>,
}

/// An entry of a list of what is known to be bad, which a record is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indicator {
    /// Name of the list.
    pub list: Arc<str>,
    /// The entry as it is written in the list.
    pub entry: String,
    /// The level of the list.
    pub level: Level,
    /// The field of the record that it was compared with.
    pub field: Field,
}

/// Where an address is, and whose it is; at least one of these is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// The address.
    pub address: IpAddr,
    /// Its country.
    pub country: Option<Country>,
    /// Number of its autonomous system.
    pub asn: Option<u32>,
    /// Name of the organisation that the autonomous system belongs to.
    pub owner: Option<String>,
    /// The service of AWS that uses it.
    pub service: Option<String>,
}

/// An aligned hour of the alert's key, and what the same hour of the day usually
/// comes to ([`crate::baseline::volume`]); in what the rule adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Volume {
    /// Its first second, since the Unix epoch.
    pub hour: i64,
    /// What it came to when the rule fired.
    pub sum: u64,
    /// Median of the samples.
    pub median: u64,
    /// Median absolute deviation of the samples, at least 10 % of the median.
    pub deviation: u64,
    /// How many hours of earlier days those numbers rest on.
    pub samples: usize,
}

/// What is known beside the log of the alert and the records in its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Context {
    /// The incident that it belongs to; `None` where the key names neither anybody
    /// nor a bucket. See [`incident`](crate::incident).
    pub incident: Option<u128>,
    /// Entries of lists that the records are on; at most ten, each once, in the
    /// order of the evidence.
    pub ioc: Vec<Indicator>,
    /// What is known of their addresses; at most five, each once, in the order of
    /// the evidence.
    pub networks: Vec<Network>,
    /// The hour that was more than usual, where that is why the rule fired.
    pub usual: Option<Volume>,
}

/// One rule, one key, one period.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// Hash of rule, key and period: the same in every run over the same records.
    pub id: u128,
    /// The count; of two versions of one id the higher wins.
    pub rev: u64,
    /// Whether more may come.
    pub status: Status,
    /// The rule that fired.
    pub rule: Arc<RuleInfo>,
    /// The group-by fields or aliases and their values as they stand in the log (bytes);
    /// `None` where a record had no such field.
    pub key: Vec<(Arc<str>, Option<Vec<u8>>)>,
    /// The period, seconds since the epoch, end excluded.
    pub period: (i64, i64),
    /// Time and value of the earliest firing in the period.
    pub trigger: (i64, u64),
    /// Time of the key's first matching record in (period start - timespan, period end).
    pub first_seen: i64,
    /// Time of the last.
    pub last_seen: i64,
    /// How many there were.
    pub count: u64,
    /// Distinct values, where the rule counts them.
    pub distinct: Option<Distinct>,
    /// Their sum, where the rule adds them up.
    pub sum: Option<u64>,
    /// One sentence that needs no rule file. Values in it are not yet escaped.
    pub summary: Vec<u8>,
    /// Up to as many log lines as the rule asks for.
    pub evidence: Vec<Evidence>,
    /// What is known of these beside the log.
    pub context: Context,
}
