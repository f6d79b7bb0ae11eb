use std::sync::Arc;

use super::*;
use crate::alert::{Alert, Context, Level, RuleInfo, Status};

fn alert(id: u128, rev: u64, status: Status) -> Alert {
    Alert {
        id,
        rev,
        status,
        rule: Arc::new(RuleInfo {
            id: "r".to_owned(),
            name: "access-denied-burst".to_owned(),
            title: "Burst".to_owned(),
            level: Level::High,
            tags: Vec::new(),
        }),
        key: vec![("remote_host".into(), Some(b"192.0.2.1".to_vec()))],
        period: (1_770_084_000, 1_770_087_600),
        trigger: (1_770_084_060, 20),
        first_seen: 1_770_084_001,
        last_seen: 1_770_084_060 + id as i64,
        count: rev,
        distinct: None,
        sum: None,
        summary: b"denied on \xE9?X-Amz-Signature=0123456789abcdef".to_vec(),
        evidence: Vec::new(),
        context: Context::default(),
    }
}

fn put(state: &mut State, alert: &Alert, written: Option<Written>) {
    let commit = state.begin().unwrap();
    let incident = Some(("192.0.2.1", "1f"));
    commit.put_alert(alert, incident).unwrap();
    if let Some(written) = written {
        commit.put_written(alert.id, written).unwrap();
    }
    commit.commit().unwrap();
}

#[test]
fn what_was_written_is_told_from_what_is_known() {
    let (_folder, path) = place();
    let mut state = open(&path);
    let ids = |alerts: Vec<KeptAlert>| alerts.iter().map(|alert| alert.id).collect::<Vec<_>>();
    put(&mut state, &alert(7, 20, Status::Open), None);
    let kept = state.alert(7).unwrap().unwrap();
    assert_eq!(
        (kept.rev, kept.status, kept.written),
        (20, Status::Open, None)
    );
    assert_eq!(kept.period, (1_770_084_000, 1_770_087_600));
    assert_eq!(kept.rule, "access-denied-burst");
    assert!(kept.json.starts_with("{\"schema\":\"s3sentry/alert/v1\"") && kept.json.ends_with('}'));
    assert_eq!(ids(state.unwritten_alerts().unwrap()), [7]);
    assert_eq!(ids(state.open_alerts().unwrap()), [7]);

    let written = Written {
        rev: 20,
        status: Status::Open,
    };
    put(&mut state, &alert(7, 20, Status::Open), Some(written));
    assert_eq!(state.unwritten_alerts().unwrap(), []);
    assert_eq!(state.alert(7).unwrap().unwrap().written, Some(written));
    // Closing is told as well, at the same rev; what was written stays noted.
    put(&mut state, &alert(7, 20, Status::Closed), None);
    let unwritten = state.unwritten_alerts().unwrap();
    assert_eq!(
        (unwritten[0].written, unwritten[0].status),
        (Some(written), Status::Closed)
    );
    assert_eq!(state.open_alerts().unwrap(), []);
    assert_eq!(state.alert(8).unwrap(), None);

    // Nothing goes that was not written, or that may still change.
    put(
        &mut state,
        &alert(8, 1, Status::Open),
        Some(Written {
            rev: 1,
            status: Status::Open,
        }),
    );
    let closed = Written {
        rev: 1,
        status: Status::Closed,
    };
    put(&mut state, &alert(9, 1, Status::Closed), Some(closed));
    let commit = state.begin().unwrap();
    assert_eq!(commit.prune_alerts(1_770_087_600).unwrap(), 0);
    assert_eq!(commit.prune_alerts(1_770_087_601).unwrap(), 1);
    commit.commit().unwrap();
    assert_eq!(state.alert(9).unwrap(), None);
}

