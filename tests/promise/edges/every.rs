//! The edges that every type has. Each rule here needs two records within a
//! minute, a refused read and then a write, and fires with them alone.

use crate::hand::{
    DENIED, OTHER_IP, PUT, alert, denied, missing, put, requests, tells, tells_of_files,
};
use crate::oracle::{Count, Kind, Model, Ref, Rules};
use crate::run::Told;
use crate::world::{DAY, Rec};

const BY: &[&str] = &["remote_ip"];

/// A rule, and what it says of the two records.
struct Rule {
    rules: Rules,
    value: u64,
    distinct: Option<u64>,
    sum: Option<u64>,
}

fn rule(main: Count, value: u64) -> Rule {
    Rule {
        rules: Rules::of(vec![Model::new("r", main, &[DENIED, PUT], BY, 60)]),
        value,
        distinct: None,
        sum: None,
    }
}

fn event_count() -> Rule {
    rule(Count::of(Kind::EventCount).when("gte", 2), 2)
}

fn value_count() -> Rule {
    let keys = Count::of(Kind::ValueCount).values("key_name");
    Rule {
        distinct: Some(2),
        ..rule(keys.when("gte", 2), 2)
    }
}

fn value_sum() -> Rule {
    let bytes = Count::of(Kind::ValueSum).values("bytes_sent");
    Rule {
        sum: Some(10),
        ..rule(bytes.when("gte", 10), 10)
    }
}

fn value_avg() -> Rule {
    let took = Count::of(Kind::ValueAvg).values("total_time");
    Rule {
        sum: Some(8),
        ..rule(took.when("eq", 4), 4)
    }
}

/// Of two values a percentile is one: a further condition asks for both.
fn value_percentile() -> Rule {
    let took = Count::of(Kind::ValuePercentile).values("total_time");
    let mut rule = rule(took.percentile(51).when("gte", 5), 5);
    rule.rules.models[0].and = vec![Count::of(Kind::EventCount).when("gte", 2)];
    rule
}

fn temporal() -> Rule {
    rule(Count::of(Kind::Temporal), 2)
}

fn temporal_ordered() -> Rule {
    rule(Count::of(Kind::TemporalOrdered), 2)
}

/// Two buckets, each with one record within a second.
fn value_count_of_firings() -> Rule {
    let any = Count::of(Kind::EventCount).when("gte", 1);
    let both = ["remote_ip", "bucket_name"];
    let below = Model::new("below", any, &[DENIED, PUT], &both, 1);
    let buckets = Count::of(Kind::ValueCount).values("bucket_name");
    let above = Model::new("r", buckets.when("gte", 2), &[Ref::Rule(0)], BY, 60);
    Rule {
        rules: Rules::of(vec![below, above]),
        value: 2,
        distinct: Some(2),
        sum: None,
    }
}

fn temporal_ordered_of_firings() -> Rule {
    let below = |name: &str, pick: Ref| {
        let any = Count::of(Kind::EventCount).when("gte", 1);
        Model::new(name, any, &[pick], BY, 1)
    };
    let chain = Model::chain("r", &[Ref::Rule(0), Ref::Rule(1)], BY, 60);
    Rule {
        rules: Rules::of(vec![below("first", DENIED), below("then", PUT), chain]),
        value: 2,
        distinct: None,
        sum: None,
    }
}

/// The two records.
fn pair(first: i64, second: i64) -> [Rec; 2] {
    [
        denied(first).bucket("b1").key("k1").bytes(5).took(3),
        put(second).bucket("b2").key("k2").bytes(5).took(5),
    ]
}

impl Rule {
    /// The alert about them.
    fn fires(&self, hour: i64, first: i64, second: i64) -> Told {
        Told {
            distinct: self.distinct,
            sum: self.sum,
            ..alert("r", hour, (second, self.value), (first, second), 2)
        }
    }

    fn at_these(&self, first: i64, second: i64, hour: i64) {
        let records = requests(pair(first, second));
        tells(&self.rules, &records, &[self.fires(hour, first, second)]);
    }

    fn exactly_enough_fires(&self) {
        self.at_these(10, 20, 0);
    }

    fn one_short_does_not_fire(&self) {
        let [first, second] = pair(10, 20);
        tells(&self.rules, &[first], &[]);
        tells(&self.rules, &[second], &[]);
    }

