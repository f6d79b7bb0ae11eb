//! Ordinary behaviour that looks like an attack and must not be paged for.
//!
//! Each decoy comes again after its pause, and behaves as such systems do; all
//! that it may raise is low. More of it is part of the ordinary traffic already.

mod build;
mod changes;
mod data;
mod outside;
mod services;

use crate::line::Line;
use crate::rhythm::Rhythm;
use crate::rng::Rng;

/// Takes the lines of a decoy, in any order.
pub type Tell<'a> = dyn FnMut(&Line<'_>) + 'a;

/// Something that comes again.
struct Decoy {
    /// Seconds after the start, for the first time.
    first: i64,
    /// Seconds until the next time; [`ONCE`] where there is none.
    pause: i64,
    /// Whether people do it, who have a night and a weekend.
    people: bool,
    play: fn(&mut Rng, i64, &mut Tell<'_>),
}

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

/// A pause that no log is long enough for.
const ONCE: i64 = i64::MAX / 4;

/// What people do.
const fn people(first: i64, pause: i64, play: fn(&mut Rng, i64, &mut Tell<'_>)) -> Decoy {
    Decoy {
        first,
        pause,
        people: true,
        play,
    }
}

/// What happens by day and by night.
const fn always(first: i64, pause: i64, play: fn(&mut Rng, i64, &mut Tell<'_>)) -> Decoy {
    Decoy {
        people: false,
        ..people(first, pause, play)
    }
}

static DECOYS: [Decoy; 35] = [
    people(420, 2 * HOUR, build::deploy),
    people(700, 3 * HOUR, build::publish),
    people(1200, 9 * HOUR, build::terraform_plan),
    people(3000, 60 * HOUR, build::terraform_apply),
    people(900, HOUR, build::console),
    people(1500, 4 * HOUR, build::many_people),
    people(1900, 2 * HOUR, build::privacy_addresses),
    people(2300, 20 * HOUR, build::key_rotation),
    always(1300, 6 * HOUR, data::one_role_many_addresses),
    always(2200, 4 * HOUR, data::athena),
    always(1150, 3 * HOUR, data::sdk_probes),
    always(2000, 4 * HOUR, data::spark_misses),
    always(2600, 12 * HOUR, data::spark_deletes),
    always(3900, DAY, data::backup),
    always(1000, DAY, data::rewritten),
    always(1100, 12 * HOUR, data::moved),
    always(1600, DAY, data::storage_class),
    always(2800, DAY, data::warmed),
    always(150, HOUR, data::log_shipper),
    always(1700, 3 * HOUR, services::origin_misses),
    always(500, DAY, services::config),
    always(3100, DAY, services::inventory),
    always(800, 4 * HOUR, services::replication),
    always(240, DAY, services::expiry),
    always(60, 20 * MINUTE, services::deliveries),
    always(100, 200, outside::crawler),
    always(1800, 8 * HOUR, outside::search_engine),
    always(200, 10 * MINUTE, outside::health_check),
    always(600, 3 * HOUR, outside::website_scanner),
    always(2100, 6 * HOUR, outside::bucket_scanner),
    always(650, 2 * HOUR, outside::icons),
    always(1400, 2 * HOUR, outside::uploads),
    always(2500, 4 * DAY, outside::newsletter),
    always(3300, DAY, outside::partner),
    always(750, 4 * HOUR, outside::carrier),
];

/// What changes over the weeks, where it is asked for.
static CHANGES: [Decoy; 11] = [
    people(9 * HOUR + 410, 3 * DAY, changes::at_home),
    people(17 * HOUR + 410, 4 * DAY, changes::at_home),
    people(9 * DAY + 8 * HOUR + 250, 3 * HOUR, changes::newcomer),
    always(8 * DAY + 10 * HOUR, 6 * HOUR, changes::forecasts),
    always(2 * HOUR + 900, DAY, changes::nightly),
    people(7 * HOUR + 120, 2 * HOUR, changes::builds),
    always(17 * DAY + 2 * HOUR + 2200, ONCE, changes::larger_night),
    people(16 * DAY + 13 * HOUR, ONCE, changes::larger_deploy),
    always(15 * DAY + 18 * HOUR, ONCE, changes::traveller),
    always(16 * DAY + 6 * HOUR + 1800, ONCE, changes::traveller),
    always(15 * DAY + 4 * HOUR, ONCE, changes::month_is_over),
];

/// The decoys and when each is due.
pub struct Decoys {
    rng: Rng,
    rhythm: Rhythm,
    all: Vec<(i64, &'static Decoy)>,
    /// The earliest of them; most lines have no more to ask.
    soonest: i64,
}

impl Decoys {
    /// From a time on, and whether there are changes from week to week.
    pub fn new(seed: u64, start: i64, rhythm: Rhythm, changes: bool) -> Self {
        let changes = if changes { &CHANGES[..] } else { &[] };
        let all = DECOYS.iter().chain(changes);
        Self {
            rng: Rng::new(seed, 3),
            rhythm,
            all: all.map(|decoy| (start + decoy.first, decoy)).collect(),
            soonest: start,
        }
    }

    /// Tells those that are due up to a time. What they tell depends on no more
    /// than the order in which they come due, however often this is called.
    pub fn play(&mut self, until: i64, tell: &mut Tell<'_>) {
        while self.soonest <= until {
            let (i, time) = self.next();
            if time > until {
                self.soonest = time;
                return;
            }
            let decoy = self.all[i].1;
            if !decoy.people || self.rhythm.working(time) {
                (decoy.play)(&mut self.rng, time, tell);
            }
            self.all[i].0 += decoy.pause;
        }
    }

    /// The earliest that is due.
    fn next(&self) -> (usize, i64) {
        let due = self.all.iter().map(|(due, _)| *due).enumerate();
        due.min_by_key(|(i, time)| (*time, *i))
            .unwrap_or((0, i64::MAX))
    }
}
