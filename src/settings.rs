//! `s3sentry.toml`: what the user says once instead of at every call.
//!
//! Lists, a row of `KEYS` each. An entry `@FILE` stands for the entries of
//! that file, relative to the settings file. Unknown keys and entries that are
//! not what the list holds are errors with file, line and column. A list that
//! is left out, or empty, is not set; but an empty `trusted_networks` is an
//! error, for it would make every address unknown.
//!
//! `aws_ranges` names a file that is not ours to write: see [`aws_ranges`].
//!
//! `geoip` names files that are [`crate::geoip`]'s to read.
//!
//! `learn` and `memory` are numbers of days, for a baseline.
//!
//! Tables `[[ioc]]`, each of which names a list of indicators.
//!
//! And `[rules.NAME]`, which is kept as a tree with its places. What the
//! settings mean for a rule is not decided here.

pub mod aws_ranges;
mod geoip;
pub mod hours;
mod indicators;
pub mod list;
pub mod networks;
pub mod prefixes;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub use aws_ranges::AwsRanges;
pub use hours::WorkHours;
pub use list::Names;
pub use networks::Networks;
pub use prefixes::Prefixes;

use crate::baseline;
use crate::geoip::GeoIp;
use crate::ioc::{Indicators, List};
use crate::rule::yaml::{Key, Node};
use crate::text::words::{did_you_mean, file_name, quote, suggest};
use list::Entry;

/// Name of the settings file in the working directory.
const FILE: &str = "s3sentry.toml";
/// The variable that names the settings file.
const VARIABLE: &str = "S3SENTRY_CONFIG";

/// What the user has set; `None` is not set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// Where the user's own requests come from.
    pub trusted_networks: Option<Networks>,
    /// The user's own accounts: twelve digits.
    pub accounts: Option<BTreeSet<String>>,
    /// Accounts of others that may do what they do: twelve digits, or a
    /// canonical id.
    pub trusted_accounts: Option<BTreeSet<String>>,
    /// Buckets that anybody may read.
    pub public_buckets: Option<Names>,
    /// The user's own buckets.
    pub buckets: Option<Names>,
    /// Keys whose change is worth knowing; `*` stands for any text.
    pub watched_keys: Option<Names>,
    /// Buckets that logs are delivered to.
    pub log_buckets: Option<Names>,
    /// Buckets that are used from inside a VPC only.
    pub vpc_only_buckets: Option<Names>,
    /// When people work.
    pub work_hours: Option<WorkHours>,
    /// AWS's own addresses.
    pub aws_ranges: Option<AwsRanges>,
    /// Countries and networks of addresses.
    pub geoip: Option<Arc<GeoIp>>,
    /// Lists of what is known to be bad.
    pub ioc: Option<Arc<Indicators>>,
    /// How long a baseline takes to learn, and to forget.
    pub baseline: baseline::Options,
    /// What is said of rules: names and what stands below them.
    pub rules: Vec<(Key, Node)>,
    /// Where the lists of the file came from, by their names.
    pub lists: BTreeMap<&'static str, Origin>,
    /// The file that this was read from.
    pub file: Option<PathBuf>,
}

/// Where a list came from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// How many entries were written.
    pub entries: usize,
    /// In which files: the settings file, and those that it names.
    pub files: BTreeSet<PathBuf>,
}

/// What is wrong with the settings, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", self.place())]
#[non_exhaustive]
pub struct SettingsError {
    /// The file.
    pub file: PathBuf,
    /// Line and column from 1, where it is one place.
    pub at: Option<(usize, usize)>,
    /// What.
    pub reason: String,
}

impl SettingsError {
    /// File, line and column as far as they are known.
    #[must_use]
    pub fn place(&self) -> String {
        let file = file_name(&self.file);
        match self.at {
            Some((line, column)) => format!("{file}:{line}:{column}"),
            None => file.to_string(),
        }
    }

    pub(crate) fn at(file: &Path, at: (usize, usize), reason: String) -> Self {
        let file = file.to_owned();
        let at = Some(at);
        Self { file, at, reason }
    }

