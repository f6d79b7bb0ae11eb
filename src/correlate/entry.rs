//! What evaluation keeps of a record: its marks and its columns, key by key.

use crate::observation::Observation;
use crate::rule::plan::{Role, Rule};

/// One record of a key, as far as one rule cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Hash of the rule's key.
    pub key: u64,
    /// Seconds since the Unix epoch.
    pub time: i64,
    /// Tells the record from others of the same second.
    pub identity: u64,
    /// The rule's marks, a bit each.
    pub marks: u64,
    /// Number of its input, and offset of its line there.
    pub place: (u32, u64),
    values: usize,
}

impl Entry {
    /// The same with only some of its marks.
    #[must_use]
    pub fn with_marks(self, marks: u64) -> Self {
        Self {
            marks: self.marks & marks,
            ..self
        }
    }
}

/// Records of the keys of one rule.
#[derive(Debug, Default)]
pub struct Entries {
    records: Vec<Entry>,
    values: Vec<u64>,
    width: usize,
}

/// The records of one key in one second.
#[derive(Debug, Clone, Copy)]
pub struct Second<'e> {
    /// Seconds since the Unix epoch.
    pub time: i64,
    /// At least one.
    pub entries: &'e [Entry],
    values: &'e [u64],
}

impl Second<'_> {
    /// The value of a record in a column.
    #[must_use]
    pub fn value(&self, entry: &Entry, column: u8) -> u64 {
        self.values[entry.values + usize::from(column)]
    }

    /// The same second with only these of its records.
    #[must_use]
    pub fn only<'o>(&'o self, entries: &'o [Entry]) -> Second<'o> {
        Second {
            time: self.time,
            entries,
            values: self.values,
        }
    }

    /// The key of a record under some columns.
    #[must_use]
    pub fn key(&self, entry: &Entry, columns: &[u8]) -> u64 {
        let values = columns.iter().map(|column| self.value(entry, *column));
        key(columns.len(), values)
    }
}

impl Entries {
    /// None yet.
    #[must_use]
    pub fn new(rule: &Rule) -> Self {
        Self {
            width: rule.columns.len(),
            ..Self::default()
        }
    }

    /// Adds a record; one that was added last with the same key gets the marks.
    pub fn push(&mut self, rule: &Rule, key: u64, marks: u64, observation: Observation<'_>) {
        let (time, identity) = (observation.time(), observation.identity());
        self.values
            .extend(rule.columns.iter().map(|slot| observation.value(*slot)));
        self.records.push(Entry {
            key,
            time,
            identity,
            marks,
            place: observation.place(),
            values: self.values.len() - self.width,
        });
    }

    /// Adds a record under every key that it has by a mark of the rule; under how
    /// many.
    pub fn push_all(&mut self, rule: &Rule, observation: Observation<'_>) -> usize {
        let marks = rule.marks.iter().enumerate();
        let (mut keys, mut further) = (Vec::<(u64, u64)>::new(), 0);
        for (place, mark) in marks.filter(|(_, mark)| observation.matched(mark.selection)) {
            if mark.role == Role::Aggregate {
                further |= 1 << place;
                continue;
            }
            let values = mark.key.iter().map(|(_, slot)| observation.value(*slot));
            let key = key(mark.key.len(), values);
            match keys.iter_mut().find(|(known, _)| *known == key) {
                Some((_, marks)) => *marks |= 1 << place,
                None => keys.push((key, 1 << place)),
            }
        }
        for (key, marks) in &keys {
            self.push(rule, *key, marks | further, observation);
        }
        keys.len()
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Calls for each second of each key, in order of time within a key, and
    /// forgets all. The same record twice in one second is one; of two that
    /// differ in spite of it, the smaller, whichever came first.
    pub fn drain(&mut self, mut each: impl FnMut(u64, &mut dyn Iterator<Item = Second<'_>>)) {
        let (values, width) = (&self.values, self.width);
        let of = |entry: &Entry| &values[entry.values..entry.values + width];
        let known = |entry: &Entry| (entry.key, entry.time, entry.identity, entry.marks);
        self.records.sort_unstable_by(|a, b| {
            let first = known(a).cmp(&known(b)).then_with(|| of(a).cmp(of(b)));
            first.then_with(|| a.place.cmp(&b.place))
        });
        self.records
            .dedup_by_key(|entry| (entry.key, entry.time, entry.identity));
        for records in self.records.chunk_by(|a, b| a.key == b.key) {
            let seconds = records.chunk_by(|a, b| a.time == b.time);
            let mut seconds = seconds.map(|entries| Second {
                time: entries[0].time,
                entries,
                values,
            });
            each(records[0].key, &mut seconds);
        }
        self.records.clear();
        self.values.clear();
    }
}

/// Hash of a key of so many values.
pub fn key(parts: usize, values: impl Iterator<Item = u64>) -> u64 {
    values.fold(parts as u64, mix)
}

/// Two hashes to one, in order. The values are XXH3 hashes already; this only
/// has to keep their places apart.
fn mix(left: u64, right: u64) -> u64 {
    let product =
        u128::from(left ^ 0x9E37_79B9_7F4A_7C15) * u128::from(right ^ 0xD6E8_FEB8_6659_FD93);
    (product as u64) ^ (product >> 64) as u64 ^ left.rotate_left(23)
}
