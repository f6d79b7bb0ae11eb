//! Every attack that the log generator plants is found, by the right rule, for
//! the right key, at the right second; and nothing else is.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use serde_json::Value;

/// One alert: rule, level, key, period, trigger, first and last record, count.
type Found = (String, String, String, String, String, String, String, u64);

/// The generator: `cargo test` builds it beside the tests, `cargo test --test
/// planted` does not.
fn generator() -> &'static Path {
    static PATH: LazyLock<PathBuf> = LazyLock::new(|| {
        let test = std::env::current_exe().unwrap();
        let examples = test
            .parent()
            .and_then(Path::parent)
            .unwrap()
            .join("examples");
        let path = examples.join(format!("generate{}", std::env::consts::EXE_SUFFIX));
        if !path.exists() {
            let built = Command::new(env!("CARGO"))
                .args(["build", "--example", "generate"])
                .status();
            assert!(built.unwrap().success());
        }
        path
    });
    &PATH
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn planted(truth: &[Value]) -> BTreeSet<Found> {
    let mut all = BTreeSet::new();
    for attack in truth {
        for alert in attack["alerts"].as_array().unwrap() {
            all.insert((
                text(&attack["rule"]),
                text(&attack["level"]),
                attack["key"].to_string(),
                text(&alert["start"]),
                text(&alert["trigger"]),
                text(&alert["first_seen"]),
                text(&alert["last_seen"]),
                alert["count"].as_u64().unwrap(),
            ));
        }
    }
    all
}

fn raised(alerts: &str) -> BTreeSet<Found> {
    alerts
        .lines()
        .map(|line| {
            let alert: Value = serde_json::from_str(line).unwrap();
            (
                text(&alert["rule"]["name"]),
                text(&alert["rule"]["level"]),
                alert["key"].to_string(),
                text(&alert["period"]["start"]),
                text(&alert["trigger"]["time"]),
                text(&alert["first_seen"]),
                text(&alert["last_seen"]),
                alert["count"].as_u64().unwrap(),
            )
        })
        .collect()
}

/// What the generator wrote: a log, and beside it what is known of it.
struct Written {
    directory: tempfile::TempDir,
}

impl Written {
    fn new(arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str| directory.path().join(name);
        let log = std::fs::File::create(file("access.log")).unwrap();
        let status = Command::new(generator())
            .args(arguments)
            .arg("--truth")
            .arg(file("truth.json"))
            .arg("--settings")
            .arg(file("s3sentry.toml"))
            .arg("--aws-ranges")
            .arg(file("ip-ranges.json"))
            .arg("--ioc")
            .arg(directory.path())
            .stdout(Stdio::from(log))
            .status()
            .unwrap();
        assert!(status.success());
        Self { directory }
    }

    fn truth(&self) -> Vec<Value> {
        let truth = std::fs::read_to_string(self.directory.path().join("truth.json")).unwrap();
        serde_json::from_str(&truth).unwrap()
    }

    /// The alerts under the log's own settings, or under none.
    fn scan(&self, settings: bool) -> BTreeSet<Found> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_s3sentry"));
        command.args(["scan", "--quiet", "--format", "ndjson"]);
        if settings {
            let file = self.directory.path().join("s3sentry.toml");
            command.arg("--config").arg(file);
        } else {
            command.arg("--no-config");
        }
        let output = command
            .arg(self.directory.path().join("access.log"))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        raised(&String::from_utf8(output.stdout).unwrap())
    }
}

/// Somebody has to look at it.
fn matters(alert: &Found) -> bool {
    ["medium", "high", "critical"].contains(&alert.1.as_str())
}

fn check(arguments: &[&str]) {
    let written = Written::new(arguments);
    let truth = written.truth();
    let wanted = planted(&truth);
    let found = written.scan(true);
    let missed: Vec<_> = wanted.difference(&found).collect();
    assert!(missed.is_empty(), "{arguments:?}: not found: {missed:#?}");

    let unasked: Vec<_> = found
        .difference(&wanted)
        .filter(|alert| matters(alert) || !ORDINARY.contains(&alert.0.as_str()))
        .filter(|alert| !truth.iter().any(|attack| raises_too(attack, alert)))
        .collect();
    assert!(
        unasked.is_empty(),
        "{arguments:?}: raised by nothing planted: {unasked:#?}"
    );
}

/// What ordinary systems raise, rightly at low.
const ORDINARY: [&str; 11] = [
    "access-denied-burst-low",
    "bad-credentials-low",
    "bucket-sweep-low",
    "defence-tamper",
    "off-hours-access",
    "offensive-tooling",
    "posture-recon-low",
    "presigned-long-lived",
    "site-tamper-low",
    "unknown-source-ip-low",
    "web-attack-probe",
];

