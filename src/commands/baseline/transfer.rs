//! `baseline export`, `import` and `merge`: the baseline as JSON lines.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use anyhow::Context;
use s3sentry::state::{Access, Counts, Error};

use super::open;
use crate::cli::Output;
use crate::cli::baseline::{Export, Import};
use crate::commands::output::Target;
use crate::commands::summary::words::count;
use crate::commands::{End, Stop, now, owner, say, shown};

/// Runs `export`.
pub fn export(arguments: &Export) -> Result<End, Stop> {
    let state = open(&arguments.state, Access::ReadOnly)?;
    let output = Output {
        output: arguments.output.clone(),
        append: None,
    };
    let mut target = Target::open(&output, false)?;
    let counts = match state.export_baseline(&mut target, now()) {
        Ok(counts) => counts,
        Err(Error::Export(error)) => return Err(error.into()),
        Err(error) => return Err(error.into()),
    };
    target.finish()?;
    if !arguments.common.quiet {
        tell("exported", counts);
    }
    Ok(End::Done)
}

/// Runs `import`: into a file without a baseline, which is made where there is
/// none.
pub fn import(arguments: &Import) -> Result<End, Stop> {
    take(arguments, Access::ReadWrite, false)
}

/// Runs `merge`: into a file that is there.
pub fn merge(arguments: &Import) -> Result<End, Stop> {
    take(arguments, Access::Existing, true)
}

fn take(arguments: &Import, access: Access, merged: bool) -> Result<End, Stop> {
    // What cannot be read makes no state file.
    super::path(&arguments.state)?;
    let reader = reader(&arguments.file)?;
    let mut state = open(&arguments.state, access)?;
    let owner = owner();
    let commit = state.begin()?;
    let run = commit.start_run(&owner.command, owner.since)?;
    let counts = match commit.import_baseline(reader, merged) {
        Ok(counts) => counts,
        // What is wrong is not the state file.
        Err(error @ (Error::Import { .. } | Error::Export(_))) => {
            let error = anyhow::Error::from(error).context(shown(&arguments.file));
            return Err(Stop::With(End::Input, error));
        }
        Err(error) => return Err(error.into()),
    };
    commit.put_run(run, Some(now()), 0, 0)?;
    commit.commit()?;
    if !arguments.common.quiet {
        tell(if merged { "merged" } else { "imported" }, counts);
    }
    Ok(End::Done)
}

fn reader(file: &Path) -> Result<Box<dyn BufRead>, Stop> {
    if file.as_os_str() == "-" {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let opened = File::open(file).with_context(|| shown(file));
    let opened = opened.map_err(|error| Stop::With(End::Input, error))?;
    Ok(Box::new(BufReader::new(opened)))
}

fn tell(what: &str, counts: Counts) {
    say(format_args!(
        "s3sentry: {what} {}, {}, {}",
        count(counts.entities, "entity"),
        count(counts.values, "value"),
        count(counts.volumes, "hour")
    ));
}
