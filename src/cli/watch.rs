//! The command line of `watch`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use s3sentry::alert::Level;
use s3sentry::sink::Format;
use s3sentry::source::s3::QueueUrl;

use super::{Common, Input, Lists, Output, duration, format, level, size};
use crate::commands::watch::endpoint;

/// `watch`.
#[derive(Debug, Args)]
pub struct Watch {
    /// Input.
    #[command(flatten)]
    pub input: Input,
    /// Output.
    #[command(flatten)]
    pub output: Output,
    /// Format of the alerts [default: table on a terminal, else ndjson]
    #[arg(long, value_name = "FORMAT", value_parser = format())]
    pub format: Option<Format>,
    /// Only alerts of this level or above
    #[arg(long, value_name = "LEVEL", ignore_case = true, value_parser = level(), default_value = "informational")]
    pub min_level: Level,
    /// Sigma rules to add, or to replace built-in ones of the same id; read again on SIGHUP
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// Lists.
    #[command(flatten)]
    pub lists: Lists,
    /// How long to wait before looking for more [default: 1s; 60s for buckets]
    #[arg(long, value_name = "DURATION", value_parser = pause)]
    pub interval: Option<Duration>,
    /// How late a record may come [default: 1h; 6h for delivered log objects]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub lateness: Option<i64>,
    /// Memory for windows and keys; observations beyond it go to a temporary file
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "256MiB")]
    pub max_state: usize,
    /// Keep what is normal, windows and how far was read in this file [default: $S3SENTRY_STATE]
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// URL of an SQS queue that S3 tells of new objects through: these are read at once, and the
    /// buckets are listed every hour only. The queue is read by nobody else
    #[arg(long, value_name = "URL")]
    pub sqs_url: Option<QueueUrl>,
    /// How late a log object of a bucket may be delivered. So far back from the newest one it is
    /// listed for others that came since [default: 48h]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub lookback: Option<i64>,
    /// Serve metrics for Prometheus (/metrics) and health (/healthz) over HTTP here: an address and
    /// a port, or a port of this machine alone
    #[arg(long, value_name = "ADDR", value_parser = endpoint::address)]
    pub metrics: Option<SocketAddr>,
    /// Compare with the baseline, and leave it as it is
    #[arg(long)]
    pub no_learn: bool,
    /// Commit to the state file after so many bytes of input. Not in the help: it is for tests, and
    /// for finding out what commits cost
    #[arg(long, value_name = "BYTES", hide = true, default_value_t = s3sentry::session::COMMIT_EVERY)]
    pub commit_every: u64,
    /// Commit this long after something has come, for the same purpose
    #[arg(long, value_name = "DURATION", hide = true, value_parser = pause, default_value = "5s")]
    pub commit_after: Duration,
    /// List buckets from their beginning so often, for what was delivered later than the lookback
    /// reaches; for tests as well
    #[arg(long, value_name = "DURATION", hide = true, value_parser = pause, default_value = "24h")]
    pub full_every: Duration,
    /// Common.
    #[command(flatten)]
    pub common: Common,
}

/// `500ms`, or a duration as everywhere.
pub(super) fn pause(text: &str) -> Result<Duration, String> {
    if let Some(number) = text.strip_suffix("ms") {
        let number = number.parse().ok().filter(|number| *number > 0);
        return number
            .map(Duration::from_millis)
            .ok_or_else(|| "milliseconds are a whole number of them, such as 500ms".to_owned());
    }
    match duration(text)? {
        0 => Err("at least 1ms is needed".to_owned()),
        seconds => Ok(Duration::from_secs(seconds.unsigned_abs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_never_nothing() {
        assert_eq!(pause("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(pause("2m"), Ok(Duration::from_mins(2)));
        assert!(pause("0").is_err() && pause("0ms").is_err() && pause("-1s").is_err());
    }
}
