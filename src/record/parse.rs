//! Bytes of a line to the spans of its fields.
//!
//! There are two parsers, both nom: `indexed` reads the ordinary shapes at
//! full speed over the delimiter index, and hands everything else to
//! `general`, which holds the whole grammar and decides what hostile quotes
//! mean. Where both read a line they agree, and a property test holds them to
//! it. Nothing here knows what a field is good for.

mod general;
mod indexed;

use std::net::{IpAddr, Ipv4Addr};

use super::index::{Index, Line};
use super::time::DateCache;
use super::{Field, Record, Span};

/// Why a line is no record, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("field {} ({}): {reason}", *.field as u8 + 1, .field.name())]
pub struct Malformed {
    /// The first field that could not be read.
    pub field: Field,
    /// What was wrong with it.
    pub reason: &'static str,
}

/// Parses lines and remembers what neighbouring lines share. One a thread.
#[derive(Debug, Default)]
pub struct Parser {
    dates: DateCache,
}

impl Parser {
    /// Parses a line that stands alone.
    pub fn line<'a>(&mut self, line: &'a [u8]) -> Result<Record<'a>, Malformed> {
        general::record(line, &mut self.dates)
    }

    /// Parses a line of an indexed block; `None` for a blank one.
    #[inline]
    pub fn indexed<'a>(
        &mut self,
        block: &'a [u8],
        index: &Index,
        line: &Line,
    ) -> Option<Result<Record<'a>, Malformed>> {
        if let Some(record) = indexed::record(block, index, line, &mut self.dates) {
            return Some(Ok(record));
        }
        let line = &block[line.start as usize..line.end as usize];
        if is_blank(line) {
            return None;
        }
        Some(general::record(line, &mut self.dates))
    }
}

/// Whether a line holds nothing but white space.
#[must_use]
pub fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

/// What the parser decodes to know that the line is what it seems to be.
struct Typed {
    time: Option<i64>,
    address: Option<IpAddr>,
    status: Option<u16>,
}

const NUMBERS: [Field; 4] = [
    Field::BytesSent,
    Field::ObjectSize,
    Field::TotalTime,
    Field::TurnAroundTime,
];

impl Typed {
    #[inline]
    fn check(
        text: &[u8],
        spans: &[Span; Field::LOG_COUNT],
        dates: &mut DateCache,
    ) -> Result<Self, Malformed> {
        let bytes = |field: Field| {
            let (start, end) = spans[field as usize];
            match &text[start as usize..end as usize] {
                b"-" => None,
                bytes => Some(bytes),
            }
        };
        let refuse = |field, reason| Malformed { field, reason };
        let time = match bytes(Field::RequestTime) {
            None => None,
            Some(text) => Some(dates.parse(text).ok_or(refuse(
                Field::RequestTime,
                "not a time such as [06/Feb/2019:00:00:38 +0000]",
            ))?),
        };
        let address = match bytes(Field::RemoteIp) {
            None => None,
            Some(text) => {
                Some(address(text).ok_or(refuse(Field::RemoteIp, "not an IPv4 or IPv6 address"))?)
            }
        };
        let status = match bytes(Field::HttpStatus) {
            None => None,
            Some(text) => Some(
                status(text).ok_or(refuse(Field::HttpStatus, "not a status of three digits"))?,
            ),
        };
        for field in NUMBERS {
            if bytes(field).is_some_and(|text| unsigned(text).is_none()) {
                return Err(refuse(field, "not a whole number"));
            }
        }
        Ok(Typed {
            time,
            address,
            status,
        })
    }
}

/// Whether a word is a signature version (`SigV2`, `SigV4A`) or a null, by its
/// first byte and its length. The host id that may stand in its place is far
/// longer; looking no closer keeps this cheap enough for every line.
#[inline]
fn is_signature(first: u8, len: u32) -> bool {
    matches!(first, b'-' | b'S') && len <= 8
}

#[inline]
fn status(text: &[u8]) -> Option<u16> {
    match text {
        [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
            Some(u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0'))
        }
        _ => None,
    }
}

/// Decimal digits that fit into 64 bits.
#[inline]
pub(crate) fn unsigned(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 20 {
        return None;
    }
    // Nineteen digits cannot overflow, and no real size has more.
    let (head, last) = text.split_at(text.len().min(19));
    let mut value = 0u64;
    let mut wrong = false;
    for byte in head {
        let digit = byte.wrapping_sub(b'0');
        wrong |= digit > 9;
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
    }
    if let [byte] = last {
        let digit = byte.wrapping_sub(b'0');
        wrong |= digit > 9;
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    (!wrong).then_some(value)
}

#[inline]
fn address(text: &[u8]) -> Option<IpAddr> {
    if let Some(address) = ipv4(text) {
        return Some(IpAddr::V4(address));
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[inline]
fn ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    let mut octets = [0u8; 4];
    let mut number = 0;
    let mut value = 0u32;
    let mut digits = 0;
    for byte in text {
        match byte {
            b'0'..=b'9' => {
                value = value * 10 + u32::from(byte - b'0');
                digits += 1;
                if digits > 3 || value > 255 {
                    return None;
                }
            }
            b'.' if digits > 0 && number < 3 => {
                octets[number] = value as u8;
                number += 1;
                value = 0;
                digits = 0;
            }
            _ => return None,
        }
    }
    if number != 3 || digits == 0 {
        return None;
    }
    octets[3] = value as u8;
    Some(Ipv4Addr::from(octets))
}

#[cfg(test)]
mod tests;
