//! Records that came later than the lateness bound.
//!
//! Their windows are over, so only rules that fire on any one record match
//! them; what is found is told at the end. The hours that they belong to are
//! remembered, so that a person can have them evaluated exactly.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::evaluate::Firing;
use super::evidence::Seen;
use super::judge::{self, Judge};
use super::keys::{self, Line};
use super::{Origin, Raised, entry, raise};
use crate::observation::Observation;
use crate::rule::plan::Mark;
use crate::rule::set::RuleSet;

/// Hours that are worth naming.
const MAX_HOURS: usize = 48;
/// Bookkeeping of one key, bytes, beside its text and lines.
const OVERHEAD: usize = 240;
/// Bookkeeping of one record, bytes.
const RECORD: usize = 32;

/// What came late.
#[derive(Debug)]
pub struct Late {
    /// How many records.
    pub count: u64,
    /// The hours that they belong to.
    pub hours: BTreeSet<i64>,
    /// Records that a rule matched and that there was no room for, and the time
    /// of the earliest.
    pub forgotten: (u64, Option<i64>),
    /// Memory held, bytes.
    pub bytes: usize,
    most: usize,
    found: BTreeMap<At, Found>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct At {
    period: i64,
    rule: usize,
    key: u64,
}

#[derive(Debug)]
struct Found {
    text: Vec<Option<Vec<u8>>>,
    lines: Vec<Seen>,
    seen: HashSet<(i64, u64)>,
    trigger: i64,
    last: i64,
}

impl Late {
    /// Nothing came late yet; remembers about so many bytes of it.
    pub fn new(most: usize) -> Self {
        Self {
            count: 0,
            hours: BTreeSet::new(),
            forgotten: (0, None),
            bytes: 0,
            most,
            found: BTreeMap::new(),
        }
    }

    /// Counts a record.
    pub fn note(&mut self, time: i64) {
        self.count += 1;
        if self.hours.len() < MAX_HOURS {
            self.hours.insert(time.div_euclid(3600) * 3600);
        }
    }

    /// Matches a record by the rules that fire on any one. It has been counted.
    pub fn add(
        &mut self,
        judge: &Judge<'_>,
        singles: &[Vec<(usize, usize)>],
        observation: Observation<'_>,
        origin: Origin<'_>,
    ) {
        let (set, time) = (judge.set(), observation.time());
        for (selection, rules) in singles.iter().enumerate() {
            if rules.is_empty() || !observation.matched(selection) {
                continue;
            }
            for (place, mark) in rules {
                let rule = &set.rules[*place];
                let reference = judge::reference(rule.period_start(time));
                let holds = |mark: &Mark| judge.matches(mark.selection, observation, reference);
                if !holds(&rule.marks[*mark]) {
                    continue;
                }
                let key = |mark: &Mark| {
                    let values = mark.key.iter().map(|(_, slot)| observation.value(*slot));
                    entry::key(mark.key.len(), values)
                };
                let own = key(&rule.marks[*mark]);
                let same = |mark: &Mark| holds(mark) && key(mark) == own;
                if rule.marks[..*mark].iter().any(same) {
                    continue;
                }
                let at = At {
                    period: rule.period_start(time),
                    rule: *place,
                    key: own,
                };
                let line = origin.line(observation.place().1);
                self.found(set, at, *mark, (time, observation.identity()), line);
            }
        }
    }

    fn found(&mut self, set: &RuleSet, at: At, mark: usize, record: (i64, u64), line: Line<'_>) {
        let (rule, time) = (&set.rules[at.rule], record.0);
        if self.bytes > self.most {
            // A record that is remembered already is not lost.
            if self
                .found
                .get(&at)
                .is_none_or(|found| !found.seen.contains(&record))
            {
                let (count, earliest) = &mut self.forgotten;
                *count += 1;
                *earliest = Some(earliest.map_or(time, |before| before.min(time)));
            }
            return;
        }
        let found = self.found.entry(at).or_insert_with(|| {
            let text = keys::text(set, rule, mark, line.bytes);
            self.bytes += OVERHEAD + text.iter().flatten().map(Vec::len).sum::<usize>();
            Found {
                text,
                lines: Vec::new(),
                seen: HashSet::new(),
                trigger: time,
                last: time,
            }
        });
        if !found.seen.insert(record) {
            return;
        }
        self.bytes += RECORD;
        found.trigger = found.trigger.min(time);
        found.last = found.last.max(time);
        if found.lines.len() < rule.evidence {
            self.bytes += size_of::<Seen>() + line.bytes.len();
            found.lines.push(Seen {
                place: (line.source, line.offset),
                time,
                identity: record.1,
                marks: 1 << mark,
                line: Some(line.bytes.to_vec()),
            });
        }
    }

    /// Tells what was found. An id may have been told before: the one case.
    pub fn finish(&mut self, set: &RuleSet, alerts: &mut Vec<Raised>) {
        self.bytes = 0;
        for (at, found) in std::mem::take(&mut self.found) {
            let at_trigger = found
                .seen
                .iter()
                .filter(|(time, _)| *time == found.trigger)
                .count();
            let firing = Firing {
                trigger: (found.trigger, at_trigger as u64),
                count: found.seen.len() as u64,
                distinct: None,
                sum: None,
                first_seen: found.trigger,
                last_seen: found.last,
                compared: None,
                records: Vec::new(),
            };
            let rule = &set.rules[at.rule];
            alerts.push(raise::alert(
                rule,
                at.period,
                (at.key, found.text),
                firing,
                found.lines,
            ));
        }
    }
}
