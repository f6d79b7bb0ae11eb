//! When and where: requests by slot of time and by bucket, beside the alerts, and
//! hours without any record where some were to be expected.
//!
//! What alerts are about may not enter here: only when they triggered, and which
//! buckets they name.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Bucket, Count, Gap, Levels, Slot, Timeline};
use crate::alert::Level;
use crate::pipeline::{Cell, HOUR, Hours, REST};
use crate::text::{lossless, redact};

/// Slots of a timeline, at most.
const SLOTS: i64 = 400;
/// Hours of a slot, of which the first is taken that gives few enough; beyond, weeks.
const STEPS: [i64; 7] = [1, 2, 3, 6, 12, 24, 48];
const WEEK: i64 = 7 * 24;
/// Buckets that are listed, at most.
const BUCKETS: usize = 100;

/// Hours beside a gap that have to be known before it can be called one: a day and a
/// half, so that one night between two days of work is none.
const KNOWN: i64 = 36;
/// Of these so many in a hundred hold records.
const BUSY: i64 = 90;
/// Stretches as long as a gap, or longer, that are no rule yet: more than these, and
/// more than one a week, are how a bucket is used.
const RARE: i64 = 3;

/// Alerts, as far as time and place go.
#[derive(Debug, Clone, Default)]
pub struct Alerted {
    /// When they triggered: by the first second of the hour, since the Unix epoch.
    pub hours: BTreeMap<i64, Levels>,
    /// Buckets that they name in their keys, redacted and written as
    /// [`lossless`] says: the highest level, and how many.
    pub buckets: BTreeMap<String, (Level, u64)>,
}

/// When and where, as a report says it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Where {
    /// Requests and alerts over time.
    pub timeline: Timeline,
    /// Those with the worst alerts first, then the busiest.
    pub buckets: Vec<Bucket>,
    /// Buckets for which there was no room, and their requests.
    pub buckets_left_out: Count,
    /// Hours without any record of any bucket.
    pub gaps: Vec<Gap>,
}

/// Lays out what was counted. Cells of nothing say that there was something, which is
/// no gap and is not shown.
#[must_use]
pub fn lay_out(hours: &Hours, alerted: &Alerted) -> Where {
    let counted = hours.iter().filter(|(.., cell)| cell.requests > 0);
    let times = counted.map(|(_, hour, _)| hour);
    let frame = Frame::around(times.chain(alerted.hours.keys().copied()));
    let mut slots = frame.slots();
    let mut all = Presence::default();
    let mut sums: BTreeMap<String, Cell> = BTreeMap::new();
    let mut rest = Cell::default();
    for (bucket, hour, cell) in hours.iter() {
        all.add(hour, cell);
        if cell.requests == 0 {
            continue;
        }
        frame.place(hour, &mut slots, |slot| add(slot, cell));
        match bucket {
            REST => rest.add(cell),
            bucket => sums.entry(name(bucket)).or_default().add(cell),
        }
    }
    for (hour, levels) in &alerted.hours {
        frame.place(*hour, &mut slots, |slot| {
            add_levels(&mut slot.alerts, levels);
        });
    }
    for bucket in alerted.buckets.keys() {
        sums.entry(bucket.clone()).or_default();
    }
    let mut buckets = ranked(sums, alerted);
    let left_out = buckets.split_off(buckets.len().min(BUCKETS));
    fill(&mut buckets, hours, &frame);
    Where {
        timeline: Timeline {
            step: frame.step,
            slots,
        },
        buckets,
        buckets_left_out: Count {
            number: left_out.len() as u64 + u64::from(hours.is_partial()),
            sum: left_out.iter().map(|bucket| bucket.requests).sum::<u64>() + rest.requests,
        },
        gaps: all.gaps(),
    }
}

/// A bucket's name as a report shows it.
fn name(bucket: &[u8]) -> String {
    lossless(&redact(bucket)).into_owned()
}

/// All buckets, those with the worst alerts first, then the busiest.
fn ranked(sums: BTreeMap<String, Cell>, alerted: &Alerted) -> Vec<Bucket> {
    let buckets = sums.into_iter().map(|(name, cell)| {
        let alerts = alerted.buckets.get(&name);
        Bucket {
            level: alerts.map(|(level, _)| *level),
            alerts: alerts.map_or(0, |(_, alerts)| *alerts),
            name,
            requests: cell.requests,
            refused: cell.refused,
            missing: cell.missing,
            wrong: cell.wrong,
            failed: cell.failed,
            bytes: cell.bytes,
            slots: Vec::new(),
            gaps: Vec::new(),
        }
    });
    let mut buckets: Vec<Bucket> = buckets.collect();
    // They are in the order of their names.
    buckets.sort_by_key(|bucket| Reverse((bucket.level, bucket.alerts, bucket.requests)));
    buckets
}

