//! People and their tools: deploys, Terraform, the console, offices.

use super::Tell;
use crate::line::{Address, Line};
use crate::lines::{Caller, denied};
use crate::rng::Rng;
use crate::world::{self, agent, office, person, role};

/// A deploy that is faster than its policy: refused for a minute, 45 times but
/// on 12 keys, then let through.
pub fn deploy(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    for i in 0..75_i64 {
        let refused = i < 45;
        let key = format!("site/assets/chunk-{:02}.js", i % 12);
        tell(&Line {
            time: now + i * 4 / 3,
            bucket: world::MEDIA,
            address: Address::v4(10, 240, 0, 9),
            requester: &role("site-deployer", "pipeline-4711"),
            operation: "REST.PUT.OBJECT",
            method: "PUT",
            key: key.as_bytes(),
            status: if refused { 403 } else { 200 },
            error: if refused { "AccessDenied" } else { "" },
            bytes: if refused { 243 } else { 0 },
            size: if refused { 0 } else { rng.size(12, 18) },
            total: rng.between(15, 60),
            agent: agent::CLI,
            ..Line::BLANK
        });
    }
}

/// The console draws the page of a bucket: it asks for all that might be set.
pub fn console(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    const PAGES: [(&str, &[u8], &str); 6] = [
        ("REST.GET.BUCKETPOLICY", b"?policy", "NoSuchBucketPolicy"),
        ("REST.GET.TAGGING", b"?tagging", "NoSuchTagSet"),
        (
            "REST.GET.LIFECYCLE",
            b"?lifecycle",
            "NoSuchLifecycleConfiguration",
        ),
        (
            "REST.GET.WEBSITE",
            b"?website",
            "NoSuchWebsiteConfiguration",
        ),
        ("REST.GET.CORS", b"?cors", "NoSuchCORSConfiguration"),
        ("REST.GET.VERSIONING", b"?versioning", ""),
    ];
    let buckets = [
        world::REPORTS,
        world::FINANCE,
        world::MODELS,
        world::ARCHIVE,
    ];
    for (i, bucket) in (0..).zip(buckets) {
        for (operation, query, error) in PAGES {
            tell(&Line {
                time: now + i * 45 + i64::from(rng.below(3)),
                bucket,
                address: office(5),
                requester: &person(11),
                operation,
                query,
                status: if error.is_empty() { 200 } else { 404 },
                error,
                bytes: u64::from(rng.between(113, 380)),
                total: rng.between(7, 40),
                agent: agent::CONSOLE,
                ..Line::BLANK
            });
        }
    }
}

/// The website is published: what is new, the front page last, old files go.
pub fn publish(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let caller = Caller {
        bucket: world::WEBSITE,
        address: Address::v4(10, 240, 0, 10),
        requester: &role("site-deployer", "pipeline-4712"),
    };
    let build = rng.below(1 << 30);
    tell(&Line {
        time: now,
        ..caller.list()
    });
    for i in 0..45 {
        let name = match i {
            0..24 => format!("assets/js/chunk-{build:08x}-{i}.js"),
            24 => "index.html".into(),
            _ => format!("assets/js/chunk-{:08x}-{i}.js", build ^ 0x5555),
        };
        let line = if i <= 24 {
            caller.put(&name, rng.size(12, 17))
        } else {
            caller.delete(&name)
        };
        tell(&Line {
            time: now + 2 + i / 3,
            ..line
        });
    }
}

/// The settings that Terraform's provider reads of every bucket, and what S3
/// says where one was never made.
const REFRESHED: [(&str, &str, &str); 18] = [
    ("REST.HEAD.BUCKET", "", ""),
    ("REST.GET.BUCKETPOLICY", "?policy", "NoSuchBucketPolicy"),
    ("REST.GET.ACL", "?acl", ""),
    ("REST.GET.CORS", "?cors", "NoSuchCORSConfiguration"),
    ("REST.GET.WEBSITE", "?website", "NoSuchWebsiteConfiguration"),
    ("REST.GET.VERSIONING", "?versioning", ""),
    ("REST.GET.ACCELERATE", "?accelerate", ""),
    ("REST.GET.REQUEST_PAYMENT", "?requestPayment", ""),
    ("REST.GET.LOGGING_STATUS", "?logging", ""),
    (
        "REST.GET.LIFECYCLE",
        "?lifecycle",
        "NoSuchLifecycleConfiguration",
    ),
    (
        "REST.GET.REPLICATION",
        "?replication",
        "ReplicationConfigurationNotFoundError",
    ),
    ("REST.GET.ENCRYPTION", "?encryption", ""),
    (
        "REST.GET.OBJECT_LOCK_CONFIGURATION",
        "?object-lock",
        "ObjectLockConfigurationNotFoundError",
    ),
    ("REST.GET.TAGGING", "?tagging", "NoSuchTagSet"),
    ("REST.GET.PUBLIC_ACCESS_BLOCK", "?publicAccessBlock", ""),
    (
        "REST.GET.OWNERSHIP_CONTROLS",
        "?ownershipControls",
        "OwnershipControlsNotFoundError",
    ),
    ("REST.GET.NOTIFICATION", "?notification", ""),
    ("REST.GET.LOCATION", "?location", ""),
];

