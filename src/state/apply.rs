//! What a run has learned into the file: added to what is there.
//!
//! Rows are taken in the order of their keys, so that each page of the file is
//! touched once. Adding up is [`Extent::add`]'s business, as in memory.

use std::collections::HashMap;

use rusqlite::{CachedStatement, OptionalExtension, params};

use super::error::At;
use super::load::{days, words};
use super::{Commit, Error, count, name, number, signed};
use crate::baseline::{Delta, Extent, Lessons, Tuple, VolumeDelta};
use crate::record::Field;

/// How the rows of a table are read and written.
struct Table {
    /// The word for a row.
    what: &'static str,
    insert: &'static str,
    select: &'static str,
    update: &'static str,
    delete: &'static str,
}

const ENTITIES: Table = Table {
    what: "entity",
    insert: "INSERT INTO entities (key, kind, declared, first_seen, last_seen, days, days_before, \
         day_count, requests, name) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
         ON CONFLICT (key) DO NOTHING",
    select: "SELECT declared, first_seen, last_seen, days, days_before, requests FROM entities \
         WHERE key = ?1",
    update: "UPDATE entities SET declared = ?2, first_seen = ?3, last_seen = ?4, days = ?5, \
         days_before = ?6, day_count = ?7, requests = ?8 WHERE key = ?1",
    delete: "DELETE FROM entities WHERE key = ?1",
};

const VALUES: Table = Table {
    what: "value",
    insert: "INSERT INTO known_values (key, dimension, declared, first_seen, last_seen, days, \
         days_before, day_count, requests, name, entity) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (key) DO NOTHING",
    select: "SELECT declared, first_seen, last_seen, days, days_before, requests \
         FROM known_values WHERE key = ?1",
    update: "UPDATE known_values SET declared = ?2, first_seen = ?3, last_seen = ?4, days = ?5, \
         days_before = ?6, day_count = ?7, requests = ?8 WHERE key = ?1",
    delete: "DELETE FROM known_values WHERE key = ?1",
};

/// What is to be added to a row.
struct Addition<'d> {
    key: u64,
    /// Id of its kind or dimension in the file.
    parent: i64,
    /// Of a value its group.
    entity: Option<u64>,
    name: Option<&'d Tuple>,
    extent: &'d Extent,
    declared: bool,
}

