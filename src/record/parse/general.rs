//! The whole grammar of a line, hostile quotes included.
//!
//! AWS escapes nothing: request-URI, referer and user agent may hold raw
//! quotes, so a caller can write what looks like the rest of the line. Three
//! facts bound what such text can do:
//!
//! - Everything left of the request-URI is AWS's own or URL-encoded, and is
//!   read first, from the left.
//! - Six unquoted fields of a narrow shape follow the request-URI's closing
//!   quote: a quote that they do not follow does not close it.
//! - The fields after the user agent hold no quote: the last quote of the line
//!   closes the user agent, unless a complete tail stands before a quoted
//!   token at the very end.
//!
//! Where more than one reading is left, the record is flagged `ambiguous`. A
//! line that AWS wrote whole always has a reading: the true one. So no text of a
//! caller's can make its line malformed and thereby invisible.
//!
//! Every step is linear in the line: whatever does not depend on where the
//! request-URI ends is worked out once, not once for every quote.

mod diagnose;
mod readings;

use nom::bytes::complete::{tag, take_till1, take_while};
use nom::combinator::recognize;
use nom::sequence::{delimited, terminated};
use nom::{IResult, Parser as _};

use super::super::time::DateCache;
use super::super::{Field, Record, Span};
use super::{Malformed, Typed, is_signature};

use self::diagnose::diagnose;
use self::readings::Readings;

type Bytes<'a> = &'a [u8];

const TRUNCATED: &str = "the line ends here";
/// Fields after the user agent that are documented: 18 to 27.
const TAIL: usize = Field::LOG_COUNT - 17;

/// Reads one line. Kept out of the caller that has just tried the indexed
/// parser: its frame would cost every ordinary line.
#[inline(never)]
pub fn record<'a>(line: Bytes<'a>, dates: &mut DateCache) -> Result<Record<'a>, Malformed> {
    let text = line.trim_ascii();
    let mut spans = [(0, 0); Field::LOG_COUNT];
    let place = |bytes: Bytes<'_>| place(text, bytes);

    let (rest, head) = head(text)?;
    for (slot, bytes) in spans.iter_mut().zip(head) {
        *slot = place(bytes);
    }

    let (tail, ambiguous) = if let Some((null, tail)) = all_null(rest) {
        spans[8..17].fill(place(null));
        (tail, false)
    } else {
        let (reading, ambiguous) = Readings::of(rest).best().ok_or_else(|| diagnose(rest))?;
        if reading.run_together {
            return Err(Malformed {
                field: Field::RequestUri,
                reason: "two records stand on one line",
            });
        }
        spans[8] = place(reading.request_uri);
        for (slot, bytes) in spans[9..15].iter_mut().zip(reading.middle) {
            *slot = place(bytes);
        }
        spans[15] = place(reading.headers.referer);
        spans[16] = place(reading.headers.user_agent);
        (reading.headers.tail, ambiguous)
    };

    for (slot, bytes) in spans[17..].iter_mut().zip(tail.fields()) {
        *slot = place(bytes);
    }
    let typed = Typed::check(text, &spans, dates)?;
    Ok(Record {
        text,
        bounds: (0, text.len() as u32),
        spans,
        present: (17 + tail.count) as u8,
        extra: tail.extra.map_or((0, 0), place),
        ambiguous,
        time: typed.time,
        address: typed.address,
        status: typed.status,
    })
}

/// Where a part of the line stands on it.
fn place(text: Bytes<'_>, part: Bytes<'_>) -> Span {
    let start = part.as_ptr() as usize - text.as_ptr() as usize;
    (start as u32, (start + part.len()) as u32)
}

fn is_space(byte: u8) -> bool {
    byte == b' '
}

