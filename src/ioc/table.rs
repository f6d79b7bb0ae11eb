//! Rows under a header, separated by commas, semicolons or tabs.
//!
//! Either a column a kind (`ip,user_agent`), or a column that says what the
//! value of another is (`type,value`). The exports of MISP are of the second
//! sort, <https://www.circl.lu/doc/misp/automation/#csv-export>; so are those of
//! OTX (`indicator_type,indicator`) and others.

use csv::{ByteRecord, ReaderBuilder};

use super::contents::{Contents, without_port};
use super::format::utf8;
use super::{Kind, normal};

/// Columns that say what the value is.
const TYPES: &[&str] = &["type", "indicator_type", "ioc_type"];
/// Columns of the value.
const VALUES: &[&str] = &["value", "indicator", "ioc_value", "ioc"];
/// The column in which MISP says that the value is fit for detection.
const TO_IDS: &str = "to_ids";

/// A header, and where it stands.
pub(super) struct Header {
    /// Bytes before it.
    start: usize,
    /// Lines before it.
    lines: u64,
    delimiter: u8,
    columns: Columns,
}

enum Columns {
    /// Places of columns, and of what kind.
    Named(Vec<(usize, Kind)>),
    /// Places of type and value, and of MISP's flag.
    Typed {
        kind: usize,
        value: usize,
        to_ids: Option<usize>,
    },
}

/// The header, if the first line that is no comment is one.
pub(super) fn header(bytes: &[u8]) -> Option<Header> {
    let mut start = 0;
    for (lines, line) in (0..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
        let text = line.trim_ascii();
        if !matches!(text.first(), None | Some(b'#' | b';')) {
            let text = std::str::from_utf8(text).ok()?;
            let (delimiter, columns) = columns(text)?;
            return Some(Header {
                start,
                lines,
                delimiter,
                columns,
            });
        }
        start += line.len();
    }
    None
}

fn columns(line: &str) -> Option<(u8, Columns)> {
    // An entry of a plain list, whose text may hold anything.
    let name = line.split_once(':').map(|(name, _)| name);
    if name.is_some_and(|name| Kind::from_name(name).is_some()) {
        return None;
    }
    let count = |delimiter: &u8| line.bytes().filter(|byte| byte == delimiter).count();
    let delimiter = b",;\t".iter().copied().max_by_key(count)?;
    let names: Vec<String> = line.split(char::from(delimiter)).map(normal).collect();
    let place = |known: &[&str]| names.iter().position(|name| known.contains(&name.as_str()));
    if let (Some(kind), Some(value)) = (place(TYPES), place(VALUES)) {
        let to_ids = place(&[TO_IDS]);
        return Some((
            delimiter,
            Columns::Typed {
                kind,
                value,
                to_ids,
            },
        ));
    }
    let known = names.iter().enumerate();
    let known = known.filter_map(|(place, name)| Some((place, Kind::from_name(name)?)));
    let known: Vec<(usize, Kind)> = known.collect();
    (!known.is_empty()).then_some((delimiter, Columns::Named(known)))
}

pub(super) fn read(bytes: &[u8], header: &Header, contents: &mut Contents) {
    let mut reader = ReaderBuilder::new()
        .delimiter(header.delimiter)
        .flexible(true)
        .comment(Some(b'#'))
        .from_reader(&bytes[header.start..]);
    let mut row = ByteRecord::new();
    // From memory, nothing can fail.
    while reader.read_byte_record(&mut row).unwrap_or(false) {
        let line = row.position().map(|place| header.lines + place.line());
        if let Err(reason) = take(&row, &header.columns, line, contents) {
            contents.spoil(line, reason);
        }
    }
}

fn take(
    row: &ByteRecord,
    columns: &Columns,
    line: Option<u64>,
    contents: &mut Contents,
) -> Result<(), String> {
    let cell = |place: usize| utf8(row.get(place).unwrap_or_default().trim_ascii());
    match columns {
        Columns::Named(columns) => {
            for (place, kind) in columns {
                let text = cell(*place)?;
                if !text.is_empty() {
                    contents.entry(*kind, text, line);
                }
            }
        }
        Columns::Typed {
            kind,
            value,
            to_ids,
        } => {
            let text = cell(*value)?;
            let is_kept = match to_ids {
                Some(place) => matches!(normal(cell(*place)?).as_str(), "1" | "true"),
                None => true,
            };
            if !is_kept {
                contents.leave_out("not for detection (to_ids)", text);
                return Ok(());
            }
            match typed(&normal(cell(*kind)?), text) {
                Some((kind, text)) => contents.entry(kind, text, line),
                None => contents.leave_out("of a type that no log line holds", cell(*kind)?),
            }
        }
    }
    Ok(())
}

/// A type as MISP and others name it. `filename` is none: a file's name alone
/// is no sign of anything.
fn typed<'t>(kind: &str, text: &'t str) -> Option<(Kind, &'t str)> {
    match kind {
        "ip_src|port" | "ip_dst|port" | "ip:port" => Some((Kind::Network, without_port(text))),
        "domain|ip" => {
            let (_, address) = text.split_once('|')?;
            Some((Kind::Network, address))
        }
        _ => Kind::from_name(kind).map(|kind| (kind, text)),
    }
}
