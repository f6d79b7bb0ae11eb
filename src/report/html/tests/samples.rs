//! Reports made by hand: what pages are looked at and tested with.

mod story;

use self::story::{entity, finding, guide, incident, incidents, step};
use crate::alert::Level;
use crate::report::{
    Actor, Attention, Bucket, Change, Compared, Count, Coverage, Gap, Incident, Inputs, Key,
    Levels, Previous, Report, RuleCount, Sample, Slot, Step, Timeline, Verdict,
};

/// 2026-02-01 00:00:00 UTC.
pub const START: i64 = 1_769_904_000;
const HOUR: i64 = 3_600;
/// 2026-02-03 02:10:00 UTC.
const NIGHT: i64 = START + 50 * HOUR + 600;

/// Nothing was read.
pub fn unknown() -> Report {
    Report {
        schema: crate::report::model::SCHEMA.to_owned(),
        program: "0.1.0".to_owned(),
        made: START + 6 * 24 * HOUR,
        alerts_file: "report.html.alerts.ndjson".to_owned(),
        verdict: Verdict {
            attention: Attention::Unknown,
            worst: None,
            levels: Levels::default(),
            incidents: 0,
            doubts: vec!["No record was read.".to_owned()],
        },
        since_report: None,
        incidents: Vec::new(),
        incidents_left_out: Count::default(),
        others: Vec::new(),
        others_left_out: 0,
        actors: Vec::new(),
        actors_left_out: Count::default(),
        timeline: Timeline::default(),
        buckets: Vec::new(),
        buckets_left_out: Count::default(),
        keys: Vec::new(),
        coverage: Coverage {
            sources: vec!["s3://acme-logs/access/".to_owned()],
            runs: 1,
            rules: 58,
            ..Coverage::default()
        },
        guides: Vec::new(),
        compared: None,
    }
}

/// Five days of five buckets, and no alert.
pub fn quiet() -> Report {
    let mut report = unknown();
    report.verdict.attention = Attention::None;
    report.verdict.doubts.clear();
    report.timeline = timeline(120);
    let buckets = [
        ("acme-backups", 7),
        ("acme-uploads", 3),
        ("acme-web-assets", 1),
        ("acme-analytics-eu-central-1", 5),
        ("acme-terraform-state", 40),
    ];
    report.buckets = buckets
        .iter()
        .map(|(name, part)| bucket(name, *part, &report.timeline))
        .collect();
    let coverage = &mut report.coverage;
    coverage.first = Some(START + 12);
    coverage.last = Some(START + 120 * HOUR - 31);
    coverage.bytes = 1_484_523_110;
    coverage.lines = 2_811_402;
    coverage.inputs = Inputs {
        read: 4_122,
        skipped: 3,
        failed: 0,
    };
    coverage.settings = vec![
        "3 own networks".to_owned(),
        "countries and networks of 2026-01-28".to_owned(),
    ];
    coverage.learning = vec![
        "Volume by bucket and hour: learned from 14 days.".to_owned(),
        "First seen principals: 5 more days to learn.".to_owned(),
    ];
    coverage.unworkable = vec![(
        "they need lists of indicators (`--ioc`)".to_owned(),
        vec!["ioc-match".to_owned(), "ioc-match-high".to_owned()],
    )];
    report
}

fn timeline(hours: i64) -> Timeline {
    let slot = |hour: i64| {
        let time = START + hour * HOUR;
        let day = (hour % 24 - 13).abs();
        let requests = (30_000 - day * 1_900 + hour * 7919 % 2_300) as u64;
        let attack = (50..53).contains(&hour);
        Slot {
            time,
            requests: if (71..76).contains(&hour) {
                0
            } else {
                requests
            },
            refused: if attack {
                4_800
            } else {
                (hour * 31 % 57) as u64
            },
            missing: (hour * 17 % 97) as u64,
            wrong: (hour * 7 % 5) as u64,
            failed: if hour == 66 {
                312
            } else {
                u64::from(hour % 13 == 0) * 4
            },
            bytes: requests * 48_213,
            alerts: Levels::default(),
        }
    };
    Timeline {
        step: HOUR,
        slots: (0..hours).map(slot).collect(),
    }
}

