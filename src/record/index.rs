//! Where the delimiters of a block stand: one pass over all bytes, 64 at a
//! time, that stores the positions of space, quote and line feed.
//!
//! A delimiter comes every 18 bytes or so, and a search call for each field
//! costs more than this one pass (`docs/decisions.md` has the figures). What a
//! delimiter means is the parser's business and may not enter here.

/// The stops of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Offset of its first byte in the block.
    pub start: u32,
    /// Offset of its line feed, or the block's length where that is missing.
    pub end: u32,
    /// Its first stop, counted in [`Index::stops`]; the stop at `end` is its last.
    first_stop: u32,
    last_stop: u32,
}

/// How the delimiters are found. All give the same index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// One byte at a time: the definition of what is right.
    Scalar,
    /// 16 bytes at a time, on every x86-64.
    #[cfg(target_arch = "x86_64")]
    Sse2,
    /// 32 bytes at a time, where the processor has it.
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

impl Method {
    /// The methods this processor can run, slowest first.
    #[must_use]
    pub fn available() -> &'static [Method] {
        #[cfg(target_arch = "x86_64")]
        {
            if std::is_x86_feature_detected!("avx2")
                && std::is_x86_feature_detected!("bmi1")
                && std::is_x86_feature_detected!("popcnt")
            {
                &[Method::Scalar, Method::Sse2, Method::Avx2]
            } else {
                &[Method::Scalar, Method::Sse2]
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            &[Method::Scalar]
        }
    }

    /// The fastest of them.
    #[must_use]
    pub fn best() -> Method {
        Self::available().last().copied().unwrap_or(Method::Scalar)
    }
}

/// The delimiters of one block. Reused from block to block.
#[derive(Debug, Default)]
pub struct Index {
    stops: Vec<u32>,
    used: usize,
    lines: Vec<Line>,
}

impl Index {
    /// Indexes a block of at most 4 GiB, dropping what was indexed before.
    pub fn build(&mut self, block: &[u8]) {
        self.build_by(Method::best(), block);
    }

    /// As [`Index::build`], by a given method.
    pub fn build_by(&mut self, method: Method, block: &[u8]) {
        debug_assert!(u32::try_from(block.len()).is_ok());
        self.used = 0;
        self.lines.clear();
        match method {
            Method::Scalar => self.fill(block, scalar::masks),
            #[cfg(target_arch = "x86_64")]
            Method::Sse2 | Method::Avx2 => {
                let wide = method == Method::Avx2 && Method::available().contains(&method);
                // SAFETY: SSE2 is part of every x86-64; AVX2 and its company
                // are called only where `available` has just found them.
                #[allow(unsafe_code)]
                unsafe {
                    if wide {
                        x86::fill_avx2(self, block);
                    } else {
                        x86::fill_sse2(self, block);
                    }
                }
            }
        }
        self.finish(block);
    }

    /// The lines, in order. A block without a final line feed ends in a line too.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Offsets of the spaces and quotes of a line, then of its end.
    #[must_use]
    pub fn stops(&self, line: &Line) -> &[u32] {
        &self.stops[line.first_stop as usize..=line.last_stop as usize]
    }

    /// The pass itself. Inlined into each method, so that the bit operations
    /// too are compiled for the features which that method may use.
    #[inline(always)]
    #[allow(clippy::inline_always)]
    fn fill(&mut self, block: &[u8], masks: impl Fn(&[u8; 64]) -> (u64, u64)) {
        // Room for a block that is nothing but delimiters. Fresh zeroed memory
        // comes from the system and costs nothing until it is written.
        if self.stops.len() < block.len() + 128 {
            self.stops = vec![0; block.len() + 128];
        }
        let all_stops = &mut self.stops[..];
        let mut used = 0;
        let mut line_start = 0u32;
        let mut first_stop = 0u32;
        let (chunks, rest) = block.as_chunks::<64>();
        let mut padded = [0u8; 64];
        padded[..rest.len()].copy_from_slice(rest);
        let all = chunks.iter().chain((!rest.is_empty()).then_some(&padded));
        for (number, chunk) in all.enumerate() {
            let base = (number * 64) as u32;
            let (mut stops, mut feeds) = masks(chunk);
            while feeds != 0 {
                let bit = feeds.trailing_zeros();
                let before = (stops & ((1u64 << bit) - 1)).count_ones();
                let last_stop = used as u32 + before;
                self.lines.push(Line {
                    start: line_start,
                    end: base + bit,
                    first_stop,
                    last_stop,
                });
                line_start = base + bit + 1;
                first_stop = last_stop + 1;
                feeds &= feeds - 1;
            }
            let count = stops.count_ones() as usize;
            let Some(out) = all_stops[used..].first_chunk_mut::<64>() else {
                break; // Never: there is room for all.
            };
            // Eight at a time, wanted or not: most chunks hold fewer, and a
            // loop that ends at a different count each time is mispredicted
            // each time. What is written too much is overwritten by the next.
            let mut slot = 0;
            while slot < count {
                for place in 0..8 {
                    out[(slot + place) & 63] = base + stops.trailing_zeros();
                    stops &= stops.wrapping_sub(1);
                }
                slot += 8;
            }
            used += count;
        }
        self.used = used;
    }

