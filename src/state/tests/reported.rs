use super::*;
use crate::pipeline::{Cell, HOUR, Hours};

/// 2026-02-03T02:00:00Z.
const START: i64 = 1_770_084_000;

fn cell(requests: u64, failed: u64, bytes: u64) -> Cell {
    Cell {
        requests,
        failed,
        bytes,
        ..Cell::default()
    }
}

fn hours(of: &[(&[u8], i64, Cell)]) -> Hours {
    let mut hours = Hours::default();
    for (bucket, hour, cell) in of {
        hours.add(bucket, START + hour * HOUR, cell);
    }
    hours
}

fn add(state: &mut State, of: &[(&[u8], i64, Cell)]) {
    let commit = state.begin().unwrap();
    commit.put_hours(&hours(of)).unwrap();
    commit.commit().unwrap();
}

fn report(state: &mut State, made: i64) {
    let commit = state.begin().unwrap();
    commit.put_reported(made).unwrap();
    commit.commit().unwrap();
}

/// Buckets as text, hours after the start, requests.
fn unreported(state: &State) -> Vec<(String, i64, u64)> {
    let hours = state.unreported_hours().unwrap();
    let row = |(name, hour, cell): (&[u8], i64, &Cell)| {
        let name = String::from_utf8_lossy(name).into_owned();
        (name, (hour - START) / HOUR, cell.requests)
    };
    hours.iter().map(row).collect()
}

fn row(name: &str, hour: i64, requests: u64) -> (String, i64, u64) {
    (name.to_owned(), hour, requests)
}

#[test]
fn hours_add_up_and_a_report_takes_what_is_new() {
    let (_folder, path) = place();
    let mut state = open(&path);
    assert!(state.unreported_hours().unwrap().is_empty());
    add(
        &mut state,
        &[(b"a", 0, cell(2, 1, 10)), (b"x\xFF", 0, cell(1, 0, 0))],
    );
    add(
        &mut state,
        &[(b"a", 0, cell(3, 0, 5)), (b"a", -300, cell(1, 0, 0))],
    );
    let name = String::from_utf8_lossy(b"x\xFF").into_owned();
    let all = [row("a", -300, 1), row("a", 0, 5), row(&name, 0, 1)];
    assert_eq!(unreported(&state), all);
    report(&mut state, START);
    assert_eq!(unreported(&state), []);
    // What was reported is there, and what is too long ago is not looked at.
    add(
        &mut state,
        &[(b"b", 1, cell(4, 0, 0)), (b"a", 0, cell(7, 0, 1))],
    );
    assert_eq!(
        unreported(&state),
        [row("a", 0, 7), row("b", 1, 4), row(&name, 0, 0)]
    );
    let shown = "SELECT bucket, hour, requests, failed, bytes, reported FROM v_hours";
    let expected = [
        "b|2026-02-03T03:00:00Z|4|0|0|no",
        "a|2026-02-03T02:00:00Z|12|1|16|no",
    ];
    assert_eq!(asked(&state, shown)[..2], expected);
    report(&mut state, START);
    assert_eq!(unreported(&state), []);
    assert_eq!(
        asked(&state, shown)[1],
        "a|2026-02-03T02:00:00Z|12|1|16|yes"
    );
    let commit = state.begin().unwrap();
    assert_eq!(commit.prune_hours(START).unwrap(), 1);
    assert_eq!(commit.prune_hours(START + HOUR).unwrap(), 2);
    commit.commit().unwrap();
    assert_eq!(asked(&state, "SELECT bucket FROM v_hours"), ["b"]);
    let plan = "EXPLAIN QUERY PLAN DELETE FROM hours WHERE reported IN (0, 1) AND hour < 5";
    assert!(asked(&state, plan)[0].contains("reported=? AND hour<?"));
}

#[test]
fn sums_stay_whole_numbers() {
    let (_folder, path) = place();
    let mut state = open(&path);
    for _ in 0..3 {
        add(&mut state, &[(b"a", 0, cell(1, 0, u64::MAX))]);
    }
    report(&mut state, START);
    add(&mut state, &[(b"a", 0, cell(1, 0, 1 << 62))]);
    report(&mut state, START);
    let sql = "SELECT requests, bytes, typeof(bytes) FROM hours";
    assert_eq!(asked(&state, sql), ["4|9223372036854775807|integer"]);
}

#[test]
fn what_was_read_is_summed_over_runs() {
    let (_folder, path) = place();
    let mut state = open(&path);
    assert_eq!(state.since_report().unwrap(), SinceReport::default());
    let intake = |lines, span| Intake {
        lines,
        bytes: 100 * lines,
        malformed: 1,
        ambiguous: 2,
        undated: 3,
        late: 4,
        evicted: 5,
        read: 6,
        skipped: 7,
        failed: 8,
        span,
    };
    let commit = state.begin().unwrap();
    let runs = [1, 2, 3].map(|time| commit.start_run("s3sentry scan", time).unwrap());
    commit.add_intake(runs[0], &intake(10, None)).unwrap();
    commit.add_intake(runs[1], &Intake::default()).unwrap();
    commit
        .add_intake(runs[2], &intake(1, Some((50, 60))))
        .unwrap();
    commit
        .add_intake(runs[2], &intake(1, Some((40, 45))))
        .unwrap();
    commit.commit().unwrap();
    let since = state.since_report().unwrap();
    let expected = Intake {
        lines: 12,
        bytes: 1200,
        malformed: 3,
        ambiguous: 6,
        undated: 9,
        late: 12,
        evicted: 15,
        read: 18,
        skipped: 21,
        failed: 24,
        span: Some((40, 60)),
    };
    assert_eq!((since.made, since.runs, since.intake), (None, 2, expected));
    let sql = "SELECT bytes, malformed, late, inputs_read, inputs_failed, first_record, \
         last_record FROM v_runs";
    assert_eq!(
        asked(&state, sql),
        [
            "200|2|8|12|16|1970-01-01T00:00:40Z|1970-01-01T00:01:00Z",
            "0|0|0|0|0||",
            "1000|1|4|6|8||"
        ]
    );
    report(&mut state, START);
    let since = state.since_report().unwrap();
    let reported = SinceReport {
        made: Some(START),
        ..SinceReport::default()
    };
    assert_eq!(since, reported);
}

#[test]
fn an_earlier_look_is_taken_off() {
    let before = Intake {
        lines: 5,
        late: 2,
        span: Some((1, 2)),
        ..Intake::default()
    };
    let now = Intake {
        lines: 7,
        late: 2,
        bytes: 3,
        span: Some((4, 5)),
        ..Intake::default()
    };
    let since = Intake {
        lines: 2,
        bytes: 3,
        span: Some((4, 5)),
        ..Intake::default()
    };
    assert_eq!(now.since(&before), since);
}
