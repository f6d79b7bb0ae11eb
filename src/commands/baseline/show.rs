//! `baseline show`: what is known, and since when.

mod list;
mod overview;

use std::io::{self, IsTerminal};

use s3sentry::state::Access;

use super::open;
use crate::cli::ListFormat;
use crate::cli::baseline::Show;
use crate::commands::{End, Stop};

/// Runs the command.
pub fn run(arguments: &Show) -> Result<End, Stop> {
    let state = open(&arguments.state, Access::ReadOnly)?;
    let format = arguments.format.unwrap_or(if io::stdout().is_terminal() {
        ListFormat::Table
    } else {
        ListFormat::Json
    });
    match arguments.kind {
        None => overview::write(&state, format, arguments.common.color),
        Some(kind) => list::write(&state, kind, format, arguments),
    }
}
