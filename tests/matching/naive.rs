//! Sigma 2.1.0, read sentence by sentence and with no regard for speed.
//!
//! Nothing of the program's own matching is used here. A comment quotes the
//! specification where it decides; "we" marks what it leaves open.

use std::collections::BTreeMap;
use std::net::IpAddr;

use s3sentry::record::{Field, Kind};

use super::record::Rec;

/// A value of a rule.
#[derive(Debug, Clone)]
pub enum Val {
    Null,
    Flag(bool),
    Number(u64),
    Text(String),
}

/// `field|modifier: [value]`; no field means keywords.
#[derive(Debug, Clone)]
pub struct Item {
    pub field: Option<Field>,
    pub modifiers: Vec<&'static str>,
    pub values: Vec<Val>,
}

/// A selection: any of the parts, and of each part all items.
#[derive(Debug, Clone)]
pub struct Selection(pub Vec<Vec<Item>>);

/// A condition over selections.
#[derive(Debug, Clone)]
pub enum Cond {
    Name(String),
    Not(Box<Cond>),
    And(Vec<Cond>),
    Or(Vec<Cond>),
    /// At least so many of those whose names fit; `None` is all of them.
    Of(Option<usize>, String),
}

pub type Selections = BTreeMap<String, Selection>;

pub fn condition(cond: &Cond, selections: &Selections, rec: &Rec) -> bool {
    let holds = |cond: &Cond| condition(cond, selections, rec);
    match cond {
        Cond::Name(name) => selection(&selections[name], rec),
        Cond::Not(cond) => !holds(cond),
        Cond::And(conds) => conds.iter().all(holds),
        Cond::Or(conds) => conds.iter().any(holds),
        Cond::Of(least, pattern) => {
            let chosen: Vec<bool> = selections
                .iter()
                .filter(|(name, _)| selects(pattern, name))
                .map(|(_, selected)| selection(selected, rec))
                .collect();
            let holding = chosen.iter().filter(|holds| **holds).count();
            holding >= least.unwrap_or(chosen.len())
        }
    }
}

/// "across all defined search identifiers not starting with an underscore";
/// "Matching is done with * wildcards (any number of characters) at arbitrary
/// positions in the pattern."
pub fn selects(pattern: &str, name: &str) -> bool {
    if pattern == "them" {
        return !name.starts_with('_');
    }
    let tokens: Vec<Token> = pattern
        .chars()
        .map(|c| if c == '*' { Token::Many } else { Token::One(c) })
        .collect();
    fits(&tokens, &name.chars().collect::<Vec<_>>(), true)
}

/// "All map items of a list are logically linked with 'OR'", "All elements of a
/// map are joined with a logical 'AND'".
fn selection(selection: &Selection, rec: &Rec) -> bool {
    let part = |items: &Vec<Item>| items.iter().all(|one| item(one, rec));
    selection.0.iter().any(part)
}

fn item(item: &Item, rec: &Rec) -> bool {
    let has = |name| item.modifiers.contains(&name);
    let there = item
        .field
        .is_none_or(|field| rec.values.contains_key(&field));
    if has("exists") {
        // On a line of fields by position, "-" is how a field is left out.
        return matches!(item.values[..], [Val::Flag(wanted)] if wanted == there);
    }
    let holds = |val: &Val| value(item, val, rec);
    let holds = if has("all") {
        item.values.iter().all(holds)
    } else {
        item.values.iter().any(holds)
    };
    if has("neq") {
        // "The field is different from the specified values": we ask that it is
        // there to be different.
        return there && !holds;
    }
    holds
}

fn value(item: &Item, val: &Val, rec: &Rec) -> bool {
    let has = |name| item.modifiers.contains(&name);
    let Some(field) = item.field else {
        return keyword(item, val, rec);
    };
    let text = rec.text(field);
    match val {
        Val::Null => text.is_none(),
        Val::Flag(flag) => rec.flags.get(&field) == Some(flag),
        Val::Number(number) => {
            if let Some(part) = time_part(item, rec) {
                return compares(item, u64::from(part), *number);
            }
            if ["contains", "startswith", "endswith"].into_iter().any(has) {
                let pattern = tokens(&number.to_string());
                return text.is_some_and(|text| placed(item, &pattern, &text));
            }
            rec.number(field)
                .is_some_and(|value| compares(item, value, *number))
        }
        Val::Text(name) if has("fieldref") => {
            let other = Field::from_name(name).unwrap();
            if field.kind() == Kind::Number
                && !["contains", "startswith", "endswith"].into_iter().any(has)
            {
                let (left, right) = (rec.number(field), rec.number(other));
                return left.is_some() && left == right;
            }
            let (Some(text), Some(other)) = (text, rec.text(other)) else {
                return false;
            };
            let pattern: Vec<Token> = other.chars().map(Token::One).collect();
            placed(item, &pattern, &text)
        }
        Val::Text(network) if has("cidr") => rec
            .address()
            .is_some_and(|address| within(address, network)),
        Val::Text(pattern) => text.is_some_and(|text| compare_text(item, pattern, &text)),
    }
}

