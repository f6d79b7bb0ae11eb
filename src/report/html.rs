//! A report as one HTML file that stands alone.
//!
//! It loads nothing, and its content security policy lets it load
//! nothing and run nothing but the one script in it, which is optional: all can be
//! read without it. It sorts, filters and folds, and no data of the report is in it.
//!
//! Texts of the log may hold anything. They get into the page only as `words::Text`
//! or `words::Name`, which show control and bidi characters as escapes and cut what
//! is very long; `maud` escapes them for HTML. They are never an address, an id or
//! part of an attribute other than a label: anchors are numbers in the order of the
//! report.
//!
//! Nothing is computed here that the other forms of a report would want as well:
//! that is the collector's business. No clock, no file.

mod changes;
mod chart;
mod coverage;
mod findings;
mod guides;
mod incidents;
mod page;
mod people;
mod places;
mod sureness;
#[cfg(test)]
mod tests;
mod timeline;
mod verdict;
mod words;

use std::collections::HashMap;

use super::{Guide, Report};

/// No page is longer, bytes: browsers and mail programs take it without a pause.
pub const MAX: usize = 5 * 1024 * 1024;

/// How much of a report is listed.
#[derive(Debug, Clone, Copy)]
struct Room {
    /// Rows of a table, and incidents.
    rows: usize,
    /// Alerts of an incident.
    findings: usize,
    /// Log lines of an alert.
    evidence: usize,
}

/// From all of it to what fits in any case: texts are cut, so that the last is far
/// below [`MAX`].
const ROOMS: [Room; 5] = [
    Room {
        rows: usize::MAX,
        findings: usize::MAX,
        evidence: usize::MAX,
    },
    Room {
        rows: usize::MAX,
        findings: usize::MAX,
        evidence: 1,
    },
    Room {
        rows: 1_000,
        findings: 10,
        evidence: 1,
    },
    Room {
        rows: 250,
        findings: 5,
        evidence: 0,
    },
    Room {
        rows: 50,
        findings: 1,
        evidence: 0,
    },
];

/// The report as a page of at most [`MAX`] bytes.
///
/// Where all of it would be longer, fewer log lines are shown, then fewer alerts of
/// an incident and fewer rows of tables, and the page says how many are not.
#[must_use]
pub fn html(report: &Report) -> String {
    let mut page = String::new();
    for room in ROOMS {
        page = page::page(&Book::new(report, room));
        if page.len() <= MAX {
            break;
        }
    }
    page
}

/// A report with what its parts refer to.
struct Book<'r> {
    report: &'r Report,
    room: Room,
    /// Number of each guide, by the name of its rule.
    guides: HashMap<&'r str, usize>,
    /// Number of each incident that is shown, by its id.
    incidents: HashMap<&'r str, usize>,
}

impl<'r> Book<'r> {
    fn new(report: &'r Report, room: Room) -> Self {
        let guides = report.guides.iter().enumerate();
        let incidents = report.incidents.iter().take(room.rows).enumerate();
        Book {
            report,
            room,
            guides: guides.map(|(at, guide)| (&*guide.rule, at)).collect(),
            incidents: incidents
                .map(|(at, incident)| (&*incident.id, at))
                .collect(),
        }
    }

    /// The guide of a rule and where it stands.
    fn guide(&self, rule: &str) -> Option<(usize, &'r Guide)> {
        let at = *self.guides.get(rule)?;
        Some((at, &self.report.guides[at]))
    }

    /// As many of a list as there is room for, and how many are left.
    fn rows<T>(&self, list: &'r [T]) -> (&'r [T], u64) {
        let shown = &list[..list.len().min(self.room.rows)];
        (shown, (list.len() - shown.len()) as u64)
    }
}
