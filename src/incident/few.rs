//! The first few of many names, or of anything, whatever the order in which they
//! come.
//!
//! Nothing about alerts belongs here.

use std::borrow::Borrow;

/// Up to `N` names, those that were seen first. What is kept depends only on
/// what was added, not on the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Few<const N: usize, T = Vec<u8>> {
    /// When each was seen first, and its name, in this order.
    kept: Vec<(i64, T)>,
    more: bool,
}

impl<const N: usize, T> Default for Few<N, T> {
    fn default() -> Self {
        Self {
            kept: Vec::new(),
            more: false,
        }
    }
}

impl<const N: usize, T: Ord> Few<N, T> {
    /// Notes a name that was seen at `time`.
    pub fn add<Q>(&mut self, time: i64, name: &Q)
    where
        Q: Ord + ToOwned<Owned = T> + ?Sized,
        T: Borrow<Q>,
    {
        if let Some(place) = self
            .kept
            .iter()
            .position(|(_, known)| known.borrow() == name)
        {
            if self.kept[place].0 <= time {
                return;
            }
            self.kept.remove(place);
        }
        let place = self
            .kept
            .partition_point(|(first, known)| (*first, known.borrow()) < (time, name));
        if place < N {
            self.kept.insert(place, (time, name.to_owned()));
        }
        self.more |= place >= N || self.kept.len() > N;
        self.kept.truncate(N);
    }

    /// When each was seen first, and what it is, in this order.
    #[must_use]
    pub fn seen(&self) -> impl ExactSizeIterator<Item = (i64, &T)> {
        self.kept.iter().map(|(first, name)| (*first, name))
    }

    /// Whether there were more than are kept.
    #[must_use]
    pub fn more(&self) -> bool {
        self.more
    }

    /// Whether there was none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }
}

impl<const N: usize> Few<N> {
    /// The names, in the order in which they were seen first.
    #[must_use]
    pub fn names(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.kept.iter().map(|(_, name)| name.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_few_are_kept_in_any_order(
            seen in prop::collection::vec((0..20i64, 0..8u8), 0..30),
        ) {
            let mut few = Few::<3>::default();
            let mut first: BTreeMap<u8, i64> = BTreeMap::new();
            for (time, name) in &seen {
                few.add(*time, &[*name][..]);
                let known = first.entry(*name).or_insert(*time);
                *known = (*known).min(*time);
            }
            let mut expected: Vec<_> = first.iter().map(|(name, time)| (*time, *name)).collect();
            expected.sort_unstable();
            prop_assert_eq!(few.more(), expected.len() > 3);
            expected.truncate(3);
            let names: Vec<_> = few.names().map(|name| name[0]).collect();
            prop_assert_eq!(names, expected.iter().map(|(_, name)| *name).collect::<Vec<_>>());
        }
    }
}
