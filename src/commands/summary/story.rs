//! What happened to or by one entity, in a few lines for a person.
//!
//! Times in UTC; a rule's levels are told as one. What callers chose is escaped,
//! keys of objects in quotes, so that none reads as part of the sentence.

use std::cmp::Reverse;

use s3sentry::alert::Level;
use s3sentry::incident::story::Story;
use s3sentry::incident::{Entity, Few, weight};
use s3sentry::record::time::rfc3339;
use s3sentry::text::{redact, terminal};

use super::words::{NAME, bytes, count, cut, hang, row};

/// Characters of a name that are shown; an ARN has fewer.
const CUT: usize = 160;
/// Characters of a key that are shown.
const KEY: usize = 60;
/// Rules that are told.
const STEPS: usize = 5;
/// Names of one kind that are told.
const NAMES: usize = 4;
/// Columns before the lines below the first.
const INDENT: usize = NAME + 2;

/// The lines: who, then what, then where and from where, then what was read.
pub fn rows(name: &str, entity: &Entity, story: &Story, width: usize) -> Vec<String> {
    let mut lines = vec![row(name, &head(entity, story), width)];
    let mut below = steps(story);
    below.extend([places(story), read(story)]);
    let below = below.iter().filter(|text| !text.is_empty());
    let indent = " ".repeat(INDENT);
    lines.extend(below.map(|text| hang(&indent, INDENT, text, width)));
    lines
}

fn head(entity: &Entity, story: &Story) -> String {
    let up_to = if story.alerts == 1 { "" } else { "up to " };
    format!(
        "{} {}: {}, {up_to}{}, {}",
        entity.kind.as_str(),
        shown(&entity.name),
        count(story.alerts, "alert"),
        story.level.as_str(),
        incidents(story)
    )
}

/// The one incident by the beginning of its id, or how many there are.
fn incidents(story: &Story) -> String {
    match story.incidents().as_slice() {
        [one] => format!("incident {}", &format!("{:032x}", one.id)[..8]),
        several => {
            let more = if story.has_earlier() {
                "more than "
            } else {
                ""
            };
            format!("{more}{}", count(several.len() as u64, "incident"))
        }
    }
}

/// A rule with its levels.
struct Step<'s> {
    rule: &'s str,
    first: i64,
    /// The lowest and the highest.
    levels: (Level, Level),
    alerts: u64,
    requests: u64,
}

/// What each rule had to say, a line each, in the order in which they first did.
/// Of many rules those of the highest levels, and how many there are beside.
fn steps(story: &Story) -> Vec<String> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    for told in story.rules() {
        let (rule, level) = (weight::stem(&told.rule.name), told.rule.level);
        match steps.iter_mut().find(|step| step.rule == rule) {
            Some(step) => {
                let (low, high) = step.levels;
                step.levels = (low.min(level), high.max(level));
                step.alerts += told.alerts;
                step.requests = step.requests.max(told.requests);
            }
            None => steps.push(Step {
                rule,
                first: told.first,
                levels: (level, level),
                alerts: told.alerts,
                requests: told.requests,
            }),
        }
    }
    let more = steps.len().saturating_sub(STEPS);
    // Both sorts keep the order of what is equal.
    steps.sort_by_key(|step| Reverse(step.levels.1));
    steps.truncate(STEPS);
    steps.sort_by_key(|step| step.first);
    let mut lines: Vec<String> = steps.iter().map(line).collect();
    if more > 0 {
        lines.push(format!("and {} beside", count(more as u64, "rule")));
    }
    lines
}

/// `2026-02-03 02:10:22 access-denied-burst: up to high, 3 alerts of up to 200 requests`
fn line(step: &Step<'_>) -> String {
    let (low, high) = step.levels;
    let up_to = if low == high { "" } else { "up to " };
    let several = match step.alerts {
        1 => String::new(),
        alerts => format!("{} of up to ", count(alerts, "alert")),
    };
    format!(
        "{} {}: {up_to}{}, {several}{}",
        rfc3339(step.first).replace('T', " ").trim_end_matches('Z'),
        terminal(step.rule.as_bytes()),
        high.as_str(),
        count(step.requests, "request")
    )
}

/// `buckets acme-hr, acme-site; from 203.0.113.77; as arn:...`
fn places(story: &Story) -> String {
    let parts = [
        list(["bucket", "buckets"], &story.buckets),
        list(["from", "from"], &story.addresses),
        list(["network", "networks"], &story.networks),
        list(["as", "as"], &story.principals),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// The names behind a word, which differs for one and for several.
fn list<const N: usize>([one, several]: [&str; 2], few: &Few<N>) -> Option<String> {
    let names: Vec<_> = few.names().take(NAMES).map(shown).collect();
    let word = if names.len() == 1 { one } else { several };
    let more = few.more() || few.names().len() > NAMES;
    let more = if more { " and more" } else { "" };
    (!few.is_empty()).then(|| format!("{word} {}{more}", names.join(", ")))
}

/// `at least 1.20 GiB read; objects "a/b.sql", "c" and more`
fn read(story: &Story) -> String {
    let mut parts = Vec::new();
    if let Some(sum) = story.bytes {
        parts.push(format!("at least {} read", bytes(sum)));
    }
    let keys: Vec<_> = story.objects.names().map(quoted).collect();
    if !keys.is_empty() {
        let more = if story.objects.more() {
            " and more"
        } else {
            ""
        };
        let word = if keys.len() == 1 { "object" } else { "objects" };
        parts.push(format!("{word} {}{more}", keys.join(", ")));
    }
    parts.join("; ")
}

fn shown(name: &[u8]) -> String {
    cut(&terminal(&redact(name)), CUT)
}

/// A key, whose own quotes do not end it.
fn quoted(key: &[u8]) -> String {
    let text = terminal(&redact(key)).replace('"', "\\x22");
    format!("\"{}\"", cut(&text, KEY))
}
