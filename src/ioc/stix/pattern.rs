//! STIX patterns, as far as one request can meet them.
//!
//! Comparisons of what a log line holds with `=`, `IN`, `LIKE` or `ISSUBSET`,
//! joined by `OR`, in one observation or several that are joined by `OR`. An
//! `AND` is understood where its other side says only of what type a reference
//! is, as exports of MISP do. All else, such as `NOT` or `FOLLOWEDBY`, makes a
//! pattern one that is not supported. Of alternatives those count that a log
//! line can meet.

use super::Kind;

/// What a pattern asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) kind: Kind,
    pub(super) text: String,
    /// Whether `*` stands for any text.
    pub(super) wild: bool,
}

/// Longer patterns are no pattern.
const LONGEST: usize = 1 << 20;
/// Parentheses within parentheses.
const DEEPEST: usize = 32;

/// What the pattern asks for; `None` where it is not supported, or asks for
/// nothing that a log line holds.
pub(super) fn read(text: &str) -> Option<Vec<Asked>> {
    if text.len() > LONGEST {
        return None;
    }
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens: &tokens,
        depth: 0,
    };
    let found = parser.observations()?;
    (parser.tokens.is_empty() && !found.is_empty()).then_some(found)
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A bracket, a comma or an operator of signs.
    Sign(&'static str),
    /// A path or a keyword.
    Word(String),
    /// A text in quotes, its escapes undone.
    Text(String),
}

const SIGNS: [&str; 11] = ["[", "]", "(", ")", ",", "!=", "<=", ">=", "=", "<", ">"];

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else if let Some(quoted) = rest.strip_prefix('\'') {
            let (value, length) = unquoted(quoted)?;
            tokens.push(Token::Text(value));
            rest = &quoted[length..];
        } else {
            let length = word(rest)?;
            tokens.push(Token::Word(rest[..length].to_owned()));
            rest = &rest[length..];
        }
        rest = rest.trim_start();
    }
    Some(tokens)
}

/// A text up to its closing quote, and how long that is with the quote.
fn unquoted(text: &str) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '\'' => return Some((value, at + 1)),
            '\\' => value.push(chars.next()?.1),
            other => value.push(other),
        }
    }
    None
}

/// How long a path or keyword is; parts of a path may stand in quotes.
fn word(text: &str) -> Option<usize> {
    let mut quoted = false;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:*+".contains(c);
    let end = text.char_indices().find(|(at, char)| {
        if *char == '\'' && *at > 0 {
            quoted = !quoted;
            return false;
        }
        // A part of a list stands in brackets: `x[*].y`.
        !quoted && !plain(*char)
    });
    let length = end.map_or(text.len(), |(at, _)| at);
    (length > 0 && !quoted).then_some(length)
}

struct Parser<'t> {
    tokens: &'t [Token],
    depth: usize,
}

