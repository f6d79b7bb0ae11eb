//! What keeps data and traces safe is taken away; pages and logs are changed.

use crate::attacks::{ANY, Attack, DAY};
use crate::fields::Field;
use crate::line::{Address, Channel, Line};
use crate::lines::{Caller, attacker, inside};
use crate::scene::{Fires, Scene};
use crate::world::{self, agent, role, user};

const CHANGED: Attack = Attack {
    level: "low",
    key: &[Field::Principal, Field::Bucket],
    ..ANY
};

/// The family's attacks.
pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "defaced",
        rule: "site-tamper",
        level: "high",
        also: &["off-hours-access"],
        play: defaced,
        ..CHANGED
    },
    Attack {
        name: "page-by-another",
        rule: "site-tamper-low",
        play: page_by_another,
        ..CHANGED
    },
    Attack {
        name: "redirected",
        rule: "website-redirect",
        level: "medium",
        also: &["off-hours-access"],
        play: redirected,
        ..CHANGED
    },
    Attack {
        name: "logging-off",
        rule: "defence-tamper",
        play: |scene| {
            setting(
                scene,
                "log-tuning",
                60,
                "REST.PUT.LOGGING_STATUS",
                "?logging",
            );
        },
        ..CHANGED
    },
    Attack {
        name: "defences-down",
        rule: "defence-tamper-high",
        level: "high",
        key: &[Field::Principal],
        fires: Fires::Distinct(Field::Operation, 2),
        timespan: 90 * 60,
        period: 90 * 60,
        also: &["defence-tamper"],
        play: defences_down,
        ..CHANGED
    },
    Attack {
        name: "copies-set-up",
        rule: "copy-channel-setup",
        play: |scene| {
            setting(
                scene,
                "dr-setup",
                61,
                "REST.PUT.REPLICATION",
                "?replication",
            );
        },
        ..CHANGED
    },
    Attack {
        name: "lock-changed",
        rule: "object-lock-change",
        level: "medium",
        also: &["defence-tamper"],
        play: |scene| {
            let operation = "REST.PUT.OBJECT_LOCK_CONFIGURATION";
            setting(scene, "retention-admin", 62, operation, "?object-lock");
        },
        ..CHANGED
    },
    Attack {
        name: "requester-pays",
        rule: "requester-pays-change",
        play: |scene| {
            let operation = "REST.PUT.REQUEST_PAYMENT";
            setting(scene, "billing-tool", 63, operation, "?requestPayment");
        },
        ..CHANGED
    },
    Attack {
        name: "acl-opened",
        rule: "acl-change",
        level: "medium",
        play: |scene| setting(scene, "legacy-portal", 64, "REST.PUT.ACL", "?acl"),
        ..CHANGED
    },
    Attack {
        name: "logs-deleted",
        rule: "log-bucket-access",
        level: "high",
        play: logs_deleted,
        ..CHANGED
    },
    Attack {
        name: "log-of-the-log",
        rule: "logging-loop",
        key: &[Field::Bucket],
        period: DAY,
        play: log_of_the_log,
        ..CHANGED
    },
];

/// A known role writes one setting.
fn setting(scene: &mut Scene<'_>, name: &str, host: u8, operation: &str, query: &str) {
    let caller = Caller {
        bucket: world::ARCHIVE,
        address: inside(host),
        requester: &role(name, "manual"),
    };
    scene.hit(0, &caller.setting(operation, query));
}

/// Another front page.
fn defaced(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::WEBSITE,
        address: attacker(170),
        requester: &user("web-editor"),
    };
    scene.beside(0, &caller.list());
    scene.hit(12, &caller.put("index.html", 2_204));
    scene.hit(14, &caller.put("assets/js/app.js", 40_211));
}

/// A page that matters, by somebody known.
fn page_by_another(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::WEBSITE,
        address: inside(70),
        requester: &role("marketing-cms", "publish"),
    };
    scene.hit(0, &caller.put("index.html", 18_244));
}

/// The website now sends its visitors elsewhere.
fn redirected(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::WEBSITE,
        address: attacker(171),
        requester: &user("web-admin"),
    };
    scene.hit(0, &caller.setting("REST.PUT.WEBSITE", "?website"));
}

/// First the log, then what protects the data.
fn defences_down(scene: &mut Scene<'_>) {
    let requester = role("ops-sandbox", "manual");
    let steps = [
        (world::SCANS, "REST.PUT.LOGGING_STATUS", "?logging"),
        (world::SCANS, "REST.PUT.VERSIONING", "?versioning"),
        (world::FINANCE, "REST.DELETE.REPLICATION", "?replication"),
        (world::FINANCE, "REST.DELETE.ENCRYPTION", "?encryption"),
    ];
    for (i, (bucket, operation, query)) in (0..).zip(steps) {
        let caller = Caller {
            bucket,
            address: inside(65),
            requester: &requester,
        };
        scene.hit(i * 40, &caller.setting(operation, query));
    }
}

/// Traces are removed.
fn logs_deleted(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::LOGS,
        address: inside(66),
        requester: &role("log-admin", "manual"),
    };
    for i in 0..12 {
        let key = format!("s3/acme-hr/2026-02-02-10-{i:02}-11-0123456789ABCD{i:02}");
        scene.hit(i * 8, &caller.delete(&key));
    }
}

/// A bucket that logs into itself.
fn log_of_the_log(scene: &mut Scene<'_>) {
    for i in 0..4 {
        let key = format!("s3/acme-audit-logs/2026-02-02-23-1{i}-07-0123456789ABCDE{i}");
        let line = Line {
            bucket: world::AUDIT,
            address: Address::Nowhere,
            requester: "svc:logging.s3.amazonaws.com",
            operation: "REST.PUT.OBJECT",
            method: "PUT",
            key: key.as_bytes(),
            size: 21_204,
            total: 31,
            turn: 20,
            agent: agent::INTERNAL,
            channel: Channel::Header,
            ..Line::BLANK
        };
        scene.hit(i * 60, &line);
    }
}
