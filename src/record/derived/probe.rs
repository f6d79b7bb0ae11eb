//! `probe`: tries of attacks on web servers, which S3 is none of.
//!
//! Scanners of the whole internet send these to every address there is. What
//! is looked at is the request line as it came and decoded up to three times,
//! and the decoded key; never the referer, which a browser may have copied
//! from anywhere.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::super::decode::percent_decode;
use super::words::Words;

/// How often the request line is decoded.
const ROUNDS: usize = 3;

/// A string that says what is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// The value of `probe`.
    pub class: &'static str,
    /// The value of `probe_match`.
    pub text: &'static str,
}

/// Class and strings, seen in real logs.
const TABLE: &[(&str, &[&str])] = &[
    (
        "traversal",
        &["../", "..\\", "/etc/passwd", "/proc/self/", "%00"],
    ),
    (
        "dotfiles",
        &[
            "/.git/",
            "/.svn/",
            "/.env",
            "/.aws/",
            "/.ssh/",
            "/.ds_store",
        ],
    ),
    (
        "apps",
        &[
            "/wp-login.php",
            "/wp-admin",
            "/xmlrpc.php",
            "/phpmyadmin",
            "/vendor/phpunit",
            "/actuator/",
            "/cgi-bin/",
            "/_ignition/",
            "/server-status",
            "/boaform",
        ],
    ),
    (
        "injection",
        &[
            "${jndi:",
            "<?php",
            "<script",
            "union select",
            // In a query a plus is a space, and is not decoded here.
            "union+select",
            "think\\app",
            "invokefunction",
            ";wget",
            "() {",
            "169.254.169.254",
        ],
    ),
];

static PROBES: LazyLock<(Words, Vec<Probe>)> = LazyLock::new(|| {
    let rows: Vec<Probe> = TABLE
        .iter()
        .flat_map(|(class, texts)| texts.iter().map(move |text| Probe { class, text }))
        .collect();
    (Words::new(rows.iter().map(|row| row.text)), rows)
});

/// The first of the table that is there in any form, so that the same try
/// counts as the same however it is encoded.
#[must_use]
pub fn probe(uri: Option<&[u8]>, key: Option<&[u8]>) -> Option<Probe> {
    let (words, rows) = &*PROBES;
    let key = key.filter(|key| !uri.is_some_and(|uri| names(uri, key)));
    let mut first = key.map_or(usize::MAX, |key| lowest(words, key).min(at_start(key)));
    let mut text = uri.map(Cow::Borrowed);
    for round in 0..=ROUNDS {
        let Some(form) = text else { break };
        first = first.min(lowest(words, &form));
        let last = round == ROUNDS || memchr::memchr(b'%', &form).is_none();
        text = (!last).then(|| Cow::Owned(percent_decode(&form).into_owned()));
    }
    rows.get(first).copied()
}

fn lowest(words: &Words, text: &[u8]) -> usize {
    if !words.any_case(text) {
        return usize::MAX;
    }
    let hits = words.all(text).map(|hit| hit.pattern().as_usize());
    hits.min().unwrap_or(usize::MAX)
}

/// Whether the path of a request line begins with the key as it is, so that
/// what is in the key is found there.
fn names(uri: &[u8], key: &[u8]) -> bool {
    let path = memchr::memchr(b'/', uri).map(|slash| &uri[slash + 1..]);
    path.is_some_and(|path| path.starts_with(key))
}

/// A key has no slash before it, though the path that asked for it has.
fn at_start(key: &[u8]) -> usize {
    let starts = |row: &Probe| {
        row.text.strip_prefix('/').is_some_and(|text| {
            key.get(..text.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(text.as_bytes()))
        })
    };
    PROBES.1.iter().position(starts).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::super::Field;
    use super::super::tests::value;
    use super::*;

    fn ask(uri: &str, key: &str) -> (String, String) {
        let values = [(Field::RequestUri, uri), (Field::KeyName, key)];
        (
            value(Field::Probe, &values),
            value(Field::ProbeMatch, &values),
        )
    }

    fn encode(text: &str, rounds: usize) -> String {
        (0..rounds).fold(text.to_owned(), |text, _| {
            let pairs: Vec<String> = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
            pairs.concat()
        })
    }

    #[test]
    fn every_string_is_found_in_every_form() {
        for (class, texts) in TABLE {
            for text in *texts {
                let expected = ((*class).to_owned(), (*text).to_owned());
                for rounds in 0..=ROUNDS {
                    let uri = format!("GET /a{} HTTP/1.1", encode(text, rounds));
                    assert_eq!(ask(&uri, "-"), expected, "{uri}");
                }
                let uri = format!("GET /a{} HTTP/1.1", text.to_uppercase());
                assert_eq!(ask(&uri, "-"), expected, "{uri}");
                let uri = format!("GET /a{} HTTP/1.1", encode(text, ROUNDS + 1));
                assert_eq!(ask(&uri, "-").0, "-", "{uri}");
                // A key is decoded twice before it comes here.
                let key = format!("a{text}").replace('%', "%2525").replace(' ', "%20");
                assert_eq!(ask("-", &key), expected, "{key}");
                if let Some(start) = text.strip_prefix('/') {
                    assert_eq!(ask("-", start), expected, "{start}");
                }
            }
        }
    }

    #[test]
    fn ordinary_paths_are_no_probes() {
        for uri in [
            "-",
            "GET /a/b..c/d?x=1 HTTP/1.1",
            "GET /.github/workflows HTTP/1.1",
            "GET /git/config HTTP/1.1",
            "GET /union/select HTTP/1.1",
            "GET /a%20b%25c HTTP/1.1",
            "GET /wp-content/x.png HTTP/1.1",
        ] {
            assert_eq!(ask(uri, "-").0, "-", "{uri}");
        }
        assert_eq!(ask("-", "a.git/config").0, "-");
    }

    #[test]
    fn of_several_the_first_of_the_table_counts() {
        let uri = "GET /.git/%252e%252e%252fx?<script HTTP/1.1";
        assert_eq!(ask(uri, "-"), ("traversal".into(), "../".into()));
        // Overlapping strings hide nothing.
        assert_eq!(ask("GET /x/..\\/.git/ HTTP/1.1", "-").1, "..\\");
        assert_eq!(
            ask("GET /index/\\think\\app/invokefunction HTTP/1.1", "-").1,
            "think\\app"
        );
    }
}
