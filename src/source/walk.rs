//! What the user named, as a list of inputs in a fixed order.
//!
//! Directories are listed here and links resolved; nothing is read, and the
//! order of time may not enter.

use std::collections::HashSet;
use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::{DirEntry, WalkDir};
use xxhash_rust::xxh3::Xxh3;

use super::error::{Error, Problem};
use super::ledger;
use super::name::delivery_time;
use super::{Counts, Spec};

/// How an input is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Stdin,
    /// Can be closed and opened again.
    File,
    /// Can be read once.
    Stream,
}

/// One input, before it is opened. There may be 100,000 of these.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) name: Arc<str>,
    pub(super) kind: Kind,
    /// The time in its name.
    pub(super) named: Option<i64>,
    /// Its bytes when it was opened, where lines can be read again at their
    /// offset: it is a file and not compressed.
    pub(super) plain: Option<u64>,
    /// Where it is a file: its bytes and its modification time, as of now.
    pub(super) stat: Option<(u64, i64)>,
    /// Where the name is not the path: the path is not UTF-8.
    path: Option<Box<Path>>,
    /// Where the real path is another one.
    real: Option<Box<Path>>,
}

impl Input {
    pub(super) fn path(&self) -> &Path {
        self.path
            .as_deref()
            .unwrap_or_else(|| Path::new(&*self.name))
    }

    /// The path without links, whatever it was named by.
    pub(super) fn real(&self) -> &Path {
        self.real.as_deref().unwrap_or_else(|| self.path())
    }
}

/// All that was named.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) inputs: Vec<Input>,
    pub(super) problems: Vec<Problem>,
    pub(super) counts: Counts,
    /// Bytes on disk of all inputs, `None` where one is a pipe.
    pub(super) size: Option<u64>,
    seen: HashSet<PathBuf>,
    /// The last directory, as it is named and as it really is: resolving each
    /// of its files by itself would cost a system call a path component.
    parent: Option<(PathBuf, PathBuf)>,
}

/// Lists everything in `specs`, in their order, directories sorted by path;
/// without what this run writes itself.
pub(super) fn list(specs: Vec<Spec>, own: &[PathBuf]) -> Listing {
    let mut listing = Listing {
        size: Some(0),
        seen: own
            .iter()
            .filter_map(|path| fs::canonicalize(path).ok())
            .collect(),
        ..Listing::default()
    };
    let mut stdin = false;
    for spec in specs {
        match spec {
            Spec::Stdin if stdin => listing.counts.duplicate += 1,
            Spec::Stdin => {
                stdin = true;
                let data = self::stdin().and_then(|file| file.metadata());
                listing.grow(data.ok().filter(Metadata::is_file).map(|data| data.len()));
                listing.inputs.push(Input {
                    name: "stdin".into(),
                    kind: Kind::Stdin,
                    named: None,
                    plain: None,
                    stat: None,
                    path: None,
                    real: None,
                });
            }
            Spec::Path(path) => listing.path(&path),
        }
    }
    listing.seen = HashSet::new();
    listing
}

/// Tells whether anything was named that has changed since the last time: a hash of
/// all inputs, with their sizes and times. Nothing is opened. Another number does
/// not say that there is anything new to be read.
#[must_use]
pub fn glance(specs: &[Spec], own: &[PathBuf]) -> u64 {
    let listing = list(specs.to_vec(), own);
    let mut hash = Xxh3::new();
    for input in &listing.inputs {
        hash.update(input.real().as_os_str().as_encoded_bytes());
        let (size, mtime) = input.stat.unwrap_or_default();
        hash.update(&[0]);
        hash.update(&size.to_le_bytes());
        hash.update(&mtime.to_le_bytes());
    }
    for problem in &listing.problems {
        hash.update(problem.to_string().as_bytes());
    }
    hash.digest()
}

impl Listing {
    /// Whether any input is named like a delivered log object.
    pub(super) fn delivered(&self) -> bool {
        self.inputs.iter().any(|input| input.named.is_some())
    }

    fn path(&mut self, path: &Path) {
        match fs::metadata(path) {
            Ok(data) if data.is_dir() => self.directory(path),
            Ok(data) if data.is_file() => {
                let kind = if is_descriptor(path) {
                    Kind::Stream
                } else {
                    Kind::File
                };
                self.add(path, kind, Some(ledger::stat(&data)), true);
            }
            Ok(_) => self.add(path, Kind::Stream, None, true),
            Err(error) => {
                let error = opening(path, error);
                self.problem(path, error);
            }
        }
    }

