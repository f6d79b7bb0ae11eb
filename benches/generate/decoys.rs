//! Ordinary behaviour that looks like an attack and must not be paged for.
//!
//! Each decoy comes again after its pause; all addresses and thresholds are
//! chosen so that it raises nothing of medium or above (some raise a low, as
//! they should). The crowd behind one NAT, the CDN origin, Spark's missing
//! keys and log delivery are part of the ordinary traffic already.

use crate::line::{Address, Channel, Line};
use crate::plan::Plan;
use crate::rng::Rng;
use crate::world::{self, agent, office, person, role, user};

/// Something that comes again.
struct Decoy {
    /// Seconds after the start, for the first time.
    first: i64,
    /// Seconds until the next time.
    pause: i64,
    play: fn(&mut Rng, &mut Plan, i64),
}

const DECOYS: [Decoy; 7] = [
    Decoy {
        first: 100,
        pause: 200,
        play: crawler,
    },
    Decoy {
        first: 420,
        pause: 3600,
        play: deploy,
    },
    Decoy {
        first: 900,
        pause: 3600,
        play: console,
    },
    Decoy {
        first: 1300,
        pause: 3600,
        play: one_role_many_addresses,
    },
    Decoy {
        first: 1700,
        pause: 3600,
        play: origin_misses,
    },
    Decoy {
        first: 2000,
        pause: 3600,
        play: spark_misses,
    },
    Decoy {
        first: 4200,
        pause: 86_400,
        play: backup,
    },
];

/// The decoys and when each is due.
pub struct Decoys {
    rng: Rng,
    due: [i64; DECOYS.len()],
}

impl Decoys {
    /// From a time on.
    pub fn new(seed: u64, start: i64) -> Self {
        Self {
            rng: Rng::new(seed, 3),
            due: std::array::from_fn(|i| start + DECOYS[i].first),
        }
    }

    /// Plans those that are due.
    pub fn plan(&mut self, now: i64, plan: &mut Plan) {
        for (decoy, due) in DECOYS.iter().zip(&mut self.due) {
            if *due <= now {
                (decoy.play)(&mut self.rng, plan, now);
                *due += decoy.pause;
            }
        }
    }
}

/// A polite crawler on the public bucket: a dead link every few minutes.
fn crawler(rng: &mut Rng, plan: &mut Plan, now: i64) {
    let key = format!("docs/old/page-{}.html", rng.below(100_000));
    plan.add(&Line {
        time: now,
        bucket: world::DOWNLOADS,
        address: Address::v4(198, 51, 100, 250),
        key: key.as_bytes(),
        status: 404,
        error: "NoSuchKey",
        bytes: 301,
        total: 12,
        agent: agent::CRAWLER,
        channel: Channel::Anonymous,
        ..Line::BLANK
    });
}

/// A deploy that is faster than its policy: refused for a minute, 45 times but
/// on 12 keys, then let through.
fn deploy(rng: &mut Rng, plan: &mut Plan, now: i64) {
    for i in 0..75_i64 {
        let refused = i < 45;
        let key = format!("site/assets/chunk-{:02}.js", i % 12);
        plan.add(&Line {
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
fn console(rng: &mut Rng, plan: &mut Plan, now: i64) {
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
            plan.add(&Line {
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

/// One role on fifty addresses, as Lambda and Athena have.
fn one_role_many_addresses(rng: &mut Rng, plan: &mut Plan, now: i64) {
    for i in 0..150_u32 {
        let key = format!("features/batch-{:05}.npy", rng.below(100_000));
        let size = rng.size(14, 20);
        plan.add(&Line {
            time: now + i64::from(i) * 2,
            bucket: world::MODELS,
            address: match i % 50 {
                at @ 0..4 => Address::V4(world::NAT_GATEWAYS + at),
                at => Address::v4(10, 240, 8, at as u8),
            },
            requester: &role("feature-builder", "feature-builder"),
            key: key.as_bytes(),
            bytes: size,
            size,
            total: rng.between(20, 200),
            turn: rng.between(8, 19),
            agent: agent::LAMBDA,
            ..Line::BLANK
        });
    }
}

/// CloudFront asks for what was taken down.
fn origin_misses(rng: &mut Rng, plan: &mut Plan, now: i64) {
    for i in 0..60_i64 {
        let key = format!("videos/retired/segment-{i}.m4s");
        plan.add(&Line {
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

/// Spark looks for what its tasks may have left.
fn spark_misses(rng: &mut Rng, plan: &mut Plan, now: i64) {
    for i in 0..120_i64 {
        let key =
            format!("daily/_temporary/0/_temporary/attempt_202602_{i:04}_m_000000_0/_SUCCESS");
        plan.add(&Line {
            time: now + i / 2,
            bucket: world::CURATED,
            address: Address::v4(10, 240, 1, 20),
            requester: &role("data-lake-etl", "i-0d41d8cd98f00b204"),
            operation: "REST.HEAD.OBJECT",
            method: "HEAD",
            key: key.as_bytes(),
            status: 404,
            error: "NoSuchKey",
            total: rng.between(4, 20),
            agent: agent::SPARK,
            ..Line::BLANK
        });
    }
}

/// The nightly backup: parts of gigabytes, some read again, then the oldest go.
fn backup(rng: &mut Rng, plan: &mut Plan, now: i64) {
    let common = Line {
        bucket: world::BACKUPS,
        address: Address::v4(10, 240, 2, 5),
        agent: agent::CLI,
        ..Line::BLANK
    };
    let requester = user("backup-agent");
    for i in 0..310_i64 {
        let size = (2 << 30) | rng.next() >> 36;
        let (operation, method, status, bytes) = match i {
            0..200 => ("REST.PUT.OBJECT", "PUT", 200, 0),
            // At most 75 GiB read in an hour.
            200..230 => ("REST.GET.OBJECT", "GET", 200, size),
            _ => ("REST.DELETE.OBJECT", "DELETE", 204, 0),
        };
        let key = match i {
            0..200 => format!("nightly/{}/volume-{i:04}.img", now / 86_400),
            200..230 => format!("nightly/{}/volume-{:04}.img", now / 86_400, i - 200),
            _ => format!("nightly/{}/volume-{:04}.img", now / 86_400 - 30, i - 230),
        };
        plan.add(&Line {
            // 80 deletions at one every ten seconds: 60 in ten minutes.
            time: now
                + if i < 230 {
                    i * 6
                } else {
                    1380 + (i - 230) * 10
                },
            requester: &requester,
            operation,
            method,
            key: key.as_bytes(),
            status,
            bytes,
            size: if method == "DELETE" { 0 } else { size },
            total: if method == "DELETE" {
                31
            } else {
                rng.between(20_000, 40_000)
            },
            turn: if method == "DELETE" {
                30
            } else {
                rng.between(30, 90)
            },
            ..common
        });
    }
}
