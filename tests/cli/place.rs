//! A directory to run the command in, and lines to feed it.

use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// Raises one alert for each record, named by all that a caller writes.
pub const EVERY: &str = "\
title: Any request
id: 0d9a0f55-93a1-4a53-a7c8-5d3f54a3a001
name: any-request
logsource: {product: aws, service: s3_server_access}
detection:
  answered: {http_status|gte: 100}
  condition: answered
---
title: Every request
id: 0d9a0f55-93a1-4a53-a7c8-5d3f54a3a002
name: every-request
level: medium
correlation:
  type: event_count
  rules: [any-request]
  group-by: [key_name, request_uri, referer, user_agent]
  timespan: 1s
  condition: {gte: 1}
s3sentry:
  evidence: 5
  summary: \"{key_name} {request_uri} {referer} {user_agent} {count}\"
";

/// How a run ended and what it said.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Run {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Run {
    #[track_caller]
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout:\n{}\nstderr:\n{}",
            self.out, self.err
        );
        self
    }

    /// stderr has this somewhere.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.err.contains(text), "no {text:?} in:\n{}", self.err);
        self
    }

    /// The same, wherever the lines of a paragraph end.
    #[track_caller]
    pub fn says_in_words(self, text: &str) -> Self {
        let words: Vec<&str> = self.err.split_whitespace().collect();
        assert!(
            words.join(" ").contains(text),
            "no {text:?} in:\n{}",
            self.err
        );
        self
    }

    #[track_caller]
    pub fn says_not(self, text: &str) -> Self {
        assert!(!self.err.contains(text), "{text:?} in:\n{}", self.err);
        self
    }

    /// Nothing is on stderr.
    #[track_caller]
    pub fn quiet(self) -> Self {
        self.says_exactly("")
    }

    #[track_caller]
    pub fn says_exactly(self, text: &str) -> Self {
        assert_eq!(self.err, text);
        self
    }

    /// The rules of the NDJSON alerts on stdout.
    pub fn rules(&self) -> Vec<String> {
        let name = |line| {
            let alert: serde_json::Value = serde_json::from_str(line).unwrap();
            alert["rule"]["name"].as_str().unwrap().to_owned()
        };
        self.out.lines().map(name).collect()
    }
}

/// An empty directory, where no settings of this machine count.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The command, its arguments apart at spaces.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_s3sentry"));
        command
            .args(arguments.split_whitespace())
            .current_dir(self.0.path())
            .env("HOME", self.0.path())
            .env("XDG_CONFIG_HOME", self.0.path())
            .stdin(Stdio::null());
        for name in [
            "S3SENTRY_CONFIG",
            "S3SENTRY_STATE",
            "NO_COLOR",
            "CLICOLOR_FORCE",
            "FORCE_COLOR",
            "COLUMNS",
        ] {
            command.env_remove(name);
        }
        command
    }

    pub fn run(&self, arguments: &str) -> Run {
        self.command(arguments).output().unwrap().into()
    }

    /// Runs with this on stdin.
    pub fn pipe(&self, arguments: &str, input: &[u8]) -> Run {
        let mut command = self.command(arguments);
        let command = command.stdin(Stdio::piped());
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        let writer = std::thread::spawn(move || {
            // Who does not read all of it has a reason.
            let _ = stdin.write_all(&input);
        });
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        output.into()
    }
}

/// What a test wants of a log line; the rest is ordinary.
#[derive(Debug, Clone)]
pub struct Line {
    pub time: &'static str,
    pub bucket: &'static str,
    pub address: String,
    pub requester: &'static str,
    pub key: String,
    pub uri: String,
    pub result: &'static str,
    pub referer: String,
    pub agent: String,
}

impl Default for Line {
    fn default() -> Self {
        Line {
            time: "03/Feb/2026:02:00:00 +0000",
            bucket: "example-logs",
            address: "192.0.2.10".into(),
            requester: "arn:aws:sts::111122223333:assumed-role/app/i-1",
            key: "a/b.txt".into(),
            uri: "GET /a/b.txt HTTP/1.1".into(),
            result: "200 -",
            referer: "-".into(),
            agent: "aws-cli/2.15".into(),
        }
    }
}

impl Line {
    /// The line; `number` makes its request id.
    pub fn text(&self, number: usize) -> String {
        let Line {
            time,
            bucket,
            address,
            requester,
            key,
            uri,
            result,
            referer,
            agent,
        } = self;
        format!(
            "{0} {bucket} [{time}] {address} {requester} {number:016X} REST.GET.OBJECT {key} \
             \"{uri}\" {result} 243 1000 18 7 \"{referer}\" \"{agent}\" - {1}= SigV4 \
             TLS_AES_128_GCM_SHA256 AuthHeader {bucket}.s3.eu-west-1.amazonaws.com TLSv1.3 - - -\n",
            "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be",
            "YGUde/T1GRf4/ehs8agvYh4T+RZ6A6RNeRQQcWzFFhkSCbSzIrmIsenm8HiJcCzadV6K9QLkLrc",
        )
    }
}

/// So many refused requests of a stranger: one burst.
pub fn burst(count: usize) -> String {
    let mut text = String::new();
    for number in 0..count {
        let line = Line {
            address: "203.0.113.7".into(),
            requester: "-",
            key: format!("secret/{number}"),
            uri: format!("GET /secret/{number} HTTP/1.1"),
            result: "403 AccessDenied",
            ..Line::default()
        };
        text += &line.text(number);
    }
    text
}

/// Requests that nobody minds.
pub fn calm(count: usize) -> String {
    let mut text = String::new();
    for number in 0..count {
        let _ = write!(text, "{}", Line::default().text(number));
    }
    text
}

/// As `gzip` does.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let level = flate2::Compression::fast();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A file of this package.
pub fn package(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}
