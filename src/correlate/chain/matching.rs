//! Steps that take a record each: whether each can have one of its own.

use hashbrown::{HashMap, HashSet};

/// Steps and the records that they took.
#[derive(Debug, Default)]
pub struct Matching {
    /// For each step the records that it may take.
    free: Vec<Vec<usize>>,
    /// Which step took a record.
    taken: HashMap<usize, usize>,
}

impl Matching {
    /// Adds a step that may take one of these records; whether all steps can
    /// have one. After a `false` nothing more is asked.
    pub fn add(&mut self, free: Vec<usize>) -> bool {
        self.free.push(free);
        self.take(self.free.len() - 1, &mut HashSet::new())
    }

    /// Finds a record for a step; one that has it may take another (Kuhn's
    /// augmenting path). No deeper than there are steps.
    fn take(&mut self, step: usize, seen: &mut HashSet<usize>) -> bool {
        for place in 0..self.free[step].len() {
            let record = self.free[step][place];
            if !seen.insert(record) {
                continue;
            }
            let owner = self.taken.get(&record).copied();
            if owner.is_none_or(|owner| self.take(owner, seen)) {
                self.taken.insert(record, step);
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_gives_way_to_one_that_has_no_choice() {
        let mut matching = Matching::default();
        assert!(matching.add(vec![1, 2]));
        assert!(matching.add(vec![1]));
        assert!(!matching.add(vec![1, 2]));
        let mut matching = Matching::default();
        assert!(!matching.add(Vec::new()));
    }
}
