//! Is there something to worry about, and why that answer cannot be trusted as it
//! stands.
//!
//! Sentences, from what was looked at; what the alerts are about does not matter
//! here.

use super::model::{Attention, Bucket, Coverage, Gap, Levels, Previous};
use crate::alert::Level;
use crate::text::words::grouped;

/// Names that a sentence holds; the others are counted.
const NAMES: usize = 5;
const HOUR: i64 = 3_600;

/// How soon somebody has to look. `since` is the report before, where this one covers
/// what is new since.
pub fn attention(levels: &Levels, coverage: &Coverage, since: Option<&Previous>) -> Attention {
    match levels.worst() {
        Some(Level::Critical | Level::High) => Attention::Now,
        Some(Level::Medium) => Attention::Today,
        Some(Level::Low | Level::Informational) => Attention::WhenThereIsTime,
        None if is_nothing_new(coverage, since) => Attention::NothingNew,
        None if records(coverage) == 0 => Attention::Unknown,
        None => Attention::None,
    }
}

fn records(coverage: &Coverage) -> u64 {
    coverage.lines.saturating_sub(coverage.malformed)
}

/// Whether nothing came, and nothing that came was lost.
fn is_nothing_new(coverage: &Coverage, since: Option<&Previous>) -> bool {
    since.is_some() && coverage.lines == 0 && coverage.inputs.failed == 0
}

/// Each a sentence.
pub fn doubts(coverage: &Coverage, buckets: &[Bucket], since: Option<&Previous>) -> Vec<String> {
    let doubts = [
        nothing(coverage).filter(|_| !is_nothing_new(coverage, since)),
        inputs(coverage),
        malformed(coverage),
        undated(coverage),
        late(coverage),
        evicted(coverage),
        silence(&coverage.gaps),
        silent(buckets),
        unworkable(coverage),
    ];
    doubts.into_iter().flatten().collect()
}

fn nothing(coverage: &Coverage) -> Option<String> {
    if records(coverage) == 0 {
        return Some("No record was read, so nothing is known.".to_owned());
    }
    (coverage.rules == 0).then(|| "No rule ran, so nothing was looked for.".to_owned())
}

fn inputs(coverage: &Coverage) -> Option<String> {
    let failed = coverage.inputs.failed;
    let inputs = coverage.inputs.read + failed;
    (failed > 0).then(|| {
        format!(
            "{} of {} could not be read.",
            grouped(failed),
            count(inputs, "input")
        )
    })
}

fn malformed(coverage: &Coverage) -> Option<String> {
    let (malformed, lines) = (coverage.malformed, coverage.lines);
    let verb = if malformed == 1 { "is" } else { "are" };
    (malformed > 0).then(|| {
        format!(
            "{} of {} {verb} no record and {} not looked at.",
            grouped(malformed),
            count(lines, "line"),
            if malformed == 1 { "was" } else { "were" }
        )
    })
}

fn undated(coverage: &Coverage) -> Option<String> {
    let undated = coverage.undated;
    (undated > 0).then(|| {
        format!(
            "{} {} no time and could not be counted.",
            count(undated, "record"),
            if undated == 1 { "has" } else { "have" }
        )
    })
}

fn late(coverage: &Coverage) -> Option<String> {
    let late = count(coverage.late, "record");
    (coverage.late > 0).then(|| {
        format!("{late} came too late for the rules that count; these may have missed something.")
    })
}

fn evicted(coverage: &Coverage) -> Option<String> {
    let one = coverage.evicted == 1;
    let were = if one { "was" } else { "were" };
    (coverage.evicted > 0).then(|| {
        format!(
            "{} {were} forgotten for lack of memory, with what had been counted.",
            count(coverage.evicted, "key")
        )
    })
}

/// Hours without any record of any bucket.
fn silence(gaps: &[Gap]) -> Option<String> {
    let hours = hours(gaps);
    let are = if hours == 1 { "is" } else { "are" };
    (hours > 0).then(|| {
        format!(
            "There {are} {} without any record between the first and the last; the log may not be complete.",
            count(hours, "hour")
        )
    })
}

/// Buckets whose log has gaps.
fn silent(buckets: &[Bucket]) -> Option<String> {
    let silent: Vec<&str> = buckets
        .iter()
        .filter(|bucket| !bucket.gaps.is_empty())
        .map(|bucket| bucket.name.as_str())
        .collect();
    let verb = if silent.len() == 1 { "has" } else { "have" };
    (!silent.is_empty()).then(|| {
        format!(
            "{} {verb} hours without any record where some were to be expected: {}.",
            count(silent.len() as u64, "bucket"),
            several(&silent)
        )
    })
}

