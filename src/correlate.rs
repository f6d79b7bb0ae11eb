//! Observations to alerts: windows that slide over event time.
//!
//! How it can be both exact and fast: every observation goes to a log
//! partitioned by time ([`log`]), and beside it each rule keeps cheap counters
//! that may only count too much ([`counters`]). A key whose counter reaches the
//! rule's threshold is remembered ([`keys`]); when a period is over, the keys
//! remembered for it are evaluated exactly from the log ([`window`]). Ordinary
//! traffic never gets that far.
//!
//! Alerts are a pure function of the observations, whatever order they come in,
//! as long as none comes later than the lateness bound. The wall clock, threads
//! and borrowed lines may not enter here.

pub mod counters;
pub mod distinct;
pub mod keys;
mod late;
pub mod log;
mod raise;
pub mod window;

use std::io;
use std::sync::Arc;

use hashbrown::HashMap;

use self::counters::Counters;
use self::keys::{Key, Keys, Line};
use self::late::Late;
use self::log::Log;
use self::window::{Entry, Evaluator};
use crate::alert::Alert;
use crate::observation::{Observation, Observations};
use crate::rule::set::{Bits, MAX_AGGREGATES, Measure, Rule, RuleSet};

/// The least memory that state can be capped to, bytes.
pub const MIN_STATE: usize = 1 << 20;

/// Where a batch of observations comes from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'b> {
    /// Name of the input.
    pub source: &'b Arc<str>,
    /// Offset of the first of `bytes` in the decompressed input.
    pub offset: u64,
    /// The lines that were observed.
    pub bytes: &'b [u8],
}

impl<'b> Origin<'b> {
    fn line(&self, offset: u64) -> Line<'b> {
        let start = usize::try_from(offset - self.offset).unwrap_or(usize::MAX);
        let rest = self.bytes.get(start..).unwrap_or_default();
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        Line {
            source: self.source,
            offset,
            bytes: &rest[..end],
        }
    }
}

/// What correlation can tell of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records that came after the lateness bound.
    pub late: u64,
    /// Hours (their starts) that late records belong to, at most 48.
    pub late_hours: Vec<i64>,
    /// Keys and late records that were forgotten because memory was short.
    pub evicted: u64,
    /// Bytes of observations that went to a temporary file.
    pub spilled: u64,
}

/// Turns observations into alerts.
#[derive(Debug)]
pub struct Correlator {
    set: Arc<RuleSet>,
    log: Log,
    counters: Vec<Counters>,
    keys: Keys,
    late: Late,
    /// Bytes that counters may still take.
    room: isize,
    /// For each selection, the rules that it makes count.
    rules_of: Vec<Vec<usize>>,
    /// For each rule, words of the selections that it asks for.
    asks_for: Vec<Vec<u64>>,
    lateness: i64,
    /// No record earlier than this may come any more.
    watermark: i64,
    pruned: i64,
    max_state: usize,
}

impl Correlator {
    /// A correlator for records that come at most `lateness` seconds late,
    /// holding about `max_state` bytes.
    #[must_use]
    pub fn new(set: Arc<RuleSet>, lateness: i64, max_state: usize) -> Self {
        let mut rules_of = vec![Vec::new(); set.selection_count()];
        let mut asks_for = Vec::new();
        for (place, rule) in set.rules.iter().enumerate() {
            let mut words = vec![0u64; set.selection_count().div_ceil(64)];
            for bit in &rule.main.selections {
                rules_of[*bit].push(place);
                words[bit / 64] |= 1 << (bit % 64);
            }
            asks_for.push(words);
        }
        let counters = set.rules.iter().map(|rule| {
            let distinct = matches!(rule.main.measure, Measure::Values(_));
            Counters::new(rule.main.timespan, rule.main.condition.least(), distinct)
        });
        let max_state = max_state.max(MIN_STATE);
        Self {
            counters: counters.collect(),
            keys: Keys::new(set.rules.len(), max_state / 2),
            late: Late::new(max_state / 16),
            room: (max_state / 4) as isize,
            log: Log::default(),
            rules_of,
            asks_for,
            lateness,
            watermark: i64::MIN,
            pruned: i64::MIN,
            max_state,
            set,
        }
    }

