//! Which keys are worth an exact look: the gates of some of the rules.
//!
//! Rules are dealt out to a fixed number of lanes, which go over the same
//! observations side by side; rules that count the same thing share a counter,
//! and the gates of one rule stand in one lane. What is told depends on nothing
//! but the observations and their order.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashSet};

use super::counters::Counters;
use super::entry;
use crate::observation::{Observation, Observations};
use crate::rule::plan::{Gate, GateMeasure, Role, Rule};
use crate::rule::set::Bits;

/// Keys of one rule whose other records are shown, at most.
const SHOWN: usize = 10_000;

/// A key that may fire: what a lane tells of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Place of the rule.
    pub rule: usize,
    /// Hash of the key.
    pub key: u64,
    /// Place of the batch's part that the record is in.
    pub part: usize,
    /// Offset of the line in its input.
    pub offset: u64,
    /// Time of the record.
    pub time: i64,
    /// Tells the record from others of the same second.
    pub identity: u64,
    /// A mark by which it is one of the rule's.
    pub mark: usize,
    /// Seconds, from its time on, in which the key may fire because of it; none
    /// where the record is only worth showing.
    pub reach: i64,
}

/// Some of the rules.
#[derive(Debug)]
pub struct Lane {
    gates: Vec<Counted>,
    shown: Vec<Shown>,
    /// For each selection what of this lane takes its records.
    takes: Vec<Vec<Taker>>,
    /// Words of the selections that this lane looks at.
    mask: Vec<u64>,
    hashes: Hashes,
    /// Bytes that counters may still take.
    room: isize,
}

/// What one or more rules count.
#[derive(Debug)]
struct Counted {
    gate: Gate,
    /// For each take the place of its key among the lane's.
    keys: Vec<usize>,
    /// `None` where any record is enough, and nobody else asks.
    counters: Option<Counters>,
    users: Vec<User>,
}

/// A rule behind a gate.
#[derive(Debug)]
struct User {
    rule: usize,
    /// For each take of the gate the rule's mark.
    marks: Vec<usize>,
    threshold: u64,
    /// Other gates of the same way that must be met, too, with their thresholds.
    others: Vec<(usize, u64)>,
    /// What shows the rule's other records.
    shown: Option<usize>,
}

/// The records of a rule that no gate counts are evidence, too, once a key is
/// looked at.
#[derive(Debug)]
struct Shown {
    rule: usize,
    /// Places of keys, and marks.
    of: Vec<(usize, usize)>,
    keys: HashSet<u64>,
}

#[derive(Debug, Clone, Copy)]
enum Taker {
    /// A gate, and which of its takes.
    Gate(usize, usize),
    /// What shows records, and the place of their key and their mark there.
    Shown(usize, usize),
}

/// The values of one observation, by slot.
#[derive(Debug)]
struct Values([u64; 64]);

impl Default for Values {
    fn default() -> Self {
        Self([0; 64])
    }
}

/// The different keys of one observation, each hashed once.
#[derive(Debug, Default)]
struct Hashes {
    slots: Vec<Vec<u8>>,
    /// For which observation, the key, and its place in the counters.
    known: Vec<(u64, u64, u64)>,
    now: u64,
    values: Values,
    /// Keyed anew in every run: callers choose what is hashed.
    hasher: DefaultHashBuilder,
}

impl Hashes {
    fn place(&mut self, slots: Vec<u8>) -> usize {
        let known = self.slots.iter().position(|known| *known == slots);
        known.unwrap_or_else(|| {
            self.slots.push(slots);
            self.known.push((0, 0, 0));
            self.slots.len() - 1
        })
    }

    /// Turns to the next observation.
    fn turn(&mut self, observation: Observation<'_>) {
        self.now += 1;
        observation.values(&mut self.values.0);
    }

    fn value(&self, slot: u8) -> u64 {
        self.values.0[usize::from(slot) & 63]
    }

    #[inline]
    fn get(&mut self, place: usize) -> (u64, u64) {
        let (at, key, hash) = self.known[place];
        if at == self.now {
            return (key, hash);
        }
        let slots = &self.slots[place];
        let values = slots.iter().map(|slot| self.value(*slot));
        let key = entry::key(slots.len(), values);
        let hash = self.hasher.hash_one(key);
        self.known[place] = (self.now, key, hash);
        (key, hash)
    }
}

