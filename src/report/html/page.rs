//! The page around the sections: head, policy, table of contents, foot.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::words::{Text, at, number};
use super::{
    Book, changes, coverage, guides, incidents, people, places, sureness, timeline, verdict,
};
use crate::alert::Level;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Nothing may be loaded, and nothing may run or style the page but what it is made
/// with, known by its hash. An icon that is empty text keeps browsers from asking a
/// server for one.
fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; \
         base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE),
    )
}

/// A section of the page.
struct Section {
    id: &'static str,
    title: &'static str,
    /// How many entries it has, where that says something.
    count: Option<u64>,
    content: Markup,
}

/// The whole page.
pub(super) fn page(book: &Book<'_>) -> String {
    let report = book.report;
    let sections = sections(book);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (verdict::title(report)) }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                (shapes())
                (verdict::header(report))
                div.body {
                    (contents(&sections))
                    main #content {
                        @for section in &sections {
                            section id=(section.id) aria-labelledby={ "h-" (section.id) } {
                                h2 id={ "h-" (section.id) } { (section.title) }
                                (section.content)
                            }
                        }
                    }
                }
                (footer(book))
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

fn sections(book: &Book<'_>) -> Vec<Section> {
    let report = book.report;
    let section = |id, title, count: Option<usize>, content| {
        let count = count.map(|count| count as u64);
        Section {
            id,
            title,
            count,
            content,
        }
    };
    let mut sections = Vec::new();
    if let Some(compared) = &report.compared {
        let count = compared.new.len() + compared.growing.len() + compared.gone.len();
        let content = changes::section(book, compared);
        sections.push(section("changes", "What changed", Some(count), content));
    }
    let incidents = report.verdict.incidents as usize;
    sections.push(section(
        "incidents",
        "What happened",
        Some(incidents),
        incidents::section(book),
    ));
    if !report.actors.is_empty() {
        let actors = report.actors.len() + report.actors_left_out.number as usize;
        sections.push(section(
            "actors",
            "Who",
            Some(actors),
            people::section(book),
        ));
    }
    sections.push(section("timeline", "When", None, timeline::section(report)));
    let buckets = report.buckets.len() + report.buckets_left_out.number as usize;
    sections.push(section(
        "where",
        "Where",
        Some(buckets),
        places::section(book),
    ));
    if !report.guides.is_empty() {
        sections.push(section(
            "sure",
            "How sure are we",
            None,
            sureness::section(book),
        ));
    }
    sections.push(section(
        "coverage",
        "What was looked at",
        None,
        coverage::section(book),
    ));
    sections.push(section(
        "next",
        "What to do next",
        None,
        guides::section(book),
    ));
    sections
}

fn contents(sections: &[Section]) -> Markup {
    html! {
        nav aria-label="Contents" {
            ol {
                @for section in sections {
                    li {
                        a href={ "#" (section.id) } {
                            (section.title)
                            @if let Some(count) = section.count { " " span.n { (number(count)) } }
                        }
                    }
                }
            }
            // Without the script there is nothing to filter with.
            div #tools hidden {
                label for="find" { "Show only what contains" }
                input #find type="search" autocomplete="off" spellcheck="false";
                label for="least" { "of level" }
                select #least {
                    option value="0" { "any" }
                    @for (value, level) in Level::ALL.iter().enumerate().skip(1) {
                        option value=(value) {
                            (level.as_str()) @if *level != Level::Critical { " and above" }
                        }
                    }
                }
                p #found role="status" aria-live="polite" {}
                div.buttons {
                    button #open type="button" { "Unfold all" }
                    button #close type="button" { "Fold all" }
                }
            }
        }
    }
}

fn footer(book: &Book<'_>) -> Markup {
    let report = book.report;
    html! {
        footer {
            p {
                "Made by s3sentry " (Text(&report.program)) " at " (at(report.made))
                ". All times are UTC. Every alert with all that is known of it is in "
                code { (Text(&report.alerts_file)) } " beside this page."
            }
            p {
                "This page loads nothing and sends nothing. Characters of the log that cannot be \
                 seen are shown as escapes such as " code { "\\x1B" } " or "
                code { "\\u{202E}" } "; very long texts are cut. Fields of a log line that are \"-\" are left out."
            }
        }
    }
}

/// Patterns that charts fill with.
fn shapes() -> Markup {
    html! {
        svg.defs width="0" height="0" aria-hidden="true" {
            defs {
                pattern #hatch patternUnits="userSpaceOnUse" width="6" height="6"
                    patternTransform="rotate(45)" {
                    rect.hb width="6" height="6" {}
                    rect.hl width="2" height="6" {}
                }
            }
        }
    }
}
