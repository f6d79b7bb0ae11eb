//! Names of objects, in as little memory as they take: there may be millions.
//!
//! What is in the objects may not enter here.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::DateTime;

use super::super::s3::Object;
use super::super::s3::layout::Layout;

/// Names in one chunk, so that none are moved when there are more.
const CHUNK: usize = 1 << 14;

/// Buckets and keys by their numbers, from 0 on.
///
/// Of the objects of one log the stem is kept once, and of a name as AWS gives it
/// no more than two numbers.
#[derive(Debug, Default)]
pub(super) struct Names {
    stems: Vec<(Arc<str>, Box<str>)>,
    places: HashMap<(Arc<str>, Box<str>), u32>,
    chunks: Vec<Vec<Name>>,
    /// What stands behind the stems in keys that are not as AWS gives them.
    others: Vec<Box<str>>,
    len: usize,
}

#[derive(Debug, Clone, Copy)]
struct Name {
    /// Number of the stem; beside it [`PARTITIONED`], and how the key ends: its
    /// place in [`ENDINGS`], or [`OTHER`].
    stem: u32,
    /// Time in the key, seconds since the Unix epoch.
    time: u32,
    /// The sixteen digits behind the time, or the place among the others.
    unique: u64,
}

impl Names {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds a name, as the last one.
    pub(super) fn add(&mut self, object: &Object) {
        let stem = self.stem(object);
        let name = short(object).map(|short| Name {
            stem: stem | short.stem,
            ..short
        });
        let name = name.unwrap_or_else(|| {
            self.others.push(object.key[object.named.stem..].into());
            Name {
                stem: stem | ((OTHER - 1) * ENDING),
                time: 0,
                unique: self.others.len() as u64 - 1,
            }
        });
        if self.len.is_multiple_of(CHUNK) {
            let room = if self.len == 0 { 0 } else { CHUNK };
            self.chunks.push(Vec::with_capacity(room));
        }
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.push(name);
            self.len += 1;
        }
    }

    /// Bucket and key.
    ///
    /// # Panics
    /// When there are not so many.
    pub(super) fn get(&self, place: usize) -> (&Arc<str>, String) {
        let name = self.chunks[place / CHUNK][place % CHUNK];
        let (bucket, stem) = &self.stems[(name.stem & (ENDING - 1)) as usize];
        let Some(ending) = ENDINGS.get((name.stem / ENDING % OTHER) as usize) else {
            let rest = &self.others[name.unique as usize];
            return (bucket, format!("{stem}{rest}"));
        };
        let layout = if name.stem & PARTITIONED == 0 {
            Layout::Simple
        } else {
            Layout::Partitioned
        };
        let time = prefix(layout, name.time.into()).unwrap_or_default();
        (bucket, format!("{stem}{time}{:016X}{ending}", name.unique))
    }

    /// The number of a stem, with a bit for its layout.
    fn stem(&mut self, object: &Object) -> u32 {
        let key = (Arc::clone(&object.bucket), Box::from(object.stem()));
        let next = self.stems.len() as u32;
        let place = *self.places.entry(key).or_insert_with_key(|key| {
            self.stems.push(key.clone());
            next
        });
        match object.named.layout {
            Layout::Partitioned => place | PARTITIONED,
            Layout::Simple | Layout::Other => place,
        }
    }
}

/// The name of a key as AWS gives it, without its stem: behind the time stand
/// sixteen of `0`-`9` and `A`-`F`, and an ending where somebody has compressed it.
fn short(object: &Object) -> Option<Name> {
    let time = object.named.time?;
    let rest = &object.key[object.named.stem..];
    let rest = rest.strip_prefix(prefix(object.named.layout, time)?.as_str())?;
    let (digits, ending) = rest.split_at_checked(16)?;
    let ending = ENDINGS.iter().position(|known| *known == ending)?;
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'A'..=b'F');
    digits.bytes().all(is_digit).then_some(())?;
    Some(Name {
        stem: ending as u32 * ENDING,
        time: time.try_into().ok()?,
        unique: u64::from_str_radix(digits, 16).ok()?,
    })
}

/// How keys end that are kept in short; seven at most.
const ENDINGS: [&str; 5] = ["", ".gz", ".zst", ".log", ".log.gz"];

/// Of the number of a stem: stands above it, once for each place of an ending.
const ENDING: u32 = 1 << 28;

/// Places of endings; the last says that the key is none of these.
const OTHER: u32 = 8;

/// Of the number of a stem: its day has folders.
const PARTITIONED: u32 = 1 << 31;

/// What the time of an object stands for in its key.
fn prefix(layout: Layout, time: i64) -> Option<String> {
    let format = match layout {
        Layout::Simple => "%Y-%m-%d-%H-%M-%S-",
        Layout::Partitioned => "%Y/%m/%d/%Y-%m-%d-%H-%M-%S-",
        Layout::Other => return None,
    };
    let time = DateTime::from_timestamp(time, 0)?;
    Some(time.format(format).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::s3::layout;

    fn object(bucket: &Arc<str>, key: &str) -> Object {
        Object {
            bucket: Arc::clone(bucket),
            key: key.into(),
            size: 0,
            etag: Box::default(),
            modified: None,
            named: layout::named(key),
        }
    }

    #[test]
    fn names_come_back_as_they_were() {
        let buckets: [Arc<str>; 2] = ["logs".into(), "other".into()];
        let keys = [
            "2013-11-01-21-32-16-E568B2907131C0C0",
            "a/b-2013-11-01-21-32-16-E568B2907131C0C0.gz",
            "p/1/eu-west-1/b/2013/11/01/2013-11-01-00-00-00-E568B2907131C0C0",
            "p/1/eu-west-1/b/2013/11/02/2013-11-01-00-00-00-E568B2907131C0C0",
            "p/1/eu-west-1/b/2013/11/02/2013-11-02-00-00-00-0000000000000001.log.gz",
            "2013-11-01-21-32-16-e568B2907131C0C0",
            "2013-11-01-21-32-16-+568B2907131C0C0",
            "2013-11-01-21-32-16-E568B2907131C0C01",
            "2013-11-01-21-32-16-E568B2907131C0C\u{e9}",
            "2013-11-01-21-32-16-E568",
            "0001-01-01-00-00-00-E568B2907131C0C0",
            "9999-12-31-23-59-59-E568B2907131C0C0",
            "notes.txt",
            "a/",
            "",
        ];
        let mut names = Names::default();
        let all = (0..CHUNK + 100).map(|n| (&buckets[n % 2], keys[n % keys.len()]));
        for (bucket, key) in all.clone() {
            names.add(&object(bucket, key));
        }
        for (n, (bucket, key)) in all.enumerate() {
            assert_eq!(names.get(n), (bucket, key.to_owned()));
        }
    }

    #[test]
    fn a_million_names_take_less_than_16_mib() {
        let bucket = Arc::from("logs");
        let mut names = Names::default();
        for n in 0..1_000_000_i64 {
            let time = DateTime::from_timestamp(1_383_341_536 + 30 * n, 0).unwrap();
            let time = time.format("%Y/%m/%d/%Y-%m-%d-%H-%M-%S-");
            let key = format!("p/111122223333/eu-west-1/data/{time}{n:016X}");
            names.add(&object(&bucket, &key));
        }
        let taken: usize = names.chunks.iter().map(Vec::capacity).sum();
        let taken = taken * size_of::<Name>();
        assert!(taken < 16 << 20 && names.others.is_empty(), "{taken}");
        assert_eq!((names.stems.len(), names.len()), (1, 1_000_000));
        assert!(names.get(999_999).1.ends_with("-00000000000F423F"));
    }
}
