//! Observations to alerts: windows that slide over event time.
//!
//! How it can be both exact and fast: every observation goes to a log
//! partitioned by time (`log`), and beside it each rule keeps cheap counters
//! that may only count too much (`lane`, `counters`). A key whose counters reach
//! the rule's thresholds is remembered (`keys`); when a period is over (`close`),
//! the keys remembered for it are evaluated exactly from the log (`evaluate`,
//! `node`, `chain`, `window`). Ordinary traffic never gets that far.
//!
//! An alert leaves with the places of the records that it may show (`evidence`):
//! names of inputs and lines that have to be read again are not known here.
//!
//! Windows that a run leaves open can be looked at (`peek`), kept outside and
//! taken back by a later run (`snapshot`).
//!
//! Alerts are a pure function of the observations, whatever order they come in,
//! as long as none comes later than the lateness bound. The wall clock, threads
//! and borrowed lines may not enter here.

mod chain;
mod close;
pub mod counters;
pub mod distinct;
pub(crate) mod entry;
mod evaluate;
pub mod evidence;
mod hours;
pub(crate) mod judge;
pub mod keys;
mod lane;
mod late;
pub mod log;
mod look;
pub(crate) mod node;
mod peek;
pub(crate) mod probe;
mod raise;
pub mod snapshot;
pub(crate) mod window;

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use rayon::prelude::*;

use self::close::Closing;
use self::evidence::Seen;
use self::judge::Judge;
use self::keys::{Keys, Line};
use self::lane::{Lane, Told};
use self::late::Late;
use self::log::Log;
use crate::alert::Alert;
use crate::baseline::Baseline;
use crate::observation::Observations;
use crate::rule::plan::Role;
use crate::rule::set::RuleSet;

/// The least memory that state can be capped to, bytes.
pub const MIN_STATE: usize = 1 << 20;

/// Where a batch of observations comes from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'b> {
    /// Number of the input.
    pub source: u32,
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

/// An alert that is final but for its evidence.
#[derive(Debug)]
pub struct Raised {
    /// Its evidence is empty.
    pub alert: Alert,
    /// Records that it may show, those to prefer first; at most twice as many as
    /// it shows.
    pub records: Vec<Seen>,
    /// How many it shows.
    pub shows: usize,
    /// Hash of its key.
    pub key: u64,
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

/// The observations of one block, on their way.
#[derive(Debug, Clone, Copy)]
pub struct Part<'b> {
    /// Where they come from.
    pub origin: Origin<'b>,
    /// What was observed.
    pub observations: &'b Observations,
    /// What is earlier came too late ([`Correlator::watermark`] when the block
    /// was read).
    pub watermark: i64,
}

/// Turns observations into alerts.
#[derive(Debug)]
pub struct Correlator {
    set: Arc<RuleSet>,
    log: Log,
    lanes: Vec<Lane>,
    told: Vec<Vec<Told>>,
    keys: Keys,
    late: Late,
    /// For each selection, the rules that fire on any one such record, and by
    /// which mark.
    singles: Vec<Vec<(usize, usize)>>,
    needs: Vec<Need>,
    lateness: i64,
    /// No record earlier than this may come any more.
    watermark: i64,
    /// Up to where periods are closed.
    closed: i64,
    pruned: i64,
    /// The latest time that moves watermarks, of all runs.
    latest: i64,
    max_state: usize,
    /// What was forgotten in earlier runs and has not been told, with the time of
    /// the earliest; how much of this run's has been.
    forgotten: (u64, Option<i64>),
    told_of_forgotten: u64,
    /// Whether what is kept outside, if anything, is of this correlator.
    is_kept: bool,
}

/// What a rule still asks for.
#[derive(Debug)]
struct Need {
    /// Words of selections.
    selections: Vec<u64>,
    rule: usize,
    /// How far back of its period, seconds.
    back: i64,
}

/// How many lanes the rules are dealt out to: a few more than most machines
/// that this runs on have processors, and always the same.
const LANES: usize = 4;

/// Bytes of the log that stay in memory: what is beyond lies in a temporary file,
/// where the machine's page cache serves as well and gives way to others.
const fn log_share(max_state: usize) -> usize {
    max_state / 8
}

impl Correlator {
    /// A correlator for records that come at most `lateness` seconds late,
    /// holding about `max_state` bytes.
    #[must_use]
    pub fn new(set: Arc<RuleSet>, lateness: i64, max_state: usize) -> Self {
        let max_state = max_state.max(MIN_STATE);
        let room = (max_state / 4 / LANES) as isize;
        let mut dealt = vec![Vec::new(); LANES];
        let mut singles = vec![Vec::new(); set.selection_count()];
        let mut needs = Vec::new();
        let working = set.rules.iter().enumerate();
        // A rule that cannot work has nothing to say.
        for (place, rule) in working.filter(|(_, rule)| rule.unworkable.is_none()) {
            dealt[place % LANES].push(place);
            if rule.is_single_event() {
                for (mark, of) in rule.marks.iter().enumerate() {
                    singles[of.selection].push((place, mark));
                }
            }
            needs.extend(needs_of(place, rule, set.selection_count()));
        }
        let lanes = dealt
            .iter()
            .filter(|places| !places.is_empty())
            .map(|places| Lane::new(&set.rules, places, set.selection_count(), room));
        let lanes: Vec<Lane> = lanes.collect();
        Self {
            told: lanes.iter().map(|_| Vec::new()).collect(),
            lanes,
            keys: Keys::new(set.rules.len(), max_state / 2),
            late: Late::new(max_state / 16),
            log: Log::new(set.fingerprint()),
            singles,
            needs,
            lateness,
            watermark: i64::MIN,
            closed: i64::MIN,
            pruned: i64::MIN,
            latest: i64::MIN,
            max_state,
            forgotten: (0, None),
            told_of_forgotten: 0,
            is_kept: false,
            set,
        }
    }

