//! Objects beside files: their order, their marks, what goes wrong with them.

use std::collections::VecDeque;

use super::*;
use crate::source::s3::{
    self, Arrival, Arrivals, Body, Fault, LOOKBACK, Object, Stored, Trouble, layout,
};

const ALL: (i64, i64) = (i64::MIN, i64::MAX);

/// Objects that come as they were made.
#[derive(Default)]
struct Queue {
    arrivals: VecDeque<Arrival>,
    troubles: Vec<Trouble>,
    again: Vec<(String, Vec<u8>)>,
}

impl Arrivals for Queue {
    fn next_time(&mut self) -> Option<i64> {
        let next = self.arrivals.front()?;
        Some(next.object.named.time.unwrap_or(i64::MIN))
    }

    fn next(&mut self) -> Option<Arrival> {
        self.arrivals.pop_front()
    }

    fn counts(&self) -> s3::Counts {
        s3::Counts::default()
    }

    fn troubles(&self) -> Vec<Trouble> {
        self.troubles.clone()
    }

    fn again(&self, objects: &[Stored]) -> Vec<Option<Body>> {
        let one = |(bucket, key): &Stored| {
            assert_eq!(&**bucket, "logs");
            let found = self.again.iter().find(|(known, _)| **known == **key);
            found.map(|(_, bytes)| Body::Memory(bytes.clone()))
        };
        objects.iter().map(one).collect()
    }
}

/// A key of so many seconds after the start.
fn key(seconds: i64, number: usize) -> String {
    let at = chrono::DateTime::from_timestamp(START + seconds, 0).unwrap();
    format!("a/{}-{number:016X}", at.format("%Y-%m-%d-%H-%M-%S"))
}

fn arrival(key: &str, body: Result<Body, Fault>) -> Arrival {
    Arrival {
        object: Object {
            bucket: "logs".into(),
            key: key.into(),
            size: 7,
            etag: "e".into(),
            modified: Some(START + 10_000_000),
            named: layout::named(key),
        },
        mark: None,
        again: false,
        belated: false,
        body,
    }
}

/// As what has come.
#[allow(clippy::unnecessary_wraps)]
fn text(text: impl Into<Vec<u8>>) -> Result<Body, Fault> {
    Ok(Body::Memory(text.into()))
}

fn queue(arrivals: Vec<Arrival>) -> Queue {
    Queue {
        arrivals: arrivals.into(),
        ..Queue::default()
    }
}

/// Sources of these alone, which leave marks.
fn resumed(queue: Queue, span: (i64, i64)) -> Sources {
    let mut sources = Sources::resume(Vec::new(), Options::default(), span, |_| None);
    let listed = Listed::new(Vec::new(), LOOKBACK, false);
    sources.attach(Box::new(queue), Some(listed));
    sources
}

/// All marks once everything was dealt with, and what was handed out.
fn deal(sources: &mut Sources) -> (String, Vec<Mark>) {
    let (mut block, mut reached, mut out) = (Block::default(), Vec::new(), Vec::new());
    while sources.next(&mut block) {
        reached.append(&mut block.reached);
        out.extend_from_slice(block.bytes());
    }
    reached.extend_from_slice(sources.rest());
    let marks = reached.iter().filter_map(|at| sources.mark(at)).collect();
    sources.committed(&reached);
    let left = reached.iter().filter_map(|at| sources.mark(at));
    assert_eq!(left.count(), 0, "what is kept is forgotten");
    (String::from_utf8(out).unwrap(), marks)
}

