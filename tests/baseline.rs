//! What is normal, and what rules make of it, over logs written for the purpose.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::Arc;

use s3sentry::alert::{Alert, Level};
use s3sentry::baseline::known::Mode;
use s3sentry::baseline::{self, Baseline, DAY, HOUR};
use s3sentry::pipeline::{self, BlockSource, Options, Span};
use s3sentry::record::time::rfc3339;
use s3sentry::rule::{self, RuleSet};
use s3sentry::settings::Settings;
use s3sentry::source::Block;

/// Monday, 2 February 2026.
const START: i64 = 1_769_990_400;

const RULES: &str = r#"
title: First client of a principal
name: new-client
level: low
logsource: {product: aws, service: s3_server_access}
detection: {served: {ok: true}, condition: served}
s3sentry:
  suppress: 24h
  summary: "{principal} uses {user_agent_family}"
  new_value: {field: user_agent_family, group-by: principal}
---
title: Served a stranger
name: stranger-served
logsource: {product: aws, service: s3_server_access}
detection: {served: {ok: true, stranger: true}, condition: served}
---
title: By a stranger
name: by-stranger
correlation: {type: event_count, rules: [stranger-served], group-by: [principal, remote_net], timespan: 1h, condition: {gte: 1}}
---
title: Read
name: read
logsource: {product: aws, service: s3_server_access}
detection: {served: {ok: true, operation_class: read}, condition: served}
---
title: Much more than usual
name: much
correlation: {type: value_sum, rules: [read], group-by: [principal, bucket_name], timespan: 1h, condition: {gte: 5000, field: bytes_out}}
s3sentry: {baseline: {times: 10}}
---
title: Slowly more than usual
name: slow
correlation: {type: value_sum, rules: [read], group-by: [principal, bucket_name], timespan: 6h, condition: {gte: 5000, field: bytes_out}}
s3sentry: {suppress: 24h, baseline: {times: 2, hours: 5}}
"#;

fn compiled() -> Arc<RuleSet> {
    let documents = rule::load::read("r.yml", RULES.as_bytes()).unwrap();
    let settings = Settings::parse("", Path::new("s3sentry.toml")).unwrap();
    let set = rule::compile_with_baseline(
        &documents,
        &Arc::new(settings),
        Level::Informational,
        baseline::Options::default(),
    );
    Arc::new(set.unwrap())
}

/// A request.
#[derive(Clone)]
struct Line {
    time: i64,
    who: &'static str,
    ip: &'static str,
    agent: &'static str,
    bytes: u64,
}

impl Line {
    fn write(&self, number: usize) -> String {
        let at = chrono::DateTime::from_timestamp(self.time, 0).unwrap();
        let at = at.format("%d/%b/%Y:%H:%M:%S +0000");
        format!(
            "o b [{at}] {} arn:aws:iam::111122223333:user/{} R{number} REST.GET.OBJECT k \
             \"GET /k HTTP/1.1\" 200 - {} {} 1 1 \"-\" \"{}\" - H SigV4 C AuthHeader \
             b.s3.eu-west-1.amazonaws.com TLSv1.3 - -\n",
            self.ip, self.who, self.bytes, self.bytes, self.agent
        )
    }
}

/// One block a chunk of lines.
struct Blocks {
    blocks: std::vec::IntoIter<(String, i64)>,
    name: Arc<str>,
}

impl BlockSource for Blocks {
    fn next(&mut self, block: &mut Block) -> bool {
        let Some((text, floor)) = self.blocks.next() else {
            *block = Block::default();
            block.floor = i64::MAX;
            return false;
        };
        *block = Block::new(0, 0, text.into_bytes());
        block.floor = floor;
        true
    }

    fn name(&self, _: u32) -> Arc<str> {
        Arc::clone(&self.name)
    }
}

const LATENESS: i64 = 6 * HOUR;

fn alerts(lines: &[Line], chunk: usize, keep: impl Fn(&Alert) -> bool + Sync) -> Vec<String> {
    let set = compiled();
    let lessons = Arc::clone(set.learn().unwrap().lessons());
    let mut baseline = Baseline::new(lessons, Mode::Learn, LATENESS);
    let numbered: Vec<(usize, &Line)> = lines.iter().enumerate().collect();
    let blocks: Vec<(String, i64)> = numbered
        .chunks(chunk)
        .map(|part| {
            let text = part.iter().map(|(at, line)| line.write(*at)).collect();
            let rest = &lines[part[part.len() - 1].0..];
            (text, rest.iter().map(|line| line.time).min().unwrap())
        })
        .collect();
    let mut source = Blocks {
        blocks: blocks.into_iter(),
        name: "log".into(),
    };
    let options = Options {
        span: Span::default(),
        lateness: LATENESS,
        max_state: 64 << 20,
    };
    let mut told = Vec::new();
    pipeline::run_beside::<std::io::Error>(
        &mut source,
        &set,
        options,
        Some(&mut baseline),
        |alert, _| {
            told.extend(alert.filter(&keep).map(|alert| {
                let values = alert.key.iter().map(|(_, value)| match value {
                    Some(value) => String::from_utf8_lossy(value).into_owned(),
                    None => "-".to_owned(),
                });
                let key: Vec<String> = values.collect();
                let key = key.join(" ").replace("arn:aws:iam::111122223333:user/", "");
                let (start, count) = (rfc3339(alert.period.0), alert.count);
                format!("{} [{key}] {start} {count}", alert.rule.name)
            }));
            Ok(())
        },
    )
    .unwrap();
    told
}

