//! Ranges of addresses as lines `START,END,COUNTRY`: what Tor ships as `geoip`
//! (IPv4 as decimal numbers) and `geoip6`, and what DB-IP publishes as CSV.
//!
//! Ranges do not overlap, so they are kept as the addresses where another
//! country begins.

use std::net::IpAddr;

use super::Country;
use crate::ioc::date;
use crate::text::words::quote;

/// All ranges of a file.
#[derive(Debug)]
pub(super) struct Ranges {
    v4: Table<u32>,
    v6: Table<u128>,
    /// When the file was made, by its header, seconds since the epoch.
    pub(super) dated: Option<i64>,
}

/// What is wrong, and in which line.
pub(super) type Wrong = (usize, String);

impl Ranges {
    /// Reads the lines. `#` begins a line that says nothing, or the date. A file
    /// without ranges is an error of its first line.
    pub(super) fn parse(text: &str) -> Result<Self, Wrong> {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        let mut dated = None;
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.trim();
            if text.starts_with('#') {
                dated = dated.or_else(|| date::of_comment(text));
                continue;
            }
            if text.is_empty() {
                continue;
            }
            let (start, end, country) = row(text).map_err(|reason| (line, reason))?;
            let (rows, start, end) = match (start, end) {
                (IpAddr::V4(start), IpAddr::V4(end)) if start <= end => {
                    (&mut v4, start.to_bits().into(), end.to_bits().into())
                }
                (IpAddr::V6(start), IpAddr::V6(end)) if start <= end => {
                    (&mut v6, start.to_bits(), end.to_bits())
                }
                _ => return Err((line, format!("{} is no range of addresses", quote(text)))),
            };
            rows.push(Row {
                start,
                end,
                country,
                line,
            });
        }
        if v4.is_empty() && v6.is_empty() {
            return Err((1, "holds no ranges START,END,COUNTRY".to_owned()));
        }
        Ok(Self {
            v4: Table::new(v4, |bits| u32::try_from(bits).ok())?,
            v6: Table::new(v6, Some)?,
            dated,
        })
    }

    /// The country of an address.
    pub(super) fn get(&self, address: IpAddr) -> Option<Country> {
        match address.to_canonical() {
            IpAddr::V4(address) => self.v4.get(address.to_bits()),
            IpAddr::V6(address) => self.v6.get(address.to_bits()),
        }
    }

    /// Whether any range has a country.
    pub(super) fn any(&self) -> bool {
        let mut countries = self.v4.countries.iter().chain(&self.v6.countries);
        countries.any(Option::is_some)
    }
}

fn row(text: &str) -> Result<(IpAddr, IpAddr, Option<Country>), String> {
    let cells: Vec<&str> = text.splitn(4, ',').map(str::trim).collect();
    let [start, end, country] = cells[..] else {
        return Err(format!("{} is no START,END,COUNTRY", quote(text)));
    };
    let address =
        |text: &str| address(text).ok_or_else(|| format!("{} is no address", quote(text)));
    // `A1` and the like are no countries: anonymous proxies, satellites.
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'?';
    if country.len() != 2 || !country.bytes().all(fits) {
        return Err(format!("{} is no country of two letters", quote(country)));
    }
    Ok((address(start)?, address(end)?, Country::parse(country)))
}

/// As text, or an IPv4 address as a decimal number.
fn address(text: &str) -> Option<IpAddr> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let bits: u32 = text.parse().ok()?;
        return Some(IpAddr::V4(bits.into()));
    }
    let address: IpAddr = text.parse().ok()?;
    Some(address.to_canonical())
}

/// A line.
struct Row {
    start: u128,
    end: u128,
    country: Option<Country>,
    line: usize,
}

/// Where another country begins.
#[derive(Debug)]
struct Table<T> {
    starts: Vec<T>,
    countries: Vec<Option<Country>>,
}

impl<T: Copy + Ord> Table<T> {
    /// `narrow` makes bits of addresses of this family what they are.
    fn new(mut rows: Vec<Row>, narrow: impl Fn(u128) -> Option<T>) -> Result<Self, Wrong> {
        rows.sort_by_key(|row| row.start);
        let mut table = Self {
            starts: Vec::new(),
            countries: Vec::new(),
        };
        let mut last: Option<&Row> = None;
        for row in &rows {
            if let Some(last) = last {
                if last.end >= row.start {
                    let (line, other) = (last.line.max(row.line), last.line.min(row.line));
                    return Err((line, format!("overlaps line {other}")));
                }
                if last.end + 1 < row.start {
                    table.begin(narrow(last.end + 1), None);
                }
            }
            table.begin(narrow(row.start), row.country);
            last = Some(row);
        }
        if let Some(last) = last {
            // None behind the last address that there is.
            table.begin(last.end.checked_add(1).and_then(narrow), None);
        }
        table.starts.shrink_to_fit();
        table.countries.shrink_to_fit();
        Ok(table)
    }

    fn begin(&mut self, start: Option<T>, country: Option<Country>) {
        let same = self.countries.last().is_some_and(|last| *last == country);
        if let Some(start) = start
            && !same
        {
            self.starts.push(start);
            self.countries.push(country);
        }
    }

    fn get(&self, address: T) -> Option<Country> {
        let behind = self.starts.partition_point(|start| *start <= address);
        *self.countries.get(behind.checked_sub(1)?)?
    }
}
