//! An export into the file. Whoever wrote it is not trusted: what it says of
//! itself is checked, and the first line that is wrong ends it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{BufRead, Read};

use super::{
    Bits, Counts, DimensionLine, EntityLine, Header, Key, KindLine, Line, SCHEMA, SeriesLine, Time,
    ValueLine, VolumeLine,
};
use crate::baseline::{
    Days, Delta, Dimension, EntityDelta, Extent, HOUR, Kind, Lessons, MAX_DAYS, Series, Tuple,
    ValueDelta, VolumeDelta, day,
};
use crate::record::Field;
use crate::state::error::At;
use crate::state::{Commit, Error, count, name};
use crate::text::restore;
use crate::text::words::quote;

/// The longest line, bytes. A line of a log is no longer, and a name is part of
/// one.
const LONGEST: u64 = 8 << 20;
/// Rows that are added at a time.
const ROWS: usize = 10_000;

impl Commit<'_> {
    /// Takes in an export. Into a baseline that is not empty only where it is to
    /// be `merged`: days and times are then joined, while requests and volumes add
    /// up. So merging the same export twice changes no days, and doubles sums.
    ///
    /// The commit is to be dropped where this fails.
    pub fn import_baseline(&self, reader: impl BufRead, merged: bool) -> Result<Counts, Error> {
        if !merged {
            let sql =
                "SELECT (SELECT count(*) FROM entities) + (SELECT count(*) FROM known_values)";
            let held = self.transaction.query_row(sql, [], |row| row.get(0));
            let held = count(held.at(self.path)?);
            if held > 0 {
                return Err(Error::NotEmpty {
                    path: self.path.to_path_buf(),
                    rows: held,
                });
            }
        }
        let mut import = Import::default();
        let mut lines = Lines { reader, number: 0 };
        let mut line = Vec::new();
        let mut begun = false;
        while lines.next(&mut line)? {
            let wrong = |reason| Error::Import {
                line: lines.number,
                reason,
            };
            if !begun {
                header(&line).map_err(wrong)?;
                begun = true;
                continue;
            }
            let parsed = serde_json::from_slice(&line).map_err(|error| wrong(reason(&error)))?;
            import.line(parsed).map_err(wrong)?;
            if import.rows() >= ROWS {
                import.put(self)?;
            }
        }
        if !begun {
            return Err(Error::Import {
                line: 1,
                reason: "is empty, no export of a baseline".to_owned(),
            });
        }
        import.put(self)?;
        Ok(import.counts)
    }
}

/// Lines that are not empty, with their numbers.
struct Lines<R> {
    reader: R,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// Whether there is another.
    fn next(&mut self, line: &mut Vec<u8>) -> Result<bool, Error> {
        loop {
            line.clear();
            self.number += 1;
            let mut limited = (&mut self.reader).take(LONGEST);
            if limited.read_until(b'\n', line)? == 0 {
                return Ok(false);
            }
            if line.len() as u64 >= LONGEST {
                return Err(Error::Import {
                    line: self.number,
                    reason: format!("is longer than {LONGEST} bytes"),
                });
            }
            if !line.trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }
}

fn header(line: &[u8]) -> Result<(), String> {
    let none =
        || format!("is no export of a baseline, which begins with {{\"schema\":\"{SCHEMA}\"");
    let header: Header<'_> = serde_json::from_slice(line).map_err(|_| none())?;
    if header.schema == SCHEMA {
        return Ok(());
    }
    if header.schema.starts_with("s3sentry/baseline/") {
        return Err(format!(
            "is a baseline of the form {}, which this program does not know; update s3sentry",
            quote(&header.schema)
        ));
    }
    Err(none())
}

/// What a parser says, without the place: each line is parsed for itself.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    text[..end].to_owned()
}

/// What has been read.
#[derive(Default)]
struct Import {
    lessons: Lessons,
    /// Places among the lessons by id.
    dimensions: HashMap<u64, usize>,
    series: HashMap<u64, usize>,
    registered: bool,
    delta: Delta,
    counts: Counts,
}

impl Import {
    fn rows(&self) -> usize {
        self.delta.entities.len() + self.delta.values.len() + self.delta.volumes.len()
    }

    fn put(&mut self, commit: &Commit<'_>) -> Result<(), Error> {
        if !self.registered {
            commit.register(&self.lessons)?;
            self.registered = true;
        }
        commit.put_baseline(&self.delta)?;
        self.counts.entities += self.delta.entities.len() as u64;
        self.counts.values += self.delta.values.len() as u64;
        self.counts.volumes += self.delta.volumes.len() as u64;
        self.delta = Delta::default();
        Ok(())
    }

    fn line(&mut self, line: Line<'_>) -> Result<(), String> {
        match line {
            Line::Kind(line) => self.kind(&line),
            Line::Dimension(line) => self.dimension(line),
            Line::Series(line) => self.series(line),
            Line::Entity(line) => self.entity(&line),
            Line::Value(line) => self.value(&line),
            Line::Volume(line) => self.volume(&line),
        }
    }

    fn kind(&mut self, line: &KindLine<'_>) -> Result<(), String> {
        let kind = Kind::new(fields(&line.name)?);
        if kind.id != line.id.0 {
            return Err(format!(
                "the id of kind {} is not that of its name",
                quote(&line.name)
            ));
        }
        if !self.lessons.kinds.contains(&kind) {
            self.lessons.kinds.push(kind);
            self.registered = false;
        }
        Ok(())
    }

