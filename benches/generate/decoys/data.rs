//! Programs of the company that move much: Spark, Athena, backups, jobs.

use super::Tell;
use crate::line::{Address, Channel, Host, Line};
use crate::lines::{Caller, missing};
use crate::rng::Rng;
use crate::world::{self, agent, role, user};

/// One role on fifty addresses, as Lambda and Athena have.
pub fn one_role_many_addresses(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    for i in 0..150_u32 {
        let key = format!("features/batch-{:05}.npy", rng.below(100_000));
        let size = rng.size(14, 20);
        tell(&Line {
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

/// Spark looks for what its tasks may have left.
pub fn spark_misses(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    for i in 0..120_i64 {
        let key =
            format!("daily/_temporary/0/_temporary/attempt_202602_{i:04}_m_000000_0/_SUCCESS");
        tell(&Line {
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
pub fn backup(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
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
        tell(&Line {
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

/// Athena reads from many of AWS's own addresses.
pub fn athena(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let requester = role("analytics-query", "AthenaQuery-7c1e");
    for i in 0..120_u32 {
        let caller = Caller {
            bucket: world::CURATED,
            address: Address::V4(world::AWS_HERE + 12 + i % 40),
            requester: &requester,
        };
        let key = format!("orders/day%253D{}/part-{i:05}.zstd.parquet", now / 86_400);
        let size = rng.size(18, 24);
        let line = Line {
            status: 206,
            bytes: size.min(rng.size(13, 20)),
            ..caller.get(&key, size)
        };
        tell(&Line {
            time: now + i64::from(i) / 4,
            agent: agent::ATHENA,
            ..line
        });
    }
}

/// A program starts: its SDK asks the wrong region, finds the right one, looks
/// for settings that it may not see, and for each folder tries whether it is an
/// object, a marker or a prefix.
pub fn sdk_probes(_: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let caller = Caller {
        bucket: world::EVENTS,
        address: Address::v4(10, 240, 7, 30),
        requester: &role("stream-reader", "stream-reader"),
    };
    let answers = [
        ("REST.HEAD.BUCKET", "", 400, "AuthorizationHeaderMalformed"),
        ("REST.HEAD.BUCKET", "", 301, "PermanentRedirect"),
        ("REST.GET.LOCATION", "?location", 200, ""),
        ("REST.GET.VERSIONING", "?versioning", 403, "AccessDenied"),
        ("REST.GET.ENCRYPTION", "?encryption", 403, "AccessDenied"),
    ];
    for (i, (operation, query, status, error)) in (0..).zip(answers) {
        tell(&Line {
            time: now + i,
            requester: if status == 400 { "" } else { caller.requester },
            status,
            error,
            bytes: if operation == "REST.HEAD.BUCKET" {
                0
            } else {
                243
            },
            agent: agent::SPARK,
            ..caller.setting(operation, query)
        });
    }
    for i in 0..30 {
        let folder = format!("2026/02/stream-{i:02}");
        let marker = format!("{folder}/");
        let time = now + 6 + i / 3;
        for key in [&folder, &marker] {
            tell(&Line {
                time,
                agent: agent::SPARK,
                ..missing(caller.head(key))
            });
        }
        tell(&Line {
            time,
            agent: agent::SPARK,
            bytes: 2_204,
            ..caller.list()
        });
    }
}

/// Deletes keys in requests of so many.
fn batches(caller: Caller<'_>, agent: &str, now: i64, keys: &[String], tell: &mut Tell<'_>) {
    for (i, keys) in (0..).zip(keys.chunks(250)) {
        let time = now + i * 3;
        tell(&Line {
            time,
            agent,
            method: "POST",
            bytes: 21_204,
            ..caller.setting("REST.POST.MULTI_OBJECT_DELETE", "?delete")
        });
        for key in keys {
            tell(&Line {
                time,
                operation: "BATCH.DELETE.OBJECT",
                total: 0,
                turn: 0,
                channel: Channel::Companion,
                ..caller.delete(key)
            });
        }
    }
}

/// Spark's committer clears what it left: hundreds of keys under `_temporary`
/// and the markers of folders.
pub fn spark_deletes(_: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let caller = Caller {
        bucket: world::CURATED,
        address: Address::v4(10, 240, 1, 21),
        requester: &role("data-lake-etl", "i-0d41d8cd98f00b205"),
    };
    let keys: Vec<String> = (0..600)
        .map(|i| match i % 4 {
            0 => format!(
                "daily/day%253D{}/hour%253D{i:03}_%2524folder%2524",
                now / 86_400
            ),
            _ => format!("daily/_temporary/0/task_2026_{i:04}_m_000000/part-{i:05}.zstd.parquet"),
        })
        .collect();
    batches(caller, agent::SPARK, now, &keys, tell);
}

/// A job reads its own keys and writes them anew.
pub fn rewritten(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let caller = Caller {
        bucket: world::CURATED,
        address: Address::v4(10, 240, 6, 6),
        requester: &role("profile-refresher", "nightly"),
    };
    for i in 0..160 {
        let key = format!("profiles/shard-{i:04}.json.gz");
        let size = rng.size(16, 20);
        tell(&Line {
            time: now + i,
            agent: agent::BOTO3,
            ..caller.get(&key, size)
        });
        tell(&Line {
            time: now + i + 3,
            agent: agent::BOTO3,
            ..caller.put(&key, size + 204)
        });
    }
}

/// `aws s3 mv` of a folder: each key is copied, and the old one deleted.
pub fn moved(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let caller = Caller {
        bucket: world::ARCHIVE,
        address: Address::v4(10, 240, 6, 7),
        requester: &role("data-steward", "k.mensah"),
    };
    let folder = now / 86_400;
    for i in 0..60 {
        let (old, new) = (
            format!("incoming/{folder}/scan-{i:03}.tif"),
            format!("sorted/{folder}/scan-{i:03}.tif"),
        );
        let size = rng.size(18, 21);
        let time = now + i * 2;
        for line in [
            caller.copy(&new, size),
            caller.copied(&old, size, &Host::Own),
            caller.delete(&old),
        ] {
            tell(&Line { time, ..line });
        }
    }
}

/// A few objects get another storage class: copies onto themselves.
pub fn storage_class(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let caller = Caller {
        bucket: world::MODELS,
        address: Address::v4(10, 240, 6, 8),
        requester: &role("data-steward", "k.mensah"),
    };
    for i in 0..15 {
        let key = format!("ranking/v{i}/weights.bin");
        let size = rng.size(22, 26);
        let time = now + i * 4;
        tell(&Line {
            time,
            ..caller.copy(&key, size)
        });
        tell(&Line {
            time,
            ..caller.copied(&key, size, &Host::Own)
        });
    }
}

/// A few archived volumes are asked for.
pub fn warmed(_: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let caller = Caller {
        bucket: world::ARCHIVE,
        address: Address::v4(10, 240, 6, 9),
        requester: &role("data-steward", "h.sato"),
    };
    for i in 0..12 {
        let key = format!("2021/volume-{i:03}.tar");
        tell(&Line {
            time: now + i * 20,
            operation: "REST.POST.RESTORE",
            method: "POST",
            query: b"?restore",
            status: 202,
            ..caller.put(&key, 0)
        });
    }
}

/// Every delivered log is fetched, soon after it came.
pub fn log_shipper(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let caller = Caller {
        bucket: world::LOGS,
        address: Address::v4(10, 240, 5, 5),
        requester: &role("log-shipper", "collector-2"),
    };
    tell(&Line {
        time: now,
        agent: agent::BOTO3,
        ..caller.list()
    });
    for i in 0..24 {
        let minute = now / 60 % 60;
        let key = format!(
            "s3/acme-reports/2026-02-03-{:02}-{minute:02}-{i:02}-{:016X}",
            now / 3600 % 24,
            rng.next()
        );
        tell(&Line {
            time: now + 1 + i / 4,
            agent: agent::BOTO3,
            ..caller.get(&key, rng.size(11, 18))
        });
    }
}