    fn the_longest_time_fires(&self) {
        self.at_these(0, 59, 0);
    }

    fn a_second_more_does_not_fire(&self) {
        tells(&self.rules, &requests(pair(0, 60)), &[]);
    }

    fn one_second_is_enough(&self) {
        self.at_these(7, 7, 0);
    }

    fn across_an_hour_it_fires_in_the_second_hour(&self) {
        self.at_these(3590, 3610, 1);
        self.at_these(3599, 3600, 1);
    }

    fn across_a_day_it_fires_in_the_second_day(&self) {
        self.at_these(-1, 0, 0);
        self.at_these(-30, 29, 0);
    }

    fn a_line_delivered_twice_is_one(&self) {
        let [first, second] = pair(10, 20);
        tells(&self.rules, &[first.clone(), first.clone()], &[]);
        tells(&self.rules, &[second.clone(), second.clone()], &[]);
        let [first, second] = requests([first, second]).try_into().unwrap();
        let twice = [first.clone(), second.clone(), first, second];
        tells(&self.rules, &twice, &[self.fires(0, 10, 20)]);
    }

    fn two_keys_do_not_mix(&self) {
        let [first, second] = pair(10, 20);
        tells(&self.rules, &requests([first, second.ip(OTHER_IP)]), &[]);
    }

    fn no_address_is_a_key(&self) {
        let records = requests(pair(10, 20).map(|record| Rec { ip: None, ..record }));
        let nobody = [("remote_ip", None)];
        tells(
            &self.rules,
            &records,
            &[self.fires(0, 10, 20).about(&nobody)],
        );
    }

    fn each_hour_has_an_alert_of_its_own(&self) {
        let [first, second] = pair(10, 20);
        let [third, fourth] = pair(3700, 3710);
        let records = requests([first, second, third, fourth]);
        let expected = [self.fires(0, 10, 20), self.fires(1, 3700, 3710)];
        tells(&self.rules, &records, &expected);
    }

    fn two_files_are_one_log(&self) {
        let records = requests(pair(10, 20));
        let (first, second) = records.split_at(1);
        tells_of_files(&self.rules, &[first, second], &[self.fires(0, 10, 20)]);
        tells_of_files(&self.rules, &[second, first], &[self.fires(0, 10, 20)]);
    }

    fn a_short_period_is_as_long_as_the_timespan(&self) {
        let mut rules = self.rules.clone();
        rules.models.last_mut().unwrap().suppress = Some(7);
        let expected = Told {
            period: (DAY + 60, DAY + 120),
            ..self.fires(0, 50, 70)
        };
        tells(&rules, &requests(pair(50, 70)), &[expected]);
    }

    fn a_long_period_is_one_alert(&self) {
        let mut rules = self.rules.clone();
        rules.models.last_mut().unwrap().suppress = Some(86_400);
        // The log of a day: the pair, and hours later an end that no rule selects.
        let [first, second] = pair(3700, 3710);
        let records = requests([first, second, missing(80_000)]);
        let expected = Told {
            period: (DAY, DAY + 86_400),
            ..self.fires(1, 3700, 3710)
        };
        tells(&rules, &records, &[expected]);
    }
}

macro_rules! edges {
    ([$($rule:ident)*] $edges:tt) => { $(edges!(@ $rule $edges);)* };
    (@ $rule:ident [$($edge:ident)*]) => {
        mod $rule {
            $(#[test] fn $edge() { super::$rule().$edge(); })*
        }
    };
}

edges! {
    [
        event_count
        value_count
        value_sum
        value_avg
        value_percentile
        temporal
        temporal_ordered
        value_count_of_firings
        temporal_ordered_of_firings
    ]
    [
        exactly_enough_fires
        one_short_does_not_fire
        the_longest_time_fires
        a_second_more_does_not_fire
        one_second_is_enough
        across_an_hour_it_fires_in_the_second_hour
        across_a_day_it_fires_in_the_second_day
        a_line_delivered_twice_is_one
        two_keys_do_not_mix
        no_address_is_a_key
        each_hour_has_an_alert_of_its_own
        two_files_are_one_log
        a_short_period_is_as_long_as_the_timespan
        a_long_period_is_one_alert
    ]
}
