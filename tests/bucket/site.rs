//! A log with attacks in it as objects of a bucket, and the program over it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use chrono::DateTime;
use flate2::Compression;
use flate2::write::GzEncoder;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use crate::generated::Written;
use crate::server::{Buckets, KEY, SECRET, Server};
use crate::tables;
use crate::world::{BUCKET, keys};

/// What the generator is asked for: five days, beyond the lookback, and attacks
/// that need few lines.
const LOG: &[&str] = &[
    "--lines",
    "4000",
    "--duration",
    "120h",
    "--disorder",
    "10m",
    "--addresses",
    "300",
    "--no-decoys",
    "--attacks",
    "denied-straddling,denied-stranger-flood,denied-then-allowed,root-at-work,odd-methods,sizes,\
     open-list,open-read,purge,read-and-deleted,note,ransom-play,lifecycle,copies-set-up,\
     tool-refused,sweep-leaked-key,keys-guessed,opened-and-read,foreign-reader",
];

/// Seconds that an object may take from its last record to its delivery.
const DELIVERY: i64 = 2 * 3600;
/// Seconds of records in one object, and lines in the mean.
const SPAN: i64 = 3600;
const LINES: usize = 12;
/// Seconds after which all that came before is final.
const LATER: i64 = 30 * 86_400;
/// How long a server may be silent.
const PATIENCE: &str = "2s";

/// An object, and when it is delivered.
pub struct Delivered {
    pub key: String,
    pub body: Vec<u8>,
    pub at: i64,
}

/// Versions of alerts by id: rev, rank of the status, and all but the evidence.
pub type Alerts = BTreeMap<String, (u64, u8, String)>;

/// A directory for what runs leave, and objects that are to be delivered.
pub struct Site {
    written: Written,
    /// In the order of their delivery; the last one holds a line of a month later.
    pub objects: Vec<Delivered>,
    /// Seconds since the Unix epoch; before it everything is final.
    last: i64,
}

/// Lines of an object that is not yet delivered.
#[derive(Default)]
struct Piece {
    lines: String,
    count: usize,
    first: i64,
    latest: i64,
}

fn time(line: &str) -> i64 {
    let begin = line.find('[').unwrap() + 1;
    let end = line.find(']').unwrap();
    let time = DateTime::parse_from_str(&line[begin..end], "%d/%b/%Y:%H:%M:%S %z");
    time.unwrap().timestamp()
}

impl Piece {
    /// The object it becomes in one of the layouts, one in four compressed.
    fn delivered(&self, layout: usize, random: &mut fastrand::Rng) -> Delivered {
        let at = self.latest + random.i64(0..DELIVERY);
        // The name tells the delivery, or the day of the events.
        let named = if layout == 2 { self.first } else { at };
        let [simple, delivery, event] = keys(named, random.u64(..));
        let mut key = vec![simple, delivery, event].swap_remove(layout);
        let mut body = self.lines.clone().into_bytes();
        if random.u8(0..4) == 0 {
            key.push_str(".gz");
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&body).unwrap();
            body = encoder.finish().unwrap();
        }
        Delivered { key, body, at }
    }
}

/// Lines as objects of all three layouts.
fn cut(log: &str) -> Vec<Delivered> {
    let mut random = fastrand::Rng::with_seed(6);
    let mut pieces: BTreeMap<(usize, i64), Piece> = BTreeMap::new();
    let mut objects = Vec::new();
    for line in log.lines() {
        let (time, layout) = (time(line), random.usize(0..3));
        let day = if layout == 2 { time / 86_400 } else { 0 };
        let piece = pieces.entry((layout, day)).or_default();
        let full = random.usize(0..LINES) == 0 || time - piece.first > SPAN;
        if full && piece.count > 0 {
            objects.push(std::mem::take(piece).delivered(layout, &mut random));
        }
        if piece.count == 0 {
            (piece.first, piece.latest) = (time, time);
        }
        piece.latest = piece.latest.max(time);
        piece.count += 1;
        writeln!(piece.lines, "{line}").unwrap();
    }
    for ((layout, _), piece) in &pieces {
        if piece.count > 0 {
            objects.push(piece.delivered(*layout, &mut random));
        }
    }
    objects.sort_by_key(|object| object.at);
    objects
}

impl Site {
    pub fn new() -> Self {
        let written = Written::new(LOG);
        let log = fs::read_to_string(written.file("access.log")).unwrap();
        let mut objects = cut(&log);
        let first = log.lines().next().unwrap();
        let begin = first.find('[').unwrap() + 1;
        let end = first.find(']').unwrap();
        let last = time(first) + LATER;
        let stamp = DateTime::from_timestamp(last, 0).unwrap();
        let stamp = stamp.format("%d/%b/%Y:%H:%M:%S +0000");
        let line = format!("{}{stamp}{}\n", &first[..begin], &first[end..]);
        let [key, ..] = keys(last, 1);
        objects.push(Delivered {
            key,
            body: line.into_bytes(),
            at: last + 60,
        });
        for object in &objects {
            let path = written.file(&format!("files/{}", object.key));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &object.body).unwrap();
        }
        Self {
            written,
            objects,
            last,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.written.file(name)
    }

