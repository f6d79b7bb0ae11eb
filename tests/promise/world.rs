//! Records as the tests know them, and the log lines that say the same.

use proptest::prelude::*;

/// 2024-02-29T00:00:00Z, the start of a leap day.
pub const DAY: i64 = 1_709_164_800;

/// One request. What is `None` stands in the log as `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rec {
    pub time: i64,
    pub ip: Option<String>,
    pub bucket: String,
    pub requester: Option<String>,
    pub request_id: String,
    pub operation: &'static str,
    pub key: Option<String>,
    pub status: u16,
    pub version: Option<String>,
    pub bytes_sent: Option<u64>,
    pub object_size: Option<u64>,
    pub total_time: Option<u64>,
    /// The line ends at the user agent, as lines of 2009 do.
    pub short: bool,
}

impl Rec {
    /// A refused read, the plainest record there is.
    pub fn refused(time: i64, ip: &str, request_id: u64) -> Self {
        Self {
            time,
            ip: Some(ip.to_owned()),
            bucket: "b".to_owned(),
            requester: None,
            request_id: format!("R{request_id}"),
            operation: "REST.GET.OBJECT",
            key: Some("k".to_owned()),
            status: 403,
            version: None,
            bytes_sent: None,
            object_size: None,
            total_time: None,
            short: false,
        }
    }

    pub fn error(&self) -> Option<&'static str> {
        match self.status {
            403 => Some("AccessDenied"),
            404 => Some("NoSuchKey"),
            _ => None,
        }
    }

    /// The value of a field of the log.
    pub fn field(&self, name: &str) -> Option<String> {
        match name {
            "remote_ip" => self.ip.clone(),
            "bucket_name" => Some(self.bucket.clone()),
            "requester" => self.requester.clone(),
            "request_id" => Some(self.request_id.clone()),
            "operation" => Some(self.operation.to_owned()),
            "key_name" => self.key.clone(),
            "error_code" => self.error().map(str::to_owned),
            "version_id" => self.version.clone().filter(|_| !self.short),
            other => panic!("the tests know no {other}"),
        }
    }

    /// The value of a field of numbers.
    pub fn number(&self, name: &str) -> Option<u64> {
        match name {
            "bytes_sent" => self.bytes_sent,
            "object_size" => self.object_size,
            "total_time" => self.total_time,
            other => panic!("{other} is no field of numbers"),
        }
    }

    /// What tells two records of one second apart.
    pub fn identity(&self) -> [Option<String>; 5] {
        [
            self.field("request_id"),
            self.field("operation"),
            self.field("key_name"),
            self.field("version_id"),
            Some(self.status.to_string()),
        ]
    }

    /// The log line, with its line feed.
    pub fn line(&self) -> String {
        let dash = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        let number = |value: Option<u64>| dash(&value.map(|number| number.to_string()));
        let time = chrono::DateTime::from_timestamp(self.time, 0).unwrap();
        let mut line = format!(
            "o {} [{}] {} {} {} {} {} \"GET /x HTTP/1.1\" {} {} {} {} {} - \"-\" \"u\"",
            self.bucket,
            time.format("%d/%b/%Y:%H:%M:%S +0000"),
            dash(&self.ip),
            dash(&self.requester),
            self.request_id,
            self.operation,
            dash(&self.key),
            self.status,
            self.error().unwrap_or("-"),
            number(self.bytes_sent),
            number(self.object_size),
            number(self.total_time),
        );
        if !self.short {
            line += " ";
            line += &dash(&self.version);
            line += " h SigV4 - AuthHeader e TLSv1.2 - -";
        }
        line + "\n"
    }
}

/// A small generator, the same in every run.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, most: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// Lines one behind the other.
pub fn log(records: &[Rec]) -> Vec<u8> {
    records
        .iter()
        .map(Rec::line)
        .collect::<String>()
        .into_bytes()
}

/// Orders records as they may arrive: each at most `jitter` seconds after a
/// later one.
pub fn jittered(records: &[(Rec, i64)]) -> Vec<Rec> {
    let mut ordered: Vec<&(Rec, i64)> = records.iter().collect();
    // Whatever stands before a record has a time of at most its own plus jitter.
    ordered.sort_by_key(|(record, jitter)| record.time + jitter);
    ordered
        .into_iter()
        .map(|(record, _)| record.clone())
        .collect()
}