impl Lane {
    /// A lane for these rules, with so many bytes for counters.
    #[must_use]
    pub fn new(rules: &[Rule], places: &[usize], selections: usize, room: isize) -> Self {
        let mut lane = Self {
            gates: Vec::new(),
            shown: Vec::new(),
            takes: vec![Vec::new(); selections],
            mask: vec![0; selections.div_ceil(64)],
            hashes: Hashes::default(),
            room,
        };
        for place in places {
            lane.add(&rules[*place], *place);
        }
        for (selection, takes) in lane.takes.iter().enumerate() {
            if !takes.is_empty() {
                lane.mask[selection / 64] |= 1 << (selection % 64);
            }
        }
        lane
    }

    fn add(&mut self, rule: &Rule, place: usize) {
        let shown = self.show(rule, place);
        for way in &rule.ways {
            self.add_way(way, place, shown);
        }
    }

    /// A rule's gates that must all be met.
    fn add_way(&mut self, way: &[Gate], rule: usize, shown: Option<usize>) {
        let gates: Vec<usize> = way.iter().map(|gate| self.gate(gate)).collect();
        for (at, gate) in way.iter().enumerate() {
            let others = gates.iter().zip(way).enumerate();
            let others = others.filter(|(other, _)| *other != at);
            let others: Vec<_> = others
                .map(|(_, (at, gate))| (*at, gate.threshold))
                .collect();
            let counted = &mut self.gates[gates[at]];
            let counts = gate.threshold > 1 || !others.is_empty();
            if counted.counters.is_none() && (counts || gate.measure != GateMeasure::Events) {
                counted.counters = Some(Counters::new(gate.width, gate.measure));
            }
            counted.users.push(User {
                rule,
                marks: gate.marks.clone(),
                threshold: gate.threshold,
                others,
                shown,
            });
        }
    }

    /// The counter of a gate; those that differ in their threshold alone share it.
    fn gate(&mut self, gate: &Gate) -> usize {
        let same = |counted: &Counted| {
            let known = &counted.gate;
            (known.measure, &known.takes, known.width) == (gate.measure, &gate.takes, gate.width)
        };
        if let Some(place) = self.gates.iter().position(same) {
            return place;
        }
        let mut keys = Vec::new();
        for (at, take) in gate.takes.iter().enumerate() {
            self.takes[take.selection].push(Taker::Gate(self.gates.len(), at));
            keys.push(self.hashes.place(take.key.clone()));
        }
        self.gates.push(Counted {
            gate: gate.clone(),
            keys,
            counters: None,
            users: Vec::new(),
        });
        self.gates.len() - 1
    }

    /// Sees to it that the records of a rule that no gate counts are shown.
    fn show(&mut self, rule: &Rule, place: usize) -> Option<usize> {
        let takes = |selection| rule.gates().any(|gate| gate.takes(selection));
        let mut of = Vec::new();
        for (number, mark) in rule.marks.iter().enumerate() {
            if mark.role == Role::Counted && !takes(mark.selection) {
                let slots = mark.key.iter().map(|(_, slot)| *slot).collect();
                self.takes[mark.selection].push(Taker::Shown(self.shown.len(), of.len()));
                of.push((self.hashes.place(slots), number));
            }
        }
        if of.is_empty() {
            return None;
        }
        self.shown.push(Shown {
            rule: place,
            of,
            keys: HashSet::new(),
        });
        Some(self.shown.len() - 1)
    }

    /// Counts the observations of one part of a batch; what is earlier than the
    /// watermark came too late to count.
    pub fn count(
        &mut self,
        part: usize,
        observations: &Observations,
        watermark: i64,
        told: &mut Vec<Told>,
    ) {
        for observation in observations.iter() {
            if observation.time() < watermark {
                continue;
            }
            self.hashes.turn(observation);
            let before = told.len();
            for (word, bits) in observation.selection_words() {
                let bits = bits & self.mask.get(word).copied().unwrap_or(0);
                for selection in Bits(bits).map(|bit| word * 64 + bit) {
                    for at in 0..self.takes[selection].len() {
                        self.take((selection, at), part, observation, told);
                    }
                }
            }
            if told.len() > before + 1 {
                once(told, before);
            }
        }
    }

