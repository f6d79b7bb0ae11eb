//! An explanation for a person at a terminal: the rule, some lines, the keys.
//!
//! Whatever a caller wrote is redacted and escaped here, and cut where nobody
//! would read on.

mod keys;

use std::io::{self, Write};

use s3sentry::explain::{Explanation, Judged, Key, Line, Role, Verdict, What, span};
use s3sentry::record::time::rfc3339;
use s3sentry::text::{redact, terminal};

use crate::commands::summary::words::{count, cut, group};

/// Characters of a value that are shown.
const VALUE: usize = 160;

/// Writes it. Without input there is only the rule.
pub fn write(out: &mut impl Write, explanation: &Explanation, has_input: bool) -> io::Result<()> {
    rule(out, explanation)?;
    if !has_input {
        return Ok(());
    }
    let counts = &explanation.counts;
    writeln!(
        out,
        "\n{} read, {} matched; {} shown",
        count(counts.records, "record"),
        group(counts.matched),
        count(explanation.lines.len() as u64, "line"),
    )?;
    for line in &explanation.lines {
        self::line(out, line)?;
    }
    if explanation.rule.cannot_work.is_none() {
        let keys = explanation.keys.len() as u64;
        writeln!(
            out,
            "\n{}, {} fired; {} shown, the worst first",
            count(counts.keys, "key"),
            group(counts.fired),
            group(keys),
        )?;
    }
    for key in &explanation.keys {
        keys::write(out, &explanation.rule.info.name, key)?;
    }
    notes(out, explanation)
}

fn rule(out: &mut impl Write, explanation: &Explanation) -> io::Result<()> {
    let rule = &explanation.rule;
    let (name, title) = (safe(&rule.info.name), safe(&rule.info.title));
    writeln!(out, "{name} ({}): {title}", rule.info.level.as_str())?;
    for words in &rule.words {
        writeln!(out, "{:1$}{2}", "", 2 + 2 * words.depth, safe(&words.text))?;
    }
    writeln!(out, "  one alert a key and {}", span(rule.period))?;
    if let Some(reason) = &rule.cannot_work {
        writeln!(out, "  cannot work: {}", safe(reason))?;
    }
    if let Some(reason) = &rule.silent {
        writeln!(out, "  raises no alerts of its own: {}", safe(reason))?;
    }
    Ok(())
}

fn line(out: &mut impl Write, line: &Line) -> io::Result<()> {
    let time = line.time.map_or_else(|| "-".to_owned(), rfc3339);
    write!(out, "\n{}:{}  {time}", safe(&line.source), line.offset)?;
    write!(out, "  {}", value(line.operation.as_deref()))?;
    if !line.key.0.is_empty() {
        write!(out, "  key {}", self::values(&line.key))?;
    }
    writeln!(out)?;
    if line.time.is_none() {
        writeln!(out, "  it has no time, so no rule sees it")?;
    }
    line.parts.iter().try_for_each(|part| judged(out, part))
}

fn judged(out: &mut impl Write, part: &Judged) -> io::Result<()> {
    let label = safe(&part.label);
    let what = match part.role {
        Role::Detection => label,
        Role::Filter => format!("{label} counts it"),
        Role::Aggregate => format!("{} of {label} counts it", part.name),
        Role::NoneBefore => format!("{} of {label} is about it", part.name),
    };
    writeln!(out, "  {what}: {}", yes(part.holds))?;
    for (name, verdict) in &part.verdicts {
        match name {
            Some(name) => {
                let answer = if verdict.holds {
                    "let it through"
                } else {
                    "leave it out"
                };
                writeln!(out, "    {}: {answer}", safe(name))?;
                inside(out, 6, verdict)?;
            }
            None => match (&verdict.what, part.role) {
                // The one selection of what is no detection has no name of its own.
                (What::Selection(_, Some(within)), Role::Aggregate | Role::NoneBefore) => {
                    inside(out, 4, within)?;
                }
                _ => inside(out, 4, verdict)?,
            },
        }
    }
    Ok(())
}

/// A condition without a line of its own, where its parts say it all.
fn inside(out: &mut impl Write, indent: usize, verdict: &Verdict) -> io::Result<()> {
    match &verdict.what {
        What::All(parts) => parts
            .iter()
            .try_for_each(|part| self::verdict(out, indent, part)),
        _ => self::verdict(out, indent, verdict),
    }
}

