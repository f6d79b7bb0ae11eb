//! Requests by bucket and hour: when and where something happened, and when
//! nothing did.
//!
//! Parts add up to the whole, whatever the parts, as long as there is room. A
//! line that was delivered twice counts twice: telling that would take the
//! identity of every record. Who sent a request may not enter here.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::record::{Field, Record};

/// Seconds of an hour.
pub const HOUR: i64 = 3600;

/// Stands for all buckets that there is no room to tell apart. The name of a bucket
/// cannot hold a space.
pub const REST: &[u8] = b"(other buckets)";

/// Hours of buckets that are told apart: about 20 MiB.
const CELLS: usize = 200_000;
/// Hours of buckets after which buckets that are new are counted together, so that
/// those that are known can go on.
const NAMES: usize = CELLS / 2;
/// Further hours of what is counted together.
const REST_CELLS: usize = CELLS / 4;
/// Bytes of a bucket's name: nothing longer was ever one.
const NAME: usize = 255;

/// What the requests of an hour came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cell {
    /// Requests.
    pub requests: u64,
    /// Of these answered 403.
    pub refused: u64,
    /// Of these answered 404.
    pub missing: u64,
    /// Of these answered with another 4xx.
    pub wrong: u64,
    /// Of these answered 5xx.
    pub failed: u64,
    /// Bytes that went out (`bytes_sent`).
    pub bytes: u64,
}

impl Cell {
    /// One request.
    #[inline]
    fn count(&mut self, status: Option<u16>, bytes: u64) {
        self.requests += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        match status {
            Some(403) => self.refused += 1,
            Some(404) => self.missing += 1,
            Some(400..=499) => self.wrong += 1,
            Some(500..=599) => self.failed += 1,
            _ => {}
        }
    }

    /// Adds what others came to. Sums stay at the most that fits.
    pub fn add(&mut self, other: &Cell) {
        for (sum, more) in [
            (&mut self.requests, other.requests),
            (&mut self.refused, other.refused),
            (&mut self.missing, other.missing),
            (&mut self.wrong, other.wrong),
            (&mut self.failed, other.failed),
            (&mut self.bytes, other.bytes),
        ] {
            *sum = sum.saturating_add(more);
        }
    }
}

/// A bucket, or [`REST`].
#[derive(Debug, Clone)]
struct Bucket {
    name: Box<[u8]>,
    /// Each with the first second of its hour, as they came.
    cells: Vec<(i64, Cell)>,
    /// Their places by hour.
    hours: BTreeMap<i64, usize>,
    /// The one that was counted in last.
    last: usize,
}

impl Bucket {
    /// The place of the cell of an hour.
    #[inline]
    fn place(&self, hour: i64) -> Option<usize> {
        match self.cells.get(self.last) {
            Some((last, _)) if *last == hour => Some(self.last),
            _ => self.hours.get(&hour).copied(),
        }
    }
}

/// Requests by bucket and hour.
///
/// There is room for 200,000 hours of buckets. What comes when half of it is taken
/// and is of a bucket without any, and all that is new when it is full, is counted
/// under [`REST`]; should there be too many hours even for that, in the hour that
/// was counted in last. So the sum is always right.
#[derive(Debug, Clone, Default)]
pub struct Hours {
    buckets: Vec<Bucket>,
    /// Their places by name.
    places: HashMap<Box<[u8]>, usize>,
    /// The one that was counted in last.
    last: usize,
    /// Cells of all.
    cells: usize,
    /// Time of the earliest and of the latest record.
    span: Option<(i64, i64)>,
}

impl Hours {
    /// Counts a record that has this time, in seconds since the Unix epoch.
    #[inline]
    pub(super) fn count(&mut self, record: &Record<'_>, time: i64) {
        let (first, last) = self.span.unwrap_or((time, time));
        self.span = Some((first.min(time), last.max(time)));
        let bucket = record.bytes(Field::BucketName).unwrap_or(b"-");
        let sent = record.number(Field::BytesSent).unwrap_or(0);
        self.cell(bucket, hour(time)).count(record.status(), sent);
    }

