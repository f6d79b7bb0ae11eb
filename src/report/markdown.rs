//! A report as Markdown, for a ticket or a chat: the worst in full, the rest as
//! tables, and never more than a ticket takes.
//!
//! Plain Markdown with the tables of GitHub. Texts of the log may hold anything; they
//! get in through `text` only, so that no dialect finds markup, HTML or a link in
//! them. Nothing is computed here that the other forms of a report would want as
//! well. No clock, no file.

mod happened;
mod rest;
mod tables;
#[cfg(test)]
mod tests;
mod text;

use std::fmt::{Display, Write as _};

use self::text::{clock, code, entity, level, many, period, prose};
use super::{Attention, Change, Compared, Report, RuleCount};
use crate::alert::Level;
use crate::text::words::grouped;

/// No page is longer, characters: GitHub takes 65,536.
const MAX: usize = 60_000;

/// How much of a report is told.
#[derive(Debug, Clone, Copy)]
struct Room {
    /// Incidents in full.
    full: usize,
    /// Further ones, a line each.
    lines: usize,
    /// Rows of any other table, and items of a list.
    rows: usize,
    /// Rules whose documentation is told.
    guides: usize,
}

/// From what people like to read to what fits in any case.
const ROOMS: [Room; 3] = [
    Room {
        full: 5,
        lines: 20,
        rows: 10,
        guides: 5,
    },
    Room {
        full: 3,
        lines: 10,
        rows: 6,
        guides: 3,
    },
    Room {
        full: 1,
        lines: 5,
        rows: 3,
        guides: 1,
    },
];

/// The report as text, of at most 60,000 characters however many alerts there are:
/// where names are long, less is told, and always how much is not.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let mut text = String::new();
    for room in ROOMS {
        text = told(report, room);
        if text.chars().count() <= MAX {
            return text;
        }
    }
    shortened(&text)
}

/// As many lines as there is room for: none means anything else without those behind
/// it.
fn shortened(text: &str) -> String {
    let end = "\nThere is no room for more. The other forms of this report have it.\n";
    let mut room = MAX - end.len();
    let fits = |line: &&str| {
        let length = line.chars().count();
        let fits = length <= room;
        room = room.saturating_sub(length);
        fits
    };
    let lines = text.split_inclusive('\n').take_while(fits);
    lines.chain([end]).collect()
}

fn told(report: &Report, room: Room) -> String {
    let mut page = Page {
        text: String::new(),
        room,
    };
    verdict(&mut page, report);
    if let Some(compared) = &report.compared {
        changed(&mut page, compared);
    }
    happened::incidents(&mut page, report);
    tables::who(&mut page, report);
    tables::when(&mut page, report);
    tables::places(&mut page, report);
    rest::how_sure(&mut page, report);
    rest::coverage(&mut page, &report.coverage);
    rest::guides(&mut page, report);
    page.text
}

/// What is written. Only texts that are Markdown already may be given to it.
struct Page {
    text: String,
    room: Room,
}

impl Page {
    fn heading(&mut self, depth: usize, text: impl Display) {
        self.gap();
        self.line(format_args!("{} {text}", "#".repeat(depth)));
        self.text.push('\n');
    }

    fn paragraph(&mut self, text: impl Display) {
        self.gap();
        self.line(text);
        self.text.push('\n');
    }

    fn items<T: Display>(&mut self, items: impl IntoIterator<Item = T>) {
        self.gap();
        for item in items {
            self.line(format_args!("- {item}"));
        }
        self.text.push('\n');
    }

    /// A table; nothing where there is no row.
    fn table<const N: usize>(&mut self, head: [&str; N], rows: Vec<[String; N]>) {
        if rows.is_empty() {
            return;
        }
        self.gap();
        self.line(format_args!("| {} |", head.join(" | ")));
        self.line(format_args!("|{}", "---|".repeat(N)));
        for row in rows {
            self.line(format_args!("| {} |", row.join(" | ")));
        }
        self.text.push('\n');
    }

    /// Lines as they are, which may hold anything.
    fn block(&mut self, lines: &str) {
        let mut fence = "```".to_owned();
        while lines.contains(&fence) {
            fence.push('`');
        }
        self.gap();
        self.line(&fence);
        for line in lines.lines() {
            self.line(crate::text::shown(line));
        }
        self.line(&fence);
        self.text.push('\n');
    }

    /// What is told of how many, where not all are.
    fn rest(&mut self, told: usize, all: u64, noun: &str) {
        let more = all.saturating_sub(told as u64);
        if more > 0 {
            self.paragraph(format_args!("And {}.", many(more, &format!("more {noun}"))));
        }
    }

