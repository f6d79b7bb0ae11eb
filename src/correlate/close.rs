//! Periods that are over: the keys that may have fired, looked at exactly.
//!
//! Rules whose periods end at the same time share one pass over the log.

use std::borrow::Cow;
use std::io;

use hashbrown::HashMap;

use super::entry::{self, Entries};
use super::evaluate::Evaluator;
use super::evidence::Seen;
use super::judge::{self, Hours, Judge};
use super::keys::Key;
use super::log::Log;
use super::{Raised, raise};
use crate::observation::Observation;
use crate::rule::plan::{Role, Rule};
use crate::rule::set::{Bits, RuleSet};

/// One rule and a period of it that is over, or is looked at as it stands.
#[derive(Debug)]
pub struct Closing<'r> {
    rule: &'r Rule,
    start: i64,
    keys: Cow<'r, HashMap<u64, Key>>,
    entries: Entries,
    evaluators: HashMap<u64, Evaluator>,
    /// Times of the records that are looked at: from the first to before the other.
    span: (i64, i64),
    /// Marks that a baseline decides.
    conditional: u64,
    /// The record at hand: its keys, with its marks under each.
    record: Vec<(u64, u64)>,
}

impl<'r> Closing<'r> {
    /// A period with the keys that may have fired in it: its own where it is
    /// over, borrowed where it goes on.
    #[must_use]
    pub fn new(
        set: &RuleSet,
        rule: &'r Rule,
        start: i64,
        keys: Cow<'r, HashMap<u64, Key>>,
    ) -> Self {
        let marks = rule.marks.iter().enumerate();
        let conditional = marks.filter(|(_, mark)| set.is_conditional(mark.selection));
        Self {
            rule,
            conditional: conditional.fold(0, |bits, (place, _)| bits | 1 << place),
            start,
            span: (i64::MIN, i64::MAX),
            entries: Entries::new(rule),
            evaluators: HashMap::with_capacity(keys.len()),
            keys,
            record: Vec::new(),
        }
    }

    /// Looks only at records from a time to before another.
    #[must_use]
    pub fn between(self, span: (i64, i64)) -> Self {
        Self { span, ..self }
    }

    /// The first second that a firing in the period depends on.
    fn begin(&self) -> i64 {
        self.start.saturating_sub(self.rule.horizon) + 1
    }

    /// The first second that is looked at.
    fn from(&self) -> i64 {
        self.begin().max(self.span.0)
    }

    /// The second after the last that is looked at.
    fn until(&self) -> i64 {
        let end = self.start.saturating_add(self.rule.period);
        end.min(self.span.1)
    }

    /// Whether a record that may be one of a mark is one.
    fn holds(&self, mark: usize, observation: Observation<'_>, judge: &Judge<'_>) -> bool {
        self.conditional >> mark & 1 == 0 || {
            let reference = judge::reference(self.begin());
            judge.matches(self.rule.marks[mark].selection, observation, reference)
        }
    }

    /// Finds the key of a record by one of the rule's marks.
    fn find(&mut self, mark: usize, observation: Observation<'_>, judge: &Judge<'_>) {
        if !self.holds(mark, observation, judge) {
            return;
        }
        let slots = &self.rule.marks[mark].key;
        let values = slots.iter().map(|(_, slot)| observation.value(*slot));
        let key = entry::key(slots.len(), values);
        match self.record.iter_mut().find(|(known, _)| *known == key) {
            Some((_, marks)) => *marks |= 1 << mark,
            None if self.keys.contains_key(&key) => self.record.push((key, 1 << mark)),
            None => {}
        }
    }

    /// Adds the record at hand under its keys.
    fn add(&mut self, observation: Observation<'_>, judge: &Judge<'_>) {
        if self.record.is_empty() {
            return;
        }
        let marks = self.rule.marks.iter().enumerate();
        let further = marks
            .filter(|(_, mark)| mark.role == Role::Aggregate)
            .filter(|(_, mark)| observation.matched(mark.selection))
            .filter(|(place, _)| self.holds(*place, observation, judge))
            .fold(0, |bits, (place, _)| bits | 1 << place);
        for (key, marks) in self.record.drain(..) {
            self.entries
                .push(self.rule, key, marks | further, observation);
        }
    }

    /// Evaluates what has been added.
    fn evaluate(&mut self, judge: &Judge<'_>) -> io::Result<()> {
        let (rule, start) = (self.rule, self.start);
        let hours = (self.begin(), start.saturating_add(rule.period));
        let evaluators = &mut self.evaluators;
        let mut failed = Ok(());
        self.entries.drain(|key, seconds| {
            let evaluator = evaluators.entry(key).or_insert_with(|| {
                let usual = judge.usual(rule, key, hours).unwrap_or_else(|error| {
                    failed = Err(error);
                    Hours::default()
                });
                Evaluator::new(rule, start, usual)
            });
            for second in seconds {
                evaluator.second(rule, &second);
            }
        });
        failed
    }