    /// Delivers some of them.
    pub fn deliver(buckets: &Buckets, objects: &[Delivered]) {
        for object in objects {
            buckets.put(BUCKET, &object.key, &object.body, object.at);
        }
    }

    /// A bucket that holds all.
    pub fn delivered(&self) -> Buckets {
        let buckets = Buckets::default();
        Self::deliver(&buckets, &self.objects);
        buckets
    }

    /// The program, with words and what all runs need.
    pub fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_s3sentry"));
        command
            .current_dir(self.path(""))
            .env_remove("S3SENTRY_STATE")
            .env_remove("S3SENTRY_CONFIG")
            .env_remove("AWS_PROFILE")
            .env_remove("AWS_SESSION_TOKEN")
            .env("AWS_CONFIG_FILE", self.path("none"))
            .env("AWS_SHARED_CREDENTIALS_FILE", self.path("none"))
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ACCESS_KEY_ID", KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET)
            .env("AWS_REGION", "us-east-1")
            .args(words.split_whitespace())
            .args([
                "--config",
                "s3sentry.toml",
                "--threads",
                "2",
                "--format",
                "ndjson",
            ])
            .args(["--lateness", "6h"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// `scan` or `watch` over the whole bucket.
    pub fn over(&self, server: &Server, words: &str) -> Command {
        let mut command = self.command(words);
        command
            .args(["s3://logs/", "--patience", PATIENCE, "--endpoint-url"])
            .arg(server.url());
        command
    }

    /// A scan over the same bytes in files.
    pub fn of_files(&self, words: &str) -> Output {
        let run = self
            .command(&format!("scan files {words}"))
            .output()
            .unwrap();
        assert_eq!(run.status.code(), Some(0), "{}", said(&run));
        run
    }

    /// The versions of alerts that hold, of periods that are over.
    pub fn alerts(&self, text: &str) -> Alerts {
        let mut all = Alerts::new();
        // The last line may be half of one.
        let lines = text.lines().filter(|line| line.ends_with('}'));
        for line in lines {
            let Ok(mut alert) = serde_json::from_str::<Value>(line) else {
                continue;
            };
            let start = alert["period"]["start"].as_str().unwrap();
            if DateTime::parse_from_rfc3339(start).unwrap().timestamp() > self.last - 86_400 {
                continue;
            }
            let rank = match alert["status"].as_str().unwrap() {
                "open" => 0,
                "closed" => 1,
                "withdrawn" => 2,
                other => panic!("{other}"),
            };
            let id = alert["id"].as_str().unwrap().to_owned();
            let rev = alert["rev"].as_u64().unwrap();
            alert.as_object_mut().unwrap().remove("evidence");
            let version = (rev, rank, alert.to_string());
            let known = all.entry(id).or_insert_with(|| version.clone());
            if (known.0, known.1) <= (rev, rank) {
                *known = version;
            }
        }
        all
    }

    /// What a state file says of what was read, and of what is normal.
    pub fn kept(&self, state: &str) -> BTreeMap<&'static str, Vec<String>> {
        let database = Connection::open(self.path(state)).unwrap();
        let mut all = tables::baseline(&database);
        let read = [
            (
                "logs",
                "SELECT bucket, stem, newest, since, forgotten, objects FROM logs",
            ),
            (
                "inputs",
                "SELECT bucket, name, etag, size, modified, failed, position, done, reach FROM inputs",
            ),
        ];
        let read = read.map(|(name, sql)| (name, tables::rows(&database, sql)));
        all.extend(read);
        all
    }

    /// Objects that were read, as a state file says while others write it.
    pub fn read(&self, state: &str) -> usize {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let sum = Connection::open_with_flags(self.path(state), flags).and_then(|database| {
            let sql = "SELECT coalesce(sum(objects), 0) FROM logs";
            database.query_row(sql, [], |row| row.get::<_, i64>(0))
        });
        sum.unwrap_or(0) as usize
    }
}

/// What a run said.
pub fn said(run: &Output) -> String {
    String::from_utf8_lossy(&run.stderr).into_owned()
}

/// What it wrote.
pub fn out(run: &Output) -> String {
    String::from_utf8(run.stdout.clone()).unwrap()
}

/// The rows of two that differ; none where they are the same.
pub fn differ<K: Ord + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(
    found: &BTreeMap<K, V>,
    expected: &BTreeMap<K, V>,
) -> Vec<String> {
    let more = found
        .iter()
        .filter(|(key, value)| expected.get(key) != Some(value));
    let less = expected
        .iter()
        .filter(|(key, value)| found.get(key) != Some(value));
    let more = more.map(|row| format!("not expected: {row:?}"));
    more.chain(less.map(|row| format!("missing: {row:?}")))
        .collect()
}
