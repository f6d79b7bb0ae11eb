//! One entry a line, with comments.
//!
//! The first word of a line is an address, a CIDR, an ARN, a canonical id or
//! the id of an access key; what follows is somebody's remark. `NAME: TEXT` is
//! a text of any kind. Tor's `exit-addresses` has lines with a first word of
//! their own: <https://2019.www.torproject.org/tordnsel/exitlist-spec.txt>.

use super::contents::Contents;
use super::format::utf8;
use super::{Kind, date};
use crate::text::words::quote;

pub(super) fn read(bytes: &[u8], contents: &mut Contents) {
    for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let line = line.trim_ascii();
        match line.first() {
            None => {}
            Some(b'#' | b';') => contents.date(utf8(line).ok().and_then(date::of_comment)),
            Some(_) => match utf8(line) {
                Ok(line) => entry(line, number, contents),
                Err(reason) => contents.spoil(Some(number), reason),
            },
        }
    }
}

fn entry(line: &str, number: u64, contents: &mut Contents) {
    let number = Some(number);
    let word = first_word(line);
    if let Some(kind) = Kind::of_account(word) {
        return contents.entry(kind, word, number);
    }
    // User agents hold `;` and `#`: no comment begins in a named text.
    if let Some((name, text)) = line.split_once(':')
        && let Some(kind) = Kind::from_name(name)
    {
        let text = text.trim();
        match kind {
            Kind::Network => contents.network(first_word(text), number),
            _ => contents.entry(kind, text, number),
        }
        return;
    }
    let rest = line[word.len()..].trim_start();
    match word {
        "ExitAddress" => contents.network(first_word(rest), number),
        "ExitNode" | "Published" => {}
        "LastStatus" => contents.date(date::parse(rest)),
        _ if word.bytes().all(is_of_address) => contents.network(word, number),
        _ => contents.spoil(number, format!("{} {EXPECTED}", quote(line))),
    }
}

fn is_of_address(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || b".:/".contains(&byte)
}

const EXPECTED: &str = "is no address, CIDR, ARN or access key; other texts are written \
     \"user_agent: TEXT\", \"object_key: TEXT\", \"requester: TEXT\"";

/// Up to white space, or a comment right behind an address.
fn first_word(text: &str) -> &str {
    let end = text.find(|c: char| c.is_whitespace() || matches!(c, '#' | ';'));
    end.map_or(text, |end| &text[..end])
}