    fn take(
        &mut self,
        (selection, at): (usize, usize),
        part: usize,
        observation: Observation<'_>,
        told: &mut Vec<Told>,
    ) {
        let tell = |rule, key, mark, reach| Told {
            rule,
            key,
            part,
            offset: observation.place().1,
            time: observation.time(),
            identity: observation.identity(),
            mark,
            reach,
        };
        let (gate, take) = match self.takes[selection][at] {
            Taker::Gate(gate, take) => (gate, take),
            Taker::Shown(shown, of) => {
                let shown = &self.shown[shown];
                if !shown.keys.is_empty() {
                    let (key, mark) = shown.of[of];
                    let (key, _) = self.hashes.get(key);
                    if shown.keys.contains(&key) {
                        told.push(tell(shown.rule, key, mark, 0));
                    }
                }
                return;
            }
        };
        let (key, hash) = self.hashes.get(self.gates[gate].keys[take]);
        let Some(bound) = self.bound(gate, take, (key, hash), observation) else {
            return;
        };
        for user in 0..self.gates[gate].users.len() {
            let user = &self.gates[gate].users[user];
            let met = |(gate, threshold): &(usize, u64)| {
                let counters = self.gates[*gate].counters.as_ref();
                counters.is_none_or(|c| c.near(hash, observation.time()) >= *threshold)
            };
            if bound >= user.threshold && user.others.iter().all(met) {
                told.push(tell(
                    user.rule,
                    key,
                    user.marks[take],
                    self.gates[gate].gate.width,
                ));
                if let Some(shown) = user.shown
                    && self.shown[shown].keys.len() < SHOWN
                {
                    self.shown[shown].keys.insert(key);
                }
            }
        }
    }

    /// What some window around a record may reach; `None` where another take of
    /// the gate has counted it under the same key.
    fn bound(
        &mut self,
        gate: usize,
        take: usize,
        (key, hash): (u64, u64),
        observation: Observation<'_>,
    ) -> Option<u64> {
        for earlier in 0..take {
            let counted = &self.gates[gate];
            let (one, other) = (&counted.gate.takes[earlier], &counted.gate.takes[take]);
            // Another value under the same key is counted, too: an alias may give
            // one record several.
            if one.value == other.value && observation.matched(one.selection) {
                let place = counted.keys[earlier];
                if self.hashes.get(place).0 == key {
                    return None;
                }
            }
        }
        let counted = &mut self.gates[gate];
        let Some(counters) = &mut counted.counters else {
            return Some(1);
        };
        let slot = counted.gate.takes[take].value;
        let value = slot.map_or(0, |slot| self.hashes.value(slot));
        let value = match counted.gate.measure {
            GateMeasure::Events => 1,
            // The key belongs to what is remembered, because keys share cells.
            GateMeasure::Values if value != 0 => self.hashes.hasher.hash_one((key, value)) | 1,
            GateMeasure::Sum | GateMeasure::Largest if value != 0 => value - 1,
            _ => return None,
        };
        Some(counters.add(hash, value, observation.time(), &mut self.room))
    }

    /// Forgets what no window from this time on touches.
    pub fn forget_before(&mut self, time: i64) {
        for counters in self
            .gates
            .iter_mut()
            .filter_map(|gate| gate.counters.as_mut())
        {
            self.room += counters.forget_before(time);
        }
    }

    /// Forgets whose records are shown: nothing but evidence hangs on it.
    pub fn forget_shown(&mut self) {
        for shown in &mut self.shown {
            shown.keys.clear();
        }
    }

    /// Memory held, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let counters = self.gates.iter().filter_map(|gate| gate.counters.as_ref());
        counters.map(Counters::bytes).sum()
    }
}

/// A rule needs to be told only once of a record.
fn once(told: &mut Vec<Told>, before: usize) {
    let mut kept = before;
    for at in before..told.len() {
        let new = told[at];
        let same = |old: &&mut Told| (old.rule, old.key) == (new.rule, new.key);
        if let Some(old) = told[before..kept].iter_mut().find(same) {
            old.reach = old.reach.max(new.reach);
        } else {
            told[kept] = new;
            kept += 1;
        }
    }
    told.truncate(kept);
}
