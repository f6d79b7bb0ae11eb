//! What a watch has come to so far, over all cycles.

use std::fmt::Write as _;
use std::time::Duration;

use s3sentry::alert::Level;
use s3sentry::pipeline::{Outcome, Tally};
use s3sentry::record::time::rfc3339;
use s3sentry::source::{self, Sources};

use crate::commands::say;
use crate::commands::scan::writer::Versions;
use crate::commands::summary::words::{bytes, count, group, pace, row};
use crate::commands::summary::{self, Entities};

/// Sums over all cycles.
#[derive(Default)]
pub struct Totals {
    /// What was read.
    pub tally: Tally,
    /// Inputs that were read to their end, once for each time.
    read: u64,
    late: u64,
    evicted: u64,
    /// Whether malformed lines have been shown.
    shown: bool,
    warned: bool,
}

impl Totals {
    /// Adds a cycle; says what is wrong with the lines, the first time.
    pub fn add(&mut self, mut outcome: Outcome, sources: Option<&Sources>) {
        if let Some(sources) = sources {
            self.read += sources.counts().read;
            self.show(&outcome.tally, sources);
        }
        outcome.tally.samples.clear();
        self.tally.merge(&mut outcome.tally);
        self.late = outcome.correlation.late;
        self.evicted = outcome.correlation.evicted;
    }

    fn show(&mut self, tally: &Tally, sources: &Sources) {
        if tally.lines > 0 && tally.records() == 0 && !self.warned && self.tally.records() == 0 {
            self.warned = true;
            say(format_args!(
                "s3sentry: warning: no access-log line in the input; this looks like {}",
                source::describe(sources.sample())
            ));
        }
        if tally.malformed > 0 && !self.shown {
            self.shown = true;
            summary::samples(|source| sources.name(source), tally);
        }
    }

    /// The closing summary; `failed` is what could not be read in the end.
    pub fn print(
        &self,
        entities: &Entities,
        versions: &Versions,
        min_level: Level,
        failed: u64,
        elapsed: Duration,
    ) {
        let tally = &self.tally;
        say(format_args!(
            "s3sentry: {}, {} {}",
            count(tally.lines, "line"),
            bytes(tally.bytes),
            pace(tally.lines, elapsed)
        ));
        let width = summary::width();
        let row = |name: &str, text: &str| say(row(name, text, width));
        let records = format!(
            "{}; {} malformed, {} ambiguous, {} undated",
            group(tally.records()),
            group(tally.malformed),
            group(tally.ambiguous),
            group(tally.undated),
        );
        row("records", &records);
        if let Some((first, last)) = tally.span {
            row(
                "period",
                &format!("{} to {}", rfc3339(first), rfc3339(last)),
            );
        }
        let mut inputs = format!("{} read", group(self.read));
        if failed > 0 {
            // Writing to a string cannot fail.
            let _ = write!(inputs, ", {} failed", group(failed));
        }
        row("inputs", &inputs);
        row("alerts", &entities.by_level(min_level));
        let Versions {
            open,
            closed,
            withdrawn,
        } = versions;
        row(
            "",
            &format!(
                "{} told while their period went on; {} of those closed, {} withdrawn",
                group(*open),
                group(*closed),
                group(*withdrawn)
            ),
        );
        row(
            "state",
            &format!(
                "{} late, {} evicted",
                count(self.late, "record"),
                count(self.evicted, "key")
            ),
        );
    }
}
