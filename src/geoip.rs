//! In which country an address is, and whose network it is in.
//!
//! Reads databases as others publish them, told by their content, and keeps
//! them ready for lookups. What a rule asks, and what an alert says of it, is
//! decided elsewhere. Nothing is fetched. `docs/geoip.md` is the page for users.

mod entry;
mod file;
mod mmdb;
mod ranges;

#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

pub use self::file::{File, Format, MAX_AGE};

use crate::settings::SettingsError;

/// A country by its two capital letters, ISO 3166-1 alpha-2. What databases
/// write beside these (`EU`, `XK`) is kept as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

impl Country {
    /// The country that a text names; `None` where it names none: `??`, and what
    /// ISO 3166 leaves to users and databases write for an unknown one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        const UNKNOWN: [[u8; 2]; 2] = [*b"XX", *b"ZZ"];
        let letters: [u8; 2] = text.as_bytes().try_into().ok()?;
        let letters = letters.map(|letter| letter.to_ascii_uppercase());
        let is_one = letters.iter().all(u8::is_ascii_uppercase) && !UNKNOWN.contains(&letters);
        is_one.then_some(Self(letters))
    }

    /// The two letters.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|letter| write!(f, "{}", char::from(*letter)))
    }
}

/// What is known of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place<'g> {
    /// The country.
    pub country: Option<Country>,
    /// Number of the autonomous system; never 0, which is nobody's (RFC 7607).
    pub asn: Option<u32>,
    /// Name of the organisation that the autonomous system belongs to.
    pub owner: Option<&'g str>,
}

impl<'g> Place<'g> {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds what another file says where this one is silent. A name goes with
    /// its number: none is taken of another autonomous system.
    fn or(self, other: Place<'g>) -> Self {
        let owner = match (self.asn, other.asn) {
            (None, Some(_)) => other.owner,
            (asn, of) if asn == of => self.owner.or(other.owner),
            _ => self.owner,
        };
        Self {
            country: self.country.or(other.country),
            asn: self.asn.or(other.asn),
            owner,
        }
    }
}

/// Of which of these a file says anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Knows {
    /// Countries.
    pub countries: bool,
    /// Numbers of autonomous systems.
    pub asns: bool,
    /// Names of their organisations.
    pub owners: bool,
}

impl Knows {
    fn add(&mut self, place: &Place<'_>) {
        self.countries |= place.country.is_some();
        self.asns |= place.asn.is_some();
        self.owners |= place.owner.is_some();
    }

    fn or(self, other: Self) -> Self {
        Self {
            countries: self.countries || other.countries,
            asns: self.asns || other.asns,
            owners: self.owners || other.owners,
        }
    }
}

/// All files of a run.
#[derive(Debug, PartialEq, Eq)]
pub struct GeoIp {
    files: Vec<File>,
}

impl GeoIp {
    /// These files, the one that counts first first.
    #[must_use]
    pub const fn new(files: Vec<File>) -> Self {
        Self { files }
    }

    /// Reads these files. All that cannot be used are named.
    pub fn read(paths: &[PathBuf]) -> Result<Self, Vec<SettingsError>> {
        let (mut files, mut errors) = (Vec::new(), Vec::new());
        for path in paths {
            match File::read(path) {
                Ok(file) => files.push(file),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() {
            Ok(Self { files })
        } else {
            Err(errors)
        }
    }

    /// The files.
    #[must_use]
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// What is known of an address: of country and network each by the first
    /// file that knows it.
    #[must_use]
    pub fn get(&self, address: IpAddr) -> Place<'_> {
        let files = self.files.iter();
        files.fold(Place::default(), |place, file| place.or(file.get(address)))
    }

    /// What the files say anything of.
    #[must_use]
    pub fn knows(&self) -> Knows {
        let files = self.files.iter();
        files.fold(Knows::default(), |knows, file| knows.or(file.knows()))
    }
}