    /// Adds what an hour came to, given by its first second. Of nothing it is noted
    /// that there was something, which is known by other means.
    pub fn add(&mut self, bucket: &[u8], hour: i64, cell: &Cell) {
        self.cell(bucket, hour).add(cell);
    }

    /// Adds what another part of the input came to.
    pub fn merge(&mut self, other: &Hours) {
        for bucket in &other.buckets {
            for (hour, cell) in &bucket.cells {
                self.cell(&bucket.name, *hour).add(cell);
            }
        }
        self.widen(other.span);
    }

    /// Takes times of records into the span.
    fn widen(&mut self, span: Option<(i64, i64)>) {
        let Some((first, last)) = span else { return };
        let (earliest, latest) = self.span.unwrap_or((first, last));
        self.span = Some((earliest.min(first), latest.max(last)));
    }

    /// Time of the earliest and of the latest record that was counted.
    #[must_use]
    pub fn span(&self) -> Option<(i64, i64)> {
        self.span
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells == 0
    }

    /// Whether there was no room to tell all apart: something stands under [`REST`].
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.places.contains_key(REST)
    }

    /// All of it by name of the bucket and the first second of the hour.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], i64, &Cell)> {
        let mut buckets: Vec<&Bucket> = self.buckets.iter().collect();
        buckets.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        buckets.into_iter().flat_map(|bucket| {
            let hours = bucket.hours.iter();
            hours.map(|(hour, place)| (&*bucket.name, *hour, &bucket.cells[*place].1))
        })
    }

    /// The cell of an hour of a bucket. Records that follow each other mostly share
    /// both, and those that share the bucket share the hour.
    #[inline]
    fn cell(&mut self, name: &[u8], hour: i64) -> &mut Cell {
        let is_last = |bucket: &Bucket| *bucket.name == *name;
        let place = if self.buckets.get(self.last).is_some_and(is_last) {
            Some(self.last)
        } else {
            self.places.get(name).copied()
        };
        let known = place.and_then(|place| Some((place, self.buckets[place].place(hour)?)));
        let (place, at) = known.unwrap_or_else(|| self.insert(place, name, hour));
        self.last = place;
        let bucket = &mut self.buckets[place];
        bucket.last = at;
        &mut bucket.cells[at].1
    }

    /// Makes room for an hour of a bucket, or of the rest.
    #[cold]
    fn insert(&mut self, place: Option<usize>, name: &[u8], hour: i64) -> (usize, usize) {
        let most = if place.is_some() { CELLS } else { NAMES };
        if name != REST && self.cells < most && name.len() <= NAME {
            let place = place.unwrap_or_else(|| self.insert_bucket(name));
            return (place, self.insert_hour(place, hour));
        }
        let place = self.places.get(REST).copied();
        let place = place.unwrap_or_else(|| self.insert_bucket(REST));
        let rest = &self.buckets[place];
        let is_full = self.cells >= CELLS + REST_CELLS && !rest.cells.is_empty();
        let known = rest.place(hour).or(is_full.then_some(rest.last));
        (
            place,
            known.unwrap_or_else(|| self.insert_hour(place, hour)),
        )
    }

    fn insert_bucket(&mut self, name: &[u8]) -> usize {
        let place = self.buckets.len();
        self.places.insert(name.into(), place);
        self.buckets.push(Bucket {
            name: name.into(),
            cells: Vec::new(),
            hours: BTreeMap::new(),
            last: 0,
        });
        place
    }

    fn insert_hour(&mut self, place: usize, hour: i64) -> usize {
        let bucket = &mut self.buckets[place];
        let at = bucket.cells.len();
        bucket.cells.push((hour, Cell::default()));
        bucket.hours.insert(hour, at);
        self.cells += 1;
        at
    }
}

