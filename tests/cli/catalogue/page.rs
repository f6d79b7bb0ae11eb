//! The page itself: an index, what each rule says of itself, the techniques.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::LazyLock;

use s3sentry::rule;
use s3sentry::rule::description::{Paragraph, paragraphs};
use serde::Deserialize;
use serde_json::Value;

use super::markdown::{code, escape, prose, technique};
use super::{Stem, Theme, text, texts, themes};

const BEGINNING: &str = "\
# The rules

<!-- Made of the files in rules/: UPDATE_RULES=1 cargo test --test cli catalogue -->

What each built-in rule looks for, why it fires when it does, how sure that is,
and what to do. An alert's `rule.name` is a heading here. `s3sentry rules show
NAME` prints a rule as it runs with your settings, `s3sentry rules explain NAME
logs/` says why it fires on your logs, or does not ([explain.md](explain.md)).

A rule has several levels where it is worth more in the hands of a stranger, or
in greater number: each of them is a rule of its own, `NAME-low` beside `NAME`.
They alert independently. What `stranger`, `principal` and the other fields
are stands in [fields.md](fields.md), when exactly a rule fires in
[correlations.md](correlations.md). A rule that *needs* a list of the
[settings](settings.md#lists) does not run until it is set, one that needs the
`baseline` not without one; in parentheses: not all of its levels need it.

";

/// Documents by their names, as any YAML reader sees them.
static DOCUMENTS: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    let files = rule::load::embedded().iter();
    let documents = files.flat_map(|(_, text)| {
        yaml_serde::Deserializer::from_str(text).map(|one| Value::deserialize(one).unwrap())
    });
    let named = documents.map(|one| (text(&one, "name").to_owned(), one));
    named.collect()
});

/// The names of rules that raise alerts: those that have a heading.
static NAMES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let rules = super::rules();
    rules
        .iter()
        .map(|rule| text(rule, "name").to_owned())
        .collect()
});

fn words(text: &str) -> String {
    prose(text, |word| NAMES.contains(word))
}

pub fn page() -> String {
    let themes = themes();
    let mut page = BEGINNING.to_owned();
    index(&themes, &mut page);
    for theme in &themes {
        write!(page, "## {}\n\n", theme.title).unwrap();
        if !theme.about.is_empty() {
            write!(page, "{}\n\n", theme.about).unwrap();
        }
        for stem in &theme.stems {
            section(stem, &mut page);
        }
    }
    coverage(&themes, &mut page);
    page
}

fn index(themes: &[Theme], page: &mut String) {
    page.push_str("## Index\n\n| rule | levels | ATT&CK | needs | |\n|---|---|---|---|---|\n");
    for theme in themes {
        let anchor = theme.title.to_lowercase().replace(' ', "-");
        writeln!(page, "| **[{}](#{anchor})** | | | | |", theme.title).unwrap();
        for stem in &theme.stems {
            let techniques: Vec<String> = stem
                .all("techniques")
                .iter()
                .map(|id| technique(id))
                .collect();
            writeln!(
                page,
                "| [{name}](#{name}) | {} | {} | {} | {} |",
                stem.levels().join(", "),
                techniques.join(", "),
                needs(stem),
                escape(stem.title()),
                name = text(&stem.rules[0], "name"),
            )
            .unwrap();
        }
    }
    page.push_str("\nBy technique: [ATT&CK](#attck).\n\n");
}

/// The lists that the rules of a file need; those of some of its rules only are
/// in parentheses.
fn needs(stem: &Stem) -> String {
    let everywhere = |list: &String| {
        stem.rules
            .iter()
            .all(|rule| texts(&rule["needs"]).contains(list))
    };
    let lists = stem.all("needs").into_iter().map(|list| {
        if everywhere(&list) {
            format!("`{list}`")
        } else {
            format!("(`{list}`)")
        }
    });
    lists.collect::<Vec<_>>().join(", ")
}

fn section(stem: &Stem, page: &mut String) {
    let first = text(&stem.rules[0], "name");
    write!(page, "### {first}\n\n").unwrap();
    page.push_str("| level | fires on | by | needs | ATT&CK |\n|---|---|---|---|---|\n");
    for rule in &stem.rules {
        let techniques: Vec<String> = texts(&rule["techniques"])
            .iter()
            .map(|id| technique(id))
            .collect();
        writeln!(
            page,
            "| [{}](#{}) | {} | {} | {} | {} |",
            text(rule, "level"),
            text(rule, "name"),
            words(&fires(rule)),
            code(&texts(&rule["group_by"])),
            code(&texts(&rule["needs"])),
            techniques.join(", "),
        )
        .unwrap();
    }
    page.push('\n');
    for (place, rule) in stem.rules.iter().enumerate() {
        if place > 0 {
            write!(page, "#### {}\n\n", text(rule, "name")).unwrap();
        }
        document(rule, page);
    }
    counted(stem, page);
}

/// The conditions of a rule on one line.
fn fires(rule: &Value) -> String {
    let lines = texts(&rule["words"]);
    let mut lines = lines
        .iter()
        .skip_while(|line| !line.starts_with("fires on "));
    let own = lines.next().unwrap().strip_prefix("fires on ").unwrap();
    // What else is indented once are the rules below it.
    let begins = ["  any ", "  and ", "  the second step", "  no record "];
    let further = lines.take_while(|line| begins.iter().any(|begin| line.starts_with(begin)));
    let further: Vec<&str> = further
        .map(|line| line.split_once(": ").map_or(line.trim(), |(_, text)| text))
        .collect();
    let between = if further.is_empty() {
        ""
    } else if own.ends_with(':') {
        " "
    } else {
        "; "
    };
    let own = if own == "at least 1 record in 1s" {
        "any record"
    } else {
        own
    };
    format!("{own}{between}{}", further.join("; "))
}

/// What a rule says of itself.
fn document(rule: &Value, page: &mut String) {
    let name = text(rule, "name");
    write!(
        page,
        "**{}** (`{name}`, {})\n\n",
        escape(text(rule, "title")),
        text(rule, "level")
    )
    .unwrap();
    for paragraph in paragraphs(text(rule, "description")) {
        write!(page, "{}\n\n", self::paragraph(&paragraph)).unwrap();
    }
    page.push_str("**False positives:**\n\n");
    for item in texts(&rule["falsepositives"]) {
        writeln!(page, "- {}", words(&item)).unwrap();
    }
    write!(page, "\n**To tune it:** {}.\n\n", tuning(rule)).unwrap();
    let references = texts(&rule["references"]);
    let references: Vec<String> = references.iter().map(|url| format!("<{url}>")).collect();
    write!(page, "**See also:** {}\n\n", references.join(", ")).unwrap();
}

/// `Why 20: ...` with what stands before the colon in bold, where a paragraph
/// begins like that.
fn paragraph(paragraph: &Paragraph) -> String {
    let text = words(&paragraph.text);
    match &paragraph.lead {
        Some(lead) => format!("**{}:** {text}", escape(lead)),
        None => text,
    }
}

/// What the settings can change, with what it is now.
fn tuning(rule: &Value) -> String {
    let name = text(rule, "name");
    let mut keys = numbers(rule);
    let span =
        |key: &str, value: &Value| value.as_str().map(|span| format!("`{key} = \"{span}\"`"));
    keys.extend(span("timespan", &rule["correlation"]["timespan"]));
    keys.extend(span("suppress", &rule["s3sentry"]["suppress"]));
    keys.extend(["level", "exclude", "enabled"].map(|key| format!("`{key}`")));
    let mut all = format!(
        "`[rules.{name}]` in the [settings](settings.md#rules): {}",
        keys.join(", ")
    );
    if rule["correlation"]["type"] == "temporal" {
        for counted in texts(&rule["correlation"]["rules"]) {
            let numbers = numbers(&DOCUMENTS[&counted]);
            if !numbers.is_empty() {
                write!(all, "; `[rules.{counted}]`: {}", numbers.join(", ")).unwrap();
            }
        }
    }
    all
}