    fn line(&mut self, text: impl Display) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{text}");
    }

    fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }
}

fn verdict(page: &mut Page, report: &Report) {
    let verdict = &report.verdict;
    page.heading(1, format_args!("S3 access logs: {}", headline(report)));
    let mut told = String::new();
    if let (Some(worst), Some(incident)) = (verdict.worst, report.incidents.first()) {
        let title = incident.story.iter().max_by_key(|step| step.level);
        let title = title.map_or(String::new(), |step| format!(": {}", prose(&step.title)));
        let _ = write!(
            told,
            "The worst is {}, {}{title}. ",
            level(worst),
            entity(&incident.entity)
        );
    }
    let levels = Level::ALL.into_iter().rev();
    let levels = levels.filter(|level| verdict.levels.of(*level) > 0);
    let levels: Vec<_> = levels
        .map(|level| format!("{} {}", verdict.levels.of(level), level.as_str()))
        .collect();
    let alerts = many(verdict.levels.total(), "alert");
    let _ = match levels.as_slice() {
        [] => write!(told, "No alert."),
        levels => write!(
            told,
            "{alerts} ({}) in {}.",
            levels.join(", "),
            many(verdict.incidents, "incident")
        ),
    };
    page.paragraph(told);
    let coverage = &report.coverage;
    let read = match (coverage.first, coverage.last) {
        (Some(first), Some(last)) => format!("Logs of {} UTC", period(first, last)),
        _ => "No record was read".to_owned(),
    };
    let since = report
        .since_report
        .as_ref()
        .map_or(String::new(), |previous| {
            format!(
                " (what is new since the report of {} UTC)",
                clock(previous.made)
            )
        });
    page.paragraph(format_args!(
        "{read}{since}. Made {} UTC by s3sentry {}. Every alert is in {}.",
        clock(report.made),
        code(&report.program),
        code(&report.alerts_file)
    ));
    if !verdict.doubts.is_empty() {
        page.paragraph("**Not to be trusted as it stands:**");
        let most = page.room.rows;
        page.items(verdict.doubts.iter().take(most).map(|doubt| prose(doubt)));
        page.rest(most, verdict.doubts.len() as u64, "reason");
    }
}

fn headline(report: &Report) -> &'static str {
    match report.verdict.attention {
        Attention::Now => "look at this now",
        Attention::Today => "look at this today",
        Attention::WhenThereIsTime => "nothing urgent",
        Attention::None => "nothing to worry about was found",
        Attention::NothingNew => "no record has come since the report before",
        Attention::Unknown => "nothing is known, because no record was read",
    }
}

fn changed(page: &mut Page, compared: &Compared) {
    page.heading(
        2,
        format_args!("What changed since {} UTC", clock(compared.previous.made)),
    );
    let kinds = [
        ("new", &compared.new),
        ("growing", &compared.growing),
        ("gone", &compared.gone),
    ];
    let numbers = kinds
        .iter()
        .map(|(kind, all)| format!("{} {kind}", all.len()));
    let numbers: Vec<_> = numbers.collect();
    let partial = if compared.partial {
        " One of the reports left some out, so new and gone ones may be neither."
    } else {
        ""
    };
    let (before, now) = compared.requests;
    let (errors, errors_now) = compared.errors;
    page.paragraph(format_args!(
        "{}, {} as before. Requests: {} before, {} now; refused or failed: {} before, {} now.\
         {partial}",
        numbers.join(", "),
        compared.same,
        grouped(before),
        grouped(now),
        grouped(errors),
        grouped(errors_now),
    ));
    let row = |kind: &str, change: &Change| {
        [
            kind.to_owned(),
            entity(&change.entity),
            code(&change.rule),
            counted(change.before.as_ref()),
            counted(change.now.as_ref()),
        ]
    };
    let rows_of_kind = page.room.rows;
    let rows = kinds.iter().flat_map(|(kind, all)| {
        let told = all.iter().take(rows_of_kind);
        told.map(move |change| row(kind, change))
    });
    page.table(["", "who", "rule", "before", "now"], rows.collect());
    for (kind, all) in kinds {
        page.rest(rows_of_kind, all.len() as u64, &format!("{kind} one"));
    }
}

/// `high, 3 alerts of up to 200 requests`
fn counted(count: Option<&RuleCount>) -> String {
    count.map_or("none".to_owned(), |count| {
        format!(
            "{}, {}, {}",
            level(count.level),
            many(count.alerts, "alert"),
            many(count.requests, "request")
        )
    })
}
