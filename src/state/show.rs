//! The baseline as people ask for it.

use std::collections::HashMap;

use rusqlite::types::Value;
use rusqlite::{Row, params_from_iter};

use super::error::At;
use super::load::days;
use super::{Error, State, count, name, number, unsigned};
use crate::baseline::{Extent, Tuple};

/// Which entities are wanted.
#[derive(Debug, Clone, Copy)]
pub enum Filter<'q> {
    /// The one with these values.
    Is(&'q Tuple),
    /// Those with this text in their name; capitals of ASCII do not count.
    Contains(&'q str),
}

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Those that were seen last first.
    LastSeen,
    /// Those that have come last first.
    FirstSeen,
    /// Those with most requests first.
    Requests,
    /// By name.
    Name,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct List<'q> {
    /// Name of the kind: its fields with `+` between.
    pub kind: &'q str,
    /// All where there is none.
    pub filter: Option<Filter<'q>>,
    /// Which come first.
    pub order: Order,
    /// How many at most.
    pub limit: Option<u64>,
    /// Name of a dimension whose values are to be counted.
    pub dimension: Option<&'q str>,
}

/// An entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityRow {
    /// Its key.
    pub key: u64,
    /// Its values, without secrets.
    pub name: Tuple,
    /// When it was seen, and how often.
    pub extent: Extent,
    /// Whether it was declared normal.
    pub declared: bool,
    /// How many values it has in the dimension that was asked for.
    pub values: Option<u64>,
}

/// A value of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueRow {
    /// Its key.
    pub key: u64,
    /// Name of its dimension.
    pub dimension: String,
    /// The fields with `+` between.
    pub fields: String,
    /// The values, without secrets.
    pub name: Tuple,
    /// When it was seen with the entity, and how often.
    pub extent: Extent,
    /// Whether it was declared normal.
    pub declared: bool,
}

/// How much there is of a kind or of a dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// Name of the kind or of the dimension.
    pub name: String,
    /// Entities or values.
    pub rows: u64,
    /// When the first was seen, seconds since the Unix epoch; none without any.
    pub first: Option<i64>,
    /// When the last was seen.
    pub last: Option<i64>,
}

/// First of the columns that [`extent`] reads.
const EXTENT: &str = "first_seen, last_seen, days, days_before, requests";

/// What a filter asks for in SQL, of the second parameter, and that parameter.
fn condition(filter: Option<Filter<'_>>) -> (&'static str, Value) {
    match filter {
        None => ("?2 IS NULL", Value::Null),
        Some(Filter::Is(values)) => ("name IS ?2", name::encode(values)),
        Some(Filter::Contains(text)) => (
            "instr(lower(CAST(name AS TEXT)), lower(?2)) > 0",
            Value::Text(text.to_owned()),
        ),
    }
}

impl State {
    /// Entities of a kind; none where the kind is not known.
    pub fn entities(&self, list: &List<'_>) -> Result<Vec<EntityRow>, Error> {
        let (condition, value) = condition(list.filter);
        let order = match list.order {
            Order::LastSeen => "last_seen DESC",
            Order::FirstSeen => "first_seen DESC",
            Order::Requests => "requests DESC",
            Order::Name => "name",
        };
        let sql = format!(
            "SELECT {EXTENT}, key, declared, name FROM entities \
             WHERE kind = (SELECT id FROM kinds WHERE name = ?1) AND {condition} \
             ORDER BY {order}, key LIMIT ?3"
        );
        let fields = name::fields(list.kind);
        let given = [
            Value::Text(list.kind.to_owned()),
            value,
            // Less than zero is no limit.
            Value::Integer(list.limit.map_or(-1, number)),
        ];
        let mut statement = self.connection.prepare_cached(&sql).at(&self.path)?;
        let rows = statement.query_map(params_from_iter(given), |row| {
            Ok(EntityRow {
                key: unsigned(row.get(5)?),
                name: name::decode(fields, row.get_ref(7)?)?,
                extent: extent(row)?,
                declared: row.get(6)?,
                values: None,
            })
        });
        let rows: rusqlite::Result<Vec<EntityRow>> = rows.and_then(Iterator::collect);
        let mut rows = rows.at(&self.path)?;
        if let Some(dimension) = list.dimension {
            self.count_values(dimension, &mut rows)?;
        }
        Ok(rows)
    }

    /// How many entities of a kind there are, whatever the limit.
    pub fn count_entities(&self, list: &List<'_>) -> Result<u64, Error> {
        let (condition, value) = condition(list.filter);
        let sql = format!(
            "SELECT count(*) FROM entities \
             WHERE kind = (SELECT id FROM kinds WHERE name = ?1) AND {condition}"
        );
        let given = (list.kind, value);
        let counted = self.connection.query_row(&sql, given, |row| row.get(0));
        Ok(count(counted.at(&self.path)?))
    }

