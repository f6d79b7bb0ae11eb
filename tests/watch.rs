//! `watch` as its users meet it: real files, real pipes, real signals.

// Figures are printed where somebody asks for them (`--nocapture`).
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "watch/bucket.rs"]
mod bucket;
#[path = "runs/fell.rs"]
mod fell;
#[path = "watch/files.rs"]
mod files;
#[path = "watch/killed.rs"]
mod killed;
#[path = "watch/metrics.rs"]
mod metrics;
#[path = "watch/pipe.rs"]
mod pipe;
#[path = "watch/place.rs"]
mod place;
// Other tests use more of it.
#[allow(dead_code)]
#[path = "bucket/server.rs"]
mod server;
#[path = "watch/signals.rs"]
mod signals;
