//! What a run came to, for the person who started it: on stderr, at the end.
//!
//! Every count is there even when it is zero where its absence could be taken
//! for good news, and every problem says what to do about it.

mod entities;
mod geoip;
mod indicators;
mod kept;
pub mod next;
mod objects;
mod story;
pub mod words;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use s3sentry::pipeline::{Outcome, Tally};
use s3sentry::record::time::rfc3339;
use s3sentry::rule::overrides::Override;
use s3sentry::rule::{Missing, RuleSet};
use s3sentry::settings::{AwsRanges, Settings, aws_ranges};
use s3sentry::source::{self, Sources};
use s3sentry::text::{redact, terminal};

use super::search::Asked;
use super::{End, say, shown};
use crate::cli::{Input, Lists};
pub use entities::Entities;
pub use kept::{Kept, words as notice};
use words::{bytes, count, cut, group, pace, row};

/// How many problems of one kind are printed.
const PROBLEMS: usize = 10;
/// Characters of a malformed line that are shown: enough to know it by.
const SAMPLE: usize = 120;
/// Days after which AWS's addresses are old.
const DAYS: i64 = 30;
/// Columns where stderr is no terminal.
const WIDTH: usize = 80;
/// Columns beyond which rows are hard to read.
const WIDEST: usize = 110;

/// Everything that the summary of a scan or a report speaks of.
pub struct Summary<'s> {
    /// What was asked for, rules and settings.
    pub asked: &'s Asked<'s>,
    /// The command that is to be repeated, without sources: `s3sentry scan`.
    pub command: String,
    /// What the pipeline counted.
    pub outcome: &'s Outcome,
    /// Alerts.
    pub entities: &'s Entities,
    /// The file that tells of all entities.
    pub whom: Option<&'s Path>,
    /// Inputs.
    pub sources: &'s Sources,
    /// What goes on between runs.
    pub kept: Option<Kept<'s>>,
    /// How long it took.
    pub elapsed: Duration,
}

impl Summary<'_> {
    /// Prints it.
    pub fn print(&self) {
        let (settings, search) = (&*self.asked.settings, self.asked.arguments);
        for warning in self.warnings() {
            say(format_args!("s3sentry: warning: {warning}"));
        }
        let tally = &self.outcome.tally;
        reading(self.sources, tally, &search.input, self.elapsed);
        let width = width();
        let row = |name: &str, text: &str| say(row(name, text, width));
        row("alerts", &self.entities.by_level(search.min_level));
        for line in self.entities.stories(self.whom, width) {
            say(line);
        }
        let correlation = &self.outcome.correlation;
        let mut state = format!(
            "{} late, {} evicted",
            count(correlation.late, "record"),
            count(correlation.evicted, "key")
        );
        if correlation.spilled > 0 {
            let _ = write!(
                state,
                ", {} in a temporary file",
                bytes(correlation.spilled)
            );
        }
        if self.entities.dropped() > 0 {
            let dropped = self.entities.dropped();
            let _ = write!(
                state,
                ", {} dropped from those told of, the least weight first",
                count(dropped, "entity")
            );
        }
        row("state", &state);
        if let Some(kept) = &self.kept {
            for (name, text) in kept.rows(&self.sources.counts()) {
                row(name, &text);
            }
        }
        let named = named(settings, &search.lists);
        let named = if named.is_empty() {
            "none".to_owned()
        } else {
            named.join(", ")
        };
        row("settings", &named);
        let rows = |name: &str, texts: &[String]| {
            for (place, text) in texts.iter().enumerate() {
                row(if place == 0 { name } else { "" }, text);
            }
        };
        rows("geoip", &geoip::rows(settings));
        rows("ioc", &indicators::rows(settings));
        let changed = changed(&self.asked.rules.overrides);
        if !changed.is_empty() {
            row("overrides", &changed.join(", "));
        }
        rows("rules", &rules_words(&self.asked.set));
        for step in next::steps(self) {
            say(step);
        }
    }

    /// What a person has to know of settings and of how the run began, before anything
    /// else.
    pub fn warnings(&self) -> Vec<String> {
        let settings = &*self.asked.settings;
        let ranges = settings.aws_ranges.as_ref();
        let ranges = ranges.and_then(|ranges| old(ranges, Utc::now().timestamp()));
        let notice = self.kept.as_ref().and_then(Kept::notice);
        let mut all: Vec<_> = ranges.into_iter().chain(notice).collect();
        all.extend(warnings(settings));
        all
    }

    /// Settings and lists that counted, each a phrase.
    pub fn settings(&self) -> Vec<String> {
        let settings = &*self.asked.settings;
        let mut parts = named(settings, &self.asked.arguments.lists);
        parts.extend(geoip::rows(settings));
        parts.extend(indicators::rows(settings));
        let changed = changed(&self.asked.rules.overrides);
        parts.extend(
            changed
                .iter()
                .map(|change| format!("changed rule {change}")),
        );
        parts
    }
}