    pub(crate) fn whole_file(file: &Path, reason: &str) -> Self {
        Self {
            file: file.to_owned(),
            at: None,
            reason: reason.to_owned(),
        }
    }

    pub(crate) fn unreadable(file: &Path, error: &std::io::Error) -> Self {
        Self::whole_file(file, &format!("cannot be read: {error}"))
    }
}

/// The settings file to use: the one named on the command line, else in the
/// environment, else the first that is there. One that is named must exist.
pub fn find(
    cli: Option<PathBuf>,
    no_config: bool,
    env: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Option<PathBuf>, SettingsError> {
    if no_config {
        return Ok(None);
    }
    let variable = |name| env(name).filter(|value| !value.is_empty());
    if let Some(named) = cli.or_else(|| variable(VARIABLE).map(PathBuf::from)) {
        return match std::fs::metadata(&named) {
            Ok(_) => Ok(Some(named)),
            Err(error) => Err(SettingsError::unreadable(&named, &error)),
        };
    }
    // The specification of base directories wants relative ones ignored.
    let absolute = |name| {
        variable(name)
            .map(PathBuf::from)
            .filter(|p| p.is_absolute())
    };
    let home = || absolute("HOME").map(|home| home.join(".config"));
    let user = absolute("XDG_CONFIG_HOME").or_else(home);
    let user = user.map(|directory| directory.join("s3sentry/config.toml"));
    let mut places = std::iter::once(PathBuf::from(FILE)).chain(user);
    Ok(places.find(|place| place.is_file()))
}

impl Settings {
    /// Reads a settings file, and the files that it names.
    pub fn read(file: &Path) -> Result<Self, Vec<SettingsError>> {
        let unreadable = |error| vec![SettingsError::unreadable(file, &error)];
        let bytes = std::fs::read(file).map_err(unreadable)?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let reason = format!("is not UTF-8 (byte {at})");
            vec![SettingsError::whole_file(file, &reason)]
        })?;
        Self::parse(&text, file)
    }

    /// Reads the text of a settings file.
    pub fn parse(text: &str, file: &Path) -> Result<Self, Vec<SettingsError>> {
        let mut reader = Reader {
            text,
            file,
            errors: Vec::new(),
        };
        let settings = reader.settings();
        if reader.errors.is_empty() {
            return Ok(settings);
        }
        // The table comes in the order of its keys; people read from the top.
        let place = |error: &SettingsError| (error.file != file, error.at);
        reader.errors.sort_by_key(place);
        Err(reader.errors)
    }
}

impl Settings {
    /// Adds lists of indicators to those that are set. The error says that they
    /// are too many.
    pub fn add_indicators(&mut self, lists: Vec<List>) -> Result<(), String> {
        if lists.is_empty() {
            return Ok(());
        }
        let known = self.ioc.take().map(Arc::unwrap_or_clone);
        let mut all = known.map_or_else(Vec::new, Indicators::into_lists);
        all.extend(lists);
        self.ioc = Some(Arc::new(Indicators::new(all)?));
        Ok(())
    }
}

/// A key of the file and what reads its list.
type Row = (&'static str, fn(&mut Reader<'_>, &mut Settings, Vec<Entry>));

/// The key below which rules are changed.
const RULES: &str = "rules";
/// The key that names the file of AWS's addresses.
const AWS_RANGES: &str = "aws_ranges";
/// The key that names files of countries and networks.
const GEOIP: &str = "geoip";
/// The key of the tables that name lists of indicators.
const IOC: &str = "ioc";

