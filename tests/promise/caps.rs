//! What happens when memory is short, and when records come too late.

use super::oracle::{Count, Kind, Model, Pick, Ref, Rules};
use super::run::{self, OPTIONS, Options, Run, Told};
use super::world::{self, DAY, Rec};

const TINY: Options = Options {
    max_state: 1,
    ..OPTIONS
};

/// Sends a log through in blocks of twenty lines.
fn scan(rules: &Rules, log: &[u8], options: Options) -> Run {
    run::cut(&run::compile(&rules.yaml()), log, options, |line| {
        line % 20 == 19
    })
}

#[test]
fn what_is_spilled_counts() {
    let mut values = Model::burst("values", Pick::Every, &["remote_ip"], 86_400, 0);
    values.main = Count::of(Kind::ValueCount).values("key_name").when("eq", 7);
    let rules = Rules::of(vec![
        values,
        Model::burst(
            "long",
            Pick::Denied,
            &["remote_ip", "key_name"],
            86_400,
            200,
        ),
        Model::burst("short", Pick::Denied, &["remote_ip"], 61, 2),
    ]);
    let records: Vec<Rec> = (0..6000u64)
        .map(|n| {
            let mut record = Rec::refused(DAY + n as i64 * 20, &format!("192.0.2.{}", n % 3), n);
            record.key = Some(format!("k{}", n % 7));
            record
        })
        .collect();
    // Each fourth an hour late, so that what has been spilled goes on growing.
    let arriving: Vec<_> = records
        .into_iter()
        .map(|record| (record.clone(), record.time % 4 / 3 * 3600))
        .collect();
    let records = world::jittered(&arriving);
    let log = world::log(&records);
    let roomy = scan(&rules, &log, OPTIONS);
    let tiny = scan(&rules, &log, TINY);
    assert_eq!(
        (
            roomy.outcome.correlation.spilled,
            tiny.outcome.correlation.evicted
        ),
        (0, 0)
    );
    assert!(
        tiny.outcome.correlation.spilled > 100_000,
        "{:?}",
        tiny.outcome.correlation
    );
    assert_eq!(tiny.promised(), roomy.promised());
    for name in ["values", "long", "short"] {
        assert!(
            tiny.alerts.iter().any(|alert| alert.rule.name == name),
            "{name}"
        );
    }
}

#[test]
fn forgotten_keys_are_told() {
    // One key goes on all the time, thousands come once.
    let rules = Rules::of(vec![
        Model::burst("once", Pick::Put, &["key_name"], 1, 1),
        Model::burst("burst", Pick::Denied, &["remote_ip"], 300, 20),
    ]);
    let mut records = Vec::new();
    for n in 0..5000u64 {
        let mut put = Rec::refused(DAY + n as i64 / 4, "192.0.2.9", n);
        (put.operation, put.status, put.key) = ("REST.PUT.OBJECT", 200, Some(format!("key-{n}")));
        records.push(put);
        if n % 20 == 0 {
            records.push(Rec::refused(DAY + n as i64 / 4, "192.0.2.1", 100_000 + n));
        }
    }
    let run = scan(&rules, &world::log(&records), TINY);
    let evicted = run.outcome.correlation.evicted;
    assert!(evicted > 1000, "{evicted}");
    let (degraded, others): (Vec<Told>, Vec<Told>) = run
        .seen()
        .into_iter()
        .partition(|seen| seen.rule == "coverage-degraded");
    assert_eq!(degraded.len(), 1);
    assert_eq!(
        (degraded[0].count, degraded[0].period),
        (evicted, (DAY, DAY + 3600))
    );
    // What is told is told as if nothing had been forgotten.
    let expected = rules.alerts(&records);
    assert!(others.iter().all(|seen| expected.contains(seen)));
    assert!(others.iter().any(|seen| seen.rule == "burst"));
    assert!(expected.len() - others.len() <= evicted as usize);
    // Half of them at a time, not all of one second at once.
    assert!(others.len() > 500, "{} are left", others.len());
}