fn unworkable(coverage: &Coverage) -> Option<String> {
    let rules: Vec<&str> = coverage
        .unworkable
        .iter()
        .flat_map(|(_, rules)| rules.iter().map(String::as_str))
        .collect();
    (!rules.is_empty()).then(|| {
        format!(
            "{} could not work, because something that they need is not set: {}.",
            count(rules.len() as u64, "rule"),
            several(&rules)
        )
    })
}

fn hours(gaps: &[Gap]) -> u64 {
    let hours = gaps.iter().map(|gap| (gap.end - gap.start) / HOUR);
    hours.sum::<i64>().unsigned_abs()
}

/// `1 record`, `1,200 records`.
fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

/// The first few, and how many more.
fn several(names: &[&str]) -> String {
    let shown = names[..names.len().min(NAMES)].join(", ");
    match names.len().saturating_sub(NAMES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::Inputs;

    fn coverage() -> Coverage {
        Coverage {
            lines: 1_000,
            rules: 30,
            inputs: Inputs {
                read: 7,
                ..Inputs::default()
            },
            ..Coverage::default()
        }
    }

    #[test]
    fn the_worst_alert_says_how_soon() {
        let of = |level| {
            let mut levels = Levels::default();
            levels.add(Level::Informational);
            levels.add(level);
            attention(&levels, &coverage(), None)
        };
        assert_eq!(of(Level::Critical), Attention::Now);
        assert_eq!(of(Level::High), Attention::Now);
        assert_eq!(of(Level::Medium), Attention::Today);
        assert_eq!(of(Level::Low), Attention::WhenThereIsTime);
        assert_eq!(of(Level::Informational), Attention::WhenThereIsTime);
        let none = Levels::default();
        assert_eq!(attention(&none, &coverage(), None), Attention::None);
        let unread = Coverage {
            malformed: 1_000,
            ..coverage()
        };
        assert_eq!(attention(&none, &unread, None), Attention::Unknown);
        let nothing = Coverage::default();
        assert_eq!(attention(&none, &nothing, None), Attention::Unknown);
        // Nothing new is what is usual at night, unless something went wrong.
        let since = Some(&Previous { made: 0 });
        assert_eq!(attention(&none, &nothing, since), Attention::NothingNew);
        assert_eq!(doubts(&nothing, &[], since), [""; 0]);
        assert_eq!(attention(&none, &unread, since), Attention::Unknown);
        let lost = Coverage {
            inputs: Inputs {
                failed: 1,
                ..Inputs::default()
            },
            ..nothing
        };
        assert_eq!(attention(&none, &lost, since), Attention::Unknown);
    }

    #[test]
    fn what_was_looked_at_leaves_no_doubt() {
        assert_eq!(doubts(&coverage(), &[], None), [""; 0]);
    }

    #[test]
    fn doubts_are_sentences() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let doubtful = Coverage {
            malformed: 1,
            undated: 2,
            late: 1_200,
            evicted: 1,
            inputs: Inputs {
                read: 7,
                skipped: 5,
                failed: 3,
            },
            gaps: vec![
                Gap {
                    start: 0,
                    end: 2 * HOUR,
                },
                Gap {
                    start: 9 * HOUR,
                    end: 10 * HOUR,
                },
            ],
            unworkable: vec![
                ("no baseline".to_owned(), names(&["a", "b", "c"])),
                ("no list".to_owned(), names(&["d", "e", "f", "g"])),
            ],
            ..coverage()
        };
        let silent = Bucket {
            name: "logs".to_owned(),
            requests: 1,
            refused: 0,
            missing: 0,
            wrong: 0,
            failed: 0,
            bytes: 0,
            level: None,
            alerts: 0,
            slots: Vec::new(),
            gaps: vec![Gap {
                start: 0,
                end: HOUR,
            }],
        };
        assert_eq!(
            doubts(&doubtful, &[silent], None),
            [
                "3 of 10 inputs could not be read.",
                "1 of 1,000 lines is no record and was not looked at.",
                "2 records have no time and could not be counted.",
                "1,200 records came too late for the rules that count; these may have missed \
                 something.",
                "1 key was forgotten for lack of memory, with what had been counted.",
                "There are 3 hours without any record between the first and the last; the log may \
                 not be complete.",
                "1 bucket has hours without any record where some were to be expected: logs.",
                "7 rules could not work, because something that they need is not set: a, b, c, d, \
                 e and 2 more.",
            ]
        );
        assert_eq!(
            doubts(&Coverage::default(), &[], None),
            ["No record was read, so nothing is known."]
        );
    }
}
