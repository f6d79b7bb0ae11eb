//! A log that is read in several runs, with what a database would hold in
//! between.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use s3sentry::correlate::snapshot::{Head, LASTING, Pending};
use s3sentry::correlate::{Correlator, Origin, Part, Raised};
use s3sentry::observation::Observations;
use s3sentry::record::{Record, time};
use s3sentry::rule::RuleSet;
use s3sentry::rule::set::Scratch;

use crate::run::{OPTIONS, Told};
use crate::world::Dice;

/// What an alert is, and which it is.
pub type Promised = (u128, Told);

pub fn promised(raised: &[Raised]) -> Vec<Promised> {
    let alerts = raised.iter().map(|raised| &raised.alert);
    alerts.map(|alert| (alert.id, Told::of(alert))).collect()
}

/// What a database would hold.
#[derive(Clone, Default)]
pub struct Kept {
    head: Option<Head>,
    frames: BTreeMap<i64, Vec<Vec<u8>>>,
    pub keys: BTreeMap<(usize, i64, u64), Pending>,
    /// Alerts that are closed.
    closed: Vec<Promised>,
    /// Blocks that are done.
    done: usize,
    /// Offset of the first byte of each input.
    inputs: Vec<usize>,
}

impl Kept {
    /// Writes what is new; how many frames and keys.
    pub fn save(
        &mut self,
        correlator: &mut Correlator,
        input: u32,
        succeeds: bool,
    ) -> (usize, usize) {
        let (mut frames, mut keys) = (0, 0);
        let saving = correlator.save(|number| {
            assert_eq!(number & LASTING, 0);
            LASTING | (input + number)
        });
        let mut next = self.clone();
        next.head = Some(saving.head());
        if saving.replaces() {
            next.frames.clear();
            next.keys.clear();
        }
        for segment in saving.gone_segments() {
            assert!(next.frames.remove(&segment).is_some());
        }
        for gone in saving.gone_keys() {
            let before = next.keys.len();
            let of = (gone.rule, gone.period);
            next.keys.retain(|(rule, period, key), _| {
                (*rule, *period) != of || gone.key.is_some_and(|gone| gone != *key)
            });
            assert!(next.keys.len() < before);
        }
        let frame = |segment, frame: &[u8]| {
            frames += 1;
            let segment: &mut Vec<_> = next.frames.entry(segment).or_default();
            segment.push(frame.to_vec());
            io::Result::Ok(())
        };
        saving.frames(frame).unwrap();
        let key = |pending: Pending| {
            keys += 1;
            let at = (pending.rule, pending.period, pending.key);
            next.keys.insert(at, pending);
            io::Result::Ok(())
        };
        saving.keys(key).unwrap();
        if succeeds {
            saving.saved();
            *self = next;
        }
        (frames, keys)
    }

    pub fn restore(&self, set: &Arc<RuleSet>, lateness: i64, max_state: usize) -> Correlator {
        let Some(head) = self.head else {
            return Correlator::new(Arc::clone(set), lateness, max_state);
        };
        let mut restoring =
            Correlator::restore(Arc::clone(set), lateness, max_state, head).unwrap();
        for frame in self.frames.values().flatten() {
            restoring.frame(frame).unwrap();
        }
        for pending in self.keys.values() {
            restoring.key(pending.clone()).unwrap();
        }
        restoring.finish()
    }
}

/// What happens behind a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    On,
    Commit,
    /// The commit fails, and the run goes on.
    Fail,
    /// Periods are looked at as they stand.
    Peek,
    /// The run ends, and another one begins.
    End,
    /// The run ends as if the machine had, and another one begins.
    Crash,
}

/// What a number stands for; a run ends only as often as is left.
pub fn chance(number: u64, left: &mut u32, dice: &mut Dice) -> Step {
    match number {
        0 | 1 => Step::Commit,
        2 => Step::Fail,
        3 => Step::Peek,
        4 | 5 if *left > 0 => {
            *left -= 1;
            [Step::End, Step::Crash][dice.below(2) as usize]
        }
        _ => Step::On,
    }
}

/// A log in blocks, and what it is read with.
pub struct Reading<'l> {
    set: Arc<RuleSet>,
    log: &'l [u8],
    pub blocks: Vec<&'l [u8]>,
    pub lateness: i64,
    pub max_state: usize,
    /// Bytes that went to temporary files.
    pub spilled: u64,
}

impl<'l> Reading<'l> {
    pub fn new(set: &Arc<RuleSet>, log: &'l [u8], mut cut: impl FnMut(usize) -> bool) -> Self {
        let mut blocks = Vec::new();
        let (mut start, mut end) = (0, 0);
        for (number, line) in log.split_inclusive(|byte| *byte == b'\n').enumerate() {
            end += line.len();
            if cut(number) || end == log.len() {
                blocks.push(&log[start..end]);
                start = end;
            }
        }
        Self {
            set: Arc::clone(set),
            log,
            blocks,
            lateness: OPTIONS.lateness,
            max_state: OPTIONS.max_state,
            spilled: 0,
        }
    }

