//! Open doors: what anybody may do, links that are passed on, no encryption.

use crate::attacks::{ANY, Attack, DAY};
use crate::fields::Field;
use crate::line::{Address, Channel, Line, Tls};
use crate::lines::{Caller, FOREIGN, attacker, inside};
use crate::scene::{Fires, Scene, Step};
use crate::world::{self, agent, role, user};

const OPEN: Attack = Attack {
    rule: "anonymous-list-or-write",
    level: "critical",
    key: &[Field::Bucket],
    also: &["unknown-source-ip"],
    ..ANY
};

/// Something old that is told once a day.
const HABIT: Attack = Attack {
    level: "low",
    key: &[Field::Principal, Field::Bucket],
    period: DAY,
    ..ANY
};

/// The family's attacks.
pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "open-list",
        play: open_list,
        ..OPEN
    },
    Attack {
        name: "open-write",
        play: open_write,
        ..OPEN
    },
    Attack {
        name: "open-head",
        rule: "anonymous-list-or-write-low",
        level: "low",
        play: open_head,
        ..OPEN
    },
    Attack {
        name: "open-read",
        rule: "anonymous-read",
        level: "high",
        period: DAY,
        play: open_read,
        ..OPEN
    },
    Attack {
        name: "open-page",
        rule: "anonymous-read-low",
        level: "low",
        period: DAY,
        also: &[],
        play: open_page,
        ..OPEN
    },
    Attack {
        name: "opened-and-read",
        rule: "exposure-confirmed",
        fires: Fires::Steps(&[Step(Fires::Count(1), 1), Step(Fires::Count(1), 1)]),
        timespan: DAY,
        period: DAY,
        also: &["anonymous-read", "defence-tamper", "unknown-source-ip"],
        play: opened_and_read,
        ..OPEN
    },
    Attack {
        name: "opened-for-an-hour",
        rule: "policy-flip",
        level: "high",
        fires: Fires::Steps(&[
            Step(Fires::Count(1), 1),
            Step(Fires::Count(1), 1),
            Step(Fires::Count(1), 1),
        ]),
        timespan: 3600,
        also: &[
            "cross-account-access",
            "off-hours-access",
            "unknown-source-ip",
        ],
        play: opened_for_an_hour,
        ..OPEN
    },
    Attack {
        name: "link-passed-on",
        rule: "presigned-shared",
        level: "medium",
        key: &[Field::Credential, Field::Key],
        fires: Fires::Distinct(Field::Net, 5),
        timespan: 3600,
        also: &[],
        play: link_passed_on,
        ..OPEN
    },
    Attack {
        name: "link-for-a-week",
        rule: "presigned-long-lived",
        key: &[Field::Credential, Field::Bucket],
        play: link_for_a_week,
        ..HABIT
    },
    Attack {
        name: "no-encryption",
        rule: "plaintext-request",
        level: "medium",
        also: &["off-hours-access"],
        play: no_encryption,
        ..HABIT
    },
    Attack {
        name: "old-encryption",
        rule: "legacy-tls",
        also: &["off-hours-access"],
        play: old_encryption,
        ..HABIT
    },
    Attack {
        name: "old-signature",
        rule: "legacy-signature",
        also: &["off-hours-access"],
        play: old_signature,
        ..HABIT
    },
    Attack {
        name: "by-acl-alone",
        rule: "acl-dependent-access",
        level: "informational",
        play: by_acl_alone,
        ..HABIT
    },
];

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
fn open_list(scene: &mut Scene<'_>) {
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
fn open_write(scene: &mut Scene<'_>) {
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
fn open_head(scene: &mut Scene<'_>) {
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

/// Anybody may read exports.
fn open_read(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::EXPORTS,
        address: attacker(93),
        requester: "",
    };
    for i in 0..6 {
        let key = format!("2026/customer-{i:03}.csv");
        scene.hit(i * 20, &caller.get(&key, 812_000));
    }
}

/// A website that nobody said was public.
fn open_page(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::EXCHANGE,
        address: attacker(96),
        requester: "",
    };
    for i in 0..4 {
        let key = format!("help/page-{i}.html");
        let line = Line {
            operation: "WEBSITE.GET.OBJECT",
            agent: agent::BROWSERS[2],
            channel: Channel::Website,
            ..caller.get(&key, 8_120)
        };
        scene.hit(i * 25, &line);
    }
}

/// A policy is opened, and somebody is there two minutes later.
fn opened_and_read(scene: &mut Scene<'_>) {
    let known = Caller {
        bucket: world::EVENTS,
        address: inside(30),
        requester: &role("platform-tools", "k.mensah"),
    };
    let nobody = Caller {
        bucket: world::EVENTS,
        address: attacker(94),
        requester: "",
    };
    scene.step(
        0,
        0,
        &known.setting("REST.DELETE.PUBLIC_ACCESS_BLOCK", "?publicAccessBlock"),
    );
    scene.step(0, 9, &known.setting("REST.PUT.BUCKETPOLICY", "?policy"));
    for i in 0..5 {
        let key = format!("2026/02/device-{i:05}.json");
        scene.step(1, 130 + i * 11, &nobody.get(&key, 3_402));
    }
}

/// A policy is opened, somebody takes things, and the policy is as it was.
fn opened_for_an_hour(scene: &mut Scene<'_>) {
    let known = Caller {
        bucket: world::SHOP,
        address: inside(31),
        requester: &role("shop-portal", "deploy"),
    };
    let stranger = Caller {
        bucket: world::SHOP,
        address: attacker(95),
        requester: FOREIGN,
    };
    let policy = known.setting("REST.PUT.BUCKETPOLICY", "?policy");
    scene.step(0, 0, &policy);
    for i in 0..10 {
        let key = format!("catalogue/price-list-{i:04}.xml");
        scene.step(1, 60 + i * 12, &stranger.get(&key, 9_204));
    }
    scene.step(2, 240, &policy);
}

/// A presigned read with the credentials of that id, for that many seconds.
fn presigned<'a>(address: Address, key: &'a str, query: &'a str) -> Line<'a> {
    Line {
        bucket: world::EXPORTS,
        address,
        requester: "arn:aws:iam::111122223333:user/link-signer",
        key: key.as_bytes(),
        query: query.as_bytes(),
        bytes: 812_000,
        size: 812_000,
        total: 40,
        turn: 24,
        agent: agent::BROWSERS[0],
        channel: Channel::Query,
        ..Line::BLANK
    }
}

/// The query of a presigned link.
fn signed(credential: &str, seconds: u32) -> String {
    format!(
        "?X-Amz-Algorithm=AWS4-HMAC-SHA256\
         &X-Amz-Credential={credential}%2F20260203%2Feu-west-1%2Fs3%2Faws4_request\
         &X-Amz-Date=20260203T000000Z&X-Amz-Expires={seconds}\
         &X-Amz-SignedHeaders=host&X-Amz-Signature=XXXXXXXX"
    )
}

/// A customer's link ends up in a forum.
fn link_passed_on(scene: &mut Scene<'_>) {
    let query = signed("AKIAEXAMPLESHARED001", 86_400);
    for i in 0..14_u8 {
        let address = Address::v4(198, 19, 243 + i % 7, 10);
        let line = presigned(address, "2026/annual-report.csv", &query);
        scene.hit(i64::from(i) * 21, &line);
    }
}

/// A link that is good for seven days.
fn link_for_a_week(scene: &mut Scene<'_>) {
    let query = signed("AKIAEXAMPLEWEEKLY002", 604_800);
    for i in 0..3 {
        let address = Address::v4(198, 19, 252, 10);
        let line = presigned(address, "2026/brochure.csv", &query);
        scene.hit(i * 50, &line);
    }
}

/// Puts a document from the company's old network.
fn upload(scene: &mut Scene<'_>, name: &str, host: u8, as_it_is: Line<'_>) {
    let requester = user(name);
    for i in 0..5 {
        let key = format!("devices/{name}/{i}.tif");
        let caller = Caller {
            bucket: world::UPLOADS,
            address: Address::v4(192, 0, 2, host),
            requester: &requester,
        };
        let line = Line {
            tls: as_it_is.tls,
            sigv2: as_it_is.sigv2,
            acl: as_it_is.acl,
            ..caller.put(&key, 220_341)
        };
        scene.hit(i * 30, &line);
    }
}

/// A scanner of paper that knows no TLS.
fn no_encryption(scene: &mut Scene<'_>) {
    let tls = Tls::Plain;
    upload(scene, "scanner", 51, Line { tls, ..Line::BLANK });
}

/// One that knows the first version.
fn old_encryption(scene: &mut Scene<'_>) {
    let tls = Tls::V10;
    upload(scene, "label-printer", 52, Line { tls, ..Line::BLANK });
}

/// One that signs as in 2010.
fn old_signature(scene: &mut Scene<'_>) {
    let sigv2 = true;
    upload(
        scene,
        "till",
        53,
        Line {
            sigv2,
            ..Line::BLANK
        },
    );
}

/// A role that only an ACL lets in.
fn by_acl_alone(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::EXCHANGE,
        address: inside(32),
        requester: &role("acl-reader", "nightly"),
    };
    for i in 0..4 {
        let key = format!("inbox/order-{i:04}.xml");
        let line = Line {
            acl: true,
            ..caller.get(&key, 9_204)
        };
        scene.hit(i * 30, &line);
    }
}