/// So many days on which one program reads at nine o'clock.
fn ordinary(days: i64) -> Vec<Line> {
    (0..days)
        .map(|day| Line {
            time: START + day * DAY + 9 * HOUR,
            who: "app",
            ip: "198.51.100.7",
            agent: "aws-cli/2.15",
            bytes: 1000,
        })
        .collect()
}

fn at(day: i64, hour: i64) -> i64 {
    START + day * DAY + hour * HOUR
}

#[test]
fn what_is_new_counts_once_a_group_is_learned() {
    let mut lines = ordinary(12);
    let odd = |time| Line {
        time,
        who: "app",
        ip: "203.0.113.9",
        agent: "rclone/1.66",
        bytes: 1,
    };
    // Learned after seven days: on the sixth nothing fires, and what was seen
    // then is known.
    lines.push(Line {
        agent: "Boto3/1.34",
        ..odd(at(5, 10))
    });
    lines.push(odd(at(9, 10)));
    lines.push(odd(at(9, 23)));
    lines.push(odd(at(10, 3)));
    lines.push(Line {
        agent: "Boto3/1.34",
        ..odd(at(10, 4))
    });
    lines.sort_by_key(|line| line.time);
    let told = alerts(&lines, 3, |alert| alert.rule.name != "much");
    assert_eq!(
        told,
        [
            "new-client [app rclone] 2026-02-11T00:00:00Z 2",
            // The network was seen on the sixth day already.
        ]
    );
    for line in &mut lines {
        if line.agent.starts_with("Boto3") {
            line.ip = "192.0.2.1";
        }
    }
    let told = alerts(&lines, 100, |alert| alert.rule.name == "by-stranger");
    assert_eq!(
        told,
        [
            "by-stranger [app 203.0.113.0/24] 2026-02-11T10:00:00Z 1",
            "by-stranger [app 203.0.113.0/24] 2026-02-11T23:00:00Z 1",
        ]
    );
}

#[test]
fn an_hour_is_compared_with_the_same_hour_of_other_days() {
    let mut lines = ordinary(10);
    let read = |time, bytes| Line {
        time,
        bytes,
        ..ordinary(1)[0].clone()
    };
    // Ten times, at the usual hour and at another one.
    lines.push(read(at(8, 9) + 60, 9_500));
    lines.push(read(at(8, 15), 100_000));
    lines.sort_by_key(|line| line.time);
    let told = alerts(&lines, 4, |alert| {
        let usual = alert.context.usual;
        usual.is_none_or(|usual| {
            (usual.median, usual.deviation, usual.sum) == (1000, 100, 10_500) && usual.samples == 8
        })
    });
    assert_eq!(
        told,
        ["much [app b] 2026-02-10T09:00:00Z 2"],
        "as often as that rule fires"
    );
}

/// Two hours after each other, each by itself: what came before a period is no
/// reason for its alert.
#[test]
fn an_alert_shows_the_hour_that_it_rests_on() {
    let mut lines = Vec::new();
    for day in 0..8 {
        for hour in [9, 10] {
            let mut line = ordinary(1)[0].clone();
            line.time = at(day, hour);
            lines.push(line.clone());
            if day == 7 {
                line.time += 50 * 60;
                line.bytes = 9000 + hour as u64;
                lines.push(line);
            }
        }
    }
    let mut told = Vec::new();
    for hour in [9, 10] {
        told.extend(alerts(&lines, 3, |alert| {
            let usual = alert.context.usual;
            usual
                .is_some_and(|usual| (usual.hour, usual.sum) == (at(7, hour), 10_000 + hour as u64))
        }));
    }
    assert_eq!(
        told,
        [
            "much [app b] 2026-02-09T09:00:00Z 2",
            "much [app b] 2026-02-09T10:00:00Z 3",
        ]
    );
}

#[test]
fn slow_and_steady_is_seen() {
    let mut lines = Vec::new();
    for day in 0..15 {
        for hour in 8..18 {
            let bytes = if day == 14 && (10..16).contains(&hour) {
                3000
            } else {
                1000 + (day * 7 + hour) as u64 % 50
            };
            lines.push(Line {
                time: at(day, hour) + 5,
                bytes,
                ..ordinary(1)[0].clone()
            });
        }
    }
    let told = alerts(&lines, 7, |_| true);
    assert_eq!(told, ["slow [app b] 2026-02-16T00:00:00Z 10"]);
}