impl Parser<'_> {
    fn next(&mut self) -> Option<Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first.clone())
    }

    fn takes(&mut self, wanted: &Token) -> bool {
        let found = self.tokens.first() == Some(wanted);
        if found {
            self.tokens = &self.tokens[1..];
        }
        found
    }

    fn takes_sign(&mut self, sign: &'static str) -> bool {
        self.takes(&Token::Sign(sign))
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let fits = matches!(self.tokens.first(), Some(Token::Word(found)) if found == word);
        if fits {
            self.tokens = &self.tokens[1..];
        }
        fits
    }

    /// Enters a pair of brackets.
    fn inside<T>(
        &mut self,
        close: &'static str,
        read: impl Fn(&mut Self) -> Option<T>,
    ) -> Option<T> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let found = read(self)?;
        self.depth -= 1;
        self.takes_sign(close).then_some(found)
    }

    /// `[...] OR [...]`
    fn observations(&mut self) -> Option<Vec<Asked>> {
        let mut found = Vec::new();
        loop {
            if self.takes_sign("[") {
                found.extend(self.inside("]", Self::alternatives)?);
            } else if self.takes_sign("(") {
                found.extend(self.inside(")", Self::observations)?);
            } else {
                return None;
            }
            if !self.takes_word("OR") {
                return Some(found);
            }
        }
    }

    /// `... OR ...`
    fn alternatives(&mut self) -> Option<Vec<Asked>> {
        let mut found = Vec::new();
        loop {
            found.extend(self.together()?);
            if !self.takes_word("OR") {
                return Some(found);
            }
        }
    }

    /// `... AND ...`: nothing, where more than one side asks for something or
    /// one asks for what a log line does not hold.
    fn together(&mut self) -> Option<Vec<Asked>> {
        let mut sides = Vec::new();
        loop {
            if self.takes_sign("(") {
                sides.push(self.inside(")", Self::alternatives)?);
            } else if let Side::Asks(asked) = self.comparison()? {
                sides.push(asked);
            }
            if !self.takes_word("AND") {
                break;
            }
        }
        let one = sides.pop().filter(|_| sides.is_empty());
        Some(one.unwrap_or_default())
    }

    /// `path = 'text'`
    fn comparison(&mut self) -> Option<Side> {
        let Some(Token::Word(path)) = self.next() else {
            return None;
        };
        let (operator, texts) = match self.next()? {
            Token::Sign("=") => ("=", self.value()?),
            Token::Sign("!=" | "<" | ">" | "<=" | ">=") => ("", self.value()?),
            Token::Word(word) => match word.as_str() {
                "IN" if self.takes_sign("(") => ("=", self.inside(")", Self::values)?),
                "LIKE" => ("LIKE", self.value()?),
                "ISSUBSET" => ("ISSUBSET", self.value()?),
                "MATCHES" | "ISSUPERSET" => ("", self.value()?),
                _ => return None,
            },
            Token::Sign(_) | Token::Text(_) => return None,
        };
        if operator == "=" && path.ends_with("_ref.type") {
            return Some(Side::Implied);
        }
        let asked = texts.iter();
        let asked = asked.flat_map(|text| asked_of(&path, operator, text));
        Some(Side::Asks(asked.collect()))
    }

    /// A text; none for a number, a time or other bytes.
    fn value(&mut self) -> Option<Vec<String>> {
        match self.next()? {
            Token::Text(text) => Some(vec![text]),
            Token::Word(_) => Some(Vec::new()),
            Token::Sign(_) => None,
        }
    }

    fn values(&mut self) -> Option<Vec<String>> {
        let mut texts = self.value()?;
        while self.takes_sign(",") {
            texts.extend(self.value()?);
        }
        Some(texts)
    }
}

/// One side of an `AND`.
enum Side {
    /// It asks for these, of which there may be none here.
    Asks(Vec<Asked>),
    /// It only says of what type a reference is.
    Implied,
}

/// Paths of addresses.
const ADDRESSES: [&str; 4] = [
    "ipv4-addr:value",
    "ipv6-addr:value",
    "network-traffic:src_ref.value",
    "network-traffic:dst_ref.value",
];
/// Paths of who somebody is.
const ACCOUNTS: [&str; 3] = [
    "user-account:user_id",
    "user-account:account_login",
    "user-account:credential",
];

