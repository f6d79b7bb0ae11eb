//! What the key of a log object says.
//!
//! Delivery writes `[prefix]YYYY-MM-DD-hh-mm-ss-UniqueString`, or with partitions
//! `[prefix]ACCOUNT/REGION/BUCKET/YYYY/MM/DD/YYYY-MM-DD-hh-mm-ss-UniqueString`,
//! where the date is that of the events (then the clock is 00:00:00) or that of
//! the delivery
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_PartitionedPrefix.html>).
//! Nothing is listed here: a key is all that enters.

use super::super::name;

/// How the keys of one log are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layout {
    /// The time follows the stem.
    Simple,
    /// Folders of the day follow the stem, then the time.
    Partitioned,
    /// There is no time in the name.
    Other,
}

/// What a key says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// How it is made.
    pub layout: Layout,
    /// Bytes of its stem.
    pub stem: usize,
    /// The time in its name, seconds since the Unix epoch.
    pub time: Option<i64>,
}

/// Reads a key.
#[must_use]
pub fn named(key: &str) -> Named {
    let folder = key.rfind('/').map_or(0, |slash| slash + 1);
    let Some((time, at)) = name::stamp(&key[folder..]) else {
        return Named {
            layout: Layout::Other,
            stem: folder,
            time: None,
        };
    };
    let at = folder + at;
    let date = &key[at..at + "YYYY-MM-DD".len()];
    let folders = format!("{}/", date.replace('-', "/"));
    // Partitions have nothing between the folders of the day and the time.
    match key[..at].strip_suffix(folders.as_str()) {
        Some(stem) if stem.is_empty() || stem.ends_with('/') => Named {
            layout: Layout::Partitioned,
            stem: stem.len(),
            time: Some(time),
        },
        _ => Named {
            layout: Layout::Simple,
            stem: at,
            time: Some(time),
        },
    }
}

impl Named {
    /// Whether the name tells the day of the events and not the delivery: all
    /// records are of that day.
    #[must_use]
    pub fn is_of_day(&self) -> bool {
        self.layout == Layout::Partitioned && self.time.is_some_and(|time| time % 86_400 == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_every_layout_are_read() {
        let time = Some(1_383_341_536);
        let day = Some(1_383_264_000);
        for (key, layout, stem, time) in [
            (
                "2013-11-01-21-32-16-E568B2907131C0C0",
                Layout::Simple,
                "",
                time,
            ),
            (
                "a/b-2013-11-01-21-32-16-E568B2907131C0C0",
                Layout::Simple,
                "a/b-",
                time,
            ),
            (
                "p/111122223333/eu-west-1/b/2013/11/01/2013-11-01-21-32-16-E568B2907131C0C0",
                Layout::Partitioned,
                "p/111122223333/eu-west-1/b/",
                time,
            ),
            (
                "b/2013/11/01/2013-11-01-00-00-00-E568B2907131C0C0",
                Layout::Partitioned,
                "b/",
                day,
            ),
            // Folders of another day are part of the stem.
            (
                "b/2013/11/02/2013-11-01-00-00-00-E568B2907131C0C0",
                Layout::Simple,
                "b/2013/11/02/",
                day,
            ),
            (
                "12013/11/01/2013-11-01-00-00-00-E568B2907131C0C0",
                Layout::Simple,
                "12013/11/01/",
                day,
            ),
            ("a/notes.txt", Layout::Other, "a/", None),
            ("", Layout::Other, "", None),
        ] {
            let found = named(key);
            assert_eq!(
                (found.layout, &key[..found.stem], found.time),
                (layout, stem, time),
                "{key}"
            );
        }
        assert!(named("b/2013/11/01/2013-11-01-00-00-00-E568B2907131C0C0").is_of_day());
        assert!(!named("b/2013-11-01-00-00-00-E568B2907131C0C0").is_of_day());
    }
}
