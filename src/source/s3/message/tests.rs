//! The four shapes as AWS documents them, odd keys, and messages nobody wrote in
//! good faith.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// 2021-11-12T00:00:00Z.
const TIME: i64 = 1_636_675_200;

fn addresses(texts: &[&str]) -> Vec<Address> {
    let parse = |text: &&str| Address::parse(text.as_bytes()).unwrap().unwrap();
    texts.iter().map(parse).collect()
}

fn logs() -> Vec<Address> {
    addresses(&["s3://amzn-s3-demo-bucket/logs/"])
}

/// As S3 writes it, all fields of version 2.1
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>).
fn record(event: &str, bucket: &str, key: &str) -> Value {
    json!({
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-west-2",
        "eventTime": "2021-11-12T00:00:00.000Z",
        "eventName": event,
        "userIdentity": {"principalId": "AIDAJDPLRKLG7UEXAMPLE"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {
            "x-amz-request-id": "C3D13FE58DE4C810",
            "x-amz-id-2": "FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5Wp6S7S/JRWeUWerMUE5JgHvANOjpD"
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "testConfigRule",
            "bucket": {
                "name": bucket,
                "ownerIdentity": {"principalId": "A3NL1KOZZKExample"},
                "arn": format!("arn:aws:s3:::{bucket}")
            },
            "object": {
                "key": key,
                "size": 1024,
                "eTag": "d41d8cd98f00b204e9800998ecf8427e",
                "versionId": "096fKKXTRTtl3on89fVO.nfljtsv6qko",
                "sequencer": "0055AED6DCD90281E5"
            }
        }
    })
}

fn plain(key: &str) -> Value {
    json!({"Records": [record("ObjectCreated:Put", "amzn-s3-demo-bucket", key)]})
}

/// As SNS wraps it (<https://docs.aws.amazon.com/sns/latest/dg/SendMessageToSQS.html>).
fn by_sns(inner: &Value) -> Value {
    json!({
        "Type": "Notification",
        "MessageId": "63a3f6b6-d533-4a47-aef9-fcf5cf758c76",
        "TopicArn": "arn:aws:sns:us-west-2:123456789012:MyTopic",
        "Subject": "Amazon S3 Notification",
        "Message": inner.to_string(),
        "Timestamp": "2021-11-12T00:00:01.901Z",
        "SignatureVersion": "1",
        "Signature": "EXAMPLEnTrFPa3...",
        "SigningCertURL": "https://sns.us-west-2.amazonaws.com/SimpleNotificationService.pem",
        "UnsubscribeURL": "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe"
    })
}

/// As `EventBridge` sends it
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>).
fn event(kind: &str, key: &str) -> Value {
    json!({
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": kind,
        "source": "aws.s3",
        "account": "111122223333",
        "time": "2021-11-12T00:00:00Z",
        "region": "ca-central-1",
        "resources": ["arn:aws:s3:::amzn-s3-demo-bucket"],
        "detail": {
            "version": "0",
            "bucket": {"name": "amzn-s3-demo-bucket"},
            "object": {
                "key": key,
                "size": 5,
                "etag": "b1946ac92492d2347c6235b4d2611184",
                "version-id": "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e",
                "sequencer": "617f08299329d189"
            },
            "request-id": "N4N7GDK58NMKJ12R",
            "requester": "123456789012",
            "source-ip-address": "1.2.3.4",
            "reason": "PutObject"
        }
    })
}

/// What S3 sends when notifications are switched on
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>).
fn test_event() -> Value {
    json!({
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": "2014-10-13T15:57:02.089Z",
        "Bucket": "amzn-s3-demo-bucket",
        "RequestId": "5582815E1AEA5ADF",
        "HostId": "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE"
    })
}

/// Bucket, key, size, etag and time of each.
fn objects(told: &Told) -> Vec<(&str, &str, u64, &str, Option<i64>)> {
    told.objects
        .iter()
        .map(|Created { object, .. }| {
            (
                &*object.bucket,
                &*object.key,
                object.size,
                &*object.etag,
                object.modified,
            )
        })
        .collect()
}

fn read_as(body: &Value, addresses: &[Address]) -> Result<Told, Unread> {
    read(&body.to_string(), addresses)
}

#[test]
fn every_shape_tells_of_its_object() {
    let key = "logs/2021-11-12-00-00-00-E568B2907131C0C0";
    let of_s3 = [(
        "amzn-s3-demo-bucket",
        key,
        1024,
        "d41d8cd98f00b204e9800998ecf8427e",
        Some(TIME),
    )];
    let of_bridge = [(
        "amzn-s3-demo-bucket",
        key,
        5,
        "b1946ac92492d2347c6235b4d2611184",
        Some(TIME),
    )];
    let bridge = event("Object Created", key);
    for (body, expected) in [
        (plain(key), &of_s3),
        (by_sns(&plain(key)), &of_s3),
        (bridge.clone(), &of_bridge),
        (by_sns(&bridge), &of_bridge),
    ] {
        let told = read_as(&body, &logs()).unwrap();
        assert_eq!(objects(&told), expected, "{body}");
        assert_eq!((told.other, told.elsewhere), (0, 0));
        assert_eq!(told.objects[0].object.named, named(key));
    }
}

