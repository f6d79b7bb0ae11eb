//! What is known beside the log of the records behind an alert.
//!
//! Filled when an alert is final, from its evidence and the settings: the text
//! of a record is at hand there, and nowhere between matching and here. Without
//! evidence there is no context; neither has a part in the alert's identity.

use crate::alert::{Alert, Context, Indicator};
use crate::record::Record;
use crate::record::derived::View;
use crate::settings::Settings;

/// Entries of lists that an alert names.
const INDICATORS: usize = 10;

/// Adds to the alert which entries of which lists its records are on: each
/// once, in the order of the evidence.
pub(super) fn fill(alert: &mut Alert, settings: &Settings) {
    if settings.ioc.is_none() {
        return;
    }
    let mut ioc: Vec<Indicator> = Vec::new();
    for line in alert.evidence.iter().filter_map(|one| one.line.as_deref()) {
        let Ok(record) = Record::parse(line) else {
            continue;
        };
        for found in View::new(&record, settings).indicators() {
            let found = Indicator {
                list: found.list.name.clone(),
                entry: found.entry.to_owned(),
                level: found.list.level,
                field: found.kind.field(),
            };
            if ioc.len() < INDICATORS && !ioc.contains(&found) {
                ioc.push(found);
            }
        }
    }
    alert.context = Context { ioc };
}
