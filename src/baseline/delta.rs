//! What a run has added to the baseline, as plain data for whoever keeps it.
//!
//! What it means for what is known may not enter here.

use super::notes::Note;
use super::{Days, Tuple, day};

/// When something was seen, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Seconds since the Unix epoch.
    pub first: i64,
    /// The last time.
    pub last: i64,
    /// On which days.
    pub days: Days,
    /// How many records, a line that was delivered twice twice.
    pub requests: u64,
}

impl Extent {
    pub(super) fn of(note: &Note) -> Self {
        Self {
            first: note.first,
            last: note.last,
            days: Days::one(day(note.first)),
            requests: note.requests,
        }
    }

    /// Both together.
    pub fn add(&mut self, other: &Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.days = self.days.union(other.days);
        self.requests = self.requests.saturating_add(other.requests);
    }
}

/// What was seen of an entity since the last commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityDelta {
    /// Its key.
    pub key: u64,
    /// Id of its kind.
    pub kind: u64,
    /// Its values, where no earlier run has kept them.
    pub name: Option<Tuple>,
    /// To be added.
    pub extent: Extent,
    /// Whether it was declared normal.
    pub declared: bool,
}

/// What was seen of a value since the last commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueDelta {
    /// Its key.
    pub key: u64,
    /// Id of its dimension.
    pub dimension: u64,
    /// Key of the group it belongs to.
    pub entity: u64,
    /// The values, where no earlier run has kept them.
    pub name: Option<Tuple>,
    /// To be added.
    pub extent: Extent,
    /// Whether it was declared normal.
    pub declared: bool,
}

/// What an hour of an entity came to since the last commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VolumeDelta {
    /// Id of the series.
    pub series: u64,
    /// Key of the entity.
    pub entity: u64,
    /// Hours since the epoch.
    pub hour: i64,
    /// To be added.
    pub sum: u64,
    /// What it came to at least where it was declared normal: not added up.
    pub learned: u64,
}

/// What a commit adds to what is kept. In no order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delta {
    /// Entities.
    pub entities: Vec<EntityDelta>,
    /// Values.
    pub values: Vec<ValueDelta>,
    /// Volumes.
    pub volumes: Vec<VolumeDelta>,
    /// Keys of entities that there was no room for any more.
    pub gone_entities: Vec<u64>,
    /// Keys of values that there was no room for any more.
    pub gone_values: Vec<u64>,
}
