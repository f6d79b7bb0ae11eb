//! The promise: what is alerted is what the rules say, and a pure function of
//! the records, however they arrive.
#![allow(clippy::unwrap_used)]

#[path = "promise/caps.rs"]
mod caps;
#[path = "promise/early.rs"]
mod early;
#[path = "promise/edges.rs"]
mod edges;
#[path = "promise/evidence.rs"]
mod evidence;
#[path = "promise/exact.rs"]
mod exact;
#[path = "promise/explained.rs"]
mod explained;
#[path = "promise/hand.rs"]
mod hand;
#[path = "promise/oracle.rs"]
mod oracle;
#[path = "promise/run.rs"]
mod run;
#[path = "promise/runs.rs"]
mod runs;
#[path = "promise/same.rs"]
mod same;
#[path = "promise/world.rs"]
mod world;
