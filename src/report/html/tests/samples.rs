//! Reports made by hand: what pages are looked at and tested with.

use crate::alert::Level;
use crate::report::{
    Actor, Attention, Baseline, Bucket, Change, Compared, Count, Coverage, Entity, Evidence,
    Finding, Gap, Guide, Incident, Indicator, Inputs, Key, Levels, Names, Network, Previous,
    Report, RuleCount, Sample, Slot, Step, Timeline, Verdict,
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

fn names(names: &[&str]) -> Names {
    Names {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        more: names.len() > 3,
    }
}

fn step(rule: &str, title: &str, level: Level, first: i64, alerts: u64, summary: &str) -> Step {
    Step {
        rule: rule.to_owned(),
        title: title.to_owned(),
        level,
        alerts,
        first,
        last: first + 300 * (alerts as i64 - 1),
        requests: 12_400 / alerts,
        summary: summary.to_owned(),
    }
}

/// An alert of a step.
pub fn finding(step: &Step, at: i64, lines: usize) -> Finding {
    Finding {
        id: format!(
            "{:032x}",
            (step.first * 31 + at) as u128 * 0x9E37_79B9_7F4A_7C15
        ),
        rule: step.rule.clone(),
        level: step.level,
        status: if at == 0 { "closed" } else { "open" }.to_owned(),
        key: vec![
            (
                "principal".to_owned(),
                Some("arn:aws:iam::111122223333:user/backup-operator".to_owned()),
            ),
            ("bucket_name".to_owned(), Some("acme-backups".to_owned())),
        ],
        time: step.first + at * 300,
        value: 200,
        first: step.first + at * 300 - 22,
        last: step.first + at * 300 + 218,
        count: step.requests,
        distinct: (at % 2 == 0).then_some(1_180),
        sum: (at % 3 == 1).then_some(48_213_000_111),
        summary: step.summary.clone(),
        baseline: (at == 1).then_some(Baseline {
            hour: NIGHT - 600,
            sum: 48_213_000_111,
            median: 1_022_120_000,
            deviation: 102_212_000,
            samples: 14,
        }),
        ioc: (at == 2)
            .then(|| Indicator {
                list: "tor-exits".to_owned(),
                entry: "203.0.113.0/24".to_owned(),
                field: "remote_ip".to_owned(),
            })
            .into_iter()
            .collect(),
        evidence: (0..lines as u64).map(evidence).collect(),
    }
}

fn evidence(at: u64) -> Evidence {
    let fields = [
        (
            "bucket_owner",
            "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be",
        ),
        ("bucket_name", "acme-backups"),
        ("time", "[03/Feb/2026:02:10:22 +0000]"),
        ("remote_ip", "203.0.113.77"),
        (
            "requester",
            "arn:aws:iam::111122223333:user/backup-operator",
        ),
        ("request_id", "3E57427F3EXAMPLE"),
        ("operation", "REST.DELETE.OBJECT"),
        ("key", "2026/01/31/db-full-dump.sql.gz.part-0001"),
        (
            "request_uri",
            "DELETE /2026/01/31/db-full-dump.sql.gz.part-0001 HTTP/1.1",
        ),
        ("http_status", "204"),
        ("error_code", "-"),
        ("bytes_sent", "-"),
        ("object_size", "1073741824"),
        ("total_time", "31"),
        ("turn_around_time", "-"),
        ("referer", "-"),
        (
            "user_agent",
            "aws-cli/2.15.0 Python/3.11.6 Linux/6.1 exe/x86_64",
        ),
        ("version_id", "-"),
        (
            "host_id",
            "s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234=",
        ),
        ("signature_version", "SigV4"),
        ("cipher_suite", "TLS_AES_128_GCM_SHA256"),
        ("authentication_type", "AuthHeader"),
        ("host_header", "acme-backups.s3.eu-central-1.amazonaws.com"),
        ("tls_version", "TLSv1.3"),
    ];
    Evidence {
        source: "s3://acme-logs/access/2026-02-03-02-15-11-8D2C4B7A9E1F0A3B".to_owned(),
        offset: 1_048_576 + at * 611,
        record: fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    }
}

fn entity(kind: &str, name: &str) -> Entity {
    Entity {
        kind: kind.to_owned(),
        name: name.to_owned(),
    }
}

fn network(address: &str, country: &str, asn: u32, owner: &str) -> Network {
    Network {
        address: address.to_owned(),
        country: Some(country.to_owned()),
        asn: Some(asn),
        owner: Some(owner.to_owned()),
        service: None,
    }
}

fn incident(number: u128, entity: Entity, story: Vec<Step>, lines: usize) -> Incident {
    let level = story
        .iter()
        .map(|step| step.level)
        .max()
        .unwrap_or(Level::Low);
    let findings: Vec<Finding> = story
        .iter()
        .flat_map(|step| (0..step.alerts as i64).map(|at| finding(step, at, lines)))
        .collect();
    Incident {
        id: format!("{:032x}", number * 0x9E37_79B9_7F4A_7C15),
        continues: None,
        entity,
        level,
        weight: 1_000,
        alerts: findings.len() as u64,
        first: story.iter().map(|step| step.first).min().unwrap_or(START) - 22,
        last: story.iter().map(|step| step.last).max().unwrap_or(START) + 218,
        requests: story.iter().map(|step| step.requests).max().unwrap_or(0),
        bytes: None,
        story,
        buckets: Names::default(),
        addresses: Names::default(),
        networks: Names::default(),
        principals: Names::default(),
        objects: Names::default(),
        places: Vec::new(),
        findings,
        findings_left_out: 0,
    }
}

fn guide(rule: &str, title: &str, level: Level, wants: &str) -> Guide {
    Guide {
        rule: rule.to_owned(),
        title: title.to_owned(),
        level,
        attack: vec!["T1619".to_owned(), "T1595.003".to_owned()],
        alerts: 3,
        wants: vec![wants.to_owned()],
        about: "Somebody set the access control list of a bucket or an object, or tried to. An\nACL can give \
                what is yours to another account or to everybody, and it does not\nshow in the bucket's policy.\n\n\
                Since April 2023 new buckets have none."
            .to_owned(),
        why: "hardly anything needs ACLs today, and whoever tries to set one is telling you\nwhat they are after."
            .to_owned(),
        how_sure: "that it was asked for is certain; the status in the evidence says whether it\nwas done. To what \
                   it was set is not logged."
            .to_owned(),
        what_to_do: "if it was done, read it (`get-bucket-acl`, `get-object-acl`) and look for grants to AllUsers, \
                     AuthenticatedUsers and unknown canonical ids. Then switch ACLs off for the bucket (object \
                     ownership: bucket owner enforced).\n\nIf it was refused and nobody knows of it, look at what \
                     else the requester tried."
            .to_owned(),
        false_positives: vec![
            "A program that sets an ACL after each upload".to_owned(),
            "Scanners that try to write the ACL of every bucket they can name".to_owned(),
        ],
        references: vec![
            "https://attack.mitre.org/techniques/T1222/".to_owned(),
            "https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html".to_owned(),
            "The book of rules, page 3".to_owned(),
        ],
    }
}

/// Seven incidents of all levels, compared with the day before, with every field that
/// there is.
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

fn incidents() -> Vec<Incident> {
    let mut ransom = incident(
        1,
        entity(
            "principal",
            "arn:aws:iam::111122223333:user/backup-operator",
        ),
        vec![
            step(
                "access-denied-burst-high",
                "Very many refused requests from a stranger",
                Level::High,
                NIGHT,
                1,
                "203.0.113.77, a stranger, was refused 200 times in bucket acme-backups",
            ),
            step(
                "read-then-delete",
                "Objects read and then deleted",
                Level::High,
                NIGHT + 740,
                2,
                "arn:aws:iam::111122223333:user/backup-operator read and then deleted 1,180 objects in bucket acme-backups",
            ),
            step(
                "mass-delete-critical",
                "Very many objects deleted",
                Level::Critical,
                NIGHT + 1_100,
                3,
                "arn:aws:iam::111122223333:user/backup-operator deleted 12,400 objects in bucket acme-backups",
            ),
            step(
                "ransom-note",
                "A note was left that looks like a ransom note",
                Level::Critical,
                NIGHT + 3_902,
                1,
                "HOW_TO_RESTORE_FILES.txt was written to bucket acme-backups",
            ),
        ],
        3,
    );
    ransom.continues = Some("00000000000000000000000000000007".to_owned());
    ransom.bytes = Some(48_213_000_111);
    ransom.buckets = names(&["acme-backups", "acme-terraform-state"]);
    ransom.addresses = names(&["203.0.113.77", "198.51.100.4"]);
    ransom.objects = names(&[
        "2026/01/31/db-full-dump.sql.gz.part-0001",
        "2026/01/31/db-full-dump.sql.gz.part-0002",
        "2026/01/30/db-full-dump.sql.gz",
        "HOW_TO_RESTORE_FILES.txt",
    ]);
    ransom.places = vec![
        network("203.0.113.77", "NL", 64_500, "Example Hosting B.V."),
        network("198.51.100.4", "DE", 64_501, "Beispiel Netz GmbH"),
    ];
    let mut stranger = incident(
        2,
        entity("address", "203.0.113.77"),
        vec![
            step(
                "not-found-burst",
                "Many missing keys asked for by a stranger",
                Level::Medium,
                NIGHT,
                4,
                "203.0.113.77, a stranger, asked bucket acme-backups for 200 different keys that it did not get",
            ),
            step(
                "access-denied-burst-high",
                "Very many refused requests from a stranger",
                Level::High,
                NIGHT + 218,
                2,
                "203.0.113.77, a stranger, was refused 200 times in bucket acme-backups",
            ),
        ],
        2,
    );
    stranger.places = vec![network(
        "203.0.113.77",
        "NL",
        64_500,
        "Example Hosting B.V.",
    )];
    stranger.findings_left_out = 11;
    stranger.alerts += 11;
    let medium = ["acme-web-assets", "acme-uploads"].map(|name| {
        incident(
            name.len() as u128,
            entity("bucket", name),
            vec![step(
                "not-found-burst",
                "Many missing keys asked for by a stranger",
                Level::Medium,
                START + 9 * HOUR,
                1,
                "Bucket acme-uploads was asked for 61 different keys that are not there",
            )],
            1,
        )
    });
    let low = incident(
        9,
        entity("account", "444455556666"),
        vec![step(
            "legacy-tls",
            "A client uses an old TLS version",
            Level::Low,
            START + 66 * HOUR,
            2,
            "Account 444455556666 uses TLSv1.1; requests: 61",
        )],
        1,
    );
    let mut incidents = vec![ransom, stranger];
    incidents.extend(medium);
    incidents.push(low);
    incidents
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
