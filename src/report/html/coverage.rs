//! What was looked at, what was not, and what could not work.

use maud::{Markup, html};

use super::Book;
use super::chart::region;
use super::words::{Line, Name, Text, at, many, number, sized, span};
use crate::report::{Bucket, Coverage, Gap, Sample};

pub(super) fn section(book: &Book<'_>) -> Markup {
    let coverage = &book.report.coverage;
    html! {
        (numbers(coverage))
        (sentences(book, "What could not be read", &coverage.problems))
        (samples(book, &coverage.samples))
        (gaps(book))
        (unworkable(book, &coverage.unworkable))
        (sentences(book, "What is learned", &coverage.learning))
        (sentences(book, "Settings", &coverage.settings))
    }
}

fn numbers(coverage: &Coverage) -> Markup {
    let inputs = &coverage.inputs;
    // Numbers that are better zero, and what they mean.
    let flaws = [
        ("Malformed", coverage.malformed, "lines that are no record"),
        (
            "Ambiguous",
            coverage.ambiguous,
            "records whose quoted fields have more than one reading",
        ),
        ("Undated", coverage.undated, "records without a time"),
        (
            "Late",
            coverage.late,
            "records that came too late for rules that count",
        ),
        (
            "Forgotten",
            coverage.evicted,
            "keys that were forgotten for lack of memory",
        ),
    ];
    html! {
        dl.facts {
            @if !coverage.sources.is_empty() {
                div { dt { "Sources" } dd { ul { @for source in &coverage.sources { li { (Name(source)) } } } } }
            }
            div {
                dt { "Records" }
                dd {
                    @match (coverage.first, coverage.last) {
                        (Some(first), Some(last)) => { (at(first)) " to " (at(last)) },
                        _ => "none with a time",
                    }
                }
            }
            @if coverage.since.is_some() || coverage.until.is_some() {
                div {
                    dt { "Asked for" }
                    dd {
                        @if let Some(since) = coverage.since { "since " (at(since)) " " }
                        @if let Some(until) = coverage.until { "until " (at(until)) }
                    }
                }
            }
            div {
                dt { "Inputs" }
                dd {
                    (number(inputs.read)) " read, " (number(inputs.skipped)) " skipped, "
                    (number(inputs.failed)) " failed"
                    @if coverage.runs > 1 { ", in " (many(coverage.runs, "run")) }
                }
            }
            div { dt { "Lines" } dd { (number(coverage.lines)) ", " (sized(coverage.bytes)) " when unpacked" } }
            @for (name, count, what) in flaws {
                div class=[(count > 0).then_some("flaw")] { dt { (name) } dd { (number(count)) " " small { (what) } } }
            }
            div {
                dt { "Rules" }
                dd {
                    (number(coverage.rules)) " ran"
                    @let idle: usize = coverage.unworkable.iter().map(|(_, names)| names.len()).sum();
                    @if idle > 0 { ", " (number(idle as u64)) " could not work" }
                }
            }
        }
    }
}

fn sentences(book: &Book<'_>, title: &str, sentences: &[String]) -> Markup {
    let shown = &sentences[..sentences.len().min(book.room.rows)];
    html! {
        @if !shown.is_empty() {
            h3 { (title) }
            ul { @for sentence in shown { li { (Line(sentence)) } } }
        }
    }
}

fn samples(book: &Book<'_>, samples: &[Sample]) -> Markup {
    let shown = &samples[..samples.len().min(book.room.rows)];
    html! {
        @if !shown.is_empty() {
            h3 { "The first lines that are no record" }
            ol.samples {
                @for sample in shown {
                    li {
                        p { (Text(&sample.reason)) " " small { (Name(&sample.source)) ", byte " (number(sample.offset)) } }
                        p { code { (Text(&sample.line)) } }
                    }
                }
            }
        }
    }
}

fn gaps(book: &Book<'_>) -> Markup {
    let all = &book.report.coverage.gaps;
    let silent: Vec<&Bucket> = book
        .report
        .buckets
        .iter()
        .filter(|bucket| !bucket.gaps.is_empty())
        .collect();
    if book.report.timeline.slots.is_empty() {
        return html! {};
    }
    html! {
        h3 { "Gaps" }
        @if all.is_empty() && silent.is_empty() {
            p { "No hour is without records where some were to be expected." }
        } @else {
            p.hint { "Hours without any record, between two with some. Logs that are late look the same as logs that somebody stopped." }
            (region("Hours without any record, as a table", &html! {
                table.sort.gaps {
                    caption { "Hours without any record" }
                    thead { tr {
                        th scope="col" { "Bucket" } th scope="col" { "From" } th scope="col" { "To" }
                        th.r scope="col" { "How long" }
                    } }
                    tbody {
                        @for gap in all { (gap_row(None, gap)) }
                        @for bucket in silent.iter().take(book.room.rows) {
                            @for gap in &bucket.gaps { (gap_row(Some(&bucket.name), gap)) }
                        }
                    }
                }
            }))
        }
    }
}

fn gap_row(bucket: Option<&str>, gap: &Gap) -> Markup {
    let length = gap.end - gap.start;
    html! {
        tr {
            th scope="row" { @match bucket { Some(name) => (Name(name)), None => "all of them" } }
            td { (at(gap.start)) }
            td { (at(gap.end)) }
            td.r { data value=(length) { (span(length)) } }
        }
    }
}

fn unworkable(book: &Book<'_>, unworkable: &[(String, Vec<String>)]) -> Markup {
    html! {
        @if !unworkable.is_empty() {
            h3 { "Rules that could not work" }
            dl.idle {
                @for (reason, names) in unworkable {
                    dt { (Line(reason)) " " small { "(" (many(names.len() as u64, "rule")) ")" } }
                    dd {
                        @for (at, name) in names.iter().take(book.room.rows).enumerate() {
                            @if at > 0 { ", " }
                            (Name(name))
                        }
                    }
                }
            }
        }
    }
}
