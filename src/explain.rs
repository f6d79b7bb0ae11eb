//! Why a rule fires on some records, or does not.
//!
//! For each record: which tests of the rule it meets (`judge`). For each key:
//! how near every condition came (`keys`). Both ask what the alerts are made
//! with, the compiled tests and the engine's own windows, so that this cannot
//! say anything else; and every key is evaluated here, not only those that the
//! engine's counters let through. There is no watermark: what would come late to
//! a scan counts.
//!
//! Records in, an [`Explanation`] out. How it is shown is not decided here.

mod json;
mod judge;
mod keys;
mod lines;
mod nearest;
mod outline;
mod report;
#[cfg(test)]
mod tests;
mod trace;
mod words;

use std::sync::Arc;

pub use judge::{Verdict, What};
pub use lines::{Judged, Line};
pub use nearest::{Moment, Nearest, Rules, Steps, Valued};
pub use outline::{Role, Words};
pub use report::{Counts, Explanation, Fired, Key, KeyReport, RuleReport};
pub use words::{counted, several, span};

use self::keys::{Found, Texts};
use self::lines::Lines;
use self::outline::{Known, Outline};
use crate::alert::Level;
use crate::correlate::entry::Entries;
use crate::observation::Observations;
use crate::record::Record;
use crate::record::derived::View;
use crate::rule::document::{Body, Document};
use crate::rule::plan::{self, Role as MarkRole, Rule, Stage};
use crate::rule::set::{Bits, RuleSet, Scratch};
use crate::rule::{compile, refs};
use crate::settings::Settings;

/// What is kept, so that memory has a bound.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Lines that are shown.
    pub lines: usize,
    /// Keys that are shown.
    pub keys: usize,
    /// Records that are evaluated: the first that the rule asks for.
    pub records: usize,
    /// Bytes for the texts of keys.
    pub text: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lines: 20,
            keys: 20,
            records: 2_000_000,
            text: 64 << 20,
        }
    }
}

/// Takes records, and explains one rule over them.
#[derive(Debug)]
pub struct Explainer {
    set: RuleSet,
    place: usize,
    report: RuleReport,
    outline: Outline,
    limits: Limits,
    entries: Entries,
    /// Slots whose texts name keys.
    named: u64,
    texts: Texts,
    lines: Lines,
    counts: Counts,
    scratch: Scratch,
    observations: Observations,
}

impl Explainer {
    /// For the rule at a place. The documents have passed all checks; the error
    /// is what the compiler says of this rule alone.
    pub fn new(
        documents: &[Document],
        place: usize,
        settings: &Arc<Settings>,
        limits: Limits,
    ) -> Result<Self, String> {
        let document = &documents[place];
        if matches!(document.body, Body::Filter(_)) {
            return Err(format!("{:?} is a filter, no rule", document.label()));
        }
        let set = alone(documents, place, settings)?;
        let label = document.label();
        let place = set.rules.iter().position(|rule| rule.info.name == label);
        let place = place.ok_or_else(|| format!("{label:?} is no rule"))?;
        let rule = &set.rules[place];
        let known = Known {
            documents,
            settings,
        };
        let outline = Outline::new(known, document, &rule.root)?;
        Ok(Self {
            report: RuleReport::new(documents, document, rule, &outline, settings),
            entries: Entries::new(rule),
            named: named(rule),
            texts: Texts::new(limits.text),
            lines: Lines::new(limits.lines),
            counts: Counts::default(),
            scratch: Scratch::default(),
            observations: Observations::default(),
            outline,
            limits,
            place,
            set,
        })
    }

