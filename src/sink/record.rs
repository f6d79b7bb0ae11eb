//! Records as they stand in the log, for `parse` and as evidence.
//!
//! Fields keep the names of [`Field::name`] and are not URL-decoded. Derived
//! fields stay out: they depend on settings, a log line does not. The
//! functions append to a buffer, so that each worker can fill its own, and
//! nothing is allocated for a field that needs no escape.

use std::borrow::Cow;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::record::{Field, Kind, Record, Value};
use crate::text::{Shown, is_plain, json, lossless, push_csv_cell, redact};

/// What the fields behind the documented ones are called.
pub(super) const EXTRA: &str = "extra";
/// What says that a line has more than one reading.
pub(super) const AMBIGUOUS: &str = "ambiguous";

/// A record as one flat object: absent fields are left out, `-` is null,
/// numbers are numbers; then `extra` where the line has more fields than the
/// documentation, and `ambiguous` where it has more than one reading.
#[derive(Debug, Clone)]
pub struct Flat<'a> {
    values: [Value<'a>; Field::LOG_COUNT],
    extra: &'a [u8],
    ambiguous: bool,
}

impl<'a> Flat<'a> {
    /// The flat form of a record.
    #[must_use]
    pub fn new(record: &Record<'a>) -> Self {
        Self {
            values: std::array::from_fn(|at| record.value(Field::ALL[at])),
            extra: record.extra(),
            ambiguous: record.is_ambiguous(),
        }
    }

    fn fields(&self) -> impl Iterator<Item = (Field, Value<'a>)> {
        Field::ALL.iter().copied().zip(self.values)
    }

    /// Whether the field may hold what a caller wrote. What stands left of the
    /// key never does (except a session's name in the requester), unless the
    /// line has more than one reading.
    fn is_foreign(&self, field: Field) -> bool {
        field >= Field::KeyName || field == Field::Requester || self.ambiguous
    }

    /// The same names in the same order, every value as a text: redacted and
    /// [`lossless`], `None` for `-`, numbers without leading zeros.
    pub fn texts(&self) -> impl Iterator<Item = (&'static str, Option<Cow<'a, str>>)> {
        let fields = self.fields().filter_map(|(field, value)| match value {
            Value::Absent => None,
            Value::Null => Some((field.name(), None)),
            Value::Bytes(bytes) => Some((field.name(), Some(self.text(field, bytes)))),
        });
        let extra = (!self.extra.is_empty()).then(|| (EXTRA, Some(shown(self.extra))));
        let ambiguous = self.ambiguous.then_some((AMBIGUOUS, Some("true".into())));
        fields.chain(extra).chain(ambiguous)
    }

    fn text(&self, field: Field, bytes: &'a [u8]) -> Cow<'a, str> {
        match number(field, bytes) {
            Some(number) => number.to_string().into(),
            None if self.is_foreign(field) => shown(bytes),
            None => lossless(bytes),
        }
    }
}

impl Serialize for Flat<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (field, value) in self.fields() {
            match value {
                Value::Absent => {}
                Value::Null => map.serialize_entry(field.name(), &())?,
                Value::Bytes(bytes) => match number(field, bytes) {
                    Some(number) => map.serialize_entry(field.name(), &number)?,
                    None if self.is_foreign(field) => {
                        map.serialize_entry(field.name(), &Shown(bytes))?;
                    }
                    None => map.serialize_entry(field.name(), &*lossless(bytes))?,
                },
            }
        }
        if !self.extra.is_empty() {
            map.serialize_entry(EXTRA, &Shown(self.extra))?;
        }
        if self.ambiguous {
            map.serialize_entry(AMBIGUOUS, &true)?;
        }
        map.end()
    }
}

/// Redacted, then lossless.
fn shown(bytes: &[u8]) -> Cow<'_, str> {
    match redact(bytes) {
        Cow::Borrowed(bytes) => lossless(bytes),
        Cow::Owned(bytes) => lossless(&bytes).into_owned().into(),
    }
}