    fn finish(mut self, alerts: &mut Vec<Raised>) {
        let mut fired = Vec::new();
        for (key, evaluator) in self.evaluators {
            let Some(firing) = evaluator.finish() else {
                continue;
            };
            // Of what is borrowed only what fires is copied.
            let named = match &mut self.keys {
                Cow::Owned(keys) => keys.remove(&key),
                Cow::Borrowed(keys) => keys.get(&key).cloned(),
            };
            if let Some(mut named) = named {
                // A line that was kept while nobody knew yet whether it counts.
                let counts = |seen: &Seen| {
                    seen.marks & self.conditional == 0
                        || firing.records.iter().any(|record| record.is(seen))
                };
                named.lines.retain(counts);
                fired.push(raise::alert(
                    self.rule,
                    self.start,
                    (key, named.text),
                    firing,
                    named.lines,
                ));
            }
        }
        fired.sort_by(|a, b| a.alert.key.cmp(&b.alert.key));
        alerts.append(&mut fired);
    }
}

/// Closes periods that end at the same time; alerts in the order of the rules.
/// Gives how many records were gone over.
pub fn run<'r>(
    mut closings: Vec<Closing<'r>>,
    judge: &'r Judge<'r>,
    log: &mut Log,
    alerts: &mut Vec<Raised>,
) -> io::Result<u64> {
    // Of some all keys were forgotten.
    closings.retain(|closing| !closing.keys.is_empty());
    let Some(start) = closings.iter().map(Closing::from).min() else {
        return Ok(0);
    };
    let end = closings.iter().map(Closing::until).max().unwrap_or(start);
    let mut records = 0;
    let pass = Pass {
        takers: Takers::new(&closings, judge.selection_count()),
        closings,
        judge,
        failed: Ok(()),
    };
    let pass = std::cell::RefCell::new(pass);
    log.scan(
        start,
        end,
        |until| pass.borrow_mut().begin(until),
        |observation| {
            records += 1;
            pass.borrow_mut().take(observation);
        },
        || pass.borrow_mut().evaluate(),
    )?;
    let pass = pass.into_inner();
    pass.failed?;
    for closing in pass.closings {
        closing.finish(alerts);
    }
    Ok(records)
}

/// One pass over the log for periods that end at the same time.
struct Pass<'r> {
    takers: Takers,
    closings: Vec<Closing<'r>>,
    judge: &'r Judge<'r>,
    failed: io::Result<()>,
}

impl Pass<'_> {
    /// Before records that all come before this second.
    fn begin(&mut self, until: i64) {
        self.takers.turn(&self.closings, until);
    }

    fn take(&mut self, observation: Observation<'_>) {
        self.takers
            .take(observation, &mut self.closings, self.judge);
    }

    fn evaluate(&mut self) {
        let judge = self.judge;
        let mut closings = self.closings.iter_mut();
        let evaluated = closings.try_for_each(|closing| closing.evaluate(judge));
        if self.failed.is_ok() {
            self.failed = evaluated;
        }
    }
}

/// For each selection who asks for its records. A rule that looks back for a day
/// is alone with most of them: the others do not ask yet.
struct Takers {
    of: Vec<Vec<(usize, usize)>>,
    mask: Vec<u64>,
    from: Vec<i64>,
    /// How many closings ask.
    asking: usize,
}

impl Takers {
    fn new(closings: &[Closing<'_>], selections: usize) -> Self {
        Self {
            of: vec![Vec::new(); selections],
            mask: vec![0; selections.div_ceil(64)],
            from: closings.iter().map(Closing::from).collect(),
            asking: 0,
        }
    }

    /// Lets those ask whose records may come before this second.
    fn turn(&mut self, closings: &[Closing<'_>], until: i64) {
        let asks = |from: &&i64| **from < until;
        let asking = self.from.iter().filter(asks).count();
        if asking == self.asking {
            return;
        }
        self.asking = asking;
        self.of.iter_mut().for_each(Vec::clear);
        for (place, closing) in closings.iter().enumerate() {
            if !asks(&&self.from[place]) {
                continue;
            }
            let marks = closing.rule.marks.iter().enumerate();
            for (mark, at) in marks.filter(|(_, mark)| mark.role != Role::Aggregate) {
                self.of[at.selection].push((place, mark));
                self.mask[at.selection / 64] |= 1 << (at.selection % 64);
            }
        }
    }

    fn take(&self, observation: Observation<'_>, closings: &mut [Closing<'_>], judge: &Judge<'_>) {
        let time = observation.time();
        let asked = || {
            let words = observation.selection_words();
            words.map(|(word, bits)| (word, bits & self.mask.get(word).copied().unwrap_or(0)))
        };
        for (word, bits) in asked() {
            for selection in Bits(bits).map(|bit| word * 64 + bit) {
                for (place, mark) in &self.of[selection] {
                    if time >= self.from[*place] {
                        closings[*place].find(*mark, observation, judge);
                    }
                }
            }
        }
        for (word, bits) in asked() {
            for selection in Bits(bits).map(|bit| word * 64 + bit) {
                for (place, _) in &self.of[selection] {
                    closings[*place].add(observation, judge);
                }
            }
        }
    }
}
