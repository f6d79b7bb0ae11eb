//! Blocks against a slow twin that takes every line by itself.

use super::*;
use proptest::prelude::*;
use std::io;

/// Gives at most so many bytes a read, in turn.
struct Chunks<'a> {
    bytes: &'a [u8],
    sizes: Vec<usize>,
    turn: usize,
}

impl Read for Chunks<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes[self.turn % self.sizes.len()];
        self.turn += 1;
        let n = into.len().min(size);
        self.bytes.read(&mut into[..n])
    }
}

/// Runs of bytes with their offsets, and the lines that were too long.
type Found = (Vec<(u64, Vec<u8>)>, Vec<Oversize>);

fn read(bytes: &[u8], sizes: Vec<usize>, live: bool, options: &Options, peek: bool) -> Found {
    let source = Chunks {
        bytes,
        sizes,
        turn: 0,
    };
    let mut lines = Lines::new(source, live, options).unwrap();
    if peek {
        lines.peek(|bytes| (bytes.len() > 100).then_some(()));
    }
    let mut block = Block::default();
    let (mut blocks, mut oversize) = (Vec::new(), Vec::new());
    while !lines.exhausted() {
        lines.fill(&mut block);
        assert!(
            !block.bytes().is_empty() || !block.oversize.is_empty() || lines.exhausted(),
            "a block of nothing"
        );
        assert!(block.oversize.len() <= LONG_LINES);
        if !block.bytes().is_empty() {
            blocks.push((block.offset, block.bytes().to_vec()));
        }
        oversize.append(&mut block.oversize);
    }
    assert!(lines.take_fault().is_none());
    (blocks, oversize)
}

/// The slow twin: every line by itself.
fn expected(bytes: &[u8], max_line: usize) -> Found {
    let (mut lines, mut oversize, mut offset) = (Vec::new(), Vec::new(), 0);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let len = line.strip_suffix(b"\n").unwrap_or(line).len();
        if len > max_line {
            oversize.push(Oversize {
                offset,
                len: len as u64,
            });
        } else {
            lines.push((offset, line.to_vec()));
        }
        offset += line.len() as u64;
    }
    (lines, oversize)
}

fn check(bytes: &[u8], sizes: Vec<usize>, live: bool, options: &Options, peek: bool) {
    let (blocks, oversize) = read(bytes, sizes, live, options, peek);
    let (lines, long) = expected(bytes, options.max_line);
    assert_eq!(oversize, long);
    // Blocks cut into lines are the lines; only the last may lack its end.
    let mut found = Vec::new();
    for (at, (offset, block)) in blocks.iter().enumerate() {
        assert!(block.ends_with(b"\n") || at + 1 == blocks.len());
        let mut offset = *offset;
        for line in block.split_inclusive(|byte| *byte == b'\n') {
            found.push((offset, line.to_vec()));
            offset += line.len() as u64;
        }
    }
    assert_eq!(found, lines);
}

fn options(block_size: usize, max_line: usize) -> Options {
    Options {
        block_size,
        max_line,
        ..Options::default()
    }
}

#[test]
fn every_split_of_a_small_input() {
    let bytes = b"one\r\n\ntwo two two\nthree, which is too long\n\n\nx\nlast without end";
    for end in 0..=bytes.len() {
        for split in 1..=end.max(1) {
            for max_line in [0, 1, 11, 15, 16, 24, 25, 100] {
                for live in [false, true] {
                    let sizes = vec![split, 1000];
                    check(&bytes[..end], sizes, live, &options(7, max_line), false);
                }
            }
        }
    }
}

#[test]
fn the_bound_is_exact() {
    for extra in 0..3 {
        for end in [&b""[..], b"\n", b"\nx", b"\nx\n"] {
            let bytes = [&b"a\n"[..], &vec![b'y'; 65_535 + extra], end].concat();
            for block_size in [1, 65_536, 65_537, 512 << 10] {
                check(
                    &bytes,
                    vec![8192],
                    false,
                    &options(block_size, 65_536),
                    false,
                );
            }
        }
    }
}

#[test]
fn a_line_without_end_takes_no_memory() {
    let options = options(8192, 1000);
    let bytes = vec![b'z'; 8 << 20];
    let mut lines = Lines::new(&bytes[..], false, &options).unwrap();
    let mut block = Block::default();
    lines.fill(&mut block);
    assert!(lines.exhausted());
    assert!(block.bytes().is_empty());
    let len = bytes.len() as u64;
    assert_eq!(block.oversize, [Oversize { offset: 0, len }]);
    assert!(block.buffer.capacity() <= 8192);
    assert!(lines.carry.capacity() <= 8192);
    assert_eq!(lines.take_sample().unwrap().len(), SAMPLE);
}

#[test]
fn a_file_of_long_lines_is_recorded_in_pieces() {
    let bytes = b"12345678\n".repeat(1000);
    for block_size in [1, 9, 10, 4096] {
        check(&bytes, vec![4096], false, &options(block_size, 7), false);
    }
}

#[test]
fn live_data_is_handed_out_at_once() {
    let source = Chunks {
        bytes: b"one\ntwo\nthr",
        sizes: vec![1],
        turn: 0,
    };
    let mut lines = Lines::new(source, true, &Options::default()).unwrap();
    let mut block = Block::default();
    lines.fill(&mut block);
    assert_eq!(block.bytes(), b"one\n");
    lines.fill(&mut block);
    assert_eq!((block.offset, block.bytes()), (4, &b"two\n"[..]));
    assert!(!lines.exhausted());
    lines.fill(&mut block);
    assert_eq!((block.offset, block.bytes()), (8, &b"thr"[..]));
}

#[test]
fn an_error_of_the_system_costs_nothing_read_before() {
    struct Failing(u32);
    impl Read for Failing {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            match self.0 {
                1 => (&b"a\nb"[..]).read(into),
                2 => Err(io::ErrorKind::Interrupted.into()),
                3 => (&b"c\nd"[..]).read(into),
                _ => Err(io::Error::from_raw_os_error(5)),
            }
        }
    }
    let mut lines = Lines::new(Failing(0), false, &Options::default()).unwrap();
    let mut block = Block::default();
    lines.fill(&mut block);
    assert_eq!(block.bytes(), b"a\nbc\nd");
    assert!(lines.exhausted());
    let fault = lines.take_fault();
    assert!(
        matches!(fault, Some(Error::Read { offset: 6, .. })),
        "{fault:?}"
    );
}

proptest! {
    #[test]
    fn blocks_are_the_input_without_long_lines(
        lines in prop::collection::vec((prop::collection::vec(32_u8..127, 0..60), 0_u8..8), 0..80),
        end in any::<bool>(),
        sizes in prop::collection::vec(1_usize..3000, 1..6),
        block_size in 1_usize..4096,
        max_line in 0_usize..200,
        live in any::<bool>(),
        peek in any::<bool>(),
    ) {
        let mut bytes = Vec::new();
        for (line, repeat) in lines {
            bytes.extend_from_slice(&line.repeat(usize::from(repeat)));
            bytes.push(b'\n');
        }
        if end {
            bytes.extend_from_slice(b"no end");
        }
        check(&bytes, sizes, live, &options(block_size, max_line), peek);
    }
}
