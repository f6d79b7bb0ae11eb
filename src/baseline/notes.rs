//! What a block taught: small, owned, in no order that matters.
//!
//! Lines of a block repeat bucket, principal and network, so what is noted is
//! gathered in a small table first, which may forget: then a note stands twice,
//! and adds up to the same. One a worker.

use super::day;

/// One entity on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    /// Place of the kind or of the dimension.
    pub of: usize,
    /// Key of the entity or of the value.
    pub key: u64,
    /// Of a value the entity that it belongs to.
    pub entity: u64,
    /// Seconds since the Unix epoch, all on one UTC day.
    pub first: i64,
    /// The last of them.
    pub last: i64,
    /// How many records.
    pub requests: u64,
    /// Offset of the line of one of them in the decompressed input.
    pub offset: u64,
}

/// An hour of an entity in a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Volume {
    /// Place of the series.
    pub of: usize,
    /// Key of the entity.
    pub entity: u64,
    /// Hours since the epoch.
    pub hour: i64,
    /// What was added up.
    pub sum: u64,
}

/// What a block taught.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    /// Entities.
    pub entities: Vec<Note>,
    /// Values.
    pub values: Vec<Note>,
    /// Volumes.
    pub volumes: Vec<Volume>,
}

impl Notes {
    /// Forgets all, keeping the memory.
    pub fn clear(&mut self) {
        self.entities.clear();
        self.values.clear();
        self.volumes.clear();
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entities.is_empty() && self.values.is_empty() && self.volumes.is_empty()
    }
}

/// Places of the table; a power of two.
const PLACES: usize = 1 << 12;

/// Where the notes of a block stand that may grow.
#[derive(Debug, Default)]
pub struct Gather {
    /// A place in the list of its sort, with the number of the block.
    places: Vec<(u32, u32)>,
    block: u32,
}

/// A record, as far as notes care.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// Seconds since the Unix epoch.
    pub time: i64,
    /// Offset of its line in the decompressed input.
    pub offset: u64,
}

impl Gather {
    /// Before the first record of a block.
    pub fn begin(&mut self) {
        if self.places.is_empty() || self.block == u32::MAX {
            self.places.clear();
            self.places.resize(PLACES, (0, 0));
            self.block = 0;
        }
        self.block += 1;
    }

    /// A record of an entity.
    pub fn entity(&mut self, notes: &mut Notes, of: usize, key: u64, seen: Seen) {
        self.note(&mut notes.entities, (of, key, 0), seen);
    }

    /// A record with a value of an entity.
    pub fn value(&mut self, notes: &mut Notes, of: usize, key: u64, entity: u64, seen: Seen) {
        self.note(&mut notes.values, (of, key, entity), seen);
    }

    /// So much of an entity.
    pub fn volume(&mut self, notes: &mut Notes, of: usize, entity: u64, time: i64, sum: u64) {
        let hour = time.div_euclid(super::HOUR);
        let place = self.place(entity ^ (of as u64).rotate_left(32) ^ hour as u64);
        if let Some(known) = self.known(place)
            && let Some(volume) = notes.volumes.get_mut(known)
            && (volume.of, volume.entity, volume.hour) == (of, entity, hour)
        {
            volume.sum = volume.sum.saturating_add(sum);
            return;
        }
        self.places[place] = (self.block, notes.volumes.len() as u32);
        notes.volumes.push(Volume {
            of,
            entity,
            hour,
            sum,
        });
    }

    fn note(&mut self, notes: &mut Vec<Note>, (of, key, entity): (usize, u64, u64), seen: Seen) {
        let place = self.place(key);
        if let Some(known) = self.known(place)
            && let Some(note) = notes.get_mut(known)
            && (note.of, note.key) == (of, key)
            && day(note.first) == day(seen.time)
        {
            note.first = note.first.min(seen.time);
            note.last = note.last.max(seen.time);
            note.requests += 1;
            return;
        }
        self.places[place] = (self.block, notes.len() as u32);
        notes.push(Note {
            of,
            key,
            entity,
            first: seen.time,
            last: seen.time,
            requests: 1,
            offset: seen.offset,
        });
    }

    fn place(&self, hash: u64) -> usize {
        // Keys are mixed hashes; the upper half is as good as the lower.
        (hash >> 20) as usize % self.places.len()
    }

    fn known(&self, place: usize) -> Option<usize> {
        let (block, at) = self.places[place];
        (block == self.block).then_some(at as usize)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// However often the table forgets, notes add up to what was seen.
        #[test]
        fn notes_add_up(seen in proptest::collection::vec((0u64..40, 0i64..400_000), 0..300)) {
            let (mut gather, mut notes) = (Gather::default(), Notes::default());
            gather.begin();
            let mut expected: BTreeMap<(u64, i32), (i64, i64, u64)> = BTreeMap::new();
            let mut volumes: BTreeMap<(u64, i64), u64> = BTreeMap::new();
            for (key, time) in &seen {
                // Some share a place.
                let key = key << 18;
                gather.entity(&mut notes, 0, key, Seen { time: *time, offset: 0 });
                gather.volume(&mut notes, 1, key, *time, 7);
                let known = expected.entry((key, day(*time))).or_insert((*time, *time, 0));
                *known = (known.0.min(*time), known.1.max(*time), known.2 + 1);
                *volumes.entry((key, time / 3600)).or_default() += 7;
            }
            let mut found: BTreeMap<(u64, i32), (i64, i64, u64)> = BTreeMap::new();
            for note in &notes.entities {
                prop_assert_eq!(day(note.first), day(note.last));
                let known = found
                    .entry((note.key, day(note.first)))
                    .or_insert((note.first, note.last, 0));
                *known =
                    (known.0.min(note.first), known.1.max(note.last), known.2 + note.requests);
            }
            prop_assert_eq!(found, expected);
            let mut sums: BTreeMap<(u64, i64), u64> = BTreeMap::new();
            for volume in &notes.volumes {
                *sums.entry((volume.entity, volume.hour)).or_default() += volume.sum;
            }
            prop_assert_eq!(sums, volumes);
        }
    }
}