#[test]
fn objects_and_files_come_in_the_order_of_their_times() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(
        &dir.path().join("a.log"),
        line(20, "file") + &line(50, "file"),
    );
    let mut spool = tempfile::tempfile().unwrap();
    spool.write_all(line(59, "spooled").as_bytes()).unwrap();
    std::io::Seek::rewind(&mut spool).unwrap();
    let zst = zstd::stream::encode_all(line(9, "zst").as_bytes(), 1).unwrap();
    let mut sources = open(&[file], 1);
    assert_eq!(sources.lateness(), 3600);
    sources.attach(
        Box::new(queue(vec![
            arrival("notes.txt", text("no log\n")),
            arrival(&key(10, 1), text(zst)),
            arrival(&key(30, 2), text(gzip(line(29, "gzip").as_bytes()))),
            arrival(&key(30, 3), text("")),
            arrival(&key(60, 4), Ok(Body::File(spool))),
        ])),
        None,
    );
    assert_eq!(
        (sources.lateness(), sources.progress().total),
        (6 * 3600, None)
    );
    let mut block = Block::default();
    let mut seen = Vec::new();
    while sources.next(&mut block) {
        let bytes = String::from_utf8_lossy(block.bytes()).into_owned();
        let words = bytes.split_whitespace().last().unwrap().to_owned();
        assert!(!block.again);
        seen.push((words, block.source, block.floor));
    }
    let at = |seconds| START + seconds;
    let expected = [
        ("log", OBJECTS, at(10)),
        ("zst", OBJECTS + 1, at(20)),
        // Its last line may be all that is left of it.
        ("file", 0, at(20)),
        ("file", 0, at(30)),
        ("gzip", OBJECTS + 2, at(30)),
        ("spooled", OBJECTS + 4, i64::MAX),
    ];
    let expected = expected.map(|(word, source, floor)| (word.to_owned(), source, floor));
    assert_eq!(seen, expected);
    assert_eq!(
        &*sources.name(OBJECTS + 2),
        format!("s3://logs/{}", key(30, 2))
    );
    assert_eq!((sources.counts().read, sources.counts().failed), (6, 0));
    assert_eq!(sources.arrived(), 5);
    assert!(sources.rest().is_empty() && sources.listed().is_none());
}

#[test]
fn marks_say_what_was_taken() {
    let lines = line(1, "a") + &line(2, "b") + &line(3, "c");
    let (key, at) = (key(5, 1), START + 2);
    let mut sources = resumed(queue(vec![arrival(&key, text(&*lines))]), (at, i64::MAX));
    assert_eq!(sources.listed().unwrap().since, at - CLOCK_SKEW);
    let (_, marks) = deal(&mut sources);
    assert!(sources.listed().unwrap().complete);
    let mark = marks[0].clone();
    assert_eq!(
        (&*mark.bucket, &*mark.path, &*mark.etag),
        ("logs", key.as_bytes(), "e")
    );
    assert_eq!(mark.mtime, (START + 10_000_000) * 1_000_000_000);
    assert!(mark.is_settled() && !mark.is_done(ALL) && mark.is_done((at, i64::MAX)));
    // The rest of it, in a later run.
    let again = Arrival {
        mark: Some(mark),
        ..arrival(&key, text(&*lines))
    };
    let mut sources = resumed(queue(vec![again]), ALL);
    let mut block = Block::default();
    assert!(sources.next(&mut block) && !sources.next(&mut Block::default()));
    let taken = [1, 2, 3].map(|second| block.is_taken(0, Some(START + second)));
    assert_eq!(taken, [false, true, true]);
    assert!(sources.mark(&block.reached[0]).unwrap().is_done(ALL));
    // An object of which a part was dealt with is read on from there.
    let part = Mark {
        reach: vec![Reach {
            since: i64::MIN,
            until: i64::MAX,
            offset: line(1, "a").len() as u64,
            done: false,
        }],
        ..sources.mark(&block.reached[0]).unwrap()
    };
    assert!(!part.is_settled());
    let on = Arrival {
        mark: Some(part),
        ..arrival(&key, text(&*lines))
    };
    assert_eq!(
        deal(&mut resumed(queue(vec![on]), ALL)).0,
        line(2, "b") + &line(3, "c")
    );
}

#[test]
fn what_is_read_again_leaves_no_mark() {
    let again = Arrival {
        again: true,
        ..arrival(&key(5, 1), text(line(1, "a")))
    };
    let failed = Arrival {
        again: true,
        ..arrival(&key(5, 2), Err(Fault::Timeout))
    };
    let mut sources = resumed(queue(vec![again, failed]), ALL);
    let mut block = Block::default();
    assert!(sources.next(&mut block) && block.again && block.reached.is_empty());
    assert!(!sources.next(&mut block) && sources.rest().is_empty());
    assert_eq!(sources.counts().failed, 1);
}

