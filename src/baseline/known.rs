//! What is known, in memory: days of every entity and value, texts only of what
//! no earlier run has kept.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use super::delta::{Delta, EntityDelta, Extent, ValueDelta, VolumeDelta};
use super::notes::{Note, Notes, Volume};
use super::volume::{self, Sums, Usual};
use super::{DAY, Days, Dimension, HOUR, Lessons, MEMORY_DAYS, Novelty, Past, Tuple, day};

/// Entities that are kept, and values of groups, each; beyond that those go that
/// were seen longest ago.
pub const MOST: usize = 2_000_000;

/// Of the values those that no rule asks for ([`Dimension::is_told`]), at most: the
/// first ones stay.
pub const MOST_TOLD: usize = 200_000;

/// Days beyond which what was read may not be ahead of what is asked when all is
/// kept outside: more would not be held together ([`Days`]).
const AHEAD: i32 = 30;

/// What becomes of what is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It is learned.
    Learn,
    /// It is declared normal: known and learned at once.
    Declare,
    /// Nothing: the baseline stays as it is.
    Frozen,
}

/// Days on which a key was seen.
#[derive(Debug, Clone, Copy)]
struct Known {
    days: Days,
    declared: bool,
}

/// Something that was seen on a day that is not asked for yet.
#[derive(Debug, Clone, Copy)]
enum Waiting {
    Entity(u64),
    Value(u64),
}

/// What is normal, as far as it is known.
///
/// A long log may be read at once, and [`Days`] hold only so many: what was seen
/// on days that are far ahead of those that are asked for waits until they are
/// ([`Baseline::wait_after`]). Otherwise it would push out the days that
/// matter now. What is kept ([`Delta`]) does not depend on it.
pub struct Baseline {
    lessons: Arc<Lessons>,
    mode: Mode,
    entities: HashMap<u64, Known>,
    values: HashMap<u64, Known>,
    new_entities: HashMap<u64, EntityDelta>,
    new_values: HashMap<u64, ValueDelta>,
    new_volumes: HashMap<(u64, u64, i64), u64>,
    waiting: BTreeMap<i32, Vec<Waiting>>,
    /// What was seen on later days than this waits.
    reach: i32,
    gone: [Vec<u64>; 2],
    past: Option<Box<dyn Past>>,
    /// Seconds that a record may come late.
    lateness: i64,
    most: usize,
    /// Values that no rule asks for.
    told: usize,
    /// Entities and values that were forgotten for lack of room.
    pub evicted: u64,
}

impl std::fmt::Debug for Baseline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Baseline")
            .field("mode", &self.mode)
            .field("entities", &self.entities.len())
            .field("values", &self.values.len())
            .finish_non_exhaustive()
    }
}

impl Baseline {
    /// Nothing is known yet. `lateness` is in seconds.
    #[must_use]
    pub fn new(lessons: Arc<Lessons>, mode: Mode, lateness: i64) -> Self {
        Self {
            lessons,
            mode,
            entities: HashMap::new(),
            values: HashMap::new(),
            new_entities: HashMap::new(),
            new_values: HashMap::new(),
            new_volumes: HashMap::new(),
            waiting: BTreeMap::new(),
            reach: i32::MAX,
            gone: [Vec::new(), Vec::new()],
            past: None,
            lateness,
            most: MOST,
            told: 0,
            evicted: 0,
        }
    }

