//! The ways to read a line from its request-URI on, and which to believe.
//!
//! What a quote may mean is decided here and nowhere else.

use nom::bytes::complete::{tag, take_while, take_while1};
use nom::combinator::opt;
use nom::sequence::{pair, preceded};
use nom::{IResult, Parser as _};

use super::super::super::time::{self, TIME_LEN};
use super::super::{status, unsigned};
use super::{
    Bytes, TAIL, Tail, is_signature_word, is_space, place, skip_spaces, unquote_null, word,
};

/// Longest error code that is believed; the longest known has 49 bytes.
const MAX_ERROR_CODE: usize = 128;

/// One way to read everything from the request-URI on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) request_uri: Bytes<'a>,
    /// The head of another record stands inside the request-URI: a raw quote
    /// and a whole log time. The writer lost the end of one record.
    pub(super) run_together: bool,
    pub(super) middle: [Bytes<'a>; 6],
    pub(super) headers: Headers<'a>,
}

/// Referer, user agent, and what follows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Headers<'a> {
    pub(super) referer: Bytes<'a>,
    pub(super) user_agent: Bytes<'a>,
    pub(super) tail: Tail<'a>,
    /// Whether the tail could begin one token later, behind a user agent `-`.
    pub(super) doubtful: bool,
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
pub(super) struct Readings<'a> {
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
    pub(super) fn of(rest: Bytes<'a>) -> Self {
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
    pub(super) fn best(&self) -> Option<(Reading<'a>, bool)> {
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
pub(super) fn unquoted_null(input: Bytes<'_>) -> Option<(Bytes<'_>, Bytes<'_>)> {
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

pub(super) fn is_status(word: Bytes<'_>) -> bool {
    status(word).is_some()
}

pub(super) fn is_number(word: Bytes<'_>) -> bool {
    unsigned(word).is_some()
}

pub(super) fn is_error_code(word: Bytes<'_>) -> bool {
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

pub(super) fn ends_in_version(uri: Bytes<'_>) -> bool {
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
