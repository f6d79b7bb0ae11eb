//! Random numbers that never change: `SplitMix64`, written out here so that no
//! release of a crate can alter the output of a seed.

/// Mixes 64 bits into 64 others; a bijection, so distinct inputs stay distinct.
pub const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A stream of random numbers.
pub struct Rng(u64);

impl Rng {
    const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

    /// The stream number `stream` of `seed`; streams do not disturb each other.
    pub const fn new(seed: u64, stream: u64) -> Self {
        Self(mix(mix(seed.wrapping_add(Self::STEP)) ^ stream))
    }

    /// The next 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(Self::STEP);
        mix(self.0)
    }

    /// A number in `0..end`; its bias of at most `end` in 2^32 matters to nobody here.
    pub const fn below(&mut self, end: u32) -> u32 {
        (((self.next() >> 32) * end as u64) >> 32) as u32
    }

    /// A number in `low..=high`.
    pub const fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low + 1)
    }

    /// True `per_mille` times in a thousand.
    pub const fn chance(&mut self, per_mille: u32) -> bool {
        self.below(1000) < per_mille
    }

    /// One of several.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u32) as usize]
    }

    /// A size that spans the orders of magnitude between two powers of two,
    /// as object sizes do.
    pub const fn size(&mut self, low_bits: u32, high_bits: u32) -> u64 {
        let bits = self.between(low_bits, high_bits);
        (1 << bits) | (self.next() & ((1 << bits) - 1))
    }
}
