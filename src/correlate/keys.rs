//! The keys that may fire: their text and lines of their records.
//!
//! A key comes here when its counter says that it may reach a threshold, while
//! the line that said so is at hand: so a key can be named when it fires, and
//! no text is held for one that never comes near. When the keys outgrow their
//! share of memory, lines go first, then the keys that have been idle longest.

mod early;
mod saving;

use std::collections::BTreeMap;

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

pub use self::early::Touched;
use self::early::{Early, Looked};
pub use self::saving::Gone;
use self::saving::Kept;
use super::evidence::Seen;
use super::lane::Told;
use crate::record::Record;
use crate::record::derived::View;
use crate::rule::plan::Rule;
use crate::rule::set::RuleSet;

/// Bookkeeping of one key in one period, bytes, beside its text and lines.
const OVERHEAD: usize = 160;

/// One line, while its block is at hand.
#[derive(Debug, Clone, Copy)]
pub struct Line<'b> {
    /// Number of the input.
    pub source: u32,
    /// Offset in the decompressed input.
    pub offset: u64,
    /// Without its line feed.
    pub bytes: &'b [u8],
}

/// A key of one rule in one period.
#[derive(Debug, Clone, Default)]
pub struct Key {
    /// Values of the group-by fields.
    pub text: Vec<Option<Vec<u8>>>,
    /// Records that came while their lines were at hand, with these.
    pub lines: Vec<Seen>,
    /// Time of the last record that came.
    last: i64,
    kept: Kept,
    looked: Looked,
}

impl Key {
    fn bytes(&self) -> usize {
        let text: usize = self.text.iter().flatten().map(Vec::len).sum();
        let lines: usize = self.lines.iter().map(line_bytes).sum();
        OVERHEAD + text + lines
    }
}

fn line_bytes(seen: &Seen) -> usize {
    size_of::<Seen>() + seen.line.as_ref().map_or(0, Vec::len)
}

/// All keys that may fire: rule, period start, key.
#[derive(Debug)]
pub struct Keys {
    periods: Vec<BTreeMap<i64, HashMap<u64, Key>>>,
    bytes: usize,
    most: usize,
    /// Whether lines are still kept.
    keep_lines: bool,
    /// What is kept outside and no longer here.
    gone: Vec<Gone>,
    /// Keys that were forgotten, and the time of the earliest.
    pub evicted: (u64, Option<i64>),
    early: Early,
}

impl Keys {
    /// No keys yet; at most about this many bytes of them.
    #[must_use]
    pub fn new(rules: usize, most: usize) -> Self {
        let periods = (0..rules).map(|_| BTreeMap::new()).collect();
        Self {
            periods,
            bytes: 0,
            most,
            keep_lines: true,
            gone: Vec::new(),
            evicted: (0, None),
            early: Early::default(),
        }
    }

    /// A record of a key has come. Where the key may fire because of it
    /// (`told.reach`), it is remembered in every period in which it may; else
    /// only a key that is remembered already gets the line.
    pub fn touch(&mut self, set: &RuleSet, told: &Told, line: Line<'_>) {
        let rule = &set.rules[told.rule];
        let ahead = if told.reach == 0 {
            rule.root.horizon()
        } else {
            told.reach
        };
        let last = rule.period_start(told.time.saturating_add(ahead - 1));
        let mut period = rule.period_start(told.time);
        loop {
            self.touch_in(set, period, told, line);
            if period >= last {
                break;
            }
            period += rule.period;
        }
        if self.bytes > self.most {
            self.shrink();
        }
    }

