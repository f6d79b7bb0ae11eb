//! A place with the log of README, and reports that were written there.

use std::fs;

use serde_json::Value;

use crate::place::{Line, Place, package};
use crate::schema;

/// The demo of README, to be reported on.
pub const DEMO: &str = "--trusted-networks trusted.txt demo.log";

/// A place with the demo.
pub fn demo() -> Place {
    let place = Place::new();
    for name in ["demo.log", "trusted.txt"] {
        place.file(
            name,
            fs::read(package(&format!("fixtures/{name}"))).unwrap(),
        );
    }
    place
}

/// A report in JSON, as its schema wants it.
pub fn json(place: &Place, name: &str) -> Value {
    let report = serde_json::from_str(&place.read(name)).unwrap();
    schema::holds(&report);
    report
}

/// How many alerts a report tells of.
pub fn alerts(report: &Value) -> u64 {
    let levels = report["verdict"]["levels"].as_object().unwrap();
    levels.values().map(|number| number.as_u64().unwrap()).sum()
}

/// What stands in a directory, hidden files too.
pub fn names(place: &Place, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(place.path(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// A burst of refused requests of an address, on a day of February 2026 at noon.
pub fn burst(address: &str, day: u32) -> String {
    let time = format!("{day:02}/Feb/2026:12:00:00 +0000");
    let lines = (0..25).map(|number| {
        let line = Line {
            time: "TIME",
            address: address.into(),
            requester: "-",
            key: format!("secret/{number}"),
            uri: format!("GET /secret/{number} HTTP/1.1"),
            result: "403 AccessDenied",
            ..Line::default()
        };
        let id = day as usize * 1000 + number;
        line.text(id).replace("TIME", &time)
    });
    lines.collect()
}
