//! Cheap counters that say which keys are worth an exact look.
//!
//! Time is cut into panes as long as a rule's window, so any window lies in two
//! neighbouring panes, and the sum of a key's counts in them is an upper bound
//! for every window that touches both. Keys share cells by hash: a shared cell
//! counts too much, never too little. So the memory is bounded whatever callers
//! send, nothing has to be evicted, and nothing can be missed; a flood of keys
//! only makes the exact evaluation work more. What all counters of a run may
//! take together is handed in as `room`; without any, a pane has a few cells.

use std::collections::BTreeMap;
use std::hash::BuildHasher;

use hashbrown::DefaultHashBuilder;

/// The counters of one rule.
#[derive(Debug)]
pub struct Counters {
    width: i64,
    threshold: u64,
    distinct: bool,
    panes: BTreeMap<i64, Pane>,
    /// Keyed anew in every run: callers choose what is hashed.
    hasher: DefaultHashBuilder,
}

impl Counters {
    /// Counters for windows of `width` seconds that fire at `threshold`, over
    /// records or over distinct values.
    #[must_use]
    pub fn new(width: i64, threshold: u64, distinct: bool) -> Self {
        Self {
            width,
            threshold,
            distinct,
            panes: BTreeMap::new(),
            hasher: DefaultHashBuilder::default(),
        }
    }

    /// Counts a record; whether some window around it may reach the threshold.
    /// Takes the memory that it needs from `room`, bytes, which may fall a
    /// little below zero.
    pub fn add(&mut self, key: u64, value: u64, time: i64, room: &mut isize) -> bool {
        let number = time.div_euclid(self.width);
        let place = self.hasher.hash_one(key);
        let distinct = self.distinct;
        let pane = self.panes.entry(number).or_default();
        let here = if distinct {
            // The key belongs to what is remembered, because keys share cells.
            pane.add_value(place, self.hasher.hash_one((key, value)) | 1, room)
        } else {
            pane.add(place, room)
        };
        if here >= self.threshold {
            return true;
        }
        let bound = |number: i64| self.panes.get(&number).map_or(0, |pane| pane.bound(place));
        here + bound(number - 1).max(bound(number + 1)) >= self.threshold
    }

    /// Forgets panes that no window from this time on touches; the bytes that
    /// are free again.
    pub fn forget_before(&mut self, time: i64) -> isize {
        let first = time.div_euclid(self.width).saturating_sub(1);
        let kept = self.panes.split_off(&first);
        let forgotten = std::mem::replace(&mut self.panes, kept);
        let bytes: usize = forgotten.values().map(Pane::bytes).sum();
        bytes as isize
    }

    /// Memory held, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.panes.values().map(Pane::bytes).sum()
    }
}

/// Cells of a layer that there is no room for.
const FEW: usize = 8;

/// Distinct values that a cell remembers; it fills a cache line with the count.
const REMEMBERED: usize = 7;

/// How often a key came, or how many values it came with.
#[derive(Debug, Clone, Copy, Default)]
struct ValueCell {
    count: u64,
    values: [u64; REMEMBERED],
}

/// Layers that grow as keys come: counts in a small one cannot be moved to a
/// larger one, because it does not know whose they are, so they are added up.
#[derive(Debug, Default)]
struct Pane {
    counts: Vec<Layer<u64>>,
    values: Vec<Layer<ValueCell>>,
}

#[derive(Debug)]
struct Layer<C> {
    cells: Vec<C>,
    used: usize,
}

impl<C: Copy + Default> Layer<C> {
    /// The newest layer, a new one where that is crowded and `room` allows it.
    fn newest<'l>(
        layers: &'l mut Vec<Self>,
        first: usize,
        largest: usize,
        room: &mut isize,
    ) -> &'l mut Self {
        let wanted = match layers.last() {
            None => Some(first),
            Some(layer) if layer.used * 2 > layer.cells.len() && layer.cells.len() < largest => {
                Some((layer.cells.len() * 4).max(first))
            }
            Some(_) => None,
        };
        let bytes = |cells: usize| (cells * size_of::<C>()) as isize;
        let cells = match wanted {
            Some(cells) if bytes(cells) <= *room => Some(cells),
            // There has to be a first one.
            _ => layers.is_empty().then_some(FEW),
        };
        if let Some(cells) = cells {
            *room -= bytes(cells);
            layers.push(Layer {
                cells: vec![C::default(); cells],
                used: 0,
            });
        }
        let last = layers.len() - 1;
        &mut layers[last]
    }

    fn cell(&self, place: u64) -> &C {
        &self.cells[place as usize & (self.cells.len() - 1)]
    }

    fn cell_mut(&mut self, place: u64) -> &mut C {
        let mask = self.cells.len() - 1;
        &mut self.cells[place as usize & mask]
    }
}

