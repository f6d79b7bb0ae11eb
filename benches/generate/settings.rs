//! The settings of an operator of this account, and the lists that they name.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::rhythm::WORK_HOURS;
use crate::world::{self, ACCOUNT, PARTNER};

/// What the operator would trust.
pub const TRUSTED_NETWORKS: [&str; 5] = [
    "192.0.2.0/25",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "100.64.0.0/10",
    "2001:db8:10::/48",
];

/// AWS's addresses, in the form of its `ip-ranges.json`.
pub const AWS_RANGES: &str = r#"{
  "syncToken": "1769990400",
  "createDate": "2026-02-02-00-00-00",
  "prefixes": [
    {"ip_prefix": "192.0.2.128/26", "region": "eu-west-1", "service": "AMAZON", "network_border_group": "eu-west-1"},
    {"ip_prefix": "192.0.2.128/26", "region": "eu-west-1", "service": "EC2", "network_border_group": "eu-west-1"},
    {"ip_prefix": "192.0.2.192/26", "region": "us-east-1", "service": "AMAZON", "network_border_group": "us-east-1"}
  ],
  "ipv6_prefixes": [
    {"ipv6_prefix": "2001:db8:a00::/48", "region": "eu-west-1", "service": "AMAZON", "network_border_group": "eu-west-1"}
  ]
}
"#;

/// Lists of indicators: file, level, entries.
pub const INDICATORS: [(&str, &str, &str); 5] = [
    ("botnet.txt", "critical", "198.51.100.201\n"),
    (
        "tor-exits.txt",
        "high",
        "# Exits of an anonymity network.\n198.51.100.200\n203.0.113.222\n",
    ),
    (
        "open-proxies.txt",
        "medium",
        "198.51.100.202\n198.19.255.0/28\n",
    ),
    ("vpn-providers.txt", "low", "198.51.100.203\n"),
    ("research-scanners.txt", "informational", "198.51.100.204\n"),
];

/// The settings; lists in files are named relative to the settings' own file.
///
/// # Errors
///
/// If a list is not a file that the settings can name.
pub fn text(path: &Path, aws_ranges: Option<&Path>, ioc: Option<&Path>) -> Result<String> {
    let list = |values: &[&str]| format!("[\"{}\"]", values.join("\", \""));
    let lists = [
        ("trusted_networks", list(&TRUSTED_NETWORKS)),
        ("accounts", list(&[ACCOUNT])),
        ("trusted_accounts", list(&[PARTNER])),
        (
            "public_buckets",
            list(&[world::WEBSITE, world::DOWNLOADS, world::PROMO]),
        ),
        ("buckets", list(&["acme-*"])),
        (
            "watched_keys",
            list(&["index.html", "assets/js/app.js", "install.sh"]),
        ),
        ("log_buckets", list(&[world::LOGS, world::AUDIT])),
        ("vpc_only_buckets", list(&[world::BACKUPS, world::PAYROLL])),
        ("work_hours", list(&[WORK_HOURS])),
    ];
    let mut text = String::from("# Settings for the logs that benches/generate.rs writes.\n");
    for (key, value) in lists {
        writeln!(text, "{key} = {value}")?;
    }
    if let Some(ranges) = aws_ranges {
        writeln!(text, "aws_ranges = \"{}\"", named(path, ranges)?)?;
    }
    if let Some(directory) = ioc {
        for (file, level, _) in INDICATORS {
            let file = named(path, &directory.join(file))?;
            writeln!(text, "\n[[ioc]]\nfile = \"{file}\"\nlevel = \"{level}\"")?;
        }
    }
    Ok(text)
}

/// A list beside the settings by its name alone, any other by its whole path.
fn named(settings: &Path, list: &Path) -> Result<String> {
    let name = if list.parent() == settings.parent() {
        list.file_name().map(Into::into)
    } else {
        std::path::absolute(list).ok()
    };
    name.map(|name: PathBuf| name.display().to_string())
        .with_context(|| format!("{} is not a file", list.display()))
}
