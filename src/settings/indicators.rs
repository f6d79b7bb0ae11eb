//! `[[ioc]]`: which lists of what is known to be bad there are, and how bad.
//!
//! What a list holds is [`crate::ioc`]'s business.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{IOC, Reader};
use crate::alert::Level;
use crate::ioc::{List, Spec};
use crate::rule::pattern;
use crate::text::words::{did_you_mean, quote, suggest};

const FILE: &str = "file";
/// The keys of a table.
const KEYS: [&str; 4] = [FILE, "name", "level", "max_age"];

impl Reader<'_> {
    /// The lists that the tables name, read.
    pub(super) fn indicators(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<List> {
        let start = value.span().start;
        let DeValue::Array(tables) = value.get_ref() else {
            self.fail(start, format!("{IOC:?} must be tables: [[ioc]]"));
            return Vec::new();
        };
        let mut lists = Vec::new();
        for table in tables {
            let start = table.span().start;
            match table.get_ref() {
                DeValue::Table(table) => lists.extend(self.indicator(start, table)),
                _ => self.fail(start, format!("{IOC:?} must be tables: [[ioc]]")),
            }
        }
        lists
    }

    fn indicator(&mut self, start: usize, table: &DeTable<'_>) -> Option<List> {
        let directory = self.file.parent().unwrap_or(Path::new("")).to_owned();
        let before = self.errors.len();
        let mut spec = Spec::of(directory.clone());
        let mut file = None;
        for (key, value) in table {
            let name: &str = key.get_ref();
            if !KEYS.contains(&name) {
                let hint = did_you_mean(suggest(name, KEYS).as_deref());
                let reason = format!("unknown key {}{hint}", quote(name));
                self.fail(key.span().start, reason);
                continue;
            }
            let at = value.span().start;
            let DeValue::String(text) = value.get_ref() else {
                self.fail(at, format!("{name:?} must be text: \"...\""));
                continue;
            };
            if text.trim().is_empty() {
                self.fail(at, format!("{name:?} is empty"));
                continue;
            }
            let problem = match name {
                FILE => {
                    file = Some(at);
                    spec.file = directory.join(&**text);
                    None
                }
                "name" => {
                    spec.name = Some(text.to_string());
                    None
                }
                "level" => level(text).map(|level| spec.level = level).err(),
                _ => pattern::long_span(text)
                    .map(|age| spec.max_age = age)
                    .map_err(str::to_owned)
                    .err(),
            };
            if let Some(problem) = problem {
                self.fail(at, format!("{name:?} {problem}, is {}", quote(text)));
            }
        }
        if self.errors.len() > before {
            return None;
        }
        let Some(file) = file else {
            self.fail(start, "a list of indicators needs a \"file\"".to_owned());
            return None;
        };
        let read = List::read(spec);
        read.map_err(|error| self.fail(file, error.to_string()))
            .ok()
    }
}

fn level(text: &str) -> Result<Level, String> {
    let known = |level: &Level| level.as_str() == text;
    Level::ALL.into_iter().find(known).ok_or_else(|| {
        let words = Level::ALL.map(Level::as_str);
        format!("must be one of {}", words.join(", "))
    })
}
