//! Every attack that the log generator plants is found, by the right rule, for
//! the right key, at the right second; and nothing else is.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
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

fn check(arguments: &[&str]) {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    let log = std::fs::File::create(file("access.log")).unwrap();
    let status = Command::new(generator())
        .args(arguments)
        .arg("--truth")
        .arg(file("truth.json"))
        .arg("--settings")
        .arg(file("s3sentry.toml"))
        .stdout(Stdio::from(log))
        .status()
        .unwrap();
    assert!(status.success());
    let output = Command::new(env!("CARGO_BIN_EXE_s3sentry"))
        .args(["scan", "--quiet", "--format", "ndjson", "--config"])
        .arg(file("s3sentry.toml"))
        .arg(file("access.log"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    let truth = std::fs::read_to_string(file("truth.json")).unwrap();
    let truth: Vec<Value> = serde_json::from_str(&truth).unwrap();
    let wanted = planted(&truth);
    let found = raised(&String::from_utf8(output.stdout).unwrap());
    let missed: Vec<_> = wanted.difference(&found).collect();
    assert!(missed.is_empty(), "{arguments:?}: not found: {missed:#?}");

    let unasked: Vec<_> = found
        .difference(&wanted)
        .filter(|alert| !truth.iter().any(|attack| raises_too(attack, alert)))
        // A deploy that runs before its policy is a decoy, and rightly low.
        .filter(|alert| alert.0 != "access-denied-burst-low")
        .collect();
    assert!(
        unasked.is_empty(),
        "{arguments:?}: raised by nothing planted: {unasked:#?}"
    );
}

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
    strings(&attack["also"]).contains(&alert.0)
        && (strings(&attack["addresses"]).iter().any(near)
            || attack["key"]["bucket_name"]
                .as_str()
                .is_some_and(|bucket| alert.2.contains(bucket)))
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
    check(&["--lines", "60000", "--seed", "3", "--fields", "26"]);
}

/// Figures that were measured on these logs are worth nothing once they change.
/// Whoever changes them on purpose measures anew.
#[test]
fn a_seed_gives_the_same_bytes_forever() {
    for (arguments, hash) in [
        (
            "--lines 40000 --seed 7 --disorder 90s",
            0x6a45_276c_e909_4625,
        ),
        (
            "--bytes 30MB --seed 7 --shape scattered --fields mixed",
            0x8bf7_449c_350a_000d,
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
