//! Who: everybody that alerts are about, the heaviest first.

use maud::{Markup, html};

use super::Book;
use super::chart::region;
use super::words::{Name, Text, at, behind, level, many, number, place, sized};
use crate::report::Actor;

pub(super) fn section(book: &Book<'_>) -> Markup {
    let report = book.report;
    let (actors, cut) = book.rows(&report.actors);
    let left = report.actors_left_out.number + cut;
    let alerts: u64 = report.actors[actors.len()..]
        .iter()
        .map(|actor| actor.alerts)
        .sum();
    html! {
        (region("Who, as a table", &html! {
            table.sort.who {
                caption { "By weight of the alerts. Requests and bytes are the most that one alert counted." }
                thead { tr {
                    th scope="col" { "Level" } th scope="col" { "Who" } th.r scope="col" { "Alerts" }
                    th.r scope="col" { "Requests" } th.r scope="col" { "Sent" }
                    th scope="col" { "First alert" } th scope="col" { "Last alert" }
                    th scope="col" { "Rules" }
                } }
                tbody { @for actor in actors { (row(book, actor)) } }
            }
        }))
        @if left > 0 {
            p.note {
                (many(left, "further one")) " with " (many(report.actors_left_out.sum + alerts, "alert"))
                " had no room here."
            }
        }
    }
}

fn row(book: &Book<'_>, actor: &Actor) -> Markup {
    let entity = &actor.entity;
    let places = actor
        .places
        .iter()
        .filter(|place| place.address != entity.name);
    let stories = actor
        .incidents
        .iter()
        .filter_map(|id| book.incidents.get(&**id));
    html! {
        tr {
            td { (level(actor.level)) }
            th scope="row" {
                small { (Text(&entity.kind)) } " " (Name(&entity.name)) (behind(&actor.places, &entity.name))
                @for network in places {
                    br;
                    small {
                        (Name(&network.address))
                        @if let Some(place) = place(network) { " (" (Name(&place)) ")" }
                    }
                }
                @for story in stories { br; a href={ "#i" (story) } { "incident " (story + 1) } }
            }
            td.r { (number(actor.alerts)) }
            td.r { (number(actor.requests)) }
            td.r { @if let Some(bytes) = actor.bytes { (sized(bytes)) } }
            td { (at(actor.first)) }
            td { (at(actor.last)) }
            td {
                ul {
                    @for rule in &actor.rules {
                        li {
                            (Text(&rule.rule)) " " small {
                                (rule.level.as_str())
                                @if rule.alerts > 1 { ", " (many(rule.alerts, "alert")) }
                            }
                        }
                    }
                }
            }
        }
    }
}
