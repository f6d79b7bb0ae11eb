//! Looking around: buckets, settings, sizes, web servers that are none.

use crate::attacks::{ANY, Attack};
use crate::fields::Field;
use crate::line::{Address, Channel, Line};
use crate::lines::{Caller, attacker, denied, inside, missing};
use crate::scene::{Fires, Scene};
use crate::world::{self, agent, person, role, user};

const SWEEP: Attack = Attack {
    rule: "bucket-sweep",
    level: "medium",
    key: &[Field::Host],
    fires: Fires::Distinct(Field::Bucket, 3),
    timespan: 600,
    ..ANY
};

const POSTURE: Attack = Attack {
    rule: "posture-recon",
    level: "medium",
    key: &[Field::Principal, Field::Host],
    fires: Fires::Distinct(Field::Operation, 5),
    timespan: 600,
    ..ANY
};

const LISTED: Attack = Attack {
    rule: "ioc-match",
    level: "high",
    key: &[Field::Host, Field::Bucket],
    ..ANY
};

/// The family's attacks.
pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "sweep-leaked-key",
        also: &[
            "off-hours-access",
            "off-network-access",
            "unknown-source-ip",
        ],
        play: sweep_leaked_key,
        ..SWEEP
    },
    Attack {
        name: "sweep-known",
        rule: "bucket-sweep-low",
        level: "low",
        fires: Fires::Distinct(Field::Bucket, 10),
        also: &["off-hours-access"],
        length: 560,
        play: sweep_known,
        ..SWEEP
    },
    Attack {
        name: "settings-leaked-key",
        also: &[
            "bucket-sweep",
            "off-hours-access",
            "posture-recon-low",
            "unknown-source-ip",
        ],
        play: settings_leaked_key,
        ..POSTURE
    },
    Attack {
        name: "settings-refused",
        also: &["posture-recon-low"],
        play: settings_refused,
        ..POSTURE
    },
    Attack {
        name: "settings-known",
        rule: "posture-recon-low",
        level: "low",
        play: settings_known,
        ..POSTURE
    },
    Attack {
        name: "nobody-tries-everything",
        rule: "anonymous-probe",
        level: "low",
        key: &[Field::Host, Field::Bucket],
        // Each of its operations is of a class of its own.
        fires: Fires::Distinct(Field::Operation, 3),
        also: &["unknown-source-ip-low"],
        play: nobody_tries_everything,
        ..POSTURE
    },
    Attack {
        name: "odd-methods",
        rule: "method-probe",
        level: "low",
        key: &[Field::Host],
        fires: Fires::Distinct(Field::Operation, 3),
        play: odd_methods,
        ..POSTURE
    },
    Attack {
        name: "sizes",
        rule: "size-recon",
        level: "low",
        key: &[Field::Actor, Field::Bucket],
        fires: Fires::Distinct(Field::Key, 500),
        play: sizes,
        ..POSTURE
    },
    Attack {
        name: "web-scanner",
        rule: "web-attack-probe",
        level: "low",
        key: &[Field::Host],
        // Each of its keys holds another string.
        fires: Fires::Distinct(Field::Key, 3),
        play: web_scanner,
        ..POSTURE
    },
    Attack {
        name: "web-scanner-answered",
        rule: "web-attack-probe-medium",
        level: "medium",
        key: &[Field::Host],
        fires: Fires::Served,
        also: &["web-attack-probe"],
        play: web_scanner_answered,
        ..POSTURE
    },
    Attack {
        name: "tool-refused",
        rule: "offensive-tooling",
        level: "low",
        key: &[Field::Host],
        also: &["unknown-source-ip-low"],
        play: tool_refused,
        ..ANY
    },
    Attack {
        name: "tool-served",
        rule: "offensive-tooling-medium",
        level: "medium",
        key: &[Field::Host],
        also: &["off-hours-access", "offensive-tooling", "unknown-source-ip"],
        play: tool_served,
        ..ANY
    },
    Attack {
        name: "listed-address",
        play: |scene| listed(scene, 200),
        ..LISTED
    },
    Attack {
        name: "listed-botnet",
        rule: "ioc-match-critical",
        level: "critical",
        play: |scene| listed(scene, 201),
        ..LISTED
    },
    Attack {
        name: "listed-proxy",
        rule: "ioc-match-medium",
        level: "medium",
        play: |scene| listed(scene, 202),
        ..LISTED
    },
    Attack {
        name: "listed-vpn",
        rule: "ioc-match-low",
        level: "low",
        play: |scene| listed(scene, 203),
        ..LISTED
    },
    Attack {
        name: "listed-scanner",
        rule: "ioc-match-informational",
        level: "informational",
        play: |scene| listed(scene, 204),
        ..LISTED
    },
];

