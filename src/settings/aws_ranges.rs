//! The public addresses of AWS, by region and service, as AWS publishes them.
//!
//! Reads [`URL`] (<https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-syntax.html>)
//! as it was downloaded; nothing is fetched. What it means that an address is
//! AWS's is decided elsewhere.

use std::cmp::Reverse;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use chrono::NaiveDateTime;
use ipnet::IpNet;
use serde::Deserialize;

use super::networks;
use super::{Prefixes, SettingsError};
use crate::text::words::quote;

/// Where AWS publishes the file.
pub const URL: &str = "https://ip-ranges.amazonaws.com/ip-ranges.json";

/// What stands before a region in the name of its network.
const AWS: &str = "aws:";
/// The region of what belongs to none, such as the edges of `CloudFront`.
const GLOBAL: &str = "GLOBAL";
/// The service of all addresses of AWS.
const AMAZON: &str = "AMAZON";
/// The service that others run on.
const EC2: &str = "EC2";
/// The longest name of a region or a service, bytes; AWS's have up to 14 and 24.
const LONGEST: usize = 48;

/// Characters of a reason why a file is malformed.
const MOST: usize = 200;

/// AWS's addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsRanges {
    /// `aws:` and the region.
    regions: Prefixes<Name>,
    /// Prefixes of a service other than `AMAZON`, which has them all.
    services: Prefixes<Name>,
    names: Names,
    created: i64,
    file: PathBuf,
}

impl AwsRanges {
    /// Reads the file.
    pub fn from_file(path: &Path) -> Result<Self, SettingsError> {
        let bytes = std::fs::read(path).map_err(|error| SettingsError::unreadable(path, &error))?;
        Self::parse(&bytes, path)
    }

    /// Reads the text of such a file. Of several entries for one prefix, that
    /// of a region counts before `GLOBAL`. A file without prefixes is an error.
    pub fn parse(text: &[u8], file: &Path) -> Result<Self, SettingsError> {
        let document: Document =
            serde_json::from_slice(text).map_err(|error| malformed(&error, file))?;
        let wrong = |reason: String| SettingsError::whole_file(file, &reason);
        let created = NaiveDateTime::parse_from_str(&document.created, "%Y-%m-%d-%H-%M-%S");
        let created = created.map_err(|_| {
            let text = quote(&document.created);
            wrong(format!(
                "\"createDate\" is no time such as \"2026-01-02-03-04-05\": {text}"
            ))
        })?;
        let v4 = entries("prefixes", &document.prefixes);
        let v6 = entries("ipv6_prefixes", &document.ipv6_prefixes);
        let mut entries = v4.chain(v6).collect::<Result<Vec<_>, _>>().map_err(wrong)?;
        if entries.is_empty() {
            return Err(wrong("has no prefixes".to_owned()));
        }
        // Of equal prefixes the last one counts.
        entries.sort_by_key(|entry| entry.region != GLOBAL);
        let mut names = Names::default();
        let regions = entries.iter().map(|entry| {
            let name = format!("{AWS}{}", entry.region);
            (entry.prefix, names.name(&name))
        });
        let regions = regions.collect();
        entries.retain(|entry| entry.service != AMAZON);
        entries.sort_by_key(|entry| (entry.service != EC2, Reverse(entry.service)));
        let services = entries.iter();
        let services = services.map(|entry| (entry.prefix, names.name(entry.service)));
        Ok(Self {
            services: services.collect(),
            regions,
            names,
            created: created.and_utc().timestamp(),
            file: file.to_owned(),
        })
    }

    /// How the network of an address is named, `aws:` and its region; `None`
    /// where the address is not AWS's.
    #[must_use]
    pub fn name(&self, address: IpAddr) -> Option<&str> {
        let (_, name) = self.regions.get(address)?;
        self.names.text(*name)
    }

    /// The service that uses an address: of the longest prefix of a service other
    /// than `AMAZON`, and `AMAZON` where there is none; `None` where the address
    /// is not AWS's. Of several services of one prefix `EC2` counts last, for
    /// others run there; else the first in the order of letters.
    #[must_use]
    pub fn service(&self, address: IpAddr) -> Option<&str> {
        match self.services.get(address) {
            Some((_, name)) => self.names.text(*name),
            None => self.regions.get(address).map(|_| AMAZON),
        }
    }

