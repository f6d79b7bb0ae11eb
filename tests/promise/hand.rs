//! Cases worked out by hand: records in a word, and alerts as they must be.
//! Oracle and engine are both held to them.

use crate::oracle::{Pick, Ref, Rules};
use crate::run::{self, OPTIONS, Told};
use crate::world::{self, DAY, Rec};

pub const IP: &str = "192.0.2.1";
pub const OTHER_IP: &str = "192.0.2.2";

pub const DENIED: Ref = Ref::Pick(Pick::Denied);
pub const GET: Ref = Ref::Pick(Pick::Get);
pub const PUT: Ref = Ref::Pick(Pick::Put);
pub const MISSING: Ref = Ref::Pick(Pick::Missing);
pub const FINE: Ref = Ref::Pick(Pick::Fine);

/// A read that was refused, so many seconds into the day.
pub fn denied(time: i64) -> Rec {
    Rec::refused(DAY + time, IP, 0)
}

/// A read of what is not there.
pub fn missing(time: i64) -> Rec {
    Rec {
        status: 404,
        ..denied(time)
    }
}

/// A read that went well.
pub fn fine(time: i64) -> Rec {
    Rec {
        status: 200,
        ..denied(time)
    }
}

/// A write that went well.
pub fn put(time: i64) -> Rec {
    Rec {
        operation: "REST.PUT.OBJECT",
        ..fine(time)
    }
}

impl Rec {
    pub fn ip(self, ip: &str) -> Self {
        let ip = Some(ip.to_owned());
        Self { ip, ..self }
    }

    pub fn bucket(self, bucket: &str) -> Self {
        let bucket = bucket.to_owned();
        Self { bucket, ..self }
    }

    pub fn by(self, requester: &str) -> Self {
        let requester = Some(requester.to_owned());
        Self { requester, ..self }
    }

    pub fn key(self, key: &str) -> Self {
        let key = Some(key.to_owned());
        Self { key, ..self }
    }

    pub fn no_key(self) -> Self {
        Self { key: None, ..self }
    }

    pub fn bytes(self, bytes: u64) -> Self {
        let bytes_sent = Some(bytes);
        Self { bytes_sent, ..self }
    }

    pub fn took(self, time: u64) -> Self {
        let total_time = Some(time);
        Self { total_time, ..self }
    }
}

/// Makes requests of their own of all records.
pub fn requests<const N: usize>(records: [Rec; N]) -> Vec<Rec> {
    let numbered = |(number, record): (usize, Rec)| Rec {
        request_id: format!("R{number}"),
        ..record
    };
    records.into_iter().enumerate().map(numbered).collect()
}

/// An alert about [`IP`] in an hour of the day: when and at which value it fired
/// first, the times of the first and last of its records, how many there are.
pub fn alert(
    rule: &str,
    hour: i64,
    (time, value): (i64, u64),
    (first, last): (i64, i64),
    count: u64,
) -> Told {
    Told {
        rule: rule.to_owned(),
        key: vec![("remote_ip".to_owned(), Some(IP.to_owned()))],
        period: (DAY + hour * 3600, DAY + (hour + 1) * 3600),
        trigger: (DAY + time, value),
        count,
        distinct: None,
        sum: None,
        first_seen: DAY + first,
        last_seen: DAY + last,
    }
}

impl Told {
    pub fn distinct(self, distinct: u64) -> Self {
        let distinct = Some(distinct);
        Self { distinct, ..self }
    }

    pub fn sum(self, sum: u64) -> Self {
        let sum = Some(sum);
        Self { sum, ..self }
    }

    pub fn about(self, key: &[(&str, Option<&str>)]) -> Self {
        let text = |(name, value): &(&str, Option<&str>)| {
            ((*name).to_owned(), value.map(ToOwned::to_owned))
        };
        let key = key.iter().map(text).collect();
        Self { key, ..self }
    }
}

/// Holds the oracle to what was worked out, and the engine: with the log in one
/// block and with a block a line.
#[track_caller]
pub fn tells(rules: &Rules, records: &[Rec], expected: &[Told]) {
    let log = world::log(records);
    let check = |seen: &[Told], who: &str| {
        assert!(
            seen == expected,
            "{who}\n{}\n# rules.yml{rules:?}\n# log\n{}",
            run::differences(seen, expected),
            String::from_utf8_lossy(&log)
        );
    };
    check(&rules.alerts(records), "the oracle is wrong");
    let set = run::compile(&rules.yaml());
    check(&run::whole(&set, &log).seen(), "in one block");
    let lines = run::cut(&set, &log, OPTIONS, |_| true);
    check(&lines.seen(), "line by line");
}

/// The same for a log that is delivered in several files.
pub fn tells_of_files(rules: &Rules, parts: &[&[Rec]], expected: &[Told]) {
    tells(rules, &parts.concat(), expected);
    let directory = tempfile::tempdir().unwrap();
    let path = |(number, part): (usize, &&[Rec])| {
        let path = directory.path().join(format!("{number}.log"));
        std::fs::write(&path, world::log(part)).unwrap();
        path
    };
    let paths: Vec<_> = parts.iter().enumerate().map(path).collect();
    let paths: Vec<_> = paths.iter().map(std::path::PathBuf::as_path).collect();
    let run = run::files(&run::compile(&rules.yaml()), &paths, 100);
    assert_eq!(run.seen(), expected, "{rules:?}");
}