/// The same records may rightly raise other rules too; the truth names them.
fn raises_too(attack: &Value, alert: &Found) -> bool {
    let strings = |value: &Value| -> Vec<String> {
        let items = value.as_array().into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    // An address and its /24 share three numbers; of IPv6 hosts four groups.
    let near = |address: &String| {
        let (separator, parts) = if address.contains(':') {
            (':', 4)
        } else {
            ('.', 3)
        };
        let network: Vec<_> = address.split(separator).take(parts).collect();
        alert.2.contains(&network.join(&separator.to_string()))
    };
    let named = |name: &String| alert.2.contains(&format!("\"{name}\""));
    strings(&attack["also"]).contains(&alert.0)
        && (strings(&attack["addresses"]).iter().any(near)
            || strings(&attack["buckets"]).iter().any(named)
            || strings(&attack["principals"]).iter().any(named))
}

#[test]
fn sessions_with_disorder() {
    check(&["--lines", "120000", "--seed", "7", "--disorder", "90s"]);
}

#[test]
fn scattered_with_disorder() {
    check(&[
        "--lines",
        "60000",
        "--seed",
        "11",
        "--shape",
        "scattered",
        "--disorder",
        "5m",
    ]);
}

#[test]
fn fields_of_every_age() {
    check(&["--lines", "40000", "--seed", "3", "--fields", "26"]);
    check(&["--lines", "40000", "--seed", "13", "--fields", "mixed"]);
}

/// A hundred thousand requests in five minutes: too many for the other logs.
#[test]
fn as_large_as_it_must_be() {
    check(&[
        "--lines",
        "135000",
        "--attacks",
        "denial-of-wallet",
        "--no-decoys",
    ]);
}

/// S3 expires objects a day after it was told to.
#[test]
fn as_long_as_it_must_be() {
    check(&[
        "--lines",
        "20000",
        "--duration",
        "5d",
        "--attacks",
        "lifecycle-bomb,off-hours-access",
        "--no-decoys",
    ]);
}

#[test]
fn every_rule_has_an_attack() {
    let output = Command::new(env!("CARGO_BIN_EXE_s3sentry"))
        .args(["rules", "list", "--no-config", "--format", "json"])
        .output()
        .unwrap();
    let rules: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let rules: BTreeSet<String> = rules.iter().map(|rule| text(&rule["name"])).collect();
    let directory = tempfile::tempdir().unwrap();
    let truth = directory.path().join("truth.json");
    // Nobody reads the log: the generator stops early, and is content.
    let status = Command::new(generator())
        .args(["--lines", "900000", "--duration", "5d", "--truth"])
        .arg(&truth)
        .stdout(Stdio::piped())
        .spawn()
        .map(|mut child| {
            drop(child.stdout.take());
            child.wait().unwrap()
        })
        .unwrap();
    assert!(status.success());
    let truth: Vec<Value> = serde_json::from_slice(&std::fs::read(truth).unwrap()).unwrap();
    let attacked: BTreeSet<String> = truth.iter().map(|attack| text(&attack["rule"])).collect();
    assert_eq!(rules, attacked);
}

/// Two weeks of an ordinary account, nights and weekends included.
const TWO_WEEKS: [&str; 10] = [
    "--lines",
    "240000",
    "--duration",
    "14d",
    "--rhythm",
    "week",
    "--attacks",
    "none",
    "--seed",
    "5",
];

#[test]
fn two_weeks_without_attacks_wake_nobody() {
    let found = Written::new(&TWO_WEEKS).scan(true);
    let woken: Vec<_> = found.iter().filter(|alert| matters(alert)).collect();
    println!("{} alerts, of which somebody sees {woken:#?}", found.len());
    assert!(woken.len() <= 5, "{woken:#?}");
    // There is something to be quiet about.
    for rule in ORDINARY {
        assert!(found.iter().any(|alert| alert.0 == rule), "no {rule}");
    }
}

/// What nobody has told anything raises; `benches/README.md` says why.
#[test]
fn two_weeks_without_settings() {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for alert in Written::new(&TWO_WEEKS)
        .scan(false)
        .iter()
        .filter(|alert| matters(alert))
    {
        *counts.entry(alert.0.clone()).or_default() += 1;
    }
    let counts: Vec<_> = counts.iter().map(|(rule, n)| (rule.as_str(), *n)).collect();
    assert_eq!(counts, WITHOUT_SETTINGS);
}

/// Alerts of medium and above, by rule.
const WITHOUT_SETTINGS: [(&str, usize); 3] = [
    ("anonymous-read", 14),
    ("bad-credentials", 7),
    ("bad-credentials-success", 3),
];

/// Figures that were measured on these logs are worth nothing once they change.
/// Whoever changes them on purpose measures anew.
#[test]
fn a_seed_gives_the_same_bytes_forever() {
    for (arguments, hash) in [
        (
            "--lines 40000 --seed 7 --disorder 90s",
            0xb0a8_67d6_48ad_8a17,
        ),
        (
            "--bytes 30MB --seed 7 --shape scattered --fields mixed",
            0x4c18_2311_2fbf_c77c,
        ),
    ] {
        let output = Command::new(generator())
            .args(arguments.split(' '))
            .output()
            .unwrap();
        assert_eq!(
            xxhash_rust::xxh3::xxh3_64(&output.stdout),
            hash,
            "{arguments}"
        );
    }
}
