//! What happened in the reports made by hand, and what the rules say about it.

use super::{HOUR, NIGHT, START};
use crate::alert::Level;
use crate::report::{
    Baseline, Entity, Evidence, Finding, Guide, Incident, Indicator, Names, Network, Step,
};

pub fn names(names: &[&str]) -> Names {
    Names {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        more: names.len() > 3,
    }
}

pub fn step(rule: &str, title: &str, level: Level, first: i64, alerts: u64, summary: &str) -> Step {
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

pub fn evidence(at: u64) -> Evidence {
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

pub fn entity(kind: &str, name: &str) -> Entity {
    Entity {
        kind: kind.to_owned(),
        name: name.to_owned(),
    }
}

pub fn network(address: &str, country: &str, asn: u32, owner: &str) -> Network {
    Network {
        address: address.to_owned(),
        country: Some(country.to_owned()),
        asn: Some(asn),
        owner: Some(owner.to_owned()),
        service: None,
    }
}

pub fn incident(number: u128, entity: Entity, story: Vec<Step>, lines: usize) -> Incident {
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

pub fn guide(rule: &str, title: &str, level: Level, wants: &str) -> Guide {
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

#[expect(clippy::too_many_lines, reason = "it is data")]
pub fn incidents() -> Vec<Incident> {
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
