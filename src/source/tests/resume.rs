//! What later runs take of files that earlier ones read.

use std::collections::HashMap;

use super::*;

pub(super) const ALL: (i64, i64) = (i64::MIN, i64::MAX);

/// What is kept between runs.
#[derive(Default)]
pub(super) struct Kept(pub(super) HashMap<Vec<u8>, Mark>);

impl Kept {
    pub(super) fn open(&self, paths: &[PathBuf], span: (i64, i64), options: Options) -> Sources {
        let specs = paths.iter().cloned().map(Spec::from).collect();
        Sources::resume(specs, options, span, |path| self.0.get(path).cloned())
    }

    /// Keeps the marks of what was reached, the last of each input.
    pub(super) fn keep(&mut self, sources: &Sources, reached: &[Progressed]) {
        for reached in reached {
            if let Some(mark) = sources.mark(reached) {
                self.0.insert(mark.path.clone(), mark);
            }
        }
    }

    /// A whole run over all records: what it took.
    fn run(&mut self, path: &Path) -> (String, Counts) {
        self.take(path, ALL)
    }

    /// A whole run over the records of a span: those that it took.
    fn take(&mut self, path: &Path, span: (i64, i64)) -> (String, Counts) {
        let mut sources = self.open(&[path.to_owned()], span, Options::default());
        let mut block = Block::default();
        let mut taken = String::new();
        let mut reached = Vec::new();
        while sources.next(&mut block) {
            reached.append(&mut block.reached);
            let mut offset = block.offset;
            for line in block.bytes().split_inclusive(|byte| *byte == b'\n') {
                let time = time::of_line(line);
                let inside = time.is_none_or(|time| (span.0..span.1).contains(&time));
                if inside && !block.is_taken(offset, time) {
                    taken.push_str(&String::from_utf8_lossy(line));
                }
                offset += line.len() as u64;
            }
            assert_eq!(offset, block.end);
        }
        reached.extend(sources.rest());
        self.keep(&sources, &reached);
        (taken, sources.counts())
    }
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, 1).unwrap()
}

/// Lines that take more than a fingerprint, compressed too.
fn lines(from: i64, to: i64) -> String {
    let word = |second: i64| (second as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (from..to)
        .map(|second| line(second, &format!("{:x}", word(second))))
        .collect()
}

fn append(path: &Path, bytes: impl AsRef<[u8]>) {
    let mut file = File::options().append(true).open(path).unwrap();
    file.write_all(bytes.as_ref()).unwrap();
}

fn touch(path: &Path, seconds: u64) {
    let file = File::options().append(true).open(path).unwrap();
    let time = UNIX_EPOCH + Duration::from_secs(START as u64 + seconds);
    file.set_times(FileTimes::new().set_modified(time)).unwrap();
}

#[test]
fn what_is_unchanged_is_not_opened() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("a"), lines(0, 500));
    write(&dir.path().join("b.gz"), gzip(lines(0, 500).as_bytes()));
    write(&dir.path().join("empty"), "");
    write(
        &dir.path().join("2020-02-03-00-00-00-0123456789ABCDEF"),
        lines(0, 1),
    );
    let mut kept = Kept::default();
    let (taken, counts) = kept.run(dir.path());
    assert_eq!(taken.len(), lines(0, 500).len() * 2 + lines(0, 1).len());
    assert_eq!((counts.read, counts.done), (4, 0));
    assert_eq!(kept.0.len(), 4);

    // Other bytes under the same size and time: nobody looked.
    let size = fs::metadata(dir.path().join("a")).unwrap().len() as usize;
    write(&dir.path().join("a"), vec![b'\n'; size]);
    let (taken, counts) = kept.run(dir.path());
    assert_eq!(taken, "");
    assert_eq!((counts.read, counts.done, counts.skipped()), (0, 4, 0));
    let sources = kept.open(&[dir.path().to_owned()], ALL, Options::default());
    assert_eq!(sources.progress().total, Some(0));
    assert_eq!(sources.default_lateness(), 6 * 3600, "as with all files");
}

