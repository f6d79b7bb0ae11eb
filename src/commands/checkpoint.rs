//! `checkpoint`: how far logs in buckets and files are read.

use std::ffi::OsStr;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use s3sentry::record::time::rfc3339;
use s3sentry::source::Mark;
use s3sentry::source::s3::Address;
use s3sentry::state::{Access, Commit, Log, State};
use s3sentry::text::{json, lossless, terminal};
use serde::Serialize;

use super::summary::words::{count, group};
use super::table::Table;
use super::{End, Stop, owner, say, shown, state_file};
use crate::cli::checkpoint::{Reset, Show};
use crate::cli::{Color, ListFormat};

/// Opens the state file that the user means.
fn open(named: Option<&PathBuf>, access: Access) -> Result<State, Stop> {
    let path = state_file(named).ok_or_else(|| {
        Stop::usage(anyhow::anyhow!(
            "how far was read is in a state file: name it with --state FILE, or in $S3SENTRY_STATE"
        ))
    })?;
    Ok(State::open(&path, access, &owner())?)
}

/// A log in a bucket, as JSON.
#[derive(Serialize)]
struct LogRow {
    log: String,
    newest: Option<String>,
    since: Option<String>,
    listed: Option<String>,
    objects: u64,
    failed: u64,
}

/// A file, or an object that is tried again, as JSON.
#[derive(Serialize)]
struct InputRow {
    name: String,
    size: u64,
    position: u64,
    done: bool,
}

/// All of it, as JSON.
#[derive(Serialize)]
struct Shown {
    logs: Vec<LogRow>,
    failed: Vec<InputRow>,
    files: Vec<InputRow>,
}

/// `checkpoint show`.
pub fn show(arguments: &Show) -> Result<End, Stop> {
    let state = open(arguments.state.as_ref(), Access::ReadOnly)?;
    let mut shown = Shown {
        logs: state.logs()?.iter().map(log_row).collect(),
        failed: Vec::new(),
        files: Vec::new(),
    };
    state.each_input(|mark| {
        if mark.bucket.is_empty() {
            shown.files.push(input_row(&mark));
        } else if !mark.is_settled() {
            shown.failed.push(input_row(&mark));
        }
    })?;
    let format = arguments.format.unwrap_or(if io::stdout().is_terminal() {
        ListFormat::Table
    } else {
        ListFormat::Json
    });
    let mut out = BufWriter::new(io::stdout().lock());
    match format {
        ListFormat::Json => {
            json::write(&mut out, &shown)?;
            out.write_all(b"\n")?;
        }
        ListFormat::Table => tables(&mut out, &shown, arguments.common.color)?,
    }
    out.flush()?;
    Ok(End::Done)
}

fn log_row(log: &Log) -> LogRow {
    let time = |time: i64| (time > i64::MIN).then(|| rfc3339(time));
    LogRow {
        log: format!("s3://{}/{}", log.bucket, log.stem),
        newest: log.seen.and_then(|seen| time(seen.newest)),
        since: log.seen.and_then(|seen| time(seen.since)),
        listed: log.seen.and_then(|seen| time(seen.listed)),
        objects: log.objects,
        failed: log.failed,
    }
}

fn input_row(mark: &Mark) -> InputRow {
    let path = lossless(&mark.path);
    InputRow {
        name: if mark.bucket.is_empty() {
            path.into_owned()
        } else {
            format!("s3://{}/{path}", mark.bucket)
        },
        size: mark.size,
        position: mark.position(),
        done: mark.is_settled(),
    }
}

