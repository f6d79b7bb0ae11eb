//! Which lists of indicators counted, and what is wrong with them.

use s3sentry::ioc::{self, Kind, List};
use s3sentry::record::time::rfc3339;
use s3sentry::settings::Settings;
use s3sentry::text::terminal;

use super::words::{count, group, span};
use crate::commands::shown;

/// Which lists are empty, too old or not wholly understood.
pub fn warnings(settings: &Settings) -> Vec<String> {
    let now = ioc::now();
    let lists = lists(settings).iter();
    lists.flat_map(|list| of_list(list, now)).collect()
}

/// A line a list: what it holds, of when it is, what is left out.
pub fn rows(settings: &Settings) -> Vec<String> {
    lists(settings).iter().map(row).collect()
}

fn lists(settings: &Settings) -> &[List] {
    settings.ioc.as_deref().map_or(&[], |ioc| ioc.lists())
}

fn of_list(list: &List, now: i64) -> Vec<String> {
    let mut warnings = Vec::new();
    let name = called(list);
    if list.is_empty() {
        warnings.push(format!("{name} holds no entry, so nothing can be on it"));
    }
    if let (Some(age), Some(dated)) = (list.stale(now), list.dated) {
        warnings.push(format!(
            "{name} is {} old, of {}; more than {} is too old: fetch it again",
            span(age),
            rfc3339(dated),
            span(list.max_age)
        ));
    }
    if let Some((wrong, line, reason)) = list.wrong() {
        let line = line.map_or_else(String::new, |line| format!("line {line}: "));
        let (entries, verb) = match wrong {
            1 => ("1 entry".to_owned(), "is"),
            _ => (format!("{} entries", group(wrong)), "are"),
        };
        let first = if wrong == 1 { "" } else { "the first is " };
        warnings.push(format!(
            "{entries} of {name} {verb} not understood and left out; {first}{line}{}",
            terminal(reason.as_bytes())
        ));
    }
    warnings
}

fn called(list: &List) -> String {
    let (name, file) = (terminal(list.name.as_bytes()), shown(&list.file));
    if file == name {
        format!("the list {name}")
    } else {
        format!("the list {name} ({file})")
    }
}

fn row(list: &List) -> String {
    let counts = Kind::ALL.into_iter().filter_map(|kind| {
        let entries = list.count(kind);
        (entries > 0).then(|| count(entries, kind.noun()))
    });
    let mut text = counts.collect::<Vec<_>>().join(", ");
    if text.is_empty() {
        "nothing".clone_into(&mut text);
    }
    text = format!(
        "{} ({}, {}): {text}",
        terminal(list.name.as_bytes()),
        list.level.as_str(),
        list.format.as_str()
    );
    if let Some(dated) = list.dated {
        text = format!("{text}, of {}", rfc3339(dated));
    }
    let left_out = list.left_out().iter();
    let left_out = left_out.map(|(reason, left_out)| {
        let first = terminal(left_out.first.as_bytes());
        format!("{} {reason} ({first})", group(left_out.count))
    });
    let left_out: Vec<_> = left_out.collect();
    if !left_out.is_empty() {
        text = format!("{text}; left out: {}", left_out.join(", "));
    }
    text
}
