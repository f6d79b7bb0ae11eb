//! What happened: each incident as a short story that can be folded.

use maud::{Markup, html};

use super::Book;
use super::verdict::headline;
use super::words::{Name, Text, at_near, behind, by, from_to, level, many, place, prose, size};
use super::{findings, guides};
use crate::report::{Attention, Incident, Names, Step};

/// Incidents that are unfolded from the start.
const OPEN: usize = 3;

pub(super) fn section(book: &Book<'_>) -> Markup {
    let report = book.report;
    let (shown, cut) = book.rows(&report.incidents);
    let left = report.incidents_left_out.number + cut;
    let alerts: u64 = report.incidents[shown.len()..]
        .iter()
        .map(|incident| incident.alerts)
        .sum();
    html! {
        @if report.incidents.is_empty() && report.others.is_empty() {
            p {
                @match report.verdict.attention {
                    Attention::Unknown => "Nobody knows: no record was read.",
                    Attention::NothingNew => "Nothing since the report before.",
                    _ => "No rule fired.",
                }
            }
        } @else {
            p.hint {
                "The alerts of one requester, address or bucket on one day are one incident. The worst come first."
            }
        }
        @for (at, incident) in shown.iter().enumerate() { (article(book, at, incident)) }
        @if left > 0 {
            p.note {
                (many(left, "further incident")) " with "
                (many(report.incidents_left_out.sum + alerts, "alert"))
                ", those of the least weight, had no room here. Every alert is in "
                code { (Text(&report.alerts_file)) } "."
            }
        }
        @if !report.others.is_empty() {
            h3 { "Alerts that name neither anybody nor a bucket" }
            (findings::table(book, &report.others, 0))
        }
    }
}

fn article(book: &Book<'_>, at: usize, incident: &Incident) -> Markup {
    html! {
        article.inc {
            details open[at < OPEN] {
                summary {
                    (level(incident.level)) small { " incident " (at + 1) }
                    h3 { (headline(incident)) }
                    p.who { (by(&incident.entity)) (behind(&incident.places, &incident.entity.name)) }
                    p.when {
                        span { (from_to(incident.first, incident.last)) }
                        span { (many(incident.alerts, "alert")) " of " (many(incident.story.len() as u64, "rule")) }
                        span { "at least " (many(incident.requests, "request")) }
                        @if let Some(bytes) = incident.bytes { span { (size(bytes)) " sent" } }
                    }
                }
                // Browsers unfold what a link goes into, so the anchor is inside.
                div.in id={ "i" (at) } {
                    ol.story { @for step in &incident.story { (line(book, incident, step)) } }
                    (facts(book, incident))
                    (advice(book, incident))
                    details.al open[at < OPEN] {
                        summary { (many(incident.alerts, "alert")) ", what they wanted and what they saw" }
                        (findings::table(book, &incident.findings, incident.findings_left_out))
                    }
                }
            }
        }
    }
}

fn line(book: &Book<'_>, incident: &Incident, step: &Step) -> Markup {
    html! {
        li {
            span.t { (at_near(step.first, incident.first)) }
            div {
                p { b { (guides::link(book, &step.rule, &step.title)) } " " (level(step.level)) }
                p {
                    (Text(&step.summary))
                    @if step.alerts > 1 {
                        small {
                            " · " (many(step.alerts, "alert"))
                            @if step.last != step.first { " until " (at_near(step.last, incident.first)) }
                        }
                    }
                }
            }
        }
    }
}

fn facts(book: &Book<'_>, incident: &Incident) -> Markup {
    let before = incident.continues.as_deref();
    html! {
        dl.facts {
            (names("Buckets", &incident.buckets, incident))
            (names("Addresses", &incident.addresses, incident))
            (names("Networks", &incident.networks, incident))
            (names("Principals", &incident.principals, incident))
            (names("Objects", &incident.objects, incident))
            (elsewhere(incident))
            div {
                dt { "Incident" }
                dd {
                    code { (Text(&incident.id)) }
                    @if let Some(before) = before {
                        ", goes on from "
                        @match book.incidents.get(before) {
                            Some(at) => a href={ "#i" (at) } { "the day before" },
                            None => code { (Text(before)) },
                        }
                    }
                }
            }
        }
    }
}

fn names(title: &str, names: &Names, incident: &Incident) -> Markup {
    html! {
        @if !names.names.is_empty() {
            div {
                dt { (title) }
                dd {
                    ul {
                        @for name in &names.names {
                            li { (Name(name)) (behind(&incident.places, name)) }
                        }
                        @if names.more { li { "and more" } }
                    }
                }
            }
        }
    }
}

/// Places of addresses that are not among the names.
fn elsewhere(incident: &Incident) -> Markup {
    let rest = incident.places.iter().filter(|place| {
        place.address != incident.entity.name && !incident.addresses.names.contains(&place.address)
    });
    let rest: Vec<_> = rest.collect();
    html! {
        @if !rest.is_empty() {
            div {
                dt { "Seen from" }
                dd {
                    ul {
                        @for network in rest {
                            li {
                                (Name(&network.address))
                                @if let Some(place) = place(network) { " " span.geo { "(" (Name(&place)) ")" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What to do, from the worst rule; the others are one link away.
fn advice(book: &Book<'_>, incident: &Incident) -> Markup {
    let mut steps: Vec<&Step> = incident.story.iter().collect();
    steps.sort_by_key(|step| std::cmp::Reverse(step.level));
    let told = |step: &&&Step| {
        book.guide(&step.rule)
            .is_some_and(|(_, guide)| !guide.what_to_do.is_empty())
    };
    let mut told = steps.iter().filter(told);
    let Some((_, guide)) = told.next().and_then(|step| book.guide(&step.rule)) else {
        return html! {};
    };
    let rest: Vec<&&Step> = told.collect();
    html! {
        div.todo {
            h4 { "What to do" }
            (prose(&guide.what_to_do))
            @if !rest.is_empty() {
                p.hint {
                    "Also: "
                    @for (at, step) in rest.iter().enumerate() {
                        @if at > 0 { "; " }
                        (guides::link(book, &step.rule, &step.title))
                    }
                    "."
                }
            }
        }
    }
}
