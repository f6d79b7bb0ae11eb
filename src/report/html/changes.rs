//! What changed since an earlier report.

use maud::{Markup, html};

use super::Book;
use super::chart::region;
use super::words::{Text, at, by, level, many, number};
use crate::report::{Change, Compared, RuleCount};

pub(super) fn section(book: &Book<'_>, compared: &Compared) -> Markup {
    html! {
        p {
            "Against the report of " (at(compared.previous.made)) ": "
            (number(compared.new.len() as u64)) " new, "
            (number(compared.growing.len() as u64)) " growing, "
            (number(compared.gone.len() as u64)) " gone, "
            (number(compared.same)) " as they were or less. Requests went from "
            (went(compared.requests)) ", errors from " (went(compared.errors)) "."
        }
        @if compared.partial {
            p.note { "One of the two reports had no room for all, so some that are told as new or gone may be neither." }
        }
        @let kinds = [
            ("+ new", "new", &compared.new),
            ("↑ growing", "grow", &compared.growing),
            ("− gone", "gone", &compared.gone),
        ];
        @if kinds.iter().any(|(_, _, changes)| !changes.is_empty()) {
            (region("What changed, as a table", &html! {
                table.sort.changes {
                    caption { "By entity and rule" }
                    thead { tr {
                        th scope="col" { "Change" } th scope="col" { "Level" }
                        th scope="col" { "Rule" } th scope="col" { "Who" }
                        th.r scope="col" { "Alerts" } th.r scope="col" { "Requests" }
                    } }
                    tbody {
                        @for (word, class, changes) in kinds {
                            @for change in book.rows(changes).0 { (row(word, class, change)) }
                        }
                    }
                }
            }))
            @let left: u64 = kinds.iter().map(|(_, _, changes)| book.rows(changes).1).sum();
            @if left > 0 { p.note { (many(left, "further change")) " had no room here." } }
        }
    }
}

fn row(word: &str, class: &str, change: &Change) -> Markup {
    let worst = change.now.as_ref().or(change.before.as_ref());
    let pair = |of: fn(&RuleCount) -> u64| {
        html! {
            @match (&change.before, &change.now) {
                (Some(before), Some(now)) if of(before) == of(now) => (number(of(now))),
                (Some(before), Some(now)) => { (number(of(before))) " → " b { (number(of(now))) } },
                (Some(before), None) => { (number(of(before))) " → 0" },
                (None, Some(now)) => b { (number(of(now))) },
                (None, None) => "0",
            }
        }
    };
    html! {
        tr {
            td class=(class) { (word) }
            td { @if let Some(worst) = worst { (level(worst.level)) } }
            td { (Text(&change.rule)) }
            td { (by(&change.entity)) }
            td.r { (pair(|count| count.alerts)) }
            td.r { (pair(|count| count.requests)) }
        }
    }
}

/// `1,000 to 1,500 (+50 %)`.
fn went((before, now): (u64, u64)) -> String {
    let change = if before == 0 {
        String::new()
    } else {
        let percent = (now as f64 - before as f64) / before as f64 * 100.0;
        format!(" ({percent:+.0} %)")
    };
    format!("{} to {}{change}", number(before), number(now))
}
