//! Chains: one step after the other, exactly.
//!
//! A chain needs to know little of its past. Of all ways in which its first
//! steps can have happened, one that began later is never worse, because what
//! ends the hope of a chain is its timespan alone. So for each step the latest
//! beginning is kept. A correlation that is a later step counts anew from each
//! step before it. Only chains of two that ask for what was before the first
//! step, or for a difference from it, keep each first step apart.

mod matching;
mod way;

use std::collections::VecDeque;

use hashbrown::HashMap;

use self::matching::Matching;
use super::entry::{Entry, Second};
use super::node::{Happening, Node};
use super::probe::{Probe, Refusal};
use crate::rule::plan::{Chain, Correlation, Kind, NoneBefore, Stage};

/// Values of a chain before it looks for old ones.
const CROWD: usize = 1024;

/// A chain over one key.
#[derive(Debug)]
pub struct Links {
    /// For each step the latest beginning of those that ended with it before
    /// this second.
    done: Vec<Option<i64>>,
    /// For each step that is a correlation those that count since a step before it.
    open: Vec<Vec<Open>>,
    first: VecDeque<First>,
    /// Times of the first step's records, by its key and their value.
    values: HashMap<(u64, u64), VecDeque<i64>>,
    /// At so many values those that are too old are looked for.
    crowd: usize,
}

/// A correlation that counts since the step before it.
#[derive(Debug)]
struct Open {
    /// When the first step happened.
    start: i64,
    node: Node,
}

/// One way in which the first of two steps has happened.
#[derive(Debug, Clone, Copy)]
struct First {
    time: i64,
    begin: i64,
    /// The correlation's key, or nothing.
    key: u64,
    /// The record that was taken, by its place in its second, and its value.
    taken: Option<(usize, u64)>,
}

impl Links {
    /// No step has happened.
    #[must_use]
    pub fn new(plan: &Correlation) -> Self {
        Self {
            done: vec![None; plan.stages.len()],
            open: plan.stages.iter().map(|_| Vec::new()).collect(),
            first: VecDeque::new(),
            values: HashMap::new(),
            crowd: CROWD,
        }
    }

    /// Takes the records of the key in one second, with their places in it and
    /// the marks that they have under this key, and the firings of its first
    /// stage; whether the chain is complete in this second.
    pub fn second<P: Probe>(
        &mut self,
        plan: &Correlation,
        second: &Second<'_>,
        records: &[(usize, Entry)],
        firsts: &[Happening],
        before: &Before,
        probe: &mut P,
    ) -> bool {
        let Kind::Chain(chain) = &plan.kind else {
            return false;
        };
        if chain.different.is_some() || chain.none_before.is_some() {
            self.learn(plan, chain, second, records, firsts);
            return self.pair(plan, chain, second, records, before);
        }
        let now = Now {
            plan,
            second,
            records,
        };
        self.steps(chain, &now, !firsts.is_empty(), probe)
    }

    /// Lets what is open see a second in which the key has no records: there may
    /// be some that may not have come before.
    pub fn pass(&mut self, plan: &Correlation, second: &Second<'_>) {
        let now = Now {
            plan,
            second,
            records: &[],
        };
        for (stage, open) in plan.stages.iter().zip(&mut self.open) {
            if let Stage::Firings(below) = stage
                && below.befores() != 0
            {
                let entries = now.without(0, below);
                for open in open {
                    let second = second.only(&entries);
                    open.node
                        .second(below, &second, None, &mut Vec::new(), &mut ());
                }
            }
        }
    }

    /// A chain without further demands.
    fn steps<P: Probe>(
        &mut self,
        chain: &Chain,
        now: &Now<'_, '_>,
        first_fired: bool,
        probe: &mut P,
    ) -> bool {
        let oldest = now.second.time - chain.timespan;
        let mut reached = vec![None; now.plan.stages.len()];
        let mut opened = Vec::new();
        for first in 0..now.plan.stages.len() {
            let start = self.start(now, first, first_fired, oldest, probe);
            if let Some(start) = start.filter(|start| *start > oldest) {
                now.run(first, start, &mut reached, &mut opened, probe);
            }
        }
        for (done, reached) in self.done.iter_mut().zip(&reached) {
            *done = (*done).max(*reached);
        }
        for (step, open) in opened {
            self.open[step].push(open);
        }
        reached.last().is_some_and(Option::is_some)
    }

    /// The latest beginning of a chain whose next step happens in this second.
    fn start<P: Probe>(
        &mut self,
        now: &Now<'_, '_>,
        step: usize,
        first_fired: bool,
        oldest: i64,
        probe: &mut P,
    ) -> Option<i64> {
        match &now.plan.stages[step] {
            Stage::Records(mark) => {
                let happens = now.entries().any(|(_, entry)| entry.marks >> mark & 1 != 0);
                let before = match step {
                    0 => Some(now.second.time),
                    _ => self.done[step - 1],
                };
                before.filter(|_| happens)
            }
            Stage::Firings(_) if step == 0 => first_fired.then_some(now.second.time),
            Stage::Firings(below) => {
                let open = &mut self.open[step];
                open.retain(|open| open.start > oldest);
                let entries = now.without(0, below);
                if entries.is_empty() {
                    return None;
                }
                let second = now.second.only(&entries);
                let fired = open.iter_mut().filter_map(|open| {
                    let mut happened = Vec::new();
                    open.node.second(below, &second, None, &mut happened, probe);
                    (!happened.is_empty()).then_some(open.start)
                });
                fired.max()
            }
        }
    }

