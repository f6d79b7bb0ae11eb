//! Who and what was seen, and of one the networks it was seen in.

use std::io::{self, BufWriter, Write};

use s3sentry::baseline::{Extent, Tuple};
use s3sentry::record::time::rfc3339;
use s3sentry::state::{EntityRow, Filter, List, Order, State, ValueRow};
use s3sentry::text::{json, lossless, terminal};
use serde::Serialize;

use crate::cli::baseline::{Kind, Show, Sort};
use crate::cli::{Color, ListFormat};
use crate::commands::baseline::NETWORKS;
use crate::commands::summary::words::{count, group};
use crate::commands::table::{Table, time};
use crate::commands::{End, Stop, say};

/// Rows of a table, unless more are asked for.
const LIMIT: u64 = 50;

/// A row.
struct Row {
    name: Tuple,
    /// Of a network the account, where that is not forgotten.
    account: Option<Tuple>,
    extent: Extent,
    declared: bool,
    networks: Option<u64>,
}

/// What was found.
struct Found {
    kind: Kind,
    rows: Vec<Row>,
    /// How many there are, those beyond the limit too.
    all: u64,
    /// Of one that was named, its networks.
    networks: Option<Vec<ValueRow>>,
}

/// Writes what was asked for.
pub fn write(state: &State, kind: Kind, format: ListFormat, arguments: &Show) -> Result<End, Stop> {
    let limit = arguments.limit.map(u64::from);
    let limit = limit.or((format == ListFormat::Table).then_some(LIMIT));
    let found = match kind {
        Kind::Network => networks(state, limit, arguments)?,
        _ => entities(state, kind, limit, arguments)?,
    };
    if found.all == 0
        && let Some(name) = &arguments.name
    {
        say(format_args!(
            "s3sentry: no {} is known by {}",
            kind.word(),
            terminal(name.as_encoded_bytes())
        ));
        return Ok(End::Input);
    }
    let mut out = BufWriter::new(io::stdout().lock());
    match format {
        ListFormat::Table => found.table(&mut out, arguments.common.color)?,
        ListFormat::Json => {
            json::write(&mut out, &found.json())?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    Ok(End::Done)
}

fn entities(
    state: &State,
    kind: Kind,
    limit: Option<u64>,
    arguments: &Show,
) -> Result<Found, Stop> {
    let all = List {
        kind: kind.field(),
        filter: None,
        order: match arguments.sort {
            Sort::Last => Order::LastSeen,
            Sort::First => Order::FirstSeen,
            Sort::Requests => Order::Requests,
            Sort::Name => Order::Name,
        },
        limit,
        dimension: kind.networks(),
    };
    let row = |row: EntityRow| Row {
        name: row.name,
        account: None,
        extent: row.extent,
        declared: row.declared,
        networks: row.values,
    };
    let found = |list: &List<'_>| -> Result<(Vec<EntityRow>, u64), Stop> {
        Ok((state.entities(list)?, state.count_entities(list)?))
    };
    let (rows, all) = match &arguments.name {
        None => found(&all)?,
        Some(name) => {
            let values = kind.values(name);
            let whole = found(&List {
                filter: Some(Filter::Is(&values)),
                ..all
            })?;
            if whole.1 > 0 {
                whole
            } else {
                let part = name.to_string_lossy();
                found(&List {
                    filter: Some(Filter::Contains(&part)),
                    ..all
                })?
            }
        }
    };
    let one = arguments.name.is_some() && all == 1;
    let networks = match (kind.networks(), rows.first()) {
        (Some(dimension), Some(row)) if one => {
            let mut values = state.values_of(row.key, None)?;
            values.retain(|value| value.dimension == dimension);
            Some(values)
        }
        _ => None,
    };
    Ok(Found {
        kind,
        rows: rows.into_iter().map(row).collect(),
        all,
        networks,
    })
}

fn networks(state: &State, limit: Option<u64>, arguments: &Show) -> Result<Found, Stop> {
    let rows = state.values_in(NETWORKS)?;
    let mut rows: Vec<Row> = rows
        .into_iter()
        .map(|(account, value)| Row {
            name: value.name,
            account,
            extent: value.extent,
            declared: value.declared,
            networks: None,
        })
        .collect();
    if let Some(name) = &arguments.name {
        let whole = Kind::Network.values(name);
        if rows.iter().any(|row| row.name == whole) {
            rows.retain(|row| row.name == whole);
        } else {
            let part = name.to_string_lossy().to_lowercase();
            rows.retain(|row| escaped(&row.name).is_some_and(|text| text.contains(&part)));
        }
    }
    match arguments.sort {
        Sort::Last => rows.sort_by_key(|row| std::cmp::Reverse(row.extent.last)),
        Sort::First => rows.sort_by_key(|row| std::cmp::Reverse(row.extent.first)),
        Sort::Requests => rows.sort_by_key(|row| std::cmp::Reverse(row.extent.requests)),
        Sort::Name => rows.sort_by(|one, other| one.name.cmp(&other.name)),
    }
    let all = rows.len() as u64;
    rows.truncate(
        limit
            .and_then(|limit| limit.try_into().ok())
            .unwrap_or(usize::MAX),
    );
    Ok(Found {
        kind: Kind::Network,
        rows,
        all,
        networks: None,
    })
}

/// A name as JSON has it; none where there is none.
fn escaped(name: &Tuple) -> Option<String> {
    let value = name.first()?.as_ref()?;
    Some(lossless(value).into_owned())
}

/// A name as a terminal has it.
fn printed(name: Option<&Tuple>) -> String {
    let value = name.and_then(|name| name.first());
    match value.and_then(Option::as_ref) {
        Some(value) => terminal(value),
        None => "-".to_owned(),
    }
}

/// A row for programs.
#[derive(Serialize)]
struct Json {
    kind: &'static str,
    name: Option<String>,
    /// Of networks only, where it is not forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    #[serde(flatten)]
    times: Times,
    #[serde(skip_serializing_if = "Option::is_none")]
    networks: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen_in: Option<Vec<SeenIn>>,
}

/// When, and how often.
#[derive(Serialize)]
struct Times {
    first_seen: String,
    last_seen: String,
    requests: u64,
    days: u64,
    declared: bool,
}

/// A network of one that was named.
#[derive(Serialize)]
struct SeenIn {
    network: Option<String>,
    #[serde(flatten)]
    times: Times,
}

impl Times {
    fn of(extent: &Extent, declared: bool) -> Self {
        Self {
            first_seen: rfc3339(extent.first),
            last_seen: rfc3339(extent.last),
            requests: extent.requests,
            days: days(extent),
            declared,
        }
    }
}

impl SeenIn {
    fn of(value: &ValueRow) -> Self {
        Self {
            network: escaped(&value.name),
            times: Times::of(&value.extent, value.declared),
        }
    }
}

fn days(extent: &Extent) -> u64 {
    extent.days.bits().count_ones().into()
}

impl Found {
    /// An array; of one that was named its networks stand in it.
    fn json(&self) -> Vec<Json> {
        let rows = self.rows.iter().map(|row| {
            let account = row.account.as_ref().and_then(escaped);
            let networks = self.networks.as_ref();
            Json {
                kind: self.kind.word(),
                name: escaped(&row.name),
                account,
                times: Times::of(&row.extent, row.declared),
                networks: row.networks,
                seen_in: networks.map(|networks| networks.iter().map(SeenIn::of).collect()),
            }
        });
        rows.collect()
    }

    fn table(&self, out: &mut impl Write, color: Color) -> io::Result<()> {
        let mut header = vec!["FIRST SEEN (UTC)", "LAST SEEN (UTC)", "REQUESTS", "DAYS"];
        let of_networks = self.kind.networks().is_some();
        let extra = match self.kind {
            Kind::Network => Some("ACCOUNT"),
            _ if of_networks => Some("NETWORKS"),
            _ => None,
        };
        header.extend(extra);
        header.extend(["DECLARED", title(self.kind)]);
        let mut table = Table::new(header);
        for row in &self.rows {
            let mut cells = columns(&row.extent);
            match self.kind {
                Kind::Network => cells.push(printed(row.account.as_ref())),
                _ if of_networks => cells.push(group(row.networks.unwrap_or(0))),
                _ => {}
            }
            cells.extend([yes(row.declared), printed(Some(&row.name))]);
            table.push(cells);
        }
        table.write(out, color)?;
        let more = self.all - self.rows.len() as u64;
        if more > 0 {
            writeln!(out, "{} more; --limit N shows more", group(more))?;
        }
        if let Some(networks) = &self.networks {
            writeln!(
                out,
                "\nseen in {}:",
                count(networks.len() as u64, "network")
            )?;
            let header = ["FIRST SEEN (UTC)", "LAST SEEN (UTC)", "REQUESTS", "DAYS"];
            let mut table = Table::new([&header[..], &["DECLARED", "NETWORK"]].concat());
            for value in networks {
                let mut cells = columns(&value.extent);
                cells.extend([yes(value.declared), printed(Some(&value.name))]);
                table.push(cells);
            }
            table.write(out, color)?;
        }
        Ok(())
    }
}

fn columns(extent: &Extent) -> Vec<String> {
    vec![
        time(extent.first),
        time(extent.last),
        group(extent.requests),
        days(extent).to_string(),
    ]
}

fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Bucket => "BUCKET",
        Kind::Address => "ADDRESS",
        Kind::Network => "NETWORK",
        Kind::Principal => "PRINCIPAL",
        Kind::Account => "ACCOUNT",
    }
}

fn yes(declared: bool) -> String {
    if declared { "yes" } else { "" }.to_owned()
}
