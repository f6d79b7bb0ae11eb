//! Correlations of correlations, aliases, and who raises alerts.

use crate::hand::{DENIED, GET, IP, OTHER_IP, PUT, alert, denied, missing, put, requests, tells};
use crate::oracle::{Alias, Count, Kind, Model, Pick, Ref, Rules};
use crate::run::Told;

const BY: &[&str] = &["remote_ip"];
const BOTH: &[&str] = &["remote_ip", "bucket_name"];
const BELOW: Ref = Ref::Rule(0);

/// Two refused reads of a bucket within a minute.
fn two(name: &str) -> Model {
    Model::burst(name, Pick::Denied, BOTH, 60, 2)
}

/// A count of such bursts within five minutes.
fn over_two(main: Count) -> Rules {
    let above = Model::new("r", main, &[BELOW], BY, 300);
    Rules::of(vec![two("b"), above])
}

fn buckets() -> Count {
    Count::of(Kind::ValueCount).values("bucket_name")
}

fn firings() -> Count {
    Count::of(Kind::EventCount)
}

#[test]
fn bursts_in_two_buckets_are_two_values() {
    let rules = over_two(buckets().when("gte", 2));
    let records = requests([
        denied(0).bucket("b1"),
        denied(1).bucket("b1"),
        denied(10).bucket("b2"),
        denied(11).bucket("b2"),
    ]);
    tells(
        &rules,
        &records,
        &[alert("r", 0, (11, 2), (0, 11), 4).distinct(2)],
    );
}

#[test]
fn bursts_in_one_bucket_are_one_value() {
    let rules = over_two(buckets().when("gte", 2));
    let records = requests([
        denied(0).bucket("b1"),
        denied(1).bucket("b1"),
        denied(2).bucket("b1"),
        denied(3).bucket("b2"),
    ]);
    tells(&rules, &records, &[]);
}

#[test]
fn the_values_of_an_alert_are_those_of_firings_only() {
    let rules = over_two(buckets().when("gte", 1));
    let records = requests([denied(0), denied(1), denied(2).bucket("alone")]);
    // Three records are below it, one value fired.
    tells(
        &rules,
        &records,
        &[alert("r", 0, (1, 1), (0, 2), 3).distinct(1)],
    );
}

#[test]
fn every_firing_counts_and_not_every_alert() {
    let rules = over_two(firings().when("gte", 3));
    tells(&rules, &requests([denied(0), denied(1), denied(2)]), &[]);
    let records = requests([denied(0), denied(1), denied(2), denied(3)]);
    tells(&rules, &records, &[alert("r", 0, (3, 3), (0, 3), 4)]);
}

#[test]
fn a_second_fires_once_a_key() {
    let rules = over_two(firings().when("gte", 2));
    tells(&rules, &requests([denied(0), denied(0), denied(0)]), &[]);
    let records = requests([
        denied(0),
        denied(0),
        denied(0).bucket("x"),
        denied(0).bucket("x"),
    ]);
    tells(&rules, &records, &[alert("r", 0, (0, 2), (0, 0), 4)]);
}

#[test]
fn firings_leave_the_window_by_the_time_they_fired() {
    let rules = over_two(firings().when("eq", 2));
    // They fire at 50 and at 349; the records reach back to 0.
    let records = requests([denied(0), denied(50), denied(300), denied(349)]);
    tells(&rules, &records, &[alert("r", 0, (349, 2), (0, 349), 4)]);
    let records = requests([denied(0), denied(50), denied(300), denied(350)]);
    tells(&rules, &records, &[]);
}

#[test]
fn a_firing_in_the_next_hour_is_of_the_next_hour() {
    let rules = over_two(firings().when("gte", 2));
    let records = requests([denied(3590), denied(3595), denied(3605)]);
    tells(
        &rules,
        &records,
        &[alert("r", 1, (3605, 2), (3590, 3605), 3)],
    );
}