    /// What becomes of what is seen from now on.
    pub fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
    }

    /// Another bound than [`MOST`].
    #[must_use]
    pub fn with_most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// Volumes of earlier runs come from here.
    pub fn set_past(&mut self, past: Box<dyn Past>) {
        self.past = Some(past);
    }

    /// What is learned.
    #[must_use]
    pub fn lessons(&self) -> &Lessons {
        &self.lessons
    }

    /// Whether it takes notes.
    #[must_use]
    pub fn learns(&self) -> bool {
        self.mode != Mode::Frozen
    }

    /// Makes room for so many entities and values of earlier runs.
    pub fn reserve(&mut self, entities: usize, values: usize) {
        self.entities.reserve(entities);
        self.values.reserve(values);
    }

    /// An entity that an earlier run has kept.
    pub fn remember_entity(&mut self, key: u64, days: Days, declared: bool) {
        self.entities.insert(key, Known { days, declared });
    }

    /// A value that an earlier run has kept.
    pub fn remember_value(&mut self, key: u64, days: Days, declared: bool) {
        self.values.insert(key, Known { days, declared });
    }

    /// How many of the values that an earlier run has kept no rule asks for.
    pub fn remember_told(&mut self, values: usize) {
        self.told = values;
    }

    /// Takes what a block taught on days up to one, `last`: what is later cannot
    /// be believed. `name` gives the values of these fields in the line at an
    /// offset.
    pub fn learn(
        &mut self,
        notes: &Notes,
        last: i32,
        mut name: impl FnMut(&[crate::record::Field], u64) -> Tuple,
    ) {
        if self.mode == Mode::Frozen {
            return;
        }
        let declared = self.mode == Mode::Declare;
        let lessons = Arc::clone(&self.lessons);
        let believed = |note: &&Note| day(note.first) <= last;
        for note in notes.entities.iter().filter(believed) {
            let kind = &lessons.kinds[note.of];
            let is_known = self.entities.contains_key(&note.key);
            self.see(Waiting::Entity(note.key), day(note.first));
            let extent = Extent::of(note);
            match self.new_entities.entry(note.key) {
                Entry::Occupied(known) => known.into_mut().extent.add(&extent),
                Entry::Vacant(entry) => {
                    entry.insert(EntityDelta {
                        key: note.key,
                        kind: kind.id,
                        name: (!is_known).then(|| name(&kind.fields, note.offset)),
                        extent,
                        declared,
                    });
                }
            }
        }
        for note in notes.values.iter().filter(believed) {
            let dimension = &lessons.dimensions[note.of];
            let is_known =
                self.values.contains_key(&note.key) || self.new_values.contains_key(&note.key);
            if dimension.is_told() && !is_known {
                if self.told >= MOST_TOLD {
                    continue;
                }
                self.told += 1;
            }
            self.see(Waiting::Value(note.key), day(note.first));
            let extent = Extent::of(note);
            match self.new_values.entry(note.key) {
                Entry::Occupied(known) => known.into_mut().extent.add(&extent),
                Entry::Vacant(entry) => {
                    entry.insert(ValueDelta {
                        key: note.key,
                        dimension: dimension.id,
                        entity: note.entity,
                        name: (!is_known).then(|| name(&dimension.value, note.offset)),
                        extent,
                        declared,
                    });
                }
            }
        }
        let believed = |volume: &&Volume| day(volume.hour * HOUR) <= last;
        for volume in notes.volumes.iter().filter(believed) {
            let key = (lessons.series[volume.of].id, volume.entity, volume.hour);
            let sum = self.new_volumes.entry(key).or_default();
            *sum = sum.saturating_add(volume.sum);
        }
    }

    /// Lets what is seen on later days than this one wait; nothing is asked
    /// about those yet. `i32::MAX` for none. What waits and need not any more is
    /// taken.
    pub fn wait_after(&mut self, day: i32) {
        self.reach = day;
        while let Some(first) = self.waiting.first_entry()
            && *first.key() <= day
        {
            let (day, all) = first.remove_entry();
            for seen in all {
                self.take(seen, day);
            }
        }
    }

    /// The first second of the first day that waits.
    #[must_use]
    pub fn waits_from(&self) -> Option<i64> {
        let first = self.waiting.first_key_value();
        first.map(|(day, _)| i64::from(*day) * DAY)
    }

    /// Whether what waits would not fit into what is kept together with what is
    /// asked now.
    #[must_use]
    pub fn is_far_ahead(&self) -> bool {
        let ends = self
            .waiting
            .keys()
            .next()
            .zip(self.waiting.keys().next_back());
        ends.is_some_and(|(first, last)| last - first > AHEAD)
    }

    fn see(&mut self, seen: Waiting, day: i32) {
        if day <= self.reach {
            self.take(seen, day);
        } else {
            self.waiting.entry(day).or_default().push(seen);
        }
    }

    fn take(&mut self, seen: Waiting, day: i32) {
        let declared = self.mode == Mode::Declare;
        let known = match seen {
            Waiting::Entity(key) => self.entities.entry(key),
            Waiting::Value(key) => self.values.entry(key),
        };
        let known = known.or_insert(Known {
            days: Days::default(),
            declared,
        });
        known.days = known.days.union(Days::one(day));
        known.declared |= declared;
    }

    /// Whether a value is new in its group, as things stood before a day.
    #[must_use]
    pub fn novelty(
        &self,
        dimension: &Dimension,
        entity: u64,
        value: u64,
        reference: i32,
    ) -> Novelty {
        let learned = self.entities.get(&entity).is_some_and(|group| {
            let from = reference - learned_within(dimension);
            group.declared || group.days.count(from, reference) >= dimension.learn_days
        });
        if !learned {
            return Novelty::Unlearned;
        }
        let from = reference - dimension.memory_days as i32;
        let known = self.values.get(&value).is_some_and(|value| {
            value.days.any(from, reference) || value.declared && value.days.last() >= from
        });
        if known { Novelty::Known } else { Novelty::New }
    }

    /// What [`Baseline::novelty`] says of a value whichever of these days (both
    /// included) it is asked about, and whatever is still to come but evictions:
    /// records of the day `open` or later. Nothing where that may still change.
    #[must_use]
    pub fn settled(
        &self,
        dimension: &Dimension,
        entity: u64,
        value: u64,
        (first, last): (i32, i32),
        open: i32,
    ) -> Option<Novelty> {
        let group = self.entities.get(&entity);
        let within = learned_within(dimension);
        let days = |from, until| group.map_or(0, |group| group.days.count(from, until));
        let declared = group.is_some_and(|group| group.declared);
        // Each day that is still open may become one with records.
        let coming = (i64::from(last) - i64::from(open)).max(0);
        let most = i64::from(days(first - within, last)) + coming;
        if !declared && most < i64::from(dimension.learn_days) {
            return Some(Novelty::Unlearned);
        }
        let learned = declared || days(last - within, first) >= dimension.learn_days;
        let from = last - dimension.memory_days as i32;
        let known = |value: &Known| {
            value.days.any(from, first) || value.declared && value.days.last() >= from
        };
        let known = self.values.get(&value).is_some_and(known);
        (learned && known).then_some(Novelty::Known)
    }

    /// What an hour (since the epoch) of an entity usually comes to; nothing
    /// where there are too few samples.
    pub fn usual(&self, series: u64, entity: u64, hour: i64) -> io::Result<Option<Usual>> {
        let (from, until) = volume::compared(hour, self.lateness);
        let mut samples: HashMap<i64, Sums> = HashMap::new();
        if let Some(past) = &self.past {
            samples.extend(past.volumes(series, entity, hour.rem_euclid(24), (from, until))?);
        }
        let first = from + (hour - from).rem_euclid(24);
        for hour in (first..until).step_by(24) {
            if let Some(sum) = self.new_volumes.get(&(series, entity, hour)) {
                let known = samples.entry(hour).or_default();
                known.seen = known.seen.saturating_add(*sum);
            }
        }
        Ok(Usual::of(samples.into_values().map(Sums::total).collect()))
    }

    /// On how many distinct days before this one there were records at all.
    #[must_use]
    pub fn days_learned(&self, reference: i32) -> u32 {
        let whole = self
            .lessons
            .kinds
            .iter()
            .find(|kind| kind.fields.is_empty());
        let known = whole.and_then(|kind| self.entities.get(&kind.key(super::tuple(&[]))));
        known.map_or(0, |known| {
            if known.declared {
                u32::MAX
            } else {
                known.days.count_before(reference)
            }
        })
    }

    /// Entities and values known.
    #[must_use]
    pub fn len(&self) -> (usize, usize) {
        (self.entities.len(), self.values.len())
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == (0, 0)
    }

    /// What has come since the last commit. Where there is more than there is
    /// room for, what was seen longest ago goes first.
    #[must_use]
    pub fn delta(&mut self) -> Delta {
        self.shrink();
        let volumes = self.new_volumes.iter();
        Delta {
            entities: self.new_entities.values().cloned().collect(),
            values: self.new_values.values().cloned().collect(),
            volumes: volumes
                .map(|((series, entity, hour), sum)| VolumeDelta {
                    series: *series,
                    entity: *entity,
                    hour: *hour,
                    sum: *sum,
                    learned: 0,
                })
                .collect(),
            gone_entities: self.gone[0].clone(),
            gone_values: self.gone[1].clone(),
        }
    }

    /// That delta has been kept.
    pub fn committed(&mut self) {
        self.new_entities.clear();
        self.new_values.clear();
        self.new_volumes.clear();
        self.gone.iter_mut().for_each(Vec::clear);
    }

    fn shrink(&mut self) {
        let gone = oldest(&self.entities, self.most);
        for key in &gone {
            self.entities.remove(key);
            self.new_entities.remove(key);
        }
        self.evicted += gone.len() as u64;
        self.gone[0].extend(gone);
        let gone = oldest(&self.values, self.most);
        for key in &gone {
            self.values.remove(key);
            self.new_values.remove(key);
        }
        self.evicted += gone.len() as u64;
        self.gone[1].extend(gone);
    }
}

/// Days among which those lie that a group is learned by: fewer than [`Days`]
/// hold, so that those that come after the one that is asked push none out.
fn learned_within(dimension: &Dimension) -> i32 {
    dimension.learn_days.max(MEMORY_DAYS) as i32
}

/// The keys that were seen longest ago, so many that a twentieth of the room is
/// free; none while there is room.
fn oldest(known: &HashMap<u64, Known>, most: usize) -> Vec<u64> {
    if known.len() <= most {
        return Vec::new();
    }
    let mut all: Vec<(i32, u64)> = known
        .iter()
        .map(|(key, known)| (known.days.last(), *key))
        .collect();
    let gone = known.len() - most + most / 20;
    let middle = gone.min(all.len() - 1);
    all.select_nth_unstable(middle);
    all.truncate(gone);
    all.into_iter().map(|(_, key)| key).collect()
}
