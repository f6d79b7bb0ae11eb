//! Logs for the benchmarks: written by the generator once, kept below `target`.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Bytes of a corpus: more than any cache holds, and read in a moment.
const SIZE: &str = "256MiB";

/// A log of this shape, with what the generator knows of its networks beside it.
pub fn path(shape: &str) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let path = directory.join(format!("{shape}-{SIZE}.log"));
    if !path.exists() {
        let part = path.with_extension("part");
        let file = std::fs::File::create(&part).expect("a file below target");
        let status = Command::new(env!("CARGO"))
            .args(["run", "--quiet", "--release", "--example", "generate", "--"])
            .args([
                "--bytes",
                SIZE,
                "--seed",
                "7",
                "--disorder",
                "90s",
                "--shape",
                shape,
            ])
            .arg("--settings")
            .arg(settings())
            .stdout(Stdio::from(file))
            .status()
            .expect("the generator");
        assert!(status.success(), "the generator failed");
        std::fs::rename(part, &path).expect("a file below target");
    }
    path
}

/// The settings that suit the logs.
pub fn settings() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("s3sentry.toml")
}
