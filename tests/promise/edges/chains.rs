//! Chains: one after the other.

use crate::hand::{
    DENIED, FINE, GET, MISSING, OTHER_IP, PUT, alert, denied, fine, missing, put, requests, tells,
    tells_of_files,
};
use crate::oracle::{Count, Kind, Model, Pick, Ref, Rules};
use crate::run::Told;
use crate::world::Rec;

const BY: &[&str] = &["remote_ip"];
const FIRST: Ref = Ref::Rule(0);
const SECOND: Ref = Ref::Rule(1);

/// A chain of detections within a minute.
fn steps(steps: &[Ref]) -> Rules {
    Rules::of(vec![Model::chain("r", steps, BY, 60)])
}

/// So many of a pick within a minute.
fn burst(name: &str, pick: Pick, least: u64) -> Model {
    Model::burst(name, pick, BY, 60, least)
}

/// A chain within two minutes over correlations that stand before it.
fn over(below: Vec<Model>, steps: &[Ref]) -> Rules {
    let chain = Model::chain("r", steps, BY, 120);
    Rules::of(below.into_iter().chain([chain]).collect())
}

/// The alert of a chain of so many steps that took all of these records.
fn fired(time: i64, steps: u64, seen: (i64, i64), count: u64) -> [Told; 1] {
    [alert("r", 0, (time, steps), seen, count)]
}

fn tells_nothing<const N: usize>(rules: &Rules, records: [Rec; N]) {
    tells(rules, &requests(records), &[]);
}

#[test]
fn the_other_way_round_is_no_chain() {
    tells_nothing(&steps(&[DENIED, PUT]), [put(0), denied(1)]);
}

#[test]
fn a_chain_may_happen_in_one_second() {
    let records = requests([put(7), denied(7)]);
    tells(&steps(&[DENIED, PUT]), &records, &fired(7, 2, (7, 7), 2));
}

#[test]
fn four_steps_in_one_second_need_four_records() {
    let rules = steps(&[DENIED, MISSING, FINE, PUT]);
    // A write that went well could serve the third and the fourth.
    tells_nothing(&rules, [denied(7), missing(7), put(7)]);
    let records = requests([denied(7), missing(7), put(7), put(7)]);
    tells(&rules, &records, &fired(7, 4, (7, 7), 4));
}

#[test]
fn no_record_serves_two_steps() {
    let rules = steps(&[DENIED, GET]);
    tells_nothing(&rules, [denied(0)]);
    let records = requests([denied(0), denied(0)]);
    tells(&rules, &records, &fired(0, 2, (0, 0), 2));
    let records = requests([denied(0), fine(0)]);
    tells(&rules, &records, &fired(0, 2, (0, 0), 2));
}

#[test]
fn the_records_of_a_second_are_given_to_the_steps_that_need_them() {
    // Only the one that the first step could take as well fits the second.
    let rules = steps(&[GET, DENIED, GET]);
    tells_nothing(&rules, [denied(0), fine(0)]);
    let records = requests([denied(0), fine(0), missing(0)]);
    tells(&rules, &records, &fired(0, 3, (0, 0), 3));
    tells_nothing(&rules, [fine(0), missing(0), fine(0)]);
}

#[test]
fn a_rule_may_stand_twice() {
    let rules = steps(&[DENIED, DENIED]);
    tells_nothing(&rules, [denied(0)]);
    let records = requests([denied(0), denied(5)]);
    tells(&rules, &records, &fired(5, 2, (0, 5), 2));
    let once = denied(0);
    tells(&rules, &[once.clone(), once], &[]);
    let between = steps(&[DENIED, FINE, DENIED]);
    tells_nothing(&between, [denied(0), denied(1), fine(2)]);
    let records = requests([denied(0), fine(2), denied(4)]);
    tells(&between, &records, &fired(4, 3, (0, 4), 3));
}

