//! A year of deliveries, late by minutes to days, read by runs at any moment,
//! some of which are broken off.
//!
//! Everything is the real part but S3 itself and the clock: the year is over, so
//! that no name in it is from the future of the machine that runs this.

mod deliveries;
mod run;

use std::collections::BTreeSet;
use std::sync::Arc;

use self::deliveries::{Delivered, STEMS, year};
use self::run::{Bucket, Came, How, Moment};
use super::super::Full;
use super::DAY;
use crate::alert::Level;
use crate::rule::{self, RuleSet};
use crate::source::CLOCK_SKEW;
use crate::source::s3::{LOOKBACK, PROMPT};

/// 2025, all of it.
const START: i64 = 1_735_689_600;
const END: i64 = START + 365 * DAY;
const HOUR: i64 = 3600;

/// Years that are tried unless `S3SENTRY_SEEDS` names another number.
const SEEDS: u64 = 1;

const RULES: &str = "\
title: Served
name: own-served
logsource: {product: aws, service: s3_server_access}
detection: {served: {ok: true}, condition: served}
---
title: Served again
name: own-served-again
correlation: {type: event_count, rules: [own-served], group-by: [bucket_name], timespan: 3h, condition: {gte: 2}}
";

fn rules() -> Arc<RuleSet> {
    let documents = rule::load::read("r.yml", RULES.as_bytes()).unwrap();
    let set = rule::compile(&documents, &Arc::default(), Level::Informational);
    Arc::new(set.unwrap())
}

/// A year, and what the runs so far came to.
struct World {
    bucket: Bucket,
    path: std::path::PathBuf,
    /// Objects that are there: a number of the first ones.
    there: usize,
    /// How often each line of each object was taken in effect.
    taken: Vec<Vec<u8>>,
    /// Objects that were come to, and not read to their end: no run leaves them out.
    left: BTreeSet<usize>,
    /// By log, the time in the latest name of which anything was taken.
    newest: [i64; STEMS.len()],
    /// When the last full listing began that came to its end.
    full: i64,
    figures: Figures,
}

#[derive(Debug, Default)]
struct Figures {
    runs: usize,
    full: usize,
    broken_off: usize,
    /// Of those: after a part was kept.
    in_the_middle: usize,
    failed: usize,
    belated: usize,
    rows: usize,
}

impl World {
    fn new(path: std::path::PathBuf, dice: &mut fastrand::Rng) -> Self {
        let all = year(dice);
        let numbers = all.iter().enumerate();
        let numbers = numbers.map(|(number, one)| (one.object.key.clone(), number));
        let lines = |one: &Delivered| vec![0; one.text.lines().count()];
        Self {
            taken: all.iter().map(lines).collect(),
            bucket: Bucket {
                numbers: Arc::new(numbers.collect()),
                all: Arc::new(all),
                there: Arc::default(),
            },
            path,
            there: 0,
            left: BTreeSet::new(),
            newest: [i64::MIN; STEMS.len()],
            full: START,
            figures: Figures::default(),
        }
    }

    /// Puts into the bucket what is there by a time.
    fn deliver(&mut self, now: i64) {
        let all = &self.bucket.all;
        let there = Arc::make_mut(&mut self.bucket.there);
        while all.get(self.there).is_some_and(|one| one.there <= now) {
            let key = &all[self.there].object.key;
            let place = there.partition_point(|other| all[*other].object.key < *key);
            there.insert(place, self.there);
            self.there += 1;
        }
    }

    fn is_whole(&self, number: usize) -> bool {
        self.taken[number].iter().all(|times| *times == 1)
    }

    /// Where a listing over the lookback begins in the log of an object.
    fn horizon(&self, one: &Delivered) -> i64 {
        let from = self.newest[one.log].saturating_sub(LOOKBACK);
        from.saturating_sub(from.rem_euclid(DAY))
    }

    /// What a run has to come to, and whether it is belated.
    fn due(&self, full: Full) -> Vec<(usize, bool)> {
        let mut due = Vec::new();
        for number in (0..self.there).filter(|number| !self.is_whole(*number)) {
            let one = &self.bucket.all[number];
            let (left, early) = (self.left.contains(&number), one.named() < self.horizon(one));
            if left || !early || full != Full::No {
                due.push((number, early && !left));
            }
        }
        due
    }

    /// Counts what was kept; how many lines.
    fn keep(&mut self, came: &Came, now: i64) -> u64 {
        let mut lines = 0;
        for &(number, from, to, done) in &came.kept {
            let one = &self.bucket.all[number];
            let mut offset = 0;
            for (line, times) in one.text.split_inclusive('\n').zip(&mut self.taken[number]) {
                if (from..to).contains(&offset) {
                    *times += 1;
                    lines += 1;
                    assert_eq!(*times, 1, "{} at {offset}, twice", one.object.key);
                }
                offset += line.len() as u64;
            }
            if to > 0 && one.named() <= now + CLOCK_SKEW {
                self.newest[one.log] = self.newest[one.log].max(one.named());
            }
            if done {
                self.left.remove(&number);
            } else {
                self.left.insert(number);
            }
        }
        lines
    }