/// A setting, or the answer that there is none.
fn answered<'a>(caller: Caller<'a>, which: (&'a str, &'a str, &'a str), set: bool) -> Line<'a> {
    let (operation, query, error) = which;
    let line = caller.setting(operation, query);
    if operation == "REST.HEAD.BUCKET" {
        return Line { bytes: 0, ..line };
    }
    if set || error.is_empty() {
        return line;
    }
    Line {
        status: 404,
        error,
        bytes: 361,
        ..line
    }
}

/// `terraform plan`: all settings of every bucket in half a minute. The
/// personnel department lets nobody see its policy.
pub fn terraform_plan(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let requester = role("terraform-plan", "pull-request-912");
    for (b, bucket) in (0..).zip(world::BUCKETS) {
        for (i, which) in (0..).zip(REFRESHED) {
            let caller = Caller {
                bucket,
                address: Address::v4(10, 240, 3, 7),
                requester: &requester,
            };
            let line = answered(caller, which, rng.chance(300));
            let secret = bucket == world::HR && (1..4).contains(&i);
            let line = if secret { denied(line) } else { line };
            tell(&Line {
                time: now + b + i / 9,
                agent: agent::TERRAFORM,
                ..line
            });
        }
    }
}

/// `terraform apply`: a policy and tags of two buckets, and what was refreshed.
pub fn terraform_apply(_: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let requester = role("terraform-apply", "main-3307");
    let changes = [
        (world::REPORTS, "REST.GET.BUCKETPOLICY", "?policy"),
        (world::REPORTS, "REST.PUT.BUCKETPOLICY", "?policy"),
        (world::REPORTS, "REST.PUT.TAGGING", "?tagging"),
        (world::CURATED, "REST.GET.TAGGING", "?tagging"),
        (world::CURATED, "REST.PUT.TAGGING", "?tagging"),
        (world::CURATED, "REST.PUT.ENCRYPTION", "?encryption"),
        (world::CURATED, "REST.PUT.LIFECYCLE", "?lifecycle"),
    ];
    for (i, (bucket, operation, query)) in (0..).zip(changes) {
        let caller = Caller {
            bucket,
            address: Address::v4(10, 240, 3, 8),
            requester: &requester,
        };
        tell(&Line {
            time: now + i,
            agent: agent::TERRAFORM,
            ..caller.setting(operation, query)
        });
    }
}

/// A meeting: sixty people behind one office's address read the same reports.
pub fn many_people(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    for i in 0..120_u32 {
        let requester = format!(
            "arn:aws:sts::{}:assumed-role/AWSReservedSSO_DataAnalyst_3f0c5d2b9a417e68/guest{:02}@example.com",
            world::ACCOUNT,
            i % 60
        );
        let caller = Caller {
            bucket: world::REPORTS,
            address: Address::v4(192, 0, 2, 3),
            requester: &requester,
        };
        let key = format!("exports/weekly/kpi-{}.csv", rng.below(60));
        tell(&Line {
            time: now + i64::from(i) * 4,
            agent: agent::CONSOLE,
            ..caller.get(&key, 48_213)
        });
    }
}

/// One person whose laptop takes another IPv6 address every few minutes.
pub fn privacy_addresses(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let requester = person(6);
    for i in 0..60 {
        let host = rng.next() >> 1;
        let caller = Caller {
            bucket: world::DATALAKE,
            address: Address::V6(0x2001_0db8_0010_0003_u128 << 64 | u128::from(host)),
            requester: &requester,
        };
        let key = format!("events/region%253Deu/day%253D20480/part-{i:05}.snappy.parquet");
        let line = match i % 4 {
            0 => caller.list(),
            1 => caller.head(&key),
            _ => caller.get(&key, rng.size(14, 20)),
        };
        tell(&Line {
            time: now + i * 9,
            ..line
        });
    }
}

/// A key was rotated: for some minutes one process on the host still has the old
/// one, and the other is served.
pub fn key_rotation(_: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let requester = world::user("report-mailer");
    let address = Address::v4(192, 0, 2, 60);
    for i in 0..40 {
        let caller = Caller {
            bucket: world::REPORTS,
            address,
            requester: &requester,
        };
        let key = format!("exports/weekly/kpi-{}.csv", i % 20);
        let line = caller.get(&key, 48_213);
        let old = Line {
            requester: "",
            error: "InvalidAccessKeyId",
            ..denied(line)
        };
        tell(&Line {
            time: now + i * 8,
            agent: agent::BOTO3,
            ..if i % 2 == 0 && i < 32 { old } else { line }
        });
    }
}