#[test]
fn what_cannot_be_fetched_is_named_and_tried_again() {
    let queue = queue(vec![
        arrival(&key(1, 1), Err(Fault::Timeout)),
        arrival(&key(2, 2), text(line(1, "a"))),
        // It never changes, so that trying again is of no use.
        arrival(&key(3, 3), text(&gzip(line(2, "b").as_bytes())[..12])),
        Arrival {
            mark: Some(deal_failed()),
            ..arrival(&key(4, 4), Err(Fault::Gone))
        },
    ]);
    let mut sources = resumed(queue, ALL);
    let (out, marks) = deal(&mut sources);
    assert_eq!(out, line(1, "a"));
    let settled: Vec<_> = marks.iter().map(Mark::is_settled).collect();
    assert_eq!(settled, [false, true, true, true]);
    assert_eq!((marks[0].is_done(ALL), marks[0].position()), (false, 0));
    // If it comes again it is another one.
    assert_ne!(&*marks[3].etag, "e");
    let gone: Vec<_> = marks.iter().map(Mark::is_gone).collect();
    assert_eq!(gone, [false, false, false, true]);
    let problems = problems(&sources);
    assert_eq!(problems.len(), 3);
    assert_eq!(
        problems[0],
        format!("s3://logs/{}: {}", key(1, 1), Fault::Timeout)
    );
    assert_eq!((sources.counts().read, sources.counts().failed), (1, 3));
}

/// The mark of an object that could not be fetched.
fn deal_failed() -> Mark {
    let failed = arrival(&key(4, 4), Err(Fault::Timeout));
    deal(&mut resumed(queue(vec![failed]), ALL)).1.remove(0)
}

#[test]
fn what_concerns_all_ends_it() {
    let expired = || Fault::Credentials {
        reason: "expired".to_owned(),
    };
    let mut queue = queue(vec![
        arrival(&key(1, 1), text(line(1, "a"))),
        arrival(&key(2, 2), Err(expired())),
        arrival(&key(3, 3), text(line(3, "c"))),
    ]);
    queue.troubles = vec![
        Trouble {
            name: "s3://other/".into(),
            fault: expired(),
        },
        Trouble {
            name: "s3://third/".into(),
            fault: Fault::NoBucket,
        },
    ];
    let mut sources = resumed(queue, ALL);
    let (out, marks) = deal(&mut sources);
    assert_eq!((out, marks.len()), (line(1, "a"), 1));
    let listed = sources.listed().unwrap();
    assert!(!listed.complete);
    assert_eq!(listed.faulty, ["s3://other/".into(), "s3://third/".into()]);
    let problems = problems(&sources);
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].contains("credentials") && problems[1].contains("no such bucket"));
}

#[test]
fn a_name_from_the_future_holds_nobody_up() {
    let far = 100 * 365 * 86_400;
    let mut sources = resumed(
        queue(vec![
            arrival(&key(1, 1), text(line(1, "a"))),
            arrival(&key(far, 2), text(line(2, "b"))),
        ]),
        ALL,
    );
    let mut block = Block::default();
    assert!(sources.next(&mut block));
    assert!(block.floor < START + far, "{}", block.floor);
    assert!(sources.next(&mut block) && !sources.next(&mut block));
}

#[test]
fn many_failures_are_counted_and_not_kept() {
    let failed = (0..3000).map(|n| arrival(&key(n, 1), Err(Fault::Gone)));
    let mut sources = resumed(queue(failed.collect()), ALL);
    let (_, marks) = deal(&mut sources);
    assert_eq!((marks.len(), sources.counts().failed), (3000, 3000));
    assert_eq!(sources.problems().len(), 1000);
}

