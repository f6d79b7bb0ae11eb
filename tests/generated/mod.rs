//! Logs that the generator writes, and how alerts are compared with what it
//! planted. No test may stand here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use serde_json::Value;

/// One alert: rule, level, key, period, trigger, first and last record, count.
pub type Found = (String, String, String, String, String, String, String, u64);

/// The generator: `cargo test` builds it beside the tests, `cargo test --test
/// planted` does not.
pub fn generator() -> &'static Path {
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

pub fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

pub fn planted(truth: &[Value]) -> BTreeSet<Found> {
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

pub fn raised(alerts: &str) -> BTreeSet<Found> {
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
pub struct Written {
    directory: tempfile::TempDir,
}

impl Written {
    pub fn new(arguments: &[&str]) -> Self {
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

    pub fn truth(&self) -> Vec<Value> {
        let truth = std::fs::read_to_string(self.directory.path().join("truth.json")).unwrap();
        serde_json::from_str(&truth).unwrap()
    }

    /// A file of it: `access.log`, `s3sentry.toml`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

/// Somebody has to look at it.
pub fn matters(alert: &Found) -> bool {
    ["medium", "high", "critical"].contains(&alert.1.as_str())
}

/// The same records may rightly raise other rules too; the truth names them.
pub fn raises_too(attack: &Value, alert: &Found) -> bool {
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