    fn run(&mut self, now: i64, full: Full, set: &Arc<RuleSet>, dice: &mut fastrand::Rng) -> bool {
        self.deliver(now);
        let due = self.due(full);
        let failing = due.iter().map(|(number, _)| *number);
        let moments = [Moment::Batch, Moment::Settle];
        let how = How {
            full,
            began: now + dice.i64(-60..=60),
            every: [0, 700, u64::MAX, u64::MAX][dice.usize(0..4)],
            block_size: [1, 1 << 19][dice.usize(0..2)],
            batch: [1, 4, usize::MAX][dice.usize(0..3)],
            failing: failing.filter(|_| dice.u8(..) < 4).collect(),
            crash: (dice.u8(..6) == 0).then(|| (moments[dice.usize(0..2)], dice.usize(0..3))),
        };
        let came = run::run(&self.bucket, &self.path, set, &how);
        let lines = self.keep(&came, now);
        let Some(read) = came.lines else {
            self.figures.broken_off += 1;
            self.figures.in_the_middle += usize::from(lines > 0);
            // What came is no more than what was due.
            assert!(came.objects.iter().all(|one| due.contains(one)));
            return false;
        };
        self.figures.runs += 1;
        self.figures.failed += how.failing.len();
        let mut objects = came.objects;
        objects.sort_unstable();
        assert_eq!(objects, due, "at {now}, {full:?}");
        assert_eq!(read, lines);
        let belated = due.iter().filter(|(_, belated)| *belated).count();
        assert_eq!(came.counts.belated, belated as u64);
        self.figures.belated += belated;
        if full != Full::No {
            self.figures.full += 1;
            self.full = now;
        }
        self.check(full, &how.failing);
        true
    }

    /// After a run that came to its end.
    fn check(&self, full: Full, failed: &BTreeSet<usize>) {
        for number in 0..self.there {
            let one = &self.bucket.all[number];
            let in_time = one.late <= LOOKBACK;
            if (in_time || full != Full::No) && !failed.contains(&number) {
                assert!(self.is_whole(number), "{} is lost", one.object.key);
            }
        }
    }

    /// How many objects have to be remembered one by one: those of the lookback,
    /// those from the future, those that were too late for the lookback since all
    /// was listed, and those that are tried again.
    fn remembered(&self) -> usize {
        let listed = self.full - 2 * CLOCK_SKEW;
        let there = self.bucket.all[..self.there].iter().enumerate();
        let remembered = there.filter(|(number, one)| {
            one.named() >= self.newest[one.log] - LOOKBACK
                || one.written_after() > PROMPT && one.there >= listed
                || self.left.contains(number)
        });
        remembered.count()
    }

    /// What the state file holds: objects, names for windows, and lines that all
    /// runs took.
    fn kept(&self) -> (usize, usize, u64) {
        let file = rusqlite::Connection::open(&self.path).unwrap();
        let ask = |sql| file.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        let rows = [
            "SELECT count(*) FROM inputs",
            "SELECT count(*) FROM sources",
        ];
        let [rows, named] = rows.map(|sql| ask(sql) as usize);
        (rows, named, ask("SELECT sum(lines) FROM runs") as u64)
    }
}

fn of_seed(seed: u64) {
    let dice = &mut fastrand::Rng::with_seed(seed);
    let folder = tempfile::tempdir().unwrap();
    let set = rules();
    let mut world = World::new(folder.path().join("s3sentry.state"), dice);
    let mut now = START + 3 * DAY;
    while now < END + 12 * DAY {
        let full = if now - world.full >= DAY {
            Full::Find
        } else {
            Full::No
        };
        let ended = world.run(now, full, &set, dice);
        now += match ended {
            true if dice.u8(..4) == 0 => dice.i64(HOUR..=6 * HOUR),
            true => dice.i64(14 * HOUR..=DAY),
            false => dice.i64(60..HOUR),
        };
        if ended && dice.u8(..8) == 0 {
            let (rows, ..) = world.kept();
            assert!(
                rows <= world.remembered(),
                "{rows} of {}",
                world.remembered()
            );
            world.figures.rows = world.figures.rows.max(rows);
        }
    }
    // What could not be fetched the last time.
    while !world.run(now, Full::Find, &set, dice) || !world.left.is_empty() {
        now += HOUR;
    }
    let all = &world.bucket.all;
    assert_eq!(world.there, all.len());
    assert!((0..all.len()).all(|number| world.is_whole(number)));
    let lines: usize = world.taken.iter().map(Vec::len).sum();
    assert_eq!(world.kept().2, lines as u64);
    let late = all.iter().filter(|one| one.late > HOUR).count();
    let beyond = all.iter().filter(|one| one.late > LOOKBACK).count();
    // What is a little later than the lookback is in the folder of its first day.
    let figures = &world.figures;
    assert!(figures.belated <= beyond, "{figures:?}");
    let tested = [
        figures.full / 200,
        figures.in_the_middle,
        figures.failed,
        figures.belated / 10,
    ];
    assert!(!tested.contains(&0), "{figures:?}");
    // Names of objects stay as long as windows refer to them.
    let (_, named, _) = world.kept();
    assert!(named < 50, "{named}");
    println!(
        "{} objects, {late} later than an hour, {beyond} than the lookback; {lines} lines; \
         {named} names; {figures:?}",
        all.len()
    );
}

#[test]
fn a_year_of_late_deliveries_is_read_once() {
    let seeds = std::env::var("S3SENTRY_SEEDS").map_or(SEEDS, |seeds| seeds.parse().unwrap());
    (1..=seeds).for_each(of_seed);
}
