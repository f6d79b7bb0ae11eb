//! The edges by name: thresholds, windows, periods, seconds.

#[path = "edges/chains.rs"]
mod chains;
#[path = "edges/every.rs"]
mod every;
#[path = "edges/firings.rs"]
mod firings;
#[path = "edges/numbers.rs"]
mod numbers;
#[path = "edges/pairs.rs"]
mod pairs;
#[path = "edges/sets.rs"]
mod sets;

use super::oracle::{Model, Pick, Rules};
use super::run::{self, OPTIONS, Run, Told};
use super::world::{self, DAY, Rec};

/// The alerts of "so many refused within five minutes" for records at these
/// times, which are what the oracle says, too.
fn burst(least: u64, records: &[Rec]) -> Vec<Told> {
    let rules = Rules::of(vec![Model::burst(
        "burst",
        Pick::Denied,
        &["remote_ip"],
        300,
        least,
    )]);
    let seen = run::whole(&run::compile(&rules.yaml()), &world::log(records)).seen();
    assert_eq!(seen, rules.alerts(records));
    seen
}

fn at(times: impl IntoIterator<Item = i64>) -> Vec<Rec> {
    times
        .into_iter()
        .zip(0..)
        .map(|(time, number)| Rec::refused(DAY + time, "192.0.2.1", number))
        .collect()
}

#[test]
fn a_burst_across_an_hour_is_one_burst() {
    // Ten before the hour and ten after it: the twentieth fires in the second hour.
    let seen = burst(20, &at((3590..3610).collect::<Vec<_>>()));
    let [alert] = &seen[..] else {
        panic!("{seen:?}")
    };
    assert_eq!(alert.period, (DAY + 3600, DAY + 7200));
    assert_eq!(alert.trigger, (DAY + 3609, 20));
    assert_eq!(
        (alert.count, alert.first_seen, alert.last_seen),
        (20, DAY + 3590, DAY + 3609)
    );
}

#[test]
fn a_burst_that_goes_on_is_an_alert_an_hour() {
    let seen = burst(20, &at((3500..3700).collect::<Vec<_>>()));
    let [first, second] = &seen[..] else {
        panic!("{seen:?}")
    };
    assert_eq!((first.trigger, first.count), ((DAY + 3519, 20), 100));
    // It fires on at the first second of the hour, for the window reaches back.
    assert_eq!((second.trigger, second.count), ((DAY + 3600, 101), 200));
    assert_eq!(
        (second.first_seen, second.last_seen),
        (DAY + 3500, DAY + 3699)
    );
}

#[test]
fn a_burst_across_midnight_is_one_burst() {
    let seen = burst(20, &at((-10..10).collect::<Vec<_>>()));
    let [alert] = &seen[..] else {
        panic!("{seen:?}")
    };
    assert_eq!(
        (alert.period, alert.trigger),
        ((DAY, DAY + 3600), (DAY + 9, 20))
    );
    assert_eq!(alert.first_seen, DAY - 10);
}

#[test]
fn exactly_the_threshold_fires_and_one_short_does_not() {
    assert_eq!(burst(20, &at(0..20)).len(), 1);
    assert_eq!(burst(20, &at(0..19)), []);
}

#[test]
fn a_window_ends_a_second_before_its_length() {
    // (t - 300, t]: the first and the last may be 299 s apart, and no more.
    assert_eq!(burst(2, &at([0, 299])).len(), 1);
    assert_eq!(burst(2, &at([0, 300])), []);
    // Across panes of the counters as well.
    assert_eq!(burst(3, &at([299, 300, 598])).len(), 1);
    assert_eq!(burst(3, &at([299, 300, 599])), []);
}

#[test]
fn a_record_may_complete_a_window_of_the_next_period() {
    // The last to come is the first of the window, in the hour before.
    let rules = Rules::of(vec![Model::burst(
        "burst",
        Pick::Denied,
        &["remote_ip"],
        300,
        3,
    )]);
    let set = run::compile(&rules.yaml());
    for (first, alerts) in [(3301, 1), (3300, 0)] {
        let records = at([3600, 3600, first]);
        let run = run::whole(&set, &world::log(&records));
        assert_eq!(run.seen(), rules.alerts(&records));
        assert_eq!(run.seen().len(), alerts);
    }
}

