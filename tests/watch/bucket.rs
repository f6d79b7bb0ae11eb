//! A bucket that is watched, over TCP.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::DateTime;

use crate::metrics::{ask, until_serving, value};
use crate::place::{Place, START, Watch, line};
use crate::server::{Buckets, Failure, KEY, Request, SECRET, Seen, Server};

/// Far enough behind the start for its period to be over.
const LATER: i64 = 10 * 3600;

/// Puts an object that is delivered so many seconds after the start.
fn put(buckets: &Buckets, second: i64, lines: &str) {
    let time = DateTime::from_timestamp(START + second, 0).unwrap();
    let key = format!("in/{}-{second:016X}", time.format("%Y-%m-%d-%H-%M-%S"));
    buckets.put("logs", &key, lines.as_bytes(), START + second);
}

fn lines(seconds: std::ops::Range<i64>) -> String {
    seconds.map(|second| line(second, "192.0.2.1")).collect()
}

/// The program, which can reach a server.
fn command(place: &Place, server: &Server, arguments: &str) -> Command {
    let url = server.url();
    let mut command = place.command(&format!(
        "{arguments} --state state.db --region us-east-1 --endpoint-url {url}"
    ));
    command
        .env("AWS_ACCESS_KEY_ID", KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

/// Watches a prefix, with options of its own.
fn watch(place: &Place, server: &Server, prefix: &str) -> Watch {
    let arguments = format!("watch --metrics 0 --interval 100ms s3://logs/{prefix}");
    let command = command(place, server, &arguments);
    let said = std::fs::read_to_string(place.path("said")).unwrap_or_default();
    let watch = place.start(command);
    until_serving(&watch, said.matches("/healthz\n").count());
    watch
}

#[test]
fn objects_that_are_put_later_are_read_once() {
    let place = Place::new();
    let buckets = Buckets::default();
    put(&buckets, 60, &lines(0..2));
    let server = Server::start(&buckets);
    let mut watched = watch(&place, &server, "in/");
    watched.until("the first object is read", |watch| {
        value(watch, "s3sentry_objects_read_total") == 1
    });
    put(&buckets, 90, &lines(2..4));
    watched.until_told("three-refused", "open", 4);
    put(&buckets, LATER, &line(LATER - 60, "192.0.2.2"));
    watched.until_told("three-refused", "closed", 4);
    // Rounds without anything new read nothing.
    let cycles = value(&watched, "s3sentry_cycles_total");
    watched.until("it looks again", |watch| {
        value(watch, "s3sentry_cycles_total") > cycles + 2
    });
    assert_eq!(value(&watched, "s3sentry_objects_read_total"), 3);
    assert_eq!(value(&watched, "s3sentry_lines_total"), 5);
    watched.stop();
    // Another process goes on there.
    let mut watched = watch(&place, &server, "in/");
    watched.until("it has looked", |watch| {
        value(watch, "s3sentry_cycles_total") > 1
    });
    assert_eq!(value(&watched, "s3sentry_objects_read_total"), 0);
    watched.stop();
}

/// Puts an object that is delivered now, and named so many days before the start.
fn put_belated(buckets: &Buckets, days: i64) {
    let second = -days * 86_400;
    let time = DateTime::from_timestamp(START + second, 0).unwrap();
    let key = format!("in/{}-{days:016X}", time.format("%Y-%m-%d-%H-%M-%S"));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let line = line(second - 60, "192.0.2.7");
    buckets.put("logs", &key, line.as_bytes(), now.as_secs() as i64);
}

/// A state file from which on all is to be listed at once where that is done more
/// often than every five minutes.
fn kept(place: &Place, buckets: &Buckets, server: &Server) {
    put(buckets, 60, &lines(0..2));
    let mut watched = watch(place, server, "in/");
    watched.until("the object is read", |watch| objects_read(watch) == 1);
    watched.stop();
}

fn objects_read(watch: &Watch) -> i64 {
    value(watch, "s3sentry_objects_read_total")
}

/// Waits for two more rounds.
fn more_rounds(watch: &Watch) {
    let cycles = || value(watch, "s3sentry_cycles_total");
    let before = cycles();
    watch.until("it looks again", |_| cycles() >= before + 2);
}

const BELATED: &str = "1 object came later than the lookback of";

#[test]
fn a_full_listing_finds_what_came_later_than_the_lookback() {
    let place = Place::new();
    let buckets = Buckets::default();
    let server = Server::start(&buckets);
    kept(&place, &buckets, &server);
    put_belated(&buckets, 30);
    let mut watched = watch(&place, &server, "in/");
    more_rounds(&watched);
    assert_eq!(objects_read(&watched), 0);
    watched.stop();
    assert!(!watched.said().contains(BELATED));
    // The state file says when all was listed last, and the watch when it did itself.
    let mut watched = watch(&place, &server, "in/ --full-every 1s");
    for number in 1..3 {
        watched.until("it is found", |watch| objects_read(watch) == number);
        watched.until("it is said", |watch| {
            watch.said().matches(BELATED).count() as i64 == number
        });
        put_belated(&buckets, 30 + number);
    }
    watched.stop();
}

#[test]
fn a_full_listing_that_fails_is_tried_again_sooner() {
    let place = Place::new();
    let buckets = Buckets::default();
    let (server, down) = outage(&buckets, &Failure::Code("AccessDenied"), false);
    kept(&place, &buckets, &server);
    put_belated(&buckets, 30);
    down.store(true, Ordering::SeqCst);
    // Every four minutes, and after ten seconds again.
    let mut watched = watch(&place, &server, "in/ --full-every 4m");
    watched.until("it is not well", |watch| ask(watch, "/healthz").0 == 503);
    down.store(false, Ordering::SeqCst);
    watched.until("it is well", |watch| ask(watch, "/healthz").0 == 200);
    more_rounds(&watched);
    assert_eq!(objects_read(&watched), 0);
    watched.until("it is found", |watch| objects_read(watch) == 1);
    watched.until("it is said", |watch| watch.said().contains(BELATED));
    watched.stop();
}

#[test]
fn a_full_listing_that_finds_nothing_is_none_that_fails() {
    let place = Place::new();
    let buckets = Buckets::default();
    let full = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&full);
    let server = Server::failing(&buckets, move |request: &Request| {
        let is_full = request.uri.ends_with("start-after=in%2F");
        count.fetch_add(u64::from(is_full), Ordering::SeqCst);
        None
    });
    kept(&place, &buckets, &server);
    full.store(0, Ordering::SeqCst);
    // After a third of a second again if it had failed.
    let mut watched = watch(&place, &server, "in/ --full-every 8s");
    watched.until("all is listed twice", |_| full.load(Ordering::SeqCst) == 2);
    sleep(Duration::from_secs(2));
    watched.stop();
    assert_eq!(full.load(Ordering::SeqCst), 2);
}

/// A server, and whether it fails in this way.
fn outage(buckets: &Buckets, failure: &Failure, down: bool) -> (Server, Arc<AtomicBool>) {
    let down = Arc::new(AtomicBool::new(down));
    let (is_down, failure) = (Arc::clone(&down), failure.clone());
    let server = Server::failing(buckets, move |_: &Request| {
        is_down.load(Ordering::SeqCst).then_some(failure.clone())
    });
    (server, down)
}

#[test]
fn a_server_that_is_away_for_a_while_is_said_once() {
    let place = Place::new();
    let buckets = Buckets::default();
    put(&buckets, 60, &lines(0..2));
    let (server, down) = outage(&buckets, &Failure::Reset, false);
    let mut watched = watch(&place, &server, "in/");
    watched.until("the first object is read", |watch| {
        value(watch, "s3sentry_objects_read_total") == 1
    });
    down.store(true, Ordering::SeqCst);
    put(&buckets, 90, &lines(2..4));
    watched.until("it is not well", |watch| ask(watch, "/healthz").0 == 503);
    down.store(false, Ordering::SeqCst);
    watched.until_told("three-refused", "open", 4);
    watched.until("it is well", |watch| ask(watch, "/healthz").0 == 200);
    watched.stop();
    let said = watched.said();
    assert_eq!(
        said.matches("no connection that lasts").count(),
        1,
        "{said}"
    );
    assert_eq!(
        said.matches("what is in buckets can be read again").count(),
        1,
        "{said}"
    );
}

#[test]
fn credentials_that_expire_are_said_once() {
    let place = Place::new();
    let buckets = Buckets::default();
    put(&buckets, 60, &lines(0..2));
    let (server, down) = outage(&buckets, &Failure::Code("ExpiredToken"), true);
    let mut watched = watch(&place, &server, "in/");
    watched.until("it is not well", |watch| ask(watch, "/healthz").0 == 503);
    assert!(ask(&watched, "/healthz").1.contains("credentials"));
    let errors = r#"s3sentry_errors_total{kind="credentials"}"#;
    watched.until("it tries again", |watch| value(watch, errors) > 3);
    down.store(false, Ordering::SeqCst);
    watched.until("it is well", |watch| ask(watch, "/healthz").0 == 200);
    put(&buckets, 90, &lines(2..4));
    watched.until_told("three-refused", "open", 4);
    watched.stop();
    let said = watched.said();
    assert_eq!(said.matches("accepts no credentials").count(), 1, "{said}");
    assert_eq!(said.matches("can be read again").count(), 1, "{said}");
}

#[test]
fn it_stops_while_nothing_answers() {
    let place = Place::new();
    let buckets = Buckets::default();
    put(&buckets, 60, &lines(0..2));
    let server = Server::failing(&buckets, |_: &Request| Some(Failure::Silence));
    let mut watched = watch(&place, &server, "in/");
    watched.until("it has asked", |_| server_pages(&server) > 0);
    watched.stop();
}

fn server_pages(server: &Server) -> u64 {
    Seen::get(&server.seen().pages)
}

/// What a scan wrote beside the same state file, and how many objects it asked for.
fn scan(place: &Place, server: &Server) -> (String, u64) {
    let before = Seen::get(&server.seen().gets);
    let mut command = command(place, server, "scan s3://logs/in/ --format ndjson");
    let run = command.output().unwrap();
    assert_eq!(run.status.code(), Some(0), "{run:?}");
    let gets = Seen::get(&server.seen().gets) - before;
    (String::from_utf8(run.stdout).unwrap(), gets)
}

#[test]
fn a_scan_fetches_no_evidence_of_what_a_watch_has_told() {
    let place = Place::new();
    let buckets = Buckets::default();
    put(&buckets, 60, &lines(0..2));
    put(&buckets, 90, &lines(2..4));
    let server = Server::start(&buckets);
    let mut watched = watch(&place, &server, "in/");
    watched.until_told("three-refused", "open", 4);
    watched.stop();
    // What only an end makes worth telling.
    scan(&place, &server);
    assert_eq!(scan(&place, &server), (String::new(), 0));
    // What has grown is told, with lines of earlier objects.
    put(&buckets, 120, &lines(4..5));
    let (told, gets) = scan(&place, &server);
    assert!(told.contains("three-refused"), "{told}");
    assert!(gets > 1, "{gets}");
}

#[test]
fn a_prefix_without_logs_is_no_fault() {
    let place = Place::new();
    let buckets = Buckets::default();
    put(&buckets, 60, &lines(0..2));
    let server = Server::start(&buckets);
    let mut watched = watch(&place, &server, "other/");
    watched.until("it is said", |watch| watch.said().contains("holds no logs"));
    watched.until("it looks again", |watch| {
        value(watch, "s3sentry_objects_listed_total") >= 0 && ask(watch, "/healthz").0 == 200
    });
    watched.stop();
    assert_eq!(watched.said().matches("holds no logs").count(), 1);
}

#[test]
fn what_does_not_go_together_is_told() {
    let place = Place::new();
    let queue = "https://sqs.eu-west-1.amazonaws.com/111122223333/told";
    for (arguments, expected) in [
        (format!("logs --sqs-url {queue}"), "are about buckets"),
        ("logs --lookback 2h".to_owned(), "are about buckets"),
        (
            format!(
                "s3://arn:aws:s3:eu-west-1:111122223333:accesspoint/reader/in --sqs-url {queue}"
            ),
            "never an access point",
        ),
        ("s3://logs/in --sqs-url told".to_owned(), "--sqs-url"),
    ] {
        let run = place
            .command(&format!("watch {arguments}"))
            .output()
            .unwrap();
        assert_eq!(run.status.code(), Some(2), "{arguments}");
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(said.contains(expected), "{said}");
    }
}
