//! Where: buckets with their requests over time, and objects that alerts are about.

use maud::{Markup, html};

use super::chart::{Axis, TOP, bars, coarser, region};
use super::words::{Name, Text, clock, level, many, number, sized, span};
use super::{Book, guides};
use crate::report::{Bucket, Key};

/// Bars beside a bucket.
const BARS: usize = 96;

pub(super) fn section(book: &Book<'_>) -> Markup {
    let report = book.report;
    html! {
        @if report.buckets.is_empty() {
            p { "No request to any bucket was read." }
        } @else {
            (buckets(book))
        }
        @if !report.keys.is_empty() { (keys(book)) }
    }
}

fn buckets(book: &Book<'_>) -> Markup {
    let report = book.report;
    let (buckets, cut) = book.rows(&report.buckets);
    let left = report.buckets_left_out.number + cut;
    let requests: u64 = report.buckets[buckets.len()..]
        .iter()
        .map(|bucket| bucket.requests)
        .sum();
    html! {
        (region("Buckets, as a table", &html! {
            table.sort.buckets {
                caption { "Buckets: those with the worst alerts first, then the busiest" }
                thead { tr {
                    th scope="col" { "Level" } th scope="col" { "Bucket" } th.r scope="col" { "Requests" }
                    th.x scope="col" { "Requests over time" }
                    th.r scope="col" { "Refused" } th.r scope="col" { "Missing" }
                    th.r scope="col" { "Other 4xx" } th.r scope="col" { "5xx" }
                    th.r scope="col" { "Sent" } th.r scope="col" { "Alerts" }
                } }
                tbody { @for bucket in buckets { (row(book, bucket)) } }
            }
        }))
        @if left > 0 {
            p.note {
                (many(left, "further bucket")) " with " (many(report.buckets_left_out.sum + requests, "request"))
                " had no room here."
            }
        }
    }
}

fn row(book: &Book<'_>, bucket: &Bucket) -> Markup {
    html! {
        tr {
            td { @match bucket.level { Some(of) => (level(of)), None => small { "none" } } }
            th scope="row" { (Name(&bucket.name)) }
            td.r { (number(bucket.requests)) }
            td { (line(book, bucket)) (silent(bucket)) }
            @for count in [bucket.refused, bucket.missing, bucket.wrong, bucket.failed] {
                td.r { (number(count)) }
            }
            td.r { (sized(bucket.bytes)) }
            td.r { (number(bucket.alerts)) }
        }
    }
}

/// Requests over the time of the whole report; hatched where some were to be
/// expected.
fn line(book: &Book<'_>, bucket: &Bucket) -> Markup {
    let timeline = &book.report.timeline;
    let (Some(first), Some(last)) = (timeline.slots.first(), timeline.slots.last()) else {
        return html! {};
    };
    let axis = Axis {
        start: first.time,
        end: last.time + timeline.step,
    };
    let values = coarser(&bucket.slots, BARS);
    let peak = bucket
        .slots
        .iter()
        .enumerate()
        .max_by_key(|(at, value)| (**value, std::cmp::Reverse(*at)));
    let peak = peak.and_then(|(at, value)| Some((timeline.slots.get(at)?.time, *value)));
    let label = peak.map_or_else(String::new, |(time, most)| {
        format!("busiest at {}: {}", clock(time), many(most, "request"))
    });
    html! {
        svg.sp role="img" aria-label=(label) {
            (axis.gaps(&bucket.gaps))
            svg viewBox={ "0 0 " (values.len()) " " (TOP) } preserveAspectRatio="none" {
                path d=(bars(&values)) {}
            }
        }
    }
}

fn silent(bucket: &Bucket) -> Markup {
    let hours: i64 = bucket.gaps.iter().map(|gap| gap.end - gap.start).sum();
    html! { @if hours > 0 { small { "silent for " (span(hours)) } } }
}

fn keys(book: &Book<'_>) -> Markup {
    let (keys, left) = book.rows(&book.report.keys);
    html! {
        h3 { "Objects" }
        (region("Objects that alerts are about, as a table", &html! {
            table.sort.keys {
                caption { "Objects that alerts are about: those of the worst alerts first" }
                thead { tr {
                    th scope="col" { "Level" } th scope="col" { "Object" } th scope="col" { "Bucket" }
                    th scope="col" { "First request" } th scope="col" { "Rules" } th scope="col" { "Incident" }
                } }
                tbody { @for key in keys { (object(book, key)) } }
            }
        }))
        @if left > 0 { p.note { (many(left, "further object")) " had no room here." } }
    }
}

fn object(book: &Book<'_>, key: &Key) -> Markup {
    let story = key
        .incident
        .as_deref()
        .and_then(|id| book.incidents.get(id));
    html! {
        tr {
            td { (level(key.level)) }
            th scope="row" { (Name(&key.key)) }
            td { (Name(&key.bucket)) }
            td { (Text(&key.operation)) " " (Text(&key.http_status)) }
            td { ul { @for rule in &key.rules { li { (guides::link(book, rule, rule)) } } } }
            td { @if let Some(story) = story { a href={ "#i" (story) } { "incident " (story + 1) } } }
        }
    }
}
