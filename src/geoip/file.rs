//! One file: which, in which form, of when, and what it knows.

use std::fmt;
use std::io::Read as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use xxhash_rust::xxh3::xxh3_128;

use super::mmdb::{self, Mmdb};
use super::ranges::Ranges;
use super::{Knows, Place};
use crate::settings::SettingsError;

/// How old a file may be, seconds: addresses change hands, and publishers make
/// a new one each month or oftener.
pub const MAX_AGE: i64 = 30 * 86_400;

/// Bytes that a file may have.
const MOST: u64 = 2 << 30;

/// How compressed files begin, and what made them.
const COMPRESSED: [(&[u8], &str); 5] = [
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xfd7zXZ", "xz"),
    (b"BZh", "bzip2"),
];

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `MaxMind`'s, `.mmdb`.
    Mmdb,
    /// Lines `START,END,COUNTRY`.
    Ranges,
}

impl Format {
    /// What it is called.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Format::Mmdb => "MaxMind database",
            Format::Ranges => "ranges of addresses",
        }
    }
}

/// A file that has been read.
pub struct File {
    path: PathBuf,
    dated: Option<i64>,
    knows: Knows,
    /// Hash of the bytes.
    hash: u128,
    data: Data,
}

enum Data {
    Mmdb(Mmdb),
    Ranges(Ranges),
}

impl File {
    /// Reads a file into memory, all of it. What can go wrong is that it cannot be
    /// read, is damaged, or holds neither countries nor networks.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let unreadable = |error| SettingsError::unreadable(path, &error);
        let mut reader = std::fs::File::open(path).map_err(unreadable)?;
        let written = reader.metadata().ok().and_then(|data| data.modified().ok());
        let mut bytes = Vec::new();
        let length = reader.by_ref().take(MOST + 1).read_to_end(&mut bytes);
        if length.map_err(unreadable)? as u64 > MOST {
            return Err(SettingsError::whole_file(path, "is larger than 2 GiB"));
        }
        let mut file = Self::of(path, bytes)?;
        let since = written.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        file.dated = file.dated.or(since.map(|since| since.as_secs() as i64));
        Ok(file)
    }

    /// The same of bytes that are at hand.
    pub(super) fn of(path: &Path, bytes: Vec<u8>) -> Result<Self, SettingsError> {
        let wrong = |reason: &str| SettingsError::whole_file(path, reason);
        if bytes.is_empty() {
            return Err(wrong("is empty"));
        }
        let begins = |(magic, _): &&(&[u8], &str)| bytes.starts_with(magic);
        if let Some((_, name)) = COMPRESSED.iter().find(begins) {
            return Err(wrong(&format!(
                "is compressed with {name}: unpack it first"
            )));
        }
        let hash = xxh3_128(&bytes);
        let (data, knows, dated) = if mmdb::is_one(&bytes) {
            let (data, knows) = Mmdb::open(bytes).map_err(|reason| wrong(&reason))?;
            let built = data.built();
            (Data::Mmdb(data), knows, built)
        } else {
            let text = std::str::from_utf8(&bytes).ok();
            let text = text.filter(|text| !text.contains('\0')).ok_or_else(|| {
                wrong("is neither a whole MaxMind database (.mmdb) nor lines START,END,COUNTRY")
            })?;
            let text = text.strip_prefix('\u{feff}').unwrap_or(text);
            let ranges = Ranges::parse(text)
                .map_err(|(line, reason)| SettingsError::at(path, (line, 1), reason))?;
            if !ranges.any() {
                return Err(wrong("holds no countries"));
            }
            let knows = Knows {
                countries: true,
                ..Knows::default()
            };
            let dated = ranges.dated;
            (Data::Ranges(ranges), knows, dated)
        };
        Ok(Self {
            path: path.to_owned(),
            dated,
            knows,
            hash,
            data,
        })
    }

    /// What it says of an address.
    pub(super) fn get(&self, address: IpAddr) -> Place<'_> {
        match &self.data {
            Data::Mmdb(data) => data.get(address),
            Data::Ranges(ranges) => Place {
                country: ranges.get(address),
                ..Place::default()
            },
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its form.
    #[must_use]
    pub const fn format(&self) -> Format {
        match self.data {
            Data::Mmdb(_) => Format::Mmdb,
            Data::Ranges(_) => Format::Ranges,
        }
    }

    /// What it says anything of.
    #[must_use]
    pub const fn knows(&self) -> Knows {
        self.knows
    }

    /// When it was made, seconds since the epoch: by its own word, else when it
    /// was written; `None` where neither is known.
    #[must_use]
    pub const fn dated(&self) -> Option<i64> {
        self.dated
    }

    /// How old it is, seconds, if that is older than it may be.
    #[must_use]
    pub fn stale(&self, now: i64) -> Option<i64> {
        let age = now.saturating_sub(self.dated?);
        (age > MAX_AGE).then_some(age)
    }
}

/// All else follows from the bytes.
impl PartialEq for File {
    fn eq(&self, other: &Self) -> bool {
        let said = |file: &Self| (file.hash, file.dated);
        self.path == other.path && said(self) == said(other)
    }
}

impl Eq for File {}

/// Without the contents.
impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File")
            .field("path", &self.path)
            .field("format", &self.format())
            .field("dated", &self.dated)
            .field("knows", &self.knows)
            .finish_non_exhaustive()
    }
}
