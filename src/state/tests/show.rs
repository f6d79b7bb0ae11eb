use super::*;
use crate::baseline::{DAY, tuple};

/// Three hosts with a volume each, and two groups with three networks.
fn filled(path: &Path) -> (State, [EntityDelta; 2]) {
    let mut state = open(path);
    let groups = [["alice", "photos"], ["Bob", "photos"]];
    let groups = groups.map(|names| entity(1, &names, once(DAY)));
    let mut hosts: Vec<_> = (0..3)
        .map(|n| host(&format!("192.0.2.{n}"), once(n)))
        .collect();
    hosts[1].extent.requests = 9;
    let values = [
        (0, "192.0.2.0/24"),
        (0, "198.51.100.0/24"),
        (1, "192.0.2.0/24"),
    ];
    let values = values.map(|(group, net)| network(&groups[group], net, once(DAY)));
    let delta = Delta {
        volumes: hosts.iter().map(|host| volume(host, 5, 7)).collect(),
        entities: hosts.iter().chain(&groups).cloned().collect(),
        values: values.to_vec(),
        ..Delta::default()
    };
    keep(&mut state, &delta);
    (state, groups)
}

#[test]
fn people_find_by_name() {
    let (_folder, path) = place();
    let (state, groups) = filled(&path);
    let list = |list: List<'_>| -> Vec<String> {
        let rows = state.entities(&list).unwrap();
        let text = |value: Option<Vec<u8>>| String::from_utf8(value.unwrap()).unwrap();
        rows.into_iter()
            .map(|row| row.name.into_iter().map(text).collect::<Vec<_>>().join("/"))
            .collect()
    };
    let all = List {
        kind: "remote_host",
        filter: None,
        order: Order::LastSeen,
        limit: None,
        dimension: None,
    };
    assert_eq!(list(all), ["192.0.2.2", "192.0.2.1", "192.0.2.0"]);
    assert_eq!(
        list(List {
            order: Order::Requests,
            limit: Some(1),
            ..all
        }),
        ["192.0.2.1"]
    );
    assert_eq!(
        list(List {
            filter: Some(Filter::Contains(".2.0")),
            ..all
        }),
        ["192.0.2.0"]
    );
    let one = texts(&["192.0.2.2"]);
    assert_eq!(
        list(List {
            filter: Some(Filter::Is(&one)),
            ..all
        }),
        ["192.0.2.2"]
    );
    assert_eq!(
        list(List {
            kind: "unheard",
            ..all
        }),
        [""; 0]
    );
    let pairs = List {
        kind: "principal+bucket_name",
        filter: Some(Filter::Contains("b")),
        order: Order::Name,
        limit: None,
        dimension: Some("new-network"),
    };
    assert_eq!(list(pairs), ["Bob/photos"]);
    let pairs = state
        .entities(&List {
            filter: None,
            ..pairs
        })
        .unwrap();
    assert_eq!(
        pairs.iter().map(|row| row.values).collect::<Vec<_>>(),
        [Some(1), Some(2)]
    );
    let values = state.values_of(groups[0].key, None).unwrap();
    assert_eq!(values.len(), 2);
    assert!(values.iter().all(|value| value.fields == "remote_net"));
    assert_eq!(state.values_of(groups[0].key, Some(1)).unwrap().len(), 1);
    let totals = state.kind_totals().unwrap();
    let expected = Total {
        name: "remote_host".to_owned(),
        rows: 3,
        first: Some(0),
        last: Some(2),
    };
    assert_eq!(totals[1], expected);
    assert_eq!(state.dimension_totals().unwrap()[0].rows, 3);
}

#[test]
fn people_forget_and_declare_by_name() {
    let (_folder, path) = place();
    let (mut state, _) = filled(&path);
    let one = texts(&["192.0.2.2"]);
    let commit = state.begin().unwrap();
    let net = texts(&["192.0.2.0/24"]);
    let touched = |entities, values, volumes| Touched {
        entities,
        values,
        volumes,
    };
    assert_eq!(
        commit.declare("remote_net", &net).unwrap(),
        touched(0, 2, 0)
    );
    assert_eq!(
        commit.declare("remote_host", &one).unwrap(),
        touched(1, 0, 0)
    );
    assert_eq!(
        commit.forget("remote_host", &one).unwrap(),
        touched(1, 0, 1)
    );
    assert_eq!(
        commit.forget("remote_host", &one).unwrap(),
        touched(0, 0, 0)
    );
    let alice = texts(&["alice", "photos"]);
    assert_eq!(
        commit.forget("principal+bucket_name", &alice).unwrap(),
        touched(1, 2, 0)
    );
    assert_eq!(commit.forget("remote_net", &net).unwrap(), touched(0, 1, 0));
    commit.commit().unwrap();
    assert_eq!(loaded(&state).len(), (3, 0));
}

#[test]
fn views_speak_to_people() {
    let (_folder, path) = place();
    let mut state = open(&path);
    let mut host = host("192.0.2.1", once(1_770_084_000));
    host.declared = true;
    let group = entity(1, &["alice", "photos"], once(1_770_084_000));
    let delta = Delta {
        values: vec![network(&group, "192.0.2.0/24", once(1_770_084_000))],
        volumes: vec![volume(&host, 1_770_084_000 / 3600, 7)],
        entities: vec![host, group],
        ..Delta::default()
    };
    keep(&mut state, &delta);
    let time = "2026-02-03T02:00:00Z";
    let first = |view: &str| asked(&state, &format!("SELECT * FROM {view}")).join("\n");
    assert_eq!(
        first("v_known_addresses"),
        format!("192.0.2.1|{time}|{time}|1|1|yes")
    );
    assert_eq!(
        first("v_volumes"),
        format!("egress|bytes_sent|remote_host|192.0.2.1|{time}|7")
    );
    assert_eq!(
        first("v_known_networks"),
        format!(
            "new-network|principal+bucket_name|[\"alice\",\"photos\"]|192.0.2.0/24|{time}|{time}|1|1|no"
        )
    );
    assert_eq!(
        first("v_learning"),
        "new-network|principal+bucket_name|remote_net|1|0|7|1|1"
    );
    // The keys are those that memory asks by.
    let key = lessons().kinds[0].key(tuple(&[hash::value(b"192.0.2.1")]));
    assert_eq!(
        asked(&state, "SELECT key FROM entities WHERE kind = 1"),
        [signed(key).to_string()]
    );
}
