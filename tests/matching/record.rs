//! Records as a map from field to value, and the log lines that say the same.

use std::collections::BTreeMap;
use std::net::IpAddr;

use s3sentry::record::derived::View;
use s3sentry::record::{Field, Record};
use s3sentry::settings::Settings;

use super::chance::Chance;

/// One record. Log fields come from here, not from the parser.
#[derive(Debug, Clone)]
pub struct Rec {
    pub line: Vec<u8>,
    /// Values of fields; null and absent ones are not there.
    pub values: BTreeMap<Field, Vec<u8>>,
    pub flags: BTreeMap<Field, bool>,
    /// Year, month, day, hour, minute.
    pub time: (i32, u32, u32, u32, u32),
}

impl Rec {
    pub fn text(&self, field: Field) -> Option<String> {
        let bytes = self.values.get(&field)?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    }

    pub fn number(&self, field: Field) -> Option<u64> {
        self.text(field)?.parse().ok()
    }

    pub fn address(&self) -> Option<IpAddr> {
        self.text(Field::RemoteIp)?.parse().ok()
    }
}

/// Texts that have corners: wildcards, backslashes, letters that fold oddly,
/// bytes that are not UTF-8.
pub const TEXTS: &[&[u8]] = &[
    b"Secret/Plan.SQL",
    b"a*b",
    b"a?b",
    br"a\b",
    br"a\*b\\c",
    br"back\\",
    "É/été".as_bytes(),
    "ΟΔΟΣ.ΣΑ".as_bytes(),
    b"\xff\xfeX\xc3",
    "k\u{212A}/BUC\u{212A}et".as_bytes(),
    "İstanbul".as_bytes(),
    b"%41%2542",
    b"100%",
    b"acme",
    b"U2VjcmV0L1BsYW4=",
    b"null",
    b"404",
];

/// What only a quoted field can hold, and one of a megabyte is not needed.
const QUOTED: &[&[u8]] = &[
    b"",
    b"GET /a*b?c=d HTTP/1.1",
    b"Mozilla/5.0 (X11; K)",
    b"c\0m\0d\0",
];

/// A value with corners.
fn value(field: Field, chance: &mut Chance) -> Vec<u8> {
    let of = |chance: &mut Chance, all: &[&str]| chance.of(all).as_bytes().to_vec();
    match field {
        Field::BucketName => of(chance, &["acme", "acme-logs", "Acme", "other"]),
        Field::RemoteIp => of(
            chance,
            &[
                "10.1.2.3",
                "203.0.113.7",
                "2001:db8::1",
                "2001:db8:ffff::",
                "::ffff:10.1.2.3",
            ],
        ),
        Field::Requester => of(
            chance,
            &[
                "arn:aws:iam::111122223333:user/Alice",
                "arn:aws:sts::111122223333:assumed-role/Deploy/i-0abc",
                "svc:s3.amazonaws.com",
            ],
        ),
        Field::Operation => of(
            chance,
            &[
                "REST.GET.OBJECT",
                "rest.get.object",
                "REST.GET.BUC\u{212A}ET",
                "REST.GET.BUCKET",
                "REST.PUT.ACL",
                "REST.COPY.OBJECT_GET",
                "BATCH.DELETE.OBJECT",
                "X",
            ],
        ),
        Field::HttpStatus => of(chance, &["200", "204", "304", "403", "404", "500"]),
        Field::ErrorCode => of(chance, &["AccessDenied", "NoSuchKey", "accessdenied"]),
        Field::BytesSent | Field::ObjectSize | Field::TotalTime | Field::TurnAroundTime => of(
            chance,
            &["0", "7", "007", "404", "1073741824", "18446744073709551615"],
        ),
        Field::AuthenticationType => of(chance, &["AuthHeader", "QueryString"]),
        Field::AclRequired => b"Yes".to_vec(),
        Field::RequestUri | Field::Referer | Field::UserAgent if chance.once_in(2) => {
            chance.of(QUOTED).to_vec()
        }
        _ => chance.of(TEXTS).to_vec(),
    }
}

const TIMES: &[(i32, u32, u32, u32, u32)] = &[
    (2021, 1, 3, 4, 5),
    (2020, 12, 31, 23, 59),
    (2024, 2, 29, 0, 0),
    (2024, 12, 30, 12, 30),
    (2026, 2, 3, 9, 1),
];

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A record by chance.
pub fn record(chance: &mut Chance, settings: &Settings) -> Rec {
    record_of(chance, settings, &value)
}

/// A record whose values are chosen so, and whose line has one reading only.
pub fn record_of(
    chance: &mut Chance,
    settings: &Settings,
    value: &dyn Fn(Field, &mut Chance) -> Vec<u8>,
) -> Rec {
    loop {
        let mut rec = line(chance, value);
        if Record::parse(&rec.line).is_ok_and(|record| !record.is_ambiguous()) {
            derive(&mut rec, settings);
            return rec;
        }
    }
}

fn line(chance: &mut Chance, value: &dyn Fn(Field, &mut Chance) -> Vec<u8>) -> Rec {
    let time = chance.of(TIMES);
    let (year, month, day, hour, minute) = time;
    let present = 17 + chance.below(11);
    let mut values = BTreeMap::new();
    let mut line = Vec::new();
    for field in &Field::ALL[..present] {
        if !line.is_empty() {
            line.push(b' ');
        }
        let quoted = matches!(field, Field::RequestUri | Field::Referer | Field::UserAgent);
        let required = matches!(field, Field::BucketOwnerId | Field::BucketName);
        let bytes = match field {
            Field::RequestTime => {
                let month = MONTHS[month as usize - 1];
                let text = format!("{day:02}/{month}/{year}:{hour:02}:{minute:02}:07 +0000");
                line.extend_from_slice(format!("[{text}]").as_bytes());
                values.insert(*field, text.into_bytes());
                continue;
            }
            _ if !required && chance.once_in(4) => b"-".to_vec(),
            _ => value(*field, chance),
        };
        if quoted {
            line.push(b'"');
        }
        line.extend_from_slice(&bytes);
        if quoted {
            line.push(b'"');
        }
        if bytes != b"-" {
            values.insert(*field, bytes);
        }
    }
    Rec {
        line,
        values,
        flags: BTreeMap::new(),
        time,
    }
}

/// How fields are derived is held to account elsewhere; here they are given.
fn derive(rec: &mut Rec, settings: &Settings) {
    let line = rec.line.clone();
    let record = Record::parse(&line).unwrap();
    let view = View::new(&record, settings);
    for field in Field::ALL {
        let bytes = view.bytes(*field).map(<[u8]>::to_vec);
        if field.is_log() {
            assert_eq!(bytes.as_ref(), rec.values.get(field), "{field:?}");
            continue;
        }
        if let Some(bytes) = bytes {
            rec.values.insert(*field, bytes);
        }
        if let Some(flag) = view.flag(*field) {
            rec.flags.insert(*field, flag);
        }
    }
}
