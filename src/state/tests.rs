//! The state file as its users see it: real files, in a folder of their own.

mod alerts;
mod baseline;
mod crash;
mod logs;
mod measure;
mod open;
mod reported;
mod rest;
mod show;
mod transfer;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::baseline::{
    Baseline, Days, Delta, Dimension, EntityDelta, Extent, Kind, Lessons, Mode, Series, Tuple,
    ValueDelta, VolumeDelta, day,
};
use crate::record::{Field, hash};

/// A folder that goes away, and the path of a state file in it.
fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s3sentry.state");
    (folder, path)
}

fn owner() -> Owner {
    Owner::now("s3sentry test")
}

fn open(path: &Path) -> State {
    State::open(path, Access::ReadWrite, &owner()).unwrap()
}

fn read(path: &Path) -> Result<State, Error> {
    State::open(path, Access::ReadOnly, &owner())
}

/// Kinds `remote_host` and `principal+bucket_name`, the networks of a principal
/// with a bucket, and bytes by host.
fn lessons() -> Lessons {
    let pair = vec![Field::Principal, Field::BucketName];
    Lessons {
        kinds: vec![Kind::new(vec![Field::RemoteHost]), Kind::new(pair)],
        dimensions: vec![Dimension {
            id: hash::value(b"networks"),
            name: "new-network".to_owned(),
            canonical: "networks".to_owned(),
            group: 1,
            value: vec![Field::RemoteNet],
            teaches: 0,
            learn_days: 7,
            memory_days: 90,
        }],
        series: vec![Series {
            id: hash::value(b"bytes"),
            name: "egress".to_owned(),
            canonical: "bytes".to_owned(),
            kind: 0,
            sum: Some(Field::BytesSent),
            of: vec![0],
        }],
    }
}

fn texts(values: &[&str]) -> Tuple {
    let values = values.iter();
    values
        .map(|value| Some(value.as_bytes().to_vec()))
        .collect()
}

/// Seen once.
fn once(time: i64) -> Extent {
    Extent {
        first: time,
        last: time,
        days: Days::one(day(time)),
        requests: 1,
    }
}

fn host(name: &str, extent: Extent) -> EntityDelta {
    entity(0, &[name], extent)
}

fn entity(kind: usize, values: &[&str], extent: Extent) -> EntityDelta {
    let kind = &lessons().kinds[kind];
    let name = texts(values);
    EntityDelta {
        key: kind.key(name::hash_of(&name).unwrap()),
        kind: kind.id,
        name: Some(name),
        extent,
        declared: false,
    }
}

fn network(group: &EntityDelta, net: &str, extent: Extent) -> ValueDelta {
    let dimension = &lessons().dimensions[0];
    let name = texts(&[net]);
    ValueDelta {
        key: dimension.key(group.key, name::hash_of(&name).unwrap()),
        dimension: dimension.id,
        entity: group.key,
        name: Some(name),
        extent,
        declared: false,
    }
}

fn volume(entity: &EntityDelta, hour: i64, sum: u64) -> VolumeDelta {
    VolumeDelta {
        series: lessons().series[0].id,
        entity: entity.key,
        hour,
        sum,
        learned: 0,
    }
}

/// Commits all of it.
fn keep(state: &mut State, delta: &Delta) {
    let commit = state.begin().unwrap();
    commit.register(&lessons()).unwrap();
    commit.put_baseline(delta).unwrap();
    commit.commit().unwrap();
}

/// What memory makes of the file.
fn loaded(state: &State) -> Baseline {
    let mut baseline = Baseline::new(Arc::new(lessons()), Mode::Learn, 0);
    state.load_baseline(&mut baseline).unwrap();
    baseline
}

/// All rows of the tables of the baseline, as text.
fn rows(state: &State) -> BTreeMap<&'static str, Vec<String>> {
    let tables = ["entities", "known_values", "volumes"];
    let each = tables.map(|table| (table, table_rows(state, table)));
    each.into_iter().collect()
}

fn table_rows(state: &State, table: &str) -> Vec<String> {
    let sql = format!("SELECT * FROM {table}");
    let mut statement = state.connection.prepare(&sql).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let values = (0..columns).map(|column| format!("{:?}", row.get_ref(column).unwrap()));
        Ok(values.collect::<Vec<_>>().join(" "))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// What `sqlite3` would print, a row a line.
fn asked(state: &State, sql: &str) -> Vec<String> {
    let mut statement = state.connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let values = (0..columns).map(|column| match row.get(column).unwrap() {
            rusqlite::types::Value::Null => String::new(),
            rusqlite::types::Value::Integer(number) => number.to_string(),
            rusqlite::types::Value::Text(text) => text,
            other => format!("{other:?}"),
        });
        Ok(values.collect::<Vec<_>>().join("|"))
    });
    rows.unwrap().map(Result::unwrap).collect()
}