/// What is wrong with lists.
fn warnings(settings: &Settings) -> Vec<String> {
    let mut all = geoip::warnings(settings);
    all.extend(indicators::warnings(settings));
    all
}

/// Files of settings and lists.
fn named(settings: &Settings, lists: &Lists) -> Vec<String> {
    let mut parts: Vec<_> = settings.file.iter().map(|file| shown(file)).collect();
    if let Some(file) = &lists.trusted_networks {
        parts.push(format!("trusted networks from {}", shown(file)));
    }
    if let Some(file) = &lists.aws_ranges {
        parts.push(format!("AWS's addresses from {}", shown(file)));
    }
    for file in &lists.geoip {
        parts.push(format!("countries and networks from {}", shown(file)));
    }
    for file in &lists.ioc {
        parts.push(format!("indicators from {}", shown(file)));
    }
    parts
}

/// Which rules the settings changed, and in what.
fn changed(overrides: &[Override]) -> Vec<String> {
    let words = |change: &Override| {
        let rule = terminal(change.rule.as_bytes());
        format!("{rule} ({})", change.keys.join(", "))
    };
    overrides.iter().map(words).collect()
}

/// How many rules ran.
pub fn working(set: &RuleSet) -> usize {
    let rules = set.rules.iter();
    rules.filter(|rule| rule.unworkable.is_none()).count()
}

/// Rules that could not work: the reason, and their names.
pub fn unworkable(set: &RuleSet) -> Vec<(String, Vec<String>)> {
    let mut reasons: Vec<(&Missing, Vec<String>)> = Vec::new();
    for rule in &set.rules {
        let Some(reason) = &rule.unworkable else {
            continue;
        };
        let name = terminal(rule.info.name.as_bytes());
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, names)) => names.push(name),
            None => reasons.push((reason, vec![name])),
        }
    }
    let reasons = reasons.into_iter();
    reasons
        .map(|(reason, names)| (reason.to_string(), names))
        .collect()
}

/// How many rules ran, and which could not, by the reason.
fn rules_words(set: &RuleSet) -> Vec<String> {
    let mut lines = vec![format!("{} ran", working(set))];
    lines.extend(unworkable(set).iter().map(|(reason, names)| {
        let number = names.len();
        format!("{number} could not run ({}): {reason}", names.join(", "))
    }));
    lines
}

/// The closing lines of `rules explain`.
pub fn of_explain(
    settings: &Settings,
    sources: &Sources,
    tally: &Tally,
    input: &Input,
    elapsed: Duration,
) {
    for warning in warnings(settings) {
        say(format_args!("s3sentry: warning: {warning}"));
    }
    of_parse(sources, tally, input, elapsed);
}

/// What to say of AWS's addresses when they are old: it changes them every few days.
fn old(ranges: &AwsRanges, now: i64) -> Option<String> {
    let days = (now - ranges.created()) / 86_400;
    let date = rfc3339(ranges.created());
    (days > DAYS).then(|| {
        format!(
            "aws_ranges: {} is of {}, {days} days old; get a new one from {}",
            shown(ranges.file()),
            date.split('T').next().unwrap_or_default(),
            aws_ranges::URL
        )
    })
}

/// The closing lines of `parse`.
pub fn of_parse(sources: &Sources, tally: &Tally, input: &Input, elapsed: Duration) {
    reading(sources, tally, input, elapsed);
}