#[test]
fn records_and_firings_are_counted_together() {
    let main = firings().when("gte", 2);
    let above = Model::new("r", main, &[BELOW, PUT], BY, 300);
    let rules = Rules::of(vec![two("b"), above]);
    tells(&rules, &requests([denied(0), put(1)]), &[]);
    let records = requests([denied(0), denied(1), put(2)]);
    tells(&rules, &records, &[alert("r", 0, (2, 2), (0, 2), 3)]);
}

#[test]
fn a_record_below_two_rules_is_one_record() {
    let reads = Model::burst("c", Pick::Get, BOTH, 60, 2);
    let main = firings().when("gte", 2);
    let above = Model::new("r", main, &[BELOW, Ref::Rule(1)], BY, 300);
    let rules = Rules::of(vec![two("b"), reads, above]);
    // Two firings, over the same two records.
    let records = requests([denied(0), denied(1)]);
    tells(&rules, &records, &[alert("r", 0, (1, 2), (0, 1), 2)]);
}

#[test]
fn further_conditions_count_records_and_no_firings() {
    let mut rules = over_two(firings().when("gte", 1));
    rules.models[1].and = vec![firings().when("gte", 3)];
    tells(&rules, &requests([denied(0), denied(1)]), &[]);
    // A record of a bucket without a burst is below it, and of its key.
    let records = requests([denied(0).bucket("x"), denied(1), denied(2)]);
    tells(&rules, &records, &[alert("r", 0, (2, 1), (0, 2), 3)]);
}

#[test]
fn three_stories() {
    let main = firings().when("gte", 1);
    let top = Model::new("top", main, &[Ref::Rule(1)], &[], 600);
    let mut rules = over_two(buckets().when("gte", 2));
    rules.models.push(top);
    let records = requests([
        denied(0).bucket("b1"),
        denied(0).bucket("b1"),
        denied(9).bucket("b2"),
        denied(9).bucket("b2"),
        denied(20).ip(OTHER_IP),
    ]);
    // All addresses are one key, the one that did nothing more included.
    let expected = alert("top", 0, (9, 1), (0, 20), 5).about(&[]);
    tells(&rules, &records, &[expected]);
}

/// `r` over a burst over refused reads.
fn who_generates(above: bool, below: bool) -> Rules {
    let mut rules = over_two(firings().when("gte", 1));
    rules.models[0].generate = below;
    rules.models[1].generate = above;
    rules
}

#[test]
fn what_is_named_raises_no_alerts_unless_told_to() {
    let records = requests([denied(0), denied(1)]);
    let top = alert("r", 0, (1, 1), (0, 1), 2);
    let key = [("remote_ip", Some(IP)), ("bucket_name", Some("b"))];
    let burst = alert("b", 0, (1, 2), (0, 1), 2).about(&key);
    let each = alert("p-denied", 0, (0, 1), (0, 1), 2).about(&[]);
    let alerts = |above, below, expected: &[Told]| {
        tells(&who_generates(above, below), &records, expected);
    };
    alerts(false, false, std::slice::from_ref(&top));
    alerts(true, false, &[burst.clone(), top.clone()]);
    alerts(false, true, &[each.clone(), top.clone()]);
    alerts(true, true, &[burst.clone(), each.clone(), top.clone()]);
}

#[test]
fn a_rule_that_one_of_two_silences_is_silent() {
    let mut loud = Model::burst("loud", Pick::Denied, BY, 60, 9);
    loud.generate = true;
    let quiet = Model::burst("quiet", Pick::Denied, BY, 60, 9);
    let records = requests([denied(0)]);
    let each = alert("p-denied", 0, (0, 1), (0, 0), 1).about(&[]);
    tells(&Rules::of(vec![loud.clone()]), &records, &[each]);
    tells(&Rules::of(vec![loud, quiet]), &records, &[]);
}

/// Refused by address, written by requester, one name for both.
fn alike(main: Count, second: Ref) -> Rules {
    let mut model = Model::new("r", main, &[DENIED, second], &["who"], 60);
    let fields = vec![(DENIED, "remote_ip"), (second, "requester")];
    model.aliases = vec![Alias {
        name: "who",
        fields,
    }];
    Rules::of(vec![model])
}

