//! Fingerprints of files, taken from what is read of them anyway.
//!
//! Bytes as they are on disk enter; what they mean does not.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use xxhash_rust::xxh3::xxh3_64;

use super::checkpoint::Print;

/// Bytes of a fingerprint. Eight lines or more, each with its request id.
pub(super) const EDGE: usize = 4 << 10;

/// The first and the last bytes of what was read of a file.
#[derive(Debug, Default)]
pub(super) struct Trace {
    head: Vec<u8>,
    tail: Vec<u8>,
    /// Where reading is.
    at: u64,
}

impl Trace {
    /// A file whose first bytes are known before it is read.
    pub(super) fn of(head: Vec<u8>) -> Self {
        Self {
            head,
            ..Self::default()
        }
    }

    /// Takes what was read next.
    pub(super) fn see(&mut self, bytes: &[u8]) {
        let known = self.head.len() as u64;
        if known < EDGE as u64 && (self.at..self.at + bytes.len() as u64).contains(&known) {
            let fresh = &bytes[(known - self.at) as usize..];
            let room = EDGE - self.head.len();
            self.head.extend_from_slice(&fresh[..fresh.len().min(room)]);
        }
        let last = &bytes[bytes.len().saturating_sub(EDGE)..];
        let kept = self.tail.len().min(EDGE - last.len());
        self.tail.drain(..self.tail.len() - kept);
        self.tail.extend_from_slice(last);
        self.at += bytes.len() as u64;
    }

    /// Reading goes on elsewhere.
    pub(super) fn go_to(&mut self, at: u64) {
        self.tail.clear();
        self.at = at;
    }

    /// Of the beginning, and of the last that was read.
    pub(super) fn prints(&self) -> (Print, Print) {
        (
            print(&self.head, self.head.len() as u64),
            print(&self.tail, self.at),
        )
    }
}

fn print(bytes: &[u8], end: u64) -> Print {
    Print {
        end,
        len: bytes.len() as u32,
        hash: xxh3_64(bytes),
    }
}

/// Whether the file has these bytes at that place. Leaves it anywhere.
pub(super) fn fits(wanted: Print, file: &mut File) -> io::Result<bool> {
    let len = u64::from(wanted.len);
    let Some(start) = wanted.end.checked_sub(len) else {
        return Ok(false);
    };
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::with_capacity(wanted.len.min(EDGE as u32) as usize);
    file.take(len).read_to_end(&mut bytes)?;
    Ok(len == 0 || print(&bytes, wanted.end) == wanted)
}

/// The first bytes of a file. Leaves it anywhere.
pub(super) fn head(file: &mut File) -> io::Result<Vec<u8>> {
    file.rewind()?;
    let mut bytes = Vec::with_capacity(EDGE);
    file.take(EDGE as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn the_edges_do_not_depend_on_how_it_was_read() {
        let bytes: Vec<u8> = (0..3 * EDGE).map(|n| (n % 251) as u8).collect();
        for len in [0, 1, EDGE - 1, EDGE, EDGE + 1, 2 * EDGE + 5] {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&bytes[..len]).unwrap();
            let mut expected = Trace::default();
            expected.see(&bytes[..len]);
            for step in [1, 7, EDGE - 1, EDGE, EDGE + 1] {
                for known in [0, len.min(3), len.min(EDGE)] {
                    let mut trace = Trace::of(bytes[..known].to_vec());
                    bytes[..len].chunks(step).for_each(|part| trace.see(part));
                    assert_eq!(trace.prints(), expected.prints(), "{len} {step} {known}");
                }
            }
            let (first, last) = expected.prints();
            assert!(fits(first, &mut file).unwrap() && fits(last, &mut file).unwrap());
            assert_eq!(head(&mut file).unwrap(), bytes[..len.min(EDGE)]);
            if len > 0 {
                file.set_len(len as u64 - 1).unwrap();
                assert!(!fits(last, &mut file).unwrap(), "{len}");
            }
        }
    }
}
