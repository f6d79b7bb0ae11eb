//! Alerts before their period is over: only of keys that records have come for
//! since the last look.
//!
//! A key that is not told of is looked at again with each record that comes for
//! it, first at what lies around that record: what fires there fires, because
//! only rules are looked at whose firings nothing undoes. Only then the whole
//! period is gone over, for what the alert says.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use hashbrown::HashMap;

use super::close::{self, Closing};
use super::judge::Judge;
use super::keys::{Key, Touched};
use super::{Correlator, Raised};
use crate::alert::Status;
use crate::baseline::Baseline;

impl Correlator {
    /// From now on remembers which keys records come for, for [`Correlator::look`].
    pub fn watch(&mut self) {
        let rules = self.set.rules.iter().map(crate::rule::Rule::only_grows);
        self.keys.look_at(rules.collect());
    }

    /// Gives alerts of periods that are not over, with [`Status::Open`], in the
    /// order of period end, rule name, key: of keys that records have come for
    /// since the last look and that were not given before, and of rules whose
    /// firings no further record undoes. Gives how many records were gone over.
    pub fn look(
        &mut self,
        alerts: &mut Vec<Raised>,
        baseline: Option<&Baseline>,
    ) -> io::Result<u64> {
        let touched = self.keys.touched();
        if touched.is_empty() {
            return Ok(0);
        }
        let (fired, near) = self.glance(touched, true, baseline)?;
        let found: Vec<Touched> = fired.iter().map(|(touched, _)| *touched).collect();
        let (fired, all) = self.glance(found, false, baseline)?;
        for (touched, mut raised) in fired {
            self.keys.tell(&touched);
            raised.alert.status = Status::Open;
            alerts.push(raised);
        }
        Ok(near + all)
    }

    /// Evaluates keys, each on its own: on what lies around the records that came
    /// for them, without their names, or on the whole period.
    fn glance(
        &mut self,
        mut touched: Vec<Touched>,
        near: bool,
        baseline: Option<&Baseline>,
    ) -> io::Result<(Vec<(Touched, Raised)>, u64)> {
        let set = Arc::clone(&self.set);
        let judge = Judge::new(&set, baseline);
        let end = |one: &Touched| one.period.saturating_add(set.rules[one.rule].period);
        touched.sort_unstable_by_key(|one| (end(one), one.rule, one.period, one.key));
        let (mut fired, mut records) = (Vec::new(), 0);
        for together in touched.chunk_by(|a, b| end(a) == end(b)) {
            let mut closings = Vec::new();
            for keys in together.chunk_by(|a, b| a.rule == b.rule) {
                let rule = &set.rules[keys[0].rule];
                let named = keys.iter().filter_map(|one| {
                    let key = self.keys.one(one)?;
                    Some((one.key, if near { Key::default() } else { key.clone() }))
                });
                let named: HashMap<u64, Key> = named.collect();
                let closing = Closing::new(&set, rule, keys[0].period, Cow::Owned(named));
                let first = keys.iter().map(|one| one.times.0).min();
                let last = keys.iter().map(|one| one.times.1).max();
                closings.push(match first.zip(last) {
                    Some((first, last)) if near => closing.between((
                        first.saturating_sub(rule.horizon),
                        last.saturating_add(rule.root.horizon()),
                    )),
                    _ => closing,
                });
            }
            let mut raised = Vec::new();
            records += close::run(closings, &judge, &mut self.log, &mut raised)?;
            fired.extend(raised.into_iter().filter_map(|raised| {
                let of = |one: &&Touched| {
                    one.key == raised.key
                        && Arc::ptr_eq(&set.rules[one.rule].info, &raised.alert.rule)
                };
                let one = *together.iter().find(of)?;
                Some((one, raised))
            }));
        }
        Ok((fired, records))
    }

    /// Up to where periods are closed, seconds since the Unix epoch.
    #[must_use]
    pub fn closed(&self) -> i64 {
        self.closed
    }
}
