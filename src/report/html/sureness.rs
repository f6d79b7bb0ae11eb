//! How sure are we: what each rule wants against what it saw, and what is usual.

use maud::{Markup, html};

use super::chart::region;
use super::words::{Name, Text, at, level, many, number, prose};
use super::{Book, guides};
use crate::report::{Baseline, Finding, Guide};

pub(super) fn section(book: &Book<'_>) -> Markup {
    let report = book.report;
    let (shown, left) = book.rows(&report.guides);
    html! {
        p.hint {
            "Each alert above has its own numbers and its first log lines. Here is what the rules ask for, and \
             the most that one of the alerts listed above came to."
        }
        (region("What rules want, and what they saw, as a table", &html! {
            table.sort.sure {
                caption { "What the rules that fired want, and what they saw" }
                thead { tr {
                    th scope="col" { "Level" } th scope="col" { "Rule" } th.r scope="col" { "Alerts" }
                    th scope="col" { "It wants" } th scope="col" { "It saw, at most" } th scope="col" { "How sure" }
                } }
                tbody { @for (at, guide) in shown.iter().enumerate() { (row(book, at, guide)) } }
            }
        }))
        @if left > 0 { p.note { (many(left, "further rule")) " had no room here." } }
        (usual(book))
    }
}

/// Every alert that is in the report.
fn listed<'r>(book: &Book<'r>) -> impl Iterator<Item = &'r Finding> {
    let report = book.report;
    report
        .incidents
        .iter()
        .flat_map(|incident| &incident.findings)
        .chain(&report.others)
}

fn row(book: &Book<'_>, at: usize, guide: &Guide) -> Markup {
    let mut most: (u64, Option<u64>, Option<u64>) = (0, None, None);
    for finding in listed(book).filter(|finding| finding.rule == guide.rule) {
        most = (
            most.0.max(finding.count),
            most.1.max(finding.distinct),
            most.2.max(finding.sum),
        );
    }
    let (count, distinct, sum) = most;
    html! {
        tr {
            td { (level(guide.level)) }
            th scope="row" { a href={ "#g" (at) } { (Text(&guide.rule)) } br; small { (Text(&guide.title)) } }
            td.r { (number(guide.alerts)) }
            td { @for wants in &guide.wants { p { (Text(wants)) } } }
            td {
                @if count > 0 { p { (many(count, "request")) } }
                @if let Some(distinct) = distinct { p { (number(distinct)) " different values" } }
                @if let Some(sum) = sum { p { (number(sum)) " in all" } }
            }
            td { (prose(&guide.how_sure)) }
        }
    }
}

/// Hours that were more than usual.
fn usual(book: &Book<'_>) -> Markup {
    let with = listed(book).filter_map(|finding| Some((finding, finding.baseline.as_ref()?)));
    let mut with: Vec<(&Finding, &Baseline)> = with.collect();
    with.sort_by_key(|(finding, _)| std::cmp::Reverse(finding.level));
    let all = with.len();
    with.truncate(book.room.rows.min(100));
    html! {
        @if !with.is_empty() {
            h3 { "Against what is usual" }
            (region("Hours that were more than usual, as a table", &html! {
                table.sort.usual {
                    caption {
                        "Hours that were more than usual: the median of the same hour of earlier days, and how far \
                         hours mostly are from it"
                    }
                    thead { tr {
                        th scope="col" { "Level" } th scope="col" { "Rule" } th scope="col" { "Key" }
                        th scope="col" { "Hour" } th.r scope="col" { "It came to" }
                        th.r scope="col" { "Usual" } th.r scope="col" { "Days" }
                    } }
                    tbody { @for (finding, usual) in &with { (hour(book, finding, usual)) } }
                }
            }))
            @if all > with.len() {
                p.note { (many((all - with.len()) as u64, "further hour")) " stand with their alerts." }
            }
        }
    }
}

fn hour(book: &Book<'_>, finding: &Finding, usual: &Baseline) -> Markup {
    html! {
        tr {
            td { (level(finding.level)) }
            th scope="row" { (guides::link(book, &finding.rule, &finding.rule)) }
            td {
                @for (_, value) in &finding.key {
                    @if let Some(value) = value { (Name(value)) " " }
                }
            }
            td { (at(usual.hour)) }
            td.r { b { (number(usual.sum)) } }
            td.r { (number(usual.median)) " ± " (number(usual.deviation)) }
            td.r { (number(usual.samples)) }
        }
    }
}