#[test]
fn what_has_grown_goes_on_where_it_was_left() {
    type Pack = fn(&[u8]) -> Vec<u8>;
    let dir = tempfile::tempdir().unwrap();
    let packs: [Pack; 3] = [<[u8]>::to_vec, gzip, zst];
    for (at, pack) in packs.into_iter().enumerate() {
        for before in [0, 1, 3, 2000] {
            let path = dir.path().join(format!("{at}-{before}"));
            write(&path, pack(lines(0, before).as_bytes()));
            let mut kept = Kept::default();
            assert_eq!(kept.run(&path).0, lines(0, before));
            append(&path, pack(lines(before, 2100).as_bytes()));
            let sources = kept.open(std::slice::from_ref(&path), ALL, Options::default());
            let (size, total) = (fs::metadata(&path).unwrap().len(), sources.progress().total);
            assert_eq!(total, Some(size));
            let (taken, counts) = kept.run(&path);
            assert!(taken == lines(before, 2100), "{at} {before}");
            assert_eq!((counts.read, counts.done, counts.replaced), (1, 0, 0));
            assert_eq!(kept.run(&path).1.done, 1);
        }
    }
}

#[test]
fn offsets_and_progress_count_what_was_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let path = write(&dir.path().join("a"), lines(0, 3000));
    let mut kept = Kept::default();
    kept.run(&path);
    append(&path, "next\n");
    let mut sources = kept.open(std::slice::from_ref(&path), ALL, Options::default());
    let mut block = Block::default();
    assert!(sources.next(&mut block));
    assert_eq!(block.offset, lines(0, 3000).len() as u64);
    assert_eq!(
        (block.bytes(), block.end),
        (&b"next\n"[..], block.offset + 5)
    );
    assert!(!sources.next(&mut block));
    let progress = sources.progress();
    assert_eq!(Some(progress.read), progress.total);
}

#[test]
fn what_was_touched_is_unchanged() {
    let dir = tempfile::tempdir().unwrap();
    for (name, files) in [("alone", 1), ("many", 3)] {
        let root = dir.path().join(name);
        fs::create_dir(&root).unwrap();
        for file in 0..files {
            write(&root.join(file.to_string()), lines(0, 300));
        }
        let mut kept = Kept::default();
        kept.run(&root);
        for file in 0..files {
            touch(&root.join(file.to_string()), 20_000_000);
        }
        let before = kept.0.clone();
        let (taken, counts) = kept.run(&root);
        assert_eq!((taken.as_str(), counts.done), ("", files));
        assert_ne!(kept.0, before, "the new time is kept");
        let sources = kept.open(&[root], ALL, Options::default());
        assert_eq!(sources.counts().done, files, "not even opened");
    }
}

#[test]
fn another_content_is_another_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    let first = lines(0, 300);
    let size = first.len();
    let rest = first[..size - 20].to_owned() + "another end of file\n";
    for (other, what) in [
        (lines(5000, 5400), "another one, longer"),
        (lines(5000, 5300), "another one of the same size"),
        (lines(0, 299), "cut off"),
        ("x\n".to_owned(), "almost nothing"),
        (rest, "another end"),
    ] {
        let mut kept = Kept::default();
        write(&path, &first);
        kept.run(&path);
        write(&path, &other);
        touch(&path, 20_000_000);
        let (taken, counts) = kept.run(&path);
        assert!(taken == other, "{what}");
        assert_eq!((counts.read, counts.replaced), (1, 1), "{what}");
        assert_eq!(kept.run(&path).1.done, 1, "{what}");
    }
}

#[test]
fn another_path_is_another_file() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (dir.path().join("a"), dir.path().join("a.1"));
    write(&old, lines(0, 300));
    let mut kept = Kept::default();
    kept.run(&old);
    fs::rename(&old, &new).unwrap();
    assert_eq!(kept.run(&new).0, lines(0, 300));
    #[cfg(unix)]
    {
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&new, &link).unwrap();
        assert_eq!(kept.run(&link).1.done, 1, "a link leads to the same file");
    }
}

