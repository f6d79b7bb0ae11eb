//! What a report has to tell: all that came since the last one, whoever found it.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use s3sentry::alert::{Alert, Status};
use s3sentry::session::{Failed, Session};

use crate::kept::{Fault, How, Place};
use crate::spans::records;
use crate::tables::rows;
use crate::world::{Rec, at, sentinel};

/// What a report would tell beside alerts, as far as it does not depend on what was
/// read at once: bytes are read again to find the rest, and records come late.
pub fn read(database: &Connection) -> BTreeMap<&'static str, Vec<String>> {
    let queries = [
        (
            "hours",
            "SELECT hour, bucket, sum(requests), sum(refused), sum(missing), sum(wrong), \
             sum(failed), sum(bytes) FROM hours GROUP BY hour, bucket",
        ),
        (
            "since_report",
            "SELECT lines, malformed, first_record, last_record \
             FROM since_report",
        ),
    ];
    let table = |(name, sql)| (name, rows(database, sql));
    queries.into_iter().map(table).collect()
}

fn reporting() -> How {
    How {
        reports: true,
        settles: false,
        ..How::default()
    }
}

fn news(session: &Session) -> Vec<Alert> {
    let mut all = Vec::new();
    let told = session.unreported_alerts(|alert, json| {
        assert!(json.contains(&format!("{:032x}", alert.id)), "{json}");
        all.push(alert);
        Ok::<_, Failed>(())
    });
    told.unwrap();
    assert!(all.is_sorted_by_key(|alert| (alert.period.1, alert.rule.name.clone())));
    all
}

/// Requests that are new, and the first and the last second of their hours.
fn requests(session: &Session) -> (u64, Option<(i64, i64)>) {
    let unreported = session.unreported().unwrap();
    let cells = unreported.hours.iter();
    let new = cells.filter(|(.., cell)| cell.requests > 0);
    let new: Vec<(i64, u64)> = new.map(|(_, hour, cell)| (hour, cell.requests)).collect();
    let hours = new.iter().map(|(hour, _)| *hour);
    let ends = hours.clone().min().zip(hours.max());
    (new.iter().map(|(_, requests)| requests).sum(), ends)
}

fn hours_of(records: &[Rec]) -> Option<(i64, i64)> {
    let hours = records.iter().map(|record| record.time / 3600 * 3600);
    hours.clone().min().zip(hours.max())
}

/// Alerts that were not written, by id.
fn unwritten(place: &Place) -> Vec<String> {
    let sql = "SELECT id FROM alerts WHERE written_rev IS NOT rev \
         OR written_status IS NOT status";
    rows(&place.database(), sql)
}

#[test]
fn a_report_covers_what_scans_found_and_the_next_one_what_is_new() {
    let all = records();
    let (first, rest) = all.split_at(all.partition_point(|record| record.time < at(8, 0)));
    let mut place = Place::of(first);
    place.run(&How::default()).unwrap();
    // Nothing new, and so no run that counts.
    place.run(&How::default()).unwrap();
    let mut session = place.session().unwrap();
    let unreported = session.unreported().unwrap();
    assert_eq!((unreported.made, unreported.runs), (None, 1));
    let intake = unreported.intake;
    assert_eq!(
        (intake.lines, intake.read, intake.failed),
        (first.len() as u64, 1, 0)
    );
    let times = first.iter().map(|record| record.time);
    assert_eq!(intake.span, times.clone().min().zip(times.max()));
    assert_eq!(requests(&session), (first.len() as u64, hours_of(first)));
    let told = news(&session);
    let holds = place.result().kept;
    let holds = holds
        .values()
        .filter(|version| version.status != Status::Withdrawn);
    let holds: BTreeSet<u128> = holds.map(|version| version.id).collect();
    assert!(!holds.is_empty());
    assert_eq!(
        told.iter().map(|alert| alert.id).collect::<BTreeSet<_>>(),
        holds
    );
    session.reported(at(8, 1)).unwrap();
    assert_eq!(news(&session), []);
    assert_eq!(requests(&session), (0, None));
    drop(session);

    place.add("b.log", rest);
    place.add("b.log", &[sentinel()]);
    let before = place.told.len();
    place.run(&reporting()).unwrap();
    assert!(place.told.len() > before);
    let mut session = place.session().unwrap();
    let unreported = session.unreported().unwrap();
    assert_eq!((unreported.made, unreported.runs), (Some(at(8, 1)), 1));
    let mut new = rest.to_vec();
    new.push(sentinel());
    assert_eq!(unreported.intake.lines, new.len() as u64);
    assert_eq!(requests(&session), (new.len() as u64, hours_of(&new)));
    // What was reported is known to have been there.
    let known = unreported
        .hours
        .iter()
        .filter(|(.., cell)| cell.requests == 0);
    let known = known.map(|(_, hour, _)| hour).min().unwrap();
    assert!(known < at(8, 0), "{known}");
    let told = news(&session);
    assert!(!told.is_empty());
    let revs: Vec<(u128, u64)> = told.iter().map(|alert| (alert.id, alert.rev)).collect();
    session.reported(at(30, 0)).unwrap();
    assert_eq!(news(&session), []);
    drop(session);

    // What the report's run found is not written; the next run writes it, and not
    // what was written before.
    let left: BTreeSet<u128> = place.told[before..].iter().map(|alert| alert.id).collect();
    assert_eq!(unwritten(&place).len(), left.len());
    assert!(revs.iter().any(|(id, _)| left.contains(id)));
    let before = place.told.len();
    place.run(&How::default()).unwrap();
    let written = place.told[before..].iter().map(|alert| alert.id);
    assert_eq!(written.collect::<BTreeSet<_>>(), left);
    assert_eq!(unwritten(&place), [""; 0]);
    // Which is no news.
    assert_eq!(news(&place.session().unwrap()), []);
}

/// A report whose run finds what cannot be written yet leaves that for others, and
/// what they left for themselves.
#[test]
fn a_report_writes_nothing_that_others_could_not() {
    let mut place = Place::of(&records());
    let fails = How {
        settles: false,
        fault: Some(Fault::Settled),
        ..How::default()
    };
    place.run(&fails).unwrap_err();
    let left = unwritten(&place);
    assert!(!left.is_empty());
    let told = place.told.len();
    place.run(&reporting()).unwrap();
    assert_eq!(place.told.len(), told);
    assert_eq!(unwritten(&place), left);
}