/// The first second of the hour of a time.
fn hour(time: i64) -> i64 {
    time - time.rem_euclid(HOUR)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_770_084_000;

    fn line(bucket: &str, second: i64, status: &str, bytes: &str) -> (String, i64) {
        let time = START + second;
        let text = chrono::DateTime::from_timestamp(time, 0).unwrap();
        let line = format!(
            "owner {bucket} [{}] 192.0.2.1 - REQ REST.GET.OBJECT k \"GET /k HTTP/1.1\" {status} - \
             {bytes} 10 5 4 \"-\" \"agent\" -",
            text.format("%d/%b/%Y:%H:%M:%S +0000")
        );
        (line, time)
    }

    fn counted(lines: &[(String, i64)]) -> Hours {
        let mut hours = Hours::default();
        for (line, time) in lines {
            let record = Record::parse(line.as_bytes()).unwrap();
            assert_eq!(record.time(), Some(*time));
            hours.count(&record, *time);
        }
        hours
    }

    fn rows(hours: &Hours) -> Vec<(String, i64, [u64; 6])> {
        let row = |(name, hour, cell): (&[u8], i64, &Cell)| {
            let numbers = [
                cell.requests,
                cell.refused,
                cell.missing,
                cell.wrong,
                cell.failed,
                cell.bytes,
            ];
            let name = String::from_utf8_lossy(name).into_owned();
            (name, (hour - START) / HOUR, numbers)
        };
        hours.iter().map(row).collect()
    }

    fn lines() -> Vec<(String, i64)> {
        vec![
            line("b", 0, "200", "7"),
            line("b", 3599, "403", "-"),
            line("a", 3600, "404", "5"),
            line("b", 3600, "416", "-"),
            line("b", 100, "503", "1"),
            line("-", 100, "-", "1"),
            line("a", -1, "304", "0"),
        ]
    }

    #[test]
    fn statuses_and_bytes_by_bucket_and_hour() {
        let hours = counted(&lines());
        let expected = [
            ("-", 0, [1, 0, 0, 0, 0, 1]),
            ("a", -1, [1, 0, 0, 0, 0, 0]),
            ("a", 1, [1, 0, 1, 0, 0, 5]),
            ("b", 0, [3, 1, 0, 0, 1, 8]),
            ("b", 1, [1, 0, 0, 1, 0, 0]),
        ];
        let expected = expected.map(|(name, hour, row)| (name.to_owned(), hour, row));
        // The hour before begins a second before, divided towards zero.
        assert_eq!(rows(&hours), expected);
        assert_eq!(hours.span(), Some((START - 1, START + 3600)));
        assert!(!hours.is_partial());
    }

    #[test]
    fn parts_add_up() {
        let lines = lines();
        let whole = counted(&lines);
        for cut in 0..=lines.len() {
            let mut sum = counted(&lines[..cut]);
            sum.merge(&counted(&lines[cut..]));
            assert_eq!((rows(&sum), sum.span()), (rows(&whole), whole.span()));
        }
    }

    #[test]
    fn nothing_is_something_known() {
        let mut hours = Hours::default();
        assert!(hours.is_empty());
        hours.add(b"b", START, &Cell::default());
        assert_eq!(rows(&hours), [("b".to_owned(), 0, [0; 6])]);
        assert!(!hours.is_empty());
    }

    #[test]
    fn there_is_an_end_to_names_and_hours() {
        let one = Cell {
            requests: 1,
            ..Cell::default()
        };
        let mut hours = Hours::default();
        let mut given = 0;
        let mut add = |hours: &mut Hours, name: &str, hour: i64| {
            hours.add(name.as_bytes(), hour * HOUR, &one);
            given += 1;
        };
        for number in 0..NAMES + 1000 {
            add(&mut hours, &format!("bucket-{number}"), 0);
        }
        assert!(hours.is_partial());
        assert_eq!(hours.cells, NAMES + 1);
        // Those that are known go on.
        for hour in 1..=NAMES as i64 + 5 {
            add(&mut hours, "bucket-7", hour);
        }
        assert_eq!(hours.cells, CELLS + 6);
        // There is an end to the hours of the rest.
        for hour in 0..2 * REST_CELLS as i64 {
            add(&mut hours, "new", -hour);
        }
        assert_eq!(hours.cells, CELLS + REST_CELLS);
        assert_eq!(
            hours.iter().map(|(.., cell)| cell.requests).sum::<u64>(),
            given
        );
        let mut long = Hours::default();
        long.add(&[b'x'; NAME + 1], 0, &one);
        assert_eq!(rows(&long)[0].0.as_bytes(), REST);
    }
}
