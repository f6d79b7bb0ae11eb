//! Cheap counters that say which keys are worth an exact look.
//!
//! Time is cut into panes as long as a rule's window, so any window lies in two
//! neighbouring panes, and the sum of a key's counts in them is an upper bound
//! for every window that touches both. Keys share cells by hash: a shared cell
//! counts too much, never too little. So the memory is bounded whatever callers
//! send, nothing has to be evicted, and nothing can be missed; a flood of keys
//! only makes the exact evaluation work more. What all counters of a run may
//! take together is handed in as `room`; without any, a pane has a few cells.

use crate::rule::plan::GateMeasure;

/// The shortest pane, seconds. A window lies in two of these, too, and panes of
/// a second each would take all the memory that there is.
const SHORTEST: i64 = 60;

/// The counters of one gate.
#[derive(Debug)]
pub struct Counters {
    width: i64,
    measure: GateMeasure,
    /// With their numbers, in order of time: few, and the last ones are asked
    /// for most.
    panes: Vec<(i64, Pane)>,
}

impl Counters {
    /// Counters for windows of `width` seconds.
    #[must_use]
    pub fn new(width: i64, measure: GateMeasure) -> Self {
        Self {
            width: width.max(SHORTEST),
            measure,
            panes: Vec::new(),
        }
    }

    /// Counts a record of the key with this hash: its value is 1 for events,
    /// the hash of key and value together, not zero, for distinct values, else
    /// the number itself. Gives what some window around it may reach at most.
    /// Takes the memory that it needs from `room`, bytes, which may fall a
    /// little below zero.
    pub fn add(&mut self, place: u64, value: u64, time: i64, room: &mut isize) -> u64 {
        let number = time.div_euclid(self.width);
        let at = self.find(number);
        if self.panes.get(at).is_none_or(|(found, _)| *found != number) {
            self.panes.insert(at, (number, Pane::default()));
        }
        let pane = &mut self.panes[at].1;
        match self.measure {
            GateMeasure::Values => pane.add_value(place, value, room),
            GateMeasure::Largest => pane.add(place, room, |cell| (*cell).max(value)),
            _ => pane.add(place, room, |cell| cell.saturating_add(value)),
        }
        self.near_pane(place, number, at)
    }

    /// What some window that a time lies in may reach at most.
    #[must_use]
    pub fn near(&self, place: u64, time: i64) -> u64 {
        let number = time.div_euclid(self.width);
        self.near_pane(place, number, self.find(number))
    }

    /// The first pane that is not before this number.
    fn find(&self, number: i64) -> usize {
        let newest = self.panes.iter().rev().take(4);
        let after = newest.take_while(|(at, _)| *at >= number).count();
        if after < 4 {
            return self.panes.len() - after;
        }
        self.panes.partition_point(|(at, _)| *at < number)
    }

    fn near_pane(&self, place: u64, number: i64, at: usize) -> u64 {
        let bound = |at: usize, number: i64| {
            let pane = self.panes.get(at).filter(|(found, _)| *found == number);
            pane.map_or(0, |(_, pane)| pane.bound(place, self.measure))
        };
        let here = bound(at, number);
        let there = usize::from(
            self.panes
                .get(at)
                .is_some_and(|(found, _)| *found == number),
        );
        let before = at
            .checked_sub(1)
            .map_or(0, |before| bound(before, number - 1));
        let beside = before.max(bound(at + there, number + 1));
        match self.measure {
            GateMeasure::Largest => here.max(beside),
            _ => here.saturating_add(beside),
        }
    }

    /// Forgets panes that no window from this time on touches; the bytes that
    /// are free again.
    pub fn forget_before(&mut self, time: i64) -> isize {
        let first = time.div_euclid(self.width).saturating_sub(1);
        let gone = self.panes.partition_point(|(at, _)| *at < first);
        let bytes: usize = self.panes.drain(..gone).map(|(_, pane)| pane.bytes()).sum();
        bytes as isize
    }

