//! A directory to watch, and a watch that is told what to do.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use chrono::DateTime;
use serde_json::Value;
use tempfile::TempDir;

/// Two rules: one that counts, one that any record fires, and their records.
pub const RULES: &str = "\
title: Refused
id: 0d9a0f55-93a1-4a53-a7c8-5d3f54a3b001
name: refused
logsource: {product: aws, service: s3_server_access}
detection:
  refused: {http_status: 403}
  condition: refused
---
title: Three refused
id: 0d9a0f55-93a1-4a53-a7c8-5d3f54a3b002
name: three-refused
level: medium
correlation: {type: event_count, rules: [refused], group-by: [remote_ip], timespan: 5m, condition: {gte: 3}}
---
title: Few refused
id: 0d9a0f55-93a1-4a53-a7c8-5d3f54a3b003
name: few-refused
level: low
correlation: {type: event_count, rules: [refused], group-by: [remote_ip], timespan: 5m, condition: {eq: 2}}
";

/// 2026-02-03T02:00:00Z.
pub const START: i64 = 1_770_084_000;

/// A request that was refused, so many seconds after the start.
pub fn line(second: i64, ip: &str) -> String {
    let time = DateTime::from_timestamp(START + second, 0).unwrap();
    format!(
        "owner data [{}] {ip} - {second:08X}{:08X} REST.GET.OBJECT key \"GET /key HTTP/1.1\" 403 \
         AccessDenied - - 3 - \"-\" \"curl/8\" - id - TLS_AES_128_GCM_SHA256 - data.s3.amazonaws.com \
         TLSv1.3 - -\n",
        time.format("%d/%b/%Y:%H:%M:%S +0000"),
        ip.bytes().fold(7_u32, |sum, byte| sum
            .wrapping_mul(31)
            .wrapping_add(u32::from(byte))),
    )
}

/// An empty directory with the rules.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::create_dir(place.path("logs")).unwrap();
        fs::create_dir(place.path("rules")).unwrap();
        fs::write(place.path("rules/own.yml"), RULES).unwrap();
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn append(&self, name: &str, text: &str) {
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.path(name));
        file.unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// The command with the options of all.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_s3sentry"));
        command
            .current_dir(self.0.path())
            .env_remove("S3SENTRY_STATE")
            .env_remove("S3SENTRY_CONFIG")
            .args(arguments.split_whitespace())
            .args(["--no-config", "--rules", "rules", "--threads", "2"])
            .stdin(Stdio::null());
        command
    }

    /// Begins to watch; alerts go to `alerts`, the rest to `said`.
    pub fn watch(&self, arguments: &str) -> Watch {
        self.start(self.command(&format!("watch {arguments} --interval 20ms")))
    }

    /// The same over a pipe.
    pub fn watch_pipe(&self, arguments: &str) -> Watch {
        let mut command = self.command(&format!("watch {arguments} -"));
        command.stdin(Stdio::piped());
        self.start(command)
    }

    /// Begins what watches.
    pub fn start(&self, mut command: Command) -> Watch {
        let open = |name| {
            let file = OpenOptions::new()
                .append(true)
                .create(true)
                .open(self.path(name));
            Stdio::from(file.unwrap())
        };
        command.stdout(open("alerts")).stderr(open("said"));
        let mut child = command.spawn().unwrap();
        Watch {
            pipe: child.stdin.take(),
            child,
            alerts: self.path("alerts"),
            said: self.path("said"),
        }
    }
}

/// Sends a signal to a process.
pub fn send(child: &Child, signal: &str) {
    let mut kill = Command::new("kill");
    kill.arg(format!("-{signal}")).arg(child.id().to_string());
    assert!(kill.status().unwrap().success());
}

/// What was written of an alert: rule, status, count and first address.
pub type Told = (String, String, u64, String);

/// A watch at work.
pub struct Watch {
    child: Child,
    pipe: Option<ChildStdin>,
    alerts: PathBuf,
    said: PathBuf,
}

impl Watch {
    pub fn write(&mut self, text: &str) {
        self.pipe
            .as_mut()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
    }

    pub fn close(&mut self) {
        self.pipe = None;
    }

    /// Sends a signal by its name: `TERM`.
    pub fn signal(&self, signal: &str) {
        send(&self.child, signal);
    }

    /// Whole lines of all that was written so far.
    fn values(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.alerts).unwrap_or_default();
        let end = text.rfind('\n').map_or(0, |end| end + 1);
        let lines = text[..end].lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Alerts of the rules of these tests.
    pub fn told(&self) -> Vec<Told> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let told = self.values().into_iter().map(|alert| {
            (
                text(&alert["rule"]["name"]),
                text(&alert["status"]),
                alert["count"].as_u64().unwrap(),
                text(&alert["key"]["remote_ip"]),
            )
        });
        told.filter(|told| told.0.ends_with("-refused")).collect()
    }

    /// The last version of each alert: count by id.
    pub fn by_id(&self) -> BTreeMap<String, (u64, String)> {
        let mut all: BTreeMap<String, (u64, String)> = BTreeMap::new();
        for alert in self.values() {
            let id = alert["id"].as_str().unwrap().to_owned();
            let rev = alert["rev"].as_u64().unwrap();
            let rule = alert["rule"]["name"].as_str().unwrap().to_owned();
            if all.get(&id).is_none_or(|(known, _)| *known < rev) {
                all.insert(id, (rev, rule));
            }
        }
        all
    }

    pub fn said(&self) -> String {
        fs::read_to_string(&self.said).unwrap()
    }

    /// Waits until something holds, half a minute at the most.
    #[track_caller]
    pub fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "never: {what}; told {:#?}; said {}",
                self.told(),
                self.said()
            );
            sleep(Duration::from_millis(5));
        }
    }

    /// Waits until rules have been read and the state file is there.
    #[track_caller]
    pub fn until_begun(&self) {
        let lock = self.said.with_file_name("state.db.lock");
        self.until("it has begun", |_| lock.exists());
    }

    /// Waits until it has been told that an alert of this rule has this status.
    #[track_caller]
    pub fn until_told(&self, rule: &str, status: &str, count: u64) {
        let what = format!("{rule} {status} {count}");
        self.until(&what, |watch| {
            let mut told = watch.told().into_iter();
            told.any(|told| (&*told.0, &*told.1, told.2) == (rule, status, count))
        });
    }

    /// Waits until it ends, half a minute at the most; its exit code.
    #[track_caller]
    pub fn ended(&mut self) -> Option<i32> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "it goes on");
            sleep(Duration::from_millis(2));
        }
    }

    /// Stops it as a service manager does: within 5 s, with exit code 0.
    #[track_caller]
    pub fn stop(&mut self) {
        let begun = Instant::now();
        self.signal("TERM");
        assert_eq!(self.ended(), Some(0), "{}", self.said());
        assert!(begun.elapsed() < Duration::from_secs(5));
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
