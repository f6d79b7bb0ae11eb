//! Values by key, of which the least are dropped where there are too many.
//!
//! What an alert or a report is does not matter here.

use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How much a value is worth keeping. It may only grow.
pub trait Worth {
    /// More is worth more.
    type Worth: Ord;

    /// What this one is worth.
    fn worth(&self) -> Self::Worth;
}

/// A map of so many values.
#[derive(Debug)]
pub struct Bounded<K, V> {
    values: BTreeMap<K, V>,
    most: usize,
}

impl<K: Ord + Clone, V: Worth> Bounded<K, V> {
    /// An empty one.
    pub fn new(most: usize) -> Self {
        Self {
            values: BTreeMap::new(),
            most,
        }
    }

    /// The value of a key, which is made where there is none. After it was changed
    /// there may be one more than there should be: see [`Self::is_full`].
    pub fn entry(&mut self, key: K, new: impl FnOnce() -> V) -> &mut V {
        self.values.entry(key).or_insert_with(new)
    }

    /// Whether there are too many.
    pub fn is_full(&self) -> bool {
        self.values.len() > self.most
    }

    /// The value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.values.get(key)
    }

    /// All of them, in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.values.iter()
    }

    /// Takes out the eighth that is worth least; of what is worth the same the last
    /// by key. One that was among the first few of all of them stays in whatever
    /// order they come.
    pub fn drop_least(&mut self) -> Vec<V> {
        let least: Vec<K> = self
            .ranked()
            .into_iter()
            .map(|(key, _)| key)
            .cloned()
            .collect();
        let kept = least.len() - least.len().div_ceil(8);
        let least = least[kept..].iter();
        least.filter_map(|key| self.values.remove(key)).collect()
    }

    /// All of them, what is worth most first; of what is worth the same the first by
    /// key.
    pub fn ranked(&self) -> Vec<(&K, &V)> {
        let mut all: Vec<_> = self.values.iter().collect();
        // The sort keeps the order of the keys.
        all.sort_by_cached_key(|(_, value)| Reverse(value.worth()));
        all
    }
}
