//! The entity as JSON, version 1. Frozen.
//!
//! As with alerts, these types are the contract: `docs/entity.schema.json` says
//! the same, and they change only together with the version in `schema`. Who is
//! on which place is not decided here.

use serde::Serialize;

use super::v1::hex;
use crate::incident::story::{Incident, Story, Told};
use crate::incident::{Entity, Few};
use crate::record::time::rfc3339;
use crate::text::{Shown, json};

/// What every entity names as its schema.
const SCHEMA: &str = "s3sentry/entity/v1";

#[derive(Debug, Serialize)]
struct EntityV1<'a> {
    schema: &'static str,
    rank: usize,
    kind: &'static str,
    name: Shown<'a>,
    weight: u64,
    level: &'static str,
    alerts: u64,
    first: String,
    last: String,
    requests: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    rules: Vec<RuleV1<'a>>,
    buckets: Vec<Shown<'a>>,
    addresses: Vec<Shown<'a>>,
    networks: Vec<Shown<'a>>,
    principals: Vec<Shown<'a>>,
    objects: Vec<Shown<'a>>,
    incidents: Vec<IncidentV1>,
    /// Lists that leave some out.
    more: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
struct RuleV1<'a> {
    name: &'a str,
    title: &'a str,
    level: &'static str,
    alerts: u64,
    first: String,
    last: String,
    requests: u64,
}

#[derive(Debug, Serialize)]
struct IncidentV1 {
    id: String,
    level: &'static str,
    alerts: u64,
    first: String,
    last: String,
    continues: bool,
}

impl<'a> EntityV1<'a> {
    fn new(rank: usize, entity: &'a Entity, story: &'a Story) -> Self {
        let more = [
            ("buckets", story.buckets.more()),
            ("addresses", story.addresses.more()),
            ("networks", story.networks.more()),
            ("principals", story.principals.more()),
            ("objects", story.objects.more()),
            ("incidents", story.has_earlier()),
        ];
        let more = more.into_iter().filter(|(_, more)| *more);
        Self {
            schema: SCHEMA,
            rank,
            kind: entity.kind.as_str(),
            name: Shown(&entity.name),
            weight: story.weight(),
            level: story.level.as_str(),
            alerts: story.alerts,
            first: rfc3339(story.first),
            last: rfc3339(story.last),
            requests: story.requests,
            bytes: story.bytes,
            rules: story.rules().into_iter().map(RuleV1::new).collect(),
            buckets: names(&story.buckets),
            addresses: names(&story.addresses),
            networks: names(&story.networks),
            principals: names(&story.principals),
            objects: names(&story.objects),
            incidents: story.incidents().iter().map(IncidentV1::new).collect(),
            more: more.map(|(list, _)| list).collect(),
        }
    }
}

fn names<const N: usize>(few: &Few<N>) -> Vec<Shown<'_>> {
    few.names().map(Shown).collect()
}

impl<'a> RuleV1<'a> {
    fn new(told: &'a Told) -> Self {
        Self {
            name: &told.rule.name,
            title: &told.rule.title,
            level: told.rule.level.as_str(),
            alerts: told.alerts,
            first: rfc3339(told.first),
            last: rfc3339(told.last),
            requests: told.requests,
        }
    }
}

impl IncidentV1 {
    fn new(incident: &Incident) -> Self {
        Self {
            id: hex(incident.id),
            level: incident.level.as_str(),
            alerts: incident.alerts,
            first: rfc3339(incident.first),
            last: rfc3339(incident.last),
            continues: incident.continues,
        }
    }
}

/// Appends an entity as one line of NDJSON; `rank` counts from one.
pub fn push_ndjson(line: &mut Vec<u8>, rank: usize, entity: &Entity, story: &Story) {
    // Neither a string, a number nor a vector has a way to fail.
    let _ = json::write(&mut *line, &EntityV1::new(rank, entity, story));
    line.push(b'\n');
}
