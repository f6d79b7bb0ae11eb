//! Which keys are kept outside, and which are not as they stand.

use super::{Key, Keys, Looked};
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
    #[must_use]
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
            looked: Looked::default(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::evidence::Seen;

    fn pending(key: u64, last: i64) -> Pending {
        Pending {
            rule: 0,
            period: 3600,
            key,
            text: vec![Some(b"a".to_vec()), None],
            lines: vec![Seen {
                place: (7, 9),
                time: last,
                identity: key,
                marks: 1,
                line: Some(vec![b'x'; 100]),
            }],
            last,
        }
    }

    fn unsaved(keys: &Keys) -> Vec<Pending> {
        let mut found = Vec::new();
        let each = |pending| {
            found.push(pending);
            Ok::<(), ()>(())
        };
        keys.unsaved(each).unwrap();
        found.sort_by_key(|pending| pending.key);
        found
    }

    #[test]
    fn what_is_taken_back_is_what_was_given() {
        let mut keys = Keys::new(1, 10_000);
        keys.take_back(pending(1, 3700));
        assert_eq!(unsaved(&keys), []);
        let bytes = keys.bytes();
        keys.take_back(pending(1, 3700));
        assert_eq!(keys.bytes(), bytes);
        // As if a record had come.
        keys.all_mut().for_each(|key| key.kept.change());
        assert_eq!(unsaved(&keys), [pending(1, 3700)]);
        assert_eq!(unsaved(&keys), [pending(1, 3700)]);
        keys.saved();
        assert_eq!(unsaved(&keys), []);
        assert_eq!((keys.take(0, 3600).len(), keys.bytes()), (1, 0));
        let period = Gone {
            rule: 0,
            period: 3600,
            key: None,
        };
        assert_eq!(keys.gone(), [period]);
        keys.saved();
        assert_eq!(keys.gone(), []);
    }

    #[test]
    fn what_has_no_room_loses_its_lines_and_then_goes() {
        let mut keys = Keys::new(1, 2_000);
        for key in 0..7 {
            keys.take_back(pending(key, key as i64));
        }
        let lines = |pending: &Pending| pending.lines.len();
        assert!(unsaved(&keys).iter().map(lines).all(|lines| lines == 0));
        assert!(!unsaved(&keys).is_empty() && keys.gone().is_empty());
        for key in 7..30 {
            keys.take_back(pending(key, key as i64));
        }
        let evicted = keys.evicted.0;
        assert_eq!(keys.gone().len() as u64, evicted);
        assert!(keys.gone().contains(&Gone {
            rule: 0,
            period: 3600,
            key: Some(0)
        }));
        assert!(keys.bytes() <= 2_000 && evicted > 0);
    }
}