/// "strings that are applied to the full log message".
fn keyword(item: &Item, val: &Val, rec: &Rec) -> bool {
    let mut item = item.clone();
    if !item.modifiers.contains(&"re") {
        item.modifiers.push("contains");
    }
    let text = match val {
        Val::Text(text) => text.clone(),
        Val::Number(number) => number.to_string(),
        _ => panic!("no keyword"),
    };
    compare_text(&item, &text, &String::from_utf8_lossy(&rec.line))
}

fn compare_text(item: &Item, pattern: &str, text: &str) -> bool {
    let has = |name| item.modifiers.contains(&name);
    if has("re") {
        let flags: String = ["i", "m", "s"]
            .into_iter()
            .filter(|flag| has(flag))
            .collect();
        let flags = if flags.is_empty() {
            flags
        } else {
            format!("(?{flags})")
        };
        return regex::Regex::new(&format!("{flags}{pattern}"))
            .unwrap()
            .is_match(text);
    }
    let encodings = [
        "wide",
        "utf16le",
        "utf16be",
        "utf16",
        "base64",
        "base64offset",
    ];
    if !encodings.into_iter().any(has) {
        return placed(item, &tokens(pattern), text);
    }
    let plain: String = tokens(pattern)
        .into_iter()
        .map(|token| match token {
            Token::One(c) => c,
            _ => panic!("a wildcard cannot be encoded"),
        })
        .collect();
    let mut bytes = plain.into_bytes();
    if ["wide", "utf16le", "utf16be", "utf16"].into_iter().any(has) {
        let text = String::from_utf8(bytes).unwrap();
        let order = if has("utf16be") {
            u16::to_be_bytes
        } else {
            u16::to_le_bytes
        };
        bytes = if has("utf16") {
            vec![0xff, 0xfe]
        } else {
            Vec::new()
        };
        bytes.extend(text.encode_utf16().flat_map(order));
    }
    let found = |encoded: &str| {
        placed(
            item,
            &encoded.chars().map(Token::One).collect::<Vec<_>>(),
            text,
        )
    };
    if has("base64") {
        found(&base64(&bytes))
    } else if has("base64offset") {
        (0..3).any(|shift| found(&static_part(&bytes, shift)))
    } else {
        found(&String::from_utf8(bytes).unwrap())
    }
}

const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn letter(bits: &[bool]) -> char {
    let place = bits
        .iter()
        .fold(0, |place, bit| place * 2 + usize::from(*bit));
    LETTERS.as_bytes()[place].into()
}

fn bits(bytes: &[u8]) -> Vec<bool> {
    bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1))
        .collect()
}

fn base64(bytes: &[u8]) -> String {
    let mut bits = bits(bytes);
    bits.resize(bits.len().div_ceil(6) * 6, false);
    let mut text: String = bits.chunks(6).map(letter).collect();
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

/// "except the first and last byte the encoded values have a static part in the
/// middle": the letters all of whose bits are the value's.
fn static_part(bytes: &[u8], shift: usize) -> String {
    let bits = bits(bytes);
    let skip = (6 - shift * 8 % 6) % 6;
    bits[skip..].chunks_exact(6).map(letter).collect()
}

/// One step of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Token {
    One(char),
    Any,
    Many,
}

/// The section "Escape Character".
fn tokens(value: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = value.chars().peekable();
    while rest.peek().is_some() {
        let mut backslashes = 0;
        while rest.next_if_eq(&'\\').is_some() {
            backslashes += 1;
        }
        let plain = |count| vec![Token::One('\\'); count];
        match rest.next() {
            Some(wildcard @ ('*' | '?')) => {
                tokens.extend(plain(backslashes / 2));
                tokens.push(match (backslashes % 2, wildcard) {
                    (1, wildcard) => Token::One(wildcard),
                    (_, '?') => Token::Any,
                    _ => Token::Many,
                });
            }
            // "Plain backslash not followed by a wildcard can be expressed as
            // single `\` or double backslash"; "Three or four backslashes are
            // handled as double backslash".
            next => {
                tokens.extend(plain(backslashes / 2 + backslashes % 2));
                tokens.extend(next.map(Token::One));
            }
        }
    }
    tokens
}

