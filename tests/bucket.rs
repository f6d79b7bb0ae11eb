//! Buckets: read over TCP from a server in this process that speaks S3, and
//! that fails as it is told to.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "bucket/chain.rs"]
mod chain;
#[path = "bucket/faults.rs"]
mod faults;
#[path = "runs/fell.rs"]
mod fell;
#[path = "bucket/fetched.rs"]
mod fetched;
#[expect(dead_code, reason = "what was planted is compared elsewhere")]
mod generated;
#[path = "bucket/kills.rs"]
mod kills;
#[path = "bucket/refused.rs"]
mod refused;
#[path = "bucket/schedules.rs"]
mod schedules;
#[path = "bucket/server.rs"]
mod server;
#[path = "bucket/site.rs"]
mod site;
#[path = "runs/tables.rs"]
mod tables;
#[path = "bucket/world.rs"]
mod world;
