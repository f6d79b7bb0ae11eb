use proptest::prelude::*;

use super::*;
use crate::baseline::{DAY, MEMORY_DAYS, Novelty, Past};

/// What a few runs may see: hosts and networks over 300 days.
fn sightings() -> impl Strategy<Value = Vec<Delta>> {
    let sighting = (0usize..6, 0i64..300, 0i64..DAY, any::<bool>(), 1u64..1000);
    proptest::collection::vec(sighting, 1..40).prop_map(|sightings| {
        let each = sightings.into_iter();
        each.map(|(who, day, second, declared, sum)| {
            let extent = once(day * DAY + second);
            let mut host = host(&format!("192.0.2.{who}"), extent);
            host.declared = declared && who == 0;
            let group = entity(1, &["alice", "photos"], extent);
            let net = network(&group, &format!("198.51.{who}.0/24"), extent);
            let volume = volume(&host, (day * DAY + second) / 3600, sum);
            Delta {
                entities: vec![host, group],
                values: vec![net],
                volumes: vec![volume],
                ..Delta::default()
            }
        })
        .collect()
    })
}

/// All of them as one, as a baseline in memory would give it.
fn together(deltas: &[Delta]) -> Delta {
    let mut entities: BTreeMap<u64, EntityDelta> = BTreeMap::new();
    let mut values: BTreeMap<u64, ValueDelta> = BTreeMap::new();
    let mut volumes: BTreeMap<(u64, i64), VolumeDelta> = BTreeMap::new();
    for delta in deltas {
        for new in &delta.entities {
            let known = entities.entry(new.key);
            known
                .and_modify(|known| {
                    known.extent.add(&new.extent);
                    known.declared |= new.declared;
                })
                .or_insert_with(|| new.clone());
        }
        for new in &delta.values {
            let known = values.entry(new.key);
            known
                .and_modify(|known| known.extent.add(&new.extent))
                .or_insert_with(|| new.clone());
        }
        for new in &delta.volumes {
            let known = volumes.entry((new.entity, new.hour));
            known
                .and_modify(|known| known.sum += new.sum)
                .or_insert(*new);
        }
    }
    Delta {
        entities: entities.into_values().collect(),
        values: values.into_values().collect(),
        volumes: volumes.into_values().collect(),
        ..Delta::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the order and however runs are cut, the rows are the same.
    #[test]
    fn rows_do_not_depend_on_cuts(
        (deltas, shuffled) in sightings().prop_flat_map(|deltas| {
            (Just(deltas.clone()), Just(deltas).prop_shuffle())
        }),
        cut in 1usize..8,
    ) {
        let (_folder, path) = place();
        let mut whole = open(&path);
        // Nobody waits for a disk here.
        whole.connection.execute_batch("PRAGMA synchronous = OFF").unwrap();
        keep(&mut whole, &together(&deltas));
        let (_other_folder, other_path) = place();
        let mut pieces = open(&other_path);
        pieces.connection.execute_batch("PRAGMA synchronous = OFF").unwrap();
        for piece in shuffled.chunks(cut) {
            keep(&mut pieces, &together(piece));
        }
        prop_assert_eq!(rows(&whole), rows(&pieces));

        // Memory says the same after all as after coming back.
        let baseline = loaded(&pieces);
        prop_assert_eq!(baseline.len(), loaded(&whole).len());
        let group = entity(1, &["alice", "photos"], once(0));
        let dimension = &lessons().dimensions[0];
        let days: Days = deltas.iter().fold(Days::default(), |days, delta| {
            days.union(delta.entities[1].extent.days)
        });
        for reference in [0, 100, 200, 301] {
            let expected = days.count(reference - MEMORY_DAYS as i32, reference) >= 7;
            let found = baseline.novelty(dimension, group.key, 1, reference);
            prop_assert_eq!(found != Novelty::Unlearned, expected);
        }
    }
}

#[test]
fn days_survive_beyond_64() {
    let (_folder, path) = place();
    let mut state = open(&path);
    for day in [127, 63, 0, 64, 100] {
        let entities = vec![host("192.0.2.1", once(day * DAY))];
        keep(
            &mut state,
            &Delta {
                entities,
                ..Delta::default()
            },
        );
    }
    let sql = "SELECT days, days_before, day_count FROM entities";
    let before = (1u64 << 63) as i64;
    // Back from day 127: 0 and 27; 63, 64 and 127.
    let near = 1u64 | 1 << 27 | 1 << 63;
    assert_eq!(
        asked(&state, sql),
        [format!("{}|{}|5", near as i64, before | 1)]
    );
    let expected = [0, 63, 64, 100, 127].map(Days::one).into_iter();
    let expected = expected.fold(Days::default(), Days::union);
    let list = List {
        kind: "remote_host",
        filter: None,
        order: Order::Name,
        limit: None,
        dimension: None,
    };
    assert_eq!(state.entities(&list).unwrap()[0].extent.days, expected);
    // A day that is too long ago falls out.
    let entities = vec![host("192.0.2.1", once(128 * DAY))];
    keep(
        &mut state,
        &Delta {
            entities,
            ..Delta::default()
        },
    );
    assert_eq!(
        asked(
            &state,
            "SELECT day_count, first_seen, requests FROM entities"
        ),
        ["5|0|6"]
    );
}

#[test]
fn numbers_stay_whole_at_the_most() {
    let (_folder, path) = place();
    let mut state = open(&path);
    let mut host = host("192.0.2.1", once(0));
    host.extent.requests = u64::MAX;
    let delta = Delta {
        volumes: vec![volume(&host, 1, u64::MAX)],
        entities: vec![host],
        ..Delta::default()
    };
    keep(&mut state, &delta);
    keep(&mut state, &delta);
    let sql = "SELECT typeof(requests), requests, typeof(sum), sum FROM entities, volumes";
    let most = i64::MAX;
    assert_eq!(
        asked(&state, sql),
        [format!("integer|{most}|integer|{most}")]
    );
}

#[test]
fn the_gone_go_first_and_texts_are_kept_once() {
    let (_folder, path) = place();
    let mut state = open(&path);
    let host = host("192.0.2.1", once(0));
    let group = entity(1, &["alice", "photos"], once(0));
    let net = network(&group, "192.0.2.0/24", once(0));
    let delta = Delta {
        entities: vec![host.clone(), group.clone()],
        values: vec![net.clone()],
        ..Delta::default()
    };
    keep(&mut state, &delta);
    // Later runs know it, and bring no text.
    let known = EntityDelta {
        name: None,
        extent: once(DAY),
        declared: true,
        ..host.clone()
    };
    keep(
        &mut state,
        &Delta {
            entities: vec![known.clone()],
            ..Delta::default()
        },
    );
    let sql = "SELECT name, first_seen, last_seen, day_count, requests, declared FROM entities \
         WHERE kind = 1";
    assert_eq!(asked(&state, sql), ["192.0.2.1|0|86400|2|2|1"]);
    // Gone, and seen again since.
    let delta = Delta {
        gone_entities: vec![host.key, group.key],
        gone_values: vec![net.key],
        entities: vec![EntityDelta {
            extent: once(9),
            ..host.clone()
        }],
        ..Delta::default()
    };
    keep(&mut state, &delta);
    assert_eq!(
        asked(&state, "SELECT name, first_seen, requests FROM entities"),
        ["192.0.2.1|9|1"]
    );
    assert_eq!(rows(&state)["known_values"], Vec::<String>::new());
    // Deleted by hand while a run remembers it.
    state
        .connection
        .execute("DELETE FROM entities", [])
        .unwrap();
    let commit = state.begin().unwrap();
    let error = commit.put_baseline(&Delta {
        entities: vec![known],
        ..Delta::default()
    });
    let text = error.unwrap_err().to_string();
    assert!(
        text.contains(&format!("(entity {:016x} is gone); run again", host.key)),
        "{text}"
    );
    let stray = EntityDelta { kind: 5, ..host };
    let error = commit.put_baseline(&Delta {
        entities: vec![stray],
        ..Delta::default()
    });
    assert!(matches!(
        error,
        Err(Error::Unregistered {
            what: "kind",
            id: 5,
            ..
        })
    ));
}

#[test]
fn volumes_of_earlier_runs_are_those_committed() {
    let (_folder, path) = place();
    let mut state = open(&path);
    let host = host("192.0.2.1", once(0));
    let volumes = (0..100)
        .map(|hour| volume(&host, hour, 10 * hour as u64 + 1))
        .collect();
    keep(
        &mut state,
        &Delta {
            volumes,
            ..Delta::default()
        },
    );
    let past = state.past().unwrap();
    let series = lessons().series[0].id;
    let asked = |hour| -> Vec<(i64, u64)> {
        let found = past.volumes(series, host.key, hour, (20, 80)).unwrap();
        found
            .into_iter()
            .map(|(hour, sums)| (hour, sums.total()))
            .collect()
    };
    assert_eq!(asked(3), [(27, 271), (51, 511), (75, 751)]);
    assert_eq!(asked(99), [(27, 271), (51, 511), (75, 751)]);
    assert_eq!(past.volumes(series + 1, host.key, 3, (0, 99)).unwrap(), []);
    assert_eq!(past.volumes(series, host.key + 1, 3, (0, 99)).unwrap(), []);
    let commit = state.begin().unwrap();
    let more = Delta {
        volumes: vec![volume(&host, 27, 1)],
        ..Delta::default()
    };
    commit.put_baseline(&more).unwrap();
    assert_eq!(asked(3)[0], (27, 271));
    commit.commit().unwrap();
    assert_eq!(asked(3)[0], (27, 272));
    let commit = state.begin().unwrap();
    assert_eq!(commit.prune_volumes(51).unwrap(), 51);
    commit.commit().unwrap();
    assert_eq!(asked(3), [(51, 511), (75, 751)]);
}

#[test]
fn names_and_settings_of_lessons_are_brought_up_to_date() {
    let (_folder, path) = place();
    let mut state = open(&path);
    let mut changed = lessons();
    for name in ["first", "second"] {
        changed.dimensions[0].name = name.to_owned();
        changed.dimensions[0].learn_days += 1;
        let commit = state.begin().unwrap();
        commit.register(&changed).unwrap();
        commit.commit().unwrap();
    }
    let sql = "SELECT dimension, group_kind, fields, days_needed FROM v_learning";
    assert_eq!(
        asked(&state, sql),
        ["second|principal+bucket_name|remote_net|9"]
    );
    assert_eq!(asked(&state, "SELECT count(*) FROM kinds"), ["2"]);
}

#[test]
fn volumes_of_a_reading_come_in_parts_and_count_once() {
    let (_folder, path) = place();
    let mut state = open(&path);
    let host = host("192.0.2.1", once(0));
    let part = |volumes: &[(i64, u64)]| Delta {
        volumes: volumes
            .iter()
            .map(|(hour, sum)| volume(&host, *hour, *sum))
            .collect(),
        ..Delta::default()
    };
    keep(&mut state, &part(&[(30, 5), (31, 100)]));
    let learn = |state: &mut State| {
        let commit = state.begin().unwrap();
        commit.begin_learning().unwrap();
        commit.put_part(part(&[(5, 1), (30, 7), (31, 8)])).unwrap();
        commit.put_part(part(&[(30, 2), (32, 3)])).unwrap();
        commit.end_learning(6).unwrap();
        commit.commit().unwrap();
    };
    let sql = "SELECT hour, sum, learned FROM volumes ORDER BY hour";
    let expected = ["30|5|9", "31|100|8", "32|0|3"];
    learn(&mut state);
    assert_eq!(asked(&state, sql), expected);
    // Read once more it comes to the same, and scans add up beside it.
    learn(&mut state);
    assert_eq!(asked(&state, sql), expected);
    keep(&mut state, &part(&[(32, 2)]));
    assert_eq!(asked(&state, sql), ["30|5|9", "31|100|8", "32|2|3"]);
    let reader = state.past().unwrap();
    let series = lessons().series[0].id;
    for (hour, total) in [(30, 9), (31, 100), (32, 3)] {
        let found = reader
            .volumes(series, host.key, hour % 24, (24, 48))
            .unwrap();
        assert_eq!(found[0].1.total(), total);
    }
    // What is not committed was never read.
    let commit = state.begin().unwrap();
    commit.begin_learning().unwrap();
    commit.put_part(part(&[(40, 1)])).unwrap();
    drop(commit);
    assert_eq!(asked(&state, sql).len(), 3);
    learn(&mut state);
}
