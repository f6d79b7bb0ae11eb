//! Writes realistic S3 server access logs: ordinary traffic of a small
//! company, decoys, and planted attacks with a record of what a detector must
//! find. A seed's output is the same bytes on every machine and forever.
//!
//! ```text
//! cargo run --release --example generate -- --lines 200000 --seed 7 --truth truth.json > access.log
//! ```
//!
//! `benches/README.md` says what is in it.

#[path = "generate/acts.rs"]
mod acts;
#[path = "generate/attacks/mod.rs"]
mod attacks;
#[path = "generate/decoys/mod.rs"]
mod decoys;
#[path = "generate/delivery.rs"]
mod delivery;
#[path = "generate/fields.rs"]
mod fields;
#[path = "generate/kinds.rs"]
mod kinds;
#[path = "generate/line.rs"]
mod line;
#[path = "generate/lines.rs"]
mod lines;
#[path = "generate/placing.rs"]
mod placing;
#[path = "generate/plan.rs"]
mod plan;
#[path = "generate/rhythm.rs"]
mod rhythm;
#[path = "generate/rng.rs"]
mod rng;
#[path = "generate/rollout.rs"]
mod rollout;
#[path = "generate/scene.rs"]
mod scene;
#[path = "generate/settings.rs"]
mod settings;
#[path = "generate/spread.rs"]
mod spread;
#[path = "generate/traffic.rs"]
mod traffic;
#[path = "generate/usual.rs"]
mod usual;
#[path = "generate/world.rs"]
mod world;

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use chrono::DateTime;
use clap::Parser;

use crate::decoys::Decoys;
use crate::delivery::Delivery;
use crate::line::{Fields, Writer};
use crate::placing::Clock;
use crate::plan::Plan;
use crate::rhythm::{Rhythm, Ticks};
use crate::rollout::Rollout;
use crate::traffic::{Shape, Traffic};

/// Write realistic S3 server access logs to standard output.
#[derive(Parser)]
struct Options {
    /// Number of lines
    #[arg(long, conflicts_with = "bytes", default_value_t = 100_000)]
    lines: u64,
    /// Size instead of a number of lines, such as 100MiB; reached with the last line
    #[arg(long, value_parser = size)]
    bytes: Option<u64>,
    /// Same seed, same options: same bytes
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How addresses and keys follow on each other
    #[arg(long, value_enum, default_value_t = Shape::Sessions)]
    shape: Shape,
    /// Time of the first line
    #[arg(long, default_value = "2026-02-03T00:00:00Z", value_parser = time)]
    start: i64,
    /// Lines an hour; the time span grows with the size
    #[arg(long, conflicts_with = "duration", default_value_t = 60_000, value_parser = clap::value_parser!(u64).range(1..))]
    rate: u64,
    /// Time span instead of a rate, such as 24h
    #[arg(long, value_parser = duration)]
    duration: Option<i64>,
    /// Whether nights and weekends are quieter
    #[arg(long, value_enum, default_value_t = Rhythm::Flat)]
    rhythm: Rhythm,
    /// People travel, come and go; new buckets and versions, in the second and third week
    #[arg(long)]
    changes: bool,
    /// How many addresses there are to draw from
    #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(10..))]
    addresses: u32,
    /// One line in 25 stands up to so much later than its time
    #[arg(long, default_value = "0s", value_parser = duration)]
    disorder: i64,
    /// Fields a line: 17, 18, 24, 25, 26, 27 or mixed
    #[arg(long, default_value = "27")]
    fields: Fields,
    /// Attacks to plant: all (that the log has room for), learned (those that need a baseline), none, or names of attacks or rules, with commas
    #[arg(long, default_value = "all")]
    attacks: String,
    /// Leave out ordinary behaviour that looks like an attack
    #[arg(long)]
    no_decoys: bool,
    /// Write what was planted, as a JSON array
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
    /// Write the settings that suit these logs, as an s3sentry.toml
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Write the trusted networks, one a line
    #[arg(long, value_name = "FILE")]
    trusted_networks: Option<PathBuf>,
    /// Write AWS's addresses in this world, as an ip-ranges.json; --settings then names it
    #[arg(long, value_name = "FILE")]
    aws_ranges: Option<PathBuf>,
    /// Write lists of addresses known for attacks; --settings then names them
    #[arg(long, value_name = "DIRECTORY")]
    ioc: Option<PathBuf>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    write_lists(&options)?;
    let clock = clock(&options);
    let chosen = placing::choose(&options.attacks, &clock)?;
    let rollout = Rollout::new(options.start, options.changes);
    let mut plan = Plan::new(options.seed, options.fields, rollout);
    let truth = placing::plant(&chosen, &clock, &mut plan)?;
    if let Some(path) = &options.truth {
        save(path, &(serde_json::to_string_pretty(&truth)? + "\n"))?;
    }
    match write(&options, &clock, &mut plan, io::stdout().lock()) {
        // `generate | head` is no failure.
        Err(error) if broken_pipe(&error) => Ok(()),
        result => result,
    }
}