    fn dimension(&mut self, line: DimensionLine<'_>) -> Result<(), String> {
        let days = 1..=MAX_DAYS;
        if !days.contains(&line.learn_days) || !days.contains(&line.memory_days) {
            return Err(format!("learn_days and memory_days are 1 to {MAX_DAYS}"));
        }
        let place = self.lessons.dimensions.len();
        if self.dimensions.insert(line.id.0, place).is_some() {
            return Err(format!("dimension {:016x} stands twice", line.id.0));
        }
        self.lessons.dimensions.push(Dimension {
            id: line.id.0,
            group: self.place(&line.kind)?,
            value: fields(&line.fields)?,
            name: line.name.into_owned(),
            canonical: line.canonical.into_owned(),
            teaches: 0,
            learn_days: line.learn_days,
            memory_days: line.memory_days,
        });
        self.registered = false;
        Ok(())
    }

    fn series(&mut self, line: SeriesLine<'_>) -> Result<(), String> {
        let place = self.lessons.series.len();
        if self.series.insert(line.id.0, place).is_some() {
            return Err(format!("series {:016x} stands twice", line.id.0));
        }
        self.lessons.series.push(Series {
            id: line.id.0,
            kind: self.place(&line.kind)?,
            name: line.name.into_owned(),
            canonical: line.canonical.into_owned(),
            sum: line.sum.as_deref().map(field).transpose()?,
            of: Vec::new(),
        });
        self.registered = false;
        Ok(())
    }

    fn entity(&mut self, line: &EntityLine<'_>) -> Result<(), String> {
        let kind = &self.lessons.kinds[self.place(&line.kind)?];
        let name = values(&line.name, kind.fields.len())?;
        check_key(line.key, name::hash_of(&name).map(|hash| kind.key(hash)))?;
        self.delta.entities.push(EntityDelta {
            key: line.key.0,
            kind: kind.id,
            name: Some(name),
            extent: extent(line.first_seen, line.last_seen, line.days, line.requests)?,
            declared: line.declared,
        });
        Ok(())
    }

    fn value(&mut self, line: &ValueLine<'_>) -> Result<(), String> {
        let place = self.dimensions.get(&line.dimension.0);
        let place = place.ok_or_else(|| before("dimension", line.dimension))?;
        let dimension = &self.lessons.dimensions[*place];
        let name = values(&line.name, dimension.value.len())?;
        let hash = name::hash_of(&name);
        check_key(
            line.key,
            hash.map(|hash| dimension.key(line.entity.0, hash)),
        )?;
        self.delta.values.push(ValueDelta {
            key: line.key.0,
            dimension: dimension.id,
            entity: line.entity.0,
            name: Some(name),
            extent: extent(line.first_seen, line.last_seen, line.days, line.requests)?,
            declared: line.declared,
        });
        Ok(())
    }

    fn volume(&mut self, line: &VolumeLine) -> Result<(), String> {
        if !self.series.contains_key(&line.series.0) {
            return Err(before("series", line.series));
        }
        if line.hour.0.rem_euclid(HOUR) != 0 {
            return Err("the time of a volume is the beginning of an hour".to_owned());
        }
        self.delta.volumes.push(VolumeDelta {
            series: line.series.0,
            entity: line.entity.0,
            hour: line.hour.0.div_euclid(HOUR),
            sum: line.sum,
            learned: line.learned,
        });
        Ok(())
    }

    /// The place of a kind by its name.
    fn place(&self, name: &str) -> Result<usize, String> {
        let mut kinds = self.lessons.kinds.iter();
        let place = kinds.position(|kind| kind.name() == name);
        place.ok_or_else(|| format!("kind {} has no line before this one", quote(name)))
    }
}

fn before(what: &str, id: Key) -> String {
    format!("{what} {:016x} has no line before this one", id.0)
}

/// Fields by their names with `+` between.
fn fields(names: &str) -> Result<Vec<Field>, String> {
    match names {
        "" => Ok(Vec::new()),
        names => names.split('+').map(field).collect(),
    }
}

fn field(name: &str) -> Result<Field, String> {
    Field::from_name(name).ok_or_else(|| {
        format!(
            "{} is no field that this program knows; update s3sentry",
            quote(name)
        )
    })
}

fn values(texts: &[Option<Cow<'_, str>>], fields: usize) -> Result<Tuple, String> {
    if texts.len() != fields {
        return Err(format!("a name of {} values, not {fields}", texts.len()));
    }
    let bytes = |text: &Option<Cow<'_, str>>| text.as_deref().map(restore);
    Ok(texts.iter().map(bytes).collect())
}

/// Where a secret was taken out of a name, its key cannot be made again.
fn check_key(key: Key, made: Option<u64>) -> Result<(), String> {
    match made {
        Some(made) if made != key.0 => Err(format!(
            "key {:016x} is not that of its name, {made:016x}",
            key.0
        )),
        _ => Ok(()),
    }
}

fn extent(first: Time, last: Time, days: Bits, requests: u64) -> Result<Extent, String> {
    let span = u32::try_from(last.0.saturating_sub(first.0)).map(|_| ());
    if span.is_err() {
        return Err("first_seen is after last_seen, or more than a century before".to_owned());
    }
    if requests == 0 {
        return Err("what was seen has at least one request".to_owned());
    }
    let back = day(last.0).abs_diff(day(first.0));
    let oldest = u128::BITS - 1 - days.0.leading_zeros().min(u128::BITS - 1);
    if days.0 & 1 == 0 || oldest > back {
        return Err("days do not go from that of last_seen back to that of first_seen".to_owned());
    }
    Ok(Extent {
        first: first.0,
        last: last.0,
        days: Days::from_bits(day(last.0), days.0),
        requests,
    })
}
