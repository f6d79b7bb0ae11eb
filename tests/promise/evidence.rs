//! Which records an alert shows. That is no part of the promise; how many there
//! are, and that they are the right ones, still is.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;
use s3sentry::alert::Alert;
use s3sentry::pipeline::BlockSource;
use s3sentry::record::Record;
use s3sentry::source::{self, Block, Sources, Spec};

use crate::exact;
use crate::oracle::draw::Shape;
use crate::oracle::{Count, Kind, Model, Pick, Ref, Rules};
use crate::run::{self, OPTIONS, Run};
use crate::world::{self, DAY, Rec};

/// How many records are asked for.
const SHOWN: u64 = 5;

fn yaml(rules: &Rules) -> String {
    let text = rules.yaml();
    assert!(text.contains("evidence: 2\n"));
    text.replace("evidence: 2\n", &format!("evidence: {SHOWN}\n"))
}

/// A file that something happens to after it was read.
struct Meanwhile<F: FnOnce(&Path)> {
    sources: Sources,
    path: PathBuf,
    happens: Option<F>,
}

impl<F: FnOnce(&Path) + Send> BlockSource for Meanwhile<F> {
    fn next(&mut self, block: &mut Block) -> bool {
        let more = self.sources.next(block);
        if !more && let Some(happens) = self.happens.take() {
            happens(&self.path);
        }
        more
    }

    fn name(&self, source: u32) -> Arc<str> {
        self.sources.name(source)
    }

    fn reopen(&self, source: u32) -> Option<File> {
        self.sources.reopen(source)
    }
}

/// Sends a log through as a file; then, before its alerts are final, this
/// happens to it.
fn file(rules: &Rules, log: &[u8], happens: impl FnOnce(&Path) + Send) -> Run {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.log");
    fs::write(&path, log).unwrap();
    let read = source::Options {
        block_size: 1000,
        ..source::Options::default()
    };
    let mut source = Meanwhile {
        sources: Sources::open(vec![Spec::Path(path.clone())], read),
        path,
        happens: Some(happens),
    };
    run::run(&mut source, &run::compile(&yaml(rules)), OPTIONS)
}

/// The lines of the log that an alert shows, by number; negative those that are
/// only named.
fn shown(alert: &Alert, log: &[u8]) -> Vec<i64> {
    let number = |offset: u64| {
        let before = &log[..offset as usize];
        assert!(before.is_empty() || before.ends_with(b"\n"));
        before.split(|byte| *byte == b'\n').skip(1).count() as i64
    };
    let shown = alert.evidence.iter().map(|evidence| match &evidence.line {
        None => -number(evidence.offset),
        Some(line) => {
            let rest = &log[evidence.offset as usize..];
            assert_eq!(rest.split(|byte| *byte == b'\n').next().unwrap(), line);
            number(evidence.offset)
        }
    });
    shown.collect()
}

fn burst() -> Rules {
    Rules::of(vec![Model::burst(
        "burst",
        Pick::Denied,
        &["remote_ip"],
        300,
        20,
    )])
}

fn refused(times: impl IntoIterator<Item = i64>) -> Vec<Rec> {
    let times = times.into_iter().enumerate();
    let refused = |(n, time)| Rec::refused(DAY + time, "192.0.2.1", n as u64);
    times.map(refused).collect()
}

#[test]
fn a_burst_shows_its_first_records() {
    // A line that is no record comes first: the offset 0 has no sign.
    let log = [b"x\n".to_vec(), world::log(&refused(0..20))].concat();
    let run = file(&burst(), &log, |_| {});
    assert_eq!(shown(&run.alerts[0], &log), [1, 2, 3, 4, 5]);
    // Not so what is too old to belong to it, unless there is nothing else.
    let early = (0..8).map(|n| n * 60);
    let log = world::log(&refused(early.chain(1000..1030)));
    let run = file(&burst(), &log, |_| {});
    assert_eq!(shown(&run.alerts[0], &log), [8, 9, 10, 11, 12]);
}

#[test]
fn records_of_one_second_are_shown_as_they_stand_in_the_log() {
    let log = [b"x\n".to_vec(), world::log(&refused([7; 40]))].concat();
    let run = file(&burst(), &log, |_| {});
    assert_eq!(shown(&run.alerts[0], &log), [1, 2, 3, 4, 5]);
}