/// A key that holds a number of days, and what keeps it.
type SpanRow = (&'static str, fn(&mut Settings, u32));

/// Keys that hold a number of days.
const SPANS: &[SpanRow] = &[
    ("learn", |settings, days| {
        settings.baseline.learn_days = days;
    }),
    ("memory", |settings, days| {
        settings.baseline.memory_days = days;
    }),
];

const KEYS: &[Row] = &[
    ("trusted_networks", |reader, settings, entries| {
        let networks = reader.each(entries, networks::parse);
        settings.trusted_networks = Some(networks.into_iter().collect());
    }),
    ("accounts", |reader, settings, entries| {
        let accounts = reader.each(entries, |text| {
            let good = is_account(text).then(|| text.to_owned());
            good.ok_or("is no account number (twelve digits)")
        });
        settings.accounts = set(accounts);
    }),
    ("trusted_accounts", |reader, settings, entries| {
        let accounts = reader.each(entries, |text| {
            let good = is_account(text) || is_canonical(text);
            let good = good.then(|| text.to_ascii_lowercase());
            good.ok_or(
                "is no account number (twelve digits) and no canonical id \
                 (64 hexadecimal digits)",
            )
        });
        settings.trusted_accounts = set(accounts);
    }),
    ("public_buckets", |reader, settings, entries| {
        settings.public_buckets = reader.buckets(entries);
    }),
    ("buckets", |reader, settings, entries| {
        settings.buckets = reader.buckets(entries);
    }),
    ("watched_keys", |reader, settings, entries| {
        let keys = reader.each(entries, |text| Ok::<_, &str>(text.to_owned()));
        settings.watched_keys = names(keys);
    }),
    ("log_buckets", |reader, settings, entries| {
        settings.log_buckets = reader.buckets(entries);
    }),
    ("vpc_only_buckets", |reader, settings, entries| {
        settings.vpc_only_buckets = reader.buckets(entries);
    }),
    ("work_hours", |reader, settings, entries| {
        let hours: WorkHours = reader.each(entries, hours::parse).into_iter().collect();
        settings.work_hours = (!hours.is_empty()).then_some(hours);
    }),
];

fn set(accounts: Vec<String>) -> Option<BTreeSet<String>> {
    let accounts: BTreeSet<String> = accounts.into_iter().collect();
    (!accounts.is_empty()).then_some(accounts)
}

fn names(texts: Vec<String>) -> Option<Names> {
    let names: Names = texts.into_iter().collect();
    (!names.is_empty()).then_some(names)
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_canonical(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

struct Reader<'a> {
    text: &'a str,
    file: &'a Path,
    errors: Vec<SettingsError>,
}

impl Reader<'_> {
    fn settings(&mut self) -> Settings {
        let mut settings = Settings {
            file: Some(self.file.to_owned()),
            ..Settings::default()
        };
        let text = self.text;
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let start = error.span().map_or(0, |span| span.start);
            self.fail(start, format!("not TOML: {}", error.message()));
        }
        if !self.errors.is_empty() {
            return settings;
        }
        for (key, value) in table.get_ref() {
            let name: &str = key.get_ref();
            if name == RULES {
                settings.rules = self.rules(value);
                continue;
            }
            if name == AWS_RANGES {
                settings.aws_ranges = self.aws_ranges(value);
                continue;
            }
            if name == GEOIP {
                settings.geoip = self.geoip(value);
                continue;
            }
            if name == IOC {
                let lists = self.indicators(value);
                if let Err(reason) = settings.add_indicators(lists) {
                    self.fail(value.span().start, reason);
                }
                continue;
            }
            if let Some((_, read)) = SPANS.iter().find(|(known, _)| *known == name) {
                if let Some(days) = self.days(name, value) {
                    read(&mut settings, days);
                }
                continue;
            }
            let Some((name, read)) = KEYS.iter().find(|(known, _)| *known == name) else {
                let known = KEYS.iter().map(|(known, _)| *known);
                let spans = SPANS.iter().map(|(known, _)| *known);
                let others = [RULES, AWS_RANGES, GEOIP, IOC].into_iter().chain(spans);
                let hint = suggest(name, known.chain(others));
                let hint = did_you_mean(hint.as_deref());
                self.fail(
                    key.span().start,
                    format!("unknown key {}{hint}", quote(name)),
                );
                continue;
            };
            let before = self.errors.len();
            let entries = self.entries(name, value);
            if *name == "trusted_networks" && entries.is_empty() && self.errors.len() == before {
                self.fail(value.span().start, networks::EMPTY.to_owned());
            }
            if !entries.is_empty() {
                let files = entries.iter().map(|entry| entry.file.clone()).collect();
                let entries = entries.len();
                settings.lists.insert(name, Origin { entries, files });
            }
            read(self, &mut settings, entries);
        }
        settings
    }

    /// The entries of an array, those of files included.
    fn entries(&mut self, name: &str, value: &Spanned<DeValue<'_>>) -> Vec<Entry> {
        let DeValue::Array(items) = value.get_ref() else {
            let reason = format!("{name:?} must be a list: [\"...\"]");
            self.fail(value.span().start, reason);
            return Vec::new();
        };
        let mut entries = Vec::new();
        for item in items {
            let start = item.span().start;
            let DeValue::String(text) = item.get_ref() else {
                self.fail(start, format!("an entry of {name:?} must be text: \"...\""));
                continue;
            };
            let (line, column) = self.place(start);
            match text.trim().strip_prefix('@') {
                None => entries.push(Entry {
                    text: text.trim().to_owned(),
                    file: self.file.to_owned(),
                    line,
                    column,
                }),
                Some(path) => match list::read_file(&self.beside(path)) {
                    Ok(more) => entries.extend(more),
                    Err(error) => self.fail(start, error.to_string()),
                },
            }
        }
        entries
    }

    /// A number of days.
    fn days(&mut self, name: &str, value: &Spanned<DeValue<'_>>) -> Option<u32> {
        let days = match value.get_ref() {
            DeValue::String(text) => baseline::days(text),
            _ => None,
        };
        if days.is_none() {
            let most = baseline::MAX_DAYS;
            let reason = format!("{name:?} must be a number of days from 1d to {most}d: \"7d\"");
            self.fail(value.span().start, reason);
        }
        days
    }

    /// AWS's addresses, of the file that is named; `@` before its name, which
    /// names files in lists, may stand here too.
    fn aws_ranges(&mut self, value: &Spanned<DeValue<'_>>) -> Option<AwsRanges> {
        let start = value.span().start;
        let name = match value.get_ref() {
            DeValue::String(text) => text.trim(),
            _ => "",
        };
        let name = name.strip_prefix('@').unwrap_or(name);
        if name.is_empty() {
            let reason = format!("{AWS_RANGES:?} must name a file: \"ip-ranges.json\"");
            self.fail(start, reason);
            return None;
        }
        let read = AwsRanges::from_file(&self.beside(name));
        read.map_err(|error| self.fail(start, error.to_string()))
            .ok()
    }

    /// A path that the file names: relative to it.
    fn beside(&self, path: &str) -> PathBuf {
        self.file.parent().unwrap_or(Path::new("")).join(path)
    }

    fn each<T, E: ToString>(
        &mut self,
        entries: Vec<Entry>,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Vec<T> {
        let mut values = Vec::new();
        for entry in entries {
            match read(&entry.text) {
                Ok(_) if entry.text.is_empty() => self.errors.push(entry.error("is empty")),
                Ok(value) => values.push(value),
                Err(reason) => self.errors.push(entry.error(&reason.to_string())),
            }
        }
        values
    }

    /// Names of buckets, some with `*`.
    fn buckets(&mut self, entries: Vec<Entry>) -> Option<Names> {
        names(self.each(entries, |text| {
            let fits = |b: u8| b.is_ascii_alphanumeric() || b".-_*".contains(&b);
            let good = text.bytes().all(fits).then(|| text.to_owned());
            good.ok_or("is no name of a bucket")
        }))
    }

    fn fail(&mut self, start: usize, reason: String) {
        let place = self.place(start);
        self.errors
            .push(SettingsError::at(self.file, place, reason));
    }

    /// Line and column of a byte.
    fn place(&self, byte: usize) -> (usize, usize) {
        let before = self.text.get(..byte).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (line, before[start..].chars().count() + 1)
    }
}