#[test]
fn an_alias_joins_fields_that_are_called_differently() {
    let rules = alike(Count::of(Kind::Temporal), PUT);
    let records = requests([denied(0), put(1).by(OTHER_IP)]);
    tells(&rules, &records, &[]);
    let records = requests([denied(0), put(1).ip(OTHER_IP).by(IP)]);
    let expected = alert("r", 0, (1, 2), (0, 1), 2).about(&[("who", Some(IP))]);
    tells(&rules, &records, &[expected]);
}

#[test]
fn an_alias_joins_what_is_null_in_each() {
    let rules = alike(Count::of(Kind::Temporal), PUT);
    let nobody = |record| crate::world::Rec { ip: None, ..record };
    let records = requests([nobody(denied(0)), put(1)]);
    let expected = alert("r", 0, (1, 2), (0, 1), 2).about(&[("who", None)]);
    tells(&rules, &records, &[expected]);
}

#[test]
fn a_record_has_a_key_by_each_rule_that_selects_it() {
    let rules = alike(firings().when("gte", 1), GET);
    let who = |who| alert("r", 0, (0, 1), (0, 0), 1).about(&[("who", Some(who))]);
    let records = requests([denied(0).by("r1")]);
    tells(&rules, &records, &[who(IP), who("r1")]);
    // Of one key it is one record.
    tells(&rules, &requests([denied(0).by(IP)]), &[who(IP)]);
}

#[test]
fn an_alias_in_a_chain_is_of_the_step() {
    let rules = alike(Count::of(Kind::TemporalOrdered), PUT);
    let records = requests([denied(0), put(0).by(IP), put(1).by(OTHER_IP)]);
    let expected = alert("r", 0, (0, 2), (0, 0), 2).about(&[("who", Some(IP))]);
    tells(&rules, &records, &[expected]);
}

#[test]
fn an_alias_names_the_group_by_of_a_correlation() {
    let burst = Model::burst("b", Pick::Denied, BY, 60, 2);
    let main = Count::of(Kind::Temporal);
    let mut above = Model::new("r", main, &[BELOW, PUT], &["who"], 60);
    above.aliases = vec![Alias {
        name: "who",
        fields: vec![(BELOW, "remote_ip"), (PUT, "requester")],
    }];
    let rules = Rules::of(vec![burst, above]);
    let records = requests([denied(0), denied(1), put(2).by(IP)]);
    let expected = alert("r", 0, (2, 2), (0, 2), 3).about(&[("who", Some(IP))]);
    tells(&rules, &records, &[expected]);
    tells(&rules, &requests([denied(0), denied(1), put(2)]), &[]);
}

#[test]
fn a_detection_that_only_an_inner_rule_names_is_silent_too() {
    let mut rules = over_two(firings().when("gte", 9));
    rules.alone = vec![Pick::Missing];
    let records = requests([denied(0), missing(1)]);
    // The other detection of the file is named by nobody.
    let each = alert("p-missing", 0, (1, 1), (1, 1), 1).about(&[]);
    tells(&rules, &records, &[each]);
}

/// One record is a firing of each of two rules, and an alias calls a field of one
/// what it calls another field of the other.
#[test]
fn one_record_may_bring_two_values() {
    let yaml = "\
title: a
name: a
logsource: {product: aws, service: s3_server_access}
detection: {sel: {http_status: 403}, condition: sel}
---
title: b
name: b
correlation: {type: event_count, rules: [a], group-by: [requester], timespan: 60s, condition: {gte: 1}}
---
title: c
name: c
correlation: {type: event_count, rules: [a], group-by: [remote_ip], timespan: 60s, condition: {gte: 1}}
---
title: r
name: r
correlation:
  type: value_count
  rules: [b, c]
  aliases: {who: {b: requester, c: remote_ip}}
  timespan: 60s
  condition: {field: who, gte: 2}
";
    let log = crate::world::log(&requests([denied(0).by("r1")]));
    let told = crate::run::whole(&crate::run::compile(yaml), &log).seen();
    let [alert] = &told[..] else {
        panic!("{told:?}");
    };
    assert_eq!((alert.distinct, alert.count), (Some(2), 1));
}