/// Modified now: it may be written just then.
fn write_now(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

#[test]
fn a_last_line_waits_for_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    let long = "y".repeat(MAX_LINE * 2);
    for (start, end) in [("on", "e\n"), ("one", "\n"), (long.as_str(), "z\n")] {
        let mut kept = Kept::default();
        write_now(&path, &format!("zero\n{start}"));
        for _ in 0..2 {
            let (taken, counts) = kept.run(&path);
            assert_eq!((counts.waiting, counts.read), (1, 1));
            assert!(taken == "zero\n" || taken.is_empty());
        }
        append(&path, end);
        append(&path, "two\n");
        let (taken, counts) = kept.run(&path);
        let line = if start == long { "" } else { "one\n" };
        assert_eq!(taken, format!("{line}two\n"));
        assert_eq!((counts.waiting, counts.read), (0, 1));
        assert_eq!(kept.run(&path).1.done, 1);
    }
    // What keeps no marks waits for nothing.
    write_now(&path, "zero\none");
    assert_eq!(drain(&mut open(&[path], BLOCK_SIZE)), "zero\none");
}

#[test]
fn a_last_line_waits_for_an_hour() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    for pack in [<[u8]>::to_vec as fn(&[u8]) -> Vec<u8>, gzip] {
        for (start, end, expected) in [
            ("on", "e\ntwo\n", "one\ntwo\n"),
            ("one", "\ntwo\n", "\ntwo\n"),
            (
                &"y".repeat(MAX_LINE * 3),
                &("z".repeat(MAX_LINE * 3) + "\ntwo\n"),
                "two\n",
            ),
        ] {
            let mut kept = Kept::default();
            write_now(&path, "");
            append(&path, pack(format!("zero\n{start}").as_bytes()));
            assert_eq!(kept.run(&path).0, "zero\n");
            touch(&path, 0);
            let (taken, counts) = kept.run(&path);
            assert_eq!(taken, if start.len() > 9 { "" } else { start });
            assert_eq!((counts.waiting, counts.read), (0, 1));
            assert_eq!(kept.run(&path).1.done, 1);
            // It was no whole line after all.
            append(&path, pack(end.as_bytes()));
            assert_eq!(kept.run(&path).0, expected);
            assert_eq!(kept.run(&path).1.done, 1);
        }
    }
}

#[test]
fn what_failed_midway_is_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    let text = lines(0, 20_000);
    for packed in [gzip(text.as_bytes()), zst(text.as_bytes())] {
        let cut = packed[..packed.len() / 2].to_vec();
        for bad in [cut, [&packed[..], b"rubbish"].concat()] {
            let mut kept = Kept::default();
            write(&path, &bad);
            let (first, counts) = kept.run(&path);
            assert!(text.starts_with(&first) && first.len() > 10_000);
            assert!(first.ends_with('\n'), "whole lines");
            assert_eq!((counts.read, counts.failed), (0, 1));
            // Still bad.
            let (again, counts) = kept.run(&path);
            assert_eq!((again.as_str(), counts.failed), ("", 1));
            write(&path, &packed);
            let (rest, counts) = kept.run(&path);
            assert!(first + &rest == text);
            assert_eq!((counts.read, counts.failed, counts.replaced), (1, 0, 0));
            assert_eq!(kept.run(&path).1.done, 1);
        }
    }
}

#[test]
fn what_was_damaged_and_mended_is_another_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    let text = lines(0, 20_000);
    let mut checked = zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
    checked.include_checksum(true).unwrap();
    checked.write_all(text.as_bytes()).unwrap();
    for packed in [gzip(text.as_bytes()), checked.finish().unwrap()] {
        let mut bad = packed.clone();
        bad[packed.len() / 2..][..200].fill(0x55);
        let mut kept = Kept::default();
        write(&path, &bad);
        let (first, counts) = kept.run(&path);
        assert!(first.len() > 10_000 && first.ends_with('\n'), "whole lines");
        assert_eq!(counts.failed, 1);
        let (again, counts) = kept.run(&path);
        assert_eq!((again.as_str(), counts.failed), ("", 1));
        write(&path, &packed);
        touch(&path, 20_000_000);
        let (whole, counts) = kept.run(&path);
        assert!(whole == text);
        assert_eq!((counts.read, counts.failed, counts.replaced), (1, 0, 1));
    }
}