fn bucket(name: &str, part: u64, timeline: &Timeline) -> Bucket {
    let sum = |of: fn(&Slot) -> u64| timeline.slots.iter().map(of).sum::<u64>() / part;
    Bucket {
        name: name.to_owned(),
        requests: sum(|slot| slot.requests),
        refused: sum(|slot| slot.refused),
        missing: sum(|slot| slot.missing),
        wrong: sum(|slot| slot.wrong),
        failed: sum(|slot| slot.failed),
        bytes: sum(|slot| slot.bytes),
        level: None,
        alerts: 0,
        slots: timeline
            .slots
            .iter()
            .map(|slot| slot.requests / part)
            .collect(),
        gaps: Vec::new(),
    }
}

/// Seven incidents of all levels, compared with the day before, with every field that
/// there is.
#[expect(clippy::too_many_lines, reason = "it is data")]
pub fn rich() -> Report {
    let mut report = quiet();
    report.guides = vec![
        guide(
            "mass-delete-critical",
            "Very many objects deleted",
            Level::Critical,
            "at least 1,000 records in 10m",
        ),
        guide(
            "ransom-note",
            "A note was left that looks like a ransom note",
            Level::Critical,
            "every record",
        ),
        guide(
            "read-then-delete",
            "Objects read and then deleted",
            Level::High,
            "at least 50 pairs in 1h",
        ),
        guide(
            "access-denied-burst-high",
            "Very many refused requests from a stranger",
            Level::High,
            "at least 200 records in 1h",
        ),
        guide(
            "not-found-burst",
            "Many missing keys asked for by a stranger",
            Level::Medium,
            "at least 20 different keys in 1h",
        ),
        guide(
            "legacy-tls",
            "A client uses an old TLS version",
            Level::Low,
            "every record",
        ),
    ];
    report.incidents = incidents();
    report.incidents_left_out = Count {
        number: 41,
        sum: 77,
    };
    report.others = vec![{
        let mut other = finding(
            &step(
                "logging-loop",
                "Logs are written about logs",
                Level::Low,
                NIGHT,
                1,
                "Records about the delivery of records: 4,122",
            ),
            0,
            1,
        );
        other.key = vec![
            ("operation".to_owned(), Some("REST.PUT.OBJECT".to_owned())),
            ("referer".to_owned(), None),
        ];
        other
    }];
    report.actors = report.incidents.iter().map(actor).collect();
    report.actors_left_out = Count {
        number: 12,
        sum: 12,
    };
    for (hour, level) in [
        (50, 4),
        (50, 3),
        (51, 4),
        (52, 3),
        (9, 2),
        (33, 2),
        (66, 1),
        (67, 1),
        (90, 0),
    ] {
        let alerts = &mut report.timeline.slots[hour].alerts;
        let counts = [
            &mut alerts.informational,
            &mut alerts.low,
            &mut alerts.medium,
            &mut alerts.high,
            &mut alerts.critical,
        ];
        *counts.into_iter().nth(level).unwrap() += 2;
    }
    report.verdict = Verdict {
        attention: Attention::Now,
        worst: Some(Level::Critical),
        levels: Levels {
            critical: 3,
            high: 5,
            medium: 14,
            low: 60,
            informational: 0,
        },
        incidents: report.incidents.len() as u64 + 41,
        doubts: vec![
            "5 hours are without any record: 2026-02-03 23:00 to 2026-02-04 04:00.".to_owned(),
            "2 rules could not work: they need lists of indicators (`--ioc`).".to_owned(),
            "312 of 2,811,402 lines were not understood.".to_owned(),
            "17 records came too late for rules that count.".to_owned(),
        ],
    };
    let gap = Gap {
        start: START + 71 * HOUR,
        end: START + 76 * HOUR,
    };
    report.buckets[0].level = Some(Level::Critical);
    report.buckets[0].alerts = 9;
    report.buckets[1].level = Some(Level::High);
    report.buckets[1].alerts = 4;
    for bucket in &mut report.buckets {
        bucket.gaps = vec![gap];
    }
    report.buckets[3].gaps.push(Gap {
        start: START + 20 * HOUR,
        end: START + 27 * HOUR,
    });
    report.buckets[3].slots[20..27].fill(0);
    report.buckets_left_out = Count { number: 2, sum: 4 };
    report.keys = keys();
    report.since_report = Some(Previous {
        made: START + 5 * 24 * HOUR,
    });
    report.compared = Some(compared(&report));
    let coverage = &mut report.coverage;
    coverage.malformed = 312;
    coverage.late = 17;
    coverage.since = Some(START);
    coverage.gaps = vec![gap];
    coverage.inputs.failed = 1;
    coverage.problems = vec![
        "s3://acme-logs/access/2026-02-04-00: access denied. The role needs s3:GetObject there."
            .to_owned(),
    ];
    coverage.samples = vec![Sample {
        source: "s3://acme-logs/access/2026-02-02-11-04-51-AAAA".to_owned(),
        offset: 90_112,
        reason: "the time is no time".to_owned(),
        line: "79a59df900b949e55d96a1e698fbaced acme-backups [yesterday] 203.0.113.7 - X"
            .to_owned(),
    }];
    coverage.next = vec![
        "`s3sentry explain --key principal=arn:aws:iam::111122223333:user/backup-operator s3://acme-logs/access/`: why these rules fired.".to_owned(),
        "`s3sentry ioc add tor`: two rules need a list of indicators.".to_owned(),
    ];
    report
}

