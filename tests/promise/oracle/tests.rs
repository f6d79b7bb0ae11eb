//! The oracle's own parts, held to values worked out by hand. What alerts come of
//! them is held in `edges`.

use super::meaning::each_once;
use super::model::{Count, Kind, Model, Pick, Ref, Rules};
use super::value::Value;
use crate::hand::{DENIED, FINE, GET, PUT, denied, fine, put, requests};
use crate::world::{DAY, Rec};

const BY: &[&str] = &["remote_ip"];

/// Seconds of the day at which the last of the rules fires, and the values.
fn firings<const N: usize>(rules: &[Model], records: [Rec; N]) -> Vec<(i64, u64)> {
    let rules = Rules::of(rules.to_vec());
    let records = requests(records);
    let firings = rules.firings(rules.models.last().unwrap(), &each_once(&records));
    let told = |firing: super::meaning::Firing| (firing.time - DAY, firing.value);
    firings.into_iter().map(told).collect()
}

fn bytes(kind: Kind) -> Count {
    Count::of(kind).values("bytes_sent")
}

#[test]
fn aggregates_measure() {
    let records = [
        fine(0).bytes(1).key("a"),
        fine(0).bytes(4).key("a"),
        fine(0).bytes(5).no_key(),
        fine(0).key("b"),
    ];
    let all: Vec<&Rec> = records.iter().collect();
    let all: Vec<&&Rec> = all.iter().collect();
    let measure = |count: Count| count.measure(&all);
    let whole = |number| Some(Value::whole(number));
    assert_eq!(measure(Count::of(Kind::EventCount)), whole(4));
    assert_eq!(
        measure(Count::of(Kind::ValueCount).values("key_name")),
        whole(2)
    );
    assert_eq!(measure(bytes(Kind::ValueSum)), whole(10));
    assert_eq!(
        measure(bytes(Kind::ValueAvg)),
        Some(Value { sum: 10, of: 3 })
    );
    for (percent, number) in [(0, 1), (33, 1), (34, 4), (66, 4), (67, 5), (100, 5)] {
        let count = bytes(Kind::ValuePercentile).percentile(percent);
        assert_eq!(measure(count), whole(number), "{percent}");
    }
}

#[test]
fn without_numbers_only_a_sum_is_measured() {
    let record = fine(0);
    let all = [&&record];
    assert_eq!(bytes(Kind::ValueSum).measure(&all), Some(Value::whole(0)));
    assert_eq!(bytes(Kind::ValueAvg).measure(&all), None);
    let middle = bytes(Kind::ValuePercentile).percentile(50);
    assert_eq!(middle.measure(&all), None);
}

#[test]
fn comparisons_are_those_of_fractions() {
    let third = Value { sum: 10, of: 3 };
    let words = ["gt", "gte", "lt", "lte", "eq", "neq"];
    let hold = |number| -> Vec<&str> {
        let holds =
            |word: &&&'static str| Count::of(Kind::ValueAvg).when(word, number).holds(third);
        words.iter().filter(holds).copied().collect()
    };
    assert_eq!(hold(3), ["gt", "gte", "neq"]);
    assert_eq!(hold(4), ["lt", "lte", "neq"]);
    assert_eq!(third.floor(), 3);
}

#[test]
fn a_burst_fires_at_every_record_while_there_are_enough() {
    let burst = Model::burst("b", Pick::Denied, BY, 10, 2);
    let records = [0, 5, 10, 19, 30, 30].map(denied);
    // At 10 the first has left, at 19 the one at 10 is left, at 30 there are two.
    assert_eq!(
        firings(&[burst], records),
        [(5, 2), (10, 2), (19, 2), (30, 2)]
    );
}

#[test]
fn a_chain_fires_at_every_time_of_its_last_step() {
    let chain = Model::chain("c", &[DENIED, PUT], BY, 10);
    let records = [
        put(0),
        denied(1),
        put(1),
        put(10),
        put(11),
        denied(20),
        put(22),
    ];
    assert_eq!(firings(&[chain], records), [(1, 2), (10, 2), (22, 2)]);
}

#[test]
fn three_records_of_a_second_are_two_steps_and_no_four() {
    let chain = |steps: &[Ref]| [Model::chain("c", steps, BY, 10)];
    let three = || [denied(0), denied(0), denied(0)];
    assert_eq!(firings(&chain(&[DENIED, GET, DENIED]), three()), [(0, 3)]);
    assert_eq!(firings(&chain(&[DENIED, GET, DENIED, GET]), three()), []);
}

#[test]
fn a_later_step_fires_as_if_nothing_had_been_before() {
    let burst = Model::burst("b", Pick::Denied, BY, 60, 2);
    let then = Model::chain("c", &[PUT, Ref::Rule(0)], BY, 60);
    let records = || [denied(0), put(2), denied(3), denied(4), put(5), denied(6)];
    assert_eq!(
        firings(std::slice::from_ref(&burst), records()),
        [(3, 2), (4, 3), (6, 4)]
    );
    assert_eq!(firings(&[burst, then], records()), [(4, 2), (6, 2)]);
}

#[test]
fn firings_of_firings() {
    let both = ["remote_ip", "bucket_name"];
    let burst = Model::burst("b", Pick::Denied, &both, 10, 2);
    let count = Count::of(Kind::EventCount).when("gte", 1);
    let above = Model::new("a", count, &[Ref::Rule(0), FINE], BY, 5);
    let other = |time| denied(time).bucket("other");
    let records = [denied(0), denied(1), other(1), other(1), fine(3), denied(6)];
    // Two buckets at 1; at 3 a record beside them; at 6 those of 1 have left.
    assert_eq!(firings(&[burst, above], records), [(1, 2), (3, 3), (6, 2)]);
}