#[test]
fn an_alert_has_columns_and_no_secrets() {
    let (_folder, path) = place();
    let mut state = open(&path);
    put(&mut state, &alert(7, 20, Status::Open), None);
    put(&mut state, &alert(0xAB, 3, Status::Closed), None);
    let sql = "SELECT time, level, rule, status, rev, key, count, summary, incident, written, id \
         FROM v_alerts";
    assert_eq!(
        asked(&state, sql)[0],
        "2026-02-03T02:01:00Z|high|access-denied-burst|open|20|{\"remote_host\":\"192.0.2.1\"}|20|\
         denied on \\xE9?X-Amz-Signature=REDACTED|1f|no|00000000000000000000000000000007"
    );
    assert_eq!(
        asked(&state, "SELECT * FROM v_incidents"),
        ["1f|192.0.2.1|2026-02-03T02:00:01Z|2026-02-03T02:03:51Z|2|0|2|access-denied-burst"]
    );
    // The questions that are asked at each start read no more rows than they must.
    for (condition, index) in [
        ("status = 'open' ORDER BY id", "alerts_open"),
        (
            "written_rev IS NOT rev OR written_status IS NOT status ORDER BY period_end",
            "alerts_unwritten",
        ),
    ] {
        let plan = format!("EXPLAIN QUERY PLAN SELECT json FROM alerts WHERE {condition}");
        let plan = asked(&state, &plan);
        assert!(plan[0].contains(index), "{plan:?}");
    }
}

/// Ids of what a report has to tell.
fn news(state: &State) -> Vec<String> {
    let mut ids = Vec::new();
    let told = state.each_unreported(|id, json| {
        assert!(json.starts_with('{') && json.contains(id), "{json}");
        ids.push(id.trim_start_matches('0').to_owned());
        Ok::<_, ()>(())
    });
    told.unwrap().unwrap();
    ids
}

#[test]
fn a_report_tells_what_is_new_or_has_grown() {
    let (_folder, path) = place();
    let mut state = open(&path);
    let report = |state: &mut State| {
        let commit = state.begin().unwrap();
        commit.put_reported(1_770_090_000).unwrap();
        commit.commit().unwrap();
    };
    let later = Alert {
        period: (1_770_087_600, 1_770_091_200),
        ..alert(1, 1, Status::Open)
    };
    put(&mut state, &later, None);
    put(&mut state, &alert(9, 4, Status::Open), None);
    put(&mut state, &alert(2, 4, Status::Open), None);
    // Nobody was told of it while it held.
    put(&mut state, &alert(3, 1, Status::Withdrawn), None);
    assert_eq!(news(&state), ["2", "9", "1"]);
    report(&mut state);
    assert_eq!(news(&state), [""; 0]);
    // That one is final is no news, that one has grown or holds no longer is.
    put(&mut state, &alert(2, 4, Status::Closed), None);
    put(&mut state, &alert(9, 5, Status::Closed), None);
    put(&mut state, &alert(1, 1, Status::Withdrawn), None);
    assert_eq!(news(&state), ["1", "9"]);
    report(&mut state);
    assert_eq!(news(&state), [""; 0]);
    assert_eq!(
        asked(&state, "SELECT DISTINCT reported, written FROM v_alerts"),
        ["yes|no"]
    );
    put(&mut state, &alert(1, 2, Status::Open), None);
    assert_eq!(news(&state), ["1"]);
    let stopped = state.each_unreported(|_, _| Err("enough"));
    assert_eq!(stopped.unwrap(), Err("enough"));
    // What was reported need not be written to be forgotten, but be final.
    let commit = state.begin().unwrap();
    assert_eq!(commit.prune_alerts(i64::MAX).unwrap(), 3);
    commit.commit().unwrap();
    assert_eq!(asked(&state, "SELECT count(*) FROM alerts"), ["1"]);
    let news = crate::state::reported::NEWS;
    let plan = format!("EXPLAIN QUERY PLAN SELECT json FROM alerts WHERE {news}");
    assert!(asked(&state, &plan)[0].contains("alerts_unreported"));
}
