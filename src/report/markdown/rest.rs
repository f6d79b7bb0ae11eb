//! How sure it is, what was looked at, and what to do.

use std::collections::BTreeSet;

use super::Page;
use super::text::{clock, code, cut, documented, level, many, period, prose, size};
use crate::incident::weight::stem;
use crate::report::{Coverage, Evidence, Finding, Gap, Guide, Report};
use crate::text::words::grouped;

/// Fields of a log line that tell what was asked and answered.
const FIELDS: [&str; 6] = [
    "request_time",
    "remote_ip",
    "requester",
    "operation",
    "key_name",
    "http_status",
];
/// Sentences or names of one kind.
const LINES: usize = 10;
/// Characters of a command.
const COMMAND: usize = 2_000;
/// Characters of one part of a rule's documentation.
const PART: usize = 900;

/// How sure it is: what the rules wanted, and what there was.
pub(super) fn how_sure(page: &mut Page, report: &Report) {
    let all = report
        .incidents
        .iter()
        .flat_map(|incident| &incident.findings);
    let mut rules = BTreeSet::new();
    let findings = all.chain(&report.others);
    let findings = findings.filter(|finding| rules.insert(finding.rule.as_str()));
    let findings: Vec<&Finding> = findings.take(page.room.rows).collect();
    if findings.is_empty() {
        return;
    }
    page.heading(2, "How sure this is");
    page.paragraph("Of each rule the worst alert: when the rule fires, and what there was.");
    let rows = findings.iter().map(|finding| {
        let guide = report
            .guides
            .iter()
            .find(|guide| guide.rule == finding.rule);
        let wants = guide.map_or(&[][..], |guide| &guide.wants);
        [
            code(&finding.rule),
            listed(wants),
            counted(finding),
            finding.baseline.map_or(String::new(), |usual| {
                format!(
                    "{} in the hour from {}, usually {} ± {} (of {})",
                    grouped(usual.sum),
                    clock(usual.hour),
                    grouped(usual.median),
                    grouped(usual.deviation),
                    many(usual.samples, "day")
                )
            }),
        ]
    });
    page.table(["rule", "fires at", "there were", "usual"], rows.collect());
    let shown = findings
        .iter()
        .filter_map(|finding| Some((finding, finding.evidence.first()?)));
    let shown: Vec<_> = shown
        .map(|(finding, line)| evidence(finding, line))
        .collect();
    if !shown.is_empty() {
        page.paragraph("The first log line of each:");
        page.items(shown);
    }
}

/// Lines of words as one: what a line announces follows it at once.
fn listed(lines: &[String]) -> String {
    let mut text = String::new();
    for line in lines {
        text.push_str(match text.chars().next_back() {
            None => "",
            Some(':') => " ",
            Some(_) => "; ",
        });
        text.push_str(&prose(line));
    }
    text
}

fn counted(finding: &Finding) -> String {
    let mut parts = vec![many(finding.count, "record")];
    parts.extend(
        finding
            .distinct
            .map(|number| format!("{} distinct", grouped(number))),
    );
    parts.extend(
        finding
            .sum
            .map(|number| format!("{} in all", grouped(number))),
    );
    format!(
        "{}; it had reached {} at {}",
        parts.join(", "),
        grouped(finding.value),
        clock(finding.time)
    )
}

fn evidence(finding: &Finding, line: &Evidence) -> String {
    let field = |name: &&str| {
        let mut fields = line.record.iter();
        fields.find_map(|(field, value)| (field == name).then_some(value.as_str()))
    };
    let fields: Vec<&str> = FIELDS.iter().filter_map(field).collect();
    let place = format!("{} at byte {}", code(&line.source), line.offset);
    match fields.as_slice() {
        [] => format!("{}: {place}", code(&finding.rule)),
        fields => {
            let fields: Vec<_> = fields.iter().map(|field| code(field)).collect();
            format!("{}: {} ({place})", code(&finding.rule), fields.join(" "))
        }
    }
}

