//! Chains of two: on another value, and with nothing before.

use crate::hand::{DENIED, FINE, OTHER_IP, alert, denied, fine, missing, put, requests, tells};
use crate::oracle::{Count, Kind, Model, NoneBefore, Pick, Ref, Rules};
use crate::run::Told;
use crate::world::Rec;

const BY: &[&str] = &["remote_ip"];

/// Two refused reads within a minute, then a success within five.
fn two_then_fine() -> Rules {
    let two = Model::burst("b", Pick::Denied, BY, 60, 2);
    let chain = Model::chain("r", &[Ref::Rule(0), FINE], BY, 300);
    Rules::of(vec![two, chain])
}

/// One refused read, then a success within five minutes.
fn one_then_fine() -> Rules {
    Rules::of(vec![Model::chain("r", &[DENIED, FINE], BY, 300)])
}

fn on_another_key(mut rules: Rules) -> Rules {
    rules.models.last_mut().unwrap().different = Some("key_name");
    rules
}

fn with_none_before(mut rules: Rules, none: NoneBefore) -> Rules {
    rules.models.last_mut().unwrap().none_before = Some(none);
    rules
}

fn none(selection: Pick, timespan: i64) -> NoneBefore {
    NoneBefore {
        selection,
        timespan,
        group_by: None,
    }
}

fn fired(time: i64, seen: (i64, i64), count: u64) -> [Told; 1] {
    [alert("r", 0, (time, 2), seen, count)]
}

fn tells_nothing<const N: usize>(rules: &Rules, records: [Rec; N]) {
    tells(rules, &requests(records), &[]);
}

#[test]
fn a_success_on_a_key_of_the_burst_is_not_different() {
    let rules = on_another_key(two_then_fine());
    let two = || [denied(0).key("a"), denied(1).key("b")];
    for key in ["a", "b"] {
        let [first, second] = two();
        tells_nothing(&rules, [first, second, fine(5).key(key)]);
    }
    let [first, second] = two();
    let records = requests([first, second, fine(5).key("c")]);
    tells(&rules, &records, &fired(5, (0, 5), 3));
}

#[test]
fn what_left_the_bursts_window_may_come_again() {
    let rules = on_another_key(two_then_fine());
    // It fires at 30 with a and b, at 70 with b and c: a is not among these.
    let three = || [denied(0).key("a"), denied(30).key("b"), denied(70).key("c")];
    let [a, b, c] = three();
    let records = requests([a, b, c, fine(80).key("a")]);
    tells(&rules, &records, &fired(80, (0, 80), 4));
    let [a, b, c] = three();
    tells_nothing(&rules, [a, b, c, fine(80).key("b")]);
    // And c came after it fired at 30.
    let [a, b, c] = three();
    let records = requests([a, b, c, fine(80).key("c")]);
    tells(&rules, &records, &fired(80, (0, 80), 4));
}

#[test]
fn the_window_is_what_the_burst_counts_in_and_not_its_further_conditions() {
    let mut rules = on_another_key(two_then_fine());
    rules.models[0].and = vec![Count::of(Kind::EventCount).within(600).when("gte", 3)];
    let burst = || {
        [
            denied(0).key("a"),
            denied(100).key("b"),
            denied(101).key("c"),
        ]
    };
    let [a, b, c] = burst();
    let records = requests([a, b, c, fine(110).key("a")]);
    tells(&rules, &records, &fired(110, (0, 110), 4));
    let [a, b, c] = burst();
    tells_nothing(&rules, [a, b, c, fine(110).key("b")]);
}

#[test]
fn a_refusal_in_the_second_in_which_the_burst_fires_is_in_its_window() {
    let rules = on_another_key(two_then_fine());
    let burst = || [denied(0).key("a"), denied(1).key("b"), denied(1).key("c")];
    let [a, b, c] = burst();
    tells_nothing(&rules, [a, b, c, fine(1).key("c")]);
    let [a, b, c] = burst();
    let records = requests([a, b, c, fine(1).key("d")]);
    tells(&rules, &records, &fired(1, (0, 1), 4));
}

#[test]
fn null_is_a_value_that_may_differ() {
    let rules = on_another_key(two_then_fine());
    tells_nothing(
        &rules,
        [denied(0).no_key(), denied(1).key("a"), fine(2).no_key()],
    );
    let records = requests([denied(0).no_key(), denied(1).no_key(), fine(2).key("a")]);
    tells(&rules, &records, &fired(2, (0, 2), 3));
    let records = requests([denied(0).key("a"), denied(1).key("b"), fine(2).no_key()]);
    tells(&rules, &records, &fired(2, (0, 2), 3));
}

