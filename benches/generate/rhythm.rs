//! How busy the hours of a week are, and the time of each ordinary line.

/// Whether nights and weekends are quieter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Rhythm {
    /// Every hour like every other, people included.
    Flat,
    /// Working days, nights and weekends.
    Week,
}

/// Seconds of a day.
pub const DAY: i64 = 86_400;

/// Seconds after which it is known what is usual: two weeks.
pub const LEARNED: i64 = 14 * DAY;

/// Lines of the hours of a working day (UTC), per cent of the busiest.
const HOURS: [u64; 24] = [
    30, 26, 24, 24, 28, 36, 52, 74, 92, 98, 100, 98, 92, 96, 100, 96, 88, 74, 62, 56, 52, 48, 42,
    36,
];

/// Per cent of a working day that is left at weekends.
const WEEKEND: u64 = 45;

/// Hours in which people work (UTC), Monday to Friday; as the settings say it.
pub const WORK_HOURS: &str = "Mon-Fri 06:00-20:00";

/// Whether people work at a time, by [`WORK_HOURS`].
pub const fn working(time: i64) -> bool {
    let hour = time.rem_euclid(86_400) / 3600;
    weekday(time) && hour >= 6 && hour < 20
}

/// Whether a time is of Monday to Friday; the first of January 1970 was a Thursday.
pub const fn weekday(time: i64) -> bool {
    (time.div_euclid(86_400) + 3).rem_euclid(7) < 5
}

impl Rhythm {
    /// Whether people are at work.
    pub fn working(self, time: i64) -> bool {
        self == Self::Flat || working(time)
    }

    /// How busy the hour of a time is.
    fn weight(self, time: i64) -> u64 {
        let hour = (time.rem_euclid(86_400) / 3600).unsigned_abs() as usize;
        match self {
            Self::Flat => 1,
            Self::Week if weekday(time) => HOURS[hour] * 100,
            Self::Week => HOURS[hour] * WEEKEND,
        }
    }
}

/// End of the hour of a time.
const fn next_hour(time: i64) -> i64 {
    time - time.rem_euclid(3600) + 3600
}

/// The times of ordinary lines, one after the other.
pub struct Ticks {
    rhythm: Rhythm,
    /// Lines in all, and their weight in seconds.
    lines: u64,
    total: u128,
    line: u64,
    /// Start of the current stretch of one weight, and what was before it.
    begin: i64,
    before: u128,
}

impl Ticks {
    /// So many lines (at least one) from a time on, in so many seconds.
    pub fn new(rhythm: Rhythm, start: i64, span: i64, lines: u64) -> Self {
        let mut total = 0;
        let mut time = start;
        while time < start + span {
            let end = next_hour(time).min(start + span);
            total += u128::from(rhythm.weight(time)) * u128::from((end - time).unsigned_abs());
            time = end;
        }
        Self {
            rhythm,
            lines,
            total,
            line: 0,
            begin: start,
            before: 0,
        }
    }

    /// Time of the next line. Beyond the span the same goes on.
    pub fn next(&mut self) -> i64 {
        let target = u128::from(self.line) * self.total / u128::from(self.lines);
        self.line += 1;
        loop {
            let weight = u128::from(self.rhythm.weight(self.begin));
            let end = next_hour(self.begin);
            let after = self.before + weight * u128::from((end - self.begin).unsigned_abs());
            if target < after {
                return self.begin + ((target - self.before) / weight) as i64;
            }
            self.begin = end;
            self.before = after;
        }
    }
}
