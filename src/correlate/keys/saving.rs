//! Which keys are kept outside, and which are not as they stand.

use super::{Key, Keys};
use crate::correlate::snapshot::Pending;

/// What is kept of a key outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Kept {
    #[default]
    Nothing,
    /// The key as it was.
    Before,
    /// The key as it is.
    Now,
}

impl Kept {
    /// The key is another now.
    pub(super) fn change(&mut self) {
        if *self == Self::Now {
            *self = Self::Before;
        }
    }

    pub(super) fn is_any(self) -> bool {
        self != Self::Nothing
    }
}

/// What is kept outside and is not needed any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gone {
    /// Place of the rule.
    pub rule: usize,
    /// Start of the period, seconds since the Unix epoch.
    pub period: i64,
    /// Hash of the key; `None` where it is all keys of the period.
    pub key: Option<u64>,
}

impl Keys {
    /// Calls for every key that is not kept outside as it stands.
    pub fn unsaved<E>(&self, mut each: impl FnMut(Pending) -> Result<(), E>) -> Result<(), E> {
        for (rule, periods) in self.periods.iter().enumerate() {
            for (period, keys) in periods {
                for (hash, key) in keys.iter().filter(|(_, key)| key.kept != Kept::Now) {
                    each(Pending {
                        rule,
                        period: *period,
                        key: *hash,
                        text: key.text.clone(),
                        lines: key.lines.clone(),
                        last: key.last,
                    })?;
                }
            }
        }
        Ok(())
    }

    /// What is kept outside and is not needed any more.
    pub fn gone(&self) -> &[Gone] {
        &self.gone
    }

    /// All that is here is kept outside now, and what is gone no longer is.
    pub fn saved(&mut self) {
        self.gone.clear();
        self.all_mut().for_each(|key| key.kept = Kept::Now);
    }

    /// Takes back what is kept outside.
    pub fn take_back(&mut self, pending: Pending) {
        let key = Key {
            text: pending.text,
            lines: pending.lines,
            last: pending.last,
            kept: Kept::Now,
        };
        self.bytes += key.bytes();
        let keys = self.periods[pending.rule].entry(pending.period);
        let before = keys.or_default().insert(pending.key, key);
        self.bytes -= before.map_or(0, |before| before.bytes());
        if self.bytes > self.most {
            self.shrink();
        }
    }
}
