//! Files that a report is written to: all of them, or none.

use std::io::Write;
use std::path::{Path, PathBuf};

use s3sentry::report::{Report, html, json, markdown};
use s3sentry::text::lossless;

use crate::cli::report::{File, Form};
use crate::commands::Stop;
use crate::commands::output::{Ready, Target};

/// The file of the alerts beside the first report.
pub fn alerts(files: &[File]) -> PathBuf {
    let first = files.first().map(|file| file.path.as_path());
    let mut name = first.unwrap_or(Path::new("")).as_os_str().to_owned();
    name.push(".alerts.ndjson");
    name.into()
}

/// Its name without the folder, for those who find a report beside it.
pub fn name(alerts: &Path) -> String {
    let name = alerts.file_name().unwrap_or_default();
    lossless(name.as_encoded_bytes()).into_owned()
}

/// Files that are open.
pub struct Outputs {
    /// The alerts, as they come.
    pub alerts: Target,
    reports: Vec<(Form, Target)>,
}

impl Outputs {
    /// Opens all of them, before any input is read.
    pub fn open(alerts: &Path, files: &[File]) -> Result<Self, Stop> {
        let alerts = Target::file(alerts)?;
        let reports = files
            .iter()
            .map(|file| Ok((file.form, Target::file(&file.path)?)));
        Ok(Self {
            alerts,
            reports: reports.collect::<Result<_, Stop>>()?,
        })
    }

    /// Writes the report in each form. All of it is on the disk before the first file
    /// is replaced: first the one that the others speak of.
    pub fn write(self, report: &Report) -> Result<(), Stop> {
        let mut ready = vec![self.alerts.prepare()?];
        for (form, mut target) in self.reports {
            let text = match form {
                Form::Html => html::html(report),
                Form::Markdown => markdown::markdown(report),
                Form::Json => json::write(report)?,
            };
            target.write_all(text.as_bytes())?;
            ready.push(target.prepare()?);
        }
        ready.into_iter().try_for_each(Ready::show)
    }
}