#[test]
fn lines_can_be_read_again_so_often() {
    let plain = (key(1, 1), line(1, "a").into_bytes());
    let packed = (key(2, 2), gzip(b"b\n"));
    let mut queue = queue(vec![
        arrival(&plain.0, text(plain.1.clone())),
        arrival(&packed.0, text(packed.1.clone())),
    ]);
    queue.again = vec![plain, packed];
    let mut sources = resumed(queue, ALL);
    deal(&mut sources);
    let past = sources.past(OBJECTS);
    sources.remember(vec![past]);
    assert!(sources.reopen(OBJECTS + 1).is_none(), "it is compressed");
    // Those that were not asked for count too.
    sources.foresee(&[OBJECTS, OBJECTS + 1, PAST]);
    sources.foresee(&[OBJECTS]);
    for source in [OBJECTS, PAST] {
        let file = sources.reopen(source).unwrap();
        assert_eq!(std::io::read_to_string(file).unwrap(), line(1, "a"));
    }
    for _ in 5..200 {
        assert!(sources.reopen(OBJECTS).is_some());
    }
    assert!(sources.reopen(OBJECTS).is_none(), "that is enough");
}

#[test]
fn numbers_go_on_from_sources_to_sources() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(&dir.path().join("a.log"), line(1, "file"));
    let options = Options {
        first: 7,
        ..Options::default()
    };
    let mut sources = Sources::resume(vec![file.clone().into()], options, ALL, |_| None);
    let object = arrival(&key(2, 1), text(line(2, "object")));
    sources.attach(Box::new(queue(vec![object])), None);
    let mut block = Block::default();
    assert!(sources.next(&mut block));
    assert_eq!((block.source, block.reached[0].source), (7, 7));
    assert_eq!(&*sources.name(7), file.to_str().unwrap());
    assert_eq!(
        sources.mark(&block.reached[0]).unwrap().path,
        sources.past(7).path.unwrap()
    );
    assert!(sources.reopen(7).is_some());
    assert!(sources.next(&mut block));
    assert_eq!(block.source, OBJECTS + 7);
    assert_eq!(
        sources.mark(&block.reached[0]).unwrap().path,
        key(2, 1).as_bytes()
    );
}

type Blocks = Vec<(String, Vec<u8>)>;

/// All blocks in the order of delivery, with the last part of the name.
fn blocks(sources: &mut Sources) -> Blocks {
    let (mut block, mut floor, mut out) = (Block::default(), i64::MIN, Vec::new());
    while sources.next(&mut block) {
        for line in block.bytes().split_inclusive(|byte| *byte == b'\n') {
            // Records are at most so much older than the name.
            assert!(time::of_line(line).unwrap() >= floor.saturating_sub(50));
        }
        floor = block.floor;
        let name = sources.name(block.source);
        let name = name.rsplit('/').next().unwrap().to_owned();
        out.push((name, block.bytes().to_vec()));
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn objects_come_as_files_of_the_same_names(
        texts in prop::collection::vec(
            (0_i64..500, prop::collection::vec((0_i64..50, 0_usize..90), 0..20)), 2..12),
        block_size in 1_usize..3000,
    ) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("a")).unwrap();
        let (mut files, mut arrivals) = (Vec::new(), Vec::new());
        for (number, (named, mut lines)) in texts.into_iter().enumerate() {
            lines.sort_unstable_by(|a, b| b.cmp(a));
            let text = lines.iter().map(|(back, len)| line(named - back, &"x".repeat(*len)));
            let text: String = text.collect();
            let packed = if number % 2 == 0 { text.into_bytes() } else { gzip(text.as_bytes()) };
            let key = key(named, number);
            files.push(write(&dir.path().join(&key), &packed));
            arrivals.push(arrival(&key, self::text(packed)));
        }
        files.sort();
        arrivals.sort_by(|a, b| a.object.key.cmp(&b.object.key));
        let options = Options { block_size, ..Options::default() };
        let mut sources = Sources::open(Vec::new(), options);
        sources.attach(Box::new(queue(arrivals)), None);
        prop_assert_eq!(blocks(&mut sources), blocks(&mut open(&files, block_size)));
    }
}
