//! The ordinary shapes of a line, over the index of delimiters.
//!
//! Every quoted field here ends at the first quote after its own, every
//! separator is one space, no quote stands anywhere else, and neither referer
//! nor user agent begins with a space (so that nothing which could follow a
//! request-URI follows their quotes): read so, a line has no second reading.
//! Anything else is declined, never guessed at.

use nom::branch::alt;
use nom::error::{ErrorKind, ParseError};
use nom::{IResult, Parser as _};

use super::super::index::{Index, Line};
use super::super::time::{DateCache, TIME_LEN};
use super::super::{Field, Record, Span};
use super::{Typed, is_signature};

/// nom's input: a place on the line, and the stops that lie ahead of it.
#[derive(Debug, Clone, Copy)]
struct Cursor<'a> {
    text: &'a [u8],
    at: u32,
    end: u32,
    stops: &'a [u32],
}

/// The line is not of an ordinary shape; why is for `general` to say.
#[derive(Debug)]
struct Declined;

impl ParseError<Cursor<'_>> for Declined {
    fn from_error_kind(_: Cursor<'_>, _: ErrorKind) -> Self {
        Declined
    }

    fn append(_: Cursor<'_>, _: ErrorKind, other: Self) -> Self {
        other
    }
}

type Parsed<'a, T> = IResult<Cursor<'a>, T, Declined>;

#[inline(always)]
#[allow(clippy::inline_always)]
fn declined<T>() -> Parsed<'static, T> {
    Err(nom::Err::Error(Declined))
}

