//! Known callers on known networks that do what they always do, and too much of
//! it. What is usual is played with each, over all the weeks.

use crate::attacks::{ANY, Attack, HOUR, When};
use crate::fields::Field;
use crate::line::Line;
use crate::lines::{Caller, inside};
use crate::rng::mix;
use crate::scene::{Fires, Scene, Unusual};
use crate::world::{self, agent, role};

const MORE: Attack = Attack {
    key: &[Field::Actor, Field::Bucket],
    timespan: HOUR,
    needs: &["baseline"],
    length: HOUR,
    when: When::Learned(9),
    ..ANY
};

/// The family's attacks.
pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "slowly-three-times",
        rule: "slow-exfil",
        level: "medium",
        fires: Fires::Unusual(&Unusual {
            window: Fires::Bytes(1 << 30),
            bytes: true,
            times: 2,
            hours: 5,
        }),
        timespan: 6 * HOUR,
        period: 6 * HOUR,
        length: 6 * HOUR,
        play: slowly_three_times,
        ..MORE
    },
    Attack {
        name: "at-once-twenty-times",
        rule: "exfil-volume",
        level: "high",
        fires: Fires::Unusual(&Unusual {
            window: Fires::Bytes(100 << 20),
            bytes: true,
            times: 10,
            hours: 1,
        }),
        play: at_once_twenty_times,
        ..MORE
    },
    Attack {
        name: "reads-everything",
        rule: "mass-object-read",
        level: "medium",
        fires: Fires::Unusual(&Unusual {
            window: Fires::CountAndDistinct(500, Field::Key, 500),
            bytes: false,
            times: 10,
            hours: 1,
        }),
        play: reads_everything,
        ..MORE
    },
    Attack {
        name: "deletes-by-and-by",
        rule: "mass-delete",
        level: "medium",
        fires: Fires::Unusual(&Unusual {
            window: Fires::CountAndDistinct(50, Field::Key, 50),
            bytes: false,
            times: 10,
            hours: 1,
        }),
        play: deletes_by_and_by,
        ..MORE
    },
    Attack {
        name: "tiles-again-and-again",
        rule: "denial-of-wallet",
        level: "medium",
        key: &[Field::Bucket],
        fires: Fires::Unusual(&Unusual {
            window: Fires::Count(10_000),
            bytes: false,
            times: 10,
            hours: 1,
        }),
        timespan: 300,
        play: tiles_again_and_again,
        ..MORE
    },
];

/// A size and up to a fifth more or less, the same for the same number.
const fn about(size: u64, number: u64) -> u64 {
    size / 1000 * (800 + mix(number) % 400)
}

/// What a caller does in these hours of working days, so often in each.
fn hourly<'a>(
    scene: &mut Scene<'_>,
    hours: std::ops::Range<i64>,
    often: i64,
    line: impl Fn(u64) -> Line<'a>,
) {
    for hour in scene
        .days()
        .flat_map(|day| hours.clone().map(move |hour| day + hour * HOUR))
    {
        for i in 0..often {
            let number = (hour + i).unsigned_abs();
            // Up to three minutes are left at the end of the hour.
            let time = hour + (i * 3400 + (mix(number) % 100) as i64) / often + 20;
            scene.usual(time, &line(number));
        }
    }
}

/// Some 500 MiB an hour are usual; for six hours it is three times that.
fn slowly_three_times(scene: &mut Scene<'_>) {
    let requester = role("document-index", "indexer");
    let caller = Caller {
        bucket: world::SCANS,
        address: inside(100),
        requester: &requester,
    };
    let read = |number: u64| Line {
        agent: agent::BOTO3,
        ..caller.get("volumes/scan.tif", about(50 << 20, number))
    };
    hourly(scene, 8..18, 10, read);
    for i in 0..120 {
        scene.hit(i * 175, &read(7_000_000 + i.unsigned_abs()));
    }
}

/// About 40 MiB an hour are usual; then come 800 in ten minutes.
fn at_once_twenty_times(scene: &mut Scene<'_>) {
    let requester = role("ledger-export", "export");
    let caller = Caller {
        bucket: world::FINANCE,
        address: inside(101),
        requester: &requester,
    };
    let read = |number: u64| caller.get("2026/ledger.parquet", about(4 << 20, number));
    hourly(scene, 8..11, 10, read);
    for i in 0..200 {
        scene.hit(i * 3, &read(8_000_000 + i.unsigned_abs()));
    }
}

/// Thirty reads an hour are usual; then every object is read, small as they are.
fn reads_everything(scene: &mut Scene<'_>) {
    let requester = role("contract-search", "search");
    let caller = Caller {
        bucket: world::HR,
        address: inside(102),
        requester: &requester,
    };
    hourly(scene, 8..11, 30, |_| {
        caller.get("contracts/index.json", 4_204)
    });
    for i in 0..640 {
        let key = format!("contracts/2025/contract-{i:04}.pdf");
        scene.hit(i * 3, &caller.get(&key, 41_204));
    }
}

/// Five deletions an hour are usual; then one comes every forty seconds, for an
/// hour.
fn deletes_by_and_by(scene: &mut Scene<'_>) {
    let requester = role("model-registry", "registry");
    let caller = Caller {
        bucket: world::RESEARCH,
        address: inside(103),
        requester: &requester,
    };
    hourly(scene, 8..11, 5, |_| caller.delete("registry/lock.json"));
    for i in 0..75 {
        let key = format!("models/run-{i:03}/weights.bin");
        scene.hit(i * 40, &caller.delete(&key));
    }
}

/// Sixty tiles an hour are usual; then somebody asks ten thousand times for a
/// few of them.
fn tiles_again_and_again(scene: &mut Scene<'_>) {
    let requester = role("map-renderer", "renderer");
    let caller = Caller {
        bucket: world::TILES,
        address: inside(104),
        requester: &requester,
    };
    hourly(scene, 8..11, 60, |_| caller.get("z5/overview.png", 2_204));
    let keys: Vec<String> = (0..40).map(|i| format!("z9/tile-{i:02}.png")).collect();
    for i in 0..10_800 {
        scene.hit(i / 40, &caller.get(&keys[i as usize % keys.len()], 1_104));
    }
}
