//! Sources that are buckets: from what was asked for to objects.

use std::io;

use s3sentry::source::s3::{Client, Config, Full, Known, LOOKBACK, Object, Objects, Seen, Wanted};
use s3sentry::source::{Listed, Mark, Sources};

use super::{End, Inputs, Span, Stop};
use crate::cli::bucket::Bucket;

/// How a run goes on where earlier ones ended.
pub struct Further {
    /// How far back is listed again, seconds.
    pub lookback: i64,
    /// Whether all is read again.
    pub full: bool,
    /// What they left.
    pub known: Box<dyn Known>,
}

impl Default for Further {
    /// There were none.
    fn default() -> Self {
        Self {
            lookback: LOOKBACK,
            full: false,
            known: Box::new(Nothing),
        }
    }
}

/// Adds the objects of all buckets that were named, if any were. Nothing is waited
/// for but the configuration of AWS.
pub fn attach(
    sources: &mut Sources,
    inputs: &Inputs,
    bucket: &Bucket,
    span: Span,
    further: Further,
) -> Result<(), Stop> {
    if inputs.addresses.is_empty() {
        return Ok(());
    }
    let Further {
        lookback,
        full,
        known,
    } = further;
    let listed = Listed::new(inputs.addresses.clone(), lookback, full);
    let wanted = Wanted {
        addresses: inputs.addresses.clone(),
        since: span.since,
        until: span.until,
        lookback,
        full: if full { Full::Again } else { Full::No },
    };
    let objects = Client::new(config(bucket));
    let objects = objects.and_then(|client| Objects::scan(&client, wanted, known));
    let objects = objects.map_err(|fault| Stop::With(End::Input, fault.into()))?;
    sources.attach(Box::new(objects), Some(listed));
    Ok(())
}

/// How buckets are reached.
pub fn config(bucket: &Bucket) -> Config {
    Config {
        profile: bucket.profile.clone(),
        region: bucket.region.clone(),
        endpoint_url: bucket.endpoint_url.clone(),
        requester_pays: bucket.requester_pays,
        concurrency: bucket.concurrency,
        patience: bucket.patience,
        ..Config::default()
    }
}

/// Where no earlier run has left anything.
struct Nothing;

impl Known for Nothing {
    fn log(&mut self, _: &str, _: &str) -> io::Result<Option<Seen>> {
        Ok(None)
    }

    fn object(&mut self, _: &str, _: &str) -> io::Result<Option<Mark>> {
        Ok(None)
    }

    fn unfinished(&mut self, _: &str, _: &str) -> io::Result<Vec<Object>> {
        Ok(Vec::new())
    }
}