impl Commit<'_> {
    /// Makes kinds, dimensions and series known to the file; what they are called
    /// and how long they are remembered is brought up to date.
    pub fn register(&self, lessons: &Lessons) -> Result<(), Error> {
        for kind in &lessons.kinds {
            self.register_kind(kind.id, &kind.name())?;
        }
        let kinds = self.ids("kinds")?;
        let kind = |place: usize| {
            let id = lessons.kinds.get(place).map_or(0, |kind| kind.id);
            self.known(&kinds, "kind", id)
        };
        for dimension in &lessons.dimensions {
            let sql = "INSERT INTO dimensions (hash, name, kind, fields, learn_days, memory_days, \
                 canonical) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (hash) DO UPDATE SET \
                 name = excluded.name, learn_days = excluded.learn_days, \
                 memory_days = excluded.memory_days";
            let fields: Vec<&str> = dimension.value.iter().map(|field| field.name()).collect();
            let put = self.transaction.execute(
                sql,
                params![
                    signed(dimension.id),
                    dimension.name,
                    kind(dimension.group)?,
                    fields.join("+"),
                    dimension.learn_days,
                    dimension.memory_days,
                    dimension.canonical,
                ],
            );
            put.at(self.path)?;
        }
        for series in &lessons.series {
            let sql = "INSERT INTO series (hash, name, kind, sum, canonical) \
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (hash) DO UPDATE SET name = excluded.name";
            let put = self.transaction.execute(
                sql,
                params![
                    signed(series.id),
                    series.name,
                    kind(series.kind)?,
                    series.sum.map(Field::name),
                    series.canonical,
                ],
            );
            put.at(self.path)?;
        }
        Ok(())
    }

    pub(super) fn register_kind(&self, id: u64, name: &str) -> Result<(), Error> {
        let sql = "INSERT INTO kinds (hash, name) VALUES (?1, ?2) ON CONFLICT (hash) DO NOTHING";
        let put = self.transaction.execute(sql, params![signed(id), name]);
        put.at(self.path).map(drop)
    }

    /// Adds what was learned since the last commit. What is gone is deleted first.
    pub fn put_baseline(&self, delta: &Delta) -> Result<(), Error> {
        self.delete(&ENTITIES, &delta.gone_entities)?;
        self.delete(&VALUES, &delta.gone_values)?;

        let kinds = self.ids("kinds")?;
        let entities = delta.entities.iter().map(|entity| {
            Ok(Addition {
                key: entity.key,
                parent: self.known(&kinds, "kind", entity.kind)?,
                entity: None,
                name: entity.name.as_ref(),
                extent: &entity.extent,
                declared: entity.declared,
            })
        });
        self.add(&ENTITIES, entities.collect::<Result<_, Error>>()?)?;

        let dimensions = self.ids("dimensions")?;
        let values = delta.values.iter().map(|value| {
            Ok(Addition {
                key: value.key,
                parent: self.known(&dimensions, "dimension", value.dimension)?,
                entity: Some(value.entity),
                name: value.name.as_ref(),
                extent: &value.extent,
                declared: value.declared,
            })
        });
        self.add(&VALUES, values.collect::<Result<_, Error>>()?)?;

        self.put_volumes("volumes", &delta.volumes)
    }

    fn put_volumes(&self, table: &str, volumes: &[VolumeDelta]) -> Result<(), Error> {
        let series = self.ids("series")?;
        let volumes = volumes.iter().map(|volume| {
            let id = self.known(&series, "series", volume.series)?;
            let (sum, learned) = (number(volume.sum), number(volume.learned));
            Ok((id, signed(volume.entity), volume.hour, sum, learned))
        });
        let mut volumes = volumes.collect::<Result<Vec<_>, Error>>()?;
        volumes.sort_unstable();
        // The sum stays a whole number where it would be too large for one.
        let sql = format!(
            "INSERT INTO {table} (series, entity, hour, sum, learned) \
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (series, entity, hour) DO UPDATE SET \
             sum = min(sum, 9223372036854775807 - excluded.sum) + excluded.sum, \
             learned = max(learned, excluded.learned)"
        );
        let mut statement = self.transaction.prepare_cached(&sql).at(self.path)?;
        for volume in volumes {
            statement.execute(volume).at(self.path)?;
        }
        Ok(())
    }

    /// Begins a reading of logs that are declared normal, which comes in parts.
    pub fn begin_learning(&self) -> Result<(), Error> {
        let sql = "DROP TABLE IF EXISTS temp.learning; \
             CREATE TEMP TABLE learning (series INTEGER, entity INTEGER, hour INTEGER, \
             sum INTEGER, learned INTEGER, PRIMARY KEY (series, entity, hour)) WITHOUT ROWID";
        self.transaction.execute_batch(sql).at(self.path)
    }

    /// Adds a part: volumes wait until all parts have come.
    pub fn put_part(&self, mut delta: Delta) -> Result<(), Error> {
        let volumes = std::mem::take(&mut delta.volumes);
        self.put_baseline(&delta)?;
        self.put_volumes("temp.learning", &volumes)
    }

    /// All parts have come. An hour comes to what they say together, or to what is
    /// known of it where that is more, so that what was read before does not count
    /// twice. Hours (since the Unix epoch) before `first` are left out.
    pub fn end_learning(&self, first: i64) -> Result<(), Error> {
        let sql = "INSERT INTO volumes (series, entity, hour, sum, learned) \
             SELECT series, entity, hour, 0, sum FROM temp.learning WHERE hour >= ?1 \
             ON CONFLICT (series, entity, hour) DO UPDATE SET \
             learned = max(learned, excluded.learned)";
        self.transaction.execute(sql, [first]).at(self.path)?;
        let drop = "DROP TABLE temp.learning";
        self.transaction.execute_batch(drop).at(self.path)
    }

    /// Deletes volumes of hours (since the Unix epoch) before one; how many.
    pub fn prune_volumes(&self, before: i64) -> Result<u64, Error> {
        let deleted = self
            .transaction
            .execute("DELETE FROM volumes WHERE hour < ?1", [before]);
        Ok(deleted.at(self.path)? as u64)
    }

    fn delete(&self, table: &Table, keys: &[u64]) -> Result<(), Error> {
        let mut keys: Vec<i64> = keys.iter().copied().map(signed).collect();
        keys.sort_unstable();
        let mut delete = self
            .transaction
            .prepare_cached(table.delete)
            .at(self.path)?;
        for key in keys {
            delete.execute([key]).at(self.path)?;
        }
        Ok(())
    }

    fn add(&self, table: &Table, mut additions: Vec<Addition<'_>>) -> Result<(), Error> {
        additions.sort_unstable_by_key(|addition| signed(addition.key));
        let prepare = |sql| self.transaction.prepare_cached(sql).at(self.path);
        let mut insert = prepare(table.insert)?;
        let mut select = prepare(table.select)?;
        let mut update = prepare(table.update)?;
        for addition in &additions {
            let inserted = match addition.name {
                None => false,
                Some(name) => insert_row(&mut insert, addition, name).at(self.path)?,
            };
            if inserted {
                continue;
            }
            let key = signed(addition.key);
            let found = select.query_row([key], |row| {
                let last: i64 = row.get(2)?;
                let extent = Extent {
                    first: row.get(1)?,
                    last,
                    days: days(last, row.get(3)?, row.get(4)?),
                    requests: count(row.get(5)?),
                };
                Ok((extent, row.get::<_, bool>(0)?))
            });
            let found = found.optional().at(self.path)?;
            let Some((mut extent, declared)) = found else {
                return Err(Error::Changed {
                    path: self.path.to_path_buf(),
                    what: table.what,
                    key: addition.key,
                });
            };
            extent.add(addition.extent);
            let (days, before, day_count) = words(extent.days, extent.last);
            let updated = update.execute(params![
                key,
                declared || addition.declared,
                extent.first,
                extent.last,
                days,
                before,
                day_count,
                number(extent.requests),
            ]);
            updated.at(self.path)?;
        }
        Ok(())
    }

    /// Ids in the file by hash.
    pub(super) fn ids(&self, table: &str) -> Result<HashMap<u64, i64>, Error> {
        let sql = format!("SELECT hash, id FROM {table}");
        let mut statement = self.transaction.prepare(&sql).at(self.path)?;
        let rows = statement.query_map([], |row| Ok((super::unsigned(row.get(0)?), row.get(1)?)));
        rows.and_then(Iterator::collect).at(self.path)
    }

    fn known(&self, ids: &HashMap<u64, i64>, what: &'static str, id: u64) -> Result<i64, Error> {
        ids.get(&id).copied().ok_or_else(|| Error::Unregistered {
            path: self.path.to_path_buf(),
            what,
            id,
        })
    }
}

/// Whether there was no such row before.
fn insert_row(
    insert: &mut CachedStatement<'_>,
    addition: &Addition<'_>,
    name: &Tuple,
) -> rusqlite::Result<bool> {
    let extent = addition.extent;
    let (days, before, day_count) = words(extent.days, extent.last);
    insert.raw_bind_parameter(1, signed(addition.key))?;
    insert.raw_bind_parameter(2, addition.parent)?;
    insert.raw_bind_parameter(3, addition.declared)?;
    insert.raw_bind_parameter(4, extent.first)?;
    insert.raw_bind_parameter(5, extent.last)?;
    insert.raw_bind_parameter(6, days)?;
    insert.raw_bind_parameter(7, before)?;
    insert.raw_bind_parameter(8, day_count)?;
    insert.raw_bind_parameter(9, number(extent.requests))?;
    insert.raw_bind_parameter(10, name::encode(name))?;
    if let Some(entity) = addition.entity {
        insert.raw_bind_parameter(11, signed(entity))?;
    }
    Ok(insert.raw_execute()? > 0)
}
