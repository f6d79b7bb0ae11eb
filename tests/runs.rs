//! A log that is read in several runs beside one state file: cut anywhere,
//! broken off anywhere, in any order that lateness allows, it comes to the same
//! alerts and to the same baseline as in one run that nothing disturbs.

// Figures are printed where somebody asks for them (`--nocapture`).
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "runs/faults.rs"]
mod faults;
#[path = "runs/fell.rs"]
mod fell;
#[path = "runs/kept.rs"]
mod kept;
#[path = "runs/killed.rs"]
mod killed;
#[path = "runs/late.rs"]
mod late;
#[path = "runs/news.rs"]
mod news;
#[path = "runs/objects.rs"]
mod objects;
#[path = "runs/program.rs"]
mod program;
#[path = "runs/same.rs"]
mod same;
#[path = "runs/shared.rs"]
mod shared;
#[path = "runs/spans.rs"]
mod spans;
#[path = "runs/tables.rs"]
mod tables;
#[cfg(target_os = "linux")]
#[path = "runs/traced.rs"]
mod traced;
#[path = "runs/world.rs"]
mod world;