    /// Ends a last line that has no line feed.
    fn finish(&mut self, block: &[u8]) {
        let (start, first_stop) = self
            .lines
            .last()
            .map_or((0, 0), |line| (line.end + 1, line.last_stop + 1));
        let end = block.len() as u32;
        if start < end {
            self.stops[self.used] = end;
            self.lines.push(Line {
                start,
                end,
                first_stop,
                last_stop: self.used as u32,
            });
            self.used += 1;
        }
    }
}

/// The twin that the others are tested against.
mod scalar {
    /// Bits of all delimiters, and of the line feeds among them.
    pub fn masks(chunk: &[u8; 64]) -> (u64, u64) {
        let mut stops = 0;
        let mut feeds = 0;
        for (bit, byte) in chunk.iter().enumerate() {
            stops |= u64::from(matches!(byte, b' ' | b'"' | b'\n')) << bit;
            feeds |= u64::from(*byte == b'\n') << bit;
        }
        (stops, feeds)
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m128i, __m256i, _mm_cmpeq_epi8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x,
        _mm_set1_epi8, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8,
        _mm256_or_si256, _mm256_set1_epi8,
    };

    use super::Index;

    /// Words that the compiler puts together: no faster load has been measured
    /// to be worth an exception on processors this old.
    #[target_feature(enable = "sse2")]
    fn load_sse2(bytes: &[u8; 16]) -> __m128i {
        let (words, _) = bytes.as_chunks::<8>();
        _mm_set_epi64x(i64::from_le_bytes(words[1]), i64::from_le_bytes(words[0]))
    }

    // Put together from words like the one above, the pass takes about an
    // eighth longer (35 ms instead of 31 for 256 MiB) and parsing a twentieth.
    #[allow(unsafe_code)]
    #[target_feature(enable = "avx2")]
    fn load_avx2(bytes: &[u8; 32]) -> __m256i {
        // SAFETY: the 32 bytes are there, and the load needs no alignment.
        unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
    }

    #[target_feature(enable = "sse2")]
    fn masks_sse2(chunk: &[u8; 64]) -> (u64, u64) {
        let (mut stops, mut feeds) = (0, 0);
        let (parts, _) = chunk.as_chunks::<16>();
        for (place, part) in parts.iter().enumerate() {
            let bytes = load_sse2(part);
            let is = |byte: u8| _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte as i8));
            let feed = is(b'\n');
            let stop = _mm_or_si128(feed, _mm_or_si128(is(b' '), is(b'"')));
            stops |= u64::from(_mm_movemask_epi8(stop) as u32 & 0xffff) << (place * 16);
            feeds |= u64::from(_mm_movemask_epi8(feed) as u32 & 0xffff) << (place * 16);
        }
        (stops, feeds)
    }

    #[target_feature(enable = "avx2,bmi1,popcnt")]
    fn masks_avx2(chunk: &[u8; 64]) -> (u64, u64) {
        let (mut stops, mut feeds) = (0, 0);
        let (parts, _) = chunk.as_chunks::<32>();
        for (place, part) in parts.iter().enumerate() {
            let bytes = load_avx2(part);
            let is = |byte: u8| _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte as i8));
            let feed = is(b'\n');
            let stop = _mm256_or_si256(feed, _mm256_or_si256(is(b' '), is(b'"')));
            stops |= u64::from(_mm256_movemask_epi8(stop) as u32) << (place * 32);
            feeds |= u64::from(_mm256_movemask_epi8(feed) as u32) << (place * 32);
        }
        (stops, feeds)
    }

    #[target_feature(enable = "sse2")]
    pub fn fill_sse2(index: &mut Index, block: &[u8]) {
        index.fill(block, |chunk| masks_sse2(chunk));
    }

    #[target_feature(enable = "avx2,bmi1,popcnt")]
    pub fn fill_avx2(index: &mut Index, block: &[u8]) {
        index.fill(block, |chunk| masks_avx2(chunk));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Lines and stops as their definition says, without chunks or bits.
    fn expected(block: &[u8]) -> Vec<(u32, u32, Vec<u32>)> {
        let mut lines = Vec::new();
        let mut start = 0;
        while start < block.len() {
            let end = memchr::memchr(b'\n', &block[start..]).map_or(block.len(), |at| start + at);
            let stops = (start..end)
                .filter(|at| matches!(block[*at], b' ' | b'"'))
                .chain([end])
                .map(|at| at as u32)
                .collect();
            lines.push((start as u32, end as u32, stops));
            start = end + 1;
        }
        lines
    }

    fn check(index: &mut Index, block: &[u8]) {
        for method in Method::available() {
            index.build_by(*method, block);
            let found: Vec<_> = index
                .lines()
                .iter()
                .map(|line| (line.start, line.end, index.stops(line).to_vec()))
                .collect();
            assert_eq!(found, expected(block), "{method:?}");
        }
    }

    #[test]
    fn line_feeds_at_every_place_of_a_chunk() {
        let mut index = Index::default();
        for at in 0..200 {
            let mut block = vec![b'x'; 200];
            block[at] = b'\n';
            check(&mut index, &block);
            check(&mut index, &block[..=at]);
        }
        check(&mut index, b"");
        check(&mut index, &vec![b' '; 100_000]);
        check(&mut index, &[b'\n'; 1000]);
    }

    proptest! {
        #[test]
        fn every_method_agrees_with_the_definition(
            block in proptest::collection::vec(
                prop_oneof![6 => Just(b'a'), 2 => Just(b' '), 1 => Just(b'"'), 1 => Just(b'\n'), 2 => any::<u8>()],
                0..700,
            )
        ) {
            check(&mut Index::default(), &block);
        }
    }
}
