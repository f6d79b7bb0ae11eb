//! The settings file as its author sees it.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use s3sentry::settings::{Networks, Settings, find};

fn errors(text: &str) -> Vec<String> {
    match Settings::parse(text, Path::new("s.toml")) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn lists_are_read() {
    let text = r#"
trusted_networks = ["10.0.0.0/8", "2001:db8::/32"]
accounts = ["012345678901"]
public_buckets = ["site", "site-*"]
buckets = ["acme-*"]
watched_keys = ["index.html", "js/*.js"]
log_buckets = ["acme-logs"]
vpc_only_buckets = ["acme-lake"]
work_hours = ["Mon-Fri 08:00-18:00 Europe/Berlin", "Sat 09:00-12:00"]
"#;
    let settings = Settings::parse(text, Path::new("s.toml")).unwrap();
    let networks = settings.trusted_networks.unwrap();
    assert!(networks.contains("10.1.2.3".parse().unwrap()));
    assert!(!networks.contains("11.1.2.3".parse().unwrap()));
    assert!(settings.accounts.unwrap().contains("012345678901"));
    assert_eq!(settings.trusted_accounts, None);
    let buckets = settings.public_buckets.unwrap();
    assert!(buckets.contains(b"site-eu") && !buckets.contains(b"sites"));
    assert!(settings.buckets.unwrap().contains(b"acme-lake"));
    let keys = settings.watched_keys.unwrap();
    assert!(keys.contains(b"js/a/b.js") && !keys.contains(b"js/a.css"));
    assert!(settings.log_buckets.unwrap().contains(b"acme-logs"));
    assert!(settings.vpc_only_buckets.unwrap().contains(b"acme-lake"));
    // Monday, 2 February 2026, 07:00 in Greenwich, 08:00 in Berlin.
    assert!(settings.work_hours.unwrap().contains(1_770_015_600));
    assert_eq!(settings.lists["work_hours"].entries, 2);
    assert_eq!(settings.lists.len(), 8);
    assert_eq!(settings.file.unwrap(), Path::new("s.toml"));
}

#[test]
fn nothing_is_a_setting() {
    let settings = Settings::parse("accounts = []\n", Path::new("s.toml")).unwrap();
    assert_eq!(settings.accounts, None);
    assert_eq!(settings.trusted_networks, None);
    assert_eq!(settings.public_buckets, None);
    assert_eq!(settings.aws_ranges, None);
    let settings = Settings::parse("geoip = []\n", Path::new("s.toml")).unwrap();
    assert_eq!(settings.geoip, None);
}

/// Text of the file, the whole error.
const TABLE: &[(&str, &str)] = &[
    (
        "trusted_network = []",
        r#"s.toml:1:1: unknown key "trusted_network" (did you mean "trusted_networks"?)"#,
    ),
    (
        "\n\n[lists]\naccounts = []",
        r#"s.toml:3:2: unknown key "lists""#,
    ),
    (
        "accounts = \"012345678901\"",
        r#"s.toml:1:12: "accounts" must be a list: ["..."]"#,
    ),
    (
        "accounts = [\n  12345678901,\n]",
        r#"s.toml:2:3: an entry of "accounts" must be text: "...""#,
    ),
    (
        "accounts = [\"1234\"]",
        r#"s.toml:1:13: "1234" is no account number (twelve digits)"#,
    ),
    (
        "trusted_accounts = [\"owner\"]",
        r#"s.toml:1:21: "owner" is no account number (twelve digits) and no canonical id (64 hexadecimal digits)"#,
    ),
    (
        "public_buckets = [\"s3://site\"]",
        r#"s.toml:1:19: "s3://site" is no name of a bucket"#,
    ),
    ("public_buckets = [\"\"]", r#"s.toml:1:19: "" is empty"#),
    (
        "buckets = [\"a/b\"]",
        r#"s.toml:1:12: "a/b" is no name of a bucket"#,
    ),
    (
        "log_buckets = [\"Logs!\"]",
        r#"s.toml:1:16: "Logs!" is no name of a bucket"#,
    ),
    (
        "vpc_only_buckets = [\"a b\"]",
        r#"s.toml:1:21: "a b" is no name of a bucket"#,
    ),
    ("watched_keys = [\" \"]", r#"s.toml:1:17: "" is empty"#),
    (
        "work_hours = [\"Mon-Fri 08:00-18:00\", \"Mon-Fri\"]",
        r#"s.toml:1:38: "Mon-Fri" must be days, hours and a time zone, such as "Mon-Fri 08:00-18:00 Europe/Berlin""#,
    ),
    (
        "work_hours = [\"Mon-Fry 08:00-18:00\"]",
        r#"s.toml:1:15: "Mon-Fry 08:00-18:00" has no day of the week in "Fry" (did you mean "Fri"?)"#,
    ),
    (
        "work_hours = [\"Mon-Fri 8-18\"]",
        r#"s.toml:1:15: "Mon-Fri 8-18" has no span of hours such as 08:00-18:00 in "8-18""#,
    ),
    (
        "work_hours = [\"Mon 00:00-00:00\"]",
        r#"s.toml:1:15: "Mon 00:00-00:00" is no time at all: "00:00-00:00" (a whole day is 00:00-24:00)"#,
    ),
    (
        "work_hours = [\"Mon 08:00-18:00 Berlin\"]",
        r#"s.toml:1:15: "Mon 08:00-18:00 Berlin" has no time zone in "Berlin""#,
    ),
    (
        "work_hours = \"Mon 08:00-18:00\"",
        r#"s.toml:1:14: "work_hours" must be a list: ["..."]"#,
    ),
    (
        "work_hour = []",
        r#"s.toml:1:1: unknown key "work_hour" (did you mean "work_hours"?)"#,
    ),
    (
        "aws_ranges = [\"ip-ranges.json\"]",
        r#"s.toml:1:14: "aws_ranges" must name a file: "ip-ranges.json""#,
    ),
    (
        "aws_ranges = \" @ \"",
        r#"s.toml:1:14: "aws_ranges" must name a file: "ip-ranges.json""#,
    ),
    (
        "aws_ranges = \"/nonexistent/list\"",
        "s.toml:1:14: /nonexistent/list: cannot be read: No such file or directory (os error 2)",
    ),
    (
        "aws_range = \"\"",
        r#"s.toml:1:1: unknown key "aws_range" (did you mean "aws_ranges"?)"#,
    ),
    (
        "geoip = \"x.mmdb\"",
        r#"s.toml:1:9: "geoip" must be a list of files: ["country.mmdb"]"#,
    ),
    (
        "geoip = [7, \" @ \"]",
        r#"s.toml:1:10: "geoip" must be a list of files: ["country.mmdb"]
s.toml:1:13: "geoip" must be a list of files: ["country.mmdb"]"#,
    ),
    (
        "geoip = [\"/nonexistent/file\"]",
        "s.toml:1:10: /nonexistent/file: cannot be read: No such file or directory (os error 2)",
    ),
    (
        "geoips = []",
        r#"s.toml:1:1: unknown key "geoips" (did you mean "geoip"?)"#,
    ),
    (
        "rules = []",
        r#"s.toml:1:9: "rules" must be a table: [rules.NAME]"#,
    ),
    (
        "[rule.x]\nenabled = true",
        r#"s.toml:1:2: unknown key "rule" (did you mean "rules"?)"#,
    ),
    (
        "trusted_networks = [\"é\", \"10.0.0.1/8\"]",
        r#"s.toml:1:21: "é" is no address and no network such as 10.0.0.0/8
s.toml:1:26: "10.0.0.1/8" has bits set behind its prefix: write 10.0.0.0/8 for the network or 10.0.0.1 for the address"#,
    ),
    (
        "trusted_networks = []",
        "s.toml:1:20: the list of trusted networks is empty, so every address would be unknown: \
         add a network, or leave the list out",
    ),
    (
        "accounts = [\"@/nonexistent/list\"]",
        "s.toml:1:13: /nonexistent/list: cannot be read: No such file or directory (os error 2)",
    ),
    (
        "accounts = [",
        "s.toml:1:13: not TOML: unclosed array, expected `]`",
    ),
    (
        "accounts = []\naccounts = []",
        "s.toml:2:1: not TOML: duplicate key",
    ),
];

#[test]
fn every_mistake_is_located_and_explained() {
    let mut wrong = String::new();
    for (text, expected) in TABLE {
        let found = errors(text).join("\n");
        if found != *expected {
            writeln!(wrong, "{text:?}\n  {expected:?}\n  {found:?}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "text, expected, found:\n{wrong}");
}

#[test]
fn entries_come_from_files_too() {
    let directory = tempfile::tempdir().unwrap();
    let list = directory.path().join("office.txt");
    fs::write(
        &list,
        "\u{feff}# office\n\n  192.0.2.0/24 ; all\r\n2001:db8::1\n",
    )
    .unwrap();
    let file = directory.path().join("s3sentry.toml");
    fs::write(
        &file,
        "trusted_networks = [\"10.0.0.0/8\", \"@office.txt\"]\n",
    )
    .unwrap();
    let networks = Settings::read(&file).unwrap().trusted_networks.unwrap();
    for address in ["10.0.0.1", "192.0.2.7", "2001:db8::1"] {
        assert!(networks.contains(address.parse().unwrap()), "{address}");
    }
    assert!(Networks::from_file(&list).is_ok());

    let place = list.display();
    fs::write(&list, "192.0.2.0/24\n  # x\n  office # no\n").unwrap();
    let expected =
        format!(r#"{place}:3:3: "office" is no address and no network such as 10.0.0.0/8"#);
    assert_eq!(
        Networks::from_file(&list).unwrap_err().to_string(),
        expected
    );
    assert_eq!(Settings::read(&file).unwrap_err()[0].to_string(), expected);

    fs::write(&list, "# nobody\n").unwrap();
    let error = Networks::from_file(&list).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{place}: the list of trusted networks is empty")));
    fs::write(&list, b"10.0.0.0/8\n\xff").unwrap();
    let error = Networks::from_file(&list).unwrap_err().to_string();
    assert_eq!(error, format!("{place}: is not UTF-8 (byte 11)"));
}

#[test]
fn addresses_of_aws_come_from_a_file_beside() {
    let directory = tempfile::tempdir().unwrap();
    let ranges = directory.path().join("ip-ranges.json");
    fs::write(
        &ranges,
        r#"{"createDate": "2026-01-02-03-04-05", "prefixes": [
            {"ip_prefix": "203.0.113.0/24", "region": "eu-west-1"}]}"#,
    )
    .unwrap();
    let file = directory.path().join("s3sentry.toml");
    for text in ["ip-ranges.json", "@ip-ranges.json"] {
        fs::write(&file, format!("aws_ranges = \"{text}\"\n")).unwrap();
        let settings = Settings::read(&file).unwrap();
        let name = |address: &str| {
            let ranges = settings.aws_ranges.as_ref().unwrap();
            ranges.name(address.parse().unwrap()).map(str::to_owned)
        };
        assert_eq!(name("203.0.113.7").as_deref(), Some("aws:eu-west-1"));
        assert_eq!(name("192.0.2.1"), None);
        assert_eq!(settings.aws_ranges.as_ref().unwrap().file(), ranges);
    }
    fs::write(&ranges, "203.0.113.0/24\n").unwrap();
    let errors = Settings::read(&file).unwrap_err();
    let expected = format!("{}:1:14: {}:1:", file.display(), ranges.display());
    let found = errors[0].to_string();
    assert!(
        found.starts_with(&expected) && found.contains(" is not AWS's list of its addresses: "),
        "{found}"
    );
}

#[test]
fn the_first_file_found_is_used() {
    let home = tempfile::tempdir().unwrap();
    let at = |path: &str| home.path().join(path);
    let find = |cli: Option<PathBuf>, no_config, set: &[(&str, PathBuf)]| {
        let set: BTreeMap<&str, OsString> = set
            .iter()
            .map(|(name, path)| (*name, path.clone().into_os_string()))
            .collect();
        find(cli, no_config, &|name| set.get(name).cloned())
    };
    let variables = [("HOME", at("")), ("XDG_CONFIG_HOME", at("xdg"))];
    assert_eq!(find(None, false, &[]).unwrap(), None);
    assert_eq!(find(None, false, &variables).unwrap(), None);

    for directory in [".config/s3sentry", "xdg/s3sentry"] {
        fs::create_dir_all(at(directory)).unwrap();
        fs::write(at(directory).join("config.toml"), "").unwrap();
    }
    let xdg = at("xdg/s3sentry/config.toml");
    let dot_config = at(".config/s3sentry/config.toml");
    assert_eq!(find(None, false, &variables).unwrap(), Some(xdg.clone()));
    assert_eq!(
        find(None, false, &variables[..1]).unwrap(),
        Some(dot_config.clone())
    );
    let relative = [("HOME", at("")), ("XDG_CONFIG_HOME", "xdg".into())];
    assert_eq!(
        find(None, false, &relative).unwrap(),
        Some(dot_config.clone())
    );

    let named = [
        ("S3SENTRY_CONFIG", dot_config.clone()),
        ("XDG_CONFIG_HOME", at("xdg")),
    ];
    assert_eq!(find(None, false, &named).unwrap(), Some(dot_config));
    assert_eq!(
        find(Some(xdg.clone()), false, &named).unwrap(),
        Some(xdg.clone())
    );
    assert_eq!(find(None, true, &named).unwrap(), None);

    let missing = [("S3SENTRY_CONFIG", at("gone.toml"))];
    let error = find(None, false, &missing).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: cannot be read: ", at("gone.toml").display())));
    let empty = [
        ("S3SENTRY_CONFIG", PathBuf::new()),
        ("XDG_CONFIG_HOME", at("xdg")),
    ];
    assert_eq!(find(None, false, &empty).unwrap(), Some(xdg));
}