/// What was read, and what was not understood.
fn reading(sources: &Sources, tally: &Tally, input: &Input, elapsed: Duration) {
    samples(|source| sources.name(source), tally);
    say(format_args!(
        "s3sentry: {}, {} {}",
        count(tally.lines, "line"),
        bytes(tally.bytes),
        pace(tally.lines, elapsed)
    ));
    let width = width();
    let row = |name: &str, text: &str| say(row(name, text, width));
    let mut records = format!(
        "{}; {} malformed, {} ambiguous, {} undated",
        group(tally.records()),
        group(tally.malformed),
        group(tally.ambiguous),
        group(tally.undated),
    );
    if input.since.is_some() || input.until.is_some() {
        let _ = write!(
            records,
            ", {} outside --since/--until",
            group(tally.outside)
        );
    }
    row("records", &records);
    if let Some((first, last)) = tally.span {
        row(
            "period",
            &format!("{} to {}", rfc3339(first), rfc3339(last)),
        );
    }
    let counts = sources.counts();
    row(
        "inputs",
        &format!(
            "{} read, {} skipped, {} failed",
            group(counts.read),
            group(counts.skipped()),
            group(counts.failed)
        ),
    );
    for (place, text) in objects::rows(sources).iter().enumerate() {
        row(if place == 0 { "objects" } else { "" }, text);
    }
}

/// The first malformed lines, with the names of their inputs.
pub fn samples(name: impl Fn(u32) -> Arc<str>, tally: &Tally) {
    if tally.malformed == 0 {
        return;
    }
    let first = match tally.samples.len() as u64 {
        some if some < tally.malformed => format!("; the first {some}"),
        _ => String::new(),
    };
    say(format_args!(
        "s3sentry: warning: {} not understood and left out{first}:",
        count(tally.malformed, "line")
    ));
    for sample in &tally.samples {
        say(format_args!(
            "  {} at byte {}: {}",
            terminal(name(sample.source).as_bytes()),
            sample.offset,
            terminal(sample.reason.as_bytes()),
        ));
        if !sample.line.is_empty() {
            say(format_args!(
                "      {}",
                cut(&terminal(&redact(&sample.line)), SAMPLE)
            ));
        }
    }
}

/// What went wrong with the inputs, said even where the rest is not; how the
/// run ends for it.
pub fn inputs(sources: &Sources, tally: &Tally) -> End {
    let end = unread(sources);
    if tally.lines > 0 && tally.records() == 0 {
        say(format_args!(
            "s3sentry: error: no access-log line in the input; this looks like {}",
            source::describe(sources.sample())
        ));
        return End::Input;
    }
    end
}

/// Inputs that could not be read; how the run ends for them.
pub fn unread(sources: &Sources) -> End {
    let (problems, failed) = (sources.problems(), sources.counts().failed);
    for problem in problems.iter().take(PROBLEMS) {
        say(format_args!(
            "s3sentry: error: {}",
            terminal(problem.to_string().as_bytes())
        ));
    }
    if failed > PROBLEMS as u64 {
        say(format_args!(
            "s3sentry: error: {} more inputs could not be read",
            group(failed - PROBLEMS as u64)
        ));
    }
    if problems.is_empty() {
        End::Done
    } else {
        End::Input
    }
}

/// Columns of the terminal that the summary goes to.
pub fn width() -> usize {
    let size = terminal_size::terminal_size_of(std::io::stderr());
    size.map_or(WIDTH, |(width, _)| usize::from(width.0).min(WIDEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_aws_are_old_after_thirty_days() {
        let text = br#"{"createDate": "2026-01-02-03-04-05", "prefixes": [
            {"ip_prefix": "192.0.2.0/24", "region": "eu-west-1"}]}"#;
        let ranges = AwsRanges::parse(text, "a/ip-ranges.json".as_ref()).unwrap();
        let after = |days: i64| old(&ranges, ranges.created() + days * 86_400);
        assert_eq!(after(-1), None);
        assert_eq!(after(30), None);
        assert_eq!(
            after(31).unwrap(),
            "aws_ranges: a/ip-ranges.json is of 2026-01-02, 31 days old; get a new one from \
             https://ip-ranges.amazonaws.com/ip-ranges.json"
        );
    }
}
