//! Text decoded as often as it can be, with the way back.
//!
//! Only escapes are understood here, not what they hold.

use std::ops::Range;

use crate::text::escape::hex;

/// Decoded text, and where each of its bytes came from.
pub(super) struct Decoded {
    pub(super) bytes: Vec<u8>,
    origins: Vec<Origin>,
    length: usize,
}

#[derive(Clone, Copy)]
struct Origin {
    start: usize,
    depth: u8,
}

impl Decoded {
    /// Decodes until nothing is left to decode.
    ///
    /// One pass over a stack: as soon as an escape is complete it becomes one
    /// byte, which may complete another. Each step takes at least two bytes
    /// away, so that `%25252525...` costs no more than its length, where
    /// decoding round by round would be quadratic.
    pub(super) fn new(text: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(text.len());
        let mut origins = Vec::<Origin>::with_capacity(text.len());
        // How many more bytes an escape that has begun may take.
        let mut near = 0;
        for (start, byte) in text.iter().enumerate() {
            bytes.push(*byte);
            origins.push(Origin { start, depth: 0 });
            match byte {
                b'%' | b'\\' => near = LONGEST,
                _ if near == 0 => continue,
                _ => near -= 1,
            }
            while let Some((length, byte)) = escape_at_end(&bytes) {
                // What began before it may be near again.
                near = LONGEST;
                let first = bytes.len() - length;
                let inner = origins[first..].iter().map(|origin| origin.depth).max();
                bytes.truncate(first);
                bytes.push(byte);
                origins.truncate(first + 1);
                origins[first].depth = inner.unwrap_or(0).saturating_add(1);
            }
        }
        Self {
            bytes,
            origins,
            length: text.len(),
        }
    }

    /// How often the byte was encoded.
    pub(super) fn depth(&self, at: usize) -> u8 {
        self.origins[at].depth
    }

    /// The place in the original text.
    pub(super) fn origin(&self, range: Range<usize>) -> Range<usize> {
        let start = |at| {
            self.origins
                .get(at)
                .map_or(self.length, |origin: &Origin| origin.start)
        };
        start(range.start)..start(range.end)
    }
}

/// Length of `%u00HH`.
const LONGEST: usize = 6;

/// `%HH`, `%u00HH`, `\xHH` or `\u00HH`: its length and what it stands for.
fn escape_at_end(bytes: &[u8]) -> Option<(usize, u8)> {
    let [head @ .., high, low] = bytes else {
        return None;
    };
    let byte = hex(*high)? << 4 | hex(*low)?;
    match head {
        [.., b'%'] => Some((3, byte)),
        [.., b'\\', b'x' | b'X'] => Some((4, byte)),
        [.., b'\\' | b'%', b'u' | b'U', b'0', b'0'] => Some((6, byte)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_to_the_end_and_knows_the_way_back() {
        for (text, expected) in [
            ("a%2Fb", "a/b"),
            ("%25252Fx", "/x"),
            ("%%32%46", "/"),
            ("%2%35%32F", "/"),
            ("%zz%2", "%zz%2"),
            (r"\u0026\x3d%u003D", "&=="),
        ] {
            let decoded = Decoded::new(text.as_bytes());
            assert_eq!(decoded.bytes, expected.as_bytes(), "{text}");
            assert_eq!(decoded.origin(0..expected.len()), 0..text.len());
        }
        let decoded = Decoded::new(b"a%253Db%26");
        assert_eq!(decoded.bytes, b"a=b&");
        assert_eq!([0, 1, 2, 3].map(|at| decoded.depth(at)), [0, 2, 0, 1]);
        assert_eq!(decoded.origin(1..2), 1..6);
    }
}
