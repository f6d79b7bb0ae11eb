//! What is left of a record once it is matched.
//!
//! The only thing that leaves the parallel stage: owned, orderless, tens of
//! bytes. One for all rules, not one a rule. Text may not enter: what rules
//! group and count by is here as hashes (see [`crate::record::hash`]).
//!
//! An observation is a run of 64-bit words:
//!
//! | word | holds |
//! |---|---|
//! | 0 | time, seconds since the Unix epoch, two's complement |
//! | 1 | identity of the record |
//! | 2 | offset of its line in the decompressed input, bytes |
//! | 3 | low half: number of the input; high half: which selection words follow, a bit each |
//! | 4 | which slots follow, a bit each |
//! | then | the selection words that are not zero: bit `n % 64` of word `n / 64` is selection `n` |
//! | then | a value for each slot: the hash of a field's bytes, or zero where it is null or absent |

pub mod frame;

use crate::rule::set::Bits;

/// Words before the selections.
const HEADER: usize = 5;

/// Selection words that the high half of word 3 can name.
pub const MAX_SELECTIONS: usize = 32 * 64;

/// Observations, one behind the other.
#[derive(Debug, Default, Clone)]
pub struct Observations {
    words: Vec<u64>,
}

/// One observation, borrowed.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'a> {
    words: &'a [u64],
    /// Where the values begin.
    values: usize,
}

impl Observations {
    /// Adds one. `selections` are words of selection bits, `values` the values
    /// of the slots in `slots`, lowest first.
    pub fn push(
        &mut self,
        time: i64,
        identity: u64,
        place: (u32, u64),
        selections: &[u64],
        slots: u64,
        values: impl IntoIterator<Item = u64>,
    ) {
        let (source, offset) = place;
        let mut mask = 0u64;
        let header = self.words.len();
        self.words.extend([time as u64, identity, offset, 0, slots]);
        for (place, word) in selections
            .iter()
            .enumerate()
            .filter(|(_, word)| **word != 0)
        {
            mask |= 1 << place;
            self.words.push(*word);
        }
        self.words[header + 3] = mask << 32 | u64::from(source);
        self.words.extend(values);
        debug_assert_eq!(
            self.words.len() - header,
            HEADER + mask.count_ones() as usize + slots.count_ones() as usize
        );
    }

    /// Copies one.
    pub fn push_copy(&mut self, observation: Observation<'_>) {
        self.words.extend_from_slice(observation.words);
    }