    /// Takes a record. `late` says that it came when a scan would not have
    /// counted it any more.
    pub fn record(&mut self, record: &Record<'_>, source: &Arc<str>, offset: u64, late: bool) {
        let rule = &self.set.rules[self.place];
        self.counts.records += 1;
        self.observations.clear();
        let (scratch, out) = (&mut self.scratch, &mut self.observations);
        self.set.observe(record, (0, offset), scratch, out, None);
        let view = View::new(record, &self.set.settings);
        let observation = self.observations.iter().next();
        let mut marks = rule.marks.iter();
        let matched = |role: MarkRole| {
            move |mark: &&plan::Mark| {
                mark.role == role && observation.is_some_and(|o| o.matched(mark.selection))
            }
        };
        let counted = marks.clone().find(matched(MarkRole::Counted));
        let asked = counted.is_some() || marks.any(|mark| matched(MarkRole::Before)(&mark));
        if let Some(observation) = observation
            && asked
        {
            self.counts.matched += u64::from(counted.is_some());
            self.counts.late += u64::from(late && !rule.is_single_event());
            if rule.unworkable.is_some() {
                // A scan does not look at it either.
            } else if self.entries.len() >= self.limits.records {
                self.counts.left_out += 1;
            } else {
                self.counts.entries += self.entries.push_all(rule, observation) as u64;
                for slot in Bits(self.named) {
                    let text = view.bytes(self.set.slots[slot].field);
                    self.texts.add(observation.value(slot as u8), text);
                }
            }
        }
        let of_line = lines::Known {
            view: &view,
            parts: &self.outline.parts,
            rule,
            mark: counted.or_else(|| rule.marks.iter().find(|m| m.role == MarkRole::Counted)),
            asked,
        };
        self.lines.take(&of_line, source, offset);
    }

    /// What came of it.
    #[must_use]
    pub fn finish(mut self) -> Explanation {
        let rule = &self.set.rules[self.place];
        let mut found: Vec<Found> = Vec::new();
        let (mut all, mut fired, mut evaluated) = (0, 0, 0);
        let most = self.limits.keys;
        self.entries.drain(|hash, seconds| {
            let mut seconds = seconds.inspect(|second| evaluated += second.entries.len() as u64);
            let key = Found::new(rule, hash, &mut seconds);
            // What may not come before is looked at, but is no key of its own.
            if key.records == 0 {
                return;
            }
            all += 1;
            fired += u64::from(key.periods > 0);
            found.push(key);
            if found.len() > most.saturating_mul(2).max(64) {
                found.sort_by(Found::order);
                found.truncate(most);
            }
        });
        found.sort_by(Found::order);
        found.truncate(most);
        self.counts.again = self.counts.entries - evaluated;
        self.counts.keys = all;
        self.counts.fired = fired;
        self.counts.texts_full = self.texts.full;
        let key = |found: Found| KeyReport::new(found, &self.outline, rule, &self.texts);
        Explanation {
            keys: found.into_iter().map(key).collect(),
            rule: self.report,
            counts: self.counts,
            lines: self.lines.finish(),
        }
    }
}

/// The rule at a place in plain words: what it counts, by what, and when it
/// fires. The documents have passed all checks.
pub fn aloud(
    documents: &[Document],
    place: usize,
    settings: &Arc<Settings>,
) -> Result<Vec<Words>, String> {
    let explainer = Explainer::new(documents, place, settings, Limits::default())?;
    Ok(explainer.outline.words)
}

/// What the rule at a place fires on, in plain words: `at least 20 records in 5m`. The
/// first says what of the others must hold. The documents have passed all checks.
pub fn fires(
    documents: &[Document],
    place: usize,
    settings: &Arc<Settings>,
) -> Result<Vec<String>, String> {
    let explainer = Explainer::new(documents, place, settings, Limits::default())?;
    Ok(explainer.outline.fires)
}

/// The rule with those below it and nothing else; as if it were switched on,
/// and not counted by any other.
fn alone(
    documents: &[Document],
    place: usize,
    settings: &Arc<Settings>,
) -> Result<RuleSet, String> {
    let mut places = vec![place];
    let mut next = 0;
    while let Some(place) = places.get(next) {
        for word in refs::counted(&documents[*place]) {
            let found = refs::find(documents, &word)?;
            if !places.contains(&found) {
                places.push(found);
            }
        }
        next += 1;
    }
    let mut own: Vec<Document> = places.iter().map(|at| documents[*at].clone()).collect();
    own[0].enabled = true;
    compile(&own, settings, Level::Informational).map_err(|errors| {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        errors.join("\n")
    })
}

/// The slots of all keys, of the correlations below too.
fn named(rule: &Rule) -> u64 {
    fn columns(plan: &plan::Correlation, rule: &Rule) -> u64 {
        let own = plan.by.iter().flatten();
        let own = own.fold(0, |bits, column| {
            bits | 1 << rule.columns[usize::from(*column)]
        });
        plan.stages.iter().fold(own, |bits, stage| match stage {
            Stage::Records(_) => bits,
            Stage::Firings(below) => bits | columns(below, rule),
        })
    }
    columns(&rule.root, rule)
}
