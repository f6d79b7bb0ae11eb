//! `baseline forget`: what was learned and is not normal.

use std::borrow::Cow;

use s3sentry::baseline::Tuple;
use s3sentry::state::{Access, Filter, List, Order, State, Touched};
use s3sentry::text::{json, lossless, terminal};

use super::{NETWORKS, open};
use crate::cli::baseline::{Forget, Kind};
use crate::commands::summary::words::count;
use crate::commands::{End, Stop, now, owner, say};

/// Runs the command.
pub fn run(arguments: &Forget) -> Result<End, Stop> {
    let kind = arguments.kind;
    let mut state = open(&arguments.state, Access::Existing)?;
    let name = kind.values(&arguments.name);
    let mut all = vec![(kind.field().to_owned(), name.clone())];
    all.extend(together(&state, kind, &name)?);
    let owner = owner();
    let commit = state.begin()?;
    let run = commit.start_run(&owner.command, owner.since)?;
    let mut gone = Touched::default();
    for (fields, values) in &all {
        let touched = commit.forget(fields, values)?;
        gone.entities += touched.entities;
        gone.values += touched.values;
        gone.volumes += touched.volumes;
    }
    let called = match name.first().and_then(Option::as_ref) {
        Some(name) => terminal(name),
        None => "-".to_owned(),
    };
    if gone == Touched::default() {
        let word = kind.word();
        say(format_args!(
            "s3sentry: error: no {word} is known as {called}; `s3sentry baseline show {word} \
             PART` finds names"
        ));
        return Ok(End::Input);
    }
    commit.put_run(run, Some(now()), 0, 0)?;
    commit.commit()?;
    if !arguments.common.quiet {
        say(format_args!(
            "s3sentry: {} {called} is forgotten: {}, {}, {}",
            kind.word(),
            count(gone.entities, "entity"),
            count(gone.values, "value"),
            count(gone.volumes, "hour"),
        ));
        if kind == Kind::Address
            && let Some(network) = network_of(&state, &called)?
        {
            say(format_args!(
                "Next: its network {network} is still known. To forget that too:\n      \
                 s3sentry baseline forget network {network}"
            ));
        }
    }
    Ok(End::Done)
}

/// The entities that it is a part of, such as a principal in a bucket: it would
/// be known by them.
fn together(state: &State, kind: Kind, name: &Tuple) -> Result<Vec<(String, Tuple)>, Stop> {
    let mut found = Vec::new();
    let part = name.first().and_then(Option::as_deref);
    // As it stands in a JSON array.
    let text = part.map(|part| {
        let text = std::str::from_utf8(part).map_or_else(|_| lossless(part), Cow::Borrowed);
        let mut json = Vec::new();
        // A text in a vector: neither can fail.
        let _ = json::write(&mut json, &*text);
        String::from_utf8_lossy(&json).into_owned()
    });
    let text = text.as_deref().map(Filter::Contains);
    for total in state.kind_totals()? {
        let mut fields = total.name.split('+');
        let Some(place) = fields.position(|field| field == kind.field()) else {
            continue;
        };
        if total.name == kind.field() {
            continue;
        }
        let rows = state.entities(&List {
            kind: &total.name,
            filter: text,
            order: Order::Name,
            limit: None,
            dimension: None,
        })?;
        let rows = rows.into_iter().map(|row| row.name);
        let rows = rows.filter(|row| row.get(place) == name.first());
        found.extend(rows.map(|row| (total.name.clone(), row)));
    }
    Ok(found)
}

/// The network of an address, if any account is known to be used from it.
fn network_of(state: &State, address: &str) -> Result<Option<String>, Stop> {
    // Of IPv6 the kept address is a network.
    let address = address.split('/').next().unwrap_or_default();
    let network = Kind::Network.values(address.as_ref());
    let values = state.values_in(NETWORKS)?;
    let known = values.iter().any(|(_, value)| value.name == network);
    let text = network.into_iter().flatten().next();
    Ok(text.filter(|_| known).map(|text| terminal(&text)))
}
