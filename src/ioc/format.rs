//! Which form a file has, told by its content.

use super::contents::Contents;
use super::{plain, spamhaus, stix, table};
use crate::text::words::quote;

/// The forms of lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One entry a line: block lists, Spamhaus text, Tor exits and many others.
    Plain,
    /// One JSON object a line, as Spamhaus publishes its lists.
    JsonLines,
    /// Rows under a header; the exports of MISP too.
    Csv,
    /// A STIX 2 bundle.
    Stix,
}

impl Format {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Format::Plain => "plain list",
            Format::JsonLines => "JSON lines",
            Format::Csv => "CSV",
            Format::Stix => "STIX",
        }
    }
}

/// Bytes that are looked at for what no list holds.
const HEAD: usize = 4096;

/// Reads a file's bytes. `now`, in seconds since the epoch, decides what has
/// expired. The error says why it is no list.
pub(super) fn read(bytes: &[u8], now: i64) -> Result<(Format, Contents), String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let head = &bytes[..bytes.len().min(HEAD)];
    if head.contains(&0) {
        return Err("is binary, no list; a compressed list must be unpacked first".to_owned());
    }
    let start = bytes.trim_ascii_start();
    if start.first() == Some(&b'<') {
        return Err("is a web page or XML, no list".to_owned());
    }
    let mut contents = Contents::default();
    let format = if start.first() == Some(&b'{') {
        if spamhaus::is_one(start) {
            spamhaus::read(start, &mut contents);
            Format::JsonLines
        } else {
            stix::read(start, now, &mut contents)?;
            Format::Stix
        }
    } else if let Some(header) = table::header(bytes) {
        table::read(bytes, &header, &mut contents);
        Format::Csv
    } else {
        plain::read(bytes, &mut contents);
        Format::Plain
    };
    // Nothing but lines that mean nothing: some other file. One that says what
    // it leaves out is a list.
    if contents.is_empty() && contents.left_out.is_empty() && contents.wrong > 0 {
        let mut reason = "holds no entry that can be understood".to_owned();
        if let Some((line, what)) = &contents.first_wrong {
            let line = line.map_or_else(String::new, |line| format!("line {line}: "));
            reason = format!("{reason}; {line}{what}");
        }
        return Err(reason);
    }
    Ok((format, contents))
}

/// A line as text, or why not.
pub(super) fn utf8(line: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(line)
        .map_err(|_| format!("{} is not UTF-8", quote(&String::from_utf8_lossy(line))))
}
