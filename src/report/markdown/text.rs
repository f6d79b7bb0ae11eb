//! Texts, names, numbers and times as Markdown that means nothing else.
//!
//! A text that somebody else chose gets into a report only through [`code`] and
//! [`prose`]. What comes out is one line that holds no `|`, so that it may stand in
//! a table, and nothing that any dialect of Markdown takes for markup, a link, a
//! mention or a formula.

use crate::alert::Level;
use crate::record::time::rfc3339;
use crate::report::{Entity, Names};
use crate::text::shown;
use crate::text::words::grouped;

/// Characters of a name that are shown. All of it is in the file of the alerts.
const NAME: usize = 120;
/// Characters of a sentence that are shown.
const SENTENCE: usize = 300;
/// Letters of a word that stands as it is: longer ones are names, or hashes, which
/// some programs make links of.
const WORD: usize = 20;
/// Digits and letters that stand as they are where both are in a word: `5m`, `24h`.
const MIXED: usize = 5;

/// What may stand right behind a word or code.
const MARKS: [char; 6] = [',', '.', ';', ':', '?', ')'];

/// A name, a key or a line as it stands in the log, in a code span.
pub fn code(text: &str) -> String {
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    // No table can be left: its cells end at this character, in code as well.
    let text = cut(&shown(text).replace('|', "\\x7C"), NAME);
    let fence = "`".repeat(longest_run(&text) + 1);
    let edge = |c: char| text.starts_with(c) || text.ends_with(c);
    let pad = if edge('`') || edge(' ') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A sentence: words and numbers stand as they are, all else is code.
pub fn prose(text: &str) -> String {
    let words = cut(
        &text.split_whitespace().collect::<Vec<_>>().join(" "),
        SENTENCE,
    );
    let words = words.split_whitespace().map(word);
    words.collect::<Vec<_>>().join(" ")
}

/// A text of the documentation, which has code in backticks itself.
pub fn documented(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let paired = parts.len() % 2 == 1;
    let mut line = String::new();
    for (place, part) in parts.into_iter().enumerate() {
        if place % 2 == 1 && paired {
            line.push_str(&code(part));
            continue;
        }
        let space = |c: Option<char>| c.is_some_and(char::is_whitespace);
        // What stands right behind code.
        let part = if place > 0 {
            let rest = part.trim_start_matches(MARKS);
            line.push_str(&part[..part.len() - rest.len()]);
            rest
        } else {
            part
        };
        let words: Vec<_> = part.split_whitespace().map(word).collect();
        if space(part.chars().next()) && place > 0 {
            line.push(' ');
        }
        line.push_str(&words.join(" "));
        if space(part.chars().next_back()) && !words.is_empty() {
            line.push(' ');
        }
    }
    line.trim().to_owned()
}

/// A word as it is if nobody can take it for anything else. Marks around it stand
/// outside of the code, where they mean nothing.
fn word(word: &str) -> String {
    let (open, rest) = match word.strip_prefix('(') {
        Some(rest) => ("(", rest),
        None => ("", word),
    };
    let core = rest.trim_end_matches(MARKS);
    let close = &rest[core.len()..];
    if core.is_empty() {
        return code(word);
    }
    if is_plain(core, close) {
        return word.to_owned();
    }
    format!("{open}{}{close}", code(core))
}

fn is_plain(core: &str, close: &str) -> bool {
    let length = core.chars().count();
    let letters = core.chars().filter(char::is_ascii_alphabetic).count();
    let digits = core.chars().filter(char::is_ascii_digit).count();
    let apostrophes = core.chars().filter(|c| matches!(c, '\'' | '’')).count();
    let commas = core.chars().filter(|c| *c == ',').count();
    let inside = |c: char| !core.starts_with(c) && !core.ends_with(c);
    if letters > 0 && letters + apostrophes == length {
        return length <= WORD && inside('\'');
    }
    // A number before a full stop or a bracket may begin a list.
    if digits + commas == length {
        return !close.starts_with(['.', ')']) && inside(',') && length <= WORD;
    }
    digits + letters == length && length <= MIXED
}

fn longest_run(text: &str) -> usize {
    let runs = text.split(|c| c != '`').map(str::len);
    runs.max().unwrap_or(0)
}

/// The beginning of a text, and that there is more.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// `address 203.0.113.7`, the name as code.
pub fn entity(entity: &Entity) -> String {
    format!("{} {}", prose(&entity.kind), code(&entity.name))
}

/// So many names as code, and whether there are more.
pub fn names(names: &Names, most: usize) -> String {
    let shown: Vec<_> = names
        .names
        .iter()
        .take(most)
        .map(|name| code(name))
        .collect();
    let more = names.more || names.names.len() > most;
    format!(
        "{}{}",
        shown.join(", "),
        if more { " and more" } else { "" }
    )
}

/// `1,234 alerts`.
pub fn many(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

/// `2026-02-03 02:10:22`.
pub fn clock(time: i64) -> String {
    rfc3339(time).replace('T', " ").replace('Z', "")
}

/// From one time to another, the day once where it is the same.
pub fn period(first: i64, last: i64) -> String {
    let (first, last) = (clock(first), clock(last));
    if first == last {
        return first;
    }
    match (first.split_once(' '), last.split_once(' ')) {
        (Some((day, _)), Some((same, time))) if day == same => format!("{first} to {time}"),
        _ => format!("{first} to {last}"),
    }
}

/// `1.2 GiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let (mut value, mut unit) = (bytes as f64 / 1024.0, 0);
    // What would be rounded to 1024 of a unit is one of the next.
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// The word for a level, so that the worst two are seen at once.
pub fn level(level: Level) -> String {
    match level {
        Level::Critical | Level::High => format!("**{}**", level.as_str()),
        Level::Medium | Level::Low | Level::Informational => level.as_str().to_owned(),
    }
}
