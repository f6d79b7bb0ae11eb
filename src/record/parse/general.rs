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

use nom::bytes::complete::{tag, take_till1, take_while, take_while1};
use nom::combinator::{opt, recognize};
use nom::sequence::{delimited, pair, preceded, terminated};
use nom::{IResult, Parser as _};

use super::super::time::{self, DateCache, TIME_LEN};
use super::super::{Field, Record, Span};
use super::{Malformed, Typed, is_signature, status, unsigned};

type Bytes<'a> = &'a [u8];

const TRUNCATED: &str = "the line ends here";
const NOT_A_NUMBER: &str = "not a whole number";

/// A field, what is right for it, and what is wrong otherwise.
type Check = (Field, fn(Bytes<'_>) -> bool, &'static str);

/// Fields after the user agent that are documented: 18 to 27.
const TAIL: usize = Field::LOG_COUNT - 17;

/// Longest error code that is believed; the longest known has 49 bytes.
const MAX_ERROR_CODE: usize = 128;

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

/// One way to read everything from the request-URI on.
#[derive(Debug, Clone, Copy)]
struct Reading<'a> {
    request_uri: Bytes<'a>,
    /// The head of another record stands inside the request-URI: a raw quote
    /// and a whole log time. The writer lost the end of one record.
    run_together: bool,
    middle: [Bytes<'a>; 6],
    headers: Headers<'a>,
}

/// Referer, user agent, and what follows.
#[derive(Debug, Clone, Copy)]
struct Headers<'a> {
    referer: Bytes<'a>,
    user_agent: Bytes<'a>,
    tail: Tail<'a>,
    /// Whether the tail could begin one token later, behind a user agent `-`.
    doubtful: bool,
}

/// A quote that may close the user agent, or the referer if `-` follows it.
struct Close<'a> {
    at: usize,
    /// What follows, if the user agent is quoted.
    tail: Option<Tail<'a>>,
    /// An unquoted null for a user agent, and what follows that.
    null_agent: Option<(Bytes<'a>, Tail<'a>)>,
}

impl<'a> Close<'a> {
    fn new(rest: Bytes<'a>, at: usize) -> Self {
        let after = &rest[at + 1..];
        let null_agent = unquoted_null(skip_spaces(after))
            .and_then(|(after, null)| Some((null, Tail::read(after)?)));
        Self {
            at,
            tail: Tail::read(after),
            null_agent,
        }
    }
}

/// All readings of a rest of line.
struct Readings<'a> {
    rest: Bytes<'a>,
    quotes: Vec<usize>,
    /// Both quotes of every `" "`.
    splits: Vec<(usize, usize)>,
    /// The quotes that a complete tail follows.
    complete: Vec<usize>,
    /// The end of the first whole log time.
    first_time_end: Option<usize>,
}

impl<'a> Readings<'a> {
    fn of(rest: Bytes<'a>) -> Self {
        let quotes: Vec<usize> = memchr::memchr_iter(b'"', rest).collect();
        let splits = quotes
            .windows(2)
            .filter(|pair| {
                pair[1] > pair[0] + 1 && rest[pair[0] + 1..pair[1]].iter().all(|b| *b == b' ')
            })
            .map(|pair| (pair[0], pair[1]))
            .collect();
        // Ten tokens or more before the next quote, which opens another.
        let complete: Vec<usize> = quotes
            .windows(2)
            .filter(|pair| {
                let between = &rest[pair[0] + 1..pair[1]];
                between.starts_with(b" ")
                    && between.ends_with(b" ")
                    && between
                        .split(|b| *b == b' ')
                        .filter(|word| !word.is_empty())
                        .nth(TAIL - 1)
                        .is_some()
            })
            .map(|pair| pair[0])
            .collect();
        Self {
            rest,
            quotes,
            splits,
            complete,
            first_time_end: first_time_end(rest),
        }
    }

    /// The reading to believe, and whether there is another.
    fn best(&self) -> Option<(Reading<'a>, bool)> {
        let last = self.quotes.last().copied();
        // The line ends in a quoted token, and a complete tail stands before it.
        // Should that lead nowhere, a caller wrote it: the last quote closes.
        if let [.., before, _open, last] = self.quotes[..]
            && last + 1 == self.rest.len()
            && self.complete.contains(&before)
            && let Some((reading, _)) = self.best_for(Some(before))
            && !reading.run_together
        {
            return Some((reading, true));
        }
        self.best_for(last)
    }

