//! Breaking: what is deleted, overwritten and locked.

use crate::attacks::{ANY, Attack, HOUR};
use crate::fields::Field;
use crate::line::{Address, Channel, Host, Line};
use crate::lines::{Caller, attacker, inside};
use crate::scene::{Fires, Scene, Step};
use crate::world::{self, role, user};

const DELETED: Attack = Attack {
    rule: "mass-delete",
    level: "medium",
    key: &[Field::Actor, Field::Bucket],
    fires: Fires::Count(100),
    timespan: 600,
    ..ANY
};

const LOCKED: Attack = Attack {
    level: "high",
    key: &[Field::Principal, Field::Bucket],
    timespan: 600,
    also: &["off-hours-access", "unknown-source-ip"],
    ..ANY
};

/// The family's attacks.
pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "deletes",
        play: deletes,
        ..DELETED
    },
    Attack {
        name: "deletes-thousand",
        rule: "mass-delete-high",
        level: "high",
        fires: Fires::Count(1000),
        also: &["mass-delete"],
        play: deletes_thousand,
        ..DELETED
    },
    Attack {
        name: "deletes-leaked-key",
        rule: "mass-delete-high",
        level: "high",
        fires: Fires::Count(20),
        also: &["off-hours-access", "unknown-source-ip"],
        play: deletes_leaked_key,
        ..DELETED
    },
    Attack {
        name: "purge",
        rule: "versioned-purge",
        fires: Fires::Count(20),
        also: &[],
        play: purge,
        ..LOCKED
    },
    Attack {
        name: "listed-and-purged",
        rule: "list-versions-then-purge",
        level: "critical",
        fires: Fires::Steps(&[Step(Fires::Count(1), 1), Step(Fires::Count(20), 600)]),
        timespan: HOUR,
        also: &[
            "mass-delete-high",
            "off-hours-access",
            "unknown-source-ip",
            "versioned-purge",
        ],
        play: listed_and_purged,
        ..LOCKED
    },
    Attack {
        name: "lifecycle",
        rule: "lifecycle-bomb",
        level: "high",
        key: &[Field::Bucket],
        fires: Fires::Steps(&[
            Step(Fires::Count(1), 1),
            Step(Fires::Count(1000), 72 * HOUR),
        ]),
        timespan: 72 * HOUR,
        period: 72 * HOUR,
        also: &["defence-tamper"],
        length: 30 * HOUR,
        play: lifecycle,
        ..ANY
    },
    Attack {
        name: "read-and-deleted",
        rule: "read-then-delete",
        fires: Fires::Pairs(100),
        timespan: HOUR,
        also: &["mass-delete"],
        play: |scene| read_and(scene, inside(50), "drain-job", 110, true),
        ..DELETED
    },
    Attack {
        name: "stolen-and-deleted",
        rule: "read-then-delete-critical",
        level: "critical",
        fires: Fires::Pairs(100),
        timespan: HOUR,
        also: &[
            "mass-delete",
            "mass-delete-high",
            "read-then-delete",
            "unknown-source-ip",
        ],
        play: |scene| read_and(scene, attacker(160), "sync-worker", 110, true),
        ..DELETED
    },
    Attack {
        name: "read-and-overwritten",
        rule: "read-then-overwrite",
        level: "high",
        fires: Fires::Pairs(50),
        timespan: HOUR,
        also: &["unknown-source-ip"],
        play: |scene| read_and(scene, attacker(161), "doc-editor", 60, false),
        ..DELETED
    },
    Attack {
        name: "encrypted-in-place",
        rule: "in-place-reencrypt",
        fires: Fires::Distinct(Field::Key, 20),
        play: encrypted_in_place,
        ..LOCKED
    },
    Attack {
        name: "locked-out",
        rule: "data-locked-out",
        key: &[Field::Bucket],
        fires: Fires::Distinct(Field::Key, 20),
        timespan: HOUR,
        also: &[],
        play: locked_out,
        ..LOCKED
    },
    Attack {
        name: "renamed",
        rule: "mass-rename",
        key: &[Field::Principal, Field::Bucket, Field::Suffix],
        fires: Fires::Distinct(Field::Key, 20),
        play: renamed,
        ..LOCKED
    },
    Attack {
        name: "note",
        rule: "ransom-note",
        level: "medium",
        timespan: 1,
        play: note,
        ..LOCKED
    },
    Attack {
        name: "note-everywhere",
        rule: "ransom-note-high",
        fires: Fires::Distinct(Field::Prefix, 3),
        timespan: HOUR,
        also: &["off-hours-access", "ransom-note", "unknown-source-ip"],
        play: note_everywhere,
        ..LOCKED
    },
    Attack {
        name: "ransom-play",
        rule: "ransom-note-high",
        fires: Fires::Steps(&[
            Step(Fires::Distinct(Field::Key, 20), 600),
            Step(Fires::Count(1), 1),
        ]),
        timespan: HOUR,
        also: &[
            "bucket-sweep",
            "copy-out",
            "defence-tamper",
            "defence-tamper-high",
            "exfil-volume",
            "in-place-reencrypt",
            "list-versions-then-purge",
            "mass-delete-high",
            "off-hours-access",
            "posture-recon",
            "posture-recon-low",
            "ransom-note",
            "unknown-source-ip",
            "versioned-purge",
        ],
        length: 600,
        play: ransom_play,
        ..LOCKED
    },
];