fn verdict(out: &mut impl Write, indent: usize, verdict: &Verdict) -> io::Result<()> {
    let answer = yes(verdict.holds);
    let several = |out: &mut _, what: &str, parts: &[Verdict]| {
        put(out, indent, &format!("{what}: {answer}"))?;
        parts
            .iter()
            .try_for_each(|part| self::verdict(out, indent + 2, part))
    };
    match &verdict.what {
        What::All(parts) => several(out, "all of", parts),
        What::Any(parts) => several(out, "one of", parts),
        What::Least(least, parts) => several(out, &format!("at least {least} of"), parts),
        What::Not(part) => match &part.what {
            What::Selection(name, within) => {
                put(out, indent, &format!("not {}: {answer}", safe(name)))?;
                // What is not there needs no reasons.
                let within = within.as_ref().filter(|_| part.holds);
                within.map_or(Ok(()), |within| inside(out, indent + 2, within))
            }
            What::Any(parts) => {
                put(out, indent, &format!("none of: {answer}"))?;
                parts
                    .iter()
                    .try_for_each(|part| unwanted(out, indent + 2, part))
            }
            _ => several(out, "not", std::slice::from_ref(part)),
        },
        What::Selection(name, within) => {
            put(out, indent, &format!("{}: {answer}", safe(name)))?;
            let within = within.as_ref();
            within.map_or(Ok(()), |within| inside(out, indent + 2, within))
        }
        What::Test(words, values) => {
            let value = |(place, (name, value)): (usize, &(&str, Option<Vec<u8>>))| {
                let value = self::value(value.as_deref());
                match place {
                    0 => format!(": {value}"),
                    _ => format!(", {name} {value}"),
                }
            };
            let values = values.iter().enumerate().map(value).collect::<String>();
            put(out, indent, &format!("{answer:3} {}{values}", safe(words)))
        }
    }
}

/// One of several that may not hold: where it does not, its name is enough.
fn unwanted(out: &mut impl Write, indent: usize, part: &Verdict) -> io::Result<()> {
    match &part.what {
        What::Selection(name, _) if !part.holds => put(out, indent, &format!("{}: no", safe(name))),
        _ => verdict(out, indent, part),
    }
}

fn put(out: &mut impl Write, indent: usize, text: &str) -> io::Result<()> {
    writeln!(out, "{:indent$}{text}", "")
}

/// What limits the answer.
fn notes(out: &mut impl Write, explanation: &Explanation) -> io::Result<()> {
    let counts = &explanation.counts;
    let rule = &explanation.rule;
    let mut notes = Vec::new();
    if let Some(reason) = &rule.cannot_work {
        let reason = safe(reason);
        notes.push(format!(
            "the rule cannot work, so no key was looked at: {reason}"
        ));
    } else if counts.matched == 0 {
        notes.push("no record matched what the rule counts".to_owned());
    }
    if counts.again > 0 {
        let again = count(counts.again, "record");
        notes.push(format!("{again} came more than once and counted once"));
    }
    if counts.late > 0 {
        let late = count(counts.late, "record");
        notes.push(format!(
            "{late} came so late that a scan in this order does not count them; here they count"
        ));
    }
    if counts.left_out > 0 {
        let left_out = count(counts.left_out, "record");
        notes.push(format!(
            "there was no room for {left_out} at the end, and keys may be missing or have more than is \
             said: give fewer lines, or --since and --until"
        ));
    }
    if counts.texts_full {
        notes.push("there was no room for the names of some keys: give fewer lines".to_owned());
    }
    if !notes.is_empty() {
        writeln!(out)?;
    }
    notes
        .iter()
        .try_for_each(|note| writeln!(out, "note: {note}"))
}

fn values(key: &Key) -> String {
    let value = |(name, value): &(String, Option<Vec<u8>>)| {
        format!("{}={}", safe(name), self::value(value.as_deref()))
    };
    let values: Vec<String> = key.0.iter().map(value).collect();
    values.join(" ")
}

fn value(bytes: Option<&[u8]>) -> String {
    bytes.map_or_else(
        || "-".to_owned(),
        |bytes| cut(&terminal(&redact(bytes)), VALUE),
    )
}

/// Text of a rule file or the name of an input.
fn safe(text: &str) -> String {
    terminal(text.as_bytes())
}

fn yes(holds: bool) -> &'static str {
    if holds { "yes" } else { "no" }
}
