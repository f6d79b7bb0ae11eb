//! What can go wrong with a bucket or a queue, in words a person can act on.
//!
//! Plain: how the SDK reports a fault may not enter here.

/// Why something could not be listed, fetched or received, after all retries.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Who asks may not.
    #[error(
        "may not be read ({code}); grant {action} on it to whom this runs as, and kms:Decrypt \
         where it is encrypted with a key of its own"
    )]
    Forbidden {
        /// AWS's error code.
        code: String,
        /// The IAM action that is needed.
        action: &'static str,
    },
    /// It was deleted since it was listed.
    #[error("is gone: it was deleted since it was listed")]
    Gone,
    /// It was written again since it was listed.
    #[error("has changed since it was listed; the next run reads it as it is then")]
    Changed,
    /// It is in an archive.
    #[error("is archived ({class}); restore it first: aws s3api restore-object")]
    Archived {
        /// Storage class, or what AWS said.
        class: String,
    },
    /// There is nothing.
    #[error(
        "holds no logs{}; check the prefix, and whether server access logging delivers here (aws \
         s3api get-bucket-logging --bucket BUCKET); the first logs come some hours after it was \
         switched on", beside(.near)
    )]
    Empty {
        /// Folders and keys beside it.
        near: Vec<String>,
    },
    /// There is no such bucket.
    #[error("there is no such bucket; check its name, and the endpoint if one is given")]
    NoBucket,
    /// There is no such queue.
    #[error("there is no such queue; check --sqs-url and the region")]
    NoQueue,
    /// The bucket is elsewhere.
    #[error("is in another region{}; name it with --region", .region.as_ref().map(|r| format!(" ({r})")).unwrap_or_default())]
    WrongRegion {
        /// Where, if AWS told.
        region: Option<String>,
    },
    /// There are no credentials, or they are no longer valid.
    #[error(
        "AWS accepts no credentials of this process ({reason}); log in again, or check AWS_PROFILE \
         and the role of this machine"
    )]
    Credentials {
        /// What the SDK or AWS said.
        reason: String,
    },
    /// The clock of this machine is wrong.
    #[error(
        "the clock of this machine is off by more than AWS accepts ({reason}); set it (timedatectl)"
    )]
    ClockSkew {
        /// What AWS said.
        reason: String,
    },
    /// AWS wants to be asked less often.
    #[error("AWS asked to slow down ({code}) until there was no patience left; try again later")]
    Throttled {
        /// AWS's error code.
        code: String,
    },
    /// AWS itself failed.
    #[error("AWS failed ({code}) again and again; try again later")]
    Server {
        /// AWS's error code, or the HTTP status.
        code: String,
    },
    /// No answer in time.
    #[error("no answer in time, again and again; check the network")]
    Timeout,
    /// No connection, or one that broke.
    #[error("no connection that lasts ({reason}); check the network and the endpoint")]
    Connection {
        /// What the SDK said.
        reason: String,
    },
    /// The body was shorter or longer than the listing said.
    #[error("{got} bytes came where the listing says {expected}, again and again")]
    Truncated {
        /// Bytes as listed.
        expected: u64,
        /// Bytes that came.
        got: u64,
    },
    /// What was fetched could not be put into a temporary file.
    #[error("could not be put into a temporary file ({reason}); make room there, or set TMPDIR")]
    Spool {
        /// What the operating system said.
        reason: String,
    },
    /// The threads that talk to AWS could not be started.
    #[error("the threads that talk to AWS could not be started ({reason}); see ulimit -u")]
    Threads {
        /// What the operating system said.
        reason: String,
    },
    /// What earlier runs left is not at hand.
    #[error("what earlier runs left of it cannot be read ({reason}); check the state file")]
    State {
        /// What the operating system or the state said.
        reason: String,
    },
    /// Anything else that AWS said.
    #[error("AWS said {code}: {message}")]
    Other {
        /// AWS's error code.
        code: String,
        /// AWS's message.
        message: String,
    },
}

/// What stands beside an empty prefix, in words. Keys may hold anything.
fn beside(near: &[String]) -> String {
    if near.is_empty() {
        return String::new();
    }
    let names: Vec<String> = near.iter().map(|name| format!("{name:?}")).collect();
    format!(" (beside it: {})", names.join(", "))
}

impl Fault {
    /// Whether the same request may succeed a moment later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Throttled { .. }
                | Self::Server { .. }
                | Self::Timeout
                | Self::Connection { .. }
                | Self::Truncated { .. }
        )
    }

    /// Whether every other request will fail in the same way.
    #[must_use]
    pub fn concerns_all(&self) -> bool {
        matches!(self, Self::Credentials { .. } | Self::ClockSkew { .. })
    }

    /// One word, for metrics.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Forbidden { .. } => "forbidden",
            Self::Gone => "gone",
            Self::Changed => "changed",
            Self::Archived { .. } => "archived",
            Self::Empty { .. } => "empty",
            Self::NoBucket => "no_bucket",
            Self::NoQueue => "no_queue",
            Self::WrongRegion { .. } => "wrong_region",
            Self::Credentials { .. } => "credentials",
            Self::ClockSkew { .. } => "clock_skew",
            Self::Throttled { .. } => "throttled",
            Self::Server { .. } => "server",
            Self::Timeout => "timeout",
            Self::Connection { .. } => "connection",
            Self::Truncated { .. } => "truncated",
            Self::Spool { .. } => "spool",
            Self::Threads { .. } => "threads",
            Self::State { .. } => "state",
            Self::Other { .. } => "other",
        }
    }
}
