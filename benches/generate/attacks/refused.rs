//! Refusals, misses and guesses, and what came of them.

use crate::attacks::{ANY, Attack, When};
use crate::fields::Field;
use crate::line::{Address, Channel, Line};
use crate::lines::{Caller, FOREIGN, attacker, denied, missing};
use crate::rng::mix;
use crate::scene::{Fires, Scene, Step};
use crate::world::{self, agent, role, user};

const BURST: Attack = Attack {
    rule: "access-denied-burst",
    level: "medium",
    key: &[Field::Host, Field::Bucket],
    fires: Fires::Count(20),
    timespan: 300,
    ..ANY
};

const CREDENTIALS: Attack = Attack {
    rule: "bad-credentials",
    level: "medium",
    key: &[Field::Host],
    fires: Fires::Count(10),
    timespan: 600,
    also: &["unknown-source-ip-low"],
    ..ANY
};

/// The family's attacks.
pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "denied-straddling",
        also: &["access-denied-burst-low", "unknown-source-ip-low"],
        when: When::Straddling,
        play: denied_straddling,
        ..BURST
    },
    Attack {
        name: "denied-known-many-keys",
        fires: Fires::Distinct(Field::Key, 20),
        also: &["access-denied-burst-low"],
        play: denied_known_many_keys,
        ..BURST
    },
    Attack {
        name: "denied-known-operations",
        fires: Fires::CountAndDistinct(20, Field::Operation, 3),
        also: &["access-denied-burst-low"],
        play: denied_known_operations,
        ..BURST
    },
    Attack {
        name: "denied-known-few-keys",
        rule: "access-denied-burst-low",
        level: "low",
        play: denied_known_few_keys,
        ..BURST
    },
    Attack {
        name: "denied-stranger-flood",
        rule: "access-denied-burst-high",
        level: "high",
        fires: Fires::Count(200),
        also: &[
            "access-denied-burst",
            "access-denied-burst-low",
            "not-found-burst",
            "unknown-source-ip-low",
        ],
        play: denied_stranger_flood,
        ..BURST
    },
    Attack {
        name: "denied-network",
        rule: "network-denied-burst",
        level: "high",
        key: &[Field::Net, Field::Bucket],
        fires: Fires::CountAndDistinct(100, Field::Host, 5),
        timespan: 600,
        also: &["unknown-source-ip-low"],
        play: denied_network,
        ..BURST
    },
    Attack {
        name: "denied-then-allowed",
        rule: "denied-then-allowed",
        level: "high",
        key: &[Field::Actor, Field::Bucket],
        fires: Fires::Steps(&[Step(Fires::Count(20), 1800), Step(Fires::Count(1), 1)]),
        timespan: 1800,
        also: &[
            "access-denied-burst",
            "access-denied-burst-low",
            "unknown-source-ip",
            "unknown-source-ip-low",
        ],
        play: denied_then_allowed,
        ..BURST
    },
    Attack {
        name: "keys-guessed",
        rule: "not-found-burst",
        fires: Fires::Distinct(Field::Key, 20),
        also: &["unknown-source-ip-low"],
        play: keys_guessed,
        ..BURST
    },
    Attack {
        name: "keys-guessed-public",
        rule: "not-found-burst-low",
        level: "low",
        fires: Fires::Distinct(Field::Key, 20),
        play: keys_guessed_public,
        ..BURST
    },
    Attack {
        name: "keys-guessed-and-found",
        rule: "key-guess-success",
        level: "high",
        fires: Fires::Steps(&[
            Step(Fires::Distinct(Field::Key, 10), 900),
            Step(Fires::Count(1), 1),
        ]),
        timespan: 900,
        also: &["unknown-source-ip", "unknown-source-ip-low"],
        play: keys_guessed_and_found,
        ..BURST
    },
    Attack {
        name: "origin-scanned",
        rule: "cdn-miss-burst",
        level: "low",
        key: &[Field::Bucket],
        fires: Fires::Distinct(Field::Key, 200),
        timespan: 600,
        play: origin_scanned,
        ..BURST
    },
    Attack {
        name: "credentials-guessed",
        play: credentials_guessed,
        ..CREDENTIALS
    },
    Attack {
        name: "credentials-guessed-ipv6",
        play: credentials_guessed_ipv6,
        ..CREDENTIALS
    },
    Attack {
        name: "credentials-rotated",
        rule: "bad-credentials-low",
        level: "low",
        also: &[],
        play: credentials_rotated,
        ..CREDENTIALS
    },
    Attack {
        name: "credentials-found",
        rule: "bad-credentials-success",
        level: "high",
        fires: Fires::Steps(&[Step(Fires::Count(10), 600), Step(Fires::Count(1), 1)]),
        timespan: 1800,
        also: &[
            "bad-credentials",
            "unknown-source-ip",
            "unknown-source-ip-low",
        ],
        play: credentials_found,
        ..CREDENTIALS
    },
];

