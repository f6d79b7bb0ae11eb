//! `rules show`: one rule as it will run.

use std::io::{self, Write};

use s3sentry::alert::Level;
use s3sentry::rule::{refs, show::Shown};

use crate::cli::RulesShow;
use crate::commands::{End, Stop, compiled, rules, settings};

/// Runs the command.
pub fn run(arguments: &RulesShow) -> Result<End, Stop> {
    let settings = settings(&arguments.common, None)?;
    let rules = rules(&arguments.rules, &settings)?;
    let place = refs::find(&rules.documents, &arguments.name)
        .map_err(|reason| Stop::usage(anyhow::anyhow!("{reason}; rules list names them all")))?;
    let set = compiled(&rules, &settings, Level::Informational)?;
    let shown = Shown {
        documents: &rules.documents,
        overrides: &rules.overrides,
        set: &set,
        settings: &settings,
    };
    io::stdout()
        .lock()
        .write_all(shown.rule(place).as_bytes())?;
    Ok(End::Done)
}