/// The value as a number, if that is what it is and can hold.
fn number(field: Field, bytes: &[u8]) -> Option<u64> {
    if field.kind() != Kind::Number || !bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

/// Appends a record as one line of NDJSON.
pub fn push_ndjson(line: &mut Vec<u8>, record: &Record<'_>) {
    push_flat_ndjson(line, &Flat::new(record));
}

/// The same bytes as the serialization above, which a test holds it to, in
/// half the time: nearly every field is plain text and is copied.
fn push_flat_ndjson(line: &mut Vec<u8>, flat: &Flat<'_>) {
    line.push(b'{');
    let first = line.len();
    for (field, value) in flat.fields() {
        if value == Value::Absent {
            continue;
        }
        push_name(line, first, field.name());
        match value {
            Value::Bytes(bytes) => match number(field, bytes) {
                Some(number) if bytes[0] == b'0' => push_json(line, &number),
                Some(_) => line.extend_from_slice(bytes),
                None if flat.is_foreign(field) => push_string(line, &redact(bytes)),
                None => push_string(line, bytes),
            },
            _ => line.extend_from_slice(b"null"),
        }
    }
    if !flat.extra.is_empty() {
        push_name(line, first, EXTRA);
        push_string(line, &redact(flat.extra));
    }
    if flat.ambiguous {
        push_name(line, first, AMBIGUOUS);
        line.extend_from_slice(b"true");
    }
    line.extend_from_slice(b"}\n");
}

fn push_name(line: &mut Vec<u8>, first: usize, name: &str) {
    if line.len() > first {
        line.push(b',');
    }
    line.push(b'"');
    line.extend_from_slice(name.as_bytes());
    line.extend_from_slice(b"\":");
}

fn push_string(line: &mut Vec<u8>, bytes: &[u8]) {
    if is_plain(bytes) {
        line.push(b'"');
        line.extend_from_slice(bytes);
        line.push(b'"');
    } else {
        push_json(line, &*lossless(bytes));
    }
}

fn push_json<T: Serialize + ?Sized>(line: &mut Vec<u8>, value: &T) {
    // Neither a string, a number nor a vector has a way to fail.
    let _ = json::write(line, value);
}

/// Appends the line that names the columns of [`push_csv`]: the fields of the
/// log, `extra` and `ambiguous`.
pub fn push_csv_header(line: &mut Vec<u8>) {
    for field in &Field::ALL[..Field::LOG_COUNT] {
        line.extend_from_slice(field.name().as_bytes());
        line.push(b',');
    }
    line.extend_from_slice(b"extra,ambiguous\n");
}

/// Appends a record as one line of CSV. Absent fields and `-` are empty cells.
pub fn push_csv(line: &mut Vec<u8>, record: &Record<'_>) {
    push_flat_csv(line, &Flat::new(record));
}

fn push_flat_csv(line: &mut Vec<u8>, flat: &Flat<'_>) {
    for (field, value) in flat.fields() {
        if let Value::Bytes(bytes) = value {
            if flat.is_foreign(field) {
                push_csv_cell(line, &redact(bytes));
            } else {
                push_csv_cell(line, bytes);
            }
        }
        line.push(b',');
    }
    push_csv_cell(line, &redact(flat.extra));
    line.extend_from_slice(if flat.ambiguous { b",true\n" } else { b",\n" });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn flat<'a>(values: &[(Field, &'a [u8])], present: usize) -> Flat<'a> {
        let value = |at: usize| {
            let given = values.iter().find(|(field, _)| *field as usize == at);
            match given {
                Some((_, bytes)) => Value::Bytes(bytes),
                None if at < present => Value::Null,
                None => Value::Absent,
            }
        };
        Flat {
            values: std::array::from_fn(value),
            extra: b"",
            ambiguous: false,
        }
    }

    fn ndjson(flat: &Flat<'_>) -> String {
        let mut line = Vec::new();
        push_flat_ndjson(&mut line, flat);
        String::from_utf8(line).unwrap()
    }

    proptest! {
        #[test]
        fn a_line_is_what_serde_writes(
            values in prop::collection::vec(prop::option::of(prop_oneof![
                any::<Vec<u8>>(),
                "[0-9]{1,21}".prop_map(String::into_bytes),
                "[ -~\u{202E}]{0,9}(token=[a-z]*)?".prop_map(String::into_bytes),
            ]), 27),
            present in 0usize..28,
            extra: Vec<u8>,
            ambiguous: bool,
        ) {
            let given = |at: usize| match &values[at] {
                _ if at >= present => Value::Absent,
                Some(bytes) => Value::Bytes(bytes),
                None => Value::Null,
            };
            let flat = Flat { values: std::array::from_fn(given), extra: &extra, ambiguous };
            let mut slow = Vec::new();
            json::write(&mut slow, &flat).unwrap();
            prop_assert_eq!(ndjson(&flat), String::from_utf8(slow).unwrap() + "\n");
        }
    }

    fn csv(flat: &Flat<'_>) -> String {
        let mut line = Vec::new();
        push_flat_csv(&mut line, flat);
        String::from_utf8(line).unwrap()
    }

    const HOSTILE: &[(Field, &[u8])] = &[
        (Field::BucketOwnerId, b"79a59df900b949e5"),
        (Field::BucketName, b"logs.example"),
        (Field::RequestTime, b"06/Feb/2019:00:00:38 +0000"),
        (Field::RemoteIp, b"2001:db8::1"),
        (Field::Operation, b"REST.GET.OBJECT"),
        (Field::KeyName, b"=cmd()|a%252Fb\xE9"),
        (
            Field::RequestUri,
            b"GET /k?X-Amz-Signature=abc&x=\"\\x41\0 HTTP/1.1",
        ),
        (Field::HttpStatus, b"0200"),
        (Field::ObjectSize, b"400713583012"),
        (Field::TotalTime, b"99999999999999999999999"),
        (Field::Referer, b""),
        (Field::UserAgent, "\u{1b}]0;x\u{7} \u{202E}exe".as_bytes()),
    ];

    #[test]
    fn a_record_is_one_flat_object() {
        assert_eq!(
            ndjson(&flat(HOSTILE, 18)),
            concat!(
                r#"{"bucket_owner_id":"79a59df900b949e5","bucket_name":"logs.example","#,
                r#""request_time":"06/Feb/2019:00:00:38 +0000","remote_ip":"2001:db8::1","#,
                r#""requester":null,"request_id":null,"operation":"REST.GET.OBJECT","#,
                r#""key_name":"=cmd()|a%252Fb\\xE9","#,
                r#""request_uri":"GET /k?X-Amz-Signature=REDACTED&x=\"\\x5Cx41\u0000 HTTP/1.1","#,
                r#""http_status":200,"error_code":null,"bytes_sent":null,"#,
                r#""object_size":400713583012,"total_time":"99999999999999999999999","#,
                r#""turn_around_time":null,"referer":"","#,
                r#""user_agent":"\u001b]0;x\u0007 \u202eexe","version_id":null}"#,
                "\n"
            )
        );
    }

    #[test]
    fn what_is_odd_comes_last() {
        let mut flat = flat(&[], 0);
        assert_eq!(ndjson(&flat), "{}\n");
        flat.extra = b"new token=abc";
        flat.ambiguous = true;
        assert_eq!(
            ndjson(&flat),
            "{\"extra\":\"new token=REDACTED\",\"ambiguous\":true}\n"
        );
        assert!(csv(&flat).ends_with(",new token=REDACTED,true\n"));
    }

    #[test]
    fn a_row_has_every_column_and_no_formula() {
        let mut text = Vec::new();
        push_csv_header(&mut text);
        push_flat_csv(&mut text, &flat(HOSTILE, 18));
        let mut reader = csv::Reader::from_reader(&text[..]);
        let header = reader.headers().unwrap().clone();
        let row = reader.records().next().unwrap().unwrap();
        assert_eq!(header.len(), Field::LOG_COUNT + 2);
        let cell = |name| &row[header.iter().position(|column| column == name).unwrap()];
        assert_eq!(cell("key_name"), "'=cmd()|a%252Fb\\xE9");
        assert_eq!(
            cell("request_uri"),
            "GET /k?X-Amz-Signature=REDACTED&x=\"\\x5Cx41\\x00 HTTP/1.1"
        );
        assert_eq!(cell("user_agent"), "\\x1B]0;x\\x07 \\u{202E}exe");
        assert_eq!(cell("http_status"), "0200");
        assert_eq!(cell("requester"), "");
        assert_eq!(cell("source_region"), "");
    }
}
