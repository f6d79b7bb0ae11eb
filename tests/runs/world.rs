//! Small logs over weeks, and rules of every kind that a state file matters to.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use s3sentry::alert::Level;
use s3sentry::baseline::{self, DAY, HOUR};
use s3sentry::rule::{self, RuleSet};
use s3sentry::settings::Settings;

/// Monday, 3 February 2025.
pub const START: i64 = 1_738_540_800;

/// How late a record may come, seconds.
pub const LATENESS: i64 = 6 * HOUR;

pub const RULES: &str = r"
title: First client of a principal
name: own-new-client
level: low
logsource: {product: aws, service: s3_server_access}
detection: {served: {ok: true}, condition: served}
s3sentry:
  suppress: 24h
  new_value: {field: user_agent_family, group-by: principal}
---
title: First bucket of a principal
name: own-new-bucket
level: low
logsource: {product: aws, service: s3_server_access}
detection: {served: {ok: true}, condition: served}
s3sentry:
  new_value: {field: bucket_name, group-by: principal}
---
title: Served a stranger
name: own-stranger-served
logsource: {product: aws, service: s3_server_access}
detection: {served: {ok: true, stranger: true}, condition: served}
---
title: By a stranger
name: own-by-stranger
correlation: {type: event_count, rules: [own-stranger-served], group-by: [principal, remote_net], timespan: 1h, condition: {gte: 1}}
---
title: Often by a stranger
name: own-strangers-read
correlation: {type: value_count, rules: [own-stranger-served], group-by: [bucket_name], timespan: 3d, condition: {gte: 2, field: remote_ip}}
---
title: Read
name: own-read
logsource: {product: aws, service: s3_server_access}
detection: {served: {ok: true, operation_class: read}, condition: served}
---
title: Much more than usual
name: own-much
correlation: {type: value_sum, rules: [own-read], group-by: [principal, bucket_name], timespan: 1h, condition: {gte: 2000, field: bytes_out}}
s3sentry: {baseline: {times: 2}}
---
title: Slowly more than usual
name: own-slow
correlation: {type: value_sum, rules: [own-read], group-by: [principal, bucket_name], timespan: 6h, condition: {gte: 2000, field: bytes_out}}
s3sentry: {suppress: 24h, baseline: {times: 2, hours: 2}}
---
title: Refused
name: own-refused
logsource: {product: aws, service: s3_server_access}
detection: {refused: {http_status: 403}, condition: refused}
---
title: Burst of refusals
name: own-burst
correlation: {type: event_count, rules: [own-refused], group-by: [remote_ip], timespan: 10m, condition: {gte: 3}}
---
title: Often refused
name: own-often-refused
correlation: {type: event_count, rules: [own-refused], group-by: [remote_ip], timespan: 20m, condition: {gte: 3}}
---
title: Refused and then served
name: own-got-in
correlation: {type: temporal_ordered, rules: [own-burst, own-read], group-by: [remote_ip], timespan: 1h}
---
title: Refused, a single one
name: own-any-refused
logsource: {product: aws, service: s3_server_access}
detection: {refused: {http_status: 403, bucket_name: secret}, condition: refused}
";

/// Other rules: one has another threshold.
pub fn other_rules() -> String {
    RULES.replace(
        "timespan: 20m, condition: {gte: 3}",
        "timespan: 20m, condition: {gte: 4}",
    )
}

/// Compiles rules that have learned after three days and remember for six.
pub fn compile(yaml: &str) -> Arc<RuleSet> {
    let documents = rule::load::read("r.yml", yaml.as_bytes()).unwrap();
    let settings = Settings::parse("", Path::new("s3sentry.toml")).unwrap();
    let days = baseline::Options {
        learn_days: 3,
        memory_days: 6,
    };
    let set =
        rule::compile_with_baseline(&documents, &Arc::new(settings), Level::Informational, days);
    Arc::new(set.unwrap())
}

pub static SET: LazyLock<Arc<RuleSet>> = LazyLock::new(|| compile(RULES));

/// A request.
#[derive(Debug, Clone, PartialEq)]
pub struct Rec {
    pub time: i64,
    /// Seconds after which its line comes.
    pub delay: i64,
    pub who: &'static str,
    pub ip: &'static str,
    pub bucket: &'static str,
    pub agent: &'static str,
    pub status: u16,
    pub bytes: u64,
    pub id: String,
}

