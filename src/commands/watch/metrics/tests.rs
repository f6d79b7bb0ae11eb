//! Every number in its place, added once.

use s3sentry::source::s3::Fault;

use super::*;

/// The value of a series.
fn value(metrics: &Metrics, series: &str) -> Option<i64> {
    let text = metrics.text().unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
    Some(line.parse().unwrap())
}

#[test]
fn every_counter_has_its_place() {
    assert_eq!(Count::Cycles as usize + 1, COUNTERS.len());
    let metrics = Metrics::new();
    metrics.add(Count::Evictions, 7);
    assert_eq!(value(&metrics, "s3sentry_evictions_total"), Some(7));
    metrics.add(Count::FetchedBytes, 9);
    assert_eq!(
        value(&metrics, "s3sentry_objects_read_bytes_total"),
        Some(9)
    );
    metrics.cycle();
    assert_eq!(value(&metrics, "s3sentry_cycles_total"), Some(1));
}

#[test]
fn counts_that_grow_are_added_once() {
    let metrics = Metrics::new();
    let tally = |lines, bytes| Tally {
        lines,
        bytes,
        latest: Some(1_000 + lines as i64),
        ..Tally::default()
    };
    let mut counted = Counted::default();
    metrics.tally(&tally(10, 1000), &mut counted);
    metrics.tally(&tally(15, 1500), &mut counted);
    metrics.tally(&tally(15, 1500), &mut counted);
    // Another round begins at zero.
    metrics.tally(&tally(20, 2000), &mut Counted::default());
    assert_eq!(value(&metrics, "s3sentry_lines_total"), Some(35));
    assert_eq!(value(&metrics, "s3sentry_read_bytes_total"), Some(3500));
    let newest = "s3sentry_newest_record_timestamp_seconds";
    assert_eq!(value(&metrics, newest), Some(1_020));
    metrics.tally(&tally(1, 1), &mut Counted::default());
    assert_eq!(value(&metrics, newest), Some(1_020));
}

#[test]
fn objects_that_wait_are_told() {
    let metrics = Metrics::new();
    let counts = Objects {
        listed: 100,
        pruned: 10,
        done: 20,
        fetched: 30,
        failed: 5,
        ..Objects::default()
    };
    metrics.objects(&counts, &mut Counted::default());
    assert_eq!(value(&metrics, "s3sentry_objects_pending"), Some(35));
    assert_eq!(value(&metrics, "s3sentry_objects_failed_total"), Some(5));
}

#[test]
fn labels_are_rules_levels_and_kinds() {
    let metrics = Metrics::new();
    metrics.rules([("burst", Level::High), ("quiet", Level::Low)]);
    metrics.alert("burst", Level::High);
    metrics.withdrawn("burst", Level::High);
    metrics.error(Fault::Gone.kind());
    metrics.error(Fault::Gone.kind());
    metrics.reloaded(false);
    metrics.messages(&Received {
        messages: 4,
        unread: 1,
        other: 2,
        elsewhere: 3,
    });
    metrics.deleted(3);
    for (series, expected) in [
        (r#"s3sentry_alerts_total{rule="burst",level="high"}"#, 1),
        (r#"s3sentry_alerts_total{rule="quiet",level="low"}"#, 0),
        (
            r#"s3sentry_alerts_withdrawn_total{rule="burst",level="high"}"#,
            1,
        ),
        (r#"s3sentry_errors_total{kind="gone"}"#, 2),
        (r#"s3sentry_reloads_total{result="ok"}"#, 0),
        (r#"s3sentry_reloads_total{result="failed"}"#, 1),
        (r#"s3sentry_events_ignored_total{reason="other"}"#, 2),
        (r#"s3sentry_events_ignored_total{reason="elsewhere"}"#, 3),
        ("s3sentry_messages_received_total", 4),
        ("s3sentry_messages_unread_total", 1),
        ("s3sentry_messages_deleted_total", 3),
        ("s3sentry_rules", 2),
    ] {
        assert_eq!(value(&metrics, series), Some(expected), "{series}");
    }
}

#[test]
fn times_that_are_not_known_are_not_told() {
    let metrics = Metrics::new();
    for series in [
        "s3sentry_lag_seconds",
        "s3sentry_watermark_lag_seconds",
        "s3sentry_last_success_timestamp_seconds",
    ] {
        assert_eq!(value(&metrics, series), None);
    }
    metrics.watermark(i64::MAX);
    metrics.watermark(i64::MIN);
    assert_eq!(value(&metrics, "s3sentry_watermark_lag_seconds"), None);
    let begun = now();
    metrics.watermark(begun - 3600);
    metrics.cycle();
    let lag = value(&metrics, "s3sentry_watermark_lag_seconds").unwrap();
    assert!((3600..3660).contains(&lag));
    let success = value(&metrics, "s3sentry_last_success_timestamp_seconds").unwrap();
    assert!((begun..begun + 60).contains(&success));
}

#[test]
fn health_is_told_with_its_reason() {
    let metrics = Metrics::new();
    assert_eq!(metrics.unwell(), None);
    metrics.unhealthy(Fault::NoQueue);
    assert_eq!(metrics.unwell(), Some(Fault::NoQueue.to_string()));
    assert_eq!(value(&metrics, "s3sentry_healthy"), Some(0));
    metrics.healthy();
    assert_eq!(metrics.unwell(), None);
    assert_eq!(value(&metrics, "s3sentry_healthy"), Some(1));
}

#[test]
fn what_correlation_tells_may_go_on_while_rounds_begin_anew() {
    let metrics = Metrics::new();
    let mut counted = Counted::default();
    for late in [3, 3, 5] {
        let counts = correlate::Counts {
            late,
            spilled: late * 10,
            ..correlate::Counts::default()
        };
        metrics.correlation(&counts, &mut counted);
    }
    assert_eq!(value(&metrics, "s3sentry_late_records_total"), Some(5));
    assert_eq!(value(&metrics, "s3sentry_spilled_bytes_total"), Some(50));
}
