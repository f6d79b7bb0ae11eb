//! STIX 2.1 bundles:
//! <https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html>.
//!
//! Only indicator objects count, by their pattern. Those that were revoked,
//! have expired or are said to be benign are left out.

mod pattern;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::contents::Contents;
use super::{Kind, date};
use crate::text::words::quote;

#[derive(Deserialize)]
struct Bundle {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    objects: Vec<Object>,
}

/// Properties of any object. A value of another sort than the specification
/// wants is that object's own trouble.
#[derive(Deserialize)]
struct Object {
    #[serde(rename = "type", default)]
    kind: Loose,
    #[serde(default)]
    id: Loose,
    #[serde(default)]
    pattern: Loose,
    #[serde(default)]
    pattern_type: Loose,
    #[serde(default)]
    modified: Loose,
    #[serde(default)]
    valid_until: Loose,
    #[serde(default)]
    revoked: Loose,
    #[serde(default)]
    indicator_types: Loose,
}

#[derive(Deserialize, Default)]
#[serde(untagged)]
enum Loose {
    Text(String),
    Flag(bool),
    Texts(Vec<String>),
    Other(IgnoredAny),
    #[default]
    #[serde(skip)]
    None,
}

impl Loose {
    fn text(&self) -> Option<&str> {
        match self {
            Loose::Text(text) => Some(text),
            _ => None,
        }
    }

    fn is(&self, text: &str) -> bool {
        self.text() == Some(text)
    }

    fn holds(&self, text: &str) -> bool {
        matches!(self, Loose::Texts(texts) if texts.iter().any(|one| one == text))
    }
}

pub(super) fn read(bytes: &[u8], now: i64, contents: &mut Contents) -> Result<(), String> {
    let bundle: Bundle = serde_json::from_slice(bytes)
        .map_err(|error| format!("is JSON, but no STIX bundle and no list of lines: {error}"))?;
    if bundle.kind != "bundle" {
        return Err("is JSON, but no STIX bundle and no list of lines".to_owned());
    }
    for object in &bundle.objects {
        if object.kind.is("indicator") {
            indicator(object, now, contents);
        }
    }
    Ok(())
}

fn indicator(object: &Object, now: i64, contents: &mut Contents) {
    let name = object.id.text().unwrap_or("indicator");
    contents.date(object.modified.text().and_then(date::parse));
    if matches!(object.revoked, Loose::Flag(true)) {
        return contents.leave_out("revoked", name);
    }
    let until = object.valid_until.text().and_then(date::parse);
    if until.is_some_and(|until| until <= now) {
        return contents.leave_out("expired", name);
    }
    if object.indicator_types.holds("benign") {
        return contents.leave_out("benign", name);
    }
    let Some(text) = object.pattern.text() else {
        return contents.spoil(None, format!("{} has no pattern", quote(name)));
    };
    // STIX 2.0 has no other type, and does not say so.
    let is_stix = object.pattern_type.text().is_none_or(|kind| kind == "stix");
    match pattern::read(text) {
        Some(found) if is_stix => {
            for one in found {
                match one.kind {
                    Kind::Network => contents.network(&one.text, None),
                    kind => contents.text(kind, &one.text, None, one.wild),
                }
            }
        }
        _ => contents.leave_out("with an unsupported pattern", text),
    }
}