    /// When AWS made the file, seconds since the epoch.
    #[must_use]
    pub const fn created(&self) -> i64 {
        self.created
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }
}

/// The place of a name.
type Name = u32;

/// Names that come again and again, each kept once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Names(Vec<Box<str>>);

impl Names {
    fn name(&mut self, text: &str) -> Name {
        let known = self.0.iter().position(|known| **known == *text);
        let place = known.unwrap_or_else(|| {
            self.0.push(text.into());
            self.0.len() - 1
        });
        place as Name
    }

    fn text(&self, name: Name) -> Option<&str> {
        self.0.get(name as usize).map(|text| &**text)
    }
}

/// The region in the name of a network of AWS's.
#[must_use]
pub fn region(name: &str) -> &str {
    name.strip_prefix(AWS).unwrap_or(name)
}

/// What is read of the file.
#[derive(Deserialize)]
#[serde(expecting = "an object with createDate and prefixes")]
struct Document {
    #[serde(rename = "createDate")]
    created: String,
    #[serde(default)]
    prefixes: Vec<Entry>,
    #[serde(default)]
    ipv6_prefixes: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with ip_prefix and region")]
struct Entry {
    #[serde(rename = "ip_prefix", alias = "ipv6_prefix")]
    prefix: String,
    region: String,
    #[serde(default = "amazon")]
    service: String,
}

fn amazon() -> String {
    AMAZON.to_owned()
}

/// A prefix, checked.
struct Range<'e> {
    prefix: IpNet,
    region: &'e str,
    service: &'e str,
}

impl Entry {
    fn read(&self) -> Result<Range<'_>, String> {
        let prefix = networks::parse(&self.prefix)
            .map_err(|error| format!("{} {error}", quote(&self.prefix)))?;
        let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        for (what, name) in [("region", &self.region), ("service", &self.service)] {
            if name.is_empty() || name.len() > LONGEST || !name.bytes().all(fits) {
                return Err(format!("{} is no {what}", quote(name)));
            }
        }
        Ok(Range {
            prefix,
            region: &self.region,
            service: &self.service,
        })
    }
}

fn entries<'e>(key: &str, entries: &'e [Entry]) -> impl Iterator<Item = Result<Range<'e>, String>> {
    let entries = entries.iter().enumerate();
    entries.map(move |(place, entry)| {
        let read = entry.read();
        read.map_err(|reason| format!("{key}[{place}]: {reason}"))
    })
}