/// A leaked key looks at what there is.
fn sweep_leaked_key(scene: &mut Scene<'_>) {
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
fn sweep_known(scene: &mut Scene<'_>) {
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

/// Settings that tell how well a bucket is guarded.
const SETTINGS: [(&str, &str); 8] = [
    ("REST.GET.BUCKETPOLICY", "?policy"),
    ("REST.GET.POLICY_STATUS", "?policyStatus"),
    ("REST.GET.PUBLIC_ACCESS_BLOCK", "?publicAccessBlock"),
    ("REST.GET.ACL", "?acl"),
    ("REST.GET.ENCRYPTION", "?encryption"),
    ("REST.GET.VERSIONING", "?versioning"),
    ("REST.GET.LOGGING_STATUS", "?logging"),
    ("REST.GET.REPLICATION", "?replication"),
];

/// A leaked key reads the settings of three buckets.
fn settings_leaked_key(scene: &mut Scene<'_>) {
    let requester = user("helpdesk");
    let buckets = [world::SCANS, world::RESEARCH, world::EVENTS];
    for i in 0..24 {
        let caller = Caller {
            bucket: buckets[i / 8],
            address: attacker(136),
            requester: &requester,
        };
        let (operation, query) = SETTINGS[i % 8];
        scene.hit(i as i64 * 5, &caller.setting(operation, query));
    }
}

/// A known role asks for settings that are none of its business.
fn settings_refused(scene: &mut Scene<'_>) {
    let requester = role("intern-sandbox", "notebook-9");
    let buckets = [world::PAYROLL, world::RESEARCH];
    for i in 0..12 {
        let caller = Caller {
            bucket: buckets[i % 2],
            address: inside(20),
            requester: &requester,
        };
        let (operation, query) = SETTINGS[i / 2];
        let line = caller.setting(operation, query);
        // Fires at once when there are enough operations.
        scene.hit(i as i64 * 6, &denied(line));
    }
}

/// An audit, as it should be.
fn settings_known(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::EVENTS,
        address: inside(21),
        requester: &role("security-audit", "quarterly"),
    };
    for (i, (operation, query)) in (0..).zip(SETTINGS) {
        scene.hit(i * 4, &caller.setting(operation, query));
    }
}

/// Reads, lists, writes, deletes and asks for the ACL, all in vain.
fn nobody_tries_everything(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::PAYROLL,
        address: attacker(137),
        requester: "",
    };
    let lines = [
        caller.list(),
        caller.get("2026-01/slip-0001.pdf", 0),
        caller.put("poc.txt", 0),
        caller.setting("REST.GET.ACL", "?acl"),
        caller.delete("poc.txt"),
    ];
    for (i, line) in (0..).zip(lines) {
        scene.hit(i * 9, &denied(line));
    }
}