/// A script of the company's, on the wrong folder.
fn deletes(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::UPLOADS,
        address: inside(51),
        requester: &role("cleanup-script", "cleanup"),
    };
    for i in 0..130 {
        let key = format!("customers/{i}/documents/contract.pdf");
        scene.hit(i * 3, &caller.delete(&key));
    }
}

/// A batch delete of a thousand keys, and the next.
fn deletes_thousand(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::SCANS,
        address: inside(52),
        requester: &role("migration-tool", "purge"),
    };
    let batch = Line {
        operation: "REST.POST.MULTI_OBJECT_DELETE",
        method: "POST",
        bytes: 81_204,
        ..caller.setting("REST.POST.MULTI_OBJECT_DELETE", "?delete")
    };
    for i in 0..1_100 {
        let second = i / 100 * 20;
        if i % 550 == 0 {
            scene.beside(second, &batch);
        }
        let key = format!("2026/page-{i:06}.tif");
        let line = Line {
            operation: "BATCH.DELETE.OBJECT",
            size: 220_341,
            total: 0,
            turn: 0,
            channel: Channel::Companion,
            ..caller.delete(&key)
        };
        scene.hit(second, &line);
    }
}

/// A leaked key deletes, slowly.
fn deletes_leaked_key(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::UPLOADS,
        address: attacker(162),
        requester: &user("support-bot"),
    };
    for i in 0..30 {
        let key = format!("customers/{i}/documents/passport.pdf");
        scene.hit(i * 12, &caller.delete(&key));
    }
}

/// Versions are what a backup is made of.
fn purge(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::ARCHIVE,
        address: inside(53),
        requester: &role("archive-admin", "manual"),
    };
    for i in 0..30 {
        let key = format!("2020/volume-{i:03}.tar");
        scene.hit(i * 11, &caller.purge(&key));
    }
}

/// Looks which versions there are, and deletes them.
fn listed_and_purged(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::DATALAKE,
        address: attacker(163),
        requester: &user("lake-admin"),
    };
    let versions = Line {
        query: b"?versions&encoding-type=url",
        ..caller.list()
    };
    scene.step(
        0,
        0,
        &Line {
            operation: "REST.GET.BUCKETVERSIONS",
            ..versions
        },
    );
    for i in 0..40 {
        let key = format!("events/region%253Deu/day%253D20480/part-{i:05}.snappy.parquet");
        scene.step(1, 15 + i * 6, &caller.purge(&key));
    }
}

/// A rule that expires everything tomorrow; S3 does the rest.
fn lifecycle(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::RESEARCH,
        address: inside(54),
        requester: &role("storage-admin", "manual"),
    };
    scene.step(0, 0, &caller.setting("REST.PUT.LIFECYCLE", "?lifecycle"));
    for i in 0..1_200 {
        let key = format!("runs/2025/run-{i:05}.h5");
        let line = Line {
            bucket: world::RESEARCH,
            address: Address::Nowhere,
            requester: "AmazonS3",
            operation: "S3.EXPIRE.OBJECT",
            key: key.as_bytes(),
            status: 0,
            size: 4_410_230,
            versioned: true,
            channel: Channel::Internal,
            ..Line::BLANK
        };
        scene.step(1, 27 * HOUR + i * 2, &line);
    }
}

/// Each object is read, and afterwards deleted or written anew.
fn read_and(scene: &mut Scene<'_>, address: Address, name: &str, keys: i64, delete: bool) {
    let caller = Caller {
        bucket: if delete {
            world::UPLOADS
        } else {
            world::REPORTS
        },
        address,
        requester: &role(name, name),
    };
    for i in 0..keys {
        let key = format!("inbox/{name}/message-{i:05}.json");
        scene.step(0, i, &caller.get(&key, 2_204));
        let after = if delete {
            caller.delete(&key)
        } else {
            caller.put(&key, 2_260)
        };
        scene.step(1, keys + 20 + i, &after);
    }
}

