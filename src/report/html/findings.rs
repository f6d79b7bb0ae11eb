//! How sure we are of each alert: what its rule wants, what it saw, and log lines.

use maud::{Markup, Render, html};

use super::words::{Name, Text, at, at_near, level, many, number};
use super::{Book, guides};
use crate::report::{Evidence, Finding};

/// Alerts as a table, a body each, so that its log lines stay with it when sorted.
pub(super) fn table(book: &Book<'_>, findings: &[Finding], left_out: u64) -> Markup {
    let shown = &findings[..findings.len().min(book.room.findings)];
    let left = left_out + (findings.len() - shown.len()) as u64;
    html! {
        @if !shown.is_empty() {
            table.sort.al {
                thead { tr {
                    th scope="col" { "Level" } th scope="col" { "Rule" } th scope="col" { "Fired" }
                    th scope="col" { "Counted" } th scope="col" { "Key" } th scope="col" { "What it says" }
                } }
                @for finding in shown { (body(book, finding)) }
            }
        }
        @if left > 0 {
            p.note {
                (many(left, "further alert")) " had no room here: see " code { (Text(&book.report.alerts_file)) } "."
            }
        }
    }
}

fn body(book: &Book<'_>, finding: &Finding) -> Markup {
    let evidence = &finding.evidence[..finding.evidence.len().min(book.room.evidence)];
    html! {
        tbody {
            tr {
                td { (level(finding.level)) }
                td { (guides::link(book, &finding.rule, &finding.rule)) @if finding.status == "open" { small { " still open" } } }
                td { (at(finding.time)) }
                td { (counted(book, finding)) }
                td { (key(finding)) }
                td { (says(finding)) }
            }
            @if !evidence.is_empty() {
                tr.ev {
                    td colspan="6" {
                        details {
                            summary { (lines(evidence.len() as u64)) }
                            ol { @for evidence in evidence { (line(evidence)) } }
                        }
                    }
                }
            }
        }
    }
}

fn lines(number: u64) -> String {
    match number {
        1 => "The first log line".to_owned(),
        _ => format!("The first {number} log lines"),
    }
}

/// What it came to, against what the rule wants.
fn counted(book: &Book<'_>, finding: &Finding) -> Markup {
    let wants = book
        .guide(&finding.rule)
        .map(|(_, guide)| &guide.wants[..])
        .unwrap_or_default();
    html! {
        b { (number(finding.count)) } (if finding.count == 1 { " request" } else { " requests" })
        @if let Some(distinct) = finding.distinct { ", " b { (number(distinct)) } " different" }
        @if let Some(sum) = finding.sum { ", " b { (number(sum)) } " in all" }
        @for wants in wants { br; small { "wants " (Text(wants)) } }
        @if let Some(usual) = &finding.baseline {
            br;
            small {
                (number(usual.sum)) " in the hour of " (at(usual.hour)) "; usual are " (number(usual.median))
                " ± " (number(usual.deviation)) " (" (many(usual.samples, "day")) ")"
            }
        }
    }
}

fn key(finding: &Finding) -> Markup {
    html! {
        @for (at, (field, value)) in finding.key.iter().enumerate() {
            @if at > 0 { br; }
            small { (Text(field)) } " "
            @match value { Some(value) => (Name(value)), None => "none" }
        }
    }
}

fn says(finding: &Finding) -> Markup {
    html! {
        (Text(&finding.summary))
        br;
        small {
            @if finding.first == finding.last { "Record of " } @else { "Records of " }
            (at_near(finding.first, finding.time))
            @if finding.first != finding.last { " to " (at_near(finding.last, finding.time)) }
        }
        @for entry in &finding.ioc {
            br;
            small { "On list " (Name(&entry.list)) ": " (Name(&entry.entry)) " (" (Text(&entry.field)) ")" }
        }
    }
}

fn line(evidence: &Evidence) -> Markup {
    html! {
        li {
            p { (Text(&evidence.source)) ", byte " (number(evidence.offset)) }
            @if evidence.record.is_empty() {
                p { "The line could not be read again." }
            } @else {
                dl.f {
                    @for (field, value) in &evidence.record {
                        @if value != "-" { (Pair(field, value)) }
                    }
                }
            }
        }
    }
}

/// A field and its value. There are more of these than of anything else, so the tags
/// are left out that HTML lets one leave out.
struct Pair<'p>(&'p str, &'p str);

impl Render for Pair<'_> {
    fn render_to(&self, page: &mut String) {
        page.push_str("<div><dt>");
        Text(self.0).render_to(page);
        page.push_str("<dd>");
        Text(self.1).render_to(page);
        page.push_str("</div>");
    }
}
