//! The baseline as text: `s3sentry/baseline/v1`, one JSON object a line.
//!
//! The first line says what it is. Then each line holds one thing under its name:
//! kinds, dimensions and series before the rows that refer to them. The types
//! here are the contract; they change only together with the version. Keys are
//! hexadecimal numbers, texts from the log are escaped as in alerts
//! ([`lossless`](crate::text::lossless)), times are RFC 3339 UTC, and `days` is a
//! hexadecimal number whose bit `n` is the UTC day `n` days before `last_seen`.

mod export;
mod import;

use std::borrow::Cow;

use chrono::DateTime;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::record::time::rfc3339;

/// What every export names as its schema.
pub const SCHEMA: &str = "s3sentry/baseline/v1";

/// How much was written or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Entities.
    pub entities: u64,
    /// Values.
    pub values: u64,
    /// Hours of entities.
    pub volumes: u64,
}

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Header<'l> {
    #[serde(borrow)]
    schema: Cow<'l, str>,
    /// Version of the program.
    program: Cow<'l, str>,
    created: Time,
}

/// Any other line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line<'l> {
    #[serde(borrow)]
    Kind(KindLine<'l>),
    Dimension(DimensionLine<'l>),
    Series(SeriesLine<'l>),
    Entity(EntityLine<'l>),
    Value(ValueLine<'l>),
    Volume(VolumeLine),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KindLine<'l> {
    id: Key,
    /// Fields with `+` between.
    #[serde(borrow)]
    name: Cow<'l, str>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DimensionLine<'l> {
    id: Key,
    #[serde(borrow)]
    name: Cow<'l, str>,
    /// Name of the group's kind.
    kind: Cow<'l, str>,
    /// Fields with `+` between.
    fields: Cow<'l, str>,
    learn_days: u32,
    memory_days: u32,
    canonical: Cow<'l, str>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeriesLine<'l> {
    id: Key,
    #[serde(borrow)]
    name: Cow<'l, str>,
    /// Name of the kind.
    kind: Cow<'l, str>,
    /// The field that is added up; requests where there is none.
    sum: Option<Cow<'l, str>>,
    canonical: Cow<'l, str>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntityLine<'l> {
    key: Key,
    /// Name of its kind.
    #[serde(borrow)]
    kind: Cow<'l, str>,
    name: Vec<Option<Cow<'l, str>>>,
    first_seen: Time,
    last_seen: Time,
    days: Bits,
    requests: u64,
    declared: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ValueLine<'l> {
    key: Key,
    /// Id of its dimension.
    dimension: Key,
    /// Key of its group.
    entity: Key,
    #[serde(borrow)]
    name: Vec<Option<Cow<'l, str>>>,
    first_seen: Time,
    last_seen: Time,
    days: Bits,
    requests: u64,
    declared: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VolumeLine {
    /// Id of the series.
    series: Key,
    /// Key of the entity.
    entity: Key,
    /// When the hour begins.
    hour: Time,
    /// What scans came to.
    sum: u64,
    /// The most that one reading of logs declared normal came to.
    learned: u64,
}

/// A hash as 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key(u64);

/// Days as hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bits(u128);

/// Seconds since the Unix epoch as RFC 3339 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Time(i64);

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:016x}", self.0))
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        match u64::from_str_radix(&text, 16) {
            Ok(key) if text.len() == 16 && !text.starts_with('+') => Ok(Key(key)),
            _ => Err(de::Error::custom("a key has 16 hexadecimal digits")),
        }
    }
}

impl Serialize for Bits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:x}", self.0))
    }
}

impl<'de> Deserialize<'de> for Bits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let bits = u128::from_str_radix(&text, 16);
        bits.map(Bits)
            .map_err(|_| de::Error::custom("days are at most 32 hexadecimal digits"))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&rfc3339(self.0))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let time = DateTime::parse_from_rfc3339(&text);
        time.map(|time| Time(time.timestamp()))
            .map_err(|_| de::Error::custom("a time is written 2026-02-03T02:00:00Z"))
    }
}
