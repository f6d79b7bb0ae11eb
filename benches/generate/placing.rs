//! Which attacks are planted, and when.

use anyhow::{Result, bail, ensure};

use crate::attacks::{self, Attack};
use crate::plan::Plan;
use crate::rhythm::LEARNED;
use crate::scene::{Scene, Truth};

/// Beginning and length of a log.
pub struct Clock {
    /// First second.
    pub start: i64,
    /// Lines, or what they will be by the average of the shape.
    pub lines: u64,
    /// Seconds that they take.
    pub span: i64,
}

impl Clock {
    /// The second after the last.
    pub const fn end(&self) -> i64 {
        self.start + self.span
    }
}

/// The attacks of these names; of all those for which the log has room.
pub fn choose(names: &str, clock: &Clock) -> Result<Vec<&'static Attack>> {
    let fit = |attack: &&Attack| attack.fits(clock.start, clock.span, clock.lines);
    match names {
        "all" => return Ok(attacks::all().filter(fit).collect()),
        "learned" => {
            let learned = attacks::all().filter(|attack| attack.is_learned());
            return Ok(learned.filter(fit).collect());
        }
        "none" => return Ok(Vec::new()),
        _ => {}
    }
    let wanted: Vec<&str> = names.split(',').map(str::trim).collect();
    let known =
        |name: &str| attacks::all().any(|attack| attack.name == name || attack.rule == name);
    if let Some(name) = wanted.iter().find(|name| !known(name)) {
        let names: Vec<&str> = attacks::all().map(|attack| attack.name).collect();
        bail!(
            "no attack or rule is named {name}; there are {}",
            names.join(", ")
        );
    }
    let chosen = attacks::all()
        .filter(|attack| wanted.contains(&attack.name) || wanted.contains(&attack.rule));
    Ok(chosen.collect())
}

/// Spreads the attacks over the first nine tenths of the time; those that need a
/// baseline over the working days after two weeks.
pub fn plant(attacks: &[&Attack], clock: &Clock, plan: &mut Plan) -> Result<Vec<Truth>> {
    ensure!(
        attacks.is_empty() || clock.span >= 1800,
        "attacks need half an hour, and {} lines at this rate take {} s: \
         more lines, a lower --rate, or --attacks none",
        clock.lines,
        clock.span
    );
    let (learned, always): (Vec<&Attack>, Vec<&Attack>) =
        attacks.iter().partition(|attack| attack.is_learned());
    let mut truth = Vec::new();
    let spread = |attack: &Attack, i: i64| {
        let room = (clock.span * 9 / 10).min(clock.span - attack.length) - 60;
        clock.start + 60 + room.max(0) * i / always.len() as i64
    };
    for (i, attack) in (0..).zip(&always) {
        let begin = attack.moved(spread(attack, i), clock.end());
        truth.push(play(attack, begin, clock, plan)?);
    }
    for (i, attack) in learned.iter().enumerate() {
        let days = attack.days(clock.start + LEARNED, clock.end());
        let begin = days.get(i * days.len() / learned.len()).copied();
        truth.push(play(attack, begin, clock, plan)?);
    }
    ensure!(
        plan.attacks_left * 4 <= clock.lines * 3,
        "{} lines of attacks need at least a third more in all",
        plan.attacks_left
    );
    Ok(truth)
}

/// Plays an attack where the log has room for it.
fn play(attack: &Attack, begin: Option<i64>, clock: &Clock, plan: &mut Plan) -> Result<Truth> {
    match begin {
        Some(begin) if begin + attack.length <= clock.end() => {
            let log = (clock.start, clock.end());
            Ok(Scene::play(attack, begin, log, plan))
        }
        _ => bail!(
            "{} takes {} s, and the log has no room for it",
            attack.name,
            attack.length
        ),
    }
}