#[test]
fn a_line_delivered_twice_is_one() {
    let once = at(0..19);
    let twice: Vec<Rec> = once.iter().chain(&once).cloned().collect();
    assert_eq!(burst(20, &twice), []);
    let mut twice = at(0..20);
    twice.push(twice[3].clone());
    let seen = burst(20, &twice);
    assert_eq!((seen[0].count, seen[0].trigger), (20, (DAY + 19, 20)));
    // The same request in another second is another record.
    let mut later = at(0..19);
    later.push(Rec {
        time: DAY + 19,
        ..later[18].clone()
    });
    assert_eq!(burst(20, &later).len(), 1);
}

#[test]
fn a_second_is_looked_at_with_all_its_records() {
    let seen = burst(20, &at([0; 25]));
    assert_eq!(seen[0].trigger, (DAY, 25));
    let seen = burst(20, &at([0; 19].into_iter().chain([1, 1, 1])));
    assert_eq!(seen[0].trigger, (DAY + 1, 22));
}

#[test]
fn keys_do_not_mix_and_no_key_is_a_key() {
    let mut records = at(0..19);
    records.push(Rec::refused(DAY + 19, "192.0.2.2", 99));
    assert_eq!(burst(20, &records), []);
    let nobody: Vec<Rec> = at(0..20)
        .into_iter()
        .map(|record| Rec { ip: None, ..record })
        .collect();
    let seen = burst(20, &nobody);
    assert_eq!(seen[0].key, [("remote_ip".to_owned(), None)]);
}

#[test]
fn two_inputs_interleaved_are_one() {
    let records = at(0..20);
    let part =
        |rest: usize| -> Vec<Rec> { records.iter().skip(rest).step_by(2).cloned().collect() };
    let directory = tempfile::tempdir().unwrap();
    let paths = [directory.path().join("even"), directory.path().join("odd")];
    for (rest, path) in paths.iter().enumerate() {
        std::fs::write(path, world::log(&part(rest))).unwrap();
    }
    let rules = Rules::of(vec![Model::burst(
        "burst",
        Pick::Denied,
        &["remote_ip"],
        300,
        20,
    )]);
    let set = run::compile(&rules.yaml());
    let run = run::files(&set, &[&paths[0], &paths[1]], 300);
    assert_eq!(run.seen(), rules.alerts(&records));
    assert_eq!(run.seen().len(), 1);
}

#[test]
fn times_at_both_ends_of_the_calendar_are_times() {
    let first = chrono::DateTime::parse_from_rfc3339("0001-01-01T00:00:00Z")
        .unwrap()
        .timestamp();
    let last = chrono::DateTime::parse_from_rfc3339("9999-12-31T23:59:59Z")
        .unwrap()
        .timestamp();
    let mut model = Model::burst("burst", Pick::Denied, &["remote_ip"], 86_400, 3);
    model.suppress = Some(30 * 86_400);
    let rules = Rules::of(vec![model, Model::burst("short", Pick::Denied, &[], 1, 2)]);
    let set = run::compile(&rules.yaml());
    let times = [
        first,
        first,
        first + 1,
        DAY,
        DAY,
        DAY + 9,
        last - 5,
        last,
        last,
    ];
    let records: Vec<Rec> = times
        .iter()
        .zip(0..)
        .map(|(time, n)| Rec::refused(*time, "192.0.2.1", n))
        .collect();
    let log = world::log(&records);
    for size in 1..4 {
        let run: Run = run::cut(&set, &log, OPTIONS, |line| line % size == 0);
        assert_eq!(run.seen(), rules.alerts(&records));
        assert_eq!(run.seen().len(), 6);
    }
    // And with a bound of lateness that no time can reach back to.
    let run = run::cut(
        &set,
        &log,
        run::Options {
            lateness: i64::MAX,
            ..OPTIONS
        },
        |_| true,
    );
    assert_eq!(run.seen().len(), 6);
}