#[test]
fn all_steps_lie_within_the_timespan() {
    let rules = steps(&[DENIED, MISSING, PUT]);
    let records = requests([denied(0), missing(30), put(59)]);
    tells(&rules, &records, &fired(59, 3, (0, 59), 3));
    tells_nothing(&rules, [denied(0), missing(30), put(60)]);
    // A first step that comes again saves it.
    let records = requests([denied(0), denied(30), missing(30), put(60)]);
    tells(&rules, &records, &fired(60, 3, (0, 60), 4));
}

#[test]
fn a_chain_fires_at_every_last_step() {
    let rules = steps(&[DENIED, PUT]);
    let records = requests([denied(3590), put(3595), put(3605)]);
    let expected = [
        alert("r", 0, (3595, 2), (3590, 3595), 2),
        alert("r", 1, (3605, 2), (3590, 3605), 3),
    ];
    tells(&rules, &records, &expected);
}

#[test]
fn other_keys_are_other_chains() {
    let rules = steps(&[DENIED, PUT]);
    tells_nothing(&rules, [denied(0), put(1).ip(OTHER_IP)]);
    let all = Rules::of(vec![Model::chain("r", &[DENIED, PUT], &[], 60)]);
    let records = requests([denied(0), put(1).ip(OTHER_IP)]);
    let expected = alert("r", 0, (1, 2), (0, 1), 2).about(&[]);
    tells(&all, &records, &[expected]);
}

/// A burst of three refused reads, then one that went well.
fn burst_then_fine() -> Rules {
    over(vec![burst("b", Pick::Denied, 3)], &[FIRST, FINE])
}

#[test]
fn a_burst_and_then_a_success() {
    let rules = burst_then_fine();
    let records = requests([denied(0), denied(1), denied(2), fine(2)]);
    tells(&rules, &records, &fired(2, 2, (0, 2), 4));
    tells_nothing(&rules, [denied(0), denied(1), fine(1), denied(2)]);
    tells_nothing(&rules, [denied(0), denied(1), fine(2)]);
}

#[test]
fn what_counts_of_a_burst_is_when_it_fired() {
    let rules = burst_then_fine();
    let three = || [denied(0), denied(1), denied(50)];
    let [a, b, c] = three();
    let records = requests([a, b, c, fine(169)]);
    tells(&rules, &records, &fired(169, 2, (0, 169), 4));
    let [a, b, c] = three();
    tells_nothing(&rules, [a, b, c, fine(170)]);
}

#[test]
fn a_burst_across_an_hour_then_a_success() {
    let records = requests([denied(3598), denied(3599), denied(3600), fine(3601)]);
    let expected = alert("r", 1, (3601, 2), (3598, 3601), 4);
    tells(&burst_then_fine(), &records, &[expected]);
    let records = requests([denied(-2), denied(-1), denied(0), fine(1)]);
    tells(&burst_then_fine(), &records, &fired(1, 2, (-2, 1), 4));
}

#[test]
fn a_burst_and_its_success_from_two_files() {
    let records = requests([denied(0), fine(2), denied(1), denied(2)]);
    let expected = fired(2, 2, (0, 2), 4);
    let (first, second) = records.split_at(2);
    tells_of_files(&burst_then_fine(), &[first, second], &expected);
    tells_of_files(&burst_then_fine(), &[second, first], &expected);
}

#[test]
fn a_burst_of_another_key_is_no_first_step() {
    let rules = burst_then_fine();
    tells_nothing(
        &rules,
        [denied(0), denied(1), denied(2).ip(OTHER_IP), fine(3)],
    );
    tells_nothing(
        &rules,
        [denied(0), denied(1), denied(2), fine(3).ip(OTHER_IP)],
    );
}

#[test]
fn a_burst_of_a_longer_key_agrees_with_the_chain() {
    let by = ["remote_ip", "bucket_name"];
    let narrow = Model::burst("b", Pick::Denied, &by, 60, 2);
    let rules = over(vec![narrow], &[FIRST, PUT]);
    // One in each bucket is no burst; two in one are, whatever bucket comes then.
    tells_nothing(&rules, [denied(0), denied(1).bucket("x"), put(2)]);
    let records = requests([denied(0), denied(1), put(2).bucket("x")]);
    tells(&rules, &records, &fired(2, 2, (0, 2), 3));
}

