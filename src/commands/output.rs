//! Where data goes: stdout, a file that is replaced as a whole, or the end of
//! one.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use s3sentry::sink::{self, Format};
use tempfile::NamedTempFile;

use super::{End, Stop, shown};
use crate::cli::{Color, Output};

/// Columns of a table that is not on a terminal.
const COLUMNS: usize = 100;

/// How temporary files are named that a run which was killed may leave.
const TEMPORARY: &str = ".s3sentry-";

/// An open output.
#[derive(Debug)]
pub enum Target {
    /// stdout.
    Stdout(BufWriter<io::Stdout>),
    /// A file that appears when all is written, and its path.
    Replace(BufWriter<NamedTempFile>, PathBuf),
    /// A file that grows, or what is no regular file: a device, a FIFO.
    Grow {
        /// The file.
        writer: BufWriter<File>,
        /// The next line is a header, which the file has already.
        skip_line: bool,
        /// Its path.
        path: PathBuf,
    },
}

/// An output that holds all of its bytes. A file that is replaced waits on the disk
/// to be shown: several can be made ready before the first of them is.
#[derive(Debug)]
#[must_use]
pub struct Ready(Option<(NamedTempFile, PathBuf)>);

impl Ready {
    /// Puts it in the place of what was there.
    pub fn show(self) -> Result<(), Stop> {
        let Some((file, path)) = self.0 else {
            return Ok(());
        };
        let replaced = file.persist(&path).map(|_| ());
        replaced
            .map_err(|error| error.error)
            .with_context(|| format!("{} cannot be replaced", shown(&path)))
            .map_err(|error| Stop::With(End::Output, error))?;
        sync_name(&path);
        Ok(())
    }
}

impl Target {
    /// Opens what the user asked for, before any input is read. `header` says
    /// that the first line written is one, which no file needs twice.
    pub fn open(output: &Output, header: bool) -> Result<Self, Stop> {
        if output.is_stdout() {
            return Ok(Target::Stdout(BufWriter::new(io::stdout())));
        }
        if let Some(path) = &output.append {
            return grow(path, header).map_err(|error| unwritable(path, error));
        }
        Self::file(output.output.as_deref().unwrap_or(Path::new("-")))
    }

    /// Opens a file that is replaced when all is written.
    pub fn file(path: &Path) -> Result<Self, Stop> {
        replace(path).map_err(|error| unwritable(path, error))
    }

    /// Another handle of a file that grows, where it is on a disk: what was flushed
    /// lasts once that is synced.
    pub fn growing(&self) -> io::Result<Option<File>> {
        match self {
            Target::Grow { writer, .. } if writer.get_ref().metadata()?.is_file() => {
                writer.get_ref().try_clone().map(Some)
            }
            _ => Ok(None),
        }
    }

    /// All is written: makes it visible and lasting.
    pub fn finish(self) -> Result<(), Stop> {
        self.prepare()?.show()
    }

    /// All is written: makes it lasting, and visible only where nothing can be held
    /// back.
    pub fn prepare(self) -> Result<Ready, Stop> {
        match self {
            Target::Stdout(mut stdout) => stdout.flush().map_err(Stop::from)?,
            Target::Grow { writer, path, .. } => {
                let file = writer.into_inner().map_err(io::IntoInnerError::into_error);
                // What is no regular file is not on a disk.
                let synced = file.and_then(|file| {
                    if file.metadata()?.is_file() {
                        file.sync_all()?;
                    }
                    Ok(())
                });
                synced.map_err(|error| named(&path, error))?;
            }
            Target::Replace(writer, path) => {
                let file = writer.into_inner().map_err(io::IntoInnerError::into_error);
                let synced = file.and_then(|file| {
                    file.as_file().sync_all()?;
                    permit(&file, &path)?;
                    Ok(file)
                });
                let file = synced.map_err(|error| named(&path, error))?;
                return Ok(Ready(Some((file, path))));
            }
        }
        Ok(Ready(None))
    }
}

/// The format that was asked for, or the one that suits where alerts go.
pub fn format(asked: Option<Format>, output: &Output) -> Format {
    let on_terminal = output.is_stdout() && io::stdout().is_terminal();
    let default = if on_terminal {
        Format::Table
    } else {
        Format::Ndjson
    };
    asked.unwrap_or(default)
}

