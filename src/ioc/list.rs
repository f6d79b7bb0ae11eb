//! One list: which file, how bad, how old, what it holds.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::Kind;
use super::contents::{Contents, LeftOut};
use super::format::{self, Format};
use crate::alert::Level;
use crate::settings::SettingsError;

/// Bytes that a file may have.
const MOST: u64 = 1 << 30;

/// A list as the user names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// The file.
    pub file: PathBuf,
    /// What alerts call it; without one the name of the file.
    pub name: Option<String>,
    /// How bad it is to be on it.
    pub level: Level,
    /// How old it may be, seconds.
    pub max_age: i64,
}

impl Spec {
    /// How old a list may be unless the user says otherwise: what is on lists of
    /// addresses changes hands within days.
    pub const MAX_AGE: i64 = 7 * 86_400;

    /// A file with the defaults: `high`, seven days.
    #[must_use]
    pub fn of(file: PathBuf) -> Self {
        Self {
            file,
            name: None,
            level: Level::High,
            max_age: Self::MAX_AGE,
        }
    }
}

/// A list that has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// What alerts call it.
    pub name: Arc<str>,
    /// How bad it is to be on it.
    pub level: Level,
    /// The file.
    pub file: PathBuf,
    /// Its form.
    pub format: Format,
    /// How old it may be, seconds.
    pub max_age: i64,
    /// When it was made, seconds since the epoch: by its own word, else when
    /// the file was written; `None` where neither is known.
    pub dated: Option<i64>,
    pub(super) contents: Contents,
}

impl List {
    /// Reads a list. What has expired is decided by the clock on the wall: a
    /// list is about now.
    pub fn read(spec: Spec) -> Result<Self, SettingsError> {
        let file = spec.file.clone();
        let unreadable = |error| SettingsError::unreadable(&file, &error);
        let mut bytes = Vec::new();
        let mut reader = File::open(&file).map_err(unreadable)?;
        let written = reader.metadata().ok().and_then(|data| data.modified().ok());
        let room = reader.by_ref().take(MOST + 1).read_to_end(&mut bytes);
        if room.map_err(unreadable)? as u64 > MOST {
            return Err(SettingsError::whole_file(&file, "is larger than 1 GiB"));
        }
        Self::of(spec, &bytes, now(), written.map(seconds))
            .map_err(|reason| SettingsError::whole_file(&file, &reason))
    }

    /// The same of bytes that are at hand.
    pub(super) fn of(
        spec: Spec,
        bytes: &[u8],
        now: i64,
        written: Option<i64>,
    ) -> Result<Self, String> {
        let (format, contents) = format::read(bytes, now)?;
        let name = spec.name.unwrap_or_else(|| called(&spec.file));
        Ok(Self {
            name: name.into(),
            level: spec.level,
            file: spec.file,
            format,
            max_age: spec.max_age,
            dated: contents.dated.or(written),
            contents,
        })
    }

    /// How many entries of a kind it holds.
    #[must_use]
    pub fn count(&self, kind: Kind) -> u64 {
        let texts = self.contents.texts.iter();
        match kind {
            Kind::Network => self.contents.networks.len() as u64,
            _ => texts.filter(|text| text.kind == kind).count() as u64,
        }
    }

    /// Whether it holds no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.contents.is_empty()
    }

    /// Entries that are understood and count for nothing, by the reason.
    #[must_use]
    pub fn left_out(&self) -> &BTreeMap<&'static str, LeftOut> {
        &self.contents.left_out
    }

    /// How many entries were not understood; the line of the first, where it
    /// has one, and what is wrong with it.
    #[must_use]
    pub fn wrong(&self) -> Option<(u64, Option<u64>, &str)> {
        let (line, reason) = self.contents.first_wrong.as_ref()?;
        Some((self.contents.wrong, *line, reason))
    }

    /// How old it is, seconds, if that is older than it may be.
    #[must_use]
    pub fn stale(&self, now: i64) -> Option<i64> {
        let age = now.saturating_sub(self.dated?);
        (age > self.max_age).then_some(age)
    }
}

fn called(file: &Path) -> String {
    let name = file.file_name().unwrap_or(file.as_os_str());
    name.to_string_lossy().into_owned()
}

/// The clock on the wall, seconds since the epoch.
#[must_use]
pub fn now() -> i64 {
    seconds(SystemTime::now())
}

fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs() as i64)
}