fn actor(incident: &Incident) -> Actor {
    Actor {
        entity: incident.entity.clone(),
        level: incident.level,
        weight: incident.weight,
        alerts: incident.alerts,
        requests: incident.requests,
        bytes: incident.bytes,
        first: incident.first,
        last: incident.last,
        rules: incident
            .story
            .iter()
            .map(|step| RuleCount {
                rule: step.rule.clone(),
                level: step.level,
                alerts: step.alerts,
                requests: step.requests,
            })
            .collect(),
        incidents: vec![incident.id.clone()],
        places: incident.places.clone(),
    }
}

fn keys() -> Vec<Key> {
    let keys = [
        "HOW_TO_RESTORE_FILES.txt",
        "2026/01/31/db-full-dump.sql.gz.part-0001",
        ".env",
        "wp-login.php",
    ];
    let key = |(at, key): (usize, &&str)| Key {
        bucket: "acme-backups".to_owned(),
        key: (*key).to_owned(),
        level: if at < 2 {
            Level::Critical
        } else {
            Level::Medium
        },
        operation: if at == 0 {
            "REST.PUT.OBJECT"
        } else {
            "REST.GET.OBJECT"
        }
        .to_owned(),
        http_status: if at < 2 { "200" } else { "403" }.to_owned(),
        rules: vec![
            if at == 0 {
                "ransom-note"
            } else {
                "read-then-delete"
            }
            .to_owned(),
        ],
        incident: (at < 2).then(|| incidents()[0].id.clone()),
    };
    keys.iter().enumerate().map(key).collect()
}

fn compared(report: &Report) -> Compared {
    let change = |at: usize, before: Option<u64>, now: Option<u64>| {
        let step = &report.incidents[at].story[0];
        let count = |alerts| RuleCount {
            rule: step.rule.clone(),
            level: step.level,
            alerts,
            requests: alerts * 211,
        };
        Change {
            entity: report.incidents[at].entity.clone(),
            rule: step.rule.clone(),
            before: before.map(count),
            now: now.map(count),
        }
    };
    Compared {
        previous: Previous {
            made: START + 5 * 24 * HOUR,
        },
        new: vec![change(0, None, Some(7)), change(1, None, Some(6))],
        gone: vec![change(4, Some(2), None)],
        growing: vec![change(2, Some(1), Some(5))],
        same: 5,
        partial: true,
        requests: (2_500_122, 2_811_090),
        errors: (9_120, 21_733),
    }
}

/// One alert of a bucket, and nothing else.
pub fn one() -> Report {
    let mut report = quiet();
    let rich = rich();
    report.incidents = vec![rich.incidents[2].clone()];
    report.guides = vec![rich.guides[4].clone()];
    report.actors = vec![rich.actors[2].clone()];
    report.verdict.attention = Attention::Today;
    report.verdict.worst = Some(Level::Medium);
    report.verdict.levels.medium = 1;
    report.verdict.incidents = 1;
    report
}

/// As many incidents as are asked for, each with ten alerts of two lines.
pub fn large(number: usize) -> Report {
    let mut report = rich();
    let steps: Vec<Step> = report.incidents[0].story.clone();
    report.incidents = (0..number)
        .map(|at| {
            let mut story = steps.clone();
            story[0].alerts = 4;
            let name = format!("arn:aws:sts::111122223333:assumed-role/batch-{at}");
            incident(at as u128 + 1, entity("principal", &name), story, 2)
        })
        .collect();
    report.actors = report.incidents.iter().map(actor).collect();
    report.verdict.incidents = 50_000;
    report.verdict.levels = Levels {
        critical: 1_000,
        high: 9_000,
        medium: 40_000,
        low: 0,
        informational: 0,
    };
    report
}
