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
#[path = "generate/attacks.rs"]
mod attacks;
#[path = "generate/decoys.rs"]
mod decoys;
#[path = "generate/delivery.rs"]
mod delivery;
#[path = "generate/kinds.rs"]
mod kinds;
#[path = "generate/line.rs"]
mod line;
#[path = "generate/plan.rs"]
mod plan;
#[path = "generate/plays.rs"]
mod plays;
#[path = "generate/rng.rs"]
mod rng;
#[path = "generate/scene.rs"]
mod scene;
#[path = "generate/traffic.rs"]
mod traffic;
#[path = "generate/world.rs"]
mod world;

use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail, ensure};
use chrono::DateTime;
use clap::Parser;

use crate::attacks::{ATTACKS, Attack};
use crate::decoys::Decoys;
use crate::delivery::Delivery;
use crate::line::{Fields, Writer};
use crate::plan::Plan;
use crate::scene::{Scene, Truth};
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
    /// How many addresses there are to draw from
    #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(10..))]
    addresses: u32,
    /// One line in 25 stands up to so much later than its time
    #[arg(long, default_value = "0s", value_parser = duration)]
    disorder: i64,
    /// Fields a line: 17, 18, 24, 25, 26, 27 or mixed
    #[arg(long, default_value = "27")]
    fields: Fields,
    /// Attacks to plant: all, none, or names of attacks or rules, with commas
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
}

fn main() -> Result<()> {
    let options = Options::parse();
    if let Some(path) = &options.settings {
        std::fs::write(path, world::settings())
            .with_context(|| format!("writing {}", path.display()))?;
    }
    if let Some(path) = &options.trusted_networks {
        std::fs::write(path, world::TRUSTED_NETWORKS.join("\n") + "\n")
            .with_context(|| format!("writing {}", path.display()))?;
    }
    let chosen = choose(&options.attacks)?;
    let clock = Clock::new(&options);
    let mut plan = Plan::new(options.seed, options.fields);
    let truth = plant(&chosen, &clock, &mut plan)?;
    if let Some(path) = &options.truth {
        let text = serde_json::to_string_pretty(&truth)? + "\n";
        std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))?;
    }
    match write(&options, &clock, &mut plan, io::stdout().lock()) {
        // `generate | head` is no failure.
        Err(error) if broken_pipe(&error) => Ok(()),
        result => result,
    }
}

fn broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

/// Which line stands at which time.
struct Clock {
    start: i64,
    /// Lines, or what they will be by the average of the shape.
    lines: u64,
    /// The lines take so many seconds: `lines` over `span` is the rate.
    span: Span,
}

enum Span {
    Rate(u64),
    Seconds(u64),
}

impl Clock {
    fn new(options: &Options) -> Self {
        let lines = options.bytes.map_or(options.lines, |bytes| {
            let average = match options.shape {
                Shape::Sessions => 690,
                Shape::Scattered => 700,
            };
            bytes / average
        });
        Self {
            start: options.start,
            lines: lines.max(1),
            span: options
                .duration
                .map_or(Span::Rate(options.rate), |seconds| {
                    Span::Seconds(seconds.unsigned_abs())
                }),
        }
    }

    /// Time of a line; 128 bits so that no product overflows.
    fn at(&self, line: u64) -> i64 {
        let line = u128::from(line);
        let after = match self.span {
            Span::Rate(rate) => line * 3600 / u128::from(rate),
            Span::Seconds(seconds) => line * u128::from(seconds) / u128::from(self.lines),
        };
        self.start + after as i64
    }
}

fn choose(names: &str) -> Result<Vec<&'static Attack>> {
    match names {
        "all" => return Ok(ATTACKS.iter().collect()),
        "none" => return Ok(Vec::new()),
        _ => {}
    }
    let wanted: Vec<&str> = names.split(',').map(str::trim).collect();
    let known = |name: &str| {
        ATTACKS
            .iter()
            .any(|attack| attack.name == name || attack.rule == name)
    };
    if let Some(name) = wanted.iter().find(|name| !known(name)) {
        let names: Vec<&str> = ATTACKS.iter().map(|attack| attack.name).collect();
        bail!(
            "no attack or rule is named {name}; there are {}",
            names.join(", ")
        );
    }
    let chosen = ATTACKS
        .iter()
        .filter(|attack| wanted.contains(&attack.name) || wanted.contains(&attack.rule));
    Ok(chosen.collect())
}

/// Seconds that the longest attack may take.
const LONGEST: i64 = 420;

/// Spreads the attacks over the first nine tenths of the time.
fn plant(attacks: &[&Attack], clock: &Clock, plan: &mut Plan) -> Result<Vec<Truth>> {
    let span = clock.at(clock.lines) - clock.start;
    ensure!(
        attacks.is_empty() || span >= 1800,
        "attacks need half an hour, and {} lines at this rate take {span} s: \
         more lines, a lower --rate, or --attacks none",
        clock.lines
    );
    let room = (span * 9 / 10).min(span - LONGEST) - 60;
    let mut truth = Vec::new();
    for (i, attack) in (0..).zip(attacks) {
        let mut begin = clock.start + 60 + room * i / attacks.len() as i64;
        if attack.straddles {
            // Its middle, 81 seconds in, onto the next hour, if there is one.
            let hour = begin + 3600 - begin.rem_euclid(3600);
            if hour + LONGEST < clock.start + span {
                begin = hour - 81;
            }
        }
        truth.push(Scene::play(attack, begin, plan));
    }
    ensure!(
        plan.attacks_left * 4 <= clock.lines,
        "{} lines of attacks need at least four times as many lines in all",
        plan.attacks_left
    );
    Ok(truth)
}

fn write(options: &Options, clock: &Clock, plan: &mut Plan, output: impl Write) -> Result<()> {
    let mut writer = Writer::new(options.seed, options.fields, 0);
    let mut traffic = Traffic::new(
        options.shape,
        options.seed,
        options.addresses,
        options.start,
    );
    let mut decoys = (!options.no_decoys).then(|| Decoys::new(options.seed, options.start));
    let mut delivery = Delivery::new(output, options.disorder, options.seed);
    let mut line = 0;
    loop {
        let done = match options.bytes {
            Some(bytes) => delivery.bytes() >= bytes && plan.attacks_left == 0,
            None => line >= options.lines,
        };
        if done {
            break;
        }
        let now = clock.at(line);
        if let Some(decoys) = &mut decoys {
            decoys.plan(now, plan);
        }
        if let Some(planned) = plan.take(now) {
            delivery.line(planned.time, |out| out.extend_from_slice(&planned.text))?;
        } else {
            delivery.line(now, |out| traffic.write(now, &mut writer, out))?;
        }
        line += 1;
    }
    delivery.finish()?;
    ensure!(
        plan.attacks_left == 0,
        "the log ended before the attacks did: more lines or fewer attacks"
    );
    Ok(())
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
