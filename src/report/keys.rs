//! Objects that alerts are about, from the lines behind them.
//!
//! A caller chooses keys, so there may be any number of them, of any length.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::bounded::{Bounded, Worth};
use super::model::Key;
use super::shown::shown;
use crate::alert::{Alert, Level};
use crate::incident;
use crate::record::{Field, Record};

/// Objects that are held at once.
const HELD: usize = 4_096;

/// Objects by bucket and key.
#[derive(Debug)]
pub struct Keys(Bounded<(String, String), Object>);

/// What shows an object first.
type First = (i64, u128, usize);

#[derive(Debug)]
struct Object {
    level: Level,
    first: First,
    operation: String,
    http_status: String,
    incident: Option<u128>,
    rules: BTreeSet<String>,
}

impl Worth for Object {
    type Worth = (Level, usize, Reverse<First>);

    fn worth(&self) -> Self::Worth {
        (self.level, self.rules.len(), Reverse(self.first))
    }
}

impl Keys {
    /// None yet.
    pub fn new() -> Self {
        Self(Bounded::new(HELD))
    }

    /// Adds what an alert shows.
    pub fn add(&mut self, alert: &Alert) {
        for (place, one) in alert.evidence.iter().enumerate() {
            let line = one.line.as_deref();
            if let Some(record) = line.and_then(|line| Record::parse(line).ok()) {
                self.show(&record, alert, place);
            }
        }
    }

    fn show(&mut self, record: &Record<'_>, alert: &Alert, place: usize) {
        let text = |field| record.bytes(field).map(shown);
        let (Some(bucket), Some(key)) = (text(Field::BucketName), text(Field::KeyName)) else {
            return;
        };
        let dash = |field| text(field).unwrap_or_else(|| "-".to_owned());
        let first = (alert.trigger.0, alert.id, place);
        let new = || Object {
            level: alert.rule.level,
            first,
            operation: dash(Field::Operation),
            http_status: dash(Field::HttpStatus),
            incident: incident::of(alert),
            rules: BTreeSet::new(),
        };
        let object = self.0.entry((bucket, key), new);
        object.level = object.level.max(alert.rule.level);
        if first < object.first {
            object.first = first;
            object.operation = dash(Field::Operation);
            object.http_status = dash(Field::HttpStatus);
            object.incident = incident::of(alert);
        }
        object.rules.insert(alert.rule.name.clone());
        if self.0.is_full() {
            self.0.drop_least();
        }
    }

    /// Those of the worst alerts first, then of the most rules, then the earliest.
    pub fn told(&self) -> impl Iterator<Item = Key> {
        let ranked = self.0.ranked().into_iter();
        ranked.map(|((bucket, key), object)| Key {
            bucket: bucket.clone(),
            key: key.clone(),
            level: object.level,
            operation: object.operation.clone(),
            http_status: object.http_status.clone(),
            rules: object.rules.iter().cloned().collect(),
            incident: object.incident.map(|id| format!("{id:032x}")),
        })
    }
}
