//! The lines that are shown: of all that were read, those that say most.

use std::sync::Arc;

use super::judge::{Nearness, Verdict};
use super::outline::{Part, Role};
use super::report::Key;
use crate::record::Field;
use crate::record::derived::View;
use crate::rule::plan::{Mark, Rule};

/// One line beside the rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Name of the input.
    pub source: Arc<str>,
    /// Offset in the decompressed input.
    pub offset: u64,
    /// Its time, if it has one.
    pub time: Option<i64>,
    /// What was asked of S3.
    pub operation: Option<Vec<u8>>,
    /// Its key under the rule.
    pub key: Key,
    /// What it makes of the rule's parts.
    pub parts: Vec<Judged>,
    number: u64,
}

/// What a line makes of one part of the rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// What the part is for.
    pub role: Role,
    /// What it is called: `detection`, `filter`, `any 2`, `none_before`.
    pub name: Arc<str>,
    /// Of which detection or correlation.
    pub label: Arc<str>,
    /// Whether all of it holds.
    pub holds: bool,
    /// The detection itself; then its filters, by name.
    pub verdicts: Vec<(Option<Arc<str>>, Verdict)>,
}

/// What is known of a record.
pub struct Known<'k, 'r, 'a> {
    /// The record.
    pub view: &'k View<'r, 'a>,
    /// What the rule asks.
    pub parts: &'k [Part],
    /// The rule.
    pub rule: &'k Rule,
    /// The mark that gives the record its key.
    pub mark: Option<&'k Mark>,
    /// Whether the rule counts it, or wants it not to have come before.
    pub asked: bool,
}

/// Kinds of lines, best first: what the rule takes, then by [`Nearness`].
const KINDS: usize = 4;

/// The best lines so far.
#[derive(Debug)]
pub struct Lines {
    most: usize,
    kinds: [Vec<Line>; KINDS],
    number: u64,
}

impl Lines {
    /// At most so many.
    pub fn new(most: usize) -> Self {
        Self {
            most,
            kinds: Default::default(),
            number: 0,
        }
    }

    /// Whether one more of this kind is of any use.
    fn wants(&self, kind: usize) -> bool {
        let better: usize = self.kinds[..=kind].iter().map(Vec::len).sum();
        better < self.most
    }

    /// Looks at a record, and keeps it where it says more than others.
    pub fn take(&mut self, known: &Known<'_, '_, '_>, source: &Arc<str>, offset: u64) {
        self.number += 1;
        // Once there are enough lines of which something matched, others are
        // not even looked at.
        if !self.wants(usize::from(!known.asked)) {
            return;
        }
        let kind = if known.asked { 0 } else { kind(known) };
        if !self.wants(kind) {
            return;
        }
        let line = self.line(known, source, offset);
        self.kinds[kind].push(line);
        for kind in (kind + 1..KINDS).rev() {
            if self.kinds.iter().map(Vec::len).sum::<usize>() > self.most {
                self.kinds[kind].pop();
            }
        }
    }

    fn line(&self, known: &Known<'_, '_, '_>, source: &Arc<str>, offset: u64) -> Line {
        let view = known.view;
        let fields = known.mark.map(|mark| &mark.key[..]).unwrap_or_default();
        let values = fields
            .iter()
            .map(|(field, _)| view.bytes(*field).map(<[u8]>::to_vec));
        let names = known.rule.group_by.iter().map(ToString::to_string);
        let parts = known.parts.iter().map(|part| judged(part, view));
        let mut parts: Vec<Judged> = parts.collect();
        // What nothing matched, no aggregate counts.
        let any = parts
            .iter()
            .any(|part| part.role == Role::Detection && part.holds);
        parts.retain(|part| any || !matches!(part.role, Role::Aggregate | Role::Filter));
        Line {
            source: Arc::clone(source),
            offset,
            time: view.record().time(),
            operation: view.bytes(Field::Operation).map(<[u8]>::to_vec),
            key: Key(names.zip(values).collect()),
            parts,
            number: self.number,
        }
    }

    /// In the order in which they were read.
    pub fn finish(self) -> Vec<Line> {
        let mut lines: Vec<Line> = self.kinds.into_iter().flatten().collect();
        lines.sort_by_key(|line| line.number);
        lines
    }
}

fn judged(part: &Part, view: &View<'_, '_>) -> Judged {
    let judges = part.judges.iter();
    let verdicts: Vec<_> = judges
        .map(|(name, judge)| (name.clone(), judge.verdict(view)))
        .collect();
    Judged {
        role: part.role,
        name: Arc::clone(&part.name),
        label: Arc::clone(&part.label),
        holds: verdicts.iter().all(|(_, verdict)| verdict.holds),
        verdicts,
    }
}

/// How much of what is counted a line has that is not counted.
fn kind(known: &Known<'_, '_, '_>) -> usize {
    let detections = known
        .parts
        .iter()
        .filter(|part| part.role == Role::Detection);
    let judges = detections.filter_map(|part| part.judges.first());
    let nearest = judges.map(|(_, judge)| judge.nearness(known.view)).min();
    match nearest.unwrap_or(Nearness::Nothing) {
        Nearness::Selection => 1,
        Nearness::Test => 2,
        Nearness::Nothing => 3,
    }
}