#[test]
fn a_detection_takes_nothing_that_a_burst_of_its_second_selects() {
    let rules = over(vec![burst("b", Pick::Denied, 2)], &[FIRST, GET]);
    // Two would be enough, yet the third of the second is of the burst, too.
    tells_nothing(&rules, [denied(0), denied(1), denied(1), denied(1)]);
    let records = requests([denied(0), denied(1), denied(2)]);
    tells(&rules, &records, &fired(2, 2, (0, 2), 3));
    let records = requests([denied(0), denied(1), fine(1)]);
    tells(&rules, &records, &fired(1, 2, (0, 1), 3));
}

#[test]
fn nor_does_one_after_another_step_of_that_second() {
    let rules = over(vec![burst("b", Pick::Denied, 2)], &[FIRST, PUT, GET]);
    tells_nothing(&rules, [denied(0), denied(1), denied(1), put(1)]);
    let records = requests([denied(0), denied(1), put(1), missing(1)]);
    tells(&rules, &records, &fired(1, 3, (0, 1), 4));
    let records = requests([denied(0), denied(1), put(1), denied(2)]);
    tells(&rules, &records, &fired(2, 3, (0, 2), 4));
}

#[test]
fn a_burst_after_a_detection_does_not_count_what_that_selects() {
    let rules = over(vec![burst("b", Pick::Get, 2)], &[DENIED, FIRST]);
    // All that were refused in the second are of the first step, the taken one
    // and the others.
    tells_nothing(&rules, [denied(0), denied(0), denied(0), fine(0)]);
    let records = requests([denied(0), fine(0), fine(0)]);
    tells(&rules, &records, &fired(0, 2, (0, 0), 3));
}

#[test]
fn a_later_burst_counts_from_the_preceding_step_on() {
    let rules = over(vec![burst("b", Pick::Denied, 3)], &[PUT, FIRST]);
    tells_nothing(&rules, [denied(0), put(1), denied(2), denied(3)]);
    let records = requests([denied(0), put(1), denied(2), denied(3), denied(4)]);
    tells(&rules, &records, &fired(4, 2, (0, 4), 5));
    // From its second on.
    let records = requests([denied(1), put(1), denied(2), denied(3)]);
    tells(&rules, &records, &fired(3, 2, (1, 3), 4));
}

#[test]
fn a_later_burst_does_not_count_what_the_preceding_step_selects_in_its_second() {
    let rules = over(vec![burst("b", Pick::Denied, 2)], &[DENIED, FIRST]);
    // Three in the second of the first step, one later: the burst has that one.
    tells_nothing(&rules, [denied(0), denied(0), denied(0), denied(1)]);
    let records = requests([denied(0), denied(1), denied(1)]);
    tells(&rules, &records, &fired(1, 2, (0, 1), 3));
}

#[test]
fn a_later_burst_counts_what_another_step_selects_in_other_seconds() {
    // The first step selects refused reads, but happened at 0: those of 5, the
    // second of the step before the burst, are the burst's.
    let rules = over(vec![burst("b", Pick::Denied, 2)], &[DENIED, PUT, FIRST]);
    let records = requests([denied(0), put(5), denied(5), denied(6)]);
    tells(&rules, &records, &fired(6, 3, (0, 6), 4));
    // Where the first step happened at 5 itself, they are not.
    tells_nothing(&rules, [put(5), denied(5), denied(6)]);
}

#[test]
fn two_bursts_one_after_the_other() {
    let below = || vec![burst("b", Pick::Denied, 2), burst("c", Pick::Put, 2)];
    let rules = over(below(), &[FIRST, SECOND]);
    tells_nothing(&rules, [denied(0), put(1), denied(2), put(3)]);
    let records = requests([denied(0), put(1), denied(2), put(3), put(4)]);
    tells(&rules, &records, &fired(4, 2, (0, 4), 5));
    // All of it in one second.
    let records = requests([put(0), put(0), denied(0), denied(0)]);
    tells(&rules, &records, &fired(0, 2, (0, 0), 4));
}