/// The input behind its leading spaces. A tab separates nothing.
fn skip_spaces(input: Bytes<'_>) -> Bytes<'_> {
    let spaces = input.iter().take_while(|byte| is_space(**byte)).count();
    &input[spaces..]
}

/// Bytes without a space, and the spaces behind them: real logs have two in
/// places, and they separate as one does.
fn word(input: Bytes<'_>) -> IResult<Bytes<'_>, Bytes<'_>> {
    terminated(take_till1(is_space), take_while(is_space)).parse(input)
}

/// `[...]` with its space inside, or a null.
fn bracketed(input: Bytes<'_>) -> IResult<Bytes<'_>, Bytes<'_>> {
    let inside = take_while(|byte| byte != b']' && byte != b'"');
    terminated(
        delimited(tag(&b"["[..]), inside, tag(&b"]"[..])),
        take_while(is_space),
    )
    .parse(input)
}

/// `arn:...:user/CloudFront Origin Access Identity E2EXAMPLE`: the one
/// requester with spaces. The name is AWS's own, no caller can choose it.
fn origin_access_identity(input: Bytes<'_>) -> IResult<Bytes<'_>, Bytes<'_>> {
    terminated(
        recognize((
            tag(&b"arn:"[..]),
            take_till1(is_space),
            tag(&b" Origin Access Identity "[..]),
            take_till1(is_space),
        )),
        take_while(is_space),
    )
    .parse(input)
}

/// The eight fields left of the request-URI.
fn head(text: Bytes<'_>) -> Result<(Bytes<'_>, [Bytes<'_>; 8]), Malformed> {
    let mut rest = text;
    let mut fields: [Bytes<'_>; 8] = [&[]; 8];
    for (slot, field) in fields.iter_mut().zip(Field::ALL) {
        let truncated = Malformed {
            field: *field,
            reason: TRUNCATED,
        };
        let parsed = match field {
            Field::RequestTime if rest.starts_with(b"[") => bracketed(rest),
            Field::RequestTime if !rest.starts_with(b"-") && !rest.starts_with(b"\"-\"") => {
                return Err(Malformed {
                    reason: "expected [ or -",
                    ..truncated
                });
            }
            Field::Requester => origin_access_identity(rest).or_else(|_| word(rest)),
            _ => word(rest),
        };
        (rest, *slot) = parsed.map_err(|_| truncated)?;
        *slot = unquote_null(slot);
    }
    Ok((rest, fields))
}

/// Some writers quote every null.
fn unquote_null(word: Bytes<'_>) -> Bytes<'_> {
    if word == b"\"-\"" { &word[1..2] } else { word }
}

/// A rest of the line that is nothing but nulls, quoted or not: the null that
/// stands for fields 9 to 17, and the tail.
fn all_null(rest: Bytes<'_>) -> Option<(Bytes<'_>, Tail<'_>)> {
    let mut words = rest
        .split(|byte| is_space(*byte))
        .filter(|word| !word.is_empty())
        .map(unquote_null);
    if words.clone().any(|word| word != b"-") {
        return None;
    }
    let null = words.nth(8)?;
    let mut tail = Tail::default();
    for (slot, word) in tail.fields.iter_mut().zip(words.by_ref()) {
        *slot = word;
        tail.count += 1;
    }
    tail.extra = words
        .next()
        .map(|first| &rest[place(rest, first).0 as usize..]);
    Some((null, tail))
}

/// What follows the user agent.
#[derive(Debug, Clone, Copy, Default)]
struct Tail<'a> {
    fields: [Bytes<'a>; TAIL],
    count: usize,
    extra: Option<Bytes<'a>>,
    /// The host id was put together from two tokens of which the first may be
    /// a version id as well.
    doubtful_host: bool,
}

impl<'a> Tail<'a> {
    /// `None` when it does not begin like a tail, or holds a quote where AWS
    /// writes none.
    fn read(input: Bytes<'a>) -> Option<Self> {
        if !(input.is_empty() || input.starts_with(b" ")) {
            return None;
        }
        let mut rest = skip_spaces(input);
        let mut tail = Tail::default();
        while !rest.is_empty() && tail.count < TAIL {
            let (next, field) = match (tail.count == 1).then(|| split_host_id(rest)).flatten() {
                Some((next, host_id, is_certain)) => {
                    tail.doubtful_host = !is_certain;
                    (next, host_id)
                }
                None => word(rest).ok()?,
            };
            if field.contains(&b'"') {
                return None;
            }
            tail.fields[tail.count] = field;
            tail.count += 1;
            rest = next;
        }
        tail.extra = (!rest.is_empty()).then_some(rest);
        Some(tail)
    }

    fn fields(&self) -> &[Bytes<'a>] {
        &self.fields[..self.count]
    }

    /// Whether a signature version stands where it belongs; `None` when the
    /// tail is too short to have one.
    fn has_signature(&self) -> Option<bool> {
        self.fields().get(2).map(|word| is_signature_word(word))
    }
}

fn is_signature_word(word: Bytes<'_>) -> bool {
    word.first()
        .is_some_and(|first| is_signature(*first, word.len() as u32))
}

/// In 2019 AWS wrote some host ids as two tokens, the first of them the unique
/// id of an IAM entity. What follows a host id is a signature version or a
/// null, never base64, so the two can be told apart. The last value says
/// whether the first token is such an id; if not, it could be a version id.
fn split_host_id(rest: Bytes<'_>) -> Option<(Bytes<'_>, Bytes<'_>, bool)> {
    let is_base64 = |word: &[u8]| {
        word.len() >= 20
            && word
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte))
    };
    let is_unique_id = |word: &[u8]| {
        word.len() >= 16
            && word.starts_with(b"A")
            && word
                .iter()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    let (behind_first, first) = word(rest).ok()?;
    let (after, second) = word(behind_first).ok()?;
    let signature = word(after).map_or(&b""[..], |(_, signature)| signature);
    let is_split = !is_signature_word(first)
        && is_base64(second)
        && !is_signature_word(second)
        && is_signature_word(signature);
    let end = place(rest, second).1 as usize;
    is_split.then(|| (after, &rest[..end], is_unique_id(first)))
}
