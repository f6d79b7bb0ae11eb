//! Files that grow, are renamed, or begin again.
//!
//! A file is known by its path; one that a rotation has renamed by what it holds.

use std::fs::File;
use std::time::{Duration, Instant, UNIX_EPOCH};

use s3sentry::pipeline::Span;
use s3sentry::session::Session;
use s3sentry::source::{self, Mark, Options, Sources, Spec, delivery_time};
use s3sentry::state;

use super::feed::{Feed, Round};
use super::health::Health;
use crate::commands::Stop;

/// How often everything is looked at where nothing has changed: a last line without
/// a line feed is whole when nothing has come for long, and the checkpoints of
/// buckets move.
const ANYWAY: Duration = Duration::from_mins(10);

/// Files and directories.
pub struct Files {
    specs: Vec<Spec>,
    options: Options,
    span: Span,
    interval: Duration,
    /// How they were when they were last looked at, and when.
    seen: Option<(u64, Instant)>,
}

impl Files {
    /// What was named.
    pub fn new(specs: Vec<Spec>, options: Options, span: Span, interval: Duration) -> Self {
        Self {
            specs,
            options,
            span,
            interval,
            seen: None,
        }
    }

    /// What has changed, if anything has or it is time to look anyway.
    pub fn look(&mut self, session: &mut Session, first: u32) -> Result<Option<Round>, Stop> {
        let now = source::glance(&self.specs, &self.options.own);
        let same = |(seen, at): &(u64, Instant)| *seen == now && at.elapsed() < ANYWAY;
        if self.seen.as_ref().is_some_and(same) {
            return Ok(None);
        }
        self.seen = Some((now, Instant::now()));
        let options = Options {
            first,
            ..self.options.clone()
        };
        let sources = resume(session, self.specs.clone(), options, self.span)?;
        Ok(Some(Round {
            sources,
            is_new: true,
            files: true,
        }))
    }
}

impl Feed for Files {
    fn next(
        &mut self,
        session: &mut Session,
        first: u32,
        _: &mut Health,
    ) -> Result<Option<Round>, Stop> {
        self.look(session, first)
    }

    fn interval(&self) -> Duration {
        self.interval
    }
}

/// Files without what was read of them before, under whatever names.
pub fn resume(
    session: &mut Session,
    specs: Vec<Spec>,
    options: Options,
    span: Span,
) -> Result<Sources, Stop> {
    let (mut moved, mut failed) = (Vec::new(), None);
    let sources = Sources::resume(specs, options, (span.since, span.until), |path| {
        let mark = mark(session, path, &mut moved);
        mark.unwrap_or_else(|error| {
            failed = Some(error);
            None
        })
    });
    if let Some(error) = failed {
        // Without a mark what was read would be counted twice.
        return Err(error.into());
    }
    if !moved.is_empty() {
        session.adopt(&moved)?;
    }
    Ok(sources)
}

/// How far a file was read, under this path or the one it had before.
fn mark(
    session: &Session,
    path: &[u8],
    moved: &mut Vec<Mark>,
) -> Result<Option<Mark>, state::Error> {
    let known = session.mark(path)?;
    let Some((text, beginning)) = std::str::from_utf8(path)
        .ok()
        .and_then(|text| Some((text, stem(text)?)))
    else {
        return Ok(known);
    };
    let Ok((mut file, stat)) = open(text) else {
        return Ok(known);
    };
    if let Some(mark) = &known
        && ((mark.size, mark.mtime) == stat || mark.is_of(&mut file).unwrap_or(false))
    {
        return Ok(known);
    }
    let before = session.moved(text, beginning, &mut file)?;
    moved.extend(before.clone());
    Ok(before.or(known))
}

/// A plain file, with its size and time as marks have them.
fn open(path: &str) -> std::io::Result<(File, (u64, i64))> {
    let data = std::fs::metadata(path)?;
    let since = data.modified()?.duration_since(UNIX_EPOCH);
    let mtime = since.map_or(0, |since| {
        i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
    });
    Ok((File::open(path)?, (data.len(), mtime)))
}

/// What a rotated log is called without the number or the date behind its name:
/// `logs/access.log` of `logs/access.log.1`. `None` where there is none, or where
/// it is a delivered log object.
fn stem(path: &str) -> Option<&str> {
    if delivery_time(path).is_some() {
        return None;
    }
    let end = |c: char| c.is_ascii_digit() || "-._T:Z".contains(c);
    let name = path.rfind('/').map_or(0, |slash| slash + 1);
    let old = path.strip_suffix(".old").unwrap_or(path);
    let stem = old.trim_end_matches(end);
    (stem.len() > name && stem.len() < path.len()).then_some(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_logs_are_called_after_the_first() {
        for rotated in [
            "/l/a.log.1",
            "/l/a.log.12",
            "/l/a.log-20260203",
            "/l/a.log.old",
        ] {
            assert_eq!(stem(rotated), Some("/l/a.log"), "{rotated}");
        }
        assert_eq!(stem("/l/a.log"), None);
        assert_eq!(stem("/l/1"), None);
        assert_eq!(stem("/l/2026-02-03-02-15-22-0123456789ABCDEF"), None);
    }
}
