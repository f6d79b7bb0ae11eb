//! What the account does all day.
//!
//! Sessions (one address, one requester, one bucket, some lines) take turns:
//! a few dozen are alive at a time and each speaks in runs, as in real logs.
//! Nothing here may raise an alert of medium or above under the settings of
//! [`crate::settings`]: from networks that are not the company's there are
//! only presigned requests and readers of the public buckets, and refusals
//! and deletions are paced by the clock of the log, whatever the rate of lines.

use crate::acts;
use crate::kinds::{self, Kind};
use crate::line::{Address, Channel, Line, Tls, Writer};
use crate::rhythm::Rhythm;
use crate::rng::{Rng, mix};
use crate::spread;
use crate::world::{self, Addresses, agent};

/// Whether addresses come in runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Shape {
    /// Addresses, principals and buckets in runs.
    Sessions,
    /// Every line another address and key: the worst case for combining.
    Scattered,
    /// Authenticated reads alone, each from another address and network.
    Spread,
}

/// Somebody at work.
pub struct Session {
    /// What they do.
    pub kind: Kind,
    /// From where.
    pub address: Address,
    /// As whom; empty when unsigned.
    pub requester: String,
    /// In which bucket.
    pub bucket: &'static str,
    /// With which program.
    pub agent: &'static str,
    /// Of what site, for browsers.
    pub referer: &'static str,
    /// Something of their own: prefix of keys, number of an upload.
    pub seed: u64,
    /// Number of the current request.
    pub request: u64,
    /// Lines written.
    pub step: u32,
    left: u32,
    tls: Tls,
}

/// Text of the line being made.
#[derive(Default)]
pub struct Scratch {
    /// The key as logged.
    pub key: Vec<u8>,
    /// The path, where it is not the key.
    pub path: Vec<u8>,
    /// The query.
    pub query: Vec<u8>,
}

/// Seconds between ordinary refusals. They rotate over [`REFUSED`], so that
/// one address and bucket sees at most four in five minutes.
const REFUSAL_PAUSE: i64 = 6;

/// And lines between them, so that a quiet log is not all refusals.
const REFUSAL_LINES: u64 = 80;

/// Seconds between deleting sessions: of at most 20 keys each, so that no bucket
/// loses more than 80 in ten minutes.
const DELETE_PAUSE: i64 = 180;

/// Buckets that people ask for and may not see; one operation each, so that no
/// refused caller looks like one who tries everything.
const REFUSED: [(&str, &str); 4] = [
    (world::FINANCE, "REST.GET.OBJECT"),
    (world::HR, "REST.GET.BUCKET"),
    (world::ARCHIVE, "REST.HEAD.OBJECT"),
    (world::MODELS, "REST.GET.OBJECT"),
];

/// The source of ordinary lines.
pub struct Traffic {
    shape: Shape,
    rhythm: Rhythm,
    rng: Rng,
    count: u32,
    addresses: Addresses,
    sessions: Vec<Session>,
    current: usize,
    requests: u64,
    started: u64,
    scratch: Scratch,
    next_refusal: i64,
    next_refused_line: u64,
    lines: u64,
    refusals: u64,
    next_delete: i64,
}

impl Traffic {
    /// Ordinary traffic of so many addresses, from a time on.
    pub fn new(shape: Shape, rhythm: Rhythm, seed: u64, addresses: u32, start: i64) -> Self {
        let mut traffic = Self {
            shape,
            rhythm,
            rng: Rng::new(seed, 1),
            count: addresses,
            addresses: Addresses::new(addresses),
            sessions: Vec::new(),
            current: 0,
            requests: 0,
            started: 0,
            scratch: Scratch::default(),
            next_refusal: start + REFUSAL_PAUSE,
            next_refused_line: REFUSAL_LINES,
            lines: 0,
            refusals: 0,
            next_delete: start + DELETE_PAUSE,
        };
        let alive = if shape == Shape::Sessions { 48 } else { 1 };
        for _ in 0..alive {
            let session = traffic.open(start);
            traffic.sessions.push(session);
        }
        traffic
    }

    /// Writes the next line.
    pub fn write(&mut self, time: i64, writer: &mut Writer, out: &mut Vec<u8>) {
        self.lines += 1;
        if self.shape == Shape::Spread {
            let (number, all) = (self.lines - 1, self.count);
            return spread::write(number, all, time, &mut self.rng, writer, out);
        }
        if time >= self.next_refusal && self.lines >= self.next_refused_line {
            self.next_refusal = time + REFUSAL_PAUSE;
            self.next_refused_line = self.lines + REFUSAL_LINES;
            return self.refuse(time, writer, out);
        }
        if self.shape == Shape::Sessions && self.rng.chance(350) {
            self.current = self.rng.below(self.sessions.len() as u32) as usize;
        }
        if self.sessions[self.current].left == 0 {
            self.sessions[self.current] = self.open(time);
        }
        let session = &mut self.sessions[self.current];
        self.scratch.key.clear();
        self.scratch.path.clear();
        self.scratch.query.clear();
        let before = session.request;
        session.request = self.requests + 1;
        let line = acts::act(session, &mut self.rng, &mut self.scratch, time, before);
        self.requests = self.requests.max(session.request);
        session.step += 1;
        session.left -= 1;
        let line = Line {
            time,
            bucket: session.bucket,
            address: session.address,
            requester: &session.requester,
            request: session.request,
            key: &self.scratch.key,
            path: &self.scratch.path,
            query: &self.scratch.query,
            referer: session.referer,
            agent: session.agent,
            tls: session.tls,
            ..line
        };
        writer.write(&line, out);
    }