    /// Takes the observations of one block.
    pub fn apply(&mut self, origin: Origin<'_>, observations: &Observations) -> io::Result<()> {
        for observation in observations.iter() {
            if observation.time() < self.watermark {
                self.late
                    .add(&self.set, &self.rules_of, observation, origin);
            } else {
                self.log.push(observation);
                self.count(observation, origin);
            }
        }
        self.log.spill(self.max_state / 4)
    }

    /// Counts a record that no rule asked for but that came late all the same.
    pub fn note_late(&mut self, time: i64) -> bool {
        let late = time < self.watermark;
        if late {
            self.late.note(time);
        }
        late
    }

    /// No record earlier than this may come any more.
    #[must_use]
    pub fn watermark(&self) -> i64 {
        self.watermark
    }

    fn count(&mut self, observation: Observation<'_>, origin: Origin<'_>) {
        let time = observation.time();
        each_rule(&self.set, &self.rules_of, observation, |place, rule| {
            let key = key_of(rule, observation);
            let slot = rule.main.measure.slot();
            let value = slot.map_or(0, |slot| observation.value(slot));
            let may_fire = rule.main.condition.least() == 1
                || self.counters[place].add(key, value, time, &mut self.room);
            if may_fire {
                let line = origin.line(observation.place().1);
                let first = rule.period_start(time);
                // It may complete a window that ends in the next period.
                let last = rule.period_start(time.saturating_add(rule.timespan - 1));
                self.keys.touch(&self.set, place, first, key, time, line);
                if last != first {
                    self.keys.touch(&self.set, place, last, key, time, line);
                }
            }
        });
    }

    /// Every input has reached this time (seconds since the Unix epoch), or all
    /// have ended (`i64::MAX`): gives the alerts that are final, in the order
    /// of period end, rule name, key.
    pub fn advance(&mut self, floor: i64, alerts: &mut Vec<Alert>) -> io::Result<()> {
        let watermark = match floor {
            i64::MAX => i64::MAX,
            floor => floor.saturating_sub(self.lateness),
        };
        if watermark <= self.watermark {
            return Ok(());
        }
        self.watermark = watermark;
        let mut ended = Vec::new();
        for (place, rule) in self.set.rules.iter().enumerate() {
            for start in self.keys.ended(place, rule.period, watermark) {
                ended.push((start.saturating_add(rule.period), place, start));
            }
        }
        // Rules stand in the order of their names.
        ended.sort_unstable();
        for (_, place, start) in ended {
            self.close(place, start, alerts)?;
        }
        if watermark == i64::MAX {
            self.late.finish(&self.set, alerts);
            alerts.extend(raise::degraded(self.forgotten()));
        } else if watermark.saturating_sub(self.pruned) >= 600 {
            self.prune();
        }
        Ok(())
    }

    /// Evaluates the keys of a period that is over.
    fn close(&mut self, place: usize, start: i64, alerts: &mut Vec<Alert>) -> io::Result<()> {
        let keys = self.keys.take(place, start);
        if keys.is_empty() {
            // All were forgotten.
            return Ok(());
        }
        let set = Arc::clone(&self.set);
        let rule = &set.rules[place];
        let mut fired = match rule.aggregates().count() {
            0..=1 => self.evaluate::<1>(rule, start, keys)?,
            2..=4 => self.evaluate::<4>(rule, start, keys)?,
            _ => self.evaluate::<MAX_AGGREGATES>(rule, start, keys)?,
        };
        fired.sort_by(|a, b| a.key.cmp(&b.key));
        alerts.append(&mut fired);
        Ok(())
    }

    fn evaluate<const N: usize>(
        &mut self,
        rule: &Rule,
        start: i64,
        keys: HashMap<u64, Key>,
    ) -> io::Result<Vec<Alert>> {
        let mut evaluators: HashMap<u64, Evaluator> = HashMap::with_capacity(keys.len());
        let entries = std::cell::RefCell::new(Vec::<Entry<N>>::new());
        let asked = asked(rule);
        self.log.scan(
            start - rule.timespan + 1,
            start.saturating_add(rule.period),
            |observation| {
                if asked.iter().any(|bit| observation.matched(*bit)) {
                    let key = key_of(rule, observation);
                    if keys.contains_key(&key) {
                        entries.borrow_mut().push(entry(rule, key, observation));
                    }
                }
            },
            || {
                let mut entries = entries.borrow_mut();
                // The same record twice in one second is one; of two that differ
                // in spite of it, the smaller, whichever came first.
                entries.sort_unstable();
                entries.dedup_by_key(|entry| (entry.key, entry.time, entry.identity));
                for records in entries.chunk_by(|a, b| a.key == b.key) {
                    let evaluator = evaluators
                        .entry(records[0].key)
                        .or_insert_with(|| Evaluator::new(rule, start));
                    window::feed(evaluator, rule, records);
                }
                entries.clear();
            },
        )?;
        let mut alerts = Vec::new();
        for (key, named) in keys {
            if let Some(firing) = evaluators.remove(&key).and_then(Evaluator::finish) {
                alerts.push(raise::alert(rule, start, named, &firing));
            }
        }
        Ok(alerts)
    }

