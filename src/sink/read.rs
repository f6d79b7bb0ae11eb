//! Alerts as they were written, read again.
//!
//! What was kept between runs comes back here: version 1 of the JSON and nothing
//! else. The lines of the evidence are put together from their fields; secrets in
//! them stay redacted.

mod line;
#[cfg(test)]
mod tests;

use std::marker::PhantomData;
use std::sync::Arc;

use chrono::DateTime;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Error;

use self::line::Cell;
use super::v1::SCHEMA;
use crate::alert::{
    Alert, Context, Distinct, Evidence, Indicator, Level, Network, RuleInfo, Status, Volume,
};
use crate::geoip::Country;
use crate::record::Field;
use crate::text::restore;

#[derive(Debug, Deserialize)]
struct AlertV1 {
    schema: String,
    id: String,
    rev: u64,
    status: String,
    rule: RuleV1,
    key: Pairs<Option<String>>,
    period: PeriodV1,
    trigger: TriggerV1,
    first_seen: String,
    last_seen: String,
    count: u64,
    distinct: Option<u64>,
    #[serde(default)]
    distinct_approx: bool,
    sum: Option<u64>,
    summary: String,
    evidence: Vec<EvidenceV1>,
    context: ContextV1,
}

/// An object in the order in which it is written, which a map would lose.
#[derive(Debug)]
struct Pairs<T>(Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct InOrder<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for InOrder<T> {
            type Value = Pairs<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<T>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        from.deserialize_map(InOrder(PhantomData))
    }
}

#[derive(Debug, Deserialize)]
struct RuleV1 {
    id: String,
    name: String,
    title: String,
    level: String,
    tags: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct PeriodV1 {
    start: String,
    end: String,
}

#[derive(Debug, Deserialize)]
struct TriggerV1 {
    time: String,
    value: u64,
}

#[derive(Debug, Deserialize)]
struct EvidenceV1 {
    source: String,
    offset: u64,
    record: Option<Pairs<Option<Cell>>>,
}

#[derive(Debug, Deserialize)]
struct ContextV1 {
    incident: Option<String>,
    #[serde(default)]
    ioc: Vec<IndicatorV1>,
    baseline: Option<BaselineV1>,
    #[serde(default)]
    networks: Vec<NetworkV1>,
}

#[derive(Debug, Deserialize)]
struct NetworkV1 {
    address: String,
    country: Option<String>,
    asn: Option<u32>,
    owner: Option<String>,
    service: Option<String>,
}

#[derive(Debug, Deserialize)]
struct IndicatorV1 {
    list: String,
    entry: String,
    level: String,
    field: String,
}

#[derive(Debug, Deserialize)]
struct BaselineV1 {
    hour: String,
    sum: u64,
    median: u64,
    deviation: u64,
    samples: usize,
}

/// The alert that was written as this line. Of its evidence a log line is there
/// where one can be put together that is written the same again.
pub fn alert(json: &str) -> Result<Alert, Error> {
    let read: AlertV1 = serde_json::from_str(json)?;
    if read.schema != SCHEMA {
        return Err(wrong("schema", &read.schema));
    }
    let key = read.key.0.into_iter();
    let key = key.map(|(name, value)| (name.into(), value.map(|text| restore(&text))));
    Ok(Alert {
        id: u128::from_str_radix(&read.id, 16).map_err(|_| wrong("id", &read.id))?,
        rev: read.rev,
        status: status(&read.status)?,
        rule: Arc::new(RuleInfo {
            level: level(&read.rule.level)?,
            id: read.rule.id,
            name: read.rule.name,
            title: read.rule.title,
            tags: read.rule.tags,
        }),
        key: key.collect(),
        period: (time(&read.period.start)?, time(&read.period.end)?),
        trigger: (time(&read.trigger.time)?, read.trigger.value),
        first_seen: time(&read.first_seen)?,
        last_seen: time(&read.last_seen)?,
        count: read.count,
        distinct: read.distinct.map(|value| Distinct {
            value,
            approx: read.distinct_approx,
        }),
        sum: read.sum,
        summary: restore(&read.summary),
        evidence: read.evidence.into_iter().map(EvidenceV1::read).collect(),
        context: read.context.read()?,
    })
}

impl EvidenceV1 {
    fn read(self) -> Evidence {
        Evidence {
            source: self.source.into(),
            offset: self.offset,
            line: self.record.and_then(|record| line::line(&record.0)),
        }
    }
}

impl ContextV1 {
    fn read(self) -> Result<Context, Error> {
        let ioc = self.ioc.into_iter().map(|one| {
            Ok(Indicator {
                list: String::from_utf8_lossy(&restore(&one.list)).into(),
                entry: String::from_utf8_lossy(&restore(&one.entry)).into_owned(),
                level: level(&one.level)?,
                field: Field::from_name(&one.field).ok_or_else(|| wrong("field", &one.field))?,
            })
        });
        let usual = self.baseline.map(|usual| {
            Ok::<_, Error>(Volume {
                hour: time(&usual.hour)?,
                sum: usual.sum,
                median: usual.median,
                deviation: usual.deviation,
                samples: usual.samples,
            })
        });
        let networks = self.networks.into_iter().map(|network| {
            Ok(Network {
                address: network
                    .address
                    .parse()
                    .map_err(|_| wrong("address", &network.address))?,
                country: network.country.as_deref().and_then(Country::parse),
                asn: network.asn,
                owner: network
                    .owner
                    .map(|owner| String::from_utf8_lossy(&restore(&owner)).into_owned()),
                service: network.service,
            })
        });
        let incident = self
            .incident
            .map(|id| u128::from_str_radix(&id, 16).map_err(|_| wrong("incident", &id)));
        Ok(Context {
            incident: incident.transpose()?,
            ioc: ioc.collect::<Result<_, Error>>()?,
            networks: networks.collect::<Result<_, Error>>()?,
            usual: usual.transpose()?,
        })
    }
}

fn time(text: &str) -> Result<i64, Error> {
    let time = DateTime::parse_from_rfc3339(text).map_err(|_| wrong("time", text))?;
    Ok(time.timestamp())
}

fn level(word: &str) -> Result<Level, Error> {
    let mut levels = Level::ALL.into_iter();
    levels
        .find(|level| level.as_str() == word)
        .ok_or_else(|| wrong("level", word))
}

fn status(word: &str) -> Result<Status, Error> {
    match word {
        "open" => Ok(Status::Open),
        "closed" => Ok(Status::Closed),
        "withdrawn" => Ok(Status::Withdrawn),
        _ => Err(wrong("status", word)),
    }
}

fn wrong(what: &str, found: &str) -> Error {
    Error::custom(format!("{what}: {found:?} is none"))
}