    /// As [`Readings::best`], with the quote given that closes the user agent.
    fn best_for(&self, close: Option<usize>) -> Option<(Reading<'a>, bool)> {
        let rest = self.rest;
        let close = close.map(|at| Close::new(rest, at));
        let close = close.as_ref();
        if !rest.starts_with(b"\"") {
            let (after, request_uri) = unquoted_null(rest)?;
            let reading = self.after_uri(request_uri, after, close)?;
            let ambiguous = self.is_doubtful(&reading, close);
            return Some((reading, ambiguous));
        }
        let mut best: Option<((bool, bool), Reading<'a>)> = None;
        let mut count = 0;
        for quote in &self.quotes[1..] {
            // If the last quote closed the request-URI, then no caller would
            // have a quote to forge an earlier reading with.
            if best.is_some() && close.is_some_and(|close| *quote >= close.at) {
                break;
            }
            let request_uri = &rest[1..*quote];
            let Some(reading) = self.after_uri(request_uri, &rest[quote + 1..], close) else {
                continue;
            };
            count += 1;
            // A request line ends in its HTTP version. Text that a caller put
            // into a referer stands to the right of the true end, so the first
            // such reading wins; without any, the first of all.
            let rank = (reading.run_together, !ends_in_version(request_uri));
            if best.as_ref().is_none_or(|(best, _)| rank < *best) {
                best = Some((rank, reading));
            }
        }
        let (_, best) = best?;
        let ambiguous = count > 1 || self.is_doubtful(&best, close);
        Some((best, ambiguous))
    }

    /// Whether referer and user agent could be cut elsewhere too.
    fn is_doubtful(&self, reading: &Reading<'a>, close: Option<&Close<'a>>) -> bool {
        let headers = &reading.headers;
        let (referer, _) = place(self.rest, headers.referer);
        let (start, end) = place(self.rest, headers.user_agent);
        let within = |quote: &usize| (start as usize..end as usize).contains(quote);
        headers.doubtful
            || self.complete.iter().any(within)
            || close.is_some_and(|close| {
                let open = (referer as usize).saturating_sub(1);
                self.splits_after(open, close.at).nth(1).is_some()
            })
    }

    /// The places where a quoted referer that opens at `open` could end.
    fn splits_after(&self, open: usize, close: usize) -> impl Iterator<Item = &(usize, usize)> {
        let first = self.splits.partition_point(|split| split.0 <= open);
        self.splits[first..]
            .iter()
            .take_while(move |split| split.1 < close)
    }

    /// Reads on behind the request-URI.
    fn after_uri(
        &self,
        request_uri: Bytes<'a>,
        after: Bytes<'a>,
        close: Option<&Close<'a>>,
    ) -> Option<Reading<'a>> {
        let (after, middle) = middle(after).ok()?;
        let at = self.rest.len() - after.len();
        let headers = if after.starts_with(b"\"") {
            self.quoted_referer(at, close?)?
        } else {
            let (after, referer) = unquoted_null(after)?;
            let agent = skip_spaces(after);
            let (user_agent, tail) = if agent.starts_with(b"\"") {
                let open = self.rest.len() - agent.len();
                let close = close.filter(|close| close.at > open)?;
                (&self.rest[open + 1..close.at], close.tail?)
            } else {
                let (tail, user_agent) = unquoted_null(agent)?;
                (user_agent, Tail::read(tail)?)
            };
            Headers {
                referer,
                user_agent,
                tail,
                doubtful: false,
            }
        };
        let uri_end = place(self.rest, request_uri).1 as usize;
        let has_quote = self.quotes.get(1).is_some_and(|quote| *quote < uri_end);
        let has_time = self.first_time_end.is_some_and(|end| end <= uri_end);
        Some(Reading {
            request_uri,
            run_together: has_quote && has_time,
            middle,
            headers,
        })
    }