/// Times that crowd around the edges of minutes, hours and days.
fn any_time() -> impl Strategy<Value = i64> {
    let edge = prop_oneof![
        Just(0i64),
        Just(-3600),
        Just(3600),
        Just(60),
        Just(-600),
        Just(7200),
        Just(86_400),
    ];
    prop_oneof![
        6 => (edge, -12i64..12).prop_map(|(edge, delta)| edge + delta),
        2 => -4000i64..4000,
        1 => -90_000i64..90_000,
    ]
    .prop_map(|offset| DAY + offset)
}

/// Times of a few seconds, of one hour or across two.
fn near_time() -> impl Strategy<Value = i64> {
    prop_oneof![
        8 => 0i64..6,
        4 => -6i64..12,
        1 => -70i64..70,
    ]
    .prop_map(|offset| DAY + offset)
}

fn maybe(names: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        1 => Just(None),
        5 => proptest::sample::select(names).prop_map(|name| Some(name.to_owned())),
    ]
}

fn number() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![1 => Just(None), 4 => (0u64..5).prop_map(Some)]
}

prop_compose! {
    /// Requesters and keys are named alike now and then, for rules that give
    /// both fields one name.
    fn record()(
        ip in maybe(&["192.0.2.1", "192.0.2.2"]),
        bucket in proptest::sample::select(&["b1", "b2"][..]),
        requester in maybe(&["r1", "r2"]),
        operation in proptest::sample::select(
            &["REST.GET.OBJECT", "REST.PUT.OBJECT", "REST.HEAD.OBJECT"][..]
        ),
        key in maybe(&["k1", "k2", "r1", "r2"]),
        status in proptest::sample::select(&[200u16, 403, 403, 404][..]),
        version in maybe(&["v1"]),
        bytes_sent in number(),
        object_size in number(),
        total_time in number(),
        short in proptest::bool::weighted(0.1),
    ) -> Rec {
        Rec {
            time: 0, ip, bucket: bucket.to_owned(), requester, request_id: String::new(),
            operation, key, status, version, bytes_sent, object_size, total_time, short,
        }
    }
}

/// How a record is delivered once more.
#[derive(Debug, Clone, Copy)]
enum Again {
    Never,
    /// The very line.
    Same,
    /// The same request a second later: not the same record.
    Later,
    /// The same request id on another object: not the same record either.
    OtherKey,
    OtherStatus,
    OtherVersion,
}

/// Records, some of them delivered again, in no order.
fn records(
    times: impl Strategy<Value = i64>,
    number: std::ops::Range<usize>,
) -> impl Strategy<Value = Vec<Rec>> {
    let again = prop_oneof![
        8 => Just(Again::Never),
        2 => Just(Again::Same),
        1 => Just(Again::Later),
        1 => Just(Again::OtherKey),
        1 => Just(Again::OtherStatus),
        1 => Just(Again::OtherVersion),
    ];
    proptest::collection::vec((record(), times, again), number).prop_map(|drawn| {
        let mut all = Vec::new();
        for (number, (mut record, time, again)) in drawn.into_iter().enumerate() {
            record.time = time;
            record.request_id = format!("R{number}");
            let mut copy = record.clone();
            all.push(record);
            match again {
                Again::Never => continue,
                Again::Same => {}
                Again::Later => copy.time += 1,
                Again::OtherKey => copy.key = Some("k5".to_owned()),
                Again::OtherStatus => copy.status = if copy.status == 200 { 404 } else { 200 },
                Again::OtherVersion => {
                    copy.version = Some("v2".to_owned());
                    copy.short = false;
                }
            }
            all.push(copy);
        }
        all
    })
}

/// Many records, over days.
pub fn spread() -> impl Strategy<Value = Vec<Rec>> {
    records(any_time(), 0..90)
}

/// Few records within seconds, so that several things happen in each, and some
/// more over hours.
pub fn crowded() -> impl Strategy<Value = Vec<Rec>> {
    prop_oneof![
        5 => records(near_time(), 0..24),
        1 => records(any_time(), 0..24),
    ]
}
