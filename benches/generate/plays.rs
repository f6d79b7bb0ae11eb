//! The attacks, line by line.

use crate::line::{Address, Channel, Line};
use crate::scene::Scene;
use crate::world::{self, agent, person, role, user};

/// A refused read.
const DENIED: Line<'static> = Line {
    status: 403,
    error: "AccessDenied",
    bytes: 243,
    total: 14,
    agent: agent::BOTO3,
    ..Line::BLANK
};

/// A read of something small.
const READ: Line<'static> = Line {
    bytes: 48_213,
    size: 48_213,
    total: 31,
    turn: 24,
    agent: agent::CLI,
    ..Line::BLANK
};

/// An IAM user of an account that nobody knows.
const FOREIGN: &str = "arn:aws:iam::999988887777:user/collector";

/// Half before the hour and half after: neither half is enough by itself.
pub fn denied_straddling(scene: &mut Scene<'_>) {
    for i in 0..28 {
        let key = format!("invoices/2026/{:04}.pdf", i % 10);
        scene.hit(
            i * 6,
            &Line {
                bucket: world::FINANCE,
                address: Address::v4(203, 0, 113, 7),
                requester: FOREIGN,
                key: key.as_bytes(),
                ..DENIED
            },
        );
    }
}

/// A known batch job walks through a folder that it may not read.
pub fn denied_known_many_keys(scene: &mut Scene<'_>) {
    for i in 0..36 {
        let key = format!("contracts/employee-{:05}.pdf", 10_000 + i);
        let head = i % 3 == 0;
        scene.hit(
            i * 5,
            &Line {
                bucket: world::HR,
                address: Address::v4(10, 250, 1, 14),
                requester: &role("reporting-batch", "reporting-batch"),
                operation: if head {
                    "REST.HEAD.OBJECT"
                } else {
                    "REST.GET.OBJECT"
                },
                method: if head { "HEAD" } else { "GET" },
                bytes: if head { 0 } else { 243 },
                key: key.as_bytes(),
                ..DENIED
            },
        );
    }
}

/// Reads, lists, writes: few keys, but everything is tried.
pub fn denied_known_operations(scene: &mut Scene<'_>) {
    for i in 0..30 {
        let (operation, method, key, query): (_, _, _, &[u8]) = match i % 3 {
            0 => (
                "REST.GET.OBJECT",
                "GET",
                format!("payroll/{}.csv", i % 5),
                b"",
            ),
            1 => (
                "REST.GET.BUCKET",
                "GET",
                String::new(),
                b"?list-type=2&prefix=payroll%2F",
            ),
            _ => ("REST.PUT.OBJECT", "PUT", "payroll/probe.txt".into(), b""),
        };
        scene.hit(
            i * 7,
            &Line {
                bucket: world::HR,
                address: Address::v4(10, 250, 1, 15),
                requester: &role("intern-sandbox", "notebook-7"),
                operation,
                method,
                key: key.as_bytes(),
                query,
                ..DENIED
            },
        );
    }
}

/// A known program with a stale permission tries the same few keys over and over.
pub fn denied_known_few_keys(scene: &mut Scene<'_>) {
    for i in 0..60 {
        let key = format!("import/feed-{}.xml", i % 3);
        scene.hit(
            i * 4,
            &Line {
                bucket: world::ARCHIVE,
                address: Address::v4(192, 0, 2, 40),
                requester: &user("legacy-importer"),
                key: key.as_bytes(),
                ..DENIED
            },
        );
    }
}

/// Nobody in particular tries whole backups.
pub fn denied_stranger_flood(scene: &mut Scene<'_>) {
    for i in 0..260 {
        let key = format!("db/2026-01-{:02}/table-{:03}.parquet", 1 + i % 28, i);
        scene.hit(
            i * 9 / 10,
            &Line {
                bucket: world::BACKUPS,
                address: Address::v4(198, 51, 100, 23),
                key: key.as_bytes(),
                agent: agent::PYTHON,
                channel: Channel::Anonymous,
                ..DENIED
            },
        );
    }
}

/// The application's role, from a network where it has never been.
pub fn keys_guessed(scene: &mut Scene<'_>) {
    for i in 0..64 {
        let key = format!("customers/{}/documents/passport.pdf", 40_000 + i);
        scene.hit(
            i * 4,
            &Line {
                bucket: world::UPLOADS,
                address: Address::v4(203, 0, 113, 40),
                requester: &role("app-api", "web"),
                operation: "REST.GET.OBJECT",
                method: "GET",
                key: key.as_bytes(),
                status: 404,
                error: "NoSuchKey",
                bytes: 311,
                ..DENIED
            },
        );
    }
}

/// Guesses at what else may lie in a public bucket.
pub fn keys_guessed_public(scene: &mut Scene<'_>) {
    for i in 0..45 {
        let key = format!("releases/internal/build-{}.zip", 700 + i);
        scene.hit(
            i * 5,
            &Line {
                bucket: world::DOWNLOADS,
                address: Address::v4(198, 51, 100, 77),
                key: key.as_bytes(),
                status: 404,
                error: "NoSuchKey",
                bytes: 311,
                agent: agent::PYTHON,
                channel: Channel::Anonymous,
                ..DENIED
            },
        );
    }
}

