//! A million addresses: how large, how long. Only in an optimized build does the
//! time mean anything:
//! `cargo test --release --lib state::tests::measure -- --ignored --nocapture`.

use std::time::Instant;

use super::*;
use crate::baseline::DAY;

const ADDRESSES: u64 = 1_000_000;

/// All addresses on a day, and the network of each, in the order of their numbers.
fn seen(day: i64, from: u64, until: u64) -> Delta {
    let lessons = lessons();
    let (kind, dimension) = (&lessons.kinds[0], &lessons.dimensions[0]);
    let mut delta = Delta::default();
    for n in from..until {
        // Of all sizes, over the whole range of addresses.
        let [a, b, c, d] = (n as u32).wrapping_mul(2_654_435_761).to_be_bytes();
        let extent = once((20_000 + day) * DAY + (n % 86_400) as i64);
        let name = texts(&[&format!("{a}.{b}.{c}.{d}")]);
        let net = texts(&[&format!("{a}.{b}.{c}.0/24")]);
        let group = n % 100;
        delta.entities.push(EntityDelta {
            key: kind.key(name::hash_of(&name).unwrap()),
            kind: kind.id,
            name: (day == 0).then_some(name),
            extent,
            declared: false,
        });
        delta.values.push(ValueDelta {
            key: dimension.key(group, name::hash_of(&net).unwrap()),
            dimension: dimension.id,
            entity: group,
            name: (day == 0).then_some(net),
            extent,
            declared: false,
        });
    }
    delta
}

#[test]
#[ignore = "takes a minute and 500 MB of disk"]
fn a_million_addresses() {
    const RUNS: u64 = 20;
    let (_folder, path) = place();
    let mut state = open(&path);
    let timed = |what: &str, begun: Instant| {
        println!("{what}: {:.2} s", begun.elapsed().as_secs_f64());
    };
    // As runs bring them, so that pages split where they will.
    let part = ADDRESSES / RUNS;
    for run in 0..RUNS {
        let delta = seen(0, run * part, (run + 1) * part);
        let begun = Instant::now();
        keep(&mut state, &delta);
        if run == 0 || run == RUNS - 1 {
            timed("first day, one run of 20", begun);
        }
    }
    for day in [33, 66, 99] {
        let delta = seen(day, 0, ADDRESSES);
        let begun = Instant::now();
        keep(&mut state, &delta);
        timed("all of them again, in one commit", begun);
    }
    let begun = Instant::now();
    let baseline = loaded(&state);
    timed("loaded", begun);
    println!("{:?}", baseline.len());
    let begun = Instant::now();
    asked(&state, "PRAGMA quick_check");
    timed("quick_check", begun);
    let list = List {
        kind: "remote_host",
        filter: Some(Filter::Contains("1.2")),
        order: Order::Requests,
        limit: Some(20),
        dimension: Some("new-network"),
    };
    let begun = Instant::now();
    state.entities(&list).unwrap();
    timed("listed", begun);
    let begun = Instant::now();
    let mut text = Vec::new();
    state.export_baseline(&mut text, 0).unwrap();
    timed("exported", begun);
    println!("{} MiB of text", text.len() >> 20);
    let size = "SELECT name, sum(pgsize) / 1000000.0, sum(unused) / 1000000.0 FROM dbstat \
         GROUP BY name ORDER BY 2 DESC LIMIT 2";
    println!("{:?}", asked(&state, size));
    drop(state);
    let bytes = std::fs::metadata(&path).unwrap().len();
    println!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
    assert!(bytes < 200 << 20);
    let (_other, path) = place();
    let mut copy = open(&path);
    let begun = Instant::now();
    let commit = copy.begin().unwrap();
    commit.import_baseline(&text[..], false).unwrap();
    commit.commit().unwrap();
    timed("imported", begun);
}
