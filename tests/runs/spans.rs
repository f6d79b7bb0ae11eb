//! The same inputs twice, and in pieces of time.

use s3sentry::pipeline::Span;

use crate::kept::{How, Place, contents, undisturbed};
use crate::world::{Rec, at, ordinary, sentinel};

pub fn records() -> Vec<Rec> {
    let mut all: Vec<Rec> = (0..12).map(|day| ordinary(at(day, 9), day)).collect();
    for (number, day) in [(0, 4), (1, 7), (2, 7), (3, 8), (4, 10)] {
        all.push(Rec {
            agent: "rclone/1.66",
            ip: "203.0.113.9",
            bytes: 50_000,
            ..ordinary(at(day, 9) + 100 + number, 100 + number)
        });
        all.extend((0..4).map(|again| Rec {
            status: 403,
            ip: "203.0.113.9",
            ..ordinary(at(day, 9) + again, 1000 + 10 * number + again)
        }));
    }
    all.sort_by_key(|record| record.time);
    all
}

fn within(since: i64, until: i64) -> How {
    How {
        span: Span { since, until },
        ..How::default()
    }
}

#[test]
fn what_is_done_is_not_done_again() {
    let mut place = Place::of(&records());
    let first = place.run(&How::default()).unwrap();
    assert!(first.fresh > 0);
    let (before, told) = (place.result(), place.told.len());
    let second = place.run(&How::default()).unwrap();
    assert_eq!((second.outcome.tally.lines, second.fresh), (0, 0));
    assert_eq!((second.inputs.done, second.inputs.read), (1, 0));
    assert_eq!(place.told.len(), told);
    assert_eq!(place.result(), before);
}

/// First up to a day, then the rest: as if it had been read at once.
#[test]
fn an_end_is_gone_on_from() {
    let mut all = records();
    all.push(sentinel());
    let expected = undisturbed(&all);
    for until in [at(4, 9) + 50, at(7, 0), at(8, 9) + 2, at(10, 9) + 101] {
        let mut place = Place::of(&all);
        let first = place.run(&within(i64::MIN, until)).unwrap();
        let earlier = all.iter().filter(|record| record.time < until).count() as u64;
        let taken = |tally: &s3sentry::pipeline::Tally| tally.lines - tally.outside - tally.taken;
        assert_eq!(taken(&first.outcome.tally), earlier);
        let second = place.run(&How::default()).unwrap();
        assert_eq!(taken(&second.outcome.tally), all.len() as u64 - earlier);
        assert_eq!(second.outcome.correlation.late, 0);
        assert_eq!(place.result().differs(&expected), None, "until {until}");
    }
}

/// First from a day on, then the rest: that is late, and each record counts once.
#[test]
fn a_beginning_is_gone_back_before() {
    let mut all = records();
    all.push(sentinel());
    let expected = undisturbed(&all);
    let since = at(8, 0);
    let mut place = Place::of(&all);
    let first = place.run(&within(since, i64::MAX)).unwrap();
    let second = place.run(&How::default()).unwrap();
    let earlier = all.iter().filter(|record| record.time < since).count() as u64;
    assert_eq!(first.outcome.tally.outside, earlier);
    assert_eq!(second.outcome.tally.taken, all.len() as u64 - earlier);
    assert_eq!(second.outcome.correlation.late, earlier);
    assert_eq!(place.result().baseline, expected.baseline);
    let third = place.run(&How::default()).unwrap();
    assert_eq!((third.outcome.tally.lines, third.inputs.done), (0, 1));
    // Bursts do not hang on what was before.
    let of_bursts = |alerts| -> Vec<String> {
        let all = contents(alerts).into_iter();
        let late = |text: &String| text.contains("\"own-often-refused\"");
        all.filter(late).collect()
    };
    let (found, whole) = (place.result(), of_bursts(&expected.alerts));
    let found = of_bursts(&found.alerts);
    assert!(found.len() == 2 && found.iter().all(|burst| whole.contains(burst)));
}
