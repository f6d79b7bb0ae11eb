//! Known callers that do for the first time what they never did: nothing about
//! the address, the account or the amount says anything.

use crate::attacks::{ANY, Attack, DAY, HOUR, When};
use crate::fields::Field;
use crate::line::{Address, Host, Line};
use crate::lines::{Caller, inside};
use crate::scene::Scene;
use crate::world::{self, agent, role};

const FIRST: Attack = Attack {
    level: "low",
    key: &[Field::Principal, Field::Bucket],
    period: DAY,
    needs: &["baseline"],
    when: When::Learned(13),
    ..ANY
};

/// The family's attacks.
pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "another-bucket",
        rule: "new-principal-low",
        key: &[Field::Bucket, Field::Principal],
        play: another_bucket,
        ..FIRST
    },
    Attack {
        name: "another-access-point",
        rule: "new-access-point",
        key: &[Field::Bucket, Field::AccessPoint],
        play: another_access_point,
        ..FIRST
    },
    Attack {
        name: "another-endpoint",
        rule: "new-host-header",
        key: &[Field::Bucket, Field::Asked],
        play: another_endpoint,
        ..FIRST
    },
    Attack {
        name: "another-region",
        rule: "new-source-region",
        key: &[Field::Principal, Field::Region],
        play: another_region,
        ..FIRST
    },
    Attack {
        name: "queried",
        rule: "select-content",
        key: &[Field::Bucket, Field::Principal],
        play: queried,
        ..FIRST
    },
    Attack {
        name: "secret-by-known",
        rule: "sensitive-key-access-medium",
        level: "medium",
        key: &[Field::Principal, Field::Bucket, Field::Tier],
        period: HOUR,
        play: secret_by_known,
        ..FIRST
    },
    Attack {
        name: "another-target",
        rule: "copy-out",
        level: "high",
        timespan: HOUR,
        period: HOUR,
        play: another_target,
        ..FIRST
    },
    Attack {
        name: "copies-set-up-by-another",
        rule: "copy-channel-setup-medium",
        level: "medium",
        period: HOUR,
        also: &["copy-channel-setup", "new-principal-low"],
        play: copies_set_up_by_another,
        ..FIRST
    },
    Attack {
        name: "reads-the-logs",
        rule: "log-bucket-access",
        level: "high",
        period: HOUR,
        also: &["new-principal-low"],
        needs: &["baseline", "log_buckets"],
        play: reads_the_logs,
        ..FIRST
    },
    Attack {
        name: "page-by-a-newcomer",
        rule: "site-tamper",
        level: "high",
        period: HOUR,
        also: &["new-principal-low", "site-tamper-low"],
        needs: &["baseline", "watched_keys"],
        play: page_by_a_newcomer,
        ..FIRST
    },
];

/// What a caller does each working morning; the bucket's own log then knows it,
/// too.
fn mornings<'a>(scene: &mut Scene<'_>, caller: Caller<'a>, change: impl Fn(Line<'a>) -> Line<'a>) {
    for day in scene.days() {
        for i in 0..5 {
            let key = [
                "work/a.csv",
                "work/b.csv",
                "work/c.csv",
                "work/d.csv",
                "work/e.csv",
            ];
            let line = change(caller.get(key[i], 61_400));
            scene.ordinary(day + 7 * HOUR + 600 + i as i64 * 45, &line);
        }
    }
}

/// A program goes to a bucket that has nothing to do with its task.
fn another_bucket(scene: &mut Scene<'_>) {
    let requester = role("label-printer", "printer-3");
    let caller = Caller {
        bucket: world::SHOP,
        address: inside(90),
        requester: &requester,
    };
    mornings(scene, caller, |line| line);
    let elsewhere = Caller {
        bucket: world::HR,
        ..caller
    };
    for i in 0..5 {
        let key = format!("contracts/2026/contract-{i:03}.pdf");
        scene.hit(i * 30, &elsewhere.get(&key, 210_344));
    }
}

/// An access point that nobody has ever used.
fn another_access_point(scene: &mut Scene<'_>) {
    let requester = role("genome-pipeline", "batch");
    let caller = Caller {
        bucket: world::RESEARCH,
        address: inside(91),
        requester: &requester,
    };
    mornings(scene, caller, |line| Line {
        host: &Host::AccessPoint("research-readers"),
        ..line
    });
    for i in 0..6 {
        let key = format!("genomes/sample-{i:03}.vcf");
        let line = Line {
            host: &Host::AccessPoint("tmp-share"),
            ..caller.get(&key, 4_210_344)
        };
        scene.hit(i * 20, &line);
    }
}

