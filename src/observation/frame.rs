//! Observations as bytes: to a file and back, and between machines.
//!
//! A frame holds observations of one rule set. All numbers are little-endian:
//!
//! | bytes | holds |
//! |---|---|
//! | 8 | `s3sobs` and the version of this encoding, a `u16`: 1 |
//! | 8 | fingerprint of the rule set ([`crate::rule::RuleSet::fingerprint`]): what the selections and slots stand for |
//! | 8 | number of 64-bit words that follow |
//! | 8 × words | the observations, one behind the other |
//! | 8 | XXH3-64 of everything before it |
//!
//! What an observation's words mean is said in [`crate::observation`]. Of the
//! input only its number is there: who keeps frames keeps the names beside them.

use std::io::{self, Read, Write};

use xxhash_rust::xxh3::Xxh3;

use super::Observations;

/// What a frame begins with.
const MAGIC: [u8; 6] = *b"s3sobs";
/// The version of the encoding.
pub const VERSION: u16 = 1;
/// Words that are written and read at once.
const CHUNK: usize = 8 << 10;
/// Bytes of a frame beside its words.
pub const OVERHEAD: u64 = 32;

/// What is wrong with a frame.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// It could not be read or written.
    #[error("observations: {0}")]
    Io(#[from] io::Error),
    /// It is something else.
    #[error("observations: these are none")]
    Foreign,
    /// A later version wrote it.
    #[error("observations: written in version {0}, this program reads version {VERSION}")]
    Version(u16),
    /// Its selections and slots mean something else.
    #[error("observations: written with other rules or settings")]
    Rules,
    /// It was changed on the way.
    #[error("observations: damaged")]
    Damaged,
}

impl From<FrameError> for io::Error {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Io(error) => error,
            other => io::Error::other(other),
        }
    }
}

/// Writes observations as one frame; its length is [`OVERHEAD`] and 8 bytes a
/// word.
pub fn write(observations: &Observations, fingerprint: u64, to: &mut impl Write) -> io::Result<()> {
    let mut hash = Xxh3::new();
    let mut put = |bytes: &[u8]| {
        hash.update(bytes);
        to.write_all(bytes)
    };
    put(&MAGIC)?;
    put(&VERSION.to_le_bytes())?;
    put(&fingerprint.to_le_bytes())?;
    put(&(observations.words().len() as u64).to_le_bytes())?;
    let mut bytes = Vec::with_capacity(CHUNK.min(observations.words().len()) * 8);
    for chunk in observations.words().chunks(CHUNK) {
        bytes.clear();
        bytes.extend(chunk.iter().flat_map(|word| word.to_le_bytes()));
        put(&bytes)?;
    }
    let digest = hash.digest();
    to.write_all(&digest.to_le_bytes())
}

/// Reads one frame of this rule set.
pub fn read(fingerprint: u64, from: &mut impl Read) -> Result<Observations, FrameError> {
    let mut hash = Xxh3::new();
    let mut head = [0; 24];
    from.read_exact(&mut head)?;
    hash.update(&head);
    let word = |at: usize| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&head[at..at + 8]);
        u64::from_le_bytes(bytes)
    };
    if head[..6] != MAGIC {
        return Err(FrameError::Foreign);
    }
    match u16::from_le_bytes([head[6], head[7]]) {
        VERSION => {}
        other => return Err(FrameError::Version(other)),
    }
    if word(8) != fingerprint {
        return Err(FrameError::Rules);
    }
    let mut left = usize::try_from(word(16)).map_err(|_| FrameError::Damaged)?;
    // What a damaged head says is not believed before it has come.
    let mut words = Vec::new();
    let mut bytes = vec![0; CHUNK.min(left) * 8];
    while left > 0 {
        let part = CHUNK.min(left) * 8;
        from.read_exact(&mut bytes[..part])?;
        hash.update(&bytes[..part]);
        let (chunk, _) = bytes[..part].as_chunks::<8>();
        words.extend(chunk.iter().map(|word| u64::from_le_bytes(*word)));
        left -= part / 8;
    }
    let mut digest = [0; 8];
    from.read_exact(&mut digest)?;
    if u64::from_le_bytes(digest) != hash.digest() {
        return Err(FrameError::Damaged);
    }
    Observations::from_words(words).ok_or(FrameError::Damaged)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn some(count: u64) -> Observations {
        let mut all = Observations::default();
        for number in 0..count {
            let place = (number as u32, number);
            all.push(
                number as i64,
                number,
                place,
                &[0, number],
                0b11,
                [number, 7],
            );
        }
        all
    }

    #[test]
    fn what_is_written_is_read() {
        for count in [0, 1, 5000] {
            let all = some(count);
            let mut bytes = Vec::new();
            write(&all, 9, &mut bytes).unwrap();
            assert_eq!(bytes.len() as u64, OVERHEAD + all.words().len() as u64 * 8);
            let back = read(9, &mut &bytes[..]).unwrap();
            assert_eq!(back.words(), all.words());
        }
    }

    #[test]
    fn a_frame_says_what_is_wrong_with_it() {
        let mut good = Vec::new();
        write(&some(3), 9, &mut good).unwrap();
        let reason =
            |bytes: &[u8], fingerprint| read(fingerprint, &mut &*bytes).unwrap_err().to_string();
        assert_eq!(
            reason(&good, 8),
            "observations: written with other rules or settings"
        );
        assert_eq!(
            reason(b"{}", 9),
            "observations: failed to fill whole buffer"
        );
        let mut other = good.clone();
        other[0] = b'S';
        assert_eq!(reason(&other, 9), "observations: these are none");
        let mut later = good.clone();
        later[6] = 2;
        assert_eq!(
            reason(&later, 9),
            "observations: written in version 2, this program reads version 1"
        );
        assert!(reason(&good[..good.len() - 1], 9).contains("fill"));
    }

    proptest! {
        #[test]
        fn damage_is_seen(at in 24usize..200, bit in 0u8..8) {
            let mut bytes = Vec::new();
            write(&some(3), 9, &mut bytes).unwrap();
            let at = at % bytes.len();
            prop_assume!(at >= 24);
            bytes[at] ^= 1 << bit;
            prop_assert!(matches!(read(9, &mut &bytes[..]), Err(FrameError::Damaged)));
        }

        /// Whatever stands there: an error, or what the head promises.
        #[test]
        fn nothing_is_believed(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(0, &mut &bytes[..]);
        }
    }
}