    /// Drops what no rule asks for any more.
    fn prune(&mut self) {
        self.pruned = self.watermark;
        for counters in &mut self.counters {
            self.room += counters.forget_before(self.watermark);
        }
        let needed_from: Vec<i64> = self
            .set
            .rules
            .iter()
            .map(|rule| rule.period_start(self.watermark) - rule.timespan)
            .collect();
        let asks_for = &self.asks_for;
        self.log.drop_unneeded(|end| {
            let mut words = vec![0u64; asks_for.first()?.len()];
            for (asked, from) in asks_for.iter().zip(&needed_from) {
                if end > *from {
                    words
                        .iter_mut()
                        .zip(asked)
                        .for_each(|(word, asked)| *word |= asked);
                }
            }
            words.iter().any(|word| *word != 0).then_some(words)
        });
    }

    /// What it can tell of itself.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            late: self.late.count,
            late_hours: self.late.hours.iter().copied().collect(),
            evicted: self.forgotten().0,
            spilled: self.log.spilled_bytes(),
        }
    }

    /// What was forgotten for lack of memory, and the time of the earliest.
    fn forgotten(&self) -> (u64, Option<i64>) {
        let (keys, late) = (self.keys.evicted, self.late.forgotten);
        (keys.0 + late.0, keys.1.into_iter().chain(late.1).min())
    }

    /// Memory held, bytes.
    #[must_use]
    pub fn state_bytes(&self) -> usize {
        let counters: usize = self.counters.iter().map(Counters::bytes).sum();
        counters + self.log.bytes() + self.keys.bytes() + self.late.bytes
    }
}

/// Calls for every rule that counts this record, once, however many of the
/// rule's selections match.
fn each_rule(
    set: &RuleSet,
    rules_of: &[Vec<usize>],
    observation: Observation<'_>,
    mut call: impl FnMut(usize, &Rule),
) {
    for word in 0..rules_of.len().div_ceil(64) {
        for bit in Bits(observation.selection_word(word)).map(|bit| word * 64 + bit) {
            for place in &rules_of[bit] {
                let rule = &set.rules[*place];
                let first = || {
                    rule.main
                        .selections
                        .iter()
                        .find(|bit| observation.matched(**bit))
                };
                if rule.main.selections.len() == 1 || first() == Some(&bit) {
                    call(*place, rule);
                }
            }
        }
    }
}

/// The selections whose records a rule counts.
fn asked(rule: &Rule) -> &[usize] {
    &rule.main.selections
}

/// Hash of a key of a rule.
fn key_of(rule: &Rule, observation: Observation<'_>) -> u64 {
    rule.group_by
        .iter()
        .fold(rule.group_by.len() as u64, |hash, (_, slot)| {
            mix(hash, observation.value(*slot))
        })
}

/// Two hashes to one, in order. The values are XXH3 hashes already; this only
/// has to keep their places apart.
fn mix(left: u64, right: u64) -> u64 {
    let product =
        u128::from(left ^ 0x9E37_79B9_7F4A_7C15) * u128::from(right ^ 0xD6E8_FEB8_6659_FD93);
    (product as u64) ^ (product >> 64) as u64 ^ left.rotate_left(23)
}

fn entry<const N: usize>(rule: &Rule, key: u64, observation: Observation<'_>) -> Entry<N> {
    let mut counted = 0;
    let mut values = [0; N];
    for (place, aggregate) in rule.aggregates().enumerate() {
        if aggregate
            .selections
            .iter()
            .any(|bit| observation.matched(*bit))
        {
            counted |= 1 << place;
        }
        values[place] = aggregate
            .measure
            .slot()
            .map_or(0, |slot| observation.value(slot));
    }
    Entry {
        key,
        time: observation.time(),
        identity: observation.identity(),
        counted,
        values,
    }
}