fn malformed(error: &serde_json::Error, file: &Path) -> SettingsError {
    let what = if error.is_data() {
        "is not AWS's list of its addresses"
    } else {
        "is not JSON"
    };
    let reason = error.to_string();
    // The place stands before the reason here, and the reason may quote much.
    let reason = reason.split(" at line ").next().unwrap_or_default();
    let reason: String = reason.chars().take(MOST).collect();
    let place = (error.line(), error.column());
    SettingsError::at(file, place, format!("{what}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<AwsRanges, String> {
        let ranges = AwsRanges::parse(text.as_bytes(), Path::new("ip-ranges.json"));
        ranges.map_err(|error| error.to_string())
    }

    fn with(prefixes: &str) -> String {
        format!("{{\"createDate\": \"2026-01-02-03-04-05\", {prefixes}}}")
    }

    #[test]
    fn addresses_have_the_region_of_the_longest_prefix() {
        let ranges = parse(
            r#"{
  "syncToken": "1767323045",
  "createDate": "2026-01-02-03-04-05",
  "prefixes": [
    {"ip_prefix": "203.0.113.0/24", "region": "eu-west-1", "service": "AMAZON", "network_border_group": "eu-west-1"},
    {"ip_prefix": "203.0.113.0/24", "region": "eu-west-1", "service": "EC2", "network_border_group": "eu-west-1"},
    {"ip_prefix": "203.0.113.0/24", "region": "GLOBAL", "service": "CLOUDFRONT", "network_border_group": "GLOBAL"},
    {"ip_prefix": "203.0.113.128/25", "region": "us-east-1", "service": "AMAZON", "network_border_group": "us-east-1"},
    {"ip_prefix": "203.0.113.64/26", "region": "eu-west-1", "service": "S3", "network_border_group": "eu-west-1"},
    {"ip_prefix": "203.0.113.64/26", "region": "eu-west-1", "service": "EC2", "network_border_group": "eu-west-1"},
    {"ip_prefix": "198.51.100.0/24", "region": "GLOBAL", "service": "AMAZON", "network_border_group": "GLOBAL"}
  ],
  "ipv6_prefixes": [
    {"ipv6_prefix": "2001:db8:a::/48", "region": "eu-west-1", "service": "S3", "network_border_group": "eu-west-1"}
  ]
}"#,
        )
        .unwrap();
        for (address, name) in [
            ("203.0.113.7", "aws:eu-west-1"),
            ("::ffff:203.0.113.7", "aws:eu-west-1"),
            ("203.0.113.200", "aws:us-east-1"),
            ("198.51.100.1", "aws:GLOBAL"),
            ("2001:db8:a::1", "aws:eu-west-1"),
        ] {
            let found = ranges.name(address.parse().unwrap());
            assert_eq!(found, Some(name), "{address}");
        }
        for address in ["192.0.2.1", "10.0.0.1", "2001:db8:b::1"] {
            assert_eq!(ranges.name(address.parse().unwrap()), None, "{address}");
        }
        for (address, service) in [
            ("203.0.113.7", "CLOUDFRONT"),
            // A longer prefix of AMAZON says nothing of who uses it.
            ("203.0.113.200", "CLOUDFRONT"),
            ("203.0.113.66", "S3"),
            ("198.51.100.1", "AMAZON"),
            ("2001:db8:a::1", "S3"),
        ] {
            let found = ranges.service(address.parse().unwrap());
            assert_eq!(found, Some(service), "{address}");
        }
        assert_eq!(ranges.service("192.0.2.1".parse().unwrap()), None);
        assert_eq!(region("aws:eu-west-1"), "eu-west-1");
        assert_eq!(ranges.created(), 1_767_323_045);
    }

    #[test]
    fn every_mistake_is_named() {
        let prefix = |prefix: &str, region: &str| {
            with(&format!(
                r#""prefixes": [{{"ip_prefix": "192.0.2.0/24", "region": "eu-west-1"}}, {{"ip_prefix": "{prefix}", "region": "{region}"}}]"#
            ))
        };
        for (text, expected) in [
            ("", "1:0: is not JSON: EOF while parsing a value"),
            (
                "# networks\n192.0.2.0/24\n",
                "1:1: is not JSON: expected value",
            ),
            (
                "{\n \"createDate\"",
                "2:13: is not JSON: EOF while parsing an object",
            ),
            (
                "[1]",
                "1:2: is not AWS's list of its addresses: invalid type: integer `1`, expected a string",
            ),
            (
                r#"{"prefixes": []}"#,
                "1:16: is not AWS's list of its addresses: missing field `createDate`",
            ),
            (
                &with(r#""prefixes": [{"ipv4Prefix": "192.0.2.0/24"}]"#),
                "1:81: is not AWS's list of its addresses: missing field `ip_prefix`",
            ),
            (
                r#"{"createDate": "today"}"#,
                "\"createDate\" is no time such as \"2026-01-02-03-04-05\": \"today\"",
            ),
            (&with(r#""prefixes": []"#), "has no prefixes"),
            (
                &prefix("192.0.2.0/33", "eu-west-1"),
                "prefixes[1]: \"192.0.2.0/33\" is no address and no network such as 10.0.0.0/8",
            ),
            (
                &prefix("192.0.2.7/24", "eu-west-1"),
                "prefixes[1]: \"192.0.2.7/24\" has bits set behind its prefix: write 192.0.2.0/24 for the network or 192.0.2.7 for the address",
            ),
            (
                &prefix("192.0.2.0/24", ""),
                "prefixes[1]: \"\" is no region",
            ),
            (
                &prefix("192.0.2.0/24", "eu west"),
                "prefixes[1]: \"eu west\" is no region",
            ),
        ] {
            let found = parse(text).unwrap_err();
            let found = found.strip_prefix("ip-ranges.json:").unwrap();
            assert_eq!(found.trim_start(), expected, "{text}");
        }
    }
}
