//! One key for a person: what fired, and how near every condition came.

use std::io::{self, Write};
use std::sync::Arc;

use s3sentry::explain::{KeyReport, Moment, Nearest, Steps, Valued, counted, several};
use s3sentry::record::time::rfc3339;

use super::{put, safe, values, yes};
use crate::commands::summary::words::{count, group};

/// Periods of a key that are named.
const PERIODS: usize = 5;

/// Writes a key of a rule.
pub fn write(out: &mut impl Write, own: &str, key: &KeyReport) -> io::Result<()> {
    let name = match &key.key.0[..] {
        [] => "all together".to_owned(),
        _ => values(&key.key),
    };
    let answer = if key.periods > 0 {
        "fired"
    } else {
        "did not fire"
    };
    write!(out, "\n{name}: {answer}; {}", count(key.records, "record"))?;
    match key.seen {
        Some((first, last)) if first != last => {
            writeln!(out, ", {} to {}", rfc3339(first), clock(last, first))?;
        }
        Some((first, _)) => writeln!(out, ", at {}", rfc3339(first))?,
        None => writeln!(out)?,
    }
    for fired in key.fired.iter().take(PERIODS) {
        let ((start, end), (time, value)) = (fired.period, fired.trigger);
        writeln!(
            out,
            "  fired at {} with {}: alert for {} to {}",
            rfc3339(time),
            group(value),
            rfc3339(start),
            clock(end, start),
        )?;
    }
    let more = key.periods.saturating_sub(PERIODS as u64);
    if more > 0 {
        writeln!(out, "  and in {}", count(more, "further period"))?;
    }
    let mut of: Option<&Arc<str>> = None;
    for near in &key.nearest {
        if of != Some(&near.rule) && &*near.rule != own {
            writeln!(out, "  {}", safe(&near.rule))?;
        }
        of = Some(&near.rule);
        nearest(out, if &*near.rule == own { 2 } else { 4 }, near)?;
    }
    for name in &key.apart {
        let name = safe(name);
        writeln!(out, "  {name}: all of this held, but never in one second")?;
    }
    Ok(())
}

fn nearest(out: &mut impl Write, indent: usize, near: &Nearest) -> io::Result<()> {
    let answer = yes(near.met);
    let (part, words) = (&near.part, safe(&near.words));
    put(out, indent, &format!("{answer:3} {part}: {words}"))?;
    let text = match &near.moment {
        None => "nothing was counted".to_owned(),
        Some(Moment::Value(valued)) => self::valued(valued, near.met),
        Some(Moment::Steps(far)) => steps(far),
    };
    let key = match &near.key.0[..] {
        [] => String::new(),
        _ => format!(", for {}", values(&near.key)),
    };
    put(out, indent + 4, &format!("{text}{key}"))
}

fn valued(valued: &Valued, met: bool) -> String {
    let (after, through) = valued.window;
    let reading = valued.reading;
    let number = if reading.over == 1 {
        group(reading.value())
    } else {
        decimal(reading.sum as f64 / reading.over as f64)
    };
    let of = valued.of.map(|of| format!(" of {}", group(of)));
    let of = of.unwrap_or_default();
    let (end, from) = (rfc3339(through), clock(after, through));
    let to = clock(through, through);
    let short = decimal(valued.short);
    let short = match (met, valued.of) {
        (true, _) => String::new(),
        (false, Some(_)) => format!(": {short} short"),
        (false, None) => format!(": {short} off"),
    };
    let rules = valued.rules.as_ref().map(|rules| {
        let names = |all: &[Arc<str>]| {
            let all: Vec<String> = all.iter().map(|name| safe(name)).collect();
            several(all.into_iter(), "and")
        };
        let (there, missing) = (names(&rules.there), names(&rules.missing));
        format!("; there: {there}; missing: {missing}")
    });
    let rules = rules.unwrap_or_default();
    format!("{number}{of} at {end} ({from} to {to}){short}{rules}")
}

fn steps(far: &Steps) -> String {
    let (first, last) = far.times;
    let when = if first == last {
        format!(" at {}", rfc3339(last))
    } else {
        format!(", {} to {}", rfc3339(first), clock(last, first))
    };
    let next = match (&far.refused, &far.next) {
        (Some(reason), Some(next)) => {
            format!("; {} did not follow: {}", safe(next), safe(reason))
        }
        (None, Some(next)) => format!("; then no {}", safe(next)),
        (_, None) => String::new(),
    };
    format!(
        "{} of {}{when}{next}",
        far.reached,
        counted(far.of as u64, "step")
    )
}

/// A time, without its day where that is the day of another.
fn clock(time: i64, other: i64) -> String {
    let (text, other) = (rfc3339(time), rfc3339(other));
    match (text.split_once('T'), other.split_once('T')) {
        (Some((day, clock)), Some((same, _))) if day == same => {
            clock.trim_end_matches('Z').to_owned()
        }
        _ => text,
    }
}

fn decimal(number: f64) -> String {
    if number.fract() == 0.0 {
        return group(number as u64);
    }
    format!("{number:.2}")
}
