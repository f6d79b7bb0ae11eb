//! `baseline trust`: what is known as lists for the settings.
//!
//! Whoever was there while the baseline learned is in it, an attacker too. So
//! only what was there long and often enough is an entry, everything else a
//! comment that says why, and nothing is written into the settings.

mod networks;

use std::fmt::Write as _;
use std::io::{self, Write as _};

use s3sentry::baseline::{Extent, day};
use s3sentry::record::time::rfc3339;
use s3sentry::settings::Settings;
use s3sentry::state::{Access, EntityRow, List, Order, State};
use s3sentry::text::terminal;

use super::open;
use crate::cli::baseline::{Kind, Trust, Trusted};
use crate::commands::summary::words::{count, group};
use crate::commands::{End, Stop, settings, shown};

/// Runs the command.
pub fn run(arguments: &Trust) -> Result<End, Stop> {
    let settings = settings(&arguments.common, None)?;
    let state = open(&arguments.state, Access::ReadOnly)?;
    let judge = Judge::of(&state, arguments)?;
    let text = match arguments.list {
        Trusted::Networks => networks::text(&state, &settings, &judge)?,
        Trusted::Accounts => accounts(&state, &settings, &judge)?,
        Trusted::Buckets => buckets(&state, &judge)?,
    };
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(End::Done)
}

/// What is there long and often enough.
struct Judge<'t> {
    arguments: &'t Trust,
    path: String,
    /// UTC day of the last record that was learned.
    last: i32,
}

impl<'t> Judge<'t> {
    fn of(state: &State, arguments: &'t Trust) -> Result<Self, Stop> {
        let log = state.entities(&List {
            kind: "",
            filter: None,
            order: Order::LastSeen,
            limit: Some(1),
            dimension: None,
        })?;
        Ok(Self {
            arguments,
            path: shown(state.path()),
            last: log.first().map_or(i32::MIN, |log| day(log.extent.last)),
        })
    }

    /// Why something is no entry; none where it is.
    fn against(&self, extent: &Extent) -> Option<String> {
        let Trust {
            min_days,
            min_requests,
            min_age,
            ..
        } = *self.arguments;
        let age = self.last.saturating_sub(day(extent.first)).max(0);
        let mut reasons = Vec::new();
        if age.unsigned_abs() < min_age {
            reasons.push(format!(
                "first seen {} before the last record",
                days(age.unsigned_abs())
            ));
        }
        if days_of(extent) < min_days {
            reasons.push(format!("fewer than {}", days(min_days)));
        }
        if extent.requests < min_requests {
            reasons.push(format!("fewer than {}", count(min_requests, "request")));
        }
        (!reasons.is_empty()).then(|| reasons.join(", "))
    }

    /// The lines before a list: what it is, and how to use it.
    fn head(&self, what: &str, usage: &str) -> String {
        let Trust {
            min_days,
            min_requests,
            min_age,
            ..
        } = *self.arguments;
        let mut text = String::new();
        for line in what.lines() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "# {line}");
        }
        let _ = writeln!(text, "# From {}.", self.path);
        let _ = writeln!(text, "#");
        let _ = writeln!(
            text,
            "# READ IT BEFORE YOU USE IT: whoever was there while it was learned is in it, an\n\
             # attacker too. Remove what you do not know. Commented out is what came in the last\n\
             # {} (--min-age), was seen on fewer than {} (--min-days) or has fewer than\n\
             # {} (--min-requests).",
            days(min_age),
            days(min_days),
            count(min_requests, "request"),
        );
        let _ = writeln!(text, "#");
        for line in usage.lines() {
            let _ = writeln!(text, "# {line}");
        }
        text
    }
}

fn days(number: u32) -> String {
    count(number.into(), "day")
}

fn days_of(extent: &Extent) -> u32 {
    extent.days.bits().count_ones()
}

/// `2026-01-01 to 2026-02-03, 12,345 requests on 20 days`.
fn seen(extent: &Extent) -> String {
    let date = |time: i64| {
        let text = rfc3339(time);
        text.split('T').next().unwrap_or_default().to_owned()
    };
    format!(
        "{} to {}, {} on {}",
        date(extent.first),
        date(extent.last),
        count(extent.requests, "request"),
        days(days_of(extent))
    )
}