/// Adds to buckets their slots and gaps. There are no gaps to be told of where hours
/// of buckets are missing for lack of room.
fn fill(buckets: &mut [Bucket], hours: &Hours, frame: &Frame) {
    let places = buckets.iter().enumerate();
    let places: BTreeMap<String, usize> = places
        .map(|(place, bucket)| (bucket.name.clone(), place))
        .collect();
    let mut presences: Vec<Presence> = Vec::new();
    presences.resize_with(buckets.len(), Presence::default);
    for bucket in &mut *buckets {
        bucket.slots = vec![0; frame.count];
    }
    for (bucket, hour, cell) in hours.iter() {
        let Some(place) = places.get(&name(bucket)).copied() else {
            continue;
        };
        presences[place].add(hour, cell);
        let slots = &mut buckets[place].slots;
        frame.place(hour, slots, |slot| *slot += cell.requests);
    }
    if hours.is_partial() {
        return;
    }
    for (bucket, presence) in buckets.iter_mut().zip(presences) {
        bucket.gaps = presence.gaps();
    }
}

fn add(slot: &mut Slot, cell: &Cell) {
    slot.requests += cell.requests;
    slot.refused += cell.refused;
    slot.missing += cell.missing;
    slot.wrong += cell.wrong;
    slot.failed += cell.failed;
    slot.bytes = slot.bytes.saturating_add(cell.bytes);
}

fn add_levels(levels: &mut Levels, more: &Levels) {
    levels.critical += more.critical;
    levels.high += more.high;
    levels.medium += more.medium;
    levels.low += more.low;
    levels.informational += more.informational;
}

/// How time is cut: slots of the same length, aligned to the Unix epoch.
struct Frame {
    /// Seconds of a slot.
    step: i64,
    /// The first second of the first one.
    first: i64,
    count: usize,
}

impl Frame {
    /// Around the first and the last of these times.
    fn around(times: impl Iterator<Item = i64>) -> Self {
        let ends = times.fold(None, |ends: Option<(i64, i64)>, time| {
            let (first, last) = ends.unwrap_or((time, time));
            Some((first.min(time), last.max(time)))
        });
        let Some((first, last)) = ends else {
            return Self {
                step: HOUR,
                first: 0,
                count: 0,
            };
        };
        let count = |step: i64| last.div_euclid(step) - first.div_euclid(step) + 1;
        let steps = STEPS.into_iter().map(|hours| hours * HOUR);
        let few = steps.into_iter().find(|step| count(*step) <= SLOTS);
        // Two slots may be begun and not filled.
        let weeks = (last - first) / (WEEK * HOUR * (SLOTS - 1)) + 1;
        let step = few.unwrap_or(weeks * WEEK * HOUR);
        Self {
            step,
            first: first - first.rem_euclid(step),
            count: count(step) as usize,
        }
    }

    fn slots(&self) -> Vec<Slot> {
        let times = (0..self.count as i64).map(|number| self.first + number * self.step);
        times
            .map(|time| Slot {
                time,
                ..Slot::default()
            })
            .collect()
    }

    /// Changes the slot of a time, if it has one.
    fn place<T>(&self, time: i64, slots: &mut [T], change: impl FnOnce(&mut T)) {
        let place = (time - self.first).div_euclid(self.step);
        let slot = usize::try_from(place).ok();
        if let Some(slot) = slot.and_then(|slot| slots.get_mut(slot)) {
            change(slot);
        }
    }
}

/// Hours that hold records, by their first seconds: whether some of these are new.
#[derive(Default)]
struct Presence(BTreeMap<i64, bool>);

impl Presence {
    fn add(&mut self, hour: i64, cell: &Cell) {
        *self.0.entry(hour).or_default() |= cell.requests > 0;
    }

    /// Stretches without records, each between two hours with some, the later of which
    /// is new: what an earlier report could tell of is left out. A stretch is only one
    /// to be told of where nearly all other hours hold records, and where stretches of
    /// its length are rare.
    fn gaps(&self) -> Vec<Gap> {
        let hours = self.0.keys();
        let pairs = hours.clone().zip(hours.skip(1));
        let empty = pairs.map(|(one, next)| Gap {
            start: one + HOUR,
            end: *next,
        });
        let empty: Vec<Gap> = empty.filter(|gap| gap.start < gap.end).collect();
        let length = |gap: &Gap| (gap.end - gap.start) / HOUR;
        let mut lengths: Vec<i64> = empty.iter().map(length).collect();
        lengths.sort_unstable();
        let with = self.0.len() as i64;
        let whole = with + lengths.iter().sum::<i64>();
        let is_one = |gap: &Gap| {
            let length = length(gap);
            let others = whole - length;
            let shorter = lengths.partition_point(|other| *other < length);
            let as_long = (lengths.len() - shorter) as i64;
            others >= KNOWN
                && with * 100 >= others * BUSY
                && as_long <= RARE.max(whole / WEEK)
                && self.0.get(&gap.end) == Some(&true)
        };
        empty.into_iter().filter(is_one).collect()
    }
}

#[cfg(test)]
mod tests;
