//! Metrics and health, asked for over TCP.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::place::{Place, Watch, line};

/// Status and body of what is answered.
pub fn ask(watch: &Watch, path: &str) -> (u16, String) {
    let said = watch.said();
    let (_, rest) = said.rsplit_once("metrics at http://").unwrap();
    let address = rest.split('/').next().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

/// The value of a series; 0 where it is not there.
pub fn value(watch: &Watch, series: &str) -> i64 {
    let (status, text) = ask(watch, "/metrics");
    assert_eq!(status, 200);
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    value.map_or(0, |value| value.parse().unwrap())
}

/// Waits until it can be asked, after so many others.
pub fn until_serving(watch: &Watch, others: usize) {
    watch.until("it serves metrics", |watch| {
        watch.said().matches("/healthz\n").count() > others
    });
}

#[test]
fn what_happens_is_counted() {
    let place = Place::new();
    place.append("logs/access.log", "no access log\n");
    let lines: String = (0..4).map(|second| line(second, "192.0.2.1")).collect();
    place.append("logs/access.log", &lines);
    let mut watch = place.watch("logs --state state.db --metrics 0");
    until_serving(&watch, 0);
    watch.until_told("three-refused", "open", 4);
    let alerts = r#"s3sentry_alerts_total{rule="three-refused",level="medium"}"#;
    place.append("logs/access.log", &line(4 * 3600, "192.0.2.2"));
    watch.until_told("three-refused", "closed", 4);
    watch.until("all is counted", |watch| {
        value(watch, "s3sentry_lines_total") == 6
    });
    // Told twice, raised once.
    assert_eq!(value(&watch, alerts), 1);
    assert_eq!(value(&watch, "s3sentry_malformed_lines_total"), 1);
    assert_eq!(value(&watch, r#"s3sentry_reloads_total{result="ok"}"#), 0);
    assert!(value(&watch, "s3sentry_rules") > 40);
    assert!(value(&watch, "s3sentry_cycles_total") >= 1);
    assert!(value(&watch, "s3sentry_watermark_lag_seconds") > 0);
    watch.signal("HUP");
    watch.until("it is counted", |watch| {
        value(watch, r#"s3sentry_reloads_total{result="ok"}"#) == 1
    });
    assert_eq!(ask(&watch, "/healthz"), (200, "ok\n".to_owned()));
    watch.stop();
}

#[test]
fn what_was_named_and_cannot_be_read_is_not_well() {
    let place = Place::new();
    let mut watch = place.watch("logs other.log --state state.db --metrics 0");
    until_serving(&watch, 0);
    watch.until("it is not well", |watch| ask(watch, "/healthz").0 == 503);
    assert!(ask(&watch, "/healthz").1.contains("other.log"));
    assert!(value(&watch, r#"s3sentry_errors_total{kind="missing"}"#) > 0);
    place.append("other.log", &line(3, "192.0.2.1"));
    watch.until("it is well", |watch| ask(watch, "/healthz").0 == 200);
    watch.stop();
}

#[test]
fn an_address_that_is_taken_is_told_before_anything_is_read() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let run = place
        .command(&format!("watch logs --state state.db --metrics {address}"))
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(2));
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(said.contains(&address.to_string()), "{said}");
    assert!(!place.path("state.db").exists());
}
