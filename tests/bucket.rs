//! Buckets: read over TCP from a server in this process that speaks S3, and
//! that fails as it is told to.
#![allow(clippy::unwrap_used)]

#[path = "bucket/server.rs"]
mod server;
