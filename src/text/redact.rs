//! Takes secrets out of text that is about to be shown or stored.
//!
//! A presigned URL is a password: whoever reads it in an alert can use it.
//! Its parameters appear in the request-URI, and in the referer nested in other
//! URLs, encoded once more for every nesting. So the text is decoded to its
//! end (remembering where each character came from), names are looked for
//! there, and the value's place in the original is overwritten. Everything
//! else stays byte for byte.
//!
//! Rules match the raw bytes and never come here. Which characters are safe to
//! print is [`escape`](super::escape)'s business.

mod decode;
mod filter;
mod name;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

use decode::Decoded;
use name::{Kind, secret_name};

/// What stands in a secret's place.
pub const REDACTED: &str = "REDACTED";

/// The text with the value of every secret parameter replaced by [`REDACTED`].
///
/// Covers signatures, credentials and tokens of presigned requests (`SigV2`,
/// `SigV4`, CloudFront), access and session tokens, passwords, `Authorization`
/// headers, customer keys and the password in `https://user:password@host`, in
/// any case and at any level of percent-encoding. Doing it twice does nothing
/// more. Takes time linear in the text.
#[must_use]
pub fn redact(text: &[u8]) -> Cow<'_, [u8]> {
    if filter::suspicious(text) {
        redact_all(text)
    } else {
        Cow::Borrowed(text)
    }
}

/// [`redact`] without its filter.
fn redact_all(text: &[u8]) -> Cow<'_, [u8]> {
    let decoded = Decoded::new(text);
    let mut shown = Vec::new();
    let mut copied = 0;
    for secret in secrets(&decoded) {
        let origin = decoded.origin(secret);
        if text[origin.clone()] != *REDACTED.as_bytes() {
            shown.extend_from_slice(&text[copied..origin.start]);
            shown.extend_from_slice(REDACTED.as_bytes());
            copied = origin.end;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    shown.extend_from_slice(&text[copied..]);
    Cow::Owned(shown)
}

/// What follows `://`, as far as it could be `user:password@host`.
#[derive(Clone, Copy)]
struct Authority {
    depth: u8,
    colon: Option<usize>,
}

impl Authority {
    fn ends(&self, decoded: &Decoded, at: usize) -> bool {
        filter::ends_authority(decoded.bytes[at]) && decoded.depth(at) <= self.depth
    }
}

/// Where the secrets stand, in order, none empty, none overlapping.
///
/// One pass from left to right. The value of a parameter is skipped whole: if
/// a `/` in it could end an authority, redacting would change what the next
/// pass sees.
fn secrets(decoded: &Decoded) -> Vec<Range<usize>> {
    let bytes = &decoded.bytes[..];
    let mut found = Vec::<Range<usize>>::new();
    let mut authority = None::<Authority>;
    let mut done = 0;
    let mut at = 0;
    while at < bytes.len() {
        if authority.is_none() {
            match memchr::memchr2(b'=', b':', &bytes[at..]) {
                Some(next) => at += next,
                None => break,
            }
        }
        authority = authority.filter(|open| !open.ends(decoded, at));
        let begins = bytes[at..].starts_with(b"://");
        if begins && authority.is_none_or(|open| open.ends(decoded, at + 1)) {
            authority = Some(Authority {
                depth: decoded.depth(at + 2),
                colon: None,
            });
            at += 3;
            continue;
        }
        match (bytes[at], &mut authority) {
            (b':', Some(open)) => {
                open.colon.get_or_insert(at);
            }
            (
                b'@',
                Some(Authority {
                    colon: Some(colon), ..
                }),
            ) if *colon + 1 < at => {
                let password = *colon + 1..at;
                while found.pop_if(|earlier| earlier.start > *colon).is_some() {}
                found.push(password);
                done = at;
            }
            (b'=' | b':', _) => {
                if let Some(value) = secret_after(decoded, done, at) {
                    let mut between = at + 1..value.start;
                    authority = authority.filter(|open| !between.any(|at| open.ends(decoded, at)));
                    at = value.end;
                    done = value.end;
                    found.push(value);
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// The secret that the `=` or `:` at `assign` gives a value to, never empty.
/// Names are looked for from `done` on.
fn secret_after(decoded: &Decoded, done: usize, assign: usize) -> Option<Range<usize>> {
    let bytes = &decoded.bytes[..];
    let colon = bytes[assign] == b':';
    let name = secret_name(&bytes[done..assign], false)?;
    // `arn:aws:iam::1:policy:x` and `token: x` in prose are no parameters.
    if colon && name.whole && !name.quoted {
        return None;
    }
    let depth = decoded.depth(assign);
    let mut start = assign + 1;
    if colon || name.spaced {
        start = skip_spaces(bytes, start);
    }
    let escaped = bytes.get(start) == Some(&b'\\');
    if let Some(quote @ (b'"' | b'\'')) = bytes.get(start + usize::from(escaped)) {
        start += 1 + usize::from(escaped);
        let end = closing_quote(decoded, start, *quote, escaped);
        return (start < end).then_some(start..end);
    }
    if name.kind == Kind::Header {
        start = after_scheme(bytes, start)?;
    }
    let end = (start..bytes.len())
        .find(|at| ends_value(name.kind, bytes[*at], decoded.depth(*at) <= depth))
        .unwrap_or(bytes.len());
    (start < end).then_some(start..end)
}

/// Whether a byte stands after the value of a parameter. `outer`: it is no
/// deeper encoded than the parameter's `=`, so that it cannot be the value's.
fn ends_value(kind: Kind, byte: u8, outer: bool) -> bool {
    // No signature and no token holds one of these, however it is encoded; a
    // password may hold anything that is encoded, and then some.
    let alphabet = kind == Kind::Token;
    match byte {
        b'&' | b'"' | b'<' | b'>' | b'#' => outer || alphabet,
        b'\'' | b'`' | b';' | b',' | b'\\' | b'|' | b'?' | b')' | b']' | b'}' => alphabet,
        // A deeper one may be what is left of a `+` that was decoded.
        b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C => outer,
        _ => false,
    }
}

/// Where a quoted value ends. `escaped`: it began with `\"`, as in JSON that
/// stands in JSON.
fn closing_quote(decoded: &Decoded, start: usize, quote: u8, escaped: bool) -> usize {
    let bytes = &decoded.bytes[..];
    let depth = decoded.depth(start - 1);
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if bytes.get(at + 1) == Some(&quote) => {
                if escaped {
                    return at;
                }
                at += 1;
            }
            byte if *byte == quote && decoded.depth(at) <= depth => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Where the secret of an `Authorization` header begins: after the scheme.
/// `None` for SigV4, whose parts have names of their own.
fn after_scheme(bytes: &[u8], start: usize) -> Option<usize> {
    const SCHEMES: [&[u8]; 8] = [
        b"bearer",
        b"basic",
        b"token",
        b"aws",
        b"negotiate",
        b"apikey",
        b"jwt",
        b"digest",
    ];
    let rest = &bytes[start..];
    let length = rest
        .iter()
        .take(32)
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-')
        .count();
    let word = &rest[..length];
    if word.len() > 4 && word[..4].eq_ignore_ascii_case(b"AWS4") {
        return None;
    }
    let after = skip_spaces(bytes, start + length);
    let scheme = SCHEMES.iter().any(|name| word.eq_ignore_ascii_case(name));
    Some(if scheme && after > start + length {
        after
    } else {
        start
    })
}

fn skip_spaces(bytes: &[u8], start: usize) -> usize {
    let spaces = bytes[start..]
        .iter()
        .take_while(|byte| name::is_space(**byte));
    start + spaces.count()
}