/// How a table looks where it goes. A file is coloured only on demand; what goes
/// elsewhere than to a terminal is the same wherever it was started.
pub fn look(when: Color, target: &Target) -> sink::Options {
    let (color, size) = match target {
        Target::Stdout(_) => (
            super::color(when, &io::stdout()),
            terminal_size::terminal_size_of(io::stdout()),
        ),
        _ => (when == Color::Always, None),
    };
    sink::Options {
        color,
        width: size.map_or(COLUMNS, |(width, _)| width.0.into()),
    }
}

fn unwritable(path: &Path, error: io::Error) -> Stop {
    let context = format!("{} cannot be written", shown(path));
    Stop::With(End::Output, anyhow::Error::from(error).context(context))
}

/// The same error, which says where; that a reader has left is no error.
fn named(path: &Path, error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return error;
    }
    io::Error::new(error.kind(), format!("{}: {error}", shown(path)))
}

/// The folder that a file stands in.
fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// That a file has another name lasts once its folder is synced. Some file systems
/// cannot; what stands there is whole all the same.
#[cfg(unix)]
fn sync_name(path: &Path) {
    if let Ok(folder) = File::open(folder(path)) {
        let _ = folder.sync_all();
    }
}

#[cfg(not(unix))]
fn sync_name(_: &Path) {}

fn replace(path: &Path) -> io::Result<Target> {
    // A link stays a link; what it leads to is replaced.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match std::fs::metadata(&path) {
        Ok(data) if data.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        // Putting a regular file in the place of /dev/null breaks a machine.
        Ok(data) if !data.is_file() => {
            let file = OpenOptions::new().write(true).open(&path)?;
            return Ok(Target::Grow {
                writer: BufWriter::new(file),
                skip_line: false,
                path,
            });
        }
        _ => {}
    }
    let file = tempfile::Builder::new()
        .prefix(TEMPORARY)
        .tempfile_in(folder(&path))?;
    Ok(Target::Replace(BufWriter::new(file), path))
}

fn grow(path: &Path, header: bool) -> io::Result<Target> {
    let file = OpenOptions::new().append(true).create(true).open(path)?;
    let begun = file
        .metadata()
        .is_ok_and(|data| data.is_file() && data.len() > 0);
    let mut writer = BufWriter::new(file);
    // A run that was killed may have left half a line, which must not swallow
    // the first of ours.
    if begun && !ends_a_line(path).unwrap_or(true) {
        writer.write_all(b"\n")?;
    }
    Ok(Target::Grow {
        writer,
        skip_line: begun && header,
        path: path.to_owned(),
    })
}

fn ends_a_line(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// Temporary files are for their owner only; what replaces a report is for
/// those that the report was for.
#[cfg(unix)]
fn permit(file: &NamedTempFile, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    // Alerts name who did what: readable by the group, not by all.
    let new = std::fs::Permissions::from_mode(0o640);
    let permissions = std::fs::metadata(path).map_or(new, |data| data.permissions());
    file.as_file().set_permissions(permissions)
}

#[cfg(not(unix))]
fn permit(_: &NamedTempFile, _: &Path) -> io::Result<()> {
    Ok(())
}

impl Target {
    fn path(&self) -> &Path {
        match self {
            Target::Stdout(_) => Path::new("-"),
            Target::Replace(_, path) | Target::Grow { path, .. } => path,
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match self {
            Target::Stdout(writer) => return writer.write(bytes),
            Target::Replace(writer, _) => writer.write(bytes),
            Target::Grow { skip_line, .. } if *skip_line => {
                let end = bytes.iter().position(|byte| *byte == b'\n');
                *skip_line = end.is_none();
                return Ok(end.map_or(bytes.len(), |end| end + 1));
            }
            Target::Grow { writer, .. } => writer.write(bytes),
        };
        written.map_err(|error| named(self.path(), error))
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = match self {
            Target::Stdout(writer) => return writer.flush(),
            Target::Replace(writer, _) => writer.flush(),
            Target::Grow { writer, .. } => writer.flush(),
        };
        flushed.map_err(|error| named(self.path(), error))
    }
}
