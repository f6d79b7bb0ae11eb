//! An explanation as JSON: `docs/explain.md` says what is in it.
//!
//! Values of the log are redacted, and escaped so that they can be had back;
//! what hides or turns text around is left to whoever writes the JSON
//! ([`crate::text::json`]).

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};

use super::judge::{Value, Verdict, What};
use super::lines::{Judged, Line};
use super::nearest::{Moment, Nearest, Steps, Valued};
use super::report::{Counts, Explanation, Fired, Key, KeyReport, RuleReport};
use crate::record::time::rfc3339;
use crate::rule::plan::Reading;
use crate::text::Shown;

impl Serialize for Explanation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("rule", &self.rule)?;
        map.serialize_entry("records", &self.counts)?;
        map.serialize_entry("lines", &self.lines)?;
        map.serialize_entry("keys", &self.keys)?;
        map.end()
    }
}

impl Serialize for RuleReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &self.info.id)?;
        map.serialize_entry("name", &self.info.name)?;
        map.serialize_entry("title", &self.info.title)?;
        map.serialize_entry("level", &self.info.level)?;
        let words = self.words.iter();
        let words: Vec<String> = words
            .map(|line| format!("{:1$}{2}", "", line.depth * 2, line.text))
            .collect();
        map.serialize_entry("words", &words)?;
        map.serialize_entry("period_seconds", &self.period)?;
        map.serialize_entry("cannot_work", &self.cannot_work)?;
        map.serialize_entry("raises_no_alerts", &self.silent)?;
        map.end()
    }
}

impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, number) in [
            ("read", self.records),
            ("matched", self.matched),
            ("again", self.again),
            ("late", self.late),
            ("left_out", self.left_out),
            ("keys", self.keys),
            ("keys_fired", self.fired),
        ] {
            map.serialize_entry(name, &number)?;
        }
        map.end()
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("source", &*self.source)?;
        map.serialize_entry("offset", &self.offset)?;
        map.serialize_entry("time", &self.time.map(rfc3339))?;
        map.serialize_entry("operation", &self.operation.as_deref().map(Shown))?;
        map.serialize_entry("key", &self.key)?;
        map.serialize_entry("parts", &self.parts)?;
        map.end()
    }
}

impl Serialize for Judged {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("part", &*self.name)?;
        map.serialize_entry("of", &*self.label)?;
        map.serialize_entry("holds", &self.holds)?;
        let own = self.verdicts.iter().find(|(name, _)| name.is_none());
        if let Some((_, verdict)) = own {
            map.serialize_entry("condition", verdict)?;
        }
        let named = self.verdicts.iter();
        let filters = named.filter_map(|(name, verdict)| Some((name.as_deref()?, verdict)));
        let filters: Vec<Filter<'_>> = filters
            .map(|(name, condition)| Filter { name, condition })
            .collect();
        if !filters.is_empty() {
            map.serialize_entry("filters", &filters)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct Filter<'v> {
    name: &'v str,
    condition: &'v Verdict,
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("holds", &self.holds)?;
        match &self.what {
            What::All(parts) => map.serialize_entry("all", parts)?,
            What::Any(parts) => map.serialize_entry("any", parts)?,
            What::Least(least, parts) => {
                map.serialize_entry("at_least", least)?;
                map.serialize_entry("of", parts)?;
            }
            What::Not(part) => map.serialize_entry("not", part)?,
            What::Selection(name, inside) => {
                map.serialize_entry("selection", &**name)?;
                if let Some(inside) = inside {
                    map.serialize_entry("is", inside)?;
                }
            }
            What::Test(words, values) => {
                map.serialize_entry("test", &**words)?;
                map.serialize_entry("values", &Values(values))?;
            }
        }
        map.end()
    }
}

/// Fields and what the record has in them.
struct Values<'v>(&'v [Value]);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let values = self.0.iter();
        serializer.collect_map(values.map(|(name, value)| (name, value.as_deref().map(Shown))))
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let values = self.0.iter();
        serializer.collect_map(values.map(|(name, value)| (name, value.as_deref().map(Shown))))
    }
}

impl Serialize for KeyReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("key", &self.key)?;
        map.serialize_entry("records", &self.records)?;
        map.serialize_entry("first_seen", &self.seen.map(|(first, _)| rfc3339(first)))?;
        map.serialize_entry("last_seen", &self.seen.map(|(_, last)| rfc3339(last)))?;
        map.serialize_entry("periods_fired", &self.periods)?;
        map.serialize_entry("fired", &self.fired)?;
        map.serialize_entry("nearest", &self.nearest)?;
        let apart: Vec<&str> = self.apart.iter().map(|name| &**name).collect();
        map.serialize_entry("never_together", &apart)?;
        map.end()
    }
}

impl Serialize for Fired {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        let (start, end) = self.period;
        let period = Period {
            start: rfc3339(start),
            end: rfc3339(end),
        };
        map.serialize_entry("period", &period)?;
        let (time, value) = self.trigger;
        let time = rfc3339(time);
        map.serialize_entry("trigger", &Trigger { time, value })?;
        map.end()
    }
}

#[derive(Serialize)]
struct Period {
    start: String,
    end: String,
}

#[derive(Serialize)]
struct Trigger {
    time: String,
    value: u64,
}

impl Serialize for Nearest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("rule", &*self.rule)?;
        map.serialize_entry("part", &self.part)?;
        map.serialize_entry("wants", &*self.words)?;
        map.serialize_entry("met", &self.met)?;
        if !self.key.0.is_empty() {
            map.serialize_entry("key", &self.key)?;
        }
        let entries = match &self.moment {
            None => Vec::new(),
            Some(Moment::Value(valued)) => value(valued),
            Some(Moment::Steps(far)) => steps(far),
        };
        for (name, value) in entries {
            map.serialize_entry(name, &value)?;
        }
        map.end()
    }
}

fn value(valued: &Valued) -> Vec<(&'static str, Json)> {
    let (after, through) = valued.window;
    let mut entries = vec![
        ("value", number(valued.reading)),
        ("short", exact(valued.short)),
        (
            "window",
            json!({"after": rfc3339(after), "through": rfc3339(through)}),
        ),
    ];
    if let Some(rules) = &valued.rules {
        let names = |all: &[std::sync::Arc<str>]| all.iter().map(|name| json!(**name)).collect();
        entries.push(("there", Json::Array(names(&rules.there))));
        entries.push(("missing", Json::Array(names(&rules.missing))));
    }
    entries
}

fn steps(far: &Steps) -> Vec<(&'static str, Json)> {
    let (first, last) = far.times;
    vec![
        ("steps", json!(far.reached)),
        ("of", json!(far.of)),
        ("first", json!(rfc3339(first))),
        ("last", json!(rfc3339(last))),
        ("next", json!(far.next.as_deref())),
        ("refused", json!(far.refused)),
    ]
}

/// A whole number, except of averages.
fn number(reading: Reading) -> Json {
    if reading.over == 1 {
        return json!(reading.value());
    }
    json!(reading.sum as f64 / reading.over as f64)
}

fn exact(number: f64) -> Json {
    if number.fract() == 0.0 {
        return json!(number as u64);
    }
    json!(number)
}
