//! Whole sources over real files.

use std::fs::{self, File, FileTimes};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;

use super::*;
use crate::record::time;

mod objects;
mod resume;
mod runs;

/// 2020-01-01: no clock that runs these tests is behind it.
const START: i64 = 1_577_836_800;

fn line(seconds: i64, text: &str) -> String {
    let stamp = chrono::DateTime::from_timestamp(START + seconds, 0).unwrap();
    let stamp = stamp.format("%d/%b/%Y:%H:%M:%S +0000");
    format!("owner bucket [{stamp}] {text}\n")
}

/// Writes a file whose modification time is well after its records.
fn write(path: &Path, bytes: impl AsRef<[u8]>) -> PathBuf {
    let mut file = File::create(path).unwrap();
    file.write_all(bytes.as_ref()).unwrap();
    let time = UNIX_EPOCH + Duration::from_secs((START + 10_000_000) as u64);
    file.set_times(FileTimes::new().set_modified(time)).unwrap();
    path.to_owned()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn open(paths: &[PathBuf], block_size: usize) -> Sources {
    let specs = paths.iter().cloned().map(Spec::from).collect();
    let options = Options {
        block_size,
        ..Options::default()
    };
    Sources::open(specs, options)
}

/// All bytes in the order of delivery.
fn drain(sources: &mut Sources) -> String {
    let mut block = Block::default();
    let mut out = Vec::new();
    while sources.next(&mut block) {
        out.extend_from_slice(block.bytes());
    }
    assert_eq!((block.bytes(), block.floor), (&b""[..], i64::MAX));
    assert!(!sources.next(&mut block), "it stays at its end");
    String::from_utf8(out).unwrap()
}

fn problems(sources: &Sources) -> Vec<String> {
    sources.problems().iter().map(ToString::to_string).collect()
}

#[test]
fn sources_may_be_read_on_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<Sources>();
    is_send::<Block>();
}

#[test]
fn interleaved_files_come_in_time_order() {
    let dir = tempfile::tempdir().unwrap();
    let (mut a, mut b, mut all) = (String::new(), String::new(), String::new());
    for second in 0..200 {
        let text = line(second, "x");
        // Runs of ten lines, so that blocks of one line must alternate.
        if second / 10 % 2 == 0 { &mut a } else { &mut b }.push_str(&text);
        all.push_str(&text);
    }
    let paths = [
        write(&dir.path().join("b"), gzip(b.as_bytes())),
        write(&dir.path().join("a"), &a),
    ];
    let found = drain(&mut open(&paths, 1));
    // The last line of a run is known to be one only after the next is read:
    // an input whose time equals another's or is older goes first.
    let time_of = |line: &str| time::of_line(line.as_bytes()).unwrap();
    let mut highest = i64::MIN;
    for line in found.lines() {
        assert!(
            time_of(line) >= highest.saturating_sub(10),
            "{line} after {highest}"
        );
        highest = highest.max(time_of(line));
    }
    let (mut found, mut all): (Vec<_>, Vec<_>) = (found.lines().collect(), all.lines().collect());
    found.sort_unstable();
    all.sort_unstable();
    assert_eq!(found, all);
}

#[test]
fn the_time_in_a_name_decides_and_no_time_comes_first() {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("a/2020-02-03-00-00-00-0123456789ABCDEF", line(500, "third")),
        ("a/junk", "junk\n".into()),
        (
            "b/2020-02-02-10-00-00-0123456789ABCDEF",
            line(900, "second"),
        ),
        ("b/2999-01-01-00-00-00-0123456789ABCDEF", line(0, "first")),
    ] {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        write(&path, text);
    }
    let mut sources = open(&[dir.path().to_owned()], BLOCK_SIZE);
    let found = drain(&mut sources);
    let found: Vec<&str> = found
        .lines()
        .map(|l| l.rsplit(' ').next().unwrap())
        .collect();
    assert_eq!(found, ["junk", "first", "second", "third"]);
    assert_eq!(sources.default_lateness(), 6 * 3600);
    assert_eq!(sources.lateness(), 6 * 3600);
}

#[test]
fn content_decides_and_not_the_name() {
    let dir = tempfile::tempdir().unwrap();
    let zst = zstd::stream::encode_all(&b"c\n"[..], 1).unwrap();
    let paths = [
        write(&dir.path().join("plain.gz"), "a\n"),
        write(&dir.path().join("packed.log"), gzip(b"b\n")),
        write(&dir.path().join("other"), zst),
    ];
    let mut sources = open(&paths, BLOCK_SIZE);
    assert_eq!(drain(&mut sources), "a\nb\nc\n");
    assert_eq!(sources.counts().read, 3);
    let progress = sources.progress();
    assert_eq!(Some(progress.read), progress.total);
    assert_eq!(sources.default_lateness(), 3600);
    assert_eq!(sources.sample(), b"a\n");
}

