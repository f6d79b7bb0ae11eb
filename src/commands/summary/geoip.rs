//! Which files of countries and networks counted, and which are old.

use s3sentry::geoip::{File, MAX_AGE};
use s3sentry::ioc;
use s3sentry::record::time::rfc3339;
use s3sentry::settings::Settings;

use super::words::span;
use crate::commands::shown;

/// Which files are too old.
pub fn warnings(settings: &Settings) -> Vec<String> {
    let now = ioc::now();
    let files = files(settings).iter();
    files.filter_map(|file| old(file, now)).collect()
}

/// A line a file: what it knows, and of when it is.
pub fn rows(settings: &Settings) -> Vec<String> {
    files(settings).iter().map(row).collect()
}

fn files(settings: &Settings) -> &[File] {
    settings.geoip.as_deref().map_or(&[], |geoip| geoip.files())
}

fn old(file: &File, now: i64) -> Option<String> {
    let (age, dated) = (file.stale(now)?, file.dated()?);
    Some(format!(
        "geoip: {} is {} old, of {}; more than {} is too old: get a new one",
        shown(file.path()),
        span(age),
        rfc3339(dated),
        span(MAX_AGE)
    ))
}

fn row(file: &File) -> String {
    let knows = file.knows();
    let parts = [
        (knows.countries, "countries"),
        (knows.asns, "numbers of autonomous systems"),
        (knows.owners, "their names"),
    ];
    let parts = parts.iter().filter(|(knows, _)| *knows);
    let parts: Vec<&str> = parts.map(|(_, what)| *what).collect();
    let (path, form) = (shown(file.path()), file.format().as_str());
    let mut text = format!("{path} ({form}): {}", parts.join(", "));
    if let Some(dated) = file.dated() {
        text = format!("{text}, of {}", rfc3339(dated));
    }
    text
}