#[test]
fn a_detection_before_it_is_different_from_the_record_that_it_took() {
    let rules = on_another_key(one_then_fine());
    tells_nothing(&rules, [denied(0).key("a"), fine(5).key("a")]);
    tells_nothing(
        &rules,
        [denied(0).key("a"), denied(1).key("a"), fine(5).key("a")],
    );
    // It may take the other.
    let records = requests([denied(0).key("a"), denied(1).key("b"), fine(5).key("a")]);
    tells(&rules, &records, &fired(5, (0, 5), 3));
}

#[test]
fn a_second_record_of_the_same_second_may_be_the_different_one() {
    let rules = on_another_key(one_then_fine());
    let records = requests([denied(0).key("a"), fine(5).key("a"), fine(5).key("b")]);
    tells(&rules, &records, &fired(5, (0, 5), 3));
}

#[test]
fn something_before_within_the_span_prevents_it() {
    let rules = with_none_before(one_then_fine(), none(Pick::Missing, 10));
    // From (20 - 10) to before 20.
    for time in [10, 15, 19] {
        tells_nothing(&rules, [missing(time), denied(20), fine(25)]);
    }
    for time in [9, 20, 21, 25] {
        let records = requests([missing(time), denied(20), fine(25)]);
        // What may not come before is not among the chain's records.
        tells(&rules, &records, &fired(25, (20, 25), 2));
    }
}

#[test]
fn another_first_step_may_have_nothing_before_it() {
    let rules = with_none_before(one_then_fine(), none(Pick::Missing, 10));
    let records = requests([missing(15), denied(20), denied(26), fine(27)]);
    // 26 - 10 is after 15.
    tells(&rules, &records, &fired(27, (20, 27), 3));
}

#[test]
fn the_span_ends_where_the_bursts_window_begins() {
    let burst = || [denied(20), denied(40), fine(45)];
    for (span, fires) in [(5, false), (4, true)] {
        let rules = with_none_before(two_then_fine(), none(Pick::Missing, span));
        let [a, b, c] = burst();
        let records = requests([missing(15), a, b, c]);
        let expected = fired(45, (20, 45), 3);
        tells(&rules, &records, if fires { &expected } else { &[] });
    }
    // Within the window nothing is before it.
    let rules = with_none_before(two_then_fine(), none(Pick::Missing, 5));
    let [a, b, c] = burst();
    let records = requests([a, missing(30), b, c]);
    tells(&rules, &records, &fired(45, (20, 45), 3));
}

#[test]
fn a_span_reaches_back_beyond_the_timespan() {
    let rules = with_none_before(one_then_fine(), none(Pick::Missing, 86_400));
    tells_nothing(&rules, [missing(100), denied(86_500), fine(86_501)]);
    let records = requests([missing(99), denied(86_500), fine(86_501)]);
    let expected = alert("r", 24, (86_501, 2), (86_500, 86_501), 2);
    tells(&rules, &records, &[expected]);
}

#[test]
fn it_is_about_the_chains_key_unless_told_otherwise() {
    let rules = with_none_before(one_then_fine(), none(Pick::Fine, 60));
    tells_nothing(&rules, [fine(0), denied(10), fine(20)]);
    let records = requests([fine(0).ip(OTHER_IP), denied(10), fine(20)]);
    tells(&rules, &records, &fired(20, (10, 20), 2));
}

#[test]
fn it_may_be_about_more_fields_of_the_second_record() {
    let narrower = NoneBefore {
        group_by: Some(vec!["remote_ip", "requester"]),
        ..none(Pick::Fine, 60)
    };
    let rules = with_none_before(one_then_fine(), narrower);
    // Somebody else's success is nothing; his own is.
    let records = requests([fine(0).by("r2"), denied(10), fine(20).by("r1")]);
    tells(&rules, &records, &fired(20, (0, 20), 3));
    tells_nothing(&rules, [fine(0).by("r1"), denied(10), fine(20).by("r1")]);
    // Nobody is somebody, too.
    tells_nothing(&rules, [fine(0), denied(10), fine(20)]);
    // Another second record of the same second may do.
    let records = requests([
        fine(0).by("r1"),
        denied(10),
        fine(20).by("r1"),
        fine(20).by("r2"),
    ]);
    tells(&rules, &records, &fired(20, (0, 20), 4));
}

#[test]
fn what_comes_before_needs_no_rule_of_the_chain() {
    let rules = with_none_before(one_then_fine(), none(Pick::Put, 60));
    let mut failed = put(0);
    failed.status = 404;
    tells_nothing(&rules, [failed, denied(10), fine(20)]);
}

#[test]
fn both_at_once() {
    let none = none(Pick::Missing, 10);
    let rules = with_none_before(on_another_key(one_then_fine()), none);
    // The first has a miss before it, the second the same key: no choice is good.
    let miss = missing(0);
    tells_nothing(
        &rules,
        [
            miss,
            denied(5).key("a"),
            denied(20).key("b"),
            fine(30).key("b"),
        ],
    );
    let records = requests([denied(5).key("a"), denied(20).key("b"), fine(30).key("b")]);
    tells(&rules, &records, &fired(30, (5, 30), 3));
}
