//! What became of the objects of buckets, in the summary.

use s3sentry::record::time::rfc3339;
use s3sentry::source::Sources;
use s3sentry::source::s3::Counts;

use super::words::{bytes, group};

/// The rows; none where no bucket was named.
pub fn rows(sources: &Sources) -> Vec<String> {
    let Some(counts) = sources.objects() else {
        return Vec::new();
    };
    let since = sources.listed().map(|listed| listed.since);
    let mut rows = vec![counted(&counts, since.filter(|since| *since > i64::MIN))];
    rows.extend(belated(&counts));
    rows.extend(patience(&counts));
    rows
}

fn counted(counts: &Counts, since: Option<i64>) -> String {
    let from = since.map_or_else(String::new, |since| {
        format!(" of names from {} on", rfc3339(since))
    });
    format!(
        "{} listed{from}, {} left out by time, {} read before, {} read ({}), {} failed",
        group(counts.listed),
        group(counts.pruned),
        group(counts.done),
        group(counts.fetched),
        bytes(counts.bytes),
        group(counts.failed),
    )
}

/// What came later than the lookback reaches.
fn belated(counts: &Counts) -> Option<String> {
    (counts.belated > 0).then(|| {
        format!(
            "{} of them delivered too late for the lookback, and found because all was listed",
            group(counts.belated)
        )
    })
}

/// What it took, if it was more than usual.
fn patience(counts: &Counts) -> Option<String> {
    let (again, slower) = (counts.retries, counts.throttled);
    (again > 0 || slower > 0).then(|| {
        format!(
            "{} made again; AWS asked {} to slow down",
            super::count(again, "request"),
            super::count(slower, "time")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unusual_is_told() {
        let counts = Counts {
            listed: 1200,
            pruned: 100,
            done: 1000,
            fetched: 99,
            bytes: 1 << 20,
            failed: 1,
            ..Counts::default()
        };
        assert_eq!(
            counted(&counts, Some(1_770_076_800)),
            "1,200 listed of names from 2026-02-03T00:00:00Z on, 100 left out by time, 1,000 read \
             before, 99 read (1.00 MiB), 1 failed"
        );
        assert_eq!((belated(&counts), patience(&counts)), (None, None));
        let counts = Counts {
            retries: 1,
            throttled: 2,
            belated: 3,
            ..counts
        };
        assert!(belated(&counts).unwrap().starts_with("3 of them"));
        assert_eq!(
            patience(&counts).unwrap(),
            "1 request made again; AWS asked 2 times to slow down"
        );
    }
}
