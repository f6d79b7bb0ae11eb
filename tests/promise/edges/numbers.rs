//! Sums, averages and percentiles.

use crate::hand::{FINE, alert, fine, requests, tells};
use crate::oracle::{Count, Kind, Model, Pick, Ref, Rules};
use crate::world::Rec;

fn of_fine(main: Count) -> Rules {
    Rules::of(vec![Model::new("r", main, &[FINE], &["remote_ip"], 60)])
}

fn sum() -> Count {
    Count::of(Kind::ValueSum).values("bytes_sent")
}

fn average() -> Count {
    Count::of(Kind::ValueAvg).values("total_time")
}

fn percentile(percent: u64) -> Count {
    Count::of(Kind::ValuePercentile)
        .values("total_time")
        .percentile(percent)
}

/// Reads of one second that took so long.
fn took<const N: usize>(times: [u64; N]) -> Vec<Rec> {
    requests(times.map(|time| fine(0).took(time)))
}

#[test]
fn a_sum_one_short_does_not_fire() {
    let rules = of_fine(sum().when("gte", 10));
    tells(&rules, &requests([fine(0).bytes(4), fine(1).bytes(5)]), &[]);
    let records = requests([fine(0).bytes(4), fine(1).bytes(6)]);
    tells(
        &rules,
        &records,
        &[alert("r", 0, (1, 10), (0, 1), 2).sum(10)],
    );
}

#[test]
fn null_adds_nothing_to_a_sum() {
    let rules = of_fine(sum().when("gte", 10));
    let records = requests([fine(0), fine(1).bytes(10), fine(2)]);
    // The records without a value are counted all the same.
    tells(
        &rules,
        &records,
        &[alert("r", 0, (1, 10), (0, 2), 3).sum(10)],
    );
}

#[test]
fn a_sum_of_nulls_is_nought() {
    let rules = of_fine(sum().when("lt", 1));
    tells(
        &rules,
        &requests([fine(5)]),
        &[alert("r", 0, (5, 0), (5, 5), 1).sum(0)],
    );
    tells(&rules, &requests([fine(5).bytes(1)]), &[]);
}

#[test]
fn a_sum_adds_equal_values() {
    let rules = of_fine(sum().when("eq", 9));
    let records = requests([3, 3, 3].map(|bytes| fine(0).bytes(bytes)));
    tells(&rules, &records, &[alert("r", 0, (0, 9), (0, 0), 3).sum(9)]);
}

#[test]
fn what_left_the_window_is_not_added() {
    let rules = of_fine(sum().when("eq", 7));
    let records = requests([fine(0).bytes(3), fine(59).bytes(4), fine(60).bytes(3)]);
    // At 59 and, without the first, at 60.
    tells(
        &rules,
        &records,
        &[alert("r", 0, (59, 7), (0, 60), 3).sum(10)],
    );
}

#[test]
fn the_sum_of_an_alert_reaches_back_a_timespan() {
    let rules = of_fine(sum().when("gte", 10));
    let records = requests([
        fine(3540).bytes(1),
        fine(3541).bytes(2),
        fine(3600).bytes(9),
        fine(3660).bytes(1),
    ]);
    // (3600 - 60, 7200): without the first.
    tells(
        &rules,
        &records,
        &[alert("r", 1, (3600, 11), (3541, 3660), 3).sum(12)],
    );
}

#[test]
fn an_average_is_compared_as_a_fraction() {
    let more = of_fine(average().when("gt", 3));
    tells(&more, &took([3, 3, 3]), &[]);
    tells(
        &more,
        &took([3, 3, 4]),
        &[alert("r", 0, (0, 3), (0, 0), 3).sum(10)],
    );
    let least = of_fine(average().when("gte", 4));
    tells(&least, &took([3, 4, 4]), &[]);
    let exactly = of_fine(average().when("eq", 3));
    tells(&exactly, &took([3, 3, 4]), &[]);
    let less = of_fine(average().when("lt", 3));
    tells(
        &less,
        &took([3, 3, 2]),
        &[alert("r", 0, (0, 2), (0, 0), 3).sum(8)],
    );
}

