//! Taking: much data, many objects, secrets, copies elsewhere, money.

use crate::attacks::{ANY, Attack};
use crate::fields::Field;
use crate::line::{Address, Host, Line};
use crate::lines::{Caller, attacker, denied, inside};
use crate::rng::mix;
use crate::scene::{Fires, Scene};
use crate::world::{self, agent, role, user};

const TAKEN: Attack = Attack {
    level: "high",
    key: &[Field::Actor, Field::Bucket],
    also: &["off-hours-access", "unknown-source-ip"],
    ..ANY
};

/// The family's attacks.
pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "sync-leaked-key",
        rule: "exfil-volume",
        fires: Fires::Bytes(1 << 30),
        timespan: 3600,
        play: sync_leaked_key,
        ..TAKEN
    },
    Attack {
        name: "volume-known",
        rule: "exfil-volume-low",
        level: "low",
        fires: Fires::Bytes(100 << 30),
        timespan: 3600,
        also: &[],
        play: volume_known,
        ..TAKEN
    },
    Attack {
        name: "every-report",
        rule: "mass-object-read",
        level: "medium",
        fires: Fires::Distinct(Field::Key, 500),
        timespan: 600,
        play: every_report,
        ..TAKEN
    },
    Attack {
        name: "copied-to-foreign",
        rule: "copy-out",
        key: &[Field::Principal, Field::Bucket],
        timespan: 3600,
        play: copied_to_foreign,
        ..TAKEN
    },
    Attack {
        name: "copied-much-known",
        rule: "copy-out",
        key: &[Field::Principal, Field::Bucket],
        fires: Fires::Bytes(1 << 30),
        timespan: 3600,
        also: &[],
        play: copied_much_known,
        ..TAKEN
    },
    Attack {
        name: "secrets",
        rule: "sensitive-key-access",
        also: &[
            "off-hours-access",
            "unknown-source-ip",
            "web-attack-probe-medium",
        ],
        play: secrets,
        ..TAKEN
    },
    Attack {
        name: "secrets-refused",
        rule: "sensitive-key-access-low",
        level: "low",
        also: &["unknown-source-ip-low"],
        play: secrets_refused,
        ..TAKEN
    },
    Attack {
        name: "wallet",
        rule: "denial-of-wallet",
        level: "medium",
        key: &[Field::Bucket],
        fires: Fires::Count(100_000),
        timespan: 300,
        also: &[],
        huge: true,
        play: wallet,
        ..TAKEN
    },
    Attack {
        name: "restored",
        rule: "restore-cost",
        level: "medium",
        key: &[Field::Principal, Field::Bucket],
        fires: Fires::Count(100),
        timespan: 3600,
        also: &["off-hours-access"],
        play: restored,
        ..TAKEN
    },
];

/// `aws s3 sync` with a leaked key: a list, then everything.
fn sync_leaked_key(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::DATALAKE,
        address: attacker(150),
        requester: &user("bi-connector"),
    };
    scene.beside(0, &caller.list());
    for i in 0..14 {
        let key = format!("events/region%253Deu/day%253D20480/part-{i:05}.snappy.parquet");
        scene.hit(4 + i * 9, &caller.get(&key, 128 << 20));
    }
}

/// A known notebook reads what it was made for, and a hundred times as much.
fn volume_known(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::MODELS,
        address: inside(40),
        requester: &role("data-science-notebook", "n-17"),
    };
    for i in 0..25 {
        let key = format!("ranking/v7/shard-{i:03}.bin");
        scene.hit(i * 14, &caller.get(&key, 5 << 30));
    }
}

/// Many small objects instead of much data.
fn every_report(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::REPORTS,
        address: attacker(151),
        requester: &user("report-viewer"),
    };
    for i in 0..540 {
        let key = format!("exports/customer-{i:05}/report-2026.csv");
        scene.hit(i * 2 / 3, &caller.get(&key, 21_204));
    }
}

/// The copy's target is in an account that does not log here.
fn copied_to_foreign(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::EXPORTS,
        address: attacker(152),
        requester: &user("exporter-old"),
    };
    for i in 0..9 {
        let key = format!("2026/customer-{i:03}.csv");
        scene.hit(
            i * 8,
            &caller.copied(&key, 812_000, &Host::Bucket("drop-7f3a91")),
        );
    }
}

/// A known role copies gigabytes to a bucket that is not the company's.
fn copied_much_known(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::ARCHIVE,
        address: inside(41),
        requester: &role("migration-tool", "batch-3"),
    };
    for i in 0..12 {
        let key = format!("2019/volume-{i:03}.tar");
        scene.hit(
            i * 15,
            &caller.copied(&key, 200 << 20, &Host::Bucket("contractor-staging")),
        );
    }
}

/// Passwords that lie about.
fn secrets(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::EXCHANGE,
        address: attacker(153),
        requester: &user("ci/runner"),
    };
    let keys = [
        "portal/.env",
        "portal/deploy.pem",
        "dumps/portal-2026.sql.gz",
    ];
    for (i, key) in (0..).zip(keys) {
        scene.hit(i * 16, &caller.get(key, 4_811));
    }
}

/// The same, in vain.
fn secrets_refused(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::TERRAFORM,
        address: attacker(154),
        requester: &user("ci/runner-old"),
    };
    for (i, name) in (0..).zip(["network", "database", "identity"]) {
        let key = format!("env/prod/{name}/terraform.tfstate");
        scene.hit(i * 16, &denied(caller.get(&key, 0)));
    }
}

/// A picture of the campaign, a hundred thousand times in five minutes.
fn wallet(scene: &mut Scene<'_>) {
    for i in 0..100_800_u64 {
        let caller = Caller {
            bucket: world::PROMO,
            address: Address::v4(198, 18, (mix(i) % 128) as u8, (mix(i) >> 32) as u8),
            requester: "",
        };
        let line = Line {
            agent: agent::BROWSERS[(i % 4) as usize],
            ..caller.get("spring/hero-4k.webp", 8_402_311)
        };
        scene.hit((i / 360) as i64, &line);
    }
}

/// Cold data is warmed up, to be billed for it.
fn restored(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::ARCHIVE,
        address: inside(42),
        requester: &user("archive-tool"),
    };
    for i in 0..120 {
        let key = format!("2018/volume-{i:03}.tar");
        let line = Line {
            operation: "REST.POST.RESTORE",
            method: "POST",
            query: b"?restore",
            status: 202,
            size: 0,
            ..caller.put(&key, 0)
        };
        scene.hit(i * 3, &line);
    }
}
