//! Which keys are worth a look before their period is over: those that a record
//! has come for since the last look, and that have not been told of.
//!
//! Whether they fire is not decided here.

use hashbrown::HashMap;

use super::{Key, Keys};
use crate::correlate::lane::Told;

/// A key that records have come for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Touched {
    /// Place of the rule.
    pub rule: usize,
    /// Start of the period, seconds since the Unix epoch.
    pub period: i64,
    /// Hash of the key.
    pub key: u64,
    /// Times of the first and the last of the records.
    pub times: (i64, i64),
}

/// How a key stands with those who look early.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Looked {
    #[default]
    No,
    /// Stands at this place of the list.
    Listed(usize),
    /// Its alert has been told: more says nothing new.
    Told,
}

/// The keys to be looked at.
#[derive(Debug, Default)]
pub(super) struct Early {
    /// By the place of a rule whether its alerts may be told early; empty where
    /// nobody looks.
    rules: Vec<bool>,
    touched: Vec<Touched>,
}

impl Early {
    /// A record of a key has come.
    pub(super) fn note(&mut self, looked: &mut Looked, period: i64, told: &Told) {
        if !self.rules.get(told.rule).is_some_and(|early| *early) {
            return;
        }
        match looked {
            Looked::Told => {}
            Looked::Listed(place) => {
                let (first, last) = self.touched[*place].times;
                self.touched[*place].times = (first.min(told.time), last.max(told.time));
            }
            Looked::No => {
                *looked = Looked::Listed(self.touched.len());
                self.touched.push(Touched {
                    rule: told.rule,
                    period,
                    key: told.key,
                    times: (told.time, told.time),
                });
            }
        }
    }
}

impl Keys {
    /// From now on lists the keys of these rules that records come for.
    pub fn look_at(&mut self, rules: Vec<bool>) {
        self.early.rules = rules;
    }

    /// Keys that records have come for since the last time, and that have not been
    /// told of.
    pub fn touched(&mut self) -> Vec<Touched> {
        let touched = std::mem::take(&mut self.early.touched);
        let mut there = Vec::with_capacity(touched.len());
        for touched in touched {
            // It may have been forgotten since, or its period may be over.
            if let Some(key) = self.key_mut(&touched) {
                key.looked = Looked::No;
                there.push(touched);
            }
        }
        there
    }

    /// The alert of a key has been told.
    pub fn tell(&mut self, touched: &Touched) {
        if let Some(key) = self.key_mut(touched) {
            key.looked = Looked::Told;
        }
    }

    /// One of the keys of a period.
    #[must_use]
    pub fn one(&self, touched: &Touched) -> Option<&Key> {
        self.of(touched.rule, touched.period)?.get(&touched.key)
    }

    fn key_mut(&mut self, touched: &Touched) -> Option<&mut Key> {
        let keys: &mut HashMap<u64, Key> = self.periods[touched.rule].get_mut(&touched.period)?;
        keys.get_mut(&touched.key)
    }
}