/// Copies onto themselves, with a key that only the attacker has.
fn encrypted_in_place(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::EXCHANGE,
        address: attacker(164),
        requester: &user("portal-admin"),
    };
    for i in 0..40 {
        let key = format!("inbox/order-{i:04}.xml");
        scene.hit(i * 7, &caller.copy(&key, 9_204));
        scene.hit(i * 7, &caller.copied(&key, 9_204, &Host::Own));
    }
}

/// The key of a bucket was scheduled for deletion.
fn locked_out(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::RESEARCH,
        address: inside(55),
        requester: &role("simulation", "simulation"),
    };
    for i in 0..30 {
        let key = format!("runs/2026/run-{i:05}.h5");
        let line = Line {
            status: 400,
            error: "KMS.DisabledException",
            bytes: 412,
            size: 0,
            turn: 0,
            ..caller.get(&key, 0)
        };
        scene.hit(i * 12, &line);
    }
}

/// Everything gets another name.
fn renamed(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::FINANCE,
        address: attacker(165),
        requester: &user("erp-export"),
    };
    for i in 0..30 {
        let key = format!("ledger/2026-{i:03}.xlsx.locked");
        scene.hit(i * 9, &caller.put(&key, 91_204));
    }
}

/// One letter.
fn note(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::FINANCE,
        address: attacker(166),
        requester: &user("erp-import"),
    };
    scene.hit(0, &caller.put("HOW_TO_RECOVER_FILES.txt", 1_804));
}

/// One letter in every folder.
fn note_everywhere(scene: &mut Scene<'_>) {
    let caller = Caller {
        bucket: world::HR,
        address: attacker(167),
        requester: &user("hr-sync"),
    };
    for (i, folder) in (0..).zip(["contracts", "payroll", "2026/q1", "2026/q2"]) {
        let key = format!("{folder}/HOW_TO_RECOVER_FILES.txt");
        scene.hit(i * 6, &caller.put(&key, 1_804));
    }
}

/// The whole play of a leaked key: looks around, takes the data, copies some of
/// it to a bucket of its own, switches off what protects the rest, encrypts it
/// in place with a key that nobody else has, purges the old versions, lets the
/// remainder expire, and says what it wants.
fn ransom_play(scene: &mut Scene<'_>) {
    const SIZE: u64 = 40 << 20;
    let requester = user("replica-monitor");
    let at = |bucket| Caller {
        bucket,
        address: attacker(168),
        requester: &requester,
    };
    let caller = at(world::REPLICA);
    let key = |i: i64| format!("customers/{i:05}/documents/contract.pdf");
    for (i, bucket) in (0..).zip([world::SCANS, world::REPORTS, world::REPLICA]) {
        scene.beside(i * 2, &at(bucket).list());
    }
    let settings = [
        ("REST.GET.VERSIONING", "?versioning"),
        ("REST.GET.OBJECT_LOCK_CONFIGURATION", "?object-lock"),
        ("REST.GET.LOGGING_STATUS", "?logging"),
        ("REST.GET.REPLICATION", "?replication"),
        ("REST.GET.ENCRYPTION", "?encryption"),
    ];
    for (i, (operation, query)) in (0..).zip(settings) {
        scene.beside(8 + i, &caller.setting(operation, query));
    }
    for i in 0..40 {
        scene.beside(16 + i * 3, &caller.get(&key(i), SIZE));
    }
    // The note's rule counts copies wherever they go, and deletions, though they
    // are no step towards it.
    for i in 0..10 {
        scene.step(
            2,
            140 + i,
            &caller.copied(&key(i), SIZE, &Host::Bucket("drop-7f3a92")),
        );
    }
    scene.beside(160, &caller.setting("REST.PUT.LOGGING_STATUS", "?logging"));
    scene.beside(165, &caller.setting("REST.PUT.VERSIONING", "?versioning"));
    for i in 0..40 {
        scene.step(0, 180 + i * 2, &caller.copy(&key(i), SIZE));
        scene.step(0, 180 + i * 2, &caller.copied(&key(i), SIZE, &Host::Own));
    }
    scene.beside(
        270,
        &Line {
            operation: "REST.GET.BUCKETVERSIONS",
            query: b"?versions&encoding-type=url",
            ..caller.list()
        },
    );
    for i in 0..40 {
        scene.step(2, 275 + i * 3, &caller.purge(&key(i)));
    }
    scene.beside(400, &caller.setting("REST.PUT.LIFECYCLE", "?lifecycle"));
    let note = "customers/HOW_TO_RECOVER_FILES.txt";
    scene.step(1, 410, &caller.put(note, 1_804));
}