fn save(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

/// The settings, and the lists that they name.
fn write_lists(options: &Options) -> Result<()> {
    if let Some(path) = &options.trusted_networks {
        save(path, &(settings::TRUSTED_NETWORKS.join("\n") + "\n"))?;
    }
    if let Some(path) = &options.aws_ranges {
        save(path, settings::AWS_RANGES)?;
    }
    if let Some(directory) = &options.ioc {
        std::fs::create_dir_all(directory)
            .with_context(|| format!("making {}", directory.display()))?;
        for (file, _, text) in settings::INDICATORS {
            save(&directory.join(file), text)?;
        }
    }
    if let Some(path) = &options.settings {
        let (ranges, ioc) = (options.aws_ranges.as_deref(), options.ioc.as_deref());
        save(path, &settings::text(path, ranges, ioc)?)?;
    }
    Ok(())
}

fn broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

/// Beginning and length of the log.
fn clock(options: &Options) -> Clock {
    let lines = options.bytes.map_or(options.lines, |bytes| {
        let average = match options.shape {
            Shape::Sessions => 690,
            Shape::Scattered => 700,
            Shape::Spread => 640,
        };
        bytes / average
    });
    let lines = lines.max(1);
    // 128 bits so that no product overflows.
    let by_rate = || u128::from(lines) * 3600 / u128::from(options.rate);
    let span = options.duration.unwrap_or_else(|| by_rate() as i64);
    Clock {
        start: options.start,
        lines,
        span: span.max(1),
    }
}

/// Planned lines come in addition to ordinary ones, which keep their pace: what
/// is planned is known beforehand and taken off their number.
fn write(options: &Options, clock: &Clock, plan: &mut Plan, output: impl Write) -> Result<()> {
    let (seed, start, rhythm) = (options.seed, options.start, options.rhythm);
    let decoys = || (!options.no_decoys).then(|| Decoys::new(seed, start, rhythm, options.changes));
    let mut planned = plan.attacks_left;
    if let Some(mut decoys) = decoys() {
        decoys.play(clock.end() - 1, &mut |line| {
            planned += u64::from(line.time < clock.end());
        });
    }
    ensure!(
        planned < clock.lines,
        "attacks and decoys alone are {planned} lines: more lines, a shorter time, or --no-decoys"
    );
    let ordinary = clock.lines - planned;
    let mut ticks = Ticks::new(options.rhythm, clock.start, clock.span, ordinary);
    let mut log = Log {
        decoys: decoys(),
        plan,
        delivery: Delivery::new(output, options.disorder, options.seed),
    };
    let mut writer = Writer::new(
        seed,
        options.fields,
        Rollout::new(start, options.changes),
        0,
    );
    let mut traffic = Traffic::new(
        options.shape,
        options.rhythm,
        options.seed,
        options.addresses,
        options.start,
    );
    let mut line = 0;
    loop {
        let done = match options.bytes {
            Some(bytes) => log.delivery.bytes() >= bytes && log.plan.attacks_left == 0,
            None => line >= ordinary,
        };
        if done {
            break;
        }
        let now = ticks.next();
        log.planned(now)?;
        log.delivery
            .line(now, |out| traffic.write(now, &mut writer, out))?;
        line += 1;
    }
    if options.bytes.is_none() {
        log.planned(clock.end() - 1)?;
    }
    log.delivery.finish()?;
    Ok(())
}

/// The log being written.
struct Log<'a, W> {
    decoys: Option<Decoys>,
    plan: &'a mut Plan,
    delivery: Delivery<W>,
}

impl<W: Write> Log<'_, W> {
    /// Delivers what is planned up to a time.
    fn planned(&mut self, now: i64) -> io::Result<()> {
        if let Some(decoys) = &mut self.decoys {
            decoys.play(now, &mut |line| self.plan.add(line));
        }
        while let Some(planned) = self.plan.take(now) {
            self.delivery
                .line(planned.time, |out| out.extend_from_slice(&planned.text))?;
        }
        Ok(())
    }
}

fn time(text: &str) -> Result<i64, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.timestamp())
        .map_err(|_| "a time such as 2026-02-03T00:00:00Z".into())
}

/// A number and its unit.
fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let (_, scale) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*scale)
}

fn duration(text: &str) -> Result<i64, String> {
    scaled(text, &[("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)])
        .and_then(|seconds| i64::try_from(seconds).ok())
        .ok_or_else(|| "a duration such as 90s, 5m, 24h or 30d".into())
}

fn size(text: &str) -> Result<u64, String> {
    let units = [
        ("", 1),
        ("B", 1),
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("kB", 1000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
    ];
    scaled(text, &units).ok_or_else(|| "a size such as 64KiB, 100MiB or 8GiB".into())
}
