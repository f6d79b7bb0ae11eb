//! How many requests are made and how many objects are held, where there are very
//! many.

use super::super::desk::HELD;
use super::*;

/// What is listed and not looked at for long: an order, a number, the most held.
fn drain(store: &Arc<Memory>, wanted: Wanted, known: Left) -> (u64, Counts) {
    runtime().block_on(async {
        let mut listing = Listing::new(Arc::clone(store), wanted, Box::new(known));
        let (mut last, mut given) = (i64::MIN, 0);
        while let Some(item) = listing.next().await {
            let time = time(&item.object);
            assert!(time >= last, "{} comes too late", item.object.key);
            last = time;
            given += 1;
            store.sample();
        }
        assert_eq!(listing.troubles(), []);
        (given, listing.counts())
    })
}

/// So many objects of one log, evenly over so many days.
fn flat(len: usize, days: i64) -> Memory {
    let step = days * DAY / len as i64;
    Memory::new(len, move |at| {
        let time = DAY0 + at as i64 * step;
        object(&simple("logs/", time, at as u64), 1, time)
    })
}

#[test]
fn one_day_of_a_million_objects_is_found_at_once() {
    // Two years of them.
    let store = Arc::new(flat(1_000_000, 720));
    let since = DAY0 + 400 * DAY;
    let day = Wanted {
        since,
        until: since + DAY,
        lookback: 0,
        ..wanted(&["logs/"])
    };
    let (given, counts) = drain(&store, day, Left::default());
    // The day, and five minutes; one every 62 seconds.
    let number = |time: i64| (time - DAY0 + 61) / 62;
    let expected = number(since + DAY) - number(since - 300);
    assert_eq!(given, expected as u64);
    assert!(counts.pages <= given / 1000 + 5, "{counts:?}");

    // The hour that is new, two days back.
    let newest = DAY0 + 719 * DAY;
    let seen = Seen {
        newest,
        since: i64::MIN,
        forgotten: newest - 2 * DAY,
        listed: newest,
        listed_all: newest,
    };
    let mut left = Left::default();
    left.logs.insert("logs/".to_owned(), seen);
    let (given, counts) = drain(&store, wanted(&["logs/"]), left);
    assert!(given <= 3 * 1_000_000 / 720 + 1000, "{given}");
    assert!(counts.pages <= given / 1000 + 12, "{counts:?}");
}

#[test]
fn a_busy_log_is_listed_with_hardly_more_requests_than_pages() {
    let mut most = Vec::new();
    for len in [20_000, 100_000] {
        let store = Arc::new(flat(len, 25));
        let (given, counts) = drain(&store, wanted(&["logs/"]), Left::default());
        assert_eq!(given, len as u64);
        assert!(counts.pages <= len as u64 / 1000 + 25 + 10, "{counts:?}");
        most.push(store.sample());
    }
    assert!(most.iter().all(|most| *most <= 8_000), "{most:?}");
}

#[test]
fn a_quiet_log_is_not_asked_for_day_by_day() {
    // Five a day for ten years, and a gap of two years.
    let at = |at: usize| {
        let day = at as i64 / 5 + if at >= 9000 { 730 } else { 0 };
        let time = DAY0 - 4000 * DAY + day * DAY;
        object(&partitioned("logs/", time, at as u64), 1, time)
    };
    let store = Arc::new(Memory::new(18_000, at));
    let (given, counts) = drain(&store, wanted(&["logs/"]), Left::default());
    assert_eq!(given, 18_000);
    assert!(counts.pages <= 18 + 13 + 2, "{counts:?}");
}

#[test]
fn a_thousand_logs_are_merged_within_bounds() {
    let at = |at: usize| {
        let (log, n) = (at / 120, at % 120);
        let time = DAY0 + (n * 1200 + log) as i64;
        object(
            &partitioned(&format!("logs/{log:04}/"), time, n as u64),
            1,
            time,
        )
    };
    let store = Arc::new(Memory::new(120_000, at));
    let (given, counts) = drain(&store, wanted(&["logs/"]), Left::default());
    assert_eq!(given, 120_000);
    assert!(store.sample() <= HELD + 2_000, "{}", store.sample());
    assert!(counts.pages <= 5_000, "{counts:?}");
}

#[test]
fn large_logs_are_found_folder_by_folder() {
    // Each is more than a page.
    let at = |at: usize| {
        let (log, n) = (at / 1100, at % 1100);
        let time = DAY0 + n as i64;
        object(
            &simple(&format!("logs/{log:03}/x-"), time, n as u64),
            1,
            time,
        )
    };
    let store = Arc::new(Memory::new(60 * 1100, at));
    let (given, counts) = drain(&store, wanted(&["logs/"]), Left::default());
    assert_eq!(given, 60 * 1100);
    assert!(counts.pages <= 60 * 6, "{counts:?}");
}
