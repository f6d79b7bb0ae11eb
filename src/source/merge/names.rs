//! Names of objects, in as little memory as they take: there may be millions.
//!
//! What is in the objects may not enter here.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::DateTime;

use super::super::s3::Object;
use super::super::s3::layout::Layout;

/// Names in one chunk, whose texts stand in one string.
const CHUNK: usize = 1 << 14;

/// Buckets and keys by their numbers, from 0 on.
///
/// Of the objects of one log the stem is kept once, and of the time in a name no
/// more than the number.
#[derive(Debug, Default)]
pub(super) struct Names {
    stems: Vec<(Arc<str>, Box<str>)>,
    places: HashMap<(Arc<str>, Box<str>), u32>,
    chunks: Vec<Chunk>,
    len: usize,
}

#[derive(Debug, Default)]
struct Chunk {
    names: Vec<Name>,
    /// What distinguishes the names, one behind the other.
    text: String,
}

#[derive(Debug, Clone, Copy)]
struct Name {
    /// As in the key; `i64::MIN` where the text holds all behind the stem.
    time: i64,
    stem: u32,
    /// Of its text, in bytes of that of the chunk.
    end: u32,
}

impl Names {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds a name, as the last one.
    pub(super) fn add(&mut self, object: &Object) {
        let stem = self.stem(object);
        let rest = &object.key[object.named.stem..];
        let short = object.named.time.and_then(|time| {
            let text = rest.strip_prefix(prefix(object.named.layout, time)?.as_str())?;
            Some((time, text))
        });
        let (time, text) = short.unwrap_or((i64::MIN, rest));
        if self.len.is_multiple_of(CHUNK) {
            if let Some(last) = self.chunks.last_mut() {
                last.text.shrink_to_fit();
            }
            self.chunks.push(Chunk {
                names: Vec::with_capacity(if self.len == 0 { 0 } else { CHUNK }),
                text: String::new(),
            });
        }
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.text.push_str(text);
            chunk.names.push(Name {
                time,
                stem,
                end: chunk.text.len() as u32,
            });
            self.len += 1;
        }
    }

    /// Bucket and key.
    ///
    /// # Panics
    /// When there are not so many.
    pub(super) fn get(&self, place: usize) -> (&Arc<str>, String) {
        let chunk = &self.chunks[place / CHUNK];
        let place = place % CHUNK;
        let name = chunk.names[place];
        let start = place
            .checked_sub(1)
            .map_or(0, |before| chunk.names[before].end);
        let text = &chunk.text[start as usize..name.end as usize];
        let stem = (name.stem & !PARTITIONED) as usize;
        let (bucket, stem) = &self.stems[stem];
        let layout = if name.stem & PARTITIONED == 0 {
            Layout::Simple
        } else {
            Layout::Partitioned
        };
        let time = prefix(layout, name.time).filter(|_| name.time != i64::MIN);
        (bucket, format!("{stem}{}{text}", time.unwrap_or_default()))
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
    fn a_million_names_take_less_than_40_mib() {
        let bucket = Arc::from("logs");
        let mut names = Names::default();
        for n in 0..1_000_000_i64 {
            let time = DateTime::from_timestamp(1_383_341_536 + 30 * n, 0).unwrap();
            let time = time.format("%Y/%m/%d/%Y-%m-%d-%H-%M-%S-");
            let key = format!("p/111122223333/eu-west-1/data/{time}{n:016X}");
            names.add(&object(&bucket, &key));
        }
        let taken: usize = names
            .chunks
            .iter()
            .map(|chunk| {
                size_of::<Chunk>()
                    + chunk.names.capacity() * size_of::<Name>()
                    + chunk.text.capacity()
            })
            .sum();
        assert!(taken < 40 << 20, "{taken}");
        assert_eq!((names.stems.len(), names.len()), (1, 1_000_000));
        assert!(names.get(999_999).1.ends_with("-00000000000F423F"));
    }
}
