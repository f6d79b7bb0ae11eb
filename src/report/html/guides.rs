//! What to do next: commands, and what the rules say about themselves.

use maud::{Markup, html};

use super::Book;
use super::words::{Line, Name, Text, level, many, prose};
use crate::report::{Attention, Guide};

/// Guides that are unfolded from the start.
const OPEN: usize = 1;

/// A link to the guide of a rule, or only the text where there is none.
pub(super) fn link(book: &Book<'_>, rule: &str, text: &str) -> Markup {
    html! {
        @match book.guide(rule) {
            Some((at, _)) => a href={ "#g" (at) } { (Text(text)) },
            None => (Text(text)),
        }
    }
}

pub(super) fn section(book: &Book<'_>) -> Markup {
    let next = &book.report.coverage.next;
    let guides = &book.report.guides;
    html! {
        @if !next.is_empty() {
            ul.next { @for step in next { li { (Line(step)) } } }
        }
        @if next.is_empty() && guides.is_empty() {
            p {
                @match book.report.verdict.attention {
                    Attention::Unknown => {
                        "Find out why no record came: is access logging switched on for the buckets, and is this \
                         the place that it writes to?"
                    },
                    _ => "Nothing.",
                }
            }
        }
        @if !guides.is_empty() {
            h3 { "By rule" }
            p.hint { "What the rules that fired say about themselves. The worst come first." }
        }
        @for (at, guide) in guides.iter().enumerate() { (article(at, guide)) }
    }
}

fn article(at: usize, guide: &Guide) -> Markup {
    html! {
        article.guide {
            details open[at < OPEN] {
                summary {
                    (level(guide.level)) " "
                    h4 { (Text(&guide.title)) }
                    p.when { span { (Text(&guide.rule)) } span { (many(guide.alerts, "alert")) } }
                }
                div.in id={ "g" (at) } {
                    @if !guide.what_to_do.is_empty() {
                        div.todo { h5 { "What to do" } (prose(&guide.what_to_do)) }
                    }
                    (prose(&guide.about))
                    @if !guide.why.is_empty() { h5 { "Why these numbers" } (prose(&guide.why)) }
                    @if !guide.false_positives.is_empty() {
                        h5 { "When it is wrong" }
                        ul { @for wrong in &guide.false_positives { li { (Line(wrong)) } } }
                    }
                    @if !guide.attack.is_empty() || !guide.references.is_empty() {
                        h5 { "More about it" }
                        ul.refs {
                            @for id in &guide.attack { li { "ATT&CK " (technique(id)) } }
                            @for address in &guide.references { li { (reference(address)) } }
                        }
                    }
                }
            }
        }
    }
}

/// An address that a rule rests on. Rules may come from anywhere, so that only what
/// is plainly a page of the web becomes a link.
fn reference(address: &str) -> Markup {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\"'<>\\^`{|}".contains(&byte);
    html! {
        @if address.starts_with("https://") && address.bytes().all(plain) {
            a href=(address) rel="noopener noreferrer nofollow" { (Name(address)) }
        } @else {
            (Name(address))
        }
    }
}

/// A technique such as `T1595.003`, with its page at MITRE.
fn technique(id: &str) -> Markup {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts = id
        .strip_prefix('T')
        .map(|number| number.split_once('.').unwrap_or((number, "")));
    html! {
        @match parts {
            Some((number, sub)) if digits(number) && (sub.is_empty() || digits(sub)) => {
                a rel="noopener noreferrer nofollow"
                    href={ "https://attack.mitre.org/techniques/T" (number) "/" (sub) } { (id) }
            },
            _ => (Text(id)),
        }
    }
}
