//! Buckets: read over TCP from a server in this process that speaks S3, and
//! that fails as it is told to.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "bucket/chain.rs"]
mod chain;
#[path = "bucket/faults.rs"]
mod faults;
#[path = "bucket/fetched.rs"]
mod fetched;
#[path = "bucket/server.rs"]
mod server;
#[path = "bucket/world.rs"]
mod world;