#[test]
fn spans_are_taken_once_each() {
    let dir = tempfile::tempdir().unwrap();
    let path = write(&dir.path().join("a"), lines(0, 100) + "no time\n");
    let mut kept = Kept::default();
    let since = |second: i64| START + second;
    assert_eq!(
        kept.take(&path, (since(20), since(40))).0,
        lines(20, 40) + "no time\n"
    );
    let (taken, counts) = kept.take(&path, (since(25), since(40)));
    assert_eq!((taken.as_str(), counts.done), ("", 1));
    let (taken, counts) = kept.take(&path, (since(10), since(30)));
    assert_eq!(taken, lines(10, 20) + "no time\n");
    assert_eq!((counts.done, counts.read), (0, 1));
    // It grows: what is new is taken from there, what is old once.
    append(&path, lines(30, 35));
    let (taken, _) = kept.take(&path, (since(30), since(100)));
    assert_eq!(taken, lines(40, 100) + "no time\n" + &lines(30, 35));
    assert_eq!(kept.run(&path).0, lines(0, 10) + "no time\n");
    let marks: Vec<&Mark> = kept.0.values().collect();
    assert_eq!(marks[0].reach.len(), 1, "all of it");
    assert_eq!(kept.run(&path).1.done, 1);
}

#[test]
fn inputs_of_earlier_runs_keep_a_name_and_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let plain = write(&dir.path().join("plain"), lines(0, 100));
    let packed = write(&dir.path().join("packed"), gzip(lines(0, 100).as_bytes()));
    let mut kept = Kept::default();
    let mut sources = kept.open(&[plain.clone(), packed], ALL, Options::default());
    drain(&mut sources);
    let past: Vec<Past> = [0, 1].map(|source| sources.past(source)).into();
    assert!(sources.reopen(0).is_some() && sources.reopen(1).is_none());

    let mut later = kept.open(&[], ALL, Options::default());
    assert_eq!(drain(&mut later), "");
    later.remember(past.clone());
    for n in [0, 1] {
        assert_eq!(later.name(PAST + n), sources.name(n));
        assert_eq!(later.past(PAST + n), past[n as usize]);
    }
    let text = std::io::read_to_string(later.reopen(PAST).unwrap()).unwrap();
    assert_eq!(text, lines(0, 100), "from its beginning");
    assert!(later.reopen(PAST + 1).is_none(), "it is compressed");
    write(&plain, lines(1, 100));
    assert!(later.reopen(PAST).is_none(), "it is another file");
    fs::remove_file(&plain).unwrap();
    assert!(later.reopen(PAST).is_none(), "it is gone");
    kept.keep(&sources, sources.rest());
    assert!(sources.past(0).path.is_some());
}

#[cfg(unix)]
#[test]
fn pipes_and_descriptors_leave_no_mark() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fifo");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    let fifo = path.clone();
    let writer = std::thread::spawn(move || fs::write(fifo, "one\ntwo").unwrap());
    let specs = vec![Spec::Path(path)];
    let known = |_: &[u8]| panic!("asked for a pipe");
    let mut sources = Sources::resume(specs, Options::default(), ALL, known);
    let mut block = Block::default();
    let mut found = Vec::new();
    while sources.next(&mut block) {
        found.extend_from_slice(block.bytes());
        assert_eq!(block.reached, []);
    }
    writer.join().unwrap();
    assert_eq!(found, b"one\ntwo");
    assert_eq!(sources.rest(), []);
    let reached = Progressed {
        source: 0,
        offset: 4,
        done: true,
    };
    assert_eq!(sources.mark(&reached), None);
    assert_eq!(sources.past(0).path, None);
}