/// The numbers of a rule's own that the settings can change. That of a `temporal`
/// says how many rules it needs.
fn numbers(rule: &Value) -> Vec<String> {
    let correlation = &rule["correlation"];
    let mut keys = Vec::new();
    if let Some(condition) = correlation["condition"].as_object()
        && correlation["type"] != "temporal"
    {
        let numbers: Vec<&Value> = condition
            .iter()
            .filter(|(key, number)| *key != "percentile" && number.is_u64())
            .map(|(_, number)| number)
            .collect();
        if let [number] = numbers[..] {
            keys.push(format!("`threshold = {number}`"));
        }
    }
    if let Some(number) = rule["s3sentry"]["baseline"]["otherwise"].as_u64() {
        keys.push(format!("`otherwise = {number}`"));
    }
    keys
}

/// The detections below the rules of a file, and the rules in plain words.
fn counted(stem: &Stem, page: &mut String) {
    write!(
        page,
        "<details><summary>What is counted, exactly</summary>\n\nThe file: [rules/{0}](../rules/{0})\n\n",
        stem.file
    )
    .unwrap();
    let mut names: Vec<String> = Vec::new();
    for rule in &stem.rules {
        below(rule, &mut names);
    }
    for name in names {
        let one = &DOCUMENTS[&name];
        let said = text(one, "description")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        writeln!(
            page,
            "- `{name}`: {}. {}",
            escape(text(one, "title")),
            words(&said)
        )
        .unwrap();
    }
    for rule in &stem.rules {
        let lines = texts(&rule["words"]).join("\n").replace(" (not set)", "");
        write!(page, "\n```text\n{}\n{lines}\n```\n", text(rule, "name")).unwrap();
    }
    page.push_str("\n</details>\n\n");
}

/// The names of all rules that a rule counts, each once.
fn below(rule: &Value, names: &mut Vec<String>) {
    let Some(rules) = rule["correlation"]["rules"].as_array() else {
        return;
    };
    for word in rules {
        let word = word.as_str().unwrap();
        let called = |(name, one): (&String, &Value)| {
            (name == word || one["id"] == word).then(|| name.clone())
        };
        let name = DOCUMENTS.iter().find_map(called).unwrap();
        if !names.contains(&name) {
            names.push(name.clone());
            below(&DOCUMENTS[&name], names);
        }
    }
}

/// Which rules look for a technique.
fn coverage(themes: &[Theme], page: &mut String) {
    page.push_str("## ATT&CK\n\n");
    page.push_str(
        "`s3sentry rules list --format navigator` writes this as a layer for the ATT&CK\n\
         Navigator, with what runs under your settings ([rules-list.md](rules-list.md)).\n\n\
         | technique | rules |\n|---|---|\n",
    );
    let mut techniques: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for rule in themes
        .iter()
        .flat_map(|theme| &theme.stems)
        .flat_map(|stem| &stem.rules)
    {
        for id in texts(&rule["techniques"]) {
            let name = text(rule, "name");
            techniques
                .entry(id)
                .or_default()
                .push(format!("[{name}](#{name})"));
        }
    }
    for (id, mut rules) in techniques {
        rules.sort();
        writeln!(page, "| {} | {} |", technique(&id), rules.join(", ")).unwrap();
    }
}
