//! The first screen: is there something to worry about?

use maud::{Markup, html};

use super::chart::{Axis, TOP, bars};
use super::timeline::alerts;
use super::words::{Line, Name, at, by, class, from_to, level, many, number, size, span};
use crate::alert::Level;
use crate::report::{Attention, Incident, Levels, Report, Verdict};

/// Doubts that are shown before one has to unfold them.
const DOUBTS: usize = 3;

/// What a browser shows as the name of the page.
pub(super) fn title(report: &Report) -> String {
    format!(
        "{} s3sentry report, {}",
        call(&report.verdict),
        super::words::clock(report.made)
    )
}

/// The sentence that is read if nothing else is.
fn call(verdict: &Verdict) -> &'static str {
    match verdict.attention {
        Attention::Now => "Somebody has to look at this now.",
        Attention::Today => "Somebody should look at this today.",
        Attention::WhenThereIsTime => "Nothing urgent: look at this when there is time.",
        Attention::None if verdict.doubts.is_empty() => "Nothing to worry about.",
        Attention::None => "Nothing was found, but not everything could be looked at.",
        Attention::NothingNew => "Nothing new.",
        Attention::Unknown => "Nothing is known: no record was read.",
    }
}

const fn mood(attention: Attention) -> &'static str {
    match attention {
        Attention::Now => "now",
        Attention::Today => "today",
        Attention::WhenThereIsTime => "later",
        Attention::None | Attention::NothingNew => "calm",
        Attention::Unknown => "unknown",
    }
}

/// Verdict, alerts by level, doubts, and what is covered.
pub(super) fn header(report: &Report) -> Markup {
    let verdict = &report.verdict;
    html! {
        header class=(mood(verdict.attention)) {
            div.hero {
                p.brand { "S3 access report" }
                h1 { (call(verdict)) }
                (lead(report))
                @if !matches!(verdict.attention, Attention::Unknown | Attention::NothingNew) {
                    div.glance { (levels(&verdict.levels)) (glance(report)) }
                }
                (doubts(&verdict.doubts))
                (facts(report))
            }
        }
    }
}

/// What the verdict is about, in a sentence or two.
fn lead(report: &Report) -> Markup {
    let verdict = &report.verdict;
    match verdict.attention {
        Attention::None => quiet(report),
        Attention::NothingNew => nothing_new(report),
        Attention::Unknown => unknown(report),
        _ => match (report.incidents.first(), report.others.first()) {
            (Some(incident), other) if other.is_none_or(|other| other.level <= incident.level) => {
                worst(verdict, incident)
            }
            (_, Some(other)) => html! {
                p.lead {
                    (level(other.level)) " " (Name(&other.summary)) ", " (from_to(other.first, other.last))
                    ", " (many(other.count, "request")) "."
                }
            },
            _ => html! {
                p.lead { "There is no room here for what happened: see the file of the alerts." }
            },
        },
    }
}

fn worst(verdict: &Verdict, incident: &Incident) -> Markup {
    let rest = verdict.incidents.saturating_sub(1);
    html! {
        p.lead {
            (level(incident.level)) " "
            a href="#i0" { (headline(incident)) } " "
            (by(&incident.entity)) ", " (from_to(incident.first, incident.last))
            ", at least " (many(incident.requests, "request"))
            @if let Some(bytes) = incident.bytes.filter(|bytes| *bytes > 0) {
                ", " (size(bytes)) " sent"
            }
            "; " (many(incident.alerts, "alert")) " of " (many(incident.story.len() as u64, "rule")) "."
            @if rest > 0 { " There " @if rest == 1 { "is " } @else { "are " } (many(rest, "other incident")) "." }
        }
    }
}

/// What happened in an incident, as the title of its worst step.
pub(super) fn headline(incident: &Incident) -> Markup {
    let worst = incident.story.iter().max_by_key(|step| {
        // The first of several.
        (step.level, std::cmp::Reverse(step.first))
    });
    html! {
        @match worst {
            Some(step) => (Name(step.title.trim_end_matches('.'))),
            None => (many(incident.alerts, "alert")),
        }
    }
}

