//! Files that a report is written to: all of them, or none.

use std::io::Write;
use std::path::{Path, PathBuf};

use s3sentry::report::{self, html, json, markdown};
use s3sentry::text::lossless;

use crate::cli::report::{File, Form, Report};
use crate::commands::Stop;
use crate::commands::output::{Ready, Target};
use crate::commands::scan::files::{self as scanned, lasting};

/// The file of the alerts beside the first report.
pub fn alerts(files: &[File]) -> PathBuf {
    let first = files.first().map(|file| file.path.as_path());
    let mut name = first.unwrap_or(Path::new("")).as_os_str().to_owned();
    name.push(".alerts.ndjson");
    name.into()
}

/// Files that the run writes, by the arguments that name them.
pub fn written<'a>(
    arguments: &'a Report,
    alerts: &'a Path,
    kept: Option<&'a Path>,
) -> Vec<(&'static str, &'a Path)> {
    let reports = arguments.output.iter().map(|file| ("-o", &*file.path));
    let state = kept.map(|kept| ("--state", kept));
    let alerts = [("the alerts beside -o", alerts)];
    lasting(state.into_iter().chain(reports).chain(alerts))
}

/// No file is written twice, and none that is read; `--compare` is read first, and
/// may be replaced.
pub fn apart(arguments: &Report, written: &[(&'static str, &Path)]) -> Result<(), Stop> {
    let search = &arguments.search;
    let lists = &search.lists;
    let read = search.input.sources.iter();
    let read = read.chain(&search.common.config);
    let read = read.chain(&lists.trusted_networks).chain(&lists.aws_ranges);
    let read = read.chain(&lists.geoip).chain(&lists.ioc);
    let read: Vec<PathBuf> = read.cloned().collect();
    scanned::apart(written, &read)
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
    pub fn write(self, report: &report::Report) -> Result<(), Stop> {
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
