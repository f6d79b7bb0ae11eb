//! Every attack that the log generator plants is found, by the right rule, for
//! the right key, at the right second; and nothing else is.

#![allow(clippy::unwrap_used)]

mod generated;

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::generated::{Found, Written, generator, matters, planted, raised, raises_too, text};

/// The alerts under the log's own settings, or under none.
fn scan(written: &Written, settings: bool) -> BTreeSet<Found> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_s3sentry"));
    command.args(["scan", "--quiet", "--format", "ndjson"]);
    if settings {
        command.arg("--config").arg(written.file("s3sentry.toml"));
    } else {
        command.arg("--no-config");
    }
    let output = command.arg(written.file("access.log")).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    raised(&String::from_utf8(output.stdout).unwrap())
}

fn check(arguments: &[&str]) {
    let written = Written::new(arguments);
    let truth = written.truth();
    let wanted = planted(&truth);
    let found = scan(&written, true);
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
    check(&["--lines", "135000", "--attacks", "wallet", "--no-decoys"]);
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

/// Rules that need a baseline are attacked in logs of three weeks; `tests/weeks.rs`
/// holds that those attacks are found.
#[test]
fn every_rule_has_an_attack() {
    let output = Command::new(env!("CARGO_BIN_EXE_s3sentry"))
        .args(["rules", "list", "--no-config", "--format", "json"])
        .output()
        .unwrap();
    let rules: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let named = |rules: &mut dyn Iterator<Item = &Value>, name: &str| -> BTreeSet<String> {
        rules.map(|rule| text(&rule[name])).collect()
    };
    let baseline = Value::from("baseline");
    let needs = |value: &&Value| {
        let needs = value["needs"].as_array();
        needs.is_some_and(|needs| needs.contains(&baseline))
    };
    let directory = tempfile::tempdir().unwrap();
    let truth = directory.path().join("truth.json");
    // Nobody reads the log: the generator stops early, and is content.
    let status = Command::new(generator())
        .args(["--lines", "900000", "--duration", "21d", "--truth"])
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
    let all = named(&mut rules.iter(), "name");
    assert_eq!(all, named(&mut truth.iter(), "rule"));

    let learned = named(&mut truth.iter().filter(needs), "rule");
    let wanted = named(&mut rules.iter().filter(needs), "name");
    let missed: Vec<_> = wanted.difference(&learned).collect();
    assert!(missed.is_empty(), "not in three weeks: {missed:?}");
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
    let found = scan(&Written::new(&TWO_WEEKS), true);
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
    let found = scan(&Written::new(&TWO_WEEKS), false);
    for alert in found.iter().filter(|alert| matters(alert)) {
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
        (
            "--lines 5000 --seed 7 --shape spread --addresses 2000 --attacks none --no-decoys",
            0xf105_6359_6146_bc57,
        ),
        (
            "--lines 40000 --seed 7 --duration 21d --rhythm week --changes --attacks learned \
             --no-decoys",
            0x7c05_379b_9384_2dee,
        ),
    ] {
        let output = Command::new(generator())
            .args(arguments.split_whitespace())
            .output()
            .unwrap();
        assert_eq!(
            xxhash_rust::xxh3::xxh3_64(&output.stdout),
            hash,
            "{arguments}"
        );
    }
}