    /// Referer, user agent and the rest, when a quote opens the referer at `open`.
    fn quoted_referer(&self, open: usize, close: &Close<'a>) -> Option<Headers<'a>> {
        if close.at <= open {
            return None;
        }
        let unquoted_agent = |doubtful| {
            let (user_agent, tail) = close.null_agent?;
            Some(Headers {
                referer: &self.rest[open + 1..close.at],
                user_agent,
                tail,
                doubtful,
            })
        };
        let Some((end, agent)) = self.splits_after(open, close.at).next() else {
            return unquoted_agent(false);
        };
        let tail = close.tail?;
        // `"a" "b" - ...` is also a referer `a" "b` with a user agent that is
        // null, if the tail fits behind that null. An ordinary tail does not:
        // its signature would stand in the place of the host id.
        let other_fits = close.null_agent.is_some_and(|(_, tail)| {
            tail.has_signature() == Some(true) && !is_signature_word(tail.fields[1])
        });
        if other_fits && tail.has_signature() == Some(false) {
            return unquoted_agent(true);
        }
        Some(Headers {
            referer: &self.rest[open + 1..*end],
            user_agent: &self.rest[agent + 1..close.at],
            tail,
            doubtful: other_fits && tail.doubtful_host,
        })
    }
}

/// `-`, and whatever separates it from what follows.
fn unquoted_null(input: Bytes<'_>) -> Option<(Bytes<'_>, Bytes<'_>)> {
    let rest = input.strip_prefix(b"-")?;
    (rest.is_empty() || rest.starts_with(b" ")).then_some((rest, &input[..1]))
}

fn verified<'a>(
    is_right: impl Fn(Bytes<'a>) -> bool,
) -> impl Fn(Bytes<'a>) -> IResult<Bytes<'a>, Bytes<'a>> {
    move |input| {
        let (rest, word) = word(input)?;
        let word = unquote_null(word);
        if word == b"-" || is_right(word) {
            Ok((rest, word))
        } else {
            Err(nom::Err::Error(nom::error::Error::new(
                input,
                nom::error::ErrorKind::Verify,
            )))
        }
    }
}

fn is_status(word: Bytes<'_>) -> bool {
    status(word).is_some()
}

fn is_number(word: Bytes<'_>) -> bool {
    unsigned(word).is_some()
}

fn is_error_code(word: Bytes<'_>) -> bool {
    word.len() <= MAX_ERROR_CODE && !word.contains(&b'"')
}

/// The six fields between request-URI and referer, and the spaces around them.
fn middle(input: Bytes<'_>) -> IResult<Bytes<'_>, [Bytes<'_>; 6]> {
    let number = || verified(is_number);
    let fields = (
        verified(is_status),
        verified(is_error_code),
        number(),
        number(),
        number(),
        number(),
    );
    let (rest, (code, error, sent, size, total, turn_around)) =
        preceded(take_while1(is_space), fields).parse(input)?;
    Ok((rest, [code, error, sent, size, total, turn_around]))
}

fn ends_in_version(uri: Bytes<'_>) -> bool {
    let version = memchr::memrchr(b' ', uri).map(|space| &uri[space + 1..]);
    let digits = |input| {
        take_while::<_, _, nom::error::Error<Bytes<'_>>>(|b: u8| b.is_ascii_digit()).parse(input)
    };
    version.is_some_and(|version| {
        pair(
            tag::<_, _, nom::error::Error<Bytes<'_>>>(&b"HTTP/"[..]),
            (digits, opt(tag(&b"."[..])), digits),
        )
        .parse(version)
        .is_ok_and(|(rest, _)| rest.is_empty())
    })
}

/// Where the first whole log time ends, brackets included.
fn first_time_end(rest: Bytes<'_>) -> Option<usize> {
    memchr::memchr_iter(b'[', rest)
        .find(|open| {
            rest.get(open + 1..open + 2 + TIME_LEN).is_some_and(|text| {
                text[TIME_LEN] == b']' && time::parse(&text[..TIME_LEN]).is_some()
            })
        })
        .map(|open| open + 2 + TIME_LEN)
}

/// Says which field stands in the way, when there is no reading at all.
fn diagnose(rest: Bytes<'_>) -> Malformed {
    let refuse = |field, reason| Malformed { field, reason };
    if rest.is_empty() {
        return refuse(Field::RequestUri, TRUNCATED);
    }
    let after = if rest.starts_with(b"\"") {
        let closes = |at: &usize| *at > 0 && matches!(rest.get(at + 1), None | Some(b' '));
        let mut quotes = memchr::memchr_iter(b'"', rest).filter(closes);
        let first = quotes.next();
        let versioned = first
            .into_iter()
            .chain(quotes)
            .find(|at| ends_in_version(&rest[1..*at]));
        let Some(close) = versioned.or(first) else {
            return refuse(Field::RequestUri, "no quote closes it");
        };
        &rest[close + 1..]
    } else if let Some((after, _)) = unquoted_null(rest) {
        after
    } else {
        return refuse(Field::RequestUri, "expected a quote or -");
    };

    let mut words = after
        .split(|byte| *byte == b' ')
        .filter(|word| !word.is_empty());
    let checks: [Check; 6] = [
        (Field::HttpStatus, is_status, "not a status of three digits"),
        (Field::ErrorCode, is_error_code, "not an error code"),
        (Field::BytesSent, is_number, NOT_A_NUMBER),
        (Field::ObjectSize, is_number, NOT_A_NUMBER),
        (Field::TotalTime, is_number, NOT_A_NUMBER),
        (Field::TurnAroundTime, is_number, NOT_A_NUMBER),
    ];
    for (field, is_right, reason) in checks {
        match words.next().map(unquote_null) {
            None => return refuse(field, TRUNCATED),
            Some(word) if word != b"-" && !is_right(word) => return refuse(field, reason),
            Some(_) => {}
        }
    }
    match words.next() {
        None => refuse(Field::Referer, TRUNCATED),
        Some(word) if word != b"-" && !word.starts_with(b"\"") => {
            refuse(Field::Referer, "expected a quote or -")
        }
        Some(_) => refuse(
            Field::UserAgent,
            "no quote closes it, or the line ends before it",
        ),
    }
}
