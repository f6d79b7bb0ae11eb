//! The list as a layer for the MITRE ATT&CK Navigator, in version 4.5 of its
//! format:
//! <https://github.com/mitre-attack/attack-navigator/tree/master/layers>.
//!
//! A technique is scored by the rules that run; one that only rules which do not
//! run look for is disabled, so that the matrix shows what is covered here.
//! Which platforms are shown is left to the Navigator: ATT&CK has several of our
//! techniques for other platforms than `IaaS` only, and a filter would hide them.

use std::collections::BTreeMap;
use std::io;

use s3sentry::alert::Level;
use s3sentry::text::json;
use serde_json::{Value, json};

use super::Listed;

/// The version of ATT&CK whose techniques the tags name.
const ATTACK: &str = "19";
/// The earliest Navigator that reads the format.
const NAVIGATOR: &str = "4.9.0";
/// The version of the format.
const LAYER: &str = "4.5";

/// The colour of a level, lowest first: the gradient from 1 to 5.
const COLORS: [&str; Level::ALL.len()] = ["#d9d9d9", "#9ecae1", "#fed976", "#fd8d3c", "#cb181d"];

/// The layer.
pub fn text(listed: &[Listed<'_>]) -> io::Result<String> {
    let mut techniques: BTreeMap<String, Vec<&Listed<'_>>> = BTreeMap::new();
    for one in listed {
        for id in one.techniques() {
            techniques.entry(id).or_default().push(one);
        }
    }
    let techniques: Vec<Value> = techniques.iter().map(technique).collect();
    let legend = Level::ALL.iter().zip(COLORS).map(|(level, color)| {
        json!({"label": format!("{}: {}", score(*level), level.as_str()), "color": color})
    });
    let running = listed.iter().filter(|one| one.off.is_none()).count();
    json::pretty(&json!({
        "name": "s3sentry",
        "versions": {"attack": ATTACK, "navigator": NAVIGATOR, "layer": LAYER},
        "domain": "enterprise-attack",
        "description": format!(
            "What s3sentry {} looks for in S3 server access logs: {running} of {} rules run with \
             these settings. The score is the highest level of the rules that run, from 1 \
             (informational) to 5 (critical); comments name the rules. A technique is disabled \
             where none of its rules runs.",
            env!("CARGO_PKG_VERSION"),
            listed.len(),
        ),
        "sorting": 3,
        "layout": {
            "layout": "side",
            "showID": true,
            "showName": true,
            "expandedSubtechniques": "annotated",
        },
        "hideDisabled": false,
        "techniques": techniques,
        "gradient": {
            "colors": COLORS,
            "minValue": score(Level::Informational),
            "maxValue": score(Level::Critical),
        },
        "legendItems": legend.collect::<Vec<_>>(),
        "metadata": [
            {"name": "rules", "value": listed.len().to_string()},
            {"name": "rules that run", "value": running.to_string()},
        ],
    }))
}

/// 1 to 5, in the order of levels.
fn score(level: Level) -> usize {
    1 + level as usize
}

fn technique((id, rules): (&String, &Vec<&Listed<'_>>)) -> Value {
    let running = || rules.iter().filter(|one| one.off.is_none());
    let highest = running().map(|one| one.rule.info.level).max();
    let lines: Vec<String> = rules.iter().map(|one| comment(one)).collect();
    let mut technique = json!({
        "techniqueID": id,
        "enabled": highest.is_some(),
        "comment": lines.join("\n"),
        "metadata": [
            {"name": "rules", "value": rules.len().to_string()},
            {"name": "rules that run", "value": running().count().to_string()},
        ],
    });
    if let Some(level) = highest {
        technique["score"] = score(level).into();
    }
    technique
}

/// `mass-delete (medium): Many objects deleted`, and why it does not run.
fn comment(one: &Listed<'_>) -> String {
    let info = &one.rule.info;
    let off = one.off.as_ref();
    let off = off.map_or_else(String::new, |why| format!(" [does not run: {why}]"));
    format!(
        "{} ({}): {}{off}",
        info.name,
        info.level.as_str(),
        info.title
    )
}