    /// Memory held, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.panes.iter().map(|(_, pane)| pane.bytes()).sum()
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
                Some((layer.cells.len() * 4).clamp(first, largest))
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
    fn add(&mut self, place: u64, room: &mut isize, change: impl Fn(&u64) -> u64) {
        let layer = Layer::newest(&mut self.counts, 1 << 8, 1 << 19, room);
        let cell = layer.cell_mut(place);
        let before = *cell;
        *cell = change(cell);
        layer.used += usize::from(before == 0 && *layer.cell(place) != 0);
    }

    fn add_value(&mut self, place: u64, value: u64, room: &mut isize) {
        let known = |layer: &Layer<ValueCell>| layer.cell(place).values.contains(&value);
        if !self.values.iter().any(known) {
            let layer = Layer::newest(&mut self.values, 1 << 6, 1 << 17, room);
            let cell = layer.cell_mut(place);
            if let Some(slot) = cell.values.get_mut(cell.count as usize) {
                *slot = value;
            }
            cell.count += 1;
            layer.used += usize::from(layer.cell(place).count == 1);
        }
    }

    fn bound(&self, place: u64, measure: GateMeasure) -> u64 {
        let counts = self.counts.iter().map(|layer| *layer.cell(place));
        match measure {
            GateMeasure::Values => {
                let values = self.values.iter().map(|layer| layer.cell(place).count);
                values.sum()
            }
            GateMeasure::Largest => counts.max().unwrap_or(0),
            _ => counts.fold(0, u64::saturating_add),
        }
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

    /// A mixing hash: places of keys in the cells.
    fn hash(key: u64) -> u64 {
        key.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ key << 29
    }

    proptest! {
        /// The law that exactness rests on: whenever a window reaches a value,
        /// the last of its records to arrive was told of at least as much.
        #[test]
        fn no_window_is_missed(
            records in proptest::collection::vec((0u64..40, 1u64..12, 0i64..600), 0..200),
            width in 1i64..150,
            room in proptest::sample::select(&[0, 100_000, isize::MAX][..]),
        ) {
            for measure in [
                GateMeasure::Events, GateMeasure::Values, GateMeasure::Sum, GateMeasure::Largest,
            ] {
                let mut room = room;
                let mut counters = Counters::new(width, measure);
                let told: Vec<u64> = records.iter().map(|(key, value, time)| {
                    let value = match measure {
                        GateMeasure::Events => 1,
                        GateMeasure::Values => hash(*key * 100 + *value) | 1,
                        _ => *value,
                    };
                    counters.add(hash(*key), value, *time, &mut room)
                }).collect();
                for (key, _, end) in &records {
                    let inside: Vec<usize> = (0..records.len())
                        .filter(|at| {
                            let (other, _, time) = records[*at];
                            other == *key && time > end - width && time <= *end
                        })
                        .collect();
                    let values = || inside.iter().map(|at| records[*at].1);
                    let reached = match measure {
                        GateMeasure::Events => inside.len() as u64,
                        GateMeasure::Values => {
                            values().collect::<std::collections::BTreeSet<_>>().len() as u64
                        }
                        GateMeasure::Sum => values().sum(),
                        GateMeasure::Largest => values().max().unwrap_or(0),
                    };
                    let last = inside[inside.len() - 1];
                    prop_assert!(told[last] >= reached, "{:?}: {} < {}", measure, told[last], reached);
                    prop_assert!(counters.near(hash(*key), records[last].2) >= reached);
                }
            }
        }
    }

    #[test]
    fn a_flood_of_keys_is_bounded() {
        let mut room = 32 << 20;
        let mut counters = Counters::new(300, GateMeasure::Events);
        for key in 0..2_000_000u64 {
            counters.add(hash(key), 1, 0, &mut room);
        }
        assert!(counters.bytes() < 8 << 20, "{}", counters.bytes());
        let mut counters = Counters::new(300, GateMeasure::Values);
        for key in 0..500_000u64 {
            counters.add(hash(key), hash(key) | 1, 0, &mut room);
        }
        assert!(counters.bytes() < 16 << 20, "{}", counters.bytes());
    }

    #[test]
    fn what_all_panes_take_is_bounded() {
        let most = 1 << 20;
        let mut room = most;
        let mut counters = Counters::new(1, GateMeasure::Values);
        for time in 0..10_000 {
            for key in 0..5u64 {
                counters.add(hash(key), hash(key) | 1, time, &mut room);
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
