//! How many distinct values there were: exact to 1,024, estimated beyond.
//!
//! Both forms depend on the set of values alone, not on their order.

use hashbrown::HashSet;

use crate::alert::Distinct;

/// The largest exact count.
const EXACT: usize = 1024;
/// Bits of a hash that choose a register: a standard error of 1.6 %.
const PRECISION: u32 = 12;
const REGISTERS: usize = 1 << PRECISION;

/// Counts hashes of values (zero, the hash of no value, is not counted).
#[derive(Debug, Clone)]
pub enum Counter {
    /// All of them.
    Exact(HashSet<u64>),
    /// `HyperLogLog` registers.
    Estimated(Box<[u8; REGISTERS]>),
}

impl Default for Counter {
    fn default() -> Self {
        Counter::Exact(HashSet::new())
    }
}

impl Counter {
    /// Counts a value.
    pub fn add(&mut self, hash: u64) {
        if hash == crate::record::hash::NO_VALUE {
            return;
        }
        match self {
            Counter::Exact(values) => {
                values.insert(hash);
                if values.len() > EXACT {
                    let mut registers = Box::new([0; REGISTERS]);
                    for hash in values.drain() {
                        register(&mut registers, hash);
                    }
                    *self = Counter::Estimated(registers);
                }
            }
            Counter::Estimated(registers) => register(registers, hash),
        }
    }

    /// Counts all that the other counted.
    pub fn merge(&mut self, other: &Self) {
        match other {
            Counter::Exact(values) => values.iter().for_each(|hash| self.add(*hash)),
            Counter::Estimated(theirs) => {
                if let Counter::Exact(values) = self {
                    let mut registers = Box::new([0; REGISTERS]);
                    for hash in values.drain() {
                        register(&mut registers, hash);
                    }
                    *self = Counter::Estimated(registers);
                }
                if let Counter::Estimated(ours) = self {
                    for (our, their) in ours.iter_mut().zip(theirs.iter()) {
                        *our = (*our).max(*their);
                    }
                }
            }
        }
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> Distinct {
        match self {
            Counter::Exact(values) => Distinct {
                value: values.len() as u64,
                approx: false,
            },
            Counter::Estimated(registers) => Distinct {
                value: estimate(registers),
                approx: true,
            },
        }
    }
}

fn register(registers: &mut [u8; REGISTERS], hash: u64) {
    // The low bits choose, so that the high bits are left for the rank.
    let place = hash as usize & (REGISTERS - 1);
    let rank = (hash >> PRECISION | 1 << (64 - PRECISION)).trailing_zeros() as u8 + 1;
    registers[place] = registers[place].max(rank);
}

/// Flajolet et al. 2007, with linear counting where registers are empty.
fn estimate(registers: &[u8; REGISTERS]) -> u64 {
    let count = REGISTERS as f64;
    let sum: f64 = registers
        .iter()
        .map(|rank| 2f64.powi(-i32::from(*rank)))
        .sum();
    let raw = 0.7213 / (1.0 + 1.079 / count) * count * count / sum;
    let empty: u32 = registers.iter().map(|rank| u32::from(*rank == 0)).sum();
    if raw <= 2.5 * count && empty > 0 {
        return (count * (count / f64::from(empty)).ln()).round() as u64;
    }
    raw.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::hash;

    #[test]
    fn exact_then_within_five_percent_and_orderless() {
        for wanted in [0u64, 1, 1024, 1025, 5_000, 200_000] {
            let values: Vec<u64> = (0..wanted).map(|n| hash::value(&n.to_le_bytes())).collect();
            let mut forward = Counter::default();
            let mut backward = Counter::default();
            for value in &values {
                forward.add(*value);
            }
            values
                .iter()
                .rev()
                .chain(&values)
                .for_each(|value| backward.add(*value));
            let found = forward.count();
            assert_eq!(found, backward.count());
            assert_eq!(found.approx, wanted > 1024);
            assert!(
                found.value.abs_diff(wanted) * 20 <= wanted,
                "{} for {wanted}",
                found.value
            );
            if wanted <= 1024 {
                assert_eq!(found.value, wanted);
            }
            let (left, right) = values.split_at(values.len() / 3);
            let mut parts = Counter::default();
            let mut other = Counter::default();
            for value in left {
                parts.add(*value);
            }
            for value in right {
                other.add(*value);
            }
            parts.merge(&other);
            assert_eq!(parts.count(), found);
        }
    }
}
