//! What was nearest to firing, while the engine evaluates one key.
//!
//! A [`Probe`]: it sees the windows and chains that alerts come from, and keeps
//! of each condition the moment at which it came nearest. What that means in
//! words is not known here.

use crate::correlate::probe::{Probe, Refusal, Sight, Way};
use crate::correlate::window::Window;
use crate::rule::matcher::Compare;
use crate::rule::plan::{Aggregate, Condition, Correlation, Kind, Measure, Reading, Stage};

/// Looks on while a rule is evaluated for one key.
#[derive(Debug)]
pub struct Trace<'p> {
    plans: Vec<&'p Correlation>,
    /// For each of them what was seen.
    pub seen: Vec<Seen>,
}

/// What was seen of a correlation over all its keys below the rule's key.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// By the number of the aggregate: the moment at which it came nearest.
    pub best: Vec<Option<Best>>,
    /// The same of a chain.
    pub way: Option<Furthest>,
    /// Whether all that it asks for held in one second.
    pub fired: bool,
    /// What holds in this second.
    now: Vec<bool>,
}

/// The moment at which an aggregate came nearest to its condition.
#[derive(Debug, Clone)]
pub struct Best {
    /// Its value.
    pub reading: Reading,
    /// End of the window.
    pub time: i64,
    /// Whether the condition held.
    pub met: bool,
    /// How far the value was from it.
    pub gap: f64,
    /// Of a correlation whose key is finer than the rule's: hashes of its key.
    pub key: Vec<u64>,
    /// Of a `temporal`: places of the rules that were there.
    pub there: Vec<usize>,
}

/// The furthest that a chain came.
#[derive(Debug, Clone)]
pub struct Furthest {
    /// How far.
    pub way: Way,
    /// When it had come so far.
    pub time: i64,
    /// As of [`Best`].
    pub key: Vec<u64>,
}

impl<'p> Trace<'p> {
    /// Nothing has been seen yet.
    #[must_use]
    pub fn new(root: &'p Correlation) -> Self {
        let plans = flat(root);
        let seen = plans.iter().map(|plan| Seen {
            best: vec![None; 1 + plan.and.len() + plan.any.len()],
            now: vec![false; 1 + plan.and.len() + plan.any.len()],
            ..Seen::default()
        });
        Self {
            seen: seen.collect(),
            plans,
        }
    }

    fn seen(&mut self, plan: &Correlation) -> Option<&mut Seen> {
        // There are as many as a person has written.
        let place = self
            .plans
            .iter()
            .position(|known| std::ptr::eq(*known, plan))?;
        self.seen.get_mut(place)
    }
}

/// Correlations as [`super::outline::Outline`] lists them.
#[must_use]
pub fn flat(plan: &Correlation) -> Vec<&Correlation> {
    let mut plans = vec![plan];
    for stage in &plan.stages {
        if let Stage::Firings(below) = stage {
            plans.extend(flat(below));
        }
    }
    plans
}

/// The aggregate of this number.
#[must_use]
pub fn aggregate(plan: &Correlation, number: usize) -> Option<&Aggregate> {
    match (number, &plan.kind) {
        (0, Kind::Count(main)) => Some(main),
        (0, Kind::Chain(_)) => None,
        _ => plan.and.iter().chain(&plan.any).nth(number - 1),
    }
}

impl Seen {
    /// The last that is told of a second has been told.
    fn judge(&mut self, plan: &Correlation) {
        let (own, further) = self.now.split_at(1);
        let (and, any) = further.split_at(plan.and.len());
        self.fired |= own[0]
            && and.iter().all(|holds| *holds)
            && (any.is_empty() || any.iter().any(|holds| *holds));
    }
}

impl Probe for Trace<'_> {
    const LOOKS: bool = true;

    fn reading(
        &mut self,
        sight: &Sight<'_>,
        number: usize,
        reading: Option<Reading>,
        window: &Window,
    ) {
        let Some(aggregate) = aggregate(sight.plan, number) else {
            return;
        };
        let Some(seen) = self.seen(sight.plan) else {
            return;
        };
        let met = reading.is_some_and(|reading| aggregate.condition.holds(reading));
        seen.now[number] = met;
        if let Some(reading) = reading {
            let gap = gap(&aggregate.condition, reading);
            let known = seen.best[number].as_ref();
            if known.is_none_or(|known| is_nearer(&aggregate.condition, (met, gap, reading), known))
            {
                seen.best[number] = Some(Best {
                    reading,
                    time: sight.second.time,
                    met,
                    gap,
                    key: key(sight),
                    there: match aggregate.measure {
                        // Stages are numbered from 1.
                        Measure::Stages => {
                            let stages = window.values().into_iter();
                            stages.map(|stage| stage as usize - 1).collect()
                        }
                        _ => Vec::new(),
                    },
                });
            }
        }
        if number + 1 == seen.now.len() {
            seen.judge(sight.plan);
        }
    }

    fn chain(&mut self, sight: &Sight<'_>, complete: bool, way: &Way) {
        let Some(seen) = self.seen(sight.plan) else {
            return;
        };
        let steps = if complete {
            sight.plan.stages.len()
        } else {
            way.steps
        };
        let far = |way: &Way| (way.steps, way.refusal.is_some());
        let way = Way { steps, ..*way };
        if steps > 0
            && seen
                .way
                .as_ref()
                .is_none_or(|known| far(&way) > far(&known.way))
        {
            seen.way = Some(Furthest {
                way,
                time: sight.second.time,
                key: key(sight),
            });
        }
        seen.now[0] = complete;
        if seen.now.len() == 1 {
            seen.judge(sight.plan);
        }
    }
}

fn key(sight: &Sight<'_>) -> Vec<u64> {
    if sight.plan.whole_key {
        return Vec::new();
    }
    let columns = sight.plan.by[sight.mark].iter();
    columns
        .map(|column| sight.second.value(sight.entry, *column))
        .collect()
}

/// How far a value is from what it must be.
fn gap(condition: &Condition, reading: Reading) -> f64 {
    let value = reading.sum as f64 / reading.over as f64;
    let gaps = condition.predicates.iter().map(|(compare, number)| {
        let number = *number as f64;
        match compare {
            Compare::AtLeast => number - value,
            // The next whole number is the nearest that will do.
            Compare::More => number + 1.0 - value,
            Compare::AtMost => value - number,
            Compare::Less => value + 1.0 - number,
            Compare::Equal => (value - number).abs(),
            Compare::Unequal => 1.0 - (value - number).abs(),
        }
    });
    if condition.holds(reading) {
        return 0.0;
    }
    gaps.fold(0.0, f64::max)
}

/// Whether a value is worth more than the one that is known. Where more is
/// better, the most is kept, also of what is enough.
fn is_nearer(condition: &Condition, new: (bool, f64, Reading), known: &Best) -> bool {
    let (met, gap, reading) = new;
    if met != known.met {
        return met;
    }
    let lower = |(compare, _): &(Compare, u64)| matches!(compare, Compare::AtLeast | Compare::More);
    if met && condition.predicates.iter().all(lower) {
        return reading.value() > known.reading.value();
    }
    gap < known.gap
}

/// Whether a refusal is about the two records, or about what came before.
#[must_use]
pub fn refusal_words(refusal: Refusal, different: &str, time: impl Fn(i64) -> String) -> String {
    match refusal {
        Refusal::Taken => "its record serves the first step already".to_owned(),
        Refusal::Before(at) => {
            format!("none_before: there was such a record at {}", time(at))
        }
        Refusal::Same => format!("its {different} is one of the first step's"),
    }
}
