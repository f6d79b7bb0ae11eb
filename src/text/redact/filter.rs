//! Tells ordinary text at a glance.
//!
//! May suspect too much, never too little: a property test holds it to the
//! full search. It decodes nothing and allocates nothing.

use super::name::{before_trailers, secret_name};
use crate::text::escape::hex;

/// Whether the text may hold a secret.
pub(super) fn suspicious(text: &[u8]) -> bool {
    if memchr::memchr(b'\\', text).is_some() {
        return true;
    }
    let mut at = 0;
    while let Some(found) = memchr::memchr3(b'=', b':', b'%', &text[at..]) {
        let start = at + found;
        at = start + 1;
        let byte = match text[start] {
            b'%' => match escaped(text, start) {
                Escaped::Byte(byte, end) => {
                    at = end;
                    byte
                }
                Escaped::Nothing => continue,
                Escaped::Odd => return true,
            },
            byte => byte,
        };
        match byte {
            b'=' => {}
            b':' => {
                if let Some(rest) = text[at..].strip_prefix(b"//") {
                    let authority = rest.split(|byte| ends_authority(*byte)).next();
                    if memchr::memchr2(b'@', b'%', authority.unwrap_or(rest)).is_some() {
                        return true;
                    }
                } else if matches!(text.get(at), Some(b'/' | b'%')) {
                    return true;
                }
            }
            _ => continue,
        }
        let before = &text[..start];
        if ends_in_escape(before)
            || ends_in_escape(&before[..before_trailers(before)])
            || secret_name(before, true).is_some()
        {
            return true;
        }
    }
    false
}

/// Whether the byte stands after `user:password@host`.
pub(super) fn ends_authority(byte: u8) -> bool {
    matches!(
        byte,
        b'/' | b'?' | b'#' | b'"' | b'<' | b'>' | b' ' | b'\t' | b'\r' | b'\n'
    )
}

enum Escaped {
    /// One byte, neither part of a name nor of another escape, and where the
    /// escape ends.
    Byte(u8, usize),
    /// A `%` and nothing to it.
    Nothing,
    /// Something that only decoding can tell.
    Odd,
}

fn escaped(text: &[u8], percent: usize) -> Escaped {
    let mut at = percent + 1;
    while text[at..].starts_with(b"25") {
        at += 2;
    }
    match text[at..] {
        [b'u' | b'U', ..] => Escaped::Odd,
        [high, low, ..] => match (hex(high), hex(low)) {
            (Some(high), Some(low)) => match high << 4 | low {
                b'%' | b'\\' | b'-' | b'_' => Escaped::Odd,
                byte if byte.is_ascii_alphanumeric() => Escaped::Odd,
                byte => Escaped::Byte(byte, at + 2),
            },
            _ => Escaped::Nothing,
        },
        _ => Escaped::Nothing,
    }
}

/// Whether the last byte may belong to an escape.
fn ends_in_escape(before: &[u8]) -> bool {
    const FAR: usize = 16;
    let digits = before
        .iter()
        .rev()
        .take(FAR)
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count();
    digits == FAR || before[..before.len() - digits].ends_with(b"%")
}