/// A burst, and four hours later another record, a line a block.
fn burst_and_later() -> (Rules, Vec<Rec>) {
    let mut twice = Model::burst("alone", Pick::Put, &["remote_ip"], 1, 1);
    // A record that both selections match is one record.
    twice.rules = vec![Ref::Pick(Pick::Put), Ref::Pick(Pick::Every)];
    let rules = Rules::of(vec![
        Model::burst("burst", Pick::Denied, &["remote_ip"], 300, 20),
        twice,
    ]);
    let mut records: Vec<Rec> = (0..20)
        .map(|n| Rec::refused(DAY + n, "192.0.2.1", n as u64))
        .collect();
    records.push(Rec::refused(DAY + 4 * 3600, "192.0.2.1", 50));
    (rules, records)
}

fn line_by_line(rules: &Rules, log: &[u8]) -> Run {
    run::cut(&run::compile(&rules.yaml()), log, OPTIONS, |_| true)
}

#[test]
fn a_record_that_is_as_late_as_may_be_counts() {
    let (rules, mut records) = burst_and_later();
    let mut late = Rec::refused(DAY + 3 * 3600, "192.0.2.2", 60);
    records.push(late.clone());
    let run = line_by_line(&rules, &world::log(&records));
    assert_eq!(run.outcome.correlation.late, 0);
    assert_eq!(run.seen(), rules.alerts(&records));

    late.time -= 1;
    let before = records.len() - 1;
    records[before] = late;
    let run = line_by_line(&rules, &world::log(&records));
    assert_eq!(run.outcome.correlation.late, 1);
}

#[test]
fn a_late_record_is_counted_and_spoils_nothing() {
    let (rules, records) = burst_and_later();
    let expected = rules.alerts(&records);
    let late = Rec::refused(DAY + 25, "192.0.2.1", 70);
    let mut all = records.clone();
    all.extend([late.clone(), late.clone()]);
    let mut log = world::log(&all);
    // What is no record is not late either.
    log.extend_from_slice(b"o b [29/Feb/2024:00:00:30 +0000] x\n");
    let last = records.len();
    let run = run::cut(&run::compile(&rules.yaml()), &log, OPTIONS, |line| {
        line < last
    });
    assert_eq!(run.outcome.tally.malformed, 1);
    assert_eq!(run.outcome.correlation.late, 2);
    assert_eq!(run.outcome.correlation.late_hours, [DAY]);
    let seen = run.seen();
    assert_eq!(seen[..expected.len()], expected);
    // The rule that any one record fires says so, with that record alone.
    let [again] = &seen[expected.len()..] else {
        panic!("{seen:?}")
    };
    let first = expected
        .iter()
        .position(|seen| seen.rule == "alone")
        .unwrap();
    assert_eq!(
        (again.rule.as_str(), again.period),
        ("alone", (DAY, DAY + 3600))
    );
    assert_eq!((again.count, again.trigger), (1, (DAY + 25, 1)));
    assert_eq!(run.alerts.last().unwrap().id, run.alerts[first].id);
    let shown = &run.alerts.last().unwrap().evidence;
    let line = late.line().trim_end().as_bytes().to_vec();
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0].line, Some(line));
}

#[test]
fn a_record_that_two_selections_match_is_shown_once() {
    let (rules, records) = burst_and_later();
    let mut put = records[0].clone();
    put.operation = "REST.PUT.OBJECT";
    let run = line_by_line(&rules, &world::log(&[put]));
    let alone = run
        .alerts
        .iter()
        .find(|alert| alert.rule.name == "alone")
        .unwrap();
    assert_eq!((alone.count, alone.evidence.len()), (1, 1));
}

#[test]
fn late_records_are_bounded_too() {
    let rules = Rules::of(vec![Model::burst("once", Pick::Every, &["key_name"], 1, 1)]);
    let mut records = vec![Rec::refused(DAY + 10 * 3600, "192.0.2.1", 0)];
    records.extend((1..12_000).map(|n| {
        let mut record = Rec::refused(DAY, "192.0.2.1", n);
        record.key = Some(format!("k{n}"));
        record
    }));
    let run = scan(&rules, &world::log(&records), TINY);
    // Those of the first block came with the record that made the others late.
    assert_eq!(run.outcome.correlation.late, 12_000 - 20);
    let told = run
        .alerts
        .iter()
        .filter(|alert| alert.rule.name == "once")
        .count() as u64;
    let evicted = run.outcome.correlation.evicted;
    assert!(
        evicted > 0 && told + evicted >= 12_000,
        "{told} told, {evicted} forgotten"
    );
    assert!(
        run.alerts
            .iter()
            .any(|alert| alert.rule.name == "coverage-degraded")
    );
}
