//! The command as its users meet it: exit codes, stdout, stderr, files.
#![allow(clippy::unwrap_used)]

#[path = "cli/baseline.rs"]
mod baseline;
#[path = "cli/catalogue.rs"]
mod catalogue;
#[path = "cli/check.rs"]
mod check;
#[path = "cli/checkpoint.rs"]
mod checkpoint;
#[path = "cli/entities.rs"]
mod entities;
#[path = "cli/evidence.rs"]
mod evidence;
#[path = "cli/explain.rs"]
mod explain;
#[path = "cli/geoip.rs"]
mod geoip;
#[path = "cli/help.rs"]
mod help;
#[path = "cli/hostile.rs"]
mod hostile;
#[path = "cli/indicators.rs"]
mod indicators;
#[path = "cli/input.rs"]
mod input;
#[path = "cli/list.rs"]
mod list;
#[path = "cli/output.rs"]
mod output;
#[path = "cli/overrides.rs"]
mod overrides;
#[path = "cli/own_rules.rs"]
mod own_rules;
#[path = "cli/place.rs"]
mod place;
#[path = "cli/readme.rs"]
mod readme;
#[path = "cli/rules.rs"]
mod rules;
#[path = "cli/secrets.rs"]
mod secrets;
#[path = "cli/settings.rs"]
mod settings;
#[path = "cli/show.rs"]
mod show;
#[path = "cli/summary.rs"]
mod summary;
