//! Lines that are written for a time to come.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::line::{Channel, Fields, Line, Writer};
use crate::rollout::Rollout;

/// Numbers of planned requests start here; ordinary ones never come so far.
const FIRST_REQUEST: u64 = 1 << 62;

/// A planned line.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub struct Planned {
    /// Its time.
    pub time: i64,
    /// Its turn among those of one second.
    turn: u64,
    /// Whether it belongs to an attack, which must not be cut off.
    pub attack: bool,
    /// The line with its line feed.
    pub text: Vec<u8>,
}

/// Planned lines, earliest first.
pub struct Plan {
    writer: Writer,
    lines: BinaryHeap<Reverse<Planned>>,
    turn: u64,
    /// Number of the last request that had a line of its own.
    request: u64,
    /// Lines of attacks not yet taken.
    pub attacks_left: u64,
}

impl Plan {
    /// An empty plan. The writer is its own, because lines are written here
    /// long before their turn. Among lines of every age those of a plan are whole:
    /// a short one lacks what its rule looks at, or the host that tells whether
    /// an address of AWS is in the bucket's own region.
    pub const fn new(seed: u64, fields: Fields, rollout: Rollout) -> Self {
        let fields = match fields {
            Fields::Mixed => Fields::Fixed(27),
            fixed @ Fields::Fixed(_) => fixed,
        };
        Self {
            writer: Writer::new(seed, fields, rollout, FIRST_REQUEST),
            lines: BinaryHeap::new(),
            turn: 0,
            request: FIRST_REQUEST,
            attacks_left: 0,
        }
    }

    /// Adds a line of a decoy.
    pub fn add(&mut self, line: &Line<'_>) {
        self.push(line, false);
    }

    /// Adds a line of an attack.
    pub fn add_attack(&mut self, line: &Line<'_>) {
        self.attacks_left += 1;
        self.push(line, true);
    }

    fn push(&mut self, line: &Line<'_>, attack: bool) {
        self.turn += 1;
        let mut text = Vec::with_capacity(800);
        // A companion belongs to the request of the line before it.
        if line.channel != Channel::Companion {
            self.request = FIRST_REQUEST + self.turn;
        }
        let request = self.request;
        self.writer.write(&Line { request, ..*line }, &mut text);
        self.lines.push(Reverse(Planned {
            time: line.time,
            turn: self.turn,
            attack,
            text,
        }));
    }

    /// Takes the earliest line that is due.
    pub fn take(&mut self, now: i64) -> Option<Planned> {
        if self.lines.peek()?.0.time > now {
            return None;
        }
        let Reverse(line) = self.lines.pop()?;
        self.attacks_left -= u64::from(line.attack);
        Some(line)
    }
}