impl Pane {
    fn add(&mut self, place: u64, room: &mut isize) -> u64 {
        let layer = Layer::newest(&mut self.counts, 1 << 11, 1 << 19, room);
        let cell = layer.cell_mut(place);
        *cell += 1;
        layer.used += usize::from(*layer.cell(place) == 1);
        self.bound(place)
    }

    fn add_value(&mut self, place: u64, value: u64, room: &mut isize) -> u64 {
        let known = |layer: &Layer<ValueCell>| layer.cell(place).values.contains(&value);
        if !self.values.iter().any(known) {
            let layer = Layer::newest(&mut self.values, 1 << 9, 1 << 17, room);
            let cell = layer.cell_mut(place);
            if let Some(slot) = cell.values.get_mut(cell.count as usize) {
                *slot = value;
            }
            cell.count += 1;
            layer.used += usize::from(layer.cell(place).count == 1);
        }
        self.bound(place)
    }

    fn bound(&self, place: u64) -> u64 {
        let counts: u64 = self.counts.iter().map(|layer| *layer.cell(place)).sum();
        let values: u64 = self
            .values
            .iter()
            .map(|layer| layer.cell(place).count)
            .sum();
        counts + values
    }

    fn bytes(&self) -> usize {
        let counts: usize = self.counts.iter().map(|layer| layer.cells.len() * 8).sum();
        let values: usize = self.values.iter().map(|layer| layer.cells.len() * 64).sum();
        counts + values
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The law that exactness rests on: whenever a window reaches the
        /// threshold, the last of its records to arrive was told so.
        #[test]
        fn no_window_is_missed(
            records in proptest::collection::vec((0u64..40, 0u64..12, 0i64..60), 0..200),
            width in 1i64..20,
            threshold in 1u64..12,
            distinct: bool,
            room in proptest::sample::select(&[0, 100_000, isize::MAX][..]),
        ) {
            let mut room = room;
            let mut counters = Counters::new(width, threshold, distinct);
            let told: Vec<bool> = records
                .iter()
                .map(|(key, value, time)| counters.add(*key, *value, *time, &mut room))
                .collect();
            for (key, _, end) in &records {
                let inside: Vec<usize> = (0..records.len())
                    .filter(|at| {
                        let (other, _, time) = records[*at];
                        other == *key && time > end - width && time <= *end
                    })
                    .collect();
                let count = if distinct {
                    inside.iter().map(|at| records[*at].1).collect::<std::collections::BTreeSet<_>>().len()
                } else {
                    inside.len()
                };
                if count as u64 >= threshold {
                    // With distinct values the last new value may have come earlier.
                    prop_assert!(inside.iter().any(|at| told[*at]));
                    prop_assert!(told[inside[inside.len() - 1]]);
                }
            }
        }
    }

    #[test]
    fn a_flood_of_keys_is_bounded() {
        let mut room = 32 << 20;
        let mut counters = Counters::new(300, 20, false);
        for key in 0..2_000_000u64 {
            counters.add(key, 0, 0, &mut room);
        }
        assert!(counters.bytes() < 8 << 20, "{}", counters.bytes());
        let mut counters = Counters::new(300, 20, true);
        for key in 0..500_000u64 {
            counters.add(key, key, 0, &mut room);
        }
        assert!(counters.bytes() < 16 << 20, "{}", counters.bytes());
    }

    #[test]
    fn what_all_panes_take_is_bounded() {
        let most = 1 << 20;
        let mut room = most;
        let mut counters = Counters::new(1, 2, true);
        for time in 0..10_000 {
            for key in 0..5u64 {
                counters.add(key, key, time, &mut room);
            }
        }
        // Beside the few cells that every pane has.
        let few = 10_000 * FEW * size_of::<ValueCell>();
        assert!(
            counters.bytes() <= most as usize + few,
            "{}",
            counters.bytes()
        );
        let freed = counters.forget_before(20_000);
        assert_eq!((room + freed, counters.bytes()), (most, 0));
    }
}
