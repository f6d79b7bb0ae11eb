//! The list for people: theme by theme, a line a rule.
//!
//! A rule that does not run stands in its place, with `off` for its level; why
//! is said once, at the end.

use std::fmt::Write as _;
use std::io;

use s3sentry::sink::level_in_table;
use s3sentry::text::terminal;

use super::Listed;
use crate::cli::RulesList;
use crate::commands::color;
use crate::commands::summary::words::{count, hang};

/// Columns that a title gets at the least; the techniques give way.
const TITLE: usize = 32;
/// Columns between two others.
const GAP: usize = 2;

/// Title, techniques and all else.
pub fn text(listed: &[Listed<'_>], arguments: &RulesList) -> String {
    let table = Table::new(
        listed,
        color(arguments.common.color, &io::stdout()),
        width(),
    );
    let mut lines = vec![table.header()];
    let mut theme = None;
    for one in listed {
        if theme != Some(&one.document.theme) {
            theme = Some(&one.document.theme);
            lines.push(String::new());
            lines.push(table.paint("1", &heading(one)));
        }
        lines.push(table.row(one));
    }
    lines.push(String::new());
    lines.extend(ending(listed, table.width));
    lines.join("\n")
}

/// Columns of the terminal; elsewhere a line is as long as it is.
fn width() -> usize {
    let size = terminal_size::terminal_size_of(io::stdout());
    size.map_or(usize::MAX, |(width, _)| usize::from(width.0))
}

/// `Looking around` of `looking-around`.
fn heading(one: &Listed<'_>) -> String {
    let theme = one.document.theme.as_deref().unwrap_or("other");
    let words = terminal(theme.replace('-', " ").as_bytes());
    let mut letters = words.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

struct Table {
    color: bool,
    width: usize,
    /// Columns for the names, the levels and the techniques; none for the last
    /// where they would leave no room for the title.
    columns: [usize; 3],
}

impl Table {
    fn new(listed: &[Listed<'_>], color: bool, width: usize) -> Self {
        let widest = |cell: fn(&Listed<'_>) -> String, header: &str| {
            let cells = listed.iter().map(|one| cell(one).chars().count());
            cells.chain([header.len()]).max().unwrap_or(0)
        };
        let mut columns = [
            widest(name, "RULE"),
            widest(|one| level(one).0, "LEVEL"),
            widest(techniques, "ATT&CK"),
        ];
        if columns.iter().map(|column| column + GAP).sum::<usize>() + TITLE > width {
            columns[2] = 0;
        }
        Self {
            color,
            width,
            columns,
        }
    }

    fn paint(&self, style: &str, text: &str) -> String {
        if self.color {
            format!("\x1b[{style}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    fn header(&self) -> String {
        let [name, level, techniques] = self.columns;
        let mut text = format!("{:name$}  {:level$}  ", "RULE", "LEVEL");
        if techniques > 0 {
            // Writing to a string cannot fail.
            let _ = write!(text, "{:techniques$}  ", "ATT&CK");
        }
        self.paint("2", &(text + "TITLE"))
    }

    fn row(&self, one: &Listed<'_>) -> String {
        let [names, levels, attack] = self.columns;
        let (word, style) = level(one);
        let word = self.paint(style, &format!("{word:levels$}"));
        let mut head = format!("{:names$}  {word}  ", name(one));
        let mut columns = names + GAP + levels + GAP;
        if attack > 0 {
            let _ = write!(head, "{:attack$}  ", techniques(one));
            columns += attack + GAP;
        }
        let title = terminal(one.rule.info.title.as_bytes());
        hang(&head, columns, &title, self.width)
    }
}

fn name(one: &Listed<'_>) -> String {
    format!("  {}", terminal(one.rule.info.name.as_bytes()))
}

/// `HIGH`, or `off (HIGH)`, and how it is coloured.
fn level(one: &Listed<'_>) -> (String, &'static str) {
    let (word, style) = level_in_table(one.rule.info.level);
    match one.off {
        None => (word.to_owned(), style),
        Some(_) => (format!("off ({word})"), "2"),
    }
}

fn techniques(one: &Listed<'_>) -> String {
    one.techniques().join(" ")
}

/// How many rules there are, and which do not run, by the reason.
fn ending(listed: &[Listed<'_>], width: usize) -> Vec<String> {
    let off = listed.iter().filter(|one| one.off.is_some()).count();
    let all = count(listed.len() as u64, "rule");
    if off == 0 {
        return vec![all];
    }
    let verb = if off == 1 { "does" } else { "do" };
    let mut lines = vec![format!("{all}, of which {off} {verb} not run:")];
    let mut reasons: Vec<&str> = Vec::new();
    for reason in listed.iter().filter_map(|one| one.off.as_deref()) {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    for reason in reasons {
        let same = listed
            .iter()
            .filter(|one| one.off.as_deref() == Some(reason));
        let names: Vec<String> = same.map(|one| name(one).trim_start().to_owned()).collect();
        let text = format!("{}: {}", terminal(reason.as_bytes()), names.join(", "));
        lines.push(hang("  ", 2 * GAP, &text, width));
    }
    lines
}