    fn count_values(&self, dimension: &str, rows: &mut [EntityRow]) -> Result<(), Error> {
        let mut counts: HashMap<u64, u64> = rows.iter().map(|row| (row.key, 0)).collect();
        // All of them once: an index by entity would make the file a fifth larger.
        let sql = "SELECT entity FROM known_values \
             WHERE dimension IN (SELECT id FROM dimensions WHERE name = ?1)";
        let mut statement = self.connection.prepare_cached(sql).at(&self.path)?;
        let mut found = statement.query([dimension]).at(&self.path)?;
        while let Some(row) = found.next().at(&self.path)? {
            let entity = unsigned(row.get(0).at(&self.path)?);
            if let Some(count) = counts.get_mut(&entity) {
                *count += 1;
            }
        }
        for row in rows {
            row.values = counts.get(&row.key).copied();
        }
        Ok(())
    }

    /// Values of an entity in all dimensions, by dimension, those seen last first.
    pub fn values_of(&self, entity: u64, limit: Option<u64>) -> Result<Vec<ValueRow>, Error> {
        let sql = format!(
            "SELECT {EXTENT}, key, declared, name, dimension_name, fields FROM known_values \
             JOIN (SELECT id, name AS dimension_name, fields FROM dimensions) ON id = dimension \
             WHERE entity = ?1 ORDER BY dimension_name, last_seen DESC, key LIMIT ?2"
        );
        let mut statement = self.connection.prepare_cached(&sql).at(&self.path)?;
        let given = [super::signed(entity), limit.map_or(-1, number)];
        let rows = statement.query_map(given, |row| {
            let fields: String = row.get(9)?;
            Ok(ValueRow {
                key: unsigned(row.get(5)?),
                dimension: row.get(8)?,
                name: name::decode(name::fields(&fields), row.get_ref(7)?)?,
                fields,
                extent: extent(row)?,
                declared: row.get(6)?,
            })
        });
        rows.and_then(Iterator::collect).at(&self.path)
    }

    /// All values of a dimension, in the order of their groups, each with the name
    /// of its group; none where the group is forgotten.
    pub fn values_in(&self, dimension: &str) -> Result<Vec<(Option<Tuple>, ValueRow)>, Error> {
        let sql = "SELECT v.first_seen, v.last_seen, v.days, v.days_before, v.requests, v.key, \
             v.declared, v.name, dimensions.fields, kinds.name, entities.name, entities.key \
             FROM known_values AS v JOIN dimensions ON dimensions.id = v.dimension \
             JOIN kinds ON kinds.id = dimensions.kind \
             LEFT JOIN entities ON entities.key = v.entity \
             WHERE dimensions.name = ?1 ORDER BY v.entity, v.key";
        let mut statement = self.connection.prepare_cached(sql).at(&self.path)?;
        let rows = statement.query_map([dimension], |row| {
            let fields: String = row.get(8)?;
            let kind: String = row.get(9)?;
            let group = match row.get::<_, Option<i64>>(11)? {
                None => None,
                Some(_) => Some(name::decode(name::fields(&kind), row.get_ref(10)?)?),
            };
            let value = ValueRow {
                key: unsigned(row.get(5)?),
                dimension: dimension.to_owned(),
                name: name::decode(name::fields(&fields), row.get_ref(7)?)?,
                fields,
                extent: extent(row)?,
                declared: row.get(6)?,
            };
            Ok((group, value))
        });
        rows.and_then(Iterator::collect).at(&self.path)
    }

    /// On how many days a group of this dimension must have been seen, as the last
    /// run had it; none where no run has.
    pub fn learn_days(&self, dimension: &str) -> Result<Option<u32>, Error> {
        let sql = "SELECT max(learn_days) FROM dimensions WHERE name = ?1";
        let found = self
            .connection
            .query_row(sql, [dimension], |row| row.get(0));
        found.at(&self.path)
    }

    /// How much there is of each kind, by name.
    pub fn kind_totals(&self) -> Result<Vec<Total>, Error> {
        self.totals(
            "SELECT kinds.name, count(key), min(first_seen), max(last_seen) \
             FROM kinds LEFT JOIN entities ON kind = kinds.id GROUP BY kinds.id ORDER BY kinds.name",
        )
    }

    /// How much there is of each dimension, by name.
    pub fn dimension_totals(&self) -> Result<Vec<Total>, Error> {
        self.totals(
            "SELECT dimensions.name, count(key), min(first_seen), max(last_seen) \
             FROM dimensions LEFT JOIN known_values ON dimension = dimensions.id \
             GROUP BY dimensions.id ORDER BY dimensions.name, dimensions.id",
        )
    }

    fn totals(&self, sql: &str) -> Result<Vec<Total>, Error> {
        let mut statement = self.connection.prepare_cached(sql).at(&self.path)?;
        let rows = statement.query_map([], |row| {
            Ok(Total {
                name: row.get(0)?,
                rows: count(row.get(1)?),
                first: row.get(2)?,
                last: row.get(3)?,
            })
        });
        rows.and_then(Iterator::collect).at(&self.path)
    }
}

/// When something was seen, from the first columns of a row.
pub(super) fn extent(row: &Row<'_>) -> rusqlite::Result<Extent> {
    let last = row.get(1)?;
    Ok(Extent {
        first: row.get(0)?,
        last,
        days: days(last, row.get(2)?, row.get(3)?),
        requests: count(row.get(4)?),
    })
}