/// The bucket by a name that leads past the VPC's endpoint.
fn another_endpoint(scene: &mut Scene<'_>) {
    let requester = role("payslip-printer", "printer-1");
    let caller = Caller {
        bucket: world::FINANCE,
        address: inside(92),
        requester: &requester,
    };
    mornings(scene, caller, |line| line);
    for i in 0..6 {
        let key = format!("2026/q1/ledger-{i}.xlsx");
        scene.hit(
            i * 20,
            &Line {
                host: &Host::DualStack,
                ..caller.get(&key, 91_344)
            },
        );
    }
}

/// A role that works in the buckets' own region, from a machine in another one.
fn another_region(scene: &mut Scene<'_>) {
    let requester = role("edge-sync", "edge");
    let caller = Caller {
        bucket: world::EXCHANGE,
        address: inside(93),
        requester: &requester,
    };
    mornings(scene, caller, |line| line);
    let elsewhere = Caller {
        address: Address::V4(world::AWS_ELSEWHERE + 3),
        ..caller
    };
    for i in 0..6 {
        let key = format!("outgoing/2026/parcel-{i}.json");
        scene.hit(i * 20, &elsewhere.get(&key, 4_344));
    }
}

/// Questions to the content instead of reads.
fn queried(scene: &mut Scene<'_>) {
    let requester = role("order-viewer", "viewer");
    let caller = Caller {
        bucket: world::CURATED,
        address: inside(94),
        requester: &requester,
    };
    mornings(scene, caller, |line| line);
    for i in 0..6 {
        let key = format!("orders/part-{i:05}.zstd.parquet");
        scene.hit(
            i * 20,
            &Line {
                operation: "REST.POST.SELECT",
                method: "POST",
                query: b"?select&select-type=2",
                ..caller.get(&key, 31_004)
            },
        );
    }
}

/// A program whose credentials somebody has looks for more of them.
fn secret_by_known(scene: &mut Scene<'_>) {
    let requester = role("portal-frontend", "web");
    let caller = Caller {
        bucket: world::EXCHANGE,
        address: inside(95),
        requester: &requester,
    };
    mornings(scene, caller, |line| line);
    for (i, key) in (0..).zip(["portal/.env", "portal/id_rsa"]) {
        scene.hit(i * 20, &caller.get(key, 1_204));
    }
}

/// A job copies a few files each day, and now some to another bucket.
fn another_target(scene: &mut Scene<'_>) {
    let requester = role("partner-feed", "feed");
    let caller = Caller {
        bucket: world::EXPORTS,
        address: inside(96),
        requester: &requester,
    };
    for day in scene.days() {
        for i in 0..4 {
            let key = format!("2026/feed-{i}.csv");
            let line = caller.copied(&key, 41_200, &Host::Bucket("partner-inbox-eu"));
            scene.ordinary(day + 6 * HOUR + 900 + i * 30, &line);
        }
    }
    for i in 0..5 {
        let key = format!("2026/customer-{i:03}.csv");
        let line = caller.copied(&key, 812_000, &Host::Bucket("drop-19c04e"));
        let agent = agent::CLI;
        scene.hit(i * 30, &Line { agent, ..line });
    }
}

/// The role that looks after labels sends every new object elsewhere from now on.
fn copies_set_up_by_another(scene: &mut Scene<'_>) {
    let requester = role("tag-keeper", "tags");
    let caller = Caller {
        bucket: world::EVENTS,
        address: inside(97),
        requester: &requester,
    };
    mornings(scene, caller, |line| line);
    let change = caller.setting("REST.PUT.REPLICATION", "?replication");
    scene.hit(0, &change);
}

/// What is known of an intruder? The logs say it.
fn reads_the_logs(scene: &mut Scene<'_>) {
    let requester = role("cost-explorer", "monthly");
    let caller = Caller {
        bucket: world::INVENTORY,
        address: inside(98),
        requester: &requester,
    };
    mornings(scene, caller, |line| line);
    let logs = Caller {
        bucket: world::AUDIT,
        ..caller
    };
    for i in 0..8 {
        let key = format!("2026/02/10/audit-{i:02}.json.gz");
        scene.hit(i * 15, &logs.get(&key, 18_204));
    }
}

/// The front page, by a program of the company that never published anything.
fn page_by_a_newcomer(scene: &mut Scene<'_>) {
    let requester = role("banner-service", "banner");
    let caller = Caller {
        bucket: world::SHOP,
        address: inside(99),
        requester: &requester,
    };
    mornings(scene, caller, |line| line);
    let site = Caller {
        bucket: world::WEBSITE,
        ..caller
    };
    scene.hit(0, &site.put("index.html", 18_904));
    scene.hit(40, &site.put("assets/js/app.js", 88_120));
}
