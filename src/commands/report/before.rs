//! The earlier report that this one is compared with.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context as _;
use s3sentry::report::{Report, json};

use crate::cli::report::File;
use crate::commands::scan::files::real;
use crate::commands::{Stop, shown};

/// The earlier report, read before anything is written: it may be replaced by this
/// one. None where there is none yet, because this is the first of them.
pub fn read(path: &Path, files: &[File]) -> Result<Option<Report>, Stop> {
    let opened = match fs::File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let replaced = |file: &File| real(&file.path) == real(path);
            if files.iter().any(replaced) {
                return Ok(None);
            }
            return Err(Stop::usage(anyhow::anyhow!(
                "--compare {0}: there is no such file. Where this report is to be the first of \
                 many, write it there as well: -o {0}",
                shown(path)
            )));
        }
        opened => opened,
    };
    let report = opened.map_err(json::Unreadable::from).and_then(json::read);
    let report = report.with_context(|| format!("--compare {}", shown(path)));
    report.map(Some).map_err(Stop::usage)
}