/// A leaked key looks at what there is.
pub fn sweep_leaked_key(scene: &mut Scene<'_>) {
    let buckets = [
        world::TERRAFORM,
        world::BACKUPS,
        world::CURATED,
        world::REPORTS,
        world::MODELS,
        world::HR,
    ];
    for (i, bucket) in (0..).zip(buckets) {
        scene.hit(
            i * 40,
            &list(
                bucket,
                Address::v4(198, 51, 100, 140),
                &user("ci/publisher"),
            ),
        );
    }
}

/// An auditor looks at every bucket.
pub fn sweep_known(scene: &mut Scene<'_>) {
    let auditor = person(9);
    for (i, bucket) in (0..).zip(world::BUCKETS) {
        scene.hit(i * 20, &list(bucket, Address::v4(10, 250, 3, 9), &auditor));
    }
}

/// A list that succeeds.
const fn list<'a>(bucket: &'a str, address: Address, requester: &'a str) -> Line<'a> {
    Line {
        bucket,
        address,
        requester,
        operation: "REST.GET.BUCKET",
        query: b"?list-type=2&max-keys=1000&encoding-type=url",
        bytes: 18_804,
        total: 44,
        turn: 43,
        agent: agent::CLI,
        ..Line::BLANK
    }
}

/// Anybody may list the archive.
pub fn open_list(scene: &mut Scene<'_>) {
    for i in 0..5 {
        scene.hit(
            i * 30,
            &Line {
                channel: Channel::Anonymous,
                agent: agent::PYTHON,
                ..list(world::ARCHIVE, Address::v4(203, 0, 113, 90), "")
            },
        );
    }
}

/// Anybody may write thumbnails.
pub fn open_write(scene: &mut Scene<'_>) {
    for i in 0..3 {
        let key = format!("customers/poc-{i}.txt");
        scene.hit(
            i * 50,
            &Line {
                bucket: world::THUMBNAILS,
                address: Address::v4(203, 0, 113, 91),
                operation: "REST.PUT.OBJECT",
                method: "PUT",
                key: key.as_bytes(),
                size: 17,
                total: 29,
                turn: 22,
                agent: agent::PYTHON,
                channel: Channel::Anonymous,
                ..Line::BLANK
            },
        );
    }
}

/// Anybody may ask whether the bucket is there.
pub fn open_head(scene: &mut Scene<'_>) {
    for i in 0..4 {
        scene.hit(
            i * 20,
            &Line {
                bucket: world::MODELS,
                address: Address::v4(203, 0, 113, 92),
                operation: "REST.HEAD.BUCKET",
                method: "HEAD",
                total: 9,
                agent: agent::PYTHON,
                channel: Channel::Anonymous,
                ..Line::BLANK
            },
        );
    }
}

/// A signed request that was not believed: the log names no requester.
fn forged(i: i64) -> Line<'static> {
    Line {
        bucket: if i % 2 == 0 {
            world::DATALAKE
        } else {
            world::BACKUPS
        },
        operation: "REST.GET.BUCKET",
        query: b"?list-type=2",
        error: if i % 3 == 0 {
            "InvalidAccessKeyId"
        } else {
            "SignatureDoesNotMatch"
        },
        bytes: 413,
        ..DENIED
    }
}

/// Guessed and stolen keys, none of them good.
pub fn credentials_guessed(scene: &mut Scene<'_>) {
    for i in 0..24 {
        let address = Address::v4(203, 0, 113, 120);
        scene.hit(
            i * 12,
            &Line {
                address,
                ..forged(i)
            },
        );
    }
}

/// Another privacy address for every request, all in one /64.
pub fn credentials_guessed_ipv6(scene: &mut Scene<'_>) {
    for i in 0..18 {
        let host = u128::from(crate::rng::mix(i as u64));
        let address = Address::V6(0x2001_0db8_0bad_0001 << 64 | host);
        scene.hit(
            i * 15,
            &Line {
                address,
                ..forged(i)
            },
        );
    }
}

/// A cron job with a key that was rotated away.
pub fn credentials_rotated(scene: &mut Scene<'_>) {
    for i in 0..30 {
        scene.hit(
            i * 8,
            &Line {
                address: Address::v4(192, 0, 2, 41),
                error: "InvalidAccessKeyId",
                bucket: world::BACKUPS,
                ..forged(i)
            },
        );
    }
}

/// The role of the downloads, on somebody else's machine.
pub fn unknown_network(scene: &mut Scene<'_>) {
    for i in 0..12 {
        let key = format!("exports/weekly/kpi-{}.csv", i % 6);
        scene.hit(
            i * 11,
            &Line {
                bucket: world::REPORTS,
                address: Address::v4(198, 19, 250, 20 + (i % 3) as u8),
                requester: &role("app-api", "download-links"),
                key: key.as_bytes(),
                ..READ
            },
        );
    }
}

/// The deployer's key elsewhere, refused.
pub fn unknown_network_refused(scene: &mut Scene<'_>) {
    for i in 0..6 {
        let key = format!("env/prod/module-{i}/plan.json");
        scene.hit(
            i * 25,
            &Line {
                bucket: world::TERRAFORM,
                address: Address::v4(198, 19, 251, 66),
                requester: &user("ci/deployer"),
                key: key.as_bytes(),
                ..DENIED
            },
        );
    }
}