/// What was looked at.
pub(super) fn coverage(page: &mut Page, coverage: &Coverage) {
    page.heading(2, "What was looked at");
    let mut told = Vec::new();
    let sources: Vec<_> = coverage
        .sources
        .iter()
        .take(LINES)
        .map(|name| code(name))
        .collect();
    if !sources.is_empty() {
        let more = coverage.sources.len() > LINES;
        let more = if more { " and more" } else { "" };
        told.push(format!("{}{more}", sources.join(", ")));
    }
    if let (Some(first), Some(last)) = (coverage.first, coverage.last) {
        told.push(format!("Records of {} UTC", period(first, last)));
    }
    let since = coverage
        .since
        .map(|time| format!("from {} UTC on", clock(time)));
    let until = coverage
        .until
        .map(|time| format!("before {} UTC", clock(time)));
    let wanted: Vec<_> = since.into_iter().chain(until).collect();
    if !wanted.is_empty() {
        told.push(format!("Only records {} were wanted", wanted.join(" and ")));
    }
    let inputs = &coverage.inputs;
    told.push(format!(
        "{} ({}) in {}: {} read, {} skipped, {} failed",
        many(coverage.lines, "line"),
        size(coverage.bytes),
        many(coverage.runs, "run"),
        many(inputs.read, "input"),
        grouped(inputs.skipped),
        grouped(inputs.failed)
    ));
    told.push(format!(
        "{} malformed, {} ambiguous, {} undated, {} late; {} forgotten for lack of memory",
        grouped(coverage.malformed),
        grouped(coverage.ambiguous),
        grouped(coverage.undated),
        grouped(coverage.late),
        many(coverage.evicted, "key")
    ));
    told.push(match coverage.gaps.as_slice() {
        [] if coverage.first.is_none() => "Without a record no hour can be missed".to_owned(),
        [] => "No hour is missing in the log as a whole".to_owned(),
        gaps => format!("No record at all: {}", stretches(gaps)),
    });
    told.push(format!("{} ran", many(coverage.rules, "rule")));
    for (reason, names) in coverage.unworkable.iter().take(LINES * 2) {
        let shown: Vec<_> = names.iter().take(LINES).map(|name| code(name)).collect();
        let more = if names.len() > LINES { " and more" } else { "" };
        told.push(format!(
            "{} could not work, because {}: {}{more}",
            many(names.len() as u64, "rule"),
            prose(reason),
            shown.join(", ")
        ));
    }
    for (word, texts) in [
        ("Could not be read", &coverage.problems),
        ("Baseline", &coverage.learning),
        ("Settings", &coverage.settings),
    ] {
        let texts = texts.iter().take(LINES);
        told.extend(texts.map(|text| format!("{word}: {}", prose(text))));
    }
    for sample in &coverage.samples {
        told.push(format!(
            "Not understood: {} at byte {}, {}: {}",
            code(&sample.source),
            sample.offset,
            prose(&sample.reason),
            code(&sample.line)
        ));
    }
    page.items(told);
}

fn stretches(gaps: &[Gap]) -> String {
    let told = gaps.iter().take(LINES);
    let told: Vec<_> = told.map(|gap| period(gap.start, gap.end)).collect();
    let more = if gaps.len() > LINES { " and more" } else { "" };
    format!("{}{more}", told.join(", "))
}

/// What to do.
pub(super) fn guides(page: &mut Page, report: &Report) {
    if report.guides.is_empty() && report.coverage.next.is_empty() {
        return;
    }
    page.heading(2, "What to do next");
    // Levels of one rule share what there is to do.
    let mut stems = BTreeSet::new();
    let guides = report.guides.iter();
    let guides = guides.filter(|guide| stems.insert(stem(&guide.rule)));
    let guides: Vec<&Guide> = guides.collect();
    let most = page.room.guides;
    for guide in guides.iter().take(most) {
        page.heading(
            3,
            format_args!("{} ({})", prose(&guide.title), level(guide.level)),
        );
        for (word, text) in [
            ("What to do", &guide.what_to_do),
            ("How sure", &guide.how_sure),
        ] {
            if !text.trim().is_empty() {
                page.paragraph(format_args!("**{word}:** {}", documented(&cut(text, PART))));
            }
        }
    }
    let further = guides.iter().skip(most).take(LINES * 2);
    let further: Vec<_> = further.map(|guide| code(&guide.rule)).collect();
    if !further.is_empty() {
        page.paragraph(format_args!(
            "{} tells the same of {}.",
            code("s3sentry rules show NAME"),
            further.join(", ")
        ));
    }
    for step in report.coverage.next.iter().take(LINES) {
        // The command stands on a line of its own.
        let (why, command) = step.split_once('\n').unwrap_or((step, ""));
        page.paragraph(prose(why));
        if !command.is_empty() {
            page.block(&cut(command, COMMAND));
        }
    }
}
