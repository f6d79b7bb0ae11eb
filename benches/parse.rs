//! How fast lines are parsed, beside the limits and beside what it would be
//! without the index. One thread, one input, one run: only ratios count.
//!
//! ```text
//! cargo bench --bench parse
//! ```

mod corpus;
#[path = "parse/plain.rs"]
mod plain;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use s3sentry::record::index::Method;
use s3sentry::record::{Field, Index, Parser, Record};

/// Bytes that the pipeline hands to a worker at once.
const BLOCK: usize = 512 << 10;

const SHAPES: [&str; 2] = ["sessions", "scattered"];

fn main() {
    divan::main();
}

/// Whole lines, in blocks as a source gives them.
fn blocks(log: &[u8]) -> Vec<&[u8]> {
    let mut blocks = Vec::new();
    let mut rest = log;
    while !rest.is_empty() {
        let end = rest.len().min(BLOCK);
        let end = memchr::memrchr(b'\n', &rest[..end]).map_or(rest.len(), |feed| feed + 1);
        let (block, after) = rest.split_at(end);
        blocks.push(block);
        rest = after;
    }
    blocks
}

/// Runs one job over every block of a corpus.
fn over_blocks(
    bencher: Bencher<'_, '_>,
    shape: &str,
    mut job: impl FnMut(&[u8]) -> u64 + Send + Sync,
) {
    let log = std::fs::read(corpus::path(shape)).expect("a corpus");
    let blocks = blocks(&log);
    bencher.counter(BytesCount::new(log.len())).bench_local(|| {
        blocks
            .iter()
            .map(|block| job(black_box(block)))
            .sum::<u64>()
    });
}

/// The values that a rule engine reads of nearly every record, decoded.
fn typed(record: &Record<'_>) -> u64 {
    let time = record.time().unwrap_or_default() as u64;
    let status = record.status().map_or(0, u64::from);
    let address = u64::from(record.address().is_some());
    let sent = record.number(Field::BytesSent).unwrap_or_default();
    let size = record.number(Field::ObjectSize).unwrap_or_default();
    time ^ status ^ address ^ sent ^ size
}

/// The limit: line feeds counted and nothing else.
#[divan::bench(args = SHAPES)]
fn a_count_line_feeds(bencher: Bencher<'_, '_>, shape: &str) {
    over_blocks(bencher, shape, |block| {
        memchr::memchr_iter(b'\n', block).count() as u64
    });
}

/// Delimiters found.
#[divan::bench(args = SHAPES)]
fn b_index(bencher: Bencher<'_, '_>, shape: &str) {
    let mut index = Index::default();
    over_blocks(bencher, shape, move |block| {
        index.build(block);
        index.lines().len() as u64
    });
}

/// Delimiters found without SIMD.
#[divan::bench(args = SHAPES)]
fn c_index_scalar(bencher: Bencher<'_, '_>, shape: &str) {
    let mut index = Index::default();
    over_blocks(bencher, shape, move |block| {
        index.build_by(Method::Scalar, block);
        index.lines().len() as u64
    });
}

/// What the pipeline does: every field found, every typed field decoded.
#[divan::bench(args = SHAPES)]
fn d_parse(bencher: Bencher<'_, '_>, shape: &str) {
    let mut index = Index::default();
    let mut parser = Parser::default();
    over_blocks(bencher, shape, move |block| {
        index.build(block);
        let mut sum = 0;
        for line in index.lines() {
            if let Some(Ok(record)) = parser.indexed(block, &index, line) {
                sum ^= typed(&record);
            }
        }
        sum
    });
}

/// The general parser on every line.
#[divan::bench(args = SHAPES)]
fn e_parse_general(bencher: Bencher<'_, '_>, shape: &str) {
    let mut parser = Parser::default();
    over_blocks(bencher, shape, move |block| {
        let lines = block
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty());
        lines
            .filter_map(|line| parser.line(line).ok())
            .fold(0, |sum, record| sum ^ typed(&record))
    });
}

/// nom as its documentation would have it: no index, well-formed lines only.
#[divan::bench(args = SHAPES)]
fn f_plain_nom(bencher: Bencher<'_, '_>, shape: &str) {
    over_blocks(bencher, shape, |block| {
        let lines = block
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty());
        lines
            .filter_map(plain::typed)
            .fold(0, |sum, value| sum ^ value)
    });
}