/// Bytes up to a space, and the space.
#[inline(always)]
#[allow(clippy::inline_always)]
fn token(cursor: Cursor<'_>) -> Parsed<'_, Span> {
    match cursor.stops {
        [stop, stops @ ..]
            if *stop > cursor.at && cursor.text.get(*stop as usize) == Some(&b' ') =>
        {
            Ok((
                Cursor {
                    at: stop + 1,
                    stops,
                    ..cursor
                },
                (cursor.at, *stop),
            ))
        }
        _ => declined(),
    }
}

/// The requester. CloudFront's identity is the one with spaces in it:
/// `arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE`.
#[inline(always)]
#[allow(clippy::inline_always)]
fn requester(cursor: Cursor<'_>) -> Parsed<'_, Span> {
    let start = cursor.at;
    let (cursor, whole) = token(cursor)?;
    // A request id of 16 characters or a UUID stands here otherwise.
    if cursor.text.get(cursor.at as usize) != Some(&b'O') || whole.1 == start + 1 {
        return Ok((cursor, whole));
    }
    origin_access_identity(cursor, start)
}

#[cold]
fn origin_access_identity(cursor: Cursor<'_>, start: u32) -> Parsed<'_, Span> {
    let bytes = &cursor.text[start as usize..cursor.end as usize];
    let name = &bytes[(cursor.at - start) as usize..];
    let first = &bytes[..(cursor.at - start) as usize - 1];
    if !first.starts_with(b"arn:") || !name.starts_with(b"Origin Access Identity ") {
        return Ok((cursor, (start, cursor.at - 1)));
    }
    let (cursor, (_, _, _, (_, end))) = (token, token, token, token).parse(cursor)?;
    Ok((cursor, (start, end)))
}

/// `[06/Feb/2019:00:00:38 +0000] `, the one field with a space that is not quoted.
#[inline(always)]
#[allow(clippy::inline_always)]
fn bracketed(cursor: Cursor<'_>) -> Parsed<'_, Span> {
    const LEN: u32 = TIME_LEN as u32;
    let at = cursor.at;
    match cursor.stops {
        [_, stop, stops @ ..]
            if *stop == at + LEN + 2
                && cursor.text[at as usize] == b'['
                && cursor.text[(*stop - 1) as usize] == b']'
                && cursor.text.get(*stop as usize) == Some(&b' ') =>
        {
            Ok((
                Cursor {
                    at: stop + 1,
                    stops,
                    ..cursor
                },
                (at + 1, at + 1 + LEN),
            ))
        }
        _ => declined(),
    }
}

/// What stands between a quote here and the next one, and the space behind it.
#[inline(always)]
#[allow(clippy::inline_always)]
fn quoted(cursor: Cursor<'_>) -> Parsed<'_, Span> {
    let Some((first, rest)) = cursor.stops.split_first() else {
        return declined();
    };
    if *first != cursor.at || cursor.text.get(cursor.at as usize) != Some(&b'"') {
        return declined();
    }
    let Some(close) = rest
        .iter()
        .position(|stop| cursor.text.get(*stop as usize) == Some(&b'"'))
    else {
        return declined();
    };
    match rest[close..] {
        [quote, next, ref stops @ ..]
            if next == quote + 1 && (next == cursor.end || cursor.text[next as usize] == b' ') =>
        {
            Ok((
                Cursor {
                    at: next + 1,
                    stops,
                    ..cursor
                },
                (cursor.at + 1, quote),
            ))
        }
        _ => declined(),
    }
}

/// An unquoted `-`.
#[inline(always)]
#[allow(clippy::inline_always)]
fn null(cursor: Cursor<'_>) -> Parsed<'_, Span> {
    if cursor.text.get(cursor.at as usize) == Some(&b'-') {
        let (next, span) = token(cursor)?;
        if span.1 == span.0 + 1 {
            return Ok((next, span));
        }
    }
    declined()
}

struct Tail {
    spans: [Span; 10],
    count: u8,
    extra: Span,
}

/// Fields 18 to 27, as many as there are, and whatever follows.
#[inline(always)]
#[allow(clippy::inline_always)]
fn tail(mut cursor: Cursor<'_>) -> Parsed<'_, Tail> {
    let mut tail = Tail {
        spans: [(0, 0); 10],
        count: 0,
        extra: (cursor.end, cursor.end),
    };
    // Past the end, not at it: the separator before a field has been consumed.
    while cursor.at <= cursor.end {
        let Some((stop, stops)) = cursor.stops.split_first() else {
            return declined();
        };
        let last = *stop >= cursor.end;
        let end = if last { cursor.end } else { *stop };
        if end == cursor.at || (!last && cursor.text[end as usize] != b' ') {
            return declined();
        }
        if tail.count < 10 {
            tail.spans[usize::from(tail.count)] = (cursor.at, end);
            tail.count += 1;
        } else {
            // A quote among the extra fields may be the true end of the user agent.
            if memchr::memchr(b'"', &cursor.text[cursor.at as usize..cursor.end as usize]).is_some()
            {
                return declined();
            }
            tail.extra = (cursor.at, cursor.end);
            break;
        }
        cursor = Cursor {
            at: end + 1,
            stops,
            ..cursor
        };
    }
    // A host id of two tokens shifts what follows it, and so does a user agent
    // that is a bare null behind a referer which looks like the two of them.
    if tail.count > 2 {
        let (start, end) = tail.spans[2];
        if !is_signature(cursor.text[start as usize], end - start) {
            return declined();
        }
    }
    Ok((cursor, tail))
}

/// Reads a line, or declines it.
#[inline]
pub fn record<'a>(
    text: &'a [u8],
    index: &Index,
    line: &Line,
    dates: &mut DateCache,
) -> Option<Record<'a>> {
    let mut end = line.end;
    if end > line.start && text[(end - 1) as usize] == b'\r' {
        end -= 1;
    }
    // Indentation and trailing white space are not part of a line.
    let bytes = text.get(line.start as usize..end as usize)?;
    if bytes.first()?.is_ascii_whitespace() || bytes.last()?.is_ascii_whitespace() {
        return None;
    }
    let cursor = Cursor {
        text,
        at: line.start,
        end,
        stops: index.stops(line),
    };
    let (cursor, head) = (
        token, token, bracketed, token, requester, token, token, token,
    )
        .parse(cursor)
        .ok()?;
    let (cursor, request_uri) = alt((quoted, null)).parse(cursor).ok()?;
    let (cursor, middle) = (token, token, token, token, token, token)
        .parse(cursor)
        .ok()?;
    let (cursor, referer) = alt((quoted, null)).parse(cursor).ok()?;
    let (cursor, user_agent) = alt((quoted, null)).parse(cursor).ok()?;
    let (_, tail) = tail(cursor).ok()?;
    if text[referer.0 as usize] == b' ' || text[user_agent.0 as usize] == b' ' {
        return None;
    }

    let mut spans = [(0, 0); Field::LOG_COUNT];
    let (owner, bucket, time, address, requester, id, operation, key) = head;
    spans[..8].copy_from_slice(&[owner, bucket, time, address, requester, id, operation, key]);
    spans[8] = request_uri;
    let (code, error, sent, size, total, turn_around) = middle;
    spans[9..15].copy_from_slice(&[code, error, sent, size, total, turn_around]);
    spans[15] = referer;
    spans[16] = user_agent;
    spans[17..].copy_from_slice(&tail.spans);

    // A line that is wrong here is read again by `general`, which says why.
    let typed = Typed::check(text, &spans, dates).ok()?;
    Some(Record {
        text,
        bounds: (line.start, end),
        spans,
        present: 17 + tail.count,
        extra: tail.extra,
        ambiguous: false,
        time: typed.time,
        address: typed.address,
        status: typed.status,
    })
}
