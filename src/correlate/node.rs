//! A correlation over all its keys below one key of a rule, with what it counts
//! below it.
//!
//! It takes the records second by second and tells what fires. What becomes of
//! a firing is decided above.

use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::HashMap;

use super::chain::{Before, Links};
use super::distinct::Counter;
use super::entry::{Entry, Second};
use super::hours::{Compared, Sums, Verdict};
use super::judge::Hours;
use super::probe::{Probe, Sight};
use super::window::Window;
use crate::rule::plan::{Aggregate, Correlation, Kind, Measure, Stage};
use crate::rule::set::Bits;

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
    /// What the hours of the rule's key usually come to.
    usual: Arc<Hours>,
    /// When it fired last, and the hour that was too much then.
    compared: Option<(i64, Compared)>,
}

/// A correlation over one key.
#[derive(Debug)]
struct State {
    main: Main,
    and: Vec<Window>,
    any: Vec<Window>,
    /// Seconds of the records in the window, where somebody asks.
    seconds: VecDeque<i64>,
    /// What the aligned hours come to, where somebody asks.
    hours: Sums,
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
        Self::beside(plan, &Arc::default())
    }

    /// The same where something is known of what the hours come to.
    #[must_use]
    pub fn beside(plan: &Correlation, usual: &Arc<Hours>) -> Self {
        Self::with(plan, false, usual)
    }

    /// The hour that was more than usual when it fired last, its own or below it,
    /// with the time of that firing.
    #[must_use]
    pub fn compared(&self) -> Option<(i64, Compared)> {
        let below = self.below.iter().flatten().filter_map(Node::compared);
        self.compared
            .or_else(|| below.max_by_key(|(time, _)| *time))
    }

    fn with(plan: &Correlation, begins: bool, usual: &Arc<Hours>) -> Self {
        // A chain evaluates only its first stage from the beginning of time.
        let (stages, asks) = match &plan.kind {
            Kind::Count(_) => (plan.stages.len(), false),
            Kind::Chain(chain) => (1, chain.none_before.is_some()),
        };
        let below = plan.stages[..stages].iter().map(|stage| match stage {
            Stage::Records(_) => None,
            Stage::Firings(below) => Some(Node::with(below, asks, usual)),
        });
        Self {
            keys: HashMap::new(),
            below: below.collect(),
            before: Before::default(),
            begins,
            crowd: CROWD,
            usual: Arc::clone(usual),
            compared: None,
        }
    }

    /// Takes one second, and adds what fired in it. `values` gets the values
    /// that the correlation counts.
    pub fn second<P: Probe>(
        &mut self,
        plan: &Correlation,
        second: &Second<'_>,
        values: Option<&mut Counter>,
        happened: &mut Vec<Happening>,
        probe: &mut P,
    ) {
        self.further(plan, second);
        match &plan.kind {
            Kind::Count(main) => self.count(plan, main, second, values, happened, probe),
            Kind::Chain(_) => self.chain(plan, second, happened, probe),
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

    fn count<P: Probe>(
        &mut self,
        plan: &Correlation,
        main: &Aggregate,
        second: &Second<'_>,
        mut values: Option<&mut Counter>,
        happened: &mut Vec<Happening>,
        probe: &mut P,
    ) {
        let items = self.items(plan, main, second, probe);
        let usual = Arc::clone(&self.usual);
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
                if plan.usual.is_some() {
                    let sum = match main.measure {
                        Measure::Sum => value.saturating_sub(1),
                        _ => 1,
                    };
                    state.hours.add(time, sum);
                }
                window.add(time, value);
                if let Some(values) = &mut values {
                    values.add(value);
                }
            }
            let reading = window.slide(main, time);
            if P::LOOKS {
                let sight = Sight::new(plan, second, first.entry, first.mark);
                state.show(&sight, probe);
            }
            let Some(reading) = reading else {
                continue;
            };
            if main.condition.holds(reading)
                && state.holds(plan, time)
                && let Verdict::Fires(compared) = state.hours.compare(plan, &usual, reading, time)
            {
                happened.push(Happening {
                    key: first.key,
                    entry: first.entry,
                    mark: first.mark,
                    value: reading.value(),
                    begin: state.begin(plan, time),
                });
                self.compared = compared.map(|compared| (time, compared));
            }
        }
    }

    /// What a correlation counts in a second, key by key.
    fn items<P: Probe>(
        &mut self,
        plan: &Correlation,
        main: &Aggregate,
        second: &Second<'_>,
        probe: &mut P,
    ) -> Vec<Item> {
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
                    below.second(plan, second, None, &mut firings, probe);
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

    /// What may not have come before a later stage is of interest to every key.
    fn pass(&mut self, plan: &Correlation, second: &Second<'_>, records: &[(u64, usize, usize)]) {
        let later = plan.stages[1..].iter().map(|stage| match stage {
            Stage::Records(_) => 0,
            Stage::Firings(below) => below.befores(),
        });
        let befores = later.fold(0, |marks, below| marks | below);
        if befores == 0
            || second
                .entries
                .iter()
                .all(|entry| entry.marks & befores == 0)
        {
            return;
        }
        let has_records = |key: &u64| records.binary_search_by_key(key, |(key, ..)| *key).is_ok();
        // In no order, because keys know nothing of each other.
        for (key, state) in &mut self.keys {
            if let Main::Chain(links) = &mut state.main
                && !has_records(key)
            {
                links.pass(plan, second);
            }
        }
    }

    fn chain<P: Probe>(
        &mut self,
        plan: &Correlation,
        second: &Second<'_>,
        happened: &mut Vec<Happening>,
        probe: &mut P,
    ) {
        let Kind::Chain(chain) = &plan.kind else {
            return;
        };
        let mut firsts = Vec::new();
        if let (Stage::Firings(first), Some(below)) = (&plan.stages[0], &mut self.below[0]) {
            below.second(first, second, None, &mut firsts, probe);
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
        self.pass(plan, second, &records);
        for records in records.chunk_by(|a, b| a.0 == b.0) {
            let (key, entry, mark) = records[0];
            let own = |(_, place, _): &(u64, usize, usize)| {
                let entry = &second.entries[*place];
                (*place, entry.with_marks(under(plan, second, entry, key)))
            };
            let entries: Vec<(usize, Entry)> = records.iter().map(own).collect();
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
            let complete = links.second(plan, second, &entries, &firsts, &before, probe);
            if P::LOOKS {
                let sight = Sight::new(plan, second, entry, mark);
                let way = links.way(plan, second, &entries, &before);
                probe.chain(&sight, complete, &way);
                state.show(&sight, probe);
            }
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

/// The marks that a record has under a key: an alias may give it a key by one
/// of them and not by another.
fn under(plan: &Correlation, second: &Second<'_>, entry: &Entry, key: u64) -> u64 {
    if plan.whole_key {
        return u64::MAX;
    }
    let leaves = Bits(entry.marks & plan.leaves);
    let own = leaves.filter(|mark| second.key(entry, &plan.by[*mark]) == key);
    own.fold(!plan.leaves, |marks, mark| marks | 1 << mark)
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
            hours: Sums::default(),
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

    /// Lets somebody look at every aggregate, also where an earlier one decides.
    fn show(&mut self, sight: &Sight<'_>, probe: &mut impl Probe) {
        let plan = sight.plan;
        if let (Kind::Count(main), Main::Count(window)) = (&plan.kind, &mut self.main) {
            let reading = window.slide(main, sight.second.time);
            probe.reading(sight, 0, reading, window);
        }
        let further = plan.and.iter().chain(&plan.any);
        let windows = self.and.iter_mut().chain(&mut self.any);
        for (place, (aggregate, window)) in further.zip(windows).enumerate() {
            let reading = window.slide(aggregate, sight.second.time);
            probe.reading(sight, place + 1, reading, window);
        }
    }

    /// Time of the first record in the window that ends now.
    fn begin(&mut self, plan: &Correlation, time: i64) -> i64 {
        let start = time - plan.window();
        while self.seconds.pop_front_if(|at| *at <= start).is_some() {}
        self.seconds.front().copied().unwrap_or(time)
    }
}