fn placed(item: &Item, pattern: &[Token], text: &str) -> bool {
    let has = |name| item.modifiers.contains(&name);
    let mut whole = Vec::new();
    if has("contains") || has("endswith") {
        whole.push(Token::Many);
    }
    whole.extend_from_slice(pattern);
    if has("contains") || has("startswith") {
        whole.push(Token::Many);
    }
    fits(&whole, &text.chars().collect::<Vec<_>>(), has("cased"))
}

/// "`?` to replace a single mandatory character", "`*` to replace an unbounded
/// length wildcard": by a table of which beginnings fit which.
fn fits(pattern: &[Token], text: &[char], cased: bool) -> bool {
    let mut reach = vec![false; text.len() + 1];
    reach[0] = true;
    for token in pattern {
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            next[at] = match token {
                Token::Many => reach[at] || (at > 0 && next[at - 1]),
                Token::Any => at > 0 && reach[at - 1],
                Token::One(c) => at > 0 && reach[at - 1] && same(*c, text[at - 1], cased),
            };
        }
        reach = next;
    }
    reach[text.len()]
}

/// "All values are treated as case-insensitive strings"; one letter, one letter.
fn same(left: char, right: char, cased: bool) -> bool {
    let lower = |c: char| {
        let lower: Vec<char> = c.to_lowercase().collect();
        match lower[..] {
            ['ς'] => 'σ',
            [lower] => lower,
            _ => c,
        }
    };
    left == right || (!cased && lower(left) == lower(right))
}

fn compares(item: &Item, value: u64, number: u64) -> bool {
    let has = |name| item.modifiers.contains(&name);
    match () {
        () if has("gt") => value > number,
        () if has("gte") => value >= number,
        () if has("lt") => value < number,
        () if has("lte") => value <= number,
        () => value == number,
    }
}

/// "it extracts a numeric value from a date"; we take the week of ISO 8601.
fn time_part(item: &Item, rec: &Rec) -> Option<u32> {
    let (year, month, day, hour, minute) = rec.time;
    item.modifiers.iter().find_map(|modifier| match *modifier {
        "minute" => Some(minute),
        "hour" => Some(hour),
        "day" => Some(day),
        "month" => Some(month),
        "year" => Some(year as u32),
        "week" => Some(week(year, month, day)),
        _ => None,
    })
}

/// The number of the week's Thursday among the Thursdays of its year.
fn week(year: i32, month: u32, day: u32) -> u32 {
    let leap = |year: i32| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = |month, year| match month {
        2 => 28 + i64::from(leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let before: i64 = (1970..year).map(|year| 365 + i64::from(leap(year))).sum();
    let of_year: i64 = (1..month).map(|month| length(month, year)).sum::<i64>() + i64::from(day);
    // The first of January 1970 was a Thursday.
    let weekday = (before + of_year - 1 + 3) % 7;
    let thursday = of_year + 3 - weekday;
    let days = 365 + i64::from(leap(year));
    let thursday = match thursday {
        ..=0 => thursday + 365 + i64::from(leap(year - 1)),
        _ if thursday > days => thursday - days,
        _ => thursday,
    };
    ((thursday - 1) / 7 + 1) as u32
}

/// "Supports both IPv4 and IPv6 notations". We read an IPv4 address in IPv6's
/// clothes as what it is.
fn within(address: IpAddr, network: &str) -> bool {
    let (base, length) = network.split_once('/').unwrap_or((network, "128"));
    let bits = |address: IpAddr| match address.to_canonical() {
        IpAddr::V4(address) => (32, u128::from(address.to_bits()) << 96),
        IpAddr::V6(address) => (128, address.to_bits()),
    };
    let ((width, address), (of, base)) = (bits(address), bits(base.parse().unwrap()));
    let mapped = of == 32 && network.contains(':');
    let length = length.parse::<u32>().unwrap() - if mapped { 96 } else { 0 };
    let length = length.min(of);
    let mask = if length == 0 {
        0
    } else {
        u128::MAX << (128 - length)
    };
    width == of && address & mask == base & mask
}
