//! `report` as its users meet it: files, exit codes, what is in the next one.
#![allow(clippy::unwrap_used)]

#[path = "report/compare.rs"]
mod compare;
#[path = "report/files.rs"]
mod files;
// Other tests use more of it.
#[allow(dead_code)]
#[path = "generated/mod.rs"]
mod generated;
#[path = "report/page.rs"]
mod page;
#[allow(dead_code)]
#[path = "cli/place.rs"]
mod place;
#[path = "report/schema.rs"]
mod schema;
#[path = "report/shapes.rs"]
mod shapes;
#[path = "report/state.rs"]
mod state;
