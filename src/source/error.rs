//! What can go wrong with one input, in words a person can act on.
//!
//! An error concerns one input and never the run: the others are still read.
//! What a line says may not enter here; a bad line is no error of its source.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::s3::Fault;

/// Why an input could not be read, or not to its end.
///
/// Everything decoded before the fault was delivered. Offsets are bytes, of
/// the decompressed data unless a case says otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing stands at the path.
    #[error("does not exist; check the path")]
    Missing,
    /// A symbolic link whose target does not exist.
    #[error("is a link to something that does not exist; remove the link or restore its target")]
    BrokenLink,
    /// The operating system forbids it.
    #[error("may not be read by this user; grant read permission or run as a user who has it")]
    Denied,
    /// Opening failed for another reason.
    #[error("cannot be opened ({0})")]
    Open(io::Error),
    /// A directory whose entries could not be listed.
    #[error("cannot be listed ({0}); what it holds was not read")]
    List(io::Error),
    /// The operating system reported an error while reading.
    #[error(
        "could not be read beyond byte {offset} ({error}); run again once the medium can be read"
    )]
    Read {
        /// Bytes delivered before.
        offset: u64,
        /// What the operating system said.
        error: io::Error,
    },
    /// Compressed data that ends too early.
    #[error(
        "is cut short: the {format} data ends at byte {offset} of its content without being \
         complete; fetch the file again"
    )]
    Truncated {
        /// How the input is compressed.
        format: Format,
        /// Bytes delivered before.
        offset: u64,
    },
    /// Compressed data that cannot be decoded.
    #[error(
        "is damaged: the {format} data cannot be decoded beyond byte {offset} of its content \
         ({reason}); fetch the file again"
    )]
    Corrupt {
        /// How the input is compressed.
        format: Format,
        /// Bytes delivered before.
        offset: u64,
        /// What the decoder said.
        reason: String,
    },
    /// Bytes of another kind behind compressed data.
    #[error(
        "holds something else behind its {format} data, at byte {offset} of the file, which was \
         not read; split the file there"
    )]
    Trailing {
        /// How the input is compressed.
        format: Format,
        /// Where it begins: bytes of the file as it is on disk.
        offset: u64,
    },
    /// A zstd frame that wants more than 128 MiB to be decoded.
    #[error(
        "needs more than 128 MiB of memory to be decompressed beyond byte {offset} of its \
         content; pipe it in through `zstd -dc --long=31`"
    )]
    Window {
        /// Bytes delivered before.
        offset: u64,
    },
    /// An object that could not be fetched, or a bucket that could not be listed.
    #[error(transparent)]
    Object(#[from] Fault),
}

impl Error {
    /// Whether reading the same bytes once more will end in the same way.
    pub(super) fn is_of_content(&self) -> bool {
        matches!(
            self,
            Self::Truncated { .. }
                | Self::Corrupt { .. }
                | Self::Trailing { .. }
                | Self::Window { .. }
        )
    }

    /// Sorts what the operating system says of opening `path`-like things.
    pub(super) fn opening(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            io::ErrorKind::PermissionDenied => Self::Denied,
            _ => Self::Open(error),
        }
    }
}

/// How an input is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// RFC 1952, one or more members.
    Gzip,
    /// RFC 8878, one or more frames.
    Zstd,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        })
    }
}

/// An input and what was wrong with it.
#[derive(Debug, thiserror::Error)]
#[error("{name}{} {error}", if matches!(.error, Error::Object(_)) { ":" } else { "" })]
pub struct Problem {
    /// The input as the user named it, or its path below a named directory.
    pub name: Arc<str>,
    /// What was wrong, and what to do.
    pub error: Error,
}
