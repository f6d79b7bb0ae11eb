//! Temporal: several rules within a time, in any order.

use crate::hand::{
    DENIED, FINE, GET, MISSING, PUT, alert, denied, fine, missing, put, requests, tells,
};
use crate::oracle::{Count, Kind, Model, Pick, Ref, Rules};

fn within_a_minute(rules: &[Ref], main: Count) -> Rules {
    Rules::of(vec![Model::new("r", main, rules, &["remote_ip"], 60)])
}

fn all(rules: &[Ref]) -> Rules {
    within_a_minute(rules, Count::of(Kind::Temporal))
}

#[test]
fn the_order_does_not_matter() {
    let records = requests([put(0), denied(5)]);
    tells(
        &all(&[DENIED, PUT]),
        &records,
        &[alert("r", 0, (5, 2), (0, 5), 2)],
    );
}

#[test]
fn one_rule_many_times_is_one() {
    let records = requests([denied(0), denied(1), denied(2)]);
    tells(&all(&[DENIED, PUT]), &records, &[]);
}

#[test]
fn a_record_may_stand_for_several_rules() {
    let records = requests([denied(3)]);
    tells(
        &all(&[DENIED, GET]),
        &records,
        &[alert("r", 0, (3, 2), (3, 3), 1)],
    );
}

#[test]
fn without_a_condition_all_must_be_there() {
    let three = [DENIED, MISSING, PUT];
    tells(&all(&three), &requests([denied(0), missing(1)]), &[]);
    let records = requests([denied(0), missing(1), put(2)]);
    tells(&all(&three), &records, &[alert("r", 0, (2, 3), (0, 2), 3)]);
}

#[test]
fn a_condition_says_how_many() {
    let three = [DENIED, MISSING, PUT];
    let two = within_a_minute(&three, Count::of(Kind::Temporal).when("gte", 2));
    tells(&two, &requests([missing(0), missing(1)]), &[]);
    let records = requests([missing(0), missing(1), put(2), denied(3)]);
    // The value is that of the earliest firing.
    tells(&two, &records, &[alert("r", 0, (2, 2), (0, 3), 4)]);
    let one = within_a_minute(&three, Count::of(Kind::Temporal).when("lt", 2));
    tells(&one, &requests([put(0), denied(0)]), &[]);
    tells(
        &one,
        &requests([put(4), put(4)]),
        &[alert("r", 0, (4, 1), (4, 4), 2)],
    );
}

#[test]
fn a_rule_leaves_with_its_last_record() {
    let rules = all(&[DENIED, FINE]);
    let records = requests([denied(0), denied(1), fine(60)]);
    tells(&rules, &records, &[alert("r", 0, (60, 2), (0, 60), 3)]);
    tells(&rules, &requests([denied(0), denied(0), fine(60)]), &[]);
}

#[test]
fn further_conditions_count_the_records_of_all_its_rules() {
    let mut rules = all(&[DENIED, PUT]);
    rules.models[0].and = vec![Count::of(Kind::EventCount).when("gte", 3)];
    tells(&rules, &requests([denied(0), put(1)]), &[]);
    let records = requests([denied(0), put(1), put(2)]);
    tells(&rules, &records, &[alert("r", 0, (2, 2), (0, 2), 3)]);
    // Not those of no rule of it.
    tells(&rules, &requests([denied(0), missing(0), put(1)]), &[]);
}

#[test]
fn a_firing_stands_for_its_rule() {
    let by = ["remote_ip", "bucket_name"];
    let two = Model::burst("two", Pick::Denied, &by, 10, 2);
    let main = Count::of(Kind::Temporal);
    let both = Model::new("r", main, &[Ref::Rule(0), PUT], &["remote_ip"], 60);
    let rules = Rules::of(vec![two, both]);
    tells(&rules, &requests([put(0), denied(5)]), &[]);
    let other = denied(6).bucket("other");
    tells(&rules, &requests([put(0), denied(5), other]), &[]);
    let records = requests([put(0), denied(5), denied(6)]);
    tells(&rules, &records, &[alert("r", 0, (6, 2), (0, 6), 3)]);
    // What counts is when it fired: 59 after the write, not a minute.
    let records = requests([put(0), denied(50), denied(59)]);
    tells(&rules, &records, &[alert("r", 0, (59, 2), (0, 59), 3)]);
    tells(&rules, &requests([put(0), denied(51), denied(60)]), &[]);
}
