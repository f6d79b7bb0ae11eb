//! What is made of messages. How they come and go is tested end to end, against a
//! server that speaks the protocol.

use super::super::layout::named;
use super::*;

fn created(bucket: &str, key: &str, etag: &str, sequencer: &str) -> Created {
    let body = serde_json::json!({
        "Records": [{
            "eventName": "ObjectCreated:Put",
            "s3": {
                "bucket": {"name": bucket},
                "object": {"key": key, "size": 1, "eTag": etag, "sequencer": sequencer}
            }
        }]
    });
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
