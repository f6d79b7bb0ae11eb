//! What is known beside the log of an alert and the records behind it.
//!
//! Filled when an alert is final, from its evidence and the settings: the text
//! of a record is at hand there, and nowhere between matching and here. Where
//! no line was kept and none could be read again the alert's key is all there
//! is. It has no part in the alert's identity.

use std::net::IpAddr;

use crate::alert::{Alert, Indicator};
use crate::incident;
use crate::ioc::{Indicators, Match};
use crate::record::derived::View;
use crate::record::{Field, Record};
use crate::settings::Settings;

/// Entries of lists that an alert names.
const INDICATORS: usize = 10;

/// Adds to the alert which incident it belongs to, and which entries of which
/// lists its records are on.
pub(super) fn fill(alert: &mut Alert, settings: &Settings) {
    let lists = settings.ioc.as_deref();
    alert.context.incident = incident::of(alert);
    alert.context.ioc = lists.map_or_else(Vec::new, |lists| listed(alert, settings, lists));
}

/// The entries that the records are on: each once, in the order of the evidence.
fn listed(alert: &Alert, settings: &Settings, lists: &Indicators) -> Vec<Indicator> {
    let mut ioc: Vec<Indicator> = Vec::new();
    let mut add = |found: Vec<Match<'_>>| {
        for found in found.iter().map(named) {
            if ioc.len() < INDICATORS && !ioc.contains(&found) {
                ioc.push(found);
            }
        }
    };
    let lines = alert.evidence.iter().filter_map(|one| one.line.as_deref());
    let mut records = lines.filter_map(|line| Record::parse(line).ok()).peekable();
    if records.peek().is_none() {
        add(of_key(alert, lists));
    }
    for record in records {
        add(View::new(&record, settings).indicators());
    }
    ioc
}

fn named(found: &Match<'_>) -> Indicator {
    Indicator {
        list: found.list.name.clone(),
        entry: found.entry.to_owned(),
        level: found.list.level,
        field: found.kind.field(),
    }
}

/// What the values are on that the rule groups by. The /64 of an IPv6 host is no
/// address.
fn of_key<'l>(alert: &Alert, lists: &'l Indicators) -> Vec<Match<'l>> {
    let value = |field: Field| {
        let mut key = alert.key.iter();
        let (_, value) = key.find(|(name, _)| &**name == field.name())?;
        value.as_deref()
    };
    let address = value(Field::RemoteIp).or_else(|| value(Field::RemoteHost));
    let address = address.and_then(|text| std::str::from_utf8(text).ok()?.parse::<IpAddr>().ok());
    lists.all(address, |kind| value(kind.field()))
}
