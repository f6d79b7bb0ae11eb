//! A plain nom parser of an access-log line, to compare with: combinators over
//! bytes, no index, no hostile quotes. It finds the same fields and decodes the
//! same values.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_till, take_till1};
use nom::character::complete::{char, u64 as number};
use nom::combinator::{map, opt};
use nom::multi::many0;
use nom::sequence::{delimited, terminated};
use nom::{IResult, Parser};
use s3sentry::record::time::DateCache;

fn token(input: &[u8]) -> IResult<&[u8], &[u8]> {
    terminated(take_till1(|byte| byte == b' '), char(' ')).parse(input)
}

fn bracketed(input: &[u8]) -> IResult<&[u8], &[u8]> {
    delimited(char('['), take_till(|byte| byte == b']'), tag(&b"] "[..])).parse(input)
}

fn quoted(input: &[u8]) -> IResult<&[u8], &[u8]> {
    let inside = delimited(char('"'), take_till(|byte| byte == b'"'), char('"'));
    terminated(alt((inside, tag(&b"-"[..]))), opt(char(' '))).parse(input)
}

fn nullable(input: &[u8]) -> IResult<&[u8], Option<u64>> {
    terminated(
        alt((map(number, Some), map(char('-'), |_| None))),
        char(' '),
    )
    .parse(input)
}

fn last_token(input: &[u8]) -> IResult<&[u8], &[u8]> {
    terminated(take_till1(|byte| byte == b' '), opt(char(' '))).parse(input)
}

/// The values that a rule engine reads of nearly every record.
pub fn typed(line: &[u8]) -> Option<u64> {
    // The one requester with spaces in it is beyond a plain token.
    let (rest, (_, _, time, address, _, _, _, _)) =
        (token, token, bracketed, token, token, token, token, token)
            .parse(line)
            .ok()?;
    let (rest, (_, status, _, sent, size, _, _, _, _)) = (
        quoted, nullable, token, nullable, nullable, nullable, nullable, quoted, quoted,
    )
        .parse(rest)
        .ok()?;
    let (_, tail) = many0(last_token).parse(rest).ok()?;
    let time = DateCache::default().parse(time).unwrap_or_default() as u64;
    let address =
        std::str::from_utf8(address).is_ok_and(|text| text.parse::<std::net::IpAddr>().is_ok());
    Some(
        time ^ status.unwrap_or_default()
            ^ sent.unwrap_or_default()
            ^ size.unwrap_or_default()
            ^ u64::from(address)
            ^ tail.len() as u64,
    )
}