#[test]
fn what_creates_nothing_is_understood() {
    let removed = |event| json!({"Records": [record(event, "amzn-s3-demo-bucket", "logs/a")]});
    for body in [
        test_event(),
        by_sns(&test_event()),
        removed("ObjectRemoved:Delete"),
        removed("LifecycleExpiration:Delete"),
        removed("ObjectRestore:Completed"),
        event("Object Deleted", "logs/a"),
        event("Object Tags Added", "logs/a"),
    ] {
        let told = read_as(&body, &logs()).unwrap();
        assert_eq!((told.objects.len(), told.other), (0, 1), "{body}");
    }
    // What does not exist has neither size nor etag.
    let mut gone = removed("ObjectRemoved:DeleteMarkerCreated");
    let object = gone["Records"][0]["s3"]["object"].as_object_mut().unwrap();
    object.remove("size");
    object.remove("eTag");
    assert_eq!(read_as(&gone, &logs()).unwrap().other, 1);
}

#[test]
fn one_message_may_tell_of_many_and_of_others() {
    let body = json!({"Records": [
        record("ObjectCreated:Put", "amzn-s3-demo-bucket", "logs/a"),
        record("ObjectCreated:Put", "another-bucket", "logs/b"),
        record("ObjectRemoved:Delete", "amzn-s3-demo-bucket", "logs/c"),
        record("s3:ObjectCreated:CompleteMultipartUpload", "amzn-s3-demo-bucket", "logs/d"),
        record("ObjectCreated:Copy", "amzn-s3-demo-bucket", "other/e"),
    ]});
    let told = read_as(&body, &logs()).unwrap();
    let keys: Vec<_> = objects(&told).iter().map(|object| object.1).collect();
    assert_eq!(keys, ["logs/a", "logs/d"]);
    assert_eq!((told.other, told.elsewhere), (1, 2));
    assert_eq!(
        told.example,
        Some(("another-bucket".into(), "logs/b".into()))
    );
    // Any of several addresses will do, whatever their order.
    let both = addresses(&["s3://another-bucket/", "s3://amzn-s3-demo-bucket"]);
    assert_eq!(read_as(&body, &both).unwrap().objects.len(), 4);
}

#[test]
fn keys_are_decoded_in_notifications_and_not_in_events() {
    for (sent, key) in [
        ("logs/red+flower.jpg", "logs/red flower.jpg"),
        ("logs/red%20flower.jpg", "logs/red flower.jpg"),
        ("logs%2Fa%2Fb", "logs/a/b"),
        ("logs/1%2B1%3D2", "logs/1+1=2"),
        ("logs/%C3%A9t%C3%A9%2C", "logs/été,"),
        ("logs/%E6%97%A5%E5%BF%97", "logs/日志"),
        ("logs/%25", "logs/%"),
        ("logs/%252B", "logs/%2B"),
        ("logs/100%", "logs/100%"),
        ("logs/%zz", "logs/%zz"),
        ("logs/%00", "logs/\0"),
    ] {
        let told = read_as(&plain(sent), &logs()).unwrap();
        assert_eq!(&*told.objects[0].object.key, key);
        let told = read_as(&event("Object Created", sent), &logs());
        let expected = sent.starts_with("logs/").then_some(sent);
        let objects = told.unwrap().objects;
        let found = objects.first().map(|created| &*created.object.key);
        assert_eq!(found, expected);
    }
    assert_eq!(read_as(&plain("logs/%ff"), &logs()), Err(Unread::Key));
    let long = format!("logs/{}", "a".repeat(1020));
    assert_eq!(read_as(&plain(&long), &logs()), Err(Unread::Key));
}

#[test]
fn what_some_servers_leave_out_may_be_missing() {
    let mut body = plain("logs/a");
    let record = &mut body["Records"][0];
    record.as_object_mut().unwrap().remove("eventTime");
    let object = record["s3"]["object"].as_object_mut().unwrap();
    for field in ["size", "eTag", "sequencer", "versionId"] {
        object.remove(field);
    }
    let told = read_as(&body, &logs()).unwrap();
    assert_eq!(
        objects(&told),
        [("amzn-s3-demo-bucket", "logs/a", 0, "", None)]
    );
    let mut quoted = plain("logs/a");
    quoted["Records"][0]["s3"]["object"]["eTag"] = json!("\"abc\"");
    quoted["Records"][0]["eventTime"] = json!("yesterday");
    let told = read_as(&quoted, &logs()).unwrap();
    assert_eq!(
        objects(&told),
        [("amzn-s3-demo-bucket", "logs/a", 1024, "abc", None)]
    );
}

