//! Records that come late: within the bound, and beyond it; and a baseline that
//! does not learn, and other rules.

use s3sentry::alert::Status;
use s3sentry::baseline::HOUR;
use s3sentry::session::Notice;

use crate::kept::{How, Place, Version, highest, undisturbed};
use crate::world::{LATENESS, Rec, at, compile, ordinary, other_rules, sentinel};

/// So many days on which one program reads at nine o'clock.
fn days(number: i64) -> Vec<Rec> {
    (0..number).map(|day| ordinary(at(day, 9), day)).collect()
}

fn of(place: &Place, rule: &str) -> Vec<(u64, Status, u64)> {
    let told = place.told.iter().filter(|alert| alert.rule.name == rule);
    told.map(|alert| (alert.rev, alert.status, alert.count))
        .collect()
}

#[test]
fn an_older_sighting_takes_an_open_alert_back() {
    let odd = |time, id| Rec {
        agent: "rclone/1.66",
        ..ordinary(time, id)
    };
    let mut records = days(10);
    // Just after midnight; the day before nobody has seen it.
    records.push(odd(at(10, 1), 100));
    let mut place = Place::of(&records);
    place.run(&How::default()).unwrap();
    assert_eq!(of(&place, "own-new-client"), [(1, Status::Open, 1)]);
    // The period of a day depends on that day alone, so what is older came on
    // the day before.
    let older = odd(at(9, 22), 99);
    place.add("b.log", std::slice::from_ref(&older));
    let ended = place.run(&How::default()).unwrap();
    assert_eq!(ended.outcome.correlation.late, 0);
    let first = Version::of(&place.told[0]);
    let versions = place.told.iter().filter(|alert| alert.id == first.id);
    let statuses: Vec<Status> = versions.map(|alert| alert.status).collect();
    assert_eq!(statuses, [Status::Open, Status::Withdrawn]);
    let holds = &highest(place.told.iter().map(Version::of))[&first.id];
    assert_eq!(holds.status, Status::Withdrawn);

    place.add("c.log", &[sentinel()]);
    place.run(&How::default()).unwrap();
    records.extend([older, sentinel()]);
    let expected = undisturbed(&records);
    assert!(!expected.alerts.contains_key(&first.id));
    assert_eq!(place.result().differs(&expected), None);
}

#[test]
fn what_is_later_than_the_bound_teaches_and_is_matched_one_by_one() {
    let mut place = Place::of(&days(10));
    place.run(&How::default()).unwrap();
    let refused = |second, id: &str| Rec {
        status: 403,
        bucket: "secret",
        ip: "203.0.113.9",
        ..ordinary(at(4, 10) + second, id)
    };
    // A burst, and each of them alone is worth an alert of the hour.
    let late: Vec<Rec> = (0..5).map(|n| refused(n, &format!("late{n}"))).collect();
    place.add("late.log", &late);
    let ended = place.run(&How::default()).unwrap();
    assert_eq!(ended.outcome.correlation.late, 5);
    assert_eq!(ended.outcome.correlation.late_hours, [at(4, 10)]);
    assert_eq!(of(&place, "own-any-refused"), [(5, Status::Closed, 5)]);
    assert_eq!(of(&place, "own-often-refused"), []);
    place.add("again.log", &[refused(700, "more")]);
    place.run(&How::default()).unwrap();
    // They may be the same again: nobody could tell.
    assert_eq!(of(&place, "own-any-refused"), [(5, Status::Closed, 5)]);

    // The baseline is as if they had come in time.
    place.add("last.log", &[sentinel()]);
    place.run(&How::default()).unwrap();
    let mut all = days(10);
    all.extend(late);
    all.extend([refused(700, "more"), sentinel()]);
    let found = place.result();
    assert_eq!(found.baseline, undisturbed(&all).baseline);
}

/// A late record of a period that is still open does not make less of it.
#[test]
fn a_late_record_of_an_open_period_lowers_no_rev() {
    let refused = |second, id: &str| Rec {
        status: 403,
        bucket: "secret",
        ..ordinary(at(9, 9) + second, id)
    };
    let mut place = Place::of(&[
        refused(1900, "a"),
        refused(1910, "b"),
        refused(1920, "c"),
        // The watermark is in the middle of their hour.
        ordinary(at(9, 9) + 1800 + LATENESS, "later"),
    ]);
    place.run(&How::default()).unwrap();
    assert_eq!(of(&place, "own-any-refused"), [(3, Status::Open, 3)]);
    place.add("late.log", &[refused(600, "late")]);
    let ended = place.run(&How::default()).unwrap();
    assert_eq!(ended.outcome.correlation.late, 1);
    place.add("last.log", &[sentinel()]);
    place.run(&How::default()).unwrap();
    let versions = of(&place, "own-any-refused");
    assert_eq!(versions, [(3, Status::Open, 3), (3, Status::Closed, 3),]);
}

#[test]
fn what_is_not_to_be_learned_changes_no_row() {
    let mut place = Place::of(&days(10));
    place.run(&How::default()).unwrap();
    let before = place.result().baseline;
    let frozen = How {
        learn: false,
        ..How::default()
    };
    let strange = Rec {
        agent: "rclone/1.66",
        ip: "203.0.113.9",
        ..ordinary(at(10, 9), "odd")
    };
    place.add("b.log", &[strange, sentinel()]);
    place.run(&frozen).unwrap();
    // After so long what everybody did is new, too.
    assert_eq!(
        of(&place, "own-new-client"),
        [(1, Status::Closed, 1), (1, Status::Open, 1)]
    );
    assert_eq!(of(&place, "own-by-stranger").len(), 2);
    assert_eq!(place.result().baseline, before);
    assert!(!before["volumes"].is_empty());
}

#[test]
fn other_rules_begin_anew_and_keep_the_baseline() {
    let odd = |time, id| Rec {
        agent: "rclone/1.66",
        ..ordinary(time, id)
    };
    let mut records = days(10);
    records.push(odd(at(10, 9), 50));
    let mut place = Place::of(&records);
    place.run(&How::default()).unwrap();
    let open = of(&place, "own-new-client");
    assert_eq!(open, [(1, Status::Open, 1)]);
    let before = place.result().baseline;

    let other = How {
        set: compile(&other_rules()),
        ..How::default()
    };
    let ended = place.run(&other).unwrap();
    let watermark = at(10, 9) - 6 * HOUR;
    assert_eq!(ended.notice, Some(Notice::OtherRules(watermark)));
    assert_eq!(
        of(&place, "own-new-client"),
        [(1, Status::Open, 1), (1, Status::Closed, 1)]
    );
    assert_eq!(ended.outcome.tally.lines, 0);
    assert_eq!(place.result().baseline, before);
    assert!(
        place
            .result()
            .kept
            .values()
            .all(|kept| kept.status == Status::Closed)
    );

    // What it knows it knows under these rules, too.
    place.add(
        "b.log",
        &[
            odd(at(12, 9), 51),
            Rec {
                agent: "Boto3/1.34",
                ..odd(at(12, 10), 52)
            },
        ],
    );
    let ended = place.run(&other).unwrap();
    assert_eq!(ended.notice, None);
    let told: Vec<_> = of(&place, "own-new-client").split_off(2);
    assert_eq!(told, [(1, Status::Open, 1)]);
}
