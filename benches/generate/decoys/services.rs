//! AWS's own services: Config, inventory, replication, expiry, deliveries.

use super::Tell;
use crate::line::{Address, Channel, Line};
use crate::lines::Caller;
use crate::rng::Rng;
use crate::world::{self, agent, role};

/// CloudFront asks for what was taken down.
pub fn origin_misses(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    for i in 0..60_i64 {
        let key = format!("videos/retired/segment-{i}.m4s");
        tell(&Line {
            time: now + i * 3,
            bucket: world::MEDIA,
            requester: "svc:cloudfront.amazonaws.com",
            key: key.as_bytes(),
            status: 403,
            error: "AccessDenied",
            bytes: 243,
            total: rng.between(8, 30),
            agent: agent::CLOUDFRONT,
            ..Line::BLANK
        });
    }
}

/// AWS Config looks at every bucket from AWS's addresses; its first try is signed
/// for the wrong region, and logged without a requester.
pub fn config(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    const LOOKS: [(&str, &str, &str); 9] = [
        ("REST.GET.ACL", "?acl", ""),
        ("REST.GET.BUCKETPOLICY", "?policy", "NoSuchBucketPolicy"),
        (
            "REST.GET.LIFECYCLE",
            "?lifecycle",
            "NoSuchLifecycleConfiguration",
        ),
        ("REST.GET.VERSIONING", "?versioning", ""),
        ("REST.GET.NOTIFICATION", "?notification", ""),
        (
            "REST.GET.REPLICATION",
            "?replication",
            "ReplicationConfigurationNotFoundError",
        ),
        ("REST.GET.TAGGING", "?tagging", "NoSuchTagSet"),
        ("REST.GET.LOGGING_STATUS", "?logging", ""),
        ("REST.GET.ACCELERATE", "?accelerate", ""),
    ];
    let requester = role("AWSServiceRoleForConfig", "AWSConfig-Describe");
    for (b, bucket) in (0..).zip(world::BUCKETS) {
        let caller = Caller {
            bucket,
            address: Address::V4(world::AWS_HERE + 2 + rng.below(4)),
            requester: &requester,
        };
        let time = now + b * 12;
        tell(&Line {
            time,
            requester: "",
            status: 400,
            error: "AuthorizationHeaderMalformed",
            bytes: 392,
            agent: agent::CONFIG,
            ..caller.setting("REST.GET.LOCATION", "?location")
        });
        for (i, (operation, query, error)) in (0..).zip(LOOKS) {
            let line = caller.setting(operation, query);
            let none = !error.is_empty() && rng.chance(600);
            tell(&Line {
                time: time + 1 + i / 4,
                status: if none { 404 } else { 200 },
                error: if none { error } else { "" },
                agent: agent::CONFIG,
                ..line
            });
        }
    }
}

/// The nightly inventory of every bucket.
pub fn inventory(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let caller = Caller {
        bucket: world::INVENTORY,
        address: Address::Nowhere,
        requester: "svc:s3.amazonaws.com",
    };
    for (b, bucket) in (0..).zip(world::BUCKETS) {
        for (i, part) in (0..).zip(["data/part-0.csv.gz", "manifest.json", "manifest.checksum"]) {
            let key = format!("{bucket}/daily/{}/{part}", now / 86_400);
            tell(&Line {
                time: now + b * 8 + i,
                agent: agent::INTERNAL,
                ..caller.put(&key, rng.size(9, 22))
            });
        }
    }
}

/// New uploads are copied to the replica.
pub fn replication(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let requester = role("s3crr-uploads", "s3-replication");
    for i in 0..80 {
        let key = format!(
            "customers/{}/documents/{:012x}.pdf",
            rng.below(90_000),
            rng.next()
        );
        let size = rng.size(12, 20);
        for (bucket, after) in [(world::UPLOADS, 0), (world::REPLICA, 2)] {
            let caller = Caller {
                bucket,
                address: Address::Nowhere,
                requester: &requester,
            };
            let line = if after == 0 {
                caller.get(&key, size)
            } else {
                caller.put(&key, size)
            };
            tell(&Line {
                time: now + i * 3 + after,
                versioned: true,
                agent: agent::INTERNAL,
                ..line
            });
        }
    }
}

/// At midnight UTC S3 expires the logs of a month ago.
pub fn expiry(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    for i in 0..1_600 {
        let key = format!(
            "s3/acme-reports/2026-01-03-{:02}-{:02}-00-{:016X}",
            i / 100,
            i % 60,
            rng.next()
        );
        tell(&Line {
            time: now + i,
            bucket: world::LOGS,
            requester: "AmazonS3",
            operation: if i % 200 == 199 {
                "S3.DELETE.UPLOAD"
            } else {
                "S3.EXPIRE.OBJECT"
            },
            key: key.as_bytes(),
            status: 0,
            size: rng.size(11, 18),
            channel: Channel::Internal,
            ..Line::BLANK
        });
    }
}

/// Logs of load balancers and of the account come as they are written.
pub fn deliveries(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    for (i, service) in (0..).zip(["delivery.logs", "cloudtrail"]) {
        let requester = format!("svc:{service}.amazonaws.com");
        let caller = Caller {
            bucket: world::LOGS,
            address: Address::Nowhere,
            requester: &requester,
        };
        let key = format!(
            "AWSLogs/{}/{service}/eu-west-1/{}_{:016x}.json.gz",
            world::ACCOUNT,
            now / 60,
            rng.next()
        );
        tell(&Line {
            time: now + i * 7,
            agent: agent::INTERNAL,
            ..caller.put(&key, rng.size(10, 18))
        });
    }
}
