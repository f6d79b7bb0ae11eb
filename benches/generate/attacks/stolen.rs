//! Credentials of the company, used where and how they never were: what only who
//! knows the ordinary weeks can see without a list.
//!
//! Each comes from a network of its own: once one has been seen, it is known.

use crate::attacks::{ANY, Attack, DAY, HOUR, When};
use crate::fields::Field;
use crate::line::{Address, Line};
use crate::lines::{Caller, inside, missing};
use crate::scene::{Fires, Scene, Step};
use crate::world::{self, agent, role, user};

const STOLEN: Attack = Attack {
    key: &[Field::Actor, Field::Bucket],
    also: &["unknown-source-ip"],
    needs: &["baseline"],
    when: When::Learned(10),
    ..ANY
};

/// The family's attacks.
pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "key-elsewhere",
        rule: "unknown-source-ip",
        level: "medium",
        key: &[Field::Bucket, Field::NetworkValue],
        period: DAY,
        also: &[],
        play: key_elsewhere,
        ..STOLEN
    },
    Attack {
        name: "nobody-before",
        rule: "new-principal",
        level: "medium",
        key: &[Field::Bucket, Field::Principal],
        period: DAY,
        play: nobody_before,
        ..STOLEN
    },
    Attack {
        name: "role-with-another-tool",
        rule: "new-client",
        level: "low",
        key: &[Field::Principal, Field::Client],
        period: DAY,
        play: role_with_another_tool,
        ..STOLEN
    },
    Attack {
        name: "role-takes-gigabytes",
        rule: "exfil-volume",
        level: "high",
        fires: Fires::Bytes(1 << 30),
        timespan: HOUR,
        also: &["unknown-source-ip", "new-client"],
        play: role_takes_gigabytes,
        ..STOLEN
    },
    Attack {
        name: "role-guesses-keys",
        rule: "key-guess-success",
        level: "high",
        key: &[Field::Host, Field::Bucket],
        fires: Fires::Steps(&[
            Step(Fires::Distinct(Field::Key, 10), 900),
            Step(Fires::Count(1), 1),
        ]),
        timespan: 900,
        also: &[
            "unknown-source-ip",
            "unknown-source-ip-low",
            "not-found-burst",
        ],
        play: role_guesses_keys,
        ..STOLEN
    },
];

/// Some reads each working morning, from where the caller belongs.
fn mornings(scene: &mut Scene<'_>, caller: Caller<'_>, agent: &str) {
    for day in scene.days() {
        for i in 0..6 {
            let key = format!("work/{}/part-{i}.csv", day / DAY);
            let line = caller.get(&key, 48_213);
            scene.ordinary(day + 8 * HOUR + 600 + i * 45, &Line { agent, ..line });
        }
    }
}

/// The key of a program, with its own tool, from a network that nobody of the
/// account was ever on.
fn key_elsewhere(scene: &mut Scene<'_>) {
    let requester = user("invoice-sync");
    let caller = Caller {
        bucket: world::SCANS,
        address: Address::V4(world::NAT_GATEWAYS + 1),
        requester: &requester,
    };
    mornings(scene, caller, agent::BOTO3);
    let thief = Caller {
        address: Address::v4(198, 19, 243, 20),
        ..caller
    };
    for i in 0..10 {
        let key = format!("2026/invoice-{i:04}.pdf");
        let line = thief.get(&key, 81_922);
        let agent = agent::BOTO3;
        scene.hit(i * 20, &Line { agent, ..line });
    }
}

/// A user that was made today.
fn nobody_before(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::EXPORTS,
        address: Address::v4(198, 19, 244, 20),
        requester: &user("support-export"),
    };
    for i in 0..8 {
        let key = format!("2026/customer-{i:03}.csv");
        scene.hit(i * 25, &caller.get(&key, 812_000));
    }
}

/// A role's session outside, with a tool that copies whole buckets: so far only a
/// few files.
fn role_with_another_tool(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::REPORTS,
        address: inside(80),
        requester: &role("report-archiver", "archiver"),
    };
    mornings(scene, caller, agent::BOTO3);
    let thief = Caller {
        address: Address::v4(198, 19, 245, 20),
        requester: &role("report-archiver", "archiver"),
        ..caller
    };
    for i in 0..7 {
        let key = format!("exports/weekly/kpi-{i}.csv");
        let line = thief.get(&key, 48_213);
        let agent = agent::RCLONE;
        scene.hit(i * 25, &Line { agent, ..line });
    }
}

/// One and a half gigabytes with a role that reads little.
fn role_takes_gigabytes(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::EVENTS,
        address: inside(81),
        requester: &role("event-replay", "replay"),
    };
    mornings(scene, caller, agent::BOTO3);
    let thief = Caller {
        address: Address::v4(198, 19, 246, 20),
        ..caller
    };
    for i in 0..24 {
        let key = format!("2026/02/stream-{i:02}.avro");
        let line = thief.get(&key, 64 << 20);
        let agent = agent::RCLONE;
        scene.hit(i * 15, &Line { agent, ..line });
    }
}

/// Names are tried until some are right.
fn role_guesses_keys(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::UPLOADS,
        address: inside(82),
        requester: &role("upload-checker", "checker"),
    };
    mornings(scene, caller, agent::CLI);
    let thief = Caller {
        address: Address::v4(198, 19, 247, 20),
        ..caller
    };
    for i in 0..24 {
        let key = format!("customers/{}/documents/passport.pdf", 100 * i);
        scene.hit(i * 9, &missing(thief.get(&key, 0)));
    }
    for i in 0..3 {
        let key = format!("customers/{}/documents/passport.pdf", 50_001 + i);
        scene.step(1, 240 + i * 12, &thief.get(&key, 210_344));
    }
}
