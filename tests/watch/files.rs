//! Files that grow, are renamed, begin again.

use std::fs;

use crate::place::{Place, line};

/// Far enough behind the start for its period to be over.
const LATER: i64 = 4 * 3600;

fn lines(seconds: std::ops::Range<i64>) -> String {
    seconds.map(|second| line(second, "192.0.2.1")).collect()
}

#[test]
fn a_file_that_grows_is_told_of_once_while_it_is_open() {
    let place = Place::new();
    place.append("logs/access.log", &lines(0..2));
    let mut watch = place.watch("logs --state state.db");
    place.append("logs/access.log", &lines(2..3));
    watch.until_told("three-refused", "open", 3);
    place.append("logs/access.log", &lines(3..9));
    place.append("logs/access.log", &line(LATER, "192.0.2.2"));
    watch.until_told("three-refused", "closed", 9);
    // Told only once it is known for good.
    watch.until_told("few-refused", "closed", 9);
    watch.stop();
    let told = watch.told();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(
        watch.said().contains("s3sentry: 10 lines"),
        "{}",
        watch.said()
    );
}

#[test]
fn nothing_is_read_twice_or_left_out_when_logs_are_rotated() {
    let place = Place::new();
    place.append("logs/access.log", &lines(0..2));
    let mut watch = place.watch("logs --state state.db");
    watch.until("the first lines are kept", |_| {
        let kept = fs::metadata(place.path("state.db-wal"));
        kept.is_ok_and(|data| data.len() > 0)
    });
    for number in 1..6_i64 {
        // Written and renamed before anybody has looked.
        place.append("logs/access.log", &lines(number * 10..number * 10 + 2));
        for old in (1..number).rev() {
            let name = |number: i64| place.path(&format!("logs/access.log.{number}"));
            fs::rename(name(old), name(old + 1)).unwrap();
        }
        fs::rename(
            place.path("logs/access.log"),
            place.path("logs/access.log.1"),
        )
        .unwrap();
        place.append("logs/access.log", &lines(number * 10 + 5..number * 10 + 6));
        if number % 2 == 0 {
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
    }
    let all = 2 + 5 * 3;
    place.append("logs/access.log", &line(LATER, "192.0.2.2"));
    watch.until_told("three-refused", "closed", all);
    watch.stop();
    let read = format!("s3sentry: {} lines", all + 1);
    assert!(watch.said().contains(&read), "{}", watch.said());
}

#[test]
fn a_file_that_was_truncated_is_read_from_its_beginning() {
    let place = Place::new();
    place.append("logs/access.log", &lines(0..4));
    let mut watch = place.watch("logs --state state.db");
    watch.until_told("three-refused", "open", 4);
    fs::write(place.path("logs/access.log"), lines(20..22)).unwrap();
    place.append("logs/access.log", &line(LATER, "192.0.2.2"));
    watch.until_told("three-refused", "closed", 6);
    watch.stop();
}

#[test]
fn what_cannot_be_read_is_said_once_and_does_not_end_it() {
    let place = Place::new();
    let mut watch = place.watch("logs other.log --state state.db");
    watch.until("it is said", |watch| {
        watch.said().contains("other.log does not exist")
    });
    place.append("logs/access.log", &lines(0..3));
    watch.until_told("three-refused", "open", 3);
    place.append("other.log", &line(3, "192.0.2.1"));
    watch.until("it is said", |watch| {
        watch.said().contains("other.log can be read again")
    });
    watch.stop();
    assert_eq!(watch.said().matches("does not exist").count(), 1);
}
