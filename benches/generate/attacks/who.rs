//! Credentials in the wrong hands, accounts that nobody knows, wrong hours.

use crate::attacks::{ANY, Attack, DAY, When};
use crate::fields::Field;
use crate::line::{Address, Line};
use crate::lines::{Caller, FOREIGN, attacker, inside};
use crate::scene::{Fires, Scene};
use crate::world::{self, ACCOUNT, agent, role, user};

const NETWORK: Attack = Attack {
    rule: "unknown-source-ip",
    level: "medium",
    key: &[Field::Bucket, Field::NetworkValue],
    period: DAY,
    ..ANY
};

/// The family's attacks.
pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "unknown-network",
        play: unknown_network,
        ..NETWORK
    },
    Attack {
        name: "unknown-network-refused",
        rule: "unknown-source-ip-low",
        level: "low",
        play: unknown_network_refused,
        ..NETWORK
    },
    Attack {
        name: "root-at-work",
        rule: "root-usage",
        level: "medium",
        key: &[Field::Bucket],
        also: &["off-hours-access"],
        play: root_at_work,
        ..ANY
    },
    Attack {
        name: "keys-of-four-people",
        rule: "multi-principal-ip",
        level: "medium",
        key: &[Field::Host],
        fires: Fires::Distinct(Field::Principal, 3),
        timespan: 3600,
        also: &["unknown-source-ip", "off-hours-access"],
        play: keys_of_four_people,
        ..ANY
    },
    Attack {
        name: "key-on-many-networks",
        rule: "distributed-principal",
        level: "high",
        key: &[Field::Requester],
        fires: Fires::Distinct(Field::WideNet, 5),
        timespan: 3600,
        also: &["unknown-source-ip", "off-hours-access"],
        play: key_on_many_networks,
        ..ANY
    },
    Attack {
        name: "instance-elsewhere",
        rule: "ec2-credential-offsite",
        level: "high",
        key: &[Field::Requester],
        also: &["unknown-source-ip"],
        play: instance_elsewhere,
        ..ANY
    },
    Attack {
        name: "foreign-reader",
        rule: "cross-account-access",
        level: "medium",
        key: &[Field::Account, Field::Bucket],
        also: &["unknown-source-ip", "off-hours-access"],
        play: foreign_reader,
        ..ANY
    },
    Attack {
        name: "foreign-writer",
        rule: "cross-account-access-high",
        level: "high",
        key: &[Field::Account, Field::Bucket],
        also: &[
            "cross-account-access",
            "unknown-source-ip",
            "off-hours-access",
        ],
        play: foreign_writer,
        ..ANY
    },
    Attack {
        name: "person-at-night",
        rule: "off-hours-access",
        level: "low",
        key: &[Field::Principal],
        when: When::Night,
        play: person_at_night,
        ..ANY
    },
    Attack {
        name: "salaries-from-outside",
        rule: "off-network-access",
        level: "high",
        key: &[Field::Host, Field::Bucket],
        play: salaries_from_outside,
        ..ANY
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

/// A read of something small.
const READ: Line<'static> = Line {
    bytes: 48_213,
    size: 48_213,
    total: 31,
    turn: 24,
    agent: agent::CLI,
    ..Line::BLANK
};

/// The role of the downloads, on somebody else's machine.
fn unknown_network(scene: &mut Scene<'_>) {
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
fn unknown_network_refused(scene: &mut Scene<'_>) {
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

/// The account's root reads invoices, from the office.
fn root_at_work(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::SCANS,
        address: Address::v4(192, 0, 2, 45),
        requester: &format!("arn:aws:iam::{ACCOUNT}:root"),
    };
    scene.hit(
        0,
        &Line {
            agent: agent::CONSOLE,
            ..caller.list()
        },
    );
    for i in 0..4 {
        let key = format!("2026/invoice-{i}.pdf");
        scene.hit(
            15 + i * 12,
            &Line {
                agent: agent::CONSOLE,
                ..caller.get(&key, 81_922)
            },
        );
    }
}

/// One host tries the keys that it has stolen.
fn keys_of_four_people(scene: &mut Scene<'_>) {
    let users = ["sales-sync", "cms-publisher", "etl-legacy", "metrics"].map(user);
    for i in 0..12 {
        let caller = Caller {
            bucket: world::REPORTS,
            address: attacker(130),
            requester: &users[i % 4],
        };
        let key = format!("exports/weekly/kpi-{}.csv", i % 5);
        scene.hit(i as i64 * 20, &caller.get(&key, 48_213));
    }
}

/// One key, used through proxies all over.
fn key_on_many_networks(scene: &mut Scene<'_>) {
    let addresses = [
        Address::v4(198, 18, 254, 9),
        Address::v4(198, 19, 242, 9),
        attacker(131),
        Address::v4(198, 51, 100, 131),
        Address::V6(0x2001_0db8_0bad_0007_u128 << 64 | 1),
    ];
    let requester = user("ci/exporter");
    for i in 0..15 {
        let caller = Caller {
            bucket: world::REPORTS,
            address: addresses[i % 5],
            requester: &requester,
        };
        let key = format!("exports/weekly/kpi-{i}.csv");
        scene.hit(i as i64 * 22, &caller.get(&key, 48_213));
    }
}

/// An instance's credentials, taken through its metadata service.
fn instance_elsewhere(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::UPLOADS,
        address: attacker(132),
        requester: &role("web-frontend", "i-0a1b2c3d4e5f60718"),
    };
    for i in 0..9 {
        let key = format!("customers/{}/documents/passport.pdf", 40_500 + i);
        scene.hit(i * 17, &caller.get(&key, 210_344));
    }
}

/// Somebody's own account reads what a careless policy lets it.
fn foreign_reader(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::MODELS,
        address: attacker(141),
        requester: FOREIGN,
    };
    for i in 0..8 {
        let key = format!("ranking/v{i}/weights.bin");
        scene.hit(i * 19, &caller.get(&key, 4_210_344));
    }
}

/// And writes where it may.
fn foreign_writer(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::UPLOADS,
        address: attacker(142),
        requester: FOREIGN,
    };
    for i in 0..3 {
        let key = format!("customers/implant-{i}.html");
        scene.hit(i * 31, &caller.put(&key, 1_204));
    }
}

/// An administrator whose day is over.
fn person_at_night(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::REPORTS,
        address: Address::v4(192, 0, 2, 46),
        requester: &user("marta.lind"),
    };
    for i in 0..10 {
        let key = format!("exports/weekly/kpi-{i}.csv");
        scene.hit(i * 23, &caller.get(&key, 48_213));
    }
}

/// A known program, from the office instead of the VPC.
fn salaries_from_outside(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::PAYROLL,
        address: Address::v4(192, 0, 2, 44),
        requester: &role("payroll-batch", "payroll-batch"),
    };
    scene.beside(
        0,
        &Caller {
            address: inside(44),
            ..caller
        }
        .list(),
    );
    for i in 0..6 {
        let key = format!("2026-01/slip-{i:04}.pdf");
        scene.hit(10 + i * 14, &caller.get(&key, 39_200));
    }
}
