//! Files that a run writes: each apart from the others, and from what is read.

use std::path::{Path, PathBuf};

use crate::cli::{Output, Scan};
use crate::commands::{Stop, shown};

/// Files that a run writes, by the arguments that name them.
pub fn written<'a>(
    output: &'a Output,
    entities: Option<&'a Path>,
    kept: Option<&'a Path>,
) -> Vec<(&'static str, &'a Path)> {
    let files = [
        ("--state", kept),
        ("-o", output.output.as_deref()),
        ("--append", output.append.as_deref()),
        ("--entities", entities),
    ];
    let named = files.into_iter();
    lasting(named.filter_map(|(name, file)| Some((name, file?))))
}

/// Those that could lose something: a device holds nothing.
pub fn lasting<'a>(
    files: impl Iterator<Item = (&'static str, &'a Path)>,
) -> Vec<(&'static str, &'a Path)> {
    files
        .filter(|(_, file)| !file.exists() || file.is_file())
        .collect()
}

/// The same path for each way to write it, whether or not the file is there yet.
pub fn real(path: &Path) -> PathBuf {
    if let Ok(real) = std::fs::canonicalize(path) {
        return real;
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    match (std::fs::canonicalize(folder), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// The same with what SQLite keeps beside the state file, and its lock.
pub fn own(written: &[(&str, &Path)], kept: Option<&Path>) -> Vec<PathBuf> {
    let files = written.iter();
    let mut own: Vec<PathBuf> = files.map(|(_, file)| (*file).to_owned()).collect();
    if let Some(file) = kept {
        own.extend(["-wal", "-shm", ".lock"].map(|end| {
            let mut name = file.as_os_str().to_owned();
            name.push(end);
            PathBuf::from(name)
        }));
    }
    own
}

/// No file is written twice, and none that is read.
pub fn apart(written: &[(&'static str, &Path)], sources: &[PathBuf]) -> Result<(), Stop> {
    let mut known: Vec<(&str, PathBuf)> = Vec::new();
    for source in sources.iter().filter(|path| path.is_file()) {
        known.push(("an input", real(source)));
    }
    for (name, file) in written {
        let path = real(file);
        if let Some((other, _)) = known.iter().find(|(_, known)| *known == path) {
            if other == name {
                return Err(Stop::usage(anyhow::anyhow!(
                    "{} is named twice by {name}: name another file",
                    shown(file)
                )));
            }
            return Err(Stop::usage(anyhow::anyhow!(
                "{} is {other} and would be overwritten by {name}: name another file",
                shown(file)
            )));
        }
        known.push((name, path));
    }
    Ok(())
}

/// stdout and the file of the alerts carry alerts and nothing else.
pub fn entities_apart(arguments: &Scan) -> Result<(), Stop> {
    let Some(file) = &arguments.entities else {
        return Ok(());
    };
    let output = &arguments.output;
    let alerts = [&output.output, &output.append].into_iter().flatten();
    let same = alerts.into_iter().any(|alerts| alerts == file);
    if same || file.as_os_str() == "-" {
        return Err(Stop::usage(anyhow::anyhow!(
            "--entities needs a file of its own: alerts go to {}",
            if same {
                shown(file)
            } else {
                "stdout".to_owned()
            }
        )));
    }
    Ok(())
}