fn asked_of(path: &str, operator: &str, value: &str) -> Vec<Asked> {
    let plain = |kind| Asked {
        kind,
        text: value.to_owned(),
        wild: false,
    };
    let path = path.replace('\'', "").to_ascii_lowercase();
    if ADDRESSES.contains(&path.as_str()) {
        let fits = matches!(operator, "=" | "ISSUBSET");
        return if fits {
            vec![plain(Kind::Network)]
        } else {
            Vec::new()
        };
    }
    let is_file = path == "file:name";
    let kind = if path.ends_with("http-request-ext.request_header.user-agent")
        || path == "http-request-ext:request_header.user-agent"
    {
        Some(Kind::UserAgent)
    } else if ACCOUNTS.contains(&path.as_str()) {
        Kind::of_account(value)
    } else {
        is_file.then_some(Kind::Key)
    };
    let Some(kind) = kind else {
        return Vec::new();
    };
    match operator {
        // A file's name is the last part of a key, or all of it.
        "=" if is_file && !value.contains('*') => vec![
            plain(kind),
            Asked {
                text: format!("*/{value}"),
                wild: true,
                ..plain(kind)
            },
        ],
        "=" if !is_file => vec![plain(kind)],
        // `_` is any one character, for which there is no word here.
        "LIKE" if !value.contains(['_', '*']) => vec![Asked {
            kind,
            text: value.replace('%', "*"),
            wild: value.contains('%'),
        }],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pattern: &str) -> Vec<String> {
        let found = read(pattern).unwrap_or_default();
        found
            .iter()
            .map(|one| {
                let wild = if one.wild { "~" } else { "" };
                format!("{} {wild}{}", one.kind.noun(), one.text)
            })
            .collect()
    }

    #[test]
    fn what_one_request_can_meet() {
        for (pattern, expected) in [
            (
                "[ipv4-addr:value = '198.51.100.7']",
                &["network 198.51.100.7"][..],
            ),
            (
                "[ipv4-addr:value ISSUBSET '198.51.100.0/24' OR ipv6-addr:value='2001:db8::1']",
                &["network 198.51.100.0/24", "network 2001:db8::1"],
            ),
            (
                "[ipv4-addr:value = '192.0.2.1'] OR ([ipv4-addr:value IN ('192.0.2.2', '192.0.2.3')])",
                &[
                    "network 192.0.2.1",
                    "network 192.0.2.2",
                    "network 192.0.2.3",
                ],
            ),
            (
                "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '192.0.2.1']",
                &["network 192.0.2.1"],
            ),
            (
                r"[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'it\'s \\ me']",
                &[r"user agent it's \ me"],
            ),
            (
                "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' LIKE '%sqlmap%']",
                &["user agent ~*sqlmap*"],
            ),
            (
                "[user-account:user_id = 'AKIAIOSFODNN7EXAMPLE']",
                &["access key AKIAIOSFODNN7EXAMPLE"],
            ),
            (
                "[user-account:account_login = 'arn:aws:iam::111122223333:user/ann']",
                &["requester arn:aws:iam::111122223333:user/ann"],
            ),
            (
                "[file:name = 'READ_ME.txt']",
                &["object key READ_ME.txt", "object key ~*/READ_ME.txt"],
            ),
            (
                "[domain-name:value = 'a.example' OR ipv4-addr:value = '192.0.2.1']",
                &["network 192.0.2.1"],
            ),
        ] {
            assert_eq!(said(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn what_is_not_supported_asks_for_nothing() {
        let deep = format!(
            "{}[ipv4-addr:value = 'x']{}",
            "(".repeat(99),
            ")".repeat(99)
        );
        for pattern in [
            "",
            "[",
            "[]",
            "ipv4-addr:value = '192.0.2.1'",
            "[ipv4-addr:value = '192.0.2.1'",
            "[ipv4-addr:value = '192.0.2.1]",
            "[ipv4-addr:value != '192.0.2.1']",
            "[ipv4-addr:value NOT = '192.0.2.1']",
            "[ipv4-addr:value = '192.0.2.1' AND file:name = 'x']",
            "[ipv4-addr:value = '192.0.2.1' AND network-traffic:dst_port = 443]",
            "[ipv4-addr:value = '192.0.2.1'] AND [ipv4-addr:value = '192.0.2.2']",
            "[ipv4-addr:value = '192.0.2.1'] FOLLOWEDBY [ipv4-addr:value = '192.0.2.2']",
            "[ipv4-addr:value = '192.0.2.1'] WITHIN 5 SECONDS",
            "[ipv4-addr:value MATCHES '^192']",
            "[file:name LIKE 'a_b%']",
            "[user-account:user_id = 'alice']",
            "[domain-name:value = 'a.example']",
            "[network-traffic:dst_ref.type = 'ipv4-addr']",
            &deep,
        ] {
            assert_eq!(read(pattern), None, "{pattern}");
        }
    }
}