impl Rec {
    pub fn line(&self) -> String {
        let at = chrono::DateTime::from_timestamp(self.time, 0).unwrap();
        let at = at.format("%d/%b/%Y:%H:%M:%S +0000");
        let Self {
            who,
            ip,
            bucket,
            agent,
            status,
            bytes,
            id,
            ..
        } = self;
        format!(
            "o {bucket} [{at}] {ip} arn:aws:iam::111122223333:user/{who} {id} REST.GET.OBJECT k \
             \"GET /k HTTP/1.1\" {status} - {bytes} {bytes} 1 1 \"-\" \"{agent}\" - H SigV4 C \
             AuthHeader {bucket}.s3.eu-west-1.amazonaws.com TLSv1.3 - -\n"
        )
    }

    /// When its line comes.
    pub fn arrival(&self) -> i64 {
        self.time + self.delay
    }
}

/// What everybody does every day.
pub fn ordinary(time: i64, id: impl std::fmt::Display) -> Rec {
    Rec {
        time,
        delay: 0,
        who: "app",
        ip: "198.51.100.7",
        bucket: "data",
        agent: "aws-cli/2.15",
        status: 200,
        bytes: 1000,
        id: format!("O{id}"),
    }
}

pub fn at(day: i64, hour: i64) -> i64 {
    START + day * DAY + hour * HOUR
}

/// A record weeks later: after it everything before is final.
pub fn sentinel() -> Rec {
    ordinary(START + 60 * DAY, "sentinel")
}

prop_compose! {
    fn record()(
        day in 0i64..21,
        second in prop_oneof![
            4 => (8i64..12, 0i64..900).prop_map(|(hour, second)| hour * HOUR + second),
            2 => (0i64..24, -5i64..5).prop_map(|(hour, second)| hour * HOUR + second),
            1 => 0i64..DAY,
        ],
        delay in prop_oneof![3 => Just(0), 2 => 0i64..600, 2 => 0i64..=LATENESS, 1 => Just(LATENESS)],
        who in prop::sample::select(&["app", "app", "ann", "bob"][..]),
        ip in prop::sample::select(
            &["198.51.100.7", "198.51.100.7", "198.51.100.8", "203.0.113.9", "192.0.2.1"][..]
        ),
        bucket in prop::sample::select(&["data", "data", "logs", "secret"][..]),
        agent in prop::sample::select(&["aws-cli/2.15", "aws-cli/2.15", "rclone/1.66", "Boto3/1.34"][..]),
        status in prop::sample::select(&[200u16, 200, 200, 403][..]),
        bytes in prop::sample::select(&[0u64, 500, 1000, 1000, 3000, 9000][..]),
        times in prop_oneof![6 => Just(1usize), 1 => 2usize..6],
        again in prop_oneof![6 => Just(None), 1 => (0i64..=LATENESS).prop_map(Some)],
    ) -> (Rec, usize, Option<i64>) {
        let time = START + day * DAY + second;
        let record = Rec { time, delay, who, ip, bucket, agent, status, bytes, id: String::new() };
        (record, times, again)
    }
}

/// Records as their lines arrive, some in bursts, some delivered twice, beside
/// programs that do the same every day.
pub fn log() -> impl Strategy<Value = Vec<Rec>> {
    let raids = prop::collection::vec(10i64..21, 0..3);
    let ordinary_days = prop::collection::vec(prop::bool::weighted(0.9), 21);
    (
        prop::collection::vec(record(), 0..90),
        raids,
        ordinary_days,
        any::<u64>(),
    )
        .prop_map(|(drawn, raids, days, seed)| {
            let mut all = Vec::new();
            for (number, (record, times, again)) in drawn.into_iter().enumerate() {
                for time in 0..times {
                    let mut record = record.clone();
                    record.id = format!("R{number}x{time}");
                    record.time += 40 * time as i64;
                    if let Some(delay) = again.filter(|_| time == 0) {
                        let mut copy = record.clone();
                        copy.delay = delay;
                        all.push(copy);
                    }
                    all.push(record);
                }
            }
            for (number, day) in raids.into_iter().enumerate() {
                for hour in [9, 10] {
                    all.push(Rec {
                        bytes: 9000,
                        ..ordinary(at(day, hour) + 1000, format!("{number}x{hour}"))
                    });
                }
            }
            for (day, is_there) in days.iter().enumerate() {
                if *is_there {
                    all.push(ordinary(at(day as i64, 9) + 7, day));
                    all.push(ordinary(at(day as i64, 10) + 7, 100 + day));
                }
            }
            // Those that arrive together, in any order.
            let mut dice = Dice(seed);
            let mut mixed: Vec<_> = all
                .into_iter()
                .map(|rec| (rec, dice.below(1 << 20)))
                .collect();
            mixed.sort_by_key(|(record, chance)| (record.arrival(), *chance));
            mixed.into_iter().map(|(record, _)| record).collect()
        })
}

/// A small generator, the same in every run.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, most: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}