/// Methods that S3 does not have, or not there.
fn odd_methods(scene: &mut Scene<'_>) {
    let tries = [
        ("WEBSITE.INVALIDOPERATION", "POST", 405, "MethodNotAllowed"),
        ("REST.PATCH.OBJECT", "PATCH", 405, "MethodNotAllowed"),
        ("REST.POST.TORRENT", "POST", 405, "MethodNotAllowed"),
        ("REST.OPTIONS.PREFLIGHT", "OPTIONS", 403, "AccessForbidden"),
    ];
    for (i, (operation, method, status, error)) in (0..).zip(tries) {
        let website = operation.starts_with("WEBSITE");
        let line = Line {
            bucket: if website {
                world::WEBSITE
            } else {
                world::DOWNLOADS
            },
            address: attacker(138),
            operation,
            method,
            key: b"index.html",
            status,
            error,
            bytes: 352,
            total: 8,
            agent: agent::PYTHON,
            channel: if website {
                Channel::Website
            } else {
                Channel::Anonymous
            },
            ..Line::BLANK
        };
        scene.hit(i * 13, &line);
    }
}

/// How much is there to take?
fn sizes(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::MODELS,
        address: inside(22),
        requester: &role("inventory-script", "inventory-script"),
    };
    for i in 0..520 {
        let key = format!("features/batch-{i:05}.npy");
        scene.hit(i / 2, &caller.head(&key));
    }
}

/// What a page of the website is asked for, and its answer.
fn page<'a>(address: Address, key: &'a str, line: Line<'a>) -> Line<'a> {
    Line {
        bucket: world::WEBSITE,
        address,
        operation: "WEBSITE.GET.OBJECT",
        key: key.as_bytes(),
        agent: agent::BROWSERS[0],
        channel: Channel::Website,
        ..line
    }
}

/// Looks for the web applications of others on the website.
fn web_scanner(scene: &mut Scene<'_>) {
    let keys = [
        "wp-login.php",
        ".git/config",
        "xmlrpc.php",
        ".env",
        "phpmyadmin/index.php",
        "vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
        "actuator/health",
        "cgi-bin/luci",
        "server-status",
        ".aws/credentials",
    ];
    for (i, key) in (0..).zip(keys) {
        let line = page(attacker(139), key, Line::BLANK);
        scene.hit(i * 7, &missing(line));
    }
}

/// Finds a repository that was deployed with the pages.
fn web_scanner_answered(scene: &mut Scene<'_>) {
    let address = attacker(140);
    for (i, key) in (0..).zip(["wp-login.php", ".svn/entries", "xmlrpc.php"]) {
        scene.hit(i * 7, &missing(page(address, key, Line::BLANK)));
    }
    for (i, key) in (0..).zip([".git/config", ".git/HEAD", ".git/index"]) {
        let found = Line {
            bytes: 312,
            size: 312,
            total: 22,
            turn: 20,
            ..Line::BLANK
        };
        scene.hit(28 + i, &page(address, key, found));
    }
}

/// A scanner that says what it is.
fn tool_refused(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::RESEARCH,
        address: attacker(143),
        requester: "",
    };
    for i in 0..6 {
        let line = Line {
            agent: agent::NUCLEI,
            ..caller.list()
        };
        scene.hit(i * 21, &denied(line));
    }
}

/// A leaked key on a machine made for it.
fn tool_served(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::REPORTS,
        address: attacker(144),
        requester: &user("newsletter"),
    };
    for i in 0..6 {
        let key = format!("exports/weekly/kpi-{i}.csv");
        let line = Line {
            agent: agent::KALI,
            ..caller.get(&key, 48_213)
        };
        scene.hit(i * 21, &line);
    }
}

/// An address of a list, such as an exit of an anonymity network, downloads what
/// anybody may.
fn listed(scene: &mut Scene<'_>, host: u8) {
    let caller = Caller {
        bucket: world::DOWNLOADS,
        address: Address::v4(198, 51, 100, host),
        requester: "",
    };
    for i in 0..3 {
        let key = format!("releases/v2.{i}/acme-toolkit-linux-amd64.tar.gz");
        scene.hit(i * 40, &caller.get(&key, 9_210_344));
    }
}
