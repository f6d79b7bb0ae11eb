use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::alert::{Context, Level, RuleInfo, Status};

/// An alert of a rule over a key that triggered at this second and counted so much.
pub(super) fn alert(rule: &str, level: Level, key: &[(&str, &str)], time: i64) -> Alert {
    let key = key.iter().map(|(name, value)| {
        let value = (*value != "-").then(|| value.as_bytes().to_vec());
        ((*name).into(), value)
    });
    let start = time.div_euclid(3_600) * 3_600;
    Alert {
        id: 0,
        rev: 1,
        status: Status::Closed,
        rule: Arc::new(RuleInfo {
            id: rule.to_owned(),
            name: rule.to_owned(),
            title: format!("Title of {rule}"),
            level,
            tags: Vec::new(),
        }),
        key: key.collect(),
        period: (start, start + 3_600),
        trigger: (time, 1),
        first_seen: time,
        last_seen: time,
        count: 1,
        distinct: None,
        sum: None,
        summary: Vec::new(),
        evidence: Vec::new(),
        context: Context::default(),
    }
}

fn named(key: &[(&str, &str)]) -> String {
    Entity::of(&alert("r", Level::Low, key, 0)).map_or("nobody".to_owned(), |entity| {
        let name = String::from_utf8_lossy(&entity.name).into_owned();
        format!("{} {name}", entity.kind.as_str())
    })
}

#[test]
fn the_key_names_the_entity() {
    let session = "arn:aws:sts::111122223333:assumed-role/app/i-0123456789abcdef0";
    let role = "arn:aws:sts::111122223333:assumed-role/app";
    let person = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_A_1/ann@example.com";
    for (key, expected) in [
        (&[("remote_ip", "192.0.2.1")][..], "address 192.0.2.1"),
        (
            &[("bucket_name", "b"), ("remote_host", "192.0.2.1")],
            "address 192.0.2.1",
        ),
        (
            &[("principal", role), ("remote_host", "192.0.2.1")],
            &format!("principal {role}"),
        ),
        (
            &[("remote_host", "192.0.2.1"), ("requester", session)],
            &format!("principal {role}"),
        ),
        (&[("requester", person)], &format!("principal {person}")),
        (
            &[("requester", "Anonymous"), ("bucket_name", "b")],
            "bucket b",
        ),
        (
            &[("principal", "-"), ("remote_host", "192.0.2.1")],
            "address 192.0.2.1",
        ),
        (
            &[("actor", role), ("bucket_name", "b")],
            &format!("principal {role}"),
        ),
        (
            &[("actor", "192.0.2.1"), ("bucket_name", "b")],
            "address 192.0.2.1",
        ),
        (
            &[("actor", "2001:db8:1:2::/64")],
            "address 2001:db8:1:2::/64",
        ),
        (&[("actor", "-"), ("bucket_name", "b")], "bucket b"),
        (
            &[("remote_ip", "2001:db8:1:2:3::4")],
            "address 2001:db8:1:2::/64",
        ),
        (&[("remote_ip", "::ffff:192.0.2.3")], "address 192.0.2.3"),
        (
            &[("network_value", "2001:db8:1:2::/64")],
            "address 2001:db8:1:2::/64",
        ),
        (
            &[("network_value", "192.0.2.0/24"), ("bucket_name", "b")],
            "network 192.0.2.0/24",
        ),
        (
            &[("network_value", "aws:eu-west-1")],
            "network aws:eu-west-1",
        ),
        (
            &[("remote_net", "2001:db8:1::/48")],
            "network 2001:db8:1::/48",
        ),
        (
            &[
                ("presigned_credential", "AKIAIOSFODNN7EXAMPLE"),
                ("key_name", "k"),
            ],
            "credential AKIAIOSFODNN7EXAMPLE",
        ),
        (
            &[("requester_account", "444455556666"), ("bucket_name", "b")],
            "account 444455556666",
        ),
        (&[("bucket_name", "b"), ("key_name", "k")], "bucket b"),
        (&[("session_name", "x"), ("user_agent", "y")], "nobody"),
        (&[("remote_ip", "-"), ("bucket_name", "-")], "nobody"),
        (&[], "nobody"),
    ] {
        assert_eq!(named(key), *expected, "{key:?}");
    }
}

#[test]
fn bytes_that_are_no_text_name_somebody_too() {
    let mut alert = alert("r", Level::Low, &[], 0);
    alert.key = vec![("actor".into(), Some(b"\xFF".to_vec()))];
    let entity = Entity::of(&alert).unwrap();
    assert_eq!(
        (entity.kind, &*entity.name),
        (Kind::Principal, &b"\xFF"[..])
    );
}

/// Ids are compared across versions: this one may never change.
#[test]
fn an_incident_is_an_entity_and_a_day() {
    let of = |key: &[(&str, &str)], time| super::of(&alert("r", Level::Low, key, time));
    let (key, day) = (&[("remote_ip", "192.0.2.1")], 20_000 * DAY);
    let id = of(key, day).unwrap();
    assert_eq!(format!("{id:032x}"), "6a28441c9348f2f3d74ee4250f2a01f7");
    assert_eq!(of(key, day + DAY - 1), Some(id));
    assert_ne!(of(key, day + DAY), Some(id));
    assert_ne!(of(key, day - 1), Some(id));
    assert_ne!(of(&[("remote_ip", "192.0.2.2")], day), Some(id));
    assert_ne!(of(&[("bucket_name", "192.0.2.1")], day), Some(id));
    assert_eq!(of(&[("user_agent", "x")], day), None);
    // Times before the epoch have days as well.
    assert_ne!(of(key, -1), of(key, 0));
}

proptest! {
    /// Whatever other alerts there are, of whatever rules and in whatever order.
    #[test]
    fn an_alert_is_enough_to_know_its_incident(
        time in -DAY * 30_000..DAY * 30_000,
        name in "[a-z0-9.:/-]{1,20}",
        field in prop::sample::select(NAMING.to_vec()),
    ) {
        let key = [(field.0.name(), name.as_str())];
        let one = super::of(&alert("one", Level::Low, &key, time));
        let midnight = time.div_euclid(DAY) * DAY;
        let other = super::of(&alert("other", Level::High, &key, midnight));
        prop_assert_eq!(one, other);
    }
}