#[test]
fn where_nothing_can_be_read_again_lines_at_hand_come_first() {
    let log = [b"x\n".to_vec(), world::log(&refused(0..22))].concat();
    let set = run::compile(&yaml(&burst()));
    let run = run::cut(&set, &log, OPTIONS, |_| true);
    assert_eq!(shown(&run.alerts[0], &log), [-1, -2, 20, 21, 22]);
}

#[test]
fn a_chain_shows_each_step_and_what_completed_it() {
    let steps = [Ref::Pick(Pick::Denied), Ref::Pick(Pick::Put)];
    let rules = Rules::of(vec![Model::chain("chain", &steps, &["remote_ip"], 60)]);
    let mut records = refused(0..30);
    for at in (0..15).chain([29]) {
        records[at].operation = "REST.PUT.OBJECT";
        records[at].status = 200;
    }
    let log = world::log(&records);
    let run = file(&rules, &log, |_| {});
    assert_eq!(shown(&run.alerts[0], &log), [0, 1, 2, 15, 29]);
}

#[test]
fn what_a_further_condition_counts_is_shown_too() {
    let mut model = Model::burst("burst", Pick::Denied, &["remote_ip"], 300, 20);
    let puts = Count::of(Kind::EventCount).select(Pick::Put);
    model.and = vec![puts.when("gte", 1)];
    let mut records = refused(0..30);
    records[25].operation = "REST.PUT.OBJECT";
    let log = world::log(&records);
    let run = file(&Rules::of(vec![model]), &log, |_| {});
    assert_eq!(shown(&run.alerts[0], &log), [0, 1, 2, 3, 25]);
}

#[test]
fn what_became_of_the_file_meanwhile_is_no_evidence() {
    let log = [b"x\n".to_vec(), world::log(&refused(0..20))].concat();
    let only_kept = [-1, -2, -3, -4, 20];
    let of = |happens: fn(&Path)| shown(&file(&burst(), &log, happens).alerts[0], &log);
    let cut = |path: &Path| {
        let file = File::options().write(true).open(path).unwrap();
        file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    };
    assert_eq!(of(cut), only_kept);
    assert_eq!(of(|path| fs::remove_file(path).unwrap()), only_kept);
    let other = |path: &Path| {
        // Records at the same places, and more of them.
        let text = fs::read_to_string(path).unwrap();
        fs::write(path, text.replace(" R", " S").repeat(2)).unwrap();
    };
    assert_eq!(of(other), only_kept);
    let directory = |path: &Path| {
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
    };
    assert_eq!(of(directory), only_kept);
    let grown = |path: &Path| {
        let text = fs::read_to_string(path).unwrap();
        fs::write(path, text.repeat(2)).unwrap();
    };
    assert_eq!(of(grown), [1, 2, 3, 4, 5]);
}

#[test]
fn a_record_that_came_twice_is_shown_once() {
    let log = world::log(&refused(0..22));
    let directory = tempfile::tempdir().unwrap();
    let paths = ["a.log", "b.log"].map(|name| directory.path().join(name));
    for path in &paths {
        fs::write(path, &log).unwrap();
    }
    let paths = [&*paths[0], &*paths[1]];
    let run = run::files(&run::compile(&yaml(&burst())), &paths, 300);
    let lines = run.alerts[0].evidence.iter().map(|one| one.line.clone());
    let first: Vec<_> = log.split(|byte| *byte == b'\n').take(5).collect();
    assert_eq!(lines.flatten().collect::<Vec<_>>(), first);
}

proptest! {
    #![proptest_config(exact::config(100))]

    #[test]
    fn of_a_file_all_records_are_shown_up_to_as_many_as_are_asked_for(
        case in exact::case(Shape::MIXED, world::crowded().boxed()),
    ) {
        let run = file(&case.rules, &case.arrival().0, |_| {});
        for alert in &run.alerts {
            let lines: Vec<_> = alert.evidence.iter().filter_map(|one| one.line.as_deref()).collect();
            prop_assert_eq!(lines.len() as u64, alert.count.min(SHOWN));
            prop_assert_eq!(lines.len(), alert.evidence.len());
            let times: Vec<i64> = lines
                .iter()
                .map(|line| Record::parse(line).unwrap().time().unwrap())
                .collect();
            prop_assert!(times.is_sorted());
            prop_assert!(times[0] >= alert.first_seen && times[times.len() - 1] <= alert.last_seen);
        }
    }
}
