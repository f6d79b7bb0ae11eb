//! The alert as JSON, version 1. Frozen.
//!
//! These types are the contract: their fields, names and order are what
//! `docs/alert.schema.json` says, and they change only together with the
//! version in `schema`. No type of another module is serialized here, so that
//! none can change the contract by growing.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::record::Flat;
use crate::alert::{Alert, Evidence, Indicator, Network, Volume};
use crate::record::{Record, time::rfc3339};
use crate::text::Shown;

/// What every alert names as its schema.
pub(super) const SCHEMA: &str = "s3sentry/alert/v1";

#[derive(Debug, Serialize)]
pub(super) struct AlertV1<'a> {
    schema: &'static str,
    id: String,
    rev: u64,
    status: &'static str,
    rule: RuleV1<'a>,
    key: KeyV1<'a>,
    period: PeriodV1,
    trigger: TriggerV1,
    first_seen: String,
    last_seen: String,
    count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    distinct: Option<u64>,
    /// Only ever `true`: `distinct` is an estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    distinct_approx: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sum: Option<u64>,
    summary: Shown<'a>,
    evidence: Vec<EvidenceV1<'a>>,
    context: ContextV1<'a>,
}

#[derive(Debug, Serialize)]
struct RuleV1<'a> {
    id: &'a str,
    name: &'a str,
    title: &'a str,
    level: &'static str,
    tags: &'a [String],
}

#[derive(Debug)]
struct KeyV1<'a>(&'a [(std::sync::Arc<str>, Option<Vec<u8>>)]);

#[derive(Debug, Serialize)]
struct PeriodV1 {
    start: String,
    end: String,
}

#[derive(Debug, Serialize)]
struct TriggerV1 {
    time: String,
    value: u64,
}

#[derive(Debug, Serialize)]
struct EvidenceV1<'a> {
    source: &'a str,
    offset: u64,
    record: Option<Flat<'a>>,
}

#[derive(Debug, Serialize)]
struct ContextV1<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    incident: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ioc: Vec<IndicatorV1<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<BaselineV1>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    networks: Vec<NetworkV1<'a>>,
}

#[derive(Debug, Serialize)]
struct BaselineV1 {
    hour: String,
    sum: u64,
    median: u64,
    deviation: u64,
    samples: usize,
}

#[derive(Debug, Serialize)]
struct IndicatorV1<'a> {
    list: Shown<'a>,
    entry: Shown<'a>,
    level: &'static str,
    field: &'static str,
}

#[derive(Debug, Serialize)]
struct NetworkV1<'a> {
    address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asn: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Shown<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'a str>,
}

impl<'a> AlertV1<'a> {
    pub(super) fn new(alert: &'a Alert) -> Self {
        let rule = &*alert.rule;
        Self {
            schema: SCHEMA,
            id: hex(alert.id),
            rev: alert.rev,
            status: status(alert),
            rule: RuleV1 {
                id: &rule.id,
                name: &rule.name,
                title: &rule.title,
                level: rule.level.as_str(),
                tags: &rule.tags,
            },
            key: KeyV1(&alert.key),
            period: PeriodV1 {
                start: rfc3339(alert.period.0),
                end: rfc3339(alert.period.1),
            },
            trigger: TriggerV1 {
                time: rfc3339(alert.trigger.0),
                value: alert.trigger.1,
            },
            first_seen: rfc3339(alert.first_seen),
            last_seen: rfc3339(alert.last_seen),
            count: alert.count,
            distinct: alert.distinct.map(|distinct| distinct.value),
            distinct_approx: alert
                .distinct
                .and_then(|distinct| distinct.approx.then_some(true)),
            sum: alert.sum,
            summary: Shown(&alert.summary),
            evidence: alert.evidence.iter().map(EvidenceV1::new).collect(),
            context: ContextV1 {
                incident: alert.context.incident.map(hex),
                ioc: alert.context.ioc.iter().map(IndicatorV1::new).collect(),
                baseline: alert.context.usual.as_ref().map(BaselineV1::new),
                networks: alert.context.networks.iter().map(NetworkV1::new).collect(),
            },
        }
    }
}

impl<'a> EvidenceV1<'a> {
    fn new(evidence: &'a Evidence) -> Self {
        let line = evidence.line.as_deref();
        Self {
            source: &evidence.source,
            offset: evidence.offset,
            record: line.and_then(|line| Record::parse(line).ok().map(|record| Flat::new(&record))),
        }
    }
}

impl BaselineV1 {
    fn new(usual: &Volume) -> Self {
        Self {
            hour: rfc3339(usual.hour),
            sum: usual.sum,
            median: usual.median,
            deviation: usual.deviation,
            samples: usual.samples,
        }
    }
}

impl<'a> IndicatorV1<'a> {
    fn new(indicator: &'a Indicator) -> Self {
        Self {
            list: Shown(indicator.list.as_bytes()),
            entry: Shown(indicator.entry.as_bytes()),
            level: indicator.level.as_str(),
            field: indicator.field.name(),
        }
    }
}

impl<'a> NetworkV1<'a> {
    fn new(network: &'a Network) -> Self {
        let owner = network.owner.as_deref();
        Self {
            address: network.address.to_string(),
            country: network.country.map(|country| country.to_string()),
            asn: network.asn,
            owner: owner.map(|owner| Shown(owner.as_bytes())),
            service: network.service.as_deref(),
        }
    }
}

impl Serialize for KeyV1<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(&**name, &value.as_deref().map(Shown))?;
        }
        map.end()
    }
}

/// An id as 32 hexadecimal digits.
pub(super) fn hex(id: u128) -> String {
    format!("{id:032x}")
}

/// The word for an alert's status.
pub(super) const fn status(alert: &Alert) -> &'static str {
    alert.status.as_str()
}
