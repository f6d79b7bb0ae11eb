//! `watch` as its users meet it: real files, real pipes, real signals.

// Figures are printed where somebody asks for them (`--nocapture`).
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "watch/files.rs"]
mod files;
#[path = "watch/killed.rs"]
mod killed;
#[path = "watch/pipe.rs"]
mod pipe;
#[path = "watch/place.rs"]
mod place;
#[path = "watch/signals.rs"]
mod signals;