    /// In the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = Observation<'_>> {
        let mut rest = &self.words[..];
        std::iter::from_fn(move || {
            let (values, length) = lengths(rest)?;
            let (words, after) = rest.split_at(length);
            rest = after;
            Some(Observation { words, values })
        })
    }

    /// Takes selections away again: of those in `of` (words of bits) each that an
    /// observation matched stays only if `keep` says so.
    pub fn keep_selections(&mut self, of: &[u64], keep: impl Fn(usize, Observation<'_>) -> bool) {
        let mut start = 0;
        while let Some((values, length)) = lengths(&self.words[start..]) {
            let words = &self.words[start..start + length];
            let observation = Observation { words, values };
            let mut gone = [0u64; 32];
            let mut any = false;
            for (word, bits) in observation.selection_words() {
                for bit in Bits(bits & of.get(word).copied().unwrap_or(0)) {
                    if !keep(word * 64 + bit, observation) {
                        gone[word] |= 1 << bit;
                        any = true;
                    }
                }
            }
            if any {
                let mask = words[3] >> 32;
                for (place, word) in Bits(mask).enumerate() {
                    self.words[start + HEADER + place] &= !gone[word];
                }
            }
            start += length;
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Memory held, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.words.capacity() * 8
    }

    /// The words themselves.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// Takes words that [`Observations::words`] gave; `None` when the last
    /// observation in them is not whole.
    #[must_use]
    pub fn from_words(words: Vec<u64>) -> Option<Self> {
        let mut rest = &words[..];
        while !rest.is_empty() {
            rest = rest.get(lengths(rest)?.1..)?;
        }
        Some(Self { words })
    }

    /// Gives the inputs other numbers.
    pub fn renumber(&mut self, number: impl Fn(u32) -> u32) {
        let mut rest = &mut self.words[..];
        while let Some((_, length)) = lengths(rest) {
            let (words, behind) = rest.split_at_mut(length);
            words[3] = words[3] >> 32 << 32 | u64::from(number(words[3] as u32));
            rest = behind;
        }
    }

    /// Forgets all, keeping the memory.
    pub fn clear(&mut self) {
        self.words.clear();
    }
}

/// Of the observation at the start of these words: where its values begin, and
/// its length.
fn lengths(words: &[u64]) -> Option<(usize, usize)> {
    let masks = words.get(3..HEADER)?;
    let values = HEADER + (masks[0] >> 32).count_ones() as usize;
    Some((values, values + masks[1].count_ones() as usize))
}

impl Observation<'_> {
    /// Seconds since the Unix epoch.
    #[must_use]
    pub fn time(self) -> i64 {
        self.words[0] as i64
    }

    /// Tells the record from others of the same second.
    #[must_use]
    pub fn identity(self) -> u64 {
        self.words[1]
    }

    /// Number of the input, and offset of the line in it.
    #[must_use]
    pub fn place(self) -> (u32, u64) {
        (self.words[3] as u32, self.words[2])
    }

    /// How many words it has.
    #[must_use]
    pub fn word_count(self) -> usize {
        self.words.len()
    }

    /// Whether a selection matched.
    #[must_use]
    #[inline]
    pub fn matched(self, selection: usize) -> bool {
        self.selection_word(selection / 64) & 1 << (selection % 64) != 0
    }

    /// One word of selection bits.
    #[must_use]
    #[inline]
    pub fn selection_word(self, word: usize) -> u64 {
        let mask = self.words[3] >> 32;
        if mask >> word & 1 == 0 {
            return 0;
        }
        let before = (mask & ((1 << word) - 1)).count_ones() as usize;
        self.words[HEADER + before]
    }

    /// The value of a slot; zero where the field is null, absent or not observed.
    #[must_use]
    #[inline]
    pub fn value(self, slot: u8) -> u64 {
        let slots = self.words[4];
        if slots >> slot & 1 == 0 {
            return 0;
        }
        let before = (slots & ((1 << slot) - 1)).count_ones() as usize;
        self.words[self.values + before]
    }

    /// The selection words that are not zero, with their numbers.
    #[inline]
    pub fn selection_words(self) -> impl Iterator<Item = (usize, u64)> {
        let mask = self.words[3] >> 32;
        Bits(mask)
            .zip(&self.words[HEADER..])
            .map(|(number, word)| (number, *word))
    }

    /// All values, by slot; zero where there is none.
    #[inline]
    pub fn values(self, into: &mut [u64; 64]) {
        into.fill(0);
        for (slot, value) in Bits(self.words[4]).zip(&self.words[self.values..]) {
            into[slot] = *value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        let mut all = Observations::default();
        all.push(
            -5,
            7,
            (3, 1 << 40),
            &[0, 1 << 63, 0, 2],
            1 << 63 | 0b101,
            [10, 20, 30],
        );
        all.push(6, 8, (u32::MAX, 0), &[1], 0, []);
        let found: Vec<_> = all.iter().collect();
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].time(), found[0].identity(), found[0].place()),
            (-5, 7, (3, 1 << 40))
        );
        assert!(found[0].matched(127) && found[0].matched(193) && !found[0].matched(0));
        assert_eq!(
            [0, 1, 2, 63].map(|slot| found[0].value(slot)),
            [10, 0, 20, 30]
        );
        assert_eq!((found[1].time(), found[1].place()), (6, (u32::MAX, 0)));
        assert!(found[1].matched(0) && !found[1].matched(64));
    }

    #[test]
    fn inputs_get_other_numbers_and_nothing_else() {
        let some = |numbers: [u32; 2]| {
            let mut all = Observations::default();
            all.push(-5, 7, (numbers[0], 9), &[0, 1 << 63], 0b101, [10, 20]);
            all.push(6, 8, (numbers[1], 9), &[1], 0, []);
            all
        };
        let mut all = some([3, u32::MAX]);
        all.renumber(|number| number ^ 1);
        assert_eq!(all.words(), some([2, u32::MAX - 1]).words());
    }
}
