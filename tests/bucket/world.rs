//! Logs in a bucket, and what came of them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::{self, Read};
use std::time::Duration;

use s3sentry::source::Mark;
use s3sentry::source::s3::{
    Address, Arrival, Arrivals, Body, Client, Config, Fault, Full, Keys, Known, Object, Objects,
    Seen, Wanted,
};
use xxhash_rust::xxh3::xxh3_64;

use crate::server::{Buckets, KEY, SECRET, Server};

/// The bucket of all logs.
pub const BUCKET: &str = "logs";

/// The first second of the logs: 2026-02-03T00:00:00Z.
pub const FIRST: i64 = 1_770_076_800;

/// How to reach a server.
pub fn config(server: &Server) -> Config {
    Config {
        region: Some("us-east-1".to_owned()),
        endpoint_url: Some(server.url()),
        keys: Some(Keys {
            id: KEY.to_owned(),
            secret: SECRET.to_owned(),
        }),
        patience: Duration::from_secs(20),
        ..Config::default()
    }
}

/// What reaches a server.
pub fn client(server: &Server) -> Client {
    Client::new(config(server)).unwrap()
}

/// What reaches a server that is silent now and then, on a machine that is busy.
pub fn impatient(server: &Server) -> Client {
    let config = Config {
        patience: Duration::from_millis(1500),
        ..config(server)
    };
    Client::new(config).unwrap()
}

/// No earlier run left anything.
pub struct Nothing;

impl Known for Nothing {
    fn log(&mut self, _: &str, _: &str) -> io::Result<Option<Seen>> {
        Ok(None)
    }

    fn object(&mut self, _: &str, _: &str) -> io::Result<Option<Mark>> {
        Ok(None)
    }

    fn unfinished(&mut self, _: &str, _: &str) -> io::Result<Vec<Object>> {
        Ok(Vec::new())
    }
}

/// All objects below some addresses.
pub fn scan(client: &Client, addresses: &[&str]) -> Objects {
    let addresses = addresses
        .iter()
        .map(|text| Address::parse(text.as_bytes()).unwrap().unwrap());
    let wanted = Wanted {
        addresses: addresses.collect(),
        since: i64::MIN,
        until: i64::MAX,
        lookback: 48 * 3600,
        full: Full::No,
    };
    Objects::scan(client, wanted, Box::new(Nothing)).unwrap()
}

/// All bytes of a body.
pub fn bytes(body: Body) -> Vec<u8> {
    match body {
        Body::Memory(bytes) => bytes,
        Body::File(mut file) => {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            bytes
        }
    }
}

/// Takes all that comes, and holds that times were told right and never fall.
pub fn take(objects: &mut Objects) -> Vec<(Object, Result<Vec<u8>, Fault>)> {
    let mut taken = Vec::new();
    let mut last = i64::MIN;
    while let Some(time) = objects.next_time() {
        let Arrival { object, body, .. } = objects.next().unwrap();
        assert_eq!(object.named.time.unwrap_or(i64::MIN), time);
        assert!(time >= last, "{} comes too late", object.key);
        last = time;
        taken.push((object, body.map(bytes)));
    }
    assert!(objects.next().is_none());
    taken
}

/// Some lines; others for every key.
pub fn content(key: &str) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(xxh3_64(key.as_bytes()));
    let mut text = String::new();
    for line in 0..random.usize(1..20) {
        writeln!(text, "{key} {line} {:016x}", random.u64(..)).unwrap();
    }
    text.into_bytes()
}

/// A key of each layout for a time: simple, by day of delivery, by day of events.
pub fn keys(time: i64, unique: u64) -> [String; 3] {
    let utc = chrono::DateTime::from_timestamp(time, 0).unwrap();
    let day = utc.format("%Y/%m/%d");
    let stamp = utc.format("%Y-%m-%d-%H-%M-%S");
    let zero = utc.format("%Y-%m-%d-00-00-00");
    let account = "111122223333/eu-west-1";
    [
        format!("simple/web-{stamp}-{unique:016X}"),
        format!("delivery/{account}/web/{day}/{stamp}-{unique:016X}"),
        format!("event/{account}/web/{day}/{zero}-{unique:016X}"),
    ]
}

/// Puts so many objects of each layout into a bucket; gives all of them.
pub fn fill(buckets: &Buckets, count: u64) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for number in 0..count {
        // Over some days, several at once now and then.
        let time = FIRST + (number as i64 / 3) * 997;
        for key in keys(time, number.wrapping_mul(0x9e37_79b9_7f4a_7c15)) {
            let body = content(&key);
            buckets.put(BUCKET, &key, &body, time + 60);
            all.insert(key, body);
        }
    }
    all
}
