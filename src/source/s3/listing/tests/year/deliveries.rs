//! What is delivered in a year to three logs, each with keys of its own kind.

use super::super::{DAY, object, partitioned, simple};
use super::{END, HOUR, LOOKBACK, START};
use crate::source::s3::Object;

/// Simple keys, folders of the day of the delivery, folders of the day of the events.
pub(super) const STEMS: [&str; 3] = ["web/", "by-delivery/", "by-event/"];

/// A log object.
#[derive(Debug)]
pub(super) struct Delivered {
    pub object: Object,
    /// Which of the logs.
    pub log: usize,
    /// When it can be listed first.
    pub there: i64,
    /// How long that is after what its name stands for: the delivery, or the
    /// latest of its events.
    pub late: i64,
    pub text: String,
}

impl Delivered {
    /// The time in its name.
    pub(super) fn named(&self) -> i64 {
        self.object.named.time.unwrap()
    }

    /// How long after that it was written.
    pub(super) fn written_after(&self) -> i64 {
        self.object.modified.unwrap() - self.named()
    }

    fn new(log: usize, number: u64, of: i64, late: i64, dice: &mut fastrand::Rng) -> Self {
        let key = match log {
            0 => simple(STEMS[0], of, number),
            1 => partitioned(STEMS[1], of, number),
            _ => partitioned(STEMS[2], of - of.rem_euclid(DAY), number),
        };
        let day = of - of.rem_euclid(DAY);
        let line = |line: u8| {
            // All events of an object are of one day.
            let time = (of - 100 * i64::from(line)).max(day);
            let at = chrono::DateTime::from_timestamp(time, 0).unwrap();
            format!(
                "o b{log} [{}] 198.51.100.7 arn:aws:iam::111122223333:user/u R{number}L{line} \
                 REST.GET.OBJECT k \"GET /k HTTP/1.1\" 200 - 9 9 1 1 \"-\" \"a\" - H SigV4 C \
                 AuthHeader b.s3.eu-west-1.amazonaws.com TLSv1.3 - -\n",
                at.format("%d/%b/%Y:%H:%M:%S +0000")
            )
        };
        let text: String = (0..dice.u8(1..=3)).map(line).collect();
        // The clock of who writes and that of who lists are not the same.
        let there = of + late;
        Self {
            object: object(&key, text.len() as u64, there - dice.i64(0..=240)),
            log,
            there,
            late,
            text,
        }
    }
}

/// By when they are there.
pub(super) fn year(dice: &mut fastrand::Rng) -> Vec<Delivered> {
    let mut all = Vec::new();
    for hour in (START..END).step_by(HOUR as usize) {
        for log in 0..STEMS.len() {
            // Some hours of some days nothing is delivered.
            if dice.u8(..100) >= 6 {
                continue;
            }
            let of = hour + dice.i64(0..HOUR);
            let late = match dice.u8(..200) {
                0..5 => dice.i64(LOOKBACK + 1..10 * DAY),
                5..30 => dice.i64(HOUR..=LOOKBACK - HOUR),
                _ => dice.i64(300..20 * 60),
            };
            all.push(Delivered::new(log, all.len() as u64, of, late, dice));
        }
    }
    // Whatever a name says, the clock goes on.
    for (log, time) in [
        (0, "web/2099-01-01-00-00-07-"),
        (1, "by-delivery/2099/01/01/2099-01-01-00-00-07-"),
    ] {
        let mut one = Delivered::new(log, all.len() as u64, START + 180 * DAY, 600, dice);
        one.object = object(
            &format!("{time}FFFFFFFFFFFFFFFF"),
            one.text.len() as u64,
            one.there,
        );
        all.push(one);
    }
    all.sort_by_key(|one| one.there);
    all
}
