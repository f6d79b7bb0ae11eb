//! The baseline out of the file.

use std::borrow::Cow;
use std::io::Write;

use rusqlite::Row;
use serde::Serialize;

use super::{
    Bits, Counts, DimensionLine, EntityLine, Header, Key, KindLine, Line, SCHEMA, SeriesLine, Time,
    ValueLine, VolumeLine,
};
use crate::baseline::{Extent, HOUR, Tuple};
use crate::state::error::At;
use crate::state::show::extent;
use crate::state::{Error, State, count, name, unsigned};
use crate::text::{json, lossless};

impl State {
    /// Writes the whole baseline, as it was at one commit. `now` is in seconds
    /// since the Unix epoch. An error of the writer is [`Error::Export`].
    pub fn export_baseline(&self, writer: &mut impl Write, now: i64) -> Result<Counts, Error> {
        // Reads the same from here to the end, whoever commits meanwhile.
        let snapshot = self.connection.unchecked_transaction().at(&self.path)?;
        let header = Header {
            schema: SCHEMA.into(),
            program: env!("CARGO_PKG_VERSION").into(),
            created: Time(now),
        };
        put(writer, &header)?;
        self.lines(writer, "SELECT hash, name FROM kinds ORDER BY id", |row| {
            Ok(Line::Kind(KindLine {
                id: key(row, 0)?,
                name: text(row, 1)?,
            }))
        })?;
        let sql = "SELECT dimensions.hash, dimensions.name, kinds.name, fields, learn_days, \
             memory_days, canonical FROM dimensions JOIN kinds ON kinds.id = kind \
             ORDER BY dimensions.id";
        self.lines(writer, sql, |row| {
            Ok(Line::Dimension(DimensionLine {
                id: key(row, 0)?,
                name: text(row, 1)?,
                kind: text(row, 2)?,
                fields: text(row, 3)?,
                learn_days: row.get(4)?,
                memory_days: row.get(5)?,
                canonical: text(row, 6)?,
            }))
        })?;
        let sql = "SELECT series.hash, series.name, kinds.name, sum, canonical FROM series \
             JOIN kinds ON kinds.id = kind ORDER BY series.id";
        self.lines(writer, sql, |row| {
            Ok(Line::Series(SeriesLine {
                id: key(row, 0)?,
                name: text(row, 1)?,
                kind: text(row, 2)?,
                sum: row.get::<_, Option<String>>(3)?.map(Cow::Owned),
                canonical: text(row, 4)?,
            }))
        })?;
        let sql = "SELECT first_seen, last_seen, days, days_before, requests, key, declared, \
             entities.name, kinds.name FROM entities JOIN kinds ON kinds.id = kind ORDER BY key";
        let entities = self.lines(writer, sql, |row| {
            let kind: String = row.get(8)?;
            let extent = extent(row)?;
            let values = name::decode(name::fields(&kind), row.get_ref(7)?)?;
            Ok(Line::Entity(EntityLine {
                key: key(row, 5)?,
                kind: kind.into(),
                name: escaped(&values),
                first_seen: Time(extent.first),
                last_seen: Time(extent.last),
                days: bits(&extent),
                requests: extent.requests,
                declared: row.get(6)?,
            }))
        })?;
        let sql = "SELECT first_seen, last_seen, days, days_before, requests, key, declared, \
             known_values.name, hash, entity, fields FROM known_values \
             JOIN dimensions ON dimensions.id = dimension ORDER BY key";
        let values = self.lines(writer, sql, |row| {
            let fields: String = row.get(10)?;
            let extent = extent(row)?;
            let values = name::decode(name::fields(&fields), row.get_ref(7)?)?;
            Ok(Line::Value(ValueLine {
                key: key(row, 5)?,
                dimension: key(row, 8)?,
                entity: key(row, 9)?,
                name: escaped(&values),
                first_seen: Time(extent.first),
                last_seen: Time(extent.last),
                days: bits(&extent),
                requests: extent.requests,
                declared: row.get(6)?,
            }))
        })?;
        let sql = "SELECT hash, entity, hour, volumes.sum, learned FROM volumes \
             JOIN series ON series.id = series ORDER BY series, entity, hour";
        let volumes = self.lines(writer, sql, |row| {
            Ok(Line::Volume(VolumeLine {
                series: key(row, 0)?,
                entity: key(row, 1)?,
                hour: Time(row.get::<_, i64>(2)?.saturating_mul(HOUR)),
                sum: count(row.get(3)?),
                learned: count(row.get(4)?),
            }))
        })?;
        drop(snapshot);
        writer.flush()?;
        Ok(Counts {
            entities,
            values,
            volumes,
        })
    }

    /// Writes a line for every row; how many.
    fn lines(
        &self,
        writer: &mut impl Write,
        sql: &str,
        line: impl Fn(&Row<'_>) -> rusqlite::Result<Line<'static>>,
    ) -> Result<u64, Error> {
        let mut statement = self.connection.prepare(sql).at(&self.path)?;
        let mut rows = statement.query([]).at(&self.path)?;
        let mut written = 0;
        while let Some(row) = rows.next().at(&self.path)? {
            put(writer, &line(row).at(&self.path)?)?;
            written += 1;
        }
        Ok(written)
    }
}

fn put(writer: &mut impl Write, line: &impl Serialize) -> Result<(), Error> {
    json::write(&mut *writer, line)?;
    writer.write_all(b"\n")?;
    Ok(())
}

fn key(row: &Row<'_>, column: usize) -> rusqlite::Result<Key> {
    Ok(Key(unsigned(row.get(column)?)))
}

fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<Cow<'static, str>> {
    row.get::<_, String>(column).map(Cow::Owned)
}

fn bits(extent: &Extent) -> Bits {
    Bits(extent.days.bits())
}

fn escaped(values: &Tuple) -> Vec<Option<Cow<'static, str>>> {
    let texts = values.iter();
    texts
        .map(|value| Some(Cow::Owned(lossless(value.as_ref()?).into_owned())))
        .collect()
}