    /// Somebody from the company is refused: the small change of permissions.
    fn refuse(&mut self, time: i64, writer: &mut Writer, out: &mut Vec<u8>) {
        self.refusals += 1;
        self.requests += 1;
        // Three offices for each of the four buckets: twelve pairs in turn.
        let (bucket, operation) = REFUSED[(self.refusals % 4) as usize];
        let office = world::office(1 + self.refusals / 4 % 3);
        let key = match operation {
            "REST.GET.BUCKET" => String::new(),
            _ => format!("2026/q1/summary-{}.xlsx", self.rng.below(8)),
        };
        let listing = key.is_empty();
        let total = self.rng.between(8, 40);
        let line = Line {
            time,
            bucket,
            address: office,
            requester: &world::person(self.refusals / 4 % 3),
            request: self.requests,
            operation,
            key: key.as_bytes(),
            method: if operation.contains("HEAD") {
                "HEAD"
            } else {
                "GET"
            },
            query: if listing {
                b"?list-type=2&delimiter=%2F&max-keys=100"
            } else {
                b""
            },
            status: 403,
            error: "AccessDenied",
            bytes: if operation.contains("HEAD") { 0 } else { 243 },
            total,
            agent: agent::CLI,
            ..Line::BLANK
        };
        writer.write(&line, out);
    }

    /// A new session in the place of one that is over.
    fn open(&mut self, time: i64) -> Session {
        self.started += 1;
        let seed = self.rng.next();
        let mut kind = match self.shape {
            Shape::Sessions => kinds::draw(&mut self.rng),
            Shape::Scattered | Shape::Spread => self.rng.pick(&kinds::SCATTERED),
        };
        if kind == Kind::BatchDelete {
            if time < self.next_delete {
                kind = Kind::Application;
            } else {
                self.next_delete = time + DELETE_PAUSE;
            }
        }
        // At night and on weekends programs work alone.
        if kind == Kind::Person && !self.rhythm.working(time) {
            kind = Kind::Application;
        }
        // A prime stride shares no factor with the count, and so visits every
        // address before any twice.
        let turn = self.started.wrapping_mul(2_654_435_761);
        let (machine, somebody) = match self.shape {
            Shape::Scattered | Shape::Spread => {
                (self.addresses.machine(turn), self.addresses.somebody(turn))
            }
            // Few machines do most of the work; readers are spread.
            Shape::Sessions => {
                let crowd = if seed.is_multiple_of(4) {
                    self.addresses.machines()
                } else {
                    64
                };
                (
                    self.addresses.machine(mix(seed) % u64::from(crowd)),
                    self.addresses.somebody(mix(seed)),
                )
            }
        };
        let mut session = Session {
            kind,
            address: machine,
            requester: String::new(),
            bucket: world::DATALAKE,
            agent: agent::APP,
            referer: "",
            seed,
            request: 0,
            step: 0,
            left: 1,
            tls: if seed >> 61 < 3 { Tls::V13 } else { Tls::V12 },
        };
        let left = kinds::begin(&mut session, somebody, self.started);
        if self.shape == Shape::Sessions {
            session.left = self.rng.between(left.0, left.1);
        } else {
            // Not through the four NAT gateways, and any moment of a longer session.
            if kind == Kind::Analytics {
                session.address = machine;
            }
            session.step = self.rng.between(0, 15);
        }
        session
    }
}

/// Turn-around and total time for so many bytes.
pub fn timing(rng: &mut Rng, bytes: u64) -> (u32, u32) {
    let turn = rng.between(6, 60);
    // About 80 MB a second after the first byte.
    (
        turn,
        turn + (bytes / 80_000).min(900_000) as u32 + rng.below(9),
    )
}

/// A successful request of an operation.
pub fn done(
    operation: &'static str,
    method: &'static str,
    rng: &mut Rng,
    bytes: u64,
    size: u64,
) -> Line<'static> {
    let (turn, total) = timing(rng, bytes.max(if method == "PUT" { size } else { 0 }));
    Line {
        operation,
        method,
        bytes,
        size,
        turn: if method == "HEAD" { 0 } else { turn },
        total,
        ..Line::BLANK
    }
}

/// A request for something that is not there.
pub fn missing(
    operation: &'static str,
    method: &'static str,
    error: &'static str,
    rng: &mut Rng,
) -> Line<'static> {
    Line {
        operation,
        method,
        status: 404,
        error,
        bytes: if method == "HEAD" {
            0
        } else {
            u64::from(rng.between(280, 380))
        },
        total: rng.between(5, 40),
        ..Line::BLANK
    }
}

/// The same through another channel.
pub fn via(channel: Channel, line: Line<'static>) -> Line<'static> {
    Line { channel, ..line }
}