    /// Remembers the ways in which the first of two steps happens.
    fn learn(
        &mut self,
        plan: &Correlation,
        chain: &Chain,
        second: &Second<'_>,
        records: &[(usize, Entry)],
        firsts: &[Happening],
    ) {
        let time = second.time;
        while self
            .first
            .pop_front_if(|first| first.time <= time - chain.timespan)
            .is_some()
        {}
        let value = |entry: &Entry| {
            chain
                .different
                .map_or(0, |column| second.value(entry, column))
        };
        match &plan.stages[0] {
            Stage::Records(mark) => {
                let mut known: HashMap<u64, u8> = HashMap::new();
                for (place, entry) in records {
                    if entry.marks >> mark & 1 == 0 {
                        continue;
                    }
                    // Two are enough: one of them is another record than the next step's.
                    let count = known.entry(value(entry)).or_default();
                    *count += 1;
                    if *count <= 2 {
                        self.first.push_back(First {
                            time,
                            begin: time,
                            key: 0,
                            taken: Some((*place, value(entry))),
                        });
                    }
                }
            }
            Stage::Firings(below) => {
                if chain.different.is_some() {
                    self.remember(below, second, records, value);
                    self.forget(time - chain.timespan - below.window());
                }
                self.first.extend(firsts.iter().map(|first| First {
                    time,
                    begin: first.begin,
                    key: first.key,
                    taken: None,
                }));
            }
        }
    }

    /// The values in the windows of the first step.
    fn remember(
        &mut self,
        below: &Correlation,
        second: &Second<'_>,
        records: &[(usize, Entry)],
        value: impl Fn(&Entry) -> u64,
    ) {
        for (_, entry) in records {
            for (key, _) in super::node::keys_of(below, second, entry) {
                let times = self.values.entry((key, value(entry))).or_default();
                if times.back() != Some(&second.time) {
                    times.push_back(second.time);
                }
            }
        }
    }

    /// Forgets values that came last at or before a time, when there are many.
    fn forget(&mut self, oldest: i64) {
        if self.values.len() > self.crowd {
            let recent = |times: &VecDeque<i64>| times.back().is_some_and(|last| *last > oldest);
            self.values.retain(|_, times| recent(times));
            self.crowd = CROWD.max(self.values.len() * 2);
        }
    }

    fn pair(
        &self,
        plan: &Correlation,
        chain: &Chain,
        second: &Second<'_>,
        records: &[(usize, Entry)],
        before: &Before,
    ) -> bool {
        let [first, Stage::Records(last)] = &plan.stages[..] else {
            return false;
        };
        let begin = self.first.iter().map(|first| first.begin).min();
        let end = self.first.iter().map(|first| first.begin).max();
        records.iter().any(|record| {
            if record.1.marks >> last & 1 == 0 {
                return false;
            }
            let times = chain.times(second, &record.1, before);
            // One look tells it of a caller who was there all the time.
            if let (Some((none, times)), Some(begin), Some(end)) = (times, begin, end)
                && first_in(times, end - none.timespan, begin).is_some()
            {
                return false;
            }
            self.first.iter().any(|way| {
                self.refusal(chain, first, way, second, record, times)
                    .is_none()
            })
        })
    }

    /// Why a record does not follow one way in which the first step happened.
    fn refusal(
        &self,
        chain: &Chain,
        first: &Stage,
        way: &First,
        second: &Second<'_>,
        (place, entry): &(usize, Entry),
        times: Option<(&NoneBefore, &[i64])>,
    ) -> Option<Refusal> {
        let free = match (first, way.taken) {
            (_, Some((taken, _))) => way.time != second.time || taken != *place,
            (Stage::Firings(below), None) => {
                way.time != second.time || entry.marks & below.leaves == 0
            }
            (Stage::Records(_), None) => true,
        };
        if !free {
            return Some(Refusal::Taken);
        }
        let before = times.and_then(|(none, times)| {
            first_in(times, way.begin - none.timespan, way.begin).map(Refusal::Before)
        });
        before
            .or_else(|| (!self.differs(chain, first, way, second, entry)).then_some(Refusal::Same))
    }

    fn differs(
        &self,
        chain: &Chain,
        first: &Stage,
        way: &First,
        second: &Second<'_>,
        entry: &Entry,
    ) -> bool {
        let Some(column) = chain.different else {
            return true;
        };
        let value = second.value(entry, column);
        match (first, way.taken) {
            (_, Some((_, taken))) => taken != value,
            (Stage::Firings(below), None) => {
                let times = self.values.get(&(way.key, value));
                let window = (way.time - below.window() + 1, way.time + 1);
                times.is_none_or(|times| {
                    let at = times.partition_point(|time| *time < window.0);
                    times.get(at).is_none_or(|time| *time >= window.1)
                })
            }
            (Stage::Records(_), None) => true,
        }
    }
}