    /// Takes a batch of observations, block by block.
    pub fn apply(&mut self, parts: &[Part<'_>], baseline: Option<&Baseline>) -> io::Result<()> {
        let set = Arc::clone(&self.set);
        let judge = Judge::new(&set, baseline);
        let Self {
            log,
            lanes,
            told,
            late,
            singles,
            ..
        } = self;
        rayon::join(
            || {
                for part in parts {
                    for observation in part.observations.iter() {
                        if observation.time() < part.watermark {
                            late.add(&judge, singles, observation, part.origin);
                        } else if set.learn().is_none_or(|learn| learn.is_marked(observation)) {
                            log.push(observation);
                        }
                    }
                }
            },
            || {
                lanes
                    .par_iter_mut()
                    .zip(&mut *told)
                    .for_each(|(lane, told)| {
                        for (place, part) in parts.iter().enumerate() {
                            lane.count(place, part.observations, part.watermark, told);
                        }
                    });
            },
        );
        for told in told {
            for told in told.drain(..) {
                let line = parts[told.part].origin.line(told.offset);
                self.keys.touch(&self.set, &told, line);
            }
        }
        self.log.spill(log_share(self.max_state))
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

    /// Every input has reached this time (seconds since the Unix epoch), or all
    /// have ended (`i64::MAX`).
    pub fn reach(&mut self, floor: i64) {
        let watermark = match floor {
            i64::MAX => i64::MAX,
            floor => floor.saturating_sub(self.lateness),
        };
        self.watermark = self.watermark.max(watermark);
    }

    /// Gives the alerts that are final, in the order of period end, rule name,
    /// key.
    pub fn close(
        &mut self,
        alerts: &mut Vec<Raised>,
        baseline: Option<&Baseline>,
    ) -> io::Result<()> {
        self.close_until(i64::MAX, alerts, baseline)
    }

    /// The same for periods that end at or before a time.
    pub fn close_until(
        &mut self,
        time: i64,
        alerts: &mut Vec<Raised>,
        baseline: Option<&Baseline>,
    ) -> io::Result<()> {
        let until = self.watermark.min(time);
        if until <= self.closed {
            return Ok(());
        }
        self.closed = until;
        let ended = self.ended(until);
        let set = Arc::clone(&self.set);
        for ended in ended.chunk_by(|a, b| a.0 == b.0) {
            let closings = ended.iter().map(|(_, place, start)| {
                let keys = self.keys.take(*place, *start);
                Closing::new(&set, &set.rules[*place], *start, Cow::Owned(keys))
            });
            let judge = Judge::new(&set, baseline);
            close::run(closings.collect(), &judge, &mut self.log, alerts)?;
        }
        if until < self.watermark {
            return Ok(());
        }
        if self.watermark == i64::MAX {
            self.finish_run(alerts);
        } else if self.watermark.saturating_sub(self.pruned) >= 600 {
            self.prune();
        }
        Ok(())
    }

    /// Periods that end at or before a time and are not closed: their end, the
    /// place of the rule, their start; in the order in which alerts are given.
    fn ended(&self, time: i64) -> Vec<(i64, usize, i64)> {
        let mut ended = Vec::new();
        for (place, rule) in self.set.rules.iter().enumerate() {
            for start in self.keys.ended(place, rule.period, time) {
                ended.push((start.saturating_add(rule.period), place, start));
            }
        }
        // Rules stand in the order of their names.
        ended.sort_unstable();
        ended
    }

    /// Drops what no rule asks for any more.
    fn prune(&mut self) {
        self.pruned = self.watermark;
        for lane in &mut self.lanes {
            lane.forget_before(self.watermark);
            lane.forget_shown();
        }
        let from = |need: &Need| {
            let rule = &self.set.rules[need.rule];
            rule.period_start(self.watermark).saturating_sub(need.back)
        };
        let from: Vec<i64> = self.needs.iter().map(from).collect();
        let needs = &self.needs;
        self.log.drop_unneeded(|end| {
            let mut words = vec![0u64; needs.first()?.selections.len()];
            for (need, from) in needs.iter().zip(&from) {
                if end > *from {
                    let both = words.iter_mut().zip(&need.selections);
                    both.for_each(|(word, asked)| *word |= asked);
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
            evicted: self.told_of_forgotten + self.keys.evicted.0 + self.late.forgotten.0,
            spilled: self.log.spilled_bytes(),
        }
    }

    /// Memory held, bytes.
    #[must_use]
    pub fn state_bytes(&self) -> usize {
        let lanes: usize = self.lanes.iter().map(Lane::bytes).sum();
        lanes + self.log.bytes() + self.keys.bytes() + self.late.bytes
    }
}

/// What a rule counts is asked for over its own windows; what may not have come
/// before a chain, longer.
fn needs_of(place: usize, rule: &crate::rule::Rule, selections: usize) -> Vec<Need> {
    let need = |role: Role, back: i64| {
        let mut words = vec![0u64; selections.div_ceil(64)];
        for mark in rule.marks.iter().filter(|mark| mark.role == role) {
            words[mark.selection / 64] |= 1 << (mark.selection % 64);
        }
        Need {
            selections: words,
            rule: place,
            back,
        }
    };
    vec![
        need(Role::Counted, rule.root.horizon()),
        need(Role::Before, rule.horizon),
    ]
}
