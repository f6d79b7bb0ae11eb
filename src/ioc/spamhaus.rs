//! One JSON object a line, as Spamhaus publishes DROP:
//! `{"cidr":"1.10.16.0/20","sblid":"SBL256894","rir":"apnic"}`, and a last one
//! of `"type":"metadata"` with the time at which the list was made.

use serde::Deserialize;

use super::contents::Contents;
use crate::text::words::quote;

#[derive(Deserialize)]
struct Line {
    cidr: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Seconds since the epoch.
    timestamp: Option<i64>,
}

fn line(bytes: &[u8]) -> Option<Line> {
    serde_json::from_slice(bytes).ok()
}

fn is_metadata(line: &Line) -> bool {
    line.kind.as_deref() == Some("metadata")
}

/// Whether the first line is of such a list.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    let first = bytes.split(|byte| *byte == b'\n').next();
    first
        .and_then(line)
        .is_some_and(|line| line.cidr.is_some() || is_metadata(&line))
}

pub(super) fn read(bytes: &[u8], contents: &mut Contents) {
    for (number, text) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let text = text.trim_ascii();
        if text.is_empty() {
            continue;
        }
        match line(text) {
            Some(Line {
                cidr: Some(cidr), ..
            }) => contents.network(&cidr, Some(number)),
            Some(line) if is_metadata(&line) => contents.date(line.timestamp),
            _ => {
                let text = quote(&String::from_utf8_lossy(text));
                contents.spoil(Some(number), format!("{text} names no \"cidr\""));
            }
        }
    }
}