    pub fn start(&self, block: usize) -> usize {
        self.blocks[..block].iter().map(|block| block.len()).sum()
    }

    /// Sends some blocks of an input through.
    pub fn batch(
        &self,
        correlator: &mut Correlator,
        blocks: std::ops::Range<usize>,
        input: usize,
        latest: &mut i64,
    ) {
        let mut scratch = Scratch::default();
        let mut observe = |number: usize| {
            let mut observations = Observations::default();
            let start = self.start(number) - input;
            let mut offset = start as u64;
            for line in self.blocks[number].split_inclusive(|byte| *byte == b'\n') {
                let record = Record::parse(line.trim_ascii_end()).unwrap();
                let place = (0, offset);
                self.set
                    .observe(&record, place, &mut scratch, &mut observations, None);
                offset += line.len() as u64;
            }
            (start as u64, observations)
        };
        let observed: Vec<_> = blocks.clone().map(&mut observe).collect();
        let mut parts = Vec::new();
        for ((offset, observations), number) in observed.iter().zip(blocks) {
            let bytes = self.blocks[number];
            parts.push(Part {
                origin: Origin {
                    source: 0,
                    offset: *offset,
                    bytes,
                },
                observations,
                watermark: correlator.watermark(),
            });
            let times = bytes.split(|byte| *byte == b'\n').filter_map(time::of_line);
            *latest = times.fold(*latest, i64::max);
            correlator.see(*latest);
            correlator.reach(*latest);
        }
        correlator.apply(&parts, None).unwrap();
    }

    /// Reads it all; what happens behind each batch is chosen step by step.
    /// Gives the alerts of all runs.
    pub fn read(
        &mut self,
        dice: &mut Dice,
        mut next: impl FnMut(&mut Dice) -> Step,
    ) -> Vec<Promised> {
        let mut kept = Kept::default();
        let mut correlator = kept.restore(&self.set, self.lateness, self.max_state);
        let (mut at, mut latest, mut alerts) = (0, i64::MIN, Vec::new());
        let mut inputs = vec![0];
        while at < self.blocks.len() {
            let most = (at + 1 + dice.below(3) as usize).min(self.blocks.len());
            let input = *inputs.last().unwrap();
            self.batch(&mut correlator, at..most, input, &mut latest);
            at = most;
            let mut raised = Vec::new();
            correlator.close(&mut raised, None).unwrap();
            self.check(&raised, &inputs);
            alerts.append(&mut promised(&raised));
            let number = inputs.len() as u32 - 1;
            let step = next(dice);
            match step {
                Step::On => continue,
                Step::Peek => {
                    let mut open = Vec::new();
                    correlator.peek(&mut open, None).unwrap();
                    self.check(&open, &inputs);
                    continue;
                }
                Step::Fail => {
                    kept.save(&mut correlator, number, false);
                    continue;
                }
                Step::Crash => {}
                Step::Commit | Step::End => {
                    let mut raised = Vec::new();
                    if step == Step::End {
                        correlator.reach_latest();
                        correlator.close(&mut raised, None).unwrap();
                        correlator.finish_run(&mut raised);
                    }
                    alerts.append(&mut promised(&raised));
                    kept.save(&mut correlator, number, true);
                    kept.closed.append(&mut alerts);
                    (kept.done, kept.inputs) = (at, inputs.clone());
                    if step == Step::Commit {
                        continue;
                    }
                }
            }
            self.spilled += correlator.counts().spilled;
            correlator = kept.restore(&self.set, self.lateness, self.max_state);
            if dice.below(2) == 0 {
                // Nothing has come: nothing is new.
                let head = kept.head;
                let first = head.is_none();
                let written = kept.save(&mut correlator, 0, true);
                assert!(first || (written, kept.head) == ((0, 0), head));
                correlator = kept.restore(&self.set, self.lateness, self.max_state);
            }
            alerts.clear();
            at = kept.done;
            latest = i64::MIN;
            inputs.clone_from(&kept.inputs);
            inputs.push(self.start(at));
        }
        correlator.reach(i64::MAX);
        let mut raised = Vec::new();
        correlator.close(&mut raised, None).unwrap();
        self.check(&raised, &inputs);
        alerts.append(&mut promised(&raised));
        self.spilled += correlator.counts().spilled;
        [kept.closed, alerts].concat()
    }

    /// Whether the records that alerts may show are where they are said to be.
    fn check(&self, raised: &[Raised], inputs: &[usize]) {
        for seen in raised.iter().flat_map(|raised| &raised.records) {
            let (number, offset) = seen.place;
            let input = match number {
                0 => inputs.len() - 1,
                lasting => (lasting ^ LASTING) as usize,
            };
            let line = &self.log[inputs[input] + offset as usize..];
            let line = line.split(|byte| *byte == b'\n').next().unwrap();
            assert_eq!(time::of_line(line), Some(seen.time));
            assert!(seen.line.as_ref().is_none_or(|kept| kept == line));
        }
    }
}
