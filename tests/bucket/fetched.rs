//! What is fetched: all of it, in order, with the right bytes, and not too much
//! of it at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use s3sentry::source::s3::{Arrivals, Body, Client, Config, Objects};

use crate::server::{Bucket, Buckets, Computed, Failure, Request, Seen, Server};
use crate::world::{
    BUCKET, FIRST, Nothing, bytes, client, config, content, fill, keys, scan, take,
};

/// All prefixes of a filled bucket.
const ALL: [&str; 3] = [
    "s3://logs/simple/",
    "s3://logs/delivery/",
    "s3://logs/event/",
];

#[test]
fn all_layouts_come_in_order_of_time_with_every_byte() {
    for (concurrency, count) in [(1, 100), (64, 1200)] {
        let buckets = Buckets::default();
        let all = fill(&buckets, count);
        let server = Server::start(&buckets);
        let client = Client::new(Config {
            concurrency,
            ..config(&server)
        });
        let client = client.unwrap();
        let mut objects = scan(&client, &ALL);
        let taken = take(&mut objects);
        assert_eq!(taken.len(), all.len());
        for (object, body) in &taken {
            assert!(all[&*object.key] == *body.as_ref().unwrap());
        }
        let counts = objects.counts();
        assert_eq!((counts.listed, counts.fetched), (3 * count, 3 * count));
        let total: usize = all.values().map(Vec::len).sum();
        assert_eq!(counts.bytes, total as u64);
        assert_eq!((counts.failed, counts.retries, counts.throttled), (0, 0, 0));
        assert_eq!(objects.troubles(), []);
        let most = Seen::get(&server.seen().most);
        assert!(most <= u64::from(concurrency), "{most} at once");
        if concurrency == 64 {
            assert!(most > 1, "one after the other");
        }
    }
}

#[test]
fn keys_come_as_they_are_whatever_they_hold() {
    let buckets = Buckets::default();
    let odd = ["a b+c%2F&<é>\u{1}/x", "a/ä€😀", "a/%41"];
    for key in odd {
        buckets.put(BUCKET, key, key.as_bytes(), FIRST);
    }
    let server = Server::start(&buckets);
    let mut objects = scan(&client(&server), &["s3://logs/a"]);
    let taken = take(&mut objects);
    assert_eq!(taken.len(), odd.len());
    for (object, body) in taken {
        assert_eq!(body.unwrap(), object.key.as_bytes());
    }
}

#[test]
fn a_large_object_goes_to_a_file() {
    let buckets = Buckets::default();
    let [key, ..] = keys(FIRST, 1);
    let large: Vec<u8> = (0..10 << 20).map(|at: u32| (at / 7) as u8).collect();
    buckets.put(BUCKET, &key, &large, FIRST);
    let server = Server::start(&buckets);
    let mut objects = scan(&client(&server), &["s3://logs/"]);
    let body = objects.next().unwrap().body.unwrap();
    assert!(matches!(body, Body::File(_)));
    assert!(bytes(body) == large);
    assert!(objects.next().is_none());
}

#[test]
fn an_object_is_fetched_again_for_single_lines_of_it() {
    let buckets = Buckets::default();
    let all = fill(&buckets, 2);
    let server = Server::start(&buckets);
    let mut objects = scan(&client(&server), &["s3://logs/"]);
    take(&mut objects);
    let stored = |key: &str| (BUCKET.into(), key.into());
    let mut wanted: Vec<_> = all.keys().map(|key| stored(key)).collect();
    wanted.insert(1, stored("nothing"));
    let mut came = objects.again(&wanted);
    assert_eq!(came.len(), wanted.len());
    assert!(came.remove(1).is_none());
    for (body, expected) in came.into_iter().zip(all.values()) {
        assert_eq!(bytes(body.unwrap()), *expected);
    }
    assert_eq!(objects.counts().fetched, 6);
}

#[test]
fn what_messages_tell_of_comes_by_time_and_once() {
    let buckets = Buckets::default();
    let all = fill(&buckets, 40);
    let server = Server::start(&buckets);
    let client = client(&server);
    let mut listed = scan(&client, &["s3://logs/"]);
    let mut told: Vec<_> = take(&mut listed)
        .into_iter()
        .map(|(object, _)| object)
        .collect();
    fastrand::Rng::with_seed(3).shuffle(&mut told);
    told.extend_from_within(..5);
    let mut objects = Objects::of(&client, told, (i64::MIN, i64::MAX), &mut Nothing).unwrap();
    let taken = take(&mut objects);
    assert_eq!(taken.len(), all.len());
    for (object, body) in taken {
        assert!(all[&*object.key] == body.unwrap());
    }
    let counts = objects.counts();
    assert_eq!((counts.listed, counts.done, counts.fetched), (125, 5, 120));
}

/// A log of many objects of a few lines each.
struct Many(u64);

impl Computed for Many {
    fn len(&self) -> u64 {
        self.0
    }

    fn key(&self, number: u64) -> String {
        let [key, ..] = keys(FIRST + number as i64, number);
        key
    }

    fn size(&self, number: u64) -> u64 {
        self.body(number).len() as u64
    }

    fn body(&self, number: u64) -> Vec<u8> {
        content(&self.key(number))
    }

    fn modified(&self, number: u64) -> i64 {
        FIRST + number as i64
    }
}

#[test]
fn nobody_fetches_far_ahead_and_a_stop_ends_it() {
    let buckets = Buckets::default();
    buckets.make(BUCKET, Bucket::Computed(Arc::new(Many(20_000))));
    let server = Server::start(&buckets);
    let mut objects = scan(&client(&server), &["s3://logs/"]);
    for _ in 0..10 {
        assert!(objects.next().unwrap().body.is_ok());
    }
    thread::sleep(Duration::from_millis(500));
    let ahead = Seen::get(&server.seen().gets);
    assert!(ahead < 600, "{ahead} for ten that were taken");
    objects.stop().stop();
    assert_eq!(objects.next_time(), None);
    assert!(objects.next().is_none());
    drop(objects);
    // What was on its way arrives.
    thread::sleep(Duration::from_millis(500));
    let gets = Seen::get(&server.seen().gets);
    thread::sleep(Duration::from_millis(500));
    assert_eq!(Seen::get(&server.seen().gets), gets);
}

#[test]
fn a_stop_wakes_who_waits() {
    let buckets = Buckets::default();
    fill(&buckets, 10);
    let silent = Arc::new(AtomicBool::new(false));
    let say = silent.clone();
    let server = Server::failing(&buckets, move |request: &Request| {
        say.store(true, Ordering::SeqCst);
        request.key.is_some().then_some(Failure::Silence)
    });
    let client = Client::new(Config {
        patience: Duration::from_mins(1),
        ..config(&server)
    });
    let mut objects = scan(&client.unwrap(), &["s3://logs/"]);
    let stop = objects.stop();
    let (sender, woken) = mpsc::channel();
    let waiting = thread::spawn(move || {
        let next = objects.next();
        sender.send(Instant::now()).unwrap();
        assert!(next.is_none());
        drop(objects);
    });
    while !silent.load(Ordering::SeqCst) {
        thread::sleep(Duration::from_millis(5));
    }
    thread::sleep(Duration::from_millis(100));
    let asked = Instant::now();
    stop.stop();
    let at = woken.recv_timeout(Duration::from_secs(5)).unwrap();
    assert!(at - asked < Duration::from_secs(1));
    waiting.join().unwrap();
}
