//! The planted attacks. A new one is one row of [`ATTACKS`] and its
//! function in `plays.rs`.
//!
//! Each has addresses, principals or buckets that nothing else uses in a way
//! that its rule would count, so that what is recorded here is exactly what a
//! detector has to find.

use crate::plays;
use crate::scene::{Fires, Key, Scene};

/// One planted attack.
pub struct Attack {
    /// Its own name.
    pub name: &'static str,
    /// The rule that has to fire.
    pub rule: &'static str,
    /// At what level.
    pub level: &'static str,
    /// What the rule groups by.
    pub key: Key,
    /// When the rule fires.
    pub fires: Fires,
    /// The rule's timespan, seconds.
    pub timespan: i64,
    /// Length of an alert's period, seconds.
    pub period: i64,
    /// Other rules that the same records rightly raise.
    pub also: &'static [&'static str],
    /// Whether it lies across an hour boundary.
    pub straddles: bool,
    /// Writes it.
    pub play: fn(&mut Scene<'_>),
}

const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

/// What most rows share.
const BURST: Attack = Attack {
    name: "",
    rule: "access-denied-burst",
    level: "medium",
    key: Key::HostBucket,
    fires: Fires::Count(20),
    timespan: 300,
    period: HOUR,
    also: &[],
    straddles: false,
    play: plays::denied_straddling,
};

/// All of them, in the order in which they are placed.
pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "denied-straddling",
        also: &["access-denied-burst-low", "unknown-source-ip-low"],
        straddles: true,
        ..BURST
    },
    Attack {
        name: "denied-known-many-keys",
        fires: Fires::Keys(20),
        also: &["access-denied-burst-low"],
        play: plays::denied_known_many_keys,
        ..BURST
    },
    Attack {
        name: "denied-known-operations",
        fires: Fires::CountOfOperations(20, 3),
        also: &["access-denied-burst-low"],
        play: plays::denied_known_operations,
        ..BURST
    },
    Attack {
        name: "denied-known-few-keys",
        rule: "access-denied-burst-low",
        level: "low",
        play: plays::denied_known_few_keys,
        ..BURST
    },
    Attack {
        name: "denied-stranger-flood",
        rule: "access-denied-burst-high",
        level: "high",
        fires: Fires::Count(200),
        also: &[
            "access-denied-burst",
            "access-denied-burst-low",
            "not-found-burst",
            "unknown-source-ip-low",
        ],
        play: plays::denied_stranger_flood,
        ..BURST
    },
    Attack {
        name: "keys-guessed",
        rule: "not-found-burst",
        fires: Fires::Keys(20),
        also: &["unknown-source-ip-low"],
        play: plays::keys_guessed,
        ..BURST
    },
    Attack {
        name: "keys-guessed-public",
        rule: "not-found-burst-low",
        level: "low",
        fires: Fires::Keys(20),
        play: plays::keys_guessed_public,
        ..BURST
    },
    Attack {
        name: "sweep-leaked-key",
        rule: "bucket-sweep",
        key: Key::Host,
        fires: Fires::Buckets(3),
        timespan: 600,
        also: &["unknown-source-ip"],
        play: plays::sweep_leaked_key,
        ..BURST
    },
    Attack {
        name: "sweep-known",
        rule: "bucket-sweep-low",
        level: "low",
        key: Key::Host,
        fires: Fires::Buckets(10),
        timespan: 600,
        play: plays::sweep_known,
        ..BURST
    },
    Attack {
        name: "open-list",
        rule: "anonymous-list-or-write",
        level: "critical",
        key: Key::Bucket,
        fires: Fires::Count(1),
        timespan: 1,
        also: &["unknown-source-ip"],
        play: plays::open_list,
        ..BURST
    },
    Attack {
        name: "open-write",
        rule: "anonymous-list-or-write",
        level: "critical",
        key: Key::Bucket,
        fires: Fires::Count(1),
        timespan: 1,
        also: &["unknown-source-ip"],
        play: plays::open_write,
        ..BURST
    },
    Attack {
        name: "open-head",
        rule: "anonymous-list-or-write-low",
        level: "low",
        key: Key::Bucket,
        fires: Fires::Count(1),
        timespan: 1,
        also: &["unknown-source-ip"],
        play: plays::open_head,
        ..BURST
    },
    Attack {
        name: "credentials-guessed",
        rule: "bad-credentials",
        key: Key::Host,
        fires: Fires::Count(10),
        timespan: 600,
        also: &["unknown-source-ip-low"],
        play: plays::credentials_guessed,
        ..BURST
    },
    Attack {
        name: "credentials-guessed-ipv6",
        rule: "bad-credentials",
        key: Key::Host,
        fires: Fires::Count(10),
        timespan: 600,
        also: &["unknown-source-ip-low"],
        play: plays::credentials_guessed_ipv6,
        ..BURST
    },
    Attack {
        name: "credentials-rotated",
        rule: "bad-credentials-low",
        level: "low",
        key: Key::Host,
        fires: Fires::Count(10),
        timespan: 600,
        play: plays::credentials_rotated,
        ..BURST
    },
    Attack {
        name: "unknown-network",
        rule: "unknown-source-ip",
        key: Key::BucketNetwork,
        fires: Fires::Count(1),
        timespan: 1,
        period: DAY,
        play: plays::unknown_network,
        ..BURST
    },
    Attack {
        name: "unknown-network-refused",
        rule: "unknown-source-ip-low",
        level: "low",
        key: Key::BucketNetwork,
        fires: Fires::Count(1),
        timespan: 1,
        period: DAY,
        play: plays::unknown_network_refused,
        ..BURST
    },
];
