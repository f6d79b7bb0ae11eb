//! What is normal: who and what was seen on which days, and how much in which
//! hours.
//!
//! Blocks leave [`Notes`] in the parallel stage; [`Baseline`] adds them up and
//! answers what the rules ask. All of it adds up: days by union, times by the
//! earliest and the latest, requests and volumes by sums. So neither order nor
//! repetition of days nor the cutting into runs matters. What is asked is the
//! baseline as it stood before a day (a *reference day*), never as it stands
//! now: so the answer is the same whenever it is asked, once all records up to
//! then have come.
//!
//! Files and databases may not enter: what is kept between runs leaves as a
//! [`Delta`] and comes back through [`Baseline::remember_entity`] and its like,
//! and through [`Past`].

pub mod days;
mod delta;
pub mod known;
pub mod notes;
pub mod volume;

use std::io;

pub use self::days::Days;
pub use self::delta::{Delta, EntityDelta, Extent, ValueDelta, VolumeDelta};
pub use self::known::{Baseline, Mode};
pub use self::notes::Notes;
pub use self::volume::Sums;
use crate::record::{Field, hash};

/// Distinct days with records after which a group is learned, unless set.
pub const LEARN_DAYS: u32 = 7;
/// Days for which a value is known after it was last seen, unless set.
pub const MEMORY_DAYS: u32 = 90;
/// The most days that can be asked for: what [`Days`] holds, less what a rule
/// may look back.
pub const MAX_DAYS: u32 = 120;

/// Seconds of a day, and of an hour.
pub const DAY: i64 = 86_400;
/// Seconds of an hour.
pub const HOUR: i64 = 3_600;

/// The values of one field each, as they stand in the log (bytes); `None` where
/// a record had no such field.
pub type Tuple = Vec<Option<Vec<u8>>>;

/// How long it takes to learn, and to forget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Distinct UTC days with records after which a group is learned.
    pub learn_days: u32,
    /// Days for which a value is known after it was last seen.
    pub memory_days: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            learn_days: LEARN_DAYS,
            memory_days: MEMORY_DAYS,
        }
    }
}

/// A kind of entity: the fields whose values make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// Hash of the fields' names: the same in every run.
    pub id: u64,
    /// None stands for the whole log, which is one entity.
    pub fields: Vec<Field>,
}

impl Kind {
    /// A kind by its fields.
    #[must_use]
    pub fn new(fields: Vec<Field>) -> Self {
        let kind = Self { id: 0, fields };
        Self {
            id: hash::value(format!("kind {}", kind.name()).as_bytes()),
            ..kind
        }
    }

    /// Names of the fields with `+` between; empty for the whole log.
    #[must_use]
    pub fn name(&self) -> String {
        let names: Vec<&str> = self.fields.iter().map(|field| field.name()).collect();
        names.join("+")
    }

    /// The key of the entity whose values have these hashes together
    /// ([`tuple()`]).
    #[must_use]
    pub fn key(&self, tuple: u64) -> u64 {
        mix(self.id, tuple)
    }
}

/// Values of a group that are learned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dimension {
    /// Hash of [`Dimension::canonical`]: the same in every run.
    pub id: u64,
    /// The rule, or the derived field, that asks for it.
    pub name: String,
    /// What teaches, group and value in a fixed form.
    pub canonical: String,
    /// Place of the group's kind among [`Lessons::kinds`].
    pub group: usize,
    /// The fields whose values are learned, together.
    pub value: Vec<Field>,
    /// Selection of the records that teach.
    pub teaches: usize,
    /// Days after which a group is learned.
    pub learn_days: u32,
    /// Days for which a value is known.
    pub memory_days: u32,
}

/// What the names of dimensions begin with that no rule asks for: they are told of
/// when somebody asks who a principal is.
pub const TOLD: &str = "networks of ";

impl Dimension {
    /// Whether no rule asks for it.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.name.starts_with(TOLD)
    }

    /// The key of a value of a group.
    #[must_use]
    pub fn key(&self, entity: u64, tuple: u64) -> u64 {
        mix(mix(self.id, entity), tuple)
    }
}

/// Sums by the hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Hash of [`Series::canonical`]: the same in every run.
    pub id: u64,
    /// The rule that asked for it first.
    pub name: String,
    /// What is added up in a fixed form.
    pub canonical: String,
    /// Place of the kind among [`Lessons::kinds`].
    pub kind: usize,
    /// The number that is added up; requests where there is none.
    pub sum: Option<Field>,
    /// Selections of the records, any of them.
    pub of: Vec<usize>,
}

/// What is to be learned from records.
#[derive(Debug, Clone, Default)]
pub struct Lessons {
    /// Entities that are noted of every record.
    pub kinds: Vec<Kind>,
    /// Values.
    pub dimensions: Vec<Dimension>,
    /// Volumes.
    pub series: Vec<Series>,
}

/// Whether a value is new in its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Novelty {
    /// The group is not learned yet, or there is no baseline.
    Unlearned,
    /// It was seen before.
    Known,
    /// It was not, and would have been.
    New,
}

impl Novelty {
    /// In the order of their numbers.
    pub const ALL: [Novelty; 3] = [Novelty::Unlearned, Novelty::Known, Novelty::New];
}

/// Volumes of earlier runs.
pub trait Past: Send + Sync {
    /// The sums of an entity in a series at an hour of the day: hours since the
    /// epoch from `from` to before `until` that are `hour` modulo 24, with what
    /// they came to.
    fn volumes(
        &self,
        series: u64,
        entity: u64,
        hour: i64,
        range: (i64, i64),
    ) -> io::Result<Vec<(i64, Sums)>>;
}

/// The hash of several values together, from the hashes of each.
#[must_use]
pub fn tuple(values: &[u64]) -> u64 {
    crate::correlate::entry::key(values.len(), values.iter().copied())
}

fn mix(left: u64, right: u64) -> u64 {
    tuple(&[left, right])
}

/// A number of days as people write it: `7d`, from 1 to [`MAX_DAYS`].
#[must_use]
pub fn days(text: &str) -> Option<u32> {
    let seconds = crate::rule::pattern::long_span(text).ok()?;
    let days = u32::try_from(seconds / DAY).ok()?;
    (seconds % DAY == 0 && (1..=MAX_DAYS).contains(&days)).then_some(days)
}

/// The UTC day of a time: days since the Unix epoch.
#[must_use]
pub fn day(time: i64) -> i32 {
    time.div_euclid(DAY) as i32
}
