//! One log line, borrowed.
//!
//! A [`Record`] points into the block it was read from. The parser checks the
//! shape of every field and keeps what it had to decode to do so (time,
//! address, status); all else is decoded when asked for. What enters here is
//! bytes; what leaves is fields. Rules, windows and output stay outside.

pub mod decode;
pub mod derived;
pub mod field;
pub mod hash;
pub mod index;
pub mod parse;
pub mod time;

use std::net::IpAddr;

pub use field::{Field, Kind};
pub use index::Index;
pub use parse::{Malformed, Parser};

/// Start and end of some bytes, counted from the start of [`Record::text`].
pub(crate) type Span = (u32, u32);

/// One parsed log line.
#[derive(Debug, Clone)]
pub struct Record<'a> {
    /// What the spans count in: the line, or the block that it stands in.
    text: &'a [u8],
    bounds: Span,
    spans: [Span; Field::LOG_COUNT],
    present: u8,
    extra: Span,
    ambiguous: bool,
    time: Option<i64>,
    address: Option<IpAddr>,
    status: Option<u16>,
}

/// What stands in a field of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// The line ends before the field.
    Absent,
    /// `-`, quoted or not.
    Null,
    /// The bytes as they stand on the line, without quotes or brackets.
    Bytes(&'a [u8]),
}

/// An operation and its parts. The set is open: AWS adds to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation<'a>(pub &'a [u8]);

impl<'a> Operation<'a> {
    /// All parts, however many: `S3.COMPUTE.OBJECT.CHECKSUM` has four.
    pub fn parts(self) -> impl Iterator<Item = &'a [u8]> {
        self.0.split(|byte| *byte == b'.')
    }

    /// The first part: `REST`, `WEBSITE`, `BATCH`, `SOAP`, `S3`.
    #[must_use]
    pub fn interface(self) -> &'a [u8] {
        self.split_first().0
    }

    /// The second part, usually the HTTP method: `GET`, `COPY`, `TRANSITION_SIA`.
    #[must_use]
    pub fn verb(self) -> Option<&'a [u8]> {
        let rest = self.split_first().1?;
        Some(Operation(rest).split_first().0)
    }

    /// Everything after the verb: `OBJECT`, `BUCKETPOLICY`, `OBJECT.CHECKSUM`.
    #[must_use]
    pub fn noun(self) -> Option<&'a [u8]> {
        let rest = self.split_first().1?;
        Operation(rest).split_first().1
    }

    fn split_first(self) -> (&'a [u8], Option<&'a [u8]>) {
        match memchr::memchr(b'.', self.0) {
            Some(dot) => (&self.0[..dot], Some(&self.0[dot + 1..])),
            None => (self.0, None),
        }
    }
}

/// The parts of a request-URI field, `METHOD target HTTP/version`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLine<'a> {
    /// Up to the first space.
    pub method: &'a [u8],
    /// Between; may hold raw quotes and spaces.
    pub target: Option<&'a [u8]>,
    /// `HTTP/1.1`, where the field ends in such a word.
    pub version: Option<&'a [u8]>,
}

impl<'a> Record<'a> {
    /// Parses one line. A final line feed and carriage return are not part of it.
    pub fn parse(line: &'a [u8]) -> Result<Self, Malformed> {
        Parser::default().line(line)
    }

    /// The whole line, without line feed, carriage return and indentation.
    #[must_use]
    pub fn line(&self) -> &'a [u8] {
        self.slice(self.bounds)
    }

    /// What stands in a field of the log; `Absent` for derived fields.
    #[must_use]
    #[inline]
    pub fn value(&self, field: Field) -> Value<'a> {
        if field as u8 >= self.present {
            return Value::Absent;
        }
        match self.slice(self.spans[field as usize]) {
            b"-" => Value::Null,
            bytes => Value::Bytes(bytes),
        }
    }

    /// The bytes of a field of the log that is present and not null.
    #[must_use]
    #[inline]
    pub fn bytes(&self, field: Field) -> Option<&'a [u8]> {
        match self.value(field) {
            Value::Bytes(bytes) => Some(bytes),
            Value::Absent | Value::Null => None,
        }
    }

    /// A field of the log as a number: `None` when it is null, absent or text.
    #[must_use]
    pub fn number(&self, field: Field) -> Option<u64> {
        parse::unsigned(self.bytes(field)?)
    }

    /// How many of the documented fields the line has: 17 to 27.
    #[must_use]
    pub fn field_count(&self) -> usize {
        usize::from(self.present)
    }

    /// Fields after the last that the documentation names, as they stand.
    #[must_use]
    pub fn extra(&self) -> &'a [u8] {
        self.slice(self.extra)
    }

    /// Whether the quoted fields have more than one reading.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        self.ambiguous
    }

    /// Seconds of UTC since the Unix epoch; `None` when the line says `-`.
    #[must_use]
    pub fn time(&self) -> Option<i64> {
        self.time
    }

    /// Address of the requester; `None` when the line says `-`.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// HTTP status, 100 to 999; `None` when the line says `-`.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The operation in its parts.
    #[must_use]
    pub fn operation(&self) -> Option<Operation<'a>> {
        self.bytes(Field::Operation).map(Operation)
    }

    /// The request-URI in its parts.
    #[must_use]
    pub fn request_line(&self) -> Option<RequestLine<'a>> {
        let text = self.bytes(Field::RequestUri)?;
        let Some(space) = memchr::memchr(b' ', text) else {
            return Some(RequestLine {
                method: text,
                target: None,
                version: None,
            });
        };
        let (method, rest) = (&text[..space], &text[space + 1..]);
        let (target, version) = match memchr::memrchr(b' ', rest) {
            Some(last) if rest[last + 1..].starts_with(b"HTTP/") => {
                (&rest[..last], Some(&rest[last + 1..]))
            }
            _ => (rest, None),
        };
        Some(RequestLine {
            method,
            target: Some(target),
            version,
        })
    }

    #[inline]
    fn slice(&self, span: Span) -> &'a [u8] {
        &self.text[span.0 as usize..span.1 as usize]
    }
}
