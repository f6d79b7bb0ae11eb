//! The first few of many names, whatever the order in which they come.
//!
//! Nothing about alerts belongs here.

/// Up to `N` names, those that were seen first. What is kept depends only on
/// what was added, not on the order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Few<const N: usize> {
    /// When each was seen first, and its name, in this order.
    kept: Vec<(i64, Vec<u8>)>,
    more: bool,
}

impl<const N: usize> Few<N> {
    /// Notes a name that was seen at `time`.
    pub fn add(&mut self, time: i64, name: &[u8]) {
        if let Some(place) = self.kept.iter().position(|(_, known)| known == name) {
            if self.kept[place].0 <= time {
                return;
            }
            self.kept.remove(place);
        }
        let place = self
            .kept
            .partition_point(|(first, known)| (*first, known.as_slice()) < (time, name));
        if place < N {
            self.kept.insert(place, (time, name.to_vec()));
        }
        self.more |= place >= N || self.kept.len() > N;
        self.kept.truncate(N);
    }

    /// The names, in the order in which they were seen first.
    #[must_use]
    pub fn names(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.kept.iter().map(|(_, name)| name.as_slice())
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
                few.add(*time, &[*name]);
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