#[test]
fn what_is_no_notification_is_left() {
    let mut huge = plain("logs/a");
    huge["padding"] = json!("a".repeat(1 << 20));
    let with = |field: &str, value: Value| {
        let mut body = plain("logs/a");
        body["Records"][0]["s3"]["object"][field] = value;
        body
    };
    let mut nameless = plain("logs/a");
    nameless["Records"][0]["s3"]["bucket"] = json!({});
    for (body, expected) in [
        (json!({}), Unread::Other),
        (json!({"Records": [{"eventName": "x"}]}), Unread::Other),
        (
            json!({"Type": "Notification", "TopicArn": "a"}),
            Unread::Other,
        ),
        (by_sns(&by_sns(&plain("logs/a"))), Unread::Other),
        (
            json!({"source": "aws.ec2", "detail-type": "Object Created"}),
            Unread::Other,
        ),
        (json!({"source": "aws.s3"}), Unread::Other),
        (
            json!({"source": "aws.s3", "detail-type": "Object Created"}),
            Unread::Nameless,
        ),
        (
            json!({"Type": "SubscriptionConfirmation", "Message": "You have chosen ..."}),
            Unread::Subscription,
        ),
        (with("key", json!("")), Unread::Nameless),
        (nameless, Unread::Nameless),
    ] {
        assert_eq!(read_as(&body, &logs()), Err(expected), "{body}");
    }
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let nested = format!("{{\"detail\":{deep}}}");
    for body in [
        "",
        "evil",
        "null",
        "[]",
        "1e999",
        deep.as_str(),
        nested.as_str(),
        "{\"Records\":{}}",
    ] {
        assert!(matches!(read(body, &logs()), Err(Unread::Json { .. })));
    }
    for body in [
        with("size", json!(-1)),
        with("size", json!(1e30)),
        with("size", json!("5")),
        with("key", json!(7)),
        by_sns(&json!("Hello world!")),
    ] {
        assert!(matches!(read_as(&body, &logs()), Err(Unread::Json { .. })));
    }
    assert!(matches!(read_as(&huge, &logs()), Err(Unread::Long(_))));
}

#[test]
fn sequencers_are_numbers() {
    let ordered = [
        "",
        "0A",
        "0055AED6DCD90281E5",
        "0055aed6dcd90281e6",
        "1000000000000000000",
    ];
    for pair in ordered.windows(2) {
        assert!(
            Sequencer::new(pair[0]) < Sequencer::new(pair[1]),
            "{pair:?}"
        );
    }
    assert_eq!(Sequencer::new("000a"), Sequencer::new("A"));
}

/// As a form encodes it.
fn encoded(key: &str, keep_slash: bool, plus: bool) -> String {
    let byte = |byte: u8| match byte {
        b'/' if keep_slash => "/".to_owned(),
        b' ' if plus => "+".to_owned(),
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    key.bytes().map(byte).collect()
}

/// JSON with the words of notifications in wrong places.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        prop::sample::select(vec![
            "ObjectCreated:Put",
            "Notification",
            "aws.s3",
            "Object Created"
        ])
        .prop_map(Value::from),
        Just(Value::from(plain("logs/a").to_string())),
    ];
    let names = prop::sample::select(vec![
        "Records",
        "eventName",
        "eventTime",
        "s3",
        "bucket",
        "name",
        "object",
        "key",
        "size",
        "eTag",
        "sequencer",
        "Type",
        "Message",
        "source",
        "detail-type",
        "detail",
        "time",
        "Event",
    ]);
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..6).prop_map(|fields| {
                fields
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_panics(body in "\\PC{0,200}") {
        let _ = read(&body, &logs());
    }

    #[test]
    fn no_json_panics(body in anything()) {
        let _ = read_as(&body, &logs());
        let _ = read_as(&by_sns(&body), &logs());
    }

    #[test]
    fn no_cut_or_changed_byte_panics(at in 0usize..700, with in any::<u8>(), sns in any::<bool>()) {
        let body = if sns { by_sns(&plain("logs/a")) } else { plain("logs/a") }.to_string();
        let at = at.min(body.len() - 1);
        let _ = read(&body[..at], &logs());
        let mut bytes = body.into_bytes();
        bytes[at] = with;
        let _ = read(&String::from_utf8_lossy(&bytes), &logs());
    }

    #[test]
    fn encoded_keys_come_back(key in "(?s).{1,200}", slash in any::<bool>(), plus in any::<bool>()) {
        let whole = addresses(&["s3://amzn-s3-demo-bucket"]);
        let told = read_as(&plain(&encoded(&key, slash, plus)), &whole).unwrap();
        prop_assert_eq!(&*told.objects[0].object.key, key.as_str());
        let told = read_as(&event("Object Created", &key), &whole).unwrap();
        prop_assert_eq!(&*told.objects[0].object.key, key.as_str());
    }
}