/// A refused read.
const DENIED: Line<'static> = Line {
    status: 403,
    error: "AccessDenied",
    bytes: 243,
    total: 14,
    agent: agent::BOTO3,
    ..Line::BLANK
};

/// Half before the hour and half after: neither half is enough by itself.
fn denied_straddling(scene: &mut Scene<'_>) {
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
fn denied_known_many_keys(scene: &mut Scene<'_>) {
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
fn denied_known_operations(scene: &mut Scene<'_>) {
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
fn denied_known_few_keys(scene: &mut Scene<'_>) {
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
fn denied_stranger_flood(scene: &mut Scene<'_>) {
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
fn keys_guessed(scene: &mut Scene<'_>) {
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
fn keys_guessed_public(scene: &mut Scene<'_>) {
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
fn credentials_guessed(scene: &mut Scene<'_>) {
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
fn credentials_guessed_ipv6(scene: &mut Scene<'_>) {
    for i in 0..18 {
        let host = u128::from(mix(i as u64));
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
fn credentials_rotated(scene: &mut Scene<'_>) {
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

/// Eight hosts of one network share the work, and none is loud by itself.
fn denied_network(scene: &mut Scene<'_>) {
    for i in 0..120_u8 {
        let key = format!("invoices/2026/{i:04}.pdf");
        let caller = Caller {
            bucket: world::FINANCE,
            address: Address::v4(198, 19, 241, 10 + i % 8),
            requester: "",
        };
        scene.hit(i64::from(i) * 3, &denied(caller.get(&key, 0)));
    }
}

/// A leaked key that may not, until somebody lets it.
fn denied_then_allowed(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::HR,
        address: attacker(135),
        requester: &user("reporting"),
    };
    for i in 0..24 {
        let key = format!("contracts/board-{}.pdf", i % 8);
        scene.hit(i * 9, &denied(caller.get(&key, 0)));
    }
    for i in 0..5 {
        let key = format!("contracts/board-{i}.pdf");
        scene.step(1, 240 + i * 20, &caller.get(&key, 91_400));
    }
}

/// Names are guessed until some are right.
fn keys_guessed_and_found(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::REPORTS,
        address: attacker(133),
        requester: &role("app-api", "web"),
    };
    for i in 0..16 {
        let key = format!("exports/customer-{}/report.csv", 3 * i);
        scene.hit(i * 10, &missing(caller.get(&key, 0)));
    }
    for i in 0..3 {
        let key = format!("exports/customer-{}/report.csv", 100 + i);
        scene.step(1, 170 + i * 10, &caller.get(&key, 48_213));
    }
}

/// Somebody tries names through the content delivery network.
fn origin_scanned(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::SHOP,
        address: Address::Nowhere,
        requester: "svc:cloudfront.amazonaws.com",
    };
    for i in 0..240 {
        let key = format!("private/order-{:06}.pdf", 90_000 + i);
        let line = Line {
            agent: agent::CLOUDFRONT,
            ..denied(caller.get(&key, 0))
        };
        scene.hit(i * 3 / 2, &line);
    }
}

/// The thirteenth key is good.
fn credentials_found(scene: &mut Scene<'_>) {
    let address = attacker(134);
    for i in 0..12 {
        scene.hit(
            i * 14,
            &Line {
                address,
                ..forged(i)
            },
        );
    }
    let requester = user("ci/image-builder");
    for i in 0..4 {
        let caller = Caller {
            bucket: world::REPORTS,
            address,
            requester: &requester,
        };
        let key = format!("exports/weekly/kpi-{i}.csv");
        scene.step(1, 200 + i * 15, &caller.get(&key, 48_213));
    }
}
