//! One rule over the records of one key: the exact meaning of a correlation, as
//! `docs/correlations.md` says it.
//!
//! Records come here in order of time and each only once, second by second.
//! Which key it is, and whether it was worth the look, may not matter here.

use std::collections::VecDeque;

use hashbrown::HashMap;

use super::chain::{Before, Links};
use super::distinct::Counter;
use super::entry::{Entry, Second};
use super::window::Window;
use crate::alert::Distinct;
use crate::rule::plan::{Aggregate, Correlation, Kind, Measure, Role, Rule, Stage};
use crate::rule::set::Bits;

/// What a key did in a period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Firing {
    /// Time and value of the earliest firing.
    pub trigger: (i64, u64),
    /// The key's records in (period start - timespan, period end).
    pub count: u64,
    /// Distinct values of them, where the rule counts values.
    pub distinct: Option<Distinct>,
    /// Their sum, where the rule adds them up.
    pub sum: Option<u64>,
    /// Time of the first.
    pub first_seen: i64,
    /// Time of the last.
    pub last_seen: i64,
}

/// A rule over one key in one period.
#[derive(Debug)]
pub struct Evaluator {
    period: (i64, i64),
    leaves: u64,
    /// Gone when nothing can change any more.
    node: Option<Node>,
    trigger: Option<(i64, u64)>,
    count: u64,
    distinct: Option<Counter>,
    sum: Option<u128>,
    seen: Option<(i64, i64)>,
}

impl Evaluator {
    /// Nothing has been seen yet.
    #[must_use]
    pub fn new(rule: &Rule, period_start: i64) -> Self {
        let main = main_of(&rule.root);
        let measures = |measure| main.is_some_and(|main| main.measure == measure);
        Self {
            period: (period_start, period_start + rule.period),
            leaves: rule.marked(Role::Counted),
            // Whatever one record decides needs no windows.
            node: (!rule.is_single_event()).then(|| Node::new(&rule.root)),
            trigger: None,
            count: 0,
            distinct: measures(Measure::Values).then(Counter::default),
            sum: (measures(Measure::Sum) || measures(Measure::Average)).then_some(0),
            seen: None,
        }
    }

    /// Takes all records of one second, later than those before.
    pub fn second(&mut self, rule: &Rule, second: &Second<'_>) {
        let time = second.time;
        let covered = time > self.period.0 - rule.timespan();
        if covered {
            self.count(rule, second);
        }
        let in_period = time >= self.period.0;
        let Some(node) = &mut self.node else {
            if rule.is_single_event() && in_period && self.trigger.is_none() {
                let records = second.entries.iter().filter(|e| e.marks & self.leaves != 0);
                self.trigger = Some((time, records.count() as u64));
            }
            return;
        };
        // Values of firings are known only here; those of records are counted above.
        let firings = !rule.root.counts_records();
        let values = self.distinct.as_mut().filter(|_| firings && covered);
        let mut happened = Vec::new();
        node.second(&rule.root, second, values, &mut happened);
        if in_period
            && self.trigger.is_none()
            && let Some(happening) = happened.first()
        {
            self.trigger = Some((time, happening.value));
            // The rest of the period is only counted.
            if !(firings && self.distinct.is_some()) {
                self.node = None;
            }
        }
    }

    fn count(&mut self, rule: &Rule, second: &Second<'_>) {
        let firings = !rule.root.counts_records();
        let main = main_of(&rule.root);
        for entry in second.entries {
            let marks = entry.marks & self.leaves;
            let Some(mark) = Bits(marks).next() else {
                continue;
            };
            self.count += 1;
            let first = self.seen.map_or(second.time, |(first, _)| first);
            self.seen = Some((first, second.time));
            let Some(main) = main.filter(|_| !firings) else {
                continue;
            };
            if let Some(distinct) = &mut self.distinct {
                distinct.add(second.value(entry, main.column[mark]));
            }
            if let Some(sum) = &mut self.sum {
                let value = second.value(entry, main.column[mark]);
                *sum += u128::from(value.saturating_sub(1));
            }
        }
    }

    /// What came of it, if the rule fired.
    #[must_use]
    pub fn finish(self) -> Option<Firing> {
        let trigger = self.trigger?;
        let (first_seen, last_seen) = self.seen?;
        Some(Firing {
            trigger,
            count: self.count,
            distinct: self.distinct.map(|distinct| distinct.count()),
            sum: self.sum.map(|sum| u64::try_from(sum).unwrap_or(u64::MAX)),
            first_seen,
            last_seen,
        })
    }
}

fn main_of(correlation: &Correlation) -> Option<&Aggregate> {
    match &correlation.kind {
        Kind::Count(main) => Some(main),
        Kind::Chain(_) => None,
    }
}

/// A firing.
#[derive(Debug, Clone, Copy)]
pub struct Happening {
    /// Hash of the key.
    pub key: u64,
    /// A record of the key in this second, by its place.
    pub entry: usize,
    /// A mark by which it is one.
    pub mark: usize,
    /// The value at which it fired.
    pub value: u64,
    /// Time of the first record in its window, where that was asked for.
    pub begin: i64,
}

