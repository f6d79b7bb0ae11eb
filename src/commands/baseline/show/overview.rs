//! How much is known of each kind, and how far learning has come.

use std::fs;
use std::io::{self, BufWriter, Write};

use s3sentry::record::time::rfc3339;
use s3sentry::state::{EntityRow, Filter, List, Order, State, Total};
use s3sentry::text::{json, terminal};
use serde::Serialize;

use crate::cli::{Color, ListFormat};
use crate::commands::baseline::NETWORKS;
use crate::commands::summary::words::{bytes, count, group};
use crate::commands::table::{Table, time};
use crate::commands::{End, Stop, shown};

/// All of it.
struct Overview {
    path: String,
    bytes: u64,
    /// The whole log, if anything was learned.
    log: Option<EntityRow>,
    needed: Option<u32>,
    kinds: Vec<Total>,
    dimensions: Vec<Total>,
}

/// The same for programs.
#[derive(Serialize)]
struct Json<'o> {
    state: &'o str,
    bytes: u64,
    learned: bool,
    days: u32,
    days_needed: Option<u32>,
    declared: bool,
    requests: u64,
    first_seen: Option<String>,
    last_seen: Option<String>,
    kinds: Vec<Known>,
    dimensions: Vec<Known>,
}

/// How much there is of something.
#[derive(Serialize)]
struct Known {
    name: String,
    count: u64,
    first_seen: Option<String>,
    last_seen: Option<String>,
}

impl Known {
    fn of(total: &Total) -> Self {
        Self {
            name: total.name.clone(),
            count: total.rows,
            first_seen: total.first.map(rfc3339),
            last_seen: total.last.map(rfc3339),
        }
    }
}

/// Writes it.
pub fn write(state: &State, format: ListFormat, color: Color) -> Result<End, Stop> {
    let overview = Overview::of(state)?;
    let mut out = BufWriter::new(io::stdout().lock());
    match format {
        ListFormat::Table => overview.table(&mut out, color)?,
        ListFormat::Json => {
            json::write(&mut out, &overview.json())?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    Ok(End::Done)
}

impl Overview {
    fn of(state: &State) -> Result<Self, Stop> {
        let log = state.entities(&List {
            kind: "",
            filter: Some(Filter::Is(&Vec::new())),
            order: Order::Name,
            limit: Some(1),
            dimension: None,
        })?;
        let size = |suffix: &str| {
            let mut name = state.path().as_os_str().to_owned();
            name.push(suffix);
            fs::metadata(name).map_or(0, |data| data.len())
        };
        Ok(Self {
            path: shown(state.path()),
            bytes: size("") + size("-wal"),
            log: log.into_iter().next(),
            needed: state.learn_days(NETWORKS)?,
            kinds: state.kind_totals()?,
            dimensions: state.dimension_totals()?,
        })
    }

    /// Days with records, days needed, and whether nothing more is lacking.
    fn days(&self) -> (u32, Option<u32>, bool) {
        let days = |row: &EntityRow| row.extent.days.bits().count_ones();
        let days = self.log.as_ref().map_or(0, days);
        let declared = self.log.as_ref().is_some_and(|row| row.declared);
        let learned = declared || self.needed.is_some_and(|needed| days >= needed);
        (days, self.needed, learned)
    }

    fn json(&self) -> Json<'_> {
        let totals = |totals: &'_ [Total]| totals.iter().map(Known::of).collect();
        let (days, days_needed, learned) = self.days();
        let log = self.log.as_ref();
        Json {
            state: &self.path,
            bytes: self.bytes,
            learned,
            days,
            days_needed,
            declared: log.is_some_and(|log| log.declared),
            requests: log.map_or(0, |log| log.extent.requests),
            first_seen: log.map(|log| rfc3339(log.extent.first)),
            last_seen: log.map(|log| rfc3339(log.extent.last)),
            kinds: totals(&self.kinds),
            dimensions: totals(&self.dimensions),
        }
    }

    fn table(&self, out: &mut impl Write, color: Color) -> io::Result<()> {
        writeln!(out, "{}, {}", self.path, bytes(self.bytes))?;
        let Some(log) = &self.log else {
            return writeln!(out, "nothing is known yet");
        };
        let extent = &log.extent;
        let days = match self.days() {
            (days, _, true) if log.declared => {
                format!("learned: declared normal; {}", count(days.into(), "day"))
            }
            (days, _, true) => format!("learned: {}", count(days.into(), "day")),
            (days, needed, _) => {
                let needed = needed.map_or("?".to_owned(), |needed| needed.to_string());
                format!("learning: {days} of {needed} days")
            }
        };
        writeln!(
            out,
            "{days}, {} from {} to {}",
            count(extent.requests, "request"),
            rfc3339(extent.first),
            rfc3339(extent.last),
        )?;
        let kinds = self.kinds.iter().filter(|kind| !kind.name.is_empty());
        totals(out, "KNOWN", kinds, color)?;
        totals(out, "VALUES OF", self.dimensions.iter(), color)
    }
}

fn totals<'t>(
    out: &mut impl Write,
    title: &'static str,
    totals: impl Iterator<Item = &'t Total>,
    color: Color,
) -> io::Result<()> {
    let mut table = Table::new(vec!["COUNT", "FIRST SEEN (UTC)", "LAST SEEN (UTC)", title]);
    for total in totals {
        let seen = |seen: Option<i64>| seen.map_or("-".to_owned(), time);
        table.push(vec![
            group(total.rows),
            seen(total.first),
            seen(total.last),
            terminal(total.name.as_bytes()),
        ]);
    }
    writeln!(out)?;
    table.write(out, color)
}