#[test]
fn a_burst_after_a_burst_of_the_same_needs_records_of_its_own() {
    let rules = over(vec![burst("b", Pick::Denied, 2)], &[FIRST, FIRST]);
    // The first fires at 1; from 2 on there is one.
    tells_nothing(&rules, [denied(0), denied(1), denied(2)]);
    let records = requests([denied(0), denied(1), denied(2), denied(3)]);
    tells(&rules, &records, &fired(3, 2, (0, 3), 4));
    tells_nothing(&rules, [denied(0), denied(0), denied(0), denied(0)]);
}

#[test]
fn a_sum_as_a_step_counts_from_the_preceding_step_on() {
    let sum = Count::of(Kind::ValueSum).values("bytes_sent");
    let much = Model::new("s", sum.when("gte", 10), &[GET], BY, 60);
    let rules = over(vec![much], &[PUT, FIRST]);
    tells_nothing(&rules, [fine(0).bytes(9), put(1), fine(2).bytes(9)]);
    let records = requests([fine(0).bytes(9), put(1), fine(1).bytes(1), fine(2).bytes(9)]);
    tells(&rules, &records, &fired(2, 2, (0, 2), 4));
}

#[test]
fn a_step_that_must_be_few_may_fire_because_of_what_is_left_out() {
    // One refused read within a minute, no more: as if the two before the write
    // had not been.
    let one = Count::of(Kind::EventCount).when("eq", 1);
    let few = Model::new("f", one, &[DENIED], BY, 60);
    let rules = over(vec![few], &[PUT, FIRST]);
    let records = requests([denied(0), denied(1), put(2), denied(3)]);
    tells(&rules, &records, &fired(3, 2, (0, 3), 4));
}

#[test]
fn further_conditions_of_a_later_step_count_from_the_preceding_step_on() {
    let mut few = burst("b", Pick::Denied, 1);
    few.and = vec![Count::of(Kind::EventCount).within(600).when("gte", 3)];
    let rules = over(vec![few], &[PUT, FIRST]);
    tells_nothing(&rules, [denied(0), denied(1), put(2), denied(3)]);
    let records = requests([denied(0), put(2), denied(3), denied(4), denied(5)]);
    tells(&rules, &records, &fired(5, 2, (0, 5), 5));
}

#[test]
fn further_conditions_of_a_chain_count_the_records_of_all_steps() {
    let mut rules = burst_then_fine();
    let further = Count::of(Kind::EventCount).select(Pick::Denied);
    rules.models[1].and = vec![further.within(300).when("gte", 4)];
    tells_nothing(&rules, [denied(0), denied(1), denied(2), fine(3)]);
    let records = requests([denied(-200), denied(0), denied(1), denied(2), fine(3)]);
    tells(&rules, &records, &fired(3, 2, (-200, 3), 5));
}

#[test]
fn a_chain_as_the_later_step_of_a_chain_begins_behind_the_preceding_step() {
    let inner = Model::chain("i", &[DENIED, FINE], BY, 60);
    let rules = over(vec![inner], &[PUT, FIRST]);
    // A write that went well would serve the inner chain's second step.
    tells_nothing(&rules, [denied(0), put(1), fine(2)]);
    let records = requests([put(1), denied(2), fine(3)]);
    tells(&rules, &records, &fired(3, 2, (1, 3), 3));
    tells_nothing(&rules, [denied(0), put(1), denied(3)]);
    let records = requests([put(1), denied(1), fine(1)]);
    tells(&rules, &records, &fired(1, 2, (1, 1), 3));
}

#[test]
fn a_chain_as_the_first_step_of_a_chain() {
    let inner = Model::chain("i", &[DENIED, MISSING], BY, 60);
    let rules = over(vec![inner], &[FIRST, FINE]);
    let records = requests([denied(0), missing(5), fine(5)]);
    tells(&rules, &records, &fired(5, 2, (0, 5), 3));
    tells_nothing(&rules, [denied(0), fine(4), missing(5)]);
}
