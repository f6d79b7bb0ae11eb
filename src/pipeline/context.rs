//! What is known beside the log of an alert and the records behind it.
//!
//! Filled when an alert is final, from its evidence and the settings: the text
//! of a record is at hand there, and nowhere between matching and here. Where
//! no line was kept and none could be read again the alert's key is all there
//! is. It has no part in the alert's identity.

use std::net::IpAddr;

use crate::alert::{Alert, Context, Indicator, Network};
use crate::incident;
use crate::ioc::Match;
use crate::record::derived::View;
use crate::record::{Field, Record};
use crate::settings::Settings;

/// Entries of lists that an alert names.
const INDICATORS: usize = 10;
/// Addresses of which an alert says where they are.
const NETWORKS: usize = 5;

/// Adds to the alert which incident it belongs to, which entries of which lists
/// its records are on, and what is known of their addresses: each once, in the
/// order of the evidence.
pub(super) fn fill(alert: &mut Alert, settings: &Settings) {
    alert.context.incident = incident::of(alert);
    if settings.ioc.is_none() && settings.geoip.is_none() && settings.aws_ranges.is_none() {
        return;
    }
    let mut context = std::mem::take(&mut alert.context);
    let mut addresses = Vec::new();
    let lines = alert.evidence.iter().filter_map(|one| one.line.as_deref());
    let mut records = lines.filter_map(|line| Record::parse(line).ok()).peekable();
    if records.peek().is_none() {
        add_indicators(&mut context, &of_key(alert, settings));
        addresses.extend(address_of_key(alert));
    }
    for record in records {
        add_indicators(&mut context, &View::new(&record, settings).indicators());
        addresses.extend(record.address());
    }
    for address in addresses.iter().map(IpAddr::to_canonical) {
        add_network(&mut context, address, settings);
    }
    alert.context = context;
}

fn add_indicators(context: &mut Context, found: &[Match<'_>]) {
    for found in found.iter().map(named) {
        if context.ioc.len() < INDICATORS && !context.ioc.contains(&found) {
            context.ioc.push(found);
        }
    }
}

fn named(found: &Match<'_>) -> Indicator {
    Indicator {
        list: found.list.name.clone(),
        entry: found.entry.to_owned(),
        level: found.list.level,
        field: found.kind.field(),
    }
}

fn add_network(context: &mut Context, address: IpAddr, settings: &Settings) {
    let networks = &mut context.networks;
    let is_known = networks.iter().any(|network| network.address == address);
    if is_known || networks.len() == NETWORKS {
        return;
    }
    let place = settings.geoip.as_deref().map(|geoip| geoip.get(address));
    let place = place.unwrap_or_default();
    let ranges = settings.aws_ranges.as_ref();
    let service = ranges.and_then(|ranges| ranges.service(address));
    if place.is_empty() && service.is_none() {
        return;
    }
    networks.push(Network {
        address,
        country: place.country,
        asn: place.asn,
        owner: place.owner.map(str::to_owned),
        service: service.map(str::to_owned),
    });
}

/// What the values are on that the rule groups by.
fn of_key<'s>(alert: &Alert, settings: &'s Settings) -> Vec<Match<'s>> {
    let lists = settings.ioc.as_deref();
    lists.map_or_else(Vec::new, |lists| {
        lists.all(address_of_key(alert), |kind| value(alert, kind.field()))
    })
}

fn value(alert: &Alert, field: Field) -> Option<&[u8]> {
    let mut key = alert.key.iter();
    let (_, value) = key.find(|(name, _)| &**name == field.name())?;
    value.as_deref()
}

/// The address that the rule groups by. The /64 of an IPv6 host is none.
fn address_of_key(alert: &Alert) -> Option<IpAddr> {
    let text = value(alert, Field::RemoteIp).or_else(|| value(alert, Field::RemoteHost))?;
    std::str::from_utf8(text).ok()?.parse().ok()
}