fn tables(out: &mut impl Write, shown: &Shown, color: Color) -> io::Result<()> {
    if shown.logs.is_empty() && shown.files.is_empty() && shown.failed.is_empty() {
        return writeln!(out, "nothing was read yet");
    }
    if !shown.logs.is_empty() {
        let mut table = Table::new(vec!["newest", "from", "objects", "failed", "log"]);
        for log in &shown.logs {
            let time = |time: &Option<String>, without: &str| {
                time.as_ref().map_or(without.to_owned(), |time| {
                    time.replace('T', " ").trim_end_matches('Z').to_owned()
                })
            };
            table.push(vec![
                time(&log.newest, "-"),
                time(&log.since, "the beginning"),
                group(log.objects),
                group(log.failed),
                terminal(log.log.as_bytes()),
            ]);
        }
        table.write(out, color)?;
    }
    for (header, rows) in [
        ("object that is tried again", &shown.failed),
        ("file", &shown.files),
    ] {
        if rows.is_empty() {
            continue;
        }
        let mut table = Table::new(vec!["bytes", "read", "done", header]);
        for row in rows {
            table.push(vec![
                group(row.size),
                group(row.position),
                if row.done { "yes" } else { "no" }.to_owned(),
                terminal(row.name.as_bytes()),
            ]);
        }
        table.write(out, color)?;
    }
    Ok(())
}

/// `checkpoint reset`.
pub fn reset(arguments: &Reset) -> Result<End, Stop> {
    let mut state = open(arguments.state.as_ref(), Access::Existing)?;
    let logs = state.logs()?;
    let commit = state.begin()?;
    let mut told = Vec::new();
    if arguments.all {
        told.push(format!("{} forgotten", count(commit.reset_all()?, "input")));
    }
    for source in &arguments.sources {
        told.push(match Address::parse(source.as_encoded_bytes()) {
            None => reset_file(&commit, source)?,
            Some(Ok(address)) => reset_bucket(&commit, &logs, &address)?,
            Some(Err(wrong)) => return Err(bad_address(source, wrong)),
        });
    }
    commit.commit()?;
    if !arguments.common.quiet {
        for line in told {
            say(format_args!("s3sentry: {line}"));
        }
        say(
            "Next: what is read again counts again in what is normal, and comes too late for \
             windows.\n      To look at it as a whole use scan without --state, or --full",
        );
    }
    Ok(End::Done)
}

/// What is wrong with the address of a bucket.
pub fn bad_address(source: &OsStr, wrong: impl std::fmt::Display) -> Stop {
    let source = terminal(source.as_encoded_bytes());
    Stop::usage(anyhow::anyhow!("{source}: {wrong}"))
}

fn reset_file(commit: &Commit<'_>, source: &OsStr) -> Result<String, Stop> {
    let path = Path::new(source);
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if commit.delete_input("", real.as_os_str().as_encoded_bytes())? {
        return Ok(format!("{} forgotten", shown(&real)));
    }
    Err(Stop::usage(anyhow::anyhow!(
        "{}: is no file that was read; checkpoint show names them all",
        shown(&real)
    )))
}

fn reset_bucket(commit: &Commit<'_>, logs: &[Log], address: &Address) -> Result<String, Stop> {
    let (bucket, prefix) = (&*address.bucket, &*address.prefix);
    // What is done in it is not remembered object by object.
    let part = |log: &&Log| {
        log.bucket == bucket && log.stem.len() < prefix.len() && prefix.starts_with(&*log.stem)
    };
    let of_it = |log: &&Log| log.bucket == bucket && log.stem.starts_with(prefix);
    if let Some(log) = logs.iter().find(part)
        && !logs.iter().any(|log| of_it(&log))
    {
        return Err(Stop::usage(anyhow::anyhow!(
            "{}: is a part of a log, which is reset as a whole: s3sentry checkpoint reset s3://{}/{}",
            terminal(address.to_string().as_bytes()),
            terminal(log.bucket.as_bytes()),
            terminal(log.stem.as_bytes())
        )));
    }
    let (logs, objects) = commit.reset_objects(bucket, prefix)?;
    if logs == 0 && objects == 0 {
        return Err(Stop::usage(anyhow::anyhow!(
            "{}: nothing was read there; checkpoint show names all logs",
            terminal(address.to_string().as_bytes())
        )));
    }
    Ok(format!(
        "{} below {} forgotten",
        count(logs, "log"),
        terminal(address.to_string().as_bytes())
    ))
}
