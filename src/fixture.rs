//! Rules over a small log: what `rules test` and the tests of the built-in
//! rules share.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use crate::pipeline::{self, Options, Span};
use crate::rule::RuleSet;
use crate::sink::{self, Format};
use crate::source::{Options as ReadOptions, Sources, Spec};

/// The alerts that the rules raise over a log, as JSON without evidence and
/// without the incident, which follows from key and trigger. The error says what about the log is wrong: unreadable, or not all records.
pub fn alerts(log: &Path, set: &Arc<RuleSet>) -> Result<Vec<Value>, String> {
    let mut sources = Sources::open(vec![Spec::Path(log.to_owned())], ReadOptions::default());
    let mut found = Vec::new();
    let options = Options {
        span: Span::default(),
        lateness: sources.lateness(),
        max_state: 64 << 20,
    };
    let outcome = pipeline::run::<std::io::Error>(&mut sources, set, options, |alert, _| {
        found.extend(alert);
        Ok(())
    })
    .map_err(|error| error.to_string())?;
    if let Some(problem) = sources.problems().first() {
        return Err(problem.to_string());
    }
    if let Some(sample) = outcome.tally.samples.first() {
        return Err(format!("byte {}: {}", sample.offset, sample.reason));
    }
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
