//! What is made of messages, and what is asked of a queue, over TCP.

mod server;

use std::time::Instant as Clock;

use serde_json::{Value, json};

use self::server::Server;
use super::super::layout::named;
use super::super::{Config, Keys};
use super::*;

fn notification(bucket: &str, key: &str, etag: &str, sequencer: &str) -> Value {
    json!({
        "Records": [{
            "eventName": "ObjectCreated:Put",
            "s3": {
                "bucket": {"name": bucket},
                "object": {"key": key, "size": 1, "eTag": etag, "sequencer": sequencer}
            }
        }]
    })
}

fn created(bucket: &str, key: &str, etag: &str, sequencer: &str) -> Created {
    let body = notification(bucket, key, etag, sequencer);
    let address = Address::parse(format!("s3://{bucket}").as_bytes());
    let told = message::read(&body.to_string(), &[address.unwrap().unwrap()]);
    told.unwrap().objects.remove(0)
}

#[test]
fn objects_come_once_and_in_order() {
    let later = "logs/2026-02-03-02-00-00-AAAAAAAAAAAAAAAA";
    let sooner = "zzz/2026-02-03-01-00-00-AAAAAAAAAAAAAAAA";
    let objects = ordered(vec![
        created("logs-b", later, "1", "02"),
        created("logs-a", later, "1", "02"),
        created("logs-a", "untimed", "1", "02"),
        created("logs-a", sooner, "2", "0F"),
        created("logs-a", sooner, "3", "10"),
        created("logs-a", sooner, "1", "09"),
        created("logs-b", later, "1", "02"),
    ]);
    let found: Vec<_> = objects
        .iter()
        .map(|object| (&*object.bucket, &*object.key, &*object.etag))
        .collect();
    assert_eq!(
        found,
        [
            ("logs-a", "untimed", "1"),
            ("logs-a", sooner, "3"),
            ("logs-a", later, "1"),
            ("logs-b", later, "1"),
        ]
    );
    assert_eq!(objects[1].named, named(sooner));
}

fn open(url: &str) -> Queue {
    let config = Config {
        keys: Some(Keys {
            id: "id".to_owned(),
            secret: "secret".to_owned(),
        }),
        ..Config::default()
    };
    let addresses = vec![Address::parse(b"s3://logs/in/").unwrap().unwrap()];
    let client = Client::new(config).unwrap();
    Queue::open(&client, &url.parse().unwrap(), addresses).unwrap()
}

/// Receives until it has this many messages.
fn receive_all(queue: &mut Queue, messages: u64) -> Vec<Batch> {
    let begun = Clock::now();
    let mut batches = Vec::new();
    let mut received = 0;
    while received < messages {
        assert!(begun.elapsed() < Duration::from_secs(20), "{received}");
        let batch = queue.receive(Duration::from_millis(100)).unwrap();
        received += batch.counts.messages;
        if !batch.is_empty() {
            batches.push(batch);
        }
    }
    batches
}

/// 23 objects, one elsewhere, a test, and what nobody understands.
fn filled() -> Server {
    let server = Server::start();
    for number in 0..23 {
        let body = notification("logs", &format!("in/{number:02}"), "e", "01");
        server.put(&body.to_string());
    }
    server.put(&notification("other", "in/00", "e", "01").to_string());
    server.put(r#"{"Service":"Amazon S3","Event":"s3:TestEvent"}"#);
    server.put("evil");
    server
}

#[test]
fn messages_are_deleted_when_they_are_done_and_not_before() {
    let server = filled();
    let mut queue = open(&server.url());
    let batches = receive_all(&mut queue, 26);
    assert_eq!(server.bodies().len(), 26);
    let sum = |part: fn(&Received) -> u64| batches.iter().map(|b| part(&b.counts)).sum::<u64>();
    assert_eq!(
        (sum(|c| c.unread), sum(|c| c.other), sum(|c| c.elsewhere)),
        (1, 1, 1)
    );
    let objects: usize = batches.iter().map(|batch| batch.objects.len()).sum();
    assert_eq!(objects, 23);
    let left: Vec<_> = batches.iter().flat_map(|batch| &batch.left).collect();
    assert!(matches!(left[0].reason, Unread::Json { .. }), "{left:?}");
    // Half of a request fails at first.
    server.fail_entries(5);
    let deletable: u64 = batches.iter().map(Batch::deletable).sum();
    assert_eq!(deletable, 25);
    for batch in batches {
        queue.done(batch, Duration::from_secs(20)).unwrap();
    }
    assert_eq!(server.bodies(), ["evil"]);
    assert!(queue.line.held().is_empty());
    // It comes again, and is not told twice.
    server.show_all();
    let again = receive_all(&mut queue, 1);
    assert_eq!((again[0].counts.unread, again[0].left.len()), (1, 0));
}

#[test]
fn what_is_not_done_is_given_back() {
    let server = filled();
    let mut queue = open(&server.url());
    let mut batches = receive_all(&mut queue, 26);
    assert_eq!(server.visible(), 0);
    let first = batches.remove(0);
    let some = first.deletable();
    queue.give_back(first).unwrap();
    // They may be on their way again already: they are in hand or visible.
    assert!(server.visible() as u64 <= some);
    queue.close().unwrap();
    assert_eq!(server.bodies().len(), 26);
    // But for the one that is left alone, and what an open request took along.
    let begun = Clock::now();
    while server.visible() < 15 {
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "{}",
            server.visible()
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn refusals_are_told_and_do_not_end_it() {
    // Each waits a little before it tries again.
    std::thread::scope(|scope| {
        for (status, code, kind) in [
            (403, "AccessDeniedException", "forbidden"),
            (400, "com.amazonaws.sqs#QueueDoesNotExist", "no_queue"),
            (400, "ExpiredTokenException", "credentials"),
            (503, "ServiceUnavailable", "throttled"),
            (500, "InternalFailure", "server"),
        ] {
            scope.spawn(move || refused(status, code, kind));
        }
    });
}

fn refused(status: u16, code: &'static str, kind: &str) {
    let server = filled();
    server.refuse(Some((status, code)));
    let mut queue = open(&server.url());
    let begun = Clock::now();
    let fault = loop {
        assert!(begun.elapsed() < Duration::from_secs(10), "{code}");
        if let Err(fault) = queue.receive(Duration::from_millis(100)) {
            break fault;
        }
    };
    assert_eq!(fault.kind(), kind, "{fault}");
    server.refuse(None);
    let begun = Clock::now();
    let came = |batch: Batch| !batch.is_empty();
    while !queue.receive(Duration::from_millis(100)).is_ok_and(came) {
        assert!(begun.elapsed() < Duration::from_secs(10), "{code}");
    }
}

#[test]
fn a_queue_that_is_not_there_is_told() {
    // A port that was free a moment ago.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut queue = open(&format!("http://{address}/1/logs"));
    let begun = Clock::now();
    let fault = loop {
        assert!(begun.elapsed() < Duration::from_secs(10));
        if let Err(fault) = queue.receive(Duration::from_millis(100)) {
            break fault;
        }
    };
    assert_eq!(fault.kind(), "connection");
    assert!(begun.elapsed() < Duration::from_secs(10));
    queue.close().unwrap();
}
