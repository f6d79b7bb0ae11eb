//! `docs/rules.md`, the rules for people, against the files in `rules/`.
//!
//! `UPDATE_RULES=1 cargo test --test cli catalogue` writes it anew.

#[path = "catalogue/markdown.rs"]
mod markdown;
#[path = "catalogue/page.rs"]
mod page;

use std::fs;

use s3sentry::alert::Level;
use serde_json::Value;

use crate::place::{Place, package};

/// What `rules list` says of the built-in rules without any settings.
pub fn rules() -> Vec<Value> {
    let run = Place::new().run("rules list --format json --no-config");
    serde_json::from_str(&run.ends(0).out).unwrap()
}

/// A directory of rules.
pub struct Theme {
    /// Its name with spaces; files in no directory are `Other`.
    pub title: String,
    /// What `rules/README.md` says of it.
    pub about: String,
    /// Its files.
    pub stems: Vec<Stem>,
}

/// A file of rules.
pub struct Stem {
    /// What it is called.
    pub name: String,
    /// The file below `rules/`.
    pub file: String,
    /// Its rules: the one of the file's name, then from the highest level down.
    pub rules: Vec<Value>,
}

impl Stem {
    /// Of the rule that the file is named for.
    pub fn title(&self) -> &str {
        text(&self.rules[0], "title")
    }

    /// The levels there are, lowest first.
    pub fn levels(&self) -> Vec<&'static str> {
        let words = Level::ALL.map(Level::as_str);
        let has = |word: &&str| self.rules.iter().any(|rule| rule["level"] == **word);
        words.into_iter().filter(has).collect()
    }

    /// All words of these lists, once.
    pub fn all(&self, key: &str) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for word in self.rules.iter().flat_map(|rule| texts(&rule[key])) {
            if !all.contains(&word) {
                all.push(word);
            }
        }
        all
    }
}

/// A text of a rule.
pub fn text<'r>(rule: &'r Value, key: &str) -> &'r str {
    rule[key].as_str().unwrap()
}

/// A list of texts.
pub fn texts(list: &Value) -> Vec<String> {
    let items = list.as_array().unwrap().iter();
    items
        .map(|item| item.as_str().unwrap().to_owned())
        .collect()
}

/// The rows of the table in `rules/README.md`: directory, what it is about.
fn directories() -> Vec<(String, String)> {
    let readme = fs::read_to_string(package("rules/README.md")).unwrap();
    let rows = readme.lines().filter_map(|line| {
        let (name, rest) = line.strip_prefix("| `")?.split_once("/` | ")?;
        Some((name.to_owned(), rest.strip_suffix(" |")?.to_owned()))
    });
    rows.collect()
}

/// The rules by directory and file, directories in the order of their table.
pub fn themes() -> Vec<Theme> {
    let rules = rules();
    let mut directories = directories();
    for rule in &rules {
        let known = |theme: &str| directories.iter().any(|(name, _)| name == theme);
        assert!(
            rule["theme"].as_str().is_none_or(known),
            "rules/README.md says nothing of the directory of {}",
            rule["name"]
        );
    }
    directories.push((String::new(), String::new()));
    let mut themes = Vec::new();
    for (name, about) in directories {
        let own = |rule: &&Value| rule["theme"].as_str().unwrap_or_default() == name;
        let stems = stems(rules.iter().filter(own));
        if !stems.is_empty() {
            themes.push(Theme {
                title: title(if name.is_empty() { "other" } else { &name }),
                about,
                stems,
            });
        }
    }
    themes
}

fn stems<'r>(rules: impl Iterator<Item = &'r Value>) -> Vec<Stem> {
    let mut stems: Vec<Stem> = Vec::new();
    for rule in rules {
        let file = text(rule, "file").strip_prefix("built-in:").unwrap();
        let name = file
            .rsplit('/')
            .next()
            .unwrap()
            .strip_suffix(".yml")
            .unwrap();
        match stems.iter_mut().find(|stem| stem.file == file) {
            Some(stem) => stem.rules.push(rule.clone()),
            None => stems.push(Stem {
                name: name.to_owned(),
                file: file.to_owned(),
                rules: vec![rule.clone()],
            }),
        }
    }
    stems.sort_by(|one, other| one.name.cmp(&other.name));
    for stem in &mut stems {
        let level = |rule: &Value| {
            let own = |level: &Level| level.as_str() == text(rule, "level");
            Level::ALL.iter().position(own)
        };
        let name = stem.name.clone();
        stem.rules
            .sort_by_key(|rule| (text(rule, "name") != name, std::cmp::Reverse(level(rule))));
    }
    stems
}

/// `Looking around` of `looking-around`.
fn title(name: &str) -> String {
    let words = name.replace('-', " ");
    let (first, rest) = words.split_at(1);
    first.to_uppercase() + rest
}

#[test]
fn the_catalogue_says_what_the_rules_say() {
    let file = package("docs/rules.md");
    let page = page::page();
    if std::env::var_os("UPDATE_RULES").is_some() {
        fs::write(&file, &page).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    // The whole of it would bury what differs.
    for (number, (written, page)) in written.lines().zip(page.lines()).enumerate() {
        assert_eq!(written, page, "docs/rules.md:{}: {BEHIND}", number + 1);
    }
    assert_eq!(written.len(), page.len(), "{BEHIND}");
}

const BEHIND: &str = "it is behind; UPDATE_RULES=1 cargo test --test cli catalogue";

#[test]
fn every_rule_is_in_the_catalogue_and_every_link_in_it_leads_to_a_heading() {
    let page = page::page();
    let headings: Vec<&str> = page
        .lines()
        .filter_map(|line| {
            line.strip_prefix('#')?
                .trim_start_matches('#')
                .strip_prefix(' ')
        })
        .collect();
    for rule in rules() {
        let times = headings
            .iter()
            .filter(|heading| rule["name"] == **heading)
            .count();
        assert_eq!(times, 1, "{}", rule["name"]);
    }
    let anchors: Vec<String> = headings
        .iter()
        .map(|heading| heading.to_lowercase().replace('&', "").replace(' ', "-"))
        .collect();
    let links: Vec<&str> = page.split("](#").skip(1).collect();
    assert!(links.len() > headings.len(), "{} links", links.len());
    for link in links {
        let anchor = link.split(')').next().unwrap();
        assert!(anchors.iter().any(|known| known == anchor), "#{anchor}");
    }
}