fn accounts(state: &State, settings: &Settings, judge: &Judge<'_>) -> Result<String, Stop> {
    let mut text = judge.head(
        "Accounts that were seen. Those of others that read a public bucket are among them.",
        "Put what is yours into s3sentry.toml as it stands, and into trusted_accounts what is\n\
         others' and may.",
    );
    let is_account =
        |name: &str| name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit());
    let set = |name: &str| {
        let lists = [
            ("accounts", &settings.accounts),
            ("trusted_accounts", &settings.trusted_accounts),
        ];
        let mut lists = lists.into_iter();
        lists.find_map(|(list, set)| {
            let known = set.as_ref().is_some_and(|set| set.contains(name));
            known.then(|| format!("in {list} already"))
        })
    };
    list(&mut text, state, Kind::Account, "accounts", judge, |name| {
        if is_account(name) {
            set(name)
        } else {
            Some("no number of an account".to_owned())
        }
    })?;
    Ok(text)
}

fn buckets(state: &State, judge: &Judge<'_>) -> Result<String, Stop> {
    let mut text = judge.head(
        "Buckets whose logs were read.",
        "Put what is yours into s3sentry.toml as it stands; * stands for any text.",
    );
    let plain = |name: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        !name.is_empty() && name.bytes().all(plain)
    };
    list(&mut text, state, Kind::Bucket, "buckets", judge, |name| {
        (!plain(name)).then(|| "no name of a bucket".to_owned())
    })?;
    Ok(text)
}

/// Entities as an array of TOML, declared ones first, then those with most
/// requests.
fn list(
    text: &mut String,
    state: &State,
    kind: Kind,
    key: &str,
    judge: &Judge<'_>,
    unfit: impl Fn(&str) -> Option<String>,
) -> Result<(), Stop> {
    let mut rows = state.entities(&List {
        kind: kind.field(),
        filter: None,
        order: Order::Requests,
        limit: None,
        dimension: None,
    })?;
    rows.sort_by_key(|row| !row.declared);
    let entry = |row: &EntityRow| {
        let name = row.name.first()?.as_ref()?;
        let shown = terminal(name);
        let against = match std::str::from_utf8(name).map(&unfit) {
            Ok(None) => judge.against(&row.extent),
            Ok(reason) => reason,
            Err(_) => Some("no text".to_owned()),
        };
        Some(Entry {
            text: format!("    \"{shown}\","),
            about: about(row.declared, None, &row.extent),
            against,
        })
    };
    let entries: Vec<Entry> = rows.iter().filter_map(entry).collect();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{key} = [");
    write(text, &entries);
    text.push_str("]\n");
    Ok(())
}

/// A line of a list.
struct Entry {
    /// As the settings take it.
    text: String,
    about: String,
    /// Why it is a comment only.
    against: Option<String>,
}

/// Whose it is, when it was seen, and how often.
fn about(declared: bool, whose: Option<&str>, extent: &Extent) -> String {
    let mut text = String::new();
    if declared {
        text.push_str("declared; ");
    }
    if let Some(whose) = whose {
        let _ = write!(text, "{whose}; ");
    }
    text + &seen(extent)
}

/// Entries that count first.
fn write(text: &mut String, entries: &[Entry]) {
    let (good, bad): (Vec<&Entry>, Vec<&Entry>) =
        entries.iter().partition(|entry| entry.against.is_none());
    let width = |entry: &&Entry| entry.text.chars().count();
    let widest = entries.iter().map(|entry| width(&entry)).max().unwrap_or(0);
    for entry in &good {
        let _ = writeln!(text, "{:widest$}  # {}", entry.text, entry.about);
    }
    if !bad.is_empty() {
        let _ = writeln!(text, "# {} commented out:", group(bad.len() as u64));
    }
    for entry in &bad {
        let against = entry.against.as_deref().unwrap_or_default();
        let _ = writeln!(
            text,
            "# {:widest$}  # {}; {against}",
            entry.text, entry.about
        );
    }
}
