//! Which records an alert may show: the first that it counts, one of each kind
//! among them.
//!
//! A record is told by the place of its line. Whether the line can be had again
//! is not known here, nor what its input is called.

/// A record that an alert may show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Number of its input, and offset of its line in the decompressed input.
    pub place: (u32, u64),
    /// Seconds since the Unix epoch.
    pub time: i64,
    /// Tells the record from others of the same second.
    pub identity: u64,
    /// The rule's marks by which it is shown, a bit each.
    pub marks: u64,
    /// The line, raw, without its line feed, where it was kept.
    pub line: Option<Vec<u8>>,
}

impl Seen {
    /// Whether it is the same record.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        (self.time, self.identity) == (other.time, other.identity)
    }
}

fn marks<'s>(records: impl IntoIterator<Item = &'s Seen>) -> u64 {
    let records = records.into_iter();
    records.fold(0, |marks, record| marks | record.marks)
}

/// The first records of a key in a period.
#[derive(Debug)]
pub struct Firsts {
    records: Vec<Seen>,
    most: usize,
}

impl Firsts {
    /// None yet; remembers at most so many.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            records: Vec::new(),
            most,
        }
    }

    /// A record that comes after those before. What is earlier than `from` is
    /// too old for the firing and gives way first; else only what is of a kind
    /// that is shown already gives way, and only to another kind.
    pub fn add(&mut self, seen: Seen, from: i64) {
        if !self.wants(seen.marks, from) {
            return;
        }
        if self.records.len() >= self.most {
            let place = if self.has_older(from) {
                0
            } else if let Some(spare) = self.spare(seen.marks) {
                spare
            } else {
                return;
            };
            self.records.remove(place);
        }
        // Of many keys that may fire most have few records.
        self.records.reserve_exact(1);
        self.records.push(seen);
    }

    /// Whether records of these marks are worth a look.
    #[must_use]
    pub fn wants(&self, seen: u64, from: i64) -> bool {
        let full = self.records.len() >= self.most;
        let new = || self.has_older(from) || seen & !marks(&self.records) != 0;
        self.most > 0 && (!full || new())
    }

    fn has_older(&self, from: i64) -> bool {
        self.records.first().is_some_and(|first| first.time < from)
    }

    /// The last record without which, and with these marks, all kinds that are
    /// shown still are.
    fn spare(&self, with: u64) -> Option<usize> {
        let others = |at: usize| self.records[..at].iter().chain(&self.records[at + 1..]);
        let spare = |at: &usize| self.records[*at].marks & !(with | marks(others(*at))) == 0;
        (0..self.records.len()).rev().find(spare)
    }

    /// What is shown, with this record whatever its kind.
    #[must_use]
    pub fn with(mut self, must: Option<Seen>) -> Vec<Seen> {
        if let Some(must) = must
            && self.most > 0
            && !self.records.iter().any(|record| record.is(&must))
        {
            if self.records.len() >= self.most {
                let last = self.records.len() - 1;
                self.records.remove(self.spare(must.marks).unwrap_or(last));
            }
            self.records.push(must);
        }
        self.records
    }
}

/// Adds records whose lines were kept to those chosen: the lines of what is
/// chosen already, behind them the rest.
pub fn add_lines(chosen: &mut Vec<Seen>, kept: impl IntoIterator<Item = Seen>) {
    for kept in kept {
        match chosen.iter_mut().find(|record| record.is(&kept)) {
            Some(record) if record.line.is_none() => {
                (record.place, record.line) = (kept.place, kept.line);
            }
            Some(_) => {}
            None => chosen.push(kept),
        }
    }
}

/// The records to show of those that [`add_lines`] gave, once all lines that can
/// be had are there: with their lines rather than without, those chosen rather
/// than the rest, but of each kind one. In order of time.
#[must_use]
pub fn choose(mut records: Vec<Seen>, most: usize) -> Vec<Seen> {
    records.sort_by_key(|record| record.line.is_none());
    let mut shown = 0;
    let (mut records, rest): (Vec<_>, Vec<_>) = records.into_iter().partition(|record| {
        let new = record.marks & !shown != 0;
        shown |= record.marks;
        new
    });
    records.extend(rest);
    records.truncate(most);
    records.sort_by_key(|record| (record.time, record.place));
    records
}