#[test]
fn null_is_not_averaged() {
    let rules = of_fine(average().when("gte", 4));
    let records = requests([fine(0), fine(0).took(4), fine(0)]);
    tells(&rules, &records, &[alert("r", 0, (0, 4), (0, 0), 3).sum(4)]);
}

#[test]
fn without_a_value_there_is_no_average() {
    let nothing = requests([fine(0), fine(1)]);
    for word in ["lt", "lte", "neq"] {
        tells(&of_fine(average().when(word, 5)), &nothing, &[]);
    }
    tells(&of_fine(average().when("eq", 0)), &nothing, &[]);
}

#[test]
fn an_average_fires_at_a_record_without_a_value() {
    // At 0 the first still counts; at 30 nothing is left to average.
    let rules = of_fine(average().when("gte", 4));
    let records = requests([fine(-30).took(4), fine(0), fine(30)]);
    let expected = [
        alert("r", -1, (-30, 4), (-30, -30), 1).sum(4),
        alert("r", 0, (0, 4), (-30, 30), 3).sum(4),
    ];
    tells(&rules, &records, &expected);
}

#[test]
fn an_average_falls_when_values_leave() {
    let rules = of_fine(average().when("lte", 2));
    let records = requests([fine(0).took(9), fine(59).took(2), fine(60).took(2)]);
    tells(
        &rules,
        &records,
        &[alert("r", 0, (60, 2), (0, 60), 3).sum(13)],
    );
}

#[test]
fn a_percentile_is_the_nearest_rank() {
    let cases = [
        (0, 1),
        (1, 1),
        (25, 1),
        (26, 2),
        (50, 2),
        (51, 3),
        (75, 3),
        (76, 4),
        (99, 4),
        (100, 4),
    ];
    for (percent, value) in cases {
        let rules = of_fine(percentile(percent).when("gte", 0));
        let expected = alert("r", 0, (0, value), (0, 0), 4);
        tells(&rules, &took([3, 1, 4, 2]), &[expected]);
    }
}

#[test]
fn equal_values_are_as_many_ranks() {
    for (percent, value) in [(75, 1), (76, 9), (100, 9)] {
        let rules = of_fine(percentile(percent).when("eq", value));
        let expected = alert("r", 0, (0, value), (0, 0), 4);
        tells(&rules, &took([1, 9, 1, 1]), &[expected]);
    }
}

#[test]
fn the_95th_of_twenty_is_the_nineteenth() {
    let mut records = took([1; 20]);
    for (record, time) in records.iter_mut().zip(1..) {
        record.total_time = Some(time);
    }
    for (percent, value) in [(95, 19), (96, 20)] {
        let rules = of_fine(percentile(percent).when("eq", value));
        tells(&rules, &records, &[alert("r", 0, (0, value), (0, 0), 20)]);
    }
}

#[test]
fn one_value_is_every_percentile() {
    for percent in [0, 50, 100] {
        let rules = of_fine(percentile(percent).when("eq", 7));
        tells(&rules, &took([7]), &[alert("r", 0, (0, 7), (0, 0), 1)]);
    }
}

#[test]
fn null_has_no_rank() {
    let rules = of_fine(percentile(50).when("eq", 8));
    let records = requests([fine(0), fine(0), fine(0), fine(0).took(8)]);
    tells(&rules, &records, &[alert("r", 0, (0, 8), (0, 0), 4)]);
}

#[test]
fn without_a_value_there_is_no_percentile() {
    for word in ["gte", "lt", "neq"] {
        let number = u64::from(word != "gte") * 5;
        let rules = of_fine(percentile(0).when(word, number));
        tells(&rules, &requests([fine(0)]), &[]);
    }
}

