//! What goes on between runs, in the summary: how far learning has come, which
//! alerts are open, which inputs were done before.

use std::fmt::Write as _;

use s3sentry::baseline::{self, Baseline};
use s3sentry::pipeline::Memory;
use s3sentry::record::time::rfc3339;
use s3sentry::session::{Notice, Session};
use s3sentry::source::Counts;

use super::words::{count, group};
use crate::commands::scan::writer::Versions;
use crate::commands::shown;

/// A state file and what came of it.
pub struct Kept<'s> {
    /// The file.
    pub session: &'s Session,
    /// Windows and baseline.
    pub memory: &'s Memory,
    /// Versions of alerts that were written.
    pub versions: &'s Versions,
}

/// What is lacking until new things count as new.
pub struct Left {
    /// Days with records.
    pub days: u32,
    /// The first day on which they count, if there are records on every day:
    /// `2026-02-10`.
    pub from: String,
}

impl Kept<'_> {
    /// Whether new things count as new.
    pub fn is_learned(&self) -> bool {
        let baseline = self.memory.baseline.as_ref();
        let days = baseline.and_then(|baseline| self.days(baseline));
        days.is_some_and(|(learned, needed)| learned >= needed)
    }

    /// How long learning will take; none where it has ended, or does not go on.
    pub fn days_left(&self) -> Option<Left> {
        let baseline = self.memory.baseline.as_ref()?;
        let (learned, needed) = self.days(baseline)?;
        let days = needed.checked_sub(learned).filter(|days| *days > 0)?;
        let last = baseline::day(self.memory.correlator.latest()?);
        let first = i64::from(last) + i64::from(days) + 1;
        let from = rfc3339(first * baseline::DAY);
        baseline.learns().then(|| Left {
            days,
            from: from.split('T').next().unwrap_or_default().to_owned(),
        })
    }

    /// Days learned, and days needed. The day at hand counts as a day of learning;
    /// what is learned is asked from the next one on.
    fn days(&self, baseline: &Baseline) -> Option<(u32, u32)> {
        let latest = self.memory.correlator.latest();
        let learned = latest.map_or(0, |time| baseline.days_learned(baseline::day(time) + 1));
        let dimension = baseline.lessons().dimensions.first();
        Some((learned, dimension?.learn_days))
    }

    /// What a person has to know before anything else.
    pub fn notice(&self) -> Option<String> {
        self.session.notice().map(words)
    }

    /// Rows of the summary.
    pub fn rows(&self, inputs: &Counts) -> Vec<(&'static str, String)> {
        let mut rows = vec![("", self.file(inputs))];
        rows.push(("", self.alerts()));
        rows.extend(self.baseline().map(|text| ("baseline", text)));
        rows
    }

    fn file(&self, inputs: &Counts) -> String {
        let mut parts = vec![format!("kept in {}", shown(self.session.path()))];
        for (number, what) in [
            (inputs.done, "read before"),
            (inputs.waiting, "waiting for the end of a line"),
            (inputs.replaced, "another file under a known name"),
        ] {
            if number > 0 {
                parts.push(format!("{} {what}", count(number, "input")));
            }
        }
        parts.join(", ")
    }

    fn alerts(&self) -> String {
        let Versions {
            open,
            closed,
            withdrawn,
        } = self.versions;
        format!(
            "{} open until their period is over, {} closed that had been open, {} withdrawn",
            count(*open, "alert"),
            group(*closed),
            group(*withdrawn)
        )
    }

    /// How far learning has come, and how much it knows.
    pub fn baseline(&self) -> Option<String> {
        let baseline = self.memory.baseline.as_ref()?;
        let (entities, values) = baseline.len();
        let (learned, needed) = self.days(baseline)?;
        let mut text = if learned >= needed {
            String::from("learned")
        } else {
            format!("learning: {learned} of {needed} days")
        };
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "; {} and {} known",
            count(entities as u64, "entity"),
            count(values as u64, "value")
        );
        if baseline.evicted > 0 {
            let forgotten = group(baseline.evicted);
            let _ = write!(text, ", {forgotten} forgotten for lack of room");
        }
        if !baseline.learns() {
            text.push_str(", unchanged (--no-learn)");
        }
        Some(text)
    }
}

/// How a run began, for a person.
pub fn words(notice: Notice) -> String {
    match notice {
        Notice::OtherRules(i64::MIN) => {
            "the rules are others than in the last run: windows begin anew".to_owned()
        }
        Notice::OtherRules(time) => format!(
            "the rules are others than in the last run: windows begin anew, and what had begun \
             after {} is counted from here on only",
            rfc3339(time)
        ),
    }
}