#[test]
fn one_bad_input_costs_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let text: String = (0..5000).map(|n| line(n, &format!("{n:x}"))).collect();
    let packed = gzip(text.as_bytes());
    let paths = [
        dir.path().join("missing"),
        write(&dir.path().join("cut.gz"), &packed[..packed.len() - 100]),
        write(&dir.path().join("good"), line(0, "good")),
        write(
            &dir.path().join("tail.gz"),
            [gzip(b"x\n"), b"rubbish".to_vec()].concat(),
        ),
        write(&dir.path().join("empty"), ""),
    ];
    let mut sources = open(&paths, BLOCK_SIZE);
    let found = drain(&mut sources);
    assert!(found.contains("good") && found.contains("x\n"));
    assert!(found.len() > text.len() * 3 / 4, "{}", found.len());
    let problems = problems(&sources);
    assert_eq!(problems.len(), 3, "{problems:?}");
    for (problem, what) in problems.iter().zip([
        "missing does not exist",
        "tail.gz holds something else behind its gzip data, at byte 22",
        "cut.gz is cut short: the gzip data ends at byte ",
    ]) {
        assert!(problem.contains(what), "{problem}");
    }
    let counts = sources.counts();
    assert_eq!((counts.read, counts.failed, counts.skipped()), (2, 3, 0));
}

#[test]
fn a_file_that_goes_away_is_a_problem() {
    let dir = tempfile::tempdir().unwrap();
    let path = write(&dir.path().join("x"), "x\n");
    let mut sources = open(std::slice::from_ref(&path), BLOCK_SIZE);
    fs::remove_file(path).unwrap();
    assert_eq!(drain(&mut sources), "");
    assert!(matches!(sources.problems()[0].error, Error::Missing));
}

#[test]
fn no_sources_at_all() {
    assert_eq!(
        drain(&mut Sources::open(Vec::new(), Options::default())),
        ""
    );
}

#[test]
fn three_thousand_small_files() {
    let dir = tempfile::tempdir().unwrap();
    let mut all = String::new();
    for n in 0..3000 {
        // Each with two lines an hour apart: most are open at once.
        let text = line(n, "first") + &line(n + 3600, "second");
        write(&dir.path().join(format!("{n:05}")), &text);
        all.push_str(&text);
    }
    let mut sources = open(&[dir.path().to_owned()], 1);
    let mut block = Block::default();
    let (mut found, mut floor, mut most) = (Vec::new(), i64::MIN, 0);
    while sources.next(&mut block) {
        found.extend_from_slice(block.bytes());
        assert!(block.floor >= floor);
        floor = block.floor;
        most = most.max(sources.open_now());
    }
    assert!(most <= 256, "{most}");
    assert_eq!(sources.counts().read, 3000);
    let mut found: Vec<&[u8]> = found.split_inclusive(|byte| *byte == b'\n').collect();
    let mut all: Vec<&[u8]> = all
        .as_bytes()
        .split_inclusive(|byte| *byte == b'\n')
        .collect();
    found.sort_unstable();
    all.sort_unstable();
    assert!(found == all);
}

#[test]
fn a_time_from_the_future_moves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let far = 20_000_000;
    let a = line(far, "f") + &line(0, "x") + &line(10, "x") + &line(far, "f") + &line(20, "x");
    let paths = [
        write(&dir.path().join("a"), a),
        write(&dir.path().join("b"), line(15, "x")),
    ];
    let mut sources = open(&paths, 1);
    let mut block = Block::default();
    let mut floors = Vec::new();
    while sources.next(&mut block) {
        assert_eq!(block.future, START + 10_000_300);
        floors.push(block.floor.checked_sub(START));
    }
    let end = i64::MAX.checked_sub(START);
    // a: first line, 0, 10, then b at 15, the second future line, 20.
    assert_eq!(floors, [0, 0, 10, 10, 15, end.unwrap()].map(Some));
}

#[cfg(unix)]
#[test]
fn a_fifo_is_read_once_and_live() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fifo");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    let file = write(&dir.path().join("file"), line(5, "file"));
    let (packed, rest) = (
        gzip(line(0, "one").as_bytes()),
        gzip(line(9, "two").as_bytes()),
    );
    let fifo = path.clone();
    let (go, wait) = std::sync::mpsc::channel();
    let writer = std::thread::spawn(move || {
        let mut pipe = File::create(fifo).unwrap();
        pipe.write_all(&packed).unwrap();
        wait.recv().unwrap();
        pipe.write_all(&rest).unwrap();
    });
    let mut sources = open(&[file, path.clone(), path], BLOCK_SIZE);
    let mut block = Block::default();
    assert!(sources.next(&mut block));
    // Handed out though the pipe is still open.
    assert_eq!(block.bytes(), line(0, "one").as_bytes());
    assert_eq!(block.floor, START);
    go.send(()).unwrap();
    assert_eq!(drain(&mut sources), line(9, "two") + &line(5, "file"));
    writer.join().unwrap();
    assert_eq!(sources.counts().duplicate, 1);
    assert_eq!(sources.progress().total, None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_floor_tells_the_truth(
        files in prop::collection::vec(prop::collection::vec(0_i64..5000, 0..40), 1..6),
        block_size in 1_usize..1000,
        limit in 1_u32..4,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut total = 0;
        for (at, mut times) in files.into_iter().enumerate() {
            times.sort_unstable();
            total += times.len();
            let text: String = times.iter().map(|time| line(*time, "x")).collect();
            write(&dir.path().join(at.to_string()), text);
        }
        let mut sources = open(&[dir.path().to_owned()], block_size);
        sources.set_limit(limit);
        let mut block = Block::default();
        let mut floor = i64::MIN;
        let mut count = 0;
        while sources.next(&mut block) {
            for line in block.bytes().split_inclusive(|byte| *byte == b'\n') {
                prop_assert!(time::of_line(line).unwrap() >= floor);
                count += 1;
            }
            prop_assert!(block.floor >= floor);
            floor = block.floor;
            prop_assert!(sources.open_now() <= limit as usize);
        }
        prop_assert_eq!(count, total);
    }
}