#[test]
fn a_record_twice_would_change_an_average_and_a_percentile() {
    let once = took([1, 2]);
    let twice = [once.clone(), once[1..].to_vec()].concat();
    let average = of_fine(average().when("gt", 1));
    tells(&average, &twice, &[alert("r", 0, (0, 1), (0, 0), 2).sum(3)]);
    let middle = of_fine(percentile(50).when("gte", 2));
    tells(&middle, &twice, &[]);
}

#[test]
fn a_value_counts_once_and_null_not_at_all() {
    let keys = Count::of(Kind::ValueCount).values("key_name");
    let rules = of_fine(keys.when("gte", 2));
    let few = [fine(0).key("a"), fine(1).key("a"), fine(2).no_key()];
    tells(&rules, &requests(few.clone()), &[]);
    let [first, second, third] = few;
    let records = requests([first, second, third, fine(3).key("b")]);
    tells(
        &rules,
        &records,
        &[alert("r", 0, (3, 2), (0, 3), 4).distinct(2)],
    );
}

fn three_with(further: Count) -> Rules {
    let three = Count::of(Kind::EventCount).when("gte", 3);
    let mut rules = of_fine(three);
    rules.models[0].and = vec![further];
    rules
}

#[test]
fn a_further_condition_may_be_of_every_type() {
    let records = requests([
        fine(0).bytes(5).took(1).key("a"),
        fine(1).bytes(5).took(2).key("b"),
        fine(2).bytes(5).took(6).key("b"),
    ]);
    let good = [
        Count::of(Kind::EventCount).when("eq", 3),
        Count::of(Kind::ValueCount).values("key_name").when("eq", 2),
        sum().when("eq", 15),
        average().when("eq", 3),
        percentile(67).when("eq", 6),
    ];
    for further in good {
        let expected = alert("r", 0, (2, 3), (0, 2), 3);
        tells(&three_with(further.clone()), &records, &[expected]);
        let [(_, number)] = further.condition[..] else {
            unreachable!("one comparison each")
        };
        let mut not = further;
        not.condition = vec![("neq", number)];
        tells(&three_with(not), &records, &[]);
    }
}

#[test]
fn a_further_condition_without_a_value_does_not_hold() {
    let records = requests([fine(0), fine(1), fine(2)]);
    tells(&three_with(average().when("lt", 9)), &records, &[]);
    tells(&three_with(percentile(0).when("lt", 9)), &records, &[]);
    let expected = alert("r", 0, (2, 3), (0, 2), 3);
    tells(&three_with(sum().when("lt", 9)), &records, &[expected]);
}

#[test]
fn a_further_condition_looks_at_its_own_time_and_selection() {
    let long = sum().within(600).select(Pick::Get).when("gte", 20);
    let rules = three_with(long);
    let three = [fine(500), fine(501), fine(502)];
    let [a, b, c] = three.clone();
    // (502 - 600, 502].
    let records = requests([fine(-97).bytes(20), a, b, c]);
    tells(&rules, &records, &[alert("r", 0, (502, 3), (-97, 502), 4)]);
    let [a, b, c] = three.clone();
    tells(&rules, &requests([fine(-98).bytes(20), a, b, c]), &[]);
    // A write is no read.
    let [a, b, c] = three;
    let put = crate::hand::put(0).bytes(20);
    tells(&rules, &requests([put, a, b, c]), &[]);
}

#[test]
fn a_number_is_told_by_two_detections_once() {
    let main = sum().when("gte", 5);
    let both = [FINE, Ref::Pick(Pick::Get)];
    let rules = Rules::of(vec![Model::new("r", main, &both, &["remote_ip"], 60)]);
    let records = requests([fine(0).bytes(5)]);
    tells(&rules, &records, &[alert("r", 0, (0, 5), (0, 0), 1).sum(5)]);
}
