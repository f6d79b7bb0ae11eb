//! What was looked at, in the words of the summary.

use s3sentry::report::{Coverage, Inputs, Sample};
use s3sentry::source::{Sources, describe};
use s3sentry::text::{lossless, redact};

use super::Taken;
use crate::commands::summary::words::count;
use crate::commands::summary::{self, Kept, Summary, next};

/// How many inputs that could not be read are named.
const PROBLEMS: usize = 100;

/// All of it. What was read adds up over all runs since the last report; what could
/// not be read or understood is that of this run.
pub fn of(summary: &Summary<'_>, taken: &Taken) -> Coverage {
    let (asked, intake) = (summary.asked, &taken.intake);
    let input = &asked.arguments.input;
    let names = input.sources.iter();
    let names = names.map(|name| text(name.as_os_str().as_encoded_bytes()));
    let (first, last) = intake.span.unzip();
    let next = next::steps(summary);
    Coverage {
        sources: names.collect(),
        runs: taken.runs,
        first,
        last,
        since: input.since,
        until: input.until,
        bytes: intake.bytes,
        lines: intake.lines,
        malformed: intake.malformed,
        ambiguous: intake.ambiguous,
        undated: intake.undated,
        late: intake.late,
        evicted: intake.evicted,
        inputs: Inputs {
            read: intake.read,
            skipped: intake.skipped,
            failed: intake.failed,
        },
        problems: problems(summary.sources, summary),
        samples: samples(summary),
        gaps: Vec::new(),
        rules: summary::working(&asked.set) as u64,
        unworkable: summary::unworkable(&asked.set),
        learning: summary.kept.as_ref().map_or_else(Vec::new, learning),
        settings: [summary.settings(), summary.warnings()].concat(),
        next: next.iter().map(next::Step::paragraph).collect(),
    }
}

fn problems(sources: &Sources, summary: &Summary<'_>) -> Vec<String> {
    let (found, failed) = (sources.problems(), sources.counts().failed);
    let named = found.iter().take(PROBLEMS);
    let mut problems: Vec<_> = named
        .map(|problem| text(problem.to_string().as_bytes()))
        .collect();
    let more = failed.saturating_sub(problems.len() as u64);
    if more > 0 {
        problems.push(format!("{} more could not be read", count(more, "input")));
    }
    let tally = &summary.outcome.tally;
    if tally.lines > 0 && tally.records() == 0 {
        let what = describe(sources.sample());
        problems.push(format!(
            "no access-log line in the input; this looks like {what}"
        ));
    }
    problems
}

fn samples(summary: &Summary<'_>) -> Vec<Sample> {
    let samples = summary.outcome.tally.samples.iter();
    let sample = |sample: &s3sentry::pipeline::Sample| Sample {
        source: text(summary.sources.name(sample.source).as_bytes()),
        offset: sample.offset,
        reason: sample.reason.clone(),
        line: text(&sample.line),
    };
    samples.map(sample).collect()
}

/// How far learning has come, and when what is new will count as new.
fn learning(kept: &Kept<'_>) -> Vec<String> {
    let left = kept.days_left().map(|left| {
        format!(
            "nothing counts as new yet: that takes records on {}, so it begins on {} if there are \
             some every day",
            count(left.days.into(), "more day"),
            left.from
        )
    });
    kept.baseline().into_iter().chain(left).collect()
}

/// As every text of a report is written.
fn text(bytes: &[u8]) -> String {
    lossless(&redact(bytes)).into_owned()
}