    fn directory(&mut self, root: &Path) {
        let walk = WalkDir::new(root)
            .follow_links(true)
            .sort_by_file_name()
            .into_iter();
        let mut hidden = 0;
        let visible = walk.filter_entry(|entry| {
            let keep = entry.depth() == 0 || !is_hidden(entry);
            hidden += u64::from(!keep);
            keep
        });
        for entry in visible {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) if entry.file_type().is_file() => {
                    let stat = entry.metadata().ok().map(|data| ledger::stat(&data));
                    self.add(entry.path(), Kind::File, stat, entry.path_is_symlink());
                }
                // Opening a FIFO nobody writes to would wait for ever.
                Ok(_) => self.counts.special += 1,
                // A link back up: what it leads to is being read already.
                Err(error) if error.loop_ancestor().is_some() => self.counts.duplicate += 1,
                Err(error) => {
                    let path = error.path().unwrap_or(root).to_owned();
                    let is_dir = path.is_dir();
                    let error = error
                        .into_io_error()
                        .unwrap_or_else(|| io::Error::other("unknown error"));
                    let error = match opening(&path, error) {
                        Error::Open(error) if is_dir => Error::List(error),
                        error => error,
                    };
                    self.problem(&path, error);
                }
            }
        }
        self.counts.hidden += hidden;
    }

    fn add(&mut self, path: &Path, kind: Kind, stat: Option<(u64, i64)>, link: bool) {
        let real = self.real(path, link);
        let other = (real != path).then(|| real.as_path().into());
        if !self.seen.insert(real) {
            self.counts.duplicate += 1;
            return;
        }
        let name: Arc<str> = path.to_string_lossy().into();
        self.grow(stat.map(|(size, _)| size));
        self.inputs.push(Input {
            named: delivery_time(&name),
            name,
            kind,
            plain: None,
            stat,
            real: other,
            path: path.to_str().is_none().then(|| path.into()),
        });
    }

    fn grow(&mut self, size: Option<u64>) {
        self.size = self.size.zip(size).map(|(sum, size)| sum + size);
    }

    /// The path without links; as it stands where there is none (a pipe
    /// behind `/dev/stdin`).
    fn real(&mut self, path: &Path, link: bool) -> PathBuf {
        let (Some(parent), Some(name), false) = (path.parent(), path.file_name(), link) else {
            return fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        };
        match &self.parent {
            Some((known, real)) if known == parent => real.join(name),
            _ => {
                let real = fs::canonicalize(parent).unwrap_or_else(|_| parent.to_owned());
                let path = real.join(name);
                self.parent = Some((parent.to_owned(), real));
                path
            }
        }
    }

    fn problem(&mut self, path: &Path, error: Error) {
        self.problems.push(Problem {
            name: path.to_string_lossy().into(),
            error,
        });
    }
}

/// The standard library's own handle would copy all through a small buffer.
#[cfg(unix)]
pub(super) fn stdin() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(io::stdin().as_fd().try_clone_to_owned()?.into())
}

#[cfg(windows)]
pub(super) fn stdin() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(io::stdin().as_handle().try_clone_to_owned()?.into())
}

#[cfg(not(any(unix, windows)))]
pub(super) fn stdin() -> io::Result<File> {
    File::open("/dev/stdin")
}

/// `/dev/stdin`, `/dev/fd/63`: opening these again may go on where the first
/// left off rather than start anew, so they are never closed and reopened.
fn is_descriptor(path: &Path) -> bool {
    path.starts_with("/dev") || path.starts_with("/proc")
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

fn opening(path: &Path, error: io::Error) -> Error {
    match Error::opening(error) {
        Error::Missing if fs::symlink_metadata(path).is_ok() => Error::BrokenLink,
        error => error,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn names(listing: &Listing, root: &Path) -> Vec<String> {
        let below = |name: &Arc<str>| {
            let path = Path::new(&**name).strip_prefix(root).unwrap();
            path.to_str().unwrap().to_owned()
        };
        listing.inputs.iter().map(|i| below(&i.name)).collect()
    }

    #[test]
    fn lists_a_directory_sorted_and_without_what_is_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for below in ["b", "a/deep", ".git"] {
            fs::create_dir_all(root.join(below)).unwrap();
        }
        for file in [
            "b/2",
            "b/1",
            "a/deep/x",
            "c",
            ".hidden",
            ".git/config",
            "a/.x",
        ] {
            fs::write(root.join(file), "x").unwrap();
        }
        symlink(root, root.join("b/loop")).unwrap();
        symlink(root.join("b"), root.join("d")).unwrap();
        symlink(root.join("c"), root.join("a/c")).unwrap();
        symlink("nowhere", root.join("broken")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
        let listing = list(
            vec![
                Spec::Path(root.join("b/2")),
                Spec::Path(root.to_owned()),
                Spec::Path(root.join("c")),
                Spec::Path(root.join("missing")),
                Spec::Stdin,
                Spec::Stdin,
            ],
            &[],
        );
        assert_eq!(listing.inputs[4].kind, Kind::Stdin);
        assert_eq!(listing.inputs[4].name.as_ref(), "stdin");
        let mut files = listing;
        files.inputs.truncate(4);
        assert_eq!(names(&files, root), ["b/2", "a/c", "a/deep/x", "b/1"]);
        assert_eq!(files.counts.special, 1);
        assert_eq!(files.counts.hidden, 3);
        // b/2 in b; c twice; the loop below b, and b again as d with 1, 2, loop; stdin.
        assert_eq!(files.counts.duplicate, 8);
        let problems: Vec<String> = files.problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems.len(), 2);
        assert!(
            problems[0].contains("broken is a link to something"),
            "{problems:?}"
        );
        assert!(
            problems[1].contains("missing does not exist"),
            "{problems:?}"
        );
    }

    #[test]
    fn a_directory_that_may_not_be_listed_is_a_problem() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let closed = dir.path().join("closed");
        fs::create_dir(&closed).unwrap();
        fs::write(dir.path().join("open"), "x").unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
        let root_may_anything = fs::read_dir(&closed).is_ok();
        let listing = list(vec![Spec::Path(dir.path().to_owned())], &[]);
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(names(&listing, dir.path()), ["open"]);
        if !root_may_anything {
            assert!(matches!(listing.problems[0].error, Error::Denied));
        }
    }

    #[test]
    fn a_name_that_is_not_utf8_can_be_opened() {
        use std::os::unix::ffi::OsStrExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(std::ffi::OsStr::from_bytes(b"x\xff"));
        fs::write(&path, "x").unwrap();
        let listing = list(vec![Spec::Path(dir.path().to_owned())], &[]);
        assert_eq!(listing.inputs[0].path(), path);
    }
}
