//! The planted attacks. A new one is one row of a family's `ATTACKS` and its
//! function in the same file.
//!
//! Each has addresses, principals or buckets that nothing else uses in a way
//! that its rule would count, so that what is recorded here is exactly what a
//! detector has to find.

mod breaking;
mod firsts;
mod looking;
mod open;
mod refused;
mod ruin;
mod stolen;
mod taking;
mod unusual;
mod who;

use crate::fields::Field;
use crate::rhythm::{self, DAY, LEARNED};
use crate::scene::{Fires, Scene};

/// One planted attack.
pub struct Attack {
    /// Its own name.
    pub name: &'static str,
    /// The rule that has to fire.
    pub rule: &'static str,
    /// At what level.
    pub level: &'static str,
    /// What the rule groups by.
    pub key: &'static [Field],
    /// When the rule fires.
    pub fires: Fires,
    /// The rule's timespan, seconds.
    pub timespan: i64,
    /// Length of an alert's period, seconds.
    pub period: i64,
    /// Other rules that the same records rightly raise.
    pub also: &'static [&'static str],
    /// What the rule needs to find it: `baseline`, or lists of the settings where
    /// a baseline alone is not enough.
    pub needs: &'static [&'static str],
    /// Seconds that it may take.
    pub length: i64,
    /// Whether it is as large as the log of a day.
    pub huge: bool,
    /// When it is played.
    pub when: When,
    /// Writes it.
    pub play: fn(&mut Scene<'_>),
}

/// When an attack is played.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// At any time.
    Any,
    /// Its middle, 81 seconds in, on an hour boundary, if there is one.
    Straddling,
    /// Outside working hours.
    Night,
    /// Five minutes after this hour (UTC) of a working day, once two weeks have
    /// shown what is usual.
    Learned(i64),
}

/// Lines of a huge attack, eight times over: a log that it does not drown.
const ROOM: u64 = 800_000;

const HOUR: i64 = 3600;

/// What most rows share: something that is told each time.
const ANY: Attack = Attack {
    name: "",
    rule: "",
    level: "",
    key: &[],
    fires: Fires::Count(1),
    timespan: 1,
    period: HOUR,
    also: &[],
    needs: &[],
    length: 420,
    huge: false,
    when: When::Any,
    play: |_| {},
};

/// All of them, in the order in which they are placed.
pub fn all() -> impl Iterator<Item = &'static Attack> {
    let families = [
        refused::ATTACKS,
        who::ATTACKS,
        looking::ATTACKS,
        open::ATTACKS,
        taking::ATTACKS,
        breaking::ATTACKS,
        ruin::ATTACKS,
        firsts::ATTACKS,
        stolen::ATTACKS,
        unusual::ATTACKS,
    ];
    families.into_iter().flatten()
}

impl Attack {
    /// Whether a log is long and large enough to be planted with it unasked.
    pub fn fits(&self, start: i64, span: i64, lines: u64) -> bool {
        if self.is_learned() {
            return !self.days(start + LEARNED, start + span).is_empty();
        }
        let last = start + span * 9 / 10 - self.length;
        self.length * 2 <= span
            && (!self.huge || lines >= ROOM)
            && self.moved(last, start + span).is_some()
    }

    /// Whether it is played once it is known what is usual.
    pub const fn is_learned(&self) -> bool {
        matches!(self.when, When::Learned(_))
    }

    /// When it can begin on the working days from a time to before another; never
    /// where it needs no baseline.
    pub fn days(&self, from: i64, end: i64) -> Vec<i64> {
        let When::Learned(hour) = self.when else {
            return Vec::new();
        };
        let days = (from.div_euclid(DAY)..=end.div_euclid(DAY)).map(|day| day * DAY);
        let begin = days
            .filter(|midnight| rhythm::weekday(*midnight))
            .map(|midnight| midnight + hour * HOUR + 300);
        let fits = |begin: &i64| *begin >= from && *begin + self.length <= end;
        begin.filter(fits).collect()
    }

    /// When it begins if it should begin at a time; none if that is never.
    pub fn moved(&self, begin: i64, end: i64) -> Option<i64> {
        match self.when {
            When::Any => Some(begin),
            When::Learned(_) => self.days(begin, end).first().copied(),
            When::Straddling => {
                let hour = begin + HOUR - begin.rem_euclid(HOUR);
                Some(if hour + self.length < end {
                    hour - 81
                } else {
                    begin
                })
            }
            When::Night => {
                let day = |time: &i64| rhythm::working(*time) || rhythm::working(time + HOUR);
                let times = (0..).map(|hours| begin + hours * HOUR);
                times
                    .take_while(|time| time + self.length <= end)
                    .find(|time| !day(time))
            }
        }
    }
}