/// A correlation over all keys below the rule's key.
#[derive(Debug)]
pub struct Node {
    keys: HashMap<u64, State>,
    /// For each stage that counts firings what is below it.
    below: Vec<Option<Node>>,
    before: Before,
    /// Whether somebody asks when windows begin.
    begins: bool,
    /// Keys at which those that are idle are looked for.
    crowd: usize,
}

/// A correlation over one key.
#[derive(Debug)]
struct State {
    main: Main,
    and: Vec<Window>,
    any: Vec<Window>,
    /// Seconds of the records in the window, where somebody asks.
    seconds: VecDeque<i64>,
    last: i64,
}

#[derive(Debug)]
enum Main {
    Count(Window),
    Chain(Links),
}

/// Keys of a node before it looks for idle ones.
const CROWD: usize = 1024;

impl Node {
    /// Nothing has happened yet.
    #[must_use]
    pub fn new(plan: &Correlation) -> Self {
        Self::with(plan, false)
    }

    fn with(plan: &Correlation, begins: bool) -> Self {
        // A chain evaluates only its first stage from the beginning of time.
        let (stages, asks) = match &plan.kind {
            Kind::Count(_) => (plan.stages.len(), false),
            Kind::Chain(chain) => (1, chain.none_before.is_some()),
        };
        let below = plan.stages[..stages].iter().map(|stage| match stage {
            Stage::Records(_) => None,
            Stage::Firings(below) => Some(Node::with(below, asks)),
        });
        Self {
            keys: HashMap::new(),
            below: below.collect(),
            before: Before::default(),
            begins,
            crowd: CROWD,
        }
    }

    /// Takes one second, and adds what fired in it. `values` gets the values
    /// that the correlation counts.
    pub fn second(
        &mut self,
        plan: &Correlation,
        second: &Second<'_>,
        values: Option<&mut Counter>,
        happened: &mut Vec<Happening>,
    ) {
        self.further(plan, second);
        match &plan.kind {
            Kind::Count(main) => self.count(plan, main, second, values, happened),
            Kind::Chain(_) => self.chain(plan, second, happened),
        }
        if self.keys.len() > self.crowd {
            let oldest = second.time - plan.timespan;
            self.keys.retain(|_, state| state.last > oldest);
            self.crowd = CROWD.max(self.keys.len() * 2);
        }
    }

    fn state(&mut self, plan: &Correlation, key: u64, time: i64) -> &mut State {
        let state = self.keys.entry(key).or_insert_with(|| State::new(plan));
        state.last = time;
        state
    }

    /// What further aggregates count, and when windows begin: records.
    fn further(&mut self, plan: &Correlation, second: &Second<'_>) {
        if plan.and.is_empty() && plan.any.is_empty() && !self.begins {
            return;
        }
        let begins = self.begins;
        for entry in second.entries {
            for (key, mark) in keys_of(plan, second, entry) {
                let state = self.state(plan, key, second.time);
                if begins && state.seconds.back() != Some(&second.time) {
                    state.seconds.push_back(second.time);
                }
                let and = plan.and.iter().zip(&mut state.and);
                for (aggregate, window) in and.chain(plan.any.iter().zip(&mut state.any)) {
                    if aggregate.marks & entry.marks != 0 {
                        let column = aggregate.column.get(mark);
                        let value = column.map_or(0, |column| second.value(entry, *column));
                        window.add(second.time, value);
                    }
                }
            }
        }
    }

    fn count(
        &mut self,
        plan: &Correlation,
        main: &Aggregate,
        second: &Second<'_>,
        mut values: Option<&mut Counter>,
        happened: &mut Vec<Happening>,
    ) {
        let items = self.items(plan, main, second);
        for items in items.chunk_by(|a, b| a.key == b.key) {
            let (time, first) = (second.time, items[0]);
            let state = self.state(plan, first.key, time);
            let Main::Count(window) = &mut state.main else {
                continue;
            };
            for item in items {
                let value = match main.measure {
                    Measure::Events => 0,
                    Measure::Stages => item.stage as u64 + 1,
                    _ => second.value(&second.entries[item.entry], main.column[item.mark]),
                };
                window.add(time, value);
                if let Some(values) = &mut values {
                    values.add(value);
                }
            }
            let Some(reading) = window.slide(main, time) else {
                continue;
            };
            if main.condition.holds(reading) && state.holds(plan, time) {
                happened.push(Happening {
                    key: first.key,
                    entry: first.entry,
                    mark: first.mark,
                    value: reading.value(),
                    begin: state.begin(plan, time),
                });
            }
        }
    }

