//! What changes in an ordinary company from week to week: people at home and on
//! the road, newcomers, new buckets, a job once a month, a larger deploy.
//!
//! Days are counted from the start of the log. The first two weeks are what a
//! baseline learns; what is new in the third may look like an attack.

use super::Tell;
use crate::line::{Address, Line};
use crate::lines::Caller;
use crate::rng::Rng;
use crate::world::{self, agent, person, role};

/// A size and up to a fifth more or less.
fn about(rng: &mut Rng, size: u64) -> u64 {
    size / 1000 * u64::from(rng.between(800, 1200))
}

/// A morning in the reports.
fn reading(caller: Caller<'_>, rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    tell(&Line {
        time: now,
        agent: agent::CONSOLE,
        ..caller.list()
    });
    for i in 0..6 {
        let key = format!("exports/weekly/kpi-{}.csv", rng.below(60));
        tell(&Line {
            time: now + 20 + i * 35,
            agent: agent::CONSOLE,
            ..caller.get(&key, rng.size(12, 18))
        });
    }
}

/// Two people who work from home now and then: one whose provider gives another
/// address of one network each time, one with IPv6.
pub fn at_home(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let homes = [
        (2, Address::v4(198, 19, 20, rng.below(250) as u8 + 1)),
        (
            7,
            Address::V6(0x2001_0db8_a5e0_0000 << 64 | u128::from(rng.next() >> 1)),
        ),
    ];
    for (after, (number, address)) in (0..).zip(homes) {
        let caller = Caller {
            bucket: world::REPORTS,
            address,
            requester: &person(number),
        };
        reading(caller, rng, now + after * 400, tell);
    }
}

/// Somebody begins in the second week.
pub fn newcomer(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let requester = format!(
        "arn:aws:sts::{}:assumed-role/AWSReservedSSO_DataAnalyst_3f0c5d2b9a417e68/nora.lund@example.com",
        world::ACCOUNT
    );
    let caller = Caller {
        bucket: world::REPORTS,
        address: Address::v4(192, 0, 2, 4),
        requester: &requester,
    };
    reading(caller, rng, now, tell);
}

/// A bucket that is made in the second week, and the job that fills it.
pub fn forecasts(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let caller = Caller {
        bucket: world::FORECASTS,
        address: Address::v4(10, 240, 7, 40),
        requester: &role("forecast-builder", "forecast-builder"),
    };
    tell(&Line {
        time: now,
        agent: agent::BOTO3,
        ..caller.list()
    });
    for i in 0..12 {
        let key = format!("{}/region-{i:02}.parquet", now / 86_400);
        tell(&Line {
            time: now + 5 + i * 4,
            agent: agent::BOTO3,
            ..caller.put(&key, about(rng, 4 << 20))
        });
    }
}

/// Each night a job takes about 30 GiB out of the data lake.
pub fn nightly(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    warehouse(rng, now, 60, tell);
}

/// And once half as much again, because a quarter is over.
pub fn larger_night(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    warehouse(rng, now, 30, tell);
}

fn warehouse(rng: &mut Rng, now: i64, files: i64, tell: &mut Tell<'_>) {
    let caller = Caller {
        bucket: world::DATALAKE,
        address: Address::V4(world::NAT_GATEWAYS + 2),
        requester: &role("warehouse-loader", "nightly"),
    };
    for i in 0..files {
        let key = format!(
            "events/region%253Deu/day%253D{}/bulk-{i:05}.snappy.parquet",
            now / 86_400
        );
        tell(&Line {
            time: now + i * 20,
            agent: agent::BOTO3,
            ..caller.get(&key, about(rng, 512 << 20))
        });
    }
}

/// Builds of every branch: one role, a session each, from the NAT gateways.
pub fn builds(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let session = format!("build-{}", rng.between(10_000, 99_999));
    let caller = Caller {
        bucket: world::MODELS,
        address: Address::V4(world::NAT_GATEWAYS + rng.below(4)),
        requester: &role("ci-build", &session),
    };
    for i in 0..8 {
        let key = format!("fixtures/case-{i:02}.bin");
        tell(&Line {
            time: now + i * 3,
            agent: agent::CLI,
            ..caller.get(&key, about(rng, 1 << 20))
        });
    }
}

/// A deploy three times as large as most: still no more than 60 deletions in ten
/// minutes.
pub fn larger_deploy(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let caller = Caller {
        bucket: world::WEBSITE,
        address: Address::v4(10, 240, 0, 10),
        requester: &role("site-deployer", "pipeline-4790"),
    };
    let build = rng.below(1 << 30);
    for i in 0..130 {
        let name = match i {
            0..75 => format!("assets/js/chunk-{build:08x}-{i}.js"),
            _ => format!("assets/js/chunk-{:08x}-{i}.js", build ^ 0x3333),
        };
        let line = if i < 75 {
            caller.put(&name, rng.size(12, 17))
        } else {
            caller.delete(&name)
        };
        tell(&Line {
            time: now + i * 3,
            ..line
        });
    }
}

/// Somebody reads the figures in a hotel.
pub fn traveller(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let caller = Caller {
        bucket: world::REPORTS,
        address: Address::v4(198, 19, 33, 77),
        requester: &person(4),
    };
    reading(caller, rng, now, tell);
}

/// The books are closed once a month, by a role that nobody has seen in these
/// weeks.
pub fn month_is_over(rng: &mut Rng, now: i64, tell: &mut Tell<'_>) {
    let caller = Caller {
        bucket: world::SCANS,
        address: Address::v4(10, 240, 7, 55),
        requester: &role("month-closing", "books"),
    };
    for i in 0..240 {
        let key = format!("2026/invoice-{i:04}.pdf");
        tell(&Line {
            time: now + i * 5,
            agent: agent::BOTO3,
            ..caller.get(&key, about(rng, 80_000))
        });
    }
}
