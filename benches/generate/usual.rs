//! What an hour usually comes to, written here by hand and apart from the
//! program, so that neither can hide the other's mistakes.

/// Days that are looked back.
pub const DAYS: i64 = 28;

/// Fewer samples say nothing.
const LEAST: usize = 5;

/// Whether a sum is so many times the median of the samples, and further above it
/// than 3.5 / 0.6745 median absolute deviations, which are a tenth of the median
/// at least.
pub fn exceeds(sum: u64, samples: &[u64], times: u64) -> bool {
    if samples.len() < LEAST {
        return false;
    }
    let apart = |median: u64| {
        samples
            .iter()
            .map(|sample| sample.abs_diff(median))
            .collect()
    };
    let median = middle(samples.to_owned());
    let deviation = middle(apart(median)).max(median / 10);
    sum >= median * times
        && sum > median
        && (sum - median) as f64 >= deviation as f64 * 3.5 / 0.6745
}

/// The median; of two the mean, rounded down.
fn middle(mut samples: Vec<u64>) -> u64 {
    samples.sort_unstable();
    let half = samples.len() / 2;
    if samples.len().is_multiple_of(2) {
        u64::midpoint(samples[half - 1], samples[half])
    } else {
        samples[half]
    }
}
