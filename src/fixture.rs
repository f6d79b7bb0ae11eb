//! Rules over a small log: what `rules test` and the tests of the built-in
//! rules share.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use crate::baseline::known::Mode;
use crate::baseline::{Baseline, Lessons};
use crate::pipeline::{self, Options, Span, Tally};
use crate::rule::RuleSet;
use crate::sink::{self, Format};
use crate::source::{Options as ReadOptions, Sources, Spec};

/// The log beside others that says what is normal: its name in a directory of
/// fixtures.
pub const BASELINE: &str = "baseline.log";

/// The alerts that the rules raise over a log, as JSON without evidence and
/// without the incident, which follows from key and trigger; `normal` is a log of
/// what has been declared normal before. The error says what about a log is
/// wrong: unreadable, or not all records.
pub fn alerts(log: &Path, normal: Option<&Path>, set: &Arc<RuleSet>) -> Result<Vec<Value>, String> {
    let mut baseline = match (normal, set.learn()) {
        (Some(normal), Some(learn)) => Some(declared(normal, set, Arc::clone(learn.lessons()))?),
        _ => None,
    };
    let mut sources = open(log);
    let mut found = Vec::new();
    let options = Options {
        span: Span::default(),
        lateness: sources.lateness(),
        max_state: 64 << 20,
    };
    let baseline = baseline.as_mut();
    let each = |alert, _: &Tally| {
        found.extend(alert);
        Ok::<_, std::io::Error>(())
    };
    let outcome = pipeline::run_beside(&mut sources, set, options, baseline, each)
        .map_err(|error| error.to_string())?;
    sound(&sources, &outcome.tally)?;
    let mut text = Vec::new();
    let mut sink = sink::alerts(
        Format::Ndjson,
        Box::new(&mut text),
        sink::Options::default(),
    );
    for mut alert in found {
        alert.evidence.clear();
        alert.context.incident = None;
        sink.alert(&alert).map_err(|error| error.to_string())?;
    }
    sink.finish().map_err(|error| error.to_string())?;
    drop(sink);
    let lines = text
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_slice(line).map_err(|error| error.to_string()))
        .collect()
}

/// A baseline for which all of a log is normal.
fn declared(normal: &Path, set: &Arc<RuleSet>, lessons: Arc<Lessons>) -> Result<Baseline, String> {
    let mut sources = open(normal);
    let mut baseline = Baseline::new(lessons, Mode::Declare, sources.lateness());
    let each = |_: &mut Baseline, _: &Tally| Ok::<_, std::io::Error>(());
    let tally = pipeline::teach(&mut sources, set, Span::default(), &mut baseline, each)
        .map_err(|error| error.to_string())?;
    let wrong = |reason| format!("{}: {reason}", normal.display());
    sound(&sources, &tally).map_err(wrong)?;
    baseline.set_mode(Mode::Learn);
    Ok(baseline)
}

fn open(log: &Path) -> Sources {
    Sources::open(vec![Spec::Path(log.to_owned())], ReadOptions::default())
}

/// A log of a fixture is whole.
fn sound(sources: &Sources, tally: &Tally) -> Result<(), String> {
    if let Some(problem) = sources.problems().first() {
        return Err(problem.to_string());
    }
    match tally.samples.first() {
        Some(sample) => Err(format!("byte {}: {}", sample.offset, sample.reason)),
        None => Ok(()),
    }
}