fn quiet(report: &Report) -> Markup {
    let requests: u64 = report.timeline.slots.iter().map(|slot| slot.requests).sum();
    let buckets = report.buckets.len() as u64 + report.buckets_left_out.number;
    html! {
        p.lead {
            (many(report.coverage.rules, "rule")) " looked at " (many(requests, "request"))
            @if buckets > 0 { " to " (many(buckets, "bucket")) }
            @if let (Some(first), Some(last)) = (report.coverage.first, report.coverage.last) {
                ", " (from_to(first, last))
            }
            ". None of them fired."
        }
    }
}

fn nothing_new(report: &Report) -> Markup {
    html! {
        p.lead {
            "No record has come since the report"
            @if let Some(before) = &report.since_report { " of " (at(before.made)) }
            ". Where requests are made all the time, find out whether logging is still switched on: logs \
             come within hours."
        }
    }
}

fn unknown(report: &Report) -> Markup {
    let coverage = &report.coverage;
    html! {
        p.lead {
            "That is not good news. "
            @if coverage.lines > 0 {
                "There were " (many(coverage.lines, "line")) ", and " (number(coverage.malformed))
                " of them are no records of S3 server access logs."
            } @else if coverage.inputs.failed > 0 {
                (many(coverage.inputs.failed, "input")) " could not be read."
            } @else if coverage.inputs.read > 0 {
                (many(coverage.inputs.read, "input")) " held nothing."
            } @else {
                "There was nothing new to read. Is logging still switched on, and does it come here?"
            }
        }
    }
}

fn levels(levels: &Levels) -> Markup {
    html! {
        ul.levels aria-label="Alerts by level" {
            @for of in Level::ALL.iter().rev() {
                li class=[(alerts(levels, *of) == 0).then_some("none")] { b { (number(alerts(levels, *of))) } " " (level(*of)) }
            }
        }
    }
}

/// The timeline at a glance: requests, and below them the worst alert of each slot.
fn glance(report: &Report) -> Markup {
    let timeline = &report.timeline;
    let (Some(first), Some(last)) = (timeline.slots.first(), timeline.slots.last()) else {
        return html! {};
    };
    let axis = Axis {
        start: first.time,
        end: last.time + timeline.step,
    };
    let requests: Vec<u64> = timeline.slots.iter().map(|slot| slot.requests).collect();
    html! {
        a.strip href="#timeline" aria-label="Requests and alerts over time" {
            svg.tall aria-hidden="true" {
                svg viewBox={ "0 0 " (requests.len()) " " (TOP) } preserveAspectRatio="none" {
                    path d=(bars(&requests)) {}
                }
            }
            svg.lane height="20" aria-hidden="true" {
                @for slot in &timeline.slots {
                    @if let Some(of) = Level::ALL.iter().rev().find(|of| alerts(&slot.alerts, **of) > 0) {
                        g.(class(*of)) { (axis.mark(slot.time, slot.time + timeline.step, None)) }
                    }
                }
            }
        }
    }
}

fn doubts(doubts: &[String]) -> Markup {
    let (first, rest) = doubts.split_at(doubts.len().min(DOUBTS));
    html! {
        @if !doubts.is_empty() {
            div.doubts {
                h2 { "How far this can be trusted" }
                ul { @for doubt in first { li { (Line(doubt)) } } }
                @if !rest.is_empty() {
                    details {
                        summary { (number(rest.len() as u64)) " more" }
                        ul { @for doubt in rest { li { (Line(doubt)) } } }
                    }
                }
            }
        }
    }
}

fn facts(report: &Report) -> Markup {
    let coverage = &report.coverage;
    html! {
        dl.facts {
            @if let (Some(first), Some(last)) = (coverage.first, coverage.last) {
                div { dt { "Period" } dd { (from_to(first, last)) " UTC " small { "(" (span(last - first)) ")" } } }
            }
            div {
                dt { "Read" }
                dd {
                    (many(coverage.lines, "line")) " in " (many(coverage.inputs.read, "input"))
                    @if coverage.bytes > 0 { ", " (size(coverage.bytes)) }
                }
            }
            div {
                dt { "Made" }
                dd {
                    (at(report.made)) " UTC"
                    @if let Some(before) = &report.since_report {
                        " " small { "(new since the report of " (at(before.made)) ")" }
                    }
                }
            }
        }
    }
}