    fn touch_in(&mut self, set: &RuleSet, period: i64, told: &Told, line: Line<'_>) {
        let rule = &set.rules[told.rule];
        let periods = &mut self.periods[told.rule];
        let known = periods.get(&period);
        if told.reach == 0 && known.is_none_or(|keys| !keys.contains_key(&told.key)) {
            return;
        }
        let entry = match periods.entry(period).or_default().entry(told.key) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let key = Key {
                    text: text(set, rule, told.mark, line.bytes),
                    lines: Vec::new(),
                    last: told.time,
                    kept: Kept::default(),
                    looked: Looked::default(),
                };
                self.bytes += key.bytes();
                entry.insert(key)
            }
        };
        self.early.note(&mut entry.looked, period, told);
        if told.time > entry.last {
            entry.last = told.time;
            entry.kept.change();
        }
        if !self.keep_lines {
            return;
        }
        // A line of each kind is worth more than many of the first.
        if entry.lines.len() >= rule.evidence
            && rule.evidence > 1
            && entry.lines.iter().all(|seen| seen.marks != 1 << told.mark)
            && let Some(last) = entry.lines.pop()
        {
            self.bytes -= line_bytes(&last);
        }
        if entry.lines.len() < rule.evidence {
            let seen = Seen {
                place: (line.source, line.offset),
                time: told.time,
                identity: told.identity,
                marks: 1 << told.mark,
                line: Some(line.bytes.to_vec()),
            };
            self.bytes += line_bytes(&seen);
            entry.lines.push(seen);
            entry.kept.change();
        }
    }

    /// Periods of a rule that end at or before a time, earliest first.
    pub fn ended(&self, place: usize, period: i64, time: i64) -> impl Iterator<Item = i64> {
        self.periods[place]
            .keys()
            .copied()
            .take_while(move |start| start.saturating_add(period) <= time)
    }

    /// The keys of a period.
    #[must_use]
    pub fn of(&self, place: usize, period: i64) -> Option<&HashMap<u64, Key>> {
        self.periods[place].get(&period)
    }

    /// Takes the keys of a period that is over.
    pub fn take(&mut self, place: usize, period: i64) -> HashMap<u64, Key> {
        let keys = self.periods[place].remove(&period).unwrap_or_default();
        if keys.values().any(|key| key.kept.is_any()) {
            self.gone.push(Gone {
                rule: place,
                period,
                key: None,
            });
        }
        let freed: usize = keys.values().map(Key::bytes).sum();
        self.bytes -= freed.min(self.bytes);
        // A flood that is over is no reason to show no line ever after.
        self.keep_lines |= self.bytes < self.most / 4;
        keys
    }

    /// Memory held, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Makes room: first the lines, then the half of the keys that have been
    /// idle longest.
    fn shrink(&mut self) {
        if self.keep_lines {
            self.keep_lines = false;
            for key in self.all_mut() {
                key.lines = Vec::new();
                key.kept.change();
            }
        } else {
            // Of those that are idle since the same second, half are enough, too.
            let all = self.periods.iter().flat_map(BTreeMap::values).flatten();
            let mut idle: Vec<(i64, u64)> = all.map(|(hash, key)| (key.last, *hash)).collect();
            let middle = idle.len() / 2;
            let (_, limit, _) = idle.select_nth_unstable(middle);
            let limit = *limit;
            let (count, earliest) = &mut self.evicted;
            let places = self.periods.iter_mut().enumerate();
            for (rule, (period, keys)) in
                places.flat_map(|(rule, periods)| periods.iter_mut().map(move |at| (rule, at)))
            {
                keys.retain(|hash, key| {
                    if (key.last, *hash) > limit {
                        return true;
                    }
                    if key.kept.is_any() {
                        self.gone.push(Gone {
                            rule,
                            period: *period,
                            key: Some(*hash),
                        });
                    }
                    *count += 1;
                    *earliest = Some(earliest.map_or(key.last, |time: i64| time.min(key.last)));
                    false
                });
            }
        }
        self.bytes = self.all_mut().map(|key| key.bytes()).sum();
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Key> {
        self.periods
            .iter_mut()
            .flat_map(BTreeMap::values_mut)
            .flat_map(HashMap::values_mut)
    }
}

/// The key of a line that has been parsed before, as a record of a mark.
#[must_use]
pub fn text(set: &RuleSet, rule: &Rule, mark: usize, line: &[u8]) -> Vec<Option<Vec<u8>>> {
    let Ok(record) = Record::parse(line) else {
        return vec![None; rule.group_by.len()];
    };
    let view = View::new(&record, &set.settings);
    rule.marks[mark]
        .key
        .iter()
        .map(|(field, _)| view.bytes(*field).map(<[u8]>::to_vec))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::alert::Level;
    use crate::rule::{compile, load};
    use crate::settings::Settings;

    const RULES: &str = "\
title: one
name: one
logsource: {product: aws, service: s3_server_access}
detection: {sel: {http_status|gte: 100}, condition: sel}
---
title: keys
name: keys
correlation: {type: event_count, rules: [one], group-by: [key_name], timespan: 1s, condition: {gte: 1}}
";

    #[test]
    fn a_flood_of_one_second_takes_half_of_it_and_lines_come_back() {
        let documents = load::read("r.yml", RULES.as_bytes()).unwrap();
        let set = compile(&documents, &Arc::new(Settings::default()), Level::Low).unwrap();
        let mut keys = Keys::new(1, 100_000);
        let touch = |keys: &mut Keys, number: u64, period: i64| {
            let text = format!(
                "o b [29/Feb/2024:00:00:00 +0000] - - R REST.GET.OBJECT k{number} \"-\" 200 - - - - - \"-\" \"-\"\n"
            );
            let line = Line {
                source: 0,
                offset: 0,
                bytes: text.as_bytes(),
            };
            let told = Told {
                rule: 0,
                key: number,
                part: 0,
                offset: 0,
                time: period,
                identity: number,
                mark: 0,
                reach: 1,
            };
            keys.touch(&set, &told, line);
        };
        for number in 0..1000 {
            touch(&mut keys, number, 0);
            assert!(keys.bytes() <= 100_000);
        }
        let (evicted, earliest) = keys.evicted;
        assert_eq!(earliest, Some(0));
        let left = keys.take(0, 0);
        assert_eq!(left.len() as u64 + evicted, 1000);
        assert!(left.len() > 100, "{} are left", left.len());
        assert!(left.values().all(|key| key.lines.is_empty()));
        touch(&mut keys, 1, 3600);
        let next = keys.take(0, 3600);
        assert!(next[&1].lines[0].line.is_some());
        assert_eq!(next[&1].text, [Some(b"k1".to_vec())]);
        assert_eq!(keys.bytes(), 0);
    }
}