    /// What a correlation counts in a second, key by key.
    fn items(&mut self, plan: &Correlation, main: &Aggregate, second: &Second<'_>) -> Vec<Item> {
        let mut items = Vec::new();
        for (stage, (counted, below)) in plan.stages.iter().zip(&mut self.below).enumerate() {
            let mut add = |entry: usize, mark: usize, firing: bool| {
                let key = if plan.whole_key {
                    0
                } else {
                    second.key(&second.entries[entry], &plan.by[mark])
                };
                items.push(Item {
                    key,
                    firing,
                    entry,
                    mark,
                    stage,
                });
            };
            match (counted, below) {
                (Stage::Records(mark), _) => {
                    let entries = second.entries.iter().enumerate();
                    for (place, _) in entries.filter(|(_, e)| e.marks >> mark & 1 != 0) {
                        add(place, *mark, false);
                    }
                }
                (Stage::Firings(plan), Some(below)) => {
                    let mut firings = Vec::new();
                    below.second(plan, second, None, &mut firings);
                    for firing in firings {
                        add(firing.entry, firing.mark, true);
                    }
                }
                (Stage::Firings(_), None) => {}
            }
        }
        if items.len() > 1 && (plan.stages.len() > 1 || !plan.whole_key) {
            items.sort_by_key(|item| (item.key, item.firing, item.entry));
            // A record that several rules select is one, unless rules are counted.
            if main.measure != Measure::Stages {
                let one = |item: &Item| (!item.firing).then_some((item.key, item.entry));
                items.dedup_by(|b, a| one(a).is_some() && one(a) == one(b));
            }
        }
        items
    }

    fn chain(&mut self, plan: &Correlation, second: &Second<'_>, happened: &mut Vec<Happening>) {
        let Kind::Chain(chain) = &plan.kind else {
            return;
        };
        let mut firsts = Vec::new();
        if let (Stage::Firings(first), Some(below)) = (&plan.stages[0], &mut self.below[0]) {
            below.second(first, second, None, &mut firsts);
        }
        if let Some(none) = &chain.none_before {
            self.before
                .add(none, second, second.time - plan.full_horizon());
        }
        let mut records = Vec::new();
        for (place, entry) in second.entries.iter().enumerate() {
            let keys = keys_of(plan, second, entry);
            records.extend(keys.map(|(key, mark)| (key, place, mark)));
        }
        records.sort_unstable();
        for records in records.chunk_by(|a, b| a.0 == b.0) {
            let (key, entry, mark) = records[0];
            let entries: Vec<usize> = records.iter().map(|(_, entry, _)| *entry).collect();
            let of_key = |first: &&Happening| {
                plan.whole_key
                    || second.key(&second.entries[first.entry], &plan.by[first.mark]) == key
            };
            let firsts: Vec<Happening> = firsts.iter().filter(of_key).copied().collect();
            let before = std::mem::take(&mut self.before);
            let state = self.state(plan, key, second.time);
            let Main::Chain(links) = &mut state.main else {
                continue;
            };
            let complete = links.second(plan, second, &entries, &firsts, &before);
            if complete && state.holds(plan, second.time) {
                happened.push(Happening {
                    key,
                    entry,
                    mark,
                    value: plan.stages.len() as u64,
                    begin: state.begin(plan, second.time),
                });
            }
            self.before = before;
        }
    }
}

/// One thing that a correlation counts.
#[derive(Debug, Clone, Copy)]
struct Item {
    key: u64,
    firing: bool,
    entry: usize,
    mark: usize,
    stage: usize,
}

/// The keys of a record under a correlation, each with a mark by which it has it.
/// There are several only where aliases call one record's fields differently.
pub fn keys_of<'s>(
    plan: &'s Correlation,
    second: &'s Second<'_>,
    entry: &'s Entry,
) -> impl Iterator<Item = (u64, usize)> + 's {
    let leaves = entry.marks & plan.leaves;
    let key = move |mark: usize| {
        if plan.whole_key {
            0
        } else {
            second.key(entry, &plan.by[mark])
        }
    };
    Bits(leaves)
        .map(move |mark| (key(mark), mark))
        .filter(move |(own, mark)| Bits(leaves & ((1 << mark) - 1)).all(|at| key(at) != *own))
}

impl State {
    fn new(plan: &Correlation) -> Self {
        let windows = |aggregates: &[Aggregate]| {
            let windows = aggregates.iter().map(|a| Window::new(a.measure));
            windows.collect()
        };
        Self {
            main: match &plan.kind {
                Kind::Count(main) => Main::Count(Window::new(main.measure)),
                Kind::Chain(_) => Main::Chain(Links::new(plan)),
            },
            and: windows(&plan.and),
            any: windows(&plan.any),
            seconds: VecDeque::new(),
            last: i64::MIN,
        }
    }

    /// Whether the further aggregates hold.
    fn holds(&mut self, plan: &Correlation, time: i64) -> bool {
        let holds = |(aggregate, window): (&Aggregate, &mut Window)| {
            let reading = window.slide(aggregate, time);
            reading.is_some_and(|reading| aggregate.condition.holds(reading))
        };
        let all = plan.and.iter().zip(&mut self.and).all(holds);
        all && (plan.any.is_empty() || plan.any.iter().zip(&mut self.any).any(holds))
    }

    /// Time of the first record in the window that ends now.
    fn begin(&mut self, plan: &Correlation, time: i64) -> i64 {
        let start = time - plan.timespan;
        while self.seconds.pop_front_if(|at| *at <= start).is_some() {}
        self.seconds.front().copied().unwrap_or(time)
    }
}