/// The first of these times, which are in order, that lies in [start, end).
fn first_in(times: &[i64], start: i64, end: i64) -> Option<i64> {
    let at = times.partition_point(|time| *time < start);
    times.get(at).copied().filter(|time| *time < end)
}

impl Chain {
    /// When there was what may not have come before the first step, for a record
    /// that would be the second.
    fn times<'b>(
        &self,
        second: &Second<'_>,
        entry: &Entry,
        before: &'b Before,
    ) -> Option<(&NoneBefore, &'b [i64])> {
        let none = self.none_before.as_ref()?;
        Some((none, before.times(none, second, entry)))
    }
}

/// One second of one key.
struct Now<'n, 's> {
    plan: &'n Correlation,
    second: &'n Second<'s>,
    records: &'n [(usize, Entry)],
}

impl Now<'_, '_> {
    fn entries(&self) -> impl Iterator<Item = (usize, &Entry)> {
        self.records.iter().map(|(place, entry)| (*place, entry))
    }

    /// What a correlation looks at, without what is selected already: records of
    /// the key, and of any key those that may not have come before.
    fn without(&self, selected: u64, below: &Correlation) -> Vec<Entry> {
        let befores = below.befores();
        let looks = below.leaves | befores;
        let own = self.entries().map(|(_, entry)| *entry);
        let own = own.filter(|entry| entry.marks & looks != 0 && entry.marks & selected == 0);
        let mut entries: Vec<Entry> = own.collect();
        if befores != 0 {
            let others = self.second.entries.iter().enumerate();
            let others =
                others.filter(|(place, _)| self.records.iter().all(|(own, _)| own != place));
            let others = others.map(|(_, entry)| entry.with_marks(befores));
            entries.extend(others.filter(|entry| entry.marks != 0));
        }
        entries
    }

    /// Follows a chain whose step `first` happens in this second as far as it
    /// goes within this second, and opens the correlations that come next.
    fn run<P: Probe>(
        &self,
        first: usize,
        start: i64,
        reached: &mut [Option<i64>],
        opened: &mut Vec<(usize, Open)>,
        probe: &mut P,
    ) {
        // What the steps of this second select, and the correlations among them.
        let (mut selected, mut counted) = (0, 0);
        let mut matching = Matching::default();
        for (step, stage) in self.plan.stages.iter().enumerate().skip(first) {
            let happens = match stage {
                Stage::Records(mark) => {
                    let free = self.entries().filter(|(_, entry)| {
                        entry.marks >> mark & 1 != 0 && entry.marks & counted == 0
                    });
                    selected |= 1 << mark;
                    matching.add(free.map(|(place, _)| place).collect())
                }
                Stage::Firings(below) => {
                    let happens =
                        step == first || self.open(step, below, start, selected, opened, probe);
                    selected |= below.leaves;
                    counted |= below.leaves;
                    happens
                }
            };
            if !happens {
                return;
            }
            reached[step] = reached[step].max(Some(start));
        }
    }

    /// Lets a correlation count from here on; whether it fires at once.
    fn open<P: Probe>(
        &self,
        step: usize,
        below: &Correlation,
        start: i64,
        selected: u64,
        opened: &mut Vec<(usize, Open)>,
        probe: &mut P,
    ) -> bool {
        let mut node = Node::new(below);
        let mut happened = Vec::new();
        let left = self.without(selected, below);
        if !left.is_empty() {
            let second = self.second.only(&left);
            node.second(below, &second, None, &mut happened, probe);
        }
        opened.push((step, Open { start, node }));
        !happened.is_empty()
    }
}

/// When there was what may not have come before a chain.
#[derive(Debug, Default)]
pub struct Before {
    times: HashMap<u64, Vec<i64>>,
    /// How many there are, and at how many those that are too old are looked for.
    count: usize,
    crowd: usize,
}

impl Before {
    /// Remembers the records of a second; what is older than `oldest` may go.
    pub fn add(&mut self, none: &NoneBefore, second: &Second<'_>, oldest: i64) {
        for entry in second.entries {
            if entry.marks >> none.mark & 1 == 0 {
                continue;
            }
            let times = self.times.entry(second.key(entry, &none.by)).or_default();
            if times.last() != Some(&second.time) {
                times.push(second.time);
                self.count += 1;
            }
        }
        if self.count > self.crowd {
            self.times.retain(|_, times| {
                times.retain(|time| *time > oldest);
                !times.is_empty()
            });
            self.count = self.times.values().map(Vec::len).sum();
            self.crowd = 1024.max(self.count * 2);
        }
    }

    /// The times of those that are like this record.
    fn times(&self, none: &NoneBefore, second: &Second<'_>, entry: &Entry) -> &[i64] {
        let times = self.times.get(&second.key(entry, &none.by));
        times.map(Vec::as_slice).unwrap_or_default()
    }
}
